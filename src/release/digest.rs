//! Digests and git object ids as values: parsed strictly, shown in lower-case hex.

use sha2::{Digest as _, Sha256};
use std::fmt;

/// Why a text is not a digest of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not {wanted}")]
pub struct BadHex {
    /// What was given.
    pub text: String,
    /// What was wanted, in words.
    pub wanted: &'static str,
}

fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.as_bytes();
    if digits.len() != 2 * N {
        return None;
    }
    let mut out = [0u8; N];
    for (byte, pair) in out.iter_mut().zip(digits.chunks_exact(2)) {
        let [high, low] = pair else { return None };
        *byte = (nibble(*high)? << 4) | nibble(*low)?;
    }
    Some(out)
}

/// Lower case only: a digest has one spelling.
fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

/// Lower-case hexadecimal digits of `bytes`.
pub fn hex(bytes: &[u8]) -> String {
    use fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        // Writing to a String cannot fail.
        let _ = write!(out, "{byte:02x}");
        out
    })
}

macro_rules! digest {
    ($(#[$doc:meta])* $name:ident, $bytes:literal, $wanted:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $bytes]);

        impl $name {
            /// Parses lower-case hexadecimal digits of exactly the right length.
            ///
            /// # Errors
            /// [`BadHex`] for anything else, upper-case digits included.
            pub fn parse(text: &str) -> Result<Self, BadHex> {
                decode(text).map(Self).ok_or_else(|| BadHex { text: text.into(), wanted: $wanted })
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex(&self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), hex(&self.0))
            }
        }

        crate::release::text::serde_as_text!($name);
    };
}

digest!(
    /// A SHA-256 digest (FIPS 180-4), 32 bytes.
    Sha256Digest, 32, "a SHA-256 digest (64 lower-case hexadecimal digits)"
);
digest!(
    /// A SHA-512 digest (FIPS 180-4), 64 bytes.
    Sha512Digest, 64, "a SHA-512 digest (128 lower-case hexadecimal digits)"
);

impl Sha256Digest {
    /// The digest of these bytes.
    pub fn of(bytes: impl AsRef<[u8]>) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

/// What is known of one file's bytes after a single read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArtifactDigests {
    /// Length in bytes.
    pub size: u64,
    /// SHA-256 over all bytes.
    pub sha256: Sha256Digest,
    /// SHA-512 over all bytes.
    pub sha512: Sha512Digest,
}

/// The id of a git object: SHA-1 or, in repositories with
/// `extensions.objectFormat = sha256`, SHA-256 (gitformat-hash-function-transition).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ObjectId {
    /// 20 bytes.
    Sha1([u8; 20]),
    /// 32 bytes.
    Sha256([u8; 32]),
}

impl ObjectId {
    /// Parses 40 or 64 lower-case hexadecimal digits.
    ///
    /// # Errors
    /// [`BadHex`] for anything else; abbreviated ids are never accepted.
    pub fn parse(text: &str) -> Result<Self, BadHex> {
        decode(text).map(Self::Sha1).or_else(|| decode(text).map(Self::Sha256)).ok_or_else(|| BadHex {
            text: text.into(),
            wanted: "a whole git object id (40 or 64 lower-case hexadecimal digits)",
        })
    }

    /// Wraps 20 or 32 raw bytes; `None` for any other length.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        if let Ok(sha1) = bytes.try_into() {
            Some(Self::Sha1(sha1))
        } else {
            bytes.try_into().ok().map(Self::Sha256)
        }
    }

    /// The raw bytes.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Sha1(bytes) => bytes,
            Self::Sha256(bytes) => bytes,
        }
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(self.as_bytes()))
    }
}

impl fmt::Debug for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ObjectId({self})")
    }
}

crate::release::text::serde_as_text!(ObjectId);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_has_one_spelling() {
        let text = "ab".repeat(32);
        assert_eq!(Sha256Digest::parse(&text).map(|d| d.to_string()), Ok(text.clone()));
        for bad in [text.to_uppercase(), text[1..].to_string(), format!("{text}a"), "é".repeat(32)] {
            assert!(Sha256Digest::parse(&bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn object_ids_are_whole_and_of_two_kinds() {
        assert!(matches!(ObjectId::parse(&"0".repeat(40)), Ok(ObjectId::Sha1(_))));
        assert!(matches!(ObjectId::parse(&"0".repeat(64)), Ok(ObjectId::Sha256(_))));
        assert!(ObjectId::parse("0123456").is_err());
    }
}
