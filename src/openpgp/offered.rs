//! A certificate on its way into a keyring, and on its way out to others.

use std::io::Write as _;

use sequoia_openpgp as sq;
use sq::armor::{Kind, Writer};
use sq::parse::Parse as _;
use sq::serialize::SerializeInto as _;
use sq::types::SignatureType;
use sq::{Packet, PacketPile};

use super::convert;
use super::keyring::{self, Certificate, KeyringError};

/// Revocations in a file that are still looked at.
const MAX_REVOCATIONS: usize = 16;

impl Certificate {
    /// Reads a certificate that is offered to a keyring, from a file of any
    /// name, armoured or binary. User ids and subkeys that its primary key
    /// never spoke of are left out: anybody could have put them there.
    ///
    /// # Errors
    /// [`KeyringError`] unless it is one public certificate.
    pub fn offered(name: &str, bytes: &[u8]) -> Result<Self, KeyringError> {
        let armored = bytes.first().is_none_or(|first| first & 0x80 == 0);
        let cert = own_parts(keyring::read_cert(name, bytes, armored)?);
        let Some(fingerprint) = convert::fingerprint(&cert.fingerprint()) else {
            let message = "expected a certificate of version 4 or 6";
            return Err(keyring::refuse("keyring-not-a-certificate", name, message));
        };
        Ok(Self::new(format!("{fingerprint}.asc"), fingerprint, cert))
    }

    /// This certificate with all that `newer` holds beside; nothing that this
    /// one holds is lost. `None` if they are different certificates.
    pub fn merged(&self, newer: &Self) -> Option<Self> {
        let cert = self.cert().clone().merge_public(newer.cert().clone()).ok()?;
        Some(Self::new(self.file_name().into(), self.fingerprint().clone(), cert))
    }

    /// This certificate with the revocations of a file that holds nothing
    /// else, such as gpg's `openpgp-revocs.d/*.rev` after its colon is taken
    /// away. Text around the armour is passed over: a revocation proves by
    /// itself whose it is. `None` if the file is something else, or if one of
    /// them is not this certificate's own.
    pub fn revoked_by(&self, bytes: &[u8]) -> Option<Self> {
        let pile = PacketPile::from_bytes(bytes).ok()?;
        let packets: Vec<Packet> = pile.into_children().take(MAX_REVOCATIONS + 1).collect();
        let is_revocation = |packet: &Packet| match packet {
            Packet::Signature(signature) => {
                matches!(signature.typ(), SignatureType::KeyRevocation | SignatureType::SubkeyRevocation)
            }
            _ => false,
        };
        if packets.is_empty() || packets.len() > MAX_REVOCATIONS || !packets.iter().all(is_revocation) {
            return None;
        }
        let (cert, _) = self.cert().clone().insert_packets(packets.clone()).ok()?;
        let own = |cert: &sq::Cert| -> Vec<Packet> {
            let all = cert.keys().flat_map(|key| key.self_revocations().cloned().collect::<Vec<_>>());
            all.map(Packet::from).collect()
        };
        let (held, wanted) = (own(&cert), packets.len());
        let found = packets.iter().filter(|packet| held.contains(packet)).count();
        (found == wanted).then(|| Self::new(self.file_name().into(), self.fingerprint().clone(), cert))
    }

    /// Whether both hold the same packets.
    pub fn same_as(&self, other: &Self) -> bool {
        self.cert() == other.cert()
    }

    /// The certificate as packets without armour.
    pub fn to_binary(&self) -> Vec<u8> {
        self.cert().to_vec().unwrap_or_default()
    }

    /// The certificate with only those of its user ids that are for the mail
    /// address `address`, in packets, as a web key directory serves it.
    pub fn for_address(&self, address: &str) -> Vec<u8> {
        let cert = self.cert().clone().retain_userids(|user_id| {
            matches!(user_id.userid().email(), Ok(Some(found)) if found.eq_ignore_ascii_case(address))
        });
        cert.to_vec().unwrap_or_default()
    }

    /// The mail addresses of its user ids, sorted: those that are bound and
    /// not revoked, and that are plain ASCII.
    pub fn addresses(&self) -> Vec<String> {
        let mut all: Vec<String> = Vec::new();
        for user_id in self.cert().userids() {
            let bound = user_id.self_signatures().next().is_some();
            if bound
                && user_id.self_revocations().next().is_none()
                && let Ok(Some(address)) = user_id.userid().email()
                && address.is_ascii()
                && !all.iter().any(|known| known == address)
            {
                all.push(address.to_string());
            }
        }
        all.sort();
        all
    }
}

/// The certificate without what its primary key never spoke of.
pub(super) fn own_parts(cert: sq::Cert) -> sq::Cert {
    cert.retain_userids(|part| {
        part.self_signatures().next().is_some() || part.self_revocations().next().is_some()
    })
    .retain_user_attributes(|part| {
        part.self_signatures().next().is_some() || part.self_revocations().next().is_some()
    })
    .retain_subkeys(|part| {
        part.self_signatures().next().is_some() || part.self_revocations().next().is_some()
    })
}

/// Several certificates in one armour block.
pub fn armored_together<'a>(certificates: impl Iterator<Item = &'a Certificate>) -> Vec<u8> {
    let packets: Vec<u8> = certificates.flat_map(Certificate::to_binary).collect();
    let writer = Writer::new(Vec::new(), Kind::PublicKey);
    let written = writer.and_then(|mut writer| writer.write_all(&packets).and_then(|()| writer.finalize()));
    // Writing into memory does not fail.
    written.unwrap_or_default()
}
