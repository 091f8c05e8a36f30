//! The validation record: what was checked and found, bound by digests.
//!
//! One record a release. It is published beside each artifact as
//! `ARTIFACT.validation.yaml`, and the same inputs give the same bytes, so
//! anyone can make it again and compare. `docs/result-format.md` describes it.

use super::document::{self, BadDocument};
use super::ssh::SshFingerprint;
use super::{Fingerprint, ObjectId, ReleaseName, Sha256Digest, Sha512Digest, Time};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// First line of every record.
pub const FORMAT: &str = "countersign/validation-record@v1";

/// A whole record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// [`FORMAT`].
    pub format: String,
    /// Version of the helper that judged.
    pub helper: String,
    /// The project's name in the policy.
    pub project: String,
    /// Where the project lives, as the policy says.
    pub repository: String,
    /// The version, taken out of the tag by the policy's template.
    pub version: String,
    /// The time for which was judged.
    pub at: Time,
    /// The tag and who signed it.
    pub tag: Tag,
    /// Digest of the policy file.
    pub policy_sha256: Sha256Digest,
    /// Digest of the keyring (`docs/policy.md` tells how it is made).
    pub keyring_sha256: Sha256Digest,
    /// Every artifact of the release, by name.
    pub artifacts: Vec<Artifact>,
}

/// The signed tag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tag {
    /// Its name, without `refs/tags/`.
    pub name: String,
    /// Id of the tag object.
    pub object: ObjectId,
    /// Id of the commit it points to.
    pub commit: ObjectId,
    /// Who signed it.
    pub signers: Vec<Signer>,
}

/// One accepted signer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signer {
    /// The certificate, or the SSH key.
    pub certificate: KeyName,
    /// The (sub)key of it that made the signature.
    pub key: KeyName,
    /// When, by the signature's own word; an SSH signature has none, so by
    /// that of the tag.
    pub signed_at: Time,
    /// The policy's groups that let it sign, sorted.
    pub groups: Vec<String>,
    /// The person, where the policy or, in its stead, the keyring names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
}

/// By what a key is named: in place of an OpenPGP fingerprint stands
/// `ssh:SHA256:…` for an SSH key, which has no certificate around it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyName {
    /// Fingerprint of an OpenPGP certificate or key.
    OpenPgp(Fingerprint),
    /// Fingerprint of an SSH key.
    Ssh(SshFingerprint),
}

impl KeyName {
    /// Parses either form.
    ///
    /// # Errors
    /// What was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.starts_with("ssh:") {
            return SshFingerprint::parse(text).map(Self::Ssh).map_err(|why| format!("{text:?} {why}"));
        }
        Fingerprint::parse(text).map(Self::OpenPgp).map_err(|error| error.to_string())
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OpenPgp(fingerprint) => fingerprint.fmt(f),
            Self::Ssh(fingerprint) => fingerprint.fmt(f),
        }
    }
}

impl PartialEq<Fingerprint> for KeyName {
    fn eq(&self, other: &Fingerprint) -> bool {
        matches!(self, Self::OpenPgp(fingerprint) if fingerprint == other)
    }
}

crate::release::text::serde_as_text!(KeyName);

/// One explained artifact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artifact {
    /// File name.
    pub name: ReleaseName,
    /// Size in bytes.
    pub size: u64,
    /// Digest of the file.
    pub sha256: Sha256Digest,
    /// Digest of the file.
    pub sha512: Sha512Digest,
    /// Built-in rules that were used.
    pub preset: String,
    /// The archive's one top-level folder.
    pub root: String,
    /// Folder of the repository; empty for all of it.
    pub subdirectory: String,
    /// How many paths each kind of evidence explained.
    pub levels: BTreeMap<String, u64>,
    /// Digest over the whole explained tree (`docs/evidence.md`).
    pub tree_sha256: Sha256Digest,
    /// Paths that the policy accepts without evidence.
    pub unverified: Vec<Unverified>,
    /// Submodules whose files were compared.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub submodules: Vec<Submodule>,
    /// Second builds that were evidence.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rebuilt: Vec<Rebuilt>,
    /// Signed catalogues that were evidence.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub catalogues: Vec<Catalogue>,
}

/// A second build that was evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rebuilt {
    /// Its name in the policy.
    pub name: String,
    /// What built it, in the policy's words.
    pub builder: String,
    /// Digest of the archive or list of files.
    pub sha256: Sha256Digest,
}

/// A signed catalogue that was evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Catalogue {
    /// Its name.
    pub name: String,
    /// Who signed it.
    pub certificate: Fingerprint,
    /// Digest of the file.
    pub sha256: Sha256Digest,
}

/// A submodule whose files were compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submodule {
    /// Where it lies below the artifact's root, escaped.
    pub path: String,
    /// Where its repository lives, as the policy says.
    pub repository: String,
    /// The commit, by the tag's tree.
    pub commit: ObjectId,
}

/// A path that was accepted without evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unverified {
    /// The path, escaped.
    pub path: String,
    /// The policy's reason.
    pub reason: String,
    /// When the acceptance ends.
    pub until: Time,
}

impl Record {
    /// Reads a record; unknown keys are passed over, unknown formats are not.
    ///
    /// # Errors
    /// [`BadDocument`], also for a record that covers nothing or one name twice.
    pub fn parse(bytes: &[u8]) -> Result<Self, BadDocument> {
        let record: Self = document::read(bytes, FORMAT)?;
        let fault =
            |message: &str| BadDocument::Meaning { place: "artifacts".into(), message: message.into() };
        if record.artifacts.is_empty() {
            return Err(fault("is empty: the record covers nothing"));
        }
        if !record.artifacts.is_sorted_by(|a, b| a.name < b.name) {
            return Err(fault("is not sorted by name, or a name stands there twice"));
        }
        Ok(record)
    }

    /// The entry for an artifact.
    pub fn artifact(&self, name: &str) -> Option<&Artifact> {
        self.artifacts.iter().find(|artifact| artifact.name.as_str() == name)
    }
}

/// Ending of the names of validation records.
pub const SUFFIX: &str = ".validation.yaml";

/// The record's file name beside an artifact.
pub fn file_name(artifact: &str) -> String {
    format!("{artifact}{SUFFIX}")
}
