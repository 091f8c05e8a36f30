//! Pack indexes, version 2 (gitformat-pack): where in a pack an object is.
//!
//! An index is a hint: what it leads to is hashed. So its checksums are not
//! computed, its order is not verified, and a wrong entry can only make an
//! object seem missing or damaged. Small indexes are kept in memory, large
//! ones are read where needed: memory does not grow with the repository.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

use super::objects::Format;
use crate::release::ObjectId;

const MAGIC: [u8; 8] = [0xff, b't', b'O', b'c', 0, 0, 0, 2];
/// Where the sorted ids start: magic and fan-out table.
const IDS: u64 = 8 + 4 * 256;
/// Ids read at once: in a pack of a million objects the guessed place is off
/// by 31 in the mean.
const WINDOW: u32 = 64;

/// What is wrong with an index.
#[derive(Debug)]
pub(super) enum BadIndex {
    Io(io::Error),
    Malformed(&'static str),
}

impl From<io::Error> for BadIndex {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Malformed("it is cut short"),
            _ => Self::Io(error),
        }
    }
}

enum Bytes {
    Memory(Vec<u8>),
    File(File),
}

impl Bytes {
    fn read(&self, at: u64, out: &mut [u8]) -> io::Result<()> {
        match self {
            Self::File(file) => file.read_exact_at(out, at),
            Self::Memory(bytes) => {
                let from = usize::try_from(at).ok().and_then(|at| bytes.get(at..)?.get(..out.len()));
                out.copy_from_slice(from.ok_or(io::ErrorKind::UnexpectedEof)?);
                Ok(())
            }
        }
    }

    fn u32(&self, at: u64) -> io::Result<u32> {
        let mut word = [0; 4];
        self.read(at, &mut word)?;
        Ok(u32::from_be_bytes(word))
    }
}

/// One pack's index.
pub(super) struct Index {
    bytes: Bytes,
    /// For each first byte of an id how many ids start with it or less.
    fan: Vec<u32>,
    format: Format,
    /// Entries of the table of offsets beyond 2 GiB.
    wide: u64,
}

impl Index {
    /// Checks the frame of an index: magic, fan-out and the sizes of its
    /// tables. It is kept in memory if it has at most `keep` bytes.
    pub fn open(file: File, keep: u64, format: Format) -> Result<Self, BadIndex> {
        let size = file.metadata()?.len();
        let mut bytes = Bytes::File(file);
        if size <= keep {
            let mut all = vec![0; usize::try_from(size).unwrap_or(usize::MAX)];
            bytes.read(0, &mut all)?;
            bytes = Bytes::Memory(all);
        }
        let mut magic = [0; 8];
        bytes.read(0, &mut magic)?;
        if magic != MAGIC {
            return Err(BadIndex::Malformed("it is no index of version 2 (git index-pack makes one)"));
        }
        let mut table = [0; 4 * 256];
        bytes.read(8, &mut table)?;
        let (words, _) = table.as_chunks::<4>();
        let fan: Vec<u32> = words.iter().map(|word| u32::from_be_bytes(*word)).collect();
        if !fan.is_sorted() {
            return Err(BadIndex::Malformed("its fan-out table is not in order"));
        }
        let count = u64::from(fan.last().copied().unwrap_or_default());
        let id = format.id_length() as u64;
        let least = IDS + count * (id + 8) + 2 * id;
        match size.checked_sub(least) {
            Some(more) if more % 8 == 0 && more / 8 <= count => {
                Ok(Self { bytes, fan, format, wide: more / 8 })
            }
            _ => Err(BadIndex::Malformed("its size does not fit the number of its objects")),
        }
    }

    /// How many objects the pack holds.
    pub fn count(&self) -> u32 {
        self.fan.last().copied().unwrap_or_default()
    }

    /// Bytes kept in memory.
    pub fn kept(&self) -> u64 {
        match &self.bytes {
            Bytes::Memory(bytes) => bytes.len() as u64,
            Bytes::File(_) => 0,
        }
    }

    /// The offset of the object in its pack; `None` if the pack has it not.
    pub fn find(&self, id: &ObjectId) -> Result<Option<u64>, BadIndex> {
        match self.position(id.as_bytes())? {
            Some(place) => self.offset(place).map(Some),
            None => Ok(None),
        }
    }

    fn position(&self, id: &[u8]) -> Result<Option<u32>, BadIndex> {
        let [first, rest @ ..] = id else { return Ok(None) };
        let first = usize::from(*first);
        let mut low = first.checked_sub(1).and_then(|before| self.fan.get(before)).copied().unwrap_or(0);
        let mut high = self.fan.get(first).copied().unwrap_or(0);
        // Ids are as good as random, so the next bytes tell the place within
        // the window nearly always; halving serves where they do not.
        let next = rest.first_chunk::<4>().map_or(0, |bytes| u64::from(u32::from_be_bytes(*bytes)));
        let mut guess = low + ((u64::from(high - low) * next) >> 32) as u32;
        let length = self.format.id_length();
        let mut ids = vec![0; length * WINDOW as usize];
        while low < high {
            let start = guess.saturating_sub(WINDOW / 2).min(high.saturating_sub(WINDOW)).max(low);
            let number = (high - start).min(WINDOW);
            let window = ids.get_mut(..length * number as usize).unwrap_or_default();
            self.bytes.read(IDS + u64::from(start) * length as u64, window)?;
            let found = window.chunks_exact(length).position(|entry| entry >= id);
            match found {
                Some(0) if window.get(..length) != Some(id) => high = start,
                Some(at) if window.chunks_exact(length).nth(at) == Some(id) => {
                    return Ok(Some(start + at as u32));
                }
                Some(_) => return Ok(None),
                None => low = start + number,
            }
            guess = low + high.saturating_sub(low) / 2;
        }
        Ok(None)
    }

    fn offset(&self, place: u32) -> Result<u64, BadIndex> {
        let count = u64::from(self.count());
        let offsets = IDS + count * (self.format.id_length() as u64 + 4);
        let word = self.bytes.u32(offsets + 4 * u64::from(place))?;
        if word >> 31 == 0 {
            return Ok(u64::from(word));
        }
        let place = u64::from(word & 0x7fff_ffff);
        if place >= self.wide {
            return Err(BadIndex::Malformed("it names an offset that it does not hold"));
        }
        let mut wide = [0; 8];
        self.bytes.read(offsets + 4 * count + 8 * place, &mut wide)?;
        Ok(u64::from_be_bytes(wide))
    }
}
