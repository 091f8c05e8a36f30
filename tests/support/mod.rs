//! A small world for tests: keys made by the real gpg, a repository made by
//! the real git, a policy, a keyring and a built artifact. Everything is made
//! at run time in a folder of its own, at fixed times, so nothing expires.
#![allow(dead_code)] // Each test file uses its own part of this.

use serde_yaml::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// When keys are made and tags are signed.
pub const THEN: &str = "2026-01-02T00:00:00Z";
/// When the release is judged.
pub const NOW: &str = "2026-01-03T00:00:00Z";
/// When every key of the world has expired.
pub const LATE: &str = "2027-06-01T00:00:00Z";

/// A certificate with its signing subkey.
#[derive(Debug, Clone)]
pub struct Key {
    pub certificate: String,
    pub subkey: String,
}

pub struct World {
    folder: tempfile::TempDir,
    gnupg: tempfile::TempDir,
    pub maintainer: Key,
    pub release: Key,
    pub stranger: Key,
}

/// What a run of the helper said.
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
    pub document: Value,
}

impl Ran {
    pub fn of(output: Output) -> Self {
        let stdout = String::from_utf8(output.stdout).unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        let document = serde_yaml::from_str(&stdout).unwrap_or(Value::Null);
        Self { code: output.status.code().unwrap_or(-1), stdout, stderr, document }
    }

    /// The codes of all findings, in order.
    pub fn codes(&self) -> Vec<&str> {
        let findings = self.document["findings"].as_sequence().expect("a document with findings");
        findings.iter().map(|finding| finding["code"].as_str().unwrap()).collect()
    }

    /// Fails unless the run was rejected for this reason.
    pub fn rejected_for(&self, code: &str) -> &Self {
        assert_eq!(self.code, 1, "expected a rejection:\n{}{}", self.stdout, self.stderr);
        assert!(self.codes().contains(&code), "expected {code}, found {:?}\n{}", self.codes(), self.stderr);
        self
    }

    /// No answer, or a wrong request, for this reason.
    pub fn failed_for(&self, code: &str) -> &Self {
        assert!(!matches!(self.code, 0 | 1), "{}", self.stdout);
        assert!(self.codes().contains(&code), "{code}: {}", self.stdout);
        self
    }

    /// Fails unless the answer was yes.
    pub fn ok(&self) -> &Self {
        assert_eq!(self.code, 0, "expected ok:\n{}{}", self.stdout, self.stderr);
        self
    }

    pub fn result(&self) -> &Value {
        &self.document["result"]
    }
}

/// The helper under test: the release build where the test runner names it.
pub fn helper() -> PathBuf {
    std::env::var_os("COUNTERSIGN_BIN")
        .map_or_else(|| env!("CARGO_BIN_EXE_countersign").into(), PathBuf::from)
}

pub fn run_ok(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_string()
}

impl World {
    /// Keys, a repository with the signed tag `v1.0` on `main`, and `dist/`
    /// with the tarball that git archive makes of it.
    pub fn new() -> Self {
        let (folder, gnupg) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(gnupg.path().join("gpg.conf"), "faked-system-time 20260102T000000!\nbatch\nno-tty\n")
            .unwrap();
        let nobody = Key { certificate: String::new(), subkey: String::new() };
        let (maintainer, release, stranger) = (nobody.clone(), nobody.clone(), nobody);
        let mut world = Self { folder, gnupg, maintainer, release, stranger };
        world.maintainer = world.new_key("Maintainer <maintainer@example.org>");
        world.release = world.new_key("Release Key <release@example.org>");
        world.stranger = world.new_key("Stranger <stranger@example.org>");
        fs::create_dir(world.path("keyring")).unwrap();
        world.vet(&world.maintainer);
        world.vet(&world.release);
        world.repository();
        world.write_policy("");
        fs::create_dir(world.path("dist")).unwrap();
        fs::create_dir(world.path("site")).unwrap();
        world.build("dist");
        world
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn root(&self) -> &Path {
        self.folder.path()
    }

    pub fn gpg(&self) -> Command {
        let mut gpg = Command::new("gpg");
        gpg.env("GNUPGHOME", self.gnupg.path()).stdin(Stdio::null());
        gpg
    }

    /// A certify-only primary key and a signing subkey, for a year.
    pub fn new_key(&self, user: &str) -> Key {
        let unprotected = ["--pinentry-mode", "loopback", "--passphrase", ""];
        run_ok(self.gpg().args(unprotected).args(["--quick-generate-key", user, "ed25519", "cert", "1y"]));
        let certificate = self.fingerprints(user).remove(0);
        run_ok(self.gpg().args(unprotected).args(["--quick-add-key", &certificate, "ed25519", "sign", "1y"]));
        let subkey = self.fingerprints(user).remove(1);
        Key { certificate, subkey }
    }

    fn fingerprints(&self, user: &str) -> Vec<String> {
        let listing = run_ok(self.gpg().args(["--with-colons", "--list-keys", user]));
        let lines = listing.lines().filter(|line| line.starts_with("fpr:"));
        lines.map(|line| line.split(':').nth(9).unwrap().to_string()).collect()
    }

    /// Puts a public certificate into the keyring.
    pub fn vet(&self, key: &Key) {
        let certificate = run_ok(self.gpg().args(["--armor", "--export", &key.certificate]));
        fs::write(self.path("keyring").join(format!("{}.asc", key.certificate)), certificate + "\n").unwrap();
    }

    /// What CI is given: the signing subkey alone.
    pub fn secret_subkey(&self, key: &Key) -> Vec<u8> {
        let subkey = format!("{}!", key.subkey);
        run_ok(self.gpg().args(["--armor", "--export-secret-subkeys", &subkey])).into_bytes()
    }

    pub fn git(&self, arguments: &[&str]) -> String {
        run_ok(self.git_command().args(arguments))
    }

    pub fn git_command(&self) -> Command {
        let mut git = Command::new("git");
        git.arg("-C").arg(self.path("hello"));
        git.env("GNUPGHOME", self.gnupg.path())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_AUTHOR_NAME", "Maintainer")
            .env("GIT_AUTHOR_EMAIL", "maintainer@example.org")
            .env("GIT_AUTHOR_DATE", THEN)
            .env("GIT_COMMITTER_NAME", "Maintainer")
            .env("GIT_COMMITTER_EMAIL", "maintainer@example.org")
            .env("GIT_COMMITTER_DATE", THEN);
        git
    }

    fn repository(&self) {
        run_ok(
            Command::new("git").args(["init", "--quiet", "--initial-branch=main"]).arg(self.path("hello")),
        );
        let files = [
            ("README", "Hello.\n"),
            ("src/hello.c", "int main(void) { return 0; }\n"),
            ("build.sh", "make\n"),
        ];
        fs::create_dir(self.path("hello/src")).unwrap();
        for (name, content) in files {
            fs::write(self.path("hello").join(name), content).unwrap();
        }
        std::os::unix::fs::symlink("src/hello.c", self.path("hello/link.c")).unwrap();
        self.git(&["add", "--all"]);
        self.git(&["update-index", "--chmod=+x", "build.sh"]);
        self.git(&["commit", "--quiet", "--message", "First"]);
        self.tag("v1.0", &self.maintainer);
    }

    /// A signed tag on HEAD.
    pub fn tag(&self, name: &str, key: &Key) {
        let user = format!("{}!", key.subkey);
        self.git(&[
            "tag",
            "--sign",
            "--force",
            "--local-user",
            &user,
            "--message",
            &format!("Release {name}"),
            name,
        ]);
    }

    /// The policy, with `more` added to its one artifact.
    pub fn write_policy(&self, more: &str) {
        let (maintainer, release) = (&self.maintainer.certificate, &self.release.certificate);
        let policy = format!(
            "format: countersign/policy@v1
groups:
  maintainers: {{certificates: [{maintainer}], note: \"vetted for the tests\"}}
projects:
  example/hello:
    repository: https://git.example.org/example/hello
    tag: \"v{{version}}\"
    branches: [main, \"stable/*\"]
    taggers: {{any: [maintainers]}}
    signer: {release}
    artifacts:
      - name: \"hello-{{version}}.tar.gz\"
        preset: git-archive@1
{more}"
        );
        fs::write(self.path("policy.yaml"), policy).unwrap();
    }

    /// The honest artifact of `v1.0`, as git archive makes it.
    pub fn build(&self, folder: &str) {
        let artifact = self.path(folder).join("hello-1.0.tar.gz");
        let output = format!("--output={}", artifact.display());
        self.git(&["archive", "--format=tar.gz", "--prefix=hello-1.0/", &output, "v1.0"]);
    }

    /// Runs the helper in the world's folder.
    pub fn countersign(&self, arguments: &[&str]) -> Ran {
        self.with_input(arguments, b"")
    }

    pub fn with_input(&self, arguments: &[&str], input: &[u8]) -> Ran {
        use std::io::Write as _;
        let mut child = Command::new(helper())
            .args(arguments)
            .current_dir(self.root())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // The helper may end without reading its input.
        let _ = child.stdin.take().unwrap().write_all(input);
        Ran::of(child.wait_with_output().unwrap())
    }

    /// `verb` with the usual rules and source.
    pub fn judge(&self, verb: &str, more: &[&str]) -> Ran {
        let mut arguments = vec![verb];
        arguments.extend(SOURCE);
        arguments.extend(RULES);
        arguments.extend(more);
        self.countersign(&arguments)
    }

    /// Signs `folder` with the release key.
    pub fn sign(&self, folder: &str, more: &[&str]) -> Ran {
        self.sign_with(folder, more, &self.secret_subkey(&self.release))
    }

    pub fn sign_with(&self, folder: &str, more: &[&str], key: &[u8]) -> Ran {
        let mut arguments = vec!["sign"];
        arguments.extend(SOURCE);
        arguments.extend(RULES);
        arguments.extend(["--artifacts", folder, "--key", "-"]);
        arguments.extend(more);
        self.with_input(&arguments, key)
    }

    /// Publishes the signed `folder` into `site`.
    pub fn publish(&self, folder: &str, more: &[&str]) -> Ran {
        let record = format!("{folder}/hello-1.0.tar.gz.validation.yaml");
        let mut arguments = vec!["publish", "--record", &record, "--artifacts", folder, "--site", "site"];
        arguments.extend(RULES);
        arguments.extend(more);
        self.countersign(&arguments)
    }

    /// `verify` of the published release under its policy.
    pub fn verify(&self, paths: &[&str], more: &[&str]) -> Ran {
        let mut arguments = vec!["verify", "--project", "example/hello"];
        arguments.extend(RULES);
        arguments.extend(more);
        arguments.extend(paths);
        self.countersign(&arguments)
    }

    /// Names in a folder, without those that start with a dot.
    pub fn names(&self, folder: &str) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.path(folder)) else { return vec![] };
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.retain(|name| !name.starts_with('.'));
        names.sort();
        names
    }
}

/// Where the release comes from.
pub const SOURCE: [&str; 6] = ["--repository", "hello", "--tag", "v1.0", "--project", "example/hello"];
/// By which rules it is judged.
pub const RULES: [&str; 6] = ["--policy", "policy.yaml", "--keyring", "keyring", "--at", NOW];

impl Drop for World {
    fn drop(&mut self) {
        // The agent would outlive its folder.
        let _ = Command::new("gpgconf").env("GNUPGHOME", self.gnupg.path()).args(["--kill", "all"]).output();
    }
}
