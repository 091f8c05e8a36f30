//! What explains a path, and the digest over everything explained.

use crate::release::tree::Mode;
use crate::release::{ObjectId, Sha256Digest, TreePath};
use sha2::{Digest as _, Sha256};

/// The kinds of evidence, the strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Content, type and exec bit are those of the tag's tree.
    Identical,
    /// The tag's content, converted as its own attributes say.
    Converted,
    /// A link of git, replaced by what it leads to.
    Dereferenced,
    /// Another file, of git or of the artifact, has the same bytes.
    SameAs,
    /// Constant bytes, given by a preset or the policy.
    Exact,
    /// Computed anew from the repository by a built-in generator.
    Derived,
    /// Parsed, and compared by its meaning.
    Structured,
    /// A pattern over the whole file, its captured values compared.
    Template,
    /// The file of a submodule, in the repository that the policy gives.
    Submodule,
    /// The digest stands in the policy, or in a signed catalogue.
    Pinned,
    /// A second, independent build made the same bytes.
    Rebuilt,
    /// In git but not in the artifact, by an explicit rule.
    Omitted,
    /// No evidence: accepted by the policy for a time, and told.
    Unverified,
}

impl Level {
    /// The word used in documents and in the tree digest.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Identical => "identical",
            Self::Converted => "converted",
            Self::Dereferenced => "dereferenced",
            Self::SameAs => "same-as",
            Self::Exact => "exact",
            Self::Derived => "derived",
            Self::Structured => "structured",
            Self::Template => "template",
            Self::Submodule => "submodule",
            Self::Pinned => "pinned",
            Self::Rebuilt => "rebuilt",
            Self::Omitted => "omitted",
            Self::Unverified => "unverified",
        }
    }
}

/// The content that an explanation is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// In the artifact: SHA-256 of the file's bytes or of the link's target.
    Artifact(Sha256Digest),
    /// Only in git: the id it has there.
    Git(ObjectId),
}

/// One path, explained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// Path below the artifact's root, or below the repository's subdirectory.
    pub path: TreePath,
    /// What explains it.
    pub level: Level,
    /// Type and exec bit.
    pub mode: Mode,
    /// What it holds.
    pub content: Content,
    /// Which rule, in words; empty for identical paths.
    pub detail: String,
}

impl Explanation {
    /// The line that goes into the tree digest, without its line feed:
    /// `LEVEL MODE DIGEST PATH`.
    pub fn line(&self) -> String {
        let digest = match self.content {
            Content::Artifact(digest) => digest.to_string(),
            Content::Git(id) => id.to_string(),
        };
        format!("{} {} {digest} {}", self.level.as_str(), self.mode.as_str(), self.path)
    }
}

/// SHA-256 over the lines of all explanations, in the order of their paths'
/// bytes, each ended by a line feed: what `sha256sum` prints for the output of
/// `countersign compare --explain all`, one line a path.
pub fn tree_digest(sorted: &[Explanation]) -> Sha256Digest {
    let mut hasher = Sha256::new();
    for explanation in sorted {
        hasher.update(explanation.line());
        hasher.update(b"\n");
    }
    Sha256Digest(hasher.finalize().into())
}
