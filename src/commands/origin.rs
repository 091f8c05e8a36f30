//! The repository at the tag, as evidence asks for it.

use super::Failure;
use crate::evidence::{Origin, Unavailable};
use crate::git::{Attributes, GitError, Repository};
use crate::release::tree::{Mode, TreeEntry};
use crate::release::{AttributeState, LogEntry, ObjectId, TreePath};
use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// Bytes of a commit object.
const MAX_COMMIT: u64 = 1 << 20;

/// A tag of a repository.
#[derive(Clone, Copy)]
pub(super) struct Tagged<'r> {
    pub repository: &'r Repository,
    /// The name that was asked for.
    pub name: &'r str,
    /// The commit that it leads to.
    pub commit: ObjectId,
}

/// Reads each thing once, and only if a rule asks for it.
pub(super) struct AtTag<'r> {
    repository: &'r Repository,
    tag: &'r str,
    commit: ObjectId,
    tree: OnceCell<Vec<TreeEntry>>,
    attributes: OnceCell<Attributes>,
    failure: RefCell<Option<GitError>>,
    submodules: Option<&'r BTreeMap<TreePath, Rc<Repository>>>,
}

impl<'r> AtTag<'r> {
    pub fn new(tagged: &Tagged<'r>) -> Self {
        Self {
            repository: tagged.repository,
            tag: tagged.name,
            commit: tagged.commit,
            tree: OnceCell::new(),
            attributes: OnceCell::new(),
            failure: RefCell::new(None),
            submodules: None,
        }
    }

    /// With the repositories of submodules, by path from the root.
    pub fn with_submodules(self, submodules: &'r BTreeMap<TreePath, Rc<Repository>>) -> Self {
        Self { submodules: Some(submodules), ..self }
    }

    /// Why something was [`Unavailable`].
    pub fn failure(self) -> Failure {
        match self.failure.into_inner() {
            Some(error) => error.into(),
            None => unreachable!("whoever says unavailable says why"),
        }
    }

    fn told<T>(&self, result: Result<T, GitError>) -> Result<T, Unavailable> {
        result.map_err(|error| {
            self.failure.replace(Some(error));
            Unavailable
        })
    }

    fn attributes(&self) -> Result<&Attributes, Unavailable> {
        if let Some(attributes) = self.attributes.get() {
            return Ok(attributes);
        }
        let attributes = self.told(self.repository.attributes(&self.commit))?;
        Ok(self.attributes.get_or_init(|| attributes))
    }

    fn bad(&self, source: crate::git::BadAttributes) -> Unavailable {
        self.failure.replace(Some(GitError::Attributes { commit: self.commit, source }));
        Unavailable
    }
}

impl Origin for AtTag<'_> {
    fn tag(&self) -> &str {
        self.tag
    }

    fn commit(&self) -> ObjectId {
        self.commit
    }

    fn branches(&self) -> Result<BTreeSet<String>, Unavailable> {
        let branches = self.told(self.repository.branches())?;
        Ok(branches.into_iter().map(|branch| branch.name).collect())
    }

    fn commit_object(&self) -> Result<Vec<u8>, Unavailable> {
        self.told(self.repository.object(&self.commit, MAX_COMMIT)).map(|(_, bytes)| bytes)
    }

    fn tree(&self) -> Result<&[TreeEntry], Unavailable> {
        if let Some(tree) = self.tree.get() {
            return Ok(tree);
        }
        let tree = self.told(self.repository.tree(&self.commit, &TreePath::default()))?;
        Ok(self.tree.get_or_init(|| tree))
    }

    fn blob(&self, id: &ObjectId, most: u64) -> Result<Option<Vec<u8>>, Unavailable> {
        if self.told(self.repository.blob_size(id))? > most {
            return Ok(None);
        }
        self.told(self.repository.blob(id, most)).map(Some)
    }

    fn attribute(&self, path: &TreePath, name: &str) -> Result<Option<AttributeState>, Unavailable> {
        let found = self.attributes()?.of(path).map_err(|bad| self.bad(bad))?;
        Ok(found.get(name).cloned())
    }

    fn export_ignored(&self, entry: &TreeEntry) -> Result<bool, Unavailable> {
        let submodule = entry.mode == Mode::Submodule;
        self.attributes()?.export_ignored(&entry.path, submodule).map_err(|bad| self.bad(bad))
    }

    fn history(&self, each: &mut dyn FnMut(LogEntry)) -> Result<(), Unavailable> {
        let mailmap = self.told(self.repository.mailmap(&self.commit))?;
        for entry in self.told(self.repository.history(&self.commit, &mailmap))? {
            each(self.told(entry)?);
        }
        Ok(())
    }

    fn submodule(&self, path: &TreePath, commit: &ObjectId) -> Result<Option<Vec<TreeEntry>>, Unavailable> {
        let repository = self.submodules.and_then(|submodules| submodules.get(path));
        repository.map(|repository| self.told(repository.tree(commit, &TreePath::default()))).transpose()
    }
}
