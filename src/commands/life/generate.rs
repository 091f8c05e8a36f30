//! `key generate`: a release key is born.

use super::{Done, Paper, Stop, dates, write};
use crate::cli;
use crate::commands::key;
use crate::openpgp::NewKey;
use crate::release::Time;
use serde_json::{Value, json};

pub(super) fn run(args: &cli::KeyGenerate, now: Time) -> Result<Done, Stop> {
    let at = args.output.at.unwrap_or(now);
    let new = NewKey {
        user_id: &args.user_id,
        at,
        expires: args.expires,
        subkey_expires: args.subkey_expires.unwrap_or(args.expires),
    };
    // What is wrong with the request is told before anybody types.
    new.check()?;
    let passphrase = key::new_passphrase(args.passphrase_fd, "the release key")?;
    let made = new.generate(&passphrase)?;
    let name = made.public.fingerprint();
    let armored = made.public.to_armored();
    let mut papers = vec![Paper::private(format!("{name}.secret.asc"), &made.secret)];
    for (reason, bytes) in &made.revocations {
        papers.push(Paper::private(format!("{name}.revoke-{reason}.asc"), bytes));
    }
    papers.push(Paper::public(format!("{name}.asc"), &armored));
    let files = write(&args.output.output_dir, &papers)?;
    let mut result = dates::described(&made.public.facts(), at);
    if let Value::Object(map) = &mut result {
        map.insert("subkey".into(), json!(made.subkey));
        map.insert("files".into(), files);
    }
    Ok(Done { findings: vec![], result, changed: true })
}
