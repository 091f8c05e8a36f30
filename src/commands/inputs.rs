//! What a judgement rests on: policy, keyring, project, repository.

use super::Failure;
use crate::cli;
use crate::files::{self, FileError, Kind};
use crate::git::{GitError, Repository};
use crate::openpgp::{Keyring, KeyringError, MAX_CERTIFICATE_BYTES};
use crate::release::document::MAX_SIZE;
use crate::release::path::printable;
use crate::release::policy::{Policy, Project};
use crate::release::record::Record;
use crate::release::vetting;
use crate::release::{Sha256Digest, Time};
use serde_json::Value;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// Projects that are named where one is not found.
const MAX_NAMES: usize = 10;

/// The rules of one run, read once.
pub(super) struct Inputs {
    pub policy: Policy,
    pub policy_sha256: Sha256Digest,
    pub keyring: Keyring,
    pub at: Time,
}

impl Inputs {
    pub fn read(rules: &cli::Rules, now: Time) -> Result<Self, Failure> {
        let (policy, policy_sha256) = policy(&rules.policy)?;
        Ok(Self { policy, policy_sha256, keyring: keyring(&rules.keyring)?, at: rules.at.unwrap_or(now) })
    }
}

/// The policy of a file, with the digest of its bytes.
pub(super) fn policy(path: &Path) -> Result<(Policy, Sha256Digest), Failure> {
    let bytes = given(path)?;
    let policy = Policy::parse(&bytes).map_err(|error| Failure::document("bad-policy", path, &error))?;
    Ok((policy, Sha256Digest::of(&bytes)))
}

/// The record of a file, with its bytes.
pub(super) fn record(path: &Path) -> Result<(Record, Vec<u8>), Failure> {
    let bytes = given(path)?;
    let record = Record::parse(&bytes).map_err(|error| Failure::document("bad-record", path, &error))?;
    Ok((record, bytes))
}

/// A document that the caller named: one that cannot be read is a fault of
/// the request, not of the world.
pub(super) fn given(path: &Path) -> Result<Vec<u8>, Failure> {
    files::read_given(path, MAX_SIZE as u64).map_err(as_request)
}

/// Why a document that the caller named could not be read, as a fault of the
/// request unless trying again may help.
pub(super) fn as_request(error: FileError) -> Failure {
    match Failure::from(error) {
        Failure::Unavailable { finding, retryable: false } => Failure::Usage(finding),
        failure => failure,
    }
}

/// Adds a list to a result, unless it is empty.
pub(super) fn add_list(result: &mut Value, key: &str, list: Vec<Value>) {
    if let (Value::Object(map), false) = (result, list.is_empty()) {
        map.insert(key.into(), Value::Array(list));
    }
}

/// The project of this name in the policy.
pub(super) fn project<'p>(policy: &'p Policy, id: &str) -> Result<&'p Project, Failure> {
    policy.projects.get(id).ok_or_else(|| {
        let mut names: Vec<&str> = policy.projects.keys().map(String::as_str).take(MAX_NAMES).collect();
        if policy.projects.len() > MAX_NAMES {
            names.push("…");
        }
        let hint = format!("check the spelling; the policy has {}", names.join(", "));
        Failure::usage("unknown-project", id, "the policy has no project of this name", &hint)
    })
}

/// The vetted certificates of a folder.
pub(super) fn keyring(folder: &Path) -> Result<Keyring, Failure> {
    Ok(Keyring::load(keyring_files(folder)?)?)
}

/// The names and bytes of a keyring's files.
pub(super) fn keyring_files(folder: &Path) -> Result<Vec<(String, Vec<u8>)>, Failure> {
    let mut entries = Vec::new();
    for (name, kind) in files::list(folder)? {
        let path = folder.join(&name);
        let shown = printable(name.as_bytes());
        let name = name.into_string().unwrap_or(shown);
        // git's own folder lies in a keyring that is a clone, and a run that
        // was killed may have left an unfinished file.
        if name.starts_with(".git") || name.starts_with(files::TEMPORARY) {
            continue;
        }
        if let Kind::Other(found) = kind {
            return Err(FileError::NotRegular { path, found }.into());
        }
        let most = if name == vetting::FILE { MAX_SIZE } else { MAX_CERTIFICATE_BYTES };
        entries.push((name, files::read_all(&mut files::open_regular(&path)?, &path, most as u64)?));
    }
    Ok(entries)
}

impl From<KeyringError> for Failure {
    fn from(error: KeyringError) -> Self {
        const HINT: &str = "a keyring holds one vetted public certificate a file, named FINGERPRINT.asc";
        Self::usage(error.code, &error.file, error.message, HINT)
    }
}

impl From<GitError> for Failure {
    fn from(error: GitError) -> Self {
        let (told, mut source) = (error.to_string(), std::error::Error::source(&error));
        let mut message = told;
        while let Some(cause) = source {
            message.push_str(&format!(": {cause}"));
            source = cause.source();
        }
        Self::unavailable(error.code(), &error.subject(), message, error.hint(), error.retryable())
    }
}

/// Opens the repository of a release.
pub(super) fn repository(path: &Path) -> Result<Repository, Failure> {
    Ok(Repository::open(path)?)
}
