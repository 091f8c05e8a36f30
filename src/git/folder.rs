//! Reading a repository's own small files without being led elsewhere.
//!
//! Every step opens one name inside an open folder and follows no link; a
//! file must be regular before a byte is read, so a FIFO cannot make the
//! reader wait and a link cannot show it a file of somebody else.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, fstat, open, openat, statat};
use rustix::io::Errno;

use super::GitError;

/// Entries of one folder; more than this is not git's doing.
const MAX_ENTRIES: usize = 1_000_000;

/// An open folder and the path it was reached by (for messages).
#[derive(Debug)]
pub(super) struct Folder {
    fd: OwnedFd,
    path: PathBuf,
}

impl Folder {
    /// Opens the folder that the caller names; links on the way to it are the
    /// caller's own and are followed.
    pub fn open(path: &Path) -> Result<Self, GitError> {
        match open(path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()) {
            Ok(fd) => Ok(Self { fd, path: path.into() }),
            Err(Errno::NOENT) => Err(GitError::RepositoryNotFound { path: path.into() }),
            Err(Errno::NOTDIR) => {
                Err(GitError::NotARepository { path: path.into(), why: "it is not a folder" })
            }
            Err(error) => Err(GitError::Io { path: path.into(), source: error.into() }),
        }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn join(&self, name: &[u8]) -> PathBuf {
        self.path.join(OsStr::from_bytes(name))
    }

    fn io(&self, name: &[u8], error: Errno) -> GitError {
        GitError::Io { path: self.join(name), source: error.into() }
    }

    /// The type of `name` itself, not of what a link points to; `None` if it
    /// does not exist.
    pub fn kind(&self, name: &[u8]) -> Result<Option<FileType>, GitError> {
        match statat(&self.fd, OsStr::from_bytes(name), AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(FileType::from_raw_mode(stat.st_mode))),
            Err(Errno::NOENT | Errno::NOTDIR) => Ok(None),
            Err(error) => Err(self.io(name, error)),
        }
    }

    /// Opens the folder `name`; `None` if nothing has that name.
    ///
    /// # Errors
    /// [`GitError::OddFile`] if it is anything but a folder.
    pub fn enter(&self, name: &[u8]) -> Result<Option<Self>, GitError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        match openat(&self.fd, OsStr::from_bytes(name), flags, Mode::empty()) {
            Ok(fd) => Ok(Some(Self { fd, path: self.join(name) })),
            Err(Errno::NOENT) => Ok(None),
            Err(Errno::NOTDIR | Errno::LOOP) => Err(self.odd(name, "a folder")?),
            Err(error) => Err(self.io(name, error)),
        }
    }

    /// Reads the regular file `name` of at most `max` bytes; `None` if nothing
    /// has that name.
    ///
    /// # Errors
    /// [`GitError::OddFile`] if it is anything but a regular file.
    pub fn read(&self, name: &[u8], max: u64) -> Result<Option<Vec<u8>>, GitError> {
        let Some(file) = self.open_file(name)? else { return Ok(None) };
        let mut bytes = Vec::new();
        let failed = |source: io::Error| GitError::Io { path: self.join(name), source };
        let too_large = || GitError::FileTooLarge { path: self.join(name), max };
        if file.metadata().map_err(failed)?.len() > max {
            return Err(too_large());
        }
        // It may have grown meanwhile.
        file.take(max + 1).read_to_end(&mut bytes).map_err(failed)?;
        if bytes.len() as u64 > max { Err(too_large()) } else { Ok(Some(bytes)) }
    }

    /// Opens the regular file `name` for reading; `None` if nothing has that
    /// name.
    ///
    /// # Errors
    /// [`GitError::OddFile`] if it is anything but a regular file.
    pub fn open_file(&self, name: &[u8]) -> Result<Option<File>, GitError> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let fd = match openat(&self.fd, OsStr::from_bytes(name), flags, Mode::empty()) {
            Ok(fd) => fd,
            Err(Errno::NOENT | Errno::NOTDIR) => return Ok(None),
            // A socket cannot be opened at all (ENXIO).
            Err(Errno::LOOP | Errno::NXIO) => return Err(self.odd(name, "a regular file")?),
            Err(error) => return Err(self.io(name, error)),
        };
        let stat = fstat(&fd).map_err(|error| self.io(name, error))?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(self.odd(name, "a regular file")?);
        }
        Ok(Some(File::from(fd)))
    }

    /// The error that says what `name` is instead of what it should be.
    pub fn odd(&self, name: &[u8], wanted: &'static str) -> Result<GitError, GitError> {
        let found = self.kind(name)?.map_or("gone", describe);
        Ok(GitError::OddFile { path: self.join(name), wanted, found })
    }

    /// Names and types of what the folder holds, sorted by name, without
    /// `.` and `..`. A type that the file system does not tell is looked up.
    pub fn list(&self) -> Result<Vec<(Vec<u8>, FileType)>, GitError> {
        let failed = |error: Errno| GitError::Io { path: self.path.clone(), source: error.into() };
        let mut entries = Vec::new();
        for entry in Dir::read_from(&self.fd).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name().to_bytes();
            if matches!(name, b"." | b"..") {
                continue;
            }
            let kind = match entry.file_type() {
                FileType::Unknown => match self.kind(name)? {
                    Some(kind) => kind,
                    None => continue,
                },
                kind => kind,
            };
            if entries.len() == MAX_ENTRIES {
                return Err(GitError::FileTooLarge { path: self.path.clone(), max: MAX_ENTRIES as u64 });
            }
            entries.push((name.to_vec(), kind));
        }
        entries.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        Ok(entries)
    }
}

/// A file type in words.
pub(super) fn describe(kind: FileType) -> &'static str {
    match kind {
        FileType::RegularFile => "a regular file",
        FileType::Directory => "a folder",
        FileType::Symlink => "a symbolic link",
        FileType::Fifo => "a FIFO",
        FileType::Socket => "a socket",
        FileType::CharacterDevice | FileType::BlockDevice => "a device",
        FileType::Unknown => "of unknown type",
    }
}
