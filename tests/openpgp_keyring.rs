//! What is a keyring and what is not, and whether a key of it may sign.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test")]

mod openpgp_support;

use std::process::Command;

use countersign::openpgp::{Keyring, MAX_CERTIFICATE_BYTES};
use countersign::release::Time;
use countersign::release::signature::{KeyKind, RevocationKind, Revoker, SigningKeyFacts};
use countersign::trust::{KeyQuestion, judge_signing_key};
use openpgp_support::*;
use sequoia_openpgp as sq;
use sq::serialize::SerializeInto;

fn load(entries: &[(&str, &[u8])]) -> Result<Keyring, &'static str> {
    let entries = entries.iter().map(|(name, bytes)| (name.to_string(), bytes.to_vec()));
    Keyring::load(entries.collect()).map_err(|error| {
        assert!(!error.retryable());
        error.code
    })
}

fn code(name: &str, bytes: &[u8]) -> &'static str {
    load(&[(name, bytes)]).err().unwrap_or("accepted")
}

#[test]
fn both_forms_are_read_and_notes_are_passed_over() {
    let (one, two) = (Holder::new(), Holder::new());
    let names = [format!("{}.asc", one.fingerprint()), format!("{}.pgp", two.fingerprint())];
    let keyring = load(&[
        (&names[0], &one.public()),
        (&names[1], &two.binary()),
        ("README.md", b"who vetted whom"),
        (".gitattributes", b"* -text"),
    ])
    .unwrap();
    let found: Vec<_> =
        keyring.certificates().iter().map(|certificate| certificate.fingerprint().clone()).collect();
    let mut wanted = vec![one.fingerprint(), two.fingerprint()];
    wanted.sort();
    assert_eq!(found, wanted);
    assert_eq!(keyring.get(&one.fingerprint()).unwrap().file_name(), names[0]);
    assert_eq!(keyring.get(&one.fingerprint()).unwrap().to_armored(), one.public());
}

/// Found by fuzzing: it was accepted, and would have been published as nothing.
#[test]
fn a_certificate_that_cannot_be_written_again_is_refused() {
    let one = Holder::new();
    let name = format!("{}.pgp", one.fingerprint());
    let mut bytes = one.binary();
    // The issuer's fingerprint in a self-signature: length, type, version.
    let issuer = bytes.windows(3).position(|window| window == [22, 33, 4]).unwrap();
    assert_eq!(code(&name, &bytes), "accepted");
    bytes[issuer..issuer + 3].copy_from_slice(&[22, 33, 66]);
    assert_eq!(code(&name, &bytes), "keyring-not-a-certificate");
}

#[test]
fn a_file_that_is_not_one_public_certificate_under_its_name_is_refused() {
    let (one, two) = (Holder::new(), Holder::new());
    let name = format!("{}.asc", one.fingerprint());
    let binary = format!("{}.pgp", one.fingerprint());
    let both = [one.public(), two.public()].concat();
    let both_binary = [one.binary(), two.binary()].concat();
    let secret = one.cert.as_tsk().armored().to_vec().unwrap();
    let secret_binary = one.cert.as_tsk().to_vec().unwrap();
    let text = [b"pub ed25519\n".to_vec(), one.public()].concat();
    let signature = armored(&[one.sign(0, DATA)]);
    for (name, bytes, expected) in [
        (name.as_str(), &one.public(), "accepted"),
        (&name, &two.public(), "keyring-wrong-name"),
        (&name, &both, "keyring-several-certificates"),
        (&binary, &both_binary, "keyring-several-certificates"),
        (&name, &secret, "keyring-secret-key"),
        (&binary, &secret_binary, "keyring-secret-key"),
        (&name, &text, "keyring-not-a-certificate"),
        (&name, &signature, "keyring-not-a-certificate"),
        (&name, &one.binary(), "keyring-not-a-certificate"),
        (&binary, &one.public(), "keyring-not-a-certificate"),
        (&name, &Vec::new(), "keyring-not-a-certificate"),
        (&binary, &Vec::new(), "keyring-not-a-certificate"),
        (&name, &vec![b' '; MAX_CERTIFICATE_BYTES + 1], "keyring-too-large"),
        (&name.to_lowercase(), &one.public(), "keyring-file-name"),
        ("alice.asc", &one.public(), "keyring-file-name"),
        ("notes.txt", &one.public(), "keyring-file-name"),
        (one.fingerprint().as_str(), &one.public(), "keyring-file-name"),
        (&format!("{name}~"), &one.public(), "keyring-file-name"),
    ] {
        assert_eq!(code(name, bytes), expected, "{name}");
    }
    let refused = Keyring::load(vec![("notes.txt".into(), one.public())]).err().unwrap();
    assert!(refused.message.contains(".asc or .pgp, keyring.yaml, a README"), "{refused}");
    let twice = load(&[(&name, &one.public()), (&binary, &one.binary())]);
    assert_eq!(twice.err(), Some("keyring-duplicate"));
}

#[test]
fn the_digest_is_what_a_shell_line_prints() {
    let holders = [Holder::new(), Holder::new(), Holder::new()];
    let folder = tempfile::tempdir().unwrap();
    for holder in &holders {
        std::fs::write(folder.path().join(format!("{}.asc", holder.fingerprint())), holder.public()).unwrap();
    }
    std::fs::write(folder.path().join("README"), "not counted").unwrap();
    let line = "export LC_ALL=C; sha256sum [0-9A-F]* | sort | sha256sum";
    let output = Command::new("sh").args(["-c", line]).current_dir(folder.path()).output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let holders: Vec<&Holder> = holders.iter().collect();
    assert_eq!(printed.split(' ').next().unwrap(), keyring(&holders).digest().to_string());
}

#[test]
fn facts_are_what_the_certificate_says() {
    let spec = Spec {
        life: days(800),
        subkeys: vec![SubkeySpec { life: days(500), ..SubkeySpec::default() }],
        ..Spec::default()
    };
    let holder = spec.make().subkey_revoked(ReasonForRevocation::KeyRetired, -3);
    let facts = keyring(&[&holder]).facts(&holder.fingerprint()).unwrap();
    assert_eq!(facts.user_ids, ["Release <release@example.org>"]);
    assert_eq!(facts.primary.kind, KeyKind::Ed25519);
    assert_eq!(facts.primary.created, Time::from_unix(now() - 400 * DAY));
    let [binding] = facts.primary.bindings[..] else { panic!() };
    assert!(binding.flags.unwrap().certify && !binding.flags.unwrap().sign);
    let subkey = &facts.subkeys[0];
    let [binding] = subkey.bindings[..] else { panic!() };
    assert!(binding.flags.unwrap().sign && binding.back_signature.is_some());
    let [revocation] = subkey.revocations[..] else { panic!() };
    assert_eq!((revocation.kind, revocation.by), (RevocationKind::Soft, Revoker::Authorised));
    assert_eq!(revocation.at, Time::from_unix(now() - 3 * DAY));
}

/// Codes about a key of `secret` that is to sign under the name of `signer`,
/// with `published` in the keyring.
fn may_sign(
    secret: &Holder,
    signer: &Holder,
    published: Option<&Holder>,
    max_life: Option<i64>,
) -> Vec<&'static str> {
    let subkey = secret.cert.keys().subkeys().next().unwrap().key().fingerprint();
    let key = SigningKeyFacts {
        certificate: secret.fingerprint(),
        key: countersign::release::Fingerprint::parse(&subkey.to_hex()).unwrap(),
        kind: KeyKind::Ed25519,
    };
    let facts = published.map(|published| keyring(&[published]).facts(&published.fingerprint()).unwrap());
    let signer = signer.fingerprint();
    let at = Time::from_unix(now());
    let question =
        KeyQuestion { at, signer: &signer, published: facts.as_deref(), weak_key_until: None, max_life };
    judge_signing_key(&key, &question).iter().map(|finding| finding.code).collect()
}

#[test]
fn a_signing_key_is_judged_by_the_published_certificate() {
    let lives = |primary, subkey| {
        let subkeys = vec![SubkeySpec { life: subkey, ..SubkeySpec::default() }];
        Spec { life: primary, subkeys, ..Spec::default() }.make()
    };
    let good = lives(days(800), days(500));
    assert_eq!(may_sign(&good, &good, Some(&good), None), [""; 0]);
    let cases: Vec<(Holder, &[&str])> = vec![
        (lives(days(390), days(500)), &["certificate-expired"]),
        (lives(days(800), days(390)), &["subkey-expired"]),
        (lives(None, None), &["key-never-expires"]),
        (good.clone().revoked(ReasonForRevocation::KeyCompromised, -1), &["certificate-compromised"]),
        (good.clone().revoked(ReasonForRevocation::KeySuperseded, -1), &["certificate-retired"]),
        (good.clone().subkey_revoked(ReasonForRevocation::Unspecified, -1), &["subkey-compromised"]),
        (good.clone().subkey_revoked(ReasonForRevocation::KeyRetired, -1), &["subkey-retired"]),
    ];
    for (published, expected) in cases {
        assert_eq!(may_sign(&published, &published, Some(&published), None), expected);
    }
    let subkeys = vec![SubkeySpec { created: 1, life: days(30), ..SubkeySpec::default() }];
    let unborn = Spec { subkeys, ..Spec::default() }.make();
    assert_eq!(may_sign(&unborn, &unborn, Some(&unborn), None), ["signed-before-key"]);
    assert_eq!(may_sign(&good, &Holder::new(), Some(&good), None), ["wrong-signer"]);
    assert_eq!(may_sign(&good, &good, None, None), ["certificate-not-published"]);
    assert_eq!(may_sign(&good, &good, Some(&good), Some(30 * DAY)), ["key-lives-too-long"]);
    assert_eq!(may_sign(&good, &good, Some(&good), Some(200 * DAY)), [""; 0]);
}

/// The failure behind 70 days of signatures that the published key could not
/// verify: the new subkey signed before it was published.
#[test]
fn a_subkey_that_is_not_published_yet_does_not_sign() {
    let before = Spec { subkeys: vec![], life: days(800), ..Spec::default() }.make();
    let subkey = ed25519(-10);
    let mut pair = before.primary_pair();
    let back = SignatureBuilder::new(SignatureType::PrimaryKeyBinding)
        .sign_primary_key_binding(
            &mut subkey.clone().into_keypair().unwrap(),
            before.cert.primary_key().key(),
            &subkey,
        )
        .unwrap();
    let binding = SignatureBuilder::new(SignatureType::SubkeyBinding)
        .set_key_flags(KeyFlags::signing())
        .unwrap()
        .set_embedded_signature(back)
        .unwrap()
        .sign_subkey_binding(&mut pair, None, &subkey)
        .unwrap();
    let packets: [sq::Packet; 2] = [subkey.into(), binding.into()];
    let after = Holder { cert: before.cert.clone().insert_packets(packets).unwrap().0 };
    assert_eq!(may_sign(&after, &after, Some(&before), None), ["subkey-not-published"]);
    assert_eq!(may_sign(&after, &after, Some(&after), None), [""; 0]);
}
