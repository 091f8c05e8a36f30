//! `key extend`: the certificate, its subkey, or both end later.

use super::{Done, Stop, check_alive, check_order, choose, unlock_and_learn, write_key};
use crate::cli;
use crate::release::Time;
use crate::trust;

pub(super) fn run(args: &cli::KeyExtend, now: Time) -> Result<Done, Stop> {
    let at = args.output.at.unwrap_or(now);
    let mut key = unlock_and_learn(&args.key)?;
    let facts = key.public()?.facts();
    let certificate = trust::certificate_standing(&facts, at);
    check_alive(&certificate)?;
    let name = facts.fingerprint.as_str();
    if let Some(expires) = args.expires {
        later(certificate.expires, expires, args.shorten, name)?;
    }
    let subkey = match args.subkey_expires {
        None => None,
        Some(expires) => {
            let alive = |standing: &trust::Standing| standing.revoked.is_none();
            let (subkey, standing) = choose(&facts, args.subkey.as_ref(), at, alive)?;
            check_alive(&standing)?;
            later(standing.expires, expires, args.shorten, subkey.as_str())?;
            check_order(args.expires.or(certificate.expires), expires, subkey.as_str())?;
            Some((subkey, expires))
        }
    };
    let subkey = subkey.as_ref().map(|(subkey, expires)| (subkey, *expires));
    key.extend(args.expires, subkey, at)?;
    Ok(Done { findings: vec![], result: write_key(&key, &args.output, at)?, changed: true })
}

/// Refuses what would be no extension, unless it is meant.
fn later(now: Option<Time>, new: Time, shorten: bool, subject: &str) -> Result<(), Stop> {
    let told = match now {
        Some(end) if new > end => return Ok(()),
        Some(end) if new == end => format!("ends at {end} already"),
        _ if shorten => return Ok(()),
        Some(end) => format!("ends at {end} now, and would end earlier, at {new}"),
        None => format!("never ends now, and would end at {new}"),
    };
    let hint = "Give a later date, or --shorten if an earlier end is meant.";
    Err(Stop::no("expiry-not-later", subject, told, hint))
}
