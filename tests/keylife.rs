//! The life of a release key, with the real gpg on the other side: what we
//! make it reads, what it makes we take, and the failures that happened to
//! others are refused.

// Tests may panic: that is how they fail.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::disallowed_methods)]

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};
use support::{Ran, World, helper, run_ok};

const PASSPHRASE: &str = "correct horse battery staple";
const OTHER: &str = "another one for the machine";
const BORN: &str = "2026-01-02T00:00:00Z";
/// When keys are looked at by gpg.
const GPG_NOW: &str = "20260301T000000!";

/// A world whose release key is one of ours, and a gpg that holds nothing.
struct Life {
    world: World,
    gnupg: tempfile::TempDir,
    certificate: String,
    subkey: String,
}

impl Life {
    fn new() -> Self {
        let gnupg = tempfile::Builder::new().prefix("kl").tempdir_in("/tmp").unwrap();
        let nobody = String::new();
        let mut life = Self { world: World::new(), gnupg, certificate: nobody.clone(), subkey: nobody };
        life.write("pass", format!("{PASSPHRASE}\n"));
        life.write("other", format!("{OTHER}\n"));
        fs::create_dir(life.world.path("born")).unwrap();
        let user_id = "Release 2026 <release@example.org>";
        let ran = life.key(&[
            "generate",
            "--user-id",
            user_id,
            "--expires",
            "2026-10-01",
            "--subkey-expires",
            "2026-06-01",
            "--output-dir",
            "born",
            "--passphrase-fd",
            "3",
            "--at",
            BORN,
        ]);
        let result = ran.ok().result();
        life.certificate = result["certificate"].as_str().unwrap().into();
        life.subkey = result["subkey"].as_str().unwrap().into();
        life
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.world.path(name), content).unwrap();
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.world.path(name)).unwrap()
    }

    /// Runs the helper with the passphrase on 3 and the other one on 4.
    fn run(&self, arguments: &[&str]) -> Ran {
        let mut command = Command::new("sh");
        command.args(["-c", "exec \"$@\" 3<pass 4<other", "sh"]).arg(helper()).args(arguments);
        let ran = Ran::of(command.current_dir(self.world.root()).stdin(Stdio::null()).output().unwrap());
        for secret in [PASSPHRASE, OTHER, "BEGIN PGP PRIVATE"] {
            assert!(!ran.stdout.contains(secret) && !ran.stderr.contains(secret), "a secret is told");
        }
        ran
    }

    fn key(&self, arguments: &[&str]) -> Ran {
        self.run(&[&["key"], arguments].concat())
    }

    fn secret(&self, folder: &str) -> String {
        format!("{folder}/{}.secret.asc", self.certificate)
    }

    fn public(&self, folder: &str) -> String {
        format!("{folder}/{}.asc", self.certificate)
    }

    /// A step with the offline key of `from`, whose result goes into `to`.
    fn step(&self, verb: &str, from: &str, to: &str, more: &[&str]) -> Ran {
        fs::create_dir_all(self.world.path(to)).unwrap();
        let key = self.secret(from);
        let common = [verb, "--key", &key, "--passphrase-fd", "3", "--output-dir", to];
        self.key(&[&common[..], more].concat())
    }

    /// The subkey of `from` as CI gets it, without a passphrase.
    fn export(&self, from: &str, to: &str, more: &[&str]) {
        let key = self.secret(from);
        let common =
            ["export-subkey", "--key", &key, "--passphrase-fd", "3", "--unencrypted", "--output-key", to];
        self.key(&[&common[..], more].concat()).ok();
    }

    /// Makes the certificate of `folder` the one that the world goes by.
    fn vet(&self, folder: &str) {
        let public = self.read(&self.public(folder));
        fs::write(self.world.path(&self.public("keyring")), public).unwrap();
        let policy = String::from_utf8(self.read("policy.yaml")).unwrap();
        self.write("policy.yaml", policy.replace(&self.world.release.certificate, &self.certificate));
    }

    /// Signs the release into `to` with the subkey in the file `key`.
    fn sign(&self, key: &str, to: &str, at: &str, more: &[&str]) -> Ran {
        fs::create_dir_all(self.world.path(to)).unwrap();
        let script = format!("exec \"$@\" 4<other 5<{key}");
        let mut command = Command::new("sh");
        command.args(["-c", &script, "sh"]).arg(helper()).arg("sign").args(support::SOURCE);
        command.args(["--policy", "policy.yaml", "--keyring", "keyring", "--artifacts", "dist"]);
        command.args(["--key-fd", "5", "--output-dir", to, "--at", at]).args(more);
        Ran::of(command.current_dir(self.world.root()).output().unwrap())
    }

    /// The signed artifact of `folder`, verified as a reader would.
    fn verify(&self, folder: &str, mode: &str, at: &str) -> Ran {
        let artifact = format!("{folder}/hello-1.0.tar.gz");
        fs::copy(self.world.path("dist/hello-1.0.tar.gz"), self.world.path(&artifact)).unwrap();
        let question = if mode == "claimed" { ["--age", "claimed"] } else { ["--mode", mode] };
        self.run(&[&["verify", "--keyring", "keyring", "--at", at, &artifact], &question[..]].concat())
    }

    fn gpg(&self) -> Command {
        let mut gpg = Command::new("gpg");
        gpg.args(["--batch", "--no-tty", "--pinentry-mode", "loopback", "--faked-system-time", GPG_NOW]);
        gpg.args(["--trust-model", "always", "--with-colons"]);
        gpg.env("GNUPGHOME", self.gnupg.path()).current_dir(self.world.root()).stdin(Stdio::null());
        gpg
    }

    fn gpg_import(&self, file: &str) {
        run_ok(self.gpg().args(["--passphrase-file", "pass", "--import", file]));
    }

    /// Field of the first line of a kind in gpg's listing, from 1 on.
    fn gpg_field(&self, list: &str, kind: &str, field: usize) -> String {
        let listing = run_ok(self.gpg().args([list, &self.certificate]));
        let line = listing.lines().find(|line| line.starts_with(&format!("{kind}:")));
        line.unwrap_or_else(|| panic!("{listing}")).split(':').nth(field - 1).unwrap().to_string()
    }

    fn gpg_verifies(&self, signature: &str, data: &str) -> bool {
        self.gpg().args(["--verify", signature, data]).output().unwrap().status.success()
    }

    fn mode(&self, name: &str) -> u32 {
        fs::metadata(self.world.path(name)).unwrap().permissions().mode() & 0o777
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        let _ = Command::new("gpgconf").env("GNUPGHOME", self.gnupg.path()).args(["--kill", "all"]).output();
    }
}

/// `2026-06-01` as gpg lists it.
fn seconds(date: &str) -> String {
    countersign::release::Time::parse(date).unwrap().unix().to_string()
}

#[test]
fn a_new_key_is_certify_only_locked_and_readable_by_gpg() {
    let life = Life::new();
    for (file, mode) in [
        ("secret.asc", 0o600),
        ("revoke-compromised.asc", 0o600),
        ("revoke-superseded.asc", 0o600),
        ("revoke-retired.asc", 0o600),
        ("asc", 0o644),
    ] {
        assert_eq!(life.mode(&format!("born/{}.{file}", life.certificate)), mode, "{file}");
    }
    assert_eq!(life.world.names("born").len(), 5);
    life.gpg_import(&life.secret("born"));
    assert_eq!(life.gpg_field("--list-secret-keys", "sec", 4), "22", "EdDSA as gpg 2.2 knows it");
    assert_eq!(life.gpg_field("--list-secret-keys", "sec", 12), "cSC", "the primary key certifies only");
    assert_eq!(life.gpg_field("--list-secret-keys", "ssb", 12), "s");
    assert_eq!(life.gpg_field("--list-secret-keys", "sec", 7), seconds("2026-10-01"));
    assert_eq!(life.gpg_field("--list-secret-keys", "ssb", 7), seconds("2026-06-01"));
    let packets = run_ok(life.gpg().args(["--list-packets", &life.secret("born")]));
    assert_eq!(packets.matches("iter+salt S2K, algo: 9, SHA1 protection, hash: 8").count(), 2, "{packets}");
    // gpg can do with it what only the owner of the passphrase can.
    life.write("word", "word");
    let sign = ["--passphrase-file", "pass", "--armor", "--detach-sign", "word"];
    run_ok(life.gpg().args(sign));
    assert!(life.gpg_verifies("word.asc", "word"));
}

#[test]
fn a_key_goes_from_birth_to_a_signed_release() {
    let life = Life::new();
    // An administrator, whose key is gpg's, vouches for the new one.
    let admin = Life::admin(&life);
    fs::create_dir(life.world.path("certified")).unwrap();
    let born = life.public("born");
    let certify = [
        "certify",
        &born,
        "--key",
        "admin.asc",
        "--fingerprint",
        &life.certificate,
        "--passphrase-fd",
        "3",
        "--output-dir",
        "certified",
        "--at",
        "2026-01-02T01:00:00Z",
    ];
    let ran = life.key(&certify);
    assert_eq!(ran.ok().result()["certified_by"], admin.as_str());
    life.gpg_import(&life.public("certified"));
    let listing = run_ok(life.gpg().args(["--check-signatures", &life.certificate]));
    let by = format!(":{}:", &admin[24..]);
    assert!(listing.lines().any(|line| line.starts_with("sig:!:") && line.contains(&by)), "{listing}");
    // CI gets the subkey, locked with a passphrase of its own.
    let key = life.secret("born");
    let export = [
        "export-subkey",
        "--key",
        &key,
        "--passphrase-fd",
        "3",
        "--export-passphrase-fd",
        "4",
        "--output-key",
        "ci.asc",
        "--at",
        BORN,
    ];
    life.key(&export).ok();
    assert_eq!(life.mode("ci.asc"), 0o600);
    life.vet("certified");
    life.sign("ci.asc", "out", support::NOW, &[]).rejected_for("key-locked");
    life.sign("ci.asc", "out", support::NOW, &["--passphrase-fd", "4"]).ok();
    life.verify("out", "release", support::NOW).ok();
    assert!(life.gpg_verifies("out/hello-1.0.tar.gz.asc", "out/hello-1.0.tar.gz"));
    life.write("other", "the wrong passphrase\n");
    life.sign("ci.asc", "out2", support::NOW, &["--passphrase-fd", "4"]).rejected_for("wrong-passphrase");
    assert_eq!(life.world.names("out2"), Vec::<String>::new());
}

impl Life {
    /// A key of gpg's with a passphrase, exported into `admin.asc`.
    fn admin(&self) -> String {
        let locked = ["--passphrase-file", "pass", "--faked-system-time", "20260101T000000!"];
        run_ok(self.gpg().args(locked).args([
            "--quick-generate-key",
            "Admin <admin@example.org>",
            "ed25519",
            "cert",
            "1y",
        ]));
        let listing = run_ok(self.gpg().args(["--list-keys", "Admin"]));
        let admin = listing.lines().find(|line| line.starts_with("fpr:")).unwrap();
        let admin = admin.split(':').nth(9).unwrap().to_string();
        run_ok(self.gpg().args(locked).args(["--quick-add-key", &admin, "ed25519", "sign", "6m"]));
        let secret = run_ok(self.gpg().args(locked).args(["--armor", "--export-secret-keys", &admin]));
        self.write("admin.asc", secret + "\n");
        admin
    }
}

#[test]
fn a_key_that_gpg_made_lives_on_here() {
    let mut life = Life::new();
    life.certificate = life.admin();
    fs::create_dir(life.world.path("gpg")).unwrap();
    fs::rename(life.world.path("admin.asc"), life.world.path(&life.secret("gpg"))).unwrap();
    let rotated = life.step(
        "rotate",
        "gpg",
        "rotated",
        &["--subkey-expires", "2026-12-01", "--old", "expires", "--at", "2026-02-01"],
    );
    assert_eq!(rotated.ok().result()["old"].as_sequence().unwrap().len(), 1);
    let extended = ["--expires", "2027-06-01", "--at", "2026-02-02"];
    life.step("extend", "rotated", "extended", &extended).ok();
    life.gpg_import(&life.public("extended"));
    assert_eq!(life.gpg_field("--list-keys", "pub", 7), seconds("2027-06-01"));
    // A key without a passphrase does not belong on a disk.
    let secret =
        run_ok(life.world.gpg().args(["--armor", "--export-secret-keys", &life.world.release.certificate]));
    life.certificate = life.world.release.certificate.clone();
    life.write(&life.secret("gpg"), secret);
    life.step("extend", "gpg", "no", &extended).rejected_for("secret-not-locked");
}

#[test]
fn what_ci_gets_never_holds_the_primary_key() {
    let life = Life::new();
    life.export("born", "ci.asc", &["--at", BORN]);
    assert_eq!(life.mode("ci.asc"), 0o600);
    life.gpg_import("ci.asc");
    assert_eq!(life.gpg_field("--list-secret-keys", "sec", 15), "#", "gpg calls the primary secret absent");
    assert_eq!(life.gpg_field("--list-secret-keys", "ssb", 15), "+");
    life.write("word", "word");
    run_ok(life.gpg().args(["--passphrase", "", "--armor", "--detach-sign", "word"]));
    assert!(life.gpg_verifies("word.asc", "word"));
    // The same through a descriptor, locked.
    let key = life.secret("born");
    let script = format!(
        "exec \"$@\" --key {key} --passphrase-fd 3 --export-passphrase-fd 4 --output-fd 6 --at {BORN} 3<pass 4<other 6>piped.asc"
    );
    let mut command = Command::new("sh");
    command
        .args(["-c", &script, "sh"])
        .arg(helper())
        .args(["key", "export-subkey"])
        .current_dir(life.world.root());
    Ran::of(command.output().unwrap()).ok();
    let packets = run_ok(life.gpg().args(["--list-packets", "piped.asc"]));
    assert_eq!(packets.matches("gnu-dummy").count(), 1, "{packets}");
    assert_eq!(packets.matches("iter+salt S2K, algo: 9").count(), 1, "{packets}");
    // The whole key is refused where only a subkey belongs.
    life.vet("born");
    life.sign(&key, "out", support::NOW, &[]).rejected_for("primary-secret-present");
}

#[test]
fn the_primary_keys_passphrase_stays_off_the_signing_machine() {
    let life = Life::new();
    let key = life.secret("born");
    life.write("other", format!("{PASSPHRASE}\n"));
    let export = [
        "export-subkey",
        "--key",
        &key,
        "--passphrase-fd",
        "3",
        "--export-passphrase-fd",
        "4",
        "--output-key",
        "ci.asc",
        "--at",
        BORN,
    ];
    life.key(&export).rejected_for("passphrase-reused");
    assert!(!life.world.path("ci.asc").exists());
}

#[test]
fn an_extension_keeps_what_the_certificate_said_before() {
    let life = Life::new();
    life.export("born", "ci.asc", &["--at", BORN]);
    life.vet("born");
    life.sign("ci.asc", "out", support::NOW, &[]).ok();
    let ends = ["--expires", "2027-10-01", "--subkey-expires", "2027-06-01", "--at", "2026-02-01"];
    life.step("extend", "born", "extended", &ends).ok();
    life.vet("extended");
    let ran = life.verify("out", "archive", "2026-12-01");
    assert_eq!(ran.ok().codes(), Vec::<&str>::new(), "no binding-newer-than-signature: the old one is kept");
    life.gpg_import(&life.public("born"));
    life.gpg_import(&life.public("extended"));
    assert_eq!(life.gpg_field("--list-keys", "pub", 7), seconds("2027-10-01"));
    assert_eq!(life.gpg_field("--list-keys", "sub", 7), seconds("2027-06-01"));
    assert!(life.gpg_verifies("out/hello-1.0.tar.gz.asc", "out/hello-1.0.tar.gz"));
    // The old copy of the subkey goes on to sign: only its certificate changed.
    life.sign("ci.asc", "later", "2026-07-01", &[]).ok();
}

#[test]
fn an_end_is_never_brought_forward_by_mistake() {
    let life = Life::new();
    let at = ["--at", "2026-02-01"];
    for (ends, code) in [
        (["--expires", "2026-09-01"], "expiry-not-later"),
        (["--expires", "2026-10-01"], "expiry-not-later"),
        (["--subkey-expires", "2026-05-01"], "expiry-not-later"),
        (["--subkey-expires", "2027-01-01"], "subkey-outlives-certificate"),
    ] {
        life.step("extend", "born", "no", &[&ends[..], &at[..]].concat()).rejected_for(code);
    }
    let early = ["--subkey-expires", "2026-05-01", "--shorten", "--at", "2026-02-01"];
    life.step("extend", "born", "shorter", &early).ok();
    life.step("extend", "born", "no", &["--expires", "2027-01-01", "--at", BORN])
        .rejected_for("clock-behind-certificate");
    assert_eq!(life.world.names("no"), Vec::<String>::new());
}

#[test]
fn after_a_rotation_old_signatures_stay_good_and_the_new_subkey_signs() {
    let life = Life::new();
    life.export("born", "old.asc", &["--at", BORN]);
    life.vet("born");
    life.sign("old.asc", "first", support::NOW, &[]).ok();
    let rotate = ["--subkey-expires", "2026-09-01", "--old", "superseded", "--at", "2026-02-01"];
    let ran = life.step("rotate", "born", "rotated", &rotate);
    let new = ran.ok().result()["subkey"].as_str().unwrap().to_string();
    assert_eq!(ran.result()["old"][0], life.subkey.as_str());
    // The export finds the one that is alive.
    life.export("rotated", "new.asc", &["--at", "2026-02-02"]);
    life.vet("rotated");
    life.verify("first", "claimed", "2026-02-03").ok();
    life.verify("first", "archive", "2026-02-03").rejected_for("age-unproven");
    life.verify("first", "release", "2026-01-05").ok();
    life.verify("first", "release", "2026-02-03").rejected_for("subkey-retired");
    let ran = life.sign("new.asc", "second", "2026-02-03", &[]);
    assert_eq!(ran.ok().result()["signer"]["key"], new.as_str());
    life.verify("second", "release", "2026-02-03").ok();
    life.sign("old.asc", "third", "2026-02-03", &[]).rejected_for("subkey-retired");
    life.gpg_import(&life.public("rotated"));
    assert!(life.gpg_verifies("first/hello-1.0.tar.gz.asc", "first/hello-1.0.tar.gz"));
    assert!(life.gpg_verifies("second/hello-1.0.tar.gz.asc", "second/hello-1.0.tar.gz"));
    let listing = run_ok(life.gpg().args(["--list-keys", &life.certificate]));
    let revoked = format!(":{}:", &life.subkey[24..]);
    assert!(listing.lines().any(|line| line.starts_with("sub:r:") && line.contains(&revoked)), "{listing}");
}

#[test]
fn a_rotation_may_let_the_old_subkey_run_out() {
    let life = Life::new();
    let rotate = ["--subkey-expires", "2026-09-01", "--old", "expires", "--at", "2026-02-01"];
    life.step("rotate", "born", "rotated", &rotate).ok();
    let key = life.secret("rotated");
    let export = [
        "export-subkey",
        "--key",
        &key,
        "--passphrase-fd",
        "3",
        "--unencrypted",
        "--output-key",
        "ci.asc",
        "--at",
        "2026-02-02",
    ];
    life.key(&export).rejected_for("several-signing-keys");
    life.export("rotated", "ci.asc", &["--subkey", &life.subkey, "--at", "2026-02-02"]);
    let usage = [&rotate[..], &["--old-from", "2026-02-01"]].concat();
    assert_eq!(life.step("rotate", "born", "no", &usage).code, 2);
    let outlives = ["--subkey-expires", "2027-09-01", "--old", "expires", "--at", "2026-02-01"];
    life.step("rotate", "born", "no", &outlives).rejected_for("subkey-outlives-certificate");
}

/// OpenStack, January to March 2026: a subkey was revoked and replaced, and
/// the certificate that readers got lacked the new one for 70 days.
#[test]
fn seventy_days_of_signatures_that_the_published_key_cannot_verify() {
    let life = Life::new();
    let rotate = ["--subkey-expires", "2026-09-01", "--old", "superseded", "--at", "2026-01-09"];
    life.step("rotate", "born", "rotated", &rotate).ok();
    life.export("rotated", "new.asc", &["--at", "2026-01-10"]);
    fs::create_dir(life.world.path("site-keys")).unwrap();
    let born = life.public("born");
    life.key(&["publish", &born, "--first", "--output-dir", "site-keys", "--at", BORN]).ok();
    // The one who signs goes by what is published: nothing is signed.
    life.vet("born");
    life.sign("new.asc", "out", "2026-01-10", &[]).rejected_for("subkey-not-published");
    // The daily check with the subkey of CI.
    let published = life.public("site-keys");
    let check = |key: &str, more: &[&str]| {
        let script = format!("exec \"$@\" 5<{key}");
        let mut command = Command::new("sh");
        command.args(["-c", &script, "sh"]).arg(helper()).args(["key", "check", "--public", &published]);
        command.args(["--at", "2026-01-10"]).args(more).current_dir(life.world.root());
        Ran::of(command.output().unwrap())
    };
    check("new.asc", &["--key-fd", "5"]).rejected_for("subkey-not-published");
    // The keyring was brought up to date, the site was not.
    life.vet("rotated");
    check("new.asc", &["--keyring", "keyring"]).rejected_for("published-outdated");
    life.sign("new.asc", "out", "2026-01-10", &[]).ok();
    fs::copy(life.world.path("dist/hello-1.0.tar.gz"), life.world.path("out/hello-1.0.tar.gz")).unwrap();
    check("new.asc", &["--signed", "out/hello-1.0.tar.gz"]).rejected_for("unknown-signer");
    // Published anew, all is well, and the old subkey's revocation is known.
    let rotated = life.public("rotated");
    life.key(&["publish", &rotated, "--output-dir", "site-keys", "--at", "2026-01-10"]).ok();
    let all = ["--key-fd", "5", "--keyring", "keyring", "--signed", "out/hello-1.0.tar.gz"];
    check("new.asc", &all).ok();
    life.export("born", "old.asc", &["--at", BORN]);
    check("old.asc", &["--key-fd", "5"]).rejected_for("subkey-retired");
}

/// OpenStack, August 2025: the commit that rotated to the new key named the
/// fingerprint of the old one.
#[test]
fn a_rotation_that_names_the_wrong_fingerprint() {
    let life = Life::new();
    fs::create_dir(life.world.path("next")).unwrap();
    let ran = life.key(&[
        "generate",
        "--user-id",
        "Release 2027 <release@example.org>",
        "--expires",
        "2027-10-01",
        "--output-dir",
        "next",
        "--passphrase-fd",
        "3",
        "--at",
        "2026-02-01",
    ]);
    let next = ran.ok().result()["certificate"].as_str().unwrap().to_string();
    let next_file = format!("next/{next}.asc");
    // Vouching for a file under the other's fingerprint.
    life.step(
        "certify",
        "born",
        "no",
        &[&next_file, "--fingerprint", &life.certificate, "--at", "2026-02-02"],
    )
    .rejected_for("wrong-certificate");
    life.step(
        "certify",
        "born",
        "next-certified",
        &[&next_file, "--fingerprint", &next, "--at", "2026-02-02"],
    )
    .ok();
    // The policy names the old key still: the new one is not published under it.
    life.vet("born");
    fs::create_dir(life.world.path("site-keys")).unwrap();
    let policy = ["--policy", "policy.yaml", "--project", "example/hello", "--at", "2026-02-03"];
    let publish = ["publish", &next_file, "--first", "--output-dir", "site-keys"];
    life.key(&[&publish[..], &policy[..]].concat()).rejected_for("wrong-signer");
    assert_eq!(life.world.names("site-keys"), Vec::<String>::new());
    let check = ["check", "--public", &next_file];
    life.key(&[&check[..], &policy[..]].concat()).rejected_for("wrong-signer");
    // The record of dates of the one beside the certificate of the other.
    let born = life.public("born");
    let at = ["--at", "2026-02-03"];
    life.key(&[&["publish", &born, "--first", "--output-dir", "site-keys"], &at[..]].concat()).ok();
    let dates = format!("site-keys/{}.dates.yaml", life.certificate);
    let ran = life.key(&[&check[..], &["--dates", &dates], &at[..]].concat());
    let message = ran.rejected_for("dates-differ").stdout.clone();
    assert!(message.contains(&life.certificate) && message.contains(&next), "{message}");
    life.key(&[&["check", "--public", &born, "--dates", &dates], &at[..]].concat()).ok();
    // Merging the two is refused as well.
    let published = life.public("site-keys");
    let publish = ["publish", &next_file, "--published", &published, "--output-dir", "next"];
    life.key(&[&publish[..], &at[..]].concat()).rejected_for("wrong-certificate");
}

#[test]
fn a_soft_revocation_counts_from_its_date_and_a_hard_one_always() {
    let life = Life::new();
    life.export("born", "ci.asc", &["--at", BORN]);
    life.vet("born");
    life.sign("ci.asc", "out", support::NOW, &[]).ok();
    let subkey = ["--subkey", &life.subkey, "--at", "2026-02-01"];
    for reason in ["superseded", "retired"] {
        life.step("revoke", "born", reason, &[&subkey[..], &["--reason", reason]].concat()).ok();
        life.vet(reason);
        life.verify("out", "claimed", "2026-02-03").ok();
        life.verify("out", "archive", "2026-02-03").rejected_for("age-unproven");
        life.verify("out", "release", "2026-02-01T00:00:00Z").rejected_for("subkey-retired");
    }
    life.step("revoke", "born", "dead", &[&subkey[..], &["--reason", "compromised"]].concat()).ok();
    life.vet("dead");
    for mode in ["archive", "release"] {
        life.verify("out", mode, "2026-02-03").rejected_for("subkey-compromised");
    }
    let whole =
        ["--certificate", &life.certificate, "--at", "2026-02-01", "--message", "the laptop was stolen"];
    life.step("revoke", "born", "gone", &[&whole[..], &["--reason", "compromised"]].concat()).ok();
    life.vet("gone");
    life.verify("out", "archive", "2026-02-03").rejected_for("certificate-compromised");
    life.gpg_import(&life.public("gone"));
    assert_eq!(life.gpg_field("--list-keys", "pub", 2), "r");
    // A date in the past takes back what was signed since.
    let from = ["--reason", "superseded", "--from", "2026-01-02T12:00:00Z"];
    life.step("revoke", "born", "since", &[&subkey[..], &from[..]].concat()).ok();
    life.vet("since");
    life.verify("out", "archive", "2026-02-03").rejected_for("signed-after-revocation");
}

#[test]
fn a_revocation_without_effect_is_refused() {
    let life = Life::new();
    let subkey = ["--subkey", &life.subkey, "--at", "2026-02-01"];
    let revoke =
        |from: &str, to: &str, more: &[&str]| life.step("revoke", from, to, &[&subkey[..], more].concat());
    revoke("born", "soft", &["--reason", "superseded"]).ok();
    revoke("soft", "no", &["--reason", "retired"]).rejected_for("already-revoked");
    revoke("soft", "dead", &["--reason", "compromised"]).ok();
    revoke("dead", "no", &["--reason", "superseded"]).rejected_for("already-revoked");
    revoke("dead", "no", &["--reason", "compromised"]).rejected_for("already-revoked");
    for from in ["2026-02-02", "2026-01-01", BORN] {
        revoke("born", "no", &["--reason", "superseded", "--from", from]).rejected_for("bad-revocation-date");
    }
    revoke("born", "no", &["--reason", "compromised", "--from", "2026-01-20"])
        .rejected_for("bad-revocation-date");
    // What the certificate said later takes a soft revocation back.
    let ends = ["--subkey-expires", "2026-07-01", "--at", "2026-01-20"];
    life.step("extend", "born", "extended", &ends).ok();
    revoke("extended", "no", &["--reason", "superseded", "--from", "2026-01-10"])
        .rejected_for("revocation-without-effect");
    // And so an extension of what is revoked would take it back.
    let ends = ["--subkey-expires", "2026-08-01", "--subkey", &life.subkey, "--at", "2026-02-02"];
    life.step("extend", "soft", "no", &ends).rejected_for("subkey-retired");
    life.step(
        "revoke",
        "born",
        "no",
        &["--subkey", &life.certificate, "--reason", "retired", "--at", "2026-02-01"],
    )
    .rejected_for("no-such-subkey");
    life.step(
        "revoke",
        "born",
        "no",
        &["--certificate", &life.subkey, "--reason", "retired", "--at", "2026-02-01"],
    )
    .rejected_for("wrong-certificate");
    assert_eq!(life.world.names("no"), Vec::<String>::new());
}

#[test]
fn what_was_published_is_never_dropped() {
    let life = Life::new();
    fs::create_dir(life.world.path("site-keys")).unwrap();
    let (born, published) = (life.public("born"), life.public("site-keys"));
    let publish = |file: &str, more: &[&str]| {
        life.key(&[&["publish", file, "--output-dir", "site-keys", "--at", "2026-02-03"], more].concat())
    };
    publish(&born, &[]).rejected_for("not-published-before");
    publish(&born, &["--first"]).ok();
    assert_eq!(publish(&born, &[]).ok().document["changed"], false, "the same again changes nothing");
    let rotate = ["--subkey-expires", "2026-09-01", "--old", "superseded", "--at", "2026-02-01"];
    life.step("rotate", "born", "rotated", &rotate).ok();
    publish(&life.public("rotated"), &[]).ok();
    let before = life.read(&published);
    // An older copy, without the new subkey and the revocation.
    assert_eq!(publish(&born, &[]).ok().document["changed"], false);
    assert_eq!(life.read(&published), before);
    // A copy of gpg's that lost the old self-signatures.
    life.gpg_import(&life.public("rotated"));
    let minimal = run_ok(life.gpg().args([
        "--armor",
        "--export-options",
        "export-minimal",
        "--export",
        &life.certificate,
    ]));
    life.write("minimal.asc", minimal + "\n");
    publish("minimal.asc", &[]).ok();
    let ran = life.run(&["key", "check", "--public", &published, "--at", "2026-02-03"]);
    assert_eq!(ran.ok().result()["subkeys"].as_sequence().unwrap().len(), 2);
    // What the keyring knows is merged: a revocation that came from elsewhere.
    let subkey = ran.result()["subkeys"][1]["key"].as_str().unwrap().to_string();
    life.step(
        "revoke",
        "rotated",
        "dead",
        &["--subkey", &subkey, "--reason", "compromised", "--at", "2026-02-02"],
    )
    .ok();
    life.vet("dead");
    publish(&born, &["--keyring", "keyring"]).ok();
    let ran = life.run(&["key", "check", "--public", &published, "--at", "2026-02-03"]);
    ran.rejected_for("no-usable-subkey");
    // The text that stands beside says the same, and gpg reads it.
    let text = format!("site-keys/{}.txt", life.certificate);
    let listing = String::from_utf8(life.read(&text)).unwrap();
    assert!(listing.contains("REVOKED      2026-02-02T00:00:00Z, as compromised"), "{listing}");
    life.gpg_import(&text);
    assert_eq!(publish(&text, &[]).ok().document["changed"], false, "the text is read as a certificate too");
    publish(&life.secret("born"), &[]).rejected_for("secret-key-given");
}

#[test]
fn what_the_primary_key_never_spoke_of_is_not_published() {
    let life = Life::new();
    fs::create_dir(life.world.path("site-keys")).unwrap();
    let public = life.public("born");
    let binary = |bytes: &[u8]| {
        life.write("in.asc", bytes);
        run_ok(life.gpg().args(["--yes", "--output", "out.pgp", "--dearmor", "in.asc"]));
        life.read("out.pgp")
    };
    let good = binary(&life.read(&public));
    // A user id, a picture, and the subkey of somebody else with its binding.
    let user_id = b"Evil <evil@example.org>";
    let stranger = run_ok(life.world.gpg().args(["--armor", "--export", &life.world.stranger.certificate]));
    let stranger = binary(format!("{stranger}\n").as_bytes());
    life.write("stranger.pgp", &stranger);
    let packets = run_ok(life.gpg().args(["--list-packets", "stranger.pgp"]));
    let subkey = packets.lines().find(|line| line.contains(" tag=14 ")).unwrap();
    let subkey = subkey.split("off=").nth(1).unwrap().split(' ').next().unwrap();
    let subkey: usize = subkey.parse().unwrap();
    let grafted = [
        &good[..],
        &[0xc0 | 13, user_id.len() as u8],
        user_id,
        &[0xc0 | 17, 3, 2, 100, 0],
        &stranger[subkey..],
    ];
    life.write("grafted.pgp", grafted.concat());
    let listed = run_ok(life.gpg().args(["--list-packets", "grafted.pgp"]));
    assert!(listed.contains("evil@example.org") && listed.matches(":public sub key packet:").count() == 2);
    let publish = |file: &str, more: &[&str]| {
        let at = ["--output-dir", "site-keys", "--at", "2026-01-10"];
        life.key(&[&["publish", file], &at[..], more].concat())
    };
    let parts = || {
        binary(&life.read(&life.public("site-keys")));
        let listed = run_ok(life.gpg().args(["--list-packets", "out.pgp"]));
        let count = |tag: &str| listed.matches(&format!(" tag={tag} ")).count();
        (listed.matches("evil@").count(), count("13"), count("14"), count("17"))
    };
    publish("grafted.pgp", &["--first"]).ok();
    assert_eq!(parts(), (0, 1, 1, 0), "user ids, subkeys and pictures");
    // It is no loss where it was published already.
    fs::copy(life.world.path("grafted.pgp"), life.world.path(&life.public("site-keys"))).unwrap();
    assert_eq!(parts(), (1, 2, 2, 1));
    publish(&public, &[]).ok();
    assert_eq!(parts(), (0, 1, 1, 0));
}

#[test]
fn revocation_certificates_that_were_kept_apart() {
    let life = Life::new();
    fs::create_dir(life.world.path("site-keys")).unwrap();
    let (born, published) = (life.public("born"), life.public("site-keys"));
    let apart = |reason: &str| format!("born/{}.revoke-{reason}.asc", life.certificate);
    let publish = |file: &str, more: &[&str]| {
        life.key(&[&["publish", file, "--output-dir", "site-keys", "--at", "2026-02-03"], more].concat())
    };
    publish(&born, &["--first"]).ok();
    publish(&born, &["--revocation", &born]).rejected_for("not-a-revocation");
    publish(&born, &["--revocation", "pass"]).rejected_for("not-a-revocation");
    // The primary key is lost, and this is the night of the emergency.
    publish(&born, &["--revocation", &apart("compromised")]).ok();
    life.run(&["key", "check", "--public", &published, "--at", "2026-02-03"])
        .rejected_for("certificate-compromised");
    assert_eq!(publish(&born, &["--revocation", &apart("compromised")]).ok().document["changed"], false);
    life.gpg_import(&published);
    assert_eq!(life.gpg_field("--list-keys", "pub", 2), "r");
    // A soft one is from the day of birth: an extension has taken it back.
    life.step("extend", "born", "extended", &["--expires", "2027-01-01", "--at", "2026-01-20"]).ok();
    fs::create_dir(life.world.path("other-keys")).unwrap();
    let extended = life.public("extended");
    let ran = life.key(&[
        "publish",
        &extended,
        "--first",
        "--output-dir",
        "other-keys",
        "--at",
        "2026-02-03",
        "--revocation",
        &apart("superseded"),
    ]);
    assert_eq!(ran.ok().codes(), ["revocation-not-heeded"]);
    // Somebody else's revocation is none of this certificate.
    let stranger = Life::new();
    let foreign = stranger.read(&format!("born/{}.revoke-compromised.asc", stranger.certificate));
    life.write("foreign.asc", foreign);
    publish(&born, &["--revocation", "foreign.asc"]).rejected_for("not-a-revocation");
}

#[test]
fn what_ends_soon_is_told_in_time() {
    let life = Life::new();
    let born = life.public("born");
    let check = |at: &str, days: &str| life.key(&["check", "--public", &born, "--days", days, "--at", at]);
    assert_eq!(check("2026-04-30", "30").ok().codes(), Vec::<&str>::new());
    assert_eq!(check("2026-05-05", "30").ok().codes(), ["expires-soon"]);
    assert_eq!(check("2026-05-05", "30d").ok().codes(), ["expires-soon"]);
    check("2026-06-01", "30").rejected_for("no-usable-subkey");
    let ended = check("2026-10-01", "30");
    ended.rejected_for("certificate-expired");
    assert!(ended.stderr.contains("to repeat an old check, give its time with --at"), "{}", ended.stderr);
    // One of two subkeys that ends is no news.
    let rotate = ["--subkey-expires", "2026-09-01", "--old", "expires", "--at", "2026-05-01"];
    life.step("rotate", "born", "rotated", &rotate).ok();
    let rotated = life.public("rotated");
    let ran = life.key(&["check", "--public", &rotated, "--at", "2026-05-20"]);
    assert_eq!(ran.ok().codes(), Vec::<&str>::new());
}

#[test]
fn nothing_is_overwritten_and_nothing_is_half_written() {
    let life = Life::new();
    let before = life.read(&life.secret("born"));
    let again = ["--expires", "2027-10-01", "--at", "2026-02-01"];
    life.step("extend", "born", "born", &again).rejected_for("output-exists");
    assert_eq!(life.read(&life.secret("born")), before);
    life.write("ci.asc", "precious");
    let key = life.secret("born");
    let export = [
        "export-subkey",
        "--key",
        &key,
        "--passphrase-fd",
        "3",
        "--unencrypted",
        "--output-key",
        "ci.asc",
        "--at",
        BORN,
    ];
    life.key(&export).rejected_for("output-exists");
    assert_eq!(life.read("ci.asc"), b"precious");
    let gone = life.key(&[
        "extend",
        "--key",
        &key,
        "--passphrase-fd",
        "3",
        "--output-dir",
        "gone",
        "--expires",
        "2027-10-01",
        "--at",
        "2026-02-01",
    ]);
    assert_eq!(gone.code, 3);
    life.write("pass", "the wrong passphrase\n");
    life.step("extend", "born", "wrong", &again).rejected_for("wrong-passphrase");
    assert_eq!(life.world.names("wrong"), Vec::<String>::new());
}

#[test]
fn passphrases_come_by_descriptor_or_terminal_and_are_no_jokes() {
    let life = Life::new();
    let key = life.secret("born");
    let generate = [
        "generate",
        "--user-id",
        "Release <r@example.org>",
        "--expires",
        "2026-10-01",
        "--output-dir",
        "wrong",
        "--at",
        BORN,
    ];
    fs::create_dir(life.world.path("wrong")).unwrap();
    for (content, code) in [
        ("", "passphrase-missing"),
        ("\n", "passphrase-missing"),
        ("short\n", "passphrase-too-short"),
        ("two lines\nof text that is long\n", "passphrase-missing"),
    ] {
        life.write("pass", content);
        let ran = life.key(&[&generate[..], &["--passphrase-fd", "3"]].concat());
        assert_eq!((ran.code, ran.codes()), (2, vec![code]), "{content:?}");
    }
    life.write("pass", "x".repeat(5000));
    assert_eq!(
        life.key(&[&generate[..], &["--passphrase-fd", "3"]].concat()).codes(),
        ["passphrase-missing"]
    );
    let closed = life.key(&[&generate[..], &["--passphrase-fd", "77"]].concat());
    assert_eq!((closed.code, closed.codes()), (2, vec!["bad-descriptor"]));
    // Without a terminal there is nobody to ask.
    let mut command = Command::new("setsid");
    command.arg("--wait").arg(helper()).arg("key").args(generate).current_dir(life.world.root());
    let ran = Ran::of(command.stdin(Stdio::null()).output().unwrap());
    assert_eq!((ran.code, ran.codes()), (2, vec!["passphrase-missing"]));
    let number = life.key(&["export-subkey", "--key", &key, "--passphrase-fd", "0", "--output-key", "x"]);
    assert_eq!(number.code, 2);
    assert_eq!(life.world.names("wrong"), Vec::<String>::new());
}

/// What a person types, and what the terminal shows of it.
const TYPIST: &str = r#"
import os, pty, sys, time, select
answers, command = sys.argv[1].split("|"), sys.argv[2:]
child, terminal = pty.fork()
if child == 0:
    os.execv(command[0], command)
shown = b""
def read(until):
    global shown
    seen = b""
    while until not in seen:
        ready, _, _ = select.select([terminal], [], [], 60)
        if not ready: sys.exit("no prompt: %r" % seen)
        try: data = os.read(terminal, 4096)
        except OSError: break
        if not data: break
        seen += data
    shown += seen
for answer in answers:
    read(b": ")
    os.write(terminal, answer.encode().decode("unicode_escape").encode())
read(b"\0never\0")
sys.stdout.buffer.write(shown)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"#;

#[test]
fn on_the_terminal_a_new_passphrase_is_asked_twice_and_never_shown() {
    let life = Life::new();
    let typed = |answers: &str, arguments: &[&str]| {
        let mut command = Command::new("python3");
        command.args(["-c", TYPIST, answers]).arg(helper()).arg("key").args(arguments);
        let output = command.current_dir(life.world.root()).output().unwrap();
        (output.status.code().unwrap(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    fs::create_dir(life.world.path("typed")).unwrap();
    let generate = [
        "generate",
        "--user-id",
        "Typed <r@example.org>",
        "--expires",
        "2026-10-01",
        "--output-dir",
        "typed",
        "--at",
        BORN,
    ];
    let (code, shown) = typed("battery horse staplex\\x7f\\n|battery horse stable\\n", &generate);
    assert_eq!(code, 2, "{shown}");
    assert!(shown.contains("passphrase-differs") && !shown.contains("horse"), "{shown}");
    let (code, shown) = typed("battery horse\\x03", &generate);
    assert_eq!(code, 2, "{shown}");
    assert!(shown.contains("given up"), "{shown}");
    assert_eq!(life.world.names("typed"), Vec::<String>::new());
    let (code, shown) = typed("battery horse staplex\\x7f\\n|battery horse staple\\n", &generate);
    assert_eq!(code, 0, "{shown}");
    assert!(!shown.contains("horse"), "{shown}");
    let file = life.world.names("typed").into_iter().find(|name| name.ends_with(".secret.asc")).unwrap();
    let key = format!("typed/{file}");
    let export = ["export-subkey", "--key", &key, "--unencrypted", "--output-key", "typed.asc", "--at", BORN];
    let (code, shown) = typed("battery horse staple\\n", &export);
    assert_eq!(code, 0, "{shown}");
    assert!(!shown.contains("horse"), "{shown}");
}
