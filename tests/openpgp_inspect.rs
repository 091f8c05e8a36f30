//! Inspection itself: one pass, bounded cost, hostile bytes, tags.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test")]

mod openpgp_support;

use std::io::{self, Read};
use std::process::Command;

use countersign::openpgp::{DataHasher, Form, Keyring, SignatureFile, SigningKey, inspect};
use countersign::release::signature::Verification;
use countersign::release::{Fingerprint, Time};
use countersign::trust::{Mode, judge};
use openpgp_support::peers::Gpg;
use openpgp_support::*;
use proptest::prelude::*;
use sequoia_openpgp as sq;
use sq::serialize::SerializeInto as _;

/// Counts what is read, in pieces of odd size, interrupted now and then.
struct Counting<'a> {
    data: &'a [u8],
    bytes: usize,
    calls: usize,
}

impl Read for Counting<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.calls += 1;
        if self.calls.is_multiple_of(3) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let length = buffer.len().min(1009);
        let count = self.data.read(buffer.get_mut(..length).unwrap())?;
        self.bytes += count;
        Ok(count)
    }
}

#[test]
fn data_is_read_once_for_all_hashes_and_never_for_a_broken_file() {
    let holder = Holder::new();
    let data = vec![b'x'; 100_000];
    let hashes =
        [HashAlgorithm::SHA256, HashAlgorithm::SHA384, HashAlgorithm::SHA512, HashAlgorithm::SHA3_256];
    let signatures = hashes.map(|hash| sign(&mut holder.pair(0), 0, &data, SignatureType::Binary, hash, Ok));
    let mut reader = Counting { data: &data, bytes: 0, calls: 0 };
    let file = armored(&signatures);
    let inspection = inspect(&file, Form::Armored, &mut reader, &keyring(&[&holder])).unwrap();
    assert!(inspection.signatures.iter().all(|signature| signature.verification == Verification::Good));
    assert_eq!(reader.bytes, data.len());
    let mut reader = Counting { data: &data, bytes: 0, calls: 0 };
    inspect(b"", Form::Armored, &mut reader, &keyring(&[&holder])).unwrap();
    assert_eq!(reader.calls, 0);
}

#[test]
fn a_read_error_is_a_failure_and_no_verdict() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("disk"))
        }
    }
    let holder = Holder::new();
    let file = armored(&[holder.sign(0, DATA)]);
    assert!(inspect(&file, Form::Armored, &mut Broken, &keyring(&[&holder])).is_err());
}

#[test]
fn somebody_else_may_feed_the_hasher() {
    let holder = Holder::new();
    let file = SignatureFile::parse(&armored(&[holder.sign(0, DATA)]), Form::Armored);
    let mut hasher = DataHasher::new(&file);
    io::copy(&mut &DATA[..], &mut hasher).unwrap();
    let keyring = keyring(&[&holder]);
    assert_eq!(file.inspect(&hasher, &keyring).signatures[0].verification, Verification::Good);
    hasher.update(b"more");
    assert_eq!(file.inspect(&hasher, &keyring).signatures[0].verification, Verification::Bad);
}

#[test]
fn the_hasher_tells_the_digest_of_exactly_what_it_took() {
    use sha2::{Digest as _, Sha256};
    let holder = Holder::new();
    let good = armored(&[holder.sign(0, DATA)]);
    for signature in [good.as_slice(), b"no signature"] {
        let file = SignatureFile::parse(signature, Form::Armored);
        let mut hasher = DataHasher::new(&file).and_sha256();
        for length in 0..3 {
            let data = &DATA[..length];
            assert_eq!(hasher.sha256().unwrap().0, <[u8; 32]>::from(Sha256::digest(data)), "{length}");
            hasher.update(&DATA[length..=length]);
        }
        assert_eq!(
            file.inspect(&hasher, &keyring(&[&holder])).signatures.len(),
            usize::from(signature == good)
        );
    }
}

/// Quadratic in Sequoia's verifier: 2,000 signatures 3.8 s, 20,000 minutes.
#[test]
fn a_flood_of_signatures_costs_nothing() {
    let holder = Holder::new();
    let one = binary(&[holder.sign(0, DATA)]);
    for (count, expected) in
        [(17, "too-many-signatures"), (200, "too-many-signatures"), (20_000, "signature-too-large")]
    {
        let started = std::time::Instant::now();
        let inspection = look(&one.repeat(count), Form::Binary, DATA, &[&holder]);
        assert_eq!(inspection.defects[0].code, expected, "{count}");
        assert!(started.elapsed().as_secs() < 5, "{count}: {:?}", started.elapsed());
    }
    let inspection = look(&one.repeat(16), Form::Binary, DATA, &[&holder]);
    assert_eq!(inspection.signatures.len(), 16);
}

/// A signature may hold signatures that hold signatures: the reader must not
/// run out of stack.
#[test]
fn signatures_nested_a_thousandfold_are_survived() {
    let holder = Holder::new();
    // Version 4, binary, Ed25519 (legacy), SHA-512, areas, prefix, two MPIs.
    let wrap = |inner: &[u8]| {
        let mut area = Vec::new();
        if !inner.is_empty() {
            area.push(255);
            area.extend((inner.len() as u32 + 1).to_be_bytes());
            area.push(32);
            area.extend(inner);
        }
        let mut body = vec![4, 0, 22, 10];
        body.extend((area.len() as u16).to_be_bytes());
        body.extend(area);
        body.extend([0, 0, 0, 0, 0, 1, 1, 0, 1, 1]);
        body
    };
    let nested = |depth: usize| {
        let body = (1..depth).fold(wrap(&[]), |body, _| wrap(&body));
        let mut packet = vec![0xc2, 255];
        packet.extend((body.len() as u32).to_be_bytes());
        packet.extend(body);
        look(&packet, Form::Binary, DATA, &[&holder])
    };
    assert_eq!(nested(2).defects, []);
    for depth in [3, 100, 2900] {
        assert_eq!(nested(depth).defects[0].code, "malformed-signature", "{depth}");
    }
}

#[test]
fn a_signature_without_issuer_is_found_among_many_and_by_nobody_else() {
    let holders: Vec<Holder> = (0..30).map(|_| Holder::new()).collect();
    let all: Vec<&Holder> = holders.iter().collect();
    let mut signature = holders[17].sign_with(0, DATA, |builder| {
        builder.modify_unhashed_area(|mut area| {
            let nobody = sq::packet::signature::subpacket::SubpacketValue::Issuer(sq::KeyID::wildcard());
            area.add(sq::packet::signature::subpacket::Subpacket::new(nobody, false)?)?;
            Ok(area)
        })
    });
    for clear in [false, true] {
        if clear {
            signature.unhashed_area_mut().clear();
        }
        let file = armored(&[signature.clone()]);
        let found = look(&file, Form::Armored, DATA, &all);
        assert_eq!(found.signatures[0].holders[0].fingerprint, holders[17].fingerprint());
        let other = look(&file, Form::Armored, b"other", &all);
        assert_eq!(other.signatures[0].verification, Verification::NoKey);
        assert_eq!(other.signatures[0].key, None);
    }
}

/// git and gpg make a tag; the git room hands over payload and block.
#[test]
fn the_signature_of_a_tag_made_by_git_and_gpg() {
    let gpg = Gpg::new();
    let secret = ["--pinentry-mode", "loopback", "--passphrase", ""];
    gpg.run(&[&secret[..], &["--quick-gen-key", "Tagger <t@example.org>", "ed25519", "sign", "1y"]].concat());
    let listing = String::from_utf8(gpg.run(&["--with-colons", "--list-keys"])).unwrap();
    let fingerprint =
        listing.lines().find(|line| line.starts_with("fpr:")).unwrap().split(':').nth(9).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let git = |args: &[&str]| {
        let mut command = Command::new("git");
        command.args([
            "-c",
            "user.name=T",
            "-c",
            "user.email=t@example.org",
            "-c",
            "init.defaultBranch=main",
        ]);
        command.arg("-c").arg(format!("user.signingkey={fingerprint}")).args(args).current_dir(folder.path());
        let output = command.env("GNUPGHOME", gpg.home()).env("GIT_CONFIG_NOSYSTEM", "1").output().unwrap();
        assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    };
    git(&["init", "--quiet"]);
    git(&["commit", "--quiet", "--allow-empty", "-m", "one"]);
    git(&["tag", "-s", "-m", "Release 1.0", "v1.0"]);
    let tag = String::from_utf8(git(&["cat-file", "tag", "v1.0"])).unwrap();
    let split = tag.find("-----BEGIN PGP SIGNATURE-----").unwrap();
    let (payload, block) = tag.split_at(split);

    let bytes = gpg.run(&["--armor", "--export"]);
    let keyring = Keyring::load(vec![(format!("{fingerprint}.asc"), bytes)]).unwrap();
    let allowed = [(Fingerprint::parse(fingerprint).unwrap(), Default::default())].into();
    let verdict = |payload: &str| {
        let inspection = inspect(block.as_bytes(), Form::Armored, &mut payload.as_bytes(), &keyring).unwrap();
        // gpg made the key a moment ago: look from a moment ahead.
        let mut question = question(Mode::Release, &allowed);
        question.at = Time::from_unix(now() + 600);
        answer(&judge(&inspection, &question))
    };
    assert_eq!(verdict(payload), "ok");
    assert_eq!(verdict(&payload.replace("v1.0", "v1.1")), "bad-signature");
}

fn made() -> &'static (Holder, Vec<u8>, Keyring) {
    static MADE: std::sync::OnceLock<(Holder, Vec<u8>, Keyring)> = std::sync::OnceLock::new();
    MADE.get_or_init(|| {
        let holder = Holder::new();
        let signature = binary(&[holder.sign(0, DATA)]);
        let keyring = keyring(&[&holder]);
        (holder, signature, keyring)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is changed: no panic, and a yes only if nothing signed was
    /// touched.
    #[test]
    fn a_changed_signature_is_accepted_only_if_what_is_signed_stayed(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let (holder, signature, keyring) = made();
        let original = inspect(signature, Form::Binary, &mut &DATA[..], keyring).unwrap();
        let mut bytes = signature.clone();
        for (place, value) in &changes {
            let place = place.index(bytes.len());
            bytes[place] = *value;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        let inspection = inspect(&bytes, Form::Binary, &mut &DATA[..], keyring).unwrap();
        let judgement = judge(&inspection, &question(Mode::Release, &members(&[holder])));
        if judgement.accepted() {
            prop_assert_eq!(&inspection.signatures[0].identity, &original.signatures[0].identity);
        }
    }

    /// Certificates and keys are read without a panic, whatever is in them.
    #[test]
    fn changed_certificates_and_keys_are_survived(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let (holder, signature, _) = made();
        let change = |mut bytes: Vec<u8>| {
            for (place, value) in &changes {
                let place = place.index(bytes.len());
                bytes[place] = *value;
            }
            bytes
        };
        let name = format!("{}.pgp", holder.fingerprint());
        if let Ok(keyring) = Keyring::load(vec![(name, change(holder.binary()))]) {
            let inspection = inspect(signature, Form::Binary, &mut &DATA[..], &keyring).unwrap();
            let _ = judge(&inspection, &question(Mode::Archive, &members(&[holder])));
            let _ = keyring.certificates()[0].to_armored();
        }
        let primary = holder.cert.fingerprint();
        let secret = holder.cert.as_tsk().set_filter(move |key| key.fingerprint() != primary);
        let secret = change(secret.to_vec().unwrap());
        if let Ok(key) = SigningKey::read(&secret, None, Time::from_unix(now())) {
            let _ = key.sign_detached(Time::from_unix(now()), &[]).unwrap().finish();
        }
    }

    /// Any bytes at all, armoured or not.
    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..300), armour in any::<bool>()) {
        let (_, _, keyring) = made();
        let file = if armour { armored_as(sq::armor::Kind::Signature, &bytes) } else { bytes };
        for form in [Form::Armored, Form::Binary] {
            let inspection = inspect(&file, form, &mut &DATA[..], keyring).unwrap();
            prop_assert!(inspection.signatures.iter().all(|s| s.verification != Verification::Good));
        }
    }
}
