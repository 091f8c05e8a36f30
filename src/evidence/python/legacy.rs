//! `setup.cfg` and `setup.py`, as setuptools reads them: a literal argument of
//! `setup` first, then the option of `setup.cfg`.

use super::data_files::Installed;
use super::entry_point::{self, EntryPoint};
use super::ini::{Ini, Value};
use super::literal::Literal;
use super::project::{Extras, Project, Readme, Sources, Stated, Texts, requirement_lines, requirements};
use super::requirement::{Dependency, Requirement};
use super::setup_py::Call;
use super::version_file::VersionFiles;
use super::{Check, No, normal_name, specifier, undecided};
use crate::evidence::case::Unavailable;
use std::collections::{BTreeMap, BTreeSet};

/// What one of the two files says of a field.
pub(super) enum Given<'s> {
    /// Nothing, and nothing hidden.
    No,
    /// `setup.py`: this literal.
    Literal(&'s Literal),
    /// `setup.cfg`: these lines.
    Lines(&'s Value),
    /// `setup.py` computes it, or may do so.
    Computed,
}

/// The two files, ready to be asked.
pub(super) struct Legacy<'s> {
    sources: &'s Sources<'s>,
    call: Option<Call>,
    has_script: bool,
}

impl<'s> Legacy<'s> {
    pub fn new(sources: &'s Sources<'s>) -> Self {
        Self { sources, call: sources.call(), has_script: sources.setup_py.is_some() }
    }

    fn cfg(&self) -> &Ini {
        &self.sources.setup_cfg
    }

    /// An option by any of its names; `setup.cfg` takes `-` for `_`.
    pub fn option(&self, section: &str, names: &[&str]) -> Option<&Value> {
        let options = self.cfg().0.get(section)?;
        names.iter().find_map(|name| options.get(*name).or_else(|| options.get(&name.replace('_', "-"))))
    }

    /// An argument of `setup`, or else an option.
    pub fn given(&self, argument: &str, section: &str, names: &[&str]) -> Given<'_> {
        let stated = self.call.as_ref().and_then(|call| call.arguments.get(argument));
        match (stated, self.option(section, names)) {
            // What is empty in the call leaves the word to setup.cfg.
            (Some(Some(literal)), Some(lines)) if literal.is_empty() => Given::Lines(lines),
            (Some(Some(literal)), _) => Given::Literal(literal),
            (Some(None), _) => Given::Computed,
            // Arguments that cannot be read may hold this one, and would win.
            (None, _) if self.may_be_computed() => Given::Computed,
            (None, Some(lines)) => Given::Lines(lines),
            (None, None) => Given::No,
        }
    }

    /// Whether `setup.py` may pass arguments that cannot be read.
    fn may_be_computed(&self) -> bool {
        self.has_script && self.call.as_ref().is_none_or(|call| call.open)
    }

    /// The lines that an option means, `file:` being followed.
    fn lines(&self, lines: &Value) -> Check<Vec<String>> {
        let Some(files) = lines.first().and_then(|first| first.strip_prefix("file:")) else {
            return Ok(lines.clone());
        };
        let mut all = Vec::new();
        for file in files.split(',').chain(lines.iter().skip(1).map(String::as_str)) {
            let text = self.sources.text(file)?;
            all.extend(requirement_lines(&text).map(Into::into));
        }
        Ok(all)
    }

    fn requirements(
        &self,
        given: &Given<'_>,
        extra: &str,
        condition: Option<&str>,
    ) -> Check<BTreeSet<Dependency>> {
        let texts: Vec<String> = match given {
            Given::No => vec![],
            Given::Computed => return computed("setup.py computes its dependencies"),
            Given::Lines(lines) => self.lines(lines)?,
            Given::Literal(literal) => literal_lines(literal)?,
        };
        // A single line may hold several, separated by semicolons.
        let split = |text: &String| match Requirement::parse(text) {
            None if texts.len() == 1 => separate(text).map(Into::into).collect(),
            _ => vec![text.clone()],
        };
        let texts: Vec<String> = texts.iter().flat_map(split).collect();
        let texts =
            texts.iter().map(|text| text.split_once(" #").map_or(text.as_str(), |(text, _)| text).trim());
        requirements(texts.filter(|text| !text.is_empty()), extra, condition)
    }

    pub fn dependencies(&self) -> Check<BTreeSet<Dependency>> {
        self.requirements(&self.given("install_requires", "options", &["install_requires"]), "", None)
    }

    /// An extra may carry a condition in its name: `test:python_version<"3"`.
    fn extra(&self, extras: &mut Extras, key: &str, given: &Given<'_>) -> Check {
        let (name, condition) = key.split_once(':').map_or((key, None), |(name, rest)| (name, Some(rest)));
        let name = name.trim();
        extras.dependencies.extend(self.requirements(given, name, condition)?);
        if !name.is_empty() {
            extras.names.insert(normal_name(name));
        }
        Ok(())
    }

    pub fn extras(&self) -> Check<Extras> {
        let mut extras = Extras::default();
        match self.given("extras_require", "", &[]) {
            Given::Literal(Literal::Table(table)) if !table.is_empty() => {
                for (key, literal) in table {
                    self.extra(&mut extras, key, &Given::Literal(literal))?;
                }
            }
            Given::Literal(Literal::Table(_)) | Given::No => {
                for (key, lines) in self.cfg().0.get("options.extras_require").into_iter().flatten() {
                    self.extra(&mut extras, key, &Given::Lines(lines))?;
                }
            }
            _ => return computed("setup.py computes its extras"),
        }
        Ok(extras)
    }

    fn requires_python(&self) -> Stated<String> {
        let text = match self.given("python_requires", "options", &["python_requires"]) {
            Given::No => String::new(),
            Given::Lines(lines) => lines.join(","),
            Given::Literal(Literal::Text(text)) => text.clone(),
            _ => return Stated::Unknown("setup.py computes python_requires".into()),
        };
        match specifier::canonical(&text) {
            Some(versions) => Stated::Is(versions),
            None => Stated::Unknown("python_requires in git is not understood".into()),
        }
    }

    pub fn entry_points(&self) -> Check<BTreeSet<EntryPoint>> {
        let mut all = BTreeSet::new();
        match self.given("entry_points", "options", &["entry_points"]) {
            Given::Literal(literal) if literal.is_empty() => all.extend(self.cfg_entry_points()?),
            Given::Literal(Literal::Table(groups)) => {
                for (group, lines) in groups {
                    for line in literal_lines(lines)? {
                        all.insert(entry_point::of_line(group, &line)?);
                    }
                }
            }
            Given::Literal(Literal::Text(text)) => all.extend(entry_point::sections(text)?),
            Given::Literal(_) | Given::Computed => return computed("setup.py computes its entry points"),
            Given::Lines(lines) => {
                let file = lines.first().and_then(|line| line.strip_prefix("file:"));
                match file {
                    Some(file) => all.extend(entry_point::sections(&self.sources.text(file)?)?),
                    None => return computed("entry_points in git's setup.cfg is not understood"),
                }
            }
            Given::No => all.extend(self.cfg_entry_points()?),
        }
        Ok(all)
    }

    fn cfg_entry_points(&self) -> Check<BTreeSet<EntryPoint>> {
        self.cfg().0.get("options.entry_points").map_or(Ok(BTreeSet::new()), entry_point::groups)
    }

    fn readme(&self) -> Readme {
        match self.given("long_description", "metadata", &["long_description"]) {
            Given::No => Readme::None,
            Given::Lines(lines) => match lines.first().and_then(|first| first.strip_prefix("file:")) {
                Some(first) => {
                    let rest = lines.iter().skip(1).map(String::as_str);
                    let files = first.split(',').chain(rest.flat_map(|line| line.split(',')));
                    Readme::Files(
                        files.map(str::trim).filter(|file| !file.is_empty()).map(Into::into).collect(),
                    )
                }
                None => Readme::Text(lines.join("\n")),
            },
            Given::Literal(Literal::Text(text)) => Readme::Text(text.clone()),
            _ => Readme::Unknown("setup.py computes the long description".into()),
        }
    }

    fn readme_type(&self) -> Stated<String> {
        let field = "long_description_content_type";
        match self.texts(&[(field, &[field])]) {
            Stated::Is(texts) => Stated::Is(texts.concat()),
            Stated::Unknown(why) => Stated::Unknown(why),
        }
    }

    /// One kind of text about the project, from several fields.
    pub fn texts(&self, fields: &[(&str, &[&str])]) -> Stated<Vec<String>> {
        let mut all = Vec::new();
        for (argument, names) in fields {
            match self.given(argument, "metadata", names) {
                Given::No => {}
                Given::Lines(lines) => all.extend(lines.iter().cloned()),
                Given::Literal(literal) => all.extend(flat(literal)),
                Given::Computed => return Stated::Unknown("setup.py computes it".into()),
            }
        }
        Stated::Is(all)
    }

    fn all_texts(&self) -> Texts {
        let fields: [(&str, &[&str]); 3] = [
            ("url", &["url", "home_page"]),
            ("download_url", &["download_url"]),
            ("project_urls", &["project_urls"]),
        ];
        let urls = match self.texts(&fields) {
            Stated::Is(urls) => Stated::Is(urls.iter().map(|url| labelled(url)).collect()),
            unknown => unknown,
        };
        let stated = BTreeMap::from([
            ("summary", self.texts(&[("description", &["description", "summary"])])),
            (
                "people",
                self.texts(&[
                    ("author", &["author"]),
                    ("author_email", &["author_email"]),
                    ("maintainer", &["maintainer"]),
                    ("maintainer_email", &["maintainer_email"]),
                ]),
            ),
            ("license", self.texts(&[("license", &["license", "license_expression"])])),
            ("keywords", self.texts(&[("keywords", &["keywords"])])),
            ("classifier", self.texts(&[("classifiers", &["classifiers", "classifier"])])),
            ("url", urls),
            ("platform", listed(self.texts(&[("platforms", &["platforms", "platform"])]))),
        ]);
        Texts { stated, silence: Stated::Is(()) }
    }

    fn folders(&self) -> Vec<String> {
        let mut folders = Vec::new();
        for line in self.option("options", &["package_dir"]).into_iter().flatten() {
            if let Some((name, folder)) = line.split_once('=')
                && name.trim().is_empty()
            {
                folders.push(format!("{}/", folder.trim().trim_matches('/')));
            }
        }
        if let Some(Some(Literal::Table(table))) =
            self.call.as_ref().and_then(|call| call.arguments.get("package_dir"))
        {
            let root = table.iter().find(|(name, _)| name.is_empty()).and_then(|(_, folder)| folder.text());
            folders.extend(root.map(|folder| format!("{}/", folder.trim_matches('/'))));
        }
        folders.retain(|folder| folder.len() > 1 && folder != "./");
        folders
    }

    /// Packages and modules that are listed, not looked for.
    fn packages(&self) -> Vec<String> {
        let mut all = Vec::new();
        for field in ["packages", "py_modules"] {
            match self.given(field, "options", &[field]) {
                Given::Literal(literal) => all.extend(flat(literal)),
                Given::Lines(lines) => {
                    all.extend(lines.iter().flat_map(|line| line.split(',')).map(Into::into))
                }
                Given::No | Given::Computed => {}
            }
        }
        listed_names(all)
    }
}

/// Names of modules in lists; `find:` and patterns name none.
pub(super) fn listed_names(names: Vec<String>) -> Vec<String> {
    let plain = |name: &String| {
        !name.is_empty()
            && name.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '.' | '-'))
    };
    names.into_iter().map(|name| name.trim().to_string()).filter(plain).collect()
}

/// Reads both files.
pub(super) fn read(sources: &Sources<'_>) -> Result<Project, Unavailable> {
    let legacy = Legacy::new(sources);
    let one = |argument, names: &[&str]| match legacy.given(argument, "metadata", names) {
        Given::Lines(lines) => lines.first().cloned(),
        Given::Literal(literal) => literal.text().map(Into::into),
        _ => None,
    };
    let version =
        one("version", &["version"]).filter(|text| !text.starts_with("attr:") && !text.starts_with("file:"));
    Ok(Project {
        source: "setup.cfg and setup.py",
        name: one("name", &["name"]),
        version,
        dependencies: Stated::from_check(legacy.dependencies())?,
        extras: Stated::from_check(legacy.extras())?,
        unasked: BTreeSet::new(),
        requires_python: legacy.requires_python(),
        entry_points: Stated::from_check(legacy.entry_points())?,
        readme: legacy.readme(),
        readme_type: legacy.readme_type(),
        texts: legacy.all_texts(),
        folders: legacy.folders(),
        packages: legacy.packages(),
        version_files: VersionFiles::default(),
        installed: Installed::default(),
        slips: vec![],
        evaluates_conditions: false,
        merges_own_extras: false,
        rewrites: false,
    })
}

/// The parts of texts that hold several, separated by commas.
fn listed(texts: Stated<Vec<String>>) -> Stated<Vec<String>> {
    match texts {
        Stated::Is(texts) => {
            let parts = texts.iter().flat_map(|text| text.split(','));
            Stated::Is(parts.map(|part| part.trim().to_string()).filter(|part| !part.is_empty()).collect())
        }
        unknown => unknown,
    }
}

fn computed<T>(why: &str) -> Check<T> {
    undecided(format!("{why}, which is not run"))
}

/// A list, or the lines of a text.
fn literal_lines(literal: &Literal) -> Check<Vec<String>> {
    match literal {
        Literal::Text(text) => {
            Ok(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(Into::into).collect())
        }
        Literal::List(items) => {
            let texts: Option<Vec<String>> = items.iter().map(|item| item.text().map(Into::into)).collect();
            texts.ok_or_else(|| No::Undecided("setup.py has a list of other things than texts".into()))
        }
        _ => undecided("setup.py has something else where a list belongs"),
    }
}

/// `label = url` as metadata files have it, `label, url`.
fn labelled(text: &str) -> String {
    match text.split_once('=') {
        Some((label, url)) if !label.contains("://") => format!("{}, {}", label.trim(), url.trim()),
        _ => text.into(),
    }
}

/// Every text in a literal; the entries of a table as `key, text`.
fn flat(literal: &Literal) -> Vec<String> {
    match literal {
        Literal::Text(text) => vec![text.clone()],
        Literal::Word(_) => vec![],
        Literal::List(items) => items.iter().flat_map(flat).collect(),
        Literal::Table(entries) => entries
            .iter()
            .flat_map(|(key, item)| flat(item).into_iter().map(move |text| format!("{key}, {text}")))
            .collect(),
    }
}

/// The requirements of a single line, separated by semicolons.
fn separate(line: &str) -> impl Iterator<Item = &str> {
    line.split(';').map(str::trim).filter(|part| !part.is_empty())
}
