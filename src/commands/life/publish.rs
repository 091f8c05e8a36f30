//! `key publish`: what readers get, which only ever grows.

use super::{Done, Stop, about, certificate, dates};
use crate::cli;
use crate::commands::{failure, inputs};
use crate::files::{self, FileError};
use crate::openpgp::PublicCertificate;
use crate::release::{Finding, Sha256Digest, Time};
use crate::trust;
use serde_json::{Value, json};
use std::path::Path;

pub(super) fn run(args: &cli::KeyPublish, now: Time) -> Result<Done, Stop> {
    let at = args.at.unwrap_or(now);
    let given = certificate(&args.certificate)?;
    let name = given.fingerprint().clone();
    if let Some(wanted) = args.fingerprint.as_ref().filter(|wanted| **wanted != name) {
        let message = format!("you mean {wanted}, the file holds {name}");
        let hint = "Find out which of the two is meant; nothing was written.";
        return Err(Stop::no("wrong-certificate", &failure::shown(&args.certificate), message, hint));
    }
    if let (Some(policy), Some(project)) = (&args.policy, &args.project) {
        let (policy, _) = inputs::policy(policy)?;
        let signer = &inputs::project(&policy, project)?.signer;
        if *signer != name {
            let message = format!("the policy names {signer} as the signer of {project}");
            let hint = "Find out which of the two is meant: readers would get a key that signs nothing.";
            return Err(Stop::no("wrong-signer", name.as_str(), message, hint));
        }
    }
    files::list(&args.output_dir)?;
    let place = args.output_dir.join(format!("{name}.asc"));
    let mut known = Vec::new();
    for path in [there(&place)?, args.published.as_deref()].into_iter().flatten() {
        known.push(certificate(path)?);
    }
    if known.is_empty() && !args.first {
        let message = "neither lies in the output folder nor was given as --published";
        let hint =
            "Get the file that readers have, so that nothing in it is lost; or say --first if there is none.";
        return Err(Stop::no("not-published-before", name.as_str(), message, hint));
    }
    let previous = known.len();
    if let Some(folder) = &args.keyring {
        let keyring = inputs::keyring(folder)?;
        let found = keyring.get(&name).map(|certificate| PublicCertificate::parse(&certificate.to_armored()));
        known.extend(found.transpose()?);
    }
    let mut merged = given;
    for other in &known {
        merged = merged.merge(other).map_err(|error| about(error, &failure::shown(&args.certificate)))?;
    }
    let mut findings = Vec::new();
    for path in &args.revocations {
        let (with, told) = revoked(&merged, path, at)?;
        findings.extend(told);
        merged = with;
    }
    let armored = merged.to_armored();
    // What is written counts, not what was meant to be.
    let written = PublicCertificate::parse(&armored)?;
    let lost: Vec<Finding> = known.iter().take(previous).flat_map(|known| lost(&written, known)).collect();
    if !lost.is_empty() {
        return Err(Stop::No(lost));
    }
    let facts = written.facts();
    let text = [dates::listing(&facts, at).as_bytes(), b"\n", &armored].concat();
    let record = dates::record(&facts, at);
    // The certificate comes last: who sees it new sees the rest new too.
    let papers = [("dates.yaml", &record), ("txt", &text), ("asc", &armored)];
    let (mut listed, mut changed) = (Vec::new(), false);
    for (ending, bytes) in papers {
        let file = format!("{name}.{ending}");
        let placed = place_file(&args.output_dir.join(&file), bytes)?;
        listed.push(json!({"name": file, "sha256": Sha256Digest::of(bytes), "placed": placed}));
        changed |= placed;
    }
    let mut result = dates::described(&facts, at);
    if let Value::Object(map) = &mut result {
        map.insert("files".into(), json!(listed));
    }
    Ok(Done { findings, result, changed })
}

/// The path, if anything lies there.
fn there(path: &Path) -> Result<Option<&Path>, Stop> {
    match files::open_regular(path) {
        Ok(_) => Ok(Some(path)),
        Err(FileError::Missing { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn place_file(path: &Path, bytes: &[u8]) -> Result<bool, Stop> {
    let same = match files::open_regular(path) {
        Ok(mut file) => files::read_all(&mut file, path, 16 << 20)? == bytes,
        Err(FileError::Missing { .. }) => false,
        Err(error) => return Err(error.into()),
    };
    if !same {
        files::replace(path, bytes)?;
    }
    Ok(!same)
}

/// Merges a revocation that was kept apart, and says so if readers would not
/// heed it.
fn revoked(
    merged: &PublicCertificate,
    path: &Path,
    at: Time,
) -> Result<(PublicCertificate, Option<Finding>), Stop> {
    let bytes = inputs::given(path)?;
    let with = merged.with_revocation(&bytes).map_err(|error| about(error, &failure::shown(path)))?;
    let standing = |certificate: &PublicCertificate| {
        let facts = certificate.facts();
        let subkeys = facts.subkeys.iter().map(|key| trust::subkey_standing(&facts, key, at).revoked);
        let mut all: Vec<_> = subkeys.collect();
        all.push(trust::certificate_standing(&facts, at).revoked);
        all
    };
    let known = merged.lacks(&with).is_empty();
    let heeded = known || standing(merged) != standing(&with);
    let finding = (!heeded).then(|| {
        let message = "the certificate says something newer than this revocation, which takes it back for some readers";
        let hint = "gpg heeds it all the same. With the primary key at hand use countersign key revoke; else publish the one for a compromised key.";
        Finding::warning("revocation-not-heeded", &failure::shown(path), message, hint)
    });
    Ok((with, finding))
}

fn lost(written: &PublicCertificate, published: &PublicCertificate) -> Vec<Finding> {
    let hint = "Nothing was written. Give the whole certificates; readers must never lose what they had.";
    let lacks = written.lacks(published);
    lacks.into_iter().map(|what| Finding::error("published-lost", &what, "would be lost", hint)).collect()
}
