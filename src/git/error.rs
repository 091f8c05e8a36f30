//! Why something could not be read from a repository.

use std::io;
use std::path::{Path, PathBuf};

use crate::release::ObjectId;
use crate::release::path::printable;

/// A failure of the git room: nothing is known about what was asked for.
///
/// Two of them are an answer as much as a failure, because the whole place was
/// looked at: [`GitError::TagNotFound`] and [`GitError::SubdirectoryNotFound`].
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// The folder does not exist.
    #[error("there is no folder {}", shown(path))]
    RepositoryNotFound {
        /// As given.
        path: PathBuf,
    },
    /// The folder is neither a work tree with `.git` nor a bare repository.
    #[error("{} is not a git repository: {why}", shown(path))]
    NotARepository {
        /// As given.
        path: PathBuf,
        /// What is missing.
        why: &'static str,
    },
    /// `.git` is a file, or the folder is a work tree's private half: its
    /// objects lie somewhere that only the repository itself names.
    #[error("{} points to a repository elsewhere (a linked work tree or a submodule)", shown(path))]
    LinkedWorkTree {
        /// The file that points away.
        path: PathBuf,
    },
    /// The repository takes objects from folders that it names itself.
    #[error("{} lends objects from other folders", shown(path))]
    HasAlternates {
        /// The `info/alternates` file.
        path: PathBuf,
    },
    /// An object is missing and the repository is a shallow clone.
    #[error("{id} is not here: the repository is a shallow clone")]
    Shallow {
        /// The object.
        id: ObjectId,
    },
    /// An object is missing and the repository is a partial clone.
    #[error("{id} is not here: the repository is a partial clone, which fetches objects only when used")]
    Partial {
        /// The object.
        id: ObjectId,
    },
    /// Refs are kept in reftable format, which nothing here reads.
    #[error("{} keeps its refs in the reftable format", shown(path))]
    ReftableUnsupported {
        /// The `reftable` folder.
        path: PathBuf,
    },
    /// An id of the other hash function than the repository's.
    #[error("{id} is not an object id of this {format} repository")]
    ObjectFormat {
        /// The id.
        id: ObjectId,
        /// The repository's format in words.
        format: &'static str,
    },
    /// A link, FIFO, device or folder where git keeps a regular file or folder.
    #[error("{} is {found}, not {wanted}", shown(path))]
    OddFile {
        /// The file.
        path: PathBuf,
        /// What it should be.
        wanted: &'static str,
        /// What it is.
        found: &'static str,
    },
    /// A file is larger than anything git would write there.
    #[error("{} is larger than {max} bytes", shown(path))]
    FileTooLarge {
        /// The file.
        path: PathBuf,
        /// The bound.
        max: u64,
    },
    /// A pack or its index is not what git writes.
    #[error("{}: {why}", shown(path))]
    PackMalformed {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: &'static str,
    },
    /// The name can be no tag.
    #[error(transparent)]
    BadTagName(#[from] crate::release::name::BadName),
    /// There is no `refs/tags/NAME`.
    #[error("there is no tag {}", printable(name.as_bytes()))]
    TagNotFound {
        /// The tag.
        name: String,
    },
    /// A ref file or a line of `packed-refs` that git would not have written.
    #[error("{}: {why}", shown(path))]
    RefMalformed {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// The tag's ref only names another ref.
    #[error("{} is a symbolic ref", shown(path))]
    SymbolicRef {
        /// The ref's file.
        path: PathBuf,
    },
    /// An object is missing from a repository that should be whole.
    #[error("{id} is not in the repository")]
    ObjectMissing {
        /// The object.
        id: ObjectId,
    },
    /// The stored bytes are damaged or do not have the id they are stored under.
    #[error("{id} cannot be believed: {why}")]
    ObjectCorrupt {
        /// The object.
        id: ObjectId,
        /// What is wrong with the bytes.
        why: String,
    },
    /// The bytes were made by somebody who attacks SHA-1.
    #[error("{id} holds a SHA-1 collision attack")]
    Sha1Collision {
        /// The object.
        id: ObjectId,
    },
    /// The bytes have their id but are no well-formed object of their kind.
    #[error("the {kind} {id} is malformed: {why}")]
    ObjectMalformed {
        /// The object.
        id: ObjectId,
        /// Its kind.
        kind: &'static str,
        /// What is wrong.
        why: String,
    },
    /// A commit's text is in an encoding that cannot be re-coded here.
    #[error("the commit {id} is in the encoding {}, which cannot be re-coded", printable(encoding))]
    UnknownEncoding {
        /// The commit.
        id: ObjectId,
        /// Its encoding header.
        encoding: Vec<u8>,
    },
    /// The object is of another kind than asked for.
    #[error("{id} is a {found}, not a {wanted}")]
    ObjectKind {
        /// The object.
        id: ObjectId,
        /// What was asked for.
        wanted: &'static str,
        /// What it is.
        found: &'static str,
    },
    /// The object is larger than the caller's or the room's bound.
    #[error("{id} has {size} bytes, more than {max}")]
    ObjectTooLarge {
        /// The object.
        id: ObjectId,
        /// Its size in bytes.
        size: u64,
        /// The bound.
        max: u64,
    },
    /// The tree is deeper or has more entries than the room's bound.
    #[error("the tree {id} {why}")]
    TreeTooLarge {
        /// The tree that was asked for.
        id: ObjectId,
        /// Which bound.
        why: String,
    },
    /// The commit's `.gitattributes` files are beyond all bounds.
    #[error("the attributes of commit {commit} cannot be told: {source}")]
    Attributes {
        /// The commit.
        commit: ObjectId,
        /// Which bound.
        source: super::BadAttributes,
    },
    /// The commit's tree has no folder of that name.
    #[error("the tree of commit {commit} has no folder {path}")]
    SubdirectoryNotFound {
        /// The commit.
        commit: ObjectId,
        /// The folder.
        path: crate::release::TreePath,
    },
    /// The system gives no thread.
    #[error("cannot start a thread: {source}")]
    NoThread {
        /// Why.
        source: io::Error,
    },
    /// The system refused.
    #[error("cannot read {}: {source}", shown(path))]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

fn shown(path: &Path) -> String {
    use std::os::unix::ffi::OsStrExt as _;
    printable(path.as_os_str().as_bytes())
}

impl GitError {
    /// Stable word of `docs/findings.md`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::RepositoryNotFound { .. } => "repository-not-found",
            Self::NotARepository { .. } => "not-a-repository",
            Self::LinkedWorkTree { .. } => "linked-work-tree",
            Self::HasAlternates { .. } => "repository-has-alternates",
            Self::Shallow { .. } => "repository-shallow",
            Self::Partial { .. } => "repository-partial",
            Self::ReftableUnsupported { .. } => "reftable-unsupported",
            Self::ObjectFormat { .. } => "object-format-differs",
            Self::OddFile { .. } => "repository-odd-file",
            Self::FileTooLarge { .. } => "repository-file-too-large",
            Self::PackMalformed { .. } => "pack-malformed",
            Self::BadTagName(_) => "bad-tag-name",
            Self::TagNotFound { .. } => "tag-not-found",
            Self::RefMalformed { .. } => "ref-malformed",
            Self::SymbolicRef { .. } => "tag-symbolic",
            Self::ObjectMissing { .. } => "object-missing",
            Self::ObjectCorrupt { .. } => "object-corrupt",
            Self::Sha1Collision { .. } => "sha1-collision",
            Self::ObjectMalformed { .. } => "object-malformed",
            Self::UnknownEncoding { .. } => "commit-encoding-unknown",
            Self::ObjectKind { .. } => "object-kind-differs",
            Self::ObjectTooLarge { .. } => "object-too-large",
            Self::TreeTooLarge { .. } => "tree-too-large",
            Self::Attributes { source, .. } => source.code(),
            Self::SubdirectoryNotFound { .. } => "subdirectory-not-found",
            Self::NoThread { .. } => "no-thread",
            Self::Io { .. } => "repository-unreadable",
        }
    }

    /// What it is about: a path, a tag name or an object id.
    pub fn subject(&self) -> String {
        match self {
            Self::RepositoryNotFound { path }
            | Self::NotARepository { path, .. }
            | Self::LinkedWorkTree { path }
            | Self::HasAlternates { path }
            | Self::ReftableUnsupported { path }
            | Self::OddFile { path, .. }
            | Self::FileTooLarge { path, .. }
            | Self::PackMalformed { path, .. }
            | Self::RefMalformed { path, .. }
            | Self::SymbolicRef { path }
            | Self::Io { path, .. } => shown(path),
            Self::BadTagName(bad) => bad.name.clone(),
            Self::NoThread { .. } => "history".into(),
            Self::TagNotFound { name } => crate::release::path::printable(name.as_bytes()),
            Self::SubdirectoryNotFound { path, .. } => path.to_string(),
            Self::Attributes { commit: id, .. }
            | Self::Shallow { id }
            | Self::Partial { id }
            | Self::ObjectFormat { id, .. }
            | Self::ObjectMissing { id }
            | Self::ObjectCorrupt { id, .. }
            | Self::Sha1Collision { id }
            | Self::ObjectMalformed { id, .. }
            | Self::UnknownEncoding { id, .. }
            | Self::ObjectKind { id, .. }
            | Self::ObjectTooLarge { id, .. }
            | Self::TreeTooLarge { id, .. } => id.to_string(),
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::RepositoryNotFound { .. } | Self::NotARepository { .. } => {
                "give the work tree that holds .git, or a bare repository"
            }
            Self::LinkedWorkTree { .. } => "give the main work tree, or a clone of its own",
            Self::HasAlternates { .. } => {
                "make the clone self-contained: git repack -a -d, then remove objects/info/alternates"
            }
            Self::Shallow { .. } => "fetch the whole history: git fetch --unshallow --tags",
            Self::Partial { .. } => "clone without --filter",
            Self::ReftableUnsupported { .. } => "convert the refs: git refs migrate --ref-format=files",
            Self::ObjectFormat { .. } => "the id belongs to another repository",
            Self::OddFile { .. } | Self::FileTooLarge { .. } | Self::RefMalformed { .. } => {
                "git did not write this; clone the repository afresh"
            }
            Self::BadTagName(_) => "give the tag's name without refs/tags/",
            Self::TagNotFound { .. } => "fetch the tags, or check the name",
            Self::SymbolicRef { .. } => "a release tag names its object itself; make the tag anew",
            Self::ObjectMissing { .. } | Self::ObjectCorrupt { .. } | Self::PackMalformed { .. } => {
                "the repository is damaged; clone it afresh and run git fsck"
            }
            Self::Sha1Collision { .. } => "somebody attacks this repository; find out who brought the object",
            Self::ObjectMalformed { .. } => "git fsck tells more; the object must be made anew",
            Self::UnknownEncoding { .. } => {
                "what is derived from the history cannot be checked; pin those files"
            }
            Self::ObjectKind { .. } => "a release tag names a commit",
            Self::ObjectTooLarge { .. } | Self::TreeTooLarge { .. } | Self::Attributes { .. } => {
                "the bound is far above real projects"
            }
            Self::SubdirectoryNotFound { .. } => "check the policy's subdirectory",
            Self::Io { .. } | Self::NoThread { .. } => {
                "check permissions, limits and the disk, then try again"
            }
        }
    }

    /// Whether the same call may succeed later without anybody changing the
    /// repository: only where the system refused.
    pub fn retryable(&self) -> bool {
        matches!(self, Self::Io { .. } | Self::NoThread { .. })
    }
}
