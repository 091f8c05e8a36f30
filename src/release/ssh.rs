//! SSH keys and what is known of SSH signatures: plain facts, no cryptography.
//!
//! Keys are as the policy lists them and as signatures carry them: OpenSSH's
//! encoding (RFC 4253 section 6.6, RFC 5656, RFC 8709, OpenSSH's PROTOCOL.u2f),
//! with one spelling for each key.

use super::base64;
use super::signature::{HashKind, KeyKind, SignatureDefect, Verification};
use sha2::{Digest as _, Sha256};
use std::fmt;

/// Longest RSA modulus that is looked at, in bytes: OpenSSH stops at 16384
/// bit, nobody uses half of it, and the work grows with its square.
const MAX_MODULUS: usize = 1024;

/// SHA-256 of a key's encoding, by which OpenSSH names keys. Documents have
/// it as `ssh:SHA256:…`, so that nobody takes it for an OpenPGP fingerprint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SshFingerprint([u8; 32]);

impl SshFingerprint {
    /// Parses `ssh:SHA256:` and 43 digits of base64.
    ///
    /// # Errors
    /// What was expected.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        const EXPECTED: &str = "is no fingerprint of an SSH key: ssh:SHA256: and 43 digits of base64";
        let digits = text.strip_prefix("ssh:SHA256:").filter(|digits| digits.len() == 43).ok_or(EXPECTED)?;
        let bytes = base64::decode(format!("{digits}=").as_bytes()).ok_or(EXPECTED)?;
        bytes.try_into().map(Self).map_err(|_| EXPECTED)
    }
}

impl fmt::Display for SshFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ssh:SHA256:{}", base64::encode_unpadded(&self.0))
    }
}

/// The numbers of a public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SshKeyMaterial {
    /// `ssh-ed25519`.
    Ed25519([u8; 32]),
    /// `sk-ssh-ed25519@openssh.com`: the secret is in a security key.
    SkEd25519 {
        /// The point.
        key: [u8; 32],
        /// What the security key signs for, usually `ssh:`.
        application: Vec<u8>,
    },
    /// `ecdsa-sha2-nistp256`: the point, not compressed.
    EcdsaP256([u8; 65]),
    /// `ssh-rsa`, which names the key and not the hash function: big-endian
    /// numbers without leading zeros.
    Rsa {
        /// Public exponent.
        exponent: Vec<u8>,
        /// Modulus.
        modulus: Vec<u8>,
    },
}

/// A public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SshPublicKey {
    /// By what it is named.
    pub fingerprint: SshFingerprint,
    /// Its numbers.
    pub material: SshKeyMaterial,
    /// Its encoding, which begins with its type.
    pub blob: Vec<u8>,
}

impl SshPublicKey {
    /// Parses a line of a `.pub` file, `TYPE BASE64 COMMENT`; the comment may
    /// be absent, options are refused.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn parse_line(line: &str) -> Result<Self, String> {
        let mut words = line.split(' ');
        let (Some(kind), Some(digits)) = (words.next(), words.next()) else {
            return Err("is no public SSH key: TYPE BASE64 COMMENT, as in a .pub file".into());
        };
        if line.contains(|c: char| c.is_control()) {
            return Err("is more than the one line of a .pub file".into());
        }
        if let Some(defect) = unsupported(kind.as_bytes()) {
            return Err(defect.message);
        }
        let blob = base64::decode(digits.as_bytes()).ok_or("holds no base64 after the key's type")?;
        let (inner, key) = Self::typed(&blob).map_err(|defect| defect.message)?;
        if inner != kind.as_bytes() {
            return Err(format!("says {kind:?} and holds {:?}", super::path::printable(inner)));
        }
        Ok(key)
    }

    /// Parses a key's encoding.
    ///
    /// # Errors
    /// The defect that a signature with such a key has.
    pub fn parse(blob: &[u8]) -> Result<Self, SignatureDefect> {
        Self::typed(blob).map(|(_, key)| key)
    }

    fn typed(blob: &[u8]) -> Result<(&[u8], Self), SignatureDefect> {
        let mut wire = Wire::new(blob, "the public key");
        let kind = wire.string()?;
        if let Some(defect) = unsupported(kind) {
            return Err(defect);
        }
        let material = match kind {
            b"ssh-ed25519" => SshKeyMaterial::Ed25519(wire.array()?),
            b"sk-ssh-ed25519@openssh.com" => {
                SshKeyMaterial::SkEd25519 { key: wire.array()?, application: wire.string()?.into() }
            }
            b"ecdsa-sha2-nistp256" => {
                let curve = wire.string()?;
                let point: [u8; 65] = wire.array()?;
                if curve != b"nistp256" || point.first() != Some(&4) {
                    return Err(wire.malformed("names another curve, or its point is compressed"));
                }
                SshKeyMaterial::EcdsaP256(point)
            }
            _ => {
                let (exponent, modulus) = (wire.number()?.to_vec(), wire.number()?.to_vec());
                if modulus.len() > MAX_MODULUS || exponent.len() > 4 {
                    return Err(defect(
                        "unsupported-ssh-key",
                        "the RSA key is larger than any in use".into(),
                    ));
                }
                SshKeyMaterial::Rsa { exponent, modulus }
            }
        };
        wire.end()?;
        let fingerprint = SshFingerprint(Sha256::digest(blob).into());
        Ok((kind, Self { fingerprint, material, blob: blob.into() }))
    }

    /// `TYPE BASE64`, as a `.pub` file has it.
    pub fn line(&self) -> String {
        let kind = Wire::new(&self.blob, "the public key").string().unwrap_or_default();
        let digits = base64::encode_unpadded(&self.blob);
        let padding = "=".repeat(digits.len().next_multiple_of(4) - digits.len());
        format!("{} {digits}{padding}", String::from_utf8_lossy(kind))
    }

    /// Kind and size, as the list of algorithms knows them.
    pub fn kind(&self) -> KeyKind {
        match &self.material {
            SshKeyMaterial::Ed25519(_) | SshKeyMaterial::SkEd25519 { .. } => KeyKind::Ed25519,
            SshKeyMaterial::EcdsaP256(_) => KeyKind::Nist { bits: 256 },
            SshKeyMaterial::Rsa { modulus, .. } => {
                let first = modulus.first().map_or(0, |byte| byte.leading_zeros() as usize);
                KeyKind::Rsa { bits: modulus.len() * 8 - first }
            }
        }
    }
}

/// Why keys of a type are not accepted; `None` for those that are.
fn unsupported(kind: &[u8]) -> Option<SignatureDefect> {
    const KNOWN: [&[u8]; 4] =
        [b"ssh-ed25519", b"sk-ssh-ed25519@openssh.com", b"ecdsa-sha2-nistp256", b"ssh-rsa"];
    if KNOWN.contains(&kind) {
        return None;
    }
    let shown = super::path::printable(kind.get(..64).unwrap_or(kind));
    let expected = "ssh-ed25519, sk-ssh-ed25519@openssh.com, ecdsa-sha2-nistp256 or ssh-rsa";
    if kind.windows(6).any(|window| window == b"-cert-") {
        let message = format!("expected a plain key ({expected}), found the certificate type {shown:?}");
        return Some(defect("unsupported-ssh-certificate", message));
    }
    Some(defect("unsupported-ssh-key", format!("expected a key of type {expected}, found {shown:?}")))
}

fn defect(code: &'static str, message: String) -> SignatureDefect {
    SignatureDefect { code, message }
}

/// Reads the encodings of RFC 4251 section 5, strictly.
#[derive(Debug)]
pub struct Wire<'a> {
    rest: &'a [u8],
    what: &'static str,
}

impl<'a> Wire<'a> {
    /// Reads `bytes`, which messages call `what`.
    pub fn new(bytes: &'a [u8], what: &'static str) -> Self {
        Self { rest: bytes, what }
    }

    /// That something about it is wrong.
    pub fn malformed(&self, why: &str) -> SignatureDefect {
        defect("malformed-ssh-signature", format!("{} {why}", self.what))
    }

    /// The next `count` bytes.
    ///
    /// # Errors
    /// If there are fewer.
    pub fn take(&mut self, count: usize) -> Result<&'a [u8], SignatureDefect> {
        let (taken, rest) =
            self.rest.split_at_checked(count).ok_or_else(|| self.malformed("ends too early"))?;
        self.rest = rest;
        Ok(taken)
    }

    /// A `uint32`.
    ///
    /// # Errors
    /// If there are fewer than four bytes.
    pub fn uint32(&mut self) -> Result<u32, SignatureDefect> {
        Ok(self.take(4)?.iter().fold(0, |number, byte| (number << 8) | u32::from(*byte)))
    }

    /// A `string`: its length, then its bytes.
    ///
    /// # Errors
    /// If there are fewer bytes.
    pub fn string(&mut self) -> Result<&'a [u8], SignatureDefect> {
        let length = self.uint32()?;
        self.take(usize::try_from(length).unwrap_or(usize::MAX))
    }

    /// A `string` of `N` bytes.
    ///
    /// # Errors
    /// If it has another length.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], SignatureDefect> {
        let string = self.string()?;
        string.try_into().map_err(|_| self.malformed(&format!("has {} bytes instead of {N}", string.len())))
    }

    /// A positive `mpint` in its shortest form, without the leading zero byte.
    ///
    /// # Errors
    /// For zero, negative numbers and longer forms.
    pub fn number(&mut self) -> Result<&'a [u8], SignatureDefect> {
        let digits = self.string()?;
        let found = match digits {
            [0, rest @ ..] if rest.first().is_some_and(|first| *first >= 0x80) => Some(rest),
            [first, ..] if (1..0x80).contains(first) => Some(digits),
            _ => None,
        };
        found.ok_or_else(|| self.malformed("holds a number that is not positive or not in its shortest form"))
    }

    /// That nothing is left.
    ///
    /// # Errors
    /// If something is.
    pub fn end(self) -> Result<(), SignatureDefect> {
        if self.rest.is_empty() { Ok(()) } else { Err(self.malformed("goes on after its end")) }
    }
}

/// All that is known of one SSH signature and its data (OpenSSH's
/// PROTOCOL.sshsig). It does not say when it was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SshSignatureFacts {
    /// The key that it carries.
    pub key: SshPublicKey,
    /// What it says that it was made for; git's are for `git`.
    pub namespace: Vec<u8>,
    /// Hash function of the data.
    pub hash: HashKind,
    /// Whether the key made it over the data.
    pub verification: Verification,
    /// For a security key: whether it says that somebody touched it.
    pub user_present: Option<bool>,
}

crate::release::text::serde_as_text!(SshFingerprint);

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8709 has no example; this is the key of 32 bytes of 7.
    fn ed25519() -> String {
        let mut blob = b"\0\0\0\x0bssh-ed25519\0\0\0 ".to_vec();
        blob.extend([7; 32]);
        padded(&blob)
    }

    fn padded(blob: &[u8]) -> String {
        let mut text = base64::encode_unpadded(blob);
        while !text.len().is_multiple_of(4) {
            text.push('=');
        }
        text
    }

    fn fault(line: &str) -> String {
        SshPublicKey::parse_line(line).unwrap_err()
    }

    #[test]
    fn a_line_of_a_pub_file_is_read_with_and_without_comment() {
        let key = SshPublicKey::parse_line(&format!("ssh-ed25519 {} ada@example.org laptop", ed25519()));
        assert_eq!(key.as_ref().unwrap().kind(), KeyKind::Ed25519);
        assert_eq!(key, SshPublicKey::parse_line(&format!("ssh-ed25519 {}", ed25519())));
        let shown = key.unwrap().fingerprint.to_string();
        assert_eq!(SshFingerprint::parse(&shown).unwrap().to_string(), shown);
        assert!(shown.starts_with("ssh:SHA256:") && shown.len() == 54);
    }

    #[test]
    fn other_lines_are_refused_by_their_reason() {
        let key = ed25519();
        assert!(fault(&key).contains("TYPE BASE64"));
        assert!(fault(&format!("cert-authority ssh-ed25519 {key}")).contains("cert-authority"));
        assert!(fault(&format!("ssh-ed25519  {key}")).contains("too early"), "two blanks");
        assert!(fault(&format!("ssh-ed25519 {key}\n")).contains("one line"));
        assert!(fault(&format!("ssh-rsa {key}")).contains("holds \"ssh-ed25519\""));
        assert!(fault("ssh-dss AAAAB3NzaC1kc3M=").contains("expected a key of type"));
        assert!(fault("ssh-ed25519-cert-v01@openssh.com AAAA").contains("certificate"));
        assert!(fault("ssh-ed25519 AAAA").contains("too early"));
    }

    #[test]
    fn numbers_have_one_spelling() {
        let number =
            |bytes: &[u8]| Wire::new(bytes, "x").number().map(<[u8]>::to_vec).map_err(|defect| defect.code);
        assert_eq!(number(&[0, 0, 0, 1, 5]).unwrap(), [5]);
        assert_eq!(number(&[0, 0, 0, 2, 0, 0x80]).unwrap(), [0x80]);
        for bad in [&[0, 0, 0, 0][..], &[0, 0, 0, 1, 0], &[0, 0, 0, 1, 0x80], &[0, 0, 0, 2, 0, 5], &[0, 0]] {
            assert_eq!(number(bad), Err("malformed-ssh-signature"), "{bad:?}");
        }
        assert!(Wire::new(&[0xff; 8], "x").string().is_err(), "a length beyond the end");
    }

    #[test]
    fn fingerprints_are_not_mistaken_for_others() {
        let digits = "A".repeat(43);
        assert!(SshFingerprint::parse(&format!("ssh:SHA256:{digits}")).is_ok());
        for bad in [format!("SHA256:{digits}"), format!("ssh:SHA256:{digits}="), "ssh:SHA256:AAAA".into()] {
            assert!(SshFingerprint::parse(&bad).is_err(), "{bad}");
        }
    }
}
