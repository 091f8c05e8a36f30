//! The keyring commands on certificates that the real gpg makes: what is
//! taken in, what is refused, and how the judge honours what was written down.

// Tests may panic: that is how they fail.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::disallowed_methods)]

mod support;

use serde_yaml::Value;
use std::fs;
use std::process::Command;
use support::{Key, LATE, NOW, Ran, World, helper, run_ok};

const VETTED: [&str; 4] = ["--vetted-by", "Grace, in person", "--vetted-at", "2026-01-02"];

fn export(world: &World, key: &Key, file: &str) {
    let certificate = run_ok(world.gpg().args(["--armor", "--export", &key.certificate]));
    fs::write(world.path(file), certificate + "\n").unwrap();
}

fn keyring(world: &World, verb: &str, more: &[&str]) -> Ran {
    let mut arguments = vec!["keyring", verb, "--keyring", "keyring"];
    if !more.contains(&"--at") {
        arguments.extend(["--at", NOW]);
    }
    arguments.extend(more);
    world.countersign(&arguments)
}

fn add(world: &World, file: &str, fingerprint: &str, more: &[&str]) -> Ran {
    let mut arguments = vec![file, "--fingerprint", fingerprint];
    arguments.extend(VETTED);
    arguments.extend(more);
    keyring(world, "add", &arguments)
}

fn state(world: &World, key: &Key, state: &str, more: &[&str]) -> Ran {
    let mut arguments = vec!["--state", state, "--fingerprint", &key.certificate];
    arguments.extend(more);
    keyring(world, "update", &arguments)
}

fn digest(world: &World) -> String {
    let line = "export LC_ALL=C; cd keyring; sha256sum [0-9A-F]* keyring.yaml 2>/dev/null | sort | sha256sum";
    run_ok(Command::new("sh").args(["-c", line]).current_dir(world.root()))[..64].into()
}

fn changes(ran: &Ran) -> Vec<String> {
    let all = ran.result()["changes"].as_sequence().unwrap();
    all.iter().map(|change| change["what"].as_str().unwrap().to_string()).collect()
}

/// gpg, half a day after the keys were made.
fn later(world: &World) -> Command {
    let mut gpg = world.gpg();
    gpg.args(["--faked-system-time", "20260102T120000!", "--pinentry-mode", "loopback", "--passphrase", ""]);
    gpg
}

fn unprotected(gpg: &mut Command) -> &mut Command {
    gpg.args(["--pinentry-mode", "loopback", "--passphrase", ""])
}

/// The revocation that gpg makes ready for each key, without the colon by
/// which it is kept from being used unintentionally.
fn revocation(world: &World, key: &Key) -> String {
    let home = world.gpg().get_envs().find_map(|(_, value)| value.map(std::path::PathBuf::from)).unwrap();
    let file = home.join(format!("openpgp-revocs.d/{}.rev", key.certificate));
    fs::read_to_string(&file).unwrap().replace(":-----BEGIN", "-----BEGIN")
}

fn revoke(world: &World, key: &Key) {
    fs::write(world.path("revocation"), revocation(world, key)).unwrap();
    run_ok(world.gpg().arg("--import").arg(world.path("revocation")));
}

#[test]
fn what_was_vetted_is_taken_in_and_written_down() {
    let world = World::new();
    let key = world.new_key("Ada <ada@example.org>");
    export(&world, &key, "ada.asc");
    let ran = add(&world, "ada.asc", &key.certificate, &["--person", "Ada", "--project", "example/hello"]);
    assert_eq!(ran.ok().document["changed"], Value::Bool(true));
    let told = &ran.result()["certificate"];
    assert_eq!(told["person"], "Ada");
    assert_eq!(told["usable"], true);
    assert_eq!(told["keys"][1]["fingerprint"], key.subkey.as_str());
    assert_eq!(ran.result()["keyring_sha256"], digest(&world).as_str());
    let text = fs::read_to_string(world.path("keyring/keyring.yaml")).unwrap();
    assert!(text.starts_with("format: \"countersign/keyring@v1\"\n"), "{text}");
    assert!(text.contains("state: \"active\"") && text.contains("vetted_by: \"Grace, in person\""), "{text}");

    // Again: nothing to do. Otherwise vetted: not silently.
    let same = ["--person", "Ada", "--project", "example/hello"];
    assert_eq!(add(&world, "ada.asc", &key.certificate, &same).ok().document["changed"], Value::Bool(false));
    add(&world, "ada.asc", &key.certificate, &[]).rejected_for("certificate-already-there");
    let listed = keyring(&world, "list", &[]);
    assert_eq!(listed.ok().result()["certificates"].as_sequence().unwrap().len(), 3);
    let shown = keyring(&world, "show", &[&key.certificate]);
    assert_eq!(shown.ok().result()["certificate"]["vetted_by"], "Grace, in person");
    assert_eq!(keyring(&world, "show", &[&world.stranger.certificate]).codes(), ["not-in-keyring"]);
    assert_eq!(world.judge("verify-tag", &[]).ok().result()["keyring_sha256"], digest(&world).as_str());
}

#[test]
fn a_folder_from_before_keeps_its_digest_and_can_be_taken_over() {
    let world = World::new();
    let before = digest(&world);
    let listed = keyring(&world, "list", &[]);
    assert_eq!(listed.ok().result()["keyring_sha256"], before.as_str());
    assert_eq!(listed.result()["certificates"][0]["state"], "active");
    let key = world.maintainer.clone();
    let file = format!("keyring/{}.asc", key.certificate);
    add(&world, &file, &key.certificate, &[]).ok();
    assert_ne!(digest(&world), before);
    let ran = keyring(&world, "check", &[]);
    assert_eq!(ran.ok().codes(), ["not-vetted"], "the release key is not vetted yet");
    let file = format!("keyring/{}.asc", world.release.certificate);
    add(&world, &file, &world.release.certificate, &[]).ok();
    assert!(keyring(&world, "check", &["--policy", "policy.yaml"]).ok().codes().is_empty());
}

#[test]
fn what_should_not_be_vetted_is_refused_and_leaves_nothing() {
    let world = World::new();
    let ada = world.new_key("Ada <ada@example.org>");
    export(&world, &ada, "ada.asc");
    export(&world, &world.stranger, "other.asc");
    let secret = run_ok(world.gpg().args(["--armor", "--export-secret-subkeys", &ada.certificate]));
    fs::write(world.path("secret.asc"), secret).unwrap();
    run_ok(
        world
            .gpg()
            .args(["--output"])
            .arg(world.path("secret.pgp"))
            .args(["--export-secret-subkeys", &ada.certificate]),
    );
    let both = [&ada.certificate, &world.stranger.certificate];
    let two = run_ok(world.gpg().args(["--armor", "--export"]).args(both));
    fs::write(world.path("two.asc"), two).unwrap();
    let text = |name: &str| fs::read_to_string(world.path(name)).unwrap();
    fs::write(world.path("blocks.asc"), text("ada.asc") + &text("other.asc")).unwrap();
    fs::write(world.path("prose.asc"), String::from("Ada's key:\n") + &text("ada.asc")).unwrap();
    fs::write(world.path("garbage.asc"), [0x99, 1, 2, 3, 0xff]).unwrap();
    fs::write(world.path("empty.asc"), "").unwrap();
    fs::write(world.path("cut.asc"), &text("ada.asc")[..300]).unwrap();
    let before = world.names("keyring");
    for (file, code) in [
        ("other.asc", "fingerprint-mismatch"),
        ("secret.asc", "keyring-secret-key"),
        ("secret.pgp", "keyring-secret-key"),
        ("two.asc", "keyring-several-certificates"),
        ("blocks.asc", "keyring-several-certificates"),
        ("prose.asc", "keyring-not-a-certificate"),
        ("garbage.asc", "keyring-not-a-certificate"),
        ("empty.asc", "keyring-not-a-certificate"),
        ("cut.asc", "keyring-not-a-certificate"),
    ] {
        assert_eq!(add(&world, file, &ada.certificate, &[]).rejected_for(code).codes(), [code], "{file}");
        assert_eq!(world.names("keyring"), before, "{file}");
    }
    add(&world, "ada.asc", &ada.certificate, &["--at", LATE]).rejected_for("certificate-expired");
    let tomorrow = ["--vetted-by", "x", "--vetted-at", "2026-01-05"];
    let arguments = [&["ada.asc", "--fingerprint", &ada.certificate][..], &tomorrow].concat();
    keyring(&world, "add", &arguments).rejected_for("vetted-in-future");
    fs::write(world.path("huge.asc"), vec![b'A'; 3 << 20]).unwrap();
    let huge = add(&world, "huge.asc", &ada.certificate, &[]);
    assert_eq!((huge.code, huge.codes()), (2, vec!["file-too-large"]));
    let short = keyring(
        &world,
        "add",
        &[
            "ada.asc",
            "--fingerprint",
            &ada.certificate[24..],
            "--vetted-by",
            "x",
            "--vetted-at",
            "2026-01-02",
        ],
    );
    assert_eq!(short.code, 2, "a key id is no fingerprint");
    assert_eq!(world.names("keyring"), before);
}

#[test]
fn weak_revoked_and_useless_keys_are_refused() {
    let world = World::new();
    for (algorithm, user) in
        [("rsa1024", "One"), ("dsa1024", "Two"), ("rsa2048", "Three"), ("nistp256", "Four")]
    {
        let user = format!("{user} <x@example.org>");
        run_ok(unprotected(&mut world.gpg()).args(["--quick-generate-key", &user, algorithm, "sign", "1y"]));
        let listing = run_ok(world.gpg().args(["--with-colons", "--list-keys", &user]));
        let line = listing.lines().find(|line| line.starts_with("fpr:")).unwrap();
        let certificate = line.split(':').nth(9).unwrap().to_string();
        export(&world, &Key { certificate: certificate.clone(), subkey: String::new() }, "weak.asc");
        add(&world, "weak.asc", &certificate, &[]).rejected_for("weak-key");
    }
    run_ok(unprotected(&mut world.gpg()).args([
        "--quick-generate-key",
        "Certifier",
        "ed25519",
        "cert",
        "1y",
    ]));
    let listing = run_ok(world.gpg().args(["--with-colons", "--list-keys", "Certifier"]));
    let certificate =
        listing.lines().find(|line| line.starts_with("fpr:")).unwrap().split(':').nth(9).unwrap();
    export(&world, &Key { certificate: certificate.into(), subkey: String::new() }, "only.asc");
    add(&world, "only.asc", certificate, &[]).rejected_for("no-usable-key");
    let ada = world.new_key("Ada <ada@example.org>");
    revoke(&world, &ada);
    export(&world, &ada, "ada.asc");
    add(&world, "ada.asc", &ada.certificate, &[]).rejected_for("certificate-compromised");
    assert!(!world.path("keyring/keyring.yaml").exists());
}

#[test]
fn an_update_merges_and_never_loses_a_revocation() {
    let world = World::new();
    let ada = world.new_key("Ada <ada@example.org>");
    export(&world, &ada, "old.asc");
    add(&world, "old.asc", &ada.certificate, &[]).ok();
    let same = keyring(&world, "update", &["old.asc"]);
    assert_eq!((same.ok().document["changed"].as_bool(), changes(&same).len()), (Some(false), 0));

    run_ok(later(&world).args(["--quick-set-expire", &ada.certificate, "3y"]));
    run_ok(later(&world).args(["--quick-add-key", &ada.certificate, "ed25519", "sign", "2y"]));
    run_ok(later(&world).args(["--quick-add-uid", &ada.certificate, "Ada <ada@example.net>"]));
    export(&world, &ada, "new.asc");
    let ran = keyring(&world, "update", &["new.asc"]);
    let mut told = changes(ran.ok());
    told.sort();
    assert_eq!(told, ["expiry", "subkey", "user id"], "{}", ran.stdout);
    assert_eq!(keyring(&world, "update", &["old.asc"]).ok().document["changed"], Value::Bool(false));

    revoke(&world, &ada);
    export(&world, &ada, "revoked.asc");
    assert_eq!(changes(keyring(&world, "update", &["revoked.asc"]).ok()), ["revocation"]);
    let held = fs::read(world.path(&format!("keyring/{}.asc", ada.certificate))).unwrap();
    // Somebody offers the copy from before the revocation.
    for older in ["old.asc", "new.asc"] {
        let ran = keyring(&world, "update", &[older]);
        assert_eq!(ran.ok().document["changed"], Value::Bool(false));
        assert_eq!(ran.result()["certificate"]["keys"][0]["problem"], "certificate-compromised");
    }
    assert_eq!(fs::read(world.path(&format!("keyring/{}.asc", ada.certificate))).unwrap(), held);
    assert!(keyring(&world, "check", &[]).ok().codes().contains(&"state-conflict"));

    // What brings no certificate of this keyring, or not the one meant.
    export(&world, &world.stranger, "other.asc");
    assert_eq!(keyring(&world, "update", &["other.asc"]).codes(), ["not-in-keyring"]);
    let wanted = ["new.asc", "--fingerprint", &world.release.certificate];
    keyring(&world, "update", &wanted).rejected_for("fingerprint-mismatch");
    fs::write(world.path("garbage.asc"), "nothing").unwrap();
    keyring(&world, "update", &["garbage.asc"]).rejected_for("keyring-not-a-certificate");
}

#[test]
fn a_revocation_alone_is_taken_up_where_it_belongs() {
    let world = World::new();
    let (ada, eve) = (world.new_key("Ada <ada@example.org>"), world.new_key("Eve <eve@example.org>"));
    for key in [&ada, &eve] {
        export(&world, key, "one.asc");
        add(&world, "one.asc", &key.certificate, &[]).ok();
    }
    fs::write(world.path("ada.rev"), revocation(&world, &ada)).unwrap();
    // Alone it says nothing of what it is about, and it is about nobody else.
    keyring(&world, "update", &["ada.rev"]).rejected_for("keyring-not-a-certificate");
    let other = ["ada.rev", "--fingerprint", &eve.certificate];
    keyring(&world, "update", &other).rejected_for("keyring-not-a-certificate");
    let right = ["ada.rev", "--fingerprint", &ada.certificate];
    assert_eq!(changes(keyring(&world, "update", &right).ok()), ["revocation"]);
    assert_eq!(keyring(&world, "update", &right).ok().document["changed"], Value::Bool(false));
    let usable =
        |key: &Key| keyring(&world, "show", &[&key.certificate]).result()["certificate"]["usable"].clone();
    assert_eq!((usable(&ada), usable(&eve)), (Value::Bool(false), Value::Bool(true)));
}

#[test]
fn user_ids_that_the_owner_never_signed_are_not_taken_in() {
    let world = World::new();
    let ada = world.new_key("Ada <ada@example.org>");
    run_ok(world.gpg().arg("--output").arg(world.path("ada.pgp")).args(["--export", &ada.certificate]));
    let mut bytes = fs::read(world.path("ada.pgp")).unwrap();
    let foreign = b"Linus <linus@example.org>";
    // A user id packet (RFC 9580, 5.12) without any signature.
    bytes.extend([0xcd, u8::try_from(foreign.len()).unwrap()]);
    bytes.extend(foreign);
    fs::write(world.path("forged.pgp"), bytes).unwrap();
    add(&world, "forged.pgp", &ada.certificate, &[]).ok();
    let held = fs::read(world.path(&format!("keyring/{}.asc", ada.certificate))).unwrap();
    fs::write(world.path("held.asc"), held).unwrap();
    let packets = run_ok(world.gpg().arg("--list-packets").arg(world.path("held.asc")));
    assert!(packets.contains("ada@example.org") && !packets.contains("linus"), "{packets}");
    assert_eq!(keyring(&world, "update", &["forged.pgp"]).ok().document["changed"], Value::Bool(false));
}

#[test]
fn a_retired_signer_signs_nothing_new_and_its_old_releases_stay_good() {
    let world = World::new();
    world.sign("dist", &[]).ok();
    world.publish("dist", &[]).ok();
    let verify = |mode: &str, at: &str| {
        world.countersign(&[
            "verify",
            "--keyring",
            "keyring",
            "--mode",
            mode,
            "--at",
            at,
            "site/example/hello",
        ])
    };
    verify("archive", NOW).ok();
    // From tomorrow on: nothing changes yet.
    state(&world, &world.release, "retired", &["--since", "2026-01-04"]).ok();
    verify("release", NOW).ok();
    verify("release", "2026-01-05").rejected_for("signer-retired");
    verify("archive", "2026-01-05").rejected_for("age-unproven");
    let believed = ["verify", "--keyring", "keyring", "--age", "claimed", "--at", "2026-01-05"];
    let old = world.countersign(&[&believed[..], &["site/example/hello"]].concat());
    assert!(old.ok().codes().iter().all(|code| *code == "age-unproven"), "{:?}", old.codes());
    // Before the signature was made: it was made too late.
    state(&world, &world.release, "retired", &["--since", "2026-01-02"]).ok();
    verify("archive", NOW).rejected_for("signed-after-retirement");
    fs::create_dir(world.path("again")).unwrap();
    world.build("again");
    world.sign("again", &[]).rejected_for("signer-retired");
    // Tags are judged by the same rule.
    state(&world, &world.maintainer, "retired", &["--since", "2026-01-03"]).ok();
    world.judge("verify-tag", &[]).rejected_for("signer-retired");
    state(&world, &world.maintainer, "active", &[]).ok();
    world.judge("verify-tag", &[]).ok();
}

/// A certificate that signs by itself, made late in the world's year.
fn keeper(world: &World) -> String {
    let made = ["--faked-system-time", "20261201T000000!", "--pinentry-mode", "loopback", "--passphrase", ""];
    let user = "Keeper <keeper@example.org>";
    run_ok(world.gpg().args(made).args(["--quick-generate-key", user, "ed25519", "sign", "2y"]));
    let listing = run_ok(world.gpg().args(["--with-colons", "--list-keys", user]));
    listing.lines().find_map(|line| line.strip_prefix("fpr:::::::::")).unwrap().trim_end_matches(':').into()
}

/// Has `key` sign a file, at a time of gpg's.
fn sign_list(world: &World, file: &str, key: &str, time: &str) {
    let at = format!("{time}T000000!");
    let mut gpg = world.gpg();
    gpg.args(["--yes", "--armor", "--faked-system-time", &at, "--detach-sign", "--local-user", key]);
    run_ok(gpg.arg(world.path(file)));
}

#[test]
fn a_key_that_ended_vouches_for_nothing_without_proof_of_age() {
    let world = World::new();
    world.sign("dist", &[]).ok();
    world.publish("dist", &[]).ok();
    let verify = |more: &[&str]| {
        let fixed = ["verify", "--keyring", "keyring", "--at", LATE, "site/example/hello"];
        world.countersign(&[&fixed[..], more].concat())
    };
    let list = |folder: &str, name: &str| {
        let line = format!("cd {folder} && sha256sum *.asc > \"$OLDPWD/{name}\"");
        run_ok(Command::new("sh").args(["-c", &line]).current_dir(world.root()));
    };
    // Whoever has the old key chooses the date, so these two look the same.
    verify(&[]).rejected_for("age-unproven");
    let believed = verify(&["--age", "claimed"]);
    assert!(believed.ok().codes().iter().all(|code| *code == "age-unproven"), "{:?}", believed.codes());

    let keeper = keeper(&world);
    let public = run_ok(world.gpg().args(["--armor", "--export", &keeper])) + "\n";
    let file = format!("keyring/{keeper}.asc");
    list("site/example/hello", "ages");
    let proof = ["--age-proof", "ages"];
    verify(&proof).rejected_for("signature-missing");
    sign_list(&world, "ages", &keeper, "20261215");
    verify(&proof).rejected_for("unknown-signer");
    fs::write(world.path(&file), &public).unwrap();
    let ran = verify(&proof);
    assert_eq!(ran.ok().codes(), [""; 0]);
    assert_eq!(ran.result()["age_proofs"][0]["seen"], "2026-12-15T00:00:00Z");
    // It was not there when somebody could have looked.
    sign_list(&world, "ages", &keeper, "20270201");
    verify(&proof).rejected_for("age-unproven");
    // The old key's own word, dated back as well.
    sign_list(&world, "ages", &world.release.subkey, "20260601");
    verify(&proof).rejected_for("age-unproven");
    sign_list(&world, "ages", &keeper, "20261215");
    // What was signed with the old key afterwards is in no list.
    let evil = world.path("evil.tar.gz");
    fs::write(&evil, "evil").unwrap();
    sign_list(&world, "evil.tar.gz", &world.release.subkey, "20260601");
    verify(&["--age-proof", "ages", "evil.tar.gz"]).rejected_for("age-unproven");
    verify(&["--age", "claimed", "evil.tar.gz"]).ok();
    // A list that nobody signed in this form.
    let good = fs::read_to_string(world.path("ages")).unwrap();
    fs::write(world.path("ages"), format!("{good}{}  evil.tar.gz.asc\n", "0".repeat(64))).unwrap();
    verify(&proof).rejected_for("bad-signature");
    fs::write(world.path("ages"), "no list\n").unwrap();
    sign_list(&world, "ages", &keeper, "20261215");
    verify(&proof).rejected_for("bad-checksum-list");
    // Only for its own question.
    verify(&["--age-proof", "ages", "--mode", "release"]).failed_for("usage");
    verify(&["--age", "claimed", "--mode", "release"]).failed_for("usage");
}

#[test]
fn the_releases_of_a_former_signer_stay_good_and_it_signs_no_more() {
    let world = World::new();
    world.sign("dist", &[]).ok();
    world.vet(&world.stranger);
    let (old, new) = (&world.release.certificate, &world.stranger.certificate);
    let text = fs::read_to_string(world.path("policy.yaml")).unwrap();
    let write = |signers: &str| {
        let line = format!("    {signers}\n");
        fs::write(world.path("policy.yaml"), text.replace(&format!("    signer: {old}\n"), &line)).unwrap();
    };
    let run = |command: &[&str], more: &[&str]| {
        let rules = ["--keyring", "keyring", "--policy", "policy.yaml", "--at", NOW];
        world.countersign(&[command, &rules[..], more].concat())
    };
    let verify = |mode: &str| run(&["verify", "dist"], &["--project", "example/hello", "--mode", mode]);
    write(&format!("signer: {new}"));
    verify("archive").rejected_for("signer-not-allowed");
    write(&format!("signer: {new}\n    former-signers: [{old}]"));
    verify("archive").ok();
    verify("release").rejected_for("signer-not-allowed");
    fs::create_dir(world.path("again")).unwrap();
    world.build("again");
    world.sign("again", &[]).rejected_for("wrong-signer");
    // It is in use, and only those who verify old releases get it.
    assert_eq!(run(&["keyring", "check"], &[]).ok().codes(), [""; 0]);
    let remove = run(&["keyring", "remove", old], &[]);
    assert!(remove.rejected_for("certificate-in-use").stdout.contains("former-signers"));
    let exported = |format: &str| {
        let export = ["--project", "example/hello", "--output-dir", "out", "--format", format];
        let ran = run(&["keyring", "export"], &export);
        let all = ran.ok().result()["certificates"].as_sequence().unwrap().clone();
        all.iter().any(|certificate| serde_yaml::to_string(certificate).unwrap().contains(old.as_str()))
    };
    assert!(exported("keys") && !exported("debian") && !exported("arch"));
    // Until it ends it could sign more, and date it back.
    let rules = ["--policy", "policy.yaml", "--keyring", "keyring", "--at", NOW];
    let check = || world.countersign(&[&["policy", "check"], &rules[..]].concat());
    assert_eq!(check().ok().codes(), ["former-signer-alive"]);
    state(&world, &world.release, "retired", &[]).ok();
    assert_eq!(check().ok().codes(), [""; 0]);
    for twice in [format!("[{old}, {old}]"), format!("[{new}]")] {
        write(&format!("signer: {new}\n    former-signers: {twice}"));
        verify("archive").failed_for("bad-policy");
    }
}

#[test]
fn lists_of_signatures_prove_each_other_s_age() {
    let world = World::new();
    world.vet(&world.stranger);
    world.sign("dist", &[]).ok();
    let keeper = keeper(&world);
    let public = run_ok(world.gpg().args(["--armor", "--export", &keeper])) + "\n";
    fs::write(world.path(&format!("keyring/{keeper}.asc")), public).unwrap();
    let digests = |files: &str, name: &str| {
        let line = format!("for f in {files}; do sha256sum < $f | sed \"s/-$/${{f##*/}}/\"; done > {name}");
        run_ok(Command::new("sh").args(["-c", &line]).current_dir(world.root()));
    };
    digests("dist/*.asc", "first");
    sign_list(&world, "first", &world.stranger.subkey, "20260601");
    let verify = |more: &[&str]| {
        let fixed = ["verify", "--keyring", "keyring", "--at", LATE, "dist"];
        world.countersign(&[&fixed[..], more].concat())
    };
    // Its own signer has ended since.
    verify(&["--age-proof", "first"]).rejected_for("age-unproven");
    digests("first.asc", "second");
    sign_list(&world, "second", &keeper, "20261215");
    for order in [["first", "second"], ["second", "first"]] {
        let ran = verify(&["--age-proof", order[0], "--age-proof", order[1]]);
        assert_eq!(ran.ok().codes(), [""; 0]);
        assert_eq!(ran.result()["age_proofs"].as_sequence().unwrap().len(), 2);
    }
    verify(&["--age-proof", "second"]).rejected_for("age-unproven");
    // For a project only who was vetted for it can prove anything.
    let project = |proof: &str| {
        verify(&["--age-proof", proof, "--policy", "policy.yaml", "--project", "example/hello"])
    };
    digests("dist/*.asc", "ages");
    sign_list(&world, "ages", &keeper, "20261215");
    project("ages").ok();
    let entry = format!("certificates: {{\"{keeper}\": {{state: active, projects: [example/other]}}}}\n");
    let text = format!("format: countersign/keyring@v1\n{entry}");
    fs::write(world.path("keyring/keyring.yaml"), text).unwrap();
    let ran = project("ages");
    ran.rejected_for("signer-not-allowed").rejected_for("age-unproven");
}

#[test]
fn nothing_that_a_compromised_certificate_signed_counts() {
    let world = World::new();
    world.sign("dist", &[]).ok();
    let ran = state(&world, &world.release, "compromised", &["--note", "laptop stolen"]);
    assert_eq!(changes(ran.ok()), ["state"]);
    let again = state(&world, &world.release, "compromised", &["--at", "2026-02-01"]);
    assert_eq!(again.ok().document["changed"], Value::Bool(false), "its date stays");
    for mode in ["archive", "release"] {
        let verify = ["verify", "--keyring", "keyring", "--mode", mode, "--at", NOW, "dist"];
        let ran = world.countersign(&verify);
        ran.rejected_for("signer-compromised");
        assert!(ran.stderr.contains("is marked as compromised in the keyring since"), "{}", ran.stderr);
    }
    world.publish("dist", &[]).rejected_for("signer-compromised");
    state(&world, &world.release, "active", &[]).rejected_for("signer-compromised");
    let retired = state(&world, &world.release, "retired", &[]);
    let told = "is marked as compromised in the keyring since";
    assert!(retired.rejected_for("signer-compromised").stderr.contains(told), "{}", retired.stderr);
    assert!(keyring(&world, "check", &["--policy", "policy.yaml"]).ok().codes().contains(&"state-conflict"));
    // Removed, it stays known, and does not come back.
    export(&world, &world.release, "release.asc");
    keyring(&world, "remove", &[&world.release.certificate]).ok();
    add(&world, "release.asc", &world.release.certificate, &[]).rejected_for("signer-compromised");
}

#[test]
fn who_was_vetted_for_one_project_does_not_release_another() {
    let world = World::new();
    for key in [&world.maintainer, &world.release] {
        let file = format!("keyring/{}.asc", key.certificate);
        add(&world, &file, &key.certificate, &["--project", "example/other"]).ok();
    }
    world.judge("verify-tag", &[]).rejected_for("signer-not-allowed");
    let ran = keyring(&world, "check", &["--policy", "policy.yaml"]);
    assert_eq!(ran.ok().codes(), ["not-vetted-for-project"; 2]);
}

#[test]
fn a_binary_file_stays_one() {
    let world = World::new();
    let (key, name) = (&world.maintainer, format!("keyring/{}", world.maintainer.certificate));
    fs::remove_file(world.path(&format!("{name}.asc"))).unwrap();
    let mut gpg = world.gpg();
    run_ok(gpg.arg("--output").arg(world.path(&format!("{name}.pgp"))).args(["--export", &key.certificate]));
    run_ok(later(&world).args(["--quick-set-expire", &key.certificate, "3y"]));
    export(&world, key, "new.asc");
    assert_eq!(changes(keyring(&world, "update", &["new.asc"]).ok()), ["expiry"]);
    assert_eq!(world.names("keyring").len(), 2);
    assert!(fs::read(world.path(&format!("{name}.pgp"))).unwrap()[0] & 0x80 != 0, "no armour");
    world.judge("verify-tag", &[]).ok();
}

#[test]
fn a_record_made_under_other_states_signs_nothing() {
    let world = World::new();
    let validated = world.judge("validate", &["--artifacts", "dist", "--record", "record.yaml"]);
    let sha256 = validated.ok().result()["record"]["sha256"].as_str().unwrap().to_string();
    // Nothing that matters for this release, but what was judged by is another keyring now.
    let file = format!("keyring/{}.asc", world.release.certificate);
    add(&world, &file, &world.release.certificate, &[]).ok();
    let record = ["sign", "--record", "record.yaml", "--record-sha256", &sha256];
    let rest = ["--artifacts", "dist", "--key", "-"];
    let secret = world.secret_subkey(&world.release);
    let ran = world.with_input(&[&record[..], &support::RULES, &rest].concat(), &secret);
    ran.rejected_for("record-keyring-differs");
}

#[test]
fn removing_asks_the_policy_first() {
    let world = World::new();
    let (maintainer, stranger) = (&world.maintainer.certificate, &world.stranger.certificate);
    keyring(&world, "remove", &[maintainer, "--policy", "policy.yaml"]).rejected_for("certificate-in-use");
    assert_eq!(world.names("keyring").len(), 2);
    export(&world, &world.stranger, "stranger.asc");
    add(&world, "stranger.asc", stranger, &[]).ok();
    let gone = keyring(&world, "remove", &[stranger, "--policy", "policy.yaml"]);
    assert_eq!(gone.ok().document["changed"], Value::Bool(true));
    assert!(!fs::read_to_string(world.path("keyring/keyring.yaml")).unwrap().contains(stranger.as_str()));
    let again = keyring(&world, "remove", &[stranger, "--policy", "policy.yaml"]);
    assert_eq!(again.ok().document["changed"], Value::Bool(false));
}

#[test]
fn check_tells_what_breaks_soon_and_what_does_not_fit() {
    let world = World::new();
    world.vet(&world.stranger);
    let check = |more: &[&str]| keyring(&world, "check", &[&["--policy", "policy.yaml"], more].concat());
    assert_eq!(check(&[]).ok().codes(), ["unused-certificate"]);
    assert_eq!(
        check(&["--within", "365d"]).ok().codes(),
        ["expires-soon", "expires-soon", "expires-soon", "unused-certificate"]
    );
    let late = check(&["--at", LATE]);
    assert_eq!(
        late.ok().codes(),
        ["group-without-usable-key", "no-usable-key", "no-usable-key", "no-usable-key", "unused-certificate"]
    );
    fs::remove_file(world.path(&format!("keyring/{}.asc", world.maintainer.certificate))).unwrap();
    check(&[]).rejected_for("certificate-not-in-keyring").rejected_for("group-without-usable-key");
    // An entry whose certificate went by hand.
    export(&world, &world.maintainer, "maintainer.asc");
    add(&world, "maintainer.asc", &world.maintainer.certificate, &[]).ok();
    fs::remove_file(world.path(&format!("keyring/{}.asc", world.maintainer.certificate))).unwrap();
    check(&[]).rejected_for("state-conflict");
}

#[test]
fn a_hostile_folder_or_document_is_refused_by_every_command() {
    let world = World::new();
    let path = world.path("keyring/keyring.yaml");
    let all = |code: &str, exit: i32| {
        let certificate = world.maintainer.certificate.as_str();
        for (verb, more) in [
            ("list", vec![]),
            ("show", vec![certificate]),
            ("check", vec![]),
            ("remove", vec![certificate]),
            ("update", vec!["--state", "retired", "--fingerprint", certificate]),
            ("export", vec!["--format", "keys", "--output-dir", "out"]),
        ] {
            let ran = keyring(&world, verb, &more);
            assert_eq!((ran.code, ran.codes()), (exit, vec![code]), "{verb}: {}", ran.stderr);
        }
        let tag = world.judge("verify-tag", &[]);
        assert_eq!((tag.code, tag.codes()), (exit, vec![code]), "{}", tag.stderr);
    };
    let head = "format: countersign/keyring@v1\ncertificates:\n";
    let entry = format!("  {}: {{state: active", world.maintainer.certificate);
    for text in [
        "".to_string(),
        "certificates: {}\n".into(),
        format!("{head}{entry}, admin: true}}\n"),
        format!("{head}{entry}, since: 2026-01-01}}\n"),
        format!("{head}{entry}}}\n{entry}}}\n"),
        format!("{head}  *: &x [*x]\n"),
        "\0".into(),
    ] {
        fs::write(&path, text).unwrap();
        all("bad-keyring", 2);
    }
    fs::write(&path, vec![b'#'; (16 << 20) + 1]).unwrap();
    all("file-too-large", 3);
    fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink("../policy.yaml", &path).unwrap();
    all("not-a-regular-file", 3);
    fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", world.path("keyring/0123.asc")).unwrap();
    all("not-a-regular-file", 3);
    fs::remove_file(world.path("keyring/0123.asc")).unwrap();
    fs::write(world.path("keyring/alice.asc"), "x").unwrap();
    all("keyring-file-name", 2);
}

#[test]
fn a_killed_run_leaves_a_keyring_and_two_runs_exclude_each_other() {
    let world = World::new();
    fs::write(world.path("keyring/.countersign-abc.tmp"), "half").unwrap();
    world.judge("verify-tag", &[]).ok();
    state(&world, &world.maintainer, "retired", &["--since", "2026-01-03"]).ok();
    assert!(!world.path("keyring/.countersign-abc.tmp").exists());
    let output = Command::new("flock")
        .arg("keyring")
        .arg(helper())
        .args(["keyring", "remove", "--keyring", "keyring", "--at", NOW, &world.maintainer.certificate])
        .current_dir(world.root())
        .output()
        .unwrap();
    let ran = Ran::of(output);
    assert_eq!((ran.code, ran.codes()), (3, vec!["keyring-locked"]));
    assert_eq!(ran.document["retryable"], Value::Bool(true));
}
