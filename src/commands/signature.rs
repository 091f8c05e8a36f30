//! Signatures on their way from the OpenPGP room to the judge, and the
//! release key on its way to the artifacts.

use super::Failure;
use super::ages::Ages;
use super::inputs::Inputs;
use crate::files::{self, FileError};
use crate::openpgp::{
    self, Agent, Certificate, DataHasher, DetachedSigner, Form, Keyring, SignError, SignatureFile, SigningKey,
};
use crate::release::policy::{Policy, Project, SignatureRules, Span};
use crate::release::record::{KeyName, Signer};
use crate::release::signature::notation::{ARTIFACT, PROJECT, VERSION};
use crate::release::signature::{CertificateFacts, Inspection, KeyFacts};
use crate::release::ssh::SshFingerprint;
use crate::release::{ArtifactDigests, Finding, Fingerprint, Sha256Digest, Time};
use crate::trust::{self, KeyQuestion, Membership, Mode, Question};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Whose signatures count.
pub(super) type Allowed = BTreeMap<Fingerprint, Membership>;

/// A release goes out soon after it was signed; an old signature on its way
/// out is a replay.
const MAX_AGE: i64 = 7 * 24 * 60 * 60;

/// How old, in seconds, a signature may be when its release goes out.
pub(super) fn max_age(rules: &SignatureRules) -> i64 {
    rules.max_age.map_or(MAX_AGE, Span::seconds)
}

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

impl From<trust::Judgement> for Judgement {
    fn from(judged: trust::Judgement) -> Self {
        let accepted = judged.accepted();
        Self { findings: judged.findings, signers: judged.signers, accepted }
    }
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

/// One certificate, whatever it is for.
pub(super) fn only(fingerprint: &Fingerprint) -> Allowed {
    BTreeMap::from([(fingerprint.clone(), Membership::default())])
}

/// The release certificate of a project.
pub(super) fn signer(project: &Project) -> Allowed {
    signers(project, Ask::Release)
}

/// The release certificate of a project, and those of the past where the
/// question is about the past.
pub(super) fn signers(project: &Project, ask: Ask) -> Allowed {
    let weak_key_until = project.signatures.weak_keys_until;
    let member = Membership { weak_key_until, ..Membership::default() };
    let former = project.former_signers.iter().filter(|_| ask == Ask::Archive);
    [&project.signer].into_iter().chain(former).map(|key| (key.clone(), member.clone())).collect()
}

/// Who may sign the tags of a project.
pub(super) struct Taggers {
    pub certificates: Allowed,
    pub ssh_keys: BTreeMap<SshFingerprint, Membership>,
}

/// The keys of the groups that may sign the project's tags. One that is in
/// several of them may sign for the longest time that any of them gives it.
pub(super) fn taggers(policy: &Policy, project: &Project, keyring: &Keyring) -> Taggers {
    let mut all: BTreeMap<KeyName, Membership> = BTreeMap::new();
    let holders = Holders::new(policy, keyring);
    let names = &project.taggers.any;
    for (name, group) in names.iter().filter_map(|name| Some((name, policy.groups.get(name)?))) {
        for key in group.keys() {
            let (not_before, not_after) = (group.not_before, group.not_after);
            let person = holders.of(&key).map(Into::into);
            let weak_key_until = project.signatures.weak_keys_until;
            let groups = BTreeSet::new();
            let new = Membership { groups, person, not_before, not_after, weak_key_until };
            let member = all.entry(key).or_insert(new);
            member.groups.insert(name.clone());
            // No bound is the widest one.
            member.not_before = member.not_before.zip(not_before).map(|(a, b)| a.min(b));
            member.not_after = member.not_after.zip(not_after).map(|(a, b)| a.max(b));
        }
    }
    let mut taggers = Taggers { certificates: BTreeMap::new(), ssh_keys: BTreeMap::new() };
    for (key, member) in all {
        match key {
            KeyName::OpenPgp(certificate) => drop(taggers.certificates.insert(certificate, member)),
            KeyName::Ssh(key) => drop(taggers.ssh_keys.insert(key, member)),
        }
    }
    taggers
}

/// Who holds which key. The policy's word counts first; where it says
/// nothing, `keyring.yaml` may, so that somebody who was vetted with two
/// certificates is not two people.
struct Holders<'a> {
    policy: &'a Policy,
    keyring: &'a Keyring,
    /// How the policy calls a person of `keyring.yaml`, by one of their other
    /// certificates.
    called: BTreeMap<&'a str, &'a str>,
}

impl<'a> Holders<'a> {
    fn new(policy: &'a Policy, keyring: &'a Keyring) -> Self {
        let entries = keyring.register().into_iter().flat_map(|register| &register.0);
        let called = entries.filter_map(|(fingerprint, vetting)| {
            let name = policy.holder(&KeyName::OpenPgp(fingerprint.clone()))?;
            Some((vetting.person.as_deref()?, name))
        });
        Self { policy, keyring, called: called.collect() }
    }

    fn of(&self, key: &KeyName) -> Option<&'a str> {
        self.policy.holder(key).or_else(|| {
            let KeyName::OpenPgp(fingerprint) = key else { return None };
            let person = self.keyring.vetting(fingerprint)?.person.as_deref()?;
            Some(self.called.get(person).copied().unwrap_or(person))
        })
    }
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
    /// Bounds of the project, where one is known.
    pub rules: SignatureRules,
    /// What is known of the age of signatures, for the archive.
    pub ages: &'a Ages,
}

impl Court<'_> {
    /// Judges the signature of a tag or file called `subject`.
    pub fn judge(&self, subject: &str, signature: &[u8], data: &mut dyn Read) -> Result<Judgement, Failure> {
        let inspection = openpgp::inspect(signature, Form::Armored, data, self.keyring)
            .map_err(|error| FileError::io(Path::new(subject), "read it", error))?;
        Ok(self.judged(subject, signature, &inspection))
    }

    /// As [`Court::judge`], and the SHA-256 of the bytes that were judged.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn judge_file(
        &self,
        subject: &str,
        signature: &[u8],
        file: &mut File,
        path: &Path,
    ) -> Result<(Judgement, Sha256Digest), Failure> {
        let parsed = SignatureFile::parse(signature, Form::Armored);
        let mut hasher = DataHasher::new(&parsed).and_sha256();
        files::for_each_chunk(file, path, |chunk| {
            hasher.update(chunk);
            Ok::<(), FileError>(())
        })?;
        let sha256 = hasher.sha256().unwrap_or_else(|| unreachable!("every build has SHA-256"));
        Ok((self.judged(subject, signature, &parsed.inspect(&hasher, self.keyring)), sha256))
    }

    fn judged(&self, subject: &str, signature: &[u8], inspection: &Inspection) -> Judgement {
        let mode = match self.ask {
            Ask::Tag | Ask::Release => Mode::Release,
            Ask::Archive => Mode::Archive,
        };
        let made_for: Vec<_> = [(ARTIFACT, Some(subject)), (PROJECT, self.project), (VERSION, self.version)]
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_string(), value?.to_string())))
            .collect();
        let question = Question {
            max_age: (self.ask == Ask::Release).then_some(max_age(&self.rules)),
            age: self.ages.of(signature),
            notations: if self.ask == Ask::Tag { &[] } else { &made_for },
            ..Question::new(subject, mode, self.at, self.allowed)
        };
        trust::judge(inspection, &question).into()
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
    let findings = judge(&key, project, inputs);
    (Some(Key(key)), findings)
}

/// The release key that gpg-agent holds: of the living signing subkeys of the
/// published certificate the newest one that the agent has.
pub(super) fn key_of_agent(
    agent: &Agent,
    project: &Project,
    inputs: &Inputs,
) -> Result<(Option<Key>, Vec<Finding>), Failure> {
    let signer = &project.signer;
    let (Some(certificate), Some(facts)) = (inputs.keyring.get(signer), inputs.keyring.facts(signer)) else {
        let message = format!("expected the certificate {signer} in the keyring, found none");
        let hint = "Publish the certificate into the keyring first.";
        return Ok((None, vec![Finding::error("certificate-not-published", signer.as_str(), message, hint)]));
    };
    match held_by_agent(agent, certificate, &facts, inputs.at)? {
        Ok(key) => {
            let findings = judge(&key, project, inputs);
            Ok((Some(Key(key)), findings))
        }
        Err(lacks) => Ok((None, vec![lacks])),
    }
}

/// Of the living signing subkeys of a certificate the newest one that the
/// agent holds, or the finding that it holds none.
pub(super) fn held_by_agent(
    agent: &Agent,
    certificate: &Certificate,
    facts: &CertificateFacts,
    at: Time,
) -> Result<Result<SigningKey, Finding>, Failure> {
    let alive = |key: &&KeyFacts| {
        let standing = trust::subkey_standing(facts, key, at);
        standing.signs && standing.problem.is_none()
    };
    let mut subkeys: Vec<&KeyFacts> = facts.subkeys.iter().filter(alive).collect();
    subkeys.sort_by_key(|key| std::cmp::Reverse(key.created));
    for subkey in subkeys {
        if let Some(key) = agent.key(certificate, &subkey.fingerprint)? {
            return Ok(Ok(key));
        }
    }
    let message = "holds no living signing subkey of this certificate";
    let hint = "Insert the card, or import the subkey into the agent's gpg; Ed25519, RSA, P-256 and P-384 are known.";
    Ok(Err(Finding::error("agent-lacks-key", facts.fingerprint.as_str(), message, hint)))
}

fn judge(key: &SigningKey, project: &Project, inputs: &Inputs) -> Vec<Finding> {
    let published = inputs.keyring.facts(&project.signer);
    let question = KeyQuestion {
        at: inputs.at,
        signer: &project.signer,
        published: published.as_deref(),
        weak_key_until: project.signatures.weak_keys_until,
        max_life: project.signatures.max_life.map(Span::seconds),
    };
    trust::judge_signing_key(key.facts(), &question)
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
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
        Self::unavailable("cannot-sign", "signing key", format!("{error}{cause}"), hint, error.retryable())
    }
}
