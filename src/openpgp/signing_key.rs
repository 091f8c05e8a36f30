//! The secret half of a signing subkey, as it arrives on stdin.
//!
//! The bytes are read where they lie; what is kept of them is encrypted in
//! memory by Sequoia (`mem::Encrypted`) and wiped when dropped. Locking the
//! process's memory is the command layer's part.

use sequoia_openpgp as sq;
use sq::cert::CertParser;
use sq::cert::amalgamation::key::SubordinateKeyAmalgamation;
use sq::crypto::mem::Protected;
use sq::crypto::{KeyPair, Password, S2K};
use sq::packet::key::{PublicParts, SecretKeyMaterial};
use sq::parse::{Dearmor, PacketParserBuilder, Parse};
use sq::serialize::MarshalInto as _;
use sq::{Cert, Packet};

use super::armor::{self, ArmorDefect};
use super::{convert, framing};
use crate::release::signature::{KeyKind, SigningKeyFacts};
use crate::release::{Finding, Time};

/// A key file that is larger is refused.
pub const MAX_KEY_BYTES: usize = 1024 * 1024;

/// Packets of a key file that are still looked at.
const MAX_PACKETS: usize = 10_000;

/// Bytes that are wiped when dropped: read a key into these.
pub type Secret = Protected;

/// Why a key is not taken. It says nothing about the secret itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRefusal {
    /// Stable word, as in [`Finding`].
    pub code: &'static str,
    /// What was expected and what was found.
    pub message: String,
    /// What to do.
    pub hint: &'static str,
}

impl KeyRefusal {
    fn new(code: &'static str, message: impl Into<String>, hint: &'static str) -> Self {
        Self { code, message: message.into(), hint }
    }

    /// The refusal as a finding about `subject`.
    pub fn into_finding(self, subject: &str) -> Finding {
        Finding::error(self.code, subject, self.message, self.hint)
    }
}

const EXPORT: &str =
    "Export the one signing subkey: gpg --armor --export-secret-subkeys 'SUBKEY-FINGERPRINT!' (mind the !).";

/// A secret key that can sign.
pub struct SigningKey {
    pub(super) pair: KeyPair,
    facts: SigningKeyFacts,
}

impl SigningKey {
    /// Reads a transferable secret key (RFC 9580 section 10.2), armoured or
    /// binary, and picks the one signing subkey in it.
    ///
    /// Stubs of gpg stand for secrets that are absent. Of several signing
    /// subkeys the one that is alive at `at` is taken.
    ///
    /// # Errors
    /// [`KeyRefusal`] with one of the codes `not-a-secret-key`,
    /// `key-too-large`, `trailing-data`, `several-certificates`,
    /// `primary-secret-present`, `no-signing-key`, `several-signing-keys`,
    /// `key-on-card`, `unsupported-key-algorithm`, `key-locked`,
    /// `wrong-passphrase`.
    pub fn read(bytes: &[u8], passphrase: Option<&[u8]>, at: Time) -> Result<Self, KeyRefusal> {
        let cert = read_cert(bytes)?;
        let primary = cert.primary_key().key().optional_secret();
        if primary.is_some_and(|secret| !is_stub(secret)) {
            let message = "expected the secret of a signing subkey alone, found the primary key's secret too";
            return Err(KeyRefusal::new("primary-secret-present", message, EXPORT));
        }
        let subkey = choose(&cert, at)?;
        let key = subkey.key().clone();
        check_algorithm(convert::key_kind(&key))?;
        let (Some(certificate), Some(fingerprint)) =
            (convert::fingerprint(&cert.fingerprint()), convert::fingerprint(&key.fingerprint()))
        else {
            return Err(KeyRefusal::new("not-a-secret-key", "expected a key of version 4 or 6", EXPORT));
        };
        let facts = SigningKeyFacts { certificate, key: fingerprint, kind: convert::key_kind(&key) };
        let unreadable = |_| KeyRefusal::new("not-a-secret-key", "the secret cannot be read", EXPORT);
        let mut secret = key.parts_into_secret().map_err(unreadable)?;
        if secret.secret().is_encrypted() {
            let Some(passphrase) = passphrase else {
                let message = "the key is locked with a passphrase, and none was given";
                let hint =
                    "Give the passphrase too, or export the key without one and keep it in the secret store.";
                return Err(KeyRefusal::new("key-locked", message, hint));
            };
            secret = secret.decrypt_secret(&Password::from(passphrase)).map_err(|_| {
                KeyRefusal::new(
                    "wrong-passphrase",
                    "the passphrase does not unlock the key",
                    "Give the right one.",
                )
            })?;
        }
        let pair = secret.into_keypair().map_err(unreadable)?;
        Ok(Self { pair, facts })
    }

    /// What is known of the key beside the secret.
    pub fn facts(&self) -> &SigningKeyFacts {
        &self.facts
    }
}

pub(super) fn read_cert(bytes: &[u8]) -> Result<Cert, KeyRefusal> {
    let not_a_key = |message: &str| KeyRefusal::new("not-a-secret-key", message, EXPORT);
    if bytes.len() > MAX_KEY_BYTES {
        return Err(KeyRefusal::new(
            "key-too-large",
            format!("expected at most {MAX_KEY_BYTES} bytes"),
            EXPORT,
        ));
    }
    let body = match bytes.first() {
        None => return Err(not_a_key("expected a secret key, found nothing")),
        Some(first) if first & 0x80 != 0 => Protected::from(bytes),
        Some(_) => armor::decode(bytes, "PGP PRIVATE KEY BLOCK").map_err(armor_refusal)?,
    };
    let (frames, rest) = framing::split(&body, MAX_PACKETS);
    if frames.is_empty() {
        return Err(not_a_key("expected a secret key, found other bytes"));
    }
    if !rest.is_empty() {
        let message = format!("expected only packets of one key, found {} bytes after them", rest.len());
        return Err(KeyRefusal::new("trailing-data", message, EXPORT));
    }
    let parser = PacketParserBuilder::from_bytes(&body[..])
        .and_then(|builder| builder.dearmor(Dearmor::Disabled).build())
        .map_err(|_| not_a_key("expected a secret key, found other packets"))?;
    let mut certs = CertParser::from(parser);
    // The reason is not passed on: it may quote bytes of the key.
    let Some(Ok(cert)) = certs.next() else {
        return Err(not_a_key("expected a secret key, found other packets"));
    };
    if certs.next().is_some() {
        let message = "expected one key, found more than one";
        return Err(KeyRefusal::new("several-certificates", message, EXPORT));
    }
    if !cert.is_tsk() {
        return Err(not_a_key("expected a secret key, found a public certificate"));
    }
    Ok(cert)
}

fn armor_refusal(found: ArmorDefect) -> KeyRefusal {
    let (code, message) = match found {
        ArmorDefect::SeveralBlocks => {
            ("several-certificates", "expected one key, found a second armour block")
        }
        // The text itself is not shown: it may be part of the key.
        ArmorDefect::TextOutside(_) => ("trailing-data", "expected nothing outside the armour, found text"),
        ArmorDefect::Malformed(_) | ArmorDefect::HeadersTooLong => {
            ("not-a-secret-key", "the armour of the key cannot be read")
        }
        ArmorDefect::WrongLabel { label, .. } if label == "PGP PUBLIC KEY BLOCK" => {
            ("not-a-secret-key", "expected a secret key, found a public certificate")
        }
        ArmorDefect::NoArmor
        | ArmorDefect::WrongLabel { .. }
        | ArmorDefect::Cleartext
        | ArmorDefect::OtherFormat(_) => {
            ("not-a-secret-key", "expected an OpenPGP secret key, found something else")
        }
    };
    KeyRefusal::new(code, message, EXPORT)
}

/// Whether gpg's mark for an absent secret stands in its place (GnuPG,
/// doc/DETAILS, "GNU extensions to the S2K algorithm").
pub(super) fn is_stub(secret: &SecretKeyMaterial) -> bool {
    matches!(secret, SecretKeyMaterial::Encrypted(encrypted) if matches!(encrypted.s2k(), S2K::Private { tag: 101, .. }))
}

/// Whether the mark says that the secret is on a smart card: mode 2 after the
/// method's number, a hash algorithm and "GNU". Sequoia keeps these bytes to
/// itself, so they are looked for in the packet.
fn is_on_card(subkey: &Subkey<'_>) -> bool {
    let key = subkey.key();
    if !key.optional_secret().is_some_and(is_stub) {
        return false;
    }
    let packet = key.clone().parts_into_secret().and_then(|key| Packet::from(key).to_vec());
    packet.is_ok_and(|bytes| bytes.windows(6).any(|window| matches!(window, [101, _, b'G', b'N', b'U', 2])))
}

type Subkey<'a> = SubordinateKeyAmalgamation<'a, PublicParts>;

/// The signing subkey with a secret.
fn choose(cert: &Cert, at: Time) -> Result<Subkey<'_>, KeyRefusal> {
    let signing = |subkey: &Subkey<'_>| {
        // Newest first: only what is said last counts.
        let newest = subkey.self_signatures().next();
        newest.and_then(|binding| binding.key_flags()).is_some_and(|flags| flags.for_signing())
    };
    let all: Vec<Subkey<'_>> = cert.keys().subkeys().filter(signing).collect();
    let held = |subkey: &&Subkey<'_>| subkey.key().optional_secret().is_some_and(|secret| !is_stub(secret));
    let with_secret: Vec<&Subkey<'_>> = all.iter().filter(held).collect();
    let alive: Vec<&Subkey<'_>> = with_secret.iter().copied().filter(|subkey| is_alive(subkey, at)).collect();
    match (with_secret.as_slice(), alive.as_slice()) {
        ([], _) => Err(none_held(&all)),
        // What is wrong with it, the judge says.
        ([only], _) | (_, [only]) => Ok((*only).clone()),
        (several, _) => {
            let names: Vec<String> =
                several.iter().map(|subkey| subkey.key().fingerprint().to_hex()).collect();
            let message = format!("expected one signing subkey, found {}", names.join(" and "));
            Err(KeyRefusal::new("several-signing-keys", message, EXPORT))
        }
    }
}

fn none_held(signing: &[Subkey<'_>]) -> KeyRefusal {
    if signing.iter().any(is_on_card) {
        let message = "the secret of the signing subkey is on a smart card, not here";
        return KeyRefusal::new("key-on-card", message, "Sign on the host that has the card.");
    }
    let message = "expected the secret of a subkey for signing, found none";
    KeyRefusal::new("no-signing-key", message, EXPORT)
}

fn is_alive(subkey: &Subkey<'_>, at: Time) -> bool {
    let created = convert::time(subkey.key().creation_time());
    let newest = subkey.self_signatures().next();
    let ends = newest.and_then(|binding| binding.key_expiration_time(subkey.key())).map(convert::time);
    subkey.self_revocations().next().is_none() && created <= at && ends.is_none_or(|end| end > at)
}

/// Only kinds whose signing takes the same time whatever the secret is: the
/// backend's RSA is not blinded (RUSTSEC-2023-0071), and its NIST curves and
/// DSA promise nothing.
pub(super) fn check_algorithm(kind: KeyKind) -> Result<(), KeyRefusal> {
    match kind {
        KeyKind::Ed25519 | KeyKind::Ed448 | KeyKind::MlDsa65Ed25519 | KeyKind::MlDsa87Ed448 => Ok(()),
        other => {
            let message = format!(
                "expected an Ed25519 key, found {other}: its signing here is not safe against timing measurements"
            );
            let hint = "Make an Ed25519 signing subkey: gpg --quick-add-key FINGERPRINT ed25519 sign 1y. \
                        Signatures by other kinds of keys are verified all the same.";
            Err(KeyRefusal::new("unsupported-key-algorithm", message, hint))
        }
    }
}
