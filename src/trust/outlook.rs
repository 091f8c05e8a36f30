//! What a certificate of the keyring is good for, at a time: before anybody
//! has signed with it.

use super::key_rules::{self, Chain, Problem};
use super::key_state;
use super::question::Membership;
use crate::release::signature::{CertificateFacts, KeyFacts, KeyKind};
use crate::release::{Finding, Fingerprint, Time};

/// One key of a certificate, as it is at the time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyOutlook {
    /// Its own fingerprint.
    pub fingerprint: Fingerprint,
    /// Whether it is the primary key.
    pub is_primary: bool,
    /// Its kind and size.
    pub kind: KeyKind,
    /// When it was made.
    pub created: Time,
    /// When it ends by itself.
    pub expires: Option<Time>,
    /// Whether it is marked for signing.
    pub signs: bool,
    /// Why a signature that it makes now would be refused; `None` too for
    /// keys that are not for signing and have no other problem.
    pub problem: Option<Finding>,
}

/// A certificate as it is at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outlook {
    /// All its keys, the primary key first.
    pub keys: Vec<KeyOutlook>,
}

impl Outlook {
    /// Looks at `certificate` at the time `at`.
    pub fn new(certificate: &CertificateFacts, at: Time) -> Self {
        let primary = (&certificate.primary, true);
        let all = [primary].into_iter().chain(certificate.subkeys.iter().map(|key| (key, false)));
        Self { keys: all.map(|(key, is_primary)| look(certificate, key, is_primary, at)).collect() }
    }

    /// Whether a signature by it would be accepted now.
    pub fn is_usable(&self) -> bool {
        self.usable().next().is_some()
    }

    fn usable(&self) -> impl Iterator<Item = &KeyOutlook> {
        self.keys.iter().filter(|key| key.signs && key.problem.is_none())
    }

    /// The second from which on no key that is usable now will be; `None` if
    /// there is none, or no end.
    pub fn ends(&self) -> Option<Time> {
        let primary = self.keys.first().and_then(|key| key.expires);
        let ends = self.usable().map(|key| key.expires.into_iter().chain(primary).min());
        // No end is later than any.
        let ends: Option<Vec<Time>> = ends.collect();
        ends?.into_iter().max()
    }

    /// Why the certificate signs nothing; empty if it is usable.
    pub fn problems(&self) -> Vec<Finding> {
        if self.is_usable() {
            return vec![];
        }
        let mut found: Vec<Finding> = self.keys.iter().filter_map(|key| key.problem.clone()).collect();
        if found.is_empty() {
            let subject = self.keys.first().map(|key| key.fingerprint.as_str()).unwrap_or_default();
            let hint =
                "Have its owner add a signing subkey: gpg --quick-add-key FINGERPRINT ed25519 sign 1y.";
            found.push(Finding::error(
                "no-usable-key",
                subject,
                "holds no key that is marked for signing",
                hint,
            ));
        }
        found.dedup_by(|a, b| a.code == b.code && a.message == b.message);
        found
    }
}

fn look(certificate: &CertificateFacts, key: &KeyFacts, is_primary: bool, at: Time) -> KeyOutlook {
    let state = key_state::at(key, at);
    let signs = state.is_ok_and(|state| state.flags.sign);
    // A subkey that is there for something else signs nothing, and its kind
    // and its end matter to nobody here.
    let other_use = state.is_ok() && !signs && !is_primary;
    let problem = (!other_use).then(|| problem(certificate, key, is_primary, at)).flatten();
    KeyOutlook {
        fingerprint: key.fingerprint.clone(),
        is_primary,
        kind: key.kind,
        created: key.created,
        expires: state.ok().and_then(|state| state.expires),
        signs,
        problem: problem
            // A primary key need not sign.
            .filter(|problem| signs || problem.code != "key-not-for-signing")
            .map(|problem| problem.finding(certificate.fingerprint.as_str())),
    }
}

fn problem(certificate: &CertificateFacts, key: &KeyFacts, is_primary: bool, at: Time) -> Option<Problem> {
    let (chain, no_exception) = (Chain::new(certificate, key, is_primary), Membership::default());
    let weak = |kind| key_rules::weak_key(kind, &no_exception, at);
    chain
        .compromised()
        .or_else(|| weak(certificate.primary.kind))
        .or_else(|| weak(key.kind))
        .or_else(|| chain.now(at))
}
