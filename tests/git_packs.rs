//! Packs: every object as git reads it, and packs that lie.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test fails by panicking"
)]

mod git_support;
#[path = "git_support/pack.rs"]
mod pack;

use std::fs;
use std::path::PathBuf;

use countersign::git::Repository;
use countersign::release::ObjectId;
use git_support::{Repo, git_in, run, run_with_input};
use pack::{Entry, blob, blob_id, build, head, ofs_delta, ref_delta, store};

/// A history of many versions of some files, packed with deltas.
fn many_versions(extra: &[&str]) -> Repo {
    let repo = Repo::init(extra);
    let mut stream = String::new();
    let mut text: Vec<String> = (0..200).map(|line| format!("line {line}")).collect();
    for number in 0..120 {
        text[number * 7 % 200] = format!("changed in {number}");
        let body = text.join("\n");
        stream.push_str(&format!(
            "commit refs/heads/main\ncommitter C <c@example.org> {} +0000\ndata 7\nmessage\n\
             M 100644 inline dir/file{}\ndata {}\n{body}\n",
            1_700_000_000 + number,
            number % 5,
            body.len()
        ));
    }
    run_with_input(git_in(&repo.path()).args(["fast-import", "--quiet"]), stream.as_bytes());
    repo
}

fn pack_files(repo: &Repo, extension: &str) -> Vec<PathBuf> {
    let folder = fs::read_dir(repo.git_dir().join("objects/pack")).expect("packs");
    let paths = folder.map(|entry| entry.expect("an entry").path());
    paths.filter(|path| path.extension().is_some_and(|found| found == extension)).collect()
}

/// Compares every object with what `git cat-file` prints.
fn same_as_git(repo: &Repo) -> usize {
    let mut git = git_in(&repo.path());
    let output = run(git.args(["cat-file", "--batch-all-objects", "--batch", "--buffer"])).stdout;
    let opened = repo.open();
    let (mut rest, mut count) = (output.as_slice(), 0);
    while !rest.is_empty() {
        // `ID KIND SIZE LF CONTENT LF`
        let end = rest.iter().position(|byte| *byte == b'\n').expect("a line");
        let fields: Vec<&str> = std::str::from_utf8(&rest[..end]).expect("text").split(' ').collect();
        let size: usize = fields[2].parse().expect("a size");
        let (id, expected) = (ObjectId::parse(fields[0]).expect("an id"), &rest[end + 1..][..size]);
        let (kind, bytes) = opened.object(&id, 1 << 20).expect("an object");
        assert_eq!((kind.as_str(), bytes.as_slice()), (fields[1], expected), "{id}");
        if fields[1] == "blob" {
            assert_eq!(opened.blob_size(&id).expect("a size"), size as u64);
        }
        rest = &rest[end + 1 + size + 1..];
        count += 1;
    }
    count
}

#[test]
fn every_packed_object_is_as_git_reads_it() {
    for format in ["sha1", "sha256"] {
        let repo = many_versions(&[&format!("--object-format={format}")]);
        repo.git(&["repack", "-q", "-a", "-d", "-f", "--depth=100", "--window=50"]);
        let deltas = repo.git(&["verify-pack", "-v", pack_files(&repo, "idx")[0].to_str().expect("UTF-8")]);
        assert!(deltas.contains("chain length = 10"), "the pack has deep chains");
        assert!(same_as_git(&repo) > 300);
    }
}

#[test]
fn deltas_on_a_base_by_id_are_read() {
    let repo = many_versions(&[]);
    repo.git(&["-c", "repack.useDeltaBaseOffset=false", "repack", "-q", "-a", "-d", "-f"]);
    same_as_git(&repo);
}

#[test]
fn objects_in_several_packs_are_found() {
    let repo = many_versions(&[]);
    for number in 0..20 {
        repo.write("loose", format!("{number}"));
        repo.commit("more");
        repo.git(&["repack", "-q", "-d"]);
    }
    assert!(pack_files(&repo, "pack").len() >= 20);
    same_as_git(&repo);
}

#[test]
fn two_threads_read_one_repository() {
    let repo = many_versions(&[]);
    repo.git(&["repack", "-q", "-a", "-d", "-f", "--depth=50"]);
    let list = repo.git(&["cat-file", "--batch-all-objects", "--batch-check=%(objectname) %(objectsize)"]);
    let opened = repo.open();
    let read_all = |backwards: bool| {
        let mut lines: Vec<&str> = list.lines().collect();
        if backwards {
            lines.reverse();
        }
        for line in lines {
            let (id, size) = line.split_once(' ').expect("a size");
            let (_, bytes) = opened.object(&ObjectId::parse(id).expect("an id"), 1 << 20).expect("an object");
            assert_eq!(bytes.len().to_string(), size);
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(|| read_all(false));
        scope.spawn(|| read_all(true));
    });
}

#[test]
fn a_multi_pack_index_is_not_needed_and_not_believed() {
    let repo = many_versions(&[]);
    repo.git(&["multi-pack-index", "write"]);
    let path = repo.git_dir().join("objects/pack/multi-pack-index");
    assert!(path.exists());
    same_as_git(&repo);
    fs::remove_file(&path).expect("removed");
    let expected = repo.id("HEAD");
    git_support::mkfifo(&path);
    assert!(repo.open().commit(&expected).is_ok());
}

#[test]
fn a_large_index_is_searched_in_its_file() {
    let repo = Repo::init(&[]);
    let stream: String = (0..12_000).map(|number| format!("blob\ndata <<E\n{number}\nE\n")).collect();
    run_with_input(git_in(&repo.path()).args(["fast-import", "--quiet"]), stream.as_bytes());
    let size = fs::metadata(&pack_files(&repo, "idx")[0]).expect("an index").len();
    assert!(size > 256 << 10, "{size}");
    let opened = repo.open();
    for number in 0..12_000 {
        let text = format!("{number}\n");
        let id = ObjectId::Sha1(blob_id(text.as_bytes()));
        assert_eq!(opened.blob(&id, 100).expect("a blob"), text.as_bytes());
        let other = ObjectId::Sha1(blob_id(format!("{number}").as_bytes()));
        assert_eq!(opened.blob(&other, 100).expect_err("none").code(), "object-missing");
    }
}

#[test]
fn an_index_with_wide_offsets_is_read() {
    let repo = many_versions(&[]);
    let pack = pack_files(&repo, "pack")[0].clone();
    let index = pack.with_extension("idx");
    fs::remove_file(&index).expect("removed");
    // Every offset beyond 64 bytes goes into the 64-bit table.
    repo.git(&["index-pack", "--index-version=2,0x40", pack.to_str().expect("UTF-8")]);
    same_as_git(&repo);
}

#[test]
fn an_index_of_version_1_is_told() {
    let repo = many_versions(&[]);
    let pack = pack_files(&repo, "pack")[0].clone();
    fs::remove_file(pack.with_extension("idx")).expect("removed");
    repo.git(&["index-pack", "--index-version=1", pack.to_str().expect("UTF-8")]);
    assert_eq!(repo.open_error().code(), "pack-malformed");
}

/// The answer to reading `id` from a repository with only these entries.
fn read(entries: &[Entry], id: [u8; 20]) -> Result<Vec<u8>, &'static str> {
    let repo = Repo::init(&[]);
    let (pack, index) = build(entries);
    store(&repo.git_dir(), "x", &pack, &index);
    let opened = Repository::open(&repo.path()).map_err(|error| error.code())?;
    let id = ObjectId::Sha1(id);
    let size = opened.blob_size(&id);
    let bytes = opened.blob(&id, 1 << 20).map_err(|error| error.code());
    if let Ok(bytes) = &bytes {
        assert_eq!(size.ok(), Some(bytes.len() as u64));
    }
    bytes
}

#[test]
fn packs_made_by_hand_are_read_when_they_are_true() {
    let id = blob_id(b"hello");
    assert_eq!(read(&[blob(b"hello")], id), Ok(b"hello".to_vec()));
    let longer = blob_id(b"hello!");
    let delta = [5, 6, 0x90, 5, 1, b'!'];
    assert_eq!(read(&[blob(b"hello"), ref_delta(longer, id, &delta)], longer), Ok(b"hello!".to_vec()));
    let back = u8::try_from(blob(b"hello").bytes.len()).expect("small");
    assert_eq!(read(&[blob(b"hello"), ofs_delta(longer, back, &delta)], longer), Ok(b"hello!".to_vec()));
    assert_eq!(read(&[blob(b"")], blob_id(b"")), Ok(vec![]));
}

#[test]
fn deltas_in_a_circle_end() {
    let (a, b) = ([1; 20], [2; 20]);
    let delta = [1, 1, 0x90, 1];
    assert_eq!(read(&[ref_delta(a, a, &delta)], a), Err("object-corrupt"));
    assert_eq!(read(&[ref_delta(a, b, &delta), ref_delta(b, a, &delta)], a), Err("object-corrupt"));
}

#[test]
fn a_delta_whose_base_is_nowhere_is_refused() {
    let (id, delta) = ([1; 20], [1, 1, 0x90, 1]);
    assert_eq!(read(&[ref_delta(id, [9; 20], &delta)], id), Err("object-corrupt"));
    for back in [0, 1, 5, 100] {
        assert_eq!(read(&[ofs_delta(id, back, &delta)], id), Err("object-corrupt"), "{back}");
        assert_eq!(read(&[blob(b"hello"), ofs_delta(id, back, &delta)], id), Err("object-corrupt"), "{back}");
    }
}

#[test]
fn sizes_that_lie_are_refused_before_memory_is_spent() {
    let id = blob_id(b"hello");
    let with =
        |size: u64, stream: Vec<u8>| read(&[Entry { id, bytes: [head(3, size), stream].concat() }], id);
    assert_eq!(with(5, pack::deflate(b"hello")), Ok(b"hello".to_vec()));
    assert_eq!(with(4, pack::deflate(b"hello")), Err("object-corrupt"));
    assert_eq!(with(6, pack::deflate(b"hello")), Err("object-corrupt"));
    assert_eq!(with(u64::MAX >> 8, pack::deflate(b"hello")), Err("object-too-large"));
    assert_eq!(with(5, b"no zlib".to_vec()), Err("object-corrupt"));
    assert_eq!(with(5, vec![]), Err("object-corrupt"));
    // 16 MiB of zeros in 16 KiB, said to be five bytes.
    assert_eq!(with(5, pack::deflate(&vec![0; 16 << 20])), Err("object-corrupt"));
    // A size of more bits than a number has.
    let endless = [vec![0xbf; 30], pack::deflate(b"hello")].concat();
    assert_eq!(read(&[Entry { id, bytes: endless }], id), Err("object-corrupt"));
}

#[test]
fn a_delta_bomb_is_refused() {
    // Each delta copies its base 64 times: 2 bytes become 8 GiB in five steps.
    let mut entries = vec![blob(b"ab")];
    let mut base = blob_id(b"ab");
    let mut size = 2u64;
    for step in 0..5 {
        let mut delta = varint(size);
        delta.extend(varint(size * 64));
        for _ in 0..64 {
            let [a, b, c, _] = (size as u32).to_le_bytes();
            delta.extend([0xf0, a, b, c]);
        }
        size *= 64;
        let id = [step + 1; 20];
        entries.push(ref_delta(id, base, &delta));
        base = id;
    }
    assert_eq!(read(&entries, base), Err("object-too-large"));
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value > 0x7f {
        bytes.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

#[test]
fn an_endless_chain_of_deltas_ends_at_the_bound() {
    let mut entries = vec![blob(b"a")];
    let delta = [1, 1, 0x90, 1];
    let mut base = blob_id(b"a");
    for number in 0..5000u32 {
        let mut id = [0; 20];
        id[..4].copy_from_slice(&number.to_be_bytes());
        entries.push(ref_delta(id, base, &delta));
        base = id;
    }
    assert_eq!(read(&entries, base), Err("object-corrupt"));
}

#[test]
fn another_object_under_an_id_is_refused() {
    let mut entry = blob(b"evil");
    entry.id = blob_id(b"good");
    assert_eq!(read(&[entry], blob_id(b"good")), Err("object-corrupt"));
    // The same bytes as another kind.
    let content = b"hello";
    let tree = Entry { id: blob_id(content), bytes: [head(2, 5), pack::deflate(content)].concat() };
    assert_eq!(read(&[tree], blob_id(content)), Err("object-corrupt"));
}

#[test]
fn indexes_that_do_not_fit_are_refused() {
    let entries = [blob(b"one"), blob(b"two"), blob(b"three")];
    let (good_pack, good_index) = build(&entries);
    let answer = |pack: &[u8], index: &[u8]| {
        let repo = Repo::init(&[]);
        store(&repo.git_dir(), "x", pack, index);
        let opened = Repository::open(&repo.path()).map_err(|error| error.code())?;
        opened.blob(&ObjectId::Sha1(blob_id(b"one")), 100).map_err(|error| error.code())
    };
    assert_eq!(answer(&good_pack, &good_index), Ok(b"one".to_vec()));
    let changed = |at: usize, byte: u8| {
        let mut index = good_index.clone();
        index[at] = byte;
        index
    };
    for (what, index) in [
        ("empty", vec![]),
        ("magic", changed(0, 0)),
        ("version 3", changed(7, 3)),
        ("fan-out not in order", changed(8, 0xff)),
        ("count", changed(8 + 4 * 255 + 3, 9)),
        ("cut short", good_index[..good_index.len() - 1].to_vec()),
        ("longer", [good_index.as_slice(), &[0; 8 * 4]].concat()),
    ] {
        assert_eq!(answer(&good_pack, &index), Err("pack-malformed"), "{what}");
    }
    // A wide offset without a table for it.
    let at = good_index.len() - 40 - 12;
    let wide: Vec<u8> = (0..12).fold(good_index.clone(), |mut index, byte| {
        index[at + byte] = 0xff;
        index
    });
    assert_eq!(answer(&good_pack, &wide), Err("pack-malformed"));
    for (what, pack) in [
        ("empty", vec![]),
        ("magic", [b"PUCK", &good_pack[4..]].concat()),
        ("version", [b"PACK\0\0\0\x09", &good_pack[8..]].concat()),
        ("another pack", build(&entries[..2]).0),
    ] {
        assert_eq!(answer(&pack, &good_index), Err("pack-malformed"), "{what}");
    }
    assert_eq!(answer(&good_pack[..40], &good_index), Err("object-corrupt"));
}

#[test]
fn no_changed_byte_of_an_index_or_pack_makes_a_hang_or_other_bytes() {
    let delta = [5, 6, 0x90, 5, 1, b'!'];
    let longer = blob_id(b"hello!");
    let (pack, index) = build(&[blob(b"hello"), ref_delta(longer, blob_id(b"hello"), &delta)]);
    let repo = Repo::init(&[]);
    store(&repo.git_dir(), "x", &pack, &index);
    let attempt = |extension: &str, bytes: &[u8]| {
        let path = repo.git_dir().join(format!("objects/pack/pack-x.{extension}"));
        fs::write(path, bytes).expect("a file");
        if let Ok(opened) = Repository::open(&repo.path())
            && let Ok(bytes) = opened.blob(&ObjectId::Sha1(longer), 100)
        {
            assert_eq!(bytes, b"hello!");
        }
    };
    for at in 0..pack.len() {
        for bit in 0..8 {
            let mut bad = pack.clone();
            bad[at] ^= 1 << bit;
            attempt("pack", &bad);
        }
    }
    attempt("pack", &pack);
    // The middle of the fan-out table is the same number over and over.
    for at in (0..index.len()).filter(|at| *at < 40 || *at > 1000 || at % 37 == 0) {
        for byte in [0x00, 0x7f, 0x80, 0xff] {
            let mut bad = index.clone();
            bad[at] = byte;
            attempt("idx", &bad);
        }
    }
}
