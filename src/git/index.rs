//! Pack indexes, version 2 (gitformat-pack): where in a pack an object is.
//!
//! An index is a hint: what it leads to is hashed. So its checksums are not
//! computed, its order is not verified, and a wrong entry can only make an
//! object seem missing or damaged. Small indexes are kept in memory, large
//! ones are read where needed: memory does not grow with the repository.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use super::objects::Format;
use crate::release::ObjectId;

const MAGIC: [u8; 8] = [0xff, b't', b'O', b'c', 0, 0, 0, 2];
/// Where the sorted ids start: magic and fan-out table.
const IDS: u64 = 8 + 4 * 256;
/// Ids read at once: in a pack of a million objects the guessed place is off
/// by 31 in the mean.
const WINDOW: u32 = 64;

/// Lookups in a file after which its [`Columns`] are read: walking a history
/// takes many, reading one tree few.
const LOOKUPS: u32 = 1000;
/// Objects of the largest pack whose columns are kept, 16 MiB.
const MAX_COLUMNS: u32 = 2 << 20;

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

/// The parts of a large index that a lookup needs most.
struct Columns {
    /// Of each id the second to fifth byte; the first is the fan-out's.
    heads: Vec<u32>,
    /// Of each id the offset, or its place among the wide ones.
    offsets: Vec<u32>,
}

/// One pack's index.
pub(super) struct Index {
    bytes: Bytes,
    /// For each first byte of an id how many ids start with it or less.
    fan: Vec<u32>,
    format: Format,
    /// Entries of the table of offsets beyond 2 GiB.
    wide: u64,
    lookups: AtomicU32,
    columns: OnceLock<Columns>,
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
                let (lookups, columns) = (AtomicU32::new(0), OnceLock::new());
                Ok(Self { bytes, fan, format, wide: more / 8, lookups, columns })
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
        let low = first.checked_sub(1).and_then(|before| self.fan.get(before)).copied().unwrap_or(0);
        let high = self.fan.get(first).copied().unwrap_or(0);
        let head = rest.first_chunk::<4>().map_or(0, |bytes| u32::from_be_bytes(*bytes));
        match self.columns()? {
            Some(columns) => self.search_columns(columns, id, head, low, high),
            None => self.search_file(id, head, low, high),
        }
    }

    /// Searches in memory; only the found id is read to compare it whole.
    fn search_columns(
        &self,
        columns: &Columns,
        id: &[u8],
        head: u32,
        low: u32,
        high: u32,
    ) -> Result<Option<u32>, BadIndex> {
        let heads = columns.heads.get(low as usize..high as usize).unwrap_or_default();
        let start = heads.partition_point(|other| *other < head);
        let same = heads.iter().skip(start).take_while(|other| **other == head).count();
        let mut whole = vec![0; id.len()];
        for place in (low + start as u32..).take(same) {
            self.bytes.read(IDS + u64::from(place) * id.len() as u64, &mut whole)?;
            if whole == id {
                return Ok(Some(place));
            }
        }
        Ok(None)
    }

    /// The columns, once they are worth reading.
    fn columns(&self) -> Result<Option<&Columns>, BadIndex> {
        if matches!(self.bytes, Bytes::Memory(_)) || self.count() > MAX_COLUMNS {
            return Ok(None);
        }
        if let Some(columns) = self.columns.get() {
            return Ok(Some(columns));
        }
        if self.lookups.fetch_add(1, Ordering::Relaxed) < LOOKUPS {
            return Ok(None);
        }
        let id = self.format.id_length();
        let head =
            |id: &[u8]| id.get(1..).and_then(<[u8]>::first_chunk).map_or(0, |b| u32::from_be_bytes(*b));
        let heads = self.column(IDS, id, head)?;
        let offset = |word: &[u8]| word.first_chunk().map_or(0, |b| u32::from_be_bytes(*b));
        let offsets = self.column(self.offsets_at(), 4, offset)?;
        Ok(Some(self.columns.get_or_init(|| Columns { heads, offsets })))
    }

    /// One number for each entry of a table of `width` bytes a row.
    fn column(&self, at: u64, width: usize, number: impl Fn(&[u8]) -> u32) -> io::Result<Vec<u32>> {
        const ROWS: u32 = 4096;
        let mut column = Vec::with_capacity(self.count() as usize);
        let mut rows = vec![0; width * ROWS as usize];
        for start in (0..self.count()).step_by(ROWS as usize) {
            let length = width * (self.count() - start).min(ROWS) as usize;
            let rows = rows.get_mut(..length).unwrap_or_default();
            self.bytes.read(at + u64::from(start) * width as u64, rows)?;
            column.extend(rows.chunks_exact(width).map(&number));
        }
        Ok(column)
    }

    fn offsets_at(&self) -> u64 {
        IDS + u64::from(self.count()) * (self.format.id_length() as u64 + 4)
    }

    fn search_file(
        &self,
        id: &[u8],
        head: u32,
        mut low: u32,
        mut high: u32,
    ) -> Result<Option<u32>, BadIndex> {
        // Ids are as good as random, so the next bytes tell the place within
        // the window nearly always; halving serves where they do not.
        let mut guess = low + ((u64::from(high - low) * u64::from(head)) >> 32) as u32;
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
        let (count, offsets) = (u64::from(self.count()), self.offsets_at());
        let kept = self.columns.get().and_then(|columns| columns.offsets.get(place as usize));
        let word = match kept {
            Some(word) => *word,
            None => self.bytes.u32(offsets + 4 * u64::from(place))?,
        };
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
