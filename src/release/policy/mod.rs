//! The policy: who may release what, and how each artifact is to be explained.
//!
//! It is ours, lies in a trusted repository, and is the only thing that can
//! widen what is accepted. `docs/policy.md` is the reference for its keys.

pub(crate) mod check;
mod group;
mod pattern;
mod raw;
mod span;
pub mod template;

pub use pattern::Pattern;

use super::document::{self, BadDocument};
use super::{Fingerprint, ReleaseName, Sha256Digest, Time};
pub use group::{Group, Person};
pub use span::Span;

use super::record::KeyName;
use std::collections::BTreeMap;
use template::{Template, VersionGrammar};

/// First line of every policy.
pub const FORMAT: &str = "countersign/policy@v1";

/// A whole policy, checked for meaning: whatever it refers to exists.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Groups of certificates by name.
    pub groups: BTreeMap<String, Group>,
    /// Projects by their identity, such as `openstack/nova`.
    pub projects: BTreeMap<String, Project>,
    holders: BTreeMap<KeyName, String>,
}

/// Who may sign the tags of a project.
#[derive(Debug, Clone)]
pub struct Taggers {
    /// Groups whose keys count.
    pub any: Vec<String>,
    /// How many people must sign, at least one.
    pub threshold: usize,
}

/// Bounds on signatures and keys of a project that differ from the built-in
/// ones.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SignatureRules {
    /// How old a signature may be when its release goes out.
    pub max_age: Option<Span>,
    /// How long the signing key may live from now on.
    pub max_life: Option<Span>,
    /// Until when keys count that the list of algorithms accepts only by a
    /// dated exception.
    pub weak_keys_until: Option<Time>,
}

/// What is accepted for one project.
#[derive(Debug, Clone)]
pub struct Project {
    /// Where the project lives; recorded, never fetched.
    pub repository: String,
    /// First part of `NAME-VERSION.SHA256SUMS`.
    pub name: ReleaseName,
    /// Which tags are releases.
    pub tag: Template,
    /// What a version looks like.
    pub version: VersionGrammar,
    /// The tag's commit must be reachable from one of these branches.
    pub branches: Vec<Pattern>,
    /// Who may sign tags.
    pub taggers: Taggers,
    /// The release certificate that signs the artifacts.
    pub signer: Fingerprint,
    /// Release certificates of the past, whose old releases stay good.
    pub former_signers: Vec<Fingerprint>,
    /// Bounds on signatures and keys.
    pub signatures: SignatureRules,
    /// Place below the site's root, `/`-separated.
    pub destination: String,
    /// Every artifact of a release; all of them are expected, and no others.
    pub artifacts: Vec<ArtifactRule>,
}

/// How one artifact is to be explained.
#[derive(Debug, Clone)]
pub struct ArtifactRule {
    /// File name.
    pub name: Template,
    /// The one top-level folder inside the archive.
    pub root: Template,
    /// Folder of the repository that the artifact is made of; empty for all.
    pub subdirectory: String,
    /// Built-in rules, `name@version`.
    pub preset: String,
    /// Paths of git that may be missing from the artifact.
    pub omit: Vec<Pattern>,
    /// Evidence for single paths.
    pub files: Vec<FileRule>,
    /// Submodules whose files are in the artifact.
    pub submodules: Vec<SubmoduleRule>,
    /// Second builds.
    pub rebuilt: Vec<RebuiltRule>,
    /// Signed catalogues of known files.
    pub catalogues: Vec<CatalogueRule>,
    /// Bounds that differ from the built-in ones.
    pub limits: LimitRules,
}

/// Evidence that the policy itself gives for one path of the artifact.
#[derive(Debug, Clone)]
pub struct FileRule {
    /// Path below the artifact's root.
    pub path: Template,
    /// Whether the file must be executable; if not, it must not be.
    pub executable: bool,
    /// The evidence.
    pub evidence: FileEvidence,
}

/// A submodule whose files are in the artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubmoduleRule {
    /// Where it lies, below the artifact's root.
    pub path: String,
    /// Where its repository lives; recorded, never fetched.
    pub repository: String,
}

/// A second, independent build.
#[derive(Debug, Clone)]
pub struct RebuiltRule {
    /// By which the operator gives it.
    pub name: ReleaseName,
    /// What builds it: image digest and command, for people and the record.
    pub builder: String,
    /// The paths that it may explain.
    pub paths: Vec<Pattern>,
}

/// A catalogue of known files.
#[derive(Debug, Clone)]
pub struct CatalogueRule {
    /// As the catalogue calls itself.
    pub name: ReleaseName,
    /// The certificate that must have signed it.
    pub certificate: Fingerprint,
    /// The paths that it may explain.
    pub paths: Vec<Pattern>,
}

/// The kinds of evidence that a policy can write down.
#[derive(Debug, Clone)]
pub enum FileEvidence {
    /// The file's bytes have this digest.
    Pinned(Sha256Digest),
    /// The file's bytes are these.
    Exact(String),
    /// The file's bytes are those of this other one, of the artifact or of git.
    SameAs(Template),
    /// Nothing is known about the file; accepted until a date, and told.
    Unverified {
        /// Why that is bearable.
        reason: String,
        /// From then on it is not accepted.
        until: Time,
    },
}

impl FileEvidence {
    /// The evidence for one version.
    #[must_use]
    pub fn fill(&self, version: &str) -> Self {
        match self {
            Self::SameAs(path) => Self::SameAs(path.filled(version)),
            other => other.clone(),
        }
    }
}

/// Bounds on an archive, where the policy sets them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LimitRules {
    /// Entries in the archive.
    pub entries: Option<u64>,
    /// Bytes after decompression.
    pub unpacked: Option<u64>,
    /// Unpacked bytes for one packed byte.
    pub ratio: Option<u64>,
}

impl Policy {
    /// Reads and checks a policy.
    ///
    /// # Errors
    /// [`BadDocument`] with the place and the fault: unknown or duplicate
    /// keys, a group that is not defined, empty lists, a name that two
    /// artifacts would share.
    pub fn parse(bytes: &[u8]) -> Result<Self, BadDocument> {
        let raw: raw::Policy = document::read(bytes, FORMAT)?;
        check::policy(raw)
    }

    /// The person who holds a key, if any group says.
    pub fn holder(&self, key: &KeyName) -> Option<&str> {
        self.holders.get(key).map(String::as_str)
    }

    /// Groups that no project uses: probably a mistake, or a leftover.
    pub fn unused_groups(&self) -> impl Iterator<Item = &str> {
        let used = |group: &str| {
            self.projects.values().any(|project| project.taggers.any.iter().any(|t| t == group))
        };
        self.groups.keys().map(String::as_str).filter(move |group| !used(group))
    }
}

impl Project {
    /// The version that `tag` stands for, or why it is no release of this project.
    ///
    /// # Errors
    /// A sentence with what was expected.
    pub fn version_of_tag<'t>(&self, tag: &'t str) -> Result<&'t str, String> {
        let version = self
            .tag
            .version_in(tag)
            .ok_or_else(|| format!("the policy's tags look like {:?}", self.tag.as_str()))?;
        if !self.version.accepts(version) {
            return Err(format!("{version:?} is not {}", self.version.describe()));
        }
        Ok(version)
    }

    /// Name of the checksum list of a version.
    pub fn checksum_list(&self, version: &str) -> String {
        format!("{}-{version}.SHA256SUMS", self.name)
    }
}

#[cfg(test)]
mod tests;
