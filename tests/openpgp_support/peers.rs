//! The tools that others verify with: gpg, and sqv where it is installed.

use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// gpg with a home folder of its own.
pub struct Gpg {
    home: TempDir,
}

impl Gpg {
    pub fn new() -> Self {
        Self { home: tempfile::tempdir().unwrap() }
    }

    pub fn home(&self) -> &Path {
        self.home.path()
    }

    pub fn command(&self) -> Command {
        let mut command = Command::new("gpg");
        command.args([
            "--batch",
            "--quiet",
            "--no-auto-check-trustdb",
            "--trust-model",
            "always",
            "--homedir",
        ]);
        command.arg(self.home.path()).env("LC_ALL", "C").stdin(Stdio::null());
        command
    }

    /// Runs gpg and gives stdout; it must succeed.
    pub fn run(&self, args: &[&str]) -> Vec<u8> {
        let output = self.command().args(args).output().unwrap();
        assert!(output.status.success(), "gpg {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    /// What gpg cannot read, version 6 for one, it leaves out.
    pub fn import(&self, certificate: &[u8]) {
        let file = self.home.path().join("import");
        std::fs::write(&file, certificate).unwrap();
        let _ = self.command().arg("--import").arg(&file).output().unwrap();
    }

    /// Exit code of `gpg --verify`.
    pub fn verify(&self, signature: &Path, data: &Path) -> i32 {
        let output = self.command().arg("--verify").args([signature, data]).output().unwrap();
        output.status.code().unwrap()
    }
}

impl Drop for Gpg {
    fn drop(&mut self) {
        // An agent runs only where secret keys were used.
        let mut command = Command::new("gpgconf");
        command.arg("--homedir").arg(self.home.path()).args(["--kill", "all"]);
        let _ = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}

/// First line of `TOOL --version`, or `None` if it is not installed.
pub fn version(tool: &str) -> Option<String> {
    let output = Command::new(tool).arg("--version").output().ok()?;
    Some(String::from_utf8_lossy(&output.stdout).lines().next()?.to_string())
}

/// Exit code of sqv.
pub fn sqv(keyring: &Path, signature: &Path, data: &Path) -> i32 {
    let mut command = Command::new("sqv");
    command.arg("--keyring").args([keyring, signature, data]);
    // The host's policy plays no part.
    command.env("SEQUOIA_CRYPTO_POLICY", "");
    let output = command.stdin(Stdio::null()).output().unwrap();
    output.status.code().unwrap()
}
