//! Signing keys as they arrive, and what we sign with them.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test")]

mod openpgp_support;

use std::io::Write as _;

use countersign::openpgp::{Form, Keyring, SignError, SigningKey, inspect};
use countersign::release::{Fingerprint, Time};
use countersign::trust::Mode;
use openpgp_support::peers::{Gpg, sqv, version};
use openpgp_support::*;
use sequoia_openpgp as sq;
use sq::crypto::S2K;
use sq::packet::key::{Encrypted, PublicParts, SecretKeyMaterial};
use sq::serialize::SerializeInto;

/// Read anew each time: keys that gpg makes are younger than the test.
fn present() -> Time {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    Time::from_unix(since.unwrap().as_secs() as i64)
}

/// The transferable secret key that holds the secrets of the subkeys only.
fn subkeys_only(holder: &Holder) -> Vec<u8> {
    let primary = holder.cert.fingerprint();
    let tsk = holder.cert.as_tsk().set_filter(move |key| key.fingerprint() != primary);
    tsk.emit_secret_key_stubs(true).armored().to_vec().unwrap()
}

fn refusal(bytes: &[u8]) -> &'static str {
    SigningKey::read(bytes, None, present()).err().map_or("accepted", |refusal| refusal.code)
}

fn signed(key: &SigningKey, data: &[u8]) -> Vec<u8> {
    let notations = [("artifact", "hello.tar.gz"), ("project", "example/hello"), ("version", "1.0")];
    let mut signer = key.sign_detached(present(), &notations).unwrap();
    // In pieces, as a file is read.
    for piece in data.chunks(7) {
        signer.write_all(piece).unwrap();
    }
    signer.finish().unwrap()
}

/// A certificate made by gpg, with a signing subkey.
struct GpgKey {
    gpg: Gpg,
    certificate: String,
    subkey: String,
}

impl GpgKey {
    fn new(passphrase: &str, algorithm: &str) -> Self {
        let gpg = Gpg::new();
        let secret = ["--pinentry-mode", "loopback", "--passphrase", passphrase];
        let run = |args: &[&str]| gpg.run(&[&secret[..], args].concat());
        run(&["--quick-gen-key", "Release <release@example.org>", "ed25519", "cert", "1y"]);
        let certificate = fingerprints(&gpg).remove(0);
        run(&["--quick-add-key", &certificate, algorithm, "sign", "1y"]);
        let subkey = fingerprints(&gpg).remove(1);
        Self { gpg, certificate, subkey }
    }

    /// What an operator types, `what` being `--export-secret-subkeys`.
    fn export(&self, what: &str, key: &str, passphrase: &str) -> Vec<u8> {
        self.gpg.run(&["--pinentry-mode", "loopback", "--passphrase", passphrase, "--armor", what, key])
    }

    fn keyring(&self) -> Keyring {
        let bytes = self.gpg.run(&["--armor", "--export", &self.certificate]);
        Keyring::load(vec![(format!("{}.asc", self.certificate), bytes)]).unwrap()
    }
}

fn fingerprints(gpg: &Gpg) -> Vec<String> {
    let listing = String::from_utf8(gpg.run(&["--with-colons", "--list-keys"])).unwrap();
    let lines = listing.lines().filter(|line| line.starts_with("fpr:"));
    lines.map(|line| line.split(':').nth(9).unwrap().to_string()).collect()
}

#[test]
fn a_subkey_exported_by_gpg_signs_what_gpg_and_sqv_and_we_accept() {
    let made = GpgKey::new("", "ed25519");
    let export = made.export("--export-secret-subkeys", &format!("{}!", made.subkey), "");
    let key = SigningKey::read(&export, None, present()).unwrap();
    assert_eq!(key.facts().certificate.as_str(), made.certificate);
    assert_eq!(key.facts().key.as_str(), made.subkey);

    let signature = signed(&key, DATA);
    let inspection = inspect(&signature, Form::Armored, &mut &DATA[..], &made.keyring()).unwrap();
    let facts = &inspection.signatures[0];
    assert_eq!(facts.notations[0], ("artifact".to_string(), "hello.tar.gz".to_string()));
    assert!(facts.created.unwrap() <= present());

    let folder = tempfile::tempdir().unwrap();
    let [file, data, keyring] = ["hello.asc", "hello", "keyring"].map(|name| folder.path().join(name));
    std::fs::write(&file, &signature).unwrap();
    std::fs::write(&data, DATA).unwrap();
    std::fs::write(&keyring, made.gpg.run(&["--export", &made.certificate])).unwrap();
    assert_eq!(made.gpg.verify(&file, &data), 0);
    if version("sqv").is_some() {
        assert_eq!(sqv(&keyring, &file, &data), 0);
    }
    std::fs::write(&data, b"other").unwrap();
    assert_eq!(made.gpg.verify(&file, &data), 1);
}

#[test]
fn what_an_operator_may_export_by_mistake_is_refused() {
    let made = GpgKey::new("", "ed25519");
    assert_eq!(
        refusal(&made.export("--export-secret-keys", &made.certificate, "")),
        "primary-secret-present"
    );
    assert_eq!(refusal(&made.export("--export", &made.certificate, "")), "not-a-secret-key");
    let one = made.export("--export-secret-subkeys", &made.certificate, "");
    assert_eq!(refusal(&one), "accepted");
    assert_eq!(refusal(&[&one[..], &one[..]].concat()), "several-certificates");
    assert_eq!(refusal(&[&one[..], b"oops\n"].concat()), "trailing-data");
    assert_eq!(refusal(&[b"oops\n", &one[..]].concat()), "trailing-data");
}

#[test]
fn a_locked_key_is_named_as_such_and_opens_with_its_passphrase() {
    let made = GpgKey::new("correct horse", "ed25519");
    let export = made.export("--export-secret-subkeys", &format!("{}!", made.subkey), "correct horse");
    let read = |passphrase: Option<&[u8]>| SigningKey::read(&export, passphrase, present());
    assert_eq!(read(None).err().unwrap().code, "key-locked");
    assert_eq!(read(Some(b"battery staple")).err().unwrap().code, "wrong-passphrase");
    let signature = signed(&read(Some(b"correct horse")).unwrap(), DATA);
    let inspection = inspect(&signature, Form::Armored, &mut &DATA[..], &made.keyring()).unwrap();
    assert_eq!(inspection.signatures[0].key.as_ref().map(Fingerprint::as_str), Some(made.subkey.as_str()));
}

#[test]
fn rsa_and_nist_keys_do_not_sign_in_process() {
    for algorithm in ["rsa2048", "nistp256/ecdsa"] {
        let made = GpgKey::new("", algorithm);
        let export = made.export("--export-secret-subkeys", &format!("{}!", made.subkey), "");
        let refused = SigningKey::read(&export, None, present()).err().unwrap();
        assert_eq!(refused.code, "unsupported-key-algorithm", "{algorithm}");
        assert!(refused.hint.contains("ed25519"), "{}", refused.hint);
    }
}

#[test]
fn other_bytes_are_no_secret_key() {
    for bytes in [&b""[..], b"hello", b"\xc5\x00", b"\x99\x01", b"-----BEGIN PGP PRIVATE KEY BLOCK-----\n"] {
        assert_eq!(refusal(bytes), "not-a-secret-key", "{bytes:?}");
    }
    assert_eq!(refusal(&armored(&[Holder::new().sign(0, DATA)])), "not-a-secret-key");
    assert_eq!(refusal(&vec![b'x'; 2 * 1024 * 1024]), "key-too-large");
    let primary = Holder::new().cert.fingerprint();
    let holder = Holder::new();
    let tsk = holder.cert.as_tsk().set_filter(move |key| key.fingerprint() != primary);
    let mut bytes = tsk.to_vec().unwrap();
    bytes.push(0);
    assert_eq!(refusal(&bytes), "trailing-data");
}

#[test]
fn of_several_signing_subkeys_exactly_one_must_be_alive() {
    let with = |lives: &[Option<i64>]| {
        let subkeys =
            lives.iter().map(|life| SubkeySpec { life: life.and_then(days), ..SubkeySpec::default() });
        Spec { subkeys: subkeys.collect(), ..Spec::default() }.make()
    };
    let two = with(&[None, Some(800)]);
    assert_eq!(refusal(&subkeys_only(&two)), "several-signing-keys");
    let rotated = with(&[Some(370), Some(800)]);
    let key = SigningKey::read(&subkeys_only(&rotated), None, present()).unwrap();
    // A certificate sorts its subkeys, so the living one is told by its life.
    let living = |subkey: &SubordinateKeyAmalgamation<'_, PublicParts>| {
        subkey.self_signatures().next().unwrap().key_validity_period() == days(800)
    };
    let second = rotated.cert.keys().subkeys().find(living).unwrap().key().fingerprint();
    assert_eq!(key.facts().key.as_str(), second.to_hex());
    let encryption = SubkeySpec { flags: KeyFlags::storage_encryption(), ..SubkeySpec::default() };
    let none = Spec { subkeys: vec![encryption], ..Spec::default() }.make();
    assert_eq!(refusal(&subkeys_only(&none)), "no-signing-key");
}

#[test]
fn a_key_on_a_card_is_told_apart_from_a_missing_one() {
    let stub = |mode| {
        let holder = Holder::new();
        let s2k = S2K::Private { tag: 101, parameters: Some(vec![0, b'G', b'N', b'U', mode].into()) };
        let checksum = Some(sq::crypto::mpi::SecretKeyChecksum::Sum16);
        let secret = SecretKeyMaterial::Encrypted(Encrypted::new(s2k, 0.into(), checksum, vec![].into()));
        let subkey = holder.cert.keys().subkeys().next().unwrap().key().clone();
        let subkey = subkey.take_secret().0.add_secret(secret).0;
        let public = holder.cert.clone().strip_secret_key_material();
        let cert = public.insert_packets(sq::Packet::from(subkey)).unwrap().0;
        cert.as_tsk().emit_secret_key_stubs(true).armored().to_vec().unwrap()
    };
    assert_eq!(refusal(&stub(2)), "key-on-card");
    assert_eq!(refusal(&stub(1)), "no-signing-key");
}

#[test]
fn a_key_whose_halves_do_not_belong_together_signs_nothing() {
    let (holder, other) = (Holder::new(), Holder::new());
    let foreign = other.cert.keys().subkeys().next().unwrap().key().clone().take_secret().1.unwrap();
    let subkey = holder.cert.keys().subkeys().next().unwrap().key().clone();
    let mixed = subkey.take_secret().0.add_secret(foreign).0;
    let public = holder.cert.clone().strip_secret_key_material();
    let cert = public.insert_packets(sq::Packet::from(mixed)).unwrap().0;
    let bytes = cert.as_tsk().emit_secret_key_stubs(true).armored().to_vec().unwrap();
    let key = SigningKey::read(&bytes, None, present()).unwrap();
    let result = key.sign_detached(present(), &[]).unwrap().finish();
    assert!(matches!(result, Err(SignError::SelfCheck(_))), "{:?}", result.map(|_| ()));
}

#[test]
fn times_and_notations_that_no_signature_can_hold_are_errors() {
    let key = SigningKey::read(&subkeys_only(&Holder::new()), None, present()).unwrap();
    for seconds in [-1, i64::from(u32::MAX) + 1] {
        let result = key.sign_detached(Time::from_unix(seconds), &[]);
        assert!(matches!(result, Err(SignError::Time(_))), "{seconds}");
    }
    let huge = "x".repeat(70_000);
    assert!(matches!(key.sign_detached(present(), &[("project", &huge)]), Err(SignError::Notation(_))));
}

#[test]
fn version_6_and_post_quantum_keys_sign_too() {
    for suite in [CipherSuite::Cv25519, CipherSuite::Cv448, CipherSuite::MLDSA65_Ed25519] {
        let (cert, _) = CertBuilder::new()
            .set_profile(sq::Profile::RFC9580)
            .unwrap()
            .set_cipher_suite(suite)
            .set_creation_time(day(-1))
            .set_primary_key_flags(KeyFlags::certification())
            .add_signing_subkey()
            .generate()
            .unwrap();
        let holder = Holder { cert };
        let key = SigningKey::read(&subkeys_only(&holder), None, present()).unwrap();
        let judgement = judged(&signed(&key, DATA), Form::Armored, DATA, &[&holder], Mode::Release);
        assert_eq!(answer(&judgement), "ok", "{suite:?}");
        assert_eq!(judgement.signers[0].key, key.facts().key);
    }
}
