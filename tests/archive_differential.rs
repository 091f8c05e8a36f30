//! Parser differentials: whatever we accept, GNU tar, Python and bsdtar must
//! list and unpack alike. Archives are put together at random from parts that
//! readers are known to disagree about; most are refused, and the rest are
//! shown to the peers. The generator is seeded: a failure names its seed.

// Tests run other programs.
#![allow(clippy::disallowed_methods)]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests, outside the tests themselves"
)]

mod archive_support;

use std::collections::BTreeMap;
use std::fs;
use std::io::Cursor;
use std::path::PathBuf;

use archive_support::tar::{Header, Tar};
use archive_support::zip::{Item, Zip};
use archive_support::{Recorder, hostile, peers};
use countersign::archive::{self, ArchiveError, Format, Limits};

/// xorshift64*: small, and the same everywhere.
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    /// True once in `times`.
    fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }
}

const NAMES: [&str; 16] = [
    "r/a", "r/b", "r/c/d", "r/c", "r/c/", "r/d/", "r", "r/a/b", "r/./a", "r//b", "r/A", "r/e f", "/r/a",
    "r/../x", "r/\u{e9}", "r/x -> y",
];
const TARGETS: [&str; 7] = ["r/a", "r/b", "a", "../b", "r/missing", "r/c/d", ""];

fn name(random: &mut Random) -> String {
    match random.below(8) {
        0 => format!("r/{}", "l".repeat(95 + random.below(10))),
        1 => format!("r/n{}", random.below(50)),
        _ => random.pick(&NAMES).to_owned(),
    }
}

/// A header, honest most of the time.
fn header(random: &mut Random, name: &str, size: u64) -> Header {
    let flag =
        *random.pick(&[b"0", b"0", b"0", b"0", b"\0", b"5", b"2", b"1", b"7", b"x"].map(|flag| &flag[0]));
    let size = if matches!(flag, 0 | b'0' | b'7') || random.once_in(20) { size } else { 0 };
    let cut: String = name.chars().take(98).collect();
    let mut header = Header::new(flag, &cut, size);
    if matches!(flag, b'1' | b'2') || random.once_in(40) {
        header = header.link(random.pick(&TARGETS));
    }
    header = match random.below(6) {
        0 => header.gnu(),
        1 => header.v7(),
        _ => header,
    };
    if flag == b'5' {
        header = header.mode(0o755);
    }
    if random.once_in(5) {
        header = tweak(random, header);
    }
    header
}

/// One thing that readers may take differently.
fn tweak(random: &mut Random, header: Header) -> Header {
    let prefixes: [&[u8]; 4] = [b"p", b"r", b"p/q", b"/p"];
    let numbers: [&[u8]; 12] = [
        b"0000644\0",
        b"000644 \0",
        b"    644\0",
        b"100644 \0",
        b"0100644\0",
        b"0000755\0",
        b"0104755\0",
        b"644\0\0\0\0\0",
        b"00000644",
        b"\x80\0\0\0\0\0\x01\xa4",
        b"0000645\0",
        b"0000600\0",
    ];
    let sizes: [&[u8]; 8] = [
        b"00000000004\0",
        b"00000000004 ",
        b"          4 ",
        b"4\0\0\0\0\0\0\0\0\0\0\0",
        b"000000000004",
        b"\x80\0\0\0\0\0\0\0\0\0\0\x04",
        b"4          \0",
        b"00000000004\0",
    ];
    let times: [&[u8]; 6] = [
        b"14524770400\0",
        b"77777777777\0",
        b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfb",
        b"\x80\0\0\0\0\0\0\x7f\xff\xff\xff\xff",
        b"           \0",
        b"00000000000\0",
    ];
    match random.below(9) {
        0 => header.with(345, random.pick(&prefixes)),
        1 => header.with(100, random.pick(&numbers)),
        2 => header.with(124, random.pick(&sizes)),
        3 => header.with(136, random.pick(&times)),
        4 => header.with(108, random.pick(&numbers)),
        5 => {
            header.with(257, random.pick(&[&b"ustar\x0000"[..], b"ustar  \0", b"ustar \0\0", b"ustar\0\0\0"]))
        }
        6 => header.with(random.below(512), &[random.next() as u8]),
        7 => header.with(329, b"0000001\0"),
        _ => header.with(60, b"\0hidden"),
    }
}

/// Headers that change the next entry.
fn extension(random: &mut Random, tar: Tar) -> Tar {
    let path = name(random);
    let size = ["0", "4", "512", "04"][random.below(4)];
    match random.below(10) {
        9 => tar.pax(&[]),
        0 | 1 => tar.pax(&[("path", &path)]),
        2 => tar.pax(&[("mtime", "1700000000.5"), ("path", &path)]),
        3 => tar.pax(&[("size", size)]),
        4 => tar.pax(&[("linkpath", random.pick(&TARGETS))]),
        5 => tar.long(b'L', &path),
        6 => tar.long(b'K', random.pick(&TARGETS)),
        7 => {
            tar.pax(&[[("path", "r/one"), ("path", "r/two")], [("uid", "7"), ("gid", "8")]][random.below(2)])
        }
        _ => tar.global(&[("comment", "0123456789abcdef0123456789abcdef01234567")]),
    }
}

fn random_tar(seed: u64) -> Vec<u8> {
    let mut random = Random::new(seed);
    let mut tar = Tar::new();
    if random.once_in(8) {
        tar = tar.global(&[("comment", "0123456789abcdef0123456789abcdef01234567")]);
    }
    for _ in 0..1 + random.below(4) {
        if random.once_in(4) {
            tar = extension(&mut random, tar);
        }
        let name = name(&mut random);
        let content = vec![b'a' + random.below(26) as u8; [0, 4, 4, 512, 600][random.below(5)]];
        let header = header(&mut random, &name, content.len() as u64);
        let has_data =
            u64::from_str_radix(std::str::from_utf8(&header.0[124..135]).unwrap_or("0"), 8).unwrap_or(0) > 0;
        tar = tar.header(header);
        if has_data {
            tar = tar.body(&content);
        }
        if random.once_in(30) {
            tar = tar.raw(&[0; 512]);
        }
    }
    match random.below(12) {
        0 => tar.0,
        1 => tar.raw(&[0; 512]).0,
        2 => tar.raw(&[0; 10240]).0,
        _ => tar.end(),
    }
}

fn random_zip(seed: u64) -> Vec<u8> {
    let mut random = Random::new(seed);
    let mut zip = Zip::default();
    for _ in 0..1 + random.below(4) {
        let name = name(&mut random);
        let content = vec![b'a' + random.below(26) as u8; [0, 4, 300][random.below(3)]];
        let mut item = match random.below(5) {
            0 => Item::stored(&name, &content),
            1 => Item::streamed(&name, &content),
            2 if name.ends_with('/') => Item::folder(&name),
            _ => Item::deflated(&name, &content),
        };
        if random.once_in(3) {
            let bits = [0o100_755, 0o755, 0o644, 0, 0o120_777, 0o040_755, 0o100_600][random.below(7)];
            item = item.mode(bits);
        }
        item = match random.below(30) {
            0 => item.local(|header| header.name = b"r/other".to_vec()),
            1 => item.central(|header| header.made_by = 0x0014),
            2 => item.both(|header| header.extra = b"UT\x05\0\x01aaaa".to_vec()),
            10 => item.both(|header| header.extra = b"UT\x05\0\x03aaaa".to_vec()),
            11 => item.local(|header| header.extra = b"UT\x09\0\x03aaaabbbb".to_vec()),
            12 => item.central(|header| header.extra = b"ux\x0b\0\x01\x04aaaa\x04bbbb".to_vec()),
            13 => item.both(|header| header.extra = b"\x0a\0\x04\0aaaa".to_vec()),
            3 => item.central(|header| header.extra = b"up\x08\0\x01aaaaevl".to_vec()),
            4 => item.both(|header| header.flags ^= 0x0800),
            5 => item.central(|header| header.attributes ^= 0x20),
            6 => item.both(|header| header.version = 10),
            7 => item.both(|header| header.method ^= 8),
            8 => item.both(|header| header.size += 1),
            9 => item.central(|header| header.internal = 1),
            _ => item,
        };
        zip = zip.item(&item);
        if random.once_in(30) {
            zip = zip.gap(b"gap");
        }
    }
    let comments: [&[u8]; 3] = [b"", b"0123456789abcdef0123456789abcdef01234567", b"comment"];
    let comment = if random.once_in(8) { comments[random.below(3)] } else { b"" };
    zip.end(comment)
}

/// Keeps what we accept: seed, file and our view of it.
struct Accepted {
    dir: tempfile::TempDir,
    views: BTreeMap<PathBuf, peers::View>,
    refused: BTreeMap<&'static str, usize>,
}

fn accepted(seeds: u64, ending: &str, make: fn(u64) -> Vec<u8>) -> Accepted {
    let dir = tempfile::tempdir().unwrap();
    let (mut views, mut refused) = (BTreeMap::new(), BTreeMap::new());
    for seed in 0..seeds {
        let bytes = make(seed);
        let mut recorder = Recorder::default();
        let limits = Limits::default();
        let result = match Format::from_name(ending).unwrap() {
            Format::Zip => archive::read_zip(Cursor::new(&bytes), &limits, &mut recorder),
            format => archive::read(format, &bytes[..], &limits, &mut recorder),
        };
        match result {
            Ok(_) => {
                let file = dir.path().join(format!("seed-{seed}{ending}"));
                fs::write(&file, bytes).unwrap();
                views.insert(file, peers::ours(&recorder));
            }
            Err(ArchiveError::Defect(defect)) => *refused.entry(defect.code).or_default() += 1,
            Err(other) => panic!("seed {seed}: {other:?}"),
        }
    }
    Accepted { dir, views, refused }
}

fn compare(accepted: &Accepted, views: impl Fn(&[PathBuf]) -> Vec<(&'static str, Vec<Option<peers::View>>)>) {
    let files: Vec<PathBuf> = accepted.views.keys().cloned().collect();
    for (peer, theirs) in views(&files) {
        assert_eq!(theirs.len(), files.len());
        for (file, theirs) in files.iter().zip(&theirs) {
            let ours = &accepted.views[file];
            assert_eq!(Some(ours), theirs.as_ref(), "{}: {peer} sees something else", file.display());
        }
    }
    assert!(accepted.dir.path().exists());
}

#[test]
fn whatever_tar_we_accept_all_peers_see_alike() {
    let accepted = accepted(6000, ".tar", random_tar);
    let some = accepted.views.len();
    assert!(
        some > 600,
        "only {some} of 6000 accepted: the test says little; refused: {:?}",
        accepted.refused
    );
    assert!(accepted.refused.len() >= 12, "{:?}", accepted.refused);
    compare(&accepted, peers::tar_views);
}

#[test]
fn whatever_zip_we_accept_all_peers_see_alike() {
    let accepted = accepted(2000, ".zip", random_zip);
    let some = accepted.views.len();
    assert!(some > 200, "only {some} of 2000 accepted; refused: {:?}", accepted.refused);
    assert!(accepted.refused.len() > 8, "{:?}", accepted.refused);
    compare(&accepted, peers::zip_views);
}

/// The archives behind the rules: many are read by GNU tar and Python in two
/// ways, both without complaint, which is why they are refused.
#[test]
fn the_disagreements_are_real() {
    let dir = tempfile::tempdir().unwrap();
    let cases = hostile::tars();
    let files: Vec<PathBuf> =
        (0..cases.len()).map(|number| dir.path().join(format!("{number}.tar"))).collect();
    for (file, (_, tar, _)) in files.iter().zip(&cases) {
        fs::write(file, tar).unwrap();
    }
    let views = peers::tar_views(&files);
    let [(_, python), (_, gnu), ..] = views.as_slice() else { panic!("no peers") };
    let both = cases.iter().zip(python.iter().zip(gnu)).filter_map(|((name, ..), views)| match views {
        (Some(python), Some(gnu)) if python != gnu => Some(*name),
        _ => None,
    });
    let names: Vec<&str> = both.collect();
    assert!(names.len() >= 12, "{names:#?}");
}
