//! `key …`: the life of a release key. One file a command; what they share is
//! here.

mod certify;
mod check;
mod dates;
mod export;
mod extend;
mod generate;
mod publish;
mod revoke;
mod rotate;

use super::{Failure, failure, inputs, key};
use crate::cli;
use crate::files::{self, FileError};
use crate::openpgp::{LifeError, OfflineKey, PublicCertificate, Secret};
use crate::release::signature::{CertificateFacts, KeyFacts};
use crate::release::{Finding, Fingerprint, Time};
use crate::report::Report;
use crate::trust::{self, Standing};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::Path;

pub(super) fn run(command: &cli::Key, now: Time) -> Result<Report, Failure> {
    let done = match command {
        cli::Key::Generate(args) => generate::run(args, now),
        cli::Key::Certify(args) => certify::run(args, now),
        cli::Key::Extend(args) => extend::run(args, now),
        cli::Key::Rotate(args) => rotate::run(args, now),
        cli::Key::Revoke(args) => revoke::run(args, now),
        cli::Key::ExportSubkey(args) => export::run(args, now),
        cli::Key::Publish(args) => publish::run(args, now),
        cli::Key::Check(args) => check::run(args, now),
    };
    match done {
        Ok(Done { findings, result, changed }) => {
            let rejected = crate::release::finding::rejects(&findings);
            Ok(Report::judged(command.name(), findings, result).with_changed(changed && !rejected))
        }
        Err(Stop::No(findings)) => Ok(Report::judged(command.name(), findings, json!({}))),
        Err(Stop::Failed(failure)) => Err(*failure),
    }
}

/// How a step ended that was taken.
struct Done {
    findings: Vec<Finding>,
    result: Value,
    changed: bool,
}

/// Why a step was not taken.
enum Stop {
    /// It must not be: nothing was written.
    No(Vec<Finding>),
    /// It could not be looked at, or the request is wrong.
    Failed(Box<Failure>),
}

impl Stop {
    fn no(code: &'static str, subject: &str, message: impl Into<String>, hint: &str) -> Self {
        Self::No(vec![Finding::error(code, subject, message, hint)])
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(Box::new(failure))
    }
}

impl From<FileError> for Stop {
    fn from(error: FileError) -> Self {
        Failure::from(error).into()
    }
}

impl From<LifeError> for Stop {
    fn from(error: LifeError) -> Self {
        match error {
            LifeError::Refused(refusal) => Self::No(vec![refusal.into_finding("key")]),
            other => {
                let hint = "check the key and the times; nothing was written";
                let retryable = other.retryable();
                Failure::unavailable("cannot-sign", "key", other.to_string(), hint, retryable).into()
            }
        }
    }
}

/// Reads and unlocks the offline key.
fn unlock(args: &cli::Offline) -> Result<OfflineKey, Stop> {
    unlock_parts(args).map(|(key, _)| key)
}

/// The same, with the passphrase.
fn unlock_parts(args: &cli::Offline) -> Result<(OfflineKey, Secret), Stop> {
    let bytes = key::from_file(&args.key)?;
    let passphrase = key::passphrase(args.passphrase_fd, &failure::shown(&args.key))?;
    let told = |error| about(error, &failure::shown(&args.key));
    Ok((OfflineKey::read(&bytes, &passphrase).map_err(told)?, passphrase))
}

/// The offline key, and what the published certificate adds to it.
fn unlock_and_learn(args: &cli::OfflineAndPublic) -> Result<OfflineKey, Stop> {
    let public = args.public.as_deref().map(certificate).transpose()?;
    let mut key = unlock(&args.offline)?;
    if let (Some(public), Some(path)) = (public, &args.public) {
        key.learn(&public).map_err(|error| about(error, &failure::shown(path)))?;
    }
    Ok(key)
}

/// The public certificate of a file.
fn certificate(path: &Path) -> Result<PublicCertificate, Stop> {
    PublicCertificate::parse(&inputs::given(path)?).map_err(|error| about(error, &failure::shown(path)))
}

/// The same, with its subject told.
fn about(error: LifeError, subject: &str) -> Stop {
    match error {
        LifeError::Refused(refusal) => Stop::No(vec![refusal.into_finding(subject)]),
        other => other.into(),
    }
}

/// Something to be written.
struct Paper<'a> {
    name: String,
    bytes: &'a [u8],
    private: bool,
}

impl<'a> Paper<'a> {
    fn public(name: String, bytes: &'a [u8]) -> Self {
        Self { name, bytes, private: false }
    }

    fn private(name: String, bytes: &'a [u8]) -> Self {
        Self { name, bytes, private: true }
    }
}

/// Brings new files to the disk under temporary names, and only then gives
/// the names, secrets first: a full disk shows before any of them appears. A
/// name that is taken is a no: it may be the only copy of a key.
fn write(folder: &Path, papers: &[Paper<'_>]) -> Result<Value, Stop> {
    let there: BTreeSet<_> = files::list(folder)?.into_iter().map(|(name, _)| name).collect();
    let taken = papers.iter().filter(|paper| there.contains(OsStr::new(&paper.name)));
    let taken: Vec<Finding> = taken
        .map(|paper| {
            let hint = "give an empty --output-dir: nothing is overwritten, it may be the only copy";
            Finding::error("output-exists", &paper.name, "lies where this run would write", hint)
        })
        .collect();
    if !taken.is_empty() {
        return Err(Stop::No(taken));
    }
    files::create_all(
        folder,
        papers.iter().map(|Paper { name, bytes, private }| files::Document {
            name,
            bytes,
            private: *private,
        }),
    )?;
    let listed = papers.iter().map(|paper| json!({"name": paper.name, "private": paper.private}));
    Ok(json!(listed.collect::<Vec<_>>()))
}

/// What the offline key became: both halves into the output folder, and the
/// result that says how the certificate stands.
fn write_key(key: &OfflineKey, output: &cli::KeyOutput, at: Time) -> Result<Value, Stop> {
    let (public, secret) = (key.public()?, key.secret()?);
    let name = public.fingerprint();
    let armored = public.to_armored();
    let files = write(
        &output.output_dir,
        &[
            Paper::private(format!("{name}.secret.asc"), &secret),
            Paper::public(format!("{name}.asc"), &armored),
        ],
    )?;
    let mut result = dates::described(&public.facts(), at);
    if let Value::Object(map) = &mut result {
        map.insert("files".into(), files);
    }
    Ok(result)
}

/// Subkeys that are for signing, with how they stand.
fn signing_subkeys(facts: &CertificateFacts, at: Time) -> Vec<(&KeyFacts, Standing)> {
    let all = facts.subkeys.iter().map(|key| (key, trust::subkey_standing(facts, key, at)));
    all.filter(|(_, standing)| standing.signs).collect()
}

/// The one subkey that is meant: by its fingerprint, or because there is only
/// one for which `fits`.
fn choose(
    facts: &CertificateFacts,
    wanted: Option<&Fingerprint>,
    at: Time,
    fits: impl Fn(&Standing) -> bool,
) -> Result<(Fingerprint, Standing), Stop> {
    let all = signing_subkeys(facts, at);
    let subject = facts.fingerprint.as_str();
    if let Some(wanted) = wanted {
        let found = all.into_iter().find(|(key, _)| key.fingerprint == *wanted);
        return match found {
            Some((key, standing)) => Ok((key.fingerprint.clone(), standing)),
            None => {
                let message = format!("the certificate has no signing subkey {wanted}");
                Err(Stop::no("no-such-subkey", subject, message, "Write the whole fingerprint of a subkey."))
            }
        };
    }
    let mut fitting: Vec<_> = all.into_iter().filter(|(_, standing)| fits(standing)).collect();
    match (fitting.pop(), fitting.is_empty()) {
        (Some((key, standing)), true) => Ok((key.fingerprint.clone(), standing)),
        (Some((last, _)), false) => {
            let names = fitting.iter().map(|(key, _)| key.fingerprint.as_str());
            let names: Vec<&str> = names.chain([last.fingerprint.as_str()]).collect();
            let message = format!("several signing subkeys are alive: {}", names.join(", "));
            Err(Stop::no("several-signing-keys", subject, message, "Say which with --subkey."))
        }
        (None, _) => {
            let message = "expected a signing subkey that is alive, found none";
            let hint = "Make one: countersign key rotate.";
            Err(Stop::no("no-signing-key", subject, message, hint))
        }
    }
}

/// Refuses a subkey that would outlive its certificate.
fn check_order(certificate_ends: Option<Time>, subkey_ends: Time, subject: &str) -> Result<(), Stop> {
    match certificate_ends {
        Some(end) if subkey_ends > end => {
            let message = format!("the subkey would end at {subkey_ends}, after its certificate at {end}");
            let hint = "A subkey is worth nothing without its certificate: extend that first, or end the subkey earlier.";
            Err(Stop::no("subkey-outlives-certificate", subject, message, hint))
        }
        _ => Ok(()),
    }
}

/// Refuses a certificate that is revoked: whatever is written into it now
/// would be worth nothing, or take the revocation back.
fn check_alive(standing: &Standing) -> Result<(), Stop> {
    match (&standing.problem, &standing.revoked) {
        (Some(problem), Some(_)) => Err(Stop::No(vec![problem.clone()])),
        _ => Ok(()),
    }
}
