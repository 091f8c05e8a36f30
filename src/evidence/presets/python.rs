//! What the presets of Python packages share: the rules for sdists, and what
//! of a repository an sdist leaves out.

use crate::evidence::case::{Answer, Candidate, Case, Unavailable};
use crate::evidence::explain::Level;
use crate::evidence::python::ini::Ini;
use crate::evidence::python::{self, Check, egg_info, mismatch, pkg_info, show, undecided, version_file};
use crate::evidence::{converted, dereferenced};
use crate::release::TreePath;
use crate::release::tree::{Mode, TreeEntry};
use std::collections::BTreeMap;

/// The metadata file that every tool writes at the top of an sdist.
pub(super) const PKG_INFO: &str = "PKG-INFO";

/// What setuptools writes as `setup.cfg` where there is none.
const STUB: &[u8] = b"[egg_info]\ntag_build = \ntag_date = 0\n\n";

/// What a tool may write into an sdist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Writes {
    /// `PKG-INFO` and version files.
    Metadata,
    /// Those, an `*.egg-info` folder and `setup.cfg`.
    EggInfo,
}

/// Whether the rules read a file of an sdist.
pub(super) fn reads(path: &TreePath) -> bool {
    let Ok(path) = std::str::from_utf8(path.as_bytes()) else { return false };
    let in_egg_info = path.rsplit_once('/').is_some_and(|(folder, _)| folder.ends_with(".egg-info"));
    in_egg_info || matches!(path, "PKG-INFO" | "setup.cfg") || version_file::may_be(path)
}

/// The rules for a file of an sdist.
pub(super) fn explain(case: &Case<'_>, found: &Candidate, writes: Writes) -> Result<Answer, Unavailable> {
    written(case, found, writes)?.or_else(|| shared(case, found))
}

/// Evidence that does not depend on the tool.
pub(super) fn shared(case: &Case<'_>, found: &Candidate) -> Result<Answer, Unavailable> {
    dereferenced::explain(case, found)?.or_else(|| converted::checkout(case, found))
}

/// Files that the tool writes.
fn written(case: &Case<'_>, found: &Candidate, writes: Writes) -> Result<Answer, Unavailable> {
    let Ok(path) = std::str::from_utf8(found.fact.path.as_bytes()) else { return Ok(Answer::Silent) };
    let check = match (path, path.rsplit_once('/'), writes) {
        ("PKG-INFO", ..) => Some(plain(found).and_then(|content| pkg_info::check(case, content))),
        ("setup.cfg", _, Writes::EggInfo) => Some(setup_cfg(case, found)),
        (_, Some((folder, name)), Writes::EggInfo) if folder.ends_with(".egg-info") => match plain(found) {
            Ok(content) => egg_info::check(case, folder, name, content),
            Err(no) => Some(Err(no)),
        },
        _ => version(case, found, path),
    };
    check.map_or(Ok(Answer::Silent), python::answer)
}

/// A version file, if this may be one.
pub(super) fn version(case: &Case<'_>, found: &Candidate, path: &str) -> Option<Check<(Level, String)>> {
    let content = found.content.as_deref()?;
    let same_mode = match case.in_git(&found.fact.path) {
        Some(entry) => entry.mode == found.fact.mode,
        None => found.fact.mode == Mode::Regular,
    };
    let check = version_file::check(case, path, content)?;
    Some(check.and_then(|explained| match same_mode {
        true => Ok(explained),
        false => mismatch(format!("is {}, which no tool makes it", found.fact.mode.describe())),
    }))
}

/// The bytes of a file that a tool writes: never a link, never executable.
pub(super) fn plain(found: &Candidate) -> Check<&[u8]> {
    if found.fact.mode != Mode::Regular {
        return mismatch(format!("is {}, but the tool writes a plain file", found.fact.mode.describe()));
    }
    match &found.content {
        Some(content) => Ok(content),
        None => undecided(format!("is too large to be read ({} bytes)", found.fact.size)),
    }
}

/// `setup.cfg`: the stub, or git's with the section that setuptools sets.
fn setup_cfg(case: &Case<'_>, found: &Candidate) -> Check<(Level, String)> {
    let content = plain(found)?;
    let path = TreePath::from("setup.cfg");
    let Some(entry) = case.in_git(&path) else {
        return match content == STUB {
            true => Ok((Level::Exact, "the file that setuptools adds".into())),
            false => mismatch("is not in git, and not the file that setuptools adds"),
        };
    };
    if entry.mode != Mode::Regular {
        return mismatch(format!("is {} in git", entry.mode.describe()));
    }
    let Some(original) = case.git_file(&path, python::MAX_METADATA)? else {
        return undecided("is too large in git to be read");
    };
    let (mut found, mut wanted) = (Ini::parse(content)?, Ini::parse(&original)?);
    let tags = wanted.0.remove("egg_info").unwrap_or_default();
    let Some(mut set) = found.0.remove("egg_info") else { return mismatch("has no section egg_info") };
    let (build, date) = (set.remove("tag_build"), set.remove("tag_date"));
    let keep: BTreeMap<_, _> = tags.clone().into_iter().filter(|(key, _)| !key.starts_with("tag_")).collect();
    // A release may be built with the tag of development versions taken off.
    let build = build.unwrap_or_default();
    let known = (build.is_empty() || Some(&build) == tags.get("tag_build"))
        && date == Some(vec!["0".into()])
        && set == keep;
    if !known {
        return mismatch("its section egg_info is not the one that setuptools writes");
    }
    if let Some((section, option)) = difference(&found, &wanted) {
        return mismatch(format!(
            "differs from git's in the section {}, option {}",
            show(section),
            show(option)
        ));
    }
    Ok((Level::Structured, "git's options, and the section egg_info that setuptools sets".into()))
}

/// The first section and option in which two files differ.
fn difference<'i>(a: &'i Ini, b: &'i Ini) -> Option<(&'i str, &'i str)> {
    for name in a.0.keys().chain(b.0.keys()) {
        let (Some(left), Some(right)) = (a.0.get(name), b.0.get(name)) else { return Some((name, "*")) };
        let mut options = left.keys().chain(right.keys());
        if let Some(option) = options.find(|option| left.get(*option) != right.get(*option)) {
            return Some((name, option));
        }
    }
    None
}

/// Files by which a repository is kept, at its top: no build reads them.
const KEPT_OUT: [&str; 42] = [
    ".gitmodules",
    ".gitreview",
    ".mailmap",
    ".editorconfig",
    ".coveragerc",
    ".git-blame-ignore-revs",
    ".pre-commit-config.yaml",
    ".pre-commit-config.yml",
    ".pre-commit-hooks.yaml",
    ".readthedocs.yaml",
    ".readthedocs.yml",
    ".travis.yml",
    ".appveyor.yml",
    "appveyor.yml",
    ".cirrus.yml",
    ".gitlab-ci.yml",
    ".zuul.yaml",
    ".zuul.yml",
    ".codecov.yml",
    ".codecov.yaml",
    "codecov.yml",
    ".codeclimate.yml",
    ".coveralls.yml",
    ".lgtm.yml",
    ".sourcery.yaml",
    ".flake8",
    ".pylintrc",
    ".isort.cfg",
    ".ruff.toml",
    ".stestr.conf",
    ".testr.conf",
    ".style.yapf",
    ".yamllint",
    ".yamllint.yaml",
    ".yamllint.yml",
    ".bandit",
    ".mypy.ini",
    ".dockerignore",
    ".npmrc",
    ".git-archival.txt",
    ".python-version",
    ".tool-versions",
];
/// Folders of that kind, at the top.
const KEPT_OUT_FOLDERS: [&str; 7] =
    [".github/", ".circleci/", ".devcontainer/", ".gitlab/", ".zuul.d/", ".vscode/", ".idea/"];
/// Beginnings of names of that kind, at the top.
const KEPT_OUT_STARTS: [&str; 3] = [".prettier", ".eslint", ".markdownlint"];

/// What an sdist leaves out without anybody missing it.
///
/// A link that was replaced by a folder is missing too.
pub(super) fn omits(preset: &str, case: &Case<'_>, entry: &TreeEntry) -> Result<Answer, Unavailable> {
    let replaced = dereferenced::replaced(case, entry)?;
    if replaced != Answer::Silent {
        return Ok(replaced);
    }
    let path = entry.path.as_bytes();
    let name = entry.path.file_name();
    let known = matches!(name, b".gitignore" | b".gitattributes")
        || KEPT_OUT.iter().any(|known| known.as_bytes() == path)
        || KEPT_OUT_FOLDERS.iter().any(|folder| path.starts_with(folder.as_bytes()))
        || (!path.contains(&b'/') && KEPT_OUT_STARTS.iter().any(|start| path.starts_with(start.as_bytes())));
    Ok(match known {
        true => Answer::explained(Level::Omitted, format!("{preset}: a file for the repository's keepers")),
        false => Answer::Silent,
    })
}
