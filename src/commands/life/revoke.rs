//! `key revoke`: a subkey or the whole certificate, and never without effect.

use super::{Done, Stop, unlock_and_learn, write_key};
use crate::cli::{self, RevocationReason};
use crate::openpgp::{OfflineKey, Reason, Target};
use crate::release::Time;
use crate::release::signature::{CertificateFacts, RevocationKind};
use crate::trust::{self, Standing};

pub(super) fn run(args: &cli::KeyRevoke, now: Time) -> Result<Done, Stop> {
    let at = args.output.at.unwrap_or(now);
    let mut key = unlock_and_learn(&args.key)?;
    let target = match (&args.subkey, &args.certificate) {
        (Some(subkey), _) => Target::Subkey(subkey.clone()),
        (None, Some(meant)) if meant == key.fingerprint() => Target::Certificate,
        (None, meant) => {
            let meant = meant.as_ref().map(ToString::to_string).unwrap_or_default();
            let message =
                format!("you mean the certificate {meant}, the key file holds {}", key.fingerprint());
            let hint = "Give the key file of the certificate that is meant.";
            return Err(Stop::no("wrong-certificate", &meant, message, hint));
        }
    };
    let reason = match args.reason {
        RevocationReason::Compromised => Reason::Compromised,
        RevocationReason::Superseded => Reason::Superseded,
        RevocationReason::Retired => Reason::Retired,
    };
    let from = args.from.unwrap_or(at);
    if reason == Reason::Compromised && args.from.is_some() {
        let message = "a compromised key never counted, whatever the date: --from would change nothing";
        return Err(bad_date(key.fingerprint().as_str(), message.into()));
    }
    check_date(&key.public()?.facts(), &target, from, at)?;
    revoke(&mut key, &target, (reason, &args.message), from, at)?;
    Ok(Done { findings: vec![], result: write_key(&key, &args.output, at)?, changed: true })
}

fn standing(facts: &CertificateFacts, target: &Target, at: Time) -> Result<Standing, Stop> {
    match target {
        Target::Certificate => Ok(trust::certificate_standing(facts, at)),
        Target::Subkey(subkey) => match facts.subkeys.iter().find(|key| key.fingerprint == *subkey) {
            Some(key) => Ok(trust::subkey_standing(facts, key, at)),
            None => {
                let message = format!("the certificate has no subkey {subkey}");
                let hint = "Write the whole fingerprint of a subkey.";
                Err(Stop::no("no-such-subkey", facts.fingerprint.as_str(), message, hint))
            }
        },
    }
}

/// Refuses a date that readers would take in different ways, or that would
/// undo everything the key ever signed under a harmless name.
pub(super) fn check_date(
    facts: &CertificateFacts,
    target: &Target,
    from: Time,
    at: Time,
) -> Result<(), Stop> {
    standing(facts, target, at)?;
    let (subject, created) = match target {
        Target::Certificate => (&facts.fingerprint, Some(facts.primary.created)),
        Target::Subkey(subkey) => {
            let found = facts.subkeys.iter().find(|key| key.fingerprint == *subkey);
            (subkey, found.map(|key| key.created))
        }
    };
    if from > at {
        let message =
            format!("a revocation from {from} lies in the future: gpg takes it at once, others later");
        return Err(bad_date(subject.as_str(), message));
    }
    match created.filter(|created| from <= *created) {
        None => Ok(()),
        Some(created) => {
            let message =
                format!("the key was made at {created}: a revocation from {from} undoes all it signed");
            Err(bad_date(subject.as_str(), message))
        }
    }
}

fn bad_date(subject: &str, message: String) -> Stop {
    let hint = "Run this on the day, give a date since the key is in use, or say --reason compromised without a date.";
    Stop::no("bad-revocation-date", subject, message, hint)
}

/// Revokes, and looks at what came of it: a revocation that readers would not
/// heed is refused rather than believed in.
pub(super) fn revoke(
    key: &mut OfflineKey,
    target: &Target,
    why: (Reason, &str),
    from: Time,
    at: Time,
) -> Result<(), Stop> {
    let facts = key.public()?.facts();
    let before = standing(&facts, target, at)?.revoked;
    let whole = trust::certificate_standing(&facts, at).revoked;
    let subject = match target {
        Target::Certificate => facts.fingerprint.as_str(),
        Target::Subkey(subkey) => subkey.as_str(),
    };
    let dead = |revoked: Option<crate::release::signature::Revocation>| {
        revoked.filter(|revocation| revocation.kind == RevocationKind::Hard)
    };
    if let Some(revocation) = dead(before).or(dead(whole)) {
        let message = format!("was revoked as compromised at {} already, which is final", revocation.at);
        return Err(Stop::no("already-revoked", subject, message, "Nothing to do: publish what there is."));
    }
    key.revoke(target, why, from)?;
    let after = standing(&key.public()?.facts(), target, at)?.revoked;
    if after != before {
        return Ok(());
    }
    match before {
        Some(revocation) => {
            let message = format!("was revoked at {} already, and nothing would change", revocation.at);
            Err(Stop::no("already-revoked", subject, message, "Nothing to do: publish what there is."))
        }
        None => {
            let message =
                format!("the certificate says something newer than {from}, which takes the revocation back");
            let hint = "Revoke from a later date, or as compromised: readers believe the newest statement.";
            Err(Stop::no("revocation-without-effect", subject, message, hint))
        }
    }
}
