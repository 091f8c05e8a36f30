//! `keyring update`: a newer copy of a certificate, or how it stands.

use super::super::failure::{self, Failure};
use super::{Change, Folder, absent, certificate_change, certificate_of, details, given, register_change};
use crate::cli::{self, State};
use crate::files;
use crate::openpgp::{Certificate, MAX_CERTIFICATE_BYTES};
use crate::release::path::printable;
use crate::release::signature::{CertificateFacts, KeyFacts, Revocation, RevocationKind, Revoker};
use crate::release::vetting::VettingState;
use crate::release::{Finding, Fingerprint, Time, finding};
use crate::report::Report;
use crate::trust::{CLOCK_SKEW, Outlook};
use serde_json::{Value, json};
use std::path::Path;

pub(super) fn run(args: &cli::KeyringUpdate, now: Time) -> Result<Report, Failure> {
    let at = args.place.at.unwrap_or(now);
    let folder = Folder::open(&args.place.keyring)?;
    let (fingerprint, changes, findings) = match (&args.file, &args.fingerprint, args.state) {
        (Some(path), fingerprint, _) => newer(&folder, path, fingerprint.as_ref())?,
        (None, Some(fingerprint), Some(state)) => stands(&folder, args, fingerprint, state, at)?,
        _ => return Err(Failure::usage("usage", "keyring update", "needs FILE or --state", "see --help")),
    };
    let changes = if finding::rejects(&findings) { vec![] } else { changes };
    let keyring = folder.with(&changes)?;
    folder.write(&changes)?;
    let facts =
        |keyring: &crate::openpgp::Keyring| fingerprint.as_ref().and_then(|known| keyring.facts(known));
    let told = match (facts(&folder.keyring), facts(&keyring)) {
        (Some(before), Some(after)) => differences(&before, &after, at),
        _ => vec![],
    };
    let certificate = fingerprint.as_ref().and_then(|known| keyring.get(known));
    let result = json!({
        "at": at,
        "changes": told,
        "certificate": certificate.map_or(Value::Null, |certificate| details(&keyring, certificate, at)),
        "keyring_sha256": keyring.digest(),
    });
    Ok(Report::judged("keyring-update", findings, result).with_changed(!changes.is_empty()))
}

/// The certificate, what is to be written, and what speaks against it.
type Update = (Option<Fingerprint>, Vec<Change>, Vec<Finding>);

fn newer(folder: &Folder, path: &Path, wanted: Option<&Fingerprint>) -> Result<Update, Failure> {
    let bytes = files::read_given(path, MAX_CERTIFICATE_BYTES as u64).map_err(given)?;
    if let Some(wanted) = wanted {
        let present = folder.keyring.get(wanted).ok_or_else(|| absent(wanted))?;
        if let Some(revoked) = present.revoked_by(&bytes) {
            return Ok(grown(present, &revoked));
        }
    }
    let newer = match certificate_of(&failure::shown(path), &bytes) {
        Ok(certificate) => certificate,
        Err(finding) => return Ok((None, vec![], vec![finding])),
    };
    let found = newer.fingerprint();
    if let Some(wanted) = wanted.filter(|wanted| *wanted != found) {
        let told = format!("holds the certificate {found}, not {wanted}");
        let hint = "Give a copy of the certificate that is meant.";
        let finding = Finding::error("fingerprint-mismatch", &failure::shown(path), told, hint);
        return Ok((None, vec![], vec![finding]));
    }
    let present = folder.keyring.get(found).ok_or_else(|| absent(found))?;
    // Equal fingerprints are equal primary keys, so this never fails.
    let merged = present.merged(&newer).ok_or_else(|| absent(found))?;
    Ok(grown(present, &merged))
}

/// The update that puts `merged` into the place of `present`.
fn grown(present: &Certificate, merged: &Certificate) -> Update {
    let found = present.fingerprint();
    if merged.same_as(present) {
        return (Some(found.clone()), vec![], vec![]);
    }
    let (name, bytes) = certificate_change(merged);
    let size = bytes.as_ref().map_or(0, Vec::len);
    let mut findings = Vec::new();
    if size > MAX_CERTIFICATE_BYTES {
        let told = format!("would have {size} bytes, at most {MAX_CERTIFICATE_BYTES} are kept");
        let hint = "Somebody flooded this copy with signatures; get one from its owner.";
        findings.push(Finding::error("keyring-too-large", found.as_str(), told, hint));
    }
    (Some(found.clone()), vec![(name, bytes)], findings)
}

fn stands(
    folder: &Folder,
    args: &cli::KeyringUpdate,
    fingerprint: &Fingerprint,
    state: State,
    at: Time,
) -> Result<Update, Failure> {
    let mut register = folder.register();
    if folder.keyring.get(fingerprint).is_none() && !register.0.contains_key(fingerprint) {
        return Err(absent(fingerprint));
    }
    let mut entry = register.0.get(fingerprint).cloned().unwrap_or_default();
    let mut findings = Vec::new();
    let mut error = |code, told: String, hint| {
        findings.push(Finding::error(code, fingerprint.as_str(), told, hint));
    };
    // Said again without a date, a state keeps the date that it has.
    let same = matches!(
        (state, entry.standing),
        (State::Retired, VettingState::Retired { .. })
            | (State::Compromised, VettingState::Compromised { .. })
    );
    let since = args.since.or(entry.standing.since().filter(|_| same)).unwrap_or(at);
    if let (VettingState::Compromised { since }, State::Active | State::Retired) = (entry.standing, state) {
        let told = format!("is marked as compromised in the keyring since {since}");
        let hint = "A compromised certificate does not come back. If it was a mistake, correct keyring.yaml.";
        error("signer-compromised", told, hint);
    }
    if state == State::Compromised && since > at.plus(CLOCK_SKEW) {
        error("state-conflict", format!("compromised since {since}, which is after {at}"), "Check the date.");
    }
    if state == State::Active && args.since.is_some() {
        error("state-conflict", "an active certificate has no date".into(), "Leave out --since.");
    }
    entry.standing = match state {
        State::Active => VettingState::Active,
        State::Retired => VettingState::Retired { since },
        State::Compromised => VettingState::Compromised { since },
    };
    if args.note.is_some() {
        entry.note.clone_from(&args.note);
    }
    let known = register.0.insert(fingerprint.clone(), entry.clone());
    let changes = if known.as_ref() == Some(&entry) { vec![] } else { vec![register_change(&register)] };
    Ok((Some(fingerprint.clone()), changes, findings))
}

/// What an update brought, in the order of the certificate.
fn differences(before: &CertificateFacts, after: &CertificateFacts, at: Time) -> Vec<Value> {
    let mut told = Vec::new();
    let mut tell = |what: &str, subject: &str, from: Value, to: Value| {
        told.push(json!({"what": what, "subject": subject, "from": from, "to": to}));
    };
    if before.standing != after.standing {
        let word = |facts: &CertificateFacts| {
            let since = facts.standing.since().map(|since| format!(" since {since}")).unwrap_or_default();
            json!(format!("{}{since}", facts.standing.as_str()))
        };
        tell("state", after.fingerprint.as_str(), word(before), word(after));
    }
    for user_id in after.user_ids.iter().filter(|user_id| !before.user_ids.contains(user_id)) {
        tell("user id", after.fingerprint.as_str(), Value::Null, json!(printable(user_id.as_bytes())));
    }
    let (old, new) = (Outlook::new(before, at), Outlook::new(after, at));
    for key in [&after.primary].into_iter().chain(&after.subkeys) {
        let name = key.fingerprint.as_str();
        let outlook =
            |look: &Outlook| look.keys.iter().find(|other| other.fingerprint == key.fingerprint).cloned();
        let (was, is) = (outlook(&old), outlook(&new));
        let end =
            |look: &Option<crate::trust::KeyOutlook>| json!(look.as_ref().and_then(|look| look.expires));
        match before.key(&key.fingerprint) {
            None => tell("subkey", name, Value::Null, json!(key.kind.to_string())),
            Some((known, _)) => {
                if end(&was) != end(&is) {
                    tell("expiry", name, end(&was), end(&is));
                } else if known.bindings.len() != key.bindings.len() {
                    tell("binding", name, json!(known.bindings.len()), json!(key.bindings.len()));
                }
            }
        }
        for revocation in new_revocations(before.key(&key.fingerprint).map(|(known, _)| known), key) {
            tell("revocation", name, Value::Null, json!(words(revocation)));
        }
    }
    told
}

fn new_revocations<'a>(before: Option<&KeyFacts>, after: &'a KeyFacts) -> Vec<&'a Revocation> {
    let known = before.map(|key| key.revocations.as_slice()).unwrap_or_default();
    after.revocations.iter().filter(|revocation| !known.contains(revocation)).collect()
}

fn words(revocation: &Revocation) -> String {
    let kind = match revocation.kind {
        RevocationKind::Soft => "superseded or retired",
        RevocationKind::Hard => "compromised or without a harmless reason",
    };
    let by = match revocation.by {
        Revoker::Authorised => "",
        Revoker::Unconfirmed => ", by somebody whose right to do so could not be verified",
    };
    format!("{kind}, at {}{by}", revocation.at)
}
