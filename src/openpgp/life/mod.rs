//! The life of a release key: made, certified, extended, rotated, revoked,
//! handed out and published.
//!
//! Packets are made here one by one instead of by Sequoia's builders, so that
//! each of them states the time that it is told, says nothing that gpg 2.2
//! cannot read (version 4, Ed25519 as algorithm 22, iterated S2K, AES-256),
//! and so that no older self-signature is lost: signatures are judged by what
//! the certificate said when they were made.

mod export;
mod make;
mod offline;
mod public;
mod revoke;

pub use export::Exported;
pub use make::{Generated, NewKey};
pub use offline::{OfflineKey, Target};
pub use public::PublicCertificate;
pub use revoke::Reason;

use std::time::{Duration, SystemTime};

use sequoia_openpgp as sq;
use sq::crypto::mem::Protected;
use sq::crypto::{Password, S2K};
use sq::packet::key::{KeyRole, SecretParts};
use sq::packet::signature::SignatureBuilder;
use sq::serialize::SerializeInto;
use sq::types::{HashAlgorithm, SignatureType, SymmetricAlgorithm};

use super::convert;
use super::signing_key::KeyRefusal;
use crate::release::Time;

/// Why a step in a key's life was not taken. Nothing was made then.
#[derive(Debug, thiserror::Error)]
pub enum LifeError {
    /// It must not be taken: the answer is no.
    #[error("{}", .0.message)]
    Refused(KeyRefusal),
    /// A time that OpenPGP cannot state.
    #[error("OpenPGP cannot state the time {0}: only the years 1970 to 2106")]
    Time(Time),
    /// The cryptographic library failed.
    #[error("the OpenPGP library failed: {0}")]
    Backend(String),
}

impl LifeError {
    /// Whether trying again can help: never, the same is done again.
    pub fn retryable(&self) -> bool {
        false
    }

    fn no(code: &'static str, message: impl Into<String>, hint: &'static str) -> Self {
        Self::Refused(KeyRefusal { code, message: message.into(), hint })
    }
}

/// Sequoia's errors, which are not about secrets but may quote packets.
fn failed(error: impl std::fmt::Display) -> LifeError {
    LifeError::Backend(error.to_string())
}

fn moment(at: Time) -> Result<SystemTime, LifeError> {
    convert::system_time(at).ok_or(LifeError::Time(at))
}

/// A signature about keys, dated `at`. SHA-512 as gpg makes them: they are
/// few and live long.
fn statement(kind: SignatureType, at: Time) -> Result<SignatureBuilder, LifeError> {
    dated(SignatureBuilder::new(kind), at)
}

fn dated(builder: SignatureBuilder, at: Time) -> Result<SignatureBuilder, LifeError> {
    builder.set_hash_algo(HashAlgorithm::SHA512).set_signature_creation_time(moment(at)?).map_err(failed)
}

/// How long a key lives that was made at `created` and ends at `expires`.
fn life(created: Time, expires: Time) -> Result<Duration, LifeError> {
    let seconds = expires.unix().saturating_sub(created.unix());
    match u32::try_from(seconds) {
        Ok(seconds) if seconds > 0 => Ok(Duration::from_secs(seconds.into())),
        Ok(_) => Err(ends_too_early(expires)),
        Err(_) if seconds < 0 => Err(ends_too_early(expires)),
        Err(_) => Err(LifeError::Time(expires)),
    }
}

fn ends_too_early(expires: Time) -> LifeError {
    let message = format!("expected an end in the future, found {expires}");
    LifeError::no("expiry-in-past", message, "Give a later date with --expires or --subkey-expires.")
}

type SecretKey<R> = sq::packet::Key<SecretParts, R>;

/// Locks a secret with a passphrase in the form that gpg 2.2 reads: iterated
/// S2K with SHA-256 and the highest count, AES-256 in CFB mode, SHA-1 check.
fn lock<R: KeyRole>(key: SecretKey<R>, passphrase: &Password) -> Result<SecretKey<R>, LifeError> {
    let (public, mut secret) = key.take_secret();
    secret
        .encrypt_in_place_with(&public, S2K::default(), SymmetricAlgorithm::AES256, None, passphrase)
        .map_err(failed)?;
    Ok(public.add_secret(secret).0)
}

/// What is written about one key stays far below this.
const MAX_WRITTEN: usize = 1 << 20;

/// Serialises something secret into memory that is wiped and never grows.
fn secret_bytes(what: &impl SerializeInto) -> Result<Protected, LifeError> {
    let mut buffer: Protected = vec![0; MAX_WRITTEN].into();
    let length = SerializeInto::serialize_into(what, &mut buffer).map_err(failed)?;
    Ok(Protected::from(buffer.get(..length).unwrap_or_default()))
}
