//! `key rotate`: a new signing subkey beside or in place of the old one.

use super::revoke::{check_date, revoke};
use super::{Done, Stop, check_alive, check_order, signing_subkeys, unlock_and_learn, write_key};
use crate::cli::{self, Old};
use crate::commands::Failure;
use crate::openpgp::{Reason, Target};
use crate::release::{Finding, Fingerprint, Time};
use crate::trust;
use serde_json::{Value, json};

pub(super) fn run(args: &cli::KeyRotate, now: Time) -> Result<Done, Stop> {
    let at = args.output.at.unwrap_or(now);
    if args.old == Old::Expires && args.old_from.is_some() {
        let message = "--old-from goes with --old superseded";
        return Err(
            Failure::usage("usage", "key rotate", message, "see countersign key rotate --help").into()
        );
    }
    let mut key = unlock_and_learn(&args.key)?;
    let facts = key.public()?.facts();
    let certificate = trust::certificate_standing(&facts, at);
    check_alive(&certificate)?;
    if let Some(problem) = certificate.problem {
        return Err(Stop::No(vec![problem]));
    }
    check_order(certificate.expires, args.subkey_expires, facts.fingerprint.as_str())?;
    let alive = signing_subkeys(&facts, at).into_iter().filter(|(_, standing)| standing.problem.is_none());
    let old: Vec<(Fingerprint, Option<Time>)> =
        alive.map(|(key, standing)| (key.fingerprint.clone(), standing.expires)).collect();
    let mut findings = Vec::new();
    let subkey = key.add_subkey(at, args.subkey_expires)?;
    for (old, expires) in &old {
        match args.old {
            Old::Superseded => {
                let from = args.old_from.unwrap_or(at);
                check_date(&facts, &Target::Subkey(old.clone()), from, at)?;
                revoke(&mut key, &Target::Subkey(old.clone()), (Reason::Superseded, ""), from, at)?;
            }
            Old::Expires if expires.is_none() => {
                let message = "goes on for ever beside the new subkey";
                let hint = "Revoke it as superseded once CI has the new one.";
                findings.push(Finding::warning("key-never-expires", old.as_str(), message, hint));
            }
            Old::Expires => {}
        }
    }
    let mut result = write_key(&key, &args.output, at)?;
    if let Value::Object(map) = &mut result {
        map.insert("subkey".into(), json!(subkey));
        map.insert("old".into(), json!(old.iter().map(|(key, _)| key).collect::<Vec<_>>()));
    }
    Ok(Done { findings, result, changed: true })
}
