//! Who may know whom: the diagram of `src/lib.rs`, held against the source.

// Tests may panic: that is how they fail.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::disallowed_methods)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Rooms, and the other rooms that each may name.
const ARROWS: &[(&str, &[&str])] = &[
    ("release", &[]),
    ("exit", &[]),
    ("archive", &["release"]),
    ("evidence", &["release"]),
    ("git", &["release"]),
    ("openpgp", &["release"]),
    ("ssh", &["release"]),
    ("trust", &["release"]),
    ("files", &["release"]),
    ("site", &["files", "release"]),
    ("report", &["exit", "release"]),
    ("cli", &["release"]),
    (
        "commands",
        &[
            "archive", "cli", "evidence", "exit", "files", "git", "openpgp", "release", "report", "site",
            "ssh", "trust",
        ],
    ),
];

/// What only some rooms may name, and which.
const WALLS: &[(&str, &[&str])] = &[
    ("git2::", &["git"]),
    ("sequoia_openpgp", &["openpgp"]),
    ("ed25519_dalek", &["ssh"]),
    ("p256::ecdsa", &["ssh"]),
    ("use rsa::", &["ssh"]),
    ("clap::", &["cli", "commands", "main"]),
    ("std::fs", &["files", "site"]),
    ("rustix::", &["files", "site", "git", "commands"]),
    ("std::env", &[]),
    ("Timestamp::now", &["main"]),
    ("std::time::SystemTime", &["openpgp"]),
    ("std::net", &[]),
    ("std::process::Command", &[]),
    ("println!", &[]),
];

fn sources() -> BTreeMap<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = walkdir::WalkDir::new(&root).into_iter().map(Result::unwrap);
    let rust = files.filter(|entry| entry.path().extension().is_some_and(|extension| extension == "rs"));
    rust.map(|entry| {
        let name = entry.path().strip_prefix(&root).unwrap().to_str().unwrap().to_string();
        (name, production(&std::fs::read_to_string(entry.path()).unwrap()))
    })
    .filter(|(name, _)| !name.contains("test"))
    .collect()
}

/// The source without its tests and comments.
fn production(source: &str) -> String {
    let before_tests = source.split("\n#[cfg(test)]\nmod ").next().unwrap();
    let lines = before_tests.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

fn room(file: &str) -> &str {
    file.split('/').next().unwrap().trim_end_matches(".rs")
}

#[test]
fn rooms_name_only_those_below_them() {
    let arrows: BTreeMap<_, _> = ARROWS.iter().copied().collect();
    let mut rooms = BTreeSet::new();
    for (file, source) in sources() {
        let room = room(&file);
        if room == "lib" || room == "main" {
            continue;
        }
        rooms.insert(room.to_string());
        let allowed =
            arrows.get(room).unwrap_or_else(|| panic!("{file}: a room without arrows; add it here"));
        for named in source.split("crate::").skip(1) {
            let named: String = named.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            let known = arrows.contains_key(named.as_str());
            assert!(!known || named == room || allowed.contains(&named.as_str()), "{file} names {named}");
        }
    }
    assert_eq!(rooms.len(), arrows.len(), "every room of the diagram exists");
}

#[test]
fn what_reaches_outside_is_walled_in() {
    for (file, source) in sources() {
        // An open file may be handed on; opening one is the matter.
        let source = source.replace("std::fs::File;", "");
        for (word, allowed) in WALLS {
            assert!(!source.contains(word) || allowed.contains(&room(&file)), "{file} names {word}");
        }
    }
}

#[test]
fn no_file_and_no_function_grows_without_end() {
    for (file, source) in sources() {
        let lines = source.lines().count();
        assert!(lines <= 450, "{file} has {lines} lines without comments: split it");
    }
}
