//! A workspace of two crates, packed as cargo 1.95 packs one of them, and what
//! may not be done to it. The manifest below is what that version wrote.

use crate::evidence::compare::Verdict;
use crate::evidence::testing::{COMMIT, Repository, levels, told};
use crate::release::tree::Mode;

const ROOT: &str = r#"
[workspace]
members = ["crates/*"]
resolver = "2"
[workspace.package]
version = "1.2.3"
edition = "2018"
license = "MIT"
readme = "README.md"
[workspace.dependencies]
log = { version = "0.4", default-features = false, features = ["std"] }
[workspace.lints.rust]
missing_docs = { level = "warn" }
"#;

const GIT: &str = r#"
[package]
name = "one-x"
version.workspace = true
edition.workspace = true
license = { workspace = true }
readme.workspace = true
links = "foo"
[features]
default = ["dep:log", "two/x", "cli"]
cli = []
[lints]
workspace = true
[dependencies]
anyhow = "1"
log = { workspace = true, optional = true, features = ["serde"] }
two = { path = "../two", version = "1.2.3" }
[dev-dependencies]
three = { path = "../three" }
serde_json = "1"
[target.'cfg(unix)'.dependencies]
libc = { version = "0.2", default_features = false }
[profile.release]
debug = true
[package.metadata.docs]
all = true
"#;

const PUBLISHED: &str = r#"
[package]
edition = "2018"
name = "one-x"
version = "1.2.3"
build = "build.rs"
links = "foo"
autolib = false
autobins = false
autoexamples = false
autotests = false
autobenches = false
readme = "README.md"
license = "MIT"
resolver = "2"
[package.metadata.docs]
all = true
[features]
cli = []
default = ["dep:log", "two/x", "cli"]
[lib]
name = "one_x"
path = "src/lib.rs"
[[bin]]
name = "tool"
path = "src/bin/tool.rs"
[[test]]
name = "t"
path = "tests/t/main.rs"
[dependencies.anyhow]
version = "1"
[dependencies.log]
version = "0.4"
features = ["std", "serde"]
optional = true
default-features = false
[dependencies.two]
version = "1.2.3"
[dev-dependencies.serde_json]
version = "1"
[target."cfg(unix)".dependencies.libc]
version = "0.2"
default-features = false
[lints.rust.missing_docs]
level = "warn"
priority = 0
[profile.release]
debug = 2
"#;

/// Written by cargo before 1.80: nothing spelled out.
const OLDER: &str = r#"
[package]
edition = "2018"
name = "one-x"
version = "1.2.3"
links = "foo"
readme = "README.md"
license = "MIT"
resolver = "2"
metadata = {docs = {all = true}}
[features]
cli = []
default = ["dep:log", "two/x", "cli"]
[dependencies]
anyhow = {version = "1"}
log = {version = "0.4", features = ["std", "serde"], optional = true, default-features = false}
two = {version = "1.2.3"}
[dev-dependencies]
serde_json = {version = "1"}
[target."cfg(unix)".dependencies]
libc = {version = "0.2", default_features = false}
[lints.rust.missing_docs]
level = "warn"
priority = 0
[profile.release]
debug = true
"#;

const IO: &str = "registry+https://github.com/rust-lang/crates.io-index";
const SUM: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

/// `[[package]]` of a lock file; `source` can be left empty.
fn package(name: &str, version: &str, source: &str, sum: &str, needs: &[&str]) -> String {
    let key = |key: &str, value: &str| {
        if value.is_empty() { String::new() } else { format!("{key} = \"{value}\"\n") }
    };
    format!(
        "[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n{}{}dependencies = {needs:?}\n",
        key("source", source),
        key("checksum", sum)
    )
}

fn git_lock() -> String {
    [
        "version = 4\n".to_string(),
        package("one-x", "1.2.3", "", "", &["anyhow", "two"]),
        package("two", "1.2.3", "", "", &["log"]),
        package("anyhow", "1.0.1", IO, SUM, &["log"]),
        package("log", "0.4.1", IO, SUM, &[]),
        package("secret", "6.6.6", "git+https://example.org/secret#1", "", &[]),
        package("other", "2.0.0", IO, SUM, &[]),
    ]
    .concat()
}

fn published_lock() -> String {
    [
        "version = 4\n".to_string(),
        package("anyhow", "1.0.1", IO, SUM, &["log"]),
        package("log", "0.4.1", IO, SUM, &[]),
        package("one-x", "1.2.3", "", "", &["anyhow", "two"]),
        package("two", "1.2.3", IO, SUM, &[]),
    ]
    .concat()
}

fn vcs(commit: &str, folder: &str) -> String {
    format!("{{\n  \"git\": {{\n    \"sha1\": \"{commit}\"\n  }},\n  \"path_in_vcs\": \"{folder}\"\n}}")
}

struct Sample {
    repository: Repository,
    files: Vec<(String, String)>,
}

impl Sample {
    fn new() -> Self {
        let repository = Repository::new(&[
            ("Cargo.toml", ROOT),
            ("Cargo.lock", &git_lock()),
            ("README.md", "readme\n"),
            ("crates/one/Cargo.toml", GIT),
            ("crates/one/build.rs", "fn main() {}\n"),
            ("crates/one/src/lib.rs", "//\n"),
            ("crates/one/src/bin/tool.rs", "// tool\n"),
            ("crates/one/tests/t/main.rs", "// t\n"),
            ("crates/two/Cargo.toml", "[package]\nname = \"two\"\nversion = \"1.2.3\"\n"),
        ]);
        let (note, lock) = (vcs(COMMIT, "crates/one"), published_lock());
        let files = [
            (".cargo_vcs_info.json", note.as_str()),
            ("Cargo.lock", &lock),
            ("Cargo.toml", PUBLISHED),
            ("Cargo.toml.orig", GIT),
            ("README.md", "readme\n"),
            ("build.rs", "fn main() {}\n"),
            ("src/bin/tool.rs", "// tool\n"),
            ("src/lib.rs", "//\n"),
            ("tests/t/main.rs", "// t\n"),
        ];
        Self { repository, files: files.map(|(path, text)| (path.to_string(), text.to_string())).into() }
    }

    fn with(mut self, path: &str, text: &str) -> Self {
        self.files.retain(|(known, _)| known != path);
        self.files.push((path.into(), text.into()));
        self
    }

    fn without(mut self, path: &str) -> Self {
        self.files.retain(|(known, _)| known != path);
        self
    }

    fn verdict(&self) -> Verdict {
        let file =
            |(path, text): &'_ (String, String)| -> (String, Vec<u8>) { (path.clone(), text.clone().into()) };
        let files: Vec<_> = self.files.iter().map(file).collect();
        let files: Vec<_> =
            files.iter().map(|(path, text)| (path.as_str(), Mode::Regular, text.as_slice())).collect();
        self.repository.compare_below("crates/one", "cargo-crate@1", "one-x-1.2.3.crate", &files)
    }

    /// The one finding, as `code path: message`.
    fn finding(&self) -> String {
        let verdict = self.verdict();
        assert_eq!(verdict.findings.len(), 1, "{:#?}", verdict.findings);
        let finding = &verdict.findings[0];
        assert!(finding.message.chars().count() < 500, "{}", finding.message);
        format!("{} {}: {}", finding.code, finding.subject, finding.message)
    }
}

/// The sample with one text of a file replaced.
fn changed(path: &str, from: &str, to: &str) -> Sample {
    let sample = Sample::new();
    let text = sample.files.iter().find(|(known, _)| known == path).unwrap().1.clone();
    assert!(text.contains(from), "{path} has no {from}");
    sample.with(path, &text.replacen(from, to, 1))
}

#[test]
fn a_crate_is_explained_to_its_last_file() {
    let verdict = Sample::new().verdict();
    assert_eq!(told(&verdict), [""; 0]);
    assert_eq!(
        levels(&verdict),
        [
            "structured .cargo_vcs_info.json",
            "structured Cargo.lock",
            "structured Cargo.toml",
            "same-as Cargo.toml.orig",
            "same-as README.md"
        ]
    );
    let lock = verdict.explanations.iter().find(|line| line.path == "Cargo.lock".into()).unwrap();
    assert!(lock.detail.contains("3 packages") && lock.detail.contains("1 members"), "{}", lock.detail);
}

#[test]
fn manifests_of_older_cargo_mean_the_same() {
    assert_eq!(told(&Sample::new().with("Cargo.toml", OLDER).verdict()), [""; 0]);
}

#[test]
fn a_changed_manifest_is_told_by_its_key() {
    let attacks = [
        (
            "[dependencies.two]",
            "[dependencies.evil]\nversion = \"1\"\n[dependencies.two]",
            "dependencies.evil",
        ),
        ("[dependencies.two]\nversion = \"1.2.3\"", "", "dependencies.two: expected {version"),
        (
            "version = \"0.4\"",
            "version = \"0.3\"",
            "dependencies.log.version: expected \"0.4\", found \"0.3\"",
        ),
        (
            "version = \"1.2.3\"\n[dev",
            "version = \"1.2.3\"\npackage = \"evil\"\n[dev",
            "dependencies.two.package",
        ),
        ("version = \"1.2.3\"\n[dev", "version = \"1.2.3\"\npath = \"x\"\n[dev", "two has path"),
        ("version = \"1.2.3\"\n[dev", "version = \"1.2.3\"\ngit = \"x\"\n[dev", "two has git"),
        ("version = \"1.2.3\"\n[dev", "version = \"1.2.3\"\nregistry = \"x\"\n[dev", "two has registry"),
        (
            "version = \"1.2.3\"\n[dev",
            "version = \"1.2.3\"\nregistry-index = \"x\"\n[dev",
            "two.registry-index",
        ),
        ("optional = true", "optional = false", "dependencies.log.optional"),
        ("default-features = false\n[dep", "[dep", "dependencies.log.default-features"),
        ("[\"std\", \"serde\"]", "[\"std\", \"kv\"]", "expected \"serde\", found \"kv\" (item 2)"),
        ("[target.\"cfg(unix)\"", "[target.\"cfg(all())\"", "target.cfg(all()): expected nothing"),
        ("[dev-dependencies", "[build-dependencies", "build-dependencies: expected nothing"),
        ("build = \"build.rs\"", "build = \"src/lib.rs\"", "package.build: expected \"build.rs\""),
        ("build = \"build.rs\"", "build = false", "package.build: expected \"build.rs\", found nothing"),
        ("[lib]", "[lib]\nproc-macro = true", "lib.proc-macro: expected nothing, found true"),
        ("[lib]", "[lib]\ncrate_type = [\"cdylib\"]", "lib.crate-type"),
        ("path = \"src/lib.rs\"", "path = \"build.rs\"", "lib.path: expected \"src/lib.rs\""),
        ("[[test]]", "[[bin]]\nname = \"evil\"\npath = \"build.rs\"\n[[test]]", "bin.evil: expected nothing"),
        (
            "[[test]]",
            "[[bin]]\nname = \"evil\"\npath = \"gone.rs\"\n[[test]]",
            "bin evil: its file is missing",
        ),
        ("name = \"tool\"", "name = \"ls\"", "bin.ls: expected nothing"),
        ("path = \"src/bin/tool.rs\"", "path = \"build.rs\"", "bin.tool.path"),
        ("[[test]]\nname = \"t\"", "[[test]]\nname = \"t\"\nharness = false", "test.t.harness"),
        ("\"cli\"]", "\"cli\", \"two/evil\"]", "features.default: expected its end, found \"two/evil\""),
        ("cli = []", "cli = []\nmore = []", "features.more"),
        ("links = \"foo\"", "links = \"bar\"", "package.links"),
        ("license = \"MIT\"", "license = \"GPL\"", "package.license"),
        ("resolver = \"2\"", "resolver = \"1\"", "package.resolver: expected \"2\", found \"1\""),
        ("resolver = \"2\"\n", "", "package.resolver: expected \"2\", found \"1\""),
        ("edition = \"2018\"", "edition = \"2021\"", "package.edition"),
        ("edition = \"2018\"", "edition = \"2077\"", "package.edition"),
        ("name = \"one-x\"", "name = \"one-y\"", "package.name"),
        ("links =", "default-run = \"tool\"\nlinks =", "package.default-run"),
        ("links =", "workspace = \"..\"\nlinks =", "package.workspace: refers to a workspace"),
        ("license = \"MIT\"", "license.workspace = true", "package.license: refers to a workspace"),
        ("all = true", "all = false", "package.metadata.docs.all"),
        ("readme = \"README.md\"", "readme = \"src/lib.rs\"", "package.readme"),
        ("debug = 2", "debug = 2\nrpath = true", "profile.release.rpath"),
        ("level = \"warn\"", "level = \"allow\"", "lints.rust.missing_docs.level"),
        ("[features]", "[patch.crates-io]\ntwo = { path = \"x\" }\n[features]", "has [patch]"),
        ("[features]", "[replace]\n\"two:1.2.3\" = { path = \"x\" }\n[features]", "has [replace]"),
        ("[features]", "[workspace]\n[features]", "has [workspace]"),
        ("[features]", "[project]\nname = \"x\"\n[features]", "has [project]"),
        ("[features]", "[surprise]\na = 1\n[features]", "surprise: expected nothing"),
        ("links = \"foo\"", "links = \"foo\"\nlinks = \"foo\"", "not TOML (line 8"),
        ("links = \"foo\"", "links = 1", "package.links: expected \"foo\", found 1"),
        ("[package]\n", "[[package]]\n", "has no [package]"),
        ("[dev-dependencies.serde_json]", "[dev_dependencies.serde_json]", "has dev_dependencies, which"),
        (
            "[features]",
            "[build_dependencies.evil]\nversion = \"1\"\n[features]",
            "has build_dependencies, which",
        ),
        (
            "[features]",
            "[target.x.build_dependencies.evil]\nversion = \"1\"\n[features]",
            "has build_dependencies",
        ),
        ("[features]", "[target.x]\nrunner = \"evil\"\n[features]", "target.x: expected nothing"),
    ];
    for (from, to, told) in attacks {
        let finding = changed("Cargo.toml", from, to).finding();
        assert!(finding.starts_with("evidence-mismatch Cargo.toml: "), "{to}: {finding}");
        assert!(finding.contains(told), "{to}: {finding}");
    }
}

#[test]
fn a_dev_dependency_of_the_artifact_needs_a_version() {
    let evil = "[dev-dependencies.evil]\nregistry-index = \"sparse+https://index.example.org/\"\n";
    for (from, kind) in [("[dev-dependencies", ""), ("[target.\"cfg(unix)\"", "target.\"cfg(windows)\".")] {
        let more = evil.replace("[dev", &format!("[{kind}dev"));
        let finding = changed("Cargo.toml", from, &format!("{more}{from}")).finding();
        assert!(finding.starts_with("evidence-mismatch Cargo.toml: "), "{finding}");
        assert!(finding.contains("expected nothing"), "{finding}");
    }
}

#[test]
fn the_lock_file_of_a_program_may_not_vanish() {
    let library = "[package]\nname = \"one\"\nversion = \"1.0.0\"\nedition = \"2021\"\n";
    let told = |manifest: &str, more: &str, packed: &[&str]| {
        let text =
            |path: &str| if path == "Cargo.toml" { manifest.to_string() } else { format!("// {path}\n") };
        let mut repository = Repository::new(&[("Cargo.lock", "version = 4\n"), ("Cargo.toml", manifest)]);
        for path in ["src/lib.rs", more].into_iter().filter(|path| !path.is_empty()) {
            repository.add(path, Mode::Regular, text(path).as_bytes());
        }
        let texts: Vec<_> = packed.iter().map(|path| (*path, text(path))).collect();
        let files: Vec<_> =
            texts.iter().map(|(path, text)| (*path, Mode::Regular, text.as_bytes())).collect();
        told(&repository.compare_below("", "cargo-crate@1", "one-1.0.0.crate", &files))
    };
    let lock = ["missing-file Cargo.lock"];
    assert_eq!(told(library, "", &["Cargo.toml", "src/lib.rs"]), [""; 0], "a library's may");
    for more in ["src/main.rs", "src/bin/x.rs", "examples/x.rs"] {
        assert_eq!(told(library, more, &["Cargo.toml", "src/lib.rs", more]), lock, "{more}");
    }
    let listed = format!("{library}[[bin]]\nname = \"x\"\npath = \"gone.rs\"\n");
    assert_eq!(told(&listed, "", &["Cargo.toml", "src/lib.rs"]), lock);
    // What is missing beside it is no excuse.
    let both = ["missing-file Cargo.lock", "missing-file src/main.rs"];
    assert_eq!(told(library, "src/main.rs", &["Cargo.toml", "src/lib.rs"]), both);
    let member = Sample::new().without("Cargo.lock").finding();
    assert!(member.starts_with("evidence-mismatch Cargo.toml: "), "{member}");
    assert!(member.contains("has none"), "{member}");
    assert_eq!(told("no TOML", "", &["Cargo.toml", "src/lib.rs"]), ["undecided-file Cargo.lock"]);
}

#[test]
fn every_line_of_a_manifest_counts() {
    // Without these, cargo finds the same: it discovers, or has the default.
    let same = [
        "autolib",
        "autobins",
        "autoexamples",
        "autotests",
        "autobenches",
        "build =",
        "readme =",
        "priority =",
    ];
    let inferred = [
        "[lib]",
        "name = \"one_x\"",
        "path = \"src/lib.rs\"",
        "path = \"src/bin/tool.rs\"",
        "path = \"tests/t/main.rs\"",
    ];
    let lines: Vec<&str> = PUBLISHED.lines().filter(|line| !line.is_empty()).collect();
    for (index, line) in lines.iter().enumerate() {
        let rest = lines.iter().enumerate().filter(|(other, _)| *other != index).map(|(_, line)| *line);
        let rest = rest.collect::<Vec<_>>().join("\n");
        let silent = same.iter().any(|start| line.starts_with(start)) || inferred[1..].contains(line);
        let told = told(&Sample::new().with("Cargo.toml", &rest).verdict());
        assert_eq!(told.is_empty(), silent, "{line}: {told:?}");
    }
}

#[test]
fn discovery_by_the_reader_adds_nothing_unseen() {
    // A file of git that its manifest keeps cargo from discovering.
    let mut sample = Sample::new().with("Cargo.toml", OLDER);
    let git = format!("{GIT}\n").replace("links", "autobins = false\nlinks");
    sample = sample.with("Cargo.toml.orig", &git);
    let mut repository = Repository::new(&[("Cargo.toml", ROOT), ("crates/one/Cargo.toml", &git)]);
    for (path, text) in [("README.md", "readme\n"), ("Cargo.lock", &git_lock())] {
        repository.add(path, Mode::Regular, text.as_bytes());
    }
    for (path, text) in &sample.files {
        if path.ends_with(".rs") {
            repository.add(&format!("crates/one/{path}"), Mode::Regular, text.as_bytes());
        }
    }
    sample.repository = repository;
    assert!(sample.finding().contains("bin: expected nothing"), "{}", sample.finding());
}

#[test]
fn listed_targets_whose_file_is_excluded_may_stay_or_go() {
    let git = GIT.replace("[features]", "[[bench]]\nname = \"b\"\nharness = false\n[features]");
    let kept = PUBLISHED
        .replace("[dependencies.anyhow]", "[[bench]]\nname = \"b\"\nharness = false\n[dependencies.anyhow]");
    for published in [PUBLISHED, &kept] {
        let mut sample = Sample::new().with("Cargo.toml", published).with("Cargo.toml.orig", &git);
        let files: Vec<_> = sample.files.iter().filter(|(path, _)| path.ends_with(".rs")).cloned().collect();
        sample.repository = Repository::new(&[
            ("Cargo.toml", ROOT),
            ("crates/one/Cargo.toml", &git),
            ("README.md", "readme\n"),
            ("Cargo.lock", &git_lock()),
        ]);
        for (path, text) in files {
            sample.repository.add(&format!("crates/one/{path}"), Mode::Regular, text.as_bytes());
        }
        assert_eq!(told(&sample.verdict()), [""; 0]);
    }
    assert!(Sample::new().with("Cargo.toml", &kept).finding().contains("bench b: its file is missing"));
}

#[test]
fn hostile_manifests_end_in_a_finding() {
    let deep = format!("x = {}", "[".repeat(100_000));
    let dotted = format!("{}x = 1", "a.".repeat(50_000));
    let many: String =
        (0..10_000).map(|number| format!("[dependencies.d{number}]\nversion = \"1\"\n")).collect();
    let huge = "#".repeat(2 << 20);
    for (text, told) in [
        (deep.as_str(), "evidence-mismatch Cargo.toml: is not TOML"),
        (&dotted, "evidence-mismatch Cargo.toml: is not TOML"),
        (&many, "evidence-mismatch Cargo.toml: has no [package]"),
        (&huge, "undecided-file Cargo.toml: is too large"),
        ("", "evidence-mismatch Cargo.toml: has no [package]"),
        ("package = 1", "evidence-mismatch Cargo.toml: has no [package]"),
        ("[package]\nname = 1", "evidence-mismatch Cargo.toml: has no package.name"),
        (
            "[package]\nname = \"x\"\n[[bin]]\npath = 1",
            "evidence-mismatch Cargo.toml: has a target whose path",
        ),
        ("[package]\nname = \"x\"\n[[bin]]", "evidence-mismatch Cargo.toml: has a [[bin]] without a name"),
        ("[package]\nname = \"x\"\ndependencies = 1", "evidence-mismatch Cargo.toml: "),
        (
            "dependencies = 1\n[package]\nname = \"x\"",
            "evidence-mismatch Cargo.toml: has dependencies that are not",
        ),
        (
            "target = 1\n[package]\nname = \"x\"",
            "evidence-mismatch Cargo.toml: has a target that is not a table",
        ),
    ] {
        let finding = Sample::new().with("Cargo.toml", text).finding();
        assert!(finding.starts_with(told), "{finding}");
    }
    let mut sample = Sample::new();
    sample.files.retain(|(path, _)| path != "Cargo.toml");
    let mut files: Vec<(&str, Mode, &[u8])> =
        sample.files.iter().map(|(path, text)| (path.as_str(), Mode::Regular, text.as_bytes())).collect();
    files.push(("Cargo.toml", Mode::Regular, b"[package]\nname = \"\xff\""));
    let verdict = sample.repository.compare_below("crates/one", "cargo-crate@1", "one-x-1.2.3.crate", &files);
    assert!(verdict.findings[0].message.contains("not UTF-8"), "{:?}", verdict.findings);
}

#[test]
fn discovered_targets_whose_file_is_excluded_may_stay() {
    let extra = |path: &str, name: &str| {
        let table = format!("[[test]]\nname = \"{name}\"\npath = \"{path}\"\n[dependencies.anyhow]");
        let published = PUBLISHED.replace("[dependencies.anyhow]", &table);
        let mut sample = Sample::new().with("Cargo.toml", &published);
        sample.repository.add("crates/one/tests/big.rs", Mode::Regular, b"big");
        told(&sample.verdict())
    };
    assert_eq!(extra("tests/big.rs", "big"), ["missing-file tests/big.rs"]);
    for (path, name) in [("tests/big.rs", "evil"), ("tests/evil.rs", "big"), ("tests/evil.rs", "evil")] {
        assert_eq!(extra(path, name), ["evidence-mismatch Cargo.toml", "missing-file tests/big.rs"]);
    }
}

#[test]
fn many_targets_and_many_files_cost_no_more_than_their_sum() {
    let listed: String = (0..30_000).map(|number| format!("[[test]]\nname = \"x{number}\"\n")).collect();
    let mut sample = Sample::new().with("Cargo.toml", &format!("[package]\nname = \"one-x\"\n{listed}"));
    for number in 0..30_000 {
        sample.files.push((format!("tests/y{number}.rs"), String::new()));
    }
    let verdict = sample.verdict();
    assert_eq!(verdict.findings[0].subject, "Cargo.toml");
    assert_eq!(verdict.findings.len(), 1001);
}

#[test]
fn a_readme_from_outside_is_named_as_cargo_names_it() {
    let git = GIT.replace("readme.workspace = true", "readme = \"../../README.md\"");
    for (name, expected) in [
        ("README.md", ""),
        ("../../README.md", ""),
        ("../../../README.md", "evidence-mismatch Cargo.toml"),
        ("../README.md", "evidence-mismatch Cargo.toml"),
        ("src/lib.rs", "evidence-mismatch Cargo.toml"),
    ] {
        let published = PUBLISHED.replace("readme = \"README.md\"", &format!("readme = \"{name}\""));
        let mut sample = Sample::new().with("Cargo.toml.orig", &git).with("Cargo.toml", &published);
        let files = sample.files.clone();
        sample.repository = Repository::new(&[
            ("Cargo.toml", ROOT),
            ("Cargo.lock", &git_lock()),
            ("README.md", "readme\n"),
            ("crates/one/Cargo.toml", &git),
        ]);
        for (path, text) in files.iter().filter(|(path, _)| path.ends_with(".rs")) {
            sample.repository.add(&format!("crates/one/{path}"), Mode::Regular, text.as_bytes());
        }
        assert_eq!(told(&sample.verdict()).concat(), expected, "{name}");
    }
}

#[test]
fn the_crate_is_the_one_that_the_name_says() {
    let sample = Sample::new();
    let files: Vec<_> =
        sample.files.iter().map(|(path, text)| (path.as_str(), Mode::Regular, text.as_bytes())).collect();
    let verdict = sample.repository.compare_below("crates/one", "cargo-crate@1", "one-x-1.2.4.crate", &files);
    assert!(verdict.findings[0].message.contains("one-x-1.2.3"), "{:?}", verdict.findings);
    assert_eq!(told(&verdict), ["evidence-mismatch Cargo.toml"]);
}

#[test]
fn the_note_on_version_control_is_held_to_the_tag() {
    let other = COMMIT.replace('0', "f");
    let cases = [
        (vcs(&other, "crates/one"), "evidence-mismatch", "expected commit 0123"),
        (vcs(COMMIT, "crates/two"), "evidence-mismatch", "path_in_vcs"),
        (vcs(COMMIT, ""), "evidence-mismatch", "path_in_vcs"),
        (format!(r#"{{"git":{{"sha1":"{COMMIT}","dirty":true}}}}"#), "evidence-mismatch", "dirty"),
        (format!(r#"{{"git":{{"sha1":"{COMMIT}","dirty":"no"}}}}"#), "undecided-file", "dirty"),
        (format!(r#"{{"git":{{"sha1":"{COMMIT}","more":1}}}}"#), "undecided-file", "not known: more"),
        (format!(r#"{{"git":{{"sha1":"{COMMIT}"}},"more":1}}"#), "undecided-file", "not known: more"),
        (format!(r#"{{"git":{{"sha1":"{other}","sha1":"{COMMIT}"}}}}"#), "evidence-mismatch", "twice"),
        (r#"{"git":{}}"#.into(), "undecided-file", "sha1"),
        ("{}".into(), "undecided-file", "no git commit"),
        ("[".repeat(100_000), "evidence-mismatch", "not strict JSON"),
    ];
    for (text, code, told) in cases {
        let finding = Sample::new().with(".cargo_vcs_info.json", &text).finding();
        assert!(finding.starts_with(code) && finding.contains(told), "{text:.80}: {finding}");
    }
    let no_folder = format!(r#"{{"git":{{"sha1":"{COMMIT}","dirty":false}}}}"#);
    assert_eq!(told(&Sample::new().with(".cargo_vcs_info.json", &no_folder).verdict()), [""; 0]);
    assert_eq!(told(&Sample::new().without(".cargo_vcs_info.json").verdict()), [""; 0]);
}

#[test]
fn a_changed_lock_file_is_told() {
    let evil = package("evil", "1.0.0", IO, SUM, &[]);
    let other = SUM.replace('a', "b");
    let attacks = [
        (
            "version = 4\n".to_string(),
            format!("version = 4\n{evil}"),
            "evil 1.0.0: is not in git's lock file",
        ),
        (SUM.into(), other, "anyhow 1.0.1: expected checksum aaa"),
        (SUM.into(), "abc".into(), "expected 64 hexadecimal digits"),
        (format!("checksum = \"{SUM}\"\n"), String::new(), "anyhow 1.0.1: has no checksum"),
        (format!("source = \"{IO}\"\n"), String::new(), "expected crates.io as source, found none"),
        (IO.into(), "git+https://example.org/x#1".into(), "expected crates.io as source, found git+https"),
        (IO.into(), "registry+https://example.org/index".into(), "expected crates.io as source"),
        (IO.into(), format!("{IO}.example.org"), "expected crates.io as source"),
        ("\"0.4.1\"".into(), "\"0.4.2\"".into(), "log 0.4.2: git's lock file has version 0.4.1"),
        ("\"two\"]".into(), "\"two\", \"log\"]".into(), "one-x 1.2.3: depends on log 0.4.1"),
        ("\"two\"]".into(), "\"gone\"]".into(), "depends on gone, which it does not hold"),
        ("\"two\"]".into(), "\"two 9.9.9\"]".into(), "depends on two 9.9.9, which it does not hold"),
        ("\"1.2.3\"\ndep".into(), "\"1.2.4\"\ndep".into(), "expected the crate itself as 1.2.3, found 1.2.4"),
        ("\"one-x\"".into(), "\"one-y\"".into(), "expected crates.io as source, found none"),
        ("version = 4\n".into(), package("log", "0.4.1", IO, SUM, &[]), "two packages log 0.4.1"),
        (
            "version = 4\n".into(),
            package("other", "2.0.1", IO, SUM, &[]),
            "git's lock file has version 2.0.0",
        ),
        ("version = 4\n".into(), package("secret", "6.6.6", IO, SUM, &[]), "has it from git+https"),
        ("name = \"log\"".into(), "name = \"log\"\nname = \"log\"".into(), "is not TOML"),
    ];
    for (from, to, told) in attacks {
        let finding = changed("Cargo.lock", &from, &to).finding();
        assert!(
            finding.starts_with("evidence-mismatch Cargo.lock: ") && finding.contains(told),
            "{to}: {finding}"
        );
    }
    for (from, to) in [
        ("version = 4", "version = 5"),
        ("version = 4", "version = 4\nextra = 1"),
        ("version = 4\n", "version = 4\n[[patch.unused]]\nname = \"x\"\nversion = \"1.0.0\"\n"),
        ("name = \"log\"", "name = \"log\"\nreplace = \"x\""),
    ] {
        let finding = changed("Cargo.lock", from, to).finding();
        assert!(finding.starts_with("undecided-file Cargo.lock: "), "{to}: {finding}");
    }
}

#[test]
fn members_may_be_locked_as_releases() {
    // A release and the member of the same name and version side by side.
    let both = published_lock() + &package("one-x", "1.2.3", IO, SUM, &[]);
    let needs = both.replace(
        "\"log\"]",
        "\"log\", \"one-x 1.2.3 (registry+https://github.com/rust-lang/crates.io-index)\"]",
    );
    assert_eq!(told(&Sample::new().with("Cargo.lock", &both).verdict()), [""; 0]);
    assert!(
        Sample::new().with("Cargo.lock", &needs).finding().contains("anyhow 1.0.1: depends on one-x 1.2.3")
    );
    // Of another version than the member's, git says nothing.
    let newer =
        changed("Cargo.lock", "name = \"two\"\nversion = \"1.2.3\"", "name = \"two\"\nversion = \"1.2.9\"");
    assert!(newer.finding().starts_with("undecided-file Cargo.lock: two 1.2.9: a member of the workspace"));
}

#[test]
fn lock_files_of_the_first_format_have_their_checksums_at_the_end() {
    let old = [
        package(
            "anyhow",
            "1.0.1",
            IO,
            "",
            &["log 0.4.1 (registry+https://github.com/rust-lang/crates.io-index)"],
        ),
        package("log", "0.4.1", IO, "", &[]),
        package("one-x", "1.2.3", "", "", &["anyhow 1.0.1"]),
        "[metadata]\n".into(),
        format!("\"checksum anyhow 1.0.1 ({IO})\" = \"{SUM}\"\n"),
        format!("\"checksum log 0.4.1 ({IO})\" = \"{SUM}\"\n"),
    ]
    .concat();
    assert_eq!(told(&Sample::new().with("Cargo.lock", &old).verdict()), [""; 0]);
    let bad = old.replace("\"checksum log", "\"checksum lag");
    assert!(Sample::new().with("Cargo.lock", &bad).finding().contains("log 0.4.1: has no checksum"));
}

#[test]
fn without_a_lock_file_in_git_only_registry_and_checksum_can_be_said() {
    let mut sample = Sample::new();
    let files = sample.files.clone();
    sample.repository =
        Repository::new(&[("Cargo.toml", ROOT), ("crates/one/Cargo.toml", GIT), ("README.md", "readme\n")]);
    for (path, text) in files.iter().filter(|(path, _)| path.ends_with(".rs")) {
        sample.repository.add(&format!("crates/one/{path}"), Mode::Regular, text.as_bytes());
    }
    let verdict = sample.verdict();
    assert_eq!(told(&verdict), [""; 0]);
    let lock = verdict.explanations.iter().find(|line| line.path == "Cargo.lock".into()).unwrap();
    assert!(lock.detail.starts_with("registry and checksum only"), "{}", lock.detail);
    let lock = published_lock().replace(IO, "git+https://example.org/x#1");
    assert!(sample.with("Cargo.lock", &lock).finding().contains("expected crates.io as source"));
}

#[test]
fn hostile_lock_files_end_in_a_finding() {
    let many: String =
        (0..20_000).map(|number| package("log", &format!("{number}.0.0"), IO, SUM, &[])).collect();
    let needs: Vec<String> = (0..20_000).map(|number| format!("log {number}.0.0")).collect();
    let needs: Vec<&str> = needs.iter().map(String::as_str).collect();
    let wide = many.clone() + &package("one-x", "1.2.3", "", "", &needs);
    for text in [many.as_str(), &wide, "", "package = 1", "[[package]]", "[[package]]\nname = 1"] {
        let finding = Sample::new().with("Cargo.lock", text).finding();
        assert!(finding.contains("Cargo.lock: "), "{finding}");
    }
}

#[test]
fn additions_are_never_explained_by_their_name() {
    for path in
        ["evil.rs", "src/evil.rs", ".cargo/config.toml", "target/x", ".gitignore", "LICENSE", "cargo.toml"]
    {
        assert_eq!(
            told(&Sample::new().with(path, "x").verdict()),
            [format!("unexplained-file {path}")],
            "{path}"
        );
    }
    assert!(
        Sample::new().with("Cargo.toml.orig", "x").finding().starts_with("evidence-mismatch Cargo.toml.orig")
    );
    assert!(
        Sample::new()
            .with("README.md", "x")
            .finding()
            .starts_with("evidence-mismatch README.md: expected git's README.md")
    );
    assert!(Sample::new().with("src/lib.rs", "x").finding().starts_with("modified-file src/lib.rs"));
}

#[test]
fn what_cargo_writes_is_never_executable() {
    let sample = Sample::new();
    for odd in [".cargo_vcs_info.json", "Cargo.lock", "Cargo.toml", "Cargo.toml.orig", "README.md"] {
        let mode = |path: &str| if path == odd { Mode::Executable } else { Mode::Regular };
        let files: Vec<_> =
            sample.files.iter().map(|(path, text)| (path.as_str(), mode(path), text.as_bytes())).collect();
        let verdict =
            sample.repository.compare_below("crates/one", "cargo-crate@1", "one-x-1.2.3.crate", &files);
        assert_eq!(told(&verdict), [format!("evidence-mismatch {odd}")]);
    }
}

#[test]
fn an_exec_bit_may_get_lost_but_never_appears() {
    let mut sample = Sample::new();
    sample.repository.add("crates/one/ci.sh", Mode::Executable, b"ci");
    sample = sample.with("ci.sh", "ci");
    assert_eq!(told(&sample.verdict()), [""; 0]);
    assert_eq!(told(&sample.with("ci.sh", "evil").verdict()), ["modified-file ci.sh"]);
    let sample = Sample::new();
    let mode = |path: &str| if path == "src/lib.rs" { Mode::Executable } else { Mode::Regular };
    let files: Vec<_> =
        sample.files.iter().map(|(path, text)| (path.as_str(), mode(path), text.as_bytes())).collect();
    let verdict = sample.repository.compare_below("crates/one", "cargo-crate@1", "one-x-1.2.3.crate", &files);
    assert_eq!(told(&verdict), ["mode-differs src/lib.rs"]);
}

#[test]
fn omissions_are_built_in_for_what_cargo_never_packs() {
    let mut sample = Sample::new();
    for path in [
        "crates/one/.gitignore",
        "crates/one/.github/workflows/ci.yml",
        "crates/one/fuzz/Cargo.toml",
        "crates/one/fuzz/src/deep/main.rs",
        "crates/one/target/notes.txt",
        "crates/one/CHANGELOG.md",
        "crates/one/tests/data.bin",
    ] {
        sample.repository.add(path, Mode::Regular, path.as_bytes());
    }
    let verdict = sample.verdict();
    assert_eq!(told(&verdict), ["missing-file CHANGELOG.md", "missing-file tests/data.bin"]);
    let omitted = levels(&verdict).into_iter().filter(|line| line.starts_with("omitted")).count();
    assert_eq!(omitted, 5);
    assert_eq!(told(&Sample::new().without("src/bin/tool.rs").verdict()), ["missing-file src/bin/tool.rs"]);
}

#[test]
fn git_manifests_that_cannot_be_followed_are_undecided() {
    let with = |root: &str, git: &str| {
        let mut sample = Sample::new().with("Cargo.toml.orig", git).without("Cargo.lock");
        let files = sample.files.clone();
        sample.repository = Repository::new(&[
            ("Cargo.toml", root),
            ("crates/one/Cargo.toml", git),
            ("README.md", "readme\n"),
        ]);
        for (path, text) in files.iter().filter(|(path, _)| path.ends_with(".rs")) {
            sample.repository.add(&format!("crates/one/{path}"), Mode::Regular, text.as_bytes());
        }
        let verdict = sample.verdict();
        let finding = verdict.findings.iter().find(|finding| finding.subject == "Cargo.toml").unwrap();
        format!("{}: {}", finding.code, finding.message)
    };
    for (root, git, told) in [
        ("", GIT.to_string(), "no workspace in git gives package."),
        ("x = [", GIT.into(), "git's Cargo.toml is not TOML"),
        (ROOT, format!("{GIT}\n[package]"), "git's crates/one/Cargo.toml is not TOML"),
        (
            ROOT,
            GIT.replace("links", "workspace = \"../..//../x\"\nlinks"),
            "package.workspace of git's manifest",
        ),
        (ROOT, GIT.replace("log = { w", "lag = { w"), "inherits lag, which no workspace"),
        (
            ROOT,
            GIT.replace("path = \"../two\"", "registry = \"ours\""),
            "registry whose index git does not name",
        ),
        (ROOT, "[workspace]".into(), "has no [package]"),
    ] {
        let finding = with(root, &git);
        assert!(finding.starts_with("undecided-file: ") && finding.contains(told), "{finding}");
    }
    let excluded = ROOT.replace("members = [\"crates/*\"]", "exclude = [\"crates/one\"]");
    assert!(with(&excluded, GIT).contains("no workspace in git gives package."));
}
