//! The files of an `*.egg-info` folder in an sdist, most of which a wheel has
//! in its `*.dist-info` too.

use super::entry_point::{self, EntryPoint};
use super::marker::Marker;
use super::project;
use super::requirement::{Dependency, Requirement};
use super::{Check, No, dependencies, mismatch, normal_name, pkg_info, plain_text, show, undecided};
use crate::evidence::case::Case;
use crate::evidence::explain::Level;
use crate::release::TreePath;
use serde::Deserialize;
use std::collections::BTreeSet;

/// What a check of a file explains.
type Explained = Check<(Level, String)>;

/// Lines of one file.
const MAX_LINES: usize = 400_000;

/// Checks a file of an `*.egg-info` folder at `folder`; `None` if no rule is
/// about one of that name.
pub(crate) fn check(case: &Case<'_>, folder: &str, name: &str, content: &[u8]) -> Option<Explained> {
    Some(match name {
        "PKG-INFO" => in_place(case, folder).and_then(|()| same_pkg_info(case, folder, content)),
        "SOURCES.txt" => in_place(case, folder).and_then(|()| sources(case, folder, content)),
        "requires.txt" => in_place(case, folder).and_then(|()| requires(case, content)),
        name => return common(case, name, content).map(|check| in_place(case, folder).and(check)),
    })
}

/// Checks a file that both kinds of folder may hold.
pub(crate) fn common(case: &Case<'_>, name: &str, content: &[u8]) -> Option<Explained> {
    Some(match name {
        "entry_points.txt" => entry_points(case, content),
        "top_level.txt" | "namespace_packages.txt" => modules(case, name == "top_level.txt", content),
        "dependency_links.txt" | "not-zip-safe" | "zip-safe" => match content {
            b"\n" => Ok((Level::Exact, "one line feed".into())),
            _ => mismatch(format!("must be one line feed, has {} bytes", content.len())),
        },
        "pbr.json" => pbr_json(case, content),
        "scm_version.json" => scm_version(case, content),
        "scm_file_list.json" => scm_file_list(case, content),
        _ => return None,
    })
}

/// An artifact has one such folder, named after it, where its packages are.
fn in_place(case: &Case<'_>, folder: &str) -> Check {
    let known = project::known(case)?;
    if known.egg_infos.len() > 1 {
        return mismatch("the artifact has more than one .egg-info folder");
    }
    let (above, base) = folder.rsplit_once('/').map_or(("", folder), |(above, base)| (above, base));
    let named = pkg_info::named(case)?;
    let name = base.strip_suffix(".egg-info").unwrap_or_default();
    if normal_name(name) != named.name {
        return mismatch(format!("lies in {}, the artifact is of {}", show(folder), show(&named.name)));
    }
    match above.is_empty() || known.project.folders.iter().any(|known| known.strip_suffix('/') == Some(above))
    {
        true => Ok(()),
        false => mismatch(format!("lies in {}, where git has no packages", show(folder))),
    }
}

fn same_pkg_info(case: &Case<'_>, folder: &str, content: &[u8]) -> Explained {
    let top = TreePath::from("PKG-INFO");
    match case.content(&top) {
        Some(other) if other == content => Ok((Level::SameAs, "equals PKG-INFO at the top".into())),
        Some(_) => {
            mismatch(format!("{folder}/PKG-INFO differs from the PKG-INFO at the top of the artifact"))
        }
        None => pkg_info::check(case, content),
    }
}

fn lines(text: &str) -> Check<Vec<&str>> {
    let lines: Vec<&str> = text.split('\n').filter(|line| !line.is_empty()).collect();
    match lines.len() <= MAX_LINES {
        true => Ok(lines),
        false => undecided(format!("has more than {MAX_LINES} lines")),
    }
}

/// `SOURCES.txt`: sorted by folder and name, each once, and all of them.
fn sources(case: &Case<'_>, folder: &str, content: &[u8]) -> Explained {
    let text = plain_text(content)?;
    let lines = lines(&text)?;
    let key = |line: &'_ str| -> (String, String) {
        let (folder, name) = line.rsplit_once('/').unwrap_or(("", line));
        (folder.into(), name.into())
    };
    let mut before = None;
    for line in &lines {
        let path = TreePath::from(*line);
        if !case.in_artifact(&path) && case.in_git(&path).is_none() {
            return mismatch(format!("names {}, which neither the artifact nor git holds", show(line)));
        }
        let this = Some(key(line));
        if before >= this {
            return mismatch(format!("names {} twice or out of order", show(line)));
        }
        before = this;
    }
    let listed: BTreeSet<&[u8]> = lines.iter().map(|line| line.as_bytes()).collect();
    // Written after the list: the top of an sdist, and this folder.
    let later = |path: &TreePath| {
        matches!(path.as_bytes(), b"PKG-INFO" | b"setup.cfg")
            || path.strip_prefix(folder.as_bytes()).is_some()
    };
    let paths =
        case.identical().map(|entry| &entry.path).chain(case.candidates().map(|found| &found.fact.path));
    for path in paths {
        if !listed.contains(path.as_bytes()) && !later(path) {
            return mismatch(format!("does not name {}, which the artifact holds", show(&path.to_string())));
        }
    }
    Ok((
        Level::Structured,
        format!("names the files of the artifact; each of its {} paths is there or in git", lines.len()),
    ))
}

/// `requires.txt`: requirements, and under `[extra:condition]` those of an
/// extra, of a condition or of both.
fn requires(case: &Case<'_>, content: &[u8]) -> Explained {
    let text = plain_text(content)?;
    let (mut found, mut extras) = (BTreeSet::<Dependency>::new(), BTreeSet::new());
    let (mut extra, mut condition) = (String::new(), None);
    let (mut under, mut seen) = ("", BTreeSet::new());
    for line in lines(&text)? {
        if let Some(heading) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            let (name, rest) =
                heading.split_once(':').map_or((heading, None), |(name, rest)| (name, Some(rest)));
            extra = normal_name(name.trim());
            condition = match rest {
                Some(text) => Some(Marker::parse(text).ok_or_else(|| {
                    No::Undecided(format!("has the condition {}, which is not understood", show(text)))
                })?),
                None => None,
            };
            if !extra.is_empty() {
                extras.insert(extra.clone());
            }
            if !seen.insert((heading, "")) {
                return mismatch(format!("has the section {} twice", show(heading)));
            }
            under = heading;
            continue;
        }
        if !seen.insert((under, line)) {
            return mismatch(format!("has {} twice", show(line)));
        }
        let read = Requirement::parse(line).filter(|requirement| requirement.marker.is_none());
        match read.and_then(|requirement| requirement.under(&extra, condition.clone())) {
            Some(dependencies) => found.extend(dependencies),
            None => return undecided(format!("has the line {}, which is not understood", show(line))),
        }
    }
    let project = project::of(case)?;
    dependencies::compare(project, &found, &extras)?;
    Ok((Level::Structured, format!("its dependencies are those that {} states", project.source)))
}

fn entry_points(case: &Case<'_>, content: &[u8]) -> Explained {
    let text = plain_text(content)?;
    let lines = lines(&text)?;
    let found = entry_point::sections(&text)?;
    let groups: BTreeSet<&str> = found.iter().map(|one| one.group.as_str()).collect();
    let names: BTreeSet<(&str, &str)> =
        found.iter().map(|one| (one.group.as_str(), one.name.as_str())).collect();
    // Each group and each name once: readers differ in which of two counts.
    if lines.iter().filter(|line| !line.trim().is_empty()).count() != groups.len() + names.len() {
        return mismatch("has a group or name twice, a group without names, or a comment");
    }
    let project = project::of(case)?;
    let wanted = project.entry_points.known("entry points")?;
    let told =
        |one: &EntryPoint| format!("{} = {} in {}", show(&one.name), show(&one.value), show(&one.group));
    if let Some(one) = found.difference(wanted).next() {
        return mismatch(format!(
            "has the entry point {}, which {} does not state",
            told(one),
            project.source
        ));
    }
    if let Some(one) = wanted.difference(&found).next() {
        return mismatch(format!("lacks the entry point {}, which {} states", told(one), project.source));
    }
    Ok((
        Level::Structured,
        format!("its {} entry points are those that {} states", found.len(), project.source),
    ))
}

fn modules(case: &Case<'_>, all: bool, content: &[u8]) -> Explained {
    let text = plain_text(content)?;
    let known = project::known(case)?;
    let lines = lines(&text)?;
    let mut before = "";
    for line in &lines {
        let top = line.split('.').next().unwrap_or_default();
        if !known.modules.contains(top) {
            return mismatch(format!("names the module {}, which git does not have", show(line)));
        }
        if before >= *line {
            return mismatch(format!("names {} twice or out of order", show(line)));
        }
        before = line;
    }
    // A package called as the project is always one of them.
    let own = pkg_info::named(case)?.name;
    let lacks = |module: &&String| normal_name(module) == own && !lines.contains(&module.as_str());
    let is_package = |module: &&String| {
        let below = |folder: &str| TreePath::from(format!("{folder}{module}/__init__.py").as_str());
        let folders = known.project.folders.iter().map(String::as_str);
        std::iter::once("").chain(folders).any(|folder| case.in_artifact(&below(folder)))
    };
    if let Some(module) = known.modules.iter().filter(lacks).find(is_package)
        && all
    {
        return mismatch(format!("does not name {}, which the artifact holds", show(module)));
    }
    if !text.is_empty() && (!text.ends_with('\n') || text.contains("\n\n")) {
        return mismatch("does not end in one line feed, or has empty lines");
    }
    Ok((Level::Structured, "each name is a module or package of git".into()))
}

/// Reads a JSON document whose keys are all known and there once.
fn json<'j, T: Deserialize<'j>>(content: &'j [u8]) -> Check<T> {
    serde_json::from_slice(content).map_err(|error| {
        No::Undecided(format!("is not the known JSON document: {}", show(&error.to_string())))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PbrJson {
    git_version: String,
    is_release: bool,
}

fn pbr_json(case: &Case<'_>, content: &[u8]) -> Explained {
    let found: PbrJson = json(content)?;
    let commit = case.origin.commit().to_string();
    if found.git_version.len() < 7 || !commit.starts_with(&found.git_version) {
        return mismatch(format!("names commit {}, the tag is {commit}", show(&found.git_version)));
    }
    if !found.is_release {
        return mismatch("says that this is no release: it was built from an untagged commit");
    }
    Ok((Level::Structured, "names the tag's commit".into()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ScmVersion {
    tag: String,
    distance: u64,
    node: Option<String>,
    dirty: bool,
    branch: Option<String>,
    node_date: Option<String>,
}

fn scm_version(case: &Case<'_>, content: &[u8]) -> Explained {
    let found: ScmVersion = json(content)?;
    let commit = case.origin.commit().to_string();
    let node = found.node.as_deref().unwrap_or_default();
    let hash = node.strip_prefix('g').unwrap_or(node);
    if hash.len() < 7 || !commit.starts_with(hash) {
        return mismatch(format!("names commit {}, the tag is {commit}", show(node)));
    }
    if found.dirty || found.distance != 0 {
        return mismatch("says that the checkout was changed, or was past the tag");
    }
    let named = pkg_info::named(case)?;
    if super::version::Version::parse(&found.tag).as_ref() != Some(&named.version) {
        return mismatch(format!("names version {}, the artifact has {}", show(&found.tag), named.version));
    }
    // Only facts for people: where the builder stood, and when.
    let odd = |text: &Option<String>| text.as_ref().is_some_and(|text| text.len() > 200);
    match odd(&found.branch) || odd(&found.node_date) {
        true => undecided("has a branch or date of an unknown form"),
        false => Ok((Level::Structured, "names the tag's commit and version".into())),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ScmFileList {
    files: Vec<String>,
}

fn scm_file_list(case: &Case<'_>, content: &[u8]) -> Explained {
    let found: ScmFileList = json(content)?;
    for file in &found.files {
        if case.in_git(&TreePath::from(file.as_str())).is_none() {
            return mismatch(format!("names {}, which git does not hold", show(file)));
        }
    }
    Ok((Level::Structured, format!("each of its {} paths is in git", found.files.len())))
}
