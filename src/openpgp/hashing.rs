//! One pass over the data for all hash functions that its signatures need.

use std::io;

use sequoia_openpgp as sq;
use sq::crypto::hash::{Context, Hash};
use sq::packet::Signature;
use sq::types::{HashAlgorithm, SignatureType};

use super::signature_file::SignatureFile;
use crate::release::Sha256Digest;

/// The hash functions that are computed over data at all. A signature that
/// states another one is refused unread, so MD5 and friends are never run.
fn computed(algorithm: HashAlgorithm) -> bool {
    matches!(
        algorithm,
        HashAlgorithm::SHA256
            | HashAlgorithm::SHA384
            | HashAlgorithm::SHA512
            | HashAlgorithm::SHA3_256
            | HashAlgorithm::SHA3_512
    )
}

/// A hash state, and for version 6 the salt it began with
/// (RFC 9580 section 5.2.4).
#[derive(Clone)]
struct State {
    algorithm: HashAlgorithm,
    salt: Option<Vec<u8>>,
    context: Context,
}

/// Takes the signed data, once, in pieces of any size.
#[derive(Clone, Default)]
pub struct DataHasher {
    states: Vec<State>,
}

impl DataHasher {
    /// A hasher that serves every signature of `file` that can be verified;
    /// with none, it takes the data and does nothing.
    pub fn new(file: &SignatureFile) -> Self {
        let mut hasher = Self::default();
        for signature in file.packets.iter().flatten() {
            if signature.typ() == SignatureType::Binary && computed(signature.hash_algo()) {
                hasher.add(signature.hash_algo(), salt(signature));
            }
        }
        hasher
    }

    /// Also computes the data's own SHA-256, which costs nothing if a signature
    /// needs that function anyway.
    #[must_use]
    pub fn and_sha256(mut self) -> Self {
        self.add(HashAlgorithm::SHA256, None);
        self
    }

    /// SHA-256 of the data so far; `None` unless [`DataHasher::and_sha256`] or
    /// a signature asked for it.
    pub fn sha256(&self) -> Option<Sha256Digest> {
        let context = self.find(HashAlgorithm::SHA256, None)?.context.clone();
        Some(Sha256Digest(context.into_digest().ok()?.try_into().ok()?))
    }

    fn add(&mut self, algorithm: HashAlgorithm, salt: Option<&[u8]>) {
        if self.find(algorithm, salt).is_some() {
            return;
        }
        // Fails only for functions that this build does not have.
        let Ok(builder) = algorithm.context() else { return };
        let mut context = builder.for_signature(if salt.is_some() { 6 } else { 4 });
        context.update(salt.unwrap_or_default());
        self.states.push(State { algorithm, salt: salt.map(<[u8]>::to_vec), context });
    }

    fn find(&self, algorithm: HashAlgorithm, salt: Option<&[u8]>) -> Option<&State> {
        self.states.iter().find(|state| state.algorithm == algorithm && state.salt.as_deref() == salt)
    }

    /// The next piece of the data.
    pub fn update(&mut self, data: &[u8]) {
        for state in &mut self.states {
            state.context.update(data);
        }
    }

    /// The digest that `signature` signs, if this hasher served it.
    pub(super) fn digest(&self, signature: &Signature) -> Option<Vec<u8>> {
        let mut context = self.find(signature.hash_algo(), salt(signature))?.context.clone();
        signature.hash(&mut context).ok()?;
        context.into_digest().ok()
    }
}

impl io::Write for DataHasher {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.update(data);
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The salt of a version 6 signature.
pub(super) fn salt(signature: &Signature) -> Option<&[u8]> {
    match signature {
        Signature::V6(signature) => Some(signature.salt()),
        _ => None,
    }
}
