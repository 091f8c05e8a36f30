//! Objects by id, through libgit2's object database alone.
//!
//! No `git2::Repository` is made: opening one reads `/etc/gitconfig`,
//! `~/.gitconfig` and `.git/config`, refuses folders of other users and
//! follows what the repository says of itself. The object database given a
//! folder opens only files in it, checks on reading that the bytes have the
//! id they are stored under, and detects SHA-1 collision attacks.
//!
//! Loose objects are read by ourselves, and what the library would follow out
//! of the folder (alternates, links) or hang on (a FIFO) is refused first. A process that changes the
//! folder while it is read can make a read fail, but cannot forge an object:
//! its bytes are hashed.

use git2::{ErrorClass, ErrorCode, ObjectFormat, ObjectType, Odb, Oid};
use rustix::fs::FileType;

use super::GitError;
use super::folder::Folder;
use super::loose::Loose;
use crate::release::ObjectId;

/// The hash function of a repository's object ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// SHA-1, with collision detection wherever an id is computed.
    Sha1,
    /// SHA-256.
    Sha256,
}

impl Format {
    /// The format that an id belongs to.
    pub fn of(id: &ObjectId) -> Self {
        match id {
            ObjectId::Sha1(_) => Self::Sha1,
            ObjectId::Sha256(_) => Self::Sha256,
        }
    }

    /// Bytes of an id: 20 or 32.
    pub fn id_length(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
        }
    }

    /// As git writes it in `extensions.objectFormat`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
        }
    }
}

/// The four kinds of git objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A commit.
    Commit,
    /// A tree.
    Tree,
    /// A blob.
    Blob,
    /// An annotated tag.
    Tag,
}

impl Kind {
    /// git's own word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Commit => "commit",
            Self::Tree => "tree",
            Self::Blob => "blob",
            Self::Tag => "tag",
        }
    }

    fn of(kind: ObjectType) -> Option<Self> {
        match kind {
            ObjectType::Commit => Some(Self::Commit),
            ObjectType::Tree => Some(Self::Tree),
            ObjectType::Blob => Some(Self::Blob),
            ObjectType::Tag => Some(Self::Tag),
            ObjectType::Any => None,
        }
    }
}

/// The largest commit, tag or tree that is read; git itself warns at far less.
pub(super) const MAX_OBJECT: u64 = 64 << 20;
/// Packs of one repository; git's own maintenance keeps them below 50.
const MAX_PACKS: usize = 4096;
/// The id of the empty tree, which git knows without storing it (SHA-1).
const EMPTY_TREE_SHA1: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
/// The same for SHA-256.
const EMPTY_TREE_SHA256: &str = "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321";

/// A repository's objects.
pub(super) struct Objects {
    odb: Odb<'static>,
    folder: Folder,
    format: Format,
    shallow: bool,
    partial: bool,
}

impl std::fmt::Debug for Objects {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Objects").field("folder", &self.folder).field("format", &self.format).finish()
    }
}

impl Objects {
    /// Opens the object folder.
    ///
    /// # Errors
    /// If it lends from elsewhere, or holds what git would not put there.
    pub fn open(folder: Folder, format: Format, shallow: bool) -> Result<Self, GitError> {
        let partial = check_layout(&folder)?;
        let path = folder.path();
        let text = path.to_str().ok_or_else(|| GitError::PathNotUtf8 { path: path.into() })?;
        let failed = |source| GitError::Objects { path: path.into(), source };
        // The cache keeps up to 256 MiB of objects that we read once.
        git2::opts::enable_caching(false);
        let odb = Odb::new_ext(match format {
            Format::Sha1 => ObjectFormat::Sha1,
            Format::Sha256 => ObjectFormat::Sha256,
        })
        .map_err(failed)?;
        odb.add_disk_alternate(text).map_err(failed)?;
        Ok(Self { odb, folder, format, shallow, partial })
    }

    pub fn format(&self) -> Format {
        self.format
    }

    /// The kind and size in bytes of an object, by its header. The header is
    /// not yet proven: only reading the whole object is.
    pub fn header(&self, id: &ObjectId) -> Result<(Kind, u64), GitError> {
        if empty_tree(id) {
            return Ok((Kind::Tree, 0));
        }
        if let Some(loose) = self.loose(id)? {
            return Ok((loose.kind, loose.size));
        }
        let oid = self.oid(id)?;
        let (size, kind) = self.odb.read_header(oid).map_err(|error| self.failed(id, &error))?;
        let kind = Kind::of(kind).ok_or_else(|| corrupt(id, "its kind is unknown"))?;
        Ok((kind, size as u64))
    }

    /// Reads an object of at most `max` bytes and hands its kind and bytes to
    /// `use_it`. The bytes have been hashed and have this id.
    pub fn with<R>(
        &self,
        id: &ObjectId,
        max: u64,
        use_it: impl FnOnce(Kind, &[u8]) -> Result<R, GitError>,
    ) -> Result<R, GitError> {
        if empty_tree(id) {
            return use_it(Kind::Tree, b"");
        }
        if let Some(loose) = self.loose(id)? {
            check_size(id, loose.size, max)?;
            let kind = loose.kind;
            return use_it(kind, &loose.read()?);
        }
        check_size(id, self.header(id)?.1, max)?;
        let object = self.odb.read(self.oid(id)?).map_err(|error| self.failed(id, &error))?;
        let kind = Kind::of(object.kind()).ok_or_else(|| corrupt(id, "its kind is unknown"))?;
        use_it(kind, object.data())
    }

    /// Like [`Objects::with`], for an object that must be a `wanted`.
    pub fn read<R>(
        &self,
        id: &ObjectId,
        wanted: Kind,
        max: u64,
        use_it: impl FnOnce(&[u8]) -> Result<R, GitError>,
    ) -> Result<R, GitError> {
        self.with(id, max, |found, bytes| {
            if found != wanted {
                return Err(GitError::ObjectKind { id: *id, wanted: wanted.as_str(), found: found.as_str() });
            }
            use_it(bytes)
        })
    }

    fn loose(&self, id: &ObjectId) -> Result<Option<Loose>, GitError> {
        if Format::of(id) != self.format {
            return Err(GitError::ObjectFormat { id: *id, format: self.format.as_str() });
        }
        Loose::open(&self.folder, id)
    }

    fn oid(&self, id: &ObjectId) -> Result<Oid, GitError> {
        Oid::from_bytes(id.as_bytes())
            .map_err(|source| GitError::Objects { path: self.folder.path().into(), source })
    }

    fn failed(&self, id: &ObjectId, error: &git2::Error) -> GitError {
        match (error.code(), error.class()) {
            (ErrorCode::NotFound, _) if self.shallow => GitError::Shallow { id: *id },
            (ErrorCode::NotFound, _) if self.partial => GitError::Partial { id: *id },
            (ErrorCode::NotFound, _) => GitError::ObjectMissing { id: *id },
            (_, ErrorClass::Sha1) => GitError::Sha1Collision { id: *id },
            (_, ErrorClass::Os | ErrorClass::NoMemory) => GitError::Objects {
                path: self.folder.path().into(),
                source: git2::Error::new(error.code(), error.class(), error.message()),
            },
            _ => corrupt(id, error.message()),
        }
    }
}

fn check_size(id: &ObjectId, size: u64, max: u64) -> Result<(), GitError> {
    if size > max { Err(GitError::ObjectTooLarge { id: *id, size, max }) } else { Ok(()) }
}

/// The object cannot be believed.
pub(super) fn corrupt(id: &ObjectId, why: &str) -> GitError {
    GitError::ObjectCorrupt { id: *id, why: why.into() }
}

fn empty_tree(id: &ObjectId) -> bool {
    let known = match id {
        ObjectId::Sha1(_) => EMPTY_TREE_SHA1,
        ObjectId::Sha256(_) => EMPTY_TREE_SHA256,
    };
    ObjectId::parse(known).is_ok_and(|known| known == *id)
}

/// Checks the object folder for what the object library would follow or
/// choke on; tells whether it belongs to a partial clone.
fn check_layout(folder: &Folder) -> Result<bool, GitError> {
    for (name, kind) in folder.list()? {
        // Fan-out folders, pack and info; the rest is never opened.
        let is_fan = name.len() == 2 && name.iter().all(u8::is_ascii_hexdigit);
        if (is_fan || name == b"pack" || name == b"info") && kind != FileType::Directory {
            return Err(folder.odd(&name, "a folder")?);
        }
    }
    if let Some(info) = folder.enter(b"info")?
        && info.kind(b"alternates")?.is_some()
    {
        return Err(GitError::HasAlternates { path: info.join(b"alternates") });
    }
    match folder.enter(b"pack")? {
        Some(pack) => check_packs(&pack),
        None => Ok(false),
    }
}

fn check_packs(pack: &Folder) -> Result<bool, GitError> {
    let mut packs = 0usize;
    let mut partial = false;
    for (name, kind) in pack.list()? {
        if kind != FileType::RegularFile && kind != FileType::Directory {
            return Err(pack.odd(&name, "a regular file")?);
        }
        packs += usize::from(name.ends_with(b".pack"));
        partial |= name.ends_with(b".promisor");
    }
    if packs > MAX_PACKS {
        return Err(GitError::FileTooLarge { path: pack.path().into(), max: MAX_PACKS as u64 });
    }
    Ok(partial)
}

/// Computes an object's id from its bytes with the collision-detecting SHA-1
/// of another library than the one that read it (or with SHA-256).
pub(super) fn rehash(id: &ObjectId, kind: Kind, bytes: &[u8]) -> Result<(), GitError> {
    use sha2::Digest as _;
    let header = format!("{} {}\0", kind.as_str(), bytes.len());
    let computed = match id {
        ObjectId::Sha1(_) => {
            let mut hasher = sha1_checked::Sha1::new();
            hasher.update(&header);
            hasher.update(bytes);
            let result = hasher.try_finalize();
            if result.has_collision() {
                return Err(GitError::Sha1Collision { id: *id });
            }
            ObjectId::from_bytes(result.hash())
        }
        ObjectId::Sha256(_) => {
            let hasher = sha2::Sha256::new().chain_update(&header).chain_update(bytes);
            ObjectId::from_bytes(&hasher.finalize())
        }
    };
    if computed == Some(*id) { Ok(()) } else { Err(corrupt(id, "its bytes have another id")) }
}
