//! Trees, blobs, commits and ancestry against the real git, and damaged ones.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test fails by panicking"
)]

mod git_support;

use std::fs;
use std::os::unix::fs::symlink;

use countersign::release::tree::{Mode, TreeEntry};
use countersign::release::{ObjectId, TreePath};
use git_support::{Repo, git_in, mkfifo, run};

/// `git ls-tree -r` in the words of our own type.
fn ls_tree(repo: &Repo, name: &str) -> Vec<TreeEntry> {
    let lines = repo.git(&["ls-tree", "-r", "-z", name]);
    let parse = |line: &str| {
        let (facts, path) = line.split_once('\t').expect("a path");
        let fields: Vec<&str> = facts.split(' ').collect();
        let mode = match fields[0] {
            "100644" => Mode::Regular,
            "100755" => Mode::Executable,
            "120000" => Mode::Symlink,
            "160000" => Mode::Submodule,
            other => panic!("{other}"),
        };
        TreeEntry { path: path.into(), mode, id: ObjectId::parse(fields[2]).expect("an id") }
    };
    let mut entries: Vec<_> = lines.split('\0').filter(|line| !line.is_empty()).map(parse).collect();
    entries.sort_by(|a, b| a.path.cmp(&b.path));
    entries
}

#[test]
fn trees_are_those_of_git_ls_tree() {
    for format in ["sha1", "sha256"] {
        let repo = Repo::sample(&[&format!("--object-format={format}")]);
        for number in 0..300 {
            repo.write(&format!("many/{}/f{number}.txt", number % 7), format!("{number}\n"));
        }
        repo.write("naïve file", "x");
        repo.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{},sub", repo.id("HEAD"))]);
        let commit = repo.commit("more");
        for packed in [false, true] {
            if packed {
                repo.git(&["repack", "-q", "-a", "-d", "-f"]);
            }
            let opened = repo.open();
            let tree = opened.tree(&commit, &TreePath::default()).expect("a tree");
            assert_eq!(tree, ls_tree(&repo, "HEAD"));
            assert_eq!(
                opened.tree(&commit, &"many/3".into()).expect("a tree"),
                ls_tree(&repo, "HEAD:many/3")
            );
            for entry in tree.iter().filter(|entry| entry.mode != Mode::Submodule) {
                let blob = opened.blob(&entry.id, 1 << 20).expect("a blob");
                assert_eq!(opened.blob_size(&entry.id).expect("a size"), blob.len() as u64);
            }
        }
    }
}

#[test]
fn a_subdirectory_is_a_folder_and_exists() {
    let repo = Repo::sample(&[]);
    let (opened, head) = (repo.open(), repo.id("HEAD"));
    for path in ["none", "a.txt", "link", "dir/none", "dir/b.txt/x", "/dir", "dir/", "../repo", "."] {
        let error = opened.tree(&head, &path.into()).expect_err("refused");
        assert_eq!(error.code(), "subdirectory-not-found", "{path}");
    }
}

#[test]
fn an_empty_tree_needs_no_object() {
    for format in ["sha1", "sha256"] {
        let repo = Repo::init(&[&format!("--object-format={format}")]);
        let commit = repo.commit("empty");
        assert_eq!(repo.open().tree(&commit, &TreePath::default()).expect("a tree"), []);
    }
}

#[test]
fn kinds_and_bounds_are_kept() {
    let repo = Repo::sample(&[]);
    let (opened, head) = (repo.open(), repo.id("HEAD"));
    let blob = repo.id("HEAD:a.txt");
    assert_eq!(opened.blob(&blob, 6).expect("a blob"), b"hello\n");
    assert_eq!(opened.blob(&blob, 5).expect_err("refused").code(), "object-too-large");
    assert_eq!(opened.blob(&head, 1 << 20).expect_err("refused").code(), "object-kind-differs");
    assert_eq!(opened.commit(&blob).expect_err("refused").code(), "object-kind-differs");
    assert_eq!(opened.tag_object(&head).expect_err("refused").code(), "object-kind-differs");
    let missing = ObjectId::Sha1([7; 20]);
    assert_eq!(opened.blob(&missing, 1).expect_err("refused").code(), "object-missing");
}

#[test]
fn a_commit_is_read_as_git_shows_it() {
    let repo = Repo::sample(&[]);
    repo.write("x", "x");
    repo.commit("subject\n\nbody");
    let commit = repo.open().commit(&repo.id("HEAD")).expect("a commit");
    assert_eq!(commit.parents, [repo.id("HEAD~1")]);
    assert_eq!(commit.tree, repo.id("HEAD^{tree}"));
    assert_eq!((commit.author.name.as_slice(), commit.author.offset_minutes), (&b"A U Thor"[..], 60));
    assert_eq!((commit.committer.time.unix(), commit.committer.offset_minutes), (1_700_000_100, -150));
    assert_eq!(commit.message, b"subject\n\nbody\n");
}

#[test]
fn a_loose_object_under_another_ones_id_is_refused() {
    let repo = Repo::sample(&[]);
    repo.write("evil", "evil\n");
    repo.commit("evil");
    let (good, evil) = (repo.id("HEAD:a.txt"), repo.id("HEAD:evil"));
    fs::remove_file(repo.loose(&good)).expect("removed");
    fs::copy(repo.loose(&evil), repo.loose(&good)).expect("copied");
    assert_eq!(repo.open().blob(&good, 100).expect_err("refused").code(), "object-corrupt");
}

#[test]
fn a_damaged_loose_object_is_refused() {
    let repo = Repo::sample(&[]);
    let id = repo.id("HEAD:a.txt");
    let bytes = fs::read(repo.loose(&id)).expect("an object");
    fs::remove_file(repo.loose(&id)).expect("removed");
    for damaged in [vec![], bytes[..bytes.len() / 2].to_vec(), b"garbage that is no zlib stream".to_vec()] {
        fs::write(repo.loose(&id), damaged).expect("an object");
        assert_eq!(repo.open().blob(&id, 100).expect_err("refused").code(), "object-corrupt");
    }
}

#[test]
fn every_damaged_byte_of_a_pack_is_noticed() {
    use std::os::unix::fs::PermissionsExt as _;
    let repo = Repo::sample(&[]);
    let text: String = (0..400).map(|number| format!("line {number}\n")).collect();
    repo.write("big", &text);
    repo.commit("big");
    repo.write("big", text.replace("line 7\n", "line seven\n"));
    let head = repo.commit("delta");
    repo.git(&["repack", "-q", "-a", "-d", "-f"]);
    let id = repo.id("HEAD~:big");
    let folder = repo.git_dir().join("objects/pack");
    let mut packs = fs::read_dir(&folder).expect("packs").map(|entry| entry.expect("an entry").path());
    let pack = packs.find(|path| path.extension().is_some_and(|e| e == "pack")).expect("a pack");
    fs::set_permissions(&pack, fs::Permissions::from_mode(0o644)).expect("chmod");
    let good = fs::read(&pack).expect("a pack");
    let whole = |opened: &countersign::git::Repository| {
        let mut all = opened.blob(&id, 1 << 20)?;
        for entry in opened.tree(&head, &TreePath::default())? {
            all.extend(opened.blob(&entry.id, 1 << 20)?);
        }
        Ok::<_, countersign::git::GitError>(all)
    };
    let expected = whole(&repo.open()).expect("whole");
    for at in (12..good.len() - 20).step_by(7) {
        let mut bad = good.clone();
        bad[at] ^= 0x55;
        fs::write(&pack, &bad).expect("a pack");
        // Some bytes belong to objects that are not read, or say nothing
        // (zlib's compression level); none gives other bytes.
        if let Ok(bytes) = whole(&repo.open()) {
            assert_eq!(bytes, expected, "byte {at}");
        }
    }
}

#[test]
fn fifos_and_links_among_the_objects_are_refused() {
    let repo = Repo::sample(&[]);
    let id = repo.id("HEAD:a.txt");
    let moved = repo.dir.path().join("moved");
    fs::rename(repo.loose(&id), &moved).expect("a rename");
    symlink(&moved, repo.loose(&id)).expect("a link");
    assert_eq!(repo.open().blob(&id, 100).expect_err("refused").code(), "repository-odd-file");
    fs::remove_file(repo.loose(&id)).expect("removed");
    mkfifo(&repo.loose(&id));
    assert_eq!(repo.open().blob(&id, 100).expect_err("refused").code(), "repository-odd-file");
    assert_eq!(repo.open().blob_size(&id).expect_err("refused").code(), "repository-odd-file");

    let repo = Repo::sample(&[]);
    mkfifo(&repo.git_dir().join("objects/pack/pack-1.idx"));
    assert_eq!(repo.open_error().code(), "repository-odd-file");
    // A whole fan-out folder led elsewhere.
    let repo = Repo::sample(&[]);
    let id = repo.id("HEAD:a.txt");
    let fan = repo.loose(&id).parent().expect("a folder").to_path_buf();
    let moved = repo.dir.path().join("moved");
    fs::rename(&fan, &moved).expect("a rename");
    symlink(&moved, &fan).expect("a link");
    assert_eq!(repo.open().blob(&id, 100).expect_err("refused").code(), "repository-odd-file");
}

fn line(mode: &str, name: &str, id: &ObjectId) -> Vec<u8> {
    [format!("{mode} {name}\0").as_bytes(), id.as_bytes()].concat()
}

fn commit_of(repo: &Repo, tree: &ObjectId) -> ObjectId {
    let raw = format!("tree {tree}\nauthor A <a@x> 1 +0000\ncommitter A <a@x> 1 +0000\n\nx\n");
    repo.hash_object("commit", raw.as_bytes())
}

#[test]
fn dangerous_paths_are_reported_and_duplicates_refused() {
    let repo = Repo::sample(&[]);
    let blob = repo.id("HEAD:a.txt");
    let tree =
        repo.hash_object("tree", &[line("100644", "..", &blob), line("100644", ".git", &blob)].concat());
    let entries = repo.open().tree(&commit_of(&repo, &tree), &TreePath::default()).expect("a tree");
    assert!(entries.iter().all(|entry| entry.path.defect().is_some()), "{entries:?}");
    let twice = [line("100644", "a", &blob), line("100644", "a", &blob)].concat();
    for (what, bad) in [
        ("twice", twice),
        ("slash", line("100644", "a/b", &blob)),
        ("mode", line("104755", "a", &blob)),
        ("cut", line("100644", "a", &blob)[..20].to_vec()),
    ] {
        let tree = repo.hash_object("tree", &bad);
        let error = repo.open().tree(&commit_of(&repo, &tree), &TreePath::default()).expect_err("refused");
        assert_eq!(error.code(), "object-malformed", "{what}");
    }
    let tree = repo.hash_object("tree", &line("100664", "a", &blob));
    let entries = repo.open().tree(&commit_of(&repo, &tree), &TreePath::default()).expect("a tree");
    assert_eq!(entries[0].mode, Mode::Regular);
}

#[test]
fn a_git_bomb_ends_at_the_bound() {
    let repo = Repo::sample(&[]);
    let mut id = repo.id("HEAD:a.txt");
    let mut mode = "100644";
    for _ in 0..10 {
        let tree: Vec<u8> = (0..10).flat_map(|n| line(mode, &format!("f{n}"), &id)).collect();
        id = repo.hash_object("tree", &tree);
        mode = "40000";
    }
    let error = repo.open().tree(&commit_of(&repo, &id), &TreePath::default()).expect_err("refused");
    assert_eq!(error.code(), "tree-too-large");
}

#[test]
fn a_tree_of_endless_depth_ends_at_the_bound() {
    let repo = Repo::sample(&[]);
    let mut id = repo.hash_object("tree", &line("100644", "f", &repo.id("HEAD:a.txt")));
    for _ in 0..300 {
        id = repo.hash_object("tree", &line("40000", "d", &id));
    }
    let error = repo.open().tree(&commit_of(&repo, &id), &TreePath::default()).expect_err("refused");
    assert_eq!(error.code(), "tree-too-large");
}

#[test]
fn ancestry_is_that_of_git_merge_base() {
    let repo = Repo::sample(&[]);
    repo.git(&["checkout", "-q", "-b", "side"]);
    repo.commit("side 1");
    repo.commit("side 2");
    repo.git(&["checkout", "-q", "main"]);
    repo.commit("main 1");
    repo.git(&["merge", "-q", "--no-ff", "-m", "merge", "side~1"]);
    repo.commit("main 2");
    repo.git(&["checkout", "-q", "--orphan", "other"]);
    repo.commit("unrelated");
    let all: Vec<ObjectId> =
        repo.git(&["rev-list", "--all"]).lines().map(|id| ObjectId::parse(id).expect("an id")).collect();
    assert_eq!(all.len(), 7);
    let opened = repo.open();
    for commit in &all {
        let mut expected = Vec::new();
        for tip in &all {
            let args = ["merge-base", "--is-ancestor", &commit.to_string(), &tip.to_string()];
            let yes = git_in(&repo.path()).args(args).status().expect("git").success();
            assert_eq!(opened.reaches(tip, commit).expect("an answer"), yes);
            expected.push(yes);
        }
        assert_eq!(opened.reached_from(&all, commit).expect("an answer"), expected);
    }
}

#[test]
fn descendants_are_those_of_git_rev_list_ancestry_path() {
    let repo = Repo::init(&[]);
    let mut stream = String::new();
    for mark in 1..=40 {
        stream.push_str(&format!("commit refs/heads/b{}\nmark :{mark}\n", mark % 3));
        stream.push_str(&format!("committer C <c@x> {} +0000\ndata 1\nx\n", 1_700_000_000 + mark));
        if mark > 1 {
            stream.push_str(&format!("from :{}\n", mark - 1 - (mark * 7 % 3).min(mark - 2)));
        }
        if mark % 5 == 0 {
            stream.push_str(&format!("merge :{}\n", mark / 2));
        }
    }
    git_support::run_with_input(
        git_in(&repo.path()).args(["fast-import", "--quiet", "--force"]),
        stream.as_bytes(),
    );
    let opened = repo.open();
    let tips: Vec<ObjectId> =
        opened.branches().expect("branches").into_iter().map(|branch| branch.tip).collect();
    let all = repo.git(&["rev-list", "--all"]);
    let mut some = 0;
    for commit in all.lines() {
        let id = ObjectId::parse(commit).expect("an id");
        let mut expected: Vec<ObjectId> = repo
            .git(&["rev-list", "--all", "--ancestry-path", &format!("^{commit}")])
            .lines()
            .map(|id| ObjectId::parse(id).expect("an id"))
            .collect();
        let mut found = opened.descendants(&tips, &id, 1000).expect("descendants");
        some += found.len();
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected, "{commit}");
    }
    assert!(some > 100, "{some}");
    let child = repo.git(&["rev-list", "--all", "--reverse", "--children"]);
    let fields: Vec<&str> = child.lines().next().expect("a line").split(' ').collect();
    let nearest =
        opened.descendants(&tips, &ObjectId::parse(fields[0]).expect("an id"), 1000).expect("descendants");
    assert!(fields[1..].contains(&nearest[0].to_string().as_str()));
    assert!(
        opened.descendants(&tips, &ObjectId::parse(fields[0]).expect("an id"), 3).expect("few").is_empty()
    );
}

#[test]
fn replacement_refs_grafts_and_a_commit_graph_change_no_answer() {
    let repo = Repo::sample(&[]);
    let first = repo.id("HEAD");
    let second = repo.commit("second");
    repo.git(&["checkout", "-q", "--orphan", "evil"]);
    let evil = repo.commit("evil");
    repo.write_git("info/grafts", format!("{second} {evil}\n"));
    assert_eq!(repo.git(&["rev-list", "main"]).lines().count(), 2);
    assert_eq!(
        repo.git(&["merge-base", "--is-ancestor", &evil.to_string(), "main"]),
        "",
        "git believes the graft"
    );
    assert!(!repo.open().reaches(&second, &evil).expect("an answer"));
    assert!(repo.open().reaches(&second, &first).expect("an answer"));
    fs::remove_file(repo.git_dir().join("info/grafts")).expect("removed");

    repo.git(&["replace", "--graft", &second.to_string(), &evil.to_string()]);
    assert_eq!(repo.git(&["merge-base", "--is-ancestor", &evil.to_string(), "main"]), "", "git believes it");
    assert!(!repo.open().reaches(&second, &evil).expect("an answer"));
    let commit = repo.open().commit(&second).expect("a commit");
    assert_eq!(commit.parents, [first]);
}

#[test]
fn a_shallow_history_answers_yes_or_cannot_decide() {
    let repo = Repo::sample(&[]);
    let first = repo.id("HEAD");
    let second = repo.commit("second");
    let third = repo.commit("third");
    let url = format!("file://{}", repo.path().display());
    run(git_in(repo.dir.path()).args(["clone", "-q", "--depth", "2", &url, "shallow"]));
    let shallow = countersign::git::Repository::open(&repo.dir.path().join("shallow")).expect("a repository");
    assert!(shallow.reaches(&third, &second).expect("an answer"));
    assert!(shallow.reaches(&third, &first).expect("the parent's id is known"));
    let stranger = ObjectId::Sha1([9; 20]);
    let error = shallow.reaches(&third, &stranger).expect_err("undecided");
    assert_eq!(error.code(), "repository-shallow");
    assert!(!repo.open().reaches(&third, &stranger).expect("an answer"));
}

#[test]
fn a_missing_parent_is_never_a_no() {
    let repo = Repo::sample(&[]);
    let first = repo.id("HEAD");
    let second = repo.commit("second");
    fs::remove_file(repo.loose(&first)).expect("removed");
    let error = repo.open().reaches(&second, &ObjectId::Sha1([9; 20])).expect_err("undecided");
    assert_eq!(error.code(), "object-missing");
    repo.write_git("objects/pack/pack-1.promisor", "");
    let error = repo.open().reaches(&second, &ObjectId::Sha1([9; 20])).expect_err("undecided");
    assert_eq!(error.code(), "repository-partial");
}
