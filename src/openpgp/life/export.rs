//! The signing subkey on its way to the machine that signs.

use sequoia_openpgp as sq;
use sq::crypto::Password;
use sq::packet::Packet;

use super::offline::{is, no_such_subkey, wrong_passphrase};
use super::{LifeError, OfflineKey, failed, lock, secret_bytes};
use crate::openpgp::{Secret, SigningKey, signing_key};
use crate::release::{Fingerprint, Time};

/// A signing subkey alone.
pub struct Exported {
    /// Armoured; the primary key and other subkeys are gpg's stubs.
    pub secret: Secret,
}

impl OfflineKey {
    /// The secret of one subkey, locked with `passphrase`, or not at all if
    /// there is none. Secrets that are not wanted become gpg's stubs: without
    /// them gpg says "No secret key".
    ///
    /// What is given out was read again as `sign` will read it, which refuses
    /// a primary secret.
    ///
    /// # Errors
    /// [`LifeError`] with `no-such-subkey`, `wrong-passphrase` or the codes
    /// of [`SigningKey::read`].
    pub fn export_subkey(
        &self,
        subkey: &Fingerprint,
        passphrase: Option<&[u8]>,
        at: Time,
    ) -> Result<Exported, LifeError> {
        let found = self.cert().keys().subkeys().find(|key| is(key.key(), subkey));
        let Some(key) = found.map(|found| found.key().clone()) else { return Err(no_such_subkey(subkey)) };
        if key.optional_secret().is_none_or(signing_key::is_stub) {
            let message = format!("the secret of the subkey {subkey} is not in this file");
            return Err(LifeError::no("no-signing-key", message, "Give the file that holds it."));
        }
        let mut secret = key.parts_into_secret().map_err(failed)?;
        if secret.secret().is_encrypted() {
            secret = secret.decrypt_secret(&self.password).map_err(|_| wrong_passphrase())?;
        }
        if let Some(passphrase) = passphrase {
            secret = lock(secret, &Password::from(passphrase))?;
        }
        let public = self.cert().clone().strip_secret_key_material();
        let (cert, _) = public.insert_packets(vec![Packet::from(secret)]).map_err(failed)?;
        let secret = secret_bytes(&cert.as_tsk().emit_secret_key_stubs(true).armored())?;
        let again = SigningKey::read(&secret, passphrase, at).map_err(LifeError::Refused)?;
        if again.facts().key != *subkey {
            return Err(failed("the exported subkey is another one"));
        }
        Ok(Exported { secret })
    }
}
