//! A public certificate that is looked after: read from any file that holds
//! one, merged, and held against what was published before.

use std::collections::BTreeSet;

use sequoia_openpgp as sq;
use sq::cert::CertParser;
use sq::packet::{Packet, Signature};
use sq::parse::{Dearmor, PacketParser, PacketParserBuilder, PacketParserResult, Parse};
use sq::serialize::SerializeInto;
use sq::types::SignatureType;
use sq::{Cert, Fingerprint as SqFingerprint};

use super::{LifeError, failed};
use crate::openpgp::armor::{self, ArmorDefect};
use crate::openpgp::certificate::{self, Revokers};
use crate::openpgp::offered::own_parts;
use crate::openpgp::{MAX_CERTIFICATE_BYTES, convert, inspect};
use crate::release::Fingerprint;
use crate::release::path::printable;
use crate::release::signature::CertificateFacts;

const LABEL: &str = "PGP PUBLIC KEY BLOCK";
const EXPORT: &str = "Give the public certificate: gpg --armor --export FINGERPRINT.";

/// A certificate without secrets.
#[derive(Clone)]
pub struct PublicCertificate {
    cert: Cert,
    fingerprint: Fingerprint,
}

/// Nobody: a certificate that is looked at alone.
struct Alone;

impl Revokers for Alone {
    fn by_fingerprint(&self, _: &SqFingerprint) -> Option<&Cert> {
        None
    }
}

impl PublicCertificate {
    /// Reads one public certificate, armoured or binary. Text around the
    /// armour is passed over: published files begin with a listing. User ids
    /// and subkeys that its primary key never spoke of are left out: anybody
    /// could have put them there, and what is published once stays.
    ///
    /// # Errors
    /// [`LifeError`] with `not-a-certificate`, `secret-key-given` or
    /// `several-certificates`.
    pub fn parse(bytes: &[u8]) -> Result<Self, LifeError> {
        let not_one = |why: &str| {
            LifeError::no("not-a-certificate", format!("expected a public certificate, found {why}"), EXPORT)
        };
        if bytes.len() > MAX_CERTIFICATE_BYTES {
            return Err(not_one("a file that is larger than any"));
        }
        let body = packets(bytes).map_err(|defect| refusal(&defect))?;
        let parser = PacketParserBuilder::from_bytes(&body[..])
            .and_then(|builder| builder.dearmor(Dearmor::Disabled).build())
            .map_err(|_| not_one("other bytes"))?;
        let mut certs = CertParser::from(parser);
        let Some(Ok(cert)) = certs.next() else { return Err(not_one("other packets")) };
        if certs.next().is_some() {
            let message = "expected one certificate, found more than one";
            return Err(LifeError::no("several-certificates", message, EXPORT));
        }
        if cert.is_tsk() {
            return Err(secret_given());
        }
        Self::of(own_parts(cert))
    }

    pub(super) fn of(cert: Cert) -> Result<Self, LifeError> {
        let fingerprint = convert::fingerprint(&cert.fingerprint())
            .ok_or_else(|| failed("a certificate of an unknown version"))?;
        Ok(Self { cert: cert.strip_secret_key_material(), fingerprint })
    }

    /// Fingerprint of the primary key.
    pub fn fingerprint(&self) -> &Fingerprint {
        &self.fingerprint
    }

    /// What it says of itself, as far as it verifies.
    pub fn facts(&self) -> CertificateFacts {
        certificate::facts(&self.cert, &self.fingerprint, &Alone)
    }

    /// The certificate in armour.
    pub fn to_armored(&self) -> Vec<u8> {
        // Serialising into memory fails only for what could not be parsed.
        self.cert.armored().to_vec().unwrap_or_default()
    }

    pub(super) fn cert(&self) -> &Cert {
        &self.cert
    }

    /// All that either holds.
    ///
    /// # Errors
    /// [`LifeError`] with `wrong-certificate`.
    pub fn merge(&self, other: &Self) -> Result<Self, LifeError> {
        if other.fingerprint != self.fingerprint {
            return Err(wrong(&self.fingerprint, &other.fingerprint));
        }
        Self::of(self.cert.clone().merge_public(other.cert.clone()).map_err(failed)?)
    }

    /// The certificate with a revocation certificate that was kept apart.
    ///
    /// # Errors
    /// [`LifeError`] with `not-a-revocation` for other bytes, or for one that
    /// this certificate's primary key did not make.
    pub fn with_revocation(&self, bytes: &[u8]) -> Result<Self, LifeError> {
        let hint = "Give the file that key generate wrote, or that gpg --gen-revoke did.";
        let no = |message: &str| LifeError::no("not-a-revocation", message, hint);
        let body = packets(bytes).map_err(|_| no("expected a revocation certificate, found other bytes"))?;
        let Some(signature) = only_signature(&body) else {
            return Err(no("expected one revocation signature, found other packets"));
        };
        let primary = self.cert.primary_key();
        let of_primary = signature.typ() == SignatureType::KeyRevocation
            && signature.verify_primary_key_revocation(primary.key(), primary.key()).is_ok();
        let of_subkey = signature.typ() == SignatureType::SubkeyRevocation
            && self.cert.keys().subkeys().any(|subkey| {
                signature.verify_subkey_revocation(primary.key(), primary.key(), subkey.key()).is_ok()
            });
        if !of_primary && !of_subkey {
            return Err(no("the revocation is not one of this certificate, or not by its own primary key"));
        }
        let (cert, _) = self.cert.clone().insert_packets(vec![Packet::from(signature)]).map_err(failed)?;
        Self::of(cert)
    }

    /// In words, what `published` holds and this certificate lacks. Empty:
    /// this one can take its place, and nobody loses anything.
    pub fn lacks(&self, published: &Self) -> Vec<String> {
        let held: BTreeSet<Vec<u8>> =
            self.cert.clone().into_packets().map(|packet| identity(&packet)).collect();
        let (mut on, mut out) = (format!("the certificate {}", published.fingerprint), Vec::new());
        for packet in published.cert.clone().into_packets() {
            match &packet {
                Packet::PublicSubkey(key) => on = format!("the subkey {}", key.fingerprint().to_hex()),
                Packet::UserID(user_id) => on = format!("the user id \"{}\"", printable(user_id.value())),
                Packet::UserAttribute(_) => on = "a user attribute".into(),
                _ => {}
            }
            if !held.contains(&identity(&packet)) {
                out.push(match &packet {
                    Packet::Signature(signature) => format!("{} of {on}", described(signature)),
                    _ => on.clone(),
                });
            }
        }
        out
    }

    /// The user ids that a primary key of `other` certified, in a way that
    /// verifies.
    pub fn certified_by(&self, other: &Self) -> Vec<String> {
        let signer = other.cert.primary_key();
        let primary = self.cert.primary_key();
        let by_other = |user_id: &sq::cert::amalgamation::UserIDAmalgamation<'_>| {
            user_id.certifications().any(|signature| {
                signature.verify_userid_binding(signer.key(), primary.key(), user_id.userid()).is_ok()
            })
        };
        let certified = self.cert.userids().filter(by_other);
        certified.map(|user_id| String::from_utf8_lossy(user_id.userid().value()).into_owned()).collect()
    }
}

pub(super) fn wrong(wanted: &Fingerprint, found: &Fingerprint) -> LifeError {
    let message = format!("expected the certificate {wanted}, found {found}");
    let hint = "Compare the fingerprints with the people who look after the key; nothing was done.";
    LifeError::no("wrong-certificate", message, hint)
}

/// The bytes of the packets of a file.
fn packets(bytes: &[u8]) -> Result<Vec<u8>, ArmorDefect> {
    if bytes.first().is_some_and(|first| first & 0x80 != 0) {
        return Ok(bytes.to_vec());
    }
    let begin = format!("-----BEGIN {LABEL}-----").into_bytes();
    let end = format!("-----END {LABEL}-----").into_bytes();
    let find = |what: &[u8]| bytes.windows(what.len()).position(|window| window == what);
    let block = match (find(&begin), find(&end)) {
        (Some(from), Some(to)) if from < to => bytes.get(from..to + end.len()).unwrap_or_default(),
        _ => bytes,
    };
    // A second block is told by the whole file.
    let second = bytes.windows(begin.len()).filter(|window| *window == begin).count() > 1;
    armor::decode(if second { bytes } else { block }, LABEL).map(|body| body.to_vec())
}

fn refusal(defect: &ArmorDefect) -> LifeError {
    match defect {
        ArmorDefect::SeveralBlocks => {
            let message = "expected one certificate, found a second armour block";
            LifeError::no("several-certificates", message, EXPORT)
        }
        ArmorDefect::WrongLabel { label, .. } if label == "PGP PRIVATE KEY BLOCK" => secret_given(),
        _ => {
            let message = "expected a public certificate in one armour block, found something else";
            LifeError::no("not-a-certificate", message, EXPORT)
        }
    }
}

fn secret_given() -> LifeError {
    let message = "expected a public certificate, found a secret key";
    let hint = "Give the public half. If this file was ever published, revoke the key as compromised.";
    LifeError::no("secret-key-given", message, hint)
}

/// The one packet of a file, if it is a signature.
fn only_signature(body: &[u8]) -> Option<Signature> {
    let PacketParserResult::Some(parser) = PacketParser::from_bytes(body).ok()? else { return None };
    let (packet, rest) = parser.next().ok()?;
    match (packet, rest) {
        (Packet::Signature(signature), PacketParserResult::EOF(_)) => Some(signature),
        _ => None,
    }
}

/// Equal for two packets that say the same, whatever the unhashed area holds.
fn identity(packet: &Packet) -> Vec<u8> {
    match packet {
        Packet::Signature(signature) => inspect::identity(signature),
        other => {
            let mut bytes = vec![u8::from(other.tag())];
            bytes.extend(other.to_vec().unwrap_or_default());
            bytes
        }
    }
}

fn described(signature: &Signature) -> String {
    let what = match signature.typ() {
        SignatureType::KeyRevocation | SignatureType::SubkeyRevocation => "the revocation",
        SignatureType::CertificationRevocation => "the withdrawal",
        SignatureType::SubkeyBinding | SignatureType::DirectKey => "the self-signature",
        _ => "the certification",
    };
    match signature.signature_creation_time() {
        Some(at) => format!("{what} from {}", convert::time(at)),
        None => what.into(),
    }
}
