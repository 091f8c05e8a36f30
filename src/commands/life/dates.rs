//! What a certificate says of its times, for documents, tools and people.

use crate::release::Time;
use crate::release::document::{self, BadDocument};
use crate::release::path::printable;
use crate::release::signature::{CertificateFacts, KeyFacts, Revocation, RevocationKind};
use crate::report::yaml;
use crate::trust::{self, Standing};
use serde_json::{Value, json};

/// Format of the record of dates (`docs/schema/key-dates.json`).
const FORMAT: &str = "countersign/key-dates@v1";

/// The certificate and its signing subkeys at a time.
pub(super) fn described(facts: &CertificateFacts, at: Time) -> Value {
    let subkeys = in_order(facts).into_iter().map(|key| {
        let standing = trust::subkey_standing(facts, key, at);
        json!({
            "key": key.fingerprint, "kind": key.kind.to_string(), "signs": standing.signs,
            "created": key.created, "expires": standing.expires, "revoked": revoked(standing.revoked),
        })
    });
    let standing = trust::certificate_standing(facts, at);
    json!({
        "at": at,
        "certificate": facts.fingerprint,
        "user_ids": facts.user_ids,
        "kind": facts.primary.kind.to_string(),
        "created": facts.primary.created,
        "expires": standing.expires,
        "revoked": revoked(standing.revoked),
        "subkeys": subkeys.collect::<Vec<_>>(),
    })
}

/// The oldest first: the order in a certificate says nothing.
fn in_order(facts: &CertificateFacts) -> Vec<&KeyFacts> {
    let mut all: Vec<_> = facts.subkeys.iter().collect();
    all.sort_by_key(|key| (key.created, key.fingerprint.as_str()));
    all
}

fn revoked(revocation: Option<Revocation>) -> Value {
    let Some(revocation) = revocation else { return Value::Null };
    json!({"kind": word(revocation.kind), "at": revocation.at})
}

fn word(kind: RevocationKind) -> &'static str {
    match kind {
        RevocationKind::Hard => "compromised",
        RevocationKind::Soft => "retired",
    }
}

/// The record of dates: what tools read instead of the certificate.
pub(super) fn record(facts: &CertificateFacts, at: Time) -> Vec<u8> {
    yaml::to_string(&fields(facts, at)).into_bytes()
}

fn fields(facts: &CertificateFacts, at: Time) -> Value {
    let mut out = serde_json::Map::from_iter([("format".to_string(), json!(FORMAT))]);
    if let Value::Object(rest) = described(facts, at) {
        // The record changes with the certificate, not with the day.
        out.extend(rest.into_iter().filter(|(key, _)| key != "at"));
    }
    Value::Object(out)
}

/// The keys under which a record says something else than the certificate.
/// Keys of later versions are passed over.
pub(super) fn differing(
    bytes: &[u8],
    facts: &CertificateFacts,
    at: Time,
) -> Result<Vec<String>, BadDocument> {
    let found: Value = document::read(bytes, FORMAT)?;
    let Value::Object(wanted) = fields(facts, at) else { return Ok(vec![]) };
    let differs = wanted.into_iter().filter(|(key, value)| found.get(key) != Some(value));
    Ok(differs
        .map(|(key, value)| {
            let found = found.get(&key).map_or_else(|| "nothing".into(), ToString::to_string);
            format!("{key}: the record says {}, the certificate {value}", printable(found.as_bytes()))
        })
        .collect())
}

/// The listing for people that stands above the armour in the `.txt` file.
pub(super) fn listing(facts: &CertificateFacts, at: Time) -> String {
    let mut out = String::new();
    for user_id in &facts.user_ids {
        out.push_str(&format!("user id      {}\n", printable(user_id.as_bytes())));
    }
    let standing = trust::certificate_standing(facts, at);
    out.push_str(&lines("certificate", &facts.primary, &standing));
    for key in in_order(facts) {
        let standing = trust::subkey_standing(facts, key, at);
        out.push_str(&lines("subkey", key, &standing));
    }
    out
}

fn lines(what: &str, key: &KeyFacts, standing: &Standing) -> String {
    let use_of = match (standing.certifies, standing.signs) {
        (true, true) => "certifies and signs",
        (true, false) => "certifies",
        (false, true) => "signs",
        (false, false) => "does not sign",
    };
    let ends = standing.expires.map_or_else(|| "never".to_string(), |end| end.to_string());
    let mut out = format!(
        "{what:<12} {}\n  {}, {use_of}\n  made         {}\n  expires      {ends}\n",
        key.fingerprint, key.kind, key.created
    );
    if let Some(revocation) = standing.revoked {
        let how = match revocation.kind {
            RevocationKind::Hard => "as compromised: nothing it signed counts",
            RevocationKind::Soft => {
                "as superseded or retired: what it signed before counts where its age is proven (verify --age-proof)"
            }
        };
        out.push_str(&format!("  REVOKED      {}, {how}\n", revocation.at));
    }
    out
}
