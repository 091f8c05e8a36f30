//! One edit of an accepted archive, at random: none may go unnoticed.
//!
//! The seeds are fixed, so a failure can be repeated; it names its seed.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and runs other programs"
)]

mod archive_support;
mod git_support;
#[path = "hostile_support/members.rs"]
mod members;
mod support;

use git_support::{Repo, git_in};
use members::{Member, Members};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use support::{Ran, helper};

/// Edits of each archive, and flipped bytes.
const EDITS: u64 = 200;

/// xorshift64*.
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) % end as u64) as usize
    }

    /// The number of one of the members that fit.
    fn pick(&mut self, members: &Members, fits: impl Fn(&Member) -> bool) -> usize {
        let all: Vec<usize> = (0..members.0.len()).filter(|index| fits(&members.0[*index])).collect();
        all[self.below(all.len())]
    }
}

/// Forty files in folders that lie in each other, some executable, some
/// links, none like another.
fn project(links: bool) -> Members {
    let mut all = Members::default();
    for folder in ["doc", "doc/deep", "doc/deep/er", "src", "src/a"] {
        all.add(Member::folder(folder));
    }
    for number in 0..32 {
        let folder = ["", "doc/", "doc/deep/", "doc/deep/er/", "src/", "src/a/"][number % 6];
        let text = format!("file {number}\n").repeat(1 + number * number);
        all.add(Member::file(&format!("{folder}file-{number}.txt"), text));
    }
    for number in 0..4 {
        all.add(Member::executable(&format!("src/run-{number}.sh"), &format!("#!/bin/sh\nexit {number}\n")));
    }
    let noise: Vec<u8> = (0..5000u32).map(|number| ((number * number) >> 3) as u8).collect();
    all.add(Member::file("src/noise.bin", noise));
    all.add(Member::file("src/empty", ""));
    if links {
        all.add(Member::link("src/link", "a"));
        all.add(Member::link("doc/link.txt", "deep/er/../file.txt"));
    }
    all
}

/// The repository, the honest archive, and how the helper is asked.
struct Court {
    repo: Repo,
    members: Members,
    artifact: PathBuf,
}

impl Court {
    fn new(artifact: &str) -> Self {
        let members = project(artifact.ends_with(".tar"));
        let repo = Repo::init(&[]);
        members.check_out(&repo);
        repo.commit("all");
        repo.git(&["tag", "-a", "-m", "one", "v1"]);
        let artifact = repo.dir.path().join(artifact);
        Self { repo, members, artifact }
    }

    fn judge(&self, bytes: &[u8]) -> Ran {
        std::fs::write(&self.artifact, bytes).unwrap();
        let mut command = Command::new(helper());
        command
            .arg("compare")
            .arg("--repository")
            .arg(self.repo.path())
            .arg("--artifact")
            .arg(&self.artifact);
        command.args(["--tag", "v1", "--preset", "git-archive@1", "--root", "r"]);
        Ran::of(command.output().unwrap())
    }

    /// Makes edits and fails for the first that goes unnoticed or unnamed.
    fn try_edits(&self, write: fn(&Members) -> Vec<u8>) -> BTreeMap<&'static str, usize> {
        self.judge(&write(&self.members)).ok();
        let mut kinds = BTreeMap::new();
        for seed in 0..EDITS {
            let mut random = Random::new(seed);
            let edit = edit(&mut random, &self.members, self.artifact.extension().unwrap() == "zip");
            assert_ne!(edit.members, self.members, "seed {seed}: {} changed nothing", edit.kind);
            let ran = self.judge(&write(&edit.members));
            let told = format!("seed {seed}: {} of {}\n{}", edit.kind, edit.path, ran.stderr);
            assert_eq!(ran.code, 1, "not noticed: {told}");
            assert!(ran.stderr.contains(&edit.path), "not named: {told}");
            *kinds.entry(edit.kind).or_insert(0) += 1;
        }
        kinds
    }
}

/// An edited archive and the path that was edited.
struct Edit {
    kind: &'static str,
    path: String,
    members: Members,
}

const KINDS: usize = 26;

fn edit(random: &mut Random, honest: &Members, zip: bool) -> Edit {
    loop {
        let number = random.below(KINDS);
        // A zip has no links.
        if zip && number >= KINDS - 5 {
            continue;
        }
        let mut members = honest.clone();
        let (kind, path) = match number {
            0..=10 => content(number, random, &mut members),
            11..=20 => shape(number, random, &mut members),
            _ => link(number, random, &mut members),
        };
        return Edit { kind, path, members };
    }
}

/// Edits of one file's bytes.
fn content(number: usize, random: &mut Random, members: &mut Members) -> (&'static str, String) {
    let other = random.pick(members, |member| member.is_file() && member.content.len() > 10);
    let index = random.pick(members, |member| member.is_file() && !member.content.is_empty());
    let text = random.pick(members, |member| member.is_file() && member.content.ends_with(b"\n"));
    let swapped = members.0[other].content.clone();
    let index = if matches!(number, 6 | 7) { text } else { index };
    let at = random.below(members.0[index].content.len());
    let bit = 1u8 << random.below(8);
    let length = 1 + random.below(600);
    let target = &mut members.0[index];
    let path = target.path.clone();
    let bytes = &mut target.content;
    let kind = match number {
        0 => {
            bytes[at] ^= bit;
            "flip a bit"
        }
        1 => {
            bytes.push(b'x');
            "append a byte"
        }
        2 => {
            bytes.extend(vec![0; length]);
            "append zeros"
        }
        3 => {
            bytes.truncate(at);
            "truncate"
        }
        4 => {
            bytes.insert(at, 0);
            "insert a zero byte"
        }
        5 => {
            bytes.remove(at);
            "remove a byte"
        }
        6 => {
            *bytes = String::from_utf8(bytes.clone()).unwrap().replace('\n', "\r\n").into_bytes();
            "change line ends"
        }
        7 => {
            bytes.pop();
            "remove the last newline"
        }
        8 => {
            bytes.splice(0..0, *b"\xef\xbb\xbf");
            "add a byte order mark"
        }
        9 => {
            *bytes = b"evil\n".to_vec();
            "replace"
        }
        _ => {
            // Not with itself.
            let mine = std::mem::replace(bytes, swapped);
            members.0[other].content = mine;
            if index == other {
                members.0[other].content.push(b' ');
            }
            "exchange the content of two files"
        }
    };
    (kind, path)
}

/// Edits of names, modes, and of what there is.
fn shape(number: usize, random: &mut Random, members: &mut Members) -> (&'static str, String) {
    let index = random.pick(members, Member::is_file);
    let old = members.0[index].clone();
    let folder = members.0[random.pick(members, |member| member.kind == b'5')].path.clone();
    match number {
        11 => {
            let mode = [0o4755, 0o2755, 0o1644, 0o645][random.below(4)];
            members.0[index].mode = mode;
            ("set special permissions", old.path)
        }
        12 => {
            members.0[index].mode = if old.mode == 0o755 { 0o644 } else { 0o755 };
            ("change the exec bit", old.path)
        }
        13 => {
            members.0.remove(index);
            ("remove a file", old.path)
        }
        14 => {
            members.0[index].path = format!("{folder}/renamed-{}", random.below(1000));
            ("rename a file", old.path)
        }
        15 => {
            let (folder, name) = old.path.rsplit_once('/').unwrap_or_default();
            let name = if folder.is_empty() { old.path.to_uppercase() } else { name.to_uppercase() };
            members.0[index].path = format!("{folder}/{name}").trim_start_matches('/').into();
            ("rename in capitals", old.path)
        }
        16 => {
            let path = format!("{folder}/new-{}", random.below(1000));
            members.add(Member::file(&path, ["", "x", "evil\n"][random.below(3)]));
            ("add a file", path)
        }
        17 => {
            let path = format!("{folder}/.gitignore");
            members.add(Member::file(&path, "*\n"));
            ("add an ignore file", path)
        }
        18 => {
            let path = format!("{folder}/copy-{}", random.below(1000));
            members.add(Member { path: path.clone(), ..old });
            ("add a copy of a file", path)
        }
        19 => {
            let path = format!("{folder}/folder-{}", random.below(1000));
            members.add(Member::folder(&path));
            ("add an empty folder", path)
        }
        _ => {
            members.add(Member::file(&old.path, "evil\n"));
            ("add a second file of one name", old.path)
        }
    }
}

/// Edits of links and types.
fn link(number: usize, random: &mut Random, members: &mut Members) -> (&'static str, String) {
    let index = random.pick(members, |member| member.is_file() && !member.content.is_empty());
    let linked = random.pick(members, |member| member.kind == b'2');
    let target = random.pick(members, |member| member.is_file() && !member.content.is_empty());
    let (old, from) = (members.0[index].clone(), members.0[target].path.clone());
    match number {
        21 => {
            let target = ["/etc/passwd", "../../x", "b", "src/a"][random.below(4)];
            members.0[linked].link = target.into();
            ("change a link's target", members.0[linked].path.clone())
        }
        22 => {
            let path = members.0[linked].path.clone();
            members.0[linked] = Member::file(&path, members.0[linked].link.clone());
            ("make a link a file", path)
        }
        23 => {
            members.0[index] = Member::link(&old.path, "run-0.sh");
            ("make a file a link", old.path)
        }
        24 => {
            let path = format!("src/hard-{}", random.below(1000));
            members.add(Member::hard_link(&path, &from));
            ("add a hard link", path)
        }
        _ => {
            // A file that comes later, so that its target is there already.
            let path = "src/empty".to_string();
            let place = members.0.iter().position(|member| member.path == path).unwrap();
            members.0[place] = Member::hard_link(&path, &from);
            ("make a file a hard link to another", path)
        }
    }
}

#[test]
fn every_edit_of_a_tar_is_noticed_and_named() {
    let court = Court::new("r-1.tar");
    let kinds = court.try_edits(Members::tar);
    assert_eq!(kinds.len(), KINDS, "{kinds:#?}");
}

#[test]
fn every_edit_of_a_zip_is_noticed_and_named() {
    let court = Court::new("r-1.zip");
    let kinds = court.try_edits(Members::zip);
    assert_eq!(kinds.len(), KINDS - 5, "{kinds:#?}");
}

/// Fields of a tar header that may change without a finding: they say whose
/// a file was and when it changed, which git does not know and a release does
/// not need. Start, end, name.
const FREE: [(usize, usize, &str); 6] = [
    (100, 108, "mode, as far as it is no exec bit or special bit"),
    (108, 116, "uid"),
    (116, 124, "gid"),
    (136, 148, "mtime"),
    (265, 297, "user name"),
    (297, 329, "group name"),
];

/// Where the headers of a tar stand, and whether they are pax headers.
fn headers(tar: &[u8]) -> Vec<(usize, u8)> {
    let (mut at, mut all) = (0, Vec::new());
    while tar[at] != 0 {
        all.push((at, tar[at + 156]));
        let size = std::str::from_utf8(&tar[at + 124..at + 135]).unwrap();
        at += 512 + usize::from_str_radix(size, 8).unwrap().next_multiple_of(512);
    }
    all
}

#[test]
fn a_changed_byte_of_a_raw_tar_is_refused_or_changes_nothing_explained() {
    let court = Court::new("r-1.tar");
    let made = git_in(&court.repo.path()).args(["archive", "--prefix=r/", "v1"]).output().unwrap();
    let honest = made.stdout;
    let control = court.judge(&honest);
    let tree = control.ok().result()["tree_sha256"].clone();
    let headers = headers(&honest);
    let mut passed = BTreeMap::new();
    for seed in 0..EDITS {
        let mut random = Random::new(seed);
        let mut tar = honest.clone();
        // Every second one in a header, whose checksum is then repaired, as
        // whoever does it on purpose would.
        let repaired = seed % 2 == 0;
        let (header, kind) = headers[random.below(headers.len())];
        let at = if repaired { header + random.below(512) } else { random.below(tar.len()) };
        tar[at] ^= 1 << random.below(8);
        if repaired && !(148..156).contains(&(at - header)) {
            let block = &mut tar[header..header + 512];
            block[148..156].fill(b' ');
            let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
            block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        }
        let ran = court.judge(&tar);
        let told = format!("seed {seed}: byte {at}, {} of a header of kind {kind}", at - header.min(at));
        assert!(ran.code < 2, "{told}\n{}", ran.stderr);
        if ran.code == 1 {
            continue;
        }
        assert_eq!(ran.result()["tree_sha256"], tree, "accepted with another tree: {told}");
        assert!(repaired, "accepted without a repaired checksum: {told}");
        let field = FREE.iter().find(|(start, end, _)| (*start..*end).contains(&(at - header)));
        // The name of a pax header itself is nobody's.
        let name = (kind == b'g' || kind == b'x') && at - header < 100;
        assert!(field.is_some() || name, "accepted: {told}");
        *passed.entry(field.map_or("name of a pax header", |(.., name)| name)).or_insert(0) += 1;
    }
    assert!(passed.len() >= 3, "the test hits what may change: {passed:#?}");
}
