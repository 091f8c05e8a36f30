//! The name of a key for gpg-agent: SHA-1 over its public numbers, whatever
//! OpenPGP says of it (libgcrypt, `gcry_pk_get_keygrip`).
//!
//! It only says which key is meant. Whether that key signed is verified.

use sequoia_openpgp::crypto::mpi::PublicKey;
use sequoia_openpgp::types::Curve;
use sha1_checked::{Digest as _, Sha1};

/// Numbers of a curve in the order in which libgcrypt hashes them: prime, a,
/// b, base point, order. Negative ones stand without their sign.
struct Parameters([&'static str; 5]);

const ED25519: Parameters = Parameters([
    "7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFED",
    "01",
    "2DFC9311D490018C7338BF8688861767FF8FF5B2BEBE27548A14B235ECA6874A",
    "04216936D3CD6E53FEC0A4E231FDD6DC5C692CC7609525A7B2C9562D608F25D51A\
     6666666666666666666666666666666666666666666666666666666666666658",
    "1000000000000000000000000000000014DEF9DEA2F79CD65812631A5CF5D3ED",
]);

const P256: Parameters = Parameters([
    "FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF",
    "FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFC",
    "5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B",
    "046B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296\
     4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5",
    "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551",
]);

const P384: Parameters = Parameters([
    "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFFFFF0000000000000000FFFFFFFF",
    "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFFFFF0000000000000000FFFFFFFC",
    "B3312FA7E23EE7E4988E056BE3F82D19181D9C6EFE8141120314088F5013875AC656398D8A2ED19D2A85C8EDD3EC2AEF",
    "04AA87CA22BE8B05378EB1C71EF320AD746E1D3B628BA79B9859F741E082542A385502F25DBF55296C3A545E3872760AB7\
     3617DE4A96262C6F5D9E98BF9292DC29F8F41DBD289A147CE9DA3113B5F0B8C00A60B1CE1D7E819D7A431D7C90EA0E5F",
    "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973",
]);

/// The keygrip in upper-case hex; `None` for kinds that are not known here.
pub(super) fn of(key: &PublicKey) -> Option<String> {
    let mut hash = Sha1::new();
    match key {
        PublicKey::RSA { n, .. } => {
            // As a signed number, which has a zero before a first bit of 1.
            if n.value().first().is_some_and(|first| first & 0x80 != 0) {
                hash.update([0]);
            }
            hash.update(n.value());
        }
        PublicKey::EdDSA { curve: Curve::Ed25519, q } => {
            // Without the 0x40 that OpenPGP puts before a native point.
            hash_curve(&mut hash, &ED25519, q.value().strip_prefix(&[0x40])?);
        }
        PublicKey::ECDSA { curve: Curve::NistP256, q } => hash_curve(&mut hash, &P256, q.value()),
        PublicKey::ECDSA { curve: Curve::NistP384, q } => hash_curve(&mut hash, &P384, q.value()),
        _ => return None,
    }
    let digest = hash.finalize();
    Some(digest.iter().map(|byte| format!("{byte:02X}")).collect())
}

fn hash_curve(hash: &mut Sha1, Parameters(parameters): &Parameters, point: &[u8]) {
    let decoded = parameters.iter().map(|hex| decode(hex));
    for (name, value) in "pabgnq".chars().zip(decoded.chain([point.to_vec()])) {
        hash.update(format!("(1:{name}{}:", value.len()));
        hash.update(&value);
        hash.update(")");
    }
}

fn decode(hex: &str) -> Vec<u8> {
    let digits: Vec<u32> = hex.chars().filter_map(|digit| digit.to_digit(16)).collect();
    let byte = |pair: &[u32]| pair.iter().fold(0, |value, digit| value * 16 + digit);
    digits.chunks(2).map(|pair| u8::try_from(byte(pair)).unwrap_or_default()).collect()
}
