//! The vetted keyring: a folder of public certificates, one a file.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use sequoia_openpgp as sq;
use sq::cert::CertParser;
use sq::parse::{Dearmor, PacketParserBuilder, Parse};
use sq::serialize::SerializeInto;
use sq::{Cert, KeyHandle};

use super::armor::{self, ArmorDefect};
use super::certificate::{self, Revokers};
use super::convert;
use crate::release::signature::CertificateFacts;
use crate::release::vetting::{self, Register, Vetting};
use crate::release::{Fingerprint, Sha256Digest};

/// A certificate file that is larger is refused.
pub const MAX_CERTIFICATE_BYTES: usize = 1024 * 1024;

/// A keyring with more files is refused.
pub const MAX_CERTIFICATES: usize = 10_000;

/// Why a folder is not a keyring. Not worth a retry: somebody must mend it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("keyring file {file}: {message}")]
pub struct KeyringError {
    /// Stable word: `keyring-too-large`, `keyring-file-name`,
    /// `keyring-not-a-certificate`, `keyring-several-certificates`,
    /// `keyring-secret-key`, `keyring-wrong-name`, `keyring-duplicate`,
    /// `bad-keyring`.
    pub code: &'static str,
    /// The file's name, escaped.
    pub file: String,
    /// What was expected and what was found.
    pub message: String,
}

impl KeyringError {
    /// Never: the bytes were read, and they are wrong.
    pub fn retryable(&self) -> bool {
        false
    }
}

/// One public certificate, canonicalised: components without a meaning here,
/// and signatures that belong to nothing, are gone.
pub struct Certificate {
    file_name: String,
    fingerprint: Fingerprint,
    cert: Cert,
    facts: OnceLock<Arc<CertificateFacts>>,
}

impl Certificate {
    pub(super) fn new(file_name: String, fingerprint: Fingerprint, cert: Cert) -> Self {
        Self { file_name, fingerprint, cert, facts: OnceLock::new() }
    }

    /// Fingerprint of the primary key.
    pub fn fingerprint(&self) -> &Fingerprint {
        &self.fingerprint
    }

    /// The name of its file in the keyring.
    pub fn file_name(&self) -> &str {
        &self.file_name
    }

    /// The canonical certificate in armour, as it may be published.
    pub fn to_armored(&self) -> Vec<u8> {
        // That this can be done was tried when it was read.
        self.cert.armored().to_vec().unwrap_or_default()
    }

    pub(super) fn cert(&self) -> &Cert {
        &self.cert
    }
}

/// All vetted certificates. Who may do what is not said here but in the
/// policy.
pub struct Keyring {
    certificates: Vec<Certificate>,
    /// Certificates by fingerprints and key ids of all their keys, hex.
    by_handle: BTreeMap<String, Vec<usize>>,
    register: Option<Register>,
    digest: Sha256Digest,
}

impl Keyring {
    /// Reads a keyring from the names and bytes of a folder's files.
    ///
    /// A certificate's file is named by its primary fingerprint in upper-case
    /// hex with `.asc` (armoured) or `.pgp` (binary). Files that begin with
    /// `README` or `.git` are passed over; any other name is an error, since
    /// a certificate that silently does not count is as bad as one too many.
    /// Beside them may lie `keyring.yaml`, see [`Register`].
    ///
    /// # Errors
    /// [`KeyringError`] for the first file that is not one public
    /// certificate under its own name.
    pub fn load(entries: Vec<(String, Vec<u8>)>) -> Result<Self, KeyringError> {
        let mut entries: Vec<_> = entries.into_iter().filter(|(name, _)| !is_passed_over(name)).collect();
        entries.sort();
        if let Some((name, _)) = entries.get(MAX_CERTIFICATES) {
            let message = format!("expected at most {MAX_CERTIFICATES} files, found {}", entries.len());
            return Err(refuse("keyring-too-large", name, message));
        }
        let mut certificates = Vec::with_capacity(entries.len());
        let mut register = None;
        for (name, bytes) in &entries {
            if name == vetting::FILE {
                let read = Register::parse(bytes);
                register = Some(read.map_err(|error| refuse("bad-keyring", name, error.to_string()))?);
            } else {
                certificates.push(read_certificate(name, bytes)?);
            }
        }
        let mut by_handle: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (index, certificate) in certificates.iter().enumerate() {
            check_unique(&certificates, index)?;
            for key in certificate.cert.keys() {
                for handle in [key.key().fingerprint().to_hex(), key.key().keyid().to_hex()] {
                    by_handle.entry(handle).or_default().push(index);
                }
            }
        }
        Ok(Self { certificates, by_handle, register, digest: digest(&entries) })
    }

    /// The certificates, sorted by file name.
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// What identifies the whole keyring: the SHA-256 over the sorted lines
    /// `<sha256>  <file name>`, of the certificates and of `keyring.yaml` if
    /// there is one. In a shell, in the folder:
    /// `export LC_ALL=C; sha256sum [0-9A-F]* keyring.yaml | sort | sha256sum`.
    pub fn digest(&self) -> Sha256Digest {
        self.digest
    }

    /// What the certificate with this primary fingerprint says of itself.
    pub fn facts(&self, fingerprint: &Fingerprint) -> Option<Arc<CertificateFacts>> {
        self.get(fingerprint).map(|certificate| self.facts_of(certificate))
    }

    /// The certificate with this primary fingerprint.
    pub fn get(&self, fingerprint: &Fingerprint) -> Option<&Certificate> {
        let candidates = self.by_handle.get(fingerprint.as_str())?;
        let mut found = candidates.iter().filter_map(|index| self.certificates.get(*index));
        found.find(|certificate| certificate.fingerprint == *fingerprint)
    }

    /// What `keyring.yaml` says; `None` if there is no such file.
    pub fn register(&self) -> Option<&Register> {
        self.register.as_ref()
    }

    /// What `keyring.yaml` says of one certificate.
    pub fn vetting(&self, fingerprint: &Fingerprint) -> Option<&Vetting> {
        self.register.as_ref()?.0.get(fingerprint)
    }

    /// Facts cost signature verifications, so they are gathered when first
    /// asked for and kept.
    pub(super) fn facts_of(&self, certificate: &Certificate) -> Arc<CertificateFacts> {
        let gather = || {
            let facts = certificate::facts(&certificate.cert, &certificate.fingerprint, self);
            let vetting = self.vetting(&certificate.fingerprint);
            Arc::new(CertificateFacts {
                standing: vetting.map(|known| known.standing).unwrap_or_default(),
                ..facts
            })
        };
        Arc::clone(certificate.facts.get_or_init(gather))
    }

    /// Certificates with a key that `handle` names.
    pub(super) fn by_handle(&self, handle: &KeyHandle) -> impl Iterator<Item = &Certificate> {
        let indices = self.by_handle.get(&handle.to_hex()).map(Vec::as_slice).unwrap_or_default();
        indices.iter().filter_map(|index| self.certificates.get(*index))
    }
}

impl Revokers for Keyring {
    fn by_fingerprint(&self, fingerprint: &sq::Fingerprint) -> Option<&Cert> {
        self.get(&convert::fingerprint(fingerprint)?).map(Certificate::cert)
    }
}

fn is_passed_over(name: &str) -> bool {
    name.starts_with("README") || name.starts_with(".git")
}

pub(super) fn refuse(code: &'static str, name: &str, message: impl Into<String>) -> KeyringError {
    KeyringError { code, file: crate::release::path::printable(name.as_bytes()), message: message.into() }
}

fn check_unique(certificates: &[Certificate], index: usize) -> Result<(), KeyringError> {
    // Sorted by name, so `.asc` and `.pgp` of one certificate are neighbours.
    let pair =
        index.checked_sub(1).and_then(|before| Some((certificates.get(before)?, certificates.get(index)?)));
    match pair {
        Some((one, other)) if one.fingerprint == other.fingerprint => {
            Err(refuse("keyring-duplicate", &other.file_name, format!("{} holds it already", one.file_name)))
        }
        _ => Ok(()),
    }
}

fn read_certificate(name: &str, bytes: &[u8]) -> Result<Certificate, KeyringError> {
    let named = name.strip_suffix(".asc").or_else(|| name.strip_suffix(".pgp"));
    let wanted = named.and_then(|stem| Fingerprint::parse(stem).ok().filter(|found| found.as_str() == stem));
    let Some(wanted) = wanted else {
        let message = "expected a fingerprint in upper-case hex with .asc or .pgp, keyring.yaml, a README or a git file";
        return Err(refuse("keyring-file-name", name, message));
    };
    let cert = read_cert(name, bytes, name.ends_with(".asc"))?;
    match convert::fingerprint(&cert.fingerprint()) {
        Some(fingerprint) if fingerprint == wanted => Ok(Certificate::new(name.into(), fingerprint, cert)),
        _ => {
            let message = format!("expected the certificate {wanted}, found {}", cert.fingerprint().to_hex());
            Err(refuse("keyring-wrong-name", name, message))
        }
    }
}

pub(super) fn read_cert(name: &str, bytes: &[u8], armored: bool) -> Result<Cert, KeyringError> {
    if bytes.len() > MAX_CERTIFICATE_BYTES {
        let message = format!("expected at most {MAX_CERTIFICATE_BYTES} bytes, found {}", bytes.len());
        return Err(refuse("keyring-too-large", name, message));
    }
    let cert = if armored {
        let body =
            armor::decode(bytes, "PGP PUBLIC KEY BLOCK").map_err(|found| armor_refusal(name, found))?;
        parse_one(name, &body)?
    } else {
        parse_one(name, bytes)?
    };
    if cert.is_tsk() {
        let message = "expected a public certificate, found secret key material";
        return Err(refuse("keyring-secret-key", name, message));
    }
    check_writable(name, &cert)?;
    Ok(cert)
}

/// Some of what can be parsed cannot be written again, such as a fingerprint
/// of an unknown version: it would be published as an empty file.
fn check_writable(name: &str, cert: &Cert) -> Result<(), KeyringError> {
    match cert.armored().to_vec() {
        Ok(_) => Ok(()),
        Err(error) => {
            let message =
                format!("expected a certificate, found a part that cannot be written again: {error}");
            Err(refuse("keyring-not-a-certificate", name, message))
        }
    }
}

fn armor_refusal(name: &str, found: ArmorDefect) -> KeyringError {
    let message = match found {
        ArmorDefect::SeveralBlocks => {
            let message = "expected one certificate, found a second armour block";
            return refuse("keyring-several-certificates", name, message);
        }
        ArmorDefect::WrongLabel { label, .. } if label == "PGP PRIVATE KEY BLOCK" => {
            let message = "expected a public certificate, found a secret key";
            return refuse("keyring-secret-key", name, message);
        }
        ArmorDefect::NoArmor => "expected an armour block PGP PUBLIC KEY BLOCK, found none".into(),
        ArmorDefect::TextOutside(text) => format!("expected nothing outside the armour, found \"{text}\""),
        ArmorDefect::WrongLabel { label, .. } | ArmorDefect::OtherFormat(label) => {
            format!("expected the label PGP PUBLIC KEY BLOCK, found {label}")
        }
        ArmorDefect::Cleartext => "expected a certificate, found a cleartext-signed document".into(),
        ArmorDefect::HeadersTooLong => "the armour headers are longer than 4096 bytes".into(),
        ArmorDefect::Malformed(why) => format!("the armour cannot be read: {why}"),
    };
    refuse("keyring-not-a-certificate", name, message)
}

fn parse_one(name: &str, bytes: &[u8]) -> Result<Cert, KeyringError> {
    let broken =
        |why: &str| refuse("keyring-not-a-certificate", name, format!("expected a certificate, found {why}"));
    let parser = PacketParserBuilder::from_bytes(bytes)
        .and_then(|builder| builder.dearmor(Dearmor::Disabled).build())
        .map_err(|_| broken("no OpenPGP packets"))?;
    let mut certs = CertParser::from(parser);
    let cert = match certs.next() {
        Some(Ok(cert)) => cert,
        Some(Err(error)) => return Err(broken(&format!("something else: {error}"))),
        None => return Err(broken("nothing")),
    };
    match certs.next() {
        None => Ok(cert),
        Some(_) => Err(refuse("keyring-several-certificates", name, "expected one certificate, found more")),
    }
}

fn digest(entries: &[(String, Vec<u8>)]) -> Sha256Digest {
    let line = |(name, bytes): &(String, Vec<u8>)| format!("{}  {name}\n", Sha256Digest::of(bytes));
    let mut lines: Vec<String> = entries.iter().map(line).collect();
    lines.sort_unstable();
    Sha256Digest::of(lines.concat().as_bytes())
}
