//! Making a detached signature while the data passes by.

use std::io;

use sequoia_openpgp as sq;
use sq::armor::{Kind, Writer};
use sq::crypto::Signer as _;
use sq::crypto::hash::{Context, Hash as _};
use sq::packet::Packet;
use sq::packet::signature::SignatureBuilder;
use sq::packet::signature::subpacket::NotationDataFlags;
use sq::serialize::Serialize as _;
use sq::types::{HashAlgorithm, SignatureType};

use super::convert;
use super::critical::NOTATION_DOMAIN;
use super::signing_key::{Hand, SigningKey};
use crate::release::Time;
use crate::release::signature::KeyKind;

/// Why no signature was made. Trying again with the same input will not help.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The time cannot be written into a signature.
    #[error("a signature cannot state the time {0}: only the years 1970 to 2106")]
    Time(Time),
    /// A notation does not fit.
    #[error("the notation {0} cannot be written into a signature")]
    Notation(String),
    /// The cryptographic library failed.
    #[error("the key {key} did not sign")]
    Backend {
        /// Fingerprint of the key.
        key: String,
        /// What the library says.
        source: Source,
    },
    /// The fresh signature does not verify with its own public key: broken
    /// hardware, or public and secret half do not belong together.
    #[error("the signature just made by {0} does not verify with its own public key")]
    SelfCheck(String),
}

impl SignError {
    /// Whether trying again can help: never.
    pub fn retryable(&self) -> bool {
        false
    }
}

impl SigningKey {
    /// Begins a detached binary signature dated `at`.
    ///
    /// `notations` are names without domain and values; they become hashed,
    /// readable, not critical notations `NAME@countersign.invalid`
    /// (RFC 9580 section 5.2.3.24), so that a signature says which file of
    /// which release it was made for and others still accept it.
    ///
    /// The hash is SHA-256 for Ed25519, whose own strength is the same 128
    /// bits and which processors compute several times as fast as SHA-512;
    /// it is SHA-512 for the stronger kinds, which demand it.
    ///
    /// # Errors
    /// [`SignError`] for a time or notation that no signature can hold.
    pub fn sign_detached(&self, at: Time, notations: &[(&str, &str)]) -> Result<DetachedSigner, SignError> {
        let algorithm = match self.facts().kind {
            KeyKind::Ed25519 => HashAlgorithm::SHA256,
            _ => HashAlgorithm::SHA512,
        };
        let moment = convert::system_time(at).ok_or(SignError::Time(at))?;
        let mut builder = SignatureBuilder::new(SignatureType::Binary).set_hash_algo(algorithm);
        builder = builder.set_signature_creation_time(moment).map_err(|_| SignError::Time(at))?;
        for (name, value) in notations {
            let flags = NotationDataFlags::empty().set_human_readable();
            let full = format!("{name}@{NOTATION_DOMAIN}");
            builder = builder
                .add_notation(&full, value, flags, false)
                .map_err(|_| SignError::Notation((*name).to_owned()))?;
        }
        let backend = |source: Source| backend(&self.hand, source);
        builder = builder.pre_sign(&self.hand).map_err(|error| backend(error.into()))?;
        let version = self.hand.public().version();
        let hasher = algorithm.context().map_err(|error| backend(error.into()))?;
        let mut context = hasher.for_signature(version);
        context.update(builder.prefix_salt().unwrap_or_default());
        Ok(DetachedSigner { builder, context, hand: self.hand.clone() })
    }
}

/// What the library's errors become.
type Source = Box<dyn std::error::Error + Send + Sync>;

fn backend(hand: &Hand, source: Source) -> SignError {
    SignError::Backend { key: hand.public().fingerprint().to_hex(), source }
}

/// Takes the data to sign, once, in pieces of any size.
pub struct DetachedSigner {
    builder: SignatureBuilder,
    context: Context,
    hand: Hand,
}

impl DetachedSigner {
    /// The next piece of the data.
    pub fn update(&mut self, data: &[u8]) {
        self.context.update(data);
    }

    /// Signs what was taken; the result is armoured.
    ///
    /// # Errors
    /// [`SignError`]; nothing was made then.
    pub fn finish(mut self) -> Result<Vec<u8>, SignError> {
        let mut again = self.context.clone();
        let signature = self
            .builder
            .sign_hash(&mut self.hand, self.context)
            .map_err(|error| backend(&self.hand, error.into()))?;
        // A fault while signing may leak the key through the bad signature.
        let checked = signature
            .hash(&mut again)
            .and_then(|()| again.into_digest())
            .and_then(|digest| self.hand.public().verify(signature.mpis(), signature.hash_algo(), &digest));
        if checked.is_err() {
            return Err(SignError::SelfCheck(self.hand.public().fingerprint().to_hex()));
        }
        armor(&Packet::from(signature)).map_err(|error| backend(&self.hand, error))
    }
}

fn armor(packet: &Packet) -> Result<Vec<u8>, Source> {
    let mut writer = Writer::new(Vec::new(), Kind::Signature)?;
    packet.serialize(&mut writer)?;
    Ok(writer.finalize()?)
}

impl io::Write for DetachedSigner {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.update(data);
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
