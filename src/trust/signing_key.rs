//! Whether a secret key may sign a release, judged before it does.

use super::key_rules::{self, Chain, Problem};
use super::key_state;
use super::question::Membership;
use crate::release::signature::{CertificateFacts, KeyFacts, SigningKeyFacts};
use crate::release::{Finding, Fingerprint, Time};

/// What is asked about a signing key.
#[derive(Debug, Clone, Copy)]
pub struct KeyQuestion<'a> {
    /// When it is to sign.
    pub at: Time,
    /// Certificate that the policy names as the signer.
    pub signer: &'a Fingerprint,
    /// That certificate as published, from the keyring, if it is there.
    pub published: Option<&'a CertificateFacts>,
    /// The policy's dated exception for a weak kind of primary key.
    pub weak_key_until: Option<Time>,
    /// Seconds that the key may still live at most: a lost key that lives
    /// long does long harm. Without it a key that never ends is a warning.
    pub max_life: Option<i64>,
}

/// Judges `key` against the published certificate: what readers have is what
/// counts, not what came with the secret.
pub fn judge_signing_key(key: &SigningKeyFacts, question: &KeyQuestion<'_>) -> Vec<Finding> {
    let subject = key.key.to_string();
    if key.certificate != *question.signer {
        let message = format!("the policy names {}, found a key of {}", question.signer, key.certificate);
        let hint = "Give the key that the policy names, or change the policy.";
        return vec![Finding::error("wrong-signer", &subject, message, hint)];
    }
    let Some(published) = question.published else {
        let message = format!("expected the certificate {} in the keyring, found none", question.signer);
        let hint = "Publish the certificate into the keyring first.";
        return vec![Finding::error("certificate-not-published", &subject, message, hint)];
    };
    problems(key, published, question).into_iter().map(|problem| problem.finding(&subject)).collect()
}

fn problems(key: &SigningKeyFacts, published: &CertificateFacts, question: &KeyQuestion<'_>) -> Vec<Problem> {
    let Some((facts, is_primary)) = published.key(&key.key) else {
        let message = format!("the published certificate {} does not hold this key", published.fingerprint);
        let hint = "Publish the certificate with the new subkey first: nobody could verify its signatures.";
        return vec![Problem::error("subkey-not-published", message, hint)];
    };
    let chain = Chain::new(published, facts, is_primary);
    if let Some(problem) = chain.compromised() {
        return vec![problem];
    }
    let exception = Membership { weak_key_until: question.weak_key_until, ..Membership::default() };
    let mut problems: Vec<Problem> = Vec::new();
    problems.extend(key_rules::weak_key(published.primary.kind, &exception, question.at));
    if !is_primary {
        problems.extend(key_rules::weak_key(facts.kind, &exception, question.at));
    }
    problems.dedup();
    if question.at < facts.created {
        let message = format!("the key was made at {}, after {}", facts.created, question.at);
        problems.push(Problem::error("signed-before-key", message, "Look at the clock of this host."));
    }
    problems.extend(chain.now(question.at));
    if problems.is_empty() {
        problems.extend(life(published, facts, question));
    }
    problems
}

/// Whether the key ends at all, and soon enough.
fn life(published: &CertificateFacts, key: &KeyFacts, question: &KeyQuestion<'_>) -> Option<Problem> {
    let end = |key| key_state::at(key, question.at).ok().and_then(|state| state.expires);
    let expires = end(&published.primary).into_iter().chain(end(key)).min();
    let limit = question.max_life.map(|life| question.at.plus(life));
    let hint = "Make a subkey that ends with the release cycle.";
    match (expires, limit) {
        (None, limit) => {
            let message = "expected a key that expires, found one that never does".to_string();
            let make = if limit.is_some() { Problem::error } else { Problem::warning };
            Some(make("key-never-expires", message, hint))
        }
        (Some(expires), Some(limit)) if expires > limit => {
            let message =
                format!("expected a key that ends by {limit}, found one that lives until {expires}");
            Some(Problem::error("key-lives-too-long", message, hint))
        }
        _ => None,
    }
}
