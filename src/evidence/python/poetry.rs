//! `[tool.poetry]` of `pyproject.toml`, with its own way to write versions.

use super::data_files::Installed;
use super::entry_point::{self, EntryPoint};
use super::marker::Marker;
use super::project::{Extras, Project, Readme, Sources, Stated, Texts};
use super::requirement::{Dependency, Requirement, package};
use super::toml::Toml;
use super::version::Version;
use super::version_file::VersionFiles;
use super::{Check, No, normal_name, show, specifier, undecided};
use crate::evidence::case::Unavailable;
use std::collections::{BTreeMap, BTreeSet};

const SOURCE: &str = "[tool.poetry] in pyproject.toml";

/// Reads the table.
pub(super) fn read(sources: &Sources<'_>) -> Result<Project, Unavailable> {
    let Some(poetry) = sources.pyproject.as_ref().and_then(|toml| toml.at(&["tool", "poetry"])) else {
        return Ok(Project::unknown("git has no [tool.poetry]"));
    };
    let text = |key: &str| poetry.at(&[key]).and_then(Toml::text);
    let requires_python = match poetry.at(&["dependencies", "python"]) {
        None => Stated::Is(String::new()),
        Some(value) => match value.text().and_then(constraint) {
            Some(versions) => Stated::Is(versions),
            None => Stated::Unknown(format!("python in {SOURCE} is not understood")),
        },
    };
    let readme = match poetry.at(&["readme"]).map(Toml::one_or_more) {
        None => Readme::None,
        Some(Some(files)) => Readme::Files(files.into_iter().map(Into::into).collect()),
        Some(None) => Readme::Unknown(format!("readme in {SOURCE} is not understood")),
    };
    let readme_type = match &readme {
        Readme::Files(files) => files.first().map(|file| Readme::type_of(file)),
        _ => None,
    }
    .unwrap_or(Stated::Is(String::new()));
    Ok(Project {
        source: SOURCE,
        name: text("name").map(Into::into),
        version: text("version").map(Into::into),
        dependencies: Stated::from_check(dependencies(poetry, false))?,
        extras: Stated::from_check(extras(poetry))?,
        unasked: unasked(poetry),
        requires_python,
        entry_points: Stated::from_check(entry_points(poetry))?,
        readme,
        readme_type,
        texts: texts(poetry),
        folders: vec![],
        packages: vec![],
        version_files: VersionFiles::default(),
        installed: Installed::default(),
        slips: vec![],
        evaluates_conditions: false,
        merges_own_extras: false,
        rewrites: true,
    })
}

/// One dependency: the requirement and whether it is there for extras only.
fn one(name: &str, value: &Toml) -> Check<(Requirement, bool)> {
    let odd =
        || No::Undecided(format!("{SOURCE} has the dependency {}, which is not understood", show(name)));
    let plain = |text: &str| constraint(text).ok_or_else(odd);
    let Some(table) = value.table() else {
        let versions = plain(value.text().ok_or_else(odd)?)?;
        let name = normal_name(name);
        return Ok((Requirement { name, extras: BTreeSet::new(), versions, url: None, marker: None }, false));
    };
    let known =
        ["version", "extras", "optional", "python", "markers", "platform", "source", "allow-prereleases"];
    if !table.keys().all(|key| known.contains(&key.as_str())) {
        return Err(odd());
    }
    let text = |key: &str| table.get(key).map(|value| value.text().ok_or_else(odd)).transpose();
    let versions = plain(text("version")?.unwrap_or("*"))?;
    let extras = table.get("extras").map_or(Some(vec![]), Toml::texts).ok_or_else(odd)?;
    let mut conditions = Vec::new();
    if let Some(markers) = text("markers")? {
        conditions.push(Marker::parse(markers).ok_or_else(odd)?);
    }
    if let Some(python) = text("python")? {
        for clause in plain(python)?.split(',').filter(|clause| !clause.is_empty()) {
            let (sign, version) = clause.split_at(clause.find(|c: char| c.is_ascii_digit()).ok_or_else(odd)?);
            let marker = Marker::parse(&format!("python_version {sign} '{version}'"));
            conditions.push(marker.ok_or_else(odd)?);
        }
    }
    if let Some(platform) = text("platform")? {
        conditions.push(Marker::parse(&format!("sys_platform == '{platform}'")).ok_or_else(odd)?);
    }
    let marker = (!conditions.is_empty()).then_some(Marker::And(conditions));
    let extras = extras.into_iter().map(normal_name).collect();
    let optional = table.get("optional") == Some(&Toml::Bool(true));
    Ok((Requirement { name: normal_name(name), extras, versions, url: None, marker }, optional))
}

/// All requirements with this name: a list holds several.
fn each(poetry: &Toml) -> impl Iterator<Item = (&str, Vec<&Toml>)> {
    let table = poetry.at(&["dependencies"]).and_then(Toml::table).into_iter().flatten();
    table.filter(|(name, _)| *name != "python").map(|(name, value)| match value {
        Toml::List(list) => (name.as_str(), list.iter().collect()),
        value => (name.as_str(), vec![value]),
    })
}

fn dependencies(poetry: &Toml, optional: bool) -> Check<BTreeSet<Dependency>> {
    let mut all = BTreeSet::new();
    for (name, values) in each(poetry) {
        for value in values {
            let (requirement, is_optional) = one(name, value)?;
            if is_optional == optional {
                all.extend(requirement.dependencies().into_iter().flatten());
            }
        }
    }
    Ok(all)
}

fn extras(poetry: &Toml) -> Check<Extras> {
    let mut extras = Extras::default();
    let by_name: BTreeMap<String, (&str, Vec<&Toml>)> =
        each(poetry).map(|(name, values)| (normal_name(name), (name, values))).collect();
    let table = poetry.at(&["extras"]).and_then(Toml::table).into_iter().flatten();
    for (extra, wanted) in table {
        extras.names.insert(normal_name(extra));
        for wanted in wanted.texts().unwrap_or_default() {
            let Some((name, values)) = by_name.get(&normal_name(wanted)) else { continue };
            for value in values {
                let (requirement, optional) = one(name, value)?;
                if optional {
                    extras.dependencies.extend(requirement.under(extra, None).into_iter().flatten());
                }
            }
        }
    }
    Ok(extras)
}

/// Optional dependencies that no extra asks for: poetry-core before 2 lists
/// them like the others.
fn unasked(poetry: &Toml) -> BTreeSet<Dependency> {
    let extras = poetry.at(&["extras"]).and_then(Toml::table).into_iter().flatten();
    let asked = extras.flat_map(|(_, wanted)| wanted.texts().unwrap_or_default());
    let asked: BTreeSet<String> = asked.map(normal_name).collect();
    let all = dependencies(poetry, true).unwrap_or_default();
    all.into_iter().filter(|one| !asked.contains(package(&one.what))).collect()
}

fn entry_points(poetry: &Toml) -> Check<BTreeSet<EntryPoint>> {
    let mut all = BTreeSet::new();
    for (name, value) in poetry.at(&["scripts"]).and_then(Toml::table).into_iter().flatten() {
        let kind = value.at(&["type"]).and_then(Toml::text);
        let value = match kind {
            Some("file") => continue,
            _ => value.text().or_else(|| value.at(&["reference"]).and_then(Toml::text)),
        };
        let Some(value) = value else {
            return undecided(format!("{SOURCE} has the script {}, which is not understood", show(name)));
        };
        all.insert(entry_point::one("console_scripts", name, value)?);
    }
    for (group, names) in poetry.at(&["plugins"]).and_then(Toml::table).into_iter().flatten() {
        for (name, value) in names.table().into_iter().flatten() {
            all.insert(entry_point::one(group, name, value.text().unwrap_or_default())?);
        }
    }
    Ok(all)
}

fn texts(poetry: &Toml) -> Texts {
    let list = |key: &str| -> Vec<String> {
        let values = poetry.at(&[key]).and_then(Toml::one_or_more).unwrap_or_default();
        values.into_iter().map(Into::into).collect()
    };
    let mut urls = Vec::new();
    for (key, label) in
        [("homepage", "Homepage"), ("repository", "Repository"), ("documentation", "Documentation")]
    {
        for url in list(key) {
            urls.push(format!("{label}, {url}"));
        }
    }
    for (label, url) in poetry.at(&["urls"]).and_then(Toml::table).into_iter().flatten() {
        urls.extend(url.text().map(|url| format!("{label}, {url}")));
    }
    let people = [list("authors"), list("maintainers")].concat();
    // Each is `Name <address>`; the two parts are written apart.
    let people = people.iter().flat_map(|one| one.split(['<', '>'])).map(|part| part.trim().to_string());
    let stated = BTreeMap::from([
        ("summary", Stated::Is(list("description"))),
        ("people", Stated::Is(people.filter(|part| !part.is_empty()).collect())),
        ("license", Stated::Is(list("license"))),
        ("keywords", Stated::Is(list("keywords"))),
        ("classifier", Stated::Is(list("classifiers"))),
        ("url", Stated::Is(urls)),
    ]);
    Texts { stated, silence: Stated::Is(()) }
}

/// A constraint of poetry as normal specifiers; `None` if it is a union or
/// something else that specifiers cannot say.
fn constraint(text: &str) -> Option<String> {
    let mut clauses = Vec::new();
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        clauses.push(clause(part)?);
    }
    specifier::canonical(&clauses.join(","))
}

fn clause(text: &str) -> Option<String> {
    if text == "*" {
        return Some(String::new());
    }
    if let Some(version) = text.strip_prefix('^') {
        let version = Version::parse(version.trim())?;
        // The first number that is not zero goes up; if all are zero, the last.
        let release = version.release();
        let place = release.iter().position(|number| *number != 0).unwrap_or(release.len().checked_sub(1)?);
        return Some(format!(">={version},<{}", raised(release, place)?));
    }
    if let Some(version) = text.strip_prefix('~').filter(|rest| !rest.starts_with('=')) {
        let version = Version::parse(version.trim())?;
        let place = usize::from(version.release().len() > 1);
        return Some(format!(">={version},<{}", raised(version.release(), place)?));
    }
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return Some(format!("=={text}"));
    }
    Some(text.to_string())
}

/// The release with the number at `place` one higher and the rest cut off.
fn raised(release: &[u64], place: usize) -> Option<String> {
    let mut numbers = release.get(..=place)?.to_vec();
    let last = numbers.last_mut()?;
    *last = last.checked_add(1)?;
    Some(numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join("."))
}

#[cfg(test)]
mod tests {
    use super::constraint;

    #[test]
    fn constraints_are_those_poetry_writes() {
        for (text, wanted) in [
            ("^1.2.3", "<2,>=1.2.3"),
            ("^0.2.3", "<0.3,>=0.2.3"),
            ("^0.0.3", "<0.0.4,>=0.0.3"),
            ("^0.0", "<0.1,>=0"),
            ("^0", "<1,>=0"),
            ("~1.2.3", "<1.3,>=1.2.3"),
            ("~1", "<2,>=1"),
            ("*", ""),
            ("1.2", "==1.2"),
            (">=1.0,<2.0", "<2,>=1"),
            ("~=1.4.2", "~=1.4.2"),
        ] {
            assert_eq!(constraint(text).as_deref(), Some(wanted), "{text}");
        }
        for odd in ["^1 || ^2", "^x", "latest", "^18446744073709551615"] {
            assert_eq!(constraint(odd), None, "{odd}");
        }
    }
}
