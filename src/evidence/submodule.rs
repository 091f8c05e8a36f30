//! `submodule`: the files of a submodule, in the repository that the operator
//! gives for it.
//!
//! Which commit counts stands in the tag's tree (the gitlink), never in
//! `.gitmodules`, which says only where a stranger would fetch from.

use super::case::{Origin, Unavailable};
use super::compare::Fact;
use super::explain::Level;
use crate::release::tree::{Mode, TreeEntry};
use crate::release::{Finding, ObjectId, TreePath};
use std::collections::BTreeMap;

/// Submodules by path, and what lies in them.
#[derive(Debug, Default)]
pub(super) struct Submodules {
    links: BTreeMap<TreePath, ObjectId>,
    files: BTreeMap<TreePath, (TreeEntry, bool)>,
}

impl Submodules {
    /// Reads the submodules at `paths` of `tree`; one may lie in another.
    ///
    /// # Errors
    /// If a repository cannot be read.
    pub(super) fn read(
        mut paths: Vec<TreePath>,
        tree: &[TreeEntry],
        origin: &dyn Origin,
        from_root: &dyn Fn(&TreePath) -> TreePath,
    ) -> Result<(Self, Vec<Finding>), Unavailable> {
        // The outer ones first.
        paths.sort();
        let (mut all, mut findings) = (Self::default(), Vec::new());
        for path in paths {
            let in_tree = tree.binary_search_by(|entry| entry.path.cmp(&path)).ok();
            let entry = in_tree.and_then(|index| tree.get(index));
            let entry = entry.or_else(|| all.files.get(&path).map(|(entry, _)| entry));
            let Some(commit) = entry.filter(|entry| entry.mode == Mode::Submodule).map(|entry| entry.id)
            else {
                findings.push(Finding::error(
                    "unused-rule",
                    &path.to_string(),
                    "the policy has a submodule at this path, git has none there at the tag",
                    "remove the entry from the policy, or correct its path",
                ));
                continue;
            };
            let Some(files) = origin.submodule(&from_root(&path), &commit)? else { continue };
            for file in files {
                let below = TreePath::new([path.as_bytes(), b"/", file.path.as_bytes()].concat());
                all.files.insert(below.clone(), (TreeEntry { path: below, ..file }, false));
            }
            all.links.insert(path, commit);
        }
        Ok((all, findings))
    }

    /// What explains a file that is a submodule's own.
    pub(super) fn explain(&mut self, fact: &Fact) -> Option<(Level, String)> {
        let (entry, met) = self.files.get_mut(&fact.path)?;
        *met = true;
        if (fact.id, fact.mode) != (entry.id, entry.mode) {
            return None;
        }
        let (path, commit) = self.link_of(&fact.path)?;
        Some((Level::Submodule, format!("the submodule {path} at commit {commit}")))
    }

    /// What a submodule has at this path.
    pub(super) fn expected(&self, path: &TreePath) -> Option<&TreeEntry> {
        self.files.get(path).map(|(entry, _)| entry)
    }

    /// The innermost submodule that a path lies in.
    fn link_of(&self, path: &TreePath) -> Option<(&TreePath, &ObjectId)> {
        let bytes = path.as_bytes();
        let slashes = bytes.iter().enumerate().rev().filter(|(_, byte)| **byte == b'/');
        let mut folders = slashes.filter_map(|(at, _)| bytes.get(..at));
        folders.find_map(|folder| self.links.get_key_value(&TreePath::new(folder)))
    }

    /// Every submodule that was read.
    pub(super) fn links(&self) -> impl Iterator<Item = (&TreePath, &ObjectId)> {
        self.links.iter()
    }

    /// The files of submodules that were not met.
    pub(super) fn missing(&self) -> Vec<TreeEntry> {
        let missing =
            self.files.values().filter(|(entry, met)| !met && !self.links.contains_key(&entry.path));
        missing.map(|(entry, _)| entry.clone()).collect()
    }
}
