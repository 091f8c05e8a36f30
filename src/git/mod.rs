//! Facts from a git repository: tags, commits, trees, blobs, branches.
//!
//! The repository was written by strangers. So nothing in it is believed that
//! does not follow from an object id, except the refs, which are what is to
//! be checked; and nothing is done on its behalf: no configuration file is
//! read, no hook, filter or helper runs, nothing is fetched, nothing is
//! written. What git itself would follow (alternates, replacement refs,
//! grafts, commit-graph files, links, the environment) is refused or ignored,
//! as docs/security.md lists.

mod ancestry;
mod attributes;
mod commit;
mod delta;
mod error;
mod folder;
mod history;
mod index;
mod loose;
mod mailmap;
mod objects;
mod pack;
mod recode;
mod refs;
mod tree;
mod walk;

use std::path::Path;
use std::sync::Arc;

use rustix::fs::FileType;

pub use attributes::{Attributes, BadAttributes, PathAttributes};
pub use commit::Commit;
pub use error::GitError;
pub use history::History;
pub use mailmap::Mailmap;
pub use objects::{Format, Kind};

use crate::release::name::check_tag_name;
use crate::release::tree::{Mode, TreeEntry};
use crate::release::{ObjectId, TreePath};
use folder::Folder;
use objects::{MAX_COMMIT, Objects};
use refs::Refs;

/// The largest tag object that is read, 1 MiB; release notes in it fit well.
const MAX_TAG: u64 = 1 << 20;
/// Bytes of all `.gitattributes` files of a tree.
const MAX_ATTRIBUTES: u64 = 4 << 20;
/// Bytes of a `.mailmap`.
const MAX_MAILMAP: u64 = 16 << 20;
/// Bytes of HEAD.
const MAX_HEAD: u64 = 4096;

/// A branch and the commit it points to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch {
    /// Name below `refs/heads/` or `refs/remotes/REMOTE/`.
    pub name: String,
    /// The remote, for a remote-tracking branch.
    pub remote: Option<String>,
    /// The commit.
    pub tip: ObjectId,
}

/// What a tag's ref names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TagTarget {
    /// An annotated tag: its object's bytes, for
    /// [`parse_tag`](crate::release::tag::parse_tag).
    Annotated {
        /// The bytes that hash to [`TagRef::id`].
        raw: Vec<u8>,
    },
    /// A lightweight tag: the ref names a commit, nobody signed anything.
    Commit,
    /// The ref names a tree or blob.
    Other(Kind),
}

/// A tag as found in the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagRef {
    /// The name that was asked for.
    pub name: String,
    /// The object that `refs/tags/NAME` names, its id computed anew from the
    /// bytes.
    pub id: ObjectId,
    /// What it is.
    pub target: TagTarget,
}

/// A repository open for reading.
#[derive(Debug)]
pub struct Repository {
    refs: Refs,
    objects: Arc<Objects>,
}

impl Repository {
    /// Opens the work tree that holds a `.git` folder, or the bare repository
    /// `dir`. Parent folders are not searched, and it does not matter to whom
    /// the files belong.
    ///
    /// # Errors
    /// If there is no repository, or one that leads elsewhere: a `.git` file
    /// or link, alternates, refs in reftable format.
    pub fn open(dir: &Path) -> Result<Self, GitError> {
        let git = git_folder(dir)?;
        let missing = |why| GitError::NotARepository { path: dir.into(), why };
        if git.kind(b"reftable")?.is_some() {
            return Err(GitError::ReftableUnsupported { path: git.join(b"reftable") });
        }
        let head = git.read(b"HEAD", MAX_HEAD)?.ok_or_else(|| missing("it has no HEAD"))?;
        let objects = git.enter(b"objects")?.ok_or_else(|| missing("it has no objects folder"))?;
        git.enter(b"refs")?.ok_or_else(|| missing("it has no refs folder"))?;
        let shallow = git.kind(b"shallow")?.is_some();
        let refs = Refs::open(git, &head)?;
        let objects = Objects::open(objects, refs.format(), shallow)?;
        Ok(Self { refs, objects: Arc::new(objects) })
    }

    /// The hash function of this repository's ids.
    pub fn object_format(&self) -> Format {
        self.objects.format()
    }

    /// Resolves exactly `refs/tags/NAME` and reads what it names, once.
    ///
    /// # Errors
    /// [`GitError::TagNotFound`] if there is no such tag; others if the ref or
    /// the object cannot be read or believed.
    pub fn tag(&self, name: &str) -> Result<TagRef, GitError> {
        check_tag_name(name)?;
        let id = self.refs.tag(name)?;
        let target = match self.objects.header(&id)?.0 {
            Kind::Tag => TagTarget::Annotated { raw: self.tag_object(&id)? },
            Kind::Commit => {
                ancestry::links(&self.objects, &id)?;
                TagTarget::Commit
            }
            // Refused by whoever asked, so not worth reading to the end.
            kind @ (Kind::Tree | Kind::Blob) => TagTarget::Other(kind),
        };
        Ok(TagRef { name: name.into(), id, target })
    }

    /// A tag object's bytes by id, without any ref (the object that a caller
    /// was told to expect). The id is computed anew from the bytes.
    ///
    /// # Errors
    /// If it is missing, damaged, no tag, or larger than 1 MiB.
    pub fn tag_object(&self, id: &ObjectId) -> Result<Vec<u8>, GitError> {
        let raw = self.objects.read(id, Kind::Tag, MAX_TAG)?;
        objects::rehash(id, Kind::Tag, &raw)?;
        Ok(Arc::unwrap_or_clone(raw))
    }

    /// All tags of the repository with the objects that their refs name (for
    /// annotated tags the tag object), by name.
    ///
    /// # Errors
    /// If a ref cannot be read.
    pub fn tags(&self) -> Result<Vec<(String, ObjectId)>, GitError> {
        self.refs.tags()
    }

    /// Reads a commit.
    ///
    /// # Errors
    /// If it is missing, damaged, malformed or no commit.
    pub fn commit(&self, id: &ObjectId) -> Result<Commit, GitError> {
        Commit::parse(id, &self.objects.read(id, Kind::Commit, MAX_COMMIT)?)
    }

    /// All files, links and submodules in the folder `subdirectory` of a
    /// commit's tree (the whole tree if it is empty), sorted by path bytes.
    ///
    /// Paths are as the tree holds them, relative to that folder:
    /// [`TreePath::defect`] tells which of them are dangerous.
    ///
    /// # Errors
    /// If an object is missing, damaged or malformed (duplicate names, odd
    /// modes), the tree is beyond all bounds, or there is no such folder.
    pub fn tree(&self, commit: &ObjectId, subdirectory: &TreePath) -> Result<Vec<TreeEntry>, GitError> {
        let root = ancestry::links(&self.objects, commit)?.tree;
        match tree::descend(&self.objects, &root, subdirectory)? {
            Some(folder) => tree::flatten(&self.objects, &folder),
            None => Err(GitError::SubdirectoryNotFound { commit: *commit, path: subdirectory.clone() }),
        }
    }

    /// The file, link or submodule at one path of a commit's tree.
    ///
    /// # Errors
    /// If an object on the way is missing, damaged or malformed.
    pub fn entry(&self, commit: &ObjectId, path: &TreePath) -> Result<Option<TreeEntry>, GitError> {
        tree::find(&self.objects, &ancestry::links(&self.objects, commit)?.tree, path)
    }

    /// The attributes that a commit's own `.gitattributes` files give to its
    /// paths, which count from the root of its tree.
    ///
    /// # Errors
    /// If an object cannot be read or believed, or the files are beyond all
    /// bounds.
    pub fn attributes(&self, commit: &ObjectId) -> Result<Attributes, GitError> {
        let is_file = |entry: &TreeEntry| matches!(entry.mode, Mode::Regular | Mode::Executable);
        let mut files = Vec::new();
        let mut total = 0u64;
        for entry in self.tree(commit, &TreePath::default())? {
            if entry.path.file_name() != b".gitattributes" || !is_file(&entry) {
                continue;
            }
            let bytes = self.blob(&entry.id, MAX_ATTRIBUTES)?;
            total += bytes.len() as u64 + 1;
            if total > MAX_ATTRIBUTES {
                return Err(GitError::ObjectTooLarge { id: entry.id, size: total, max: MAX_ATTRIBUTES });
            }
            let folder = entry.path.as_bytes().strip_suffix(b"/.gitattributes").unwrap_or_default();
            files.push((TreePath::new(folder), bytes));
        }
        Attributes::parse(files).map_err(|bad| GitError::Attributes { commit: *commit, source: bad })
    }

    /// The mailmap of a commit's own tree; empty if it has none. One that is a
    /// link is not followed, as in git.
    ///
    /// # Errors
    /// If an object cannot be read or believed.
    pub fn mailmap(&self, commit: &ObjectId) -> Result<Mailmap, GitError> {
        let root = ancestry::links(&self.objects, commit)?.tree;
        match tree::file_at_root(&self.objects, &root, b".mailmap")? {
            Some(id) => Ok(Mailmap::parse(&self.objects.read(&id, Kind::Blob, MAX_MAILMAP)?)),
            None => Ok(Mailmap::default()),
        }
    }

    /// All ancestors of `tip` and itself, as `git log` shows them with this
    /// mailmap.
    ///
    /// # Errors
    /// If a ref, a tag or the tip cannot be read or believed; what the
    /// iterator meets later is its own to tell.
    pub fn history<'a>(&'a self, tip: &ObjectId, mailmap: &'a Mailmap) -> Result<History<'a>, GitError> {
        History::new(self, tip, mailmap)
    }

    /// Any object of at most `max` bytes, with its kind.
    ///
    /// # Errors
    /// If it is missing, damaged or larger.
    pub fn object(&self, id: &ObjectId, max: u64) -> Result<(Kind, Vec<u8>), GitError> {
        let (kind, bytes) = self.objects.fetch(id, max)?;
        Ok((kind, Arc::unwrap_or_clone(bytes)))
    }

    /// A blob of at most `max` bytes.
    ///
    /// # Errors
    /// If it is missing, damaged, no blob, or larger.
    pub fn blob(&self, id: &ObjectId, max: u64) -> Result<Vec<u8>, GitError> {
        Ok(Arc::unwrap_or_clone(self.objects.read(id, Kind::Blob, max)?))
    }

    /// A blob's size in bytes, as its header states it: a hint that only
    /// reading the blob proves.
    ///
    /// # Errors
    /// If it is missing, damaged or no blob.
    pub fn blob_size(&self, id: &ObjectId) -> Result<u64, GitError> {
        match self.objects.header(id)? {
            (Kind::Blob, size) => Ok(size),
            (found, _) => Err(GitError::ObjectKind { id: *id, wanted: "blob", found: found.as_str() }),
        }
    }

    /// Local and remote-tracking branches. Symbolic refs, like
    /// `refs/remotes/origin/HEAD`, are left out: they are names of others.
    ///
    /// # Errors
    /// If a ref cannot be read.
    pub fn branches(&self) -> Result<Vec<Branch>, GitError> {
        self.refs.branches()
    }

    /// Whether `commit` is `tip` or one of its ancestors.
    ///
    /// # Errors
    /// [`GitError::Shallow`], [`GitError::Partial`] or
    /// [`GitError::ObjectMissing`] if part of the history is not here and the
    /// answer may lie there; never a wrong no.
    pub fn reaches(&self, tip: &ObjectId, commit: &ObjectId) -> Result<bool, GitError> {
        Ok(self.reached_from(std::slice::from_ref(tip), commit)?.contains(&true))
    }

    /// [`Repository::reaches`] for several tips at the cost of one.
    ///
    /// # Errors
    /// As there.
    pub fn reached_from(&self, tips: &[ObjectId], commit: &ObjectId) -> Result<Vec<bool>, GitError> {
        ancestry::reached_from(&self.objects, tips, commit)
    }

    /// Descendants of `commit` among the ancestors of `tips`, the nearest
    /// first, found by looking at no more than `most` commits: a search for
    /// what may have been built in its stead, not a proof. (For ancestors
    /// there is [`Repository::history`].)
    ///
    /// # Errors
    /// If a commit on the way cannot be read or believed.
    pub fn descendants(
        &self,
        tips: &[ObjectId],
        commit: &ObjectId,
        most: usize,
    ) -> Result<Vec<ObjectId>, GitError> {
        ancestry::descendants(&self.objects, tips, commit, most)
    }
}

/// Starts libgit2, which then opens `/dev/urandom` once and nothing ever
/// again. To be called before a sandbox shuts that away.
pub fn prepare() {
    objects::prepare();
}

/// The folder with HEAD, objects and refs.
fn git_folder(dir: &Path) -> Result<Folder, GitError> {
    let top = Folder::open(dir)?;
    let whole = |git: Folder| match git.kind(b"commondir")? {
        Some(_) => Err(GitError::LinkedWorkTree { path: git.join(b"commondir") }),
        None => Ok(git),
    };
    match top.kind(b".git")? {
        Some(FileType::RegularFile) => Err(GitError::LinkedWorkTree { path: top.join(b".git") }),
        Some(_) => match top.enter(b".git")? {
            Some(git) => whole(git),
            None => Err(GitError::NotARepository { path: dir.into(), why: "its .git went away" }),
        },
        None if top.kind(b"objects")?.is_some() || top.kind(b"commondir")?.is_some() => whole(top),
        None => Err(GitError::NotARepository { path: dir.into(), why: "it holds neither .git nor objects" }),
    }
}
