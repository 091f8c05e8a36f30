//! The tar reader against hostile tars, and against its own limits.

// Tests run other programs.
#![allow(clippy::disallowed_methods)]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "helpers of tests, outside the tests themselves"
)]

mod archive_support;

use archive_support::hostile;
use archive_support::tar::{Header, Tar};
use archive_support::{Null, code, gzip, read, verdict};
use countersign::archive::{self, ArchiveError, Entry, Format, Limits, Sink, Stop};

#[test]
fn every_hostile_tar_ends_in_its_named_defect() {
    let cases = hostile::tars();
    let mut names = std::collections::BTreeSet::new();
    let mut wrong = Vec::new();
    for (name, tar, expected) in &cases {
        assert!(names.insert(name), "{name} twice");
        let got = verdict(Format::Tar, tar);
        if got != *expected {
            wrong.push(format!("{name}: expected {expected}, got {got}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(cases.len() >= 150, "only {} cases", cases.len());
}

#[test]
fn a_container_changes_no_verdict() {
    for (name, tar, expected) in hostile::tars() {
        assert_eq!(verdict(Format::TarGz, &gzip(&tar)), expected, "{name}");
    }
}

#[test]
fn every_code_of_the_tar_reader_has_an_attack() {
    let seen: Vec<&str> = hostile::tars().iter().map(|(_, _, code)| *code).collect();
    for (code, _) in archive::CODES.iter().filter(|(code, _)| code.starts_with("tar-")) {
        assert!(seen.contains(code), "{code}");
    }
}

#[test]
fn an_honest_tar_arrives_whole() {
    let long = format!("r/{}/{}", "d".repeat(120), "f".repeat(120));
    let tar = Tar::new()
        .global(&[("comment", "0123456789abcdef0123456789abcdef01234567")])
        .folder("r/")
        .file("r/a", b"hello")
        .header(Header::new(b'0', "r/x", 0).mode(0o100_755))
        .header(Header::new(0, "r/old", 0).v7())
        .hardlink("r/h", "r/a")
        .symlink("r/s", "../outside is not for us to judge")
        .pax(&[("path", &long), ("mtime", "1700000000.5")])
        .file("r/short", b"long")
        .long(b'K', &long)
        .long(b'L', "r/gnu")
        .header(Header::new(b'2', "r/cut", 0).gnu().link("r/d"))
        .header(Header::new(b'0', "b", 0).with(345, b"r/p"))
        .end();
    let (recorder, result) = read(Format::Tar, &tar);
    let summary = result.unwrap();
    assert_eq!(summary.comment.as_deref(), Some("0123456789abcdef0123456789abcdef01234567"));
    assert_eq!((summary.entries, summary.unpacked), (9, 9));
    assert_eq!(
        recorder.lines(),
        [
            "r folder".into(),
            "r/a file - 5 3610a686".into(),
            "r/x file x 0 00000000".into(),
            "r/old file - 0 00000000".into(),
            "r/h hardlink r/a".into(),
            "r/s symlink ../outside is not for us to judge".into(),
            format!("{long} file - 4 3b97a968"),
            format!("r/gnu symlink {long}"),
            "r/p/b file - 0 00000000".into(),
        ]
    );
}

#[test]
fn every_cut_of_a_tar_is_noticed() {
    let tar = Tar::new().folder("r").pax(&[("path", "r/b")]).file("r/a", &[7; 700]).end();
    assert_eq!(verdict(Format::Tar, &tar), "accepted");
    for length in 0..tar.len() {
        assert_ne!(verdict(Format::Tar, &tar[..length]), "accepted", "{length}");
    }
}

#[test]
fn too_many_entries_end_early() {
    let mut tar = Tar::new();
    for number in 0..60 {
        tar = tar.file(&format!("r/{number}"), b"");
    }
    let tar = tar.end();
    let limits = Limits { entries: 50, ..Limits::default() };
    assert_eq!(code(archive::read(Format::Tar, &tar[..], &limits, &mut Null)), "archive-too-many-entries");
}

#[test]
fn a_tar_larger_than_the_limit_ends_early() {
    let tar = Tar::new().file("r/a", &[1; 6000]).file("r/b", &[1; 6000]).end();
    let limits = Limits { unpacked: 10_000, ..Limits::default() };
    assert_eq!(code(archive::read(Format::Tar, &tar[..], &limits, &mut Null)), "archive-too-large");
}

/// Stops at the second entry.
struct Picky(u32);

impl Sink for Picky {
    fn begin(&mut self, _: &Entry) -> Result<(), Stop> {
        self.0 += 1;
        if self.0 == 2 { Err(Stop) } else { Ok(()) }
    }
    fn data(&mut self, _: &[u8]) -> Result<(), Stop> {
        Ok(())
    }
    fn end(&mut self) -> Result<(), Stop> {
        Ok(())
    }
}

#[test]
fn a_sink_that_stops_is_obeyed() {
    let tar = Tar::new().file("r/a", b"1").file("r/b", b"2").file("r/c", b"3").end();
    let mut sink = Picky(0);
    let result = archive::read(Format::TarGz, &gzip(&tar)[..], &Limits::default(), &mut sink);
    assert!(matches!(result, Err(ArchiveError::Stopped(Stop))));
    assert_eq!(sink.0, 2);
}

/// Fails after some bytes.
struct Broken(usize);

impl std::io::Read for Broken {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.0.min(buffer.len());
        if count == 0 {
            return Err(std::io::Error::other("medium error"));
        }
        self.0 -= count;
        buffer[..count].fill(0);
        Ok(count)
    }
}

#[test]
fn a_failing_input_is_no_verdict() {
    let result = archive::read(Format::Tar, Broken(700), &Limits::default(), &mut Null);
    match result {
        Err(error @ ArchiveError::Io { .. }) => assert!(error.retryable()),
        other => panic!("{other:?}"),
    }
}
