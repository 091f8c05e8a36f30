//! A package of a workspace, as npm and pnpm pack it, and what may not be done
//! to it.

use crate::evidence::compare::Verdict;
use crate::evidence::testing::{Repository, levels, told};
use crate::release::tree::Mode::{self, Executable, Regular, Symlink};

const MANIFEST: &str = r#"{
  "name": "@x/one", "version": "1.0.0", "bin": {"one": "./bin/one.js", "two": "bin/two.js"},
  "packageManager": "pnpm@9.0.0",
  "scripts": {"test": "t", "prepare": "p"},
  "dependencies": {"@x/two": "workspace:^", "@x/three": "workspace:*", "left": "^1.0.0", "lit": "workspace:^2.0.0"}
}"#;

/// What pnpm makes of it.
const RESOLVED: &str = r#"{
  "name": "@x/one", "version": "1.0.0", "bin": {"one": "./bin/one.js", "two": "bin/two.js"},
  "scripts": {"test": "t"},
  "dependencies": {"@x/two": "^2.1.0", "@x/three": "3.0.0", "left": "^1.0.0", "lit": "^2.0.0"}
}"#;

fn repository() -> Repository {
    let mut repository = Repository::new(&[
        ("package.json", "{\"private\": true}"),
        ("p/two/package.json", r#"{"name": "@x/two", "version": "2.1.0"}"#),
        ("p/three/package.json", r#"{"name": "@x/three", "version": "3.0.0"}"#),
        ("p/one/package.json", MANIFEST),
        ("p/one/index.js", "1"),
        ("p/one/bin/one.js", "one"),
    ]);
    repository.add("p/one/bin/two.js", Executable, b"two");
    repository.add("p/one/build.sh", Executable, b"build");
    repository
}

fn files(manifest: &str) -> Vec<(&str, Mode, &[u8])> {
    vec![
        ("package.json", Regular, manifest.as_bytes()),
        ("index.js", Regular, b"1"),
        ("bin/one.js", Executable, b"one"),
        ("bin/two.js", Executable, b"two"),
        ("build.sh", Executable, b"build"),
    ]
}

fn compare(files: &[(&str, Mode, &[u8])]) -> Verdict {
    repository().compare_below("p/one", "npm-pack@1", "x-one-1.0.0.tgz", files)
}

fn of_manifest(manifest: &str) -> String {
    let verdict = compare(&files(manifest));
    let one = verdict.findings.first().map(|finding| format!("{} {}", finding.code, finding.message));
    one.unwrap_or_default()
}

#[test]
fn the_bin_is_made_executable_as_npm_does() {
    let verdict = compare(&files(MANIFEST));
    assert_eq!(told(&verdict), [""; 0]);
    assert_eq!(levels(&verdict), ["same-as bin/one.js"]);
}

#[test]
fn exec_bits_follow_bin_and_nothing_else() {
    for (path, mode, expected) in [
        ("index.js", Executable, "evidence-mismatch"),
        ("bin/two.js", Regular, ""),
        ("build.sh", Regular, ""),
        ("bin/one.js", Regular, ""),
        ("build.sh", Symlink, "mode-differs"),
    ] {
        let mut files = files(MANIFEST);
        files.iter_mut().filter(|file| file.0 == path).for_each(|file| file.1 = mode);
        let verdict = compare(&files);
        let found = verdict.findings.first().map_or("", |finding| finding.code);
        assert_eq!(found, expected, "{path} {mode:?}");
    }
}

#[test]
fn another_content_is_never_explained_by_the_exec_bit() {
    let mut files = files(MANIFEST);
    files[2].2 = b"evil";
    assert_eq!(told(&compare(&files)), ["modified-file bin/one.js"]);
}

#[test]
fn nothing_is_added() {
    for path in [
        "evil.js",
        "node_modules/x/index.js",
        ".npmrc",
        "npm-shrinkwrap.json",
        "dist/index.js",
        "binding.gyp",
    ] {
        let mut files = files(MANIFEST);
        files.push((path, Regular, b"x"));
        assert_eq!(told(&compare(&files)), [format!("unexplained-file {path}")]);
    }
}

#[test]
fn a_shrinkwrap_that_pins_every_dependency_may_not_vanish() {
    let mut repository = repository();
    repository.add("p/one/npm-shrinkwrap.json", Regular, b"{\"lockfileVersion\": 3}");
    repository.add("p/one/package-lock.json", Regular, b"{\"lockfileVersion\": 3}");
    let compare =
        |files: &[_]| told(&repository.compare_below("p/one", "npm-pack@1", "x-one-1.0.0.tgz", files));
    let mut files = files(MANIFEST);
    assert_eq!(compare(&files), ["missing-file npm-shrinkwrap.json"]);
    files.push(("npm-shrinkwrap.json", Regular, b"{\"lockfileVersion\": 3}"));
    assert_eq!(compare(&files), [""; 0]);
}

#[test]
fn ranges_of_the_workspace_are_resolved_as_pnpm_does() {
    let verdict = compare(&files(RESOLVED));
    assert_eq!(told(&verdict), [""; 0]);
    assert_eq!(levels(&verdict), ["same-as bin/one.js", "structured package.json"]);
}

#[test]
fn a_changed_manifest_is_told_by_its_key() {
    for (from, to, told) in [
        ("^2.1.0", "^2.1.1", "dependencies.@x/two: expected \"workspace:^\", found \"^2.1.1\""),
        ("^2.1.0", "https://example.org/x.tgz", "dependencies.@x/two"),
        ("\"^1.0.0\"", "\"^1.0.1\"", "dependencies.left: expected \"^1.0.0\", found \"^1.0.1\""),
        ("\"left\"", "\"evil\": \"1\", \"left\"", "dependencies.evil: expected nothing, found \"1\""),
        (", \"left\": \"^1.0.0\"", "", "dependencies.left: expected \"^1.0.0\", found nothing"),
        (
            "\"test\": \"t\"",
            "\"test\": \"t\", \"postinstall\": \"evil\"",
            "scripts.postinstall: expected nothing",
        ),
        ("\"test\": \"t\"", "\"prepare\": \"evil\", \"test\": \"t\"", "scripts.prepare: expected \"p\""),
        ("\"test\": \"t\"", "\"test\": \"evil\"", "scripts.test: expected \"t\""),
        ("{\"test\": \"t\"}", "1", "scripts: "),
        ("\"1.0.0\"", "\"1.0.1\"", "version: expected \"1.0.0\""),
        ("\"scripts\"", "\"main\": \"evil.js\", \"scripts\"", "main: expected nothing, found \"evil.js\""),
        ("\"scripts\"", "\"gypfile\": true, \"scripts\"", "gypfile: expected nothing, found true"),
        ("\"scripts\"", "\"version\": \"1.0.0\", \"scripts\"", "twice"),
        ("./bin/one.js", "./bin/two.js", "bin: expected"),
        ("}", "}}", "is not strict JSON"),
    ] {
        assert!(RESOLVED.contains(from), "{from}");
        let finding = of_manifest(&RESOLVED.replacen(from, to, 1));
        assert!(finding.starts_with("evidence-mismatch ") && finding.contains(told), "{to}: {finding}");
    }
    let deep = "[".repeat(100_000);
    for text in [deep.as_str(), "", "[]", "null"] {
        assert!(of_manifest(text).starts_with("evidence-mismatch is not"), "{text:.20}");
    }
    let huge = format!("{{{}}}", " ".repeat(300 << 10));
    assert!(of_manifest(&huge).starts_with("undecided-file is too large"));
}

#[test]
fn what_publish_config_overrides_is_put_in_its_place() {
    let config = |top: &str, config: &str| {
        let repository = Repository::new(&[(
            "package.json",
            r#"{"name": "a", "main": "src.js", "publishConfig": {"main": "dist.js", "access": "public"}}"#,
        )]);
        let manifest = format!(r#"{{"name": "a", "main": "{top}", "publishConfig": {{{config}}}}}"#);
        told(&repository.compare("npm-pack@1", "a-1.tgz", &[("package.json", &manifest)]))
    };
    assert_eq!(config("dist.js", r#""access": "public""#), [""; 0]);
    let refused = ["evidence-mismatch package.json"];
    assert_eq!(config("evil.js", r#""access": "public""#), refused);
    assert_eq!(config("src.js", r#""access": "public""#), refused);
    assert_eq!(config("dist.js", r#""main": "dist.js", "access": "public""#), refused);
}

#[test]
fn ranges_of_other_forms_are_undecided() {
    for range in ["catalog:", "jsr:^1.0.0", "workspace:@x/other@^", "workspace:../two"] {
        let git = format!(r#"{{"dependencies": {{"a": "{range}"}}}}"#);
        let repository = Repository::new(&[("package.json", &git)]);
        let found = r#"{"dependencies": {"a": "^1.0.0"}}"#;
        let verdict = repository.compare("npm-pack@1", "a-1.tgz", &[("package.json", found)]);
        assert_eq!(told(&verdict), ["undecided-file package.json"], "{range}");
    }
}

#[test]
fn a_member_of_which_there_are_two_resolves_nothing() {
    let mut repository = repository();
    repository.add("evil/package.json", Regular, br#"{"name": "@x/two", "version": "6.6.6"}"#);
    for manifest in [RESOLVED.to_string(), RESOLVED.replace("2.1.0", "6.6.6")] {
        let verdict = repository.compare_below("p/one", "npm-pack@1", "x-one-1.0.0.tgz", &files(&manifest));
        assert_eq!(told(&verdict), ["evidence-mismatch package.json"]);
    }
}

#[test]
fn omissions_are_built_in_for_what_npm_never_packs() {
    let mut repository = repository();
    for path in [
        ".gitignore",
        "a/.npmignore",
        "package-lock.json",
        "node_modules/x/y",
        "a/CVS/Root",
        "a/b.orig",
        ".github/x",
    ] {
        repository.add(&format!("p/one/{path}"), Regular, b"x");
    }
    repository.add("p/one/link", Symlink, b"index.js");
    for path in ["test/a.js", "a/package-lock.json", "tsconfig.json"] {
        repository.add(&format!("p/one/{path}"), Regular, b"x");
    }
    let verdict = repository.compare_below("p/one", "npm-pack@1", "x-one-1.0.0.tgz", &files(MANIFEST));
    assert_eq!(
        told(&verdict),
        ["missing-file a/package-lock.json", "missing-file test/a.js", "missing-file tsconfig.json"]
    );
}
