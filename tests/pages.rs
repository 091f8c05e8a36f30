//! The golden pages: commands with their whole output, as a user sees them.
//! What differs from run to run (fingerprints, ids and digests that follow
//! from fresh keys) stands there as a word in brackets.

// Tests may panic: that is how they fail.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::disallowed_methods)]

mod support;

use std::fs;
use support::{World, run_ok};

#[test]
fn pages_are_true() {
    let world = World::new();
    let key = world.path("subkey.asc");
    fs::write(&key, world.secret_subkey(&world.release)).unwrap();
    // A page cannot pipe: this stands for `gpg --export-secret-subkeys … | countersign sign …`.
    let piped = world.path("countersign-with-key");
    let script =
        format!("#!/bin/sh\nexec {} \"$@\" --key - < {}\n", support::helper().display(), key.display());
    fs::write(&piped, script).unwrap();
    run_ok(std::process::Command::new("chmod").arg("+x").arg(&piped));
    forgeries(&world);
    fs::create_dir(world.path("empty")).unwrap();

    let cases = trycmd::TestCases::new();
    cases.register_bin("countersign", support::helper().as_path());
    cases.register_bin("countersign-with-key", piped.as_path());
    let digest =
        |path: &str| run_ok(std::process::Command::new("sha256sum").arg(world.path(path)))[..64].to_string();
    let validated = world.judge("validate", &["--artifacts", "dist"]);
    let result = validated.ok().result();
    let text = |value: &serde_yaml::Value| value.as_str().unwrap().to_string();
    let artifact = &result["artifacts"][0];
    for (word, value) in [
        ("[MAINTAINER]", world.maintainer.certificate.clone()),
        ("[MAINTAINERSUBKEY]", world.maintainer.subkey.clone()),
        ("[RELEASE]", world.release.certificate.clone()),
        ("[RELEASESUBKEY]", world.release.subkey.clone()),
        ("[STRANGER]", world.stranger.certificate.clone()),
        ("[TAGOBJECT]", text(&result["tag"]["object"])),
        ("[COMMIT]", text(&result["tag"]["commit"])),
        ("[POLICYDIGEST]", text(&result["policy_sha256"])),
        ("[KEYRINGDIGEST]", text(&result["keyring_sha256"])),
        ("[RECORDDIGEST]", text(&result["record"]["sha256"])),
        ("[ARTIFACTDIGEST]", digest("dist/hello-1.0.tar.gz")),
        ("[ARTIFACTLONGDIGEST]", text(&artifact["sha512"])),
        ("[SIZE]", format!("size: {}", artifact["size"].as_u64().unwrap())),
        ("[TREEDIGEST]", text(&artifact["tree_sha256"])),
        ("[FLIPPEDDIGEST]", digest("flipped/hello-1.0.tar.gz")),
    ] {
        cases.insert_var(Box::leak(word.to_string().into_boxed_str()), value).unwrap();
    }
    // Pages run in the world's folder, so their paths are short.
    std::env::set_current_dir(world.root()).unwrap();
    cases.case(format!("{}/tests/pages/*.md", env!("CARGO_MANIFEST_DIR")));
    cases.run();
}

/// An artifact with one changed and one added file.
fn forgeries(world: &World) {
    let script = "mkdir flipped && cd flipped && tar -xzf ../dist/hello-1.0.tar.gz \
        && printf J | dd of=hello-1.0/README conv=notrunc status=none \
        && mkdir hello-1.0/m4 && echo evil > hello-1.0/m4/build-to-host.m4 \
        && tar -czf hello-1.0.tar.gz --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner hello-1.0 \
        && rm -r hello-1.0";
    run_ok(std::process::Command::new("sh").args(["-ec", script]).current_dir(world.root()));
    fs::create_dir(world.path("signed")).unwrap();
    fs::copy(world.path("dist/hello-1.0.tar.gz"), world.path("signed/hello-1.0.tar.gz")).unwrap();
}
