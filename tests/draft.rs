//! `policy draft`: what it proposes, and what it never does.

// Tests may panic: that is how they fail.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::disallowed_methods)]

mod support;

use std::fs;
use support::{Ran, World, run_ok};

fn draft(world: &World, artifact: &str, more: &[&str]) -> Ran {
    let arguments =
        ["policy", "draft", "--repository", "hello", "--tag", "v1.0", "--project", "example/hello"];
    world.countersign(&[&arguments[..], &["--artifact", artifact], more].concat())
}

/// The draft with what only a person can know filled in.
fn filled_in(world: &World, draft: &str) -> String {
    draft
        .replace("certificates: []", &format!("certificates: [{}]", world.maintainer.certificate))
        .replace("signer: \"\"", &format!("signer: {}", world.release.certificate))
        .replace("repository: \"\"", "repository: https://git.example.org/hello")
}

#[test]
fn a_filled_in_draft_validates_the_release_it_was_made_from() {
    let world = World::new();
    let ran = draft(&world, "dist/hello-1.0.tar.gz", &["--policy", "draft.yaml"]);
    ran.ok();
    assert_eq!(ran.document["changed"], true);
    assert_eq!(ran.result()["artifacts"][0]["preset"], "git-archive@1");
    let text = fs::read_to_string(world.path("draft.yaml")).unwrap();
    assert_eq!(text, ran.result()["policy"].as_str().unwrap());
    let unfinished = world.countersign(&["policy", "check", "--policy", "draft.yaml"]);
    assert_eq!(unfinished.code, 2, "a draft that nobody finished is no policy");
    fs::write(world.path("policy.yaml"), filled_in(&world, &text)).unwrap();
    world.judge("validate", &["--artifacts", "dist"]).ok();
}

#[test]
fn an_existing_policy_is_never_overwritten() {
    let world = World::new();
    let before = fs::read(world.path("policy.yaml")).unwrap();
    let ran = draft(&world, "dist/hello-1.0.tar.gz", &["--policy", "policy.yaml"]);
    assert_eq!(ran.code, 3, "{}", ran.stdout);
    assert_eq!(fs::read(world.path("policy.yaml")).unwrap(), before);
}

#[test]
fn what_is_added_stays_a_comment_and_what_is_left_out_is_listed_path_by_path() {
    let world = World::new();
    world.build("dist");
    run_ok(std::process::Command::new("sh").current_dir(world.path("dist")).args([
        "-c",
        "tar xf hello-1.0.tar.gz && rm hello-1.0/README 'hello-1.0/src/hello.c' && echo evil > hello-1.0/x.m4 &&
         tar czf hello-1.0.tar.gz --format=ustar hello-1.0 && rm -r hello-1.0",
    ]));
    let ran = draft(&world, "dist/hello-1.0.tar.gz", &[]);
    ran.rejected_for("unexplained-file");
    let text = ran.result()["policy"].as_str().unwrap();
    assert!(text.contains("          - \"README\"\n          - \"src/hello.c\"\n"), "{text}");
    assert!(text.contains("        #   - {path: \"x.m4\", sha256: "), "{text}");
    assert!(!text.contains("unverified") && !text.contains('*'), "{text}");
    fs::write(world.path("policy.yaml"), filled_in(&world, text)).unwrap();
    world.judge("validate", &["--artifacts", "dist"]).rejected_for("unexplained-file");
}

#[test]
fn the_folder_that_fits_is_found() {
    let world = World::new();
    fs::create_dir_all(world.path("hello/packages/tool")).unwrap();
    for name in ["one", "two", "three"] {
        fs::write(world.path("hello/packages/tool").join(name), name).unwrap();
    }
    world.git(&["add", "--all"]);
    world.git(&["commit", "--quiet", "--message", "A package"]);
    world.tag("v1.0", &world.maintainer);
    let output = format!("--output={}", world.path("tool-1.0.tar").display());
    world.git(&["archive", "--prefix=tool-1.0/", &output, "v1.0:packages/tool"]);
    let ran = draft(&world, "tool-1.0.tar", &[]);
    ran.ok();
    assert_eq!(ran.result()["artifacts"][0]["subdirectory"], "packages/tool");
}

#[test]
fn a_tag_without_the_artifacts_version_is_told() {
    let world = World::new();
    fs::copy(world.path("dist/hello-1.0.tar.gz"), world.path("hello-2.0.tar.gz")).unwrap();
    draft(&world, "hello-2.0.tar.gz", &[]).rejected_for("draft-no-version");
}
