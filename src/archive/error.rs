//! Defects and failures.

use std::fmt;
use std::io;

use super::entry::Stop;
use crate::release::TreePath;

/// Something in the archive that makes it unacceptable: an expected "no".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defect {
    /// Finding code, one of [`super::CODES`].
    pub code: &'static str,
    /// The entry, where one was known.
    pub path: Option<TreePath>,
    /// Where: for what a container says (gzip, zip) the byte of the file, for
    /// what tar says the byte of the unpacked tar where the header begins.
    pub offset: u64,
    /// What is wrong, in words; bytes of strangers are escaped.
    pub message: String,
}

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.path {
            Some(path) => write!(f, "{path}: {} (at byte {})", self.message, self.offset),
            None => write!(f, "{} (at byte {})", self.message, self.offset),
        }
    }
}

/// Why an archive was not read to its end.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The archive is unacceptable.
    #[error("{0}")]
    Defect(Defect),
    /// The input could not be read: nothing is known about the archive.
    #[error("the archive cannot be read")]
    Io {
        /// What the input said.
        #[from]
        source: io::Error,
    },
    /// [`super::read`] was given a zip; [`super::read_zip`] reads those.
    #[error("a zip cannot be read as a stream")]
    NotAStream,
    /// The sink stopped; it knows why.
    #[error("the taker of the entries stopped")]
    Stopped(Stop),
}

impl ArchiveError {
    /// Whether trying again may help: only where the input failed.
    pub fn retryable(&self) -> bool {
        matches!(self, Self::Io { .. })
    }
}

impl From<Stop> for ArchiveError {
    fn from(stop: Stop) -> Self {
        Self::Stopped(stop)
    }
}

/// A defect whose place is not yet known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub code: &'static str,
    pub message: String,
}

impl Fault {
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// The defect at byte `offset`.
    pub fn at(self, offset: u64) -> ArchiveError {
        self.place(offset, None)
    }

    /// The defect of the entry `path` at byte `offset`.
    pub fn of(self, offset: u64, path: &TreePath) -> ArchiveError {
        self.place(offset, Some(path.clone()))
    }

    fn place(self, offset: u64, path: Option<TreePath>) -> ArchiveError {
        ArchiveError::Defect(Defect { code: self.code, path, offset, message: self.message })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_failing_input_is_worth_another_try() {
        assert!(ArchiveError::from(io::Error::other("disk")).retryable());
        assert!(!ArchiveError::from(Stop).retryable());
        assert!(!Fault::new("archive-corrupt", "x").at(0).retryable());
    }

    #[test]
    fn a_defect_tells_path_and_place() {
        let defect = Fault::new("archive-mode", "has the setuid bit").of(512, &"a/b".into());
        assert_eq!(defect.to_string(), "a/b: has the setuid bit (at byte 512)");
        assert_eq!(Fault::new("tar-end", "no end").at(7).to_string(), "no end (at byte 7)");
    }
}
