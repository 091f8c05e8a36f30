//! Objects in pack files (gitformat-pack), with every step bounded.
//!
//! Read by ourselves because libgit2 follows a delta that names itself as its
//! base without end, allocates what a header claims, and maps files that may
//! shrink. Multi-pack indexes, bitmaps and reverse indexes are not read: each
//! pack's own index is enough.

use std::collections::{HashMap, VecDeque};
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use flate2::{Decompress, FlushDecompress, Status};
use rustix::fs::FileType;

use super::GitError;
use super::delta;
use super::folder::Folder;
use super::index::{BadIndex, Index};
use super::objects::{Format, Kind, MAX_OBJECT, check_size, corrupt};
use crate::release::ObjectId;

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
/// Bytes read from a pack at once; an entry's header is far smaller.
const WINDOW: usize = 16 << 10;
/// An entry's size and a delta's base fit in this.
const ENTRY: usize = 64;
/// Pack files open at the same time.
const OPEN_PACKS: usize = 16;

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

/// Buffers and open files, shared by all reads.
struct Reader {
    last_found: usize,
    files: VecDeque<(usize, File, u64)>,
    window: Vec<u8>,
    /// What `window` holds.
    at: Place,
    inflate: Decompress,
    known: Known,
}

impl Reader {
    fn new() -> Self {
        Self {
            last_found: 0,
            files: VecDeque::new(),
            window: Vec::new(),
            at: Place { pack: 0, offset: 0 },
            inflate: Decompress::new(true),
            known: Known::default(),
        }
    }
}

/// One read of the object `id`.
struct Access<'a> {
    packs: &'a Packs,
    id: &'a ObjectId,
    reader: MutexGuard<'a, Reader>,
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

    /// The bytes of a pack from `offset` on: at least [`ENTRY`], or all up to
    /// the pack's trailer.
    fn bytes(&mut self, pack: usize, offset: u64) -> Result<&[u8], GitError> {
        self.open(pack)?;
        let trailer = self.packs.format.id_length() as u64;
        let reader = &mut *self.reader;
        let Some((_, file, size)) = reader.files.iter().find(|(open, _, _)| *open == pack) else {
            return Err(corrupt(self.id, "its pack is gone"));
        };
        let end = size.saturating_sub(trailer);
        let have = reader.at.offset..reader.at.offset + reader.window.len() as u64;
        let wanted = end.min(offset.saturating_add(ENTRY as u64));
        if reader.at.pack != pack || !have.contains(&offset) || have.end < wanted {
            let length = end.saturating_sub(offset).min(WINDOW as u64);
            reader.window.resize(usize::try_from(length).unwrap_or(0), 0);
            reader.at = Place { pack, offset };
            if let Err(source) = file.read_exact_at(&mut reader.window, offset) {
                reader.window.clear();
                return Err(corrupt(self.id, &format!("its pack cannot be read: {source}")));
            }
        }
        let skip = usize::try_from(offset - reader.at.offset).unwrap_or(usize::MAX);
        match reader.window.get(skip..) {
            Some(bytes) if !bytes.is_empty() => Ok(bytes),
            _ => Err(corrupt(self.id, "its pack ends before it")),
        }
    }

    /// Parses the head of the entry at `place`.
    fn entry(&mut self, place: Place) -> Result<Entry, GitError> {
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
    fn inflate(&mut self, pack: usize, entry: &Entry) -> Result<Vec<u8>, GitError> {
        let size = usize::try_from(entry.size).map_err(|_| self.corrupt("its size is beyond all bounds"))?;
        let (bytes, ended) = self.inflate_some(pack, entry.data, size)?;
        if bytes.len() != size || !ended {
            return Err(self.corrupt("it has not the size that its entry states"));
        }
        Ok(bytes)
    }

    /// The size that a delta's result has, from the delta's first bytes.
    fn delta_result(&mut self, pack: usize, entry: &Entry) -> Result<u64, GitError> {
        let (head, _) = self.inflate_some(pack, entry.data, 20)?;
        let sizes = delta::sizes(&head).map(|(_, result, _)| result);
        sizes.ok_or_else(|| self.corrupt("its delta has no sizes"))
    }

    /// Inflates up to `size` bytes from the stream at `offset`; tells whether
    /// the stream ended with them.
    fn inflate_some(&mut self, pack: usize, offset: u64, size: usize) -> Result<(Vec<u8>, bool), GitError> {
        let mut stream = std::mem::replace(&mut self.reader.inflate, Decompress::new(true));
        stream.reset(true);
        let result = self.inflate_with(&mut stream, pack, offset, size);
        self.reader.inflate = stream;
        result
    }

    fn inflate_with(
        &mut self,
        stream: &mut Decompress,
        pack: usize,
        offset: u64,
        size: usize,
    ) -> Result<(Vec<u8>, bool), GitError> {
        // One byte more than wanted shows a stream that goes on.
        let mut out = Vec::with_capacity(size.saturating_add(1));
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

/// What an entry's head says: a plain object, or a delta on an entry so many
/// bytes before it or on an object by id.
enum RawContent {
    Plain(Kind),
    Back(u64),
    On(ObjectId),
}

/// Content, inflated size and length of an entry's head.
fn parse_entry(bytes: &[u8], id_length: usize) -> Option<(RawContent, u64, usize)> {
    let (first, mut rest) = bytes.split_first()?;
    let mut size = u64::from(first & 0x0f);
    let mut more = first & 0x80 != 0;
    let mut shift = 4;
    while more {
        let (byte, after) = rest.split_first()?;
        rest = after;
        size |= u64::from(byte & 0x7f).checked_shl(shift).filter(|_| shift < 57)?;
        shift += 7;
        more = byte & 0x80 != 0;
    }
    let content = match first >> 4 & 7 {
        1 => RawContent::Plain(Kind::Commit),
        2 => RawContent::Plain(Kind::Tree),
        3 => RawContent::Plain(Kind::Blob),
        4 => RawContent::Plain(Kind::Tag),
        6 => {
            let (back, after) = distance(rest)?;
            rest = after;
            RawContent::Back(back)
        }
        7 => {
            let (id, after) = rest.split_at_checked(id_length)?;
            rest = after;
            RawContent::On(ObjectId::from_bytes(id)?)
        }
        _ => return None,
    };
    Some((content, size, bytes.len() - rest.len()))
}

/// The distance to a delta's base: seven bits a byte, the highest first, one
/// added for each byte that follows.
fn distance(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (byte, mut rest) = bytes.split_first()?;
    let mut value = u64::from(byte & 0x7f);
    let mut more = byte & 0x80 != 0;
    while more {
        let (byte, after) = rest.split_first()?;
        rest = after;
        value = value.checked_add(1)?.checked_mul(128)? | u64::from(byte & 0x7f);
        more = byte & 0x80 != 0;
    }
    Some((value, rest))
}

/// Objects lately read, because the next one is often a delta on them.
#[derive(Default)]
struct Known {
    objects: HashMap<Place, (Kind, Arc<Vec<u8>>)>,
    order: VecDeque<Place>,
    bytes: usize,
}

impl Known {
    const MAX_BYTES: usize = 4 << 20;
    const MAX_EACH: usize = 64 << 10;

    fn get(&self, place: Place) -> Option<(Kind, Arc<Vec<u8>>)> {
        self.objects.get(&place).cloned()
    }

    fn put(&mut self, place: Place, kind: Kind, bytes: &Arc<Vec<u8>>) {
        if bytes.len() > Self::MAX_EACH || self.objects.contains_key(&place) {
            return;
        }
        // What the maps themselves take for an entry, roughly.
        self.bytes += bytes.len() + 128;
        self.objects.insert(place, (kind, Arc::clone(bytes)));
        self.order.push_back(place);
        while self.bytes > Self::MAX_BYTES {
            let Some(oldest) = self.order.pop_front() else { break };
            if let Some((_, gone)) = self.objects.remove(&oldest) {
                self.bytes -= gone.len() + 128;
            }
        }
    }
}
