//! Killed at any instant: nothing partial under a final name, and running
//! again completes it. The kill is real: strace sends SIGKILL at the n-th
//! system call that touches a file.

// Tests may panic: that is how they fail.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::disallowed_methods)]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use support::{RULES, World, helper};

/// Everything by which publishing changes the disk, and some steps between.
const STEPS: &str = "trace=openat,mkdir,mkdirat,write,copy_file_range,fsync,rename,renameat,renameat2,link,linkat,unlink,unlinkat,flock,close";

fn publish_under_strace(world: &World, site: &str, options: &[&str]) -> std::process::ExitStatus {
    Command::new("strace")
        .args(["-f", "-qq", "-e", STEPS])
        .args(options)
        .arg(helper())
        .args([
            "publish",
            "--record",
            "dist/hello-1.0.tar.gz.validation.yaml",
            "--artifacts",
            "dist",
            "--site",
            site,
        ])
        .args(RULES)
        .current_dir(world.root())
        .output()
        .expect("strace is installed")
        .status
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let Ok(entries) = fs::read_dir(folder) else { return BTreeMap::new() };
    let files = entries.map(|entry| {
        let entry = entry.unwrap();
        (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap())
    });
    files.filter(|(name, _)| !name.starts_with('.')).collect()
}

#[test]
fn publish_killed_at_every_step_leaves_no_partial_file_and_can_be_repeated() {
    let world = World::new();
    world.sign("dist", &[]).ok();
    let whole = files(&world.path("dist"));
    let log = world.path("steps.log");
    fs::create_dir(world.path("counted")).unwrap();
    let status = publish_under_strace(&world, "counted", &["-o", log.to_str().unwrap()]);
    assert!(status.success());
    let steps = fs::read_to_string(&log).unwrap().lines().count();
    assert!(steps > 40, "strace saw {steps} steps only");

    let (mut killed_before, mut killed_between) = (0, 0);
    for step in 1..=steps {
        let site = format!("site-{step}");
        fs::create_dir(world.path(&site)).unwrap();
        let calls = STEPS.trim_start_matches("trace=");
        let inject = format!("inject={calls}:signal=SIGKILL:when={step}");
        let status = publish_under_strace(&world, &site, &["-o", "/dev/null", "-e", &inject]);
        let place = world.path(&site).join("example/hello");
        let found = files(&place);
        for (name, bytes) in &found {
            assert_eq!(Some(bytes), whole.get(name), "step {step}: {name} is not whole");
        }
        if found.contains_key("hello-1.0.SHA256SUMS.asc") {
            assert_eq!(found.len(), whole.len(), "step {step}: the list is signed, but files are missing");
        }
        if !status.success() {
            killed_before += usize::from(found.is_empty());
            killed_between += usize::from(!found.is_empty() && found.len() < whole.len());
        }
        let again = publish_under_strace(&world, &site, &["-o", "/dev/null"]);
        assert!(again.success(), "step {step}: running again fails");
        assert_eq!(files(&place), whole, "step {step}: running again does not complete it");
        let leftovers: Vec<_> =
            fs::read_dir(&place).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(leftovers.len(), whole.len(), "step {step}: {leftovers:?}");
    }
    assert!(
        killed_before > 0 && killed_between > 5,
        "the kills did not hit: {killed_before}, {killed_between}"
    );
}

#[test]
fn a_full_disk_or_read_only_site_leaves_nothing_half_written() {
    let world = World::new();
    world.sign("dist", &[]).ok();
    for (error, code) in [("ENOSPC", "disk-full"), ("EROFS", "permission-denied"), ("EIO", "io-error")] {
        for call in ["write", "fsync"] {
            let site = format!("site-{error}-{call}");
            fs::create_dir(world.path(&site)).unwrap();
            // The first writes are the files; the document comes last.
            let inject = format!("inject={call}:error={error}:when=1");
            let output = Command::new("strace")
                .args(["-f", "-qq", "-o", "/dev/null", "-e", &inject])
                .arg(helper())
                .args(["publish", "--record", "dist/hello-1.0.tar.gz.validation.yaml", "--quiet"])
                .args(["--artifacts", "dist", "--site", &site])
                .args(RULES)
                .current_dir(world.root())
                .output()
                .unwrap();
            let ran = support::Ran::of(output);
            assert_eq!(ran.code, 3, "{error} at {call}: {}", ran.stdout);
            assert_eq!(ran.codes(), [code], "{error} at {call}");
            assert_eq!(files(&world.path(&site).join("example/hello")), BTreeMap::new(), "{error} at {call}");
        }
    }
}

#[test]
fn sign_killed_at_every_naming_never_leaves_a_signed_list_over_missing_files() {
    let world = World::new();
    let key = world.path("key");
    fs::write(&key, world.secret_subkey(&world.release)).unwrap();
    let names = 4;
    for step in 1..=names + 1 {
        let output = format!("out-{step}");
        fs::create_dir(world.path(&output)).unwrap();
        let inject = format!("inject=renameat2,linkat:signal=SIGKILL:when={step}");
        let mut command = Command::new("strace");
        command
            .args(["-f", "-qq", "-o", "/dev/null", "-e", &inject])
            .arg(helper())
            .arg("sign")
            .args(support::SOURCE)
            .args(RULES)
            .args(["--artifacts", "dist", "--output-dir", &output, "--key", "-"])
            .stdin(fs::File::open(&key).unwrap())
            .current_dir(world.root());
        let status = command.output().unwrap().status;
        let found = files(&world.path(&output));
        assert_eq!(status.success(), step > names);
        assert_eq!(found.len(), step - 1, "each naming gives one file");
        assert_eq!(
            found.contains_key("hello-1.0.SHA256SUMS.asc"),
            step > names,
            "the signed list is the last"
        );
    }
}
