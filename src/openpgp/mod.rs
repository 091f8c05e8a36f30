//! OpenPGP: certificates, signatures, signing keys. The only room that names
//! Sequoia.
//!
//! It gives facts (`release::signature`) and never judges: `trust` does, by
//! policy and time. No file is opened and no clock is read here; bytes come
//! in, facts and bytes go out.

mod armor;
mod certificate;
mod convert;
mod critical;
mod framing;
mod hashing;
mod inspect;
mod keyring;
mod life;
mod offered;
mod sign;
mod signature_file;
mod signing_key;

pub use critical::NOTATION_DOMAIN;
pub use hashing::DataHasher;
pub use inspect::inspect;
pub use keyring::{Certificate, Keyring, KeyringError, MAX_CERTIFICATE_BYTES, MAX_CERTIFICATES};
pub use life::{Exported, Generated, LifeError, NewKey, OfflineKey, PublicCertificate, Reason, Target};
pub use offered::armored_together;
pub use sign::{DetachedSigner, SignError};
pub use signature_file::{Form, MAX_SIGNATURE_BYTES, MAX_SIGNATURES, SignatureFile};
pub use signing_key::{KeyRefusal, MAX_KEY_BYTES, Secret, SigningKey};
