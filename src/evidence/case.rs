//! What rules of evidence may look at: the artifact as it was met, and the
//! repository at the tag.

use super::compare::{Fact, State};
use super::converted;
use super::derived::Memo;
use super::explain::{Content, Level};
use crate::release::tree::{Mode, TreeEntry};
use crate::release::{AttributeState, LogEntry, ObjectId, Sha256Digest, TreePath};
use std::any::Any;
use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// Something could not be read from the repository. Whoever gave the
/// [`Origin`] knows what and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unavailable;

/// The repository at the tag, as evidence asks for it. Paths count from the
/// repository's root, not from the artifact's subdirectory.
pub trait Origin {
    /// The name of the tag that was asked for.
    fn tag(&self) -> &str;

    /// The tag's commit.
    fn commit(&self) -> ObjectId;

    /// The names of the repository's branches, remote-tracking ones without
    /// their remote.
    ///
    /// # Errors
    /// If they cannot be read.
    fn branches(&self) -> Result<BTreeSet<String>, Unavailable>;

    /// The bytes of the commit object.
    ///
    /// # Errors
    /// If it cannot be read.
    fn commit_object(&self) -> Result<Vec<u8>, Unavailable>;

    /// Every path of the commit's tree, sorted by path.
    ///
    /// # Errors
    /// If it cannot be read.
    fn tree(&self) -> Result<&[TreeEntry], Unavailable>;

    /// A blob's bytes; `None` if it has more than `most`.
    ///
    /// # Errors
    /// If it cannot be read.
    fn blob(&self, id: &ObjectId, most: u64) -> Result<Option<Vec<u8>>, Unavailable>;

    /// The state that the tree's own `.gitattributes` files give to an
    /// attribute of a path; `None` if it is unspecified.
    ///
    /// # Errors
    /// If they cannot be read.
    fn attribute(&self, path: &TreePath, name: &str) -> Result<Option<AttributeState>, Unavailable>;

    /// Whether `git archive` leaves the path out, by `export-ignore` on it or
    /// on a folder above it.
    ///
    /// # Errors
    /// If the attributes cannot be read.
    fn export_ignored(&self, entry: &TreeEntry) -> Result<bool, Unavailable>;

    /// Hands over every commit that the tag reaches, in the order of `git log`,
    /// names as the tree's `.mailmap` has them.
    ///
    /// # Errors
    /// If part of the history is not here or cannot be read.
    fn history(&self, each: &mut dyn FnMut(LogEntry)) -> Result<(), Unavailable>;

    /// The whole tree of a submodule's commit, from the repository that the
    /// policy gives for the submodule's path; `None` if it gives none.
    ///
    /// # Errors
    /// If it cannot be read.
    fn submodule(&self, path: &TreePath, commit: &ObjectId) -> Result<Option<Vec<TreeEntry>>, Unavailable>;
}

/// What the artifact claims to be, as the policy or the command line has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identity {
    /// The artifact's file name.
    pub artifact: String,
    /// Its one top-level folder; empty for archives that have none.
    pub root: String,
    /// The version, if the policy's template gives one.
    pub version: Option<String>,
}

/// A path of the artifact that is not identical to git.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// What was seen of it.
    pub fact: Fact,
    /// Its bytes, if a rule asked to read it and it was not too large.
    pub content: Option<Rc<Vec<u8>>>,
}

/// What a set of rules says about a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// No rule is about it.
    Silent,
    /// A rule is about it, and holds; with the rule in words.
    Explained(Level, String),
    /// A rule is about it, and does not hold.
    Refused(Refusal),
}

/// Why a rule does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Stable word of `docs/findings.md`.
    pub code: &'static str,
    /// What was expected and what was found.
    pub message: String,
    /// What to do.
    pub hint: &'static str,
}

impl Answer {
    /// A rule holds.
    pub fn explained(level: Level, detail: impl Into<String>) -> Self {
        Self::Explained(level, detail.into())
    }

    /// The content is not what the rule demands.
    pub fn mismatch(message: impl Into<String>) -> Self {
        Self::Refused(Refusal {
            code: "evidence-mismatch",
            message: message.into(),
            hint: "build it again from a clean checkout of the tag and compare; if the difference stays and is \
                   rightful, the policy can pin this file",
        })
    }

    /// The rule does not know this form of the file: neither yes nor no.
    pub fn undecided(message: impl Into<String>) -> Self {
        Self::Refused(Refusal {
            code: "undecided-file",
            message: message.into(),
            hint: "the preset does not know this form; look at the file yourself, then pin it in the policy or \
                   give a second build for it",
        })
    }

    /// This answer, or the next one if this says nothing.
    ///
    /// # Errors
    /// Those of the next one.
    pub fn or_else(self, next: impl FnOnce() -> Result<Self, Unavailable>) -> Result<Self, Unavailable> {
        match self {
            Self::Silent => next(),
            answer => Ok(answer),
        }
    }
}

/// The whole artifact and its origin.
pub struct Case<'a> {
    /// The repository at the tag.
    pub origin: &'a dyn Origin,
    /// What the artifact claims to be.
    pub identity: &'a Identity,
    /// Folder of the repository that the artifact is made of; empty for all.
    pub subdirectory: &'a TreePath,
    /// The tag's tree below that folder, sorted by path.
    pub tree: &'a [TreeEntry],
    pub(super) states: &'a [State],
    pub(super) candidates: &'a BTreeMap<TreePath, Candidate>,
    pub(super) memo: &'a Memo,
    pub(super) converting: &'a converted::Memo,
    pub(super) memory: &'a OnceCell<Box<dyn Any>>,
}

impl Case<'_> {
    /// What rules work out once and ask for again with every path of the same
    /// artifact. A preset remembers one type.
    ///
    /// # Errors
    /// Those of `make`; it is asked again then.
    pub fn remember<T: 'static>(
        &self,
        make: impl FnOnce() -> Result<T, Unavailable>,
    ) -> Result<&T, Unavailable> {
        if self.memory.get().is_none() {
            let made: Box<dyn Any> = Box::new(make()?);
            self.memory.get_or_init(|| made);
        }
        match self.memory.get().and_then(|kept| kept.downcast_ref()) {
            Some(kept) => Ok(kept),
            None => unreachable!("a preset remembers one type"),
        }
    }

    /// What git has at a path, which counts from the subdirectory.
    pub fn in_git(&self, path: &TreePath) -> Option<&TreeEntry> {
        let index = self.tree.binary_search_by(|entry| entry.path.cmp(path)).ok()?;
        self.tree.get(index)
    }

    /// What git has below a folder, which counts from the subdirectory.
    pub fn below(&self, folder: &str) -> impl Iterator<Item = &TreeEntry> + use<'_> {
        let below = format!("{folder}/").into_bytes();
        let from = self.tree.partition_point(|entry| entry.path.as_bytes() < below.as_slice());
        let rest = self.tree.get(from..).unwrap_or_default().iter();
        rest.take_while(move |entry| entry.path.as_bytes().starts_with(&below))
    }

    /// What git has at a path, which counts from the repository's root.
    ///
    /// # Errors
    /// If the tree cannot be read.
    pub fn in_repository(&self, path: &TreePath) -> Result<Option<&TreeEntry>, Unavailable> {
        let tree = self.origin.tree()?;
        Ok(tree.binary_search_by(|entry| entry.path.cmp(path)).ok().and_then(|index| tree.get(index)))
    }

    /// A path of the subdirectory as it counts from the repository's root.
    pub fn from_root(&self, path: &TreePath) -> TreePath {
        if self.subdirectory.as_bytes().is_empty() {
            return path.clone();
        }
        TreePath::new([self.subdirectory.as_bytes(), b"/", path.as_bytes()].concat())
    }

    /// The bytes of a file of git, its path counting from the subdirectory;
    /// `None` if there is no such regular file, or it has more than `most`
    /// bytes.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn git_file(&self, path: &TreePath, most: u64) -> Result<Option<Vec<u8>>, Unavailable> {
        match self.in_git(path).filter(|entry| matches!(entry.mode, Mode::Regular | Mode::Executable)) {
            Some(entry) => self.origin.blob(&entry.id, most),
            None => Ok(None),
        }
    }

    /// Whether the artifact holds this file or link, explained or not.
    pub fn in_artifact(&self, path: &TreePath) -> bool {
        self.artifact_file(path).is_some()
    }

    /// Mode, size and SHA-256 of the artifact's file at this path.
    pub fn artifact_file(&self, path: &TreePath) -> Option<(Mode, u64, Sha256Digest)> {
        if let Some(candidate) = self.candidates.get(path) {
            return Some((candidate.fact.mode, candidate.fact.size, candidate.fact.sha256));
        }
        let index = self.tree.binary_search_by(|entry| entry.path.cmp(path)).ok()?;
        match self.states.get(index)? {
            State::Explained { mode, size, content: Content::Artifact(sha256), .. } => {
                Some((*mode, *size, *sha256))
            }
            _ => None,
        }
    }

    /// Every path of the artifact that is not identical to git, sorted.
    pub fn candidates(&self) -> impl Iterator<Item = &Candidate> {
        self.candidates.values()
    }

    /// The paths of the artifact that are identical to git, sorted.
    pub fn identical(&self) -> impl Iterator<Item = &TreeEntry> {
        let met = |state: &State| matches!(state, State::Explained { .. });
        self.tree.iter().zip(self.states).filter(move |(_, state)| met(state)).map(|(entry, _)| entry)
    }

    /// The bytes of a file of the artifact that a rule asked to read and that
    /// is not identical to git; for one that is, ask git.
    pub fn content(&self, path: &TreePath) -> Option<&[u8]> {
        self.candidates.get(path)?.content.as_deref().map(Vec::as_slice)
    }

    /// The bytes of a file of the artifact, wherever they come from.
    ///
    /// # Errors
    /// If the blob cannot be read.
    pub fn artifact_content(&self, path: &TreePath, most: u64) -> Result<Option<Vec<u8>>, Unavailable> {
        match self.candidates.get(path) {
            Some(candidate) => Ok(candidate.content.as_deref().cloned()),
            None if self.in_artifact(path) => self.git_file(path, most),
            None => Ok(None),
        }
    }
}
