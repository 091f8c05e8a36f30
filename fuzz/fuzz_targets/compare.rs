//! The whole comparison, with every preset: an archive of a small project
//! with files added, changed and lost. What no rule may ever explain is held
//! against the answer.
#![no_main]

#[path = "../../tests/archive_support/tar.rs"]
#[allow(dead_code)]
mod tar;

use clap::Parser as _;
use countersign::cli::Cli;
use countersign::commands;
use countersign::evidence::presets;
use countersign::release::Time;
use countersign_fuzz::{Project, project};
use libfuzzer_sys::fuzz_target;
use std::collections::BTreeMap;
use tar::{Header, Tar};

thread_local! {
    static PROJECT: Project = project();
}

/// Names that presets know, and some that none may wave through.
const NAMES: [&str; 40] = [
    "src/mod.py",
    "evil.py",
    "conftest.py",
    "src/evil.so",
    "README",
    "setup.cfg",
    "pyproject.toml",
    "version.txt",
    "run.bat",
    ".gitattributes",
    "PKG-INFO",
    "AUTHORS",
    "ChangeLog",
    "pkg.egg-info/PKG-INFO",
    "pkg.egg-info/SOURCES.txt",
    "pkg.egg-info/requires.txt",
    "pkg.egg-info/entry_points.txt",
    "pkg.egg-info/top_level.txt",
    "pkg.egg-info/dependency_links.txt",
    "pkg.egg-info/pbr.json",
    "pkg.egg-info/not-zip-safe",
    "pkg.egg-info/scm_version.json",
    "pkg.egg-info/scm_file_list.json",
    "src/_version.py",
    "pkg/_version.py",
    ".cargo_vcs_info.json",
    "Cargo.toml",
    "Cargo.toml.orig",
    "Cargo.lock",
    "package.json",
    "package-lock.json",
    "configure",
    "aclocal.m4",
    "Makefile.in",
    "pkg-1.0.dist-info/METADATA",
    "pkg-1.0.dist-info/RECORD",
    "pkg-1.0.dist-info/WHEEL",
    "pkg-1.0.dist-info/entry_points.txt",
    "link",
    "requirements.txt",
];

/// Of the names above, what must never be accepted where git has no such file.
const NEVER: [&str; 3] = ["evil.py", "conftest.py", "src/evil.so"];

fuzz_target!(|data: &[u8]| {
    let Some((choice, rest)) = data.split_first() else { return };
    let names = presets::names();
    let names: Vec<&str> = names.split(", ").collect();
    let preset = names[usize::from(*choice) % names.len()];
    PROJECT.with(|project| {
        let files = edited(project, rest);
        std::fs::write(&project.artifact, archive(&files)).expect("a file");
        let text = |path: &std::path::Path| path.to_str().expect("UTF-8").to_string();
        let (repository, artifact) = (text(&project.repository), text(&project.artifact));
        let fixed = ["countersign", "compare", "--repository", &repository, "--artifact", &artifact];
        let rules = ["--tag", "v1", "--root", "pkg-1.0", "--preset", preset];
        let cli = Cli::try_parse_from(fixed.iter().chain(&rules)).expect("arguments");
        // Some presets want other formats than a tar.
        let Ok(report) = commands::run(&cli, Time::from_unix(1_790_000_000)) else { return };
        let document = report.document();
        if document.contains("outcome: \"ok\"") {
            for name in NEVER {
                assert!(!files.contains_key(name), "{preset} accepts {name}");
            }
            let module = files.get("src/mod.py");
            assert!(
                module.is_none_or(|found| found == &project.files["src/mod.py"]),
                "{preset} accepts a change"
            );
        }
    });
});

/// Records of operation, name, length and bytes.
fn edited(project: &Project, mut rest: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut files = project.files.clone();
    while let [operation, name, low, high, tail @ ..] = rest {
        let length = usize::from(u16::from_le_bytes([*low, *high])).min(tail.len());
        let (bytes, after) = tail.split_at(length);
        rest = after;
        let name = NAMES[usize::from(*name) % NAMES.len()].to_string();
        match operation % 4 {
            0 => drop(files.insert(name, bytes.to_vec())),
            1 => drop(files.remove(&name)),
            2 => files.entry(name).or_default().extend(bytes),
            // What git has, or a tool makes, with some bytes in its middle.
            _ => {
                let mut content = project.made.get(&name).cloned().unwrap_or_default();
                let at = usize::from(operation >> 2) * content.len() / 64;
                content.splice(at..at, bytes.iter().copied());
                files.insert(name, content);
            }
        }
    }
    files
}

fn archive(files: &BTreeMap<String, Vec<u8>>) -> Vec<u8> {
    let tar = files.iter().fold(Tar::new(), |tar, (name, content)| {
        let name = format!("pkg-1.0/{name}");
        if name.ends_with("/link") {
            return match std::str::from_utf8(content) {
                Ok(target) if target.len() < 100 && !target.contains('\0') => tar.symlink(&name, target),
                _ => tar,
            };
        }
        tar.header(Header::new(b'0', &name, content.len() as u64)).body(content)
    });
    tar.end()
}
