//! Containers that lie, and little files that unpack to much.

use super::members::{Member, Members, sample};
use super::{Attack, rejected};
use crate::archive_support::tar::{Header, Tar};
use crate::archive_support::zip::{Item, Zip};
use crate::archive_support::{Endless, gzip};
use std::io::{Read, Write as _};

type Pack = fn(&[u8]) -> Vec<u8>;

/// The compressed formats: ending, a way to make them, and what else a fault
/// in the middle of one may be taken for.
const ALL: [(&str, Pack); 4] = [("gz", gzip), ("xz", xz), ("bz2", bzip2), ("zst", zstd)];

fn xz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 0);
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

/// All of them.
pub fn bombs() -> Vec<Attack> {
    let mut all = containers();
    all.extend(sizes());
    all.extend(counts());
    all
}

fn containers() -> Vec<Attack> {
    let mut all = Vec::new();
    for (ending, pack) in ALL {
        let mut row = |name: &str, code: &'static str, make: fn(&[u8], Pack) -> Vec<u8>| {
            all.push(rejected(format!("{ending}: {name}"), &[code], move |place| {
                let bytes = make(&sample().tar(), pack);
                place.artifact(&format!("r.tar.{ending}"), bytes);
            }));
        };
        let (trailing, truncated) = ("archive-trailing-data", "archive-truncated");
        row("second member with more files", trailing, |tar, pack| {
            [pack(tar), pack(&Tar::new().file("r/evil", b"evil").end())].concat()
        });
        row("one tar split over two members", trailing, |tar, pack| {
            [pack(&tar[..1024]), pack(&tar[1024..])].concat()
        });
        row("empty second member", trailing, |tar, pack| [pack(tar), pack(b"")].concat());
        row("trailing garbage", trailing, |tar, pack| [&pack(tar)[..], b"evil"].concat());
        row("trailing zeros", trailing, |tar, pack| [&pack(tar)[..], &[0; 512]].concat());
        row("stream cut in its middle", truncated, |tar, pack| {
            let packed = pack(tar);
            packed[..packed.len() / 2].to_vec()
        });
        row("stream cut by one byte", truncated, |tar, pack| {
            let mut packed = pack(tar);
            packed.pop();
            packed
        });
        row("an empty file", "archive-truncated|archive-format", |_, _| Vec::new());
        row("a plain tar under this name", "archive-format", |tar, _| tar.to_vec());
        row("a program under this name", "archive-format", |_, _| b"#!/bin/sh\necho evil\n".to_vec());
        row(
            "packed twice, which is not unpacked twice",
            "archive-truncated|tar-checksum|tar-number",
            |tar, pack| pack(&pack(tar)),
        );
    }
    let damaged = |ending: &'static str, pack: Pack, at: fn(usize) -> usize| {
        rejected(format!("{ending}: a wrong check sum"), &["archive-corrupt"], move |place| {
            let mut packed = pack(&sample().tar());
            let at = at(packed.len());
            packed[at] ^= 0x55;
            place.artifact(&format!("r.tar.{ending}"), packed);
        })
    };
    all.push(damaged("gz", gzip, |length| length - 8));
    let named = |name: &str, stored: &'static str, codes: &[&'static str]| {
        rejected(name, codes, move |place| {
            let packed = flate2::GzBuilder::new().filename(stored);
            let mut packed = packed.write(Vec::new(), flate2::Compression::default());
            std::io::Write::write_all(&mut packed, &sample().tar()).unwrap();
            place.artifact("r.tar.gz", packed.finish().unwrap());
        })
    };
    all.push(named("control: gz: stored under its own name", "r.tar", &[]).exit(0));
    all.push(
        named("gz: gunzip -N writes another file", ".bashrc", &["archive-of-other-name"]).about(&[".bashrc"]),
    );
    all.push(damaged("bz2", bzip2, |_| 10));
    all.push(damaged("xz", xz, |length| length - 12));
    all
}

/// A tar with one endless file of zeros, packed on the fly.
fn zeros(size: u64) -> Endless {
    let head = Header::new(b'0', "r/zeros", size).finish().to_vec();
    Endless { head, byte: 0, count: size + 1024 }
}

fn all_of(mut source: impl Read) -> Vec<u8> {
    let mut bytes = Vec::new();
    source.read_to_end(&mut bytes).unwrap();
    bytes
}

fn sizes() -> Vec<Attack> {
    // Just beyond what may be unpacked before the ratio counts.
    const SIZE: u64 = 68 << 20;
    let bomb = &["archive-bomb"];
    let large = &["archive-too-large"];
    let tar = |name: &str, codes: &[&'static str], make: fn() -> Vec<u8>| {
        rejected(name, codes, move |place| place.artifact("r.tar", make()))
    };
    vec![
        rejected("gz: ratio bomb", bomb, |place| {
            let packed = flate2::read::GzEncoder::new(zeros(SIZE), flate2::Compression::default());
            place.artifact("r.tar.gz", all_of(packed));
        }),
        rejected("xz: ratio bomb", bomb, |place| {
            place.artifact("r.tar.xz", all_of(liblzma::read::XzEncoder::new(zeros(SIZE), 0)));
        }),
        rejected("bz2: ratio bomb", bomb, |place| {
            let packed = bzip2::read::BzEncoder::new(zeros(SIZE), bzip2::Compression::fast());
            place.artifact("r.tar.bz2", all_of(packed));
        }),
        rejected("zst: ratio bomb", bomb, |place| {
            // Run-length blocks of 128 KiB, four bytes each.
            let head = Header::new(b'0', "r/zeros", SIZE).finish();
            let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x38];
            frame.extend(&(512u32 << 3).to_le_bytes()[..3]);
            frame.extend(head);
            frame.extend([0x02, 0x00, 0x10, 0x00].repeat(SIZE as usize >> 17));
            place.artifact("r.tar.zst", frame);
        }),
        rejected("zst: a window of terabytes", &["archive-memory"], |place| {
            place.artifact("r.tar.zst", [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xff, 0x01, 0, 0]);
        }),
        rejected("zip: ratio bomb in one entry", bomb, |place| {
            place.artifact("r.zip", Zip::of(&[Item::deflated("r/zeros", &vec![0; SIZE as usize])]));
        }),
        rejected("zip: ratio bomb over many entries", bomb, |place| {
            let item = Item::deflated("r/0", &vec![0; 1 << 20]);
            let named = |number: usize| {
                item.clone().both(move |header| header.name = format!("r/{number}").into_bytes())
            };
            place.artifact("r.zip", Zip::of(&(0..70).map(named).collect::<Vec<_>>()));
        }),
        rejected("zeros without end behind the end marker", &["archive-trailing-data"], |place| {
            let endless = Endless { head: sample().tar(), byte: 0, count: SIZE };
            let packed = flate2::read::GzEncoder::new(endless, flate2::Compression::fast());
            place.artifact("r.tar.gz", all_of(packed));
        }),
        tar("a file that declares eight GiB", large, || {
            Tar::new().header(Header::new(b'0', "r/a", (8 << 30) - 1)).end()
        }),
        tar("a file that declares an exabyte", large, || {
            let size = b"\x80\0\0\0\x10\0\0\0\0\0\0\0";
            Tar::new().header(Header::new(b'0', "r/a", 0).with(124, size)).end()
        }),
        rejected("pax header of a GiB", &["tar-extension"], |place| {
            let head = Header::new(b'x', "x", 1 << 30).finish().to_vec();
            let endless = Endless { head, byte: b'1', count: SIZE };
            let packed = flate2::read::GzEncoder::new(endless, flate2::Compression::fast());
            place.artifact("r.tar.gz", all_of(packed));
        }),
        rejected("GNU long name of a GiB", &["tar-extension|archive-path-too-long"], |place| {
            let head = Header::new(b'L', "././@LongLink", 1 << 30).gnu().finish().to_vec();
            let endless = Endless { head, byte: b'n', count: SIZE };
            let packed = flate2::read::GzEncoder::new(endless, flate2::Compression::fast());
            place.artifact("r.tar.gz", all_of(packed));
        }),
        tar("sparse file of a terabyte, by GNU", &["archive-entry-type|tar-garbage"], || {
            let map = Header::new(b'S', "r/a", 512).gnu().with(483, b"\x80\0\0\0\0\0\x01\0\0\0\0\0");
            Tar::new().header(map).body(&[0; 512]).end()
        }),
        tar("sparse file of a terabyte, by pax", &["tar-pax-record"], || {
            let records = [("GNU.sparse.major", "1"), ("GNU.sparse.realsize", "1099511627776")];
            Tar::new().pax(&records).header(Header::new(b'0', "r/a", 0)).end()
        }),
    ]
}

/// A tenth of the built-in limit, so that the test is quick.
const FEW: &str = "        limits: {entries: 20000}\n";

fn counts() -> Vec<Attack> {
    let deep = |depth: usize| {
        let path = "d/".repeat(depth) + "f";
        sample().with(|tree: &mut Members| tree.add(Member::file(&path, "x"))).tar()
    };
    vec![
        rejected("more entries than the limit", &["archive-too-many-entries"], |place| {
            place.policy(FEW);
            place.artifact("r.tar", super::trees::numbered(b'0', "r", 20_001));
        }),
        rejected("few entries in more folders than the limit", &["archive-too-many-entries"], |place| {
            place.policy(FEW);
            // Each path brings two thousand folders that no entry names.
            let tail = "/d".repeat(1_900);
            let tar = (0..12).fold(Tar::new(), |tar, number| {
                let path = format!("r/{number}{tail}");
                tar.pax(&[("path", &path)]).header(Header::new(b'0', "x", 0))
            });
            place.artifact("r.tar", tar.end());
        }),
        rejected("path of two thousand folders", &["unexplained-file"], move |place| {
            let tar = deep(2_000);
            place.artifact("r.tar", tar);
        }),
        rejected("path longer than any system takes", &["archive-path-too-long"], move |place| {
            let tar = deep(3_000);
            place.artifact("r.tar", tar);
        }),
        rejected("more findings than are told", &["unexplained-file", "too-many-findings"], |place| {
            let tree = sample().with(|tree| {
                (0..2_000).for_each(|number| tree.add(Member::file(&format!("evil-{number}"), "x")));
            });
            place.artifact("r.tar", tree.tar());
        }),
    ]
}
