//! Repositories that were made to mislead a reader, or to keep it busy.

use super::members::sample;
use super::trees::keep;
use super::{Attack, Place, rejected};
use crate::git_support::{Repo, git_in, mkfifo, run};
use crate::pack;
use countersign::release::ObjectId;
use std::fs;
use std::os::unix::fs::symlink;

/// A repository of its own, with everything committed and the tag v1.
fn fresh() -> Repo {
    let repo = Repo::init(&[]);
    sample().check_out(&repo);
    repo.commit("all");
    repo.git(&["tag", "-a", "-m", "one", "v1"]);
    repo
}

/// A fresh repository after `spoil`, with the honest artifact.
fn spoilt(name: &str, exit: i32, codes: &[&'static str], spoil: impl Fn(&Repo) + 'static) -> Attack {
    let make = move |place: &mut Place| {
        let repo = fresh();
        spoil(&repo);
        keep(place, repo);
    };
    rejected(name, codes, make).exit(exit)
}

/// A repository whose tag names a tree of these raw lines.
fn with_tree(name: &str, exit: i32, codes: &[&'static str], lines: fn(&Repo) -> Vec<u8>) -> Attack {
    spoilt(name, exit, codes, move |repo| {
        let tree = repo.hash_object("tree", &lines(repo));
        tag_tree(repo, &tree);
    })
}

fn tag_tree(repo: &Repo, tree: &ObjectId) {
    let raw = format!("tree {tree}\nauthor A <a@x> 1 +0000\ncommitter A <a@x> 1 +0000\n\nx\n");
    let commit = repo.hash_object("commit", raw.as_bytes());
    repo.write_git("refs/tags/v1", format!("{commit}\n"));
}

fn line(mode: &str, name: &str, id: &ObjectId) -> Vec<u8> {
    [format!("{mode} {name}\0").as_bytes(), id.as_bytes()].concat()
}

/// All of them.
pub fn repositories() -> Vec<Attack> {
    let mut all = elsewhere();
    all.extend(believed());
    all.extend(malformed_trees());
    all.extend(large());
    all.extend(damaged());
    all.extend(packs());
    all.extend(refs());
    all
}

/// Repositories that lead to other places, or are not whole.
fn elsewhere() -> Vec<Attack> {
    vec![
        spoilt("objects borrowed by alternates", 3, &["repository-has-alternates"], |repo| {
            repo.write_git("objects/info/alternates", "/tmp\n");
        }),
        rejected("a .git file that points elsewhere", &["linked-work-tree"], |place| {
            fs::create_dir(place.path("repo")).unwrap();
            fs::write(place.path("repo/.git"), "gitdir: /tmp\n").unwrap();
            place.repository = place.path("repo");
        })
        .exit(3),
        rejected(".git as link to another repository", &["repository-odd-file"], |place| {
            let other = place.repository.join(".git");
            fs::create_dir(place.path("repo")).unwrap();
            symlink(other, place.path("repo/.git")).unwrap();
            place.repository = place.path("repo");
        })
        .exit(3),
        spoilt("a commondir file that points elsewhere", 3, &["linked-work-tree"], |repo| {
            repo.write_git("commondir", "/tmp\n");
        }),
        spoilt("objects as link to elsewhere", 3, &["repository-odd-file"], |repo| {
            fs::rename(repo.git_dir().join("objects"), repo.git_dir().join("moved")).unwrap();
            symlink("moved", repo.git_dir().join("objects")).unwrap();
        }),
        spoilt("HEAD as FIFO", 3, &["repository-odd-file"], |repo| {
            fs::remove_file(repo.git_dir().join("HEAD")).unwrap();
            mkfifo(&repo.git_dir().join("HEAD"));
        }),
        spoilt("a pack as FIFO", 3, &["repository-odd-file|pack-malformed"], |repo| {
            repo.git(&["repack", "-q", "-a", "-d"]);
            let pack = only(&repo.git_dir().join("objects/pack"), "pack");
            fs::remove_file(&pack).unwrap();
            mkfifo(&pack);
        }),
        spoilt("a loose object as FIFO", 3, &["repository-odd-file"], |repo| {
            let path = repo.loose(&repo.id("v1^{tree}"));
            fs::remove_file(&path).unwrap();
            mkfifo(&path);
        }),
        spoilt("refs kept as reftable", 3, &["reftable-unsupported"], |repo| {
            fs::create_dir(repo.git_dir().join("reftable")).unwrap();
        }),
        spoilt("shallow clone without the tree", 3, &["repository-shallow"], |repo| {
            repo.write_git("shallow", format!("{}\n", repo.id("HEAD")));
            fs::remove_file(repo.loose(&repo.id("v1^{tree}"))).unwrap();
        }),
        spoilt("partial clone that would fetch the tree", 3, &["repository-partial"], |repo| {
            repo.git(&["config", "remote.origin.promisor", "true"]);
            repo.git(&["config", "remote.origin.url", "https://git.example.org/x"]);
            repo.write_git("objects/pack/pack-1.promisor", "");
            fs::remove_file(repo.loose(&repo.id("v1^{tree}"))).unwrap();
        }),
        spoilt("control: a repository of another user", 0, &[], |repo| {
            if rustix::process::geteuid().is_root() {
                run(std::process::Command::new("chown").args(["-R", "12345:12345"]).arg(repo.path()));
            }
        }),
        spoilt("control: configuration, hooks and filters that run programs", 0, &[], |repo| {
            repo.write_git(
                "config",
                "[core]\n\tfsmonitor = touch executed\n\thooksPath = .\n\trepositoryformatversion = 99\n\
                 [filter \"x\"]\n\tsmudge = touch executed\n[include]\n\tpath = /etc/passwd\n",
            );
            repo.write_git("info/attributes", "* filter=x ident\n");
            repo.write_git("hooks/post-checkout", "#!/bin/sh\ntouch executed\n");
        }),
    ]
}

fn only(folder: &std::path::Path, extension: &str) -> std::path::PathBuf {
    let mut files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.find(|path| path.extension().is_some_and(|found| found == extension)).unwrap()
}

/// What git itself believes, used to let evil content in: the artifact is the
/// one that `git archive` makes there.
fn believed() -> Vec<Attack> {
    let evil = |name: &str, codes: &[&'static str], spoil: fn(&Repo)| {
        rejected(name, codes, move |place| {
            let repo = fresh();
            spoil(&repo);
            let tar = place.path("r.tar");
            let output = format!("--output={}", tar.display());
            run(git_in(&repo.path()).args(["archive", "--prefix=r/", &output, "v1"]));
            place.artifact = tar;
            keep(place, repo);
        })
        .about(&["src/main.c"])
    };
    vec![
        evil(
            "a replaced commit",
            &["modified-file", "missing-file", "archive-of-other-commit|modified-file"],
            |repo| {
                let good = repo.id("HEAD");
                repo.git(&["checkout", "-q", "--orphan", "evil"]);
                fs::remove_file(repo.path().join(".gitattributes")).unwrap();
                repo.write("src/main.c", "evil\n");
                repo.commit("evil");
                let evil = repo.id("HEAD");
                repo.git(&["checkout", "-q", "main"]);
                repo.git(&["replace", &good.to_string(), &evil.to_string()]);
            },
        ),
        evil("a replaced blob", &["modified-file"], |repo| {
            // Without attributes, so that git archive changes nothing else.
            fs::remove_file(repo.path().join(".gitattributes")).unwrap();
            repo.commit("no attributes");
            repo.git(&["tag", "-f", "-a", "-m", "one", "v1"]);
            let evil = repo.git_with_input(&["hash-object", "-w", "--stdin"], b"evil\n");
            repo.git(&["replace", &repo.id("HEAD:src/main.c").to_string(), &evil]);
        }),
    ]
}

fn malformed_trees() -> Vec<Attack> {
    let malformed = &["object-malformed"];
    fn blob(repo: &Repo) -> ObjectId {
        repo.id("HEAD:README")
    }
    vec![
        with_tree("one name twice in a tree", 3, malformed, |repo| {
            [line("100644", "a", &blob(repo)), line("100644", "a", &blob(repo))].concat()
        }),
        with_tree("file and folder of one name in a tree", 3, malformed, |repo| {
            let tree = repo.id("HEAD:src");
            [line("100644", "a", &blob(repo)), line("40000", "a", &tree)].concat()
        }),
        with_tree("tree that is not sorted", 3, malformed, |repo| {
            [line("100644", "b", &blob(repo)), line("100644", "a", &blob(repo))].concat()
        }),
        with_tree("slash in a name of a tree", 3, malformed, |repo| line("100644", "a/b", &blob(repo))),
        with_tree("empty name in a tree", 3, malformed, |repo| line("100644", "", &blob(repo))),
        with_tree("setuid mode in a tree", 3, malformed, |repo| line("104755", "a", &blob(repo))),
        with_tree("device mode in a tree", 3, malformed, |repo| line("020644", "a", &blob(repo))),
        with_tree("mode of nine digits in a tree", 3, malformed, |repo| line("000100644", "a", &blob(repo))),
        with_tree("tree cut short", 3, malformed, |repo| line("100644", "a", &blob(repo))[..20].to_vec()),
        with_tree("tree with a .git entry", 1, &["missing-file", "unexplained-file"], |repo| {
            line("100644", ".git", &blob(repo))
        })
        .about(&[".git"]),
        with_tree("tree with a .. entry", 1, &["missing-file", "unexplained-file"], |repo| {
            line("100644", "..", &blob(repo))
        })
        .about(&[".."]),
        with_tree("folder in a tree that is a blob", 3, &["object-kind-differs"], |repo| {
            line("40000", "a", &blob(repo))
        }),
        with_tree("folder in a tree that is nowhere", 3, &["object-missing"], |_| {
            line("40000", "a", &ObjectId::Sha1([7; 20]))
        }),
        spoilt("commit without a tree", 3, malformed, |repo| {
            let commit = repo.hash_object("commit", b"author A <a@x> 1 +0000\n\nx\n");
            repo.write_git("refs/tags/v1", format!("{commit}\n"));
        }),
        spoilt("commit with two trees", 3, malformed, |repo| {
            let tree = repo.id("HEAD^{tree}");
            let raw =
                format!("tree {tree}\ntree {tree}\nauthor A <a@x> 1 +0000\ncommitter A <a@x> 1 +0000\n\nx\n");
            let commit = repo.hash_object("commit", raw.as_bytes());
            repo.write_git("refs/tags/v1", format!("{commit}\n"));
        }),
    ]
}

fn large() -> Vec<Attack> {
    let too_large = &["tree-too-large"];
    vec![
        spoilt("tree bomb: two million paths from three trees", 3, too_large, |repo| {
            let tree = |count: usize, mode: &str, id: ObjectId| {
                let lines = (0..count).flat_map(|number| line(mode, &format!("f{number:04}"), &id));
                repo.hash_object("tree", &lines.collect::<Vec<_>>())
            };
            let files = tree(1000, "100644", repo.id("HEAD:README"));
            let folders = tree(1000, "40000", files);
            tag_tree(repo, &tree(2, "40000", folders));
        }),
        spoilt("tree of three hundred levels", 3, too_large, |repo| {
            let mut id = repo.id("HEAD:src");
            for _ in 0..300 {
                // As git would store it, but without starting it so often.
                let content = line("40000", "d", &id);
                let whole = [format!("tree {}\0", content.len()).as_bytes(), &content].concat();
                id = ObjectId::Sha1(pack::sha1(&whole));
                let path = repo.loose(&id);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, pack::deflate(&whole)).unwrap();
            }
            tag_tree(repo, &id);
        }),
        spoilt("tag object of two megabytes", 3, &["object-too-large"], |repo| {
            let raw = format!(
                "object {}\ntype commit\ntag v1\ntagger A <a@x> 1 +0000\n\n{}\n",
                repo.id("HEAD"),
                "x".repeat(2 << 20)
            );
            let tag = repo.hash_object("tag", raw.as_bytes());
            repo.write_git("refs/tags/v1", format!("{tag}\n"));
        }),
        spoilt("loose object that says it has exabytes", 3, &["object-too-large|object-corrupt"], |repo| {
            let path = repo.loose(&repo.id("v1^{tree}"));
            fs::remove_file(&path).unwrap();
            fs::write(path, pack::deflate(b"tree 9999999999999999999\0x")).unwrap();
        }),
        spoilt("loose object that inflates to more than it says", 3, &["object-corrupt"], |repo| {
            let path = repo.loose(&repo.id("v1^{tree}"));
            fs::remove_file(&path).unwrap();
            fs::write(path, pack::deflate(&[&b"tree 10\0"[..], &vec![0; 32 << 20]].concat())).unwrap();
        }),
        spoilt("packed-refs of a terabyte", 3, &["repository-file-too-large"], |repo| {
            let file = fs::File::create(repo.git_dir().join("packed-refs")).unwrap();
            file.set_len(1 << 40).unwrap();
        }),
    ]
}

fn damaged() -> Vec<Attack> {
    let corrupt = &["object-corrupt"];
    let loose = |name: &str, spoil: fn(&[u8]) -> Vec<u8>| {
        spoilt(name, 3, corrupt, move |repo| {
            let path = repo.loose(&repo.id("v1^{tree}"));
            let bytes = fs::read(&path).unwrap();
            fs::remove_file(&path).unwrap();
            fs::write(path, spoil(&bytes)).unwrap();
        })
    };
    vec![
        loose("loose object cut short", |bytes| bytes[..bytes.len() - 5].to_vec()),
        loose("loose object cut within its head", |bytes| bytes[..4].to_vec()),
        loose("empty loose object", |_| Vec::new()),
        loose("loose object of other content", |_| pack::deflate(b"tree 0\0")),
        loose("loose object of another kind", |_| pack::deflate(b"blob 4\0evil")),
        loose("loose object of no kind", |_| pack::deflate(b"evil 4\0evil")),
        loose("loose object with a negative size", |_| pack::deflate(b"tree -1\0")),
        // The bytes are hashed, so what stands behind them is of no use.
        spoilt("control: loose object with data behind it", 0, &[], |repo| {
            let path = repo.loose(&repo.id("v1^{tree}"));
            let bytes = [&fs::read(&path).unwrap()[..], b"evil"].concat();
            fs::remove_file(&path).unwrap();
            fs::write(path, bytes).unwrap();
        }),
        spoilt("a tag's object that is not there", 3, &["object-missing"], |repo| {
            repo.write_git("refs/tags/v1", format!("{}\n", "1".repeat(40)));
        }),
    ]
}

/// A repository with one pack that holds, among others, an object under the
/// id of the tag's tree.
fn packs() -> Vec<Attack> {
    fn with_pack(repo: &Repo, entries: impl Fn([u8; 20]) -> Vec<pack::Entry>) {
        let tree = repo.id("v1^{tree}");
        fs::remove_file(repo.loose(&tree)).unwrap();
        let (packed, index) = pack::build(&entries(tree.as_bytes().try_into().unwrap()));
        pack::store(&repo.git_dir(), "x", &packed, &index);
    }
    let corrupt = &["object-corrupt"];
    const DELTA: [u8; 4] = [1, 1, 0x90, 1];
    vec![
        spoilt("delta that is its own base", 3, corrupt, |repo| {
            with_pack(repo, |id| vec![pack::ref_delta(id, id, &DELTA)]);
        }),
        spoilt("two deltas that are each other's base", 3, corrupt, |repo| {
            with_pack(repo, |id| {
                vec![pack::ref_delta(id, [2; 20], &DELTA), pack::ref_delta([2; 20], id, &DELTA)]
            });
        }),
        spoilt("delta whose base is nowhere", 3, corrupt, |repo| {
            with_pack(repo, |id| vec![pack::ref_delta(id, [9; 20], &DELTA)]);
        }),
        spoilt("chain of five thousand deltas", 3, corrupt, |repo| {
            with_pack(repo, |id| {
                let mut entries = vec![pack::blob(b"a")];
                let mut base = pack::blob_id(b"a");
                for number in 0..5000u32 {
                    let mut next = [0; 20];
                    next[..4].copy_from_slice(&number.to_be_bytes());
                    entries.push(pack::ref_delta(next, base, &DELTA));
                    base = next;
                }
                entries.push(pack::ref_delta(id, base, &DELTA));
                entries
            });
        }),
        spoilt("delta bomb: two bytes become eight GiB", 3, &["object-too-large|object-corrupt"], |repo| {
            with_pack(repo, |id| {
                let mut entries = vec![pack::blob(b"ab")];
                let (mut base, mut size) = (pack::blob_id(b"ab"), 2u64);
                for step in 0..5u8 {
                    let mut delta = [varint(size), varint(size * 64)].concat();
                    for _ in 0..64 {
                        let [a, b, c, _] = (size as u32).to_le_bytes();
                        delta.extend([0xf0, a, b, c]);
                    }
                    size *= 64;
                    let next = if step == 4 { id } else { [step + 1; 20] };
                    entries.push(pack::ref_delta(next, base, &delta));
                    base = next;
                }
                entries
            });
        }),
        spoilt("packed object of other content", 3, corrupt, |repo| {
            with_pack(repo, |id| vec![pack::Entry { id, ..pack::blob(b"evil") }]);
        }),
        spoilt("packed object that says it has exabytes", 3, &["object-too-large"], |repo| {
            with_pack(repo, |id| {
                let bytes = [pack::head(2, u64::MAX >> 8), pack::deflate(b"x")].concat();
                vec![pack::Entry { id, bytes }]
            });
        }),
        spoilt("pack index that points behind the pack", 3, &["object-corrupt|pack-malformed"], |repo| {
            with_pack(repo, |id| vec![pack::Entry { id, ..pack::blob(b"x") }]);
            let path = only(&repo.git_dir().join("objects/pack"), "idx");
            let mut index = fs::read(&path).unwrap();
            let at = index.len() - 44;
            index[at..at + 4].copy_from_slice(&0x7000_0000u32.to_be_bytes());
            fs::write(path, index).unwrap();
        }),
        spoilt("pack index that counts down", 3, &["pack-malformed"], |repo| {
            with_pack(repo, |id| vec![pack::Entry { id, ..pack::blob(b"x") }]);
            let path = only(&repo.git_dir().join("objects/pack"), "idx");
            let mut index = fs::read(&path).unwrap();
            index[8..12].copy_from_slice(&9u32.to_be_bytes());
            fs::write(path, index).unwrap();
        }),
    ]
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value > 0x7f {
        bytes.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

fn refs() -> Vec<Attack> {
    vec![
        spoilt("tag ref that names another ref", 1, &["tag-symbolic"], |repo| {
            repo.write_git("refs/tags/v1", "ref: refs/heads/main\n");
        }),
        spoilt("tag ref that names a file outside", 1, &["tag-symbolic"], |repo| {
            repo.write_git("refs/tags/v1", "ref: ../../../etc/passwd\n");
        }),
        spoilt("tag ref as link to a file outside", 3, &["repository-odd-file"], |repo| {
            fs::remove_file(repo.git_dir().join("refs/tags/v1")).unwrap();
            symlink("/etc/passwd", repo.git_dir().join("refs/tags/v1")).unwrap();
        }),
        spoilt("tag ref as FIFO", 3, &["repository-odd-file"], |repo| {
            fs::remove_file(repo.git_dir().join("refs/tags/v1")).unwrap();
            mkfifo(&repo.git_dir().join("refs/tags/v1"));
        }),
        spoilt("tag ref with two ids", 3, &["ref-malformed|repository-file-too-large"], |repo| {
            let id = repo.id("v1");
            repo.write_git("refs/tags/v1", format!("{id}\n{id}\n"));
        }),
        spoilt("packed-refs with a tag outside of refs", 3, &["ref-malformed"], |repo| {
            repo.git(&["pack-refs", "--all"]);
            let path = repo.git_dir().join("packed-refs");
            let text = fs::read_to_string(&path).unwrap();
            fs::write(path, text.replace("refs/tags", "refs/../tags")).unwrap();
        }),
        spoilt("a branch of the tag's name, and no tag", 1, &["tag-not-found"], |repo| {
            repo.git(&["tag", "-d", "v1"]);
            repo.git(&["branch", "v1"]);
            repo.write_git("v1", format!("{}\n", repo.id("HEAD")));
            repo.write_git("refs/v1", format!("{}\n", repo.id("HEAD")));
        }),
        spoilt("id of the other hash function", 3, &["object-format-differs"], |repo| {
            repo.write_git("refs/tags/v1", format!("{}\n", "1".repeat(64)));
        }),
        spoilt("tag of a tree", 1, &["tag-target-not-commit"], |repo| {
            repo.git(&["tag", "-f", "v1", "HEAD^{tree}"]);
        }),
        spoilt("tag of a blob", 1, &["tag-target-not-commit"], |repo| {
            repo.git(&["tag", "-f", "v1", "HEAD:README"]);
        }),
        spoilt("annotated tag of a tree", 1, &["tag-target-not-commit"], |repo| {
            repo.git(&["tag", "-f", "-a", "-m", "x", "v1", "HEAD^{tree}"]);
        }),
        spoilt("tag of a tag", 1, &["tag-target-not-commit"], |repo| {
            repo.git(&["tag", "-a", "-m", "x", "inner"]);
            repo.git(&["tag", "-f", "-a", "-m", "x", "v1", "inner"]);
        }),
        spoilt("tag that says commit and names a tree", 3, &["object-kind-differs"], |repo| {
            let tree = repo.id("HEAD^{tree}");
            let raw = format!("object {tree}\ntype commit\ntag v1\ntagger A <a@x> 1 +0000\n\nx\n");
            let tag = repo.hash_object("tag", raw.as_bytes());
            repo.write_git("refs/tags/v1", format!("{tag}\n"));
        }),
        spoilt("tag object that names nothing", 1, &["tag-malformed"], |repo| {
            let tag = repo.hash_object("tag", b"tag v1\n\nx\n");
            repo.write_git("refs/tags/v1", format!("{tag}\n"));
        }),
        spoilt("control: another tag's evil tree does not matter", 0, &[], |repo| {
            let tree = repo.hash_object("tree", &line("104755", "a", &repo.id("HEAD:README")));
            let raw = format!("tree {tree}\nauthor A <a@x> 1 +0000\ncommitter A <a@x> 1 +0000\n\nx\n");
            let commit = repo.hash_object("commit", raw.as_bytes());
            repo.write_git("refs/tags/v2", format!("{commit}\n"));
        }),
    ]
}
