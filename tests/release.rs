//! The pipeline as its users run it: validate, sign, verify, publish, and the
//! ways in which each says no.

// Tests may panic: that is how they fail.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::disallowed_methods)]

mod support;

use std::fs;
use std::process::Command;
use support::{LATE, NOW, RULES, SOURCE, World, run_ok};

#[test]
fn a_good_release_goes_all_the_way_and_others_can_check_it() {
    let world = World::new();
    world.judge("verify-tag", &[]).ok();
    world.judge("validate", &["--artifacts", "dist"]).ok();
    let signed = world.sign("dist", &[]);
    assert_eq!(signed.ok().document["changed"], true);
    let names = [
        "hello-1.0.SHA256SUMS",
        "hello-1.0.SHA256SUMS.asc",
        "hello-1.0.tar.gz",
        "hello-1.0.tar.gz.asc",
        "hello-1.0.tar.gz.validation.yaml",
    ];
    assert_eq!(world.names("dist"), names);
    world.verify(&["dist"], &["--mode", "release"]).ok();

    assert_eq!(world.publish("dist", &[]).ok().document["changed"], true);
    assert_eq!(world.names("site/example/hello"), names);
    assert_eq!(world.publish("dist", &[]).ok().document["changed"], false, "already so");
    world.verify(&["site/example/hello"], &[]).ok();
    world.verify(&["site/example/hello/hello-1.0.tar.gz"], &[]).ok();

    // Those who do not have countersign.
    let place = world.path("site/example/hello");
    for name in ["hello-1.0.tar.gz", "hello-1.0.SHA256SUMS"] {
        run_ok(world.gpg().current_dir(&place).args(["--verify", &format!("{name}.asc"), name]));
        let keyring = world.path("keyring").join(format!("{}.asc", world.release.certificate));
        run_ok(
            Command::new("sqv")
                .current_dir(&place)
                .arg("--keyring")
                .arg(keyring)
                .args([&format!("{name}.asc"), name]),
        );
    }
    run_ok(Command::new("sha256sum").current_dir(&place).args([
        "--check",
        "--strict",
        "hello-1.0.SHA256SUMS",
    ]));
}

#[test]
fn the_record_is_the_same_for_everyone_who_makes_it_again() {
    let world = World::new();
    world.sign("dist", &[]).ok();
    let made_again = ["--artifacts", "dist", "--record", "record.yaml"];
    assert_eq!(world.judge("validate", &made_again).ok().document["changed"], true);
    assert_eq!(world.judge("validate", &made_again).ok().document["changed"], false);
    let published = fs::read(world.path("dist/hello-1.0.tar.gz.validation.yaml")).unwrap();
    assert_eq!(fs::read(world.path("record.yaml")).unwrap(), published);
}

#[test]
fn a_changed_byte_an_added_file_and_a_lost_file_are_refused() {
    let world = World::new();
    let forge = |name: &str, script: &str| {
        let unpacked = world.path(name).join("hello-1.0");
        fs::create_dir_all(&unpacked).unwrap();
        let tarball = world.path("dist/hello-1.0.tar.gz");
        run_ok(Command::new("tar").arg("-xzf").arg(tarball).arg("-C").arg(world.path(name)));
        run_ok(Command::new("sh").args(["-ec", script]).current_dir(&unpacked));
        run_ok(
            Command::new("tar").args(["-czf", "hello-1.0.tar.gz", "hello-1.0"]).current_dir(world.path(name)),
        );
        fs::remove_dir_all(unpacked).unwrap();
        let ran = world.sign(name, &[]);
        assert_eq!(world.names(name), ["hello-1.0.tar.gz"], "nothing is signed");
        ran
    };
    forge("flip", "printf x | dd of=README conv=notrunc status=none").rejected_for("modified-file");
    forge("add", "mkdir m4; echo evil > m4/build-to-host.m4").rejected_for("unexplained-file");
    forge("lose", "rm README").rejected_for("missing-file");
    forge("mode", "chmod +x README").rejected_for("mode-differs");
    forge("relink", "ln -sf /etc/passwd link.c").rejected_for("modified-file");
    forge("folder", "mkdir empty").rejected_for("unexplained-folder");
}

#[test]
fn tags_that_nobody_vetted_signed_are_refused() {
    let world = World::new();
    let refused = |code: &str| {
        world.judge("verify-tag", &[]).rejected_for(code);
        world.sign("dist", &[]).rejected_for(code);
        assert_eq!(world.names("dist"), ["hello-1.0.tar.gz"]);
    };
    world.tag("v1.0", &world.stranger);
    refused("unknown-signer");
    let told = world.judge("verify-tag", &[]);
    // gpg names its key twice, whole and by its end.
    let named = format!("found one that names {}\n", world.stranger.subkey);
    assert!(told.stderr.contains(&named), "{}", told.stderr);
    world.vet(&world.stranger);
    refused("signer-not-allowed");
    world.tag("v1.0", &world.release);
    refused("signer-not-allowed");
    world.git(&["tag", "--force", "v1.0"]);
    refused("tag-not-annotated");
    world.git(&["tag", "--force", "--annotate", "--message", "unsigned", "v1.0"]);
    refused("tag-not-signed");
    world.tag("v2.0", &world.maintainer);
    world.git(&["update-ref", "refs/tags/v1.0", "refs/tags/v2.0"]);
    refused("tag-name-mismatch");
    world.git(&["tag", "--delete", "v1.0"]);
    refused("tag-not-found");
    world.git(&["tag", "v1.0", "HEAD^{tree}"]);
    refused("tag-target-not-commit");
}

#[test]
fn other_kinds_of_tag_signatures_are_told_apart_from_none() {
    let world = World::new();
    let key = world.path("ssh-key");
    run_ok(Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&key));
    let signing_key = format!("user.signingkey={}", key.display());
    let config = ["-c", "gpg.format=ssh", "-c", &signing_key];
    world.git(&[&config[..], &["tag", "--sign", "--force", "--message", "ssh", "v1.0"]].concat());
    world.judge("verify-tag", &[]).rejected_for("ssh-unknown-key");
    // What gpgsm and gitsign put there differs from OpenPGP by its armour.
    world.tag("v1.0", &world.maintainer);
    let cms = world.git(&["cat-file", "tag", "v1.0"]).replace("PGP SIGNATURE", "SIGNED MESSAGE") + "\n";
    fs::write(world.path("cms"), cms).unwrap();
    let id = world.git(&["hash-object", "-t", "tag", "-w", world.path("cms").to_str().unwrap()]);
    world.git(&["update-ref", "refs/tags/v1.0", &id]);
    world.judge("verify-tag", &[]).rejected_for("tag-x509-signed");
}

#[test]
fn the_tag_object_that_the_caller_was_told_of_is_demanded() {
    let world = World::new();
    let told = world.git(&["rev-parse", "v1.0"]);
    world.judge("verify-tag", &["--tag-object", &told]).ok();
    world.git(&["commit", "--quiet", "--allow-empty", "--message", "More"]);
    world.tag("v1.0", &world.maintainer);
    world.judge("verify-tag", &["--tag-object", &told]).rejected_for("tag-object-mismatch");
}

#[test]
fn a_commit_that_is_on_no_allowed_branch_is_refused() {
    let world = World::new();
    world.git(&["checkout", "--quiet", "-b", "topic"]);
    world.git(&["commit", "--quiet", "--allow-empty", "--message", "Not merged"]);
    world.tag("v1.0", &world.maintainer);
    let ran = world.judge("verify-tag", &[]);
    ran.rejected_for("commit-not-on-branch");
    let told = "on none of the allowed branches (main, stable/*); this clone has 1 such branch\n";
    assert!(ran.stderr.contains(told), "{}", ran.stderr);
    world.git(&["update-ref", "refs/remotes/origin/stable/1", "HEAD"]);
    let ran = world.judge("verify-tag", &[]);
    assert_eq!(ran.ok().result()["tag"]["branches"][0], "origin/stable/1");
}

#[test]
fn a_tag_that_is_no_release_of_the_project_is_refused() {
    let world = World::new();
    world.tag("1.0", &world.maintainer);
    let ran = world.countersign(
        &[&["verify-tag", "--repository", "hello", "--tag", "1.0", "--project", "example/hello"], &RULES[..]]
            .concat(),
    );
    ran.rejected_for("tag-not-a-release");
}

#[test]
fn only_the_release_key_alone_and_alive_may_sign() {
    let world = World::new();
    let refused = |key: &[u8], code: &str| {
        world.sign_with("dist", &[], key).rejected_for(code);
        assert_eq!(world.names("dist"), ["hello-1.0.tar.gz"]);
    };
    let whole = run_ok(world.gpg().args(["--armor", "--export-secret-keys", &world.release.certificate]));
    refused(whole.as_bytes(), "primary-secret-present");
    refused(&world.secret_subkey(&world.stranger), "wrong-signer");
    let public = fs::read(world.path("keyring").join(format!("{}.asc", world.release.certificate))).unwrap();
    refused(&public, "not-a-secret-key");
    refused(b"garbage", "not-a-secret-key");
    let key = world.secret_subkey(&world.release);
    refused(&key[..key.len() / 2], "not-a-secret-key");
    let empty = world.sign_with("dist", &[], b"");
    assert_eq!((empty.code, empty.codes()), (2, vec!["key-missing"]));

    let late =
        [&["sign"], &SOURCE[..], &["--policy", "policy.yaml", "--keyring", "keyring", "--at", LATE]].concat();
    let ran = world.with_input(&[&late[..], &["--artifacts", "dist", "--key", "-"]].concat(), &key);
    ran.rejected_for("certificate-expired");
}

#[test]
fn a_subkey_that_the_published_certificate_lacks_may_not_sign() {
    let world = World::new();
    // The rotation that was never published: CI signs with a new subkey.
    let unprotected = ["--pinentry-mode", "loopback", "--passphrase", ""];
    let certificate = world.release.certificate.as_str();
    run_ok(world.gpg().args(unprotected).args(["--quick-add-key", certificate, "ed25519", "sign", "1y"]));
    let listing = run_ok(world.gpg().args(["--with-colons", "--list-keys", certificate]));
    let fingerprints: Vec<_> = listing.lines().filter(|line| line.starts_with("fpr:")).collect();
    let newest = fingerprints.last().unwrap().split(':').nth(9).unwrap();
    let rotated = support::Key { certificate: certificate.into(), subkey: newest.into() };
    assert_ne!(rotated.subkey, world.release.subkey);
    world.sign_with("dist", &[], &world.secret_subkey(&rotated)).rejected_for("subkey-not-published");
    world.vet(&rotated);
    world.sign_with("dist", &[], &world.secret_subkey(&rotated)).ok();
}

#[test]
fn a_revoked_key_may_not_sign() {
    let world = World::new();
    let secret = world.secret_subkey(&world.release);
    let revocation = world.path("revocation");
    let made = world.path("made-revocation");
    // gpg asks four questions: revoke, reason, description, sure.
    let mut gen_revoke = world.gpg();
    gen_revoke
        .args([
            "--no-batch",
            "--pinentry-mode",
            "loopback",
            "--passphrase",
            "",
            "--command-fd",
            "0",
            "--output",
        ])
        .arg(&revocation)
        .args(["--gen-revoke", &world.release.certificate]);
    fs::write(&made, "y\n1\n\ny\n").unwrap();
    gen_revoke.stdin(fs::File::open(&made).unwrap());
    run_ok(&mut gen_revoke);
    run_ok(world.gpg().arg("--import").arg(&revocation));
    world.vet(&world.release);
    world.sign_with("dist", &[], &secret).rejected_for("certificate-compromised");
}

#[test]
fn an_artifact_set_that_is_not_the_policys_is_refused() {
    let world = World::new();
    fs::create_dir(world.path("empty")).unwrap();
    world.judge("validate", &["--artifacts", "empty"]).rejected_for("empty-folder");
    fs::write(world.path("dist/evil.bin"), "x").unwrap();
    world.sign("dist", &[]).rejected_for("unexpected-file");
    fs::remove_file(world.path("dist/evil.bin")).unwrap();
    fs::write(world.path("dist/a b\n.tar"), "x").unwrap();
    world.sign("dist", &[]).rejected_for("unsafe-name");
    fs::remove_file(world.path("dist/a b\n.tar")).unwrap();
    fs::rename(world.path("dist/hello-1.0.tar.gz"), world.path("real")).unwrap();
    world.sign("dist", &[]).rejected_for("missing-artifact");
    std::os::unix::fs::symlink("../real", world.path("dist/hello-1.0.tar.gz")).unwrap();
    world.sign("dist", &[]).rejected_for("not-a-regular-file");
    fs::remove_file(world.path("dist/hello-1.0.tar.gz")).unwrap();
    run_ok(Command::new("mkfifo").arg(world.path("dist/hello-1.0.tar.gz")));
    world.sign("dist", &[]).rejected_for("not-a-regular-file");
}

#[test]
fn a_lying_manifest_is_a_finding() {
    let world = World::new();
    let manifest = world.countersign(&["checksum", "dist", "--output", "manifest.yaml"]);
    manifest.ok();
    world.judge("validate", &["--artifacts", "dist", "--manifest", "manifest.yaml"]).ok();
    let sha256 = manifest.result()["artifacts"][0]["sha256"].as_str().unwrap();
    fs::write(world.path("lie.yaml"), manifest.stdout.replace(sha256, &"0".repeat(64))).unwrap();
    world
        .judge("validate", &["--artifacts", "dist", "--manifest", "lie.yaml"])
        .rejected_for("manifest-mismatch");
    let among = world.countersign(&["checksum", "dist", "--output", "dist/manifest.yaml"]);
    assert_eq!((among.code, among.codes()), (2, vec!["output-among-artifacts"]));
}

#[test]
fn a_document_takes_the_place_of_no_link_fifo_or_device() {
    let world = World::new();
    fs::write(world.path("precious"), "x").unwrap();
    std::os::unix::fs::symlink("precious", world.path("link")).unwrap();
    run_ok(Command::new("mkfifo").arg(world.path("fifo")));
    let before = |name: &str| fs::symlink_metadata(world.path(name)).unwrap().file_type();
    for name in ["link", "fifo"] {
        let was = before(name);
        world.sign("dist", &["--output", name]).failed_for("not-a-regular-file");
        world.judge("validate", &["--artifacts", "dist", "--html", name]).failed_for("not-a-regular-file");
        world.judge("validate", &["--artifacts", "dist", "--record", name]).failed_for("not-a-regular-file");
        assert_eq!(before(name), was, "{name}");
    }
    assert_eq!(fs::read(world.path("precious")).unwrap(), b"x");
    assert!(!world.path("dist/hello-1.0.tar.gz.asc").exists(), "nothing is signed before it is told");
}

#[test]
fn signing_under_a_record_needs_its_digest_and_its_bytes() {
    let world = World::new();
    let validated = world.judge("validate", &["--artifacts", "dist", "--record", "record.yaml"]);
    let sha256 = validated.ok().result()["record"]["sha256"].as_str().unwrap().to_string();
    let key = world.secret_subkey(&world.release);
    let sign = |sha256: &str| {
        let form = [
            "sign",
            "--record",
            "record.yaml",
            "--record-sha256",
            sha256,
            "--artifacts",
            "dist",
            "--key",
            "-",
        ];
        world.with_input(&[&form[..], &RULES[..]].concat(), &key)
    };
    sign(&"0".repeat(64)).rejected_for("record-digest-mismatch");
    let artifact = world.path("dist/hello-1.0.tar.gz");
    let honest = fs::read(&artifact).unwrap();
    fs::write(&artifact, [&honest[..], b"x"].concat()).unwrap();
    sign(&sha256).rejected_for("record-mismatch");
    fs::write(&artifact, &honest).unwrap();
    let policy = fs::read_to_string(world.path("policy.yaml")).unwrap();
    fs::write(world.path("policy.yaml"), format!("{policy}# changed\n")).unwrap();
    sign(&sha256).rejected_for("record-policy-differs");
    fs::write(world.path("policy.yaml"), policy).unwrap();
    assert_eq!(world.names("dist"), ["hello-1.0.tar.gz"]);
    sign(&sha256).ok();
    world.publish("dist", &[]).ok();
}

#[test]
fn check_judges_everything_and_writes_nothing() {
    let world = World::new();
    assert_eq!(world.sign("dist", &["--check"]).ok().document["changed"], true);
    assert_eq!(world.names("dist"), ["hello-1.0.tar.gz"]);
    world.sign("dist", &[]).ok();
    world.sign("dist", &[]).rejected_for("output-exists");
    assert_eq!(world.publish("dist", &["--check"]).ok().document["changed"], true);
    assert_eq!(world.names("site"), Vec::<String>::new());
}

#[test]
fn publish_refuses_what_was_not_signed_as_a_whole() {
    let world = World::new();
    world.sign("dist", &[]).ok();
    let whole = world.path("dist");
    let forge = |name: &str, script: &str, code: &str| {
        run_ok(Command::new("cp").arg("-r").arg(&whole).arg(world.path(name)));
        run_ok(Command::new("sh").args(["-ec", script]).current_dir(world.path(name)));
        world.publish(name, &[]).rejected_for(code);
        assert_eq!(world.names("site"), Vec::<String>::new(), "{name}");
    };
    forge("byte", "printf x >> hello-1.0.tar.gz", "checksum-mismatch");
    forge("signature", "rm hello-1.0.tar.gz.asc", "missing-file-of-release");
    forge("list", "rm hello-1.0.SHA256SUMS.asc", "signature-missing");
    forge("extra", "echo x > evil.bin", "unexpected-file");
    forge("relist", "sed -i 1d hello-1.0.SHA256SUMS", "bad-signature");
    forge("record", "sed -i s/v1.0/v1.1/ hello-1.0.tar.gz.validation.yaml", "record-mismatch");
    forge("swap", "cp hello-1.0.SHA256SUMS.asc hello-1.0.tar.gz.asc", "bad-signature");
}

#[test]
fn a_published_file_never_changes() {
    let world = World::new();
    world.sign("dist", &[]).ok();
    world.publish("dist", &[]).ok();
    fs::create_dir(world.path("again")).unwrap();
    world.build("again");
    world.sign("again", &[]).ok();
    // The same artifact, but new signatures: other bytes under the same names.
    let again = world.publish("again", &[]);
    again.rejected_for("site-file-differs");
    assert!(again.stderr.contains("published already"), "no new version is needed: {}", again.stderr);
    world.verify(&["site/example/hello"], &[]).ok();
}

/// An earlier run that stopped leaves some of its files; the signer's second
/// run makes other signatures for the same artifact.
#[test]
fn a_release_that_stopped_half_way_is_completed_by_signing_again() {
    let names = [
        "hello-1.0.tar.gz",
        "hello-1.0.tar.gz.asc",
        "hello-1.0.tar.gz.validation.yaml",
        "hello-1.0.SHA256SUMS",
        "hello-1.0.SHA256SUMS.asc",
    ];
    let world = World::new();
    world.sign("dist", &[]).ok();
    fs::create_dir(world.path("again")).unwrap();
    world.build("again");
    world.sign("again", &[]).ok();
    let site = world.path("site/example/hello");
    let leave = |count: usize| {
        let _ = fs::remove_dir_all(&site);
        fs::create_dir_all(&site).unwrap();
        for name in &names[..count] {
            fs::copy(world.path("dist").join(name), site.join(name)).unwrap();
        }
    };
    for count in 0..names.len() {
        leave(count);
        let looked = world.publish("again", &["--check"]);
        let done = world.publish("again", &[]);
        looked.ok();
        done.ok();
        assert_eq!(done.codes().contains(&"unfinished-release"), count > 1, "{count}");
        for name in names {
            let (there, made) = (fs::read(site.join(name)), fs::read(world.path("again").join(name)));
            assert_eq!(there.unwrap(), made.unwrap(), "{count}: {name}");
        }
    }
    // Once the signed list is there, nothing changes any more.
    leave(names.len());
    world.publish("again", &[]).rejected_for("site-file-differs");
    // And an artifact never does.
    leave(2);
    fs::write(site.join(names[0]), "other").unwrap();
    let other = world.publish("again", &[]);
    assert!(
        other.rejected_for("site-file-differs").stderr.contains("make a new version"),
        "{}",
        other.stderr
    );
    assert_eq!(fs::read(site.join(names[0])).unwrap(), b"other");
    assert_eq!(fs::read(site.join(names[1])).unwrap(), fs::read(world.path("dist").join(names[1])).unwrap());
}

#[test]
fn stale_signatures_are_not_published_but_stay_verifiable() {
    let world = World::new();
    world.sign("dist", &[]).ok();
    let late = ["--policy", "policy.yaml", "--keyring", "keyring", "--at", "2026-02-01T00:00:00Z"];
    let publish = [
        "publish",
        "--record",
        "dist/hello-1.0.tar.gz.validation.yaml",
        "--artifacts",
        "dist",
        "--site",
        "site",
    ];
    world.countersign(&[&publish[..], &late[..]].concat()).rejected_for("signature-too-old");
    let verify = ["verify", "--project", "example/hello", "dist"];
    world.countersign(&[&verify[..], &late[..]].concat()).ok();
}

#[test]
fn verify_never_passes_on_nothing() {
    let world = World::new();
    world.verify(&["dist"], &[]).rejected_for("no-checksum-list");
    world.verify(&["dist/hello-1.0.tar.gz"], &[]).rejected_for("signature-missing");
    fs::create_dir(world.path("nothing")).unwrap();
    world.verify(&["nothing"], &[]).rejected_for("no-checksum-list");
    let gone = world.verify(&["gone"], &[]);
    assert_eq!((gone.code, gone.codes()), (3, vec!["file-missing"]));
    world.sign("dist", &[]).ok();
    fs::write(world.path("dist/unlisted"), "x").unwrap();
    world.verify(&["dist"], &[]).rejected_for("unlisted-file");
    fs::remove_file(world.path("dist/unlisted")).unwrap();
    fs::remove_file(world.path("dist/hello-1.0.tar.gz")).unwrap();
    world.verify(&["dist"], &[]).rejected_for("listed-file-missing");
}

#[test]
fn a_list_whose_signature_does_not_count_makes_no_file_look_planted() {
    let world = World::new();
    world.sign("dist", &[]).ok();
    let late =
        ["verify", "--keyring", "keyring", "--mode", "release", "--at", "2026-02-01T00:00:00Z", "dist"];
    let ran = world.countersign(&late);
    assert_eq!(ran.rejected_for("signature-too-old").codes(), ["signature-too-old"], "{}", ran.stderr);
    assert_eq!(ran.document["findings"][0]["subject"], "hello-1.0.SHA256SUMS");
    // Nor does one without a signature; but neither says yes.
    fs::rename(world.path("dist/hello-1.0.SHA256SUMS.asc"), world.path("list.asc")).unwrap();
    let ran = world.verify(&["dist"], &[]);
    assert_eq!(ran.rejected_for("signature-missing").codes(), ["signature-missing"], "{}", ran.stderr);
    fs::rename(world.path("list.asc"), world.path("dist/hello-1.0.SHA256SUMS.asc")).unwrap();
    let good = world.verify(&["dist"], &[]);
    let signed = format!("verify: ok, signed by {}\n", world.release.certificate);
    assert!(good.ok().stderr.ends_with(&signed), "{}", good.stderr);
}

#[test]
fn a_signature_is_for_its_own_file_name() {
    let world = World::new();
    world.sign("dist", &[]).ok();
    fs::create_dir(world.path("renamed")).unwrap();
    for suffix in ["", ".asc"] {
        let (from, to) =
            (format!("dist/hello-1.0.tar.gz{suffix}"), format!("renamed/hello-2.0.tar.gz{suffix}"));
        fs::copy(world.path(&from), world.path(&to)).unwrap();
    }
    let renamed = world.verify(&["renamed/hello-2.0.tar.gz"], &[]);
    renamed.rejected_for("artifact-name-mismatch");
    assert!(renamed.stderr.contains("verify it under the name \"hello-1.0.tar.gz\""), "{}", renamed.stderr);
}

#[test]
fn compare_explains_without_keys_and_follows_the_policy() {
    let world = World::new();
    let artifact = ["--repository", "hello", "--tag", "v1.0", "--artifact", "dist/hello-1.0.tar.gz"];
    let ran = world.countersign(
        &[&["compare"], &artifact[..], &["--preset", "git-archive@1", "--explain", "all"]].concat(),
    );
    assert_eq!(ran.ok().result()["levels"]["identical"], 4);
    let lines = ran.result()["explanations"].as_sequence().unwrap();
    let text: String = lines.iter().map(|line| line["line"].as_str().unwrap().to_string() + "\n").collect();
    fs::write(world.path("lines"), text).unwrap();
    let digest = run_ok(Command::new("sha256sum").arg(world.path("lines")));
    assert!(
        digest.starts_with(ran.result()["tree_sha256"].as_str().unwrap()),
        "the digest is that of the lines"
    );
    let rooted = ["--preset", "git-archive@1", "--root", "other"];
    world.countersign(&[&["compare"], &artifact[..], &rooted[..]].concat()).rejected_for("outside-root");
    let policy = ["--policy", "policy.yaml", "--project", "example/hello"];
    world.countersign(&[&["compare"], &artifact[..], &policy[..]].concat()).ok();
    let both = [&["compare"], &artifact[..], &policy[..], &["--preset", "git-archive@1"]].concat();
    assert_eq!(world.countersign(&both).code, 2);
}

#[test]
fn a_subdirectory_can_be_an_artifact_of_its_own() {
    let world = World::new();
    run_ok(
        Command::new("tar")
            .args(["-czf", "src-1.0.tar.gz", "--transform", "s,^src,src-1.0,", "-C", "hello", "src"])
            .current_dir(world.root()),
    );
    let arguments = [
        "compare",
        "--repository",
        "hello",
        "--tag",
        "v1.0",
        "--artifact",
        "src-1.0.tar.gz",
        "--preset",
        "git-archive@1",
    ];
    world.countersign(&[&arguments[..], &["--subdirectory", "src"]].concat()).ok();
    world.countersign(&arguments).rejected_for("missing-file");
    let gone = world.countersign(&[&arguments[..], &["--subdirectory", "gone"]].concat());
    assert_eq!(gone.codes(), ["subdirectory-not-found"]);
}

#[test]
fn what_cannot_be_looked_at_is_not_a_no() {
    let world = World::new();
    fs::create_dir(world.path("no-repository")).unwrap();
    let with = |repository: &str| {
        let source =
            ["verify-tag", "--repository", repository, "--tag", "v1.0", "--project", "example/hello"];
        world.countersign(&[&source[..], &RULES[..]].concat())
    };
    assert_eq!((with("gone").code, with("no-repository").code), (3, 3));
    assert_eq!(with("policy.yaml").code, 3, "a file is no repository");
    let head = world.path("hello/.git/objects").join(&world.git(&["rev-parse", "v1.0"])[..2]);
    fs::remove_dir_all(head).unwrap();
    assert_eq!(with("hello").code, 3, "a lost object is no verdict");
}

#[test]
fn wrong_requests_are_told_as_such() {
    let world = World::new();
    for tag in ["--tag=-x", "--tag=../x", "--tag=", "--tag=a b"] {
        let arguments = ["verify-tag", "--repository", "hello", tag, "--project", "example/hello"];
        assert_eq!(world.countersign(&[&arguments[..], &RULES[..]].concat()).code, 2, "{tag}");
    }
    assert_eq!(world.judge("verify-tag", &["--project", "example/other"]).code, 2);
    let policy = fs::read_to_string(world.path("policy.yaml")).unwrap();
    for broken in
        [policy.replace("taggers", "tagers"), policy.replace("signer:", "tag: x\n    signer:"), String::new()]
    {
        fs::write(world.path("policy.yaml"), broken).unwrap();
        let ran = world.judge("validate", &["--artifacts", "dist"]);
        assert_eq!((ran.code, ran.codes()), (2, vec!["bad-policy"]));
        assert!(ran.stderr.contains("policy.yaml"), "{}", ran.stderr);
    }
    let file = world.sign("dist", &["--key", "key.asc"]);
    assert_eq!(file.code, 2, "a key in a file is not read");
    let nothing = world.countersign(&[]);
    assert_eq!(nothing.code, 2);
}

#[test]
fn policy_evidence_counts_and_its_rules_must_be_used() {
    let world = World::new();
    world.write_policy("        omit: [README]\n        files: [{path: gen.h, exact: \"x\\n\"}]\n");
    let ran = world.judge("validate", &["--artifacts", "dist"]);
    ran.rejected_for("unused-rule");
    let explained = world.countersign(&[
        "policy",
        "explain",
        "example/hello",
        "--policy",
        "policy.yaml",
        "--version",
        "1.0",
    ]);
    assert_eq!(explained.ok().result()["artifacts"][0]["name"], "hello-1.0.tar.gz");
    world
        .countersign(&["policy", "check", "--policy", "policy.yaml", "--keyring", "keyring", "--at", NOW])
        .ok();
    fs::remove_file(world.path("keyring").join(format!("{}.asc", world.release.certificate))).unwrap();
    let check = world.countersign(&["policy", "check", "--policy", "policy.yaml", "--keyring", "keyring"]);
    check.rejected_for("certificate-not-in-keyring");
}

#[test]
fn a_zip_that_is_swapped_while_it_is_read_is_not_signed() {
    let world = World::new();
    let policy = fs::read_to_string(world.path("policy.yaml")).unwrap();
    fs::write(world.path("policy.yaml"), policy.replace("tar.gz", "zip")).unwrap();
    // Large enough that reading takes longer than the swap.
    let mut noise = vec![0; 16 << 20];
    fs::File::open("/dev/urandom")
        .and_then(|mut random| std::io::Read::read_exact(&mut random, &mut noise))
        .unwrap();
    fs::write(world.path("hello/noise"), noise).unwrap();
    fs::write(world.path("hello/a.txt"), "good content\n").unwrap();
    // Links in a zip are refused.
    fs::remove_file(world.path("hello/link.c")).unwrap();
    world.git(&["add", "--all"]);
    world.git(&["commit", "--quiet", "--message", "Large"]);
    world.tag("v1.0", &world.maintainer);
    fs::create_dir(world.path("zip")).unwrap();
    let zip = world.path("zip/hello-1.0.zip");
    world.git(&[
        "archive",
        "--format=zip",
        "-0",
        "--prefix=hello-1.0/",
        &format!("--output={}", zip.display()),
        "v1.0",
    ]);
    world.judge("validate", &["--artifacts", "zip"]).ok();
    let honest = fs::read(&zip).unwrap();
    let at = honest.windows(12).position(|window| window == b"good content").unwrap() as u64;
    let write = |bytes: &[u8]| {
        use std::os::unix::fs::FileExt as _;
        fs::OpenOptions::new().write(true).open(&zip).unwrap().write_all_at(bytes, at).unwrap();
    };
    for delay in [0, 10, 20, 40, 80, 160, 320] {
        write(b"good content");
        std::thread::scope(|scope| {
            let swap = scope.spawn(|| {
                std::thread::sleep(std::time::Duration::from_millis(delay));
                write(b"EVIL content");
            });
            let ran = world.sign("zip", &["--check"]);
            swap.join().unwrap();
            // A run that ended before the swap may say yes, but then to the
            // honest bytes; never to bytes that nobody explained.
            if ran.code == 0 {
                let signed = ran.result()["artifacts"][0]["sha256"].as_str().unwrap().to_string();
                write(b"good content");
                assert!(run_ok(Command::new("sha256sum").arg(&zip)).starts_with(&signed), "after {delay} ms");
            }
        });
    }
}
