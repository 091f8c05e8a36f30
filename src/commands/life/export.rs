//! `key export-subkey`: what the machine that signs gets.

use super::{Done, Stop, choose, unlock_parts};
use crate::cli;
use crate::commands::{Failure, failure, key};
use crate::files;
use crate::release::{Finding, Time};
use crate::trust::Standing;
use rustix::fs::OFlags;
use serde_json::json;

pub(super) fn run(args: &cli::KeyExportSubkey, now: Time) -> Result<Done, Stop> {
    let at = args.at.unwrap_or(now);
    if let Some(path) = &args.output_key
        && path.symlink_metadata().is_ok()
    {
        let hint = "give another --output-key: nothing is overwritten, it may be the only copy";
        return Err(Stop::no(
            "output-exists",
            &failure::shown(path),
            "lies where this run would write",
            hint,
        ));
    }
    let (offline, passphrase) = unlock_parts(&args.offline)?;
    let facts = offline.public()?.facts();
    let alive = |standing: &Standing| standing.problem.is_none();
    let (subkey, standing) = choose(&facts, args.subkey.as_ref(), at, alive)?;
    if let Some(problem) = standing.problem {
        return Err(Stop::No(vec![problem]));
    }
    let own = match args.unencrypted {
        true => None,
        false => Some(key::new_passphrase(args.export_passphrase_fd, "the exported subkey")?),
    };
    if own.as_ref() == Some(&passphrase) {
        let message = "the exported subkey would have the passphrase of the primary key";
        let hint = "The machine that signs must not know the primary key's passphrase: give another one.";
        return Err(Stop::no("passphrase-reused", subkey.as_str(), message, hint));
    }
    let exported = offline.export_subkey(&subkey, own.as_deref(), at)?;
    let mut findings = Vec::new();
    if own.is_none() {
        let message = "was written without a passphrase";
        let hint = "Put it into the secret store at once, then destroy every other copy.";
        findings.push(Finding::note("subkey-not-locked", subkey.as_str(), message, hint));
    }
    match (&args.output_key, args.output_fd) {
        (Some(path), _) => files::create_private(path, &exported.secret)?,
        (None, Some(number)) => send(number, &exported.secret)?,
        // clap lets nothing else through.
        (None, None) => {}
    }
    let result = json!({
        "at": at, "certificate": facts.fingerprint, "subkey": subkey,
        "expires": standing.expires, "locked": own.is_some(),
    });
    Ok(Done { findings, result, changed: true })
}

fn send(number: u32, mut bytes: &[u8]) -> Result<(), Failure> {
    let descriptor = key::inherited(number, OFlags::WRONLY)?;
    while !bytes.is_empty() {
        match rustix::io::write(&descriptor, bytes) {
            Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
            Err(rustix::io::Errno::INTR) => {}
            Err(errno) => {
                let message = format!("cannot be written: {}", std::io::Error::from(errno));
                let hint = "look at who reads it; the subkey was written in part or not at all";
                let subject = format!("file descriptor {number}");
                return Err(Failure::unavailable("descriptor-unwritable", &subject, message, hint, false));
            }
        }
    }
    Ok(())
}
