//! Which folders are repositories, and what a repository cannot make us do.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test fails by panicking"
)]

mod git_support;

use std::fs;
use std::os::unix::fs::symlink;

use countersign::git::{Format, GitError, Repository};
use git_support::{Repo, git_in, mkfifo, run};

#[test]
fn a_work_tree_and_a_bare_repository_open() {
    let repo = Repo::sample(&[]);
    let id = repo.id("HEAD");
    let bare = repo.dir.path().join("bare.git");
    run(git_in(repo.dir.path()).args(["clone", "-q", "--bare", "repo", "bare.git"]));
    for dir in [repo.path(), repo.git_dir(), bare] {
        let opened = Repository::open(&dir).expect("a repository");
        assert_eq!(opened.commit(&id).expect("a commit").id, id);
        assert_eq!(opened.object_format(), Format::Sha1);
    }
}

#[test]
fn no_repository_is_told_from_no_folder() {
    let dir = tempfile::tempdir().expect("a folder");
    let code = |path: &std::path::Path| Repository::open(path).expect_err("refused").code();
    assert_eq!(code(dir.path()), "not-a-repository");
    assert_eq!(code(&dir.path().join("none")), "repository-not-found");
    fs::write(dir.path().join("file"), "").expect("a file");
    assert_eq!(code(&dir.path().join("file")), "not-a-repository");
    // Parent folders are not searched.
    let repo = Repo::sample(&[]);
    assert_eq!(code(&repo.path().join("dir")), "not-a-repository");
}

#[test]
fn a_repository_without_head_objects_or_refs_is_none() {
    for part in ["HEAD", "objects", "refs"] {
        let repo = Repo::sample(&[]);
        fs::rename(repo.git_dir().join(part), repo.git_dir().join("gone")).expect("a rename");
        assert_eq!(repo.open_error().code(), "not-a-repository", "{part}");
    }
}

#[test]
fn a_dot_git_file_or_link_is_not_followed() {
    let repo = Repo::sample(&[]);
    run(git_in(&repo.path()).args(["worktree", "add", "-q", "--detach", "../linked"]));
    let linked = repo.dir.path().join("linked");
    assert_eq!(Repository::open(&linked).expect_err("refused").code(), "linked-work-tree");
    let private = repo.git_dir().join("worktrees/linked");
    assert_eq!(Repository::open(&private).expect_err("refused").code(), "linked-work-tree");

    let other = repo.dir.path().join("other");
    fs::create_dir(&other).expect("a folder");
    symlink(repo.git_dir(), other.join(".git")).expect("a link");
    assert_eq!(Repository::open(&other).expect_err("refused").code(), "repository-odd-file");
}

#[test]
fn files_of_the_work_tree_named_like_gits_own_do_not_matter() {
    let repo = Repo::sample(&[]);
    for name in ["commondir", "HEAD", "objects/x", "refs/x", "packed-refs", "reftable/x", "shallow"] {
        repo.write(name, "../elsewhere\n");
    }
    assert!(repo.open().commit(&repo.id("HEAD")).is_ok());
}

#[test]
fn links_and_fifos_in_place_of_gits_own_files_are_refused() {
    for part in ["HEAD", "objects", "refs", "packed-refs", "objects/pack", "objects/info"] {
        for fifo in [false, true] {
            let repo = Repo::sample(&[]);
            repo.git(&["pack-refs", "--all"]);
            repo.git(&["repack", "-q", "-a", "-d"]);
            let path = repo.git_dir().join(part);
            let moved = repo.dir.path().join("moved");
            fs::rename(&path, &moved).expect("a rename");
            if fifo {
                mkfifo(&path);
            } else {
                symlink(&moved, &path).expect("a link");
            }
            assert_eq!(repo.open_error().code(), "repository-odd-file", "{part} {fifo}");
        }
    }
}

#[test]
fn alternates_are_refused() {
    let repo = Repo::sample(&[]);
    run(git_in(repo.dir.path()).args(["clone", "-q", "--shared", "repo", "borrower"]));
    let error = Repository::open(&repo.dir.path().join("borrower")).expect_err("refused");
    assert!(matches!(error, GitError::HasAlternates { .. }), "{error}");
    assert!(!error.retryable());
}

#[test]
fn reftable_is_told_and_not_taken_for_an_empty_repository() {
    let repo = Repo::sample(&["--ref-format=reftable"]);
    assert_eq!(repo.open_error().code(), "reftable-unsupported");
}

#[test]
fn sha256_repositories_open_by_the_length_of_their_ids() {
    for packed in [false, true] {
        let repo = Repo::sample(&["--object-format=sha256"]);
        repo.git(&["tag", "-a", "v1", "-m", "one"]);
        if packed {
            repo.git(&["pack-refs", "--all"]);
            repo.git(&["repack", "-q", "-a", "-d"]);
        }
        // What the configuration says does not count.
        repo.write_git(
            "config",
            "[core]\n\trepositoryformatversion = 99\n[extensions]\n\tobjectFormat = md5\n",
        );
        let opened = repo.open();
        assert_eq!(opened.object_format(), Format::Sha256);
        assert_eq!(opened.tag("v1").expect("a tag").id.to_string().len(), 64);
    }
}

#[test]
fn an_id_of_the_other_hash_function_is_told() {
    let (one, two) = (Repo::sample(&[]), Repo::sample(&["--object-format=sha256"]));
    let error = one.open().commit(&two.id("HEAD")).expect_err("refused");
    assert_eq!(error.code(), "object-format-differs");
    one.write_git("refs/tags/v1", format!("{}\n", two.id("HEAD")));
    assert_eq!(one.open().tag("v1").expect_err("refused").code(), "object-format-differs");
}

#[test]
fn a_broken_configuration_and_hooks_do_not_matter() {
    let repo = Repo::sample(&[]);
    repo.write_git("config", "[core\nfsmonitor = touch /tmp/evil\n");
    assert!(repo.open().commit(&repo_head(&repo)).is_ok());
}

fn repo_head(repo: &Repo) -> countersign::release::ObjectId {
    let text = fs::read_to_string(repo.git_dir().join("refs/heads/main")).expect("a ref");
    countersign::release::ObjectId::parse(text.trim_end()).expect("an id")
}

#[test]
fn a_repository_of_another_user_opens() {
    // Only root can give files away; for others the test has nothing to show.
    let repo = Repo::sample(&[]);
    let chown = std::process::Command::new("chown").args(["-R", "12345:12345"]).arg(repo.path()).status();
    if rustix::process::geteuid().is_root() {
        assert!(chown.expect("chown").success());
        let git = git_in(&repo.path()).args(["rev-parse", "HEAD"]).output().expect("git");
        assert!(!git.status.success(), "git itself refuses, so this shows something");
    }
    assert!(repo.open().commit(&repo_head(&repo)).is_ok());
}
