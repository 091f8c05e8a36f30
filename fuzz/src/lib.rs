//! What the targets share: a sink that holds the archive readers to their
//! promises, a repository to write into, and a keyring.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use countersign::archive::{ArchiveError, CODES, Entry, EntryKind, Limits, Sink, Stop, Summary};
use countersign::git::{GitError, Repository};
use countersign::openpgp::Keyring;
use countersign::release::ObjectId;
use git2::{ObjectType, Oid};

/// Limits that keep one run short.
pub fn limits() -> Limits {
    Limits { entries: 500, unpacked: 1 << 20, memory: 8 << 20, ..Limits::default() }
}

/// Checks every entry as it arrives.
#[derive(Default)]
pub struct Strict {
    paths: BTreeSet<Vec<u8>>,
    files: BTreeSet<Vec<u8>>,
    left: Option<u64>,
    entries: u64,
    unpacked: u64,
}

impl Sink for Strict {
    fn begin(&mut self, entry: &Entry) -> Result<(), Stop> {
        assert!(self.left.replace(entry.size).is_none(), "begin without end");
        assert_eq!(entry.path.defect(), None);
        let path = entry.path.as_bytes().to_vec();
        assert!(std::str::from_utf8(&path).is_ok());
        assert!(self.paths.insert(path.clone()), "a path twice");
        match &entry.kind {
            EntryKind::File { .. } => drop(self.files.insert(path)),
            EntryKind::HardLink { target } => assert!(self.files.contains(target.as_bytes())),
            EntryKind::Symlink { target } => assert!(!target.is_empty() && !target.contains(&0)),
            EntryKind::Directory => {}
        }
        assert!(entry.size == 0 || matches!(entry.kind, EntryKind::File { .. }));
        Ok(())
    }

    fn data(&mut self, chunk: &[u8]) -> Result<(), Stop> {
        let left = self.left.as_mut().expect("data outside an entry");
        *left = left.checked_sub(chunk.len() as u64).expect("more data than promised");
        self.unpacked += chunk.len() as u64;
        Ok(())
    }

    fn end(&mut self) -> Result<(), Stop> {
        assert_eq!(self.left.take(), Some(0), "less data than promised");
        self.entries += 1;
        Ok(())
    }
}

impl Strict {
    /// Holds the result against what arrived.
    pub fn finish(self, result: Result<Summary, ArchiveError>) {
        match result {
            Ok(summary) => {
                assert_eq!((summary.entries, summary.unpacked), (self.entries, self.unpacked));
                assert!(self.left.is_none());
            }
            Err(ArchiveError::Defect(defect)) => {
                assert!(CODES.iter().any(|(code, _)| *code == defect.code), "{}", defect.code);
            }
            Err(other) => panic!("a failure from bytes in memory: {other:?}"),
        }
    }
}

/// A bare repository in memory where the system has such a place, made anew
/// for every run.
pub struct Scratch {
    dir: Option<tempfile::TempDir>,
    written: Vec<PathBuf>,
}

thread_local! {
    static PLACE: std::cell::RefCell<Option<tempfile::TempDir>> = const { std::cell::RefCell::new(None) };
}

impl Default for Scratch {
    fn default() -> Self {
        Self::new()
    }
}

impl Scratch {
    /// Empty, with a branch that is not yet born. The folder of the run
    /// before is used again.
    pub fn new() -> Self {
        let dir = PLACE.with(|place| place.borrow_mut().take()).unwrap_or_else(Self::make);
        Self { dir: Some(dir), written: Vec::new() }
    }

    fn make() -> tempfile::TempDir {
        let memory = Path::new("/dev/shm");
        let dir = match memory.is_dir() {
            true => tempfile::tempdir_in(memory),
            false => tempfile::tempdir(),
        };
        let dir = dir.expect("a folder");
        for folder in ["objects/pack", "refs/heads", "refs/tags"] {
            fs::create_dir_all(dir.path().join(folder)).expect("a folder");
        }
        fs::write(dir.path().join("HEAD"), HEAD).expect("a file");
        dir
    }

    fn path(&self) -> &Path {
        self.dir.as_ref().expect("taken only at the end").path()
    }

    /// A file of the repository.
    pub fn write(&mut self, name: &str, bytes: &[u8]) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(&path, bytes).expect("a file");
        self.written.push(path);
    }

    /// A loose object under its true id.
    pub fn loose(&mut self, kind: ObjectType, content: &[u8]) -> ObjectId {
        let id = Oid::hash_object(kind, content).expect("an id");
        let id = ObjectId::from_bytes(id.as_bytes()).expect("an id");
        let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::none());
        write!(packed, "{} {}\0", kind.str(), content.len()).expect("memory");
        packed.write_all(content).expect("memory");
        self.write_loose(&id, &packed.finish().expect("memory"));
        id
    }

    /// Any bytes as the file of a loose object.
    pub fn write_loose(&mut self, id: &ObjectId, bytes: &[u8]) {
        let hex = id.to_string();
        let (fan, rest) = hex.split_at(2);
        self.write(&format!("objects/{fan}/{rest}"), bytes);
    }

    /// Opens it.
    ///
    /// # Errors
    /// Those of the repository.
    pub fn open(&self) -> Result<Repository, GitError> {
        Repository::open(self.path())
    }
}

const HEAD: &str = "ref: refs/heads/main\n";

impl Drop for Scratch {
    fn drop(&mut self) {
        for path in &self.written {
            fs::remove_file(path).expect("it was written");
        }
        if self.written.iter().any(|path| path.ends_with("HEAD")) {
            fs::write(self.path().join("HEAD"), HEAD).expect("a file");
        }
        // The folder stays for the next run; the process's last one is left
        // to whoever clears away temporary files.
        PLACE.with(|place| *place.borrow_mut() = self.dir.take());
    }
}

/// A keyring of one certificate, made when the fuzzer starts.
pub fn keyring() -> Keyring {
    use sequoia_openpgp::cert::CertBuilder;
    use sequoia_openpgp::serialize::SerializeInto as _;
    let (cert, _) =
        CertBuilder::new().add_userid("A <a@example.org>").add_signing_subkey().generate().expect("a key");
    let bytes = cert.armored().to_vec().expect("memory");
    Keyring::load(vec![(format!("{}.asc", cert.fingerprint().to_hex()), bytes)]).expect("a keyring")
}
