//! What is asked about a signature.

use std::collections::{BTreeMap, BTreeSet};

use crate::release::{Fingerprint, Time};

/// Seconds by which the signer's clock may be ahead of ours.
pub const CLOCK_SKEW: i64 = 300;

/// Which question is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// May this go out now? The key must have been good when it signed and
    /// must be good now.
    Release,
    /// Was this good when it was made? Keys may have expired or retired
    /// since; compromised ones never count.
    Archive,
}

/// What is known of a signature's age beside its own claim. Only an archive
/// question asks: whoever has an expired key can date a signature back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Age {
    /// Nothing, and the claim is believed; a warning says so where it matters.
    Claimed,
    /// Nothing, and the claim is not believed.
    Unproven,
    /// The signature is known to have existed at this time, by a log entry or
    /// a newer signature over it.
    SeenAt(Time),
}

/// What the policy says about one certificate.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Membership {
    /// The groups through which the certificate is allowed.
    pub groups: BTreeSet<String>,
    /// Who it is, so that two certificates of one person count once; without
    /// it the certificate is its own person.
    pub person: Option<String>,
    /// Signatures made before do not count.
    pub not_before: Option<Time>,
    /// Signatures made after do not count, in release mode none any more
    /// once it is past: the certificate is retired.
    pub not_after: Option<Time>,
    /// A dated exception for a kind of key that the list of algorithms
    /// accepts only by exception.
    pub weak_key_until: Option<Time>,
}

/// A question about one detached signature or tag.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The file or tag, as findings shall name it.
    pub subject: &'a str,
    /// Which question.
    pub mode: Mode,
    /// The present.
    pub at: Time,
    /// Whose signatures count.
    pub allowed: &'a BTreeMap<Fingerprint, Membership>,
    /// How many different people must have signed; at least one always.
    pub threshold: usize,
    /// Seconds that may lie between signature and present.
    pub max_age: Option<i64>,
    /// The signature must not be older, as the tag or commit it is about.
    pub not_before: Option<Time>,
    /// The signature must not be newer.
    pub not_after: Option<Time>,
    /// What is known of its age.
    pub age: Age,
    /// Values of our notations, by name without the domain. A signature that
    /// states another value is for something else; one without is not.
    pub notations: &'a [(String, String)],
}

impl<'a> Question<'a> {
    /// A question without bounds on age, for one signer.
    pub fn new(
        subject: &'a str,
        mode: Mode,
        at: Time,
        allowed: &'a BTreeMap<Fingerprint, Membership>,
    ) -> Self {
        Self {
            subject,
            mode,
            at,
            allowed,
            threshold: 1,
            max_age: None,
            not_before: None,
            not_after: None,
            age: Age::Claimed,
            notations: &[],
        }
    }
}
