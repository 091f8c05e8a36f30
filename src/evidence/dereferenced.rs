//! `dereferenced`: a symbolic link of git, in the artifact replaced by the
//! file or the folder that it leads to.
//!
//! A link is followed as the system would, but within the repository's tree at
//! the tag only: that is what a clean checkout holds. A link that leads out of
//! it, to an absolute path or into a submodule says nothing about content.

use super::case::{Answer, Candidate, Case, Unavailable};
use super::compare::Fact;
use super::converted;
use super::explain::Level;
use super::shown::brief;
use crate::release::TreePath;
use crate::release::tree::{Mode, TreeEntry};
use std::ops::Bound;

/// Links on the way from a path to what it leads to.
const MAX_LINKS: usize = 16;
/// Parts of paths on the way, those of links' targets included.
const MAX_STEPS: usize = 512;
/// Bytes of a link's target; the system's own bound.
const MAX_TARGET: u64 = 4096;
/// Folders that are looked through for one replaced link.
const MAX_FOLDERS: usize = 256;
/// Missing files that a refusal names.
const MAX_NAMED: usize = 3;

/// What a path of git leads to.
enum Place<'t> {
    File(&'t TreeEntry),
    /// The folder, without a slash at its end; empty for the root.
    Folder(Vec<u8>),
}

/// Why a path of git leads to nothing that could be compared.
enum Astray {
    Absolute(Vec<u8>),
    Outside,
    Missing(Vec<u8>),
    NoFolder(Vec<u8>),
    Submodule(Vec<u8>),
    TooFar,
}

impl Astray {
    fn describe(&self) -> String {
        match self {
            Self::Absolute(target) => format!("leads to the absolute path {}", brief(target)),
            Self::Outside => "leads out of the repository".into(),
            Self::Missing(path) => format!("leads to {}, which git does not have", brief(path)),
            Self::NoFolder(path) => format!("leads through {}, which is no folder", brief(path)),
            Self::Submodule(path) => format!("leads into the submodule {}", brief(path)),
            Self::TooFar => "leads through too many links or folders, or in a circle".into(),
        }
    }
}

/// A way that was followed to its end.
struct Way<'t> {
    /// The first link on it and its target; `None` if there was no link.
    link: Option<(TreePath, Vec<u8>)>,
    end: Result<Place<'t>, Astray>,
}

/// Explains a file of the artifact where git has a link, or where git has a
/// link to a folder above it.
///
/// # Errors
/// If the repository cannot be read.
pub(crate) fn explain(case: &Case<'_>, candidate: &Candidate) -> Result<Answer, Unavailable> {
    let fact = &candidate.fact;
    if !matches!(fact.mode, Mode::Regular | Mode::Executable) {
        return Ok(Answer::Silent);
    }
    let way = follow(case, &case.from_root(&fact.path))?;
    let Some((link, target)) = way.link else { return Ok(Answer::Silent) };
    let link = format!("{} -> {}", brief(link.as_bytes()), brief(&target));
    match way.end {
        Ok(Place::File(entry)) => same(case, fact, entry, &link),
        Ok(Place::Folder(_)) => Ok(Answer::mismatch(format!(
            "git has a link to a folder here ({link}); the artifact has {}",
            fact.mode.describe()
        ))),
        Err(astray) => Ok(Answer::mismatch(format!(
            "git has a link here ({link}), which the artifact replaces by a file; but the link {}",
            astray.describe()
        ))),
    }
}

/// The bytes of git's file at a path, links being followed; `None` if there is
/// none or it has more than `most`.
///
/// # Errors
/// If the repository cannot be read.
pub(crate) fn content(case: &Case<'_>, path: &TreePath, most: u64) -> Result<Option<Vec<u8>>, Unavailable> {
    match follow(case, &case.from_root(path))?.end {
        Ok(Place::File(entry)) => case.origin.blob(&entry.id, most),
        Ok(Place::Folder(_)) | Err(_) => Ok(None),
    }
}

/// Compares a file with the one that a link leads to.
fn same(case: &Case<'_>, fact: &Fact, entry: &TreeEntry, link: &str) -> Result<Answer, Unavailable> {
    let end = brief(entry.path.as_bytes());
    if fact.id == entry.id && fact.mode == entry.mode {
        return Ok(Answer::explained(Level::Dereferenced, format!("the link {link} leads to {end}")));
    }
    if fact.id == entry.id {
        return Ok(Answer::mismatch(format!(
            "git has a link here ({link}) to {}, the artifact {} with the same content",
            entry.mode.describe(),
            fact.mode.describe()
        )));
    }
    let converted = converted::of_entry(case, entry, fact, converted::Tool::Checkout)?;
    if let Answer::Explained(_, how) = converted {
        return Ok(Answer::explained(Level::Dereferenced, format!("the link {link} leads to {end}; {how}")));
    }
    Ok(Answer::mismatch(format!(
        "git has a link here ({link}), which leads to {end} with blob {}; the artifact has blob {} ({} bytes)",
        entry.id, fact.id, fact.size
    )))
}

/// Explains a link of git that the artifact does not hold, because the folder
/// that it leads to stands in its place, with every file.
///
/// # Errors
/// If the repository cannot be read.
pub(crate) fn replaced(case: &Case<'_>, entry: &TreeEntry) -> Result<Answer, Unavailable> {
    if entry.mode != Mode::Symlink || !holds_below(case, &entry.path) {
        return Ok(Answer::Silent);
    }
    let way = follow(case, &case.from_root(&entry.path))?;
    let target = way.link.map(|(_, target)| brief(&target)).unwrap_or_default();
    let folder = match way.end {
        Ok(Place::Folder(folder)) => folder,
        Ok(Place::File(_)) => {
            return Ok(Answer::mismatch(format!(
                "is a link to a file in git ({target}) and a folder in the artifact"
            )));
        }
        Err(astray) => {
            return Ok(Answer::mismatch(format!(
                "is a link in git ({target}) and a folder in the artifact; but the link {}",
                astray.describe()
            )));
        }
    };
    let mut search = Search { case, missing: Vec::new(), folders: 0 };
    search.folder(&folder, &entry.path)?;
    if search.folders > MAX_FOLDERS {
        return Ok(Answer::undecided(format!(
            "is a link to a folder in git ({target}) in which links to folders lead on without end"
        )));
    }
    if search.missing.is_empty() {
        let told = format!("the link leads to the folder {}, whose files are all here", brief(&folder));
        return Ok(Answer::explained(Level::Dereferenced, told));
    }
    Ok(Answer::mismatch(format!(
        "is a link to a folder in git ({target}); the artifact has that folder in its place, but without {}",
        search.missing.join(", ")
    )))
}

/// Whether the artifact has anything below this path, which is no folder in git.
fn holds_below(case: &Case<'_>, path: &TreePath) -> bool {
    let start = TreePath::new([path.as_bytes(), b"/"].concat());
    let mut after = case.candidates.range((Bound::Excluded(start), Bound::Unbounded));
    after.next().is_some_and(|(found, _)| found.strip_prefix(path.as_bytes()).is_some())
}

/// Looks for the files of a folder of git in another place of the artifact.
struct Search<'a, 'c> {
    case: &'a Case<'c>,
    missing: Vec<String>,
    folders: usize,
}

impl Search<'_, '_> {
    /// `folder` counts from the repository's root, `place` from the artifact's.
    /// Ends at the first few missing files, so the work is bounded by what the
    /// artifact holds.
    fn folder(&mut self, folder: &[u8], place: &TreePath) -> Result<(), Unavailable> {
        let mut todo = vec![(folder.to_vec(), place.clone())];
        while let Some((folder, place)) = todo.pop() {
            self.folders += 1;
            if self.folders > MAX_FOLDERS {
                return Ok(());
            }
            for entry in below(self.case.origin.tree()?, &folder) {
                let Some(rest) = entry.path.strip_prefix(&folder) else { continue };
                let here = TreePath::new([place.as_bytes(), b"/", rest.as_bytes()].concat());
                if self.case.in_artifact(&here) {
                    continue;
                }
                if entry.mode == Mode::Symlink
                    && let Ok(Place::Folder(inner)) = follow(self.case, &entry.path)?.end
                {
                    todo.push((inner, here));
                    if todo.len() > MAX_FOLDERS {
                        self.folders = MAX_FOLDERS + 1;
                        return Ok(());
                    }
                    continue;
                }
                if self.missing.len() == MAX_NAMED {
                    self.missing.push("and more".into());
                    return Ok(());
                }
                self.missing.push(brief(here.as_bytes()));
            }
        }
        Ok(())
    }
}

/// The entries below a folder.
fn below<'t>(tree: &'t [TreeEntry], folder: &[u8]) -> &'t [TreeEntry] {
    if folder.is_empty() {
        return tree;
    }
    let prefix = [folder, b"/"].concat();
    let from = tree.partition_point(|entry| entry.path.as_bytes() < prefix.as_slice());
    let rest = tree.get(from..).unwrap_or_default();
    let count = rest.partition_point(|entry| entry.path.as_bytes().starts_with(&prefix));
    rest.get(..count).unwrap_or_default()
}

/// Follows a path from the repository's root as the system follows paths:
/// part by part, each link replaced by its target where it is met.
fn follow<'t>(case: &Case<'t>, path: &TreePath) -> Result<Way<'t>, Unavailable> {
    let tree = case.origin.tree()?;
    let mut todo: Vec<Vec<u8>> = path.as_bytes().split(|byte| *byte == b'/').rev().map(Into::into).collect();
    let mut at: Vec<u8> = Vec::new();
    let mut link = None;
    let (mut links, mut steps) = (0, 0);
    let end = loop {
        let Some(part) = todo.pop() else { break Ok(Place::Folder(at)) };
        steps += 1;
        if steps + todo.len() > MAX_STEPS {
            break Err(Astray::TooFar);
        }
        match part.as_slice() {
            b"" | b"." => continue,
            b".." if at.is_empty() => break Err(Astray::Outside),
            b".." => {
                at.truncate(at.iter().rposition(|byte| *byte == b'/').unwrap_or(0));
                continue;
            }
            _ => {}
        }
        let parent = at.len();
        if parent > 0 {
            at.push(b'/');
        }
        at.extend_from_slice(&part);
        let Ok(index) = tree.binary_search_by(|entry| entry.path.as_bytes().cmp(&at)) else {
            match below(tree, &at).is_empty() {
                true => break Err(Astray::Missing(at)),
                false => continue,
            }
        };
        let Some(entry) = tree.get(index) else { break Err(Astray::Missing(at)) };
        match entry.mode {
            Mode::Submodule => break Err(Astray::Submodule(at)),
            Mode::Regular | Mode::Executable if todo.is_empty() => break Ok(Place::File(entry)),
            Mode::Regular | Mode::Executable => break Err(Astray::NoFolder(at)),
            Mode::Symlink => {}
        }
        links += 1;
        let target = case.origin.blob(&entry.id, MAX_TARGET)?.filter(|_| links <= MAX_LINKS);
        let Some(target) = target else { break Err(Astray::TooFar) };
        if link.is_none() {
            link = Some((entry.path.clone(), target.clone()));
        }
        match target.first() {
            None => break Err(Astray::Missing(target)),
            Some(b'/') => break Err(Astray::Absolute(target)),
            Some(_) => todo.extend(target.split(|byte| *byte == b'/').rev().map(<[u8]>::to_vec)),
        }
        at.truncate(parent);
    };
    Ok(Way { link, end })
}

#[cfg(test)]
mod tests;
