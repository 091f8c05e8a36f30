//! `keyring`: the folder of vetted certificates, kept in order.

mod add;
mod check;
mod export;
mod formats;
mod look;
mod people;
mod request;
mod update;

use super::failure::{self, Failure};
use super::inputs;
use crate::cli;
use crate::files::{self, FileError};
use crate::openpgp::{Certificate, Keyring, KeyringError, MAX_CERTIFICATE_BYTES};
use crate::release::path::printable;
use crate::release::vetting::{self, Register};
use crate::release::{Finding, Fingerprint, Time};
use crate::report::{Report, yaml};
use crate::trust::{KeyOutlook, Outlook};
use serde_json::{Value, json};
use std::fs::File;
use std::path::{Path, PathBuf};

pub(super) fn run(command: &cli::Keyring, now: Time) -> Result<Report, Failure> {
    match command {
        cli::Keyring::Add(args) => add::add(args, now),
        cli::Keyring::Remove(args) => add::remove(args, now),
        cli::Keyring::Update(args) => update::run(args, now),
        cli::Keyring::List(args) => look::list(args, now),
        cli::Keyring::Show(args) => look::show(args, now),
        cli::Keyring::Check(args) => check::run(args, now),
        cli::Keyring::Export(args) => export::run(args, now),
        cli::Keyring::Request(args) => request::run(args, now),
    }
}

/// A keyring's folder, its files and what they mean.
struct Folder {
    path: PathBuf,
    entries: Vec<(String, Vec<u8>)>,
    keyring: Keyring,
    // Held for its lock, which ends with it.
    _lock: Option<File>,
}

/// New bytes of a file by its name, or that it is to go.
type Change = (String, Option<Vec<u8>>);

impl Folder {
    fn read(path: &Path) -> Result<Self, Failure> {
        let entries = inputs::keyring_files(path)?;
        let keyring = Keyring::load(entries.clone())?;
        Ok(Self { path: path.into(), entries, keyring, _lock: None })
    }

    /// As [`Folder::read`], and no other run may change it meanwhile.
    fn open(path: &Path) -> Result<Self, Failure> {
        let Some(lock) = files::lock_folder(path)? else {
            let hint = "wait for the other run to end, then run again";
            let told = "another run is changing this keyring";
            return Err(Failure::unavailable("keyring-locked", &failure::shown(path), told, hint, true));
        };
        files::remove_leftovers(path)?;
        Ok(Self { _lock: Some(lock), ..Self::read(path)? })
    }

    /// `keyring.yaml` as it is, to be changed.
    fn register(&self) -> Register {
        self.keyring.register().cloned().unwrap_or_default()
    }

    /// The keyring as it would be after the changes.
    fn with(&self, changes: &[Change]) -> Result<Keyring, Failure> {
        let changed = |name: &str| changes.iter().any(|(changed, _)| changed == name);
        let kept = self.entries.iter().filter(|(name, _)| !changed(name)).cloned();
        let new = changes.iter().filter_map(|(name, bytes)| Some((name.clone(), bytes.clone()?)));
        Ok(Keyring::load(kept.chain(new).collect())?)
    }

    /// Writes the changes in their order, each file whole. The keyring is one
    /// after each of them.
    fn write(&self, changes: &[Change]) -> Result<(), Failure> {
        for (name, bytes) in changes {
            let path = self.path.join(name);
            match bytes {
                Some(bytes) => files::replace(&path, bytes)?,
                None => files::remove(&path)?,
            }
        }
        Ok(())
    }
}

/// `keyring.yaml` as a change.
fn register_change(register: &Register) -> Change {
    (vetting::FILE.into(), Some(yaml::to_string(&register.document()).into_bytes()))
}

/// A certificate's file as a change, in the form that its name says.
fn certificate_change(certificate: &Certificate) -> Change {
    let binary = certificate.file_name().ends_with(".pgp");
    let bytes = if binary { certificate.to_binary() } else { certificate.to_armored() };
    (certificate.file_name().into(), Some(bytes))
}

/// The certificate in a file that is offered. What speaks against it is a
/// finding; a file that cannot be read a failure.
fn offered(path: &Path) -> Result<Result<Certificate, Finding>, Failure> {
    let bytes = files::read_given(path, MAX_CERTIFICATE_BYTES as u64).map_err(given)?;
    Ok(certificate_of(&failure::shown(path), &bytes))
}

fn certificate_of(shown: &str, bytes: &[u8]) -> Result<Certificate, Finding> {
    Certificate::offered(shown, bytes).map_err(|error| refused(shown, error))
}

/// A file that the caller named and that cannot be read is a fault of the
/// request, where trying again will not help.
fn given(error: FileError) -> Failure {
    match Failure::from(error) {
        Failure::Unavailable { finding, retryable: false } => Failure::Usage(finding),
        failure => failure,
    }
}

fn refused(subject: &str, error: KeyringError) -> Finding {
    let hint = match error.code {
        "keyring-secret-key" => {
            "Never hand out this file; export the public part: gpg --armor --export FINGERPRINT."
        }
        _ => "Get one public certificate: gpg --armor --export FINGERPRINT.",
    };
    Finding::error(error.code, subject, error.message, hint)
}

/// A fingerprint that the keyring does not have.
fn absent(fingerprint: &Fingerprint) -> Failure {
    let hint = "check the fingerprint; countersign keyring list shows all that are there";
    Failure::usage("not-in-keyring", fingerprint.as_str(), "the keyring has no such certificate", hint)
}

/// One certificate as it is told in results.
fn summary(keyring: &Keyring, certificate: &Certificate, at: Time) -> Value {
    let fingerprint = certificate.fingerprint();
    let (Some(facts), vetting) = (keyring.facts(fingerprint), keyring.vetting(fingerprint)) else {
        return Value::Null;
    };
    let outlook = Outlook::new(&facts, at);
    let primary = outlook.keys.first();
    let user_ids: Vec<String> = facts.user_ids.iter().map(|user_id| printable(user_id.as_bytes())).collect();
    json!({
        "fingerprint": fingerprint,
        "file": certificate.file_name(),
        "person": vetting.and_then(|vetting| vetting.person.as_deref()),
        "user_ids": user_ids,
        "algorithm": facts.primary.kind.to_string(),
        "created": facts.primary.created,
        "expires": primary.and_then(|key| key.expires),
        "state": facts.standing.as_str(),
        "since": facts.standing.since(),
        "usable": outlook.is_usable(),
        "usable_until": outlook.ends(),
        "vetted_by": vetting.and_then(|vetting| vetting.vetted_by.as_deref()),
        "vetted_at": vetting.and_then(|vetting| vetting.vetted_at),
        "projects": vetting.map(|vetting| vetting.projects.as_slice()).unwrap_or_default(),
        "note": vetting.and_then(|vetting| vetting.note.as_deref()),
    })
}

/// As [`summary`], with every key.
fn details(keyring: &Keyring, certificate: &Certificate, at: Time) -> Value {
    let mut told = summary(keyring, certificate, at);
    if let (Value::Object(map), Some(facts)) = (&mut told, keyring.facts(certificate.fingerprint())) {
        let keys: Vec<Value> = Outlook::new(&facts, at).keys.iter().map(key).collect();
        map.insert("keys".into(), json!(keys));
    }
    told
}

fn key(key: &KeyOutlook) -> Value {
    json!({
        "fingerprint": key.fingerprint,
        "primary": key.is_primary,
        "algorithm": key.kind.to_string(),
        "created": key.created,
        "expires": key.expires,
        "signs": key.signs,
        "problem": key.problem.as_ref().map(|problem| problem.code),
    })
}
