//! What reading a repository opens and runs, seen from outside by strace.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test fails by panicking"
)]

mod git_support;

use std::path::Path;
use std::process::Command;

use countersign::git::{Repository, TagTarget};
use countersign::release::TreePath;
use countersign::release::tag::parse_tag;
use git_support::{Repo, git_in, run};

const CHILD: &str = "GIT_STRACE_CHILD";
/// Looked up by the child around its work, so that the trace shows where it is.
const BEGIN: &str = "/marker-begin";
const END: &str = "/marker-end";

/// Everything that is ever done with a repository. Under strace this test
/// binary runs itself again with only this test.
#[test]
fn read_all() {
    let Some(dir) = std::env::var_os(CHILD) else { return };
    assert!(!Path::new(BEGIN).exists());
    let repo = Repository::open(Path::new(&dir)).expect("a repository");
    let TagTarget::Annotated { raw } = repo.tag("v1").expect("a tag").target else { panic!("lightweight") };
    let commit = parse_tag(&raw).object.expect("a commit");
    for entry in repo.tree(&commit, &TreePath::default()).expect("a tree") {
        repo.blob(&entry.id, 1 << 20).expect("a blob");
    }
    repo.tags().expect("tags");
    for branch in repo.branches().expect("branches") {
        assert!(repo.reaches(&branch.tip, &commit).expect("an answer"));
    }
    assert!(!Path::new(END).exists());
}

/// The system calls that name a file or start a program, between the markers.
fn trace(dir: &Path) -> Vec<String> {
    let log = dir.parent().expect("a parent").join("trace");
    let mut strace = Command::new("strace");
    strace.args(["-f", "-y", "-qq", "-e", "trace=%file,%process,%network", "-o"]).arg(&log);
    strace.arg(std::env::current_exe().expect("this test")).args(["--exact", "read_all", "--test-threads=1"]);
    run(strace.env(CHILD, dir).env("GIT_DIR", "/nowhere").env("GIT_OBJECT_DIRECTORY", "/nowhere"));
    let text = std::fs::read_to_string(&log).expect("a trace");
    let lines = text.lines().skip_while(|line| !line.contains(BEGIN)).skip(1);
    let lines: Vec<String> = lines.take_while(|line| !line.contains(END)).map(Into::into).collect();
    assert!(!lines.is_empty() && text.contains(END));
    lines
}

#[test]
fn only_objects_and_refs_of_the_repository_are_opened_and_nothing_runs() {
    let repo = Repo::sample(&[]);
    repo.commit("second");
    repo.git(&["tag", "-a", "v1", "-m", "one"]);
    repo.git(&["repack", "-q", "-a", "-d"]);
    repo.git(&["pack-refs", "--all"]);
    repo.commit("third");
    repo.git(&["commit-graph", "write", "--reachable"]);
    repo.git(&["multi-pack-index", "write"]);
    repo.git(&["replace", "HEAD", "HEAD~1"]);
    repo.write_git("info/grafts", "");
    run(git_in(&repo.path()).args(["config", "core.fsmonitor", "touch /tmp/evil"]));
    repo.write(".gitattributes", "* filter=evil\n");
    let git_dir = format!("{}/", repo.git_dir().display());
    let mut opened = 0;
    for line in trace(&repo.path()) {
        // `PID  call(…`: the folder of this checkout may have any name.
        let call = line.split_whitespace().nth(1).and_then(|text| text.split('(').next()).unwrap_or(&line);
        for runs in ["exec", "socket", "connect", "clone", "fork"] {
            assert!(!call.contains(runs), "{line}");
        }
        // `openat(FD</folder>, "name", …)` or `openat(AT_FDCWD</cwd>, "/path", …)`.
        let folder =
            line.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map_or("", |(path, _)| path);
        let name =
            line.split_once('"').and_then(|(_, rest)| rest.split_once('"')).map_or("", |(name, _)| name);
        if name.is_empty() {
            // fstat and the like, on what was opened before.
            continue;
        }
        let path = if name.starts_with('/') { name.to_string() } else { format!("{folder}/{name}") };
        // libgit2 draws a random seed when it is first used.
        if path == repo.path().display().to_string() || path == "/dev/urandom" {
            continue;
        }
        let inside = format!("{path}/");
        assert!(inside.starts_with(&git_dir), "outside the repository: {line}");
        let looks = !line.contains(" open");
        let rest = &inside[git_dir.len()..];
        let allowed = ["", "HEAD/", "packed-refs/", "refs/", "objects/"];
        let asked = ["commondir/", "reftable/", "shallow/"];
        assert!(
            allowed.iter().any(|start| rest.starts_with(start) && (!start.is_empty() || rest.is_empty()))
                || (looks && asked.contains(&rest)),
            "not needed: {line}"
        );
        for never in
            ["config", "commit-graph", "multi-pack-index", "grafts", "replace", "hooks", "index/", "logs"]
        {
            assert!(!rest.contains(never), "believed: {line}");
        }
        assert!(looks || !rest.contains("alternates"), "{line}");
        opened += usize::from(!looks);
    }
    assert!(opened > 5, "the trace shows what it should");
}

#[test]
fn sha1_is_computed_with_collision_detection() {
    // libgit2 can be built with other SHA-1 code; the message of the
    // detecting one is in the binary only if that one is linked.
    let binary = std::fs::read(std::env::current_exe().expect("this test")).expect("a binary");
    let message: Vec<u8> = ["SHA1 collision", " attack ", "detected"].concat().into_bytes();
    assert!(binary.windows(message.len()).any(|window| window == message));
}
