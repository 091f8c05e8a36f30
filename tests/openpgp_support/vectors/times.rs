//! Dates: of signatures, certificates and revocations.

use super::Vector;
use crate::openpgp_support::*;

const RETIRED: ReasonForRevocation = ReasonForRevocation::KeySuperseded;
const STOLEN: ReasonForRevocation = ReasonForRevocation::KeyCompromised;

pub fn vectors() -> Vec<Vector> {
    let mut all = signatures();
    all.extend(expiry());
    all.extend(revocations());
    all
}

fn signatures() -> Vec<Vector> {
    let holder = Holder::new();
    let short =
        holder.sign_with(-10, DATA, |builder| builder.set_signature_validity_period(days(1).unwrap()));
    let late = Spec { bound: Some(-5), ..Spec::default() }.make();
    let late_signature = late.sign(-10, DATA);
    vec![
        Vector::new("1", "good", &holder, holder.sign(0, DATA), "ok"),
        Vector::new(
            "6",
            "signed before the key was made",
            &holder,
            holder.sign(-500, DATA),
            "signed-before-key",
        ),
        Vector::new("7", "dated 30 days ahead", &holder, holder.sign(30, DATA), "signature-from-future"),
        Vector::new("8", "the signature has expired", &holder, short, "signature-expired"),
        Vector::new(
            "56",
            "self-signatures newer than the signature (extended with gpg)",
            &late,
            late_signature,
            "ok (binding-newer-than-signature)",
        ),
    ]
}

fn expiry() -> Vec<Vector> {
    let ended = Spec { life: days(370), ..Spec::default() }.make();
    let subkey = SubkeySpec { life: days(370), ..SubkeySpec::default() };
    let ended_subkey = Spec { subkeys: vec![subkey], ..Spec::default() }.make();
    let before = ended.sign(-60, DATA);
    let after = ended.sign(-10, DATA);
    let subkey_before = ended_subkey.sign(-60, DATA);
    let subkey_after = ended_subkey.sign(-10, DATA);
    vec![
        Vector::new(
            "4",
            "certificate expired now, signature dated before",
            &ended,
            before,
            "certificate-expired",
        )
        .archive("age-unproven"),
        Vector::new("5", "signed after the certificate expired", &ended, after, "signed-after-expiry"),
        Vector::new("53", "subkey expired, signed after", &ended_subkey, subkey_after, "signed-after-expiry"),
        Vector::new(
            "54",
            "subkey expired, signature dated before",
            &ended_subkey,
            subkey_before,
            "subkey-expired",
        )
        .archive("age-unproven"),
    ]
}

fn revocations() -> Vec<Vector> {
    let holder = Holder::new();
    let stolen = holder.clone().revoked(STOLEN, -1);
    let retired = holder.clone().revoked(RETIRED, -5);
    let stolen_subkey = holder.clone().subkey_revoked(STOLEN, -1);
    let retired_subkey = holder.clone().subkey_revoked(RETIRED, -5);
    let old = || holder.sign(-10, DATA);
    let new = || holder.sign(-1, DATA);
    vec![
        Vector::new("9", "certificate revoked as compromised", &stolen, old(), "certificate-compromised"),
        Vector::new(
            "10",
            "certificate superseded, signature dated before",
            &retired,
            old(),
            "certificate-retired",
        )
        .archive("age-unproven"),
        Vector::new("11", "certificate superseded, signed after", &retired, new(), "signed-after-revocation"),
        Vector::new("12", "subkey revoked as compromised", &stolen_subkey, old(), "subkey-compromised"),
        Vector::new(
            "57",
            "subkey superseded, signature dated before",
            &retired_subkey,
            old(),
            "subkey-retired",
        )
        .archive("age-unproven"),
        Vector::new(
            "58",
            "subkey superseded, signed after",
            &retired_subkey,
            new(),
            "signed-after-revocation",
        ),
        by_others("59", "revoked by somebody whose certificate is missing", false),
        by_others("60", "revoked by a designated revoker of the keyring", true),
    ]
}

/// A certificate that somebody else revoked ten days ago.
fn by_others(row: &'static str, what: &'static str, known: bool) -> Vector {
    let revoker = Spec { name: "Revoker <revoker@example.org>", ..Spec::default() }.make();
    let holder = Holder::new();
    let primary = holder.cert.primary_key().key().clone();
    let designation = SignatureBuilder::new(SignatureType::DirectKey)
        .set_signature_creation_time(day(-399))
        .unwrap()
        .set_revocation_key(RevocationKey::new(PublicKeyAlgorithm::EdDSA, revoker.cert.fingerprint(), false))
        .unwrap()
        .sign_direct_key(&mut holder.primary_pair(), Some(&primary))
        .unwrap();
    let revocation = SignatureBuilder::new(SignatureType::KeyRevocation)
        .set_signature_creation_time(day(-10))
        .unwrap()
        .set_reason_for_revocation(STOLEN, b"")
        .unwrap()
        .sign_direct_key(&mut revoker.primary_pair(), Some(&primary))
        .unwrap();
    let holder = holder.with(designation).with(revocation);
    let signature = holder.sign(-20, DATA);
    if known {
        let mut vector = Vector::new(row, what, &holder, signature, "certificate-compromised");
        vector.others.push(revoker);
        vector
    } else {
        Vector::new(row, what, &holder, signature, "revocation-unconfirmed").archive("ok")
    }
}
