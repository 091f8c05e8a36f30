//! Verdicts over hand-made facts: every rule of time, membership and number
//! without a single signature.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::*;
use crate::release::signature::*;
use crate::release::vetting::VettingState;
use crate::release::{Fingerprint, Severity, Time};

const DAY: i64 = 86_400;
/// 2026-11-20T10:00:00Z.
const NOW: i64 = 1_795_168_800;

pub(super) fn at(days: i64) -> Time {
    Time::from_unix(NOW + days * DAY)
}

fn fingerprint(number: u8) -> Fingerprint {
    Fingerprint::parse(&format!("{number:040X}")).unwrap()
}

fn binding(kind: BindingKind, created: i64, sign: bool) -> Binding {
    let back = BackSignature { hash: HashKind::Sha256, created: at(created), expires: None };
    Binding {
        kind,
        created: at(created),
        expires: None,
        withdrawn: None,
        hash: HashKind::Sha256,
        key_expires: KeyExpiry::Unstated,
        flags: Some(KeyFlags { certify: !sign, sign }),
        back_signature: sign.then_some(back),
    }
}

/// A certificate whose one subkey has the same number plus 100.
pub(super) fn certificate(number: u8) -> CertificateFacts {
    let key = |number, bindings| KeyFacts {
        fingerprint: fingerprint(number),
        kind: KeyKind::Ed25519,
        created: at(-400),
        bindings,
        revocations: vec![],
    };
    CertificateFacts {
        fingerprint: fingerprint(number),
        user_ids: vec![],
        primary: key(number, vec![binding(BindingKind::UserId { primary: true }, -400, false)]),
        subkeys: vec![key(number + 100, vec![binding(BindingKind::Subkey, -400, true)])],
        standing: VettingState::Active,
    }
}

fn signed_by(certificate: &CertificateFacts, days: i64) -> SignatureFacts {
    SignatureFacts {
        version: 4,
        kind: SignatureKind::Binary,
        hash: HashKind::Sha256,
        created: Some(at(days)),
        expires: None,
        issuers: vec![],
        unknown_critical: vec![],
        intended_recipients: vec![],
        notations: vec![],
        identity: format!("{} {days}", certificate.fingerprint).into_bytes(),
        verification: Verification::Good,
        key: Some(certificate.subkeys[0].fingerprint.clone()),
        holders: vec![Arc::new(certificate.clone())],
    }
}

type Allowed = BTreeMap<Fingerprint, Membership>;

fn allow(numbers: &[u8]) -> Allowed {
    let membership = Membership { groups: BTreeSet::from(["team".into()]), ..Membership::default() };
    numbers.iter().map(|number| (fingerprint(*number), membership.clone())).collect()
}

fn of(signatures: impl IntoIterator<Item = SignatureFacts>) -> Inspection {
    Inspection { defects: vec![], signatures: signatures.into_iter().collect() }
}

fn ask(mode: Mode, allowed: &Allowed) -> Question<'_> {
    Question::new("hello.tar.gz", mode, at(0), allowed)
}

/// Codes of all findings; a leading `!` marks errors.
fn codes(judgement: &Judgement) -> Vec<String> {
    let marked = judgement.findings.iter().map(|finding| {
        let mark = if finding.severity == Severity::Error { "!" } else { "" };
        format!("{mark}{}", finding.code)
    });
    assert_eq!(judgement.accepted(), !judgement.findings.iter().any(|f| f.severity == Severity::Error));
    marked.collect()
}

/// Verdicts in both modes on one signature made `days` from now.
pub(super) fn both(certificate: &CertificateFacts, days: i64) -> [Vec<String>; 2] {
    let allowed = allow(&[1]);
    let inspection = of([signed_by(certificate, days)]);
    [Mode::Release, Mode::Archive].map(|mode| codes(&judge(&inspection, &ask(mode, &allowed))))
}

pub(super) fn changed(change: impl FnOnce(&mut CertificateFacts)) -> CertificateFacts {
    let mut facts = certificate(1);
    change(&mut facts);
    facts
}

const NONE: [&str; 0] = [];

#[test]
fn nothing_is_not_accepted() {
    let allowed = allow(&[1]);
    assert_eq!(codes(&judge(&of([]), &ask(Mode::Release, &allowed))), ["!no-signature"]);
    let defect = SignatureDefect { code: "trailing-data", message: String::new() };
    let inspection = Inspection { defects: vec![defect], signatures: vec![] };
    assert_eq!(codes(&judge(&inspection, &ask(Mode::Archive, &allowed))), ["!trailing-data"]);
    let nobody = Allowed::new();
    let good = of([signed_by(&certificate(1), 0)]);
    assert_eq!(codes(&judge(&good, &ask(Mode::Release, &nobody))), ["!signer-not-allowed"]);
}

#[test]
fn people_are_counted_and_not_signatures_or_certificates() {
    let (one, two, three) = (certificate(1), certificate(2), certificate(3));
    let inspection = of([&one, &one, &two, &three].map(|certificate| signed_by(certificate, 0)));
    let mut allowed = allow(&[1, 2, 3]);
    for number in [1, 2] {
        allowed.get_mut(&fingerprint(number)).unwrap().person = Some("Alice".into());
    }
    let question = |threshold| Question { threshold, ..ask(Mode::Release, &allowed) };
    let judgement = judge(&inspection, &question(2));
    assert_eq!((judgement.people(), judgement.signers.len()), (2, 3));
    assert!(judgement.accepted());
    assert_eq!(codes(&judge(&inspection, &question(3))), ["duplicate-signature", "!too-few-signers"]);
    let alice = of([signed_by(&one, 0), signed_by(&two, 0)]);
    assert_eq!(codes(&judge(&alice, &question(2))), ["!too-few-signers"]);
}

#[test]
fn two_signatures_of_one_certificate_make_one_signer_with_the_newest_date() {
    let one = certificate(1);
    let allowed = allow(&[1]);
    for days in [[-3, -1], [-1, -3]] {
        let judgement = judge(&of(days.map(|day| signed_by(&one, day))), &ask(Mode::Release, &allowed));
        let signers: Vec<_> = judgement.signers.iter().map(|signer| signer.signed_at).collect();
        assert_eq!(signers, [at(-1)]);
        assert_eq!(judgement.signers[0].groups, ["team"]);
    }
}

#[test]
fn a_bad_signature_by_a_listed_key_spoils_a_met_threshold() {
    let (one, two) = (certificate(1), certificate(2));
    let bad = SignatureFacts { verification: Verification::Bad, ..signed_by(&two, 0) };
    let inspection = of([signed_by(&one, 0), bad]);
    let listed = allow(&[1, 2]);
    assert_eq!(codes(&judge(&inspection, &ask(Mode::Release, &listed))), ["!bad-signature"]);
    let unlisted = allow(&[1]);
    assert_eq!(codes(&judge(&inspection, &ask(Mode::Release, &unlisted))), ["signer-not-allowed"]);
}

#[test]
fn whoever_holds_a_stolen_date_is_bound_by_freshness() {
    let allowed = allow(&[1]);
    let inspection = of([signed_by(&certificate(1), -8)]);
    let question = ask(Mode::Release, &allowed);
    let asked = |question: Question<'_>| codes(&judge(&inspection, &question));
    assert_eq!(asked(question), NONE);
    assert_eq!(asked(Question { max_age: Some(8 * DAY), ..question }), NONE);
    assert_eq!(asked(Question { max_age: Some(7 * DAY), ..question }), ["!signature-too-old"]);
    assert_eq!(asked(Question { not_before: Some(at(-8)), ..question }), NONE);
    assert_eq!(asked(Question { not_before: Some(at(-7)), ..question }), ["!signature-too-old"]);
    let strict = Question { max_age: Some(9 * DAY), not_before: Some(at(-7)), ..question };
    assert_eq!(asked(strict), ["!signature-too-old"]);
    assert_eq!(asked(Question { not_after: Some(at(-8)), ..question }), NONE);
    assert_eq!(asked(Question { not_after: Some(at(-9)), ..question }), ["!signature-too-new"]);
}

#[test]
fn clocks_may_differ_by_minutes_and_not_more() {
    let allowed = allow(&[1]);
    let ahead = |seconds| {
        let created = Some(at(0).plus(seconds));
        let inspection = of([SignatureFacts { created, ..signed_by(&certificate(1), 0) }]);
        codes(&judge(&inspection, &ask(Mode::Release, &allowed)))
    };
    assert_eq!(ahead(CLOCK_SKEW), NONE);
    assert_eq!(ahead(CLOCK_SKEW + 1), ["!signature-from-future"]);
}

#[test]
fn a_signature_ends_in_the_second_it_states() {
    let allowed = allow(&[1]);
    let ends = |seconds| {
        let expires = Some(at(0).plus(seconds));
        let inspection = of([SignatureFacts { expires, ..signed_by(&certificate(1), -1) }]);
        codes(&judge(&inspection, &ask(Mode::Archive, &allowed)))
    };
    assert_eq!(ends(1), NONE);
    assert_eq!(ends(0), ["!signature-expired"]);
    let undated = of([SignatureFacts { created: None, ..signed_by(&certificate(1), -1) }]);
    assert_eq!(codes(&judge(&undated, &ask(Mode::Archive, &allowed))), ["!signature-without-date"]);
}

#[test]
fn a_retired_member_signs_nothing_new_and_keeps_what_was_signed() {
    let judged = |mode, not_before: Option<i64>, not_after: Option<i64>, days| {
        let mut allowed = allow(&[1]);
        let member = allowed.get_mut(&fingerprint(1)).unwrap();
        member.not_before = not_before.map(at);
        member.not_after = not_after.map(at);
        codes(&judge(&of([signed_by(&certificate(1), days)]), &ask(mode, &allowed)))
    };
    assert_eq!(judged(Mode::Archive, None, Some(-5), -10), NONE);
    assert_eq!(judged(Mode::Archive, None, Some(-5), -4), ["!signer-no-longer-allowed"]);
    assert_eq!(judged(Mode::Release, None, Some(-5), -10), ["!signer-no-longer-allowed"]);
    assert_eq!(judged(Mode::Release, None, Some(5), -10), NONE);
    assert_eq!(judged(Mode::Release, Some(-5), None, -10), ["!signer-not-yet-allowed"]);
    assert_eq!(judged(Mode::Archive, Some(-5), None, -5), NONE);
}

#[test]
fn weak_keys_live_by_dated_exceptions_only() {
    let rsa = |bits, until: Option<i64>, mode, days| {
        let facts = changed(|facts| facts.subkeys[0].kind = KeyKind::Rsa { bits });
        let mut allowed = allow(&[1]);
        allowed.get_mut(&fingerprint(1)).unwrap().weak_key_until = until.map(at);
        codes(&judge(&of([signed_by(&facts, days)]), &ask(mode, &allowed)))
    };
    assert_eq!(rsa(2048, None, Mode::Archive, -10), ["!weak-key"]);
    assert_eq!(rsa(2048, Some(1), Mode::Release, -10), NONE);
    assert_eq!(rsa(2048, Some(-1), Mode::Release, -10), ["!weak-key"]);
    assert_eq!(rsa(2048, Some(-1), Mode::Archive, -10), NONE);
    assert_eq!(rsa(2048, Some(-20), Mode::Archive, -10), ["!weak-key"]);
    assert_eq!(rsa(1024, Some(1000), Mode::Archive, -10), ["!weak-key"]);
    assert_eq!(rsa(4096, None, Mode::Release, -10), NONE);
}

#[test]
fn no_exception_outlives_the_list() {
    let facts = changed(|facts| facts.subkeys[0].kind = KeyKind::Rsa { bits: 2048 });
    let late = Time::parse("2031-01-01").unwrap();
    let mut allowed = allow(&[1]);
    allowed.get_mut(&fingerprint(1)).unwrap().weak_key_until = Time::parse("2099-01-01").ok();
    let question = Question { at: late, ..ask(Mode::Release, &allowed) };
    assert_eq!(codes(&judge(&of([signed_by(&facts, 0)]), &question)), ["!weak-key"]);
}

#[test]
fn a_weak_primary_key_spoils_its_strong_subkey() {
    let facts = changed(|facts| facts.primary.kind = KeyKind::Dsa { bits: 1024 });
    assert_eq!(both(&facts, 0), [["!weak-key"], ["!weak-key"]]);
}

#[test]
fn a_signature_for_another_file_is_refused() {
    let allowed = allow(&[1]);
    let stating = |notations: &[(&str, &str)]| {
        let notations = notations.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        let inspection = of([SignatureFacts { notations, ..signed_by(&certificate(1), 0) }]);
        let wanted = [("artifact", "hello-1.1.tar.gz"), ("project", "hello"), ("version", "1.1")]
            .map(|(name, value)| (name.to_string(), value.to_string()));
        codes(&judge(&inspection, &Question { notations: &wanted, ..ask(Mode::Release, &allowed) }))
    };
    assert_eq!(stating(&[]), NONE);
    assert_eq!(stating(&[("artifact", "hello-1.1.tar.gz"), ("other", "x")]), NONE);
    assert_eq!(stating(&[("artifact", "hello-1.0.tar.gz")]), ["!artifact-name-mismatch"]);
    let twice = [("artifact", "hello-1.1.tar.gz"), ("artifact", "hello-1.0.tar.gz")];
    assert_eq!(stating(&twice), ["!artifact-name-mismatch"]);
    assert_eq!(stating(&[("project", "x"), ("version", "1.0")]), ["!project-mismatch", "!version-mismatch"]);
}

#[test]
fn proof_of_age_decides_where_a_key_has_ended_since() {
    let facts = changed(|facts| facts.subkeys[0].bindings[0].key_expires = KeyExpiry::At(at(-30)));
    let allowed = allow(&[1]);
    let inspection = of([signed_by(&facts, -60)]);
    let aged = |age| codes(&judge(&inspection, &Question { age, ..ask(Mode::Archive, &allowed) }));
    assert_eq!(aged(Age::Claimed), ["age-unproven"]);
    assert_eq!(aged(Age::Unproven), ["!age-unproven"]);
    assert_eq!(aged(Age::SeenAt(at(-31))), NONE);
    assert_eq!(aged(Age::SeenAt(at(-30))), ["!age-unproven"]);
    assert_eq!(aged(Age::SeenAt(at(-61))), ["!date-contradicts-proof"]);
    let alive = of([signed_by(&certificate(1), -60)]);
    let question = Question { age: Age::Unproven, ..ask(Mode::Archive, &allowed) };
    assert_eq!(codes(&judge(&alive, &question)), NONE);
}

#[test]
fn a_signature_of_unproven_age_beside_a_good_one_counts_for_nobody() {
    let ended = changed(|facts| facts.subkeys[0].bindings[0].key_expires = KeyExpiry::At(at(-30)));
    let allowed = allow(&[1, 2]);
    let (old, new) = (signed_by(&ended, -60), signed_by(&certificate(2), -1));
    let mut bad = new.clone();
    bad.verification = Verification::Bad;
    let question = Question { age: Age::Unproven, ..ask(Mode::Archive, &allowed) };
    for both in [[old.clone(), new.clone()], [new, old.clone()]] {
        let judged = judge(&of(both.clone()), &question);
        assert_eq!((codes(&judged), judged.people()), (vec!["age-unproven".into()], 1));
        let two = judge(&of(both), &Question { threshold: 2, ..question });
        assert_eq!(codes(&two), ["age-unproven", "!too-few-signers"]);
    }
    assert_eq!(codes(&judge(&of([old.clone(), bad]), &question)), ["!age-unproven", "!bad-signature"]);
    assert_eq!(codes(&judge(&of([old]), &question)), ["!age-unproven"]);
}

#[test]
fn a_key_dies_in_the_second_it_states() {
    let ends = |days, seconds| {
        changed(|facts| facts.primary.bindings[0].key_expires = KeyExpiry::At(at(days).plus(seconds)))
    };
    assert_eq!(both(&ends(-10, 1), -10)[1], ["age-unproven"]);
    assert_eq!(both(&ends(-10, 0), -10), [["!signed-after-expiry"], ["!signed-after-expiry"]]);
    assert_eq!(both(&ends(0, 1), -10), [NONE, NONE]);
    assert_eq!(both(&ends(0, 0), -10)[0], ["!certificate-expired"]);
}

#[test]
fn a_soft_revocation_counts_from_its_date_and_can_be_taken_back() {
    let revocation = |days| Revocation { kind: RevocationKind::Soft, at: at(days), by: Revoker::Authorised };
    let retired = changed(|facts| facts.subkeys[0].revocations.push(revocation(-10)));
    assert_eq!(both(&retired, -11)[0], ["!subkey-retired"]);
    assert_eq!(both(&retired, -11)[1], ["age-unproven"]);
    assert_eq!(both(&retired, -10), [["!signed-after-revocation"], ["!signed-after-revocation"]]);
    let renewed = changed(|facts| {
        facts.subkeys[0].revocations.push(revocation(-10));
        facts.subkeys[0].bindings.insert(0, binding(BindingKind::Subkey, -5, true));
    });
    assert_eq!(both(&renewed, -1), [NONE, NONE]);
    assert_eq!(both(&renewed, -7), [["!signed-after-revocation"], ["!signed-after-revocation"]]);
    let announced = changed(|facts| facts.subkeys[0].revocations.push(revocation(10)));
    assert_eq!(both(&announced, -1), [NONE, NONE]);
}

#[test]
fn a_hard_revocation_reaches_back_to_the_beginning() {
    for days in [-399, -1, 10] {
        let revocation = Revocation { kind: RevocationKind::Hard, at: at(days), by: Revoker::Authorised };
        let subkey = changed(|facts| {
            facts.subkeys[0].revocations.push(revocation);
            facts.subkeys[0].bindings.insert(0, binding(BindingKind::Subkey, 0, true));
        });
        assert_eq!(both(&subkey, -300), [["!subkey-compromised"], ["!subkey-compromised"]]);
        let whole = changed(|facts| facts.primary.revocations.push(revocation));
        assert_eq!(both(&whole, -300), [["!certificate-compromised"], ["!certificate-compromised"]]);
    }
}

#[test]
fn a_revocation_nobody_can_confirm_stops_a_release_and_not_the_past() {
    let revocation = Revocation { kind: RevocationKind::Hard, at: at(-10), by: Revoker::Unconfirmed };
    let facts = changed(|facts| facts.primary.revocations.push(revocation));
    assert_eq!(both(&facts, -11)[0], ["!revocation-unconfirmed"]);
    assert_eq!(both(&facts, -11)[1], NONE);
    assert_eq!(both(&facts, -9)[1], ["!revocation-unconfirmed"]);
}

#[test]
fn bindings_hold_from_their_date_until_they_end_or_are_withdrawn() {
    let without = changed(|facts| facts.subkeys[0].bindings.clear());
    assert_eq!(both(&without, 0), [["!subkey-not-bound"], ["!subkey-not-bound"]]);
    let lapsed = changed(|facts| facts.subkeys[0].bindings[0].expires = Some(at(-10)));
    assert_eq!(both(&lapsed, -5), [["!subkey-not-bound"], ["!subkey-not-bound"]]);
    assert_eq!(both(&lapsed, -20)[0], ["!subkey-not-bound"]);
    assert_eq!(both(&lapsed, -20)[1], NONE);
    let withdrawn = changed(|facts| facts.primary.bindings[0].withdrawn = Some(at(-10)));
    assert_eq!(both(&withdrawn, -5)[1], ["!certificate-not-bound"]);
    assert_eq!(both(&withdrawn, -20)[1], NONE);
    let back = changed(|facts| {
        facts.subkeys[0].bindings[0].back_signature.as_mut().unwrap().expires = Some(at(-10));
    });
    assert_eq!(both(&back, -5)[1], ["!subkey-not-bound"]);
    let later = changed(|facts| facts.subkeys[0].bindings[0].created = at(-5));
    assert_eq!(both(&later, -10), [["binding-newer-than-signature"], ["binding-newer-than-signature"]]);
}

#[test]
fn what_is_said_later_does_not_count_for_before() {
    let extended = changed(|facts| {
        facts.subkeys[0].bindings[0].key_expires = KeyExpiry::At(at(-10));
        facts.subkeys[0].bindings.insert(0, binding(BindingKind::Subkey, -5, true));
    });
    assert_eq!(both(&extended, -7), [["!signed-after-expiry"], ["!signed-after-expiry"]]);
    assert_eq!(both(&extended, -11), [NONE, NONE]);
    assert_eq!(both(&extended, -4), [NONE, NONE]);
}

#[test]
fn nobody_signs_before_their_key_is_made() {
    let born = changed(|facts| facts.subkeys[0].created = at(-10));
    assert_eq!(both(&born, -11), [["!signed-before-key"], ["!signed-before-key"]]);
    assert_eq!(both(&born, -10), [NONE, NONE]);
}

#[test]
fn weak_self_signatures_are_as_good_as_none() {
    for hash in [HashKind::Sha1, HashKind::Md5] {
        let own = changed(|facts| facts.primary.bindings[0].hash = hash);
        assert_eq!(both(&own, 0), [["!weak-self-signature"], ["!weak-self-signature"]]);
        let back = changed(|facts| facts.subkeys[0].bindings[0].back_signature.as_mut().unwrap().hash = hash);
        assert_eq!(both(&back, 0), [["!weak-self-signature"], ["!weak-self-signature"]]);
    }
    // One that calls an expired key alive again must not count.
    let extended = changed(|facts| {
        facts.subkeys[0].bindings[0].key_expires = KeyExpiry::At(at(-30));
        let weak = Binding { hash: HashKind::Sha1, ..binding(BindingKind::Subkey, -20, true) };
        facts.subkeys[0].bindings.insert(0, weak);
    });
    assert_eq!(both(&extended, -10), [["!signed-after-expiry"], ["!signed-after-expiry"]]);
}

#[test]
fn the_primary_user_id_speaks_first_and_the_direct_key_signature_fills_in() {
    let stated = |kind, created, end| Binding { key_expires: end, ..binding(kind, created, false) };
    let with = |bindings| changed(|facts| facts.primary.bindings = bindings);
    let primary = BindingKind::UserId { primary: true };
    let other = BindingKind::UserId { primary: false };
    let ended = KeyExpiry::At(at(-10));
    let cases = [
        (vec![stated(primary, -400, ended), stated(other, -300, KeyExpiry::Never)], true),
        (vec![stated(primary, -400, KeyExpiry::Never), stated(other, -300, ended)], false),
        (vec![stated(other, -300, KeyExpiry::Never), stated(other, -400, ended)], false),
        (vec![stated(primary, -400, KeyExpiry::Unstated), stated(BindingKind::DirectKey, -400, ended)], true),
        (vec![stated(primary, -400, KeyExpiry::Never), stated(BindingKind::DirectKey, -400, ended)], false),
        (vec![stated(BindingKind::DirectKey, -400, ended)], true),
        (
            vec![
                stated(BindingKind::DirectKey, -300, KeyExpiry::Never),
                stated(BindingKind::DirectKey, -400, ended),
            ],
            false,
        ),
    ];
    for (bindings, dead) in cases {
        let [release, _] = both(&with(bindings.clone()), -20);
        assert_eq!(release.contains(&"!certificate-expired".to_string()), dead, "{bindings:?}");
    }
}

#[test]
fn a_subkey_in_two_certificates_counts_for_the_one_that_bound_it() {
    let owner = certificate(1);
    let mut thief = certificate(2);
    thief.subkeys[0].fingerprint = owner.subkeys[0].fingerprint.clone();
    thief.subkeys[0].bindings.clear();
    for holders in [[&thief, &owner], [&owner, &thief]] {
        let holders = holders.map(|holder| Arc::new(holder.clone())).to_vec();
        let inspection = of([SignatureFacts { holders, ..signed_by(&owner, 0) }]);
        let judged = |numbers: &[u8]| judge(&inspection, &ask(Mode::Release, &allow(numbers)));
        assert_eq!(judged(&[1, 2]).signers[0].certificate, owner.fingerprint);
        assert_eq!(judged(&[1]).signers[0].certificate, owner.fingerprint);
        assert_eq!(codes(&judged(&[2])), ["!subkey-not-bound"]);
    }
}

#[test]
fn a_primary_key_may_sign_if_it_says_so() {
    let signing = |sign| {
        let mut facts =
            changed(|facts| facts.primary.bindings[0].flags = Some(KeyFlags { certify: true, sign }));
        facts.primary.bindings[0].back_signature = None;
        let key = Some(facts.fingerprint.clone());
        let inspection = of([SignatureFacts { key, ..signed_by(&facts, 0) }]);
        codes(&judge(&inspection, &ask(Mode::Release, &allow(&[1]))))
    };
    assert_eq!(signing(true), NONE);
    assert_eq!(signing(false), ["!key-not-for-signing"]);
}

#[test]
fn hostile_text_in_facts_is_escaped_in_messages() {
    let allowed = allow(&[1]);
    let notations = vec![("project".to_string(), "x\u{1b}[2J\n".to_string())];
    let inspection = of([SignatureFacts { notations, ..signed_by(&certificate(1), 0) }]);
    let wanted = [("project".to_string(), "hello".to_string())];
    let judgement = judge(&inspection, &Question { notations: &wanted, ..ask(Mode::Release, &allowed) });
    assert!(judgement.findings.iter().all(|finding| !finding.message.contains(char::is_control)));
}
