//! What the targets share: a sink that holds the archive readers to their
//! promises, a repository to write into, and a keyring.

use std::collections::{BTreeMap, BTreeSet};
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

impl Scratch {
    /// The folder, to be kept for longer.
    pub fn keep(mut self) -> tempfile::TempDir {
        self.written.clear();
        self.dir.take().expect("taken only at the end")
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
        if let Some(dir) = self.dir.take() {
            PLACE.with(|place| *place.borrow_mut() = Some(dir));
        }
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

/// A small project in a repository, and where its artifact is put.
pub struct Project {
    _dir: tempfile::TempDir,
    /// The repository, with the tag v1.
    pub repository: PathBuf,
    /// The artifact's place.
    pub artifact: PathBuf,
    /// What git has.
    pub files: BTreeMap<String, Vec<u8>>,
    /// What packaging tools add, about as they write it.
    pub made: BTreeMap<String, Vec<u8>>,
}

/// Makes the project.
pub fn project() -> Project {
    let mut scratch = Scratch::new();
    let own = |files: &[(&str, &str)]| -> BTreeMap<String, Vec<u8>> {
        files.iter().map(|(name, text)| ((*name).to_string(), text.as_bytes().to_vec())).collect()
    };
    let files = own(&IN_GIT);
    // Names in the order of trees; `src` is the one folder.
    let line = |mode: &str, name: &str, id: &ObjectId| {
        [format!("{mode} {name}\0").as_bytes(), id.as_bytes()].concat()
    };
    let (mut root, mut src) = (Vec::new(), Vec::new());
    for (name, content) in &files {
        let id = scratch.loose(ObjectType::Blob, content);
        let mode = if name == "link" { "120000" } else { "100644" };
        match name.strip_prefix("src/") {
            Some(name) => src.extend(line(mode, name, &id)),
            None => root.push((name.clone(), line(mode, name, &id))),
        }
    }
    let folder = scratch.loose(ObjectType::Tree, &src);
    root.push(("src/".into(), line("40000", "src", &folder)));
    root.sort();
    let lines: Vec<u8> = root.into_iter().flat_map(|(_, line)| line).collect();
    let tree = scratch.loose(ObjectType::Tree, &lines);
    let raw = format!(
        "tree {tree}\nauthor A <a@x> 1700000000 +0000\ncommitter A <a@x> 1700000000 +0000\n\nFirst.\n"
    );
    let commit = scratch.loose(ObjectType::Commit, raw.as_bytes());
    scratch.write("refs/tags/v1", format!("{commit}\n").as_bytes());
    scratch.write("refs/heads/main", format!("{commit}\n").as_bytes());
    let made: Vec<(&str, String)> =
        MADE.iter().map(|(name, text)| (*name, text.replace("COMMIT", &commit.to_string()))).collect();
    let mut all = files.clone();
    all.extend(made.into_iter().map(|(name, text)| (name.to_string(), text.into_bytes())));
    let dir = scratch.keep();
    let (repository, artifact) = (dir.path().to_path_buf(), dir.path().join("pkg-1.0.tar"));
    Project { _dir: dir, repository, artifact, files, made: all }
}

const IN_GIT: [(&str, &str); 11] = [
    (".gitattributes", "*.bat text eol=crlf\nversion.txt export-subst\n"),
    ("Cargo.toml", "[package]\nname = \"pkg\"\nversion = \"1.0.0\"\n\n[dependencies]\nlog = \"0.4\"\n"),
    ("README", "Read me.\n"),
    ("link", "src/mod.py"),
    ("package.json", "{\"name\": \"pkg\", \"version\": \"1.0.0\"}\n"),
    ("pyproject.toml", "[project]\nname = \"pkg\"\nversion = \"1.0\"\ndependencies = [\"six>=1\"]\n"),
    ("requirements.txt", "six>=1 # x\n"),
    ("run.bat", "echo x\n"),
    ("setup.cfg", "[metadata]\nname = pkg\n\n[entry_points]\nconsole_scripts =\n    pkg = mod:main\n"),
    ("src/mod.py", "def main():\n    pass\n"),
    ("version.txt", "$Format:%H$\n"),
];

const MADE: [(&str, &str); 20] = [
    ("PKG-INFO", INFO),
    ("pkg.egg-info/PKG-INFO", INFO),
    ("pkg-1.0.dist-info/METADATA", INFO),
    ("setup.cfg", "[egg_info]\ntag_build = \ntag_date = 0\n\n"),
    ("AUTHORS", "A <a@x>\n"),
    ("ChangeLog", "CHANGES\n=======\n\n* First\n"),
    ("version.txt", "COMMIT\n"),
    ("run.bat", "echo x\r\n"),
    ("pkg.egg-info/SOURCES.txt", "README\nsetup.cfg\nsrc/mod.py\n"),
    ("pkg.egg-info/requires.txt", "six>=1\n\n[x]\nb\n"),
    ("pkg.egg-info/entry_points.txt", "[console_scripts]\npkg = mod:main\n"),
    ("pkg.egg-info/top_level.txt", "mod\n"),
    ("pkg.egg-info/dependency_links.txt", "\n"),
    ("pkg.egg-info/pbr.json", "{\"git_version\": \"COMMIT\", \"is_release\": true}"),
    ("src/_version.py", "__version__ = version = '1.0'\n__version_tuple__ = version_tuple = (1, 0)\n"),
    (".cargo_vcs_info.json", "{\n  \"git\": {\n    \"sha1\": \"COMMIT\"\n  },\n  \"path_in_vcs\": \"\"\n}"),
    ("Cargo.toml.orig", "[package]\nname = \"pkg\"\nversion = \"1.0.0\"\n\n[dependencies]\nlog = \"0.4\"\n"),
    ("Cargo.lock", "version = 4\n\n[[package]]\nname = \"pkg\"\nversion = \"1.0.0\"\n"),
    ("pkg-1.0.dist-info/RECORD", "src/mod.py,sha256=x,1\n"),
    ("pkg-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"),
];

const INFO: &str = "Metadata-Version: 2.1\nName: pkg\nVersion: 1.0\nRequires-Dist: six>=1\n\nRead me.\n";
