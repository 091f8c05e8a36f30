//! What an operator is shown when an artifact is refused: the difference, and
//! the commit that it was built from.

// Tests may panic: that is how they fail.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::disallowed_methods)]

mod support;

use std::fs;
use support::{Ran, World};

/// Commits a change on the branch, without a tag.
fn commit(world: &World, path: &str, content: &str, message: &str) -> String {
    fs::write(world.path("hello").join(path), content).unwrap();
    world.git(&["add", "--all"]);
    world.git(&["commit", "--quiet", "--message", message]);
    world.git(&["rev-parse", "HEAD"])
}

/// What `compare` says of an artifact made from another commit than the tag's.
fn built_from(world: &World, commit: &str) -> Ran {
    let output = format!("--output={}", world.path("dist/hello-1.0.tar").display());
    // The tree alone: the commit's id in the header would give it away.
    let tree = format!("{commit}^{{tree}}");
    world.git(&["archive", "--format=tar", "--prefix=hello-1.0/", &output, &tree]);
    let artifact = ["--repository", "hello", "--tag", "v1.0", "--artifact", "dist/hello-1.0.tar"];
    world.countersign(&[&["compare"], &artifact[..], &["--preset", "git-archive@1"]].concat())
}

fn finding<'r>(ran: &'r Ran, code: &str) -> &'r serde_yaml::Value {
    let findings = ran.document["findings"].as_sequence().unwrap();
    findings.iter().find(|finding| finding["code"] == code).unwrap_or_else(|| panic!("{}", ran.stdout))
}

#[test]
fn a_build_before_the_tag_names_its_commit() {
    let world = World::new();
    let before = commit(&world, "README", "Hello.\nMore.\n", "Say more");
    commit(&world, "README", "Hello.\nEven more.\n", "Say even more");
    commit(&world, "NEWS", "1.0\n", "News");
    world.tag("v1.0", &world.maintainer);
    let ran = built_from(&world, &before);
    ran.rejected_for("modified-file").rejected_for("missing-file");
    let note = finding(&ran, "built-from-other-commit");
    assert_eq!(note["subject"], before.as_str());
    let message = note["message"].as_str().unwrap();
    assert!(message.contains("2 commits before the tag, explains every path"), "{message}");
    assert!(message.ends_with("\"Say more\""), "{message}");
}

#[test]
fn a_build_after_the_tag_names_its_commit() {
    let world = World::new();
    commit(&world, "README", "Hello.\nMore.\n", "Say more");
    let after = commit(&world, "src/new.c", "int x;\n", "A new file");
    commit(&world, "README", "Hello.\nEven more.\n", "Say even more");
    let ran = built_from(&world, &after);
    ran.rejected_for("unexplained-file");
    let note = finding(&ran, "built-from-other-commit");
    assert_eq!(note["subject"], after.as_str());
    let message = note["message"].as_str().unwrap();
    assert!(message.contains("2 commits after the tag, explains every path"), "{message}");
}

#[test]
fn a_file_taken_from_elsewhere_names_a_commit_only_in_part() {
    let world = World::new();
    let before = commit(&world, "README", "Hello.\nMore.\n", "Say more");
    commit(&world, "README", "Hello.\nEven more.\n", "Say even more");
    world.tag("v1.0", &world.maintainer);
    commit(&world, "src/evil.c", "int evil;\n", "Evil on a branch");
    fs::write(world.path("hello/README"), "Hello.\nMore.\n").unwrap();
    fs::write(world.path("hello/src/evil.c"), "other\n").unwrap();
    world.git(&["add", "--all"]);
    let tree = world.git(&["write-tree"]);
    let ran = built_from(&world, &tree);
    ran.rejected_for("modified-file").rejected_for("unexplained-file");
    let note = finding(&ran, "built-from-other-commit");
    assert_eq!(note["subject"], before.as_str());
    assert!(note["message"].as_str().unwrap().contains("explains 1 of the 2 paths"), "{note:?}");
}

#[test]
fn what_no_commit_explains_names_none() {
    let world = World::new();
    fs::write(world.path("hello/README"), "never committed\n").unwrap();
    world.git(&["add", "README"]);
    let ran = built_from(&world, &world.git(&["write-tree"]));
    assert_eq!(ran.rejected_for("modified-file").codes(), ["modified-file"]);
}

/// `compare` of the tag's own tree under another top-level prefix.
fn compare_rooted(world: &World, prefix: &str, more: &[&str]) -> Ran {
    let output = format!("--output={}", world.path("dist/hello-1.0.tar").display());
    world.git(&["archive", "--format=tar", &format!("--prefix={prefix}"), &output, "v1.0"]);
    let artifact = ["--repository", "hello", "--tag", "v1.0", "--artifact", "dist/hello-1.0.tar"];
    world.countersign(&[&["compare"], &artifact[..], &["--preset", "git-archive@1"], more].concat())
}

#[test]
fn a_root_folder_of_another_name_is_one_finding_that_says_how_to_name_it() {
    let world = World::new();
    // A tag whose parent has fewer files, which would seem to fit better.
    commit(&world, "NEWS", "1.0\n", "News");
    world.tag("v1.0", &world.maintainer);
    for (prefix, found, root) in [("hello/", "hello/", "hello"), ("", "NEWS, README", "")] {
        let ran = compare_rooted(&world, prefix, &[]);
        assert_eq!(ran.rejected_for("outside-root").codes(), ["outside-root"]);
        let told = finding(&ran, "outside-root");
        assert_eq!(told["subject"], "hello-1.0.tar");
        let message = told["message"].as_str().unwrap();
        let expected = "nothing in it lies in hello-1.0/, the one folder that it may hold; it holds ";
        assert!(message.starts_with(&format!("{expected}{found}")), "{message}");
        let hint = told["hint"].as_str().unwrap();
        let typed = if root.is_empty() { "\"\"" } else { root };
        assert!(
            hint.contains(&format!("root: {typed}")) && hint.contains(&format!("--root {typed}")),
            "{hint}"
        );
        compare_rooted(&world, prefix, &["--root", root]).ok();
    }
}

#[test]
fn an_archive_of_nothing_was_not_built_from_a_smaller_commit() {
    let world = World::new();
    commit(&world, "NEWS", "1.0\n", "News");
    world.tag("v1.0", &world.maintainer);
    let empty = world.git(&["mktree", "--missing"]);
    let ran = built_from(&world, &empty);
    assert!(ran.rejected_for("missing-file").codes().iter().all(|code| *code == "missing-file"));
}

#[test]
fn a_modified_text_file_is_shown_as_difference_and_a_binary_one_is_not() {
    let world = World::new();
    commit(&world, "image", "\0binary", "An image");
    world.tag("v1.0", &world.maintainer);
    fs::write(world.path("hello/image"), "\0binarY").unwrap();
    fs::write(world.path("hello/src/hello.c"), "int main(void) { return 1; }\n\x1b[2J\n").unwrap();
    world.git(&["add", "--all"]);
    let ran = built_from(&world, &world.git(&["write-tree"]));
    let findings = ran.document["findings"].as_sequence().unwrap();
    let diff = |path: &str| {
        let found = findings.iter().find(|finding| finding["subject"] == path).unwrap();
        found.get("diff").map(|diff| diff.as_str().unwrap().to_string())
    };
    let expected = "--- git\n+++ artifact\n@@ -1 +1,2 @@\n-int main(void) { return 0; }\n+int main(void) { return 1; }\n+\\x1b[2J\n";
    assert_eq!(diff("src/hello.c").as_deref(), Some(expected));
    assert_eq!(diff("image"), None);
    assert!(ran.stderr.contains("  | -int main(void) { return 0; }\n"), "{}", ran.stderr);
    assert!(!ran.stderr.contains('\x1b'), "nothing of the artifact reaches the terminal raw");
}

#[test]
fn the_page_is_written_for_a_yes_and_for_a_no_and_never_among_the_artifacts() {
    let world = World::new();
    let artifact = ["--repository", "hello", "--tag", "v1.0", "--artifact", "dist/hello-1.0.tar.gz"];
    let compare =
        [&["compare"], &artifact[..], &["--preset", "git-archive@1", "--html", "page.html"]].concat();
    world.countersign(&compare).ok();
    let page = fs::read_to_string(world.path("page.html")).unwrap();
    assert!(page.contains("hello-1.0.tar.gz: explained</h1>") && page.contains("<td>4</td>"), "{page}");
    commit(&world, "README", "Other.\n", "Other");
    world.tag("v1.0", &world.maintainer);
    world.judge("validate", &["--artifacts", "dist", "--html", "page.html"]).rejected_for("modified-file");
    let page = fs::read_to_string(world.path("page.html")).unwrap();
    assert!(
        page.contains("hello-1.0.tar.gz: rejected</h1>") && page.contains("<del>-Other.</del>"),
        "{page}"
    );
    let among = world.judge("validate", &["--artifacts", "dist", "--html", "dist/page.html"]);
    assert_eq!((among.code, among.codes()), (2, vec!["output-among-artifacts"]));
    assert_eq!(world.names("dist"), ["hello-1.0.tar.gz"]);
}
