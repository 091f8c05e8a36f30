//! Facts about signatures and certificates: gathered by the OpenPGP room,
//! judged by `trust`.
//!
//! A fact says what is written or what arithmetic showed; it never says
//! whether that is good enough, and never depends on the present time. So the
//! same facts can be judged for today (release) and for the day the signature
//! claims (archive).

use std::fmt;
use std::sync::Arc;

use super::vetting::VettingState;
use super::{Fingerprint, Time};

/// Names of the notations that say what a signature was made for, without
/// their domain.
pub mod notation {
    /// The file's name.
    pub const ARTIFACT: &str = "artifact";
    /// The project, as the policy names it.
    pub const PROJECT: &str = "project";
    /// The version, without what the tag template adds.
    pub const VERSION: &str = "version";
}

/// A hash function of OpenPGP (RFC 9580 section 9.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HashKind {
    /// MD5.
    Md5,
    /// SHA-1.
    Sha1,
    /// RIPEMD-160.
    Ripemd160,
    /// SHA2-224.
    Sha224,
    /// SHA2-256.
    Sha256,
    /// SHA2-384.
    Sha384,
    /// SHA2-512.
    Sha512,
    /// SHA3-256.
    Sha3_256,
    /// SHA3-512.
    Sha3_512,
    /// A number without a meaning here.
    Other(u8),
}

impl fmt::Display for HashKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Md5 => "MD5",
            Self::Sha1 => "SHA-1",
            Self::Ripemd160 => "RIPEMD-160",
            Self::Sha224 => "SHA-224",
            Self::Sha256 => "SHA-256",
            Self::Sha384 => "SHA-384",
            Self::Sha512 => "SHA-512",
            Self::Sha3_256 => "SHA3-256",
            Self::Sha3_512 => "SHA3-512",
            Self::Other(number) => return write!(f, "hash algorithm {number}"),
        })
    }
}

/// What kind of key it is, with its size where the kind has several
/// (RFC 9580 section 9.1, RFC 9980 for the post-quantum kinds).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// Ed25519, as algorithm 27 or the older 22 with that curve.
    Ed25519,
    /// Ed448.
    Ed448,
    /// RSA.
    Rsa {
        /// Length of the modulus.
        bits: usize,
    },
    /// DSA.
    Dsa {
        /// Length of the prime.
        bits: usize,
    },
    /// ECDSA on a NIST curve.
    Nist {
        /// 256, 384 or 521.
        bits: usize,
    },
    /// ECDSA on a Brainpool curve.
    Brainpool,
    /// ML-DSA-65 and Ed25519 together.
    MlDsa65Ed25519,
    /// ML-DSA-87 and Ed448 together.
    MlDsa87Ed448,
    /// SLH-DSA with SHAKE.
    SlhDsa,
    /// Anything else, encryption keys included: its algorithm number.
    Other(u8),
}

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ed25519 => f.write_str("Ed25519"),
            Self::Ed448 => f.write_str("Ed448"),
            Self::Rsa { bits } => write!(f, "RSA-{bits}"),
            Self::Dsa { bits } => write!(f, "DSA-{bits}"),
            Self::Nist { bits } => write!(f, "ECDSA on NIST P-{bits}"),
            Self::Brainpool => f.write_str("ECDSA on a Brainpool curve"),
            Self::MlDsa65Ed25519 => f.write_str("ML-DSA-65+Ed25519"),
            Self::MlDsa87Ed448 => f.write_str("ML-DSA-87+Ed448"),
            Self::SlhDsa => f.write_str("SLH-DSA"),
            Self::Other(number) => write!(f, "public-key algorithm {number}"),
        }
    }
}

/// Why a revocation was made: the two classes that matter when a signature is
/// older than it (RFC 9580 section 5.2.3.31).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RevocationKind {
    /// Superseded or retired: signatures made before it stay good.
    Soft,
    /// Compromised, or without a stated reason: no signature counts.
    Hard,
}

/// Who made a revocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revoker {
    /// The primary key itself, or a revoker it designated whose certificate
    /// is in the keyring: verified.
    Authorised,
    /// Somebody else, or a designated revoker whose certificate is missing:
    /// not verified, so nothing follows from it but caution.
    Unconfirmed,
}

/// A revocation of a certificate or subkey.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revocation {
    /// Class of its reason.
    pub kind: RevocationKind,
    /// When it was made.
    pub at: Time,
    /// By whom.
    pub by: Revoker,
}

/// What a self-signature says about the end of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyExpiry {
    /// Nothing.
    Unstated,
    /// That there is none.
    Never,
    /// The key is no longer alive from this second on.
    At(Time),
}

/// What a key may be used for (RFC 9580 section 5.2.3.29).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyFlags {
    /// May sign keys and user ids.
    pub certify: bool,
    /// May sign data.
    pub sign: bool,
}

/// What a binding speaks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BindingKind {
    /// A direct-key signature on the primary key.
    DirectKey,
    /// A certification of a user id, which speaks for the primary key too.
    UserId {
        /// Whether it calls its user id the primary one.
        primary: bool,
    },
    /// A subkey binding.
    Subkey,
}

/// The signature by which a signing subkey says that it belongs to its
/// primary key (RFC 9580 section 5.2.1.9); without it anyone could adopt the
/// subkey of somebody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackSignature {
    /// Its hash function.
    pub hash: HashKind,
    /// When it was made.
    pub created: Time,
    /// When it ends.
    pub expires: Option<Time>,
}

/// A verified self-signature: what the primary key says of itself or of a
/// subkey. Bindings that did not verify, a signing subkey's without a good
/// back signature among them, are left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Binding {
    /// What it is attached to.
    pub kind: BindingKind,
    /// When it was made.
    pub created: Time,
    /// When the statement itself ends.
    pub expires: Option<Time>,
    /// When it was withdrawn, by a revocation of its user id.
    pub withdrawn: Option<Time>,
    /// Its hash function.
    pub hash: HashKind,
    /// What it says about the key's end.
    pub key_expires: KeyExpiry,
    /// What it says about the key's use, if anything.
    pub flags: Option<KeyFlags>,
    /// For a signing subkey the back signature, the strongest if several.
    pub back_signature: Option<BackSignature>,
}

/// One key of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyFacts {
    /// Its own fingerprint.
    pub fingerprint: Fingerprint,
    /// Its kind and size.
    pub kind: KeyKind,
    /// When it was made; part of the fingerprint.
    pub created: Time,
    /// Verified self-signatures, newest first. Empty: the key is not bound.
    pub bindings: Vec<Binding>,
    /// Revocations of this key; those of the certificate are at the primary.
    pub revocations: Vec<Revocation>,
}

/// One certificate: the primary key, its subkeys and what is said about them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFacts {
    /// The primary key's fingerprint.
    pub fingerprint: Fingerprint,
    /// User ids as text, bytes that are not UTF-8 replaced.
    pub user_ids: Vec<String>,
    /// The primary key.
    pub primary: KeyFacts,
    /// The subkeys, in the order of the certificate.
    pub subkeys: Vec<KeyFacts>,
    /// What the keepers of the keyring say of it.
    pub standing: VettingState,
}

impl CertificateFacts {
    /// The key with this fingerprint and whether it is the primary key.
    pub fn key(&self, fingerprint: &Fingerprint) -> Option<(&KeyFacts, bool)> {
        if self.primary.fingerprint == *fingerprint {
            return Some((&self.primary, true));
        }
        self.subkeys.iter().find(|key| key.fingerprint == *fingerprint).map(|key| (key, false))
    }
}

/// What a signature covers (RFC 9580 section 5.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureKind {
    /// The bytes as they are.
    Binary,
    /// Text with its line endings normalised.
    Text,
    /// Something other than a document: its number.
    Other(u8),
}

/// What arithmetic says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verification {
    /// The key made this signature over these bytes.
    Good,
    /// It did not.
    Bad,
    /// No key of the keyring is named by the signature or fits it.
    NoKey,
    /// Not tried: wrong type, or a hash function that is not computed.
    NotTried,
}

/// One signature packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureFacts {
    /// Packet version.
    pub version: u8,
    /// What it covers.
    pub kind: SignatureKind,
    /// Its hash function.
    pub hash: HashKind,
    /// When it says that it was made: the hashed area only.
    pub created: Option<Time>,
    /// When it ends.
    pub expires: Option<Time>,
    /// Fingerprints and key ids it names, in upper-case hex, as claimed.
    pub issuers: Vec<String>,
    /// Critical subpackets and notations that nobody here knows, in words.
    pub unknown_critical: Vec<String>,
    /// Fingerprints of the recipients it was meant for (5.2.3.36).
    pub intended_recipients: Vec<String>,
    /// Names and values of the hashed notations in our domain.
    pub notations: Vec<(String, String)>,
    /// Equal for two packets that differ only in what is not signed.
    pub identity: Vec<u8>,
    /// Whether it verifies.
    pub verification: Verification,
    /// The key that verified it, or else the first known key it names.
    pub key: Option<Fingerprint>,
    /// The certificates of the keyring that hold `key`; more than one if a
    /// subkey sits in several.
    pub holders: Vec<Arc<CertificateFacts>>,
}

/// A defect of the signature file as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureDefect {
    /// Kebab-case code of the finding that follows from it.
    pub code: &'static str,
    /// What was expected and what was found.
    pub message: String,
}

/// All that is known of one detached signature file and its data.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Inspection {
    /// What is wrong with the file; if anything, nothing was verified.
    pub defects: Vec<SignatureDefect>,
    /// One for each signature packet, in order.
    pub signatures: Vec<SignatureFacts>,
}

/// What is known of a secret key that wants to sign, beside the secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningKeyFacts {
    /// Primary fingerprint of the certificate it came with.
    pub certificate: Fingerprint,
    /// Fingerprint of the key that signs.
    pub key: Fingerprint,
    /// Its kind.
    pub kind: KeyKind,
}
