//! What a detached signature file, its data and a keyring have to do with
//! each other, as facts.

use std::io::{self, Read};
use std::sync::Arc;

use sequoia_openpgp as sq;
use sha2::{Digest as _, Sha256};
use sq::packet::Signature;
use sq::packet::key::{Key, PublicParts, UnspecifiedRole};
use sq::packet::signature::subpacket::{SubpacketTag, SubpacketValue};
use sq::serialize::MarshalInto;
use sq::types::{PublicKeyAlgorithm, SignatureType};
use sq::{KeyHandle, KeyID};

use super::hashing::{self, DataHasher};
use super::keyring::{Certificate, Keyring};
use super::signature_file::{Form, SignatureFile};
use super::{convert, critical};
use crate::release::signature::{CertificateFacts, Inspection, SignatureFacts, Verification};

/// Keys that are tried for the signatures of one file that name no key at
/// all; more would let a stranger's file buy seconds of work.
const MAX_TRIALS: usize = 4096;

/// Reads `data` to its end, once, and says what each signature in `signature`
/// is to it. See [`SignatureFile`] and [`DataHasher`] for data that is read
/// by somebody else at the same time.
///
/// # Errors
/// Only those of `data`.
pub fn inspect(
    signature: &[u8],
    form: Form,
    data: &mut dyn Read,
    keyring: &Keyring,
) -> io::Result<Inspection> {
    let file = SignatureFile::parse(signature, form);
    let mut hasher = DataHasher::new(&file);
    if file.defect().is_none() {
        let mut buffer = vec![0; 128 * 1024];
        loop {
            let count = match data.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            hasher.update(buffer.get(..count).unwrap_or_default());
        }
    }
    Ok(file.inspect(&hasher, keyring))
}

impl SignatureFile {
    /// What each signature is to the data that `hasher` took and to the
    /// certificates of `keyring`.
    ///
    /// `hasher` must come from [`DataHasher::new`] with this file.
    pub fn inspect(&self, hasher: &DataHasher, keyring: &Keyring) -> Inspection {
        match &self.packets {
            Err(defect) => Inspection { defects: vec![defect.clone()], signatures: Vec::new() },
            Ok(packets) => {
                let mut trials = MAX_TRIALS;
                let signatures = packets
                    .iter()
                    .map(|packet| signature_facts(packet, hasher, keyring, &mut trials))
                    .collect();
                Inspection { defects: Vec::new(), signatures }
            }
        }
    }
}

/// A key that a signature may be by, in one certificate.
struct Candidate<'a> {
    certificate: &'a Certificate,
    key: Key<PublicParts, UnspecifiedRole>,
}

fn signature_facts(
    signature: &Signature,
    hasher: &DataHasher,
    keyring: &Keyring,
    trials: &mut usize,
) -> SignatureFacts {
    let issuers = issuers(signature);
    let candidates = candidates(&issuers, signature, keyring, trials);
    let (verification, key) = verify(signature, hasher, &candidates, !issuers.is_empty());
    let holders = key.map(|key| holders(key, &candidates, keyring)).unwrap_or_default();
    SignatureFacts {
        version: signature.version(),
        kind: convert::signature_kind(signature.typ()),
        hash: convert::hash(signature.hash_algo()),
        created: signature.signature_creation_time().map(convert::time),
        expires: signature.signature_expiration_time().map(convert::time),
        issuers: named(&issuers).map(KeyHandle::to_hex).collect(),
        unknown_critical: critical::unknown(signature),
        intended_recipients: intended_recipients(signature),
        notations: critical::ours(signature),
        identity: identity(signature),
        verification,
        key: key.and_then(|key| convert::fingerprint(&key.fingerprint())),
        holders,
    }
}

/// The keys a signature names. Any of them may be a lie; they only say where
/// to look. The wild-card key id names nobody.
fn issuers(signature: &Signature) -> Vec<KeyHandle> {
    let mut all = Vec::new();
    for handle in signature.get_issuers() {
        let wildcard = matches!(&handle, KeyHandle::KeyID(id) if *id == KeyID::wildcard());
        if !wildcard && !all.contains(&handle) {
            all.push(handle);
        }
    }
    all
}

/// The same for people: a key id beside the fingerprint that it is the end of
/// is no second key.
fn named(issuers: &[KeyHandle]) -> impl Iterator<Item = &KeyHandle> {
    let whole = |handle: &&KeyHandle| matches!(handle, KeyHandle::Fingerprint(_));
    issuers
        .iter()
        .filter(move |handle| whole(handle) || !issuers.iter().filter(whole).any(|key| key.aliases(*handle)))
}

/// The keys of the keyring that may have made `signature`: those it names,
/// or all of its algorithm if it names none.
fn candidates<'a>(
    issuers: &[KeyHandle],
    signature: &Signature,
    keyring: &'a Keyring,
    trials: &mut usize,
) -> Vec<Candidate<'a>> {
    let mut all: Vec<Candidate<'a>> = Vec::new();
    for handle in issuers {
        for certificate in keyring.by_handle(handle) {
            let named = |key: &Key<PublicParts, UnspecifiedRole>| handle.aliases(key.key_handle());
            all.extend(keys(certificate, named));
        }
    }
    if issuers.is_empty() {
        for certificate in keyring.certificates() {
            all.extend(keys(certificate, |key| same_algorithm(signature.pk_algo(), key.pk_algo())));
        }
        all.truncate(*trials);
        *trials -= all.len();
    }
    all
}

fn keys(
    certificate: &Certificate,
    wanted: impl Fn(&Key<PublicParts, UnspecifiedRole>) -> bool,
) -> impl Iterator<Item = Candidate<'_>> {
    let keys = certificate.cert().keys().map(|key| key.key().clone());
    keys.filter(move |key| wanted(key)).map(move |key| Candidate { certificate, key })
}

/// Whether a key of algorithm `key` may make signatures of `signature`; RSA
/// has an old number of its own for keys that only sign.
fn same_algorithm(signature: PublicKeyAlgorithm, key: PublicKeyAlgorithm) -> bool {
    let rsa = |algorithm: PublicKeyAlgorithm| matches!(u8::from(algorithm), 1 | 3);
    signature == key || (rsa(signature) && rsa(key))
}

/// Tries the candidates. `named` tells whether the signature names them: a
/// failure is then the named key's, otherwise nobody's.
fn verify<'a>(
    signature: &Signature,
    hasher: &DataHasher,
    candidates: &'a [Candidate<'_>],
    named: bool,
) -> (Verification, Option<&'a Key<PublicParts, UnspecifiedRole>>) {
    let first = candidates.first().filter(|_| named).map(|candidate| &candidate.key);
    if signature.typ() != SignatureType::Binary {
        return (Verification::NotTried, first);
    }
    let Some(digest) = hasher.digest(signature) else {
        return (Verification::NotTried, first);
    };
    let made = candidates.iter().find(|candidate| made_by(signature, &digest, &candidate.key));
    match (made, first) {
        (Some(candidate), _) => (Verification::Good, Some(&candidate.key)),
        (None, Some(_)) => (Verification::Bad, first),
        (None, None) => (Verification::NoKey, None),
    }
}

/// The arithmetic alone. Sequoia's own method refuses signatures older than
/// their key as well and keeps a cache of verdicts; dates are judged
/// elsewhere, and a verdict must not depend on what was verified before.
fn made_by(signature: &Signature, digest: &[u8], key: &Key<PublicParts, UnspecifiedRole>) -> bool {
    let same_version = (signature.version() == 6) == (key.version() == 6);
    let salt = hashing::salt(signature).map(<[u8]>::len);
    let salt_fits = salt.is_none() || salt == signature.hash_algo().salt_size().ok();
    // The two bytes are not signed, but whoever changed them changed what
    // other readers say: gpg refuses such a signature.
    let prefix_fits = digest.starts_with(signature.digest_prefix());
    same_version
        && salt_fits
        && prefix_fits
        && same_algorithm(signature.pk_algo(), key.pk_algo())
        && key.verify(signature.mpis(), signature.hash_algo(), digest).is_ok()
}

/// Certificates that hold `key`: among the candidates, or, as a subkey may
/// sit in a certificate that the issuer does not name, anywhere.
fn holders(
    key: &Key<PublicParts, UnspecifiedRole>,
    candidates: &[Candidate<'_>],
    keyring: &Keyring,
) -> Vec<Arc<CertificateFacts>> {
    let fingerprint = key.fingerprint();
    let mut found: Vec<Arc<CertificateFacts>> = Vec::new();
    let named = candidates.iter().filter(|candidate| candidate.key.fingerprint() == fingerprint);
    let handle = KeyHandle::from(fingerprint.clone());
    for certificate in named.map(|candidate| candidate.certificate).chain(keyring.by_handle(&handle)) {
        if !found.iter().any(|known| known.fingerprint == *certificate.fingerprint()) {
            found.push(keyring.facts_of(certificate));
        }
    }
    found
}

fn intended_recipients(signature: &Signature) -> Vec<String> {
    let subpackets = signature.hashed_area().subpackets(SubpacketTag::IntendedRecipient);
    subpackets
        .filter_map(|subpacket| match subpacket.value() {
            SubpacketValue::IntendedRecipient(fingerprint) => Some(fingerprint.to_hex()),
            _ => None,
        })
        .collect()
}

/// A digest over all of the packet but its unhashed area, which anybody may
/// rewrite.
pub(super) fn identity(signature: &Signature) -> Vec<u8> {
    let mut bare = signature.clone();
    bare.unhashed_area_mut().clear();
    Sha256::digest(bare.to_vec().unwrap_or_default()).to_vec()
}
