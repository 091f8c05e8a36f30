//! The verdict on an SSH signature.
//!
//! Such a signature is one key's statement about some bytes in a namespace,
//! and nothing more: no time, no expiry, no revocation. What the policy says
//! of the key is all that bounds it, and is judged for the present.

use std::collections::BTreeMap;

use super::judge::Judgement;
use super::key_rules::weak_key;
use super::question::{CLOCK_SKEW, Membership};
use crate::release::path::printable;
use crate::release::record::{KeyName, Signer};
use crate::release::signature::{SignatureDefect, Verification};
use crate::release::ssh::{SshFingerprint, SshPublicKey, SshSignatureFacts};
use crate::release::{Finding, Time};

/// A question about one SSH signature.
#[derive(Debug, Clone, Copy)]
pub struct SshQuestion<'a> {
    /// The tag, as findings shall name it.
    pub subject: &'a str,
    /// What the signature must have been made for; `git` for tags.
    pub namespace: &'a str,
    /// The present.
    pub at: Time,
    /// When it was made by the word of what it signs: the tagger's date.
    pub claimed: Option<Time>,
    /// Whose signatures count.
    pub allowed: &'a BTreeMap<SshFingerprint, Membership>,
}

/// Judges an SSH signature, or the reason why there are no facts about it.
pub fn judge_ssh(
    inspected: &Result<SshSignatureFacts, SignatureDefect>,
    question: &SshQuestion<'_>,
) -> Judgement {
    let facts = match inspected {
        Ok(facts) => facts,
        Err(defect) => {
            let hint = defect_hint(defect.code);
            let finding = Finding::error(defect.code, question.subject, defect.message.clone(), hint);
            return Judgement { findings: vec![finding], signers: vec![] };
        }
    };
    match listed(facts, question) {
        Ok(signer) => Judgement { findings: vec![], signers: vec![signer] },
        Err(findings) => Judgement { findings, signers: vec![] },
    }
}

/// Why a signature that this key makes now would be refused, whatever it signs:
/// its kind or size. The finding is named after the key.
pub fn ssh_key_problem(key: &SshPublicKey, weak_key_until: Option<Time>, at: Time) -> Option<Finding> {
    let membership = Membership { weak_key_until, ..Membership::default() };
    let problem = weak_key(key.kind(), &membership, at)?;
    Some(problem.finding(&key.fingerprint.to_string()))
}

fn listed(facts: &SshSignatureFacts, question: &SshQuestion<'_>) -> Result<Signer, Vec<Finding>> {
    let by = facts.key.fingerprint;
    let error = |code, message: String, hint| vec![Finding::error(code, question.subject, message, hint)];
    if facts.namespace != question.namespace.as_bytes() {
        let found = printable(facts.namespace.get(..64).unwrap_or(&facts.namespace));
        let message =
            format!("expected a signature made for {:?}, found one for {found:?}", question.namespace);
        let hint = "Somebody put a signature over something else here: find out who; sign with git.";
        return Err(error("ssh-namespace", message, hint));
    }
    let Some(membership) = question.allowed.get(&by) else {
        let message = format!("expected a signature by an SSH key that the policy lists, found one by {by}");
        let hint = "Add the signer's vetted key to the policy's ssh-keys, or have a listed person sign.";
        return Err(error("ssh-unknown-key", message, hint));
    };
    if facts.verification != Verification::Good {
        let message = format!("the signature that names {by} does not verify over these bytes");
        let hint =
            "The tag or its signature was changed: get both again from their source, and find out why.";
        return Err(error("bad-signature", message, hint));
    }
    let mut findings: Vec<Finding> = Vec::new();
    if facts.user_present == Some(false) {
        let message = format!("the security key {by} signed without anybody touching it");
        let hint = "Sign again with a key made without the option no-touch-required.";
        findings.extend(error("ssh-user-presence", message, hint));
    }
    let weak = weak_key(facts.key.kind(), membership, question.at);
    findings.extend(weak.map(|problem| problem.finding(question.subject)));
    findings.extend(bounds(&by, membership, question));
    let Some(signed_at) = question.claimed else {
        let message = format!("what {by} signed does not say when");
        findings.extend(error("signature-without-date", message, "Make the tag anew, with git."));
        return Err(findings);
    };
    if !findings.is_empty() {
        return Err(findings);
    }
    Ok(Signer {
        certificate: KeyName::Ssh(by),
        key: KeyName::Ssh(by),
        signed_at,
        groups: membership.groups.iter().cloned().collect(),
        person: membership.person.clone(),
    })
}

/// The claimed date and the present against the key's time in the policy.
/// Whoever has a stolen key chooses the former, so the latter must be in it.
fn bounds(by: &SshFingerprint, membership: &Membership, question: &SshQuestion<'_>) -> Option<Finding> {
    let claimed = question.claimed?;
    let error = |code, message: String, hint| Some(Finding::error(code, question.subject, message, hint));
    if claimed > question.at.plus(CLOCK_SKEW) {
        let message = format!("dated {claimed}, signed by {by}, which is after {}", question.at);
        return error("signature-from-future", message, "Look at both clocks; then sign again.");
    }
    if let Some(start) = membership.not_before.filter(|start| claimed < *start) {
        let message = format!("dated {claimed}, signed by {by}, whose signatures count from {start} on");
        return error("signer-not-yet-allowed", message, "Sign again, or correct the dates in the policy.");
    }
    let end = membership.not_after.filter(|end| claimed > *end || question.at > *end)?;
    let message = format!("dated {claimed}, signed by {by}, whose signatures counted until {end}");
    error("signer-no-longer-allowed", message, "Have somebody sign whose key is not retired.")
}

fn defect_hint(code: &str) -> &'static str {
    match code {
        "unsupported-ssh-certificate" => "Sign with the plain key; the policy lists keys, not authorities.",
        "unsupported-ssh-key" => "Sign with an Ed25519 key, or one in a security key (ed25519-sk).",
        "unsupported-ssh-signature" | "weak-hash" => "Sign again with a current OpenSSH.",
        _ => "Make the tag anew, with git.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::finding::rejects;
    use crate::release::signature::HashKind;
    use crate::release::ssh::{SshKeyMaterial, SshPublicKey};
    use std::collections::BTreeSet;

    const DAY: i64 = 86_400;

    fn at(days: i64) -> Time {
        Time::from_unix(1_795_168_800 + days * DAY)
    }

    fn facts() -> SshSignatureFacts {
        let line = format!("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{}", "A".repeat(43));
        SshSignatureFacts {
            key: SshPublicKey::parse_line(&line).unwrap(),
            namespace: b"git".to_vec(),
            hash: HashKind::Sha512,
            verification: Verification::Good,
            user_present: None,
        }
    }

    fn code_with(
        change: impl FnOnce(&mut SshSignatureFacts),
        member: impl FnOnce(&mut Membership),
        claimed: Option<Time>,
    ) -> Vec<String> {
        let mut facts = facts();
        let mut membership = Membership { groups: BTreeSet::from(["team".into()]), ..Membership::default() };
        member(&mut membership);
        let allowed = BTreeMap::from([(facts.key.fingerprint, membership)]);
        change(&mut facts);
        let question = SshQuestion { subject: "v1", namespace: "git", at: at(0), claimed, allowed: &allowed };
        let judgement = judge_ssh(&Ok(facts), &question);
        assert_eq!(judgement.signers.is_empty(), rejects(&judgement.findings));
        judgement.findings.iter().map(|finding| finding.code.to_string()).collect()
    }

    #[test]
    fn a_listed_key_signs_and_is_named_as_what_it_is() {
        let facts = facts();
        let membership = Membership { person: Some("Ada".into()), ..Membership::default() };
        let allowed = BTreeMap::from([(facts.key.fingerprint, membership)]);
        let question = SshQuestion {
            subject: "v1",
            namespace: "git",
            at: at(0),
            claimed: Some(at(-1)),
            allowed: &allowed,
        };
        let judgement = judge_ssh(&Ok(facts), &question);
        assert!(judgement.accepted());
        let [signer] = judgement.signers.as_slice() else { panic!("{judgement:?}") };
        assert!(signer.key.to_string().starts_with("ssh:SHA256:"));
        assert_eq!((signer.signed_at, signer.person.as_deref()), (at(-1), Some("Ada")));
        let nobody = BTreeMap::new();
        let judgement = judge_ssh(&Ok(super::tests::facts()), &SshQuestion { allowed: &nobody, ..question });
        assert_eq!(judgement.findings[0].code, "ssh-unknown-key");
    }

    #[test]
    fn a_signature_for_something_else_is_told_before_anything_about_its_key() {
        let for_file = |facts: &mut SshSignatureFacts| {
            facts.namespace = b"file".to_vec();
            facts.verification = Verification::Bad;
        };
        assert_eq!(code_with(for_file, |_| {}, Some(at(0))), ["ssh-namespace"]);
        let bad = |facts: &mut SshSignatureFacts| facts.verification = Verification::Bad;
        assert_eq!(code_with(bad, |_| {}, Some(at(0))), ["bad-signature"]);
        let untouched = |facts: &mut SshSignatureFacts| facts.user_present = Some(false);
        assert_eq!(code_with(untouched, |_| {}, Some(at(0))), ["ssh-user-presence"]);
    }

    #[test]
    fn backdating_does_not_bring_a_retired_key_back() {
        let until = |days| move |member: &mut Membership| member.not_after = Some(at(days));
        assert_eq!(code_with(|_| {}, until(1), Some(at(-100))), [""; 0]);
        assert_eq!(code_with(|_| {}, until(-1), Some(at(-100))), ["signer-no-longer-allowed"]);
        let from = |member: &mut Membership| member.not_before = Some(at(-2));
        assert_eq!(code_with(|_| {}, from, Some(at(-3))), ["signer-not-yet-allowed"]);
        assert_eq!(code_with(|_| {}, from, Some(at(-2))), [""; 0]);
        assert_eq!(code_with(|_| {}, |_| {}, Some(at(1))), ["signature-from-future"]);
        assert_eq!(code_with(|_| {}, |_| {}, None), ["signature-without-date"]);
    }

    #[test]
    fn weak_keys_live_by_dated_exceptions_only() {
        let p256 = |facts: &mut SshSignatureFacts| facts.key.material = SshKeyMaterial::EcdsaP256([4; 65]);
        assert_eq!(code_with(p256, |_| {}, Some(at(0))), ["weak-key"]);
        let until = |days| move |member: &mut Membership| member.weak_key_until = Some(at(days));
        assert_eq!(code_with(p256, until(1), Some(at(0))), [""; 0]);
        assert_eq!(code_with(p256, until(-1), Some(at(-2))), ["weak-key"], "the claimed date does not help");
        let rsa = |first: u8, bytes| {
            move |facts: &mut SshSignatureFacts| {
                let mut modulus = vec![first];
                modulus.resize(bytes, 1);
                facts.key.material = SshKeyMaterial::Rsa { exponent: vec![1, 0, 1], modulus };
            }
        };
        assert_eq!(code_with(rsa(0x80, 384), |_| {}, Some(at(0))), [""; 0], "3072 bit");
        assert_eq!(code_with(rsa(0x7f, 384), |_| {}, Some(at(0))), ["weak-key"], "3071 bit");
        assert_eq!(code_with(rsa(0x80, 128), until(1), Some(at(0))), ["weak-key"], "1024 bit, no exception");
    }
}
