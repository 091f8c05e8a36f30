//! What a key was at a given time, from the bindings and revocations of its
//! certificate.

use super::algorithms::accepts_hash;
use crate::release::Time;
use crate::release::signature::{
    Binding, BindingKind, KeyExpiry, KeyFacts, KeyFlags, Revocation, RevocationKind, Revoker,
};

/// A key at one time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct KeyState {
    /// The key is dead from this second on.
    pub expires: Option<Time>,
    /// What it may be used for.
    pub flags: KeyFlags,
    /// No binding of that time is left in the certificate and the oldest
    /// newer one was taken. gpg replaces self-signatures when it extends a
    /// key, so this is how most extended keys look.
    pub from_later: bool,
}

/// Why a key had no state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unbound {
    /// Every binding has a hash function that is not accepted.
    Weak,
    /// There is no binding, or none that held at that time.
    None,
}

/// What `key` was at `time`.
///
/// Several user ids may state different things about a primary key: the one
/// called primary counts, then the newest; what it leaves unstated the newest
/// direct-key signature states (as Sequoia and RFC 9580 section 5.2.3.10).
pub(super) fn at(key: &KeyFacts, time: Time) -> Result<KeyState, Unbound> {
    let strong = || key.bindings.iter().filter(|binding| is_strong(binding));
    if strong().next().is_none() {
        return Err(if key.bindings.is_empty() { Unbound::None } else { Unbound::Weak });
    }
    if strong().any(|binding| binding.created <= time) {
        return combine(strong().filter(|binding| holds(binding, time)), false).ok_or(Unbound::None);
    }
    // All are newer: take those of the first day that is left.
    let first = strong().map(|binding| binding.created).min().unwrap_or(time);
    combine(strong().filter(|binding| binding.created == first), true).ok_or(Unbound::None)
}

fn is_strong(binding: &Binding) -> bool {
    accepts_hash(binding.hash) && binding.back_signature.is_none_or(|back| accepts_hash(back.hash))
}

/// Whether the statement was in force.
fn holds(binding: &Binding, time: Time) -> bool {
    let ends_after = |end: Option<Time>| end.is_none_or(|end| end > time);
    binding.created <= time
        && ends_after(binding.expires)
        && ends_after(binding.withdrawn)
        && binding.back_signature.is_none_or(|back| ends_after(back.expires))
}

fn combine<'a>(bindings: impl Iterator<Item = &'a Binding>, from_later: bool) -> Option<KeyState> {
    let mut ranked: Vec<&Binding> = Vec::new();
    let mut direct: Option<&Binding> = None;
    for binding in bindings {
        if binding.kind == BindingKind::DirectKey {
            direct = direct.into_iter().chain([binding]).max_by_key(|binding| binding.created);
        } else {
            ranked.push(binding);
        }
    }
    let is_primary = |binding: &Binding| binding.kind == BindingKind::UserId { primary: true };
    let best = ranked.into_iter().max_by_key(|binding| (is_primary(binding), binding.created));
    let sources: Vec<&Binding> = best.into_iter().chain(direct).collect();
    if sources.is_empty() {
        return None;
    }
    let stated = sources.iter().map(|binding| binding.key_expires).find(|end| *end != KeyExpiry::Unstated);
    let expires = match stated {
        Some(KeyExpiry::At(end)) => Some(end),
        _ => None,
    };
    let flags = sources.iter().find_map(|binding| binding.flags);
    Some(KeyState { expires, flags: flags.unwrap_or(KeyFlags { certify: false, sign: false }), from_later })
}

/// The hard revocation of `key` that counts, if there is one: it counts from
/// the beginning of time.
pub(super) fn hard_revocation(key: &KeyFacts) -> Option<Revocation> {
    let mut all = key.revocations.iter();
    all.find(|revocation| revocation.by == Revoker::Authorised && revocation.kind == RevocationKind::Hard)
        .copied()
}

/// The soft revocation in force at `time`. A binding made after it takes it
/// back.
pub(super) fn soft_revocation(key: &KeyFacts, time: Time) -> Option<Revocation> {
    let renewed = |since: Time| {
        let mut strong = key.bindings.iter().filter(|binding| is_strong(binding));
        strong.any(|binding| binding.created > since && binding.created <= time)
    };
    let soft = key.revocations.iter().filter(|revocation| {
        revocation.by == Revoker::Authorised
            && revocation.kind == RevocationKind::Soft
            && revocation.at <= time
            && !renewed(revocation.at)
    });
    soft.min_by_key(|revocation| revocation.at).copied()
}

/// A revocation by somebody whose right to revoke could not be verified.
pub(super) fn unconfirmed_revocation(key: &KeyFacts) -> Option<Revocation> {
    let others = key.revocations.iter().filter(|revocation| revocation.by == Revoker::Unconfirmed);
    others.min_by_key(|revocation| revocation.at).copied()
}
