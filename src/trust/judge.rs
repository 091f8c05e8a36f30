//! The verdict on one detached signature file or tag.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::algorithms::{self, accepts_hash};
use super::question::{CLOCK_SKEW, Membership, Question};
use super::{age, contents, key_rules};
use crate::release::finding::rejects;
use crate::release::record::{KeyName, Signer};
use crate::release::signature::{
    CertificateFacts, Inspection, KeyFacts, SignatureFacts, SignatureKind, Verification,
};
use crate::release::{Finding, Fingerprint, Severity};

/// The answer to a [`Question`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// Everything found, in the order of the signatures.
    pub findings: Vec<Finding>,
    /// Everyone whose signature is good in itself, sorted; they signed for
    /// nothing if a finding rejects.
    pub signers: Vec<Signer>,
}

impl Judgement {
    /// Whether the answer is yes.
    pub fn accepted(&self) -> bool {
        !self.signers.is_empty() && !rejects(&self.findings)
    }

    /// How many different people are among the signers.
    pub fn people(&self) -> usize {
        people(&self.signers)
    }
}

/// How many different people are among the signers of one thing: those that
/// the policy names, and the other keys, each for itself.
pub fn people(signers: &[Signer]) -> usize {
    let who = |signer: &Signer| signer.person.clone().ok_or_else(|| signer.certificate.clone());
    signers.iter().map(who).collect::<BTreeSet<_>>().len()
}

/// The finding that fewer people signed than must.
pub fn too_few_signers(subject: &str, signers: &[Signer], threshold: usize) -> Option<Finding> {
    let people = people(signers);
    (people < threshold).then(|| {
        let message = format!("expected signatures by {threshold} people, found {people}");
        let hint = "Have more of the listed people sign; two certificates of one person count once.";
        Finding::error("too-few-signers", subject, message, hint)
    })
}

/// Judges all signatures of a file.
///
/// Every signature by a listed certificate must be good: a bad one beside a
/// good one means that somebody tried something. Signatures by others are
/// noted, and are the reason to reject only if nobody else signed.
pub fn judge(inspection: &Inspection, question: &Question<'_>) -> Judgement {
    let mut findings: Vec<Finding> = Vec::new();
    for defect in &inspection.defects {
        findings.push(Finding::error(
            defect.code,
            question.subject,
            defect.message.clone(),
            defect_hint(defect.code),
        ));
    }
    let mut strangers = Vec::new();
    let mut signers = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for signature in &inspection.signatures {
        if !seen.insert(&signature.identity) {
            findings.push(duplicate(question));
            continue;
        }
        match attribute(signature, question, &mut findings) {
            Attribution::Void => {}
            Attribution::Stranger(stranger) => strangers.push(stranger),
            Attribution::Listed(listed) => {
                let found = judge_listed(signature, &listed, question);
                if !rejects(&found)
                    && let Some(signer) = signer(signature, &listed)
                {
                    // The newest signature of a certificate speaks for it.
                    let newest = signers.entry(signer.certificate.clone()).or_insert_with(|| signer.clone());
                    if newest.signed_at < signer.signed_at {
                        *newest = signer;
                    }
                }
                findings.extend(found);
            }
        }
    }
    let signers: Vec<Signer> = signers.into_values().collect();
    if !signers.is_empty() {
        // Somebody else whose key is good vouches for the same bytes, so it
        // does not matter how old this signature is. It counts for nobody.
        for finding in findings.iter_mut().filter(|finding| finding.code == "age-unproven") {
            finding.severity = Severity::Warning;
        }
    }
    findings.extend(
        strangers.into_iter().map(|stranger: Stranger| stranger.finding(question, signers.is_empty())),
    );
    if inspection.defects.is_empty() && inspection.signatures.is_empty() {
        let message = "expected a signature, found none";
        findings.push(Finding::error("no-signature", question.subject, message, defect_hint("no-signature")));
    }
    let mut judgement = Judgement { findings, signers };
    count(&mut judgement, question);
    judgement
}

/// Whose a signature is.
enum Attribution<'a> {
    /// Nobody's: its form is wrong whoever made it.
    Void,
    /// Not one of the listed certificates'.
    Stranger(Stranger),
    /// A listed certificate's, by its own claim at least.
    Listed(Listed<'a>),
}

/// A listed certificate, the key in it and what the policy says of it.
pub(super) struct Listed<'a> {
    pub certificate: &'a Arc<CertificateFacts>,
    pub key: &'a KeyFacts,
    pub is_primary: bool,
    pub membership: &'a Membership,
}

struct Stranger {
    code: &'static str,
    message: String,
}

impl Stranger {
    fn finding(self, question: &Question<'_>, alone: bool) -> Finding {
        let hint = match self.code {
            "unknown-signer" => {
                "Add the signer's vetted certificate to the keyring, or have a listed person sign."
            }
            _ => "Let the policy allow this certificate for the project, or have a listed person sign.",
        };
        let make = if alone { Finding::error } else { Finding::note };
        make(self.code, question.subject, self.message, hint)
    }
}

fn attribute<'a>(
    signature: &'a SignatureFacts,
    question: &Question<'a>,
    findings: &mut Vec<Finding>,
) -> Attribution<'a> {
    let wrong_form = match signature.kind {
        SignatureKind::Binary => None,
        SignatureKind::Text => {
            Some(("text-mode-signature", "a text signature, which ignores line endings".into()))
        }
        SignatureKind::Other(number) => {
            Some(("wrong-signature-type", format!("a signature of type 0x{number:02x}")))
        }
    };
    if let Some((code, found)) = wrong_form {
        let message = format!("expected a signature over the bytes of a document, found {found}");
        findings.push(Finding::error(
            code,
            question.subject,
            message,
            "Sign again as a binary document: gpg --detach-sign.",
        ));
        return Attribution::Void;
    }
    let Some(key) = &signature.key else {
        let named = if signature.issuers.is_empty() { "nobody".into() } else { signature.issuers.join(", ") };
        let message =
            format!("expected a signature by a certificate of the keyring, found one that names {named}");
        return Attribution::Stranger(Stranger { code: "unknown-signer", message });
    };
    match listed(signature, key, question) {
        Some(listed) => Attribution::Listed(listed),
        None => {
            let holders: Vec<&str> =
                signature.holders.iter().map(|holder| holder.fingerprint.as_str()).collect();
            let message = format!(
                "expected a signature by a certificate that is allowed here, found one by {}",
                holders.join(", ")
            );
            Attribution::Stranger(Stranger { code: "signer-not-allowed", message })
        }
    }
}

/// The listed certificate that holds the key; if several do, one to which the
/// key is bound rather than one that adopted it.
fn listed<'a>(
    signature: &'a SignatureFacts,
    key: &Fingerprint,
    question: &Question<'a>,
) -> Option<Listed<'a>> {
    let all = signature.holders.iter().filter_map(|certificate| {
        let membership = question.allowed.get(&certificate.fingerprint)?;
        let (key, is_primary) = certificate.key(key)?;
        Some(Listed { certificate, key, is_primary, membership })
    });
    // min_by_key takes the first of equals, so the answer does not depend on
    // anything but the order of the keyring.
    all.min_by_key(|listed| listed.key.bindings.is_empty())
}

fn judge_listed(signature: &SignatureFacts, listed: &Listed<'_>, question: &Question<'_>) -> Vec<Finding> {
    let error = |code, message: String, hint| vec![Finding::error(code, question.subject, message, hint)];
    let by = &listed.key.fingerprint;
    if !accepts_hash(signature.hash) {
        let message =
            format!("expected {}, found {} in the signature by {by}", algorithms::HASHES, signature.hash);
        return error("weak-hash", message, "Sign again with SHA-256 or better.");
    }
    if signature.verification != Verification::Good {
        let message = format!("the signature that names {by} does not verify over these bytes");
        let hint =
            "The data or the signature was changed: get both again from their source, and find out why.";
        return error("bad-signature", message, hint);
    }
    let Some(created) = signature.created else {
        let message = format!("the signature by {by} does not state when it was made");
        return error("signature-without-date", message, "Sign again.");
    };
    if created < listed.key.created {
        let message = format!("signed at {created} by {by}, a key made at {}", listed.key.created);
        return error("signed-before-key", message, "Look at the signer's clock; then sign again.");
    }
    if created > question.at.plus(CLOCK_SKEW) {
        let message = format!("signed at {created} by {by}, which is after {}", question.at);
        return error("signature-from-future", message, "Look at both clocks; then sign again.");
    }
    let mut findings = contents::judge(signature, question);
    findings.extend(age::judge(created, signature.expires, listed, question));
    findings.extend(key_rules::judge(created, listed, question));
    findings
}

fn signer(signature: &SignatureFacts, listed: &Listed<'_>) -> Option<Signer> {
    Some(Signer {
        certificate: KeyName::OpenPgp(listed.certificate.fingerprint.clone()),
        key: KeyName::OpenPgp(listed.key.fingerprint.clone()),
        signed_at: signature.created?,
        groups: listed.membership.groups.iter().cloned().collect(),
        person: listed.membership.person.clone(),
    })
}

fn duplicate(question: &Question<'_>) -> Finding {
    let message = "the same signature stands in the file twice; it counts once";
    Finding::note("duplicate-signature", question.subject, message, "Nothing to do.")
}

fn count(judgement: &mut Judgement, question: &Question<'_>) {
    if !rejects(&judgement.findings) {
        let told = too_few_signers(question.subject, &judgement.signers, question.threshold);
        judgement.findings.extend(told);
    }
}

fn defect_hint(code: &str) -> &'static str {
    match code {
        "no-signature" => "Get the signature from where the file came from, or sign it.",
        "binary-signature" => "Armour it: gpg --enarmor, or sign again with --armor.",
        "signature-too-large" | "too-many-signatures" => "Keep the signatures that matter and drop the rest.",
        "multiple-armor-blocks" | "text-outside-armor" | "trailing-data" => {
            "Cut the file down to the one signature that is meant: readers disagree about the rest."
        }
        "unsupported-signature-format" => "Sign with OpenPGP.",
        _ => {
            "Get the signature again; if it is the same, have the file signed again as a detached signature."
        }
    }
}
