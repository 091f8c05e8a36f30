//! Keys: their kinds, their flags and how they are bound.

use sequoia_openpgp as sq;
use sq::Packet;
use sq::cert::prelude::*;
use sq::types::*;

use super::Vector;
use crate::openpgp_support::*;

pub fn vectors() -> Vec<Vector> {
    let mut all = vec![unknown_signer(), not_allowed(), no_back_signature(), adopted()];
    all.extend(flags());
    all.extend(weak());
    all.extend(new_formats());
    all
}

fn unknown_signer() -> Vector {
    let (holder, stranger) = (Holder::new(), Holder::new());
    Vector::new("2", "unknown key", &holder, stranger.sign(0, DATA), "unknown-signer")
}

fn not_allowed() -> Vector {
    let (holder, other) = (Holder::new(), Holder::new());
    let mut vector = Vector::new(
        "61",
        "certificate of the keyring, not of the policy",
        &holder,
        other.sign(0, DATA),
        "signer-not-allowed",
    );
    vector.others.push(other);
    vector
}

fn no_back_signature() -> Vector {
    let subkey = SubkeySpec { back_signature: false, ..SubkeySpec::default() };
    let holder = Spec { subkeys: vec![subkey], ..Spec::default() }.make();
    let signature = holder.sign(0, DATA);
    Vector::new("13", "signing subkey without back signature", &holder, signature, "subkey-not-bound")
}

/// A listed certificate takes up the subkey of a stranger, with the back
/// signature that the stranger's certificate has.
fn adopted() -> Vector {
    let (thief, owner) = (Spec { subkeys: vec![], ..Spec::default() }.make(), Holder::new());
    let subkey = owner.cert.keys().subkeys().next().unwrap();
    let back = subkey.self_signatures().next().unwrap().embedded_signatures().next().unwrap().clone();
    let binding = SignatureBuilder::new(SignatureType::SubkeyBinding)
        .set_signature_creation_time(day(-399))
        .unwrap()
        .set_key_flags(KeyFlags::signing())
        .unwrap()
        .set_embedded_signature(back)
        .unwrap()
        .sign_subkey_binding(&mut thief.primary_pair(), None, subkey.key())
        .unwrap();
    let packets: [Packet; 2] = [subkey.key().clone().into(), binding.into()];
    let thief = Holder { cert: thief.cert.insert_packets(packets).unwrap().0 };
    Vector::new("14", "adopted subkey", &thief, owner.sign(0, DATA), "subkey-not-bound")
}

fn flags() -> Vec<Vector> {
    let subkey = SubkeySpec { flags: KeyFlags::transport_encryption(), ..SubkeySpec::default() };
    let encryption = Spec { subkeys: vec![subkey], ..Spec::default() }.make();
    let encrypted = encryption.sign(0, DATA);
    let holder = Holder::new();
    let primary = sign(&mut holder.primary_pair(), 0, DATA, SignatureType::Binary, HashAlgorithm::SHA512, Ok);
    vec![
        Vector::new("15", "signed by an encryption subkey", &encryption, encrypted, "key-not-for-signing"),
        Vector::new("16", "signed by a certify-only primary key", &holder, primary, "key-not-for-signing"),
    ]
}

fn weak() -> Vec<Vector> {
    let with_rsa = |bits| {
        let subkey = SubkeySpec { key: Some(rsa(-400, bits)), ..SubkeySpec::default() };
        Spec { subkeys: vec![subkey], ..Spec::default() }.make()
    };
    let (rsa1024, rsa2048, rsa3072) = (with_rsa(1024), with_rsa(2048), with_rsa(3072));
    let sha1 = Spec { hash: HashAlgorithm::SHA1, ..Spec::default() }.make();
    let by = |holder: &Holder| holder.sign(0, DATA);
    vec![
        Vector::new("46", "RSA-1024", &rsa1024, by(&rsa1024), "weak-key"),
        Vector::new("46a", "RSA-2048 without an exception", &rsa2048, by(&rsa2048), "weak-key"),
        Vector::new("46b", "RSA-3072", &rsa3072, by(&rsa3072), "ok"),
        Vector::new("55", "self-signatures with SHA-1 only", &sha1, by(&sha1), "weak-self-signature"),
    ]
}

fn new_formats() -> Vec<Vector> {
    let make = |suite| {
        let (cert, _) = CertBuilder::new()
            .set_profile(sq::Profile::RFC9580)
            .unwrap()
            .set_cipher_suite(suite)
            .set_creation_time(day(-400))
            .add_userid("Release <release@example.org>")
            .add_signing_subkey()
            .generate()
            .unwrap();
        Holder { cert }
    };
    let (v6, pqc) = (make(CipherSuite::Cv25519), make(CipherSuite::MLDSA65_Ed25519));
    let by = |holder: &Holder| holder.sign(0, DATA);
    vec![
        Vector::new("47", "version 6, Ed25519", &v6, by(&v6), "ok"),
        Vector::new("48", "version 6, ML-DSA-65+Ed25519", &pqc, by(&pqc), "ok"),
    ]
}
