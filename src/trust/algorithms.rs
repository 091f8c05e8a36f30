//! Which algorithms a release may rest on: our own list, with a version and
//! dates, the same on every host and with every backend.

use crate::release::Time;
use crate::release::signature::{HashKind, KeyKind};

/// Name and version of this list; every change of it gets a new one.
pub const LIST: &str = "countersign/algorithms@v1";

/// Last second of exceptions for RSA below 3072 bit: NIST SP 800-131A rev. 3
/// ends 112-bit security with the year 2030.
const SHORT_RSA_ENDS: i64 = 1_924_991_999;

/// Last second of exceptions for the NIST curves: NIST IR 8547 ends classical
/// signatures with the year 2035.
const NIST_CURVES_END: i64 = 2_082_758_399;

/// How the list stands to a kind of key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Accepted.
    Accepted,
    /// Accepted for certificates that the policy excepts, and never after
    /// this time.
    Exception {
        /// Last second.
        until: Time,
    },
    /// Never accepted.
    Refused,
}

/// Whether signatures over documents, certificates and subkeys may use `hash`.
///
/// SHA-224 is left out although nobody has broken it: 112 bits, and no
/// release was ever signed with it.
pub fn accepts_hash(hash: HashKind) -> bool {
    matches!(
        hash,
        HashKind::Sha256 | HashKind::Sha384 | HashKind::Sha512 | HashKind::Sha3_256 | HashKind::Sha3_512
    )
}

/// How the list stands to signatures by a key of this kind.
pub fn key_standing(kind: KeyKind) -> Standing {
    match kind {
        KeyKind::Ed25519
        | KeyKind::Ed448
        | KeyKind::MlDsa65Ed25519
        | KeyKind::MlDsa87Ed448
        | KeyKind::SlhDsa => Standing::Accepted,
        KeyKind::Rsa { bits } if bits >= 3072 => Standing::Accepted,
        KeyKind::Rsa { bits } if bits >= 2048 => {
            Standing::Exception { until: Time::from_unix(SHORT_RSA_ENDS) }
        }
        KeyKind::Nist { .. } => Standing::Exception { until: Time::from_unix(NIST_CURVES_END) },
        KeyKind::Rsa { .. } | KeyKind::Dsa { .. } | KeyKind::Brainpool | KeyKind::Other(_) => {
            Standing::Refused
        }
    }
}

/// The list in words, for messages.
pub(super) const HASHES: &str = "SHA-256, SHA-384, SHA-512 or SHA-3";
/// The list in words, for messages.
pub(super) const KEYS: &str = "Ed25519, Ed448, RSA from 3072 bit or a post-quantum composite";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dates_are_the_ends_of_years() {
        assert_eq!(Time::from_unix(SHORT_RSA_ENDS).to_string(), "2030-12-31T23:59:59Z");
        assert_eq!(Time::from_unix(NIST_CURVES_END).to_string(), "2035-12-31T23:59:59Z");
    }

    #[test]
    fn weak_hashes_and_keys_are_refused() {
        for hash in
            [HashKind::Md5, HashKind::Sha1, HashKind::Ripemd160, HashKind::Sha224, HashKind::Other(99)]
        {
            assert!(!accepts_hash(hash), "{hash}");
        }
        for kind in [
            KeyKind::Rsa { bits: 1024 },
            KeyKind::Rsa { bits: 2047 },
            KeyKind::Dsa { bits: 3072 },
            KeyKind::Brainpool,
            KeyKind::Other(18),
        ] {
            assert_eq!(key_standing(kind), Standing::Refused, "{kind}");
        }
        assert!(matches!(key_standing(KeyKind::Rsa { bits: 3071 }), Standing::Exception { .. }));
        assert_eq!(key_standing(KeyKind::Rsa { bits: 3072 }), Standing::Accepted);
    }
}
