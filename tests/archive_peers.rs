//! Archives of real tools: what we read is what GNU tar, Python and bsdtar
//! list, and the honest output of each is accepted.

// Tests run other programs.
#![allow(clippy::disallowed_methods)]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "helpers of tests, outside the tests themselves"
)]

mod archive_support;

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;

use archive_support::{peers, read};
use countersign::archive::Format;

/// A small release tree with what tars find hard.
fn tree(root: &Path) {
    let release = root.join("hello-1.0");
    let deep = release.join("d".repeat(90)).join("e".repeat(90));
    fs::create_dir_all(&deep).unwrap();
    fs::write(deep.join("f".repeat(120)), "long path").unwrap();
    fs::write(release.join("README"), "hello\n").unwrap();
    fs::write(release.join("empty"), "").unwrap();
    fs::write(release.join("block"), [1; 512]).unwrap();
    fs::write(release.join("na\u{ef}ve.txt"), "unicode").unwrap();
    fs::write(release.join("with blank"), "x").unwrap();
    fs::write(release.join("configure"), "#!/bin/sh\n").unwrap();
    fs::set_permissions(release.join("configure"), fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(release.join("big"), vec![7; 300_000]).unwrap();
    symlink("README", release.join("link")).unwrap();
    symlink("x".repeat(150), release.join("long-link")).unwrap();
    fs::hard_link(release.join("README"), release.join("twin")).unwrap();
    fs::create_dir(release.join("folder")).unwrap();
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Reads `file`, wants it accepted and listed alike by every peer.
fn agree(file: &Path, what: &str) -> Vec<String> {
    let format = Format::from_name(file.file_name().unwrap().to_str().unwrap()).unwrap();
    let (recorder, result) = read(format, &fs::read(file).unwrap());
    if let Err(error) = result {
        panic!("{what}: {error}");
    }
    let ours = peers::ours(&recorder);
    for (peer, theirs) in peers::tar_views(&[file.to_owned()]) {
        assert_eq!(theirs, [Some(ours.clone())], "{what}: {peer} sees something else");
    }
    ours.lines
}

#[test]
fn gnu_tar_in_all_its_formats() {
    let dir = tempfile::tempdir().unwrap();
    tree(dir.path());
    for format in ["gnu", "oldgnu", "posix"] {
        let file = dir.path().join(format!("{format}.tar"));
        run(Command::new("tar")
            .arg("-C")
            .arg(dir.path())
            .arg(format!("--format={format}"))
            .arg("-cf")
            .arg(&file)
            .arg("hello-1.0"));
        assert_eq!(agree(&file, format).len(), 15, "{format}");
    }
    // What has no room for long names leaves them out with a warning.
    for format in ["v7", "ustar"] {
        let file = dir.path().join(format!("{format}.tar.gz"));
        let excludes = ["--exclude=dddd*", "--exclude=long-link"];
        run(Command::new("tar")
            .arg("-C")
            .arg(dir.path())
            .arg(format!("--format={format}"))
            .args(excludes)
            .arg("-czf")
            .arg(&file)
            .arg("hello-1.0"));
        assert_eq!(agree(&file, format).len(), 11, "{format}");
    }
}

#[test]
fn gnu_tar_as_automake_and_packagers_call_it() {
    let dir = tempfile::tempdir().unwrap();
    tree(dir.path());
    let calls: [&[&str]; 4] = [
        &["--sort=name", "--mtime=@1", "--owner=0", "--group=0", "--numeric-owner", "--format=gnu"],
        &["--format=posix", "--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime"],
        &["--format=gnu", "--mtime=@-5", "--owner=big:4000000000", "--group=big:4000000000"],
        &["--format=gnu", "-b", "1"],
    ];
    for (number, options) in calls.iter().enumerate() {
        let file = dir.path().join(format!("{number}.tar"));
        run(Command::new("tar")
            .arg("-C")
            .arg(dir.path())
            .args(*options)
            .arg("-cf")
            .arg(&file)
            .arg("hello-1.0"));
        assert_eq!(agree(&file, &format!("{options:?}")).len(), 15);
    }
}

#[test]
fn python_tarfile_in_its_formats() {
    let dir = tempfile::tempdir().unwrap();
    tree(dir.path());
    let script = "import sys, tarfile\n\
                  t = tarfile.open(sys.argv[2], 'w:gz', format=getattr(tarfile, sys.argv[3]))\n\
                  t.add(sys.argv[1], 'hello-1.0')\n\
                  t.close()\n";
    for format in ["PAX_FORMAT", "GNU_FORMAT"] {
        let file = dir.path().join(format!("{format}.tar.gz"));
        run(Command::new("python3")
            .arg("-c")
            .arg(script)
            .arg(dir.path().join("hello-1.0"))
            .arg(&file)
            .arg(format));
        assert_eq!(agree(&file, format).len(), 15, "{format}");
    }
}

#[test]
fn bsdtar_in_its_formats() {
    if !peers::has("bsdtar") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    tree(dir.path());
    for format in ["gnutar", "pax", "paxr"] {
        let file = dir.path().join(format!("{format}.tar.gz"));
        let options = ["--no-xattrs", "--no-acls", "--no-fflags"];
        run(Command::new("bsdtar")
            .env("LC_ALL", "C.UTF-8")
            .args(options)
            .arg(format!("--format={format}"))
            .arg("-C")
            .arg(dir.path())
            .arg("-czf")
            .arg(&file)
            .arg("hello-1.0"));
        assert_eq!(agree(&file, format).len(), 15, "{format}");
    }
}

#[test]
fn git_archive_with_its_commit() {
    let dir = tempfile::tempdir().unwrap();
    tree(dir.path());
    let work = dir.path().join("hello-1.0");
    let git = |arguments: &[&str]| {
        let identity = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"];
        let mut command = Command::new("git");
        command.current_dir(&work).args(identity).args(arguments);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    git(&["init", "-q"]);
    git(&["add", "."]);
    git(&["commit", "-q", "-m", "x"]);
    let commit = git(&["rev-parse", "HEAD"]);
    for ending in ["tar", "tar.gz"] {
        let file = dir.path().join(format!("hello-1.0.{ending}"));
        git(&["archive", "--prefix=hello-1.0/", "-o", file.to_str().unwrap(), "HEAD"]);
        // git keeps no hard links and no empty folders.
        assert_eq!(agree(&file, ending).len(), 14);
        let format = Format::from_name(file.to_str().unwrap()).unwrap();
        assert_eq!(read(format, &fs::read(&file).unwrap()).1.unwrap().comment.as_deref(), Some(&*commit));
    }
}

#[test]
fn cargo_package() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("src")).unwrap();
    let manifest = "[package]\nname = \"hello\"\nversion = \"1.0.0\"\nedition = \"2021\"\n[workspace]\n";
    fs::write(dir.path().join("Cargo.toml"), manifest).unwrap();
    fs::write(dir.path().join("src/lib.rs"), "").unwrap();
    fs::write(dir.path().join("src").join(format!("{}.txt", "l".repeat(120))), "long").unwrap();
    run(Command::new(env!("CARGO"))
        .current_dir(dir.path())
        .env("CARGO_TARGET_DIR", dir.path().join("target"))
        .args(["package", "--no-verify", "--allow-dirty", "--offline", "--quiet"]));
    let file = dir.path().join("target/package/hello-1.0.0.crate");
    // Cargo.lock, Cargo.toml, Cargo.toml.orig and the two sources.
    assert_eq!(agree(&file, "cargo package").len(), 5);
}

#[test]
fn npm_pack_where_it_is_installed() {
    if !peers::has("npm") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let package = dir.path().join("package");
    fs::create_dir_all(package.join("lib")).unwrap();
    fs::write(package.join("package.json"), r#"{"name": "hello", "version": "1.0.0", "bin": "lib/cli.js"}"#)
        .unwrap();
    fs::write(package.join("lib/cli.js"), "#!/usr/bin/env node\n").unwrap();
    fs::write(package.join("lib").join("l".repeat(120)), "long").unwrap();
    let arguments = ["pack", "--ignore-scripts", "--offline", "--silent"];
    run(Command::new("npm").current_dir(&package).env("HOME", dir.path()).args(arguments));
    assert_eq!(agree(&package.join("hello-1.0.0.tgz"), "npm pack").len(), 3);
}
