//! One public certificate and the facts it states about itself.

use sequoia_openpgp as sq;
use sq::Cert;
use sq::cert::amalgamation::key::{PrimaryKey, PrimaryKeyAmalgamation, SubordinateKeyAmalgamation};
use sq::packet::Signature;
use sq::packet::key::{PublicParts, SubordinateRole};
use sq::types::{RevocationKey, RevocationType};

use super::{convert, critical};
use crate::release::signature::{
    BackSignature, Binding, BindingKind, CertificateFacts, HashKind, KeyExpiry, KeyFacts, KeyFlags,
    Revocation, RevocationKind, Revoker,
};
use crate::release::vetting::VettingState;
use crate::release::{Fingerprint, Time};

type PublicKey<R> = sq::packet::Key<PublicParts, R>;

/// Finds certificates by the fingerprint of their primary key, to verify the
/// revocations of designated revokers.
pub(super) trait Revokers {
    /// The certificate with this primary fingerprint.
    fn by_fingerprint(&self, fingerprint: &sq::Fingerprint) -> Option<&Cert>;
}

/// All that `cert`, whose fingerprint is `fingerprint`, says about itself and
/// that verifies.
pub(super) fn facts(cert: &Cert, fingerprint: &Fingerprint, revokers: &dyn Revokers) -> CertificateFacts {
    let primary = primary_facts(cert, fingerprint, revokers);
    let subkeys = cert.keys().subkeys().filter_map(|subkey| subkey_facts(cert, &subkey, revokers)).collect();
    let user_ids = cert
        .userids()
        .filter(|user_id| user_id.self_signatures().next().is_some())
        .map(|user_id| String::from_utf8_lossy(user_id.userid().value()).into_owned())
        .collect();
    CertificateFacts {
        fingerprint: fingerprint.clone(),
        user_ids,
        primary,
        subkeys,
        standing: VettingState::Active,
    }
}

fn primary_facts(cert: &Cert, fingerprint: &Fingerprint, revokers: &dyn Revokers) -> KeyFacts {
    let amalgamation: PrimaryKeyAmalgamation<'_, PublicParts> = cert.primary_key();
    let key = amalgamation.key();
    let created = convert::time(key.creation_time());
    let mut bindings: Vec<Binding> = amalgamation
        .self_signatures()
        .filter_map(|signature| binding(signature, BindingKind::DirectKey, created))
        .collect();
    for user_id in cert.userids() {
        let revoked: Vec<Time> = user_id
            .self_revocations()
            .filter_map(|revocation| revocation.signature_creation_time().map(convert::time))
            .collect();
        bindings.extend(user_id.self_signatures().filter_map(|signature| {
            let kind = BindingKind::UserId { primary: signature.primary_userid().unwrap_or(false) };
            let mut binding = binding(signature, kind, created)?;
            binding.withdrawn = revoked.iter().copied().filter(|at| *at >= binding.created).min();
            Some(binding)
        }));
    }
    bindings.sort_by_key(|binding| std::cmp::Reverse(binding.created));
    let revocations = revocations(
        cert,
        amalgamation.self_revocations(),
        amalgamation.other_revocations(),
        revokers,
        |revocation, signer| revocation.verify_primary_key_revocation(signer, key).is_ok(),
    );
    let fingerprint = fingerprint.clone();
    KeyFacts { fingerprint, kind: convert::key_kind(key), created, bindings, revocations }
}

fn subkey_facts(
    cert: &Cert,
    subkey: &SubordinateKeyAmalgamation<'_, PublicParts>,
    revokers: &dyn Revokers,
) -> Option<KeyFacts> {
    debug_assert!(!subkey.primary());
    let key = subkey.key();
    let created = convert::time(key.creation_time());
    let mut bindings: Vec<Binding> = subkey
        .self_signatures()
        .filter_map(|signature| {
            let mut binding = binding(signature, BindingKind::Subkey, created)?;
            if binding.flags.is_some_and(|flags| flags.sign) {
                binding.back_signature = Some(back_signature(cert, key, signature)?);
            }
            Some(binding)
        })
        .collect();
    bindings.sort_by_key(|binding| std::cmp::Reverse(binding.created));
    let primary = cert.primary_key();
    let revocations = revocations(
        cert,
        subkey.self_revocations(),
        subkey.other_revocations(),
        revokers,
        |revocation, signer| revocation.verify_subkey_revocation(signer, primary.key(), key).is_ok(),
    );
    Some(KeyFacts {
        fingerprint: convert::fingerprint(&key.fingerprint())?,
        kind: convert::key_kind(key),
        created,
        bindings,
        revocations,
    })
}

/// A self-signature that Sequoia has verified already. One with a critical
/// subpacket that nobody knows is void (RFC 9580 section 5.2.3.7).
fn binding(signature: &Signature, kind: BindingKind, key_created: Time) -> Option<Binding> {
    if !critical::unknown(signature).is_empty() {
        return None;
    }
    let key_expires = match signature.key_validity_period() {
        None => KeyExpiry::Unstated,
        Some(period) if period.is_zero() => KeyExpiry::Never,
        // Periods have 32 bits of seconds.
        Some(period) => KeyExpiry::At(key_created.plus(i64::try_from(period.as_secs()).unwrap_or(i64::MAX))),
    };
    Some(Binding {
        kind,
        created: convert::time(signature.signature_creation_time()?),
        expires: signature.signature_expiration_time().map(convert::time),
        withdrawn: None,
        hash: convert::hash(signature.hash_algo()),
        key_expires,
        flags: signature
            .key_flags()
            .map(|flags| KeyFlags { certify: flags.for_certification(), sign: flags.for_signing() }),
        back_signature: None,
    })
}

/// The strongest, then newest, back signature that verifies.
fn back_signature(
    cert: &Cert,
    subkey: &PublicKey<SubordinateRole>,
    signature: &Signature,
) -> Option<BackSignature> {
    let primary = cert.primary_key();
    signature
        .embedded_signatures()
        .filter(|embedded| embedded.verify_primary_key_binding(primary.key(), subkey).is_ok())
        .filter(|embedded| critical::unknown(embedded).is_empty())
        .filter_map(|embedded| {
            Some(BackSignature {
                hash: convert::hash(embedded.hash_algo()),
                created: convert::time(embedded.signature_creation_time()?),
                expires: embedded.signature_expiration_time().map(convert::time),
            })
        })
        .max_by_key(|back| (!collides(back.hash), back.created))
}

/// Hash functions for which collisions have been made.
fn collides(hash: HashKind) -> bool {
    matches!(hash, HashKind::Md5 | HashKind::Sha1 | HashKind::Ripemd160)
}

fn revocations<'a>(
    cert: &'a Cert,
    own: impl Iterator<Item = &'a Signature>,
    others: impl Iterator<Item = &'a Signature>,
    revokers: &dyn Revokers,
    verify: impl Fn(&Signature, &PublicKey<sq::packet::key::UnspecifiedRole>) -> bool,
) -> Vec<Revocation> {
    let mut all: Vec<Revocation> =
        own.filter_map(|signature| revocation(signature, Revoker::Authorised)).collect();
    let designated = designated_revokers(cert);
    for signature in others {
        let by = authority(signature, &designated, revokers, &verify);
        all.extend(by.and_then(|by| revocation(signature, by)));
    }
    all
}

/// Who made a revocation that the primary key did not make; `None` if it
/// names a designated revoker whose key is known but did not make it.
fn authority(
    signature: &Signature,
    designated: &[&RevocationKey],
    revokers: &dyn Revokers,
    verify: &impl Fn(&Signature, &PublicKey<sq::packet::key::UnspecifiedRole>) -> bool,
) -> Option<Revoker> {
    let issuers = signature.get_issuers();
    for revoker in designated {
        let (_, fingerprint) = revoker.revoker();
        let handle = sq::KeyHandle::from(fingerprint);
        if issuers.iter().any(|issuer| issuer.aliases(&handle))
            && let Some(known) = revokers.by_fingerprint(fingerprint)
        {
            let signer = known.primary_key().key().clone().role_into_unspecified();
            return verify(signature, &signer).then_some(Revoker::Authorised);
        }
    }
    Some(Revoker::Unconfirmed)
}

/// Revokers that any verified self-signature of the primary key names
/// (RFC 9580 section 5.2.3.23).
fn designated_revokers(cert: &Cert) -> Vec<&RevocationKey> {
    let own = cert.primary_key().self_signatures();
    let user_ids = cert.userids().flat_map(|user_id| user_id.self_signatures());
    own.chain(user_ids).flat_map(|signature| signature.revocation_keys()).collect()
}

/// An expired revocation still revokes: who revokes does not take it back by
/// saying nothing.
fn revocation(signature: &Signature, by: Revoker) -> Option<Revocation> {
    let kind = match signature.reason_for_revocation() {
        Some((reason, _)) if reason.revocation_type() == RevocationType::Soft => RevocationKind::Soft,
        _ => RevocationKind::Hard,
    };
    Some(Revocation { kind, at: convert::time(signature.signature_creation_time()?), by })
}
