//! How old signatures are known to be: lists of them that were signed later.
//!
//! The time in a signature is chosen by its maker, so a key that has ended
//! since says nothing by itself. Whoever signs a list with the digest of a
//! signature says that it existed then. That holds for any list, whatever it
//! was made for, and so for lists too: the signature of one whose key has
//! ended may stand in a newer one.

use super::signature::{self, Allowed, Ask, Court};
use super::{Failure, failure, inputs};
use crate::files::{self, FileError};
use crate::openpgp::{Keyring, MAX_SIGNATURE_BYTES};
use crate::release::checksums;
use crate::release::policy::SignatureRules;
use crate::release::{Finding, Sha256Digest, Time};
use crate::trust::Age;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What is known of the age of signatures.
#[derive(Debug)]
pub(super) struct Ages {
    /// Whether the date that a signature states is believed without proof.
    claimed: bool,
    /// When signature files are known to have existed, by their digests.
    seen: BTreeMap<Sha256Digest, Time>,
}

/// Every signature is as old as it says.
pub(super) static CLAIMED: Ages = Ages { claimed: true, seen: BTreeMap::new() };

impl Ages {
    /// What is known of the age of this signature file.
    pub fn of(&self, signature: &[u8]) -> Age {
        let seen = (!self.seen.is_empty()).then(|| self.seen.get(&Sha256Digest::of(signature)));
        match seen.flatten() {
            Some(seen) => Age::SeenAt(*seen),
            None if self.claimed => Age::Claimed,
            None => Age::Unproven,
        }
    }
}

/// A list that somebody gave as proof.
struct Proof {
    name: String,
    list: Vec<u8>,
    signature: Vec<u8>,
    findings: Vec<Finding>,
    accepted: Option<Value>,
}

/// The lists that were given: what they prove, what they are, and what speaks
/// against them.
pub(super) struct Proven {
    pub ages: Ages,
    pub documents: Vec<Value>,
    pub findings: Vec<Finding>,
}

/// Reads lists and the signatures beside them. Any certificate of the keyring
/// may have made those, if it was vetted for the project.
pub(super) fn read(
    paths: &[PathBuf],
    claimed: bool,
    keyring: &Keyring,
    project: Option<&str>,
    at: Time,
) -> Result<Proven, Failure> {
    let everyone = signature::anyone(keyring);
    let allowed = match project {
        Some(project) => signature::vetted_for(everyone, keyring, project),
        None => everyone,
    };
    let mut proven =
        Proven { ages: Ages { claimed, seen: BTreeMap::new() }, documents: vec![], findings: vec![] };
    let mut proofs = Vec::new();
    for path in paths {
        proofs.extend(open(path, &mut proven.findings)?);
    }
    // One list may prove the age of another, in whatever order they came: each
    // round but the last accepts one more.
    loop {
        let mut more = false;
        for proof in proofs.iter_mut().filter(|proof| proof.accepted.is_none()) {
            more |= proof.judge(&mut proven.ages, keyring, &allowed, at)?;
        }
        if !more {
            break;
        }
    }
    for proof in proofs {
        proven.documents.extend(proof.accepted);
        proven.findings.extend(proof.findings);
    }
    Ok(proven)
}

fn open(path: &Path, findings: &mut Vec<Finding>) -> Result<Option<Proof>, Failure> {
    let (name, list) = (failure::shown(path), inputs::given(path)?);
    let mut asc = path.as_os_str().to_os_string();
    asc.push(".asc");
    let asc = Path::new(&asc);
    match files::read_given(asc, MAX_SIGNATURE_BYTES as u64 + 1) {
        Ok(signature) => Ok(Some(Proof { name, list, signature, findings: vec![], accepted: None })),
        Err(FileError::Missing { .. }) => {
            let told = format!("there is no {name}.asc beside it");
            let hint = "have the list signed: gpg --armor --detach-sign";
            findings.push(Finding::error("signature-missing", &name, told, hint));
            Ok(None)
        }
        Err(error) => Err(inputs::as_request(error)),
    }
}

impl Proof {
    /// Whether the list is accepted, by what is known of ages so far.
    fn judge(
        &mut self,
        ages: &mut Ages,
        keyring: &Keyring,
        allowed: &Allowed,
        at: Time,
    ) -> Result<bool, Failure> {
        let court = Court {
            keyring,
            allowed,
            ask: Ask::Archive,
            at,
            project: None,
            version: None,
            rules: SignatureRules::default(),
            ages,
        };
        let file_name = self.name.rsplit('/').next().unwrap_or_default();
        let judged = court.judge(file_name, &self.signature, &mut self.list.as_slice())?;
        let signed = judged.accepted().then(|| judged.signers.iter().map(|signer| signer.signed_at).min());
        self.findings = judged.findings;
        let Some(seen) = signed.flatten() else { return Ok(false) };
        let entries = match checksums::parse(&self.list) {
            Ok(entries) => entries,
            Err(error) => {
                let hint = "make it by sha256sum *.asc";
                let told = error.to_string();
                self.findings.push(Finding::error("bad-checksum-list", &self.name, told, hint));
                return Ok(false);
            }
        };
        self.accepted = Some(json!({
            "name": file_name, "sha256": Sha256Digest::of(&self.list), "entries": entries.len(),
            "seen": seen, "signers": judged.signers,
        }));
        for digest in entries.into_values() {
            let known = ages.seen.entry(digest).or_insert(seen);
            *known = seen.min(*known);
        }
        Ok(true)
    }
}
