//! The zip reader: hostile zips, honest ones, and its limits.

// Tests run other programs.
#![allow(clippy::disallowed_methods)]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests, outside the tests themselves"
)]

mod archive_support;

use std::fs;
use std::io::{Cursor, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use archive_support::zip::{Item, Zip};
use archive_support::{Null, Recorder, code, hostile_zip, peers};
use countersign::archive::{self, ArchiveError, Entry, Format, Limits, Sink, Stop, Summary};

fn read(bytes: &[u8]) -> (Recorder, Result<Summary, ArchiveError>) {
    let mut recorder = Recorder::default();
    let result = archive::read_zip(Cursor::new(bytes), &Limits::default(), &mut recorder);
    (recorder, result)
}

fn verdict(bytes: &[u8]) -> String {
    code(read(bytes).1)
}

#[test]
fn every_hostile_zip_ends_in_its_named_defect() {
    let cases = hostile_zip::zips();
    let mut names = std::collections::BTreeSet::new();
    let mut wrong = Vec::new();
    for (name, zip, expected) in &cases {
        assert!(names.insert(name), "{name} twice");
        let got = verdict(zip);
        if got != *expected {
            wrong.push(format!("{name}: expected {expected}, got {got}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for (code, _) in archive::CODES.iter().filter(|(code, _)| code.starts_with("zip-")) {
        assert!(cases.iter().any(|(_, _, used)| used == code), "{code}");
    }
}

#[test]
fn an_honest_zip_arrives_whole() {
    let id = "0123456789abcdef0123456789abcdef01234567";
    let zip = [
        Item::folder("r/"),
        Item::stored("r/a", b"stored"),
        Item::deflated("r/b", &[7; 300_000]),
        Item::streamed("r/c", b"streamed"),
        Item::stored("r/run", b"#!").mode(0o100_755),
        Item::stored("r/plain", b"").central(|header| (header.made_by, header.attributes) = (0x0014, 0x20)),
        Item::deflated("r/na\u{ef}ve", b"").both(|header| header.extra = b"UT\x05\0\x01aaaa".to_vec()),
    ]
    .iter()
    .fold(Zip::default(), |zip, item| zip.item(item))
    .end(id.as_bytes());
    let (recorder, result) = read(&zip);
    let summary = result.unwrap();
    assert_eq!(summary.comment.as_deref(), Some(id));
    assert_eq!((summary.entries, summary.unpacked), (7, 300_016));
    let view = peers::ours(&recorder).lines;
    assert_eq!(
        view,
        [
            "d r",
            "- - 6 r/a",
            "- - 300000 r/b",
            "- - 8 r/c",
            "- x 2 r/run",
            "- - 0 r/plain",
            "- - 0 r/na\u{ef}ve"
        ]
    );
}

#[test]
fn an_empty_zip_has_no_entries() {
    assert_eq!(read(&Zip::of(&[])).1.unwrap(), Summary::default());
}

#[test]
fn every_cut_is_told() {
    let zip = Zip::of(&[Item::deflated("r/a", b"hello"), Item::streamed("r/b", b"world")]);
    for length in 0..zip.len() {
        assert_ne!(verdict(&zip[..length]), "accepted", "{length}");
    }
}

#[test]
fn no_flipped_bit_changes_what_is_read() {
    let zip = Zip::of(&[Item::deflated("r/a", b"hello"), Item::streamed("r/b", b"world")]);
    let whole = read(&zip).0;
    for at in 0..zip.len() * 8 {
        let mut bad = zip.clone();
        bad[at / 8] ^= 1 << (at % 8);
        let (recorder, result) = read(&bad);
        if result.is_err() {
            continue;
        }
        // Times, the minor version of the writer and attributes stand in the
        // directory alone; of these only the exec bit is read.
        let plain = |recorder: &Recorder| {
            let shape = |line: &String| line.replacen("- x", "- -", 1);
            peers::ours(recorder).lines.iter().map(shape).collect::<Vec<_>>()
        };
        assert_eq!(plain(&recorder), plain(&whole), "bit {at}");
    }
}

#[test]
fn a_zip_bomb_ends_soon() {
    let zip = Zip::of(&[Item::deflated("r/zeros", &vec![0; 100 << 20])]);
    assert_eq!(verdict(&zip), "archive-bomb");
    let limits = Limits { unpacked: 1 << 20, ..Limits::default() };
    assert_eq!(code(archive::read_zip(Cursor::new(&zip), &limits, &mut Null)), "archive-too-large");
    let many: Vec<Item> =
        (0..200).map(|number| Item::deflated(&format!("r/{number}"), &vec![0; 1 << 20])).collect();
    assert_eq!(verdict(&Zip::of(&many)), "archive-bomb");
    let limits = Limits { entries: 50, ..Limits::default() };
    assert_eq!(
        code(archive::read_zip(Cursor::new(Zip::of(&many)), &limits, &mut Null)),
        "archive-too-many-entries"
    );
}

#[test]
fn a_zip_is_no_stream() {
    let result = archive::read(Format::Zip, &Zip::of(&[])[..], &Limits::default(), &mut Null);
    assert!(matches!(result, Err(ArchiveError::NotAStream)));
}

/// Stops at the third entry.
struct Picky(u32);

impl Sink for Picky {
    fn begin(&mut self, _: &Entry) -> Result<(), Stop> {
        self.0 += 1;
        if self.0 == 3 { Err(Stop) } else { Ok(()) }
    }
    fn data(&mut self, _: &[u8]) -> Result<(), Stop> {
        Ok(())
    }
    fn end(&mut self) -> Result<(), Stop> {
        Ok(())
    }
}

#[test]
fn a_sink_that_stops_is_obeyed_and_nothing_hangs() {
    let items: Vec<Item> = (0..3000).map(|number| Item::stored(&format!("r/{number}"), &[0; 1000])).collect();
    let mut sink = Picky(0);
    let result = archive::read_zip(Cursor::new(Zip::of(&items)), &Limits::default(), &mut sink);
    assert!(matches!(result, Err(ArchiveError::Stopped(Stop))));
    assert_eq!(sink.0, 3);
}

/// A file whose middle cannot be read.
struct Broken(Cursor<Vec<u8>>);

impl std::io::Read for Broken {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.0.position() == 0 {
            return Err(std::io::Error::other("medium error"));
        }
        self.0.read(buffer)
    }
}

impl std::io::Seek for Broken {
    fn seek(&mut self, to: std::io::SeekFrom) -> std::io::Result<u64> {
        self.0.seek(to)
    }
}

#[test]
fn a_failing_input_is_no_verdict() {
    let zip = Zip::of(&[Item::stored("r/a", b"x")]);
    let result = archive::read_zip(Broken(Cursor::new(zip)), &Limits::default(), &mut Null);
    assert!(matches!(result, Err(ArchiveError::Io { .. })));
}

fn tree(root: &Path) {
    let release = root.join("hello-1.0");
    fs::create_dir_all(release.join("hello")).unwrap();
    fs::write(release.join("hello/__init__.py"), "x = 1\n".repeat(1000)).unwrap();
    fs::write(release.join("empty"), "").unwrap();
    fs::write(release.join("na\u{ef}ve.txt"), "unicode").unwrap();
    fs::write(release.join("run"), "#!/bin/sh\n").unwrap();
    fs::set_permissions(release.join("run"), fs::Permissions::from_mode(0o755)).unwrap();
}

fn agree(file: &Path, what: &str) -> Vec<String> {
    let (recorder, result) = read(&fs::read(file).unwrap());
    if let Err(error) = result {
        panic!("{what}: {error}");
    }
    let ours = peers::ours(&recorder);
    for (peer, theirs) in peers::zip_views(&[file.to_owned()]) {
        assert_eq!(theirs, [Some(ours.clone())], "{what}: {peer} sees something else");
    }
    ours.lines
}

#[test]
fn python_zipfile_as_build_backends_use_it() {
    let dir = tempfile::tempdir().unwrap();
    tree(dir.path());
    let script = r#"
import io, os, shutil, stat, sys, zipfile
root, out, how = sys.argv[1:]
os.chdir(root)
if how == "make_archive":
    shutil.make_archive(out[:-4], "zip", ".", "hello-1.0")
elif how == "wheel":
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for folder, _, names in os.walk("hello-1.0"):
            for name in sorted(names):
                path = os.path.join(folder, name)
                info = zipfile.ZipInfo(path, (2020, 2, 2, 0, 0, 0))
                info.external_attr = (stat.S_IMODE(os.stat(path).st_mode) | stat.S_IFREG) << 16
                info.compress_type = zipfile.ZIP_DEFLATED
                z.writestr(info, open(path, "rb").read())
        z.writestr("hello-1.0/RECORD", "x")
elif how == "unseekable":
    class Pipe(io.RawIOBase):
        def __init__(self, inner): self.inner = inner
        def writable(self): return True
        def write(self, data): return self.inner.write(data)
        def seekable(self): return False
    with open(out, "wb") as raw, zipfile.ZipFile(Pipe(raw), "w", zipfile.ZIP_DEFLATED) as z:
        z.write("hello-1.0/hello/__init__.py")
"#;
    for (how, count) in [("make_archive", 6), ("wheel", 5), ("unseekable", 1)] {
        let file = dir.path().join(format!("{how}.zip"));
        let mut command = Command::new("python3");
        let output = command.arg("-c").arg(script).arg(dir.path()).arg(&file).arg(how).output().unwrap();
        assert!(output.status.success(), "{how}: {}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(agree(&file, how).len(), count, "{how}");
    }
}

#[test]
fn git_archive_and_info_zip() {
    let dir = tempfile::tempdir().unwrap();
    tree(dir.path());
    let work = dir.path().join("hello-1.0");
    let git = |arguments: &[&str]| {
        let identity = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"];
        let output = Command::new("git").current_dir(&work).args(identity).args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    if peers::has("zip") {
        let file = dir.path().join("info.zip");
        let mut command = Command::new("zip");
        // It marks names as UTF-8 in some locales only.
        let arguments = ["-rq", "info.zip", "hello-1.0", "-x", "*.txt"];
        let output = command.current_dir(dir.path()).args(arguments).output().unwrap();
        assert!(output.status.success());
        assert_eq!(agree(&file, "Info-ZIP").len(), 5);
    }
    git(&["init", "-q"]);
    git(&["add", "."]);
    git(&["commit", "-q", "-m", "x"]);
    let file = dir.path().join("git.zip");
    git(&["archive", "--prefix=hello-1.0/", "-o", file.to_str().unwrap(), "HEAD"]);
    assert_eq!(agree(&file, "git archive").len(), 6);
    let comment = read(&fs::read(&file).unwrap()).1.unwrap().comment;
    assert_eq!(comment, Some(git(&["rev-parse", "HEAD"])));
}

#[test]
fn a_name_that_ends_in_zip_or_whl_is_a_zip() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&Zip::of(&[Item::stored("hello/__init__.py", b"")])).unwrap();
    assert_eq!(Format::from_name("hello-1.0-py3-none-any.whl"), Some(Format::Zip));
    let summary = archive::read_zip(file.reopen().unwrap(), &Limits::default(), &mut Null).unwrap();
    assert_eq!(summary.entries, 1);
}
