//! The policy's own rules, told by what is refused.

use super::*;

const FPR: &str = "0123456789ABCDEF0123456789ABCDEF01234567";

fn sample() -> String {
    format!(
        r#"format: countersign/policy@v1
groups:
  release-team: {{certificates: [{FPR}], note: "vetted 2026"}}
projects:
  example/hello:
    repository: https://git.example.org/example/hello
    tag: "v{{version}}"
    branches: [main, "stable/*"]
    taggers: {{any: [release-team]}}
    signer: {FPR}
    artifacts:
      - name: "hello-{{version}}.tar.gz"
        preset: git-archive@1
        omit: [".gitignore", "docs/**"]
        files:
          - {{path: "hello-{{version}}.txt", exact: "hello\n"}}
"#
    )
}

fn fault(from: &str, to: &str) -> String {
    let text = sample();
    assert!(text.contains(from), "the sample holds {from:?}");
    Policy::parse(text.replace(from, to).as_bytes()).unwrap_err().to_string()
}

#[test]
fn sample_is_read_with_its_defaults() {
    let policy = Policy::parse(sample().as_bytes()).unwrap();
    let project = &policy.projects["example/hello"];
    assert_eq!(project.destination, "example/hello");
    assert_eq!(project.name.as_str(), "hello");
    assert_eq!(project.artifacts[0].root.fill("1.0"), "hello-1.0");
    assert_eq!(project.version_of_tag("v1.0"), Ok("1.0"));
    assert_eq!(project.checksum_list("1.0"), "hello-1.0.SHA256SUMS");
    assert!(project.branches[1].matches(b"stable/1") && !project.branches[1].matches(b"stable/1/2"));
    assert_eq!(policy.unused_groups().count(), 0);
}

#[test]
fn tags_that_are_no_release_are_told_why() {
    let policy = Policy::parse(sample().as_bytes()).unwrap();
    let project = &policy.projects["example/hello"];
    assert!(project.version_of_tag("1.0").unwrap_err().contains("look like"));
    assert!(project.version_of_tag("vx").unwrap_err().contains("is not a plain version"));
    assert!(project.version_of_tag("v../1").is_err());
}

#[test]
fn unknown_and_duplicate_keys_are_refused_with_their_line() {
    assert!(fault("    signer:", "    sgner:").contains("unknown field `sgner`"));
    assert!(fault("    signer:", "    sgner:").contains("line "));
    let empty = fault(&format!("signer: {FPR}"), "signer: ''");
    assert!(empty.starts_with("projects.example/hello.signer: the fingerprint '' is not"), "{empty}");
    assert!(fault("projects:\n", "projects:\n  example/hello: {}\n").contains("missing field"));
    let twice = sample().replace("    tag: ", "    tag: x\n    tag: ");
    assert!(Policy::parse(twice.as_bytes()).unwrap_err().to_string().contains("duplicate"));
    assert!(fault("policy@v1", "policy@v2").contains("reads countersign/policy@v1"));
}

#[test]
fn nothing_is_left_dangling_or_empty() {
    assert!(fault("{any: [release-team]}", "{any: [nobody]}").contains("no group"));
    assert!(fault("{any: [release-team]}", "{any: []}").contains("is empty"));
    assert!(fault("[main, \"stable/*\"]", "[]").contains("is empty"));
    assert!(fault(&format!("{{certificates: [{FPR}]"), "{certificates: []").contains("is empty"));
    assert!(fault(&format!("[{FPR}]"), &format!("[{FPR}, {FPR}]")).contains("twice"));
    assert!(fault(FPR, "01234567").contains("hexadecimal"));
}

#[test]
fn places_and_names_cannot_escape() {
    assert!(fault("    artifacts:\n", "    destination: ../x\n    artifacts:\n").contains("destination"));
    assert!(fault("        preset:", "        root: ..\n        preset:").contains(".. part"));
    assert!(fault("        preset:", "        subdirectory: /etc\n        preset:").contains("absolute"));
    assert!(fault("path: \"hello-{version}.txt\"", "path: \"a/../b\"").contains(".. part"));
    assert!(fault("\"hello-{version}.tar.gz\"", "\"hello.tar.gz\"").contains("share one file name"));
    assert!(fault("\"v{version}\"", "\"release\"").contains("exactly once"));
}

#[test]
fn one_file_name_has_one_rule() {
    let text = sample() + "      - {name: \"hello-{version}.tar.gz\", preset: git-archive@1}\n";
    assert!(Policy::parse(text.as_bytes()).unwrap_err().to_string().contains("too"));
    let (head, project) = text.split_at(text.find("  example/hello:").unwrap());
    let other = project.replacen("example/hello:", "example/other:", 1).replacen(
        "    signer:",
        "    destination: example/hello\n    signer:",
        1,
    );
    let other = &other[..other.find("      - {name").unwrap()];
    let both = format!("{head}{}{other}", &project[..project.find("      - {name").unwrap()]);
    assert!(Policy::parse(both.as_bytes()).unwrap_err().to_string().contains("projects.example/"));
}

#[test]
fn each_file_has_exactly_one_evidence() {
    assert!(fault("exact: \"hello\\n\"", "executable: true").contains("exactly one"));
    let both = format!("exact: x, sha256: {}", "0".repeat(64));
    assert!(fault("exact: \"hello\\n\"", &both).contains("exactly one"));
    let reasonless = "unverified: {reason: ' ', until: 2027-01-01}";
    assert!(fault("exact: \"hello\\n\"", reasonless).contains("reason"));
    assert!(fault("exact: \"hello\\n\"", "unverified: {reason: x}").contains("until"));
}

fn with(rules: &str) -> Result<Policy, String> {
    let text = sample() + &rules.lines().map(|line| format!("        {line}\n")).collect::<String>();
    Policy::parse(text.as_bytes()).map_err(|error| error.to_string())
}

#[test]
fn evidence_that_is_brought_along_is_named_once_and_whole() {
    let policy = with(&format!(
        "submodules: [{{path: mod, repository: 'https://x'}}]\n\
         rebuilt: [{{name: second, builder: image X, paths: [configure, 'po/*']}}]\n\
         catalogues: [{{name: gnu, certificate: {FPR}, paths: ['m4/*.m4']}}]\n"
    ));
    let rule = &policy.unwrap().projects["example/hello"].artifacts[0];
    assert_eq!((rule.submodules.len(), rule.rebuilt.len(), rule.catalogues.len()), (1, 1, 1));
    for (rules, why) in [
        ("submodules: [{path: ../x, repository: x}]", ".. part"),
        ("submodules: [{path: /x, repository: x}]", "absolute"),
        ("submodules: [{path: x, repository: ' '}]", "is empty"),
        ("submodules: [{path: x}]", "missing field"),
        ("submodules: [{path: x, repository: x}, {path: x, repository: y}]", "twice"),
        ("rebuilt: [{name: x, builder: b, paths: []}]", "is empty"),
        ("rebuilt: [{name: x, builder: '', paths: [a]}]", "is empty"),
        ("rebuilt: [{name: x, paths: [a]}]", "missing field"),
        ("rebuilt: [{name: a/b, builder: b, paths: [a]}]", "name"),
        ("rebuilt: [{name: x, builder: b, paths: ['[']}]", "paths"),
        ("rebuilt: [{name: x, builder: b, paths: [a]}, {name: x, builder: b, paths: [b]}]", "twice"),
        ("catalogues: [{name: x, certificate: 0123, paths: [a]}]", "hexadecimal"),
        ("catalogues: [{name: x, paths: [a]}]", "missing field"),
    ] {
        let told = with(rules).unwrap_err();
        assert!(told.contains(why), "{rules}: {told}");
    }
}

#[test]
fn a_file_is_not_evidence_for_itself() {
    let same = |path: &str| format!("same-as: {path}");
    assert!(fault("exact: \"hello\\n\"", &same("'hello-{version}.txt'")).contains("itself"));
    assert!(fault("exact: \"hello\\n\"", &same("../x")).contains(".. part"));
    assert!(fault("exact: \"hello\\n\"", "same-as: a, exact: b").contains("exactly one"));
    let policy = sample().replace("exact: \"hello\\n\"", "same-as: '{version}.txt'");
    let policy = Policy::parse(policy.as_bytes()).unwrap();
    let rule = &policy.projects["example/hello"].artifacts[0].files[0];
    assert!(matches!(rule.evidence.fill("1.0"), FileEvidence::SameAs(path) if path.as_str() == "1.0.txt"));
}
