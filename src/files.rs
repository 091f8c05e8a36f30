//! Careful handling of files: what is opened is what was meant, what is
//! written appears whole or not at all.
//!
//! `commands` and `site` use it; it knows of releases only their digests.

mod hashing;

pub use hashing::Hashing;

use crate::release::{ArtifactDigests, Sha256Digest};
use rustix::fs::{Mode, OFlags};
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};

/// Why a file could not be opened, read or written. The text says what is
/// wrong, [`FileError::path`] with what.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// There is no such file.
    #[error("does not exist")]
    Missing {
        /// The path as given.
        path: PathBuf,
    },
    /// There is something, but not a regular file.
    #[error("is {found}, not a regular file")]
    NotRegular {
        /// The path as given.
        path: PathBuf,
        /// What it is, in words.
        found: &'static str,
    },
    /// Larger than it may be.
    #[error("is larger than {max} bytes")]
    TooLarge {
        /// The path as given.
        path: PathBuf,
        /// The bound, in bytes.
        max: u64,
    },
    /// Another run holds the lock.
    #[error("has been locked by another run for more than {} seconds", LOCK_SECONDS)]
    Locked {
        /// The path of the lock.
        path: PathBuf,
    },
    /// The system refused.
    #[error("cannot {action}: {source}")]
    Io {
        /// The path as given.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// The system's answer.
        source: io::Error,
    },
}

impl FileError {
    /// The finding code of `docs/findings.md`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "file-missing",
            Self::NotRegular { .. } => "not-a-regular-file",
            Self::TooLarge { .. } => "file-too-large",
            Self::Locked { .. } => "file-locked",
            Self::Io { source, .. } => match source.kind() {
                io::ErrorKind::NotADirectory => "not-a-folder",
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "disk-full",
                io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => "permission-denied",
                _ => "io-error",
            },
        }
    }

    /// Whether the same call may succeed later without a change of arguments.
    pub fn retryable(&self) -> bool {
        matches!(self.code(), "disk-full" | "io-error" | "file-locked")
    }

    /// The path it is about.
    pub fn path(&self) -> &Path {
        match self {
            Self::Missing { path }
            | Self::NotRegular { path, .. }
            | Self::TooLarge { path, .. }
            | Self::Locked { path }
            | Self::Io { path, .. } => path,
        }
    }

    /// An [`FileError::Io`], or [`FileError::Missing`] where that is the reason.
    pub fn io(path: &Path, action: &'static str, source: io::Error) -> Self {
        let path = path.to_path_buf();
        match source.kind() {
            io::ErrorKind::NotFound => Self::Missing { path },
            _ => Self::Io { path, action, source },
        }
    }
}

/// What lies under a name in a folder. Links are told, never followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    Regular,
    /// Anything else, in words.
    Other(&'static str),
}

fn kind(file_type: std::fs::FileType) -> Kind {
    if file_type.is_file() {
        Kind::Regular
    } else if file_type.is_dir() {
        Kind::Other("a folder")
    } else if file_type.is_symlink() {
        Kind::Other("a symbolic link")
    } else if file_type.is_fifo() {
        Kind::Other("a FIFO")
    } else if file_type.is_socket() {
        Kind::Other("a socket")
    } else {
        Kind::Other("a device")
    }
}

/// Opens a regular file for reading, without following a link in its last
/// part and without waiting on a FIFO.
///
/// # Errors
/// [`FileError`] if it is missing, something else, or not readable.
pub fn open_regular(path: &Path) -> Result<File, FileError> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
    let file = match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(fd) => File::from(fd),
        Err(rustix::io::Errno::LOOP) => {
            return Err(FileError::NotRegular { path: path.into(), found: "a symbolic link" });
        }
        Err(rustix::io::Errno::NXIO) => {
            return Err(FileError::NotRegular { path: path.into(), found: "a socket or device" });
        }
        Err(errno) => return Err(FileError::io(path, "open it", errno.into())),
    };
    let metadata = file.metadata().map_err(|error| FileError::io(path, "look at it", error))?;
    match kind(metadata.file_type()) {
        Kind::Regular => Ok(file),
        Kind::Other(found) => Err(FileError::NotRegular { path: path.into(), found }),
    }
}

/// Opens a file that the operator names: links are followed, since the
/// operator may keep a policy or a record behind one, but it must lead to a
/// regular file.
///
/// # Errors
/// As [`open_regular`].
pub fn read_given(path: &Path, max: u64) -> Result<Vec<u8>, FileError> {
    let real = path.canonicalize().map_err(|error| FileError::io(path, "find it", error))?;
    let mut file = open_regular(&real)?;
    read_all(&mut file, path, max)
}

/// Reads an open file from its start, at most `max` bytes.
///
/// # Errors
/// [`FileError::TooLarge`] for more; [`FileError::Io`].
pub fn read_all(file: &mut File, path: &Path, max: u64) -> Result<Vec<u8>, FileError> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(0)).map_err(|error| FileError::io(path, "read it", error))?;
    file.take(max.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|error| FileError::io(path, "read it", error))?;
    if bytes.len() as u64 > max {
        return Err(FileError::TooLarge { path: path.into(), max });
    }
    Ok(bytes)
}

/// Feeds an open file, from its start to its end, to `each`, in pieces of
/// bounded size.
///
/// # Errors
/// [`FileError::Io`] from reading, or whatever `each` returns.
pub fn for_each_chunk<E: From<FileError>>(
    file: &mut File,
    path: &Path,
    mut each: impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<(), E> {
    let told = |error| FileError::io(path, "read it", error);
    let mut buffer = vec![0; 1 << 18];
    file.seek(SeekFrom::Start(0)).map_err(told)?;
    loop {
        let read = match file.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(told(error).into()),
        };
        each(buffer.get(..read).unwrap_or_default())?;
    }
}

/// SHA-256 of an open file, read from its start.
///
/// # Errors
/// [`FileError::Io`].
pub fn sha256(file: &mut File, path: &Path) -> Result<Sha256Digest, FileError> {
    let mut hasher = Sha256::new();
    for_each_chunk(file, path, |chunk| {
        hasher.update(chunk);
        Ok::<(), FileError>(())
    })?;
    Ok(Sha256Digest(hasher.finalize().into()))
}

/// Size, SHA-256 and SHA-512 of an open file, in one read from its start.
///
/// # Errors
/// [`FileError::Io`].
pub fn digests(file: &mut File, path: &Path) -> Result<ArtifactDigests, FileError> {
    Hashing::start(file, path)?.finish()
}

/// A copy of an open file that has no name, so that nobody else can change
/// it, and the digests of exactly the bytes in it.
///
/// # Errors
/// [`FileError::Io`] from reading, or from writing the copy to the folder for
/// temporary files.
pub fn private_copy(file: &mut File, path: &Path) -> Result<(File, ArtifactDigests), FileError> {
    let told = |error| FileError::io(path, "copy it to look at it", error);
    let mut copy = tempfile::tempfile().map_err(told)?;
    let mut source = Hashing::start(file, path)?;
    io::copy(&mut source, &mut copy).map_err(told)?;
    Ok((copy, source.finish()?))
}

/// The names in a folder with what lies under them, sorted by bytes.
///
/// # Errors
/// [`FileError`] if the folder cannot be read, or is none.
pub fn list(folder: &Path) -> Result<Vec<(OsString, Kind)>, FileError> {
    let mut out = Vec::new();
    for entry in walkdir::WalkDir::new(folder).min_depth(1).max_depth(1).sort_by_file_name() {
        let entry = entry.map_err(|error| {
            let source =
                error.into_io_error().unwrap_or_else(|| io::Error::other("the folder refers to itself"));
            FileError::io(folder, "list the folder", source)
        })?;
        out.push((entry.file_name().to_os_string(), kind(entry.file_type())));
    }
    // A file in the folder's place has no entries either.
    let metadata = folder.metadata().map_err(|error| FileError::io(folder, "look at the folder", error))?;
    if !metadata.is_dir() {
        let source = io::Error::from(io::ErrorKind::NotADirectory);
        return Err(FileError::io(folder, "list the folder", source));
    }
    Ok(out)
}

/// Prefix of the names of files that are being written. A process that is
/// killed may leave one; [`remove_leftovers`] clears them away.
pub const TEMPORARY: &str = ".countersign-";

/// A file being written beside its final place.
#[derive(Debug)]
pub struct NewFile {
    temporary: tempfile::NamedTempFile,
    target: PathBuf,
}

impl NewFile {
    /// Starts a file in `folder` under a temporary name; it will be readable
    /// for all, as far as the umask lets it.
    ///
    /// # Errors
    /// [`FileError::Io`].
    pub fn create(folder: &Path, name: &str) -> Result<Self, FileError> {
        Self::with_mode(folder, name, 0o644)
    }

    /// As [`NewFile::create`], but only the owner will be able to read it.
    ///
    /// # Errors
    /// [`FileError::Io`].
    pub fn create_private(folder: &Path, name: &str) -> Result<Self, FileError> {
        Self::with_mode(folder, name, 0o600)
    }

    fn with_mode(folder: &Path, name: &str, mode: u32) -> Result<Self, FileError> {
        use std::os::unix::fs::PermissionsExt as _;
        let target = folder.join(name);
        let permissions = std::fs::Permissions::from_mode(mode);
        let temporary = tempfile::Builder::new()
            .prefix(TEMPORARY)
            .suffix(".tmp")
            .permissions(permissions)
            .tempfile_in(folder)
            .map_err(|error| FileError::io(folder, "write in the folder", error))?;
        Ok(Self { temporary, target })
    }

    /// Adds bytes.
    ///
    /// # Errors
    /// [`FileError::Io`], for example when the disk is full.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), FileError> {
        self.temporary.write_all(bytes).map_err(|error| FileError::io(&self.target, "write it", error))
    }

    /// Brings the bytes to the disk. What can still fail after that is only
    /// the naming.
    ///
    /// # Errors
    /// [`FileError::Io`].
    pub fn sync(&self) -> Result<(), FileError> {
        let synced = self.temporary.as_file().sync_all();
        synced.map_err(|error| FileError::io(&self.target, "write it", error))
    }

    /// Brings the bytes to the disk, then gives the file its name, then brings
    /// the folder to the disk. An existing file of that name is replaced only
    /// if `replace` says so.
    ///
    /// # Errors
    /// [`FileError::Io`]; the name is then as it was before.
    pub fn finish(self, replace: Replace) -> Result<(), FileError> {
        self.sync()?;
        sync_folder(self.name(replace)?.parent().unwrap_or(Path::new(".")))
    }

    fn name(self, replace: Replace) -> Result<PathBuf, FileError> {
        let Self { temporary, target } = self;
        let named = match replace {
            Replace::Yes => {
                replaceable(&target)?;
                temporary.persist(&target)
            }
            Replace::Never => temporary.persist_noclobber(&target),
        };
        named.map_err(|error| FileError::io(&target, "name it", error.error))?;
        Ok(target)
    }
}

/// A file that is to be written.
#[derive(Debug, Clone, Copy)]
pub struct Document<'d> {
    /// Its name in the folder.
    pub name: &'d str,
    /// Its content.
    pub bytes: &'d [u8],
    /// Whether only the owner may read it.
    pub private: bool,
}

impl Document<'_> {
    fn begin(&self, folder: &Path) -> Result<NewFile, FileError> {
        let make = if self.private { NewFile::create_private } else { NewFile::create };
        let mut file = make(folder, self.name)?;
        file.write(self.bytes)?;
        Ok(file)
    }
}

/// Writes new files into a folder, none of which may exist yet, so that the
/// last one is there only when all others are, also after a crash: everything
/// goes to the disk under temporary names, and only then gets its name.
///
/// Documents that are the same slice become one file under several names,
/// where the file system can do that.
///
/// # Errors
/// [`FileError`]. A full disk shows before any name appears.
pub fn create_all<'d>(
    folder: &Path,
    documents: impl IntoIterator<Item = Document<'d>>,
) -> Result<(), FileError> {
    let (mut files, mut known) = (Vec::new(), HashMap::new());
    for document in documents {
        let key = (document.bytes.as_ptr_range(), document.private);
        if let Some(first) = known.get(&key) {
            files.push(Written::Again {
                of: folder.join(first),
                target: folder.join(document.name),
                document,
            });
            continue;
        }
        files.push(Written::New(document.begin(folder)?));
        known.insert(key, document.name);
    }
    // Not after each write: the first of many takes the others along.
    for file in &files {
        if let Written::New(file) = file {
            file.sync()?;
        }
    }
    let last = files.pop();
    files.into_iter().try_for_each(Written::name)?;
    sync_folder(folder)?;
    last.map_or(Ok(()), Written::name)?;
    sync_folder(folder)
}

/// One of several files that are about to get their names.
enum Written<'d> {
    New(NewFile),
    /// The same bytes as those of a file that has its name already.
    Again {
        of: PathBuf,
        target: PathBuf,
        document: Document<'d>,
    },
}

impl Written<'_> {
    fn name(self) -> Result<(), FileError> {
        match self {
            Self::New(file) => file.name(Replace::Never).map(drop),
            Self::Again { of, target, document } => match std::fs::hard_link(&of, &target) {
                Ok(()) => Ok(()),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    Err(FileError::io(&target, "name it", error))
                }
                // Not every file system has links, and none has any number.
                Err(_) => document.begin(target.parent().unwrap_or(Path::new(".")))?.finish(Replace::Never),
            },
        }
    }
}

/// Whether a new file may take the place of an old one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replace {
    /// The old bytes are lost.
    Yes,
    /// An error if the name is taken.
    Never,
}

/// Refuses a path under which something else than a regular file lies. Whoever
/// is root would turn a device into a file, for everybody.
///
/// # Errors
/// [`FileError::NotRegular`], also for a link, wherever it leads.
pub fn replaceable(path: &Path) -> Result<(), FileError> {
    // Whatever else is wrong with the path is told when it is written.
    let Ok(metadata) = path.symlink_metadata() else { return Ok(()) };
    match kind(metadata.file_type()) {
        Kind::Regular => Ok(()),
        Kind::Other(found) => Err(FileError::NotRegular { path: path.into(), found }),
    }
}

/// Writes a whole file, replacing a regular file that was there.
///
/// # Errors
/// [`FileError`]; then nothing has changed under the name.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let (folder, name) = split(path)?;
    let mut file = NewFile::create(folder, &name)?;
    file.write(bytes)?;
    file.finish(Replace::Yes)
}

/// Writes a whole file that must not exist yet.
///
/// # Errors
/// [`FileError`]; then nothing has changed under the name.
pub fn create(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let (folder, name) = split(path)?;
    let mut file = NewFile::create(folder, &name)?;
    file.write(bytes)?;
    file.finish(Replace::Never)
}

/// Writes a whole file that must not exist yet and that only the owner can
/// read.
///
/// # Errors
/// [`FileError`]; then nothing has changed under the name.
pub fn create_private(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let (folder, name) = split(path)?;
    let mut file = NewFile::create_private(folder, &name)?;
    file.write(bytes)?;
    file.finish(Replace::Never)
}

fn split(path: &Path) -> Result<(&Path, String), FileError> {
    let name = path.file_name().and_then(|name| name.to_str()).ok_or_else(|| {
        FileError::io(path, "write it", io::Error::new(io::ErrorKind::InvalidInput, "this is no file name"))
    })?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Ok((folder, name.to_string()))
}

/// Removes a file, and brings that to the disk. One that is not there is
/// removed already.
///
/// # Errors
/// [`FileError::Io`].
pub fn remove(path: &Path) -> Result<(), FileError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(FileError::io(path, "remove it", error)),
        _ => sync_folder(
            path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")),
        ),
    }
}

/// Makes a folder and those that it lies in, as far as they are missing.
///
/// # Errors
/// [`FileError::Io`].
pub fn make_folder(path: &Path) -> Result<(), FileError> {
    std::fs::create_dir_all(path).map_err(|error| FileError::io(path, "make the folder", error))
}

/// Locks a folder against other runs, as long as the result lives; `None` if
/// another run has it.
///
/// # Errors
/// [`FileError::Io`] if the folder cannot be opened.
pub fn lock_folder(path: &Path) -> Result<Option<File>, FileError> {
    let folder = File::open(path).map_err(|error| FileError::io(path, "open the folder", error))?;
    match rustix::fs::flock(&folder, rustix::fs::FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Some(folder)),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
        Err(errno) => Err(FileError::io(path, "lock the folder", errno.into())),
    }
}

/// Brings a folder's names to the disk.
///
/// # Errors
/// [`FileError::Io`].
pub fn sync_folder(folder: &Path) -> Result<(), FileError> {
    let told = |error| FileError::io(folder, "bring the folder to the disk", error);
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(told)
}

/// How long a run waits for another one.
pub const LOCK_SECONDS: u32 = 30;

/// Takes the lock `path`, a file that is made if it is not there and stays.
/// It is held as long as the returned file is open, also against a run that
/// is killed.
///
/// # Errors
/// [`FileError::Locked`] if another run keeps it; [`FileError::Io`].
pub fn lock(path: &Path) -> Result<File, FileError> {
    use rustix::fs::{FlockOperation, flock};
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let fd = rustix::fs::open(path, flags, Mode::from_raw_mode(0o644))
        .map_err(|errno| FileError::io(path, "make the lock", errno.into()))?;
    for _ in 0..10 * LOCK_SECONDS {
        match flock(&fd, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(fd.into()),
            Err(rustix::io::Errno::WOULDBLOCK) => {
                std::thread::sleep(std::time::Duration::from_millis(100));
            }
            Err(errno) => return Err(FileError::io(path, "lock it", errno.into())),
        }
    }
    Err(FileError::Locked { path: path.into() })
}

/// Removes files that a killed run left behind. Only for folders that are
/// locked against other runs.
///
/// # Errors
/// [`FileError::Io`].
pub fn remove_leftovers(folder: &Path) -> Result<(), FileError> {
    for (name, kind) in list(folder)? {
        let ours = name.to_str().is_some_and(|name| name.starts_with(TEMPORARY) && name.ends_with(".tmp"));
        if ours && kind == Kind::Regular {
            let path = folder.join(name);
            std::fs::remove_file(&path).map_err(|error| FileError::io(&path, "remove a leftover", error))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().unwrap()
    }

    #[test]
    fn links_fifos_and_folders_are_not_opened() {
        let folder = folder();
        let file = folder.path().join("file");
        std::fs::write(&file, "x").unwrap();
        std::os::unix::fs::symlink(&file, folder.path().join("link")).unwrap();
        let fifo = folder.path().join("fifo");
        rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, Mode::RWXU, 0).unwrap();
        std::os::unix::net::UnixListener::bind(folder.path().join("socket")).unwrap();
        assert!(open_regular(&file).is_ok());
        for odd in ["link", "fifo", "socket", ""] {
            let error = open_regular(&folder.path().join(odd)).unwrap_err();
            assert_eq!(error.code(), "not-a-regular-file", "{odd}: {error}");
        }
        assert_eq!(open_regular(&folder.path().join("gone")).unwrap_err().code(), "file-missing");
    }

    #[test]
    fn devices_links_and_fifos_are_not_replaced() {
        let folder = folder();
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("file"), "x").unwrap();
        std::os::unix::fs::symlink("file", path("link")).unwrap();
        std::os::unix::fs::symlink("gone", path("dangling")).unwrap();
        std::fs::create_dir(path("folder")).unwrap();
        std::os::unix::net::UnixListener::bind(path("socket")).unwrap();
        let make = |name: &str, kind, device| {
            rustix::fs::mknodat(rustix::fs::CWD, path(name), kind, Mode::RWXU, device)
        };
        make("fifo", rustix::fs::FileType::Fifo, 0).unwrap();
        let mut odd = vec!["link", "dangling", "folder", "socket", "fifo"];
        // Only root can make one: here it has the numbers of no driver.
        if make("device", rustix::fs::FileType::CharacterDevice, rustix::fs::makedev(240, 240)).is_ok() {
            odd.push("device");
        }
        let before = list(folder.path()).unwrap();
        for name in odd {
            let error = replace(&path(name), b"new").unwrap_err();
            assert_eq!(error.code(), "not-a-regular-file", "{name}: {error}");
        }
        assert_eq!(list(folder.path()).unwrap(), before);
        assert_eq!(std::fs::read(path("file")).unwrap(), b"x");
        replace(&path("file"), b"new").unwrap();
        assert_eq!(std::fs::read(path("file")).unwrap(), b"new");
    }

    #[test]
    fn reading_is_bounded() {
        let folder = folder();
        let path = folder.path().join("file");
        std::fs::write(&path, "12345").unwrap();
        assert_eq!(read_given(&path, 5).unwrap(), b"12345");
        assert_eq!(read_given(&path, 4).unwrap_err().code(), "file-too-large");
    }

    #[test]
    fn a_file_that_is_not_finished_leaves_nothing() {
        let folder = folder();
        let mut file = NewFile::create(folder.path(), "a").unwrap();
        file.write(b"half").unwrap();
        drop(file);
        assert_eq!(list(folder.path()).unwrap(), []);
    }

    #[test]
    fn existing_names_are_kept_unless_told_otherwise() {
        let folder = folder();
        let path = folder.path().join("a");
        replace(&path, b"one").unwrap();
        let mut file = NewFile::create(folder.path(), "a").unwrap();
        file.write(b"two").unwrap();
        assert!(file.finish(Replace::Never).is_err());
        assert_eq!(std::fs::read(&path).unwrap(), b"one");
        replace(&path, b"three").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"three");
        assert_eq!(list(folder.path()).unwrap().len(), 1);
    }

    #[test]
    fn several_files_appear_as_a_whole_and_the_last_one_last() {
        let folder = folder();
        let record = b"record".to_vec();
        let documents =
            [("a", &b"a"[..]), ("r1", &record), ("r2", &record), ("r3", b"record"), ("last", b"l")];
        let documents = documents.map(|(name, bytes)| Document { name, bytes, private: false });
        create_all(folder.path(), documents).unwrap();
        for Document { name, bytes, .. } in documents {
            assert_eq!(std::fs::read(folder.path().join(name)).unwrap(), bytes, "{name}");
        }
        assert_eq!(list(folder.path()).unwrap().len(), 5);
        // One name is taken: those that come after it do not appear.
        for taken in ["a", "r1", "r2"] {
            let folder = self::folder();
            std::fs::write(folder.path().join(taken), "old").unwrap();
            let error = create_all(folder.path(), documents).unwrap_err();
            assert_eq!(error.path(), folder.path().join(taken));
            assert_eq!(std::fs::read(folder.path().join(taken)).unwrap(), b"old");
            assert!(!folder.path().join("last").exists());
            let left = list(folder.path()).unwrap();
            assert!(left.iter().all(|(name, _)| !name.to_string_lossy().starts_with(TEMPORARY)), "{left:?}");
        }
        let gone = folder.path().join("gone");
        assert_eq!(create_all(&gone, documents).unwrap_err().code(), "file-missing");
    }

    #[test]
    fn leftovers_are_removed_and_nothing_else() {
        let folder = folder();
        for name in [".countersign-abc.tmp", ".countersign-readme", "a.tmp"] {
            std::fs::write(folder.path().join(name), "x").unwrap();
        }
        remove_leftovers(folder.path()).unwrap();
        let names: Vec<_> = list(folder.path()).unwrap().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, [".countersign-readme", "a.tmp"]);
    }

    #[test]
    fn a_file_is_no_folder() {
        let folder = folder();
        let path = folder.path().join("file");
        std::fs::write(&path, "x").unwrap();
        assert!(list(&path).is_err());
        assert_eq!(list(&folder.path().join("gone")).unwrap_err().code(), "file-missing");
    }
}
