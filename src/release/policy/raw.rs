//! The policy file as written: keys and types only, unknown keys refused.

use super::span::Span;
use crate::release::document::UniqueMap;
use crate::release::{Fingerprint, Sha256Digest, Time};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Policy {
    #[serde(rename = "format")]
    pub _format: String,
    pub groups: UniqueMap<Group>,
    pub projects: UniqueMap<Project>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Group {
    #[serde(default)]
    pub certificates: Vec<Fingerprint>,
    #[serde(default)]
    pub ssh_keys: Vec<String>,
    #[serde(default)]
    pub people: Vec<Person>,
    pub not_before: Option<Time>,
    pub not_after: Option<Time>,
    pub note: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Person {
    pub name: String,
    #[serde(default)]
    pub certificates: Vec<Fingerprint>,
    #[serde(default)]
    pub ssh_keys: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Project {
    pub repository: String,
    pub name: Option<String>,
    pub tag: String,
    pub version: Option<String>,
    pub version_pattern: Option<String>,
    pub branches: Vec<String>,
    pub taggers: Taggers,
    pub signer: Fingerprint,
    #[serde(default)]
    pub former_signers: Vec<Fingerprint>,
    #[serde(default)]
    pub signatures: Signatures,
    pub destination: Option<String>,
    pub artifacts: Vec<Artifact>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Taggers {
    pub any: Vec<String>,
    pub threshold: Option<usize>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Signatures {
    pub max_age: Option<Span>,
    pub max_life: Option<Span>,
    pub weak_keys_until: Option<Time>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Artifact {
    pub name: String,
    pub root: Option<String>,
    #[serde(default)]
    pub subdirectory: String,
    pub preset: String,
    #[serde(default)]
    pub omit: Vec<String>,
    #[serde(default)]
    pub files: Vec<File>,
    #[serde(default)]
    pub submodules: Vec<Submodule>,
    #[serde(default)]
    pub rebuilt: Vec<Rebuilt>,
    #[serde(default)]
    pub catalogues: Vec<Catalogue>,
    #[serde(default)]
    pub limits: Limits,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct File {
    pub path: String,
    #[serde(default)]
    pub executable: bool,
    pub sha256: Option<Sha256Digest>,
    pub exact: Option<String>,
    pub same_as: Option<String>,
    pub unverified: Option<Unverified>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Submodule {
    pub path: String,
    pub repository: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Rebuilt {
    pub name: String,
    pub builder: String,
    pub paths: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Catalogue {
    pub name: String,
    pub certificate: Fingerprint,
    pub paths: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Unverified {
    pub reason: String,
    pub until: Time,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Limits {
    pub entries: Option<u64>,
    pub unpacked: Option<u64>,
    pub ratio: Option<u64>,
}
