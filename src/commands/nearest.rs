//! When an artifact is not the tag's: which commit is it of?
//!
//! The usual honest reason is a build made some commits before or after the
//! tag. Naming that commit saves the operator the search. Nothing is accepted
//! by it, and where the history cannot be read nothing is said.

use crate::evidence::{Level, Unexplained, Verdict};
use crate::git::{GitError, Repository};
use crate::release::path::printable;
use crate::release::tree::{Mode, TreeEntry};
use crate::release::{Finding, ObjectId, TreePath};
use std::collections::{HashMap, HashSet};

/// Commits looked at before the tag, and as many after it.
const MOST: usize = 500;
/// Unexplained paths that are looked up in each of them; the rest only where
/// one of these fits.
const PROBES: usize = 4;
/// Commits whose whole tree is compared.
const MOST_TREES: usize = 40;
/// Characters of a subject that are shown.
const SUBJECT: usize = 100;

/// A commit near the tag.
struct Near {
    id: ObjectId,
    /// Where it lies, in words.
    place: String,
    subject: String,
}

/// How well a commit's tree explains the artifact.
#[derive(PartialEq)]
struct Fit {
    resolved: usize,
    conflicts: usize,
}

/// The commit near the tag that would explain most of what is unexplained.
pub(super) fn search(
    repository: &Repository,
    commit: &ObjectId,
    subdirectory: &TreePath,
    verdict: &Verdict,
) -> Option<Finding> {
    let probes = probes(&verdict.unexplained);
    // Of an artifact that has nothing of git, a smaller tree lacks less; that
    // explains nothing.
    let anything = |path: &Unexplained| path.found.is_some();
    if !verdict.levels.contains_key(Level::Identical.as_str()) && !verdict.unexplained.iter().any(anything) {
        return None;
    }
    // A search that fails on the way ends; the verdict stands without it.
    let tag_tree = repository.tree(commit, subdirectory).ok()?;
    let mut best: Option<(Fit, Near)> = None;
    let mut trees = 0;
    for near in near(repository, commit) {
        let probe =
            |probe: &&&Unexplained| matches!(fits(repository, &near.id, subdirectory, probe), Ok(true));
        if trees == MOST_TREES {
            break;
        }
        if probes.iter().find(probe).is_none() {
            continue;
        }
        trees += 1;
        let Ok(tree) = repository.tree(&near.id, subdirectory) else { continue };
        let fit = compare(verdict, &tag_tree, &tree);
        // One that explains some paths and breaks others is none to name.
        if fit.conflicts > 0 {
            continue;
        }
        let whole = fit.resolved == verdict.unexplained.len();
        if best.as_ref().is_none_or(|(other, _)| fit.resolved > other.resolved) {
            best = Some((fit, near));
        }
        if whole {
            break;
        }
    }
    let (fit, near) = best?;
    Some(finding(&fit, &near, verdict.unexplained.len()))
}

fn finding(fit: &Fit, near: &Near, all: usize) -> Finding {
    let Near { id, place, subject } = near;
    let message = if fit.resolved == all {
        format!("this commit, {place}, explains every path of the artifact: \"{subject}\"")
    } else {
        format!("this commit, {place}, explains {} of the {all} paths: \"{subject}\"", fit.resolved)
    };
    Finding::note(
        "built-from-other-commit",
        &id.to_string(),
        message,
        "build the artifact again from the tag, or release the commit that was built under a tag of its own",
    )
}

/// The paths worth looking up: those that another state of the tree may
/// explain. Changed ones say most, then lost ones, then added ones.
fn probes(unexplained: &[Unexplained]) -> Vec<&Unexplained> {
    let mut sorted: Vec<&Unexplained> = unexplained.iter().collect();
    sorted.sort_by_key(|path| match (&path.found, &path.expected) {
        (Some(_), Some(_)) => 0,
        (None, _) => 1,
        (Some(_), None) => 2,
    });
    sorted.truncate(PROBES);
    sorted
}

/// Whether the commit's tree has at the path what the artifact has.
fn fits(
    repository: &Repository,
    commit: &ObjectId,
    subdirectory: &TreePath,
    probe: &Unexplained,
) -> Result<bool, GitError> {
    let path = match subdirectory.as_bytes() {
        b"" => probe.path.clone(),
        folder => TreePath::new([folder, b"/", probe.path.as_bytes()].concat()),
    };
    Ok(same(probe, repository.entry(commit, &path)?.as_ref()))
}

fn same(unexplained: &Unexplained, entry: Option<&TreeEntry>) -> bool {
    match (&unexplained.found, entry) {
        (Some(found), Some(entry)) => found.fact.id == entry.id && found.fact.mode == entry.mode,
        (None, entry) => entry.is_none(),
        (Some(_), None) => false,
    }
}

fn compare(verdict: &Verdict, tag_tree: &[TreeEntry], tree: &[TreeEntry]) -> Fit {
    let by_path = |tree: &[TreeEntry]| -> HashMap<TreePath, (Mode, ObjectId)> {
        tree.iter().map(|entry| (entry.path.clone(), (entry.mode, entry.id))).collect()
    };
    let (at_tag, here) = (by_path(tag_tree), by_path(tree));
    let find = |path: &TreePath| {
        let at = tree.binary_search_by(|entry| entry.path.cmp(path)).ok();
        at.and_then(|at| tree.get(at))
    };
    let resolved = verdict.unexplained.iter().filter(|path| same(path, find(&path.path))).count();
    let identical: HashSet<&TreePath> = verdict
        .explanations
        .iter()
        .filter(|explanation| explanation.level == Level::Identical)
        .map(|explanation| &explanation.path)
        .collect();
    let lost = identical.iter().filter(|path| here.get(**path) != at_tag.get(**path)).count();
    let met: HashSet<&TreePath> = verdict.unexplained.iter().map(|path| &path.path).collect();
    let news = here.keys().filter(|path| !at_tag.contains_key(*path) && !met.contains(*path)).count();
    Fit { resolved, conflicts: lost + news }
}

/// Commits before and after the tag, the nearest first, taking turns.
fn near(repository: &Repository, commit: &ObjectId) -> Vec<Near> {
    let (before, after) = (before(repository, commit), after(repository, commit));
    let mut all = Vec::with_capacity(before.len() + after.len());
    let (mut before, mut after) = (before.into_iter(), after.into_iter());
    loop {
        match (before.next(), after.next()) {
            (None, None) => return all,
            (one, other) => all.extend(one.into_iter().chain(other)),
        }
    }
}

fn before(repository: &Repository, commit: &ObjectId) -> Vec<Near> {
    let Ok(mailmap) = repository.mailmap(commit) else { return vec![] };
    let Ok(history) = repository.history(commit, &mailmap) else { return vec![] };
    let entries: Vec<_> = history.map_while(Result::ok).take(MOST).collect();
    let index: HashMap<ObjectId, usize> =
        entries.iter().enumerate().map(|(index, entry)| (entry.id, index)).collect();
    let distance = |from: usize| {
        // What the tag reaches and this commit does not, as far as was read.
        let mut reached = vec![false; entries.len()];
        let mut open = vec![from];
        while let Some(at) = open.pop() {
            if std::mem::replace(reached.get_mut(at).unwrap_or(&mut true), true) {
                continue;
            }
            let parents = entries.get(at).map(|entry| entry.parents.as_slice()).unwrap_or_default();
            open.extend(parents.iter().filter_map(|parent| index.get(parent)));
        }
        reached.iter().filter(|reached| !**reached).count()
    };
    let near = |(at, entry): (usize, &crate::release::LogEntry)| Near {
        id: entry.id,
        place: commits(distance(at), "before"),
        subject: subject(&entry.subject),
    };
    entries.iter().enumerate().skip(1).map(near).collect()
}

fn after(repository: &Repository, commit: &ObjectId) -> Vec<Near> {
    let Ok(branches) = repository.branches() else { return vec![] };
    let tips: Vec<ObjectId> = branches.into_iter().map(|branch| branch.tip).collect();
    let Ok(found) = repository.descendants(&tips, commit, MOST) else { return vec![] };
    let near = |(index, id): (usize, ObjectId)| {
        let raw = repository.object(&id, 1 << 20).map(|(_, raw)| raw).unwrap_or_default();
        let text = String::from_utf8_lossy(&raw).into_owned();
        let message = text.split_once("\n\n").map(|(_, message)| message).unwrap_or_default();
        let line = message.lines().next().unwrap_or_default();
        Near { id, place: commits(index + 1, "after"), subject: subject(line.as_bytes()) }
    };
    found.into_iter().enumerate().map(near).collect()
}

fn commits(number: usize, word: &str) -> String {
    match number {
        1 => format!("one commit {word} the tag"),
        number => format!("{number} commits {word} the tag"),
    }
}

fn subject(bytes: &[u8]) -> String {
    let text: String = printable(bytes).chars().take(SUBJECT).collect();
    text
}
