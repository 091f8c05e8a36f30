//! How the state that a keyring gives to a certificate is honoured, and what
//! a certificate is told to be good for.

use super::tests::{at, both, certificate, changed};
use super::*;
use crate::release::signature::*;
use crate::release::vetting::VettingState;

fn retired(since: i64) -> CertificateFacts {
    changed(|facts| facts.standing = VettingState::Retired { since: at(since) })
}

#[test]
fn a_retired_certificate_keeps_what_it_signed_before_and_signs_nothing_new() {
    assert_eq!(both(&retired(-10), -20), [vec!["!signer-retired"], vec!["age-unproven"]]);
    assert_eq!(
        both(&retired(-10), -10),
        [vec!["!signed-after-retirement"], vec!["!signed-after-retirement"]]
    );
    assert_eq!(both(&retired(-10), -5), [vec!["!signed-after-retirement"], vec!["!signed-after-retirement"]]);
    // In a week: not yet.
    let none: [Vec<String>; 2] = [vec![], vec![]];
    assert_eq!(both(&retired(7), -1), none);
}

#[test]
fn nothing_by_a_compromised_certificate_counts_whatever_its_date() {
    for since in [-30, 0, 30] {
        let facts = changed(|facts| facts.standing = VettingState::Compromised { since: at(since) });
        for day in [-40, -1] {
            assert_eq!(both(&facts, day), [vec!["!signer-compromised"], vec!["!signer-compromised"]]);
        }
    }
}

#[test]
fn what_the_owner_says_and_what_the_keepers_say_are_both_heard() {
    let revocation = |kind| Revocation { kind, at: at(-15), by: Revoker::Authorised };
    let mut facts = retired(-10);
    facts.primary.revocations = vec![revocation(RevocationKind::Hard)];
    assert_eq!(both(&facts, -20), [vec!["!certificate-compromised"], vec!["!certificate-compromised"]]);
    facts.primary.revocations = vec![revocation(RevocationKind::Soft)];
    assert_eq!(both(&facts, -12)[1], ["!signed-after-revocation"]);
}

#[test]
fn a_signing_key_of_a_retired_or_compromised_certificate_signs_nothing() {
    let judged = |facts: &CertificateFacts| {
        let (signer, subkey) = (facts.fingerprint.clone(), &facts.subkeys[0]);
        let key = SigningKeyFacts {
            certificate: signer.clone(),
            key: subkey.fingerprint.clone(),
            kind: subkey.kind,
        };
        let question = KeyQuestion {
            at: at(0),
            signer: &signer,
            published: Some(facts),
            weak_key_until: None,
            max_life: None,
        };
        let found = judge_signing_key(&key, &question);
        found.into_iter().map(|finding| finding.code).collect::<Vec<_>>()
    };
    assert_eq!(judged(&certificate(1)), ["key-never-expires"]);
    assert_eq!(judged(&retired(-1)), ["signer-retired"]);
    let lost = changed(|facts| facts.standing = VettingState::Compromised { since: at(-1) });
    assert_eq!(judged(&lost), ["signer-compromised"]);
}

fn outlook(facts: &CertificateFacts) -> (bool, Option<i64>, Vec<&'static str>) {
    let look = Outlook::new(facts, at(0));
    let ends = look.ends().map(|end| (end.unix() - at(0).unix()) / 86_400);
    (look.is_usable(), ends, look.problems().into_iter().map(|problem| problem.code).collect())
}

fn ending(key: &mut KeyFacts, days: i64) {
    key.bindings[0].key_expires = KeyExpiry::At(at(days));
}

#[test]
fn a_certificate_is_usable_as_long_as_one_of_its_signing_keys_is() {
    assert_eq!(outlook(&certificate(1)), (true, None, vec![]));
    assert_eq!(outlook(&changed(|facts| ending(&mut facts.subkeys[0], 20))), (true, Some(20), vec![]));
    assert_eq!(outlook(&changed(|facts| ending(&mut facts.primary, 10))), (true, Some(10), vec![]));
    let two = changed(|facts| {
        let mut second = certificate(2).subkeys.remove(0);
        ending(&mut second, 30);
        ending(&mut facts.subkeys[0], -5);
        facts.subkeys.push(second);
    });
    assert_eq!(outlook(&two), (true, Some(30), vec![]));
    assert_eq!(
        outlook(&changed(|facts| ending(&mut facts.subkeys[0], 0))),
        (false, None, vec!["subkey-expired"])
    );
    assert_eq!(outlook(&changed(|facts| facts.subkeys.clear())), (false, None, vec!["no-usable-key"]));
    assert_eq!(outlook(&retired(-1)).2, ["signer-retired"]);
}

#[test]
fn an_old_encryption_subkey_is_nobodys_problem() {
    let facts = changed(|facts| {
        let mut other = certificate(2).subkeys.remove(0);
        other.kind = KeyKind::Rsa { bits: 1024 };
        other.bindings[0].flags = Some(KeyFlags { certify: false, sign: false });
        ending(&mut other, -100);
        facts.subkeys.push(other);
    });
    assert_eq!(outlook(&facts), (true, None, vec![]));
}

#[test]
fn a_weak_primary_key_spoils_all_that_hangs_on_it() {
    let weak = changed(|facts| facts.primary.kind = KeyKind::Rsa { bits: 2048 });
    assert_eq!(outlook(&weak), (false, None, vec!["weak-key"]));
}
