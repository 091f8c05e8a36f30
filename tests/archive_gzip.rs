//! The gzip container: one member, whole, and nothing else.

// Tests run other programs.
#![allow(clippy::disallowed_methods)]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "helpers of tests, outside the tests themselves"
)]

mod archive_support;

use std::io::{Cursor, Write as _};

use archive_support::tar::{Header, Tar};
use archive_support::{Endless, Null, code, gzip, verdict};
use countersign::archive::{self, Format, Limits};

fn honest() -> Vec<u8> {
    Tar::new().folder("r").file("r/a", b"hello").end()
}

fn check(bytes: &[u8]) -> String {
    verdict(Format::TarGz, bytes)
}

#[test]
fn the_name_of_the_file_may_stand_in_the_header() {
    let mut encoder =
        flate2::GzBuilder::new().filename("x.tar").mtime(7).write(Vec::new(), Default::default());
    encoder.write_all(&honest()).unwrap();
    assert_eq!(check(&encoder.finish().unwrap()), "accepted");
}

#[test]
fn a_second_member_is_refused() {
    let evil = gzip(&Tar::new().file("r/evil", b"").end());
    assert_eq!(check(&[gzip(&honest()), evil].concat()), "archive-trailing-data");
    assert_eq!(check(&[gzip(&honest()), gzip(b"")].concat()), "archive-trailing-data");
}

#[test]
fn a_tar_split_over_two_members_is_refused() {
    let tar = honest();
    let (first, second) = tar.split_at(512);
    assert_ne!(check(&[gzip(first), gzip(second)].concat()), "accepted");
}

#[test]
fn bytes_after_the_member_are_refused() {
    assert_eq!(check(&[gzip(&honest()), vec![0]].concat()), "archive-trailing-data");
    assert_eq!(check(&[gzip(&honest()), vec![0; 100_000]].concat()), "archive-trailing-data");
}

#[test]
fn wrong_checksum_and_length_are_told() {
    let good = gzip(&honest());
    for (back, what) in [(8, "CRC"), (5, "CRC"), (4, "length"), (1, "length")] {
        let mut bad = good.clone();
        let at = bad.len() - back;
        bad[at] ^= 0x10;
        assert_eq!(check(&bad), "archive-corrupt", "{what}");
    }
}

#[test]
fn every_cut_is_told() {
    let good = gzip(&honest());
    for length in 0..good.len() {
        assert_eq!(check(&good[..length]), "archive-truncated", "{length}");
    }
}

#[test]
fn every_flipped_bit_that_matters_is_told() {
    let good = gzip(&honest());
    for at in 0..good.len() {
        let mut bad = good.clone();
        bad[at] ^= 1;
        // Time, compression level and system are for people only.
        let harmless = (4..10).contains(&at);
        assert_eq!(check(&bad) == "accepted", harmless, "byte {at}");
    }
}

#[test]
fn header_flags_that_no_release_has_are_refused() {
    for (flag, name) in
        [(0x01, "text"), (0x02, "header checksum"), (0x04, "extra"), (0x10, "comment"), (0xe0, "reserved")]
    {
        let mut bad = gzip(&honest());
        bad[3] |= flag;
        assert_eq!(check(&bad), "archive-unsupported-feature", "{name}");
    }
}

#[test]
fn an_endless_name_in_the_header_is_refused() {
    let mut bad = gzip(&honest());
    bad[3] = 0x08;
    bad.splice(10..10, b"n".repeat(5000));
    assert_eq!(check(&bad), "archive-unsupported-feature");
}

#[test]
fn another_format_under_this_name_is_refused() {
    assert_eq!(check(&honest()), "archive-format");
    assert_eq!(check(b"BZh91AY&SY"), "archive-format");
    assert_eq!(check(b"PK\x03\x04aaaaaaaaaaaaaaaa"), "archive-format");
    assert_eq!(verdict(Format::Tar, &gzip(&honest())), "archive-truncated");
}

#[test]
fn ten_gibibytes_of_zeros_end_soon() {
    let size = 10u64 << 30;
    let head = Header::new(b'0', "r/zeros", 0).with(124, b"\x80\0\0\0\0\0\0\x02\x80\0\0\0").finish().to_vec();
    let zeros = Endless { head: head.clone(), byte: 0, count: size + 1024 };
    let bomb = flate2::read::GzEncoder::new(zeros, flate2::Compression::default());
    let started = std::time::Instant::now();
    assert_eq!(code(archive::read(Format::TarGz, bomb, &Limits::default(), &mut Null)), "archive-too-large");
    // Even when such a file would be allowed, its ratio is not.
    let limits = Limits { unpacked: 100 << 30, ..Limits::default() };
    let zeros = Endless { head, byte: 0, count: size + 1024 };
    let bomb = flate2::read::GzEncoder::new(zeros, flate2::Compression::default());
    assert_eq!(code(archive::read(Format::TarGz, bomb, &limits, &mut Null)), "archive-bomb");
    assert!(started.elapsed().as_secs() < 20);
}

#[test]
fn zeros_after_the_end_marker_are_no_way_around_the_limits() {
    let tar = Endless { head: honest(), byte: 0, count: 10 << 30 };
    let bomb = flate2::read::GzEncoder::new(tar, flate2::Compression::default());
    assert_eq!(
        code(archive::read(Format::TarGz, bomb, &Limits::default(), &mut Null)),
        "archive-trailing-data"
    );
}

#[test]
fn the_input_is_read_to_its_very_end() {
    let bytes = gzip(&honest());
    let mut input = Cursor::new(&bytes);
    archive::read(Format::TarGz, &mut input, &Limits::default(), &mut Null).unwrap();
    assert_eq!(input.position(), bytes.len() as u64);
}
