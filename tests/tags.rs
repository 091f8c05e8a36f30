//! Who signed a tag: SSH keys, several people, notes, and tags that were met
//! before. With the real git and the real ssh-keygen.

// Tests may panic: that is how they fail.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::disallowed_methods)]

mod support;

use std::fs;
use std::process::{Command, Stdio};
use support::{LATE, NOW, Ran, World, helper, run_ok};

/// A key of ssh-keygen; the line of its .pub file.
fn ssh_key(world: &World, name: &str, kind: &[&str]) -> String {
    let path = world.path(name);
    run_ok(Command::new("ssh-keygen").args(["-q", "-N", "", "-C", name]).args(kind).arg("-f").arg(&path));
    fs::read_to_string(path.with_extension("pub")).unwrap().trim().into()
}

fn ed25519(world: &World, name: &str) -> String {
    ssh_key(world, name, &["-t", "ed25519"])
}

fn ssh_tag(world: &World, tag: &str, key: &str) {
    let signing_key = format!("user.signingkey={}", world.path(key).display());
    let config = ["-c", "gpg.format=ssh", "-c", &signing_key];
    world.git(&[&config[..], &["tag", "--sign", "--force", "--message", "Release", tag]].concat());
}

/// The policy with these groups, taggers and further keys of the project.
fn policy(world: &World, groups: &str, taggers: &str, more: &str) {
    let release = &world.release.certificate;
    let text = format!(
        "format: countersign/policy@v1
groups:
{groups}
projects:
  example/hello:
    repository: https://git.example.org/example/hello
    tag: \"v{{version}}\"
    branches: [main]
    taggers: {{{taggers}}}
    signer: {release}
{more}
    artifacts: [{{name: \"hello-{{version}}.tar.gz\", preset: git-archive@1}}]
"
    );
    fs::write(world.path("policy.yaml"), text).unwrap();
}

fn team(world: &World, lines: &[&str], more: &str) {
    let keys: Vec<String> = lines.iter().map(|line| format!("{line:?}")).collect();
    policy(world, &format!("  team: {{ssh-keys: [{}]{more}}}", keys.join(", ")), "any: [team]", "");
}

/// Puts these bytes in the place of the tag object.
fn forge(world: &World, tag: &str, object: &[u8]) {
    fs::write(world.path("forged"), object).unwrap();
    let path = world.path("forged");
    // git hash-object would not write what is malformed.
    let id = world.git(&["hash-object", "-t", "tag", "-w", "--literally", path.to_str().unwrap()]);
    world.git(&["update-ref", &format!("refs/tags/{tag}"), &id]);
}

fn tag_object(world: &World, tag: &str) -> Vec<u8> {
    let output = world.git_command().args(["cat-file", "tag", tag]).output().unwrap();
    assert!(output.status.success());
    output.stdout
}

/// The tag's bytes before its signature.
fn payload(world: &World, tag: &str) -> Vec<u8> {
    let object = String::from_utf8(tag_object(world, tag)).unwrap();
    object[..object.find("-----BEGIN").unwrap()].into()
}

/// Signs bytes as `ssh-keygen -Y sign` does.
fn ssh_sign(world: &World, key: &str, namespace: &str, data: &[u8]) -> Vec<u8> {
    fs::write(world.path("to-sign"), data).unwrap();
    let _ = fs::remove_file(world.path("to-sign.sig"));
    let mut command = Command::new("ssh-keygen");
    command.args(["-q", "-Y", "sign", "-n", namespace, "-f"]).arg(world.path(key));
    run_ok(command.arg(world.path("to-sign")));
    fs::read(world.path("to-sign.sig")).unwrap()
}

/// Whether git accepts the tag, where the key is allowed.
fn git_accepts(world: &World, line: &str, tag: &str) -> bool {
    fs::write(world.path("allowed"), format!("maintainer@example.org {line}\n")).unwrap();
    let allowed = format!("gpg.ssh.allowedSignersFile={}", world.path("allowed").display());
    let mut git = world.git_command();
    git.args(["-c", &allowed, "verify-tag", tag]).stdin(Stdio::null());
    git.output().unwrap().status.success()
}

fn signers(ran: &Ran) -> Vec<(String, Option<String>)> {
    let signers = ran.result()["tag"]["signers"].as_sequence().unwrap();
    let text = |value: &serde_yaml::Value| value.as_str().map(String::from);
    signers.iter().map(|signer| (text(&signer["certificate"]).unwrap(), text(&signer["person"]))).collect()
}

#[test]
fn a_tag_signed_with_a_listed_ssh_key_goes_all_the_way() {
    let world = World::new();
    let line = ed25519(&world, "ada");
    ssh_tag(&world, "v1.0", "ada");
    assert!(git_accepts(&world, &line, "v1.0"));
    world.judge("verify-tag", &[]).rejected_for("ssh-unknown-key");
    team(&world, &[&line], "");
    let ran = world.judge("verify-tag", &[]);
    let listed = run_ok(Command::new("ssh-keygen").arg("-lf").arg(world.path("ada.pub")));
    let fingerprint = format!("ssh:{}", listed.split(' ').nth(1).unwrap());
    assert_eq!(signers(ran.ok()), [(fingerprint.clone(), None)]);
    assert_eq!(ran.result()["tag"]["signers"][0]["key"], fingerprint.as_str());
    assert_eq!(ran.result()["tag"]["signers"][0]["signed_at"], ran.result()["tag"]["tagged_at"]);
    // The record with such a signer is signed, verified and published.
    world.sign("dist", &[]).ok();
    let record = fs::read_to_string(world.path("dist/hello-1.0.tar.gz.validation.yaml")).unwrap();
    assert!(record.contains(&fingerprint), "{record}");
    world.verify(&["dist"], &["--mode", "release"]).ok();
    world.publish("dist", &[]).ok();
    world.verify(&["site/example/hello"], &[]).ok();
}

#[test]
fn other_kinds_of_keys_are_accepted_as_the_list_of_algorithms_says() {
    let world = World::new();
    let ecdsa = ssh_key(&world, "ecdsa", &["-t", "ecdsa", "-b", "256"]);
    let rsa = ssh_key(&world, "rsa", &["-t", "rsa", "-b", "3072"]);
    team(&world, &[&ecdsa, &rsa], "");
    ssh_tag(&world, "v1.0", "rsa");
    assert!(git_accepts(&world, &rsa, "v1.0"));
    world.judge("verify-tag", &[]).ok();
    ssh_tag(&world, "v1.0", "ecdsa");
    assert!(git_accepts(&world, &ecdsa, "v1.0"));
    world.judge("verify-tag", &[]).rejected_for("weak-key");
    let until = |date: &str| {
        let group = format!("  team: {{ssh-keys: [{ecdsa:?}]}}");
        policy(&world, &group, "any: [team]", &format!("    signatures: {{weak-keys-until: {date}}}"));
        world.judge("verify-tag", &[])
    };
    until("2026-06-01").ok();
    until("2026-01-02T12:00:00Z").rejected_for("weak-key");
    let p384 = ssh_key(&world, "p384", &["-t", "ecdsa", "-b", "384"]);
    ssh_tag(&world, "v1.0", "p384");
    assert!(git_accepts(&world, &p384, "v1.0"));
    world.judge("verify-tag", &[]).rejected_for("unsupported-ssh-key");
}

/// What the same key signs elsewhere is no tag; git itself is as strict here.
#[test]
fn a_signature_over_the_same_bytes_in_another_namespace_is_refused() {
    let world = World::new();
    let line = ed25519(&world, "ada");
    team(&world, &[&line], "");
    ssh_tag(&world, "v1.0", "ada");
    let payload = payload(&world, "v1.0");
    for (namespace, code) in [("git", None), ("file", Some("ssh-namespace")), ("Git", Some("ssh-namespace"))]
    {
        let signature = ssh_sign(&world, "ada", namespace, &payload);
        forge(&world, "v1.0", &[&payload[..], &signature].concat());
        assert_eq!(git_accepts(&world, &line, "v1.0"), code.is_none());
        let ran = world.judge("verify-tag", &[]);
        match code {
            None => drop(ran.ok()),
            Some(code) => assert_eq!(ran.rejected_for(code).codes(), [code]),
        }
    }
}

#[test]
fn stripped_doubled_and_changed_ssh_signatures_are_refused() {
    let world = World::new();
    let line = ed25519(&world, "ada");
    ed25519(&world, "eve");
    team(&world, &[&line], "");
    ssh_tag(&world, "v1.0", "ada");
    let (whole, payload) = (tag_object(&world, "v1.0"), payload(&world, "v1.0"));
    let by_eve = ssh_sign(&world, "eve", "git", &payload);
    let second = [&whole[..], &by_eve].concat();
    let changed = String::from_utf8(whole.clone()).unwrap().replace("Release", "release").into_bytes();
    let pgp =
        String::from_utf8(whole.clone()).unwrap().replace("SSH SIGNATURE", "PGP SIGNATURE").into_bytes();
    for (object, code) in [
        (payload.clone(), "tag-not-signed"),
        ([&payload[..], &by_eve].concat(), "ssh-unknown-key"),
        (second, "tag-multiple-signatures"),
        (changed, "bad-signature"),
        ([&whole[..], b"more\n"].concat(), "tag-trailing-data"),
        (pgp, "malformed-armor"),
    ] {
        forge(&world, "v1.0", &object);
        world.judge("verify-tag", &[]).rejected_for(code);
    }
    // A good one by somebody who may, after one by somebody who may not.
    let signed_twice = [&payload[..], &by_eve].concat();
    let by_ada = ssh_sign(&world, "ada", "git", &signed_twice);
    forge(&world, "v1.0", &[&signed_twice[..], &by_ada].concat());
    world.judge("verify-tag", &[]).rejected_for("tag-multiple-signatures");
}

#[test]
fn an_ssh_key_counts_within_the_bounds_of_its_group() {
    let world = World::new();
    let line = ed25519(&world, "ada");
    ssh_tag(&world, "v1.0", "ada");
    let bounded = |bounds: &str| {
        team(&world, &[&line], bounds);
        world.judge("verify-tag", &[])
    };
    bounded(", not-before: 2026-01-02, not-after: 2026-01-03").ok();
    bounded(", not-before: 2026-01-02T00:00:01Z").rejected_for("signer-not-yet-allowed");
    // The tag's date lies before the end, and does not help.
    bounded(", not-after: 2026-01-02T12:00:00Z").rejected_for("signer-no-longer-allowed");
    // An SSH key does not expire by itself.
    team(&world, &[&line], "");
    let source = ["--repository", "hello", "--tag", "v1.0", "--project", "example/hello"];
    let rules = ["--policy", "policy.yaml", "--keyring", "keyring", "--at", LATE];
    world.countersign(&[&["verify-tag"], &source[..], &rules].concat()).ok();
}

/// A tag whose one armour block holds signatures of both, as gpg makes it.
fn tag_by_both(world: &World, one: &str, other: &str) {
    let payload = {
        world.tag("v1.0", &world.maintainer);
        payload(world, "v1.0")
    };
    fs::write(world.path("payload"), &payload).unwrap();
    let signature = world.path("both.asc");
    let _ = fs::remove_file(&signature);
    run_ok(
        world
            .gpg()
            .args(["--local-user", &format!("{one}!"), "--local-user", &format!("{other}!")])
            .args(["--armor", "--detach-sign", "--output"])
            .arg(&signature)
            .arg(world.path("payload")),
    );
    forge(world, "v1.0", &[payload, fs::read(&signature).unwrap()].concat());
}

#[test]
fn a_threshold_counts_people_and_not_keys() {
    let world = World::new();
    world.vet(&world.stranger);
    let (one, two) = (&world.maintainer.certificate, &world.stranger.certificate);
    let plain = format!("  team: {{certificates: [{one}, {two}]}}");
    policy(&world, &plain, "any: [team], threshold: 2", "");
    world.judge("verify-tag", &[]).rejected_for("too-few-signers");
    tag_by_both(&world, &world.maintainer.subkey, &world.stranger.subkey);
    assert_eq!(signers(world.judge("verify-tag", &[]).ok()).len(), 2);

    // Both are one person's: here, and by what another group says.
    let ada = format!(
        "people: [{{name: Ada, certificates: [{one}, {two}]}}, {{name: Eve, certificates: [{}]}}]",
        world.release.certificate
    );
    policy(&world, &format!("  team: {{{ada}}}"), "any: [team], threshold: 2", "");
    world.judge("verify-tag", &[]).rejected_for("too-few-signers");
    let release = &world.release.certificate;
    let both = format!("  team: {{certificates: [{one}, {two}, {release}]}}\n  all: {{{ada}}}");
    policy(&world, &both, "any: [team], threshold: 2", "");
    world.judge("verify-tag", &[]).rejected_for("too-few-signers");
    policy(&world, &both, "any: [team]", "");
    let ran = world.judge("verify-tag", &[]);
    assert!(signers(ran.ok()).iter().all(|(_, person)| person.as_deref() == Some("Ada")));
}

/// Who the keyring says holds these certificates.
fn register(world: &World, holders: &[(&str, &str)]) {
    let entries: String =
        holders.iter().map(|(key, who)| format!("  \"{key}\": {{person: {who}, state: active}}\n")).collect();
    let text = format!("format: countersign/keyring@v1\ncertificates:\n{entries}");
    fs::write(world.path("keyring/keyring.yaml"), text).unwrap();
}

#[test]
fn one_person_of_the_keyring_with_two_certificates_is_one() {
    let world = World::new();
    world.vet(&world.stranger);
    let (one, two) = (&world.maintainer.certificate, &world.stranger.certificate);
    let plain = format!("  team: {{certificates: [{one}, {two}]}}");
    policy(&world, &plain, "any: [team], threshold: 2", "");
    tag_by_both(&world, &world.maintainer.subkey, &world.stranger.subkey);
    let check = || {
        world.countersign(&[
            "keyring",
            "check",
            "--keyring",
            "keyring",
            "--policy",
            "policy.yaml",
            "--at",
            NOW,
        ])
    };
    register(&world, &[(one, "Ada"), (two, "Bob")]);
    let ran = world.judge("verify-tag", &[]);
    assert_eq!(signers(ran.ok()).iter().filter_map(|(_, who)| who.as_deref()).count(), 2);
    assert!(!check().codes().contains(&"threshold-out-of-reach"));
    // The policy does not know that both are hers.
    register(&world, &[(one, "Ada"), (two, "Ada")]);
    world.judge("verify-tag", &[]).rejected_for("too-few-signers");
    let told = check();
    assert!(told.ok().codes().contains(&"threshold-out-of-reach"), "{:?}", told.codes());
    // It knows one of them, by another name.
    let named =
        format!("  team: {{certificates: [{two}], people: [{{name: A. L., certificates: [{one}]}}]}}");
    policy(&world, &named, "any: [team], threshold: 2", "");
    world.judge("verify-tag", &[]).rejected_for("too-few-signers");
    let names = signers(&world.judge("verify-tag", &[]));
    assert!(names.iter().all(|(_, who)| who.as_deref() == Some("A. L.")), "{names:?}");
}

#[test]
fn people_who_cannot_sign_are_told_before_a_release() {
    let world = World::new();
    let ed = ed25519(&world, "ada");
    let rsa = ssh_key(&world, "bob", &["-t", "rsa", "-b", "2048"]);
    let check = |command: &[&str]| {
        world.countersign(
            &[command, &["--policy", "policy.yaml", "--keyring", "keyring", "--at", NOW]].concat(),
        )
    };
    let of = |ran: Ran| -> Vec<String> {
        let codes: Vec<_> = ran.ok().codes().into_iter().map(String::from).collect();
        codes.into_iter().filter(|code| code != "unused-certificate").collect()
    };
    // A group of SSH keys alone can sign.
    team(&world, &[&ed], "");
    assert!(of(check(&["keyring", "check"])).is_empty());
    assert!(of(check(&["policy", "check"])).is_empty());
    let people = format!(
        "  team: {{people: [{{name: Ada, ssh-keys: [{ed:?}]}}, {{name: Bob, ssh-keys: [{rsa:?}]}}]}}"
    );
    policy(&world, &people, "any: [team], threshold: 2", "");
    assert_eq!(of(check(&["keyring", "check"])), ["person-without-usable-key", "threshold-out-of-reach"]);
    let ran = check(&["policy", "check"]);
    assert_eq!(of(ran), ["weak-key"]);
    // By a dated exception it counts.
    policy(&world, &people, "any: [team], threshold: 2", "    signatures: {weak-keys-until: 2026-02-01}");
    assert!(of(check(&["keyring", "check"])).is_empty());
    assert!(of(check(&["policy", "check"])).is_empty());
    // A certificate that is not there is nobody's key.
    let gone = format!("  team: {{people: [{{name: Eve, certificates: [{}]}}]}}", world.stranger.certificate);
    policy(&world, &gone, "any: [team]", "");
    check(&["keyring", "check"]).rejected_for("person-without-usable-key");
}

#[test]
fn a_bad_signature_beside_enough_good_ones_spoils_the_tag() {
    let world = World::new();
    world.vet(&world.stranger);
    let (one, two) = (&world.maintainer.certificate, &world.stranger.certificate);
    policy(&world, &format!("  team: {{certificates: [{one}, {two}]}}"), "any: [team]", "");
    tag_by_both(&world, &world.maintainer.subkey, &world.stranger.subkey);
    world.judge("verify-tag", &[]).ok();
    let until =
        format!("  team: {{certificates: [{one}]}}\n  old: {{certificates: [{two}], not-after: 2026-01-01}}");
    policy(&world, &until, "any: [team, old]", "");
    world.judge("verify-tag", &[]).rejected_for("signer-no-longer-allowed");
}

/// A signed note over the tag object.
fn note(world: &World, name: &str, object: &str, by: &str) {
    let text =
        format!("format: countersign/tag-note@v1\nproject: example/hello\ntag: v1.0\nobject: {object}\n");
    fs::write(world.path(name), text).unwrap();
    sign_file(world, name, by);
}

fn sign_file(world: &World, name: &str, by: &str) {
    let signature = world.path(&format!("{name}.asc"));
    let _ = fs::remove_file(&signature);
    let mut gpg = world.gpg();
    gpg.args(["--local-user", &format!("{by}!"), "--armor", "--detach-sign", "--output"]);
    run_ok(gpg.arg(&signature).arg(world.path(name)));
}

#[test]
fn a_note_over_the_tag_object_counts_for_its_signer() {
    let world = World::new();
    world.vet(&world.stranger);
    let line = ed25519(&world, "ada");
    let groups = format!(
        "  team: {{people: [{{name: Ada, ssh-keys: [{line:?}], certificates: [{}]}}, {{name: Bob, certificates: [{}]}}]}}",
        world.maintainer.certificate, world.stranger.certificate
    );
    policy(&world, &groups, "any: [team], threshold: 2", "");
    ssh_tag(&world, "v1.0", "ada");
    let object = world.git(&["rev-parse", "refs/tags/v1.0"]);
    let noted = ["--tag-note", "note"];
    world.judge("verify-tag", &[]).rejected_for("too-few-signers");
    note(&world, "note", &object, &world.stranger.subkey);
    let ran = world.judge("verify-tag", &noted);
    let people: Vec<_> = signers(ran.ok()).into_iter().filter_map(|(_, person)| person).collect();
    assert_eq!(people, ["Bob", "Ada"], "sorted by key, OpenPGP before SSH");
    world.judge("validate", &[&["--artifacts", "dist"], &noted[..]].concat()).ok();
    assert_eq!(world.sign("dist", &["--check", noted[0], noted[1]]).ok().code, 0);

    // Ada's own note makes her no second person.
    note(&world, "again", &object, &world.maintainer.subkey);
    world.judge("verify-tag", &["--tag-note", "again"]).rejected_for("too-few-signers");
    // Beside the tag's own signature, not in place of it.
    let unsigned = ["tag", "--force", "--annotate", "--message", "Release", "v1.0"];
    world.git(&unsigned);
    let object = world.git(&["rev-parse", "refs/tags/v1.0"]);
    note(&world, "note", &object, &world.stranger.subkey);
    note(&world, "again", &object, &world.maintainer.subkey);
    world.judge("verify-tag", &["--tag-note", "note", "--tag-note", "again"]).rejected_for("tag-not-signed");
}

#[test]
fn notes_for_something_else_or_by_others_spoil_the_tag() {
    let world = World::new();
    let noted = ["--tag-note", "note"];
    let object = world.git(&["rev-parse", "refs/tags/v1.0"]);
    let by = &world.maintainer.subkey;
    note(&world, "note", &object, by);
    world.judge("verify-tag", &noted).ok();
    note(&world, "note", &object.replace(|c: char| c.is_ascii_digit(), "0"), by);
    world.judge("verify-tag", &noted).rejected_for("tag-note-mismatch");
    note(&world, "note", &object, &world.stranger.subkey);
    world.judge("verify-tag", &noted).rejected_for("unknown-signer");
    fs::remove_file(world.path("note.asc")).unwrap();
    world.judge("verify-tag", &noted).rejected_for("signature-missing");
    note(&world, "note", &object, by);
    let text = fs::read_to_string(world.path("note")).unwrap();
    fs::write(world.path("note"), text.clone() + "\n").unwrap();
    world.judge("verify-tag", &noted).rejected_for("bad-signature");
    fs::write(world.path("note"), text + "unless: the moon is full\n").unwrap();
    sign_file(&world, "note", by);
    let ran = world.judge("verify-tag", &noted);
    assert_eq!((ran.code, ran.codes()), (2, vec!["bad-tag-note"]));
    fs::write(world.path("note"), "x".repeat(5000)).unwrap();
    let ran = world.judge("verify-tag", &noted);
    assert_eq!((ran.code, ran.codes()), (2, vec!["file-too-large"]));
    // A tag's signature is for no note.
    fs::write(world.path("note"), payload(&world, "v1.0")).unwrap();
    let block = String::from_utf8(tag_object(&world, "v1.0")).unwrap();
    fs::write(world.path("note.asc"), &block[block.find("-----BEGIN").unwrap()..]).unwrap();
    let ran = world.judge("verify-tag", &noted);
    assert_eq!((ran.code, ran.codes()), (2, vec!["bad-tag-note"]));
}

const SEEN: [&str; 2] = ["--seen", "seen.yaml"];

#[test]
fn a_moved_tag_is_refused_even_if_signed() {
    let world = World::new();
    let first = world.judge("verify-tag", &SEEN);
    assert_eq!(first.ok().codes(), ["seen-file-new"]);
    assert_eq!(
        (&first.document["changed"], &first.result()["tag"]["first_seen"]),
        (&true.into(), &NOW.into())
    );
    let remembered = fs::read(world.path("seen.yaml")).unwrap();
    let again = world.judge("verify-tag", &SEEN);
    assert_eq!(again.ok().document["changed"], false);
    assert_eq!(again.codes(), [""; 0]);

    world.git(&["commit", "--quiet", "--allow-empty", "--message", "More"]);
    world.tag("v1.0", &world.maintainer);
    world.judge("verify-tag", &[]).ok();
    world.build("dist");
    for verb in ["verify-tag", "validate"] {
        let artifacts: &[&str] = if verb == "validate" { &["--artifacts", "dist"] } else { &[] };
        let ran = world.judge(verb, &[&SEEN[..], artifacts].concat());
        assert_eq!(ran.rejected_for("tag-moved").codes(), ["tag-moved"]);
        assert_eq!(ran.document["changed"], false);
    }
    world.sign("dist", &SEEN).rejected_for("tag-moved");
    assert_eq!(world.names("dist"), ["hello-1.0.tar.gz"], "nothing was signed");
    assert_eq!(fs::read(world.path("seen.yaml")).unwrap(), remembered);
}

#[test]
fn only_a_yes_is_remembered_and_a_check_never() {
    let world = World::new();
    world
        .judge("verify-tag", &["--seen", "seen.yaml", "--tag-object", &"0".repeat(40)])
        .rejected_for("tag-object-mismatch");
    let seen = || world.path("seen.yaml").exists() || world.path("seen.yaml.lock").exists();
    assert!(!seen());
    fs::write(world.path("dist/more"), "x").unwrap();
    world.judge("validate", &["--seen", "seen.yaml", "--artifacts", "dist"]).rejected_for("unexpected-file");
    fs::remove_file(world.path("dist/more")).unwrap();
    let check = ["--seen", "seen.yaml", "--check", "--artifacts", "dist", "--record", "record.yaml"];
    assert_eq!(world.judge("verify-tag", &check[..3]).ok().document["changed"], true, "it would");
    assert_eq!(world.judge("validate", &check).ok().document["changed"], true);
    world.sign("dist", &check[..3]).ok();
    assert!(!seen() && !world.path("record.yaml").exists());

    world.sign("dist", &SEEN).ok();
    assert!(fs::read_to_string(world.path("seen.yaml")).unwrap().contains("example/hello"));
    let other = world.judge("validate", &["--seen", "seen.yaml", "--artifacts", "dist"]);
    assert_eq!(other.ok().document["changed"], false, "sign remembered it");
}

#[test]
fn a_record_of_tags_that_cannot_be_understood_stops_the_run() {
    let world = World::new();
    for (text, code) in [
        ("format: countersign/seen@v2\nprojects: {}\n", "bad-seen-file"),
        ("format: countersign/seen@v1\nprojects: {}\nlater: {}\n", "bad-seen-file"),
        ("", "bad-seen-file"),
    ] {
        fs::write(world.path("seen.yaml"), text).unwrap();
        let ran = world.judge("verify-tag", &SEEN);
        assert_eq!((ran.code, ran.codes()), (2, vec![code]));
        assert_eq!(fs::read_to_string(world.path("seen.yaml")).unwrap(), text);
    }
    fs::remove_file(world.path("seen.yaml")).unwrap();
    let among = world.judge("validate", &["--artifacts", "dist", "--seen", "dist/seen.yaml"]);
    assert_eq!((among.code, among.codes()), (2, vec!["output-among-artifacts"]));
    // A link stays a link.
    fs::write(world.path("real.yaml"), "format: countersign/seen@v1\nprojects: {}\n").unwrap();
    std::os::unix::fs::symlink("real.yaml", world.path("seen.yaml")).unwrap();
    world.judge("verify-tag", &SEEN).ok();
    assert!(world.path("seen.yaml").symlink_metadata().unwrap().is_symlink());
    assert!(fs::read_to_string(world.path("real.yaml")).unwrap().contains("v1.0"));
}

/// Runs that meet different tags at the same time lose none of them.
#[test]
fn concurrent_runs_remember_all_their_tags() {
    let world = World::new();
    let tags: Vec<String> = (1..=8).map(|number| format!("v2.{number}")).collect();
    tags.iter().for_each(|tag| world.tag(tag, &world.maintainer));
    let children: Vec<_> = tags
        .iter()
        .map(|tag| {
            Command::new(helper())
                .args(["verify-tag", "--repository", "hello", "--project", "example/hello", "--tag", tag])
                .args(support::RULES)
                .args(SEEN)
                .current_dir(world.root())
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap()
        })
        .collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let text = fs::read_to_string(world.path("seen.yaml")).unwrap();
    for tag in &tags {
        assert!(text.contains(&format!("{tag:?}")), "{tag} is missing:\n{text}");
    }
}

/// The policy's bounds reach the judge: how old a signature may be, and how
/// long the key that signs may live.
#[test]
fn the_policy_bounds_the_age_of_signatures_and_the_life_of_the_key() {
    let world = World::new();
    let groups = format!("  team: {{certificates: [{}]}}", world.maintainer.certificate);
    let with = |rules: &str| policy(&world, &groups, "any: [team]", &format!("    signatures: {{{rules}}}"));
    with("max-life: 30d");
    world.sign("dist", &[]).rejected_for("key-lives-too-long");
    with("max-life: 2y");
    world.sign("dist", &[]).ok();
    let later = |rules: &str| {
        with(rules);
        let release =
            ["verify", "--mode", "release", "--project", "example/hello", "--policy", "policy.yaml"];
        let rest = ["--keyring", "keyring", "--at", "2026-01-05", "dist/hello-1.0.tar.gz"];
        world.countersign(&[&release[..], &rest].concat())
    };
    later("max-age: 2d").ok();
    later("max-age: 1d").rejected_for("signature-too-old");
}

/// What would be passed over is refused: a record was judged elsewhere.
#[test]
fn notes_and_seen_tags_belong_to_a_validation() {
    let world = World::new();
    for more in [["--seen", "seen.yaml"], ["--tag-note", "note"]] {
        let mut arguments = vec!["sign", "--record", "record.yaml", "--record-sha256"];
        let digest = "0".repeat(64);
        arguments.extend([digest.as_str(), "--artifacts", "dist", "--key", "-"]);
        arguments.extend(support::RULES);
        arguments.extend(more);
        let ran = world.countersign(&arguments);
        assert_eq!((ran.code, ran.codes()), (2, vec!["usage"]), "{more:?}");
    }
}

/// Where everybody signs with SSH keys, notes are signed with them too.
#[test]
fn a_note_signed_with_an_ssh_key_counts_in_its_own_namespace_only() {
    let world = World::new();
    let (ada, bob) = (ed25519(&world, "ada"), ed25519(&world, "bob"));
    let people = format!("people: [{{name: Ada, ssh-keys: [{ada:?}]}}, {{name: Bob, ssh-keys: [{bob:?}]}}]");
    policy(&world, &format!("  team: {{{people}}}"), "any: [team], threshold: 2", "");
    ssh_tag(&world, "v1.0", "ada");
    let object = world.git(&["rev-parse", "refs/tags/v1.0"]);
    let judged = |date: &str, key: &str, namespace: &str| {
        let text = format!(
            "format: countersign/tag-note@v1\nproject: example/hello\ntag: v1.0\nobject: {object}\n{date}"
        );
        fs::write(world.path("note"), &text).unwrap();
        fs::write(world.path("note.sig"), ssh_sign(&world, key, namespace, text.as_bytes())).unwrap();
        world.judge("verify-tag", &["--tag-note", "note"])
    };
    let (date, namespace) = ("date: 2026-01-02\n", "tag-note@countersign.invalid");
    let ran = judged(date, "bob", namespace);
    assert_eq!(signers(ran.ok()).len(), 2);
    judged(date, "ada", namespace).rejected_for("too-few-signers");
    judged(date, "bob", "git").rejected_for("ssh-namespace");
    judged(date, "bob", "file").rejected_for("ssh-namespace");
    judged("", "bob", namespace).rejected_for("signature-without-date");
    judged("date: 2027-01-01\n", "bob", namespace).rejected_for("signature-from-future");
    // One that is signed twice needs two good signatures.
    judged(date, "bob", namespace).ok();
    sign_file(&world, "note", &world.stranger.subkey);
    world.judge("verify-tag", &["--tag-note", "note"]).rejected_for("unknown-signer");
    // A note's signature is for no tag.
    let payload = payload(&world, "v1.0");
    let signature = ssh_sign(&world, "ada", namespace, &payload);
    forge(&world, "v1.0", &[&payload[..], &signature].concat());
    world.judge("verify-tag", &[]).rejected_for("ssh-namespace");
}
