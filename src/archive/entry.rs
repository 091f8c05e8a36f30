//! What a reader hands out.

use crate::release::TreePath;

/// One entry of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The path as stored, whole: with the root folder, without a slash at
    /// the end. It has no [`TreePath::defect`] and is UTF-8.
    pub path: TreePath,
    /// What it is.
    pub kind: EntryKind,
    /// Bytes of content; 0 for everything but files.
    pub size: u64,
}

/// The kinds of entries that a release may hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntryKind {
    /// A regular file.
    File {
        /// Whether its owner may execute it, which is what git keeps.
        executable: bool,
    },
    /// A symbolic link. The target is as stored: not resolved, not judged.
    Symlink {
        /// Not empty, without NUL.
        target: Vec<u8>,
    },
    /// Another name of an earlier [`EntryKind::File`] of the same archive,
    /// with the same content and exec bit: in effect a copy.
    HardLink {
        /// Whole path of that file.
        target: TreePath,
    },
    /// A folder. Many archives leave folders out and only name files in them.
    Directory,
}

/// Takes the entries of an archive as they pass by.
///
/// For each entry `begin`, then for a file any number of `data` with
/// [`Entry::size`] bytes in all, then `end`. Nothing is checked twice: what
/// arrives is as [`Entry`] promises, but only a successful return of the
/// reader says that the archive as a whole is sound.
pub trait Sink {
    /// An entry starts.
    ///
    /// # Errors
    /// [`Stop`] ends the reading; the sink keeps the reason itself.
    fn begin(&mut self, entry: &Entry) -> Result<(), Stop>;

    /// More of the content of the current file.
    ///
    /// # Errors
    /// As `begin`.
    fn data(&mut self, chunk: &[u8]) -> Result<(), Stop>;

    /// The current entry is complete.
    ///
    /// # Errors
    /// As `begin`.
    fn end(&mut self) -> Result<(), Stop>;
}

/// The sink wants no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stop;

/// What is known of an archive after its last byte.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Summary {
    /// Entries given to the sink.
    pub entries: u64,
    /// Bytes of file content given to the sink.
    pub unpacked: u64,
    /// The commit that `git archive` says the archive was made from (pax
    /// global header `comment`), as written: lower-case hex, 40 or 64 digits.
    /// It is a claim of whoever made the archive.
    pub comment: Option<String>,
    /// The file name that the header of a gzip stores (RFC 1952, FNAME), which
    /// `gunzip -N` unpacks to. It is a claim, too.
    pub name: Option<Vec<u8>>,
}
