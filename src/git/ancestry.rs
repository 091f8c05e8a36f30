//! Who descends from whom, from the commit objects alone.
//!
//! Neither commit-graph files nor grafts, replacement refs or the list of
//! shallow commits are asked: each of them lets whoever can write into the
//! repository rewrite its history. Every parent link used here was read from
//! an object whose bytes hash to its id.

use std::collections::{BinaryHeap, HashSet};

use super::GitError;
use super::commit::Links;
use super::objects::{Kind, MAX_COMMIT, Objects};
use crate::release::ObjectId;

/// For each tip whether `commit` is it or one of its ancestors.
///
/// Commits are looked at youngest first, because the sought one is mostly
/// near the tip. Dates are the committers' to choose, so they decide nothing
/// else: a "no" is given only when every ancestor was seen.
pub(super) fn reached_from(
    objects: &Objects,
    tips: &[ObjectId],
    commit: &ObjectId,
) -> Result<Vec<bool>, GitError> {
    // What was seen from a tip that does not reach the commit does not reach
    // it from another tip either, so each commit is read once for all noes.
    let mut barren = HashSet::new();
    tips.iter()
        .map(|tip| {
            let (found, seen) = search(objects, tip, commit, &barren)?;
            if !found {
                barren.extend(seen);
            }
            Ok(found)
        })
        .collect()
}

fn search(
    objects: &Objects,
    tip: &ObjectId,
    commit: &ObjectId,
    barren: &HashSet<ObjectId>,
) -> Result<(bool, HashSet<ObjectId>), GitError> {
    let mut seen = HashSet::new();
    if tip == commit {
        return Ok((true, seen));
    }
    if barren.contains(tip) {
        return Ok((false, seen));
    }
    let mut queue = BinaryHeap::new();
    let mut missing = None;
    seen.insert(*tip);
    queue.push((u64::MAX, *tip));
    while let Some((_, id)) = queue.pop() {
        let links = match links(objects, &id) {
            Ok(links) => links,
            // Another way may still lead to the commit; if none does, the
            // question stays open.
            Err(
                error
                @ (GitError::Shallow { .. } | GitError::Partial { .. } | GitError::ObjectMissing { .. }),
            ) => {
                missing.get_or_insert(error);
                continue;
            }
            Err(error) => return Err(error),
        };
        for parent in links.parents {
            if parent == *commit {
                return Ok((true, seen));
            }
            if !barren.contains(&parent) && seen.insert(parent) {
                queue.push((links.date, parent));
            }
        }
    }
    missing.map_or(Ok((false, seen)), Err)
}

pub(super) fn links(objects: &Objects, id: &ObjectId) -> Result<Links, GitError> {
    Links::parse(id, &objects.read(id, Kind::Commit, MAX_COMMIT)?)
}

/// Descendants of `commit` on the ways from `tips` to it, the nearest in
/// history first, found by looking at no more than `most` commits.
///
/// Not a proof of anything: where a commit's own date or the bound hides a
/// descendant it is left out.
pub(super) fn descendants(
    objects: &Objects,
    tips: &[ObjectId],
    commit: &ObjectId,
    most: usize,
) -> Result<Vec<ObjectId>, GitError> {
    let oldest = links(objects, commit)?.date;
    let mut seen: HashSet<ObjectId> = tips.iter().copied().collect();
    let mut queue = BinaryHeap::new();
    for tip in &seen {
        queue.push((links(objects, tip)?.date, *tip));
    }
    // Children before parents, mostly; what is older than the commit is not
    // its descendant unless a clock was wrong.
    let mut visited = Vec::new();
    while let Some((date, id)) = queue.pop() {
        if date < oldest || visited.len() == most {
            break;
        }
        let parents = links(objects, &id)?.parents;
        for parent in &parents {
            if seen.insert(*parent) {
                queue.push((links(objects, parent)?.date, *parent));
            }
        }
        visited.push((id, parents));
    }
    let mut found = Vec::new();
    let mut below: HashSet<ObjectId> = HashSet::from([*commit]);
    for (id, parents) in visited.into_iter().rev() {
        if id != *commit && parents.iter().any(|parent| below.contains(parent)) {
            below.insert(id);
            found.push(id);
        }
    }
    Ok(found)
}
