//! Who signed a tag: its own signature, the notes about it, and whether they
//! are as many people as the policy asks for.

use super::ages;
use super::inputs::{self, Inputs};
use super::signature::{self, Ask, Court, Judgement, Taggers};
use super::{Failure, tag};
use crate::cli;
use crate::files::{self, FileError};
use crate::release::policy::Project;
use crate::release::record;
use crate::release::tag::{ParsedTag, Signature};
use crate::release::tag_note::{self, TagNote};
use crate::release::{Finding, ObjectId, finding};
use crate::ssh;
use crate::trust::{self, SshQuestion};
use std::collections::BTreeMap;
use std::path::Path;

/// Largest signature file beside a note that is read; what is larger is
/// refused by the judge anyway.
const MAX_SIGNATURE: u64 = 1 << 20;

/// By whom and what a tag is judged.
pub(super) struct Bench<'a> {
    source: &'a cli::Source,
    project: &'a Project,
    inputs: &'a Inputs,
    taggers: Taggers,
}

impl<'a> Bench<'a> {
    pub fn new(source: &'a cli::Source, project: &'a Project, inputs: &'a Inputs) -> Self {
        let mut taggers = signature::taggers(&inputs.policy, project, &inputs.keyring);
        taggers.certificates = signature::vetted_for(taggers.certificates, &inputs.keyring, &source.project);
        Self { source, project, inputs, taggers }
    }

    /// The tag's form, its signature and the notes about it; and whether as
    /// many people signed as must.
    pub fn judge(
        &self,
        object: &ObjectId,
        parsed: &ParsedTag,
    ) -> Result<(Vec<Finding>, Vec<record::Signer>), Failure> {
        let name = self.source.tag.as_str();
        let mut findings = tag::form(name, parsed);
        let signed = self.signature(parsed)?;
        findings.extend(signed.findings);
        let mut signers: BTreeMap<_, record::Signer> = BTreeMap::new();
        let mut add = |all: Vec<record::Signer>| {
            for signer in all {
                let newest = signers.entry(signer.certificate.clone()).or_insert_with(|| signer.clone());
                if newest.signed_at < signer.signed_at {
                    *newest = signer;
                }
            }
        };
        add(signed.signers);
        for path in &self.source.beside.tag_notes {
            let judged = self.note(path, object)?;
            findings.extend(judged.findings);
            add(judged.signers);
        }
        let signers: Vec<_> = signers.into_values().collect();
        if !finding::rejects(&findings) {
            findings.extend(trust::too_few_signers(name, &signers, self.project.taggers.threshold));
        }
        Ok((findings, signers))
    }

    fn court(&self) -> Court<'_> {
        Court {
            keyring: &self.inputs.keyring,
            allowed: &self.taggers.certificates,
            ask: Ask::Tag,
            at: self.inputs.at,
            project: None,
            version: None,
            rules: self.project.signatures,
            ages: &ages::CLAIMED,
        }
    }

    /// Who signed. A tag may be older than the run: what counts is that the
    /// key was good when it signed, and is not withdrawn now.
    fn signature(&self, parsed: &ParsedTag) -> Result<Judgement, Failure> {
        let name = self.source.tag.as_str();
        match &parsed.signature {
            Signature::OpenPgp(block) => self.court().judge(name, block, &mut parsed.payload.as_slice()),
            Signature::Ssh(block) => {
                let question = SshQuestion {
                    subject: name,
                    namespace: "git",
                    at: self.inputs.at,
                    claimed: parsed.tagger.as_ref().map(|tagger| tagger.time),
                    allowed: &self.taggers.ssh_keys,
                };
                Ok(trust::judge_ssh(&ssh::inspect(block, &parsed.payload), &question).into())
            }
            Signature::None | Signature::X509(_) | Signature::PgpMessage(_) => Ok(Judgement::default()),
        }
    }

    /// Who vouches for the tag by a note, with OpenPGP, an SSH key, or both.
    fn note(&self, path: &Path, object: &ObjectId) -> Result<Judgement, Failure> {
        let subject = super::failure::shown(path);
        let bytes = files::read_given(path, tag_note::MAX_SIZE).map_err(inputs::as_request)?;
        let mut judged: Vec<Judgement> = Vec::new();
        if let Some(signature) = beside(path, ".asc")? {
            judged.push(self.court().judge(&subject, &signature, &mut bytes.as_slice())?);
        }
        if let Some(signature) = beside(path, ".sig")? {
            let question = SshQuestion {
                subject: &subject,
                namespace: tag_note::NAMESPACE,
                at: self.inputs.at,
                // Nothing else of it is looked at before its signature is good.
                claimed: TagNote::parse(&bytes).ok().and_then(|note| note.date),
                allowed: &self.taggers.ssh_keys,
            };
            judged.push(trust::judge_ssh(&ssh::inspect(&signature, &bytes), &question).into());
        }
        let accepted = !judged.is_empty() && judged.iter().all(Judgement::accepted);
        let (mut findings, mut signers) = (Vec::new(), Vec::new());
        if judged.is_empty() {
            let told = format!("there is neither {subject}.asc nor {subject}.sig beside it");
            let hint = "have the note signed: gpg --detach-sign --armor, or ssh-keygen -Y sign";
            findings.push(Finding::error("signature-missing", &subject, told, hint));
        }
        for judgement in judged {
            findings.extend(judgement.findings);
            signers.extend(judgement.signers);
        }
        if accepted {
            let note =
                TagNote::parse(&bytes).map_err(|error| Failure::document("bad-tag-note", path, &error))?;
            if let Some(told) = note.differs(&self.source.project, &self.source.tag, object) {
                let hint = "give the note for this tag, or find out which of the two objects was meant";
                findings.push(Finding::error("tag-note-mismatch", &subject, told, hint));
            }
        }
        Ok(trust::Judgement { findings, signers }.into())
    }
}

/// The signature beside a note, if there is one of this kind.
fn beside(path: &Path, suffix: &str) -> Result<Option<Vec<u8>>, Failure> {
    let mut beside = path.as_os_str().to_os_string();
    beside.push(suffix);
    match files::read_given(Path::new(&beside), MAX_SIGNATURE) {
        Ok(signature) => Ok(Some(signature)),
        Err(FileError::Missing { .. }) => Ok(None),
        Err(error) => Err(inputs::as_request(error)),
    }
}
