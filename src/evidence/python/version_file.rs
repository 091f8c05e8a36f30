//! Files that a version-control plugin writes the version into: the whole
//! file must be one of the known templates, filled with this version.

use super::project::{self, VersionFile};
use super::{Check, No, mismatch, pkg_info, plain_text, show, undecided};
use crate::evidence::case::Case;
use crate::evidence::explain::Level;
use serde::Deserialize;

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
pub(crate) const NAMES: [&str; 5] =
    ["_version.py", "version.py", "__version__.py", "_scm_version.py", "version.txt"];

/// Whether a path may be a version file, so that its bytes are kept.
pub(crate) fn may_be(path: &str) -> bool {
    path.rsplit('/').next().is_some_and(|name| name.to_ascii_lowercase().contains("ver"))
}

/// Checks a file as a version file; `None` if it is none by its place.
///
/// The name alone explains nothing: it only says which files are looked at.
pub(crate) fn check(case: &Case<'_>, path: &str, content: &[u8]) -> Option<Check<(Level, String)>> {
    let project = match project::of(case) {
        Ok(project) => project,
        Err(unavailable) => return Some(Err(unavailable.into())),
    };
    let stated = project.version_files.iter().find(|file| is_at(file, path, &project.folders));
    let named = path.rsplit('/').next().is_some_and(|name| NAMES.contains(&name));
    (stated.is_some() || named).then(|| template(case, path, stated, content))
}

/// Wheels have files without the folder that holds the packages.
fn is_at(file: &VersionFile, path: &str, folders: &[String]) -> bool {
    file.path == path || folders.iter().any(|folder| file.path.strip_prefix(folder.as_str()) == Some(path))
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
    if let Some(check) = versioneer(&text, &version, &commit) {
        return check;
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Versioneer {
    date: Option<String>,
    dirty: bool,
    error: Option<String>,
    #[serde(rename = "full-revisionid")]
    revision: String,
    version: String,
}

/// The short file that versioneer puts in the place of its long one.
fn versioneer(text: &str, version: &super::version::Version, commit: &str) -> Option<Check<(Level, String)>> {
    let (head, rest) = text.split_once("version_json = '''\n")?;
    let (json, tail) = rest.split_once("\n'''  # END VERSION_JSON\n")?;
    let tool = head.strip_prefix("\n# This file was generated by 'versioneer.py' (")?;
    let (tool, head) = tool.split_once(") from\n")?;
    const HEAD: &str = "# revision-control system data, or from the parent directory name of an\n# unpacked source archive. Distribution tarballs contain a pre-generated copy\n# of this file.\n\nimport json\n\n";
    const TAIL: &str = "\n\ndef get_versions():\n    return json.loads(version_json)\n";
    let known =
        head == HEAD && tail == TAIL && tool.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if !known {
        return Some(undecided("looks like a file of versioneer, in a form that is not known"));
    }
    // A quote or backslash in the JSON could end the Python string around it.
    let plain = !json.contains(['\'', '\\']);
    let read = serde_json::from_str::<Versioneer>(json).ok().filter(|_| plain);
    Some(match read {
        None => undecided("has version data of versioneer in a form that is not known"),
        Some(found) if found.revision != commit => {
            mismatch(format!("names commit {}, the tag is {commit}", show(&found.revision)))
        }
        Some(found) if super::version::Version::parse(&found.version).as_ref() != Some(version) => {
            mismatch(format!("has version {}, the artifact has {version}", show(&found.version)))
        }
        Some(found) if found.dirty || found.error.is_some() => mismatch("says that the checkout was changed"),
        Some(found) if found.date.as_ref().is_some_and(|date| date.len() > 40) => {
            Err(No::Undecided("has a date of an unknown form".into()))
        }
        Some(_) => Ok((Level::Template, format!("versioneer, filled with {version}"))),
    })
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
