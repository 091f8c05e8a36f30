//! Signatures on their way from the OpenPGP room to the judge, and the
//! release key on its way to the artifacts.

use super::Failure;
use super::inputs::Inputs;
use crate::files::{self, FileError};
use crate::openpgp::{self, DetachedSigner, Form, Keyring, SignError, SigningKey};
use crate::release::policy::{Policy, Project};
use crate::release::record::Signer;
use crate::release::signature::notation::{ARTIFACT, PROJECT, VERSION};
use crate::release::{ArtifactDigests, Finding, Fingerprint, Time};
use crate::trust::{self, KeyQuestion, Membership, Mode, Question};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Whose signatures count.
pub(super) type Allowed = BTreeMap<Fingerprint, Membership>;

/// A release goes out soon after it was signed; an old signature on its way
/// out is a replay.
const MAX_AGE: i64 = 7 * 24 * 60 * 60;

/// What is asked of a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ask {
    /// On a tag: the key must be good now, the tag may be of any age.
    Tag,
    /// On a release that goes out now: key good now, signature fresh.
    Release,
    /// On something that was released once.
    Archive,
}

/// The answer.
#[derive(Debug, Default)]
pub(super) struct Judgement {
    pub findings: Vec<Finding>,
    pub signers: Vec<Signer>,
    accepted: bool,
}

impl Judgement {
    /// Whether the answer is yes.
    pub fn accepted(&self) -> bool {
        self.accepted
    }
}

/// Any certificate of the keyring.
pub(super) fn anyone(keyring: &Keyring) -> Allowed {
    let everyone = keyring.certificates().iter();
    everyone.map(|certificate| (certificate.fingerprint().clone(), Membership::default())).collect()
}

/// One certificate.
pub(super) fn only(fingerprint: &Fingerprint) -> Allowed {
    BTreeMap::from([(fingerprint.clone(), Membership::default())])
}

/// The certificates of the policy's groups. One that is in several of them
/// may sign for the longest time that any of them gives it.
pub(super) fn groups(policy: &Policy, names: &[String]) -> Allowed {
    let mut allowed = Allowed::new();
    for (name, group) in names.iter().filter_map(|name| Some((name, policy.groups.get(name)?))) {
        for fingerprint in &group.certificates {
            let (not_before, not_after) = (group.not_before, group.not_after);
            let new = Membership { not_before, not_after, ..Membership::default() };
            let member = allowed.entry(fingerprint.clone()).or_insert(new);
            member.groups.insert(name.clone());
            // No bound is the widest one.
            member.not_before = member.not_before.zip(not_before).map(|(a, b)| a.min(b));
            member.not_after = member.not_after.zip(not_after).map(|(a, b)| a.max(b));
        }
    }
    allowed
}

/// Without those certificates that were vetted for other projects only.
pub(super) fn vetted_for(mut allowed: Allowed, keyring: &Keyring, project: &str) -> Allowed {
    allowed
        .retain(|fingerprint, _| keyring.vetting(fingerprint).is_none_or(|vetting| vetting.covers(project)));
    allowed
}

/// By which certificates and for which time signatures are judged.
#[derive(Clone, Copy)]
pub(super) struct Court<'a> {
    pub keyring: &'a Keyring,
    pub allowed: &'a Allowed,
    pub ask: Ask,
    pub at: Time,
    /// Project and version that a signature must be for, as far as they are
    /// known.
    pub project: Option<&'a str>,
    pub version: Option<&'a str>,
}

impl Court<'_> {
    /// Judges the signature of a tag or file called `subject`.
    pub fn judge(&self, subject: &str, signature: &[u8], data: &mut dyn Read) -> Result<Judgement, Failure> {
        let inspection = openpgp::inspect(signature, Form::Armored, data, self.keyring)
            .map_err(|error| FileError::io(Path::new(subject), "read it", error))?;
        let mode = match self.ask {
            Ask::Tag | Ask::Release => Mode::Release,
            Ask::Archive => Mode::Archive,
        };
        let made_for: Vec<_> = [(ARTIFACT, Some(subject)), (PROJECT, self.project), (VERSION, self.version)]
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_string(), value?.to_string())))
            .collect();
        let question = Question {
            max_age: (self.ask == Ask::Release).then_some(MAX_AGE),
            notations: if self.ask == Ask::Tag { &[] } else { &made_for },
            ..Question::new(subject, mode, self.at, self.allowed)
        };
        let judgement = trust::judge(&inspection, &question);
        let accepted = judgement.accepted();
        let signers = judgement.signers.into_iter().map(|signer| {
            let trust::Signer { certificate, key, signed_at, groups, .. } = signer;
            Signer { certificate, key, signed_at, groups }
        });
        Ok(Judgement { signers: signers.collect(), findings: judgement.findings, accepted })
    }
}

/// The release key, read and judged.
pub(super) struct Key(SigningKey);

/// Reads the release key and judges it by the policy and its published
/// certificate. The findings never say anything about the secret itself.
pub(super) fn key(
    secret: &[u8],
    passphrase: Option<&[u8]>,
    project: &Project,
    inputs: &Inputs,
) -> (Option<Key>, Vec<Finding>) {
    let key = match SigningKey::read(secret, passphrase, inputs.at) {
        Ok(key) => key,
        Err(refusal) => return (None, vec![refusal.into_finding("signing key")]),
    };
    let published = inputs.keyring.facts(&project.signer);
    let question = KeyQuestion {
        at: inputs.at,
        signer: &project.signer,
        published: published.as_deref(),
        weak_key_until: None,
        max_life: None,
    };
    let findings = trust::judge_signing_key(key.facts(), &question);
    (Some(Key(key)), findings)
}

impl Key {
    pub fn certificate(&self) -> &Fingerprint {
        &self.0.facts().certificate
    }

    pub fn fingerprint(&self) -> &Fingerprint {
        &self.0.facts().key
    }

    /// Begins a signature that says for what it is made.
    fn start(&self, at: Time, project: &str, version: &str, name: &str) -> Result<DetachedSigner, Failure> {
        let notations = [(ARTIFACT, name), (PROJECT, project), (VERSION, version)];
        Ok(self.0.sign_detached(at, &notations)?)
    }

    /// Signs an open file, and tells what its bytes were while they were
    /// signed: one read for both.
    pub fn sign_file(
        &self,
        at: Time,
        (project, version, name): (&str, &str, &str),
        file: &mut File,
        path: &Path,
    ) -> Result<(Vec<u8>, ArtifactDigests), Failure> {
        let mut signer = Feed(self.start(at, project, version, name)?);
        let mut data = files::Hashing::start(file, path)?;
        io::copy(&mut data, &mut signer).map_err(|error| FileError::io(path, "read it", error))?;
        Ok((signer.0.finish()?, data.finish()?))
    }

    /// Signs a document that was made here.
    pub fn sign_bytes(
        &self,
        at: Time,
        (project, version, name): (&str, &str, &str),
        bytes: &[u8],
    ) -> Result<Vec<u8>, Failure> {
        let mut signer = self.start(at, project, version, name)?;
        signer.update(bytes);
        Ok(signer.finish()?)
    }
}

/// A signer as a place to write to.
struct Feed(DetachedSigner);

impl io::Write for Feed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl From<SignError> for Failure {
    fn from(error: SignError) -> Self {
        let hint = "check the key, the time and the names; nothing was written";
        Self::unavailable("cannot-sign", "signing key", error.to_string(), hint, error.retryable())
    }
}
