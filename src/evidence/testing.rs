//! A repository in memory, and small artifacts, for the tests of rules.

use super::case::{Candidate, Identity, Origin, Unavailable};
use super::compare::{Comparison, Fact, Question, Verdict};
use super::presets;
use crate::release::tree::{Mode, TreeEntry};
use crate::release::{
    AttributeState, BlobHasher, LogEntry, ObjectFormat, ObjectId, Sha256Digest, Time, TreePath,
};
use sha2::{Digest as _, Sha256};
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

/// The tag's commit in tests.
pub(crate) const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// What a test's repository holds.
#[derive(Default)]
pub(crate) struct Repository {
    tree: Vec<TreeEntry>,
    blobs: BTreeMap<ObjectId, Vec<u8>>,
    /// Attributes by path and name.
    pub attributes: BTreeMap<(TreePath, String), AttributeState>,
    /// Paths with `export-ignore`.
    pub ignored: Vec<TreePath>,
    /// The whole history.
    pub log: Vec<LogEntry>,
    /// Whether the log is only part of the history.
    pub shallow: bool,
    /// How often the history was asked for.
    pub walks: Cell<u32>,
    /// Trees of submodules by their path.
    pub submodules: BTreeMap<TreePath, Vec<TreeEntry>>,
    /// The tag's name.
    pub tag: String,
    /// Names of branches.
    pub branches: BTreeSet<String>,
    /// The bytes of the commit object.
    pub commit_object: Vec<u8>,
}

/// The id that git gives a blob.
pub(crate) fn blob_id(content: &[u8]) -> ObjectId {
    let mut hasher = BlobHasher::new(ObjectFormat::Sha1, content.len() as u64);
    hasher.update(content);
    hasher.finish().unwrap()
}

impl Repository {
    pub fn new(files: &[(&str, &str)]) -> Self {
        let mut repository = Self::default();
        for (path, content) in files {
            repository.add(path, Mode::Regular, content.as_bytes());
        }
        repository
    }

    pub fn add(&mut self, path: &str, mode: Mode, content: &[u8]) {
        let id = blob_id(content);
        self.blobs.insert(id, content.to_vec());
        self.tree.push(TreeEntry { path: path.into(), mode, id });
        self.tree.sort_by(|a, b| a.path.cmp(&b.path));
    }

    /// Compares an artifact with all of the repository.
    pub fn compare(&self, preset: &str, artifact: &str, files: &[(&str, &str)]) -> Verdict {
        let files: Vec<_> =
            files.iter().map(|(path, content)| (*path, Mode::Regular, content.as_bytes())).collect();
        self.compare_below("", preset, artifact, &files)
    }

    /// Compares an artifact with a folder of the repository.
    pub fn compare_below(
        &self,
        subdirectory: &str,
        preset: &str,
        artifact: &str,
        files: &[(&str, Mode, &[u8])],
    ) -> Verdict {
        let subdirectory: TreePath = subdirectory.into();
        let below = |entry: &TreeEntry| match subdirectory.as_bytes() {
            b"" => Some(entry.clone()),
            folder => entry.path.strip_prefix(folder).map(|path| TreeEntry { path, ..entry.clone() }),
        };
        let preset = presets::find(preset).expect("a preset");
        let stem = artifact.trim_end_matches(".gz").trim_end_matches(".tar").trim_end_matches(".crate");
        let identity = Identity { artifact: artifact.into(), root: preset.rules.root(stem), version: None };
        let mut comparison = Comparison::new(Question {
            tree: self.tree.iter().filter_map(below).collect(),
            subdirectory: subdirectory.clone(),
            identity,
            preset,
            omit: vec![],
            files: vec![],
            given: Default::default(),
            at: Time::from_unix(1_790_000_000),
        });
        for (path, mode, content) in files {
            let path: TreePath = (*path).into();
            let wanted = comparison.wants(&path, content.len() as u64);
            let mut kept = content.to_vec();
            comparison.entry(fact(path, *mode, content), wanted.then_some(&mut kept));
        }
        comparison.finish(self).expect("everything is here")
    }
}

fn fact(path: TreePath, mode: Mode, content: &[u8]) -> Fact {
    let sha256 = Sha256Digest(Sha256::digest(content).into());
    Fact { path, mode, size: content.len() as u64, id: blob_id(content), sha256 }
}

/// A file of an artifact.
pub(crate) fn candidate(path: &str, content: &str) -> Candidate {
    let content = content.as_bytes();
    Candidate { fact: fact(path.into(), Mode::Regular, content), content: Some(content.to_vec().into()) }
}

/// The findings of a verdict as `code path`.
pub(crate) fn told(verdict: &Verdict) -> Vec<String> {
    verdict.findings.iter().map(|finding| format!("{} {}", finding.code, finding.subject)).collect()
}

/// The level of each path that is not identical, as `level path`.
pub(crate) fn levels(verdict: &Verdict) -> Vec<String> {
    let line = |explanation: &super::Explanation| {
        let level = explanation.level.as_str();
        (level != "identical").then(|| format!("{level} {}", explanation.path))
    };
    verdict.explanations.iter().filter_map(line).collect()
}

impl Origin for Repository {
    fn commit(&self) -> ObjectId {
        ObjectId::parse(COMMIT).unwrap()
    }

    fn tag(&self) -> &str {
        &self.tag
    }

    fn branches(&self) -> Result<BTreeSet<String>, Unavailable> {
        Ok(self.branches.clone())
    }

    fn commit_object(&self) -> Result<Vec<u8>, Unavailable> {
        Ok(self.commit_object.clone())
    }

    fn tree(&self) -> Result<&[TreeEntry], Unavailable> {
        Ok(&self.tree)
    }

    fn blob(&self, id: &ObjectId, most: u64) -> Result<Option<Vec<u8>>, Unavailable> {
        let blob = self.blobs.get(id).ok_or(Unavailable)?;
        Ok((blob.len() as u64 <= most).then(|| blob.clone()))
    }

    fn attribute(&self, path: &TreePath, name: &str) -> Result<Option<AttributeState>, Unavailable> {
        Ok(self.attributes.get(&(path.clone(), name.into())).cloned())
    }

    fn export_ignored(&self, entry: &TreeEntry) -> Result<bool, Unavailable> {
        Ok(self.ignored.contains(&entry.path))
    }

    fn history(&self, each: &mut dyn FnMut(LogEntry)) -> Result<(), Unavailable> {
        self.walks.set(self.walks.get() + 1);
        self.log.iter().cloned().for_each(each);
        if self.shallow { Err(Unavailable) } else { Ok(()) }
    }

    fn submodule(&self, path: &TreePath, _commit: &ObjectId) -> Result<Option<Vec<TreeEntry>>, Unavailable> {
        Ok(self.submodules.get(path).cloned())
    }
}
