//! A new certificate, and the pieces of which it is made.

use sequoia_openpgp as sq;
use sq::Cert;
use sq::crypto::{KeyPair, Password};
use sq::packet::key::{Key4, PrimaryRole, SecretParts, SubordinateRole};
use sq::packet::{Packet, Signature, UserID};
use sq::types::{Curve, KeyFlags, SignatureType};

use super::revoke::{self, Reason};
use super::{LifeError, PublicCertificate, SecretKey, failed, life, lock, moment, secret_bytes, statement};
use crate::openpgp::Secret;
use crate::release::{Fingerprint, Time};

/// What a new certificate shall be.
#[derive(Debug, Clone, Copy)]
pub struct NewKey<'a> {
    /// Whose it is, or for what: `Release 2027.1 <release@example.org>`.
    pub user_id: &'a str,
    /// When it is made.
    pub at: Time,
    /// When the primary key ends.
    pub expires: Time,
    /// When the signing subkey ends; not after the primary key.
    pub subkey_expires: Time,
}

/// A new certificate.
pub struct Generated {
    /// The public half.
    pub public: PublicCertificate,
    /// Fingerprint of the signing subkey.
    pub subkey: Fingerprint,
    /// The whole certificate with its secrets, locked with the passphrase;
    /// armoured.
    pub secret: Secret,
    /// A revocation certificate for each reason, armoured.
    pub revocations: Vec<(Reason, Vec<u8>)>,
}

impl NewKey<'_> {
    /// Whether what is asked makes sense, before anybody types a passphrase.
    ///
    /// # Errors
    /// [`LifeError`] with `expiry-in-past` or `subkey-outlives-certificate`.
    pub fn check(&self) -> Result<(), LifeError> {
        check_ends(self.at, self.expires, self.subkey_expires)
    }

    /// Makes a version 4 Ed25519 primary key that only certifies and a
    /// signing subkey with its back signature.
    ///
    /// # Errors
    /// [`LifeError`] with `expiry-in-past` or `subkey-outlives-certificate`.
    pub fn generate(&self, passphrase: &[u8]) -> Result<Generated, LifeError> {
        self.check()?;
        let password = Password::from(passphrase);
        let primary: SecretKey<PrimaryRole> = ed25519::<PrimaryRole>(self.at)?;
        let mut pair = primary.clone().into_keypair().map_err(failed)?;
        let user_id = UserID::from(self.user_id);
        let certification = statement(SignatureType::PositiveCertification, self.at)?
            .set_key_flags(KeyFlags::certification())
            .and_then(|builder| builder.set_primary_userid(true))
            .map_err(failed)?
            .set_key_validity_period(life(self.at, self.expires)?)
            .and_then(|builder| builder.sign_userid_binding(&mut pair, None, &user_id))
            .map_err(failed)?;
        let (subkey, binding) = signing_subkey(&mut pair, self.at, self.subkey_expires)?;
        let packets: Vec<Packet> = vec![
            lock(primary, &password)?.into(),
            user_id.into(),
            certification.into(),
            lock(subkey.clone(), &password)?.into(),
            binding.into(),
        ];
        let cert = Cert::from_packets(packets.into_iter()).map_err(failed)?;
        let mut revocations = Vec::new();
        for reason in Reason::ALL {
            let signature = revoke::of_certificate(&cert, &mut pair, reason, "", self.at)?;
            revocations.push((reason, revoke::armored(signature, reason)?));
        }
        let secret = secret_bytes(&cert.as_tsk().armored())?;
        let subkey = crate::openpgp::convert::fingerprint(&subkey.fingerprint());
        Ok(Generated {
            secret,
            subkey: subkey.ok_or_else(|| failed("a key of an unknown version"))?,
            public: PublicCertificate::of(cert)?,
            revocations,
        })
    }
}

fn check_ends(at: Time, expires: Time, subkey_expires: Time) -> Result<(), LifeError> {
    for end in [expires, subkey_expires] {
        if end <= at {
            return Err(super::ends_too_early(end));
        }
    }
    if subkey_expires > expires {
        let message = format!("the subkey would end at {subkey_expires}, after its certificate at {expires}");
        let hint =
            "A subkey is worth nothing without its certificate: extend that too, or end the subkey earlier.";
        return Err(LifeError::no("subkey-outlives-certificate", message, hint));
    }
    Ok(())
}

/// A new secret key. Algorithm 22, which gpg 2.2 reads.
fn ed25519<R: sq::packet::key::KeyRole>(at: Time) -> Result<SecretKey<R>, LifeError>
where
    SecretKey<R>: From<Key4<SecretParts, R>>,
{
    let mut key = Key4::<SecretParts, R>::generate_ecc(true, Curve::Ed25519).map_err(failed)?;
    key.set_creation_time(moment(at)?).map_err(failed)?;
    Ok(key.into())
}

/// A new signing subkey with its binding by `primary`.
pub(super) fn signing_subkey(
    primary: &mut KeyPair,
    at: Time,
    expires: Time,
) -> Result<(SecretKey<SubordinateRole>, Signature), LifeError> {
    let subkey: SecretKey<SubordinateRole> = ed25519::<SubordinateRole>(at)?;
    let public = primary.public().clone().role_into_primary();
    let mut pair = subkey.clone().into_keypair().map_err(failed)?;
    let back = statement(SignatureType::PrimaryKeyBinding, at)?
        .sign_primary_key_binding(&mut pair, &public, &subkey)
        .map_err(failed)?;
    let binding = statement(SignatureType::SubkeyBinding, at)?
        .set_key_flags(KeyFlags::signing())
        .map_err(failed)?
        .set_key_validity_period(life(at, expires)?)
        .and_then(|builder| builder.set_embedded_signature(back))
        .and_then(|builder| builder.sign_subkey_binding(primary, None, &subkey))
        .map_err(failed)?;
    Ok((subkey, binding))
}
