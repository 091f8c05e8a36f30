//! `pyproject.toml`: the table `[project]` (PEP 621), which all build tools
//! read alike, and what single tools add to it.

use super::entry_point::{self, EntryPoint};
use super::project::{Extras, Project, Readme, Sources, Stated, Texts, requirement_lines, requirements};
use super::requirement::Dependency;
use super::toml::Toml;
use super::version_file::VersionFiles;
use super::{Check, No, fancy, legacy, normal_name, specifier};
use crate::evidence::case::Unavailable;
use std::collections::{BTreeMap, BTreeSet};

const SOURCE: &str = "[project] in pyproject.toml";

/// Reads the table. What it calls dynamic is taken from `other`, if the tool
/// states it elsewhere.
pub(super) fn read(sources: &Sources<'_>, other: Project) -> Result<Project, Unavailable> {
    let Some(toml) = &sources.pyproject else { return Ok(other) };
    let table = Table { sources, toml };
    if table.dynamic().is_none() {
        return Ok(Project::unknown("dynamic in [project] of git's pyproject.toml is no list of names"));
    }
    let setuptools =
        matches!(sources.backend(), "" | "pbr.build") || sources.backend().starts_with("setuptools");
    let poetry = sources.backend().starts_with("poetry");
    // For other tools, dynamic fields come from plugins.
    let other = match setuptools || poetry {
        true => other,
        false => Project::unknown(&format!("{SOURCE} calls them dynamic")),
    };
    let pick = |field: &str| table.dynamic().is_some_and(|names| names.contains(&field));
    Ok(Project {
        source: SOURCE,
        name: table.text("name").map(Into::into),
        version: table.text("version").map(Into::into),
        dependencies: match pick("dependencies") {
            true => table.dynamic_dependencies(other.dependencies)?,
            false => Stated::from_check(table.requirements("dependencies"))?,
        },
        extras: match pick("optional-dependencies") {
            true => table.dynamic_extras(other.extras)?,
            false => Stated::from_check(table.extras())?,
        },
        unasked: other.unasked,
        requires_python: match pick("requires-python") {
            true => other.requires_python,
            false => table.requires_python(),
        },
        entry_points: match pick("entry-points") || pick("scripts") || pick("gui-scripts") {
            true => other.entry_points,
            false => Stated::from_check(table.entry_points())?,
        },
        readme: match pick("readme") {
            true => fancy::readme(sources).unwrap_or_else(|| table.dynamic_readme(other.readme)),
            false => table.readme(),
        },
        readme_type: match pick("readme") {
            true => table.dynamic_readme_type(other.readme_type),
            false => table.readme_type(),
        },
        texts: table.texts(&other.texts)?,
        folders: other.folders,
        packages: other.packages,
        version_files: VersionFiles::default(),
        installed: other.installed,
        slips: other.slips,
        evaluates_conditions: other.evaluates_conditions,
        merges_own_extras: sources.backend().starts_with("hatchling"),
        rewrites: other.rewrites || poetry,
    })
}

/// A kind of text, the keys it comes from, and what they hold.
type Kind<'k> = (&'static str, &'k [&'k str], Check<Vec<String>>);

struct Table<'s> {
    sources: &'s Sources<'s>,
    toml: &'s Toml,
}

impl Table<'_> {
    fn get(&self, key: &str) -> Option<&Toml> {
        self.toml.at(&["project", key])
    }

    fn text(&self, key: &str) -> Option<&str> {
        self.get(key).and_then(Toml::text)
    }

    fn dynamic(&self) -> Option<Vec<&str>> {
        self.get("dynamic").map_or(Some(vec![]), Toml::texts)
    }

    fn requirements(&self, key: &str) -> Check<BTreeSet<Dependency>> {
        match self.get(key).map(Toml::texts) {
            None => Ok(BTreeSet::new()),
            Some(Some(texts)) => requirements(texts, "", None),
            Some(None) => Err(No::Undecided(format!("{key} in {SOURCE} is no list of texts"))),
        }
    }

    fn extras(&self) -> Check<Extras> {
        let mut extras = Extras::default();
        let Some(table) = self.get("optional-dependencies") else { return Ok(extras) };
        let odd = || No::Undecided(format!("optional-dependencies in {SOURCE} is no table of lists"));
        for (name, list) in table.table().ok_or_else(odd)? {
            let list = list.texts().ok_or_else(odd)?;
            extras.dependencies.extend(requirements(list, name, None)?);
            extras.names.insert(normal_name(name));
        }
        Ok(extras)
    }

    /// `[tool.setuptools.dynamic]`: a field from files.
    fn files(&self, field: &[&str]) -> Option<Vec<&str>> {
        let keys = [&["tool", "setuptools", "dynamic"], field, &["file"]].concat();
        self.toml.at(&keys).and_then(Toml::one_or_more)
    }

    fn requirements_of(&self, files: &[&str], extra: &str) -> Check<BTreeSet<Dependency>> {
        let mut all = BTreeSet::new();
        for file in files {
            let text = self.sources.text(file)?;
            all.extend(requirements(requirement_lines(&text), extra, None)?);
        }
        Ok(all)
    }

    fn dynamic_dependencies(
        &self,
        other: Stated<BTreeSet<Dependency>>,
    ) -> Result<Stated<BTreeSet<Dependency>>, Unavailable> {
        match self.files(&["dependencies"]) {
            Some(files) => Stated::from_check(self.requirements_of(&files, "")),
            None => Ok(other),
        }
    }

    fn dynamic_extras(&self, other: Stated<Extras>) -> Result<Stated<Extras>, Unavailable> {
        let keys = ["tool", "setuptools", "dynamic", "optional-dependencies"];
        let Some(table) = self.toml.at(&keys).and_then(Toml::table) else { return Ok(other) };
        let mut extras = Extras::default();
        for name in table.keys() {
            let files = self.files(&["optional-dependencies", name]).unwrap_or_default();
            match Stated::from_check(self.requirements_of(&files, name))? {
                Stated::Is(dependencies) => extras.dependencies.extend(dependencies),
                Stated::Unknown(why) => return Ok(Stated::Unknown(why)),
            }
            extras.names.insert(normal_name(name));
        }
        Ok(Stated::Is(extras))
    }

    fn requires_python(&self) -> Stated<String> {
        match self.get("requires-python").map(|value| value.text().and_then(specifier::canonical)) {
            None => Stated::Is(String::new()),
            Some(Some(versions)) => Stated::Is(versions),
            Some(None) => Stated::Unknown(format!("requires-python in {SOURCE} is not understood")),
        }
    }

    fn entry_points(&self) -> Check<BTreeSet<EntryPoint>> {
        let odd = || No::Undecided(format!("entry points in {SOURCE} are no tables of texts"));
        let mut all = BTreeSet::new();
        let mut group = |group: &str, table: &Toml| -> Check {
            for (name, value) in table.table().ok_or_else(odd)? {
                all.insert(entry_point::one(group, name, value.text().ok_or_else(odd)?)?);
            }
            Ok(())
        };
        for (key, name) in [("scripts", "console_scripts"), ("gui-scripts", "gui_scripts")] {
            self.get(key).map_or(Ok(()), |table| group(name, table))?;
        }
        if let Some(groups) = self.get("entry-points") {
            for (name, table) in groups.table().ok_or_else(odd)? {
                group(name, table)?;
            }
        }
        Ok(all)
    }

    fn readme(&self) -> Readme {
        match self.get("readme") {
            None => Readme::None,
            Some(Toml::Text(file)) => Readme::Files(vec![file.clone()]),
            Some(table) => {
                match (table.at(&["file"]).and_then(Toml::text), table.at(&["text"]).and_then(Toml::text)) {
                    (Some(file), None) => Readme::Files(vec![file.into()]),
                    (None, Some(text)) => Readme::Text(text.into()),
                    _ => Readme::Unknown(format!("readme in {SOURCE} is not understood")),
                }
            }
        }
    }

    fn dynamic_readme(&self, other: Readme) -> Readme {
        match self.files(&["readme"]) {
            Some(files) => Readme::Files(files.into_iter().map(Into::into).collect()),
            None => other,
        }
    }

    fn readme_type(&self) -> Stated<String> {
        match self.get("readme") {
            None => Stated::Is(String::new()),
            Some(Toml::Text(file)) => Readme::type_of(file),
            Some(table) => match (table.at(&["content-type"]), table.at(&["file"]).and_then(Toml::text)) {
                (Some(Toml::Text(kind)), _) => Stated::Is(kind.clone()),
                (None, Some(file)) => Readme::type_of(file),
                _ => Stated::Unknown(format!("readme in {SOURCE} is not understood")),
            },
        }
    }

    fn dynamic_readme_type(&self, other: Stated<String>) -> Stated<String> {
        let places: [&[&str]; 2] = [
            &["tool", "hatch", "metadata", "hooks", "fancy-pypi-readme", "content-type"],
            &["tool", "setuptools", "dynamic", "readme", "content-type"],
        ];
        let stated = places.iter().find_map(|place| self.toml.at(place)?.text());
        match (stated, self.files(&["readme"])) {
            (Some(kind), _) => Stated::Is(kind.into()),
            (None, Some(_)) => Stated::Unknown("setuptools goes by the file's name".into()),
            (None, None) => other,
        }
    }

    fn texts(&self, other: &Texts) -> Result<Texts, Unavailable> {
        let dynamic = self.dynamic().unwrap_or_default();
        let mut stated = BTreeMap::new();
        let people = || Ok([self.people("authors"), self.people("maintainers")].concat());
        let list = |key: &str| {
            Ok(self.get(key).and_then(Toml::texts).unwrap_or_default().into_iter().map(Into::into).collect())
        };
        let kinds: [Kind<'_>; 6] = [
            ("summary", &["description"], Ok(self.text("description").map(Into::into).into_iter().collect())),
            ("people", &["authors", "maintainers"], people()),
            ("license", &["license"], self.license()),
            ("keywords", &["keywords"], list("keywords")),
            ("classifier", &["classifiers"], list("classifiers")),
            ("url", &["urls"], Ok(self.urls())),
        ];
        for (kind, keys, check) in kinds {
            let value = match keys.iter().any(|key| dynamic.contains(key)) {
                true => match self.dynamic_text(keys)? {
                    Some(text) => text,
                    None => other.stated.get(kind).cloned().unwrap_or_else(|| match &other.silence {
                        Stated::Is(()) => Stated::Is(vec![]),
                        Stated::Unknown(why) => Stated::Unknown(why.clone()),
                    }),
                },
                false => Stated::from_check(check)?,
            };
            stated.insert(kind, value);
        }
        let platforms = self.toml.at(&["tool", "setuptools", "platforms"]).and_then(Toml::texts);
        let platforms = platforms.unwrap_or_default().into_iter().map(Into::into).collect();
        stated.insert("platform", Stated::Is(platforms));
        Ok(Texts { stated, silence: Stated::Is(()) })
    }

    /// A text from a file that `[tool.setuptools.dynamic]` names.
    fn dynamic_text(&self, keys: &[&str]) -> Result<Option<Stated<Vec<String>>>, Unavailable> {
        let Some(files) = keys.iter().find_map(|key| self.files(&[key])) else { return Ok(None) };
        let read = files.into_iter().map(|file| self.sources.text(file)).collect::<Check<Vec<_>>>();
        let lines = read.map(|texts| texts.iter().flat_map(|text| text.lines()).map(Into::into).collect());
        Stated::from_check(lines).map(Some)
    }

    /// Names and addresses.
    fn people(&self, key: &str) -> Vec<String> {
        let Some(Toml::List(people)) = self.get(key) else { return vec![] };
        let parts = people.iter().flat_map(|one| [one.at(&["name"]), one.at(&["email"])]);
        parts.flatten().filter_map(Toml::text).map(Into::into).collect()
    }

    fn license(&self) -> Check<Vec<String>> {
        let Some(license) = self.get("license") else { return Ok(vec![]) };
        let text = license.text().or_else(|| license.at(&["text"]).and_then(Toml::text));
        match (text, license.at(&["file"]).and_then(Toml::text)) {
            (Some(text), _) => Ok(vec![text.into()]),
            (None, Some(file)) => Ok(vec![self.sources.text(file)?]),
            (None, None) => Ok(vec![]),
        }
    }

    /// Each as `label, url`.
    fn urls(&self) -> Vec<String> {
        let urls = self.get("urls").and_then(Toml::table).into_iter().flatten();
        urls.filter_map(|(label, url)| Some(format!("{label}, {}", url.text()?))).collect()
    }
}

/// Folders that hold packages, as tools have them in their own tables.
pub(super) fn folders(toml: &Toml) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut add = |folder: &str| {
        let folder = folder.trim_matches('/').trim_start_matches("./");
        if !folder.is_empty() && folder != "." {
            found.push(format!("{folder}/"));
        }
    };
    let setuptools = ["tool", "setuptools"];
    let root = toml.at(&[&setuptools[..], &["package-dir", ""]].concat());
    let found_in = toml.at(&[&setuptools[..], &["packages", "find", "where"]].concat());
    for value in [root, found_in].into_iter().flatten() {
        value.one_or_more().into_iter().flatten().for_each(&mut add);
    }
    let hatch = toml.at(&["tool", "hatch", "build", "targets", "wheel", "packages"]);
    for package in hatch.and_then(Toml::texts).into_iter().flatten() {
        if let Some((folder, _)) = package.rsplit_once('/') {
            add(folder);
        }
    }
    if let Some(Toml::List(packages)) = toml.at(&["tool", "poetry", "packages"]) {
        packages.iter().filter_map(|one| one.at(&["from"])?.text()).for_each(&mut add);
    }
    found
}

/// Packages and modules that tools' own tables list.
pub(super) fn packages(toml: &Toml) -> Vec<String> {
    let mut found = Vec::new();
    for keys in [
        &["tool", "setuptools", "packages"][..],
        &["tool", "setuptools", "py-modules"],
        &["tool", "flit", "module", "name"],
    ] {
        let names = toml.at(keys).and_then(Toml::one_or_more).unwrap_or_default();
        found.extend(names.into_iter().map(Into::into));
    }
    let hatch = toml.at(&["tool", "hatch", "build", "targets", "wheel", "packages"]);
    let last = |path: &str| path.trim_end_matches('/').rsplit('/').next().map(Into::into);
    found.extend(hatch.and_then(Toml::texts).into_iter().flatten().filter_map(last));
    if let Some(Toml::List(packages)) = toml.at(&["tool", "poetry", "packages"]) {
        let always = packages.iter().filter(|one| one.at(&["format"]).is_none() && one.at(&["to"]).is_none());
        found.extend(always.filter_map(|one| Some(one.at(&["include"])?.text()?.replace('/', "."))));
    }
    legacy::listed_names(found)
}
