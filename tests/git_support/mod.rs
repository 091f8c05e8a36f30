//! Repositories made at run time with the real git, isolated from this
//! machine's configuration.

#![allow(dead_code, reason = "each test file uses its own part")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use countersign::git::{GitError, Repository};
use countersign::release::ObjectId;

/// A repository in a folder of its own.
pub struct Repo {
    pub dir: tempfile::TempDir,
}

impl Repo {
    /// `git init` in `<dir>/repo` with branch main.
    pub fn init(extra: &[&str]) -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let repo = Self { dir };
        let path = repo.path();
        let mut args = vec!["init", "-q", "-b", "main"];
        args.extend_from_slice(extra);
        args.push(path.to_str().expect("UTF-8"));
        run(git_in(repo.dir.path()).args(args));
        repo
    }

    /// One commit on main: files, an executable, a link, a folder.
    pub fn sample(extra: &[&str]) -> Self {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        let repo = Self::init(extra);
        repo.write("a.txt", "hello\n");
        repo.write("dir/b.txt", "there\n");
        repo.write("dir/deep/run.sh", "#!/bin/sh\n");
        let mode = fs::Permissions::from_mode(0o755);
        fs::set_permissions(repo.path().join("dir/deep/run.sh"), mode).expect("chmod");
        symlink("dir/b.txt", repo.path().join("link")).expect("a link");
        repo.commit("first");
        repo
    }

    pub fn path(&self) -> PathBuf {
        self.dir.path().join("repo")
    }

    pub fn git_dir(&self) -> PathBuf {
        self.path().join(".git")
    }

    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, text).expect("a file");
    }

    /// Writes a file inside `.git`.
    pub fn write_git(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.git_dir().join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, text).expect("a file");
    }

    /// Commits everything and returns the commit.
    pub fn commit(&self, message: &str) -> ObjectId {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
        self.id("HEAD")
    }

    /// Runs git in the repository; its output without the last line end.
    pub fn git(&self, args: &[&str]) -> String {
        text(run(git_in(&self.path()).args(args)))
    }

    /// Runs git with bytes on its standard input.
    pub fn git_with_input(&self, args: &[&str], input: &[u8]) -> String {
        text(run_with_input(git_in(&self.path()).args(args), input))
    }

    pub fn id(&self, name: &str) -> ObjectId {
        ObjectId::parse(&self.git(&["rev-parse", name])).expect("an id")
    }

    /// Stores an object as it is, however malformed.
    pub fn hash_object(&self, kind: &str, bytes: &[u8]) -> ObjectId {
        let args = ["hash-object", "-w", "-t", kind, "--literally", "--stdin"];
        ObjectId::parse(&self.git_with_input(&args, bytes)).expect("an id")
    }

    /// The loose object's file.
    pub fn loose(&self, id: &ObjectId) -> PathBuf {
        let hex = id.to_string();
        self.git_dir().join("objects").join(&hex[..2]).join(&hex[2..])
    }

    pub fn open(&self) -> Repository {
        Repository::open(&self.path()).expect("a repository")
    }

    pub fn open_error(&self) -> GitError {
        Repository::open(&self.path()).expect_err("refused")
    }
}

/// A git command that reads no configuration of this machine and writes the
/// same objects every time.
pub fn git_in(dir: &Path) -> Command {
    let mut command = Command::new("git");
    command.current_dir(dir).env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    for (key, value) in [
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
        ("GIT_AUTHOR_NAME", "A U Thor"),
        ("GIT_AUTHOR_EMAIL", "author@example.org"),
        ("GIT_AUTHOR_DATE", "1700000000 +0100"),
        ("GIT_COMMITTER_NAME", "C O Mitter"),
        ("GIT_COMMITTER_EMAIL", "committer@example.org"),
        ("GIT_COMMITTER_DATE", "1700000100 -0230"),
        ("LC_ALL", "C.UTF-8"),
    ] {
        command.env(key, value);
    }
    command
}

pub fn run(command: &mut Command) -> Output {
    run_with_input(command, b"")
}

pub fn run_with_input(command: &mut Command, input: &[u8]) -> Output {
    use std::io::Write as _;
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let mut stdin = child.stdin.take().expect("a pipe");
    let input = input.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().expect("an end");
    let _ = writer.join();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

pub fn text(output: Output) -> String {
    String::from_utf8(output.stdout).expect("UTF-8").trim_end_matches('\n').to_string()
}

pub fn mkfifo(path: &Path) {
    run(Command::new("mkfifo").arg(path));
}
