//! Reading entries of packs through a small window, with every size bounded.

use std::collections::VecDeque;
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::sync::MutexGuard;

use flate2::{Decompress, FlushDecompress, Status};

use super::entry::{RawContent, parse_entry};
use super::known::Known;
use super::{Content, Entry, Packs, Place, bad_index};
use crate::git::objects::corrupt;
use crate::git::{GitError, delta};
use crate::release::ObjectId;

/// Packs are read in blocks of this many bytes,
const BLOCK: u64 = 8 << 10;
/// each with some more behind it, so that an entry's head lies in one piece.
const HEAD: u64 = 64;
/// Blocks kept: history goes through a pack on several fronts at once.
const BLOCKS: usize = 128;
/// Room behind an inflated object, so that the inflater's fast loop, which
/// wants room for its longest match, works to the end.
const SLACK: usize = 320;
/// Pack files open at the same time.
const OPEN_PACKS: usize = 16;

/// Buffers and open files, shared by all reads.
pub(super) struct Reader {
    pub last_found: usize,
    files: VecDeque<(usize, File, u64)>,
    /// Each in the slot of its number, with its place.
    blocks: Vec<(Place, Vec<u8>)>,
    inflate: Option<Decompress>,
    pub known: Known,
}

impl Reader {
    pub fn new() -> Self {
        Self {
            last_found: 0,
            files: VecDeque::new(),
            blocks: Vec::new(),
            inflate: None,
            known: Known::default(),
        }
    }
}

/// One read of the object `id`.
pub(super) struct Access<'a> {
    pub packs: &'a Packs,
    pub id: &'a ObjectId,
    pub reader: MutexGuard<'a, Reader>,
}

impl Access<'_> {
    fn corrupt(&self, why: &str) -> GitError {
        corrupt(self.id, why)
    }

    /// Opens a pack once and checks that it belongs to its index.
    fn open(&mut self, number: usize) -> Result<(), GitError> {
        if self.reader.files.iter().any(|(open, _, _)| *open == number) {
            return Ok(());
        }
        let (Some(folder), Some(pack)) = (&self.packs.folder, self.packs.packs.get(number)) else {
            return Err(self.corrupt("its pack is gone"));
        };
        let name = [pack.stem.as_slice(), b".pack"].concat();
        let path = || folder.join(&name);
        let file = folder.open_file(&name)?.ok_or_else(|| self.corrupt("its pack is gone"))?;
        let size = file.metadata().map_err(|source| GitError::Io { path: path(), source })?.len();
        let mut head = [0; 12];
        let malformed = |why| GitError::PackMalformed { path: path(), why };
        file.read_exact_at(&mut head, 0).map_err(|_| malformed("it is cut short"))?;
        let [b'P', b'A', b'C', b'K', 0, 0, 0, 2 | 3, count @ ..] = head else {
            return Err(malformed("it is no pack of version 2"));
        };
        if u32::from_be_bytes(count) != pack.index.count() {
            return Err(malformed("it holds another number of objects than its index"));
        }
        if self.reader.files.len() == OPEN_PACKS {
            self.reader.files.pop_front();
        }
        self.reader.files.push_back((number, file, size));
        Ok(())
    }

    /// The bytes of a pack from `offset` on: at least [`HEAD`], or all up to
    /// the pack's trailer.
    fn bytes(&mut self, pack: usize, offset: u64) -> Result<&[u8], GitError> {
        let number = offset / BLOCK;
        let place = Place { pack, offset: number * BLOCK };
        let slot = usize::try_from(number).unwrap_or(usize::MAX) % BLOCKS;
        if self.reader.blocks.get(slot).is_none_or(|(held, _)| *held != place) {
            self.load(slot, place)?;
        }
        let skip = usize::try_from(offset - place.offset).unwrap_or(usize::MAX);
        match self.reader.blocks.get(slot).and_then(|(_, bytes)| bytes.get(skip..)) {
            Some(bytes) if !bytes.is_empty() => Ok(bytes),
            _ => Err(corrupt(self.id, "its pack ends before it")),
        }
    }

    fn load(&mut self, slot: usize, place: Place) -> Result<(), GitError> {
        self.open(place.pack)?;
        let trailer = self.packs.format.id_length() as u64;
        let reader = &mut *self.reader;
        if reader.blocks.is_empty() {
            reader.blocks.resize_with(BLOCKS, || (Place { pack: usize::MAX, offset: 0 }, Vec::new()));
        }
        let file = reader.files.iter().find(|(open, _, _)| *open == place.pack);
        let (Some((_, file, size)), Some((held, block))) = (file, reader.blocks.get_mut(slot)) else {
            return Err(corrupt(self.id, "its pack is gone"));
        };
        let end = size.saturating_sub(trailer);
        let length = end.saturating_sub(place.offset).min(BLOCK + HEAD);
        *held = Place { pack: usize::MAX, offset: 0 };
        block.resize(usize::try_from(length).unwrap_or(0), 0);
        let failed = |error| corrupt(self.id, &format!("its pack cannot be read: {error}"));
        file.read_exact_at(block, place.offset).map_err(failed)?;
        *held = place;
        Ok(())
    }

    /// Parses the head of the entry at `place`.
    pub fn entry(&mut self, place: Place) -> Result<Entry, GitError> {
        let id_length = self.packs.format.id_length();
        let bytes = self.bytes(place.pack, place.offset)?;
        let Some((raw, size, used)) = parse_entry(bytes, id_length) else {
            return Err(self.corrupt("its pack entry is malformed"));
        };
        let content = match raw {
            RawContent::Plain(kind) => Content::Plain(kind),
            RawContent::Back(back) => {
                // Backwards only, so a chain of these has an end.
                let base = place.offset.checked_sub(back).filter(|base| *base >= 12 && back > 0);
                Content::Delta(base.ok_or_else(|| self.corrupt("its delta's base is out of the pack"))?)
            }
            RawContent::On(base) => Content::Delta(self.base_by_id(place.pack, &base)?),
        };
        Ok(Entry { content, size, data: place.offset + used as u64 })
    }

    fn base_by_id(&self, pack: usize, base: &ObjectId) -> Result<u64, GitError> {
        let (Some(folder), Some(pack)) = (&self.packs.folder, self.packs.packs.get(pack)) else {
            return Err(self.corrupt("its pack is gone"));
        };
        let found = pack.index.find(base).map_err(|bad| bad_index(folder, &pack.stem, bad))?;
        found.ok_or_else(|| self.corrupt("its delta's base is not in its pack"))
    }

    /// Inflates an entry to exactly its stated size, which is bounded.
    pub fn inflate(&mut self, pack: usize, entry: &Entry) -> Result<Vec<u8>, GitError> {
        let size = usize::try_from(entry.size).map_err(|_| self.corrupt("its size is beyond all bounds"))?;
        let (bytes, ended) = self.inflate_some(pack, entry.data, size)?;
        if bytes.len() != size || !ended {
            return Err(self.corrupt("it has not the size that its entry states"));
        }
        Ok(bytes)
    }

    /// The size that a delta's result has, from the delta's first bytes.
    pub fn delta_result(&mut self, pack: usize, entry: &Entry) -> Result<u64, GitError> {
        let (head, _) = self.inflate_some(pack, entry.data, 20)?;
        let sizes = delta::sizes(&head).map(|(_, result, _)| result);
        sizes.ok_or_else(|| self.corrupt("its delta has no sizes"))
    }

    /// Inflates up to `size` bytes from the stream at `offset`; tells whether
    /// the stream ended with them.
    fn inflate_some(&mut self, pack: usize, offset: u64, size: usize) -> Result<(Vec<u8>, bool), GitError> {
        // Its tables are large, so one is used over and over.
        let mut stream = self.reader.inflate.take().unwrap_or_else(|| Decompress::new(true));
        stream.reset(true);
        let result = self.inflate_with(&mut stream, pack, offset, size);
        self.reader.inflate = Some(stream);
        result
    }

    fn inflate_with(
        &mut self,
        stream: &mut Decompress,
        pack: usize,
        offset: u64,
        size: usize,
    ) -> Result<(Vec<u8>, bool), GitError> {
        // More bytes than wanted show a stream that goes on.
        let mut out = Vec::with_capacity(size.saturating_add(SLACK));
        loop {
            let input = self.bytes(pack, offset + stream.total_in())?;
            let (read, made) = (stream.total_in(), stream.total_out());
            let status = stream.decompress_vec(input, &mut out, FlushDecompress::None);
            let status = status.map_err(|_| self.corrupt("its zlib stream is damaged"))?;
            if out.len() > size || status == Status::StreamEnd {
                let ended = out.len() <= size;
                out.truncate(size);
                return Ok((out, ended));
            }
            if (read, made) == (stream.total_in(), stream.total_out()) {
                return Err(self.corrupt("its zlib stream stands still"));
            }
        }
    }
}
