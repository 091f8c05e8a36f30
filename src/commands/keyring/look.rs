//! `keyring list` and `keyring show`.

use super::super::Failure;
use super::{Folder, absent, details, summary};
use crate::cli;
use crate::release::Time;
use crate::report::Report;
use serde_json::{Value, json};

pub(super) fn list(args: &cli::KeyringList, now: Time) -> Result<Report, Failure> {
    let at = args.place.at.unwrap_or(now);
    let Folder { keyring, .. } = Folder::read(&args.place.keyring)?;
    let all: Vec<Value> =
        keyring.certificates().iter().map(|certificate| summary(&keyring, certificate, at)).collect();
    let result = json!({"at": at, "keyring_sha256": keyring.digest(), "certificates": all});
    Ok(Report::judged("keyring-list", vec![], result))
}

pub(super) fn show(args: &cli::KeyringShow, now: Time) -> Result<Report, Failure> {
    let at = args.place.at.unwrap_or(now);
    let Folder { keyring, .. } = Folder::read(&args.place.keyring)?;
    let certificate = keyring.get(&args.fingerprint).ok_or_else(|| absent(&args.fingerprint))?;
    let result = json!({
        "at": at,
        "keyring_sha256": keyring.digest(),
        "certificate": details(&keyring, certificate, at),
    });
    Ok(Report::judged("keyring-show", vec![], result))
}
