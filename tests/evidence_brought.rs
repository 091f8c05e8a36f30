//! Evidence that the operator brings along: repositories of submodules, second
//! builds and signed catalogues, from the command line to the record.

// Tests may panic: that is how they fail.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::disallowed_methods)]

mod support;

use sha2::{Digest as _, Sha256};
use std::fs;
use std::process::Command;
use support::{Key, Ran, World, run_ok};

const ALL: [&str; 8] = [
    "--submodule",
    "ext=lib",
    "--rebuilt",
    "second=second.yaml",
    "--catalogue",
    "gnu.yaml",
    "--artifacts",
    "dist",
];

fn sha256(content: &str) -> String {
    countersign::release::Sha256Digest(Sha256::digest(content).into()).to_string()
}

/// A release with a submodule, a generated file, a known macro and a copy.
fn world() -> (World, Key) {
    let world = World::new();
    let lib = world.path("lib");
    run_ok(Command::new("git").args(["init", "--quiet", "--initial-branch=main"]).arg(&lib));
    fs::write(lib.join("lib.c"), "int lib;\n").unwrap();
    let in_lib = |arguments: &[&str]| run_ok(world.git_command().arg("-C").arg(&lib).args(arguments));
    in_lib(&["add", "--all"]);
    in_lib(&["commit", "--quiet", "--message", "Library"]);
    let commit = in_lib(&["rev-parse", "HEAD"]);
    // A later commit, which is not the one of the tag.
    fs::write(lib.join("lib.c"), "int evil;\n").unwrap();
    in_lib(&["commit", "--quiet", "--all", "--message", "Later"]);
    let link = format!("160000,{},ext", commit.trim());
    world.git(&["update-index", "--add", "--cacheinfo", &link]);
    world.git(&["commit", "--quiet", "--message", "Submodule"]);
    world.tag("v1.0", &world.maintainer);

    let curator = world.new_key("Curator <curator@example.org>");
    world.vet(&curator);
    policy(&world, &curator);
    let list = format!(
        "format: countersign/files@v1\nfiles:\n  - {{path: configure, mode: '100755', sha256: {}}}\n",
        sha256("generated\n")
    );
    fs::write(world.path("second.yaml"), list).unwrap();
    catalogue(&world, &curator, "macro\n");
    pack(
        &world,
        &[
            ("configure", "generated\n"),
            ("m4/x.m4", "macro\n"),
            ("COPY", "Hello.\n"),
            ("ext/lib.c", "int lib;\n"),
        ],
    );
    (world, curator)
}

fn policy(world: &World, curator: &Key) {
    world.write_policy(&format!(
        "        files: [{{path: COPY, same-as: README}}]
        submodules: [{{path: ext, repository: 'https://git.example.org/lib'}}]
        rebuilt: [{{name: second, builder: 'image sha256:0123, make dist', paths: [configure]}}]
        catalogues: [{{name: gnu, certificate: {}, paths: ['m4/*.m4']}}]
",
        curator.certificate
    ));
}

/// A catalogue of one macro, signed.
fn catalogue(world: &World, by: &Key, known: &str) {
    let text = format!(
        "format: countersign/catalogue@v1\nname: gnu\nentries:\n  - {{sha256: {}, name: gettext x.m4}}\n",
        sha256(known)
    );
    fs::write(world.path("gnu.yaml"), text).unwrap();
    sign(world, by);
}

fn sign(world: &World, by: &Key) {
    let _ = fs::remove_file(world.path("gnu.yaml.asc"));
    let user = format!("{}!", by.subkey);
    run_ok(world.gpg().args(["--armor", "--detach-sign", "--local-user", &user]).arg(world.path("gnu.yaml")));
}

/// The artifact of git archive, with files added.
fn pack(world: &World, files: &[(&str, &str)]) {
    world.build("dist");
    let artifact = world.path("dist/hello-1.0.tar.gz");
    let _ = fs::remove_dir_all(world.path("unpacked"));
    fs::create_dir(world.path("unpacked")).unwrap();
    run_ok(Command::new("tar").arg("xzf").arg(&artifact).arg("-C").arg(world.path("unpacked")));
    let root = world.path("unpacked/hello-1.0");
    for (path, content) in files {
        fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
        fs::write(root.join(path), content).unwrap();
        if *path == "configure" {
            run_ok(Command::new("chmod").arg("755").arg(root.join(path)));
        }
    }
    run_ok(
        Command::new("tar").arg("czf").arg(&artifact).arg("-C").arg(world.path("unpacked")).arg("hello-1.0"),
    );
}

fn validate(world: &World, more: &[&str]) -> Ran {
    world.judge("validate", more)
}

#[test]
fn everything_is_explained_and_recorded_by_its_digest() {
    let (world, curator) = world();
    let ran = validate(&world, &[&ALL[..], &["--record", "record.yaml"]].concat());
    let artifact = &ran.ok().result()["artifacts"][0];
    assert_eq!(artifact["levels"]["submodule"], 2);
    assert_eq!(artifact["levels"]["rebuilt"], 1);
    assert_eq!(artifact["levels"]["pinned"], 1);
    assert_eq!(artifact["levels"]["same-as"], 1);
    let digest = |name: &str| sha256(&fs::read_to_string(world.path(name)).unwrap());
    let record: serde_yaml::Value =
        serde_yaml::from_str(&fs::read_to_string(world.path("record.yaml")).unwrap()).unwrap();
    let recorded = &record["artifacts"][0];
    assert_eq!(recorded["rebuilt"][0]["sha256"], digest("second.yaml").as_str());
    assert_eq!(recorded["rebuilt"][0]["builder"], "image sha256:0123, make dist");
    assert_eq!(recorded["catalogues"][0]["sha256"], digest("gnu.yaml").as_str());
    assert_eq!(recorded["catalogues"][0]["certificate"], curator.certificate.as_str());
    assert_eq!(recorded["submodules"][0]["repository"], "https://git.example.org/lib");
    let signed = world.sign("dist", &ALL[..6]);
    signed.ok();
    world.verify(&["dist"], &["--mode", "release"]).ok();
}

#[test]
fn compare_takes_it_too_and_a_second_build_may_be_an_archive() {
    let (world, _) = world();
    fs::create_dir(world.path("again")).unwrap();
    fs::copy(world.path("dist/hello-1.0.tar.gz"), world.path("again/hello.tar.gz")).unwrap();
    let compare = |second: &str, more: &[&str]| {
        let second = format!("second={second}");
        let arguments = [
            "compare",
            "--repository",
            "hello",
            "--tag",
            "v1.0",
            "--artifact",
            "dist/hello-1.0.tar.gz",
            "--policy",
            "policy.yaml",
            "--project",
            "example/hello",
            "--at",
            support::NOW,
            "--rebuilt",
            &second,
        ];
        world.countersign(&[&arguments[..], more].concat())
    };
    let rest = ["--submodule", "ext=lib", "--catalogue", "gnu.yaml", "--keyring", "keyring"];
    let ran = compare("again/hello.tar.gz", &rest);
    assert_eq!(ran.ok().result()["rebuilt"][0]["name"], "second");
    assert!(ran.result()["catalogues"][0]["sha256"].is_string());
    compare("again/hello.tar.gz", &rest[..4]).failed_for("usage");
    fs::write(world.path("again/broken.tar.gz"), "no archive").unwrap();
    compare("again/broken.tar.gz", &rest).failed_for("bad-second-build");
    run_ok(
        Command::new("tar")
            .arg("czf")
            .arg(world.path("again/other.tar.gz"))
            .arg("-C")
            .arg(world.path("lib"))
            .arg("lib.c"),
    );
    compare("again/other.tar.gz", &rest).failed_for("bad-second-build");
}

#[test]
fn other_content_is_refused_for_each_kind() {
    let (world, _) = world();
    let good = [
        ("configure", "generated\n"),
        ("m4/x.m4", "macro\n"),
        ("COPY", "Hello.\n"),
        ("ext/lib.c", "int lib;\n"),
    ];
    for (changed, code) in [
        ("configure", "rule-mismatch"),
        ("m4/x.m4", "rule-mismatch"),
        ("COPY", "rule-mismatch"),
        ("ext/lib.c", "modified-file"),
    ] {
        let files: Vec<(&str, &str)> = good
            .iter()
            .map(|(path, content)| (*path, if path == &changed { "int evil;\n" } else { content }))
            .collect();
        pack(&world, &files);
        let ran = validate(&world, &ALL);
        assert_eq!(ran.rejected_for(code).codes().len(), 1, "{}", ran.stdout);
    }
    pack(&world, &good[..3]);
    validate(&world, &ALL).rejected_for("missing-file");
}

#[test]
fn what_the_policy_names_must_be_given() {
    let (world, _) = world();
    let ran = validate(&world, &ALL[6..]);
    ran.rejected_for("evidence-not-given").rejected_for("unexplained-file");
    assert_eq!(ran.codes().iter().filter(|code| **code == "evidence-not-given").count(), 3);
}

#[test]
fn what_the_policy_does_not_name_is_not_taken() {
    let (world, curator) = world();
    for more in [
        &["--submodule", "other=lib"][..],
        &["--rebuilt", "other=second.yaml"],
        &["--rebuilt", "second=second.yaml"],
        &["--submodule", "ext=lib"],
        &["--catalogue", "gnu.yaml"],
    ] {
        validate(&world, &[&ALL[..], more].concat()).failed_for("unknown-evidence");
    }
    let other = fs::read_to_string(world.path("gnu.yaml")).unwrap().replace("name: gnu", "name: other");
    fs::write(world.path("gnu.yaml"), other).unwrap();
    sign(&world, &curator);
    validate(&world, &ALL).failed_for("unknown-evidence");
}

#[test]
fn a_catalogue_counts_by_the_named_certificate_s_signature_only() {
    let (world, curator) = world();
    sign(&world, &world.maintainer);
    let ran = validate(&world, &ALL);
    assert!(ran.rejected_for("unexplained-file").codes().len() > 1, "the signature is told too");
    sign(&world, &world.stranger);
    validate(&world, &ALL).rejected_for("unexplained-file");
    fs::remove_file(world.path("gnu.yaml.asc")).unwrap();
    validate(&world, &ALL).rejected_for("signature-missing").rejected_for("unexplained-file");
    sign(&world, &curator);
    validate(&world, &ALL).ok();
    let text = fs::read_to_string(world.path("gnu.yaml")).unwrap();
    fs::write(world.path("gnu.yaml"), text.replace("gettext", "GETTEXT")).unwrap();
    validate(&world, &ALL).rejected_for("unexplained-file");
    fs::write(world.path("gnu.yaml"), text.clone() + &text[text.find("  - ").unwrap()..]).unwrap();
    sign(&world, &curator);
    validate(&world, &ALL).failed_for("bad-catalogue");
}

#[test]
fn a_list_with_a_path_twice_is_refused() {
    let (world, _) = world();
    let list = fs::read_to_string(world.path("second.yaml")).unwrap();
    let twice = list.clone() + &list[list.find("  - ").unwrap()..];
    fs::write(world.path("second.yaml"), twice).unwrap();
    validate(&world, &ALL).failed_for("bad-second-build");
}

#[test]
fn a_repository_without_the_submodule_s_commit_gives_no_answer() {
    let (world, _) = world();
    let mut arguments = ALL;
    arguments[1] = "ext=hello";
    validate(&world, &arguments).failed_for("object-missing");
}

#[test]
fn a_record_made_elsewhere_is_signed_without_new_evidence() {
    let (world, _) = world();
    validate(&world, &[&ALL[..], &["--record", "record.yaml"]].concat()).ok();
    let record = fs::read_to_string(world.path("record.yaml")).unwrap();
    let sign = |more: &[&str]| {
        let digest = sha256(&record);
        let form = [
            "sign",
            "--record",
            "record.yaml",
            "--record-sha256",
            &digest,
            "--artifacts",
            "dist",
            "--key",
            "-",
        ];
        world.with_input(&[&form[..], &support::RULES, more].concat(), &world.secret_subkey(&world.release))
    };
    sign(&["--rebuilt", "second=second.yaml"]).failed_for("usage");
    sign(&[]).ok();
}

#[test]
fn attributes_beyond_all_bounds_give_no_answer() {
    let (world, _) = world();
    let lines: String = (0..25_000).map(|number| format!("*{number} text\n")).collect();
    fs::write(world.path("hello/.gitattributes"), lines).unwrap();
    world.git(&["add", ".gitattributes"]);
    world.git(&["commit", "--quiet", "--message", "Attributes"]);
    world.tag("v1.0", &world.maintainer);
    world.build("dist");
    validate(&world, &ALL).rejected_for("missing-file");
    pack(&world, &[("README", "changed\n")]);
    validate(&world, &ALL).failed_for("attributes-too-costly");
}

#[test]
fn a_submodule_of_a_subdirectory_is_found_from_there() {
    let (world, curator) = world();
    let commit = world.git(&["rev-parse", "HEAD:ext"]);
    world.git(&["rm", "--quiet", "-r", "--cached", "."]);
    world.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{},pkg/ext", commit.trim())]);
    world.git(&["commit", "--quiet", "--message", "Move"]);
    world.tag("v1.0", &world.maintainer);
    let policy = fs::read_to_string(world.path("policy.yaml")).unwrap();
    let rules = policy.find("        files:").unwrap();
    let more = "        subdirectory: pkg\n        submodules: [{path: ext, repository: x}]\n";
    fs::write(world.path("policy.yaml"), format!("{}{more}", &policy[..rules])).unwrap();
    drop(curator);
    let root = world.path("packed/hello-1.0/ext");
    fs::create_dir_all(&root).unwrap();
    fs::write(root.join("lib.c"), "int lib;\n").unwrap();
    let tar = |folder: &str| {
        let artifact = world.path("dist/hello-1.0.tar.gz");
        run_ok(
            Command::new("tar").arg("czf").arg(artifact).arg("-C").arg(world.path(folder)).arg("hello-1.0"),
        );
    };
    tar("packed");
    validate(&world, &["--submodule", "ext=lib", "--artifacts", "dist"]).ok();
    fs::write(root.join("lib.c"), "int evil;\n").unwrap();
    tar("packed");
    validate(&world, &["--submodule", "ext=lib", "--artifacts", "dist"]).rejected_for("modified-file");
}

#[test]
fn the_policy_s_evidence_is_shown_and_its_certificates_looked_for() {
    let (world, curator) = world();
    let ran = world.countersign(&["policy", "explain", "example/hello", "--policy", "policy.yaml"]);
    let artifact = &ran.ok().result()["artifacts"][0];
    assert_eq!(artifact["submodules"][0]["path"], "ext");
    assert_eq!(artifact["rebuilt"][0]["builder"], "image sha256:0123, make dist");
    assert_eq!(artifact["catalogues"][0]["certificate"], curator.certificate.as_str());
    assert_eq!(artifact["files"][0]["same_as"], "README");
    let check = ["policy", "check", "--policy", "policy.yaml", "--keyring", "keyring"];
    world.countersign(&check).ok();
    fs::remove_file(world.path("keyring").join(format!("{}.asc", curator.certificate))).unwrap();
    world.countersign(&check).rejected_for("certificate-not-in-keyring");
    validate(&world, &ALL).rejected_for("unexplained-file");
}
