//! What holds for all archives: nothing panics, what was written arrives,
//! and the pieces in which bytes come make no difference.

// Tests run other programs.
#![allow(clippy::disallowed_methods)]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests, outside the tests themselves"
)]

mod archive_support;

use std::io::{Cursor, Read};

use archive_support::tar::{Header, Tar};
use archive_support::zip::{Item, Zip};
use archive_support::{Recorder, gzip, peers};
use countersign::archive::{self, ArchiveError, Defect, Format, Limits, Summary};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

/// Gives the bytes in pieces of the given sizes, over and over.
struct Pieces<'a> {
    bytes: &'a [u8],
    sizes: &'a [usize],
    turn: usize,
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let size = self.sizes[self.turn % self.sizes.len()];
        self.turn += 1;
        let count = size.min(buffer.len()).min(self.bytes.len());
        buffer[..count].copy_from_slice(&self.bytes[..count]);
        self.bytes = &self.bytes[count..];
        Ok(count)
    }
}

/// What was read, and how it ended: a failure of the input would be a bug.
fn outcome(
    read: impl FnOnce(&mut Recorder) -> Result<Summary, ArchiveError>,
) -> (Recorder, Result<Summary, Defect>) {
    let mut recorder = Recorder::default();
    let result = match read(&mut recorder) {
        Ok(summary) => Ok(summary),
        Err(ArchiveError::Defect(defect)) => Err(defect),
        Err(other) => panic!("{other:?}"),
    };
    (recorder, result)
}

fn stream(format: Format, bytes: &[u8]) -> (Recorder, Result<Summary, Defect>) {
    outcome(|sink| archive::read(format, bytes, &Limits::default(), sink))
}

fn zip(bytes: &[u8]) -> (Recorder, Result<Summary, Defect>) {
    outcome(|sink| archive::read_zip(Cursor::new(bytes), &Limits::default(), sink))
}

const STREAMS: [Format; 5] = [Format::Tar, Format::TarGz, Format::TarXz, Format::TarBz2, Format::TarZst];

/// Names below one folder, different also when folded; with content.
fn files() -> impl Strategy<Value = Vec<(String, Vec<u8>)>> {
    let name =
        prop_oneof!["[a-z]{1,12}", "[a-z]{90,140}", "[a-z]{1,9}\u{e9}[0-9]{1,3}", "[a-z]{40} [a-z]{70}"];
    btree_map(name, vec(any::<u8>(), 0..1500), 1..12).prop_map(|files| files.into_iter().collect())
}

#[derive(Debug, Clone, Copy)]
enum Dialect {
    Pax,
    Gnu,
}

/// Writes `files` below a long folder, so that every way to write long names
/// is used.
fn write(files: &[(String, Vec<u8>)], dialect: Dialect) -> Vec<u8> {
    let folder = "release-1.0/".to_owned() + &"d".repeat(60);
    files
        .iter()
        .fold(Tar::new(), |tar, (name, content)| {
            let path = format!("{folder}/{name}");
            let size = content.len() as u64;
            match dialect {
                Dialect::Pax if path.len() <= 100 => tar.file(&path, content),
                Dialect::Pax if name.len() <= 100 => {
                    tar.header(Header::new(b'0', name, size).with(345, folder.as_bytes())).body(content)
                }
                Dialect::Pax => tar.pax(&[("path", &path)]).file("short", content),
                Dialect::Gnu => {
                    tar.long(b'L', &path).header(Header::new(b'0', "short", size).gnu()).body(content)
                }
            }
        })
        .end()
}

/// An edit of an archive as a confused or hostile tool makes it.
#[derive(Debug, Clone)]
enum Edit {
    Flip { at: prop::sample::Index, bit: u8 },
    Cut { at: prop::sample::Index },
    Drop { at: prop::sample::Index, blocks: usize },
    Repeat { at: prop::sample::Index, blocks: usize },
    Insert { at: prop::sample::Index, bytes: Vec<u8> },
}

fn edit() -> impl Strategy<Value = Edit> {
    let at = any::<prop::sample::Index>;
    prop_oneof![
        4 => (at(), 0u8..8).prop_map(|(at, bit)| Edit::Flip { at, bit }),
        1 => at().prop_map(|at| Edit::Cut { at }),
        1 => (at(), 1usize..4).prop_map(|(at, blocks)| Edit::Drop { at, blocks }),
        1 => (at(), 1usize..4).prop_map(|(at, blocks)| Edit::Repeat { at, blocks }),
        1 => (at(), vec(any::<u8>(), 1..600)).prop_map(|(at, bytes)| Edit::Insert { at, bytes }),
    ]
}

fn apply(edit: &Edit, bytes: &mut Vec<u8>) {
    if bytes.is_empty() {
        return;
    }
    let length = bytes.len();
    let blocks = |at: &prop::sample::Index, count: usize| {
        let start = at.index(length) / 512 * 512;
        start..(start + count * 512).min(length)
    };
    match edit {
        Edit::Flip { at, bit } => bytes[at.index(length)] ^= 1 << bit,
        Edit::Cut { at } => bytes.truncate(at.index(length)),
        Edit::Drop { at, blocks: count } => drop(bytes.drain(blocks(at, *count))),
        Edit::Repeat { at, blocks: count } => {
            let range = blocks(at, *count);
            let copy = bytes[range.clone()].to_vec();
            bytes.splice(range.start..range.start, copy);
        }
        Edit::Insert { at, bytes: new } => {
            drop(bytes.splice(at.index(length)..at.index(length), new.iter().copied()))
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_never_panic(bytes in vec(any::<u8>(), 0..3000), zeros in 0usize..2000) {
        for format in STREAMS {
            let _ = stream(format, &bytes);
        }
        let _ = zip(&bytes);
        let padded = [bytes, vec![0; zeros]].concat();
        let _ = stream(Format::Tar, &padded);
    }

    #[test]
    fn random_data_behind_a_true_magic_never_panics(bytes in vec(any::<u8>(), 0..3000)) {
        let magics: [(Format, &[u8]); 4] = [
            (Format::TarGz, &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]),
            (Format::TarXz, &[0xfd, b'7', b'z', b'X', b'Z', 0, 0, 4, 0xe6, 0xd6, 0xb4, 0x46]),
            (Format::TarBz2, b"BZh91AY&SY"),
            (Format::TarZst, &[0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58]),
        ];
        for (format, magic) in magics {
            prop_assert!(stream(format, &[magic, &bytes].concat()).1.is_err());
        }
    }

    #[test]
    fn what_was_written_arrives(files in files(), dialect in prop_oneof![Just(Dialect::Pax), Just(Dialect::Gnu)]) {
        let tar = write(&files, dialect);
        let (recorder, result) = stream(Format::TarGz, &gzip(&tar));
        prop_assert!(result.is_ok(), "{result:?}");
        let got: Vec<(String, Vec<u8>)> = recorder
            .entries
            .into_iter()
            .map(|(entry, content)| (String::from_utf8_lossy(entry.path.file_name()).into_owned(), content))
            .collect();
        prop_assert_eq!(got, files);
    }

    #[test]
    fn pieces_make_no_difference(
        files in files(),
        edits in vec(edit(), 0..2),
        sizes in vec(1usize..5000, 1..6),
        packed in any::<bool>(),
    ) {
        let mut bytes = write(&files, Dialect::Pax);
        let format = if packed { Format::TarGz } else { Format::Tar };
        if packed {
            bytes = gzip(&bytes);
        }
        edits.iter().for_each(|edit| apply(edit, &mut bytes));
        let whole = stream(format, &bytes);
        let pieces = Pieces { bytes: &bytes, sizes: &sizes, turn: 0 };
        let pieced = outcome(|sink| archive::read(format, pieces, &Limits::default(), sink));
        prop_assert_eq!(whole, pieced);
    }

    #[test]
    fn an_edit_of_a_tar_never_passes_as_other_content(files in files(), edits in vec(edit(), 1..3)) {
        let tar = write(&files, Dialect::Pax);
        let mut bad = gzip(&tar);
        edits.iter().for_each(|edit| apply(edit, &mut bad));
        let (recorder, result) = stream(Format::TarGz, &bad);
        if result.is_ok() {
            prop_assert_eq!(recorder, stream(Format::Tar, &tar).0);
        }
    }

    #[test]
    fn an_edit_of_a_zip_never_passes_as_other_content(files in files(), edits in vec(edit(), 1..3)) {
        let items: Vec<Item> = files
            .iter()
            .enumerate()
            .map(|(turn, (name, content))| match turn % 3 {
                0 => Item::stored(name, content),
                1 => Item::deflated(name, content),
                _ => Item::streamed(name, content),
            })
            .collect();
        let good = Zip::of(&items);
        let whole = zip(&good);
        prop_assert!(whole.1.is_ok(), "{:?}", whole.1);
        let mut bad = good;
        edits.iter().for_each(|edit| apply(edit, &mut bad));
        let (recorder, result) = zip(&bad);
        if result.is_ok() {
            // Modes stand in one place only; all else is said twice or summed.
            let shape = |recorder: &Recorder| -> Vec<String> {
                peers::ours(recorder).lines.iter().map(|line| line.replacen("- x", "- -", 1)).collect()
            };
            prop_assert_eq!(shape(&recorder), shape(&whole.0));
            prop_assert_eq!(peers::ours(&recorder).content, peers::ours(&whole.0).content);
        }
    }
}
