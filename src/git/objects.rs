//! Objects by id, each hashed before a byte of it is used.
//!
//! libgit2 computes the ids (with SHA-1 collision detection) and reads
//! nothing: opening a `git2::Repository` reads `/etc/gitconfig`,
//! `~/.gitconfig` and `.git/config`, refuses folders of other users and
//! follows what the repository says of itself; and its object database, which
//! does none of that, loops for ever on a loose object cut short and on a
//! delta that is its own base (1.9.7). So loose objects and packs are read by
//! ourselves, with bounds. A process that changes the files meanwhile can make
//! a read fail, but cannot forge an object: its bytes are hashed.

use std::sync::Arc;

use git2::{ErrorClass, ObjectFormat, ObjectType, Oid};

use super::GitError;
use super::folder::Folder;
use super::loose::Loose;
use super::pack::{Packs, Place};
use crate::release::ObjectId;

/// The hash function of a repository's object ids.
pub use crate::release::ObjectFormat as Format;

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

    fn library(self) -> ObjectType {
        match self {
            Self::Commit => ObjectType::Commit,
            Self::Tree => ObjectType::Tree,
            Self::Blob => ObjectType::Blob,
            Self::Tag => ObjectType::Tag,
        }
    }
}

/// The largest tree that is read, some million files in one folder.
pub(super) const MAX_OBJECT: u64 = 64 << 20;
/// The largest commit that is read; a merge that quotes signed tags may have
/// some hundred kilobytes.
pub(super) const MAX_COMMIT: u64 = 4 << 20;
/// The id of the empty tree, which git knows without storing it.
const EMPTY_TREE: ObjectId = ObjectId::Sha1([
    0x4b, 0x82, 0x5d, 0xc6, 0x42, 0xcb, 0x6e, 0xb9, 0xa0, 0x60, 0xe5, 0x4b, 0xf8, 0xd6, 0x92, 0x88, 0xfb,
    0xee, 0x49, 0x04,
]);
/// The same in SHA-256 repositories.
const EMPTY_TREE_SHA256: ObjectId = ObjectId::Sha256([
    0x6e, 0xf1, 0x9b, 0x41, 0x22, 0x5c, 0x53, 0x69, 0xf1, 0xc1, 0x04, 0xd4, 0x5d, 0x8d, 0x85, 0xef, 0xa9,
    0xb0, 0x57, 0xb5, 0x3b, 0x14, 0xb4, 0xb9, 0xb9, 0x39, 0xdd, 0x74, 0xde, 0xcc, 0x53, 0x21,
]);

/// A repository's objects.
pub(super) struct Objects {
    folder: Folder,
    packs: Packs,
    format: Format,
    shallow: bool,
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
        if let Some(info) = folder.enter(b"info")?
            && info.kind(b"alternates")?.is_some()
        {
            return Err(GitError::HasAlternates { path: info.join(b"alternates") });
        }
        let packs = Packs::open(folder.enter(b"pack")?, format)?;
        Ok(Self { folder, packs, format, shallow })
    }

    pub fn format(&self) -> Format {
        self.format
    }

    /// The kind and size in bytes of an object, by its header. The header is
    /// not yet proven: only reading the whole object is.
    pub fn header(&self, id: &ObjectId) -> Result<(Kind, u64), GitError> {
        match self.find(id)? {
            Found::Empty => Ok((Kind::Tree, 0)),
            Found::Packed(place) => self.packs.header(id, place),
            Found::Loose(loose) => Ok((loose.kind, loose.size)),
        }
    }

    /// Reads an object of at most `max` bytes. The bytes have been hashed and
    /// have this id.
    pub fn fetch(&self, id: &ObjectId, max: u64) -> Result<(Kind, Arc<Vec<u8>>), GitError> {
        let (kind, bytes) = self.fetch_unhashed(id, max)?;
        verify(id, kind, &bytes)?;
        Ok((kind, bytes))
    }

    /// Like [`Objects::fetch`], for an object that must be a `wanted`.
    pub fn read(&self, id: &ObjectId, wanted: Kind, max: u64) -> Result<Arc<Vec<u8>>, GitError> {
        let (found, bytes) = self.fetch(id, max)?;
        check_kind(id, wanted, found)?;
        Ok(bytes)
    }

    /// A commit's bytes as stored. The caller must [`verify`] them before
    /// anything that follows from them is told to anybody.
    pub fn commit_unhashed(&self, id: &ObjectId, max: u64) -> Result<Arc<Vec<u8>>, GitError> {
        let (found, bytes) = self.fetch_unhashed(id, max)?;
        check_kind(id, Kind::Commit, found)?;
        Ok(bytes)
    }

    fn fetch_unhashed(&self, id: &ObjectId, max: u64) -> Result<(Kind, Arc<Vec<u8>>), GitError> {
        match self.find(id)? {
            Found::Empty => Ok((Kind::Tree, Arc::default())),
            Found::Packed(place) => self.packs.read(id, place, max),
            Found::Loose(loose) => {
                check_size(id, loose.size, max)?;
                let (kind, bytes) = loose.read()?;
                Ok((kind, Arc::new(bytes)))
            }
        }
    }

    /// Finds an object: in a pack first, as git does.
    fn find(&self, id: &ObjectId) -> Result<Found, GitError> {
        if Format::of(id) != self.format {
            return Err(GitError::ObjectFormat { id: *id, format: self.format.as_str() });
        }
        if *id == EMPTY_TREE || *id == EMPTY_TREE_SHA256 {
            return Ok(Found::Empty);
        }
        if let Some(place) = self.packs.find(id)? {
            return Ok(Found::Packed(place));
        }
        match Loose::open(&self.folder, id)? {
            Some(loose) => Ok(Found::Loose(Box::new(loose))),
            None if self.shallow => Err(GitError::Shallow { id: *id }),
            None if self.packs.partial => Err(GitError::Partial { id: *id }),
            None => Err(GitError::ObjectMissing { id: *id }),
        }
    }
}

/// Where an object is.
enum Found {
    /// Nowhere: the empty tree needs not be stored.
    Empty,
    Packed(Place),
    Loose(Box<Loose>),
}

fn check_kind(id: &ObjectId, wanted: Kind, found: Kind) -> Result<(), GitError> {
    if found == wanted {
        return Ok(());
    }
    Err(GitError::ObjectKind { id: *id, wanted: wanted.as_str(), found: found.as_str() })
}

/// Checks a size before that much is read.
pub(super) fn check_size(id: &ObjectId, size: u64, max: u64) -> Result<(), GitError> {
    if size > max { Err(GitError::ObjectTooLarge { id: *id, size, max }) } else { Ok(()) }
}

/// The object cannot be believed.
pub(super) fn corrupt(id: &ObjectId, why: &str) -> GitError {
    GitError::ObjectCorrupt { id: *id, why: why.into() }
}

/// Checks that an object's bytes have its id, with libgit2's hash functions:
/// the ones that git hosting uses, and SHA-1 with collision detection.
pub(super) fn verify(id: &ObjectId, kind: Kind, bytes: &[u8]) -> Result<(), GitError> {
    let format = match id {
        ObjectId::Sha1(_) => ObjectFormat::Sha1,
        ObjectId::Sha256(_) => ObjectFormat::Sha256,
    };
    match Oid::hash_object_ext(kind.library(), bytes, format) {
        Ok(computed) if computed.as_bytes() == id.as_bytes() => Ok(()),
        Ok(_) => Err(corrupt(id, "its bytes have another id")),
        Err(error) if error.class() == ErrorClass::Sha1 => Err(GitError::Sha1Collision { id: *id }),
        Err(error) => Err(corrupt(id, error.message())),
    }
}

/// Makes libgit2 ready, by computing some id.
pub(super) fn prepare() {
    // Whether this works is told when an id is needed.
    let _ = Oid::hash_object_ext(ObjectType::Blob, b"", ObjectFormat::Sha1);
}

/// Like [`verify`], by code that shares nothing with it: for the tag object,
/// which everything else hangs on.
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
