//! What goes into a comparison and what comes out.

use crate::evidence::case::{Candidate, Identity};
use crate::evidence::explain::{Explanation, tree_digest};
use crate::evidence::given::Given;
use crate::evidence::presets::Preset;
use crate::release::policy::{FileEvidence, Pattern};
use crate::release::record::Unverified;
use crate::release::tree::{Mode, TreeEntry};
use crate::release::{Finding, ObjectId, Sha256Digest, Time, TreePath};
use std::collections::BTreeMap;

/// One file or link of the artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// Path below the artifact's root.
    pub path: TreePath,
    /// Regular, executable or link.
    pub mode: Mode,
    /// Bytes of the file, or of the link's target.
    pub size: u64,
    /// The id that git would give this content.
    pub id: ObjectId,
    /// SHA-256 of the file's bytes, or of the link's target.
    pub sha256: Sha256Digest,
}

/// The policy's evidence for one path of one release.
#[derive(Debug, Clone)]
pub struct FileRule {
    /// Path below the artifact's root.
    pub path: TreePath,
    /// Whether the file must be executable.
    pub executable: bool,
    /// The evidence.
    pub evidence: FileEvidence,
}

/// What a comparison is made by.
#[derive(Debug, Clone)]
pub struct Question {
    /// The tag's tree below the subdirectory, sorted by path.
    pub tree: Vec<TreeEntry>,
    /// Folder of the repository that the artifact is made of; empty for all.
    pub subdirectory: TreePath,
    /// What the artifact claims to be.
    pub identity: Identity,
    /// The built-in rules.
    pub preset: &'static Preset,
    /// The policy's omissions.
    pub omit: Vec<Pattern>,
    /// The policy's evidence for single paths.
    pub files: Vec<FileRule>,
    /// What the operator brought for the policy's other rules.
    pub given: Given,
    /// Decides whether an `unverified` rule still holds.
    pub at: Time,
}

/// A path that ended with a finding.
#[derive(Debug, Clone)]
pub struct Unexplained {
    /// Below the artifact's root, or below the repository's subdirectory.
    pub path: TreePath,
    /// What the artifact has there.
    pub found: Option<Candidate>,
    /// What git has there.
    pub expected: Option<TreeEntry>,
}

/// No entry of this name was met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unmet;

/// How a comparison ended.
#[derive(Debug)]
pub struct Verdict {
    /// What is not explained, and what is worth telling.
    pub findings: Vec<Finding>,
    /// Every explained path, sorted by its bytes.
    pub explanations: Vec<Explanation>,
    /// How many paths each level explains.
    pub levels: BTreeMap<String, u64>,
    /// Digest over all explanations, [`tree_digest`].
    pub tree_sha256: Sha256Digest,
    /// Paths accepted without evidence.
    pub unverified: Vec<Unverified>,
    /// Paths that ended with a finding, those of the artifact first.
    pub unexplained: Vec<Unexplained>,
    /// Submodules that were compared, and their commits.
    pub submodules: Vec<(TreePath, ObjectId)>,
}

impl Verdict {
    /// The verdict on an artifact that could not be compared with anything.
    pub fn of_nothing() -> Self {
        Self {
            findings: vec![],
            explanations: vec![],
            levels: BTreeMap::new(),
            tree_sha256: tree_digest(&[]),
            unverified: vec![],
            unexplained: vec![],
            submodules: vec![],
        }
    }
}
