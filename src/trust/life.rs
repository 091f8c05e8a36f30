//! What a certificate or a subkey is worth at a time, without a signature:
//! for those who look after keys.

use super::key_rules::{self, Chain, Problem};
use super::key_state;
use super::question::Membership;
use crate::release::signature::{CertificateFacts, KeyFacts, Revocation};
use crate::release::{Finding, Time};

/// A key at one time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Why it cannot be used, or never again; `None` if it can.
    pub problem: Option<Finding>,
    /// When it ends, by what it says of itself.
    pub expires: Option<Time>,
    /// The revocation in force, the hard one first.
    pub revoked: Option<Revocation>,
    /// Whether it may sign keys and user ids.
    pub certifies: bool,
    /// Whether it may sign data.
    pub signs: bool,
}

/// What the certificate is worth at `at`: whether it is alive and may hold
/// subkeys. It need not sign anything itself.
pub fn certificate_standing(certificate: &CertificateFacts, at: Time) -> Standing {
    standing(&Chain::of_certificate(certificate), certificate, &certificate.primary, at)
}

/// What a signing subkey is worth at `at`, its certificate included.
pub fn subkey_standing(certificate: &CertificateFacts, subkey: &KeyFacts, at: Time) -> Standing {
    standing(&Chain::new(certificate, subkey, false), certificate, subkey, at)
}

fn standing(chain: &Chain<'_>, certificate: &CertificateFacts, key: &KeyFacts, at: Time) -> Standing {
    let weak = || -> Option<Problem> {
        let primary = key_rules::weak_key(certificate.primary.kind, &Membership::default(), at);
        primary.or_else(|| key_rules::weak_key(key.kind, &Membership::default(), at))
    };
    let problem = chain.compromised().or_else(|| chain.now(at)).or_else(weak);
    let state = key_state::at(key, at).ok();
    Standing {
        problem: problem.map(|problem| problem.finding(key.fingerprint.as_str())),
        expires: state.and_then(|state| state.expires),
        revoked: key_state::hard_revocation(key).or_else(|| key_state::soft_revocation(key, at)),
        certifies: state.is_some_and(|state| state.flags.certify),
        signs: state.is_some_and(|state| state.flags.sign),
    }
}
