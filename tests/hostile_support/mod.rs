//! Attacks: each a row that names itself, says how it is made and what must
//! be said of it. All run through the real binary, under strace.
#![allow(dead_code, reason = "each test program uses a part of this")]
#![allow(clippy::disallowed_methods, reason = "tests make files and run other programs")]

pub mod bombs;
pub mod formats;
pub mod members;
pub mod repositories;
pub mod tags;
pub mod trees;
pub mod watch;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::git_support::Repo;
use crate::support::Ran;
use members::Members;

/// Longer than any attack may keep us busy; the slowest row takes a few
/// seconds in a debug build.
const PATIENCE: Duration = Duration::from_secs(60);

/// One attack.
pub struct Attack {
    pub name: String,
    make: Box<dyn Fn(&mut Place)>,
    pub exit: i32,
    /// All codes that must be told, and no others. `a|b` means one of them,
    /// where two rules may be the first to see it.
    pub codes: Vec<&'static str>,
    /// What the findings must name.
    pub about: Vec<&'static str>,
}

/// A row: rejected with exactly these codes.
pub fn rejected(
    name: impl Into<String>,
    codes: &[&'static str],
    make: impl Fn(&mut Place) + 'static,
) -> Attack {
    Attack { name: name.into(), make: Box::new(make), exit: 1, codes: codes.into(), about: Vec::new() }
}

impl Attack {
    /// What the findings must name, each of them.
    pub fn about(mut self, about: &[&'static str]) -> Self {
        self.about = about.into();
        self
    }

    /// Ends in another exit code than 1.
    pub fn exit(mut self, exit: i32) -> Self {
        self.exit = exit;
        self
    }
}

/// Where an attack is set up: a folder of its own and the shared repository.
pub struct Place {
    pub dir: tempfile::TempDir,
    pub repository: PathBuf,
    pub artifact: PathBuf,
    /// In the place of `--preset git-archive@1 --root r`.
    pub rules: Vec<String>,
    /// A policy's artifacts have the version in their names.
    named_by_policy: bool,
    /// Other arguments than those of `compare`.
    pub instead: Option<Vec<String>>,
}

impl Place {
    pub fn new(base: &Base) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let artifact = dir.path().join("r.tar");
        fs::write(&artifact, base.members.tar()).unwrap();
        let rules = ["--preset", "git-archive@1", "--root", "r"].map(String::from).to_vec();
        Self { dir, repository: base.repo.path(), artifact, rules, named_by_policy: false, instead: None }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes the artifact under the name that says its format.
    pub fn artifact(&mut self, name: &str, bytes: impl AsRef<[u8]>) {
        self.artifact = self.path(if self.named_by_policy { "r-1.tar" } else { name });
        fs::write(&self.artifact, bytes).unwrap();
    }

    /// Judges by a policy instead of arguments.
    pub fn policy(&mut self, more: &str) {
        let (one, two) = ("1".repeat(40), "2".repeat(40));
        let text = format!(
            "format: countersign/policy@v1\ngroups:\n  team: {{certificates: [{one}], note: \"x\"}}\n\
             projects:\n  a/b:\n    repository: https://git.example.org/a/b\n    tag: \"v{{version}}\"\n    \
             branches: [main]\n    taggers: {{any: [team]}}\n    signer: {two}\n    artifacts:\n      \
             - name: \"r-{{version}}.tar\"\n        root: r\n        preset: git-archive@1\n{more}"
        );
        let path = self.path("policy.yaml");
        fs::write(&path, text).unwrap();
        self.named_by_policy = true;
        self.rules = vec!["--policy".into(), path.display().to_string(), "--project".into(), "a/b".into()];
    }

    pub fn arguments(&self) -> Vec<String> {
        if let Some(instead) = &self.instead {
            return instead.clone();
        }
        let fixed = ["compare", "--tag", "v1", "--repository"].map(String::from);
        let given = [self.repository.display().to_string(), "--artifact".into()];
        let artifact = [self.artifact.display().to_string()];
        [&fixed[..], &given, &artifact, &self.rules].concat()
    }
}

/// The repository that most attacks are about, with the tag v1.
pub struct Base {
    pub repo: Repo,
    /// What its archive holds, byte by byte.
    pub members: Members,
}

impl Base {
    pub fn new() -> Self {
        let members = members::sample();
        let repo = Repo::init(&[]);
        members.check_out(&repo);
        repo.commit("all");
        repo.git(&["tag", "-a", "-m", "one", "v1"]);
        Self { repo, members }
    }
}

/// Everything below a folder, with what would show a change.
pub fn listing(folder: &Path) -> BTreeMap<PathBuf, String> {
    let mut all = BTreeMap::new();
    for entry in walkdir::WalkDir::new(folder) {
        let entry = entry.unwrap();
        let meta = entry.path().symlink_metadata().unwrap();
        let kind = meta.file_type();
        // A device or FIFO is only looked at.
        let told = if kind.is_file() && !kind.is_fifo() {
            let mut crc = flate2::Crc::new();
            if meta.len() < 1 << 24 {
                crc.update(&fs::read(entry.path()).unwrap());
            }
            crc.sum()
        } else {
            0
        };
        let stat = (meta.mode(), meta.size(), meta.mtime(), meta.mtime_nsec(), meta.ino(), told);
        all.insert(entry.path().into(), format!("{stat:?}"));
    }
    all
}

/// Sets up an attack, runs it and holds the answer against what is expected;
/// what is wrong, if anything.
pub fn run(base: &Base, attack: &Attack) -> Result<(), String> {
    let mut place = Place::new(base);
    (attack.make)(&mut place);
    let folders = [place.dir.path().to_path_buf(), base.repo.dir.path().to_path_buf()];
    let before = folders.each_ref().map(|folder| listing(folder));
    let started = Instant::now();
    let seen = watch::run(&place.arguments(), place.dir.path());
    let took = started.elapsed();
    let after = folders.each_ref().map(|folder| listing(folder));
    let mut wrong = seen.wrong;
    let ran = Ran::of(seen.output);
    if took > PATIENCE {
        wrong.push(format!("it took {took:?}"));
    }
    if before != after {
        wrong.push("files were changed".into());
    }
    if ran.stderr.contains("panicked") {
        wrong.push("it panicked".into());
    }
    if ran.code != attack.exit {
        wrong.push(format!("exit code {}, not {}", ran.code, attack.exit));
    }
    wrong.extend(judge(attack, &ran));
    if wrong.is_empty() {
        return Ok(());
    }
    Err(format!("{}: {wrong:#?}\n{}", attack.name, ran.stderr.chars().take(1500).collect::<String>()))
}

fn judge(attack: &Attack, ran: &Ran) -> Vec<String> {
    let Some(findings) = ran.document["findings"].as_sequence() else {
        return vec![format!("no document:\n{}", ran.stdout)];
    };
    let mut wrong = Vec::new();
    let text = |finding: &serde_yaml::Value, key: &str| finding[key].as_str().unwrap().to_string();
    let errors = findings.iter().filter(|finding| matches!(&*text(finding, "severity"), "error" | "failure"));
    let codes: BTreeSet<String> = errors.map(|finding| text(finding, "code")).collect();
    let all_expected =
        attack.codes.iter().all(|expected| expected.split('|').any(|code| codes.contains(code)));
    let none_else =
        codes.iter().all(|code| attack.codes.iter().any(|expected| expected.split('|').any(|e| e == code)));
    if !all_expected || !none_else {
        wrong.push(format!("told {codes:?}, not {:?}", attack.codes));
    }
    for about in &attack.about {
        let named = findings.iter().any(|finding| {
            text(finding, "subject").contains(about) || text(finding, "message").contains(about)
        });
        if !named {
            wrong.push(format!("{about} is not named"));
        }
    }
    wrong
}

/// Runs all rows; fails with everything that went wrong.
pub fn run_all(attacks: &[Attack]) {
    let base = Base::new();
    let control = rejected("the honest archive", &[], |_| {}).exit(0);
    let wrong: Vec<String> =
        [&control].into_iter().chain(attacks).filter_map(|attack| run(&base, attack).err()).collect();
    assert!(wrong.is_empty(), "{} of {} rows:\n{}", wrong.len(), attacks.len(), wrong.join("\n"));
}
