//! Tars, each with one thing wrong with it, named by what it tries.

use super::tar::{Header, Tar, record};

/// Name of the attack, the tar, the code it must end in.
pub type Case = (&'static str, Vec<u8>, &'static str);

/// All of them.
pub fn tars() -> Vec<Case> {
    [paths(), twins(), types(), numbers(), headers(), pax(), gnu(), sizes(), ends()].concat()
}

fn one(name: &str) -> Vec<u8> {
    Tar::new().file(name, b"evil").end()
}

fn header(header: Header) -> Vec<u8> {
    Tar::new().header(header).end()
}

fn file() -> Header {
    Header::new(b'0', "r/a", 0)
}

fn paths() -> Vec<Case> {
    let path = "archive-unsafe-path";
    vec![
        ("path climbs out", one("r/../../etc/cron.d/x"), path),
        ("path begins with ..", one("../x"), path),
        ("path is absolute", one("/etc/passwd"), path),
        ("path is empty", one(""), path),
        ("path has an empty part", one("r//a"), path),
        ("path has a . part", one("r/./a"), path),
        ("path begins with ./", one("./r/a"), path),
        ("file with a slash at the end", one("r/a/"), path),
        ("folder with two slashes at the end", Tar::new().folder("r//").end(), path),
        ("root folder only", Tar::new().folder("/").end(), path),
        ("backslash as separator on Windows", one("r\\..\\..\\x"), path),
        ("drive letter", one("C:/x"), path),
        (".git folder", one("r/.git/config"), path),
        (".git in capitals", one("r/.GIT/config"), path),
        (".git by its short name", one("r/git~1/config"), path),
        (".git with a code point HFS+ ignores", one("r/.g\u{200c}it/config"), path),
        (".git with a stream name", one("r/.git::$INDEX_ALLOCATION/config"), path),
        (".git as symlink to a fake repository", Tar::new().symlink("r/.git", "fake").end(), path),
        (".git file with gitdir", one("r/.git"), path),
        ("name that ends in a dot", one("r/a."), path),
        ("name that ends in a blank", one("r/a "), path),
        ("control character: newline", one("r/a\nb"), path),
        ("control character: escape sequence", one("r/\u{1b}[2Ja"), path),
        ("control character: DEL", one("r/a\u{7f}"), path),
        ("not UTF-8", header(Header::new(b'0', "r/a", 0).with(2, b"\xff")), "archive-path-encoding"),
        (
            "overlong UTF-8 slash",
            header(Header::new(b'0', "r/a", 0).with(2, b"\xc0\xaf")),
            "archive-path-encoding",
        ),
        (
            "name longer than any file system holds",
            Tar::new().long(b'L', &"n".repeat(256)).header(file().gnu()).end(),
            "archive-path-too-long",
        ),
        (
            "path longer than the limit in pax",
            Tar::new().pax(&[("path", &"a/".repeat(2100))]).header(file()).end(),
            "archive-path-too-long",
        ),
        (
            "path longer than the limit in GNU long name",
            Tar::new().long(b'L', &"a/".repeat(2100)).header(file().gnu()).end(),
            "archive-path-too-long",
        ),
        ("prefix climbs out", header(file().with(345, b"../..")), path),
        ("pax path climbs out", Tar::new().pax(&[("path", "../x")]).header(file()).end(), path),
        ("GNU long name climbs out", Tar::new().long(b'L', "../x").header(file().gnu()).end(), path),
    ]
}

fn twins() -> Vec<Case> {
    let (twin, duplicate, conflict) = ("archive-name-twin", "archive-duplicate", "archive-path-conflict");
    vec![
        ("good, then evil", Tar::new().file("r/a", b"good").file("r/a", b"evil").end(), duplicate),
        ("same file twice", Tar::new().file("r/a", b"good").file("r/a", b"good").end(), duplicate),
        ("same folder twice", Tar::new().folder("r/").folder("r").end(), duplicate),
        (
            "file over a symlink",
            Tar::new().symlink("r/a", "/etc/passwd").file("r/a", b"evil").end(),
            duplicate,
        ),
        ("symlink over a file", Tar::new().file("r/a", b"good").symlink("r/a", "b").end(), duplicate),
        ("hard link over itself", Tar::new().file("r/a", b"good").hardlink("r/a", "r/a").end(), duplicate),
        ("folder over a symlink", Tar::new().symlink("r/a", "/etc").folder("r/a").end(), duplicate),
        (
            "file below a symlink",
            Tar::new().symlink("r/a", "/etc").file("r/a/passwd", b"evil").end(),
            conflict,
        ),
        ("file below a file", Tar::new().file("r/a", b"").file("r/a/b", b"evil").end(), conflict),
        (
            "file far below a symlink",
            Tar::new().symlink("r/a", "/etc").file("r/a/b/c/d", b"evil").end(),
            conflict,
        ),
        ("file over a folder in use", Tar::new().file("r/a/b", b"x").file("r/a", b"evil").end(), conflict),
        (
            "symlink over a folder in use",
            Tar::new().file("r/a/b", b"x").symlink("r/a", "/etc").end(),
            conflict,
        ),
        ("case-fold twin", Tar::new().file("r/Makefile", b"good").file("r/makefile", b"evil").end(), twin),
        ("NFC and NFD twin", Tar::new().file("r/\u{e9}", b"good").file("r/e\u{301}", b"evil").end(), twin),
        ("sharp s twin", Tar::new().file("r/stra\u{df}e", b"good").file("r/STRASSE", b"evil").end(), twin),
        ("folders that are case-fold twins", Tar::new().file("r/A/x", b"").file("r/a/y", b"").end(), twin),
        (
            "symlink that is a folder's twin",
            Tar::new().symlink("r/LIB", "/etc").file("r/lib/x", b"").end(),
            twin,
        ),
    ]
}

fn types() -> Vec<Case> {
    let (kind, mode, link) = ("archive-entry-type", "archive-mode", "archive-hard-link");
    let of = |flag: u8| header(Header::new(flag, "r/a", 0));
    vec![
        ("character device", of(b'3'), kind),
        ("block device", of(b'4'), kind),
        ("FIFO", of(b'6'), kind),
        ("contiguous file", of(b'7'), kind),
        ("GNU sparse file", header(Header::new(b'S', "r/a", 0).gnu()), kind),
        ("GNU folder listing", header(Header::new(b'D', "r/a", 0).gnu()), kind),
        ("GNU multi-volume part", header(Header::new(b'M', "r/a", 0).gnu()), kind),
        ("GNU volume label", header(Header::new(b'V', "r/a", 0).gnu()), kind),
        ("Solaris extended header", of(b'X'), kind),
        ("Solaris ACL", of(b'A'), kind),
        ("unknown type", of(b'z'), kind),
        ("folder by name, file by type NUL", header(Header::new(0, "r/a/", 0).v7()), kind),
        (
            "folder by header name, file by longer name",
            Tar::new().pax(&[("path", "r/file")]).header(Header::new(0, "r/a/", 0)).end(),
            kind,
        ),
        ("setuid", header(file().mode(0o4755)), mode),
        ("setgid", header(file().mode(0o2755)), mode),
        ("sticky", header(file().mode(0o1644)), mode),
        ("writable by everybody", header(file().mode(0o666)), mode),
        ("folder writable by everybody", header(Header::new(b'5', "r/a", 0).mode(0o777)), mode),
        ("setuid folder", header(Header::new(b'5', "r/a", 0).mode(0o4755)), mode),
        ("type bits of a symlink on a file", header(file().mode(0o120_777)), mode),
        ("type bits of a folder on a file", header(file().mode(0o040_755)), mode),
        ("executable for others only", header(file().mode(0o645)), mode),
        ("mode with unknown bits", header(file().mode(0o1_000_644)), mode),
        ("hard link to a file outside", Tar::new().hardlink("r/a", "/etc/passwd").end(), link),
        ("hard link to nothing", Tar::new().hardlink("r/a", "r/b").end(), link),
        ("hard link to a later file", Tar::new().hardlink("r/a", "r/b").file("r/b", b"").end(), link),
        (
            "hard link to a symlink",
            Tar::new().symlink("r/s", "/etc/passwd").hardlink("r/a", "r/s").end(),
            link,
        ),
        ("hard link to a folder", Tar::new().folder("r/d").hardlink("r/a", "r/d").end(), link),
        ("hard link by another spelling", Tar::new().file("r/b", b"").hardlink("r/a", "r/./b").end(), link),
        ("hard link by another case", Tar::new().file("r/b", b"").hardlink("r/a", "r/B").end(), link),
        ("hard link without a target", Tar::new().hardlink("r/a", "").end(), link),
        (
            "hard link that changes the exec bit",
            Tar::new().file("r/b", b"").header(Header::new(b'1', "r/a", 0).link("r/b").mode(0o755)).end(),
            mode,
        ),
        ("symlink without a target", Tar::new().symlink("r/a", "").end(), "archive-symlink"),
    ]
}

fn numbers() -> Vec<Case> {
    let number = "tar-number";
    vec![
        ("negative size", header(file().with(124, b"-0000000001\0")), number),
        ("size that is no octal number", header(file().with(124, b"00000000009\0")), number),
        ("size in hexadecimal", header(file().with(124, b"0x000000010\0")), number),
        ("size with a second number behind it", header(file().with(124, b"00000\x0000001\0")), number),
        ("size without an end", header(file().with(124, b"000000000000")), number),
        ("empty size", header(file().with(124, &[0; 12])), number),
        ("empty mode", header(file().with(100, &[0; 8])), number),
        (
            "binary size that octal can hold",
            header(file().with(124, b"\x80\0\0\0\0\0\0\0\0\0\0\x05")),
            number,
        ),
        ("negative binary size", header(file().with(124, &[0xff; 12])), number),
        (
            "binary size of more than 64 bits",
            header(file().with(124, b"\x80\0\x01\0\0\0\0\0\0\0\0\0")),
            number,
        ),
        ("binary mode", header(file().with(100, b"\x80\0\0\0\x20\0\0\0")), number),
        ("binary uid that octal can hold", header(file().with(108, b"\x80\0\0\0\0\0\x03\xe8")), number),
        ("time that is no number", header(file().with(136, b"yesterday\0\0\0")), number),
        ("device number of text", header(file().with(329, b"root\0")), number),
    ]
}

fn headers() -> Vec<Case> {
    let (garbage, magic, checksum) = ("tar-garbage", "tar-magic", "tar-checksum");
    let mut flipped = one("r/a");
    flipped[0] ^= 1;
    let signed = Header::new(b'0', "r/\u{e9}", 0);
    let text = format!("{:06o}\0 ", signed.signed_sum());
    let signed = signed.with(148, text.as_bytes());
    vec![
        ("changed name under the old checksum", flipped, checksum),
        ("checksum over signed bytes", Tar::new().raw(&signed.0).end(), checksum),
        ("checksum of blanks", Tar::new().raw(&file().with(148, b"        ").0).end(), checksum),
        ("text instead of a tar", b"#!/bin/sh\n".repeat(60), "tar-number"),
        ("zip instead of a tar", [&b"PK\x03\x04"[..], &[0; 1020]].concat(), checksum),
        ("name hidden behind a NUL", header(file().with(4, b"evil")), garbage),
        ("link target hidden behind a NUL", header(file().with(158, b"evil")), garbage),
        ("link target on a file", header(file().link("b")), garbage),
        ("user name hidden behind a NUL", header(file().with(272, b"evil")), garbage),
        ("escape sequence in the user name", header(file().with(265, b"\x1b[2Jroot")), garbage),
        ("control character in the group name", header(file().with(297, "\u{9b}2J".as_bytes())), garbage),
        ("prefix hidden behind a NUL", header(file().with(346, b"evil")), garbage),
        ("device number on a file", header(file().with(329, b"0000001\0")), garbage),
        ("star's magic in the unused end", header(file().with(508, b"tar\0")), garbage),
        ("prefix in a GNU header", header(file().gnu().with(345, b"p")), garbage),
        ("GNU sparse map in a plain header", header(file().gnu().with(386, b"00000000001\0")), garbage),
        ("prefix in a header without magic", header(file().v7().with(345, b"p")), garbage),
        ("user name in a header without magic", header(file().v7().with(265, b"root")), garbage),
        ("magic of neither dialect", header(file().with(257, b"ustar\0 \0")), magic),
        ("version 99", header(file().with(263, b"99")), magic),
        ("magic in capitals", header(file().with(257, b"USTAR\x0000")), magic),
    ]
}

fn pax() -> Vec<Case> {
    let (code, extension) = ("tar-pax-record", "tar-extension");
    let before = |records: &[(&str, &str)]| Tar::new().pax(records).header(file()).end();
    let raw = |body: &[u8]| Tar::new().pax_raw(b'x', body).header(file()).end();
    let id = "0123456789abcdef0123456789abcdef01234567";
    vec![
        ("pax path twice", before(&[("path", "r/good"), ("path", "r/evil")]), code),
        ("pax sparse map", before(&[("GNU.sparse.major", "1")]), code),
        ("pax real name of a sparse file", before(&[("GNU.sparse.name", "r/evil")]), code),
        ("pax capability", before(&[("SCHILY.xattr.security.capability", "x")]), code),
        ("pax ACL", before(&[("SCHILY.acl.access", "user::rwx")]), code),
        ("pax file flags", before(&[("SCHILY.fflags", "schg")]), code),
        ("pax SELinux label", before(&[("RHT.security.selinux", "x")]), code),
        ("pax character set", before(&[("hdrcharset", "BINARY")]), code),
        ("pax comment on an entry", before(&[("comment", "hello")]), code),
        ("pax escape sequence in the user name", before(&[("uname", "\x1b]0;evil\x07root")]), code),
        ("pax control character in the group name", before(&[("gname", "a\u{9b}2J")]), code),
        ("pax empty path", before(&[("path", "")]), code),
        ("pax path with NUL", before(&[("path", "r/a\0.txt")]), code),
        ("pax path with newline", before(&[("path", "r/a\n10 path=b")]), code),
        ("pax path that is not UTF-8", raw(b"12 path=r/\xff\n"), code),
        ("pax record shorter than it says", raw(b"20 path=r/b\n"), code),
        ("pax record longer than it says", raw(b"11 path=r/b\n"), code),
        ("pax length with a leading zero", raw(b"013 path=r/b\n"), code),
        ("pax length with a sign", raw(b"+12 path=r/b\n"), code),
        ("pax record without newline", raw(b"12 path=r/b "), code),
        ("pax zeros after the records", raw(b"12 path=r/b\n\0\0"), code),
        ("pax size with a leading zero", before(&[("size", "00")]), code),
        ("pax header without records", raw(b""), code),
        ("pax negative size", before(&[("size", "-1")]), code),
        ("pax size beyond 64 bits", before(&[("size", "18446744073709551616")]), code),
        (
            "pax header twice",
            Tar::new().pax(&[("path", "r/b")]).pax(&[("path", "r/c")]).header(file()).end(),
            extension,
        ),
        (
            "pax and GNU long name on one entry",
            Tar::new().pax(&[("path", "r/good")]).long(b'L', "r/evil").header(file()).end(),
            extension,
        ),
        (
            "GNU long name and pax on one entry",
            Tar::new().long(b'L', "r/evil").pax(&[("path", "r/good")]).header(file()).end(),
            extension,
        ),
        ("pax header without an entry", Tar::new().file("r/a", b"").pax(&[("path", "r/b")]).end(), extension),
        (
            "pax header before a GNU entry",
            Tar::new().pax(&[("path", "r/b")]).header(file().gnu()).end(),
            extension,
        ),
        ("pax link target on a file", before(&[("linkpath", "/etc/passwd")]), extension),
        (
            "pax header with a link target",
            {
                let body = record("path", "r/b");
                let header = Header::new(b'x', "x", body.len() as u64).link("y");
                Tar::new().header(header).body(body.as_bytes()).header(file()).end()
            },
            extension,
        ),
        (
            "pax link target that libarchive overlooks",
            Tar::new().pax(&[("linkpath", "/etc/passwd")]).symlink("r/a", "").end(),
            extension,
        ),
        ("pax path over an empty name", Tar::new().pax(&[("path", "r/b")]).file("", b"").end(), extension),
        ("pax header of 100 kB", raw(&b"x".repeat(100_000)), extension),
        ("global path", Tar::new().global(&[("path", "r/evil")]).file("r/a", b"").end(), code),
        (
            "global comment with company",
            Tar::new().global(&[("comment", id), ("uid", "0")]).file("r/a", b"").end(),
            code,
        ),
        (
            "global comment that is no commit",
            Tar::new().global(&[("comment", "hi")]).file("r/a", b"").end(),
            code,
        ),
        ("empty global header", Tar::new().pax_raw(b'g', b"").file("r/a", b"").end(), code),
        (
            "global header twice",
            Tar::new().global(&[("comment", id)]).global(&[("comment", id)]).end(),
            extension,
        ),
        (
            "global header after an entry",
            Tar::new().file("r/a", b"").global(&[("comment", id)]).end(),
            extension,
        ),
    ]
}

fn gnu() -> Vec<Case> {
    let extension = "tar-extension";
    let entry = || file().gnu();
    vec![
        (
            "GNU long name twice",
            Tar::new().long(b'L', "r/b").long(b'L', "r/c").header(entry()).end(),
            extension,
        ),
        ("GNU long link twice", Tar::new().long(b'K', "b").long(b'K', "c").header(entry()).end(), extension),
        ("GNU long link on a file", Tar::new().long(b'K', "b").header(entry()).end(), extension),
        ("GNU long name without an entry", Tar::new().long(b'L', "r/b").end(), extension),
        ("GNU long name before a POSIX entry", Tar::new().long(b'L', "r/b").header(file()).end(), extension),
        ("GNU long name without its end", Tar::new().long_raw(b'L', b"r/b").header(entry()).end(), extension),
        (
            "GNU long name with a second one in it",
            Tar::new().long_raw(b'L', b"r/b\0c\0").header(entry()).end(),
            extension,
        ),
        ("empty GNU long name", Tar::new().long_raw(b'L', b"\0").header(entry()).end(), extension),
        (
            "GNU long name in a POSIX header",
            { Tar::new().header(Header::new(b'L', "././@LongLink", 4)).body(b"r/b\0").header(entry()).end() },
            extension,
        ),
    ]
}

fn sizes() -> Vec<Case> {
    let size = "tar-size";
    vec![
        (
            "pax size larger than the header's",
            {
                let inner = Tar::new().file("r/evil", b"evil").0;
                let length = inner.len().to_string();
                Tar::new().pax(&[("size", &length)]).header(file()).raw(&inner).end()
            },
            size,
        ),
        (
            "pax size smaller than the header's",
            {
                let inner = Tar::new().file("r/evil", b"evil").0;
                let carrier = Header::new(b'0', "r/a", inner.len() as u64);
                Tar::new().pax(&[("size", "0")]).header(carrier).raw(&inner).end()
            },
            size,
        ),
        (
            "folder with content",
            Tar::new().header(Header::new(b'5', "r/d", 512)).file("r/e", b"").end(),
            size,
        ),
        (
            "symlink with content",
            Tar::new().header(Header::new(b'2', "r/s", 4).link("b")).body(b"evil").end(),
            size,
        ),
        (
            "hard link with content",
            {
                let link = Header::new(b'1', "r/h", 4).link("r/a");
                Tar::new().file("r/a", b"good").header(link).body(b"evil").end()
            },
            size,
        ),
        ("file larger than the limit", header(file().with(124, b"77777777777\0")), "archive-too-large"),
        (
            "size that promises an exabyte",
            { header(file().with(124, b"\x80\0\0\0\x10\0\0\0\0\0\0\0")) },
            "archive-too-large",
        ),
        (
            "data in the padding of a file",
            {
                let mut tar = Tar::new().file("r/a", b"good").end();
                tar[512 + 200] = b'!';
                tar
            },
            "tar-garbage",
        ),
        (
            "data in the padding of a pax header",
            {
                let mut tar = Tar::new().pax(&[("path", "r/b")]).header(file()).end();
                tar[512 + 200] = b'!';
                tar
            },
            "tar-garbage",
        ),
    ]
}

fn ends() -> Vec<Case> {
    let (end, trailing, truncated) = ("tar-end-marker", "archive-trailing-data", "archive-truncated");
    let whole = || Tar::new().file("r/a", b"good");
    let cut = |length: usize| {
        let mut tar = whole().end();
        tar.truncate(length);
        tar
    };
    vec![
        ("nothing at all", Vec::new(), end),
        ("no end marker", whole().0, end),
        ("one zero block", whole().raw(&[0; 512]).0, end),
        ("one zero block, then a file", whole().raw(&[0; 512]).file("r/evil", b"evil").end(), end),
        ("second archive after the end", [whole().end(), one("r/evil")].concat(), trailing),
        (
            "second archive far after the end",
            [whole().end(), vec![0; 9216], one("r/evil")].concat(),
            trailing,
        ),
        ("text after the end", [whole().end(), b"evil".repeat(128)].concat(), trailing),
        ("a megabyte of zeros after the end", [whole().end(), vec![0; 1 << 20]].concat(), trailing),
        ("end cut within a block", cut(512 * 4 - 1), truncated),
        ("odd bytes after the end", [whole().end(), vec![0; 100]].concat(), truncated),
        ("cut within a header", cut(100), truncated),
        ("cut within content", cut(514), truncated),
        ("cut within padding", cut(1000), truncated),
        ("cut after content", cut(1024), end),
        ("cut within a pax header", Tar::new().pax(&[("path", "r/b")]).0[..700].to_vec(), truncated),
    ]
}
