//! What `keyring export` writes, read by those for whom it is; and the road
//! of a request from a newcomer into the keyring.

// Tests may panic: that is how they fail.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::disallowed_methods)]

mod support;

use serde_yaml::Value;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use support::{Key, LATE, NOW, Ran, World, run_ok};

const PROJECT: [&str; 4] = ["--policy", "policy.yaml", "--project", "example/hello"];

fn export(world: &World, format: &str, more: &[&str]) -> Ran {
    let fixed = ["keyring", "export", "--keyring", "keyring", "--at", NOW, "--output-dir", "out"];
    world.countersign(&[&fixed[..], &["--format", format], more].concat())
}

fn text(world: &World, name: &str) -> String {
    fs::read_to_string(world.path("out").join(name)).unwrap()
}

fn sh(world: &World, line: &str) -> String {
    run_ok(Command::new("bash").args(["-ec", line]).current_dir(world.root()))
}

/// A gpg that knows nobody yet, at the time of the world.
fn fresh_gpg(world: &World) -> Command {
    let home = world.path("home");
    if !home.exists() {
        fs::create_dir(&home).unwrap();
        sh(world, "chmod 700 home");
    }
    let mut gpg = Command::new("gpg");
    gpg.env("GNUPGHOME", home).args(["--batch", "--no-autostart", "--faked-system-time", "20260102T120000!"]);
    gpg.current_dir(world.root());
    gpg
}

fn retire(world: &World, key: &Key, state: &str) {
    let arguments = ["keyring", "update", "--keyring", "keyring", "--at", NOW, "--state", state, "--since"];
    let ran =
        world.countersign(&[&arguments[..], &["2026-01-02", "--fingerprint", &key.certificate]].concat());
    ran.ok();
}

#[test]
fn keys_are_imported_by_gpg_and_verify_with_gpg_sqv_and_git() {
    let world = World::new();
    world.sign("dist", &[]).ok();
    world.vet(&world.stranger);
    let ran = export(&world, "keys", &PROJECT);
    let certificates = ran.ok().result()["certificates"].as_sequence().unwrap().clone();
    assert_eq!(certificates.len(), 2, "not the stranger, whom the policy does not name");
    assert!(text(&world, "KEYS").contains("uid  Maintainer <maintainer@example.org>"));
    run_ok(fresh_gpg(&world).args(["--import", "out/KEYS"]));
    let signed = ["dist/hello-1.0.tar.gz.asc", "dist/hello-1.0.tar.gz"];
    run_ok(fresh_gpg(&world).arg("--verify").args(signed));
    let sqv = ["--keyring", "out/KEYS", "--not-before", "2026-01-01"];
    run_ok(Command::new("sqv").args(sqv).args(signed).current_dir(world.root()));
    let mut git = world.git_command();
    git.env("GNUPGHOME", world.path("home")).args(["verify-tag", "v1.0"]);
    run_ok(&mut git);
    // Written once, the same again.
    assert_eq!(export(&world, "keys", &PROJECT).ok().document["changed"], Value::Bool(false));
}

#[test]
fn states_decide_who_is_handed_out() {
    let world = World::new();
    let everyone = |format: &str| {
        let ran = export(&world, format, &[]);
        let all = ran.ok().result()["certificates"].as_sequence().unwrap().clone();
        (all.len(), ran.codes().len())
    };
    assert_eq!(everyone("keys"), (2, 0));
    retire(&world, &world.maintainer, "retired");
    assert_eq!(everyone("keys"), (2, 0), "old releases stay verifiable");
    assert!(text(&world, "KEYS").contains("retired since 2026-01-02"));
    assert_eq!(everyone("arch"), (1, 1), "nothing new by who is retired");
    retire(&world, &world.maintainer, "compromised");
    assert_eq!(everyone("keys"), (1, 1));
    assert_eq!(everyone("wkd"), (1, 1));
    retire(&world, &world.release, "compromised");
    export(&world, "keys", &[]).rejected_for("nothing-to-export");
    fs::remove_file(world.path(&format!("keyring/{}.asc", world.release.certificate))).unwrap();
    export(&world, "keys", &PROJECT).rejected_for("certificate-not-in-keyring");
}

#[test]
fn debian_gets_a_key_file_that_gpgv_takes_and_a_watch_file() {
    let world = World::new();
    world.sign("dist", &[]).ok();
    let site = ["--site-url", "https://downloads.example.org/"];
    export(&world, "debian", &[&PROJECT[..], &site].concat()).ok();
    let watch = text(&world, "watch");
    assert_eq!(
        watch,
        "version=4\nopts=\"pgpmode=mangle, pgpsigurlmangle=s/$/.asc/\" \\\n  \
         https://downloads.example.org/example/hello/ hello-(\\d[\\w.+~-]*)\\.tar\\.gz\n"
    );
    run_ok(fresh_gpg(&world).args(["--output", "trusted.gpg", "--dearmor", "out/upstream/signing-key.asc"]));
    let line = "gpgv --keyring ./trusted.gpg dist/hello-1.0.tar.gz.asc dist/hello-1.0.tar.gz";
    sh(&world, line);
    assert!(!sh(&world, "gpg --show-keys out/upstream/signing-key.asc").contains("maintainer@"));
    for bad in ["https://x.example/$(id)", "ftp://x", "https://x\"", "https://"] {
        assert_eq!(export(&world, "debian", &["--site-url", bad]).code, 2, "{bad}");
    }
}

/// A web server of a folder on this machine, until it is dropped.
struct Site(Child, String);

impl Site {
    fn new(folder: &Path) -> Self {
        let mut python = Command::new("python3");
        python.args(["-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory"]).arg(folder);
        let mut child = python.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let (_, rest) = line.split_once("port ").unwrap();
        let port = rest.split(' ').next().unwrap();
        Self(child, format!("http://127.0.0.1:{port}"))
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn uscan_fetches_a_release_and_refuses_a_changed_one() {
    let world = World::new();
    world.sign("dist", &[]).ok();
    world.publish("dist", &[]).ok();
    let site = Site::new(&world.path("site"));
    let arguments = ["--keyring", "keyring", "--at", NOW, "--format", "debian", "--site-url", &site.1];
    let mut export =
        [&["keyring", "export"], &PROJECT[..], &arguments, &["--output-dir", "work/debian"]].concat();
    fs::create_dir(world.path("work")).unwrap();
    world.countersign(&export).ok();
    let changelog = "hello (0.9-1) unstable; urgency=medium\n\n  * Before.\n\n \
                     -- A. B. <ab@example.org>  Thu, 01 Jan 2026 00:00:00 +0000\n";
    fs::write(world.path("work/debian/changelog"), changelog).unwrap();
    let uscan = || {
        let mut uscan = Command::new("uscan");
        uscan.args(["--no-conf", "--verbose"]).current_dir(world.path("work"));
        uscan.env("HOME", world.root()).env_remove("http_proxy").env_remove("all_proxy").env("no_proxy", "*");
        let output = uscan.output().expect("uscan of Debian's devscripts");
        (
            output.status.success(),
            String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned(),
        )
    };
    let (accepted, told) = uscan();
    assert!(accepted && told.contains("Good signature"), "{told}");
    let fetched = fs::read(world.path("hello_1.0.orig.tar.gz")).unwrap();
    assert_eq!(fetched, fs::read(world.path("dist/hello-1.0.tar.gz")).unwrap());
    // By somebody else, and with other bytes.
    let away =
        ["hello-1.0.tar.gz", "hello-1.0.tar.gz.asc", "hello_1.0.orig.tar.gz", "hello_1.0.orig.tar.gz.asc"];
    let remove = || away.iter().for_each(|name| drop(fs::remove_file(world.path(name))));
    remove();
    let signature = world.path("site/example/hello/hello-1.0.tar.gz.asc");
    let good = fs::read(&signature).unwrap();
    fs::remove_file(&signature).unwrap();
    let user = format!("{}!", world.stranger.subkey);
    let mut gpg = world.gpg();
    gpg.args(["--armor", "--detach-sign", "--local-user", &user, "--output"]).arg(&signature);
    run_ok(gpg.arg(world.path("site/example/hello/hello-1.0.tar.gz")));
    let (accepted, told) = uscan();
    assert!(!accepted && told.contains("did not verify"), "{told}");
    remove();
    fs::write(&signature, good).unwrap();
    let mut bytes = fetched;
    bytes.push(b'x');
    fs::remove_file(world.path("site/example/hello/hello-1.0.tar.gz")).unwrap();
    fs::write(world.path("site/example/hello/hello-1.0.tar.gz"), bytes).unwrap();
    let (accepted, told) = uscan();
    assert!(!accepted && told.contains("did not verify"), "{told}");
    // The same export again changes nothing.
    export.push("--quiet");
    assert_eq!(world.countersign(&export).ok().document["changed"], Value::Bool(false));
}

#[test]
fn a_user_id_cannot_break_out_of_a_snippet() {
    let world = World::new();
    let evil = world.new_key("x') ; touch pwned ; # $(touch pwned) `touch pwned` \" <evil@example.org>");
    world.vet(&evil);
    let long = world.new_key("uid\u{202e} -----BEGIN PGP PUBLIC KEY BLOCK----- <evil@example.net>");
    world.vet(&long);
    for format in ["keys", "debian", "arch", "gentoo", "sequoia-git", "wkd"] {
        export(&world, format, &[]).ok();
    }
    let stubs = "inherit() { :; }; pkgver=1.0; PV=1.0;";
    let array =
        sh(&world, &format!("{stubs} . out/PKGBUILD.validpgpkeys; printf '%s\\n' \"${{validpgpkeys[@]}}\""));
    let mut listed: Vec<&str> = array.lines().collect();
    listed.sort_unstable();
    let keys = [&world.maintainer, &world.release, &evil, &long];
    let mut wanted: Vec<&str> = keys.iter().map(|key| key.certificate.as_str()).collect();
    wanted.sort_unstable();
    assert_eq!(listed, wanted);
    let gentoo =
        sh(&world, &format!("{stubs} . out/verify-sig.ebuild; echo \"${{#SEC_KEYS_VALIDPGPKEYS[@]}}\""));
    assert_eq!(gentoo, "4");
    assert!(!world.path("pwned").exists());
    run_ok(fresh_gpg(&world).args(["--import", "out/KEYS"]));
    let known = run_ok(fresh_gpg(&world).args(["--with-colons", "--list-keys"]));
    assert_eq!(known.matches("\npub:").count() + usize::from(known.starts_with("pub:")), 4);
    toml(&world, 4);
}

/// Reads the policy of sequoia-git as any reader of TOML does.
fn toml(world: &World, people: usize) -> String {
    let script = format!(
        "import tomllib; t = tomllib.load(open('out/openpgp-policy.toml', 'rb')); \
         assert t['version'] == 0 and t['commit_goodlist'] == []; \
         a = t['authorization']; assert len(a) == {people}, a; \
         open('blocks.asc', 'w').write(''.join(p['keyring'] for p in a.values())); \
         print(sorted((k for p in a.values() for k in p if k != 'keyring')))"
    );
    run_ok(Command::new("python3").args(["-c", &script]).current_dir(world.root()))
}

#[test]
fn sequoia_git_is_told_who_tags_and_who_signs_archives() {
    let world = World::new();
    export(&world, "sequoia-git", &PROJECT).ok();
    assert_eq!(toml(&world, 2), "['sign_archive', 'sign_tag']");
    let shown = sh(&world, "gpg --show-keys blocks.asc");
    assert!(shown.contains(&world.maintainer.certificate) && shown.contains(&world.release.certificate));
}

#[test]
fn a_web_key_directory_has_the_names_that_gpg_computes() {
    let world = World::new();
    let several = world.new_key("Ada Lovelace <Ada.Lovelace@Example.ORG>");
    run_ok(world.gpg().args(["--pinentry-mode", "loopback", "--passphrase", ""]).args([
        "--quick-add-uid",
        &several.certificate,
        "Ada <ada@work.example.net>",
    ]));
    world.vet(&several);
    fs::create_dir_all(world.path("out/.well-known/openpgpkey/example.org/hu")).unwrap();
    fs::write(world.path("out/.well-known/openpgpkey/example.org/hu/left"), "x").unwrap();
    let ran = export(&world, "wkd", &[]);
    assert_eq!(ran.ok().codes(), ["export-leftover"]);
    let base = world.path("out/.well-known/openpgpkey");
    for (address, domain, file) in [
        ("maintainer@example.org", "example.org", "maintainer@example.org"),
        ("ada.lovelace@example.org", "example.org", "Ada.Lovelace@Example.ORG"),
        ("ada@work.example.net", "work.example.net", "ada@work.example.net"),
    ] {
        let hashed = run_ok(world.gpg().args(["--with-wkd-hash", "--list-keys", file]));
        let domain_folder = base.join(domain);
        let name = hashed
            .lines()
            .map(str::trim)
            .find_map(|line| line.to_lowercase().strip_suffix(&format!("@{domain}")).map(String::from))
            .unwrap();
        assert!(fs::read(domain_folder.join("policy")).unwrap().is_empty());
        fs::copy(domain_folder.join("hu").join(&name), world.path("one.pgp"))
            .unwrap_or_else(|error| panic!("{address} {name}: {error}"));
        let shown = run_ok(world.gpg().args(["--show-keys"]).arg(world.path("one.pgp")));
        assert!(shown.to_lowercase().contains(address), "{shown}");
        assert_eq!(shown.matches("uid ").count(), 1, "no other address of the person: {shown}");
    }
}

#[test]
fn allowed_signers_of_a_policy_without_ssh_keys_are_refused() {
    let world = World::new();
    export(&world, "git-allowed-signers", &PROJECT).rejected_for("no-ssh-keys");
    assert!(!world.path("out").exists());
}

#[test]
fn git_verifies_tags_by_the_allowed_signers() {
    let world = World::new();
    let keygen = ["-q", "-N", "", "-t", "ed25519", "-C", "ada", "-f"];
    run_ok(Command::new("ssh-keygen").args(keygen).arg(world.path("ada")));
    let line = fs::read_to_string(world.path("ada.pub")).unwrap();
    let policy = fs::read_to_string(world.path("policy.yaml")).unwrap();
    let people =
        format!("people: [{{name: Ada L, ssh-keys: [\"{}\"]}}], not-after: 2027-01-01, note", line.trim());
    fs::write(world.path("policy.yaml"), policy.replacen("note", &people, 1)).unwrap();
    export(&world, "git-allowed-signers", &PROJECT).ok();
    let key: Vec<&str> = line.split_whitespace().take(2).collect();
    let expected = format!("Ada-L namespaces=\"git\",valid-before=\"20270101000000Z\" {}\n", key.join(" "));
    assert_eq!(text(&world, "allowed_signers"), expected);
    let signers = format!("gpg.ssh.allowedSignersFile={}", world.path("out/allowed_signers").display());
    let secret = format!("user.signingkey={}", world.path("ada").display());
    let ssh = ["-c", "gpg.format=ssh", "-c", &signers, "-c", &secret];
    world.git(&[&ssh[..], &["tag", "--sign", "--message", "By SSH", "v2.0"]].concat());
    world.git(&[&ssh[..], &["verify-tag", "v2.0"]].concat());
    fs::write(world.path("out/allowed_signers"), expected.replace("2027", "2025")).unwrap();
    let late = world.git_command().args(ssh).args(["verify-tag", "v2.0"]).output().unwrap();
    assert!(!late.status.success(), "the bounds of the group are in it");
}

#[test]
fn a_weak_ssh_key_is_not_handed_to_git() {
    let world = World::new();
    let keygen = ["-q", "-N", "", "-t", "rsa", "-b", "2048", "-C", "bob", "-f"];
    run_ok(Command::new("ssh-keygen").args(keygen).arg(world.path("bob")));
    let line = fs::read_to_string(world.path("bob.pub")).unwrap();
    let policy = fs::read_to_string(world.path("policy.yaml")).unwrap();
    let keys = format!("ssh-keys: [\"{}\"], note", line.trim());
    fs::write(world.path("policy.yaml"), policy.replacen("note", &keys, 1)).unwrap();
    let ran = export(&world, "git-allowed-signers", &PROJECT);
    ran.rejected_for("no-ssh-keys").rejected_for("export-left-out");
    let signer = format!("signer: {}", world.release.certificate);
    let text = fs::read_to_string(world.path("policy.yaml")).unwrap();
    let exception = format!("{signer}\n    signatures: {{weak-keys-until: 2026-02-01}}");
    fs::write(world.path("policy.yaml"), text.replace(&signer, &exception)).unwrap();
    assert_eq!(export(&world, "git-allowed-signers", &PROJECT).ok().codes(), [""; 0]);
    assert!(self::text(&world, "allowed_signers").contains("ssh-rsa"));
}

// Requests

struct Newcomer {
    key: Key,
    secret: Vec<u8>,
}

fn newcomer(world: &World) -> Newcomer {
    let key = world.new_key("Ada <ada@example.org>");
    let certificate = run_ok(world.gpg().args(["--armor", "--export", &key.certificate]));
    fs::write(world.path("ada.asc"), certificate + "\n").unwrap();
    let secret = world.secret_subkey(&key);
    Newcomer { key, secret }
}

fn request(world: &World, file: &str, more: &[&str], secret: &[u8]) -> Ran {
    let fixed = ["keyring", "request", "--certificate", "ada.asc", "--project", "example/hello"];
    let rest = ["--statement", "I maintain the hello module: \"Ada\"", "--request", file, "--at", NOW];
    world.with_input(&[&fixed[..], &rest, more].concat(), secret)
}

fn check(world: &World, file: &str, more: &[&str]) -> Ran {
    let fixed = ["keyring", "check", "--keyring", "keyring", "--policy", "policy.yaml", "--request", file];
    let at: &[&str] = if more.contains(&"--at") { &[] } else { &["--at", NOW] };
    world.countersign(&[&fixed[..], at, more].concat())
}

#[test]
fn a_request_is_signed_with_a_locked_key_that_comes_by_a_descriptor() {
    let world = World::new();
    let user = "Grace <grace@example.org>";
    let locked = ["--pinentry-mode", "loopback", "--passphrase", "several words of hers"];
    run_ok(world.gpg().args(locked).args(["--quick-generate-key", user, "ed25519", "cert", "1y"]));
    let fingerprint = |at: usize| {
        let listing = run_ok(world.gpg().args(["--with-colons", "--list-keys", user]));
        let line = listing.lines().filter(|line| line.starts_with("fpr:")).nth(at).unwrap();
        line.split(':').nth(9).unwrap().to_string()
    };
    run_ok(world.gpg().args(locked).args(["--quick-add-key", &fingerprint(0), "ed25519", "sign", "1y"]));
    run_ok(world.gpg().arg("--output").arg(world.path("ada.asc")).args(["--armor", "--export", user]));
    let subkey = format!("{}!", fingerprint(1));
    let secret = run_ok(world.gpg().args(locked).args(["--armor", "--export-secret-subkeys", &subkey]));
    fs::write(world.path("secret.asc"), secret).unwrap();
    fs::write(world.path("pass"), "several words of hers\n").unwrap();
    let made = |file: &str, more: &str| {
        let fixed = "--certificate ada.asc --project example/hello --statement why";
        let helper = support::helper();
        let script = format!(
            "exec {} keyring request {fixed} --request {file} --at {NOW} {more} 3<secret.asc 4<pass",
            helper.display()
        );
        Ran::of(Command::new("sh").args(["-c", &script]).current_dir(world.root()).output().unwrap())
    };
    made("a.yaml", "--key-fd 3").rejected_for("key-locked");
    assert_eq!(made("a.yaml", "--passphrase-fd 4").code, 2, "a passphrase of nothing");
    assert_eq!(made("a.yaml", "--key - --key-fd 3").code, 2);
    let signed = made("a.yaml", "--key-fd 3 --passphrase-fd 4");
    assert_eq!(signed.ok().result()["signature"], "a.yaml.asc");
    check(&world, "a.yaml", &[]).ok();
}

#[test]
fn a_request_goes_from_a_newcomer_through_review_into_the_keyring() {
    let world = World::new();
    let ada = newcomer(&world);
    let made = request(&world, "ada.yaml", &["--key", "-"], &ada.secret);
    assert_eq!(made.ok().result()["signature"], "ada.yaml.asc");
    let mut gpg = world.gpg();
    gpg.args(["--faked-system-time", "20260104T000000!", "--verify", "ada.yaml.asc", "ada.yaml"]);
    run_ok(gpg.current_dir(world.root()));
    let ran = check(&world, "ada.yaml", &[]);
    assert_eq!(ran.ok().result()["request"]["certificate"]["fingerprint"], ada.key.certificate.as_str());
    assert_eq!(ran.result()["request"]["statement"], "I maintain the hello module: \"Ada\"");
    let add = |fingerprint: &str| {
        let fixed = ["keyring", "add", "--keyring", "keyring", "--at", NOW, "--request", "ada.yaml"];
        let vetted = ["--vetted-by", "Grace", "--vetted-at", "2026-01-03", "--fingerprint", fingerprint];
        world.countersign(&[&fixed[..], &vetted].concat())
    };
    add(&world.stranger.certificate).rejected_for("fingerprint-mismatch");
    let added = add(&ada.key.certificate);
    assert_eq!(added.ok().result()["certificate"]["projects"][0], "example/hello");
    check(&world, "ada.yaml", &[]).rejected_for("certificate-already-there");
    request(&world, "ada.yaml", &["--key", "-"], &ada.secret).rejected_for("output-exists");
}

#[test]
fn a_request_may_be_signed_with_gpg() {
    let world = World::new();
    let ada = newcomer(&world);
    let made = request(&world, "ada.yaml", &[], b"");
    assert_eq!(made.ok().codes(), ["request-not-signed"]);
    check(&world, "ada.yaml", &[]).rejected_for("signature-missing");
    let user = format!("{}!", ada.key.subkey);
    run_ok(world.gpg().args(["--armor", "--detach-sign", "--local-user", &user]).arg(world.path("ada.yaml")));
    check(&world, "ada.yaml", &[]).ok();
}

#[test]
fn a_request_that_was_changed_or_is_another_s_is_refused() {
    let world = World::new();
    let ada = newcomer(&world);
    request(&world, "ada.yaml", &["--key", "-"], &ada.secret).ok();
    let good = fs::read_to_string(world.path("ada.yaml")).unwrap();
    let rewrite = |from: &str, to: &str| {
        assert!(good.contains(from));
        fs::write(world.path("ada.yaml"), good.replacen(from, to, 1)).unwrap();
    };
    rewrite("example/hello", "example/other");
    check(&world, "ada.yaml", &[]).rejected_for("bad-signature").rejected_for("unknown-project");
    rewrite("I maintain", "I own");
    check(&world, "ada.yaml", &[]).rejected_for("bad-signature");
    rewrite(&ada.key.certificate, &world.stranger.certificate);
    check(&world, "ada.yaml", &[]).rejected_for("fingerprint-mismatch");
    for (from, to) in
        [("date:", "role: \"admin\"\ndate:"), ("request@v1", "request@v9"), ("date: \"2", "date: \"x")]
    {
        rewrite(from, to);
        let ran = check(&world, "ada.yaml", &[]);
        assert_eq!((ran.code, ran.codes()), (2, vec!["bad-request"]));
    }
    fs::write(world.path("ada.yaml"), &good).unwrap();
    check(&world, "ada.yaml", &["--at", LATE]).rejected_for("certificate-expired");
    // Signed by somebody else.
    fs::remove_file(world.path("ada.yaml.asc")).unwrap();
    let user = format!("{}!", world.stranger.subkey);
    run_ok(world.gpg().args(["--armor", "--detach-sign", "--local-user", &user]).arg(world.path("ada.yaml")));
    check(&world, "ada.yaml", &[]).rejected_for("unknown-signer");
    let add =
        ["keyring", "add", "--keyring", "keyring", "--at", NOW, "--request", "ada.yaml", "--vetted-by", "G"];
    let rest = ["--vetted-at", "2026-01-03", "--fingerprint", &ada.key.certificate];
    world.countersign(&[&add[..], &rest].concat()).rejected_for("unknown-signer");
    assert!(!world.path("keyring/keyring.yaml").exists());
}

#[test]
fn a_request_is_not_made_with_a_wrong_key() {
    let world = World::new();
    let ada = newcomer(&world);
    let stranger = world.secret_subkey(&world.stranger);
    request(&world, "ada.yaml", &["--key", "-"], &stranger).rejected_for("wrong-signer");
    let all = run_ok(world.gpg().args(["--armor", "--export-secret-keys", &ada.key.certificate]));
    request(&world, "ada.yaml", &["--key", "-"], all.as_bytes()).rejected_for("primary-secret-present");
    let ran = request(&world, "ada.yaml", &["--key", "-", "--certificate", "gone.asc"], &ada.secret);
    assert_eq!(ran.code, 2);
    fs::write(world.path("ada.asc"), &ada.secret).unwrap();
    request(&world, "ada.yaml", &["--key", "-"], &ada.secret).rejected_for("keyring-secret-key");
    assert!(!world.path("ada.yaml").exists() && !world.path("ada.yaml.asc").exists());
}
