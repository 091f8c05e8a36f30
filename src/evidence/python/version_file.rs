//! Files that a version-control plugin writes the version into: the whole
//! file must be one of the known templates, filled with this version.

use super::literal::Literal;
use super::project::{self, Sources};
use super::toml::Toml;
use super::{Check, MAX_METADATA, mismatch, pkg_info, plain_text, show, undecided, versioneer};
use crate::evidence::case::{Case, Unavailable};
use crate::evidence::explain::Level;
use crate::release::TreePath;

/// Templates of setuptools-scm 6 to 9, vcs-versioning and hatchling, as
/// Python's `str.format` takes them.
const TEMPLATES: [(&str, &str); 8] = [
    ("setuptools-scm 6", include_str!("templates/setuptools_scm_6.txt")),
    ("setuptools-scm 7", include_str!("templates/setuptools_scm_7.txt")),
    ("setuptools-scm 8", include_str!("templates/setuptools_scm_8.txt")),
    ("setuptools-scm 8.2", include_str!("templates/setuptools_scm_8_2.txt")),
    ("setuptools-scm 9", include_str!("templates/setuptools_scm_9.txt")),
    ("vcs-versioning", include_str!("templates/vcs_versioning.txt")),
    ("hatchling", include_str!("templates/hatchling.txt")),
    ("setuptools-scm, text", TEXT),
];

/// The whole of a text file.
const TEXT: &str = "{version}";

/// Names that such a file has where git does not name it.
const NAMES: [&str; 5] = ["_version.py", "version.py", "__version__.py", "_scm_version.py", "version.txt"];

/// Whether a path may be a version file, so that its bytes are kept.
pub(crate) fn may_be(path: &str) -> bool {
    path.rsplit('/').next().is_some_and(|name| name.to_ascii_lowercase().contains("ver"))
}

/// Tables that name a version file, and their keys for its path and template.
/// Those of hatch may stand for one target only, too.
const TABLES: [(&[&str], &str, &str); 4] = [
    (&["setuptools_scm"], "version_file", "version_file_template"),
    (&["setuptools_scm"], "write_to", "write_to_template"),
    (&["vcs-versioning"], "version_file", "version_file_template"),
    (&["versioningit", "write"], "file", "template"),
];
const HATCH_TABLES: [(&[&str], &str, &str); 2] =
    [(&["hooks", "vcs"], "version-file", "template"), (&["hooks", "version"], "path", "template")];
const HATCH_BUILDS: [&[&str]; 3] =
    [&["build"], &["build", "targets", "wheel"], &["build", "targets", "sdist"]];

/// A file that a build writes the version into.
#[derive(Debug, Clone, PartialEq, Eq)]
struct VersionFile {
    /// Where, below the project's folder.
    path: String,
    /// The pattern that git gives for it.
    template: Option<String>,
}

/// What git states about such files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct VersionFiles {
    stated: Vec<VersionFile>,
    /// `setup.py` has setuptools-scm write one, and where cannot be read.
    hidden: bool,
}

impl VersionFiles {
    /// Reads `pyproject.toml`, `hatch.toml` and `setup.py`.
    pub(super) fn read(sources: &Sources<'_>) -> Result<Self, Unavailable> {
        let mut files = Self::default();
        if let Some(tool) = sources.pyproject.as_ref().and_then(|toml| toml.at(&["tool"])) {
            files.tables(sources, tool, &[], &TABLES);
            if let Some(hatch) = tool.at(&["hatch"]) {
                files.hatch(sources, hatch);
            }
        }
        let hatch = project::Stated::from_check(sources.text("hatch.toml"))?;
        if let project::Stated::Is(text) = hatch
            && let Ok(toml) = Toml::parse(text.as_bytes())
        {
            files.hatch(sources, &toml);
        }
        let script = sources.setup_py.as_deref().unwrap_or_default();
        let argument = sources.call().and_then(|mut call| call.arguments.remove("use_scm_version"));
        match argument {
            Some(Some(Literal::Table(table))) => {
                let get = |key: &str| table.iter().find(|(name, _)| name == key)?.1.text();
                for (_, path, template) in TABLES.iter().take(2) {
                    files.add(sources, get("root"), get(path), get(template));
                }
            }
            _ => files.hidden = script.windows(15).any(|part| part == b"use_scm_version"),
        }
        Ok(files)
    }

    fn hatch(&mut self, sources: &Sources<'_>, hatch: &Toml) {
        HATCH_BUILDS.iter().for_each(|build| self.tables(sources, hatch, build, &HATCH_TABLES));
    }

    fn tables(
        &mut self,
        sources: &Sources<'_>,
        toml: &Toml,
        within: &[&str],
        tables: &[(&[&str], &str, &str)],
    ) {
        for (keys, path, template) in tables {
            let table = toml.at(&[within, keys].concat());
            let get = |key: &str| table.and_then(|table| table.at(&[key])).and_then(Toml::text);
            self.add(sources, get("root"), get(path), get(template));
        }
    }

    fn add(&mut self, sources: &Sources<'_>, root: Option<&str>, path: Option<&str>, template: Option<&str>) {
        let Some(path) = path.map(|path| path.trim_start_matches("./")) else { return };
        // setuptools-scm counts `write_to` from the root, if it is elsewhere.
        let path = if root.is_some() { sources.below_root(path) } else { path };
        self.stated.push(VersionFile { path: path.into(), template: template.map(Into::into) });
    }
}

/// Checks a file as a version file; `None` if it is none by its place.
///
/// Where git does not say the place, the name alone is no evidence: only a
/// file that git does not have, in a package that git has, may be one.
pub(crate) fn check(case: &Case<'_>, path: &str, content: &[u8]) -> Option<Check<(Level, String)>> {
    let project = match project::of(case) {
        Ok(project) => project,
        Err(unavailable) => return Some(Err(unavailable.into())),
    };
    let files = &project.version_files;
    let places: Vec<String> = project.places().map(|place| format!("{place}{path}")).collect();
    if let Some(file) = files.stated.iter().find(|file| places.contains(&file.path)) {
        let folder = file.path.rsplit_once('/').map(|(folder, _)| folder);
        return folder
            .is_none_or(|folder| case.below(folder).next().is_some())
            .then(|| template(case, path, Some(file), content));
    }
    if let Some(place) =
        places.iter().map(|place| TreePath::from(place.as_str())).find(|place| case.in_git(place).is_some())
    {
        return match case.git_file(&place, MAX_METADATA) {
            Ok(git) => {
                git.is_some_and(|git| versioneer::is_template(&git)).then(|| versioneer::check(case, content))
            }
            Err(unavailable) => Some(Err(unavailable.into())),
        };
    }
    let (folder, name) = path.rsplit_once('/')?;
    let package =
        |place: &str| case.in_git(&TreePath::from(format!("{place}{folder}/__init__.py").as_str())).is_some();
    let may_be = files.hidden && NAMES.contains(&name) && project.places().any(package);
    may_be.then(|| template(case, path, None, content))
}

fn template(
    case: &Case<'_>,
    path: &str,
    stated: Option<&VersionFile>,
    content: &[u8],
) -> Check<(Level, String)> {
    let text = plain_text(content)?;
    let version = pkg_info::named(case)?.version;
    let commit = case.origin.commit().to_string();
    // A commit is named with a `g` before it, by as many digits as git chose.
    let short = (7..=commit.len()).filter_map(|digits| Some(format!("'g{}'", commit.get(..digits)?)));
    let commits: Vec<String> = ["None".to_string()].into_iter().chain(short).collect();
    let own = stated.and_then(|file| file.template.as_deref()).map(|own| ("the template in git", own));
    let templates: Vec<(&str, &str)> = own.map_or(TEMPLATES.to_vec(), |own| vec![own]);
    let mut near = None;
    for (name, template) in templates {
        let fields = fields(template);
        let Some(fields) = fields else {
            return undecided(format!("{name} has a field that is not known"));
        };
        let same_start = own.is_some() || template == TEXT || first_line(template) == first_line(&text);
        if !same_start || (template == TEXT && !path.ends_with(".txt")) {
            continue;
        }
        near = near.or((template != TEXT).then_some(name));
        for tuple in version.tuples() {
            // Templates without a commit are the same for all.
            let names_commit = fields.iter().any(|field| matches!(field, Field::Commit));
            let commits =
                if names_commit { commits.as_slice() } else { commits.get(..1).unwrap_or_default() };
            for commit in commits {
                let filled = fill(&fields, &version.to_string(), &tuple, commit);
                if filled == text {
                    return Ok((Level::Template, format!("{name}, filled with {version}")));
                }
            }
        }
    }
    match near {
        Some(name) => mismatch(format!("looks like {name}, but is not its template filled with {version}")),
        None => undecided(format!(
            "is no version file of a known tool; it begins with {}",
            show(first_line(&text))
        )),
    }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

/// A piece of a template.
#[derive(Debug, PartialEq, Eq)]
enum Field<'t> {
    Plain(&'t str),
    Version,
    QuotedVersion,
    Tuple,
    Commit,
}

/// The pieces of a template; `None` if it asks for something unknown.
fn fields(mut template: &str) -> Option<Vec<Field<'_>>> {
    let mut fields = Vec::new();
    while let Some(at) = template.find(['{', '}']) {
        let (plain, rest) = template.split_at(at);
        fields.push(Field::Plain(plain));
        if let Some(rest) = rest.strip_prefix("{{") {
            fields.push(Field::Plain("{"));
            template = rest;
            continue;
        }
        if let Some(rest) = rest.strip_prefix("}}") {
            fields.push(Field::Plain("}"));
            template = rest;
            continue;
        }
        let (name, rest) = rest.strip_prefix('{')?.split_once('}')?;
        fields.push(match name {
            "version" => Field::Version,
            "version!r" => Field::QuotedVersion,
            "version_tuple" | "version_tuple!r" => Field::Tuple,
            "scm_version.short_node!r" => Field::Commit,
            _ => return None,
        });
        template = rest;
    }
    fields.push(Field::Plain(template));
    Some(fields)
}

fn fill(fields: &[Field<'_>], version: &str, tuple: &str, commit: &str) -> String {
    let quoted = format!("'{version}'");
    let text = |field: &Field<'_>| match field {
        Field::Plain(text) => (*text).to_string(),
        Field::Version => version.to_string(),
        Field::QuotedVersion => quoted.clone(),
        Field::Tuple => tuple.to_string(),
        Field::Commit => commit.to_string(),
    };
    fields.iter().map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_have_only_known_fields() {
        for (name, template) in TEMPLATES {
            assert!(fields(template).is_some(), "{name}");
        }
        assert!(fields("{scm_version.node}").is_none());
        assert!(fields("{").is_none());
        let own = fields("v = {version!r} # {{x}}\n").unwrap();
        assert_eq!(fill(&own, "1.0", "(1, 0)", "None"), "v = '1.0' # {x}\n");
    }
}
