//! `key certify`: one key vouches for another.

use super::{Done, Paper, Stop, certificate, check_alive, unlock, write};
use crate::cli;
use crate::commands::failure;
use crate::release::{Finding, Time};
use crate::trust;
use serde_json::json;

pub(super) fn run(args: &cli::KeyCertify, now: Time) -> Result<Done, Stop> {
    let at = args.output.at.unwrap_or(now);
    let other = certificate(&args.certificate)?;
    let shown = failure::shown(&args.certificate);
    if *other.fingerprint() != args.fingerprint {
        let message = format!("you were told {}, the file holds {}", args.fingerprint, other.fingerprint());
        let hint = "This is not the certificate that you were told of: ask its owner again.";
        return Err(Stop::no("wrong-certificate", &shown, message, hint));
    }
    if let Some(problem) = trust::certificate_standing(&other.facts(), at).problem {
        return Err(Stop::No(vec![problem]));
    }
    let mut key = unlock(&args.offline)?;
    if key.fingerprint() == other.fingerprint() {
        let message = "is the same certificate that shall be vouched for";
        let hint = "Give the key of an administrator, or the previous release key.";
        return Err(Stop::no("certifies-itself", key.fingerprint().as_str(), message, hint));
    }
    let own = key.public()?;
    let standing = trust::certificate_standing(&own.facts(), at);
    check_alive(&standing)?;
    if let Some(problem) = standing.problem {
        return Err(Stop::No(vec![problem]));
    }
    if !standing.certifies {
        let message = "is not marked for certifying";
        return Err(Stop::no(
            "key-not-for-certifying",
            key.fingerprint().as_str(),
            message,
            "Give another key.",
        ));
    }
    let before = other.certified_by(&own);
    let mut result = json!({
        "at": at, "certificate": other.fingerprint(), "certified_by": key.fingerprint(),
        "user_ids": before, "files": [],
    });
    let wanted = |user_id: &String| args.user_id.as_ref().is_none_or(|only| only == user_id);
    let facts = other.facts();
    if !before.is_empty() && facts.user_ids.iter().filter(|id| wanted(id)).all(|id| before.contains(id)) {
        let message = format!("{} vouches for it already", key.fingerprint());
        let note = Finding::note("already-certified", &shown, message, "Nothing to do.");
        return Ok(Done { findings: vec![note], result, changed: false });
    }
    let certified = key.certify(&other, args.user_id.as_deref(), at)?;
    let armored = certified.to_armored();
    let name = format!("{}.asc", certified.fingerprint());
    let files = write(&args.output.output_dir, &[Paper::public(name, &armored)])?;
    if let Some(map) = result.as_object_mut() {
        map.insert("user_ids".into(), json!(certified.certified_by(&own)));
        map.insert("files".into(), files);
    }
    Ok(Done { findings: vec![], result, changed: true })
}
