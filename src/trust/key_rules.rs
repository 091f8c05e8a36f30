//! Whether a key was good when it signed, and is good now.

use super::algorithms::{self, Standing};
use super::judge::Listed;
use super::key_state::{self, Unbound};
use super::question::{Age, Membership, Mode, Question};
use crate::release::signature::{CertificateFacts, KeyFacts, KeyKind};
use crate::release::vetting::VettingState;
use crate::release::{Finding, Time};

/// Judges the key of a signature that states `created`.
///
/// The time of the signature is chosen by whoever makes it, so a key that was
/// good then says little by itself: in release mode it must be good now too,
/// in archive mode the age of the signature may want proof.
pub(super) fn judge(created: Time, listed: &Listed<'_>, question: &Question<'_>) -> Vec<Finding> {
    let chain = Chain::new(listed.certificate, listed.key, listed.is_primary);
    let judged_at = match question.mode {
        Mode::Release => question.at,
        Mode::Archive => created,
    };
    let mut problems: Vec<Problem> = chain.compromised().into_iter().collect();
    if problems.is_empty() {
        problems.extend(weak_key(listed.certificate.primary.kind, listed.membership, judged_at));
        if !listed.is_primary {
            problems.extend(weak_key(listed.key.kind, listed.membership, judged_at));
        }
        problems.dedup();
        problems.extend(chain.at_signing(created));
    }
    if problems.is_empty() {
        match question.mode {
            Mode::Release => problems.extend(chain.now(question.at)),
            Mode::Archive => problems.extend(chain.unproven(created, question)),
        }
    }
    if problems.is_empty() {
        problems.extend(chain.later_binding(created));
    }
    problems.into_iter().map(|problem| problem.finding(question.subject)).collect()
}

/// Something about a key, not yet about a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    pub code: &'static str,
    weight: Weight,
    message: String,
    hint: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Weight {
    Error,
    Warning,
    Note,
}

impl Problem {
    pub(super) fn error(code: &'static str, message: String, hint: &'static str) -> Self {
        Self { code, weight: Weight::Error, message, hint }
    }

    pub(super) fn warning(code: &'static str, message: String, hint: &'static str) -> Self {
        Self { code, weight: Weight::Warning, message, hint }
    }

    pub(super) fn finding(self, subject: &str) -> Finding {
        let make = match self.weight {
            Weight::Error => Finding::error,
            Weight::Warning => Finding::warning,
            Weight::Note => Finding::note,
        };
        make(self.code, subject, self.message, self.hint)
    }
}

/// A key and what it hangs on: the primary key first, then, if the signer is
/// a subkey, the subkey.
pub(super) struct Chain<'a> {
    links: Vec<Link<'a>>,
    standing: VettingState,
}

struct Link<'a> {
    key: &'a KeyFacts,
    is_primary: bool,
    signs: bool,
}

impl Link<'_> {
    /// `certificate-…` or `subkey-…`.
    fn code(&self, primary: &'static str, subkey: &'static str) -> &'static str {
        if self.is_primary { primary } else { subkey }
    }

    fn name(&self) -> String {
        let what = if self.is_primary { "certificate" } else { "subkey" };
        format!("the {what} {}", self.key.fingerprint)
    }
}

const SIGN_WITH_LIVE_KEY: &str =
    "Sign again with a key that is alive; to repeat an old check, give its time with --at.";
const SIGN_WITH_OTHER_KEY: &str = "Sign again with another key.";

impl<'a> Chain<'a> {
    pub(super) fn new(certificate: &'a CertificateFacts, key: &'a KeyFacts, is_primary: bool) -> Self {
        let mut links = vec![Link { key: &certificate.primary, is_primary: true, signs: is_primary }];
        if !is_primary {
            links.push(Link { key, is_primary: false, signs: true });
        }
        Self { links, standing: certificate.standing }
    }

    /// The certificate alone, asked for nothing but being alive.
    pub(super) fn of_certificate(certificate: &'a CertificateFacts) -> Self {
        let links = vec![Link { key: &certificate.primary, is_primary: true, signs: false }];
        Self { links, standing: certificate.standing }
    }

    /// Hard revocations, and those that the keyring's keepers hold for lost:
    /// nothing such a key ever signed counts.
    pub(super) fn compromised(&self) -> Option<Problem> {
        if let VettingState::Compromised { since } = self.standing {
            let message =
                format!("{} is marked as compromised in the keyring since {since}", self.certificate());
            let hint = "Trust nothing that this certificate signed; sign again with another.";
            return Some(Problem::error("signer-compromised", message, hint));
        }
        self.links.iter().find_map(|link| {
            let revocation = key_state::hard_revocation(link.key)?;
            let code = link.code("certificate-compromised", "subkey-compromised");
            let message = format!(
                "{} was revoked at {} as compromised or without a harmless reason",
                link.name(),
                revocation.at
            );
            Some(Problem::error(
                code,
                message,
                "Trust nothing that this key signed; sign again with another key.",
            ))
        })
    }

    fn certificate(&self) -> String {
        self.links.first().map(Link::name).unwrap_or_default()
    }

    /// When the keyring's keepers retired the certificate, if it is so at `time`.
    fn retired(&self, time: Time) -> Option<Time> {
        match self.standing {
            VettingState::Retired { since } if since <= time => Some(since),
            _ => None,
        }
    }

    /// What was wrong when the key signed. The first link that is wrong says
    /// enough.
    pub(super) fn at_signing(&self, created: Time) -> Option<Problem> {
        if let Some(since) = self.retired(created) {
            let message = format!(
                "signed at {created}, but {} is retired in the keyring since {since}",
                self.certificate()
            );
            return Some(Problem::error("signed-after-retirement", message, SIGN_WITH_OTHER_KEY));
        }
        self.links.iter().find_map(|link| {
            unusable(link, created).or_else(|| {
                if let Some(revocation) = key_state::soft_revocation(link.key, created) {
                    let message =
                        format!("signed at {created}, but {} was revoked at {}", link.name(), revocation.at);
                    return Some(Problem::error("signed-after-revocation", message, SIGN_WITH_OTHER_KEY));
                }
                let end = key_state::at(link.key, created).ok()?.expires.filter(|end| *end <= created)?;
                let message = format!("signed at {created}, but {} expired at {end}", link.name());
                Some(Problem::error("signed-after-expiry", message, SIGN_WITH_OTHER_KEY))
            })
        })
    }

    /// What is wrong with the key at present.
    pub(super) fn now(&self, at: Time) -> Option<Problem> {
        if let Some(since) = self.retired(at) {
            let message = format!("{} is retired in the keyring since {since}", self.certificate());
            return Some(Problem::error("signer-retired", message, SIGN_WITH_LIVE_KEY));
        }
        self.links.iter().find_map(|link| {
            if let Some(revocation) = key_state::soft_revocation(link.key, at) {
                let code = link.code("certificate-retired", "subkey-retired");
                let message = format!("{} was revoked at {}", link.name(), revocation.at);
                return Some(Problem::error(code, message, SIGN_WITH_LIVE_KEY));
            }
            if let Some(revocation) = key_state::unconfirmed_revocation(link.key) {
                return Some(unconfirmed(link, revocation.at));
            }
            unusable(link, at).or_else(|| {
                let end = key_state::at(link.key, at).ok()?.expires.filter(|end| *end <= at)?;
                let code = link.code("certificate-expired", "subkey-expired");
                let message = format!("{} expired at {end}", link.name());
                Some(Problem::error(code, message, SIGN_WITH_LIVE_KEY))
            })
        })
    }

    /// In archive mode a key may have ended since, if the signature is older
    /// than that: by its own claim, or by proof.
    fn unproven(&self, created: Time, question: &Question<'_>) -> Option<Problem> {
        self.links.iter().find_map(|link| {
            if let Some(revocation) = key_state::unconfirmed_revocation(link.key)
                && revocation.at <= created
            {
                return Some(unconfirmed(link, revocation.at));
            }
            let expired = key_state::at(link.key, question.at).ok().and_then(|state| state.expires);
            let retired = key_state::soft_revocation(link.key, question.at).map(|revocation| revocation.at);
            let kept = self.retired(question.at).filter(|_| link.is_primary);
            let end =
                expired.into_iter().chain(retired).chain(kept).filter(|end| *end <= question.at).min()?;
            let weight = match question.age {
                Age::SeenAt(seen) if seen < end => return None,
                Age::Claimed => Weight::Warning,
                Age::SeenAt(_) | Age::Unproven => Weight::Error,
            };
            let message = format!(
                "{} ended at {end}; that the signature is older, from {created}, is its own claim only",
                link.name()
            );
            let hint = "Give a list of signatures that was signed before the key ended (--age-proof), or believe the date (--age claimed).";
            Some(Problem { code: "age-unproven", weight, message, hint })
        })
    }

    /// A note where the certificate has lost what it said at signing time.
    fn later_binding(&self, created: Time) -> Option<Problem> {
        self.links.iter().find_map(|link| {
            key_state::at(link.key, created).ok().filter(|state| state.from_later)?;
            let message =
                format!("{} holds no self-signature from before {created}; the oldest newer one was taken", link.name());
            let hint = "Usual after an extension with gpg, which replaces self-signatures; a full copy would say more.";
            Some(Problem { code: "binding-newer-than-signature", weight: Weight::Note, message, hint })
        })
    }
}

/// Whether the link was no usable key at `time`, for reasons other than its
/// end: not bound, weakly bound, or not for signing.
fn unusable(link: &Link<'_>, time: Time) -> Option<Problem> {
    match key_state::at(link.key, time) {
        Err(Unbound::Weak) => {
            let message = format!(
                "expected self-signatures with {}, found weaker ones on {}",
                algorithms::HASHES,
                link.name()
            );
            let hint = "Let the owner renew the self-signatures, for example by setting the expiry again.";
            Some(Problem::error("weak-self-signature", message, hint))
        }
        Err(Unbound::None) => {
            let code = link.code("certificate-not-bound", "subkey-not-bound");
            let message = format!("{} has no self-signature that verifies and held at {time}", link.name());
            let hint =
                "Get the whole certificate from its owner; a signing subkey needs a back signature too.";
            Some(Problem::error(code, message, hint))
        }
        Ok(state) if link.signs && !state.flags.sign => {
            let message = format!("{} is not marked for signing", link.name());
            Some(Problem::error("key-not-for-signing", message, SIGN_WITH_OTHER_KEY))
        }
        Ok(_) => None,
    }
}

fn unconfirmed(link: &Link<'_>, at: Time) -> Problem {
    let message =
        format!("somebody revoked {} at {at}, and their right to do so could not be verified", link.name());
    let hint = "Add the revoker's certificate to the keyring, or ask the owner.";
    Problem::error("revocation-unconfirmed", message, hint)
}

/// Whether the list of algorithms refuses the kind of key at `time`.
pub(super) fn weak_key(kind: KeyKind, membership: &Membership, time: Time) -> Option<Problem> {
    let expected = algorithms::KEYS;
    let hint = "Use a key of a listed kind; for older releases the policy can make a dated exception.";
    match algorithms::key_standing(kind) {
        Standing::Accepted => None,
        Standing::Exception { until } => {
            let until = membership.weak_key_until.map(|given| given.min(until));
            match until {
                Some(until) if time <= until => None,
                Some(until) => {
                    let message =
                        format!("expected {expected}, found {kind}, whose exception ended at {until}");
                    Some(Problem::error("weak-key", message, hint))
                }
                None => {
                    let message =
                        format!("expected {expected}, found {kind}, and the policy makes no exception");
                    Some(Problem::error("weak-key", message, hint))
                }
            }
        }
        Standing::Refused => {
            Some(Problem::error("weak-key", format!("expected {expected}, found {kind}"), hint))
        }
    }
}
