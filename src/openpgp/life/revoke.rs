//! Revocations, and the reasons for them.

use std::fmt;

use sequoia_openpgp as sq;
use sq::Cert;
use sq::armor::{Kind, Writer};
use sq::cert::{CertRevocationBuilder, SubkeyRevocationBuilder};
use sq::crypto::KeyPair;
use sq::packet::key::{PublicParts, SubordinateRole};
use sq::packet::{Packet, Signature};
use sq::serialize::Serialize as _;
use sq::types::{HashAlgorithm, ReasonForRevocation};

use super::{LifeError, failed, moment};
use crate::release::Time;

/// Why a key is revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Somebody else may have the secret: nothing it ever signed counts.
    Compromised,
    /// Another key took its place: what it signed before counts where its age is proven.
    Superseded,
    /// No longer used: what it signed before counts where its age is proven.
    Retired,
}

impl Reason {
    /// All of them, the worst first.
    pub const ALL: [Self; 3] = [Self::Compromised, Self::Superseded, Self::Retired];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Compromised => "compromised",
            Self::Superseded => "superseded",
            Self::Retired => "retired",
        }
    }

    fn code(self) -> ReasonForRevocation {
        match self {
            Self::Compromised => ReasonForRevocation::KeyCompromised,
            Self::Superseded => ReasonForRevocation::KeySuperseded,
            Self::Retired => ReasonForRevocation::KeyRetired,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

pub(super) fn of_certificate(
    cert: &Cert,
    pair: &mut KeyPair,
    reason: Reason,
    text: &str,
    at: Time,
) -> Result<Signature, LifeError> {
    let made = moment(at)?;
    CertRevocationBuilder::new()
        .set_reason_for_revocation(reason.code(), text.as_bytes())
        .and_then(|builder| builder.set_signature_creation_time(made))
        .and_then(|builder| builder.build(pair, cert, Some(HashAlgorithm::SHA512)))
        .map_err(failed)
}

pub(super) fn of_subkey(
    cert: &Cert,
    subkey: &sq::packet::Key<PublicParts, SubordinateRole>,
    pair: &mut KeyPair,
    (reason, text): (Reason, &str),
    at: Time,
) -> Result<Signature, LifeError> {
    let made = moment(at)?;
    SubkeyRevocationBuilder::new()
        .set_reason_for_revocation(reason.code(), text.as_bytes())
        .and_then(|builder| builder.set_signature_creation_time(made))
        .and_then(|builder| builder.build(pair, cert, subkey, Some(HashAlgorithm::SHA512)))
        .map_err(failed)
}

/// A revocation alone, as a file that gpg imports.
pub(super) fn armored(signature: Signature, reason: Reason) -> Result<Vec<u8>, LifeError> {
    let comment = format!("Revocation certificate, reason: {reason}. Publishing it cannot be undone.");
    let headers = [("Comment", comment.as_str())];
    let mut writer = Writer::with_headers(Vec::new(), Kind::PublicKey, headers).map_err(failed)?;
    Packet::from(signature).serialize(&mut writer).map_err(failed)?;
    writer.finalize().map_err(failed)
}
