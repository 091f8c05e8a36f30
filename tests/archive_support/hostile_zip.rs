//! Zips, each with one thing wrong with it, named by what it tries.

use super::hostile::Case;
use super::zip::{Item, Zip, end};

/// All of them.
pub fn zips() -> Vec<Case> {
    [paths(), disagreements(), layouts(), features(), attributes(), contents()].concat()
}

fn good() -> Item {
    Item::deflated("r/a", b"good")
}

fn one(item: Item) -> Vec<u8> {
    Zip::of(&[item])
}

fn named(name: &str) -> Vec<u8> {
    one(Item::stored(name, b"evil"))
}

fn paths() -> Vec<Case> {
    let (path, twin, conflict) = ("archive-unsafe-path", "archive-name-twin", "archive-path-conflict");
    let two = |first: &str, second: &str| Zip::of(&[Item::stored(first, b"1"), Item::stored(second, b"2")]);
    vec![
        ("path climbs out", named("r/../../x"), path),
        ("path is absolute", named("/etc/passwd"), path),
        ("path is empty", named(""), path),
        ("path is a slash", one(Item::folder("/")), path),
        ("folder with two slashes", one(Item::folder("r//")), path),
        ("backslash", named("r\\..\\x"), path),
        ("drive letter", named("C:/x"), path),
        ("NUL in the name, where Python stops reading", named("r/a.txt\0.py"), path),
        ("newline in the name", named("r/a\nb"), path),
        (".git in capitals", named("r/.GIT/config"), path),
        (
            "name in an unknown character set",
            one(Item::stored("r/x", b"").both(|h| h.name[2] = 0x82)),
            "archive-path-encoding",
        ),
        (
            "name marked as UTF-8 that is not",
            one(Item::stored("r/x", b"").both(|h| (h.flags, h.name[2]) = (0x0800, 0xff))),
            "archive-path-encoding",
        ),
        (
            "UTF-8 name that is not marked",
            one(Item::stored("r/\u{e9}", b"").both(|h| h.flags = 0)),
            "archive-path-encoding",
        ),
        (
            "UTF-8 name that unzip takes for code page 850",
            one(Item::stored("r/\u{e9}", b"").central(|h| (h.made_by, h.attributes) = (0x0014, 0x20))),
            "archive-path-encoding",
        ),
        ("name of 60,000 bytes", named(&"n/".repeat(30_000)), "archive-path-too-long"),
        ("same file twice", two("r/a", "r/a"), "archive-duplicate"),
        ("same folder twice", Zip::of(&[Item::folder("r/"), Item::folder("r/")]), "archive-duplicate"),
        (
            "file and folder of one name",
            Zip::of(&[Item::stored("r/a", b""), Item::folder("r/a/")]),
            "archive-duplicate",
        ),
        ("case-fold twin", two("r/A.py", "r/a.py"), twin),
        ("NFC and NFD twin", two("r/\u{e9}", "r/e\u{301}"), twin),
        ("file below a file", two("r/a", "r/a/b"), conflict),
        ("file over a folder in use", two("r/a/b", "r/a"), conflict),
    ]
}

fn disagreements() -> Vec<Case> {
    let differ = "zip-headers-differ";
    vec![
        ("local name differs", one(good().local(|h| h.name = b"r/b".to_vec())), differ),
        ("local name is longer", one(good().local(|h| h.name = b"r/a.py".to_vec())), differ),
        ("local checksum differs", one(good().local(|h| h.crc ^= 1)), differ),
        ("local size differs", one(good().local(|h| h.size += 1)), differ),
        ("local packed size differs", one(good().local(|h| h.packed += 1)), differ),
        (
            "local method differs",
            one(good().local(|h| {
                h.method = 0;
                h.size = h.packed;
            })),
            differ,
        ),
        ("local flags differ", one(Item::stored("r/a", b"x").local(|h| h.flags = 0x0800)), differ),
        ("local time differs", one(good().local(|h| h.time += 1)), differ),
        ("local version differs", one(good().local(|h| h.version = 10)), differ),
        ("descriptor with another checksum", one(with_descriptor(4)), differ),
        ("descriptor with another packed size", one(with_descriptor(8)), differ),
        ("descriptor with another size", one(with_descriptor(12)), differ),
        ("streamed with half-filled sums", one(Item::streamed("r/a", b"good").local(|h| h.size = 4)), differ),
    ]
}

fn with_descriptor(at: usize) -> Item {
    let mut item = Item::streamed("r/a", b"good");
    item.descriptor[at] ^= 1;
    item
}

fn layouts() -> Vec<Case> {
    let (layout, end_record) = ("zip-layout", "zip-end-record");
    let zip = || Zip::default().item(&good());
    let whole = || zip().end(b"");
    let hidden = Zip::of(&[Item::stored("r/hidden", b"evil")]);
    let mut prefixed = b"#!/usr/bin/env python3\n".to_vec();
    prefixed.extend(whole());
    let shifted = {
        let zip = Zip::default().gap(b"#!/bin/sh\n").item(&good());
        zip.end(b"")
    };
    let mut counted = whole();
    let at = counted.len() - 22;
    counted[at + 8] = 0;
    counted[at + 10] = 0;
    let mut disks = whole();
    disks[at + 8] = 2;
    vec![
        ("program before the zip, offsets not adjusted", prefixed, layout),
        ("program before the zip, offsets adjusted", shifted, layout),
        (
            "entry between entries that the directory hides",
            {
                let zip = Zip::default().item(&good());
                let hidden = Zip::default().item(&Item::stored("r/hidden", b"evil")).body;
                zip.gap(&hidden).item(&Item::stored("r/b", b"")).end(b"")
            },
            layout,
        ),
        (
            "entry before the directory that it hides",
            {
                let hidden = Zip::default().item(&Item::stored("r/hidden", b"evil")).body;
                Zip::default().item(&good()).gap(&hidden).end(b"")
            },
            layout,
        ),
        (
            "zeros between entries",
            Zip::default().item(&good()).gap(&[0; 4]).item(&Item::stored("r/b", b"")).end(b""),
            layout,
        ),
        (
            "directory in another order",
            {
                let mut zip = Zip::default().item(&good());
                let first = std::mem::take(&mut zip.directory);
                zip = zip.item(&Item::stored("r/b", b""));
                zip.directory.extend(first);
                zip.end(b"")
            },
            layout,
        ),
        (
            "two entries over the same data",
            {
                let mut zip = Zip::default().item(&good());
                let twin = Zip::default().item(&good().central(|h| h.name = b"r/b".to_vec()));
                zip.directory.extend(twin.directory);
                zip.entries = 2;
                zip.end(b"")
            },
            layout,
        ),
        ("directory with an entry more than counted", counted, layout),
        (
            "directory with bytes after its entries",
            {
                let mut zip = Zip::default().item(&good());
                zip.directory.extend(b"evil");
                zip.end(b"")
            },
            layout,
        ),
        (
            "directory with fewer entries than counted",
            {
                let mut zip = Zip::default().item(&good());
                zip.entries = 2;
                zip.end(b"")
            },
            layout,
        ),
        (
            "directory that is none",
            {
                let mut zip = Zip::default().item(&good());
                zip.directory[0] = b'X';
                zip.end(b"")
            },
            layout,
        ),
        (
            "bytes between directory and end record",
            {
                let zip = Zip::default().item(&good());
                let record = end(1, zip.directory.len() as u32, zip.body.len() as u32, b"");
                [zip.body, zip.directory, b"evil".to_vec(), record].concat()
            },
            layout,
        ),
        (
            "directory size of another archive",
            {
                let zip = Zip::default().item(&good());
                let record = end(1, zip.directory.len() as u32 - 1, zip.body.len() as u32, b"");
                [zip.body, zip.directory, record].concat()
            },
            layout,
        ),
        ("two end records", [whole(), end(0, 0, 0, b"")].concat(), layout),
        ("a second zip behind the first", [whole(), hidden.clone()].concat(), layout),
        ("a second zip in the comment", zip().end(&hidden), layout),
        ("comment", zip().end(b"hello"), end_record),
        ("comment of forty letters", zip().end(&[b'x'; 40]), end_record),
        (
            "commit comment with a wrong length",
            {
                let mut zip = zip().end(&[b'a'; 40]);
                let at = zip.len() - 42;
                zip[at] = 39;
                zip
            },
            end_record,
        ),
        ("zeros behind the end", [whole(), vec![0; 512]].concat(), end_record),
        ("cut in the end record", whole()[..whole().len() - 1].to_vec(), end_record),
        ("cut in the data", whole()[..40].to_vec(), end_record),
        ("several disks", disks, "archive-unsupported-feature"),
        ("nothing at all", Vec::new(), "archive-format"),
        ("gzip instead of a zip", super::gzip(b"x"), "archive-format"),
        ("local header without its signature", one(good().local(|h| h.signature = 0)), layout),
        (
            "data that runs into the directory",
            one(Item::stored("r/a", b"good").both(|h| (h.packed, h.size) = (400, 400))),
            "archive-corrupt",
        ),
        ("folder with content", one(Item::stored("r/d/", b"evil").central(|h| h.attributes = 0x10)), layout),
        (
            "descriptor without a signature",
            {
                let mut item = Item::streamed("r/a", b"good");
                item.descriptor.drain(..4);
                one(item)
            },
            layout,
        ),
        ("stored data with two sizes", one(Item::stored("r/a", b"good").both(|h| h.packed -= 1)), layout),
    ]
}

fn features() -> Vec<Case> {
    let (unsupported, extra) = ("archive-unsupported-feature", "zip-extra-field");
    let flag = |flag: u16| one(good().both(|h| h.flags = flag));
    vec![
        ("encrypted", flag(0x0001), unsupported),
        ("strongly encrypted", flag(0x0041), unsupported),
        ("masked headers", flag(0x2000), unsupported),
        ("patch data", flag(0x0020), unsupported),
        ("bzip2 inside", one(good().both(|h| h.method = 12)), unsupported),
        ("LZMA inside", one(good().both(|h| h.method = 14)), unsupported),
        ("zstd inside", one(good().both(|h| h.method = 93)), unsupported),
        ("AES inside", one(good().both(|h| h.method = 99)), unsupported),
        ("zip64 version", one(good().both(|h| h.version = 45)), unsupported),
        ("stored and streamed", one(Item::stored("r/a", b"x").both(|h| h.flags = 8)), unsupported),
        ("comment on an entry", one(good().central(|h| h.comment = b"hello".to_vec())), unsupported),
        ("entry on another disk", one(good().central(|h| h.disk = 1)), unsupported),
        ("unknown internal attributes", one(good().central(|h| h.internal = 2)), unsupported),
        ("zip64 offset", one(good().central(|h| h.offset = u32::MAX)), unsupported),
        ("zip64 size", one(good().both(|h| h.size = u32::MAX)), unsupported),
        ("zip64 number of entries", end(u16::MAX, 0, 0, b""), unsupported),
        ("zip64 extra field", one(good().both(|h| h.extra = b"\x01\0\x08\0aaaaaaaa".to_vec())), extra),
        (
            "second name in an extra field",
            one(good().central(|h| h.extra = b"up\x08\0\x01aaaaevl".to_vec())),
            extra,
        ),
        (
            "second name in a local extra field",
            one(good().local(|h| h.extra = b"up\x08\0\x01aaaaevl".to_vec())),
            extra,
        ),
        ("AES extra field", one(good().both(|h| h.extra = b"\x01\x99\x01\0a".to_vec())), extra),
        ("unknown extra field", one(good().both(|h| h.extra = b"zz\x01\0a".to_vec())), extra),
        (
            "extra field longer than the header says",
            one(good().both(|h| h.extra = b"UT\xff\0a".to_vec())),
            extra,
        ),
        (
            "extra field whose flags and length differ",
            one(good().both(|h| h.extra = b"UT\x05\0\x07aaaa".to_vec())),
            extra,
        ),
        (
            "bytes after the extra fields",
            one(good().both(|h| h.extra = b"UT\x05\0\x01aaaaX".to_vec())),
            extra,
        ),
    ]
}

fn attributes() -> Vec<Case> {
    let (kind, mode, symlink) = ("archive-entry-type", "archive-mode", "archive-symlink");
    let of = |bits: u32| one(Item::stored("r/a", b"/etc/passwd").mode(bits));
    vec![
        ("symlink by attributes", of(0o120_777), symlink),
        (
            "symlink made by MS-DOS",
            { one(Item::stored("r/a", b"x").mode(0o120_777).central(|h| h.made_by = 0x0014)) },
            symlink,
        ),
        ("device by attributes", of(0o020_644), kind),
        ("FIFO by attributes", of(0o010_644), kind),
        ("socket by attributes", of(0o140_644), kind),
        ("folder by mode, file by name", of(0o040_755), kind),
        ("file by mode, folder by name", one(Item::folder("r/d/").mode(0o100_644)), kind),
        (
            "folder by DOS attribute, file by name",
            one(Item::stored("r/a", b"").central(|h| h.attributes |= 0x10)),
            kind,
        ),
        ("volume label", one(Item::stored("r/a", b"").central(|h| h.attributes |= 0x08)), kind),
        ("setuid", of(0o104_755), mode),
        ("sticky folder", one(Item::folder("r/d/").mode(0o041_777)), mode),
        ("executable for others only", of(0o100_645), mode),
        ("writable by everybody", of(0o100_666), mode),
        (
            "executable to Python, not to Unix tools",
            one(Item::stored("r/a", b"").mode(0o100_755).central(|h| h.made_by = 0x0014)),
            mode,
        ),
        (
            "attributes of another system",
            one(Item::stored("r/a", b"").central(|h| h.made_by = 0x0714)),
            "archive-unsupported-feature",
        ),
    ]
}

fn contents() -> Vec<Case> {
    let corrupt = "archive-corrupt";
    let sized = |size: u32| one(Item::deflated("r/a", b"good").both(|h| h.size = size));
    vec![
        ("wrong checksum", one(good().both(|h| h.crc ^= 1)), corrupt),
        ("wrong checksum of stored data", one(Item::stored("r/a", b"good").both(|h| h.crc ^= 1)), corrupt),
        ("more data than the header says", sized(3), corrupt),
        ("less data than the header says", sized(5), corrupt),
        (
            "data behind the end of the deflate stream",
            {
                let mut item = good();
                item.data.extend(b"evil");
                one(item.both(|h| h.packed += 4))
            },
            corrupt,
        ),
        (
            "deflate stream cut short",
            {
                let mut item = good();
                item.data.pop();
                one(item.both(|h| h.packed -= 1))
            },
            corrupt,
        ),
        (
            "deflate stream that is none",
            {
                let mut item = good();
                item.data.fill(0xff);
                one(item)
            },
            corrupt,
        ),
        (
            "file larger than the limit",
            one(Item::deflated("r/a", b"x").both(|h| h.size = u32::MAX - 1)),
            "archive-corrupt",
        ),
    ]
}
