//! What `compare` and `validate` do to the machine, seen from outside by
//! strace: they start nothing, connect to nothing, open only what they were
//! given, and write nothing but their answer. `tests/hostile.rs` watches every
//! attack in the same way; here are honest runs, whole releases, and the proof
//! that the watcher sees what it looks for.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and runs other programs"
)]

mod support;
#[path = "hostile_support/watch.rs"]
mod watch;

use std::fs;
use std::path::Path;
use std::process::Command;
use support::{RULES, Ran, SOURCE, World, run_ok};
use watch::Seen;

fn strings(arguments: &[&str]) -> Vec<String> {
    arguments.iter().map(|argument| (*argument).to_string()).collect()
}

/// Runs the helper in the world's folder; its answer, and that it did nothing
/// else.
fn quiet(world: &World, arguments: &[&str]) -> Ran {
    let before = listing(world.root());
    let Seen { output, wrong, opened } = watch::run(&strings(arguments), world.root());
    assert!(wrong.is_empty(), "{arguments:?}: {wrong:#?}");
    assert!(opened.len() > 3, "the trace shows something: {opened:?}");
    assert_eq!(listing(world.root()), before, "{arguments:?}");
    Ran::of(output)
}

fn listing(folder: &Path) -> String {
    run_ok(Command::new("find").arg(folder).args(["-printf", "%p %i %m %s %T@ %l\n"]))
}

#[test]
fn compare_of_every_format_only_looks() {
    let world = World::new();
    let tar = world.path("hello-1.0.tar");
    let output = format!("--output={}", tar.display());
    world.git(&["archive", "--prefix=hello-1.0/", &output, "v1.0"]);
    let mut artifacts = vec!["hello-1.0.tar", "dist/hello-1.0.tar.gz"];
    for (program, name) in
        [("xz", "hello-1.0.tar.xz"), ("bzip2", "hello-1.0.tar.bz2"), ("zstd", "hello-1.0.tar.zst")]
    {
        // Not every machine has all of them.
        if let Ok(packed) = Command::new(program).arg("-c").arg(&tar).output() {
            fs::write(world.path(name), packed.stdout).unwrap();
            artifacts.push(name);
        }
    }
    for artifact in artifacts {
        let fixed = ["compare", "--repository", "hello", "--tag", "v1.0", "--artifact", artifact];
        quiet(&world, &[&fixed[..], &["--preset", "git-archive@1", "--explain", "all"]].concat()).ok();
        let policy = ["--policy", "policy.yaml", "--project", "example/hello"];
        if artifact.starts_with("dist") {
            quiet(&world, &[&fixed[..], &policy].concat()).ok();
        }
    }
}

#[test]
fn compare_of_a_zip_writes_only_a_copy_without_a_name() {
    let world = World::new();
    fs::remove_file(world.path("hello/link.c")).unwrap();
    world.git(&["commit", "--quiet", "--all", "--message", "No link"]);
    world.tag("v1.0", &world.maintainer);
    let output = format!("--output={}", world.path("hello-1.0.zip").display());
    world.git(&["archive", "--format=zip", "--prefix=hello-1.0/", &output, "v1.0"]);
    let fixed = ["compare", "--repository", "hello", "--tag", "v1.0", "--artifact", "hello-1.0.zip"];
    quiet(&world, &[&fixed[..], &["--preset", "git-archive@1"]].concat()).ok();
}

#[test]
fn validate_of_good_and_evil_releases_only_looks() {
    let world = World::new();
    let validate = |folder: &str| {
        quiet(&world, &[&["validate"], &SOURCE[..], &RULES[..], &["--artifacts", folder]].concat())
    };
    validate("dist").ok();
    // In a repository that would have git run programs.
    let config = "[core]\n\tfsmonitor = touch executed\n[filter \"x\"]\n\tclean = touch executed\n";
    fs::write(world.path("hello/.git/config"), config).unwrap();
    fs::write(world.path("hello/.git/info/attributes"), "* filter=x\n").unwrap();
    validate("dist").ok();
    let evil = |name: &str, script: &str, code: &str| {
        let unpacked = world.path(name).join("hello-1.0");
        fs::create_dir_all(&unpacked).unwrap();
        let tarball = world.path("dist/hello-1.0.tar.gz");
        run_ok(Command::new("tar").arg("-xzf").arg(tarball).arg("-C").arg(world.path(name)));
        run_ok(Command::new("sh").args(["-ec", script]).current_dir(&unpacked));
        let form = ["-czf", "hello-1.0.tar.gz", "hello-1.0"];
        run_ok(Command::new("tar").args(form).current_dir(world.path(name)));
        fs::remove_dir_all(unpacked).unwrap();
        validate(name).rejected_for(code);
    };
    evil("link", "ln -s /etc/passwd passwd", "unexplained-file");
    evil("fifo", "mkfifo fifo", "archive-entry-type");
    evil("git", "mkdir src/.git; echo '[core] fsmonitor=x' > src/.git/config", "archive-unsafe-path");
    fs::write(world.path("dist/a.sh"), "#!/bin/sh\ntouch executed\n").unwrap();
    validate("dist").rejected_for("unexpected-file");
    fs::remove_file(world.path("dist/a.sh")).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", world.path("dist/b.tar")).unwrap();
    validate("dist").rejected_for("not-a-regular-file");
}

/// Where something may be written, it is that and nothing else.
#[test]
fn what_may_be_written_is_what_was_asked_for() {
    let world = World::new();
    let arguments =
        [&["validate"], &SOURCE[..], &RULES[..], &["--artifacts", "dist", "--output", "answer.yaml"]];
    let seen = watch::run(&strings(&arguments.concat()), world.root());
    assert_eq!(seen.output.status.code(), Some(0));
    assert!(!seen.wrong.is_empty(), "writing is seen");
    for wrong in &seen.wrong {
        let own = wrong.contains("answer.yaml") || wrong.contains(".countersign-");
        // Its folder is opened too, to be flushed.
        assert!(own || wrong.contains("\".\", O_RDONLY"), "{wrong}");
    }
    assert_eq!(fs::read(world.path("answer.yaml")).unwrap(), seen.output.stdout);
}

#[test]
fn the_watcher_sees_what_it_looks_for() {
    let dir = tempfile::tempdir().unwrap();
    let sees = |script: &str, what: &str| {
        let arguments = strings(&["-c", script]);
        let seen = watch::program(Path::new("/bin/sh"), &arguments, dir.path());
        assert!(seen.wrong.iter().any(|wrong| wrong.contains(what)), "{script}: {:#?}", seen.wrong);
    };
    sees("echo x > written", "O_CREAT");
    sees("/bin/true; :", "execve");
    sees("read line < /etc/passwd", "/etc/passwd");
    sees("rm -f written; :", "unlink");
    sees("mkdir made; :", "mkdir");
    sees("exec python3 -c 'import socket; socket.socket()'", "socket");
}
