//! xz, bzip2 and zstd: one stream, whole, nothing else; bounded memory.

// Tests run other programs.
#![allow(clippy::disallowed_methods)]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests, outside the tests themselves"
)]

mod archive_support;

use std::io::{Read, Write as _};
use std::process::{Command, Stdio};

use archive_support::tar::{Header, Tar};
use archive_support::{Endless, Null, code, hostile, peers, read, verdict};
use countersign::archive::{self, Format, Limits};
use liblzma::stream::{Check, Filters, LzmaOptions, Stream};

fn honest() -> Vec<u8> {
    Tar::new().folder("r").file("r/a", b"hello").file("r/b", &[7; 3000]).end()
}

fn xz_with(bytes: &[u8], check: Check) -> Vec<u8> {
    let stream = Stream::new_easy_encoder(1, check).unwrap();
    let mut encoder = liblzma::write::XzEncoder::new_stream(Vec::new(), stream);
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn xz(bytes: &[u8]) -> Vec<u8> {
    xz_with(bytes, Check::Crc64)
}

fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

type Pack = fn(&[u8]) -> Vec<u8>;

const ALL: [(Format, Pack); 3] = [(Format::TarXz, xz), (Format::TarBz2, bzip2), (Format::TarZst, zstd)];

#[test]
fn each_container_is_read() {
    for (format, pack) in ALL {
        assert_eq!(verdict(format, &pack(&honest())), "accepted", "{format:?}");
    }
}

#[test]
fn no_container_changes_a_verdict() {
    for (format, pack) in ALL {
        for (name, tar, expected) in hostile::tars() {
            assert_eq!(verdict(format, &pack(&tar)), expected, "{format:?} {name}");
        }
    }
}

#[test]
fn every_cut_is_told() {
    for (format, pack) in ALL {
        let good = pack(&honest());
        for length in 0..good.len() {
            assert_eq!(verdict(format, &good[..length]), "archive-truncated", "{format:?} {length}");
        }
    }
}

/// Some bits of bzip2 and zstd mean nothing (unused code tables, the window's
/// size); what is read must not change in any case.
#[test]
fn no_flipped_bit_changes_what_is_read() {
    let whole = read(Format::Tar, &honest()).0;
    for (format, pack) in ALL {
        let good = pack(&honest());
        let mut harmless = 0;
        for at in 0..good.len() * 8 {
            let mut bad = good.clone();
            bad[at / 8] ^= 1 << (at % 8);
            let (recorder, result) = read(format, &bad);
            if result.is_ok() {
                assert_eq!(recorder, whole, "{format:?} bit {at}");
                harmless += 1;
            }
        }
        let most = if format == Format::TarXz { 0 } else { good.len() };
        assert!(harmless <= most, "{format:?}: {harmless} of {} bits", good.len() * 8);
    }
}

#[test]
fn a_second_stream_is_refused() {
    let evil = Tar::new().file("r/evil", b"").end();
    for (format, pack) in ALL {
        for second in [pack(&evil), pack(b""), vec![0; 4], vec![0], b"evil".to_vec()] {
            let both = [pack(&honest()), second].concat();
            assert_eq!(verdict(format, &both), "archive-trailing-data", "{format:?}");
        }
        let tar = honest();
        let split = [pack(&tar[..512]), pack(&tar[512..])].concat();
        assert_eq!(verdict(format, &split), "archive-trailing-data", "{format:?}");
    }
}

#[test]
fn the_name_must_be_true() {
    for (format, _) in ALL {
        for (other, pack) in ALL {
            let expected = if format == other { "accepted" } else { "archive-format" };
            assert_eq!(verdict(format, &pack(&honest())), expected, "{other:?} as {format:?}");
        }
        assert_eq!(verdict(format, &honest()), "archive-format");
    }
}

#[test]
fn xz_without_an_integrity_check_is_refused() {
    assert_eq!(verdict(Format::TarXz, &xz_with(&honest(), Check::None)), "archive-unsupported-feature");
    assert_eq!(verdict(Format::TarXz, &xz_with(&honest(), Check::Crc32)), "accepted");
    assert_eq!(verdict(Format::TarXz, &xz_with(&honest(), Check::Sha256)), "accepted");
}

#[test]
fn xz_with_a_huge_dictionary_is_refused_before_it_is_made() {
    let mut filters = Filters::new();
    filters.lzma2(LzmaOptions::new_preset(0).unwrap().dict_size(96 << 20));
    let stream = Stream::new_stream_encoder(&filters, Check::Crc64).unwrap();
    let mut encoder = liblzma::write::XzEncoder::new_stream(Vec::new(), stream);
    encoder.write_all(&honest()).unwrap();
    assert_eq!(verdict(Format::TarXz, &encoder.finish().unwrap()), "archive-memory");
}

/// A zstd frame of RLE blocks: `count` times 128 KiB of zeros.
fn zstd_zeros(head: &[u8], count: u64) -> impl Read {
    // No content size, no checksum, a window of 128 KiB.
    let mut start = vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x38];
    let raw = (head.len() as u32) << 3;
    start.extend(&raw.to_le_bytes()[..3]);
    start.extend(head);
    std::io::Cursor::new(start).chain(Repeat { block: [0x02, 0x00, 0x10, 0x00], at: 0, left: count * 4 })
}

struct Repeat {
    block: [u8; 4],
    at: usize,
    left: u64,
}

impl Read for Repeat {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let count = (out.len() as u64).min(self.left) as usize;
        for slot in &mut out[..count] {
            *slot = self.block[self.at % 4];
            self.at += 1;
        }
        self.left -= count as u64;
        Ok(count)
    }
}

#[test]
fn bombs_end_soon() {
    let size = 256u64 << 20;
    let head = Header::new(b'0', "r/zeros", size).finish().to_vec();
    let zeros = || Endless { head: head.clone(), byte: 0, count: size + 1024 };
    let bombs: [(Format, Box<dyn Read + Send>); 2] = [
        (Format::TarXz, Box::new(liblzma::read::XzEncoder::new(zeros(), 0))),
        (Format::TarBz2, Box::new(bzip2::read::BzEncoder::new(zeros(), bzip2::Compression::fast()))),
    ];
    for (format, bomb) in bombs {
        let result = archive::read(format, bomb, &Limits::default(), &mut Null);
        assert_eq!(code(result), "archive-bomb", "{format:?}");
    }
    let result = archive::read(Format::TarZst, zstd_zeros(&head, size >> 17), &Limits::default(), &mut Null);
    assert_eq!(code(result), "archive-bomb");
}

#[test]
fn zstd_features_that_no_release_has_are_refused() {
    let good = zstd(&honest());
    let skippable = [&[0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 1, 2][..], &good].concat();
    assert_eq!(verdict(Format::TarZst, &skippable), "archive-format");
    let after = [&good[..], &[0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0]].concat();
    assert_eq!(verdict(Format::TarZst, &after), "archive-trailing-data");
    let mut dictionary = good.clone();
    dictionary[4] |= 1;
    dictionary.insert(6, 9);
    assert_eq!(verdict(Format::TarZst, &dictionary), "archive-unsupported-feature");
    let mut reserved = good.clone();
    reserved[4] |= 8;
    assert_eq!(verdict(Format::TarZst, &reserved), "archive-unsupported-feature");
    // A window of 3.75 TiB.
    let huge = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xff, 0x01, 0, 0];
    assert_eq!(verdict(Format::TarZst, &huge), "archive-memory");
}

#[test]
fn a_zstd_frame_that_lies_about_its_size_is_refused() {
    // One segment, one size byte, one raw block of 3 bytes.
    let frame = |size: u8| [0x28, 0xb5, 0x2f, 0xfd, 0x20, size, 0x19, 0, 0, 0, 0, 0];
    assert_eq!(verdict(Format::TarZst, &frame(3)), "archive-truncated", "an honest frame of an odd tar");
    assert_eq!(verdict(Format::TarZst, &frame(4)), "archive-corrupt");
}

/// What the real tools write, with the options that packagers use.
#[test]
fn the_real_compressors_are_understood() {
    let tar = honest();
    let calls: [(Format, &[&str]); 9] = [
        (Format::TarGz, &["gzip", "-9n"]),
        (Format::TarGz, &["gzip", "-1"]),
        (Format::TarXz, &["xz", "-6"]),
        (Format::TarXz, &["xz", "-9e", "-T2"]),
        (Format::TarXz, &["xz", "--x86", "--lzma2"]),
        (Format::TarBz2, &["bzip2", "-9"]),
        (Format::TarZst, &["zstd", "-19"]),
        (Format::TarZst, &["zstd", "-3", "-T2"]),
        (Format::TarZst, &["zstd", "--no-check", "-1"]),
    ];
    let mut tried = 0;
    for (format, call) in calls {
        if !peers::has(call[0]) {
            continue;
        }
        tried += 1;
        let mut child = Command::new(call[0])
            .args(&call[1..])
            .arg("-c")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(&tar).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success());
        assert_eq!(verdict(format, &output.stdout), "accepted", "{call:?}");
    }
    assert!(tried >= 2, "gzip is everywhere");
}
