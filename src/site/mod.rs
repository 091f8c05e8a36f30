//! The published tree: plain files that any web server can serve.
//!
//! A file appears under its final name whole or not at all. Whether it may
//! replace another one, the caller decides. Runs exclude each other by a lock at the root.

use crate::files::{self, FileError, Kind, LOCK_SECONDS, NewFile, Replace};
use crate::release::Sha256Digest;
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// Name of the lock at the site's root.
pub const LOCK: &str = ".countersign.lock";

/// Why the site could not be used; [`SiteError::path`] says where.
#[derive(Debug, thiserror::Error)]
pub enum SiteError {
    /// Another run holds the lock.
    #[error("another run has been publishing here for more than {} seconds", LOCK_SECONDS)]
    Locked {
        /// The site's root.
        site: PathBuf,
    },
    /// A part of the destination is a link, or no folder.
    #[error("is {found}; a destination is made of real folders")]
    NotAFolder {
        /// The part in question.
        path: PathBuf,
        /// What it is.
        found: &'static str,
    },
    /// The bytes differ from those that were judged.
    #[error("changed while it was being published")]
    Changed {
        /// The source file.
        path: PathBuf,
    },
    /// Reading or writing failed.
    #[error(transparent)]
    File(#[from] FileError),
}

impl SiteError {
    /// The finding code of `docs/findings.md`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Locked { .. } => "site-locked",
            Self::NotAFolder { .. } => "site-not-a-folder",
            Self::Changed { .. } => "file-changed",
            Self::File(error) => error.code(),
        }
    }

    /// Whether the same call may succeed later.
    pub fn retryable(&self) -> bool {
        match self {
            Self::Locked { .. } => true,
            Self::NotAFolder { .. } | Self::Changed { .. } => false,
            Self::File(error) => error.retryable(),
        }
    }

    /// The path it is about.
    pub fn path(&self) -> &Path {
        match self {
            Self::Locked { site } => site,
            Self::NotAFolder { path, .. } | Self::Changed { path } => path,
            Self::File(error) => error.path(),
        }
    }
}

/// A folder of the site, locked for this run.
#[derive(Debug)]
pub struct Destination {
    folder: PathBuf,
    // Held for its lock, which ends with it.
    _lock: File,
}

/// How a name in the destination relates to what is to be placed there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Present {
    /// Nothing of that name.
    No,
    /// The same bytes.
    Same,
    /// Other bytes, whose digest this is.
    Differs(Sha256Digest),
}

impl Destination {
    /// Locks the site and opens, or makes, the folder `destination` (already
    /// checked to be made of safe names) below it. Files that a killed run
    /// left unfinished there are removed.
    ///
    /// # Errors
    /// [`SiteError`].
    pub fn open(site: &Path, destination: &str) -> Result<Self, SiteError> {
        let metadata = site.metadata().map_err(|error| FileError::io(site, "look at the site", error))?;
        if !metadata.is_dir() {
            return Err(SiteError::NotAFolder { path: site.into(), found: "a file" });
        }
        let lock = lock(site)?;
        let mut folder = site.to_path_buf();
        for part in destination.split('/') {
            folder = enter(&folder, part)?;
        }
        files::remove_leftovers(&folder)?;
        Ok(Self { folder, _lock: lock })
    }

    /// Whether the destination has `name`, and whether its bytes are those.
    ///
    /// # Errors
    /// [`SiteError`] if something that is no regular file lies there.
    pub fn look(&self, name: &str, wanted: Sha256Digest) -> Result<Present, SiteError> {
        look(&self.folder, name, wanted)
    }

    /// Copies an open file to its place; its bytes must have the digest that
    /// was judged, or nothing appears.
    ///
    /// # Errors
    /// [`SiteError`]; what the name had is there as before.
    pub fn place(
        &self,
        name: &str,
        source: &mut File,
        wanted: Sha256Digest,
        replace: Replace,
    ) -> Result<(), SiteError> {
        let mut new = NewFile::create(&self.folder, name)?;
        let path = self.folder.join(name);
        let mut hasher = Sha256::new();
        files::for_each_chunk(source, &path, |chunk| {
            hasher.update(chunk);
            new.write(chunk)
        })?;
        if Sha256Digest(hasher.finalize().into()) != wanted {
            return Err(SiteError::Changed { path });
        }
        Ok(new.finish(replace)?)
    }
}

/// As [`Destination::look`], for a site that is only looked at: a folder that
/// does not exist has nothing in it.
///
/// # Errors
/// [`SiteError`].
pub fn preview(
    site: &Path,
    destination: &str,
    name: &str,
    wanted: Sha256Digest,
) -> Result<Present, SiteError> {
    site.metadata().map_err(|error| FileError::io(site, "look at the site", error))?;
    look(&site.join(destination), name, wanted)
}

fn look(folder: &Path, name: &str, wanted: Sha256Digest) -> Result<Present, SiteError> {
    let path = folder.join(name);
    let mut file = match files::open_regular(&path) {
        Ok(file) => file,
        Err(FileError::Missing { .. }) => return Ok(Present::No),
        Err(error) => return Err(error.into()),
    };
    let found = files::sha256(&mut file, &path)?;
    Ok(if found == wanted { Present::Same } else { Present::Differs(found) })
}

fn lock(site: &Path) -> Result<File, SiteError> {
    files::lock(&site.join(LOCK)).map_err(|error| match error {
        FileError::Locked { .. } => SiteError::Locked { site: site.into() },
        error => error.into(),
    })
}

/// Steps into a folder, making it if it is not there. A link is refused: it
/// could lead out of the site.
fn enter(parent: &Path, name: &str) -> Result<PathBuf, SiteError> {
    let path = parent.join(name);
    match std::fs::create_dir(&path) {
        Ok(()) => files::sync_folder(parent)?,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let metadata =
                path.symlink_metadata().map_err(|error| FileError::io(&path, "look at it", error))?;
            if !metadata.is_dir() {
                let found = if metadata.is_symlink() { "a symbolic link" } else { "a file" };
                return Err(SiteError::NotAFolder { path, found });
            }
        }
        Err(error) => return Err(FileError::io(&path, "make the folder", error).into()),
    }
    Ok(path)
}

/// The names in a folder of the site that are files of a release, sorted;
/// anything that is no regular file is told in words.
///
/// # Errors
/// [`FileError`].
pub fn contents(folder: &Path) -> Result<Vec<(std::ffi::OsString, Kind)>, FileError> {
    let ours = |name: &std::ffi::OsString| name.to_str().is_some_and(|name| name == LOCK);
    Ok(files::list(folder)?.into_iter().filter(|(name, _)| !ours(name)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn digest(bytes: &[u8]) -> Sha256Digest {
        Sha256Digest(Sha256::digest(bytes).into())
    }

    fn source(bytes: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        file
    }

    #[test]
    fn files_are_placed_once_and_never_replaced() {
        let site = tempfile::tempdir().unwrap();
        let destination = Destination::open(site.path(), "a/b").unwrap();
        assert_eq!(destination.look("x", digest(b"1")).unwrap(), Present::No);
        destination.place("x", &mut source(b"1"), digest(b"1"), Replace::Never).unwrap();
        assert_eq!(destination.look("x", digest(b"1")).unwrap(), Present::Same);
        assert_eq!(destination.look("x", digest(b"2")).unwrap(), Present::Differs(digest(b"1")));
        assert!(destination.place("x", &mut source(b"2"), digest(b"2"), Replace::Never).is_err());
        assert_eq!(std::fs::read(site.path().join("a/b/x")).unwrap(), b"1");
    }

    #[test]
    fn bytes_other_than_the_judged_ones_never_appear() {
        let site = tempfile::tempdir().unwrap();
        let destination = Destination::open(site.path(), "a").unwrap();
        let error =
            destination.place("x", &mut source(b"other"), digest(b"judged"), Replace::Never).unwrap_err();
        assert_eq!(error.code(), "file-changed");
        assert_eq!(contents(&site.path().join("a")).unwrap(), []);
    }

    #[test]
    fn a_link_cannot_lead_out_of_the_site() {
        let (site, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::os::unix::fs::symlink(outside.path(), site.path().join("a")).unwrap();
        assert_eq!(Destination::open(site.path(), "a/b").unwrap_err().code(), "site-not-a-folder");
        assert_eq!(files::list(outside.path()).unwrap(), []);
    }

    #[test]
    fn a_link_in_the_place_of_a_file_is_told() {
        let site = tempfile::tempdir().unwrap();
        let destination = Destination::open(site.path(), "a").unwrap();
        std::os::unix::fs::symlink("/etc/passwd", site.path().join("a/x")).unwrap();
        assert_eq!(destination.look("x", digest(b"")).unwrap_err().code(), "not-a-regular-file");
        assert!(destination.place("x", &mut source(b""), digest(b""), Replace::Never).is_err());
    }

    #[test]
    fn what_a_killed_run_left_is_removed() {
        let site = tempfile::tempdir().unwrap();
        drop(Destination::open(site.path(), "a").unwrap());
        std::fs::write(site.path().join("a/.countersign-x.tmp"), "half").unwrap();
        Destination::open(site.path(), "a").unwrap();
        assert_eq!(contents(&site.path().join("a")).unwrap(), []);
    }

    #[test]
    fn a_site_that_is_not_there_is_not_made() {
        let parent = tempfile::tempdir().unwrap();
        let error = Destination::open(&parent.path().join("gone"), "a").unwrap_err();
        assert_eq!(error.code(), "file-missing");
        assert_eq!(files::list(parent.path()).unwrap(), []);
    }
}
