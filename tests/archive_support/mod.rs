//! Makes archives, honest and hostile, and records what the reader hands out.
#![allow(dead_code, reason = "each test program uses a part of this")]

pub mod hostile;
pub mod hostile_zip;
pub mod peers;
pub mod tar;
pub mod zip;

use std::io::Write as _;

use countersign::archive::{self, ArchiveError, Entry, EntryKind, Format, Limits, Sink, Stop, Summary};

/// Everything the reader handed out, in order.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Recorder {
    pub entries: Vec<(Entry, Vec<u8>)>,
    open: bool,
}

impl Sink for Recorder {
    fn begin(&mut self, entry: &Entry) -> Result<(), Stop> {
        assert!(!std::mem::replace(&mut self.open, true), "begin without end");
        self.entries.push((entry.clone(), Vec::new()));
        Ok(())
    }

    fn data(&mut self, chunk: &[u8]) -> Result<(), Stop> {
        assert!(self.open && !chunk.is_empty());
        self.entries.last_mut().unwrap().1.extend_from_slice(chunk);
        Ok(())
    }

    fn end(&mut self) -> Result<(), Stop> {
        assert!(std::mem::replace(&mut self.open, false), "end without begin");
        let (entry, content) = self.entries.last().unwrap();
        assert_eq!(entry.size, content.len() as u64, "{}", entry.path);
        Ok(())
    }
}

impl Recorder {
    /// One line an entry, as the peers' listings are written too.
    pub fn lines(&self) -> Vec<String> {
        self.entries
            .iter()
            .map(|(entry, content)| {
                let path = String::from_utf8(entry.path.as_bytes().to_vec()).unwrap();
                match &entry.kind {
                    EntryKind::File { executable } => {
                        let x = if *executable { "x" } else { "-" };
                        format!("{path} file {x} {} {:08x}", content.len(), crc(content))
                    }
                    EntryKind::Directory => format!("{path} folder"),
                    EntryKind::Symlink { target } => {
                        format!("{path} symlink {}", String::from_utf8_lossy(target))
                    }
                    EntryKind::HardLink { target } => format!("{path} hardlink {target}"),
                }
            })
            .collect()
    }

    /// Counts what arrived and forgets the content.
    pub fn paths(&self) -> Vec<String> {
        self.entries.iter().map(|(entry, _)| entry.path.to_string()).collect()
    }
}

/// A sink that keeps nothing.
#[derive(Debug, Default)]
pub struct Null;

impl Sink for Null {
    fn begin(&mut self, _: &Entry) -> Result<(), Stop> {
        Ok(())
    }
    fn data(&mut self, _: &[u8]) -> Result<(), Stop> {
        Ok(())
    }
    fn end(&mut self) -> Result<(), Stop> {
        Ok(())
    }
}

pub fn crc(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

/// Reads `bytes`; what arrived and how it ended.
pub fn read(format: Format, bytes: &[u8]) -> (Recorder, Result<Summary, ArchiveError>) {
    let mut recorder = Recorder::default();
    let result = archive::read(format, bytes, &Limits::default(), &mut recorder);
    (recorder, result)
}

/// The code of the defect, or `"accepted"`.
pub fn verdict(format: Format, bytes: &[u8]) -> String {
    code(read(format, bytes).1)
}

pub fn code(result: Result<Summary, ArchiveError>) -> String {
    match result {
        Ok(_) => "accepted".into(),
        Err(ArchiveError::Defect(defect)) => {
            let known = archive::CODES.iter().any(|(code, _)| *code == defect.code);
            assert!(known, "{} is not in the list of codes", defect.code);
            assert!(!defect.message.is_empty());
            defect.code.into()
        }
        Err(other) => panic!("a failure instead of a defect: {other:?}"),
    }
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Gives `count` bytes of `byte`, then `tail`, without holding them.
pub struct Endless {
    pub head: Vec<u8>,
    pub byte: u8,
    pub count: u64,
}

impl std::io::Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if !self.head.is_empty() {
            let count = self.head.len().min(buffer.len());
            buffer[..count].copy_from_slice(&self.head[..count]);
            self.head.drain(..count);
            return Ok(count);
        }
        let count = (buffer.len() as u64).min(self.count) as usize;
        buffer[..count].fill(self.byte);
        self.count -= count as u64;
        Ok(count)
    }
}
