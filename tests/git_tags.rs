//! Tags as the real git makes them, and refs nobody's git made.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test fails by panicking"
)]

mod git_support;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use countersign::git::{Kind, TagTarget};
use countersign::release::tag::{Signature, TargetKind, parse_tag};
use git_support::{Repo, git_in, mkfifo, run};

fn code(repo: &Repo, tag: &str) -> &'static str {
    repo.open().tag(tag).expect_err("refused").code()
}

#[test]
fn annotated_and_lightweight_tags_loose_and_packed() {
    let repo = Repo::sample(&[]);
    repo.git(&["tag", "-a", "v1", "-m", "one"]);
    repo.git(&["tag", "light"]);
    repo.git(&["tag", "blob", "HEAD:a.txt"]);
    repo.git(&["tag", "tree", "HEAD:dir"]);
    for packed in [false, true] {
        if packed {
            repo.git(&["pack-refs", "--all"]);
            repo.git(&["repack", "-q", "-a", "-d"]);
            assert!(!repo.git_dir().join("refs/tags/v1").exists());
        }
        let opened = repo.open();
        let tag = opened.tag("v1").expect("a tag");
        assert_eq!(tag.id, repo.id("refs/tags/v1"));
        let TagTarget::Annotated { raw } = tag.target else { panic!("{:?}", tag.target) };
        let parsed = parse_tag(&raw);
        assert_eq!(parsed.defects, []);
        assert_eq!(parsed.object, Some(repo.id("HEAD")));
        assert_eq!(parsed.target, Some(TargetKind::Commit));
        assert_eq!(parsed.signature, Signature::None);
        let light = opened.tag("light").expect("a tag");
        assert_eq!((light.id, light.target), (repo.id("HEAD"), TagTarget::Commit));
        assert_eq!(opened.tag("blob").expect("a tag").target, TagTarget::Other(Kind::Blob));
        assert_eq!(opened.tag("tree").expect("a tag").target, TagTarget::Other(Kind::Tree));
        let names: Vec<String> = opened.tags().expect("tags").into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["blob", "light", "tree", "v1"]);
    }
}

#[test]
fn a_loose_tag_hides_the_packed_one() {
    let repo = Repo::sample(&[]);
    repo.git(&["tag", "v1"]);
    repo.git(&["pack-refs", "--all"]);
    let second = repo.commit("second");
    repo.git(&["tag", "-f", "v1"]);
    assert_eq!(repo.open().tag("v1").expect("a tag").id, second);
    assert_eq!(repo.open().tags().expect("tags"), [("v1".to_string(), second)]);
}

#[test]
fn only_refs_tags_is_asked() {
    let repo = Repo::sample(&[]);
    repo.git(&["branch", "v1"]);
    repo.write_git("v1", format!("{}\n", repo.id("HEAD")));
    repo.write_git("refs/v1", format!("{}\n", repo.id("HEAD")));
    assert_eq!(code(&repo, "v1"), "tag-not-found");
    for odd in
        ["../heads/main", "../../HEAD", "-d", "a b", "x.lock", "", "/v1", "v1/", "a//b", "v1^{}", "@{1}"]
    {
        assert_eq!(code(&repo, odd), "bad-tag-name", "{odd}");
    }
    // A folder on the way, or a tag in place of a folder.
    repo.git(&["tag", "a/b"]);
    assert_eq!(code(&repo, "a"), "tag-not-found");
    assert_eq!(code(&repo, "a/b/c"), "tag-not-found");
}

#[test]
fn a_symbolic_linked_or_waiting_tag_is_refused() {
    let repo = Repo::sample(&[]);
    repo.git(&["tag", "v1"]);
    repo.write_git("refs/tags/symbolic", "ref: refs/tags/v1\n");
    assert_eq!(code(&repo, "symbolic"), "tag-symbolic");
    symlink("v1", repo.git_dir().join("refs/tags/linked")).expect("a link");
    assert_eq!(code(&repo, "linked"), "repository-odd-file");
    mkfifo(&repo.git_dir().join("refs/tags/fifo"));
    assert_eq!(code(&repo, "fifo"), "repository-odd-file");
    symlink("../heads", repo.git_dir().join("refs/tags/folder")).expect("a link");
    assert_eq!(code(&repo, "folder/main"), "repository-odd-file");
}

#[test]
fn refs_with_more_or_less_than_an_id_are_refused() {
    let repo = Repo::sample(&[]);
    let id = repo.id("HEAD").to_string();
    for bad in [
        "",
        "\n",
        &id[1..],
        &format!("{id}\n\n"),
        &format!("{id}\n{id}\n"),
        &id.to_uppercase(),
        &"x".repeat(5000),
    ] {
        repo.write_git("refs/tags/v1", bad);
        let code = code(&repo, "v1");
        assert!(matches!(code, "ref-malformed" | "repository-file-too-large"), "{code} for {bad:?}");
    }
    repo.write_git("refs/tags/v1", format!("{}\n", "1".repeat(40)));
    assert_eq!(code(&repo, "v1"), "object-missing");
}

#[test]
fn malformed_packed_refs_hide_no_tag() {
    let repo = Repo::sample(&[]);
    repo.git(&["tag", "v1"]);
    repo.git(&["pack-refs", "--all"]);
    let path = repo.git_dir().join("packed-refs");
    let good = fs::read_to_string(&path).expect("packed refs");
    for bad in
        [good.trim_end().to_string(), good.replace("refs/tags", "refs/../tags"), good.replace(' ', "\t")]
    {
        fs::write(&path, bad).expect("a file");
        assert_eq!(repo.open_error().code(), "ref-malformed");
    }
}

#[test]
fn enormous_ref_files_are_refused_unread() {
    let repo = Repo::sample(&[]);
    let file = fs::File::create(repo.git_dir().join("refs/tags/v1")).expect("a file");
    file.set_len(1 << 40).expect("a sparse file");
    assert_eq!(code(&repo, "v1"), "repository-file-too-large");
    let file = fs::File::create(repo.git_dir().join("packed-refs")).expect("a file");
    file.set_len(1 << 40).expect("a sparse file");
    assert_eq!(repo.open_error().code(), "repository-file-too-large");
}

#[test]
fn branches_are_local_and_of_remotes() {
    let repo = Repo::sample(&[]);
    let first = repo.id("HEAD");
    repo.git(&["branch", "stable/one"]);
    let second = repo.commit("second");
    run(git_in(repo.dir.path()).args(["clone", "-q", "repo", "clone"]));
    let clone = countersign::git::Repository::open(&repo.dir.path().join("clone")).expect("a repository");
    let found: Vec<_> =
        clone.branches().expect("branches").into_iter().map(|b| (b.remote, b.name, b.tip)).collect();
    let origin = Some("origin".to_string());
    // refs/remotes/origin/HEAD is symbolic: a name of another.
    assert_eq!(
        found,
        [
            (None, "main".into(), second),
            (origin.clone(), "main".into(), second),
            (origin, "stable/one".into(), first)
        ]
    );
    // Litter that git passes over.
    repo.write_git("refs/heads/x.lock", "");
    repo.write_git("refs/heads/.hidden", "litter");
    assert_eq!(repo.open().branches().expect("branches").len(), 2);
    mkfifo(&repo.git_dir().join("refs/heads/fifo"));
    assert_eq!(repo.open().branches().expect_err("refused").code(), "repository-odd-file");
}

fn gpg(home: &Path) -> Command {
    let mut command = Command::new("gpg");
    command.env("GNUPGHOME", home).args([
        "--batch",
        "--quiet",
        "--pinentry-mode",
        "loopback",
        "--passphrase",
        "",
    ]);
    command
}

#[test]
fn a_tag_signed_with_gpg_is_split_where_gpg_signed() {
    use std::os::unix::fs::PermissionsExt as _;
    let repo = Repo::sample(&[]);
    // Short, because the agent's socket lies in it.
    let home = tempfile::Builder::new().prefix("gpg").tempdir().expect("a folder");
    fs::set_permissions(home.path(), fs::Permissions::from_mode(0o700)).expect("chmod");
    run(gpg(home.path()).args(["--quick-generate-key", "T <t@example.org>", "ed25519", "sign", "never"]));
    let message = "Release\n\n -----BEGIN PGP SIGNATURE-----\nnot at the line's start above\n";
    run(git_in(&repo.path()).env("GNUPGHOME", home.path()).args([
        "tag",
        "-s",
        "-u",
        "t@example.org",
        "v1",
        "-m",
        message,
    ]));
    let TagTarget::Annotated { raw } = repo.open().tag("v1").expect("a tag").target else {
        panic!("lightweight")
    };
    let parsed = parse_tag(&raw);
    assert_eq!(parsed.defects, []);
    let Signature::OpenPgp(block) = parsed.signature else { panic!("{:?}", parsed.signature) };
    let (signature, payload) = (home.path().join("s.asc"), home.path().join("payload"));
    fs::write(&signature, block).expect("a file");
    fs::write(&payload, &parsed.payload).expect("a file");
    run(gpg(home.path()).arg("--verify").args([&signature, &payload]));
    // The agent would outlive the folder.
    run(Command::new("gpgconf").env("GNUPGHOME", home.path()).args(["--kill", "all"]));
}

#[test]
fn a_tag_signed_with_ssh_is_told_as_such() {
    let repo = Repo::sample(&[]);
    let key = repo.dir.path().join("key");
    run(Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&key));
    let signing = format!("user.signingKey={}", key.display());
    repo.git(&["-c", "gpg.format=ssh", "-c", &signing, "tag", "-s", "v1", "-m", "one"]);
    let TagTarget::Annotated { raw } = repo.open().tag("v1").expect("a tag").target else {
        panic!("lightweight")
    };
    let parsed = parse_tag(&raw);
    assert_eq!(parsed.defects, []);
    assert_eq!(parsed.signature.refusal(), None);
    let Signature::Ssh(block) = parsed.signature else { panic!("{:?}", parsed.signature) };
    let signature = repo.dir.path().join("s.sig");
    fs::write(&signature, block).expect("a file");
    let mut check = Command::new("ssh-keygen");
    git_support::run_with_input(
        check.args(["-Y", "check-novalidate", "-n", "git", "-s"]).arg(&signature),
        &parsed.payload,
    );
}

#[test]
fn a_tag_signed_with_cms_like_gitsign_does_is_told_as_such() {
    let repo = Repo::sample(&[]);
    // gitsign and smimesign are called as gpg.x509.program; any program that
    // answers with their armour and gpg's status line does.
    let program = repo.dir.path().join("signer");
    let armour = "-----BEGIN SIGNED MESSAGE-----\nMIIEAgYJKoZIhvcNAQcCoIID8zCCA+8CAQExDTALBglghkgBZQMEAgEwCwYJKoZI\n-----END SIGNED MESSAGE-----";
    fs::write(
        &program,
        format!("#!/bin/sh\ncat >/dev/null\necho '{armour}'\nprintf '\\n[GNUPG:] SIG_CREATED D 1 8 00 1 A\\n' >&2\n"),
    )
    .expect("a file");
    run(Command::new("chmod").arg("755").arg(&program));
    let config = format!("gpg.x509.program={}", program.display());
    repo.git(&["-c", "gpg.format=x509", "-c", &config, "tag", "-s", "-u", "x", "v1", "-m", "one"]);
    let TagTarget::Annotated { raw } = repo.open().tag("v1").expect("a tag").target else {
        panic!("lightweight")
    };
    let parsed = parse_tag(&raw);
    assert_eq!(parsed.defects, []);
    assert_eq!(parsed.signature.refusal().map(|(code, _)| code), Some("tag-x509-signed"));
}

#[test]
fn nested_tags_say_so() {
    let repo = Repo::sample(&[]);
    repo.git(&["tag", "-a", "v1", "-m", "one"]);
    repo.git(&["tag", "-a", "outer", "v1", "-m", "two"]);
    let TagTarget::Annotated { raw } = repo.open().tag("outer").expect("a tag").target else {
        panic!("lightweight")
    };
    assert_eq!(parse_tag(&raw).target, Some(TargetKind::Tag));
}
