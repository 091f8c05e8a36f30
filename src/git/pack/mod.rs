//! Objects in pack files (gitformat-pack), with every step bounded.
//!
//! Read by ourselves because libgit2 follows a delta that names itself as its
//! base without end, allocates what a header claims, and maps files that may
//! shrink. Multi-pack indexes, bitmaps and reverse indexes are not read: each
//! pack's own index is enough.

mod entry;
mod known;
mod read;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::fs::FileType;

use super::folder::Folder;
use super::index::{BadIndex, Index};
use super::objects::{Format, Kind, MAX_OBJECT, check_size, corrupt};
use super::{GitError, delta};
use crate::release::ObjectId;
use read::{Access, Reader};

/// Packs of one repository; git's own maintenance keeps them below 50.
const MAX_PACKS: usize = 4096;
/// Indexes up to this size are kept in memory,
const KEEP_INDEX: u64 = 256 << 10;
/// as long as all together stay below this.
const KEEP_INDEXES: u64 = 16 << 20;
/// Deltas on deltas; git makes at most 4095 and by default 50.
const MAX_CHAIN: usize = 4096;
/// Bytes that one object may cost in bases and deltas.
const MAX_WORK: u64 = 4 << 30;

struct Pack {
    /// File name without `.idx`.
    stem: Vec<u8>,
    index: Index,
}

/// Where an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Place {
    pack: usize,
    offset: u64,
}

/// All packs of a repository.
pub(super) struct Packs {
    folder: Option<Folder>,
    packs: Vec<Pack>,
    format: Format,
    /// Whether some pack came from a partial clone.
    pub partial: bool,
    reader: Mutex<Reader>,
}

/// What an entry of a pack holds.
enum Content {
    Plain(Kind),
    /// A delta on the entry at this offset of the same pack.
    Delta(u64),
}

struct Entry {
    content: Content,
    /// Bytes once inflated.
    size: u64,
    /// Where its zlib stream starts.
    data: u64,
}

impl Packs {
    /// Reads the frames of all indexes in `objects/pack`.
    pub fn open(folder: Option<Folder>, format: Format) -> Result<Self, GitError> {
        let mut packs =
            Self { folder, packs: Vec::new(), format, partial: false, reader: Mutex::new(Reader::new()) };
        let Some(folder) = &packs.folder else { return Ok(packs) };
        let mut kept = 0;
        for (name, kind) in folder.list()? {
            packs.partial |= name.ends_with(b".promisor");
            let Some(stem) = name.strip_suffix(b".idx") else { continue };
            if kind != FileType::RegularFile {
                return Err(folder.odd(&name, "a regular file")?);
            }
            let pack = [stem, b".pack"].concat();
            match folder.kind(&pack)? {
                // Half of a pack being removed or written; git passes it over.
                None => continue,
                Some(FileType::RegularFile) => {}
                Some(_) => return Err(folder.odd(&pack, "a regular file")?),
            }
            let Some(file) = folder.open_file(&name)? else { continue };
            let keep = KEEP_INDEX.min(KEEP_INDEXES.saturating_sub(kept));
            let index = Index::open(file, keep, format).map_err(|bad| bad_index(folder, stem, bad))?;
            kept += index.kept();
            packs.packs.push(Pack { stem: stem.into(), index });
            if packs.packs.len() > MAX_PACKS {
                let why = "more packs than git would leave";
                return Err(GitError::PackMalformed { path: folder.path().into(), why });
            }
        }
        Ok(packs)
    }

    /// Where the object is, if it is in a pack.
    pub fn find(&self, id: &ObjectId) -> Result<Option<Place>, GitError> {
        let Some(folder) = &self.folder else { return Ok(None) };
        // Neighbours in history are mostly neighbours in a pack.
        let last = self.lock().last_found;
        let order = std::iter::once(last).chain((0..self.packs.len()).filter(|pack| *pack != last));
        for number in order {
            let Some(pack) = self.packs.get(number) else { continue };
            let found = pack.index.find(id).map_err(|bad| bad_index(folder, &pack.stem, bad))?;
            if let Some(offset) = found {
                self.lock().last_found = number;
                return Ok(Some(Place { pack: number, offset }));
            }
        }
        Ok(None)
    }

    /// Kind and size of the object `id` at `place`, without reading its content.
    pub fn header(&self, id: &ObjectId, place: Place) -> Result<(Kind, u64), GitError> {
        let mut access = self.access(id);
        let mut steps = 0usize;
        let mut at = place;
        let mut size = None;
        loop {
            let entry = access.entry(at)?;
            match entry.content {
                Content::Plain(kind) => return Ok((kind, size.unwrap_or(entry.size))),
                Content::Delta(base) => {
                    if size.is_none() {
                        size = Some(access.delta_result(at.pack, &entry)?);
                    }
                    at.offset = base;
                }
            }
            steps += 1;
            if steps > MAX_CHAIN {
                return Err(corrupt(id, "its deltas have no end"));
            }
        }
    }

    /// The object `id` at `place`, of at most `max` bytes. Nobody has hashed
    /// it yet.
    pub fn read(&self, id: &ObjectId, place: Place, max: u64) -> Result<(Kind, Arc<Vec<u8>>), GitError> {
        let mut access = self.access(id);
        let bound = max.max(MAX_OBJECT);
        let mut deltas = Vec::new();
        let mut at = place;
        let mut work = 0u64;
        let (kind, mut bytes) = loop {
            if let Some(known) = access.reader.known.get(at) {
                break known;
            }
            let entry = access.entry(at)?;
            check_size(id, entry.size, bound)?;
            work += entry.size;
            match entry.content {
                Content::Plain(kind) => break (kind, Arc::new(access.inflate(at.pack, &entry)?)),
                Content::Delta(base) => {
                    deltas.push((at, entry));
                    at.offset = base;
                }
            }
            if deltas.len() > MAX_CHAIN {
                return Err(corrupt(id, "its deltas have no end"));
            }
        };
        access.reader.known.put(at, kind, &bytes);
        while let Some((place, entry)) = deltas.pop() {
            let delta = access.inflate(place.pack, &entry)?;
            let size = delta::sizes(&delta).map_or(0, |(_, size, _)| size);
            check_size(id, size, if deltas.is_empty() { max } else { bound })?;
            work += size;
            if work > MAX_WORK {
                return Err(corrupt(id, "its deltas cost too much"));
            }
            bytes = Arc::new(delta::apply(&bytes, &delta).map_err(|why| corrupt(id, why))?);
            access.reader.known.put(place, kind, &bytes);
        }
        check_size(id, bytes.len() as u64, max)?;
        Ok((kind, bytes))
    }

    fn lock(&self) -> MutexGuard<'_, Reader> {
        // What a panicking reader leaves behind is only caches.
        self.reader.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn access<'a>(&'a self, id: &'a ObjectId) -> Access<'a> {
        Access { packs: self, id, reader: self.lock() }
    }
}

fn bad_index(folder: &Folder, stem: &[u8], bad: BadIndex) -> GitError {
    let path = folder.join(&[stem, b".idx"].concat());
    match bad {
        BadIndex::Io(source) => GitError::Io { path, source },
        BadIndex::Malformed(why) => GitError::PackMalformed { path, why },
    }
}
