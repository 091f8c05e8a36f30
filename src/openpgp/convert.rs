//! Sequoia's types as ours.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sequoia_openpgp as sq;
use sq::crypto::mpi::PublicKey;
use sq::packet::key::{KeyParts, KeyRole};
use sq::types::{Curve, HashAlgorithm, PublicKeyAlgorithm, SignatureType};

use crate::release::signature::{HashKind, KeyKind, SignatureKind};
use crate::release::{Fingerprint, Time};

/// OpenPGP times are whole seconds from 1970 on, so nothing is lost.
pub(crate) fn time(time: SystemTime) -> Time {
    let seconds = time.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs();
    Time::from_unix(i64::try_from(seconds).unwrap_or(i64::MAX))
}

/// The other way; `None` for times that no signature can state: before 1970
/// or after 2106 (RFC 9580 section 3.5).
pub(crate) fn system_time(time: Time) -> Option<SystemTime> {
    u32::try_from(time.unix()).ok().map(|seconds| UNIX_EPOCH + Duration::from_secs(seconds.into()))
}

/// `None` for a version without a meaning here.
pub(crate) fn fingerprint(fingerprint: &sq::Fingerprint) -> Option<Fingerprint> {
    Fingerprint::parse(&fingerprint.to_hex()).ok()
}

pub(crate) fn hash(algorithm: HashAlgorithm) -> HashKind {
    match algorithm {
        HashAlgorithm::MD5 => HashKind::Md5,
        HashAlgorithm::SHA1 => HashKind::Sha1,
        HashAlgorithm::RipeMD => HashKind::Ripemd160,
        HashAlgorithm::SHA224 => HashKind::Sha224,
        HashAlgorithm::SHA256 => HashKind::Sha256,
        HashAlgorithm::SHA384 => HashKind::Sha384,
        HashAlgorithm::SHA512 => HashKind::Sha512,
        HashAlgorithm::SHA3_256 => HashKind::Sha3_256,
        HashAlgorithm::SHA3_512 => HashKind::Sha3_512,
        other => HashKind::Other(other.into()),
    }
}

pub(crate) fn signature_kind(kind: SignatureType) -> SignatureKind {
    match kind {
        SignatureType::Binary => SignatureKind::Binary,
        SignatureType::Text => SignatureKind::Text,
        other => SignatureKind::Other(other.into()),
    }
}

pub(crate) fn key_kind<P: KeyParts, R: KeyRole>(key: &sq::packet::Key<P, R>) -> KeyKind {
    match (key.pk_algo(), key.mpis()) {
        (PublicKeyAlgorithm::MLDSA65_Ed25519, _) => KeyKind::MlDsa65Ed25519,
        (PublicKeyAlgorithm::MLDSA87_Ed448, _) => KeyKind::MlDsa87Ed448,
        (
            PublicKeyAlgorithm::SLHDSA128s | PublicKeyAlgorithm::SLHDSA128f | PublicKeyAlgorithm::SLHDSA256s,
            _,
        ) => KeyKind::SlhDsa,
        (_, PublicKey::RSA { n, .. }) => KeyKind::Rsa { bits: n.bits() },
        (_, PublicKey::DSA { p, .. }) => KeyKind::Dsa { bits: p.bits() },
        (_, PublicKey::Ed25519 { .. } | PublicKey::EdDSA { curve: Curve::Ed25519, .. }) => KeyKind::Ed25519,
        (_, PublicKey::Ed448 { .. }) => KeyKind::Ed448,
        (algorithm, PublicKey::ECDSA { curve, .. }) => match curve {
            Curve::NistP256 => KeyKind::Nist { bits: 256 },
            Curve::NistP384 => KeyKind::Nist { bits: 384 },
            Curve::NistP521 => KeyKind::Nist { bits: 521 },
            Curve::BrainpoolP256 | Curve::BrainpoolP384 | Curve::BrainpoolP512 => KeyKind::Brainpool,
            _ => KeyKind::Other(algorithm.into()),
        },
        (algorithm, _) => KeyKind::Other(algorithm.into()),
    }
}
