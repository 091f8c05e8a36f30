//! Attacks on SSH signatures, made at run time, with our answer and that of
//! `ssh-keygen -Y verify`, and the page that shows them.

// Tests may panic: that is how they fail.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::disallowed_methods)]

use countersign::release::Time;
use countersign::release::ssh::SshPublicKey;
use countersign::ssh::inspect;
use countersign::trust::{Membership, SshQuestion, judge_ssh};
use ed25519_dalek::{Signer as _, SigningKey};
use sha2::{Digest as _, Sha256, Sha512};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

const DATA: &[u8] = b"object 0123\ntype commit\ntag v1.0\n\nRelease\n";

fn string(bytes: &[u8]) -> Vec<u8> {
    [&u32::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat()
}

fn base64(bytes: &[u8]) -> String {
    let mut text = countersign::release::base64::encode_unpadded(bytes);
    while !text.len().is_multiple_of(4) {
        text.push('=');
    }
    text
}

/// The parts of an SSH signature, each free to be wrong.
#[derive(Clone)]
struct Blob {
    magic: Vec<u8>,
    version: u32,
    key: Vec<u8>,
    namespace: Vec<u8>,
    reserved: Vec<u8>,
    hash: Vec<u8>,
    signature: Vec<u8>,
    after: Vec<u8>,
}

impl Blob {
    fn of(key: Vec<u8>, signature: impl FnOnce(&[u8]) -> Vec<u8>) -> Self {
        let signature = signature(&signed(b"git", b"sha512"));
        let (namespace, hash) = (b"git".to_vec(), b"sha512".to_vec());
        let (magic, reserved, after) = (b"SSHSIG".to_vec(), vec![], vec![]);
        Self { magic, version: 1, key, namespace, reserved, hash, signature, after }
    }

    /// Takes apart what ssh-keygen made.
    fn read(armored: &str) -> Self {
        let digits: String = armored.lines().filter(|line| !line.starts_with('-')).collect();
        let bytes = countersign::release::base64::decode(digits.as_bytes()).unwrap();
        let mut rest = &bytes[10..];
        let mut next = || {
            let length = u32::from_be_bytes(rest[..4].try_into().unwrap()) as usize;
            let part = rest[4..4 + length].to_vec();
            rest = &rest[4 + length..];
            part
        };
        let (key, namespace, reserved, hash, signature) = (next(), next(), next(), next(), next());
        assert_eq!(rest, b"");
        let (magic, after) = (b"SSHSIG".to_vec(), vec![]);
        Self { magic, version: 1, key, namespace, reserved, hash, signature, after }
    }

    fn with(&self, change: impl FnOnce(&mut Self)) -> Vec<u8> {
        let mut changed = self.clone();
        change(&mut changed);
        changed.armored()
    }

    fn armored(&self) -> Vec<u8> {
        let parts = [&self.key, &self.namespace, &self.reserved, &self.hash, &self.signature];
        let mut blob = [&self.magic[..], &self.version.to_be_bytes()].concat();
        parts.iter().for_each(|part| blob.extend(string(part)));
        blob.extend(&self.after);
        let digits = base64(&blob);
        let lines: Vec<&str> =
            digits.as_bytes().chunks(70).map(|line| std::str::from_utf8(line).unwrap()).collect();
        format!("-----BEGIN SSH SIGNATURE-----\n{}\n-----END SSH SIGNATURE-----\n", lines.join("\n")).into()
    }
}

/// What a key signs.
fn signed(namespace: &[u8], hash: &[u8]) -> Vec<u8> {
    let digest = match hash {
        b"sha256" => Sha256::digest(DATA).to_vec(),
        _ => Sha512::digest(DATA).to_vec(),
    };
    [b"SSHSIG".to_vec(), string(namespace), string(b""), string(hash), string(&digest)].concat()
}

fn ed25519(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

fn ed25519_key(key: &SigningKey) -> Vec<u8> {
    [string(b"ssh-ed25519"), string(key.verifying_key().as_bytes())].concat()
}

fn ed25519_value(key: &SigningKey, message: &[u8]) -> Vec<u8> {
    [string(b"ssh-ed25519"), string(&key.sign(message).to_bytes())].concat()
}

fn ed25519_blob(seed: u8) -> Blob {
    let key = ed25519(seed);
    Blob::of(ed25519_key(&key), |message| ed25519_value(&key, message))
}

/// As a security key signs, which no machine of tests has.
fn security_key(flags: u8) -> Blob {
    let key = ed25519(9);
    let name = b"sk-ssh-ed25519@openssh.com";
    let public = [string(name), string(key.verifying_key().as_bytes()), string(b"ssh:")].concat();
    Blob::of(public, |message| {
        let state = [flags, 0, 0, 0, 7];
        let to_sign = [&Sha256::digest(b"ssh:")[..], &state, &Sha256::digest(message)[..]].concat();
        [string(name), string(&key.sign(&to_sign).to_bytes()), state.to_vec()].concat()
    })
}

/// The group order, by which an Ed25519 signature can be moved to another one
/// that careless arithmetic takes for good.
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

fn moved_by_the_order(signature: &[u8]) -> Vec<u8> {
    let mut out = signature.to_vec();
    let at = out.len() - 32;
    let mut carry = 0u16;
    for (digit, order) in out[at..].iter_mut().zip(ORDER) {
        carry += u16::from(*digit) + u16::from(order);
        *digit = carry.to_le_bytes()[0];
        carry >>= 8;
    }
    out
}

/// Where the value begins in a signature by RSA: after the length and name of
/// `rsa-sha2-512`, and its own length.
const RSA_VALUE: usize = 4 + 12 + 4;

struct Keygen(tempfile::TempDir);

impl Keygen {
    fn run(&self, arguments: &[&str]) {
        let output = Command::new("ssh-keygen")
            .args(arguments)
            .current_dir(self.0.path())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn make(&self, name: &str, kind: &[&str]) {
        self.run(&[kind, &["-q", "-N", "", "-C", name, "-f", name]].concat());
    }

    /// The signature that ssh-keygen makes.
    fn sign(&self, key: &str, namespace: &str) -> Blob {
        std::fs::write(self.0.path().join("data"), DATA).unwrap();
        let _ = std::fs::remove_file(self.0.path().join("data.sig"));
        self.run(&["-q", "-Y", "sign", "-n", namespace, "-f", key, "data"]);
        Blob::read(&std::fs::read_to_string(self.0.path().join("data.sig")).unwrap())
    }

    /// Exit code of `ssh-keygen -Y verify` for `git` where these keys are
    /// allowed.
    fn verify(&self, allowed: &[Vec<u8>], signature: &[u8], data: &[u8]) -> i32 {
        let mut lines = String::new();
        for key in allowed {
            let length = u32::from_be_bytes(key[..4].try_into().unwrap()) as usize;
            let kind = std::str::from_utf8(&key[4..4 + length]).unwrap();
            writeln!(lines, "ada {kind} {}", base64(key)).unwrap();
        }
        if let Ok(authority) = std::fs::read_to_string(self.0.path().join("authority.pub")) {
            writeln!(lines, "ada cert-authority {authority}").unwrap();
        }
        std::fs::write(self.0.path().join("allowed"), lines).unwrap();
        std::fs::write(self.0.path().join("signature"), signature).unwrap();
        std::fs::write(self.0.path().join("signed"), data).unwrap();
        let data = std::fs::File::open(self.0.path().join("signed")).unwrap();
        let mut command = Command::new("ssh-keygen");
        command.args(["-Y", "verify", "-f", "allowed", "-I", "ada", "-n", "git", "-s", "signature"]);
        let output = command.current_dir(self.0.path()).stdin(data).output().unwrap();
        output.status.code().unwrap()
    }
}

struct Vector {
    what: &'static str,
    signature: Vec<u8>,
    data: &'static [u8],
    expected: &'static str,
}

fn vectors(keygen: &Keygen) -> Vec<Vector> {
    let mut all = Vec::new();
    let mut add = |what, signature: Vec<u8>, expected| {
        all.push(Vector { what, signature, data: DATA, expected });
    };
    let good = ed25519_blob(7);
    add("good, Ed25519", good.armored(), "ok");
    add(
        "good, with SHA-256",
        good.with(|blob| {
            blob.hash = b"sha256".to_vec();
            blob.signature = ed25519_value(&ed25519(7), &signed(b"git", b"sha256"));
        }),
        "ok",
    );
    add("good, by a security key", security_key(1).armored(), "ok");
    add("good, by a security key that checked a PIN too", security_key(5).armored(), "ok");
    add("security key that nobody touched", security_key(0).armored(), "ssh-user-presence");
    add(
        "security key, touch claimed afterwards",
        security_key(0).with(|blob| {
            let at = blob.signature.len() - 5;
            blob.signature[at] = 1;
        }),
        "bad-signature",
    );
    add("unknown key", ed25519_blob(8).armored(), "ssh-unknown-key");
    add(
        "unknown key, good signature of a listed one",
        good.with(|blob| {
            blob.key = ed25519_key(&ed25519(8));
        }),
        "ssh-unknown-key",
    );
    add(
        "made for files",
        good.with(|blob| {
            blob.namespace = b"file".to_vec();
            blob.signature = ed25519_value(&ed25519(7), &signed(b"file", b"sha512"));
        }),
        "ssh-namespace",
    );
    add(
        "made for files, renamed to git",
        good.with(|blob| {
            blob.signature = ed25519_value(&ed25519(7), &signed(b"file", b"sha512"));
        }),
        "bad-signature",
    );
    add(
        "made for git and a NUL byte",
        good.with(|blob| {
            blob.namespace = b"git\0".to_vec();
            blob.signature = ed25519_value(&ed25519(7), &signed(b"git\0", b"sha512"));
        }),
        "ssh-namespace",
    );
    add(
        "empty namespace",
        good.with(|blob| {
            blob.namespace = vec![];
            blob.signature = ed25519_value(&ed25519(7), &signed(b"", b"sha512"));
        }),
        "malformed-ssh-signature",
    );
    add(
        "signature over the bytes themselves, not the frame",
        good.with(|blob| {
            blob.signature = ed25519_value(&ed25519(7), DATA);
        }),
        "bad-signature",
    );
    add(
        "Ed25519 value moved by the group's order",
        good.with(|blob| {
            blob.signature = moved_by_the_order(&blob.signature);
        }),
        "bad-signature",
    );
    add("hash SHA-1", good.with(|blob| blob.hash = b"sha1".to_vec()), "weak-hash");
    add("another hash named than used", good.with(|blob| blob.hash = b"sha256".to_vec()), "bad-signature");
    add("version 2", good.with(|blob| blob.version = 2), "unsupported-signature-version");
    add("not SSHSIG", good.with(|blob| blob.magic = b"SSHSIX".to_vec()), "malformed-ssh-signature");
    add("reserved bytes used", good.with(|blob| blob.reserved = b"x".to_vec()), "malformed-ssh-signature");
    add("bytes after the signature", good.with(|blob| blob.after = vec![0]), "malformed-ssh-signature");
    add("bytes after the key", good.with(|blob| blob.key.push(0)), "malformed-ssh-signature");
    add("bytes after the value", good.with(|blob| blob.signature.push(0)), "malformed-ssh-signature");
    add("cut off", good.with(|blob| blob.signature.truncate(40)), "malformed-ssh-signature");
    let armored = String::from_utf8(good.armored()).unwrap();
    add("text before the block", format!("x\n{armored}").into(), "text-outside-armor");
    add("text after the block", format!("{armored}x\n").into(), "text-outside-armor");
    add(
        "a second block, by an unknown key",
        [good.armored(), ed25519_blob(8).armored()].concat(),
        "multiple-armor-blocks",
    );
    add("lines that end in CRLF", armored.replace('\n', "\r\n").into(), "no-signature");
    add("blanks in the armour", armored.replacen("U1NI", "U1 NI", 1).into(), "malformed-armor");
    add("armour without end", armored.replace("-----END", "----END").into(), "malformed-armor");
    add("empty file", vec![], "no-signature");
    add("an OpenPGP block", armored.replace("SSH", "PGP").into(), "no-signature");
    keys(keygen, &good, &mut add);
    all.push(Vector {
        what: "data changed",
        signature: good.armored(),
        data: b"other\n",
        expected: "bad-signature",
    });
    all
}

/// Other kinds of keys.
fn keys(keygen: &Keygen, good: &Blob, add: &mut dyn FnMut(&'static str, Vec<u8>, &'static str)) {
    let ecdsa = keygen.sign("ecdsa", "git");
    add("ECDSA on P-256, without an exception", ecdsa.armored(), "weak-key");
    add("ECDSA on P-256, with an exception", keygen.sign("excepted", "git").armored(), "ok");
    add(
        "ECDSA, a number in a longer form",
        keygen.sign("excepted", "git").with(|blob| {
            let inner = &blob.signature[4 + 19 + 4..];
            let length = u32::from_be_bytes(inner[..4].try_into().unwrap()) as usize;
            let (r, s) = (&inner[4..4 + length], &inner[4 + length..]);
            let value = [string(&[b"\0", r].concat()), s.to_vec()].concat();
            blob.signature = [string(b"ecdsa-sha2-nistp256"), string(&value)].concat();
        }),
        "malformed-ssh-signature",
    );
    add("ECDSA on P-384", keygen.sign("p384", "git").armored(), "unsupported-ssh-key");
    let rsa = keygen.sign("rsa", "git");
    add("RSA-3072", rsa.armored(), "ok");
    add("RSA-2048, without an exception", keygen.sign("rsa2048", "git").armored(), "weak-key");
    let renamed = |name: &'static [u8]| {
        move |blob: &mut Blob| {
            let length = u32::from_be_bytes(blob.signature[..4].try_into().unwrap()) as usize;
            blob.signature = [string(name), blob.signature[4 + length..].to_vec()].concat();
        }
    };
    add("RSA with SHA-1", rsa.with(renamed(b"ssh-rsa")), "unsupported-ssh-signature");
    add("RSA, another hash named than used", rsa.with(renamed(b"rsa-sha2-256")), "bad-signature");
    add(
        "RSA value without its first byte",
        rsa.with(|blob| {
            let value = blob.signature[RSA_VALUE + 1..].to_vec();
            blob.signature = [string(b"rsa-sha2-512"), string(&value)].concat();
        }),
        "bad-signature",
    );
    add("Ed25519 key, RSA algorithm", good.with(renamed(b"rsa-sha2-512")), "unsupported-ssh-signature");
    add(
        "certificate of a listed authority",
        keygen.sign("certified-cert.pub", "git").armored(),
        "unsupported-ssh-certificate",
    );
    let dsa = [string(b"ssh-dss"), string(&[1]), string(&[1]), string(&[1]), string(&[1])].concat();
    add("DSA", good.with(|blob| blob.key = dsa), "unsupported-ssh-key");
    let mut huge = vec![0; 16385 / 8 + 1];
    (huge[1], huge[2]) = (0x80, 1);
    let huge = [string(b"ssh-rsa"), string(&[1, 0, 1]), string(&huge)].concat();
    add("RSA key beyond 8192 bit", good.with(|blob| blob.key = huge), "unsupported-ssh-key");
}

fn keygen() -> Keygen {
    let keygen = Keygen(tempfile::tempdir().unwrap());
    keygen.make("ecdsa", &["-t", "ecdsa", "-b", "256"]);
    keygen.make("excepted", &["-t", "ecdsa", "-b", "256"]);
    keygen.make("p384", &["-t", "ecdsa", "-b", "384"]);
    // A value that begins with a zero loses nothing with its first byte.
    loop {
        keygen.make("rsa", &["-t", "rsa", "-b", "3072"]);
        if keygen.sign("rsa", "git").signature[RSA_VALUE] != 0 {
            break;
        }
        std::fs::remove_file(keygen.0.path().join("rsa")).unwrap();
    }
    keygen.make("rsa2048", &["-t", "rsa", "-b", "2048"]);
    keygen.make("authority", &["-t", "ed25519"]);
    keygen.make("certified", &["-t", "ed25519"]);
    keygen.run(&["-q", "-s", "authority", "-I", "ada", "-n", "ada", "certified.pub"]);
    keygen
}

/// The encodings of all keys that the policy of this test lists.
fn listed(keygen: &Keygen) -> Vec<Vec<u8>> {
    let mut keys = vec![ed25519_blob(7).key, security_key(1).key];
    for name in ["ecdsa", "excepted", "p384", "rsa", "rsa2048"] {
        let line = std::fs::read_to_string(keygen.0.path().join(name).with_extension("pub")).unwrap();
        keys.push(countersign::release::base64::decode(line.split(' ').nth(1).unwrap().as_bytes()).unwrap());
    }
    keys
}

fn ours(vector: &Vector, keys: &[Vec<u8>]) -> String {
    let at = Time::parse("2026-11-20").unwrap();
    let parsed = keys.iter().filter_map(|key| SshPublicKey::parse(key).ok());
    let allowed: BTreeMap<_, _> = parsed
        .map(|key| {
            // The policy of this test makes an exception for one key.
            let excepted = key == SshPublicKey::parse(&keys[3]).unwrap();
            let weak_key_until = excepted.then(|| Time::parse("2027-01-01").unwrap());
            (key.fingerprint, Membership { weak_key_until, ..Membership::default() })
        })
        .collect();
    let question =
        SshQuestion { subject: "v1.0", namespace: "git", at, claimed: Some(at), allowed: &allowed };
    let judgement = judge_ssh(&inspect(&vector.signature, vector.data), &question);
    match judgement.findings.as_slice() {
        [] => "ok".into(),
        [finding] => finding.code.to_string(),
        more => panic!("{}: {more:?}", vector.what),
    }
}

const BEGIN: &str = "<!-- vectors: made by tests/ssh_vectors.rs -->\n";
const END: &str = "<!-- end of SSH vectors -->\n";

fn version() -> String {
    let output = Command::new("ssh").arg("-V").output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    text.split([' ', ',']).next().unwrap().replace('_', " ")
}

/// The page shows what this test measures; ssh-keygen's column is compared
/// where its version is the page's. `COUNTERSIGN_WRITE_PAGE=1` writes it anew.
#[test]
fn every_attack_gets_its_answer_and_the_page_tells_it() {
    let keygen = keygen();
    let keys = listed(&keygen);
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/signatures.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (head, rest) = page.split_once(BEGIN).unwrap();
    let (shown, tail) = rest.split_once(END).unwrap();
    let write = std::env::var_os("COUNTERSIGN_WRITE_PAGE").is_some();
    let comparable = write || shown.contains(&version());
    let first = if comparable { format!("Measured with {}.", version()) } else { first_line(shown) };
    let mut out = format!("{first}\n\n| vector | ssh-keygen | countersign |\n|---|---|---|\n");
    for vector in vectors(&keygen) {
        let found = ours(&vector, &keys);
        assert_eq!(found, vector.expected, "{}", vector.what);
        let theirs = keygen.verify(&keys, &vector.signature, vector.data);
        if vector.expected == "ok" {
            assert_eq!(theirs, 0, "{}: what we accept, ssh-keygen accepts", vector.what);
        }
        let theirs = if comparable { theirs.to_string() } else { old_cell(shown, vector.what) };
        let found = if found == "ok" { found } else { format!("`{found}`") };
        writeln!(out, "| {} | {theirs} | {found} |", vector.what).unwrap();
    }
    if write {
        std::fs::write(&path, format!("{head}{BEGIN}{out}{END}{tail}")).unwrap();
    } else {
        assert_eq!(shown, out, "docs/signatures.md is out of date: run this with COUNTERSIGN_WRITE_PAGE=1");
    }
}

fn first_line(shown: &str) -> String {
    shown.lines().next().unwrap_or_default().into()
}

fn old_cell(shown: &str, what: &str) -> String {
    let line = shown.lines().find(|line| line.starts_with(&format!("| {what} |"))).unwrap_or_default();
    line.split('|').nth(2).unwrap_or_default().trim().into()
}

/// Whatever byte of a good signature is changed, it is good no more, and
/// nothing panics.
#[test]
fn no_changed_byte_is_accepted() {
    let keygen = keygen();
    let keys = listed(&keygen);
    for (name, blob) in
        [("ed25519", ed25519_blob(7)), ("sk", security_key(1)), ("ecdsa", keygen.sign("excepted", "git"))]
    {
        let armored = blob.armored();
        for at in 0..armored.len() {
            for change in [1, 0x80] {
                let mut signature = armored.clone();
                signature[at] ^= change;
                let vector = Vector { what: name, signature, data: DATA, expected: "" };
                assert_ne!(ours(&vector, &keys), "ok", "{name}: byte {at}");
            }
            let signature = armored[..at].to_vec();
            let whole = at + 1 == armored.len();
            let vector = Vector { what: name, signature, data: DATA, expected: "" };
            assert_eq!(ours(&vector, &keys) == "ok", whole, "{name}: cut at {at}; the last line feed may go");
        }
    }
}

proptest::proptest! {
    /// Any bytes in any part: never a panic, and never a good signature.
    #[test]
    fn any_bytes_are_read_without_harm(
        key: Vec<u8>,
        namespace: Vec<u8>,
        signature: Vec<u8>,
        after: Vec<u8>,
        name in 0usize..5,
        whole: bool,
    ) {
        let names: [&[u8]; 5] =
            [b"ssh-ed25519", b"sk-ssh-ed25519@openssh.com", b"ecdsa-sha2-nistp256", b"ssh-rsa", b""];
        let mut blob = ed25519_blob(7);
        blob.key = [string(names[name]), string(&key), string(&after)].concat();
        blob.signature = [string(names[name]), string(&signature), after.clone()].concat();
        if whole {
            blob.key = ed25519_blob(7).key;
            blob.after = after;
            blob.namespace = namespace;
        }
        let facts = inspect(&blob.armored(), DATA);
        let good = |verification| verification == countersign::release::signature::Verification::Good;
        proptest::prop_assert!(!facts.is_ok_and(|facts| good(facts.verification)));
    }
}
