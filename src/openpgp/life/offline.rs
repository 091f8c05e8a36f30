//! The offline key: primary key and subkeys with their secrets, unlocked.

use sequoia_openpgp as sq;
use sq::Cert;
use sq::crypto::{KeyPair, Password};
use sq::packet::key::{PublicParts, SubordinateRole};
use sq::packet::signature::SignatureBuilder;
use sq::packet::{Packet, Signature};
use sq::types::SignatureType;

use super::revoke::{self, Reason};
use super::{LifeError, PublicCertificate, dated, failed, life, lock, make, secret_bytes, statement};
use crate::openpgp::{Secret, convert, signing_key};
use crate::release::signature::CertificateFacts;
use crate::release::{Fingerprint, Time};

const FILE: &str =
    "Give the file FINGERPRINT.secret.asc that key generate wrote, or gpg --armor --export-secret-keys.";

/// A certificate whose primary secret is here and unlocked. It belongs on a
/// machine that does nothing else.
pub struct OfflineKey {
    cert: Cert,
    pub(super) pair: KeyPair,
    pub(super) password: Password,
    fingerprint: Fingerprint,
}

/// What a revocation is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// The primary key and so everything.
    Certificate,
    /// One subkey.
    Subkey(Fingerprint),
}

impl OfflineKey {
    /// Reads a transferable secret key and unlocks its primary key.
    ///
    /// # Errors
    /// [`LifeError`] with the codes of [`crate::openpgp::SigningKey::read`],
    /// and `no-primary-secret`, `secret-not-locked`.
    pub fn read(bytes: &[u8], passphrase: &[u8]) -> Result<Self, LifeError> {
        let cert = signing_key::read_cert(bytes).map_err(LifeError::Refused)?;
        let primary = cert.primary_key().key().clone();
        let Some(secret) = primary.optional_secret().filter(|secret| !signing_key::is_stub(secret)) else {
            let message = "expected the secret of the primary key, found none";
            return Err(LifeError::no("no-primary-secret", message, FILE));
        };
        if !secret.is_encrypted() {
            let message = "the secret of the primary key is not locked with a passphrase";
            let hint = "Lock it first: gpg --change-passphrase FINGERPRINT, then export it again.";
            return Err(LifeError::no("secret-not-locked", message, hint));
        }
        signing_key::check_algorithm(convert::key_kind(&primary)).map_err(LifeError::Refused)?;
        let password = Password::from(passphrase);
        let unlocked = primary.parts_into_secret().map_err(failed)?.decrypt_secret(&password);
        let pair = unlocked.map_err(|_| wrong_passphrase())?.into_keypair().map_err(failed)?;
        let fingerprint = convert::fingerprint(&cert.fingerprint())
            .ok_or_else(|| failed("a certificate of an unknown version"))?;
        Ok(Self { cert, pair, password, fingerprint })
    }

    /// Fingerprint of the primary key.
    pub fn fingerprint(&self) -> &Fingerprint {
        &self.fingerprint
    }

    /// The public half.
    ///
    /// # Errors
    /// [`LifeError::Backend`].
    pub fn public(&self) -> Result<PublicCertificate, LifeError> {
        PublicCertificate::of(self.cert.clone())
    }

    /// The whole with its secrets, each still locked as it was; armoured.
    ///
    /// # Errors
    /// [`LifeError::Backend`].
    pub fn secret(&self) -> Result<Secret, LifeError> {
        secret_bytes(&self.cert.as_tsk().armored())
    }

    pub(super) fn cert(&self) -> &Cert {
        &self.cert
    }

    /// Adds what others know of the certificate: revocations, certifications.
    ///
    /// # Errors
    /// [`LifeError`] with `wrong-certificate`.
    pub fn learn(&mut self, public: &PublicCertificate) -> Result<(), LifeError> {
        if *public.fingerprint() != self.fingerprint {
            return Err(super::public::wrong(&self.fingerprint, public.fingerprint()));
        }
        self.cert = self.cert.clone().merge_public(public.cert().clone()).map_err(failed)?;
        Ok(())
    }

    /// Lets the primary key end at `expires`, a subkey at its own time, or
    /// both: new self-signatures beside the old ones.
    ///
    /// # Errors
    /// [`LifeError`] with `no-such-subkey`, or `clock-behind-certificate`
    /// where an existing statement is as new as `at`, so that the new one
    /// would not count.
    pub fn extend(
        &mut self,
        expires: Option<Time>,
        subkey: Option<(&Fingerprint, Time)>,
        at: Time,
    ) -> Result<(), LifeError> {
        self.check_clock(at)?;
        if let Some(expires) = expires {
            self.extend_primary(expires, at)?;
        }
        match subkey {
            Some((subkey, expires)) => self.extend_subkey(subkey, expires, at),
            None => Ok(()),
        }
    }

    /// A direct-key signature if there was one, and a certification of each
    /// user id that is not withdrawn.
    fn extend_primary(&mut self, expires: Time, at: Time) -> Result<(), LifeError> {
        let primary = self.cert.primary_key().key().clone();
        let period = life(convert::time(primary.creation_time()), expires)?;
        let renew = |old: &Signature| -> Result<SignatureBuilder, LifeError> {
            dated(SignatureBuilder::from(old.clone()), at)?.set_key_validity_period(period).map_err(failed)
        };
        let mut made: Vec<Packet> = Vec::new();
        if let Some(old) = self.cert.primary_key().self_signatures().next() {
            let new = renew(old)?.sign_direct_key(&mut self.pair, None).map_err(failed)?;
            made.push(new.into());
        }
        for user_id in self.cert.userids().filter(|user_id| user_id.self_revocations().next().is_none()) {
            if let Some(old) = user_id.self_signatures().next() {
                let new = renew(old)?.sign_userid_binding(&mut self.pair, None, user_id.userid());
                made.push(new.map_err(failed)?.into());
            }
        }
        self.insert(made)
    }

    fn extend_subkey(&mut self, subkey: &Fingerprint, expires: Time, at: Time) -> Result<(), LifeError> {
        let (key, old) = {
            let found = self.cert.keys().subkeys().find(|key| is(key.key(), subkey));
            let Some(found) = found else { return Err(no_such_subkey(subkey)) };
            let Some(old) = found.self_signatures().next() else { return Err(no_such_subkey(subkey)) };
            (found.key().clone(), old.clone())
        };
        let period = life(convert::time(key.creation_time()), expires)?;
        let mut builder =
            dated(SignatureBuilder::from(old), at)?.set_key_validity_period(period).map_err(failed)?;
        // A fresh back signature where the subkey's secret is here; else the
        // one that is there goes on to count.
        if key.optional_secret().is_some_and(|secret| !signing_key::is_stub(secret)) {
            let unlocked = key.clone().parts_into_secret().map_err(failed)?;
            let unlocked = match unlocked.secret().is_encrypted() {
                true => unlocked.decrypt_secret(&self.password).map_err(|_| wrong_passphrase())?,
                false => unlocked,
            };
            let mut pair = unlocked.into_keypair().map_err(failed)?;
            let back = statement(SignatureType::PrimaryKeyBinding, at)?
                .sign_primary_key_binding(&mut pair, self.cert.primary_key().key(), &key)
                .map_err(failed)?;
            builder = builder.set_embedded_signature(back).map_err(failed)?;
        }
        let new = builder.sign_subkey_binding(&mut self.pair, None, &key).map_err(failed)?;
        self.insert(vec![new.into()])
    }

    /// Adds a new signing subkey, locked with the same passphrase.
    ///
    /// # Errors
    /// [`LifeError`] with `expiry-in-past` or `clock-behind-certificate`.
    pub fn add_subkey(&mut self, at: Time, expires: Time) -> Result<Fingerprint, LifeError> {
        self.check_clock(at)?;
        let (subkey, binding) = make::signing_subkey(&mut self.pair, at, expires)?;
        let fingerprint = convert::fingerprint(&subkey.fingerprint())
            .ok_or_else(|| failed("a key of an unknown version"))?;
        self.insert(vec![lock(subkey, &self.password)?.into(), binding.into()])?;
        Ok(fingerprint)
    }

    /// Revokes the certificate or a subkey. Whether that has an effect, only
    /// the certificate as a whole tells.
    ///
    /// # Errors
    /// [`LifeError`] with `no-such-subkey`.
    pub fn revoke(&mut self, target: &Target, why: (Reason, &str), at: Time) -> Result<(), LifeError> {
        let signature = match target {
            Target::Certificate => revoke::of_certificate(&self.cert, &mut self.pair, why.0, why.1, at)?,
            Target::Subkey(fingerprint) => {
                let found = self.cert.keys().subkeys().find(|key| is(key.key(), fingerprint));
                let Some(found) = found else { return Err(no_such_subkey(fingerprint)) };
                let key = found.key().clone();
                revoke::of_subkey(&self.cert, &key, &mut self.pair, why, at)?
            }
        };
        self.insert(vec![signature.into()])
    }

    /// Certifies every user id of `other` that `other` itself stands by, so
    /// that everybody may see it; or the one named `only`.
    ///
    /// # Errors
    /// [`LifeError`] with `no-such-user-id`.
    pub fn certify(
        &mut self,
        other: &PublicCertificate,
        only: Option<&str>,
        at: Time,
    ) -> Result<PublicCertificate, LifeError> {
        let target = other.cert().primary_key().key().clone();
        let mut made: Vec<Packet> = Vec::new();
        for user_id in other.cert().userids() {
            let own =
                user_id.self_signatures().next().is_some() && user_id.self_revocations().next().is_none();
            let wanted = only.is_none_or(|only| user_id.userid().value() == only.as_bytes());
            if own && wanted {
                let signature = statement(SignatureType::GenericCertification, at)?
                    .sign_userid_binding(&mut self.pair, &target, user_id.userid())
                    .map_err(failed)?;
                made.push(user_id.userid().clone().into());
                made.push(signature.into());
            }
        }
        if made.is_empty() {
            let message = format!("the certificate {} has no such user id", other.fingerprint());
            return Err(LifeError::no(
                "no-such-user-id",
                message,
                "Write the user id exactly as gpg lists it.",
            ));
        }
        PublicCertificate::of(other.cert().clone().insert_packets(made).map_err(failed)?.0)
    }

    fn insert(&mut self, packets: Vec<Packet>) -> Result<(), LifeError> {
        self.cert = self.cert.clone().insert_packets(packets).map_err(failed)?.0;
        Ok(())
    }

    /// Readers take the newest statement: one that is not newer than those
    /// that exist would not count, or at random.
    fn check_clock(&self, at: Time) -> Result<(), LifeError> {
        let facts: CertificateFacts = self.public()?.facts();
        let keys = std::iter::once(&facts.primary).chain(&facts.subkeys);
        let newest = keys.flat_map(|key| &key.bindings).map(|binding| binding.created).max();
        match newest.filter(|newest| *newest >= at) {
            None => Ok(()),
            Some(newest) => {
                let message =
                    format!("the certificate says something from {newest}, which is not before {at}");
                let hint =
                    "Look at the clock of this machine, or at --at: readers believe the newest statement.";
                Err(LifeError::no("clock-behind-certificate", message, hint))
            }
        }
    }
}

pub(super) fn is(key: &sq::packet::Key<PublicParts, SubordinateRole>, wanted: &Fingerprint) -> bool {
    convert::fingerprint(&key.fingerprint()).as_ref() == Some(wanted)
}

pub(super) fn no_such_subkey(wanted: &Fingerprint) -> LifeError {
    let message = format!("the certificate has no subkey {wanted}");
    LifeError::no(
        "no-such-subkey",
        message,
        "Write the whole fingerprint as gpg --list-keys --with-subkey-fingerprint does.",
    )
}

pub(super) fn wrong_passphrase() -> LifeError {
    LifeError::no("wrong-passphrase", "the passphrase does not unlock the key", "Give the right one.")
}
