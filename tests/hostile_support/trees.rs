//! Archives that are well made and hold what git does not: the attack table
//! of the method that unpacks over a clone and asks `git status`, and more.

use super::members::{Member, Members, sample};
use super::{Attack, Place, rejected};
use crate::git_support::{Repo, git_in, run};
use sha2::{Digest as _, Sha256};
use std::fs;

/// An honest archive with one edit.
fn edited(name: &str, codes: &[&'static str], edit: impl Fn(&mut Members) + 'static) -> Attack {
    rejected(name, codes, move |place| {
        let bytes = sample().with(&edit).tar();
        place.artifact("r.tar", bytes);
    })
}

/// All of them.
pub fn trees() -> Vec<Attack> {
    [additions(), changes(), modes(), links(), shapes(), attributes(), submodules(), collisions(), xz()]
        .concat_all()
}

trait Concat {
    fn concat_all(self) -> Vec<Attack>;
}

impl<const N: usize> Concat for [Vec<Attack>; N] {
    fn concat_all(self) -> Vec<Attack> {
        self.into_iter().flatten().collect()
    }
}

fn additions() -> Vec<Attack> {
    let unexplained = &["unexplained-file"];
    let added = |name: &str, path: &'static str, content: &'static str| {
        edited(name, unexplained, move |tree| tree.add(Member::file(path, content))).about(&[path])
    };
    vec![
        added("a Python file in a folder that .gitignore hides", "x.egg-info/evil.py", "import os\n"),
        added("a shared object that .gitignore hides", "src/m.so", "\x7fELF"),
        added("an object file that .gitignore hides", "src/main.o", "\x7fELF"),
        edited("a nested .gitignore with * beside evil.c", unexplained, |tree| {
            tree.add(Member::file("src/deep/.gitignore", "*\n"));
            tree.add(Member::file("src/deep/evil.c", "int evil;\n"));
        })
        .about(&["src/deep/.gitignore", "src/deep/evil.c"]),
        edited(".gitignore that hides evil.c, and evil.c", &["unexplained-file", "modified-file"], |tree| {
            tree.at(".gitignore").content.extend(b"evil.c\n");
            tree.add(Member::file("evil.c", "int evil;\n"));
        })
        .about(&["evil.c"]),
        edited(
            ".gitattributes that excuses a changed file",
            &["modified-file|evidence-mismatch|undecided-file"],
            |tree| {
                tree.at(".gitattributes").content.extend(b"README export-subst\nsrc/main.c filter=x\n");
                tree.at("src/main.c").content.extend(b"/* evil */\n");
            },
        )
        .about(&["src/main.c", ".gitattributes"]),
        edited(
            "a nested .gitattributes that export-ignores what is left out",
            &["unexplained-file", "missing-file"],
            |tree| {
                tree.add(Member::file("src/.gitattributes", "other.c export-ignore\n"));
                tree.remove("src/other.c");
            },
        )
        .about(&["src/other.c", "src/.gitattributes"]),
        added("sitecustomize.py", "sitecustomize.py", "import os\n"),
        added("conftest.py", "conftest.py", "import os\n"),
        added("a .pth file", "src/x.pth", "import os\n"),
        added("build.rs", "build.rs", "fn main() {}\n"),
        added("rust-toolchain.toml", "rust-toolchain.toml", "[toolchain]\npath = \"/tmp\"\n"),
        added(".cargo/config.toml", ".cargo/config.toml", "[build]\nrustc-wrapper = \"x\"\n"),
        added("binding.gyp", "binding.gyp", "{}\n"),
        added(".npmrc", ".npmrc", "registry=https://registry.example.org\n"),
        added("a Makefile that make prefers", "GNUmakefile", "all:\n"),
        added("an m4 macro", "m4/evil.m4", "AC_DEFUN\n"),
        added("an empty file", "src/__init__.py", ""),
        added("a file whose content git has elsewhere", "src/copy.c", "int main(void) { return 0; }\n"),
        added("another archive within the archive", "src/vendor.tar.gz", "\x1f\x08\0"),
        added("a file named as an artifact of countersign", "r.tar.asc", "-----BEGIN PGP SIGNATURE-----\n"),
        added("a file under a name of 255 bytes", LONG, "evil\n"),
        rejected(
            "forty thousand empty folders and as many files",
            &["unexplained-file", "too-many-findings"],
            |place| {
                let mut tar = sample().open_tar().0;
                tar.extend(numbered(b'5', "r/empty", 40_000));
                tar.extend(numbered(b'0', "r/full", 40_000));
                place.artifact("r.tar", [tar, vec![0; 1024]].concat());
            },
        ),
    ]
}

/// Headers of empty members `FOLDER/00000` and so on.
pub fn numbered(kind: u8, folder: &str, count: usize) -> Vec<u8> {
    use crate::archive_support::tar::Header;
    let zero = Header::new(kind, &format!("{folder}/00000"), 0);
    let (sum, at) = (zero.sum() - 5 * u64::from(b'0'), folder.len() + 1);
    let mut all = zero.finish().repeat(count);
    for (number, header) in all.chunks_mut(512).enumerate() {
        let digits = format!("{number:05}").into_bytes();
        let sum = sum + digits.iter().map(|digit| u64::from(*digit)).sum::<u64>();
        header[at..at + 5].copy_from_slice(&digits);
        header[148..154].copy_from_slice(format!("{sum:06o}").as_bytes());
    }
    all
}

const LONG: &str = "src/nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn";

const VERSION: &str = "src/version.h";

/// As long as the file with the true id in it, which is what git looks at.
pub const INJECTED: &[u8] =
    b"static const char id[] = \"$Id: \"; int evil(void) { return 1; }       // $\";\n";

fn changes() -> Vec<Attack> {
    // A conversion that the preset recomputes may be the first to see it.
    let changed = &["modified-file|evidence-mismatch|undecided-file"];
    let replaced = |name: &str, path: &'static str, content: &'static [u8]| {
        edited(name, changed, move |tree| tree.at(path).content = content.to_vec()).about(&[path])
    };
    vec![
        replaced("C code within $Id: … $ where the ident attribute is set", "src/version.h", INJECTED),
        replaced(
            "$Id$ with the id of another blob",
            "src/version.h",
            b"static const char id[] = \"$Id: 0123456789abcdef0123456789abcdef01234567 $\";\n",
        ),
        replaced("one changed byte", "src/main.c", b"int main(void) { return 1; }\n"),
        replaced("CRLF where git has LF", "src/main.c", b"int main(void) { return 0; }\r\n"),
        replaced("no newline at the end", "src/main.c", b"int main(void) { return 0; }"),
        replaced("a byte order mark", "src/main.c", b"\xef\xbb\xbfint main(void) { return 0; }\n"),
        replaced("an emptied file", "src/main.c", b""),
        replaced("text that turns around what follows", "src/main.c", "int \u{202e}x;\n".as_bytes()),
        edited("two files that changed places", changed, |tree| {
            let other = std::mem::take(&mut tree.at("src/other.c").content);
            let main = std::mem::replace(&mut tree.at("src/main.c").content, other);
            tree.at("src/other.c").content = main;
        })
        .about(&["src/main.c", "src/other.c"]),
        edited("a file that is missing", &["missing-file"], |tree| tree.remove("src/other.c"))
            .about(&["src/other.c"]),
        edited("a renamed file", &["missing-file", "unexplained-file"], |tree| {
            tree.at("src/other.c").path = "src/another.c".into();
        })
        .about(&["src/other.c", "src/another.c"]),
        edited("everything is missing", &["missing-file"], |tree| tree.0.clear()),
    ]
}

fn modes() -> Vec<Attack> {
    let moded = |name: &str, code: &'static str, path: &'static str, mode: u64| {
        edited(name, &[code], move |tree| tree.at(path).mode = mode).about(&[path])
    };
    vec![
        moded("setuid on a file of git", "archive-mode", "build.sh", 0o4755),
        moded("setgid on a file of git", "archive-mode", "build.sh", 0o2755),
        moded("sticky bit on a file of git", "archive-mode", "README", 0o1644),
        moded("a file that became executable", "mode-differs", "README", 0o755),
        moded("an executable that no longer is", "mode-differs", "build.sh", 0o644),
        edited("files that everybody may write to", &["archive-mode"], |tree| {
            tree.0.iter_mut().filter(|member| member.is_file() && member.mode == 0o644).for_each(|member| {
                member.mode = 0o666;
            });
        }),
        edited("control: mode 0664, of which git knows nothing", &[], |tree| {
            tree.0.iter_mut().filter(|member| member.is_file() && member.mode == 0o644).for_each(|member| {
                member.mode = 0o664;
            });
        })
        .exit(0),
        rejected("control: files of another user, of which git knows nothing", &[], |place| {
            use crate::archive_support::tar::{Header, Tar};
            let readme = Header::new(b'0', "r/README", 7).with(108, b"0031064\0").with(265, b"evil\0");
            let others = sample().with(|tree| tree.remove("README"));
            place.artifact("r.tar", [Tar::new().header(readme).body(b"Hello.\n").0, others.tar()].concat());
        })
        .exit(0),
        moded("executable for its group only", "archive-mode", "README", 0o654),
    ]
}

fn links() -> Vec<Attack> {
    let changed = &["modified-file|mode-differs"];
    let unexplained = &["unexplained-file"];
    vec![
        edited("a link with another target", changed, |tree| tree.at("link.c").link = "/etc/passwd".into())
            .about(&["link.c"]),
        edited("a link that leads out of the tree", unexplained, |tree| {
            tree.add(Member::link("out", "../../../etc/passwd"));
        })
        .about(&["out"]),
        edited("a file that became a link with its content as target", &["modified-file"], |tree| {
            *tree.at("src/main.c") = Member::link("src/main.c", "other.c");
        })
        .about(&["src/main.c"]),
        edited("a link that became a file with the target as content", &["mode-differs"], |tree| {
            *tree.at("link.c") = Member::file("link.c", "src/main.c");
        })
        .about(&["link.c"]),
        edited(
            "a link replaced by a changed copy of its target",
            &["modified-file|evidence-mismatch"],
            |tree| {
                *tree.at("link.c") = Member::file("link.c", "int main(void) { return 1; }\n");
            },
        )
        .about(&["link.c"]),
        edited("a folder replaced by a link, files written through it", &["archive-duplicate"], |tree| {
            tree.0.insert(0, Member::link("src", "/tmp"));
        }),
        edited("a hard link to a file of git under another name", unexplained, |tree| {
            tree.add(Member::hard_link("src/evil.c", "src/main.c"));
        })
        .about(&["src/evil.c"]),
        edited("a file of git as hard link to another one", &["modified-file"], |tree| {
            tree.remove("src/other.c");
            tree.add(Member::hard_link("src/other.c", "src/main.c"));
        })
        .about(&["src/other.c"]),
    ]
}

fn shapes() -> Vec<Attack> {
    vec![
        edited("FIFO", &["archive-entry-type"], |tree| tree.add(Member::special("fifo", b'6'))),
        edited("device", &["archive-entry-type"], |tree| tree.add(Member::special("null", b'3'))),
        edited("empty folder", &["unexplained-folder"], |tree| tree.add(Member::folder("empty")))
            .about(&["empty"]),
        edited("folders within an empty folder", &["unexplained-folder"], |tree| {
            tree.add(Member::folder("a"));
            tree.add(Member::folder("a/b"));
            tree.add(Member::folder("a/b/c"));
        })
        .about(&["a/b/c"]),
        rejected("second root folder", &["outside-root"], |place| {
            let tar = sample().open_tar().folder("s/").file("s/evil.c", b"int evil;\n").end();
            place.artifact("r.tar", tar);
        })
        .about(&["s/evil.c"]),
        rejected("a file beside the root folder", &["outside-root"], |place| {
            place.artifact("r.tar", sample().open_tar().file("evil.c", b"int evil;\n").end());
        })
        .about(&["evil.c"]),
        rejected("a root whose name only begins like ours", &["outside-root"], |place| {
            place.artifact("r.tar", sample().open_tar().file("r-evil/README", b"Hello.\n").end());
        }),
        rejected("a root that is another one", &["outside-root"], |place| {
            let tar = crate::archive_support::tar::Tar::new().folder("s/").file("s/README", b"Hello.\n");
            place.artifact("r.tar", tar.end());
        })
        .about(&["r.tar"]),
        rejected("an empty root beside another one", &["outside-root", "missing-file"], |place| {
            place.artifact("r.tar", Members::default().open_tar().file("s/README", b"Hello.\n").end());
        }),
        rejected("a root that is a file", &["outside-root"], |place| {
            place.artifact("r.tar", crate::archive_support::tar::Tar::new().file("r", b"x").end());
        }),
        rejected("good, then evil, under one name", &["archive-duplicate"], |place| {
            place.artifact("r.tar", sample().open_tar().file("r/src/main.c", b"evil\n").end());
        })
        .about(&["src/main.c"]),
        rejected("evil, then good, under one name", &["archive-duplicate"], |place| {
            let evil = crate::archive_support::tar::Tar::new().file("r/src/main.c", b"evil\n").0;
            place.artifact("r.tar", [evil, sample().tar()].concat());
        }),
        rejected("second archive after the end marker", &["archive-trailing-data"], |place| {
            let evil = sample().with(|tree| tree.at("README").content = b"evil\n".to_vec());
            place.artifact("r.tar", [sample().tar(), evil.tar()].concat());
        }),
        rejected("pax path over an innocent header", &["unexplained-file"], |place| {
            use crate::archive_support::tar::Header;
            let tar = sample().open_tar().pax(&[("path", "r/src/evil.c")]);
            place.artifact(
                "r.tar",
                tar.header(Header::new(b'0', "r/src/innocent.c", 5)).body(b"evil\n").end(),
            );
        })
        .about(&["src/evil.c"]),
        rejected("no entries at all", &["missing-file"], |place| {
            place.artifact("r.tar", crate::archive_support::tar::Tar::new().end());
        }),
        rejected("the archive of another commit", &["archive-of-other-commit"], |place| {
            let id = "0123456789abcdef0123456789abcdef01234567";
            let tar = crate::archive_support::tar::Tar::new().global(&[("comment", id)]).0;
            place.artifact("r.tar", [tar, sample().tar()].concat());
        }),
        nested_git("a nested .git folder that runs a program by core.fsmonitor", |tree| {
            tree.add(Member::file("src/.git/HEAD", "ref: refs/heads/main\n"));
            tree.add(Member::file("src/.git/config", "[core]\n\tfsmonitor = touch executed\n"));
        }),
        nested_git("a .git file with gitdir:", |tree| tree.add(Member::file(".git", "gitdir: fake\n"))),
        nested_git(".git as symlink to a fake repository in the tree", |tree| {
            tree.add(Member::file("fake/HEAD", "ref: refs/heads/main\n"));
            tree.add(Member::file("fake/config", "[core]\n\tfsmonitor = touch executed\n"));
            tree.add(Member::link(".git", "fake"));
        }),
        nested_git(".git in a nested folder, in capitals", |tree| {
            tree.add(Member::file("a/.GIT/config", ""))
        }),
        edited(
            "a bare repository that git would discover",
            &["unexplained-file", "unexplained-folder"],
            |tree| {
                tree.add(Member::file("bare/HEAD", "ref: refs/heads/main\n"));
                tree.add(Member::file(
                    "bare/config",
                    "[core]\n\tbare = true\n\tfsmonitor = touch executed\n",
                ));
                tree.add(Member::folder("bare/objects"));
                tree.add(Member::folder("bare/refs"));
            },
        )
        .about(&["bare/config"]),
        rejected("the artifact is a link", &["not-a-regular-file"], |place| {
            std::os::unix::fs::symlink("/etc/passwd", place.path("s.tar")).unwrap();
            place.artifact = place.path("s.tar");
        })
        .exit(3),
        rejected("the artifact is a FIFO", &["not-a-regular-file"], |place| {
            crate::git_support::mkfifo(&place.path("s.tar"));
            place.artifact = place.path("s.tar");
        })
        .exit(3),
    ]
}

/// A file of a project whose own attributes allow some other form of it, and
/// a form that they do not allow.
fn attributes() -> Vec<Attack> {
    const CASES: [(&str, &str, &[u8], &[u8]); 10] = [
        (
            "export-subst: code in the place of the format",
            "export-subst",
            b"'$Format:%H$'\n",
            b"''; import os # '\n",
        ),
        (
            "export-subst: the id of another commit",
            "export-subst",
            b"'$Format:%H$'\n",
            b"'0123456789abcdef0123456789abcdef01234567'\n",
        ),
        (
            "export-subst: a format without substitution, changed",
            "export-subst",
            b"x $Format:%H$\n",
            b"y $Format:%H$\n",
        ),
        ("export-subst: nothing in the place of the format", "export-subst", b"'$Format:%H$'\n", b"''\n"),
        ("eol: CRLF as allowed, and a change", "text eol=crlf", b"echo good\n", b"echo evil\r\n"),
        ("eol: some lines as allowed, some not", "text eol=crlf", b"one\ntwo\n", b"one\r\ntwo\n"),
        ("eol: CRLF where the attributes say LF", "text eol=lf", b"one\ntwo\n", b"one\r\ntwo\r\n"),
        ("filter: what a filter may have made", "filter=x", b"clean\n", b"smudged\n"),
        ("export-ignore: a file to be left out, changed", "export-ignore", b"good\n", b"evil\n"),
        (
            "working-tree-encoding: other text in that encoding",
            "text working-tree-encoding=UTF-16LE",
            b"good\n",
            b"e\0v\0i\0l\0\n\0",
        ),
    ];
    let case = |(name, attributes, in_git, found): (&str, &'static str, &'static [u8], &'static [u8])| {
        rejected(name, &["modified-file|evidence-mismatch|undecided-file"], move |place| {
            let project = sample().with(|tree| {
                tree.at(".gitattributes").content = format!("special {attributes}\n").into_bytes();
            });
            let repo = Repo::init(&[]);
            // Written before there are attributes that git would follow.
            project.with(|tree| tree.remove(".gitattributes")).check_out(&repo);
            repo.write("special", in_git);
            repo.git(&["add", "special"]);
            project.with(|tree| tree.0.retain(|member| member.path == ".gitattributes")).check_out(&repo);
            repo.git(&["add", ":!special"]);
            repo.git(&["commit", "-q", "-m", "all"]);
            repo.git(&["tag", "v1"]);
            keep(place, repo);
            place.artifact("r.tar", project.with(|tree| tree.add(Member::file("special", found))).tar());
        })
        .about(&["special"])
    };
    let mut all: Vec<Attack> = CASES.map(case).into();
    all.extend(named_by_tags());
    all
}

/// A file that git archive fills in from whatever tags the commit has.
fn named_by_tags() -> Vec<Attack> {
    const EVIL: &str = "z\";__import__(\"os\").system(\"id\");\"";
    let row = |name: &str, filled: &'static str, codes: &[&'static str]| {
        rejected(name, codes, move |place| {
            let format = "refs = \"$Format:%d$\"\ndescribed = \"$Format:%(describe)$\"\n";
            let repo = Repo::init(&[]);
            repo.write(".gitattributes", b"v.py export-subst\n");
            repo.write("v.py", format.as_bytes());
            repo.git(&["add", "-A"]);
            repo.git(&["commit", "-q", "-m", "all"]);
            repo.git(&["tag", "-a", "-m", "one", "v1"]);
            for unvetted in [EVIL, "v99.0"] {
                repo.git(&["tag", unvetted]);
            }
            keep(place, repo);
            let (refs, described) = filled.split_once('|').unwrap();
            let text = format.replace("$Format:%d$", refs).replace("$Format:%(describe)$", described);
            let mut members = Members(vec![Member::file(".gitattributes", "v.py export-subst\n")]);
            members.add(Member::file("v.py", &text));
            place.artifact("r.tar", members.tar());
        })
    };
    let undecided = &["undecided-file"];
    vec![
        row("control: export-subst with the tag that was asked for", " (tag: v1)|v1", &[]).exit(0),
        row(
            "export-subst: code in the name of a tag that nobody vetted",
            " (tag: v1, tag: z\";__import__(\"os\").system(\"id\");\")|v1",
            undecided,
        )
        .about(&["v.py"]),
        row("export-subst: the version of a tag that nobody vetted", " (tag: v99.0)|v1", undecided),
        row("export-subst: described by a tag that nobody vetted", "|v99.0", undecided),
    ]
}

fn nested_git(name: &str, edit: impl Fn(&mut Members) + 'static) -> Attack {
    edited(name, &["archive-unsafe-path"], edit)
}

/// A repository with a submodule at `vendor`, which the policy leaves out.
fn with_submodule(place: &mut Place, edit: impl Fn(&mut Members)) {
    let repo = Repo::init(&[]);
    sample().check_out(&repo);
    repo.git(&["add", "-A"]);
    let commit = "89abcdef0123456789abcdef0123456789abcdef";
    repo.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{commit},vendor")]);
    repo.git(&["commit", "-q", "-m", "all"]);
    repo.git(&["tag", "v1"]);
    keep(place, repo);
    place.policy("        omit: [vendor]\n");
    let members = sample().with(|tree| {
        tree.add(Member::folder("vendor"));
        edit(tree);
    });
    place.artifact("r.tar", members.tar());
}

/// Moves a repository into the place, which lives as long as the run.
pub fn keep(place: &mut Place, repo: Repo) {
    run(std::process::Command::new("cp").arg("-a").arg(repo.path()).arg(place.path("repo")));
    place.repository = place.path("repo");
}

fn submodules() -> Vec<Attack> {
    let submodule = |name: &str, codes: &[&'static str], edit: fn(&mut Members)| {
        rejected(name, codes, move |place| with_submodule(place, edit))
    };
    let unexplained = &["unexplained-file"];
    vec![
        submodule("control: a submodule that is left out", &[], |_| {}).exit(0),
        submodule("a file added under a submodule's path", unexplained, |tree| {
            tree.add(Member::file("vendor/evil.c", "int evil;\n"));
        })
        .about(&["vendor/evil.c"]),
        submodule("a link in a submodule's place", &["modified-file|mode-differs"], |tree| {
            tree.remove("vendor");
            tree.add(Member::link("vendor", "/tmp"));
        })
        .about(&["vendor"]),
        submodule(
            "a nested .git with core.fsmonitor at a submodule's path",
            &["archive-unsafe-path"],
            |tree| {
                tree.add(Member::file("vendor/.git/config", "[core]\n\tfsmonitor = touch executed\n"));
            },
        ),
        submodule("an empty folder within a submodule's folder", &["unexplained-folder"], |tree| {
            tree.add(Member::folder("vendor/empty"));
        }),
    ]
}

/// The first 320 bytes of the two files with one SHA-1 that were published in
/// 2017 (shattered.io); here they differ in the last 128.
pub fn shattered() -> [Vec<u8>; 2] {
    const HEAD: &str = "255044462d312e330a25e2e3cfd30a0a0a312030206f626a0a3c3c2f57696474682032203020522f4865696768742033\
        203020522f547970652034203020522f537562747970652035203020522f46696c7465722036203020522f436f6c6f7253706163652037\
        203020522f4c656e6774682038203020522f42697473506572436f6d706f6e656e7420383e3e0a73747265616d0affd8fffe00245348\
        412d3120697320646561642121212121852fec092339759c39b1a1c63c4c97e1fffe01";
    const TAILS: [&str; 2] = [TAIL_1, TAIL_2];
    TAILS.map(|tail| {
        let digits: Vec<u8> = [HEAD, tail].concat().bytes().filter(u8::is_ascii_hexdigit).collect();
        let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
        digits.chunks(2).map(byte).collect()
    })
}

const TAIL_1: &str = "7346dc9166b67e118f029ab621b2560ff9ca67cca8c7f85ba84c79030c2b3de218f86db3a90901d5df45c14f26fedfb3\
    dc38e96ac22fe7bd728f0e45bce046d23c570feb141398bb552ef5a0a82be331fea48037b8b5d71f0e332edf93ac3500\
    eb4ddc0decc1a864790c782c76215660dd309791d06bd0af3f98cda4bc4629b1";
const TAIL_2: &str = "7f46dc93a6b67e013b029aaa1db2560b45ca67d688c7f84b8c4c791fe02b3df614f86db1690901c56b45c1530afedfb7\
    6038e972722fe7ad728f0e4904e046c230570fe9d41398abe12ef5bc942be33542a4802d98b5d70f2a332ec37fac3514\
    e74ddc0f2cc1a874cd0c78305a21566461309789606bd0bf3f98cda8044629a1";

fn collisions() -> Vec<Attack> {
    vec![
        // A git id is over a header and the content, so the two published
        // files have different ids: no swap of them goes unnoticed.
        rejected("the SHAttered files changed places", &["modified-file"], |place| {
            let [one, two] = shattered();
            let repo = Repo::init(&[]);
            sample().check_out(&repo);
            repo.write("logo.pdf", &one);
            repo.commit("all");
            repo.git(&["tag", "v1"]);
            keep(place, repo);
            let members = sample().with(|tree| tree.add(Member::file("logo.pdf", &two)));
            place.artifact("r.tar", members.tar());
        })
        .about(&["logo.pdf"]),
    ]
}

/// What the release of xz 5.6.0 shipped beside its git tree.
fn dist() -> Members {
    sample().with(|tree| {
        tree.add(Member::executable("configure", "#!/bin/sh\n# generated\nexit 0\n"));
        tree.add(Member::file("aclocal.m4", "# generated\nm4_include([m4/build-to-host.m4])\n"));
        tree.add(Member::file("m4/build-to-host.m4", "# build-to-host.m4 serial 3\n"));
    })
}

/// The line that ran the payload, where the macro expands to it.
pub fn backdoored(tree: &mut Members) {
    let line = b"gl_[$1]_config='sed \"r\\n\" $gl_am_configmake | eval $gl_path_map | $gl_[$1]_prefix -d'\n";
    tree.at("m4/build-to-host.m4").content = [b"# build-to-host.m4 serial 30\n", &line[..]].concat();
    tree.at("configure").content.extend(line);
    tree.at("aclocal.m4").content.extend(line);
}

const XZ: [&str; 3] = ["m4/build-to-host.m4", "configure", "aclocal.m4"];

/// Pins for the honest generated files, as a second build would give them.
fn pins() -> String {
    let mut text = String::from("        files:\n");
    for path in XZ {
        let digest = Sha256::digest(&dist().at(path).content);
        let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        let executable = if path == "configure" { ", executable: true" } else { "" };
        text += &format!("          - {{path: {path}, sha256: {hex}{executable}}}\n");
    }
    text
}

fn xz() -> Vec<Attack> {
    let case =
        |name: &str, codes: &[&'static str], omit: &'static str, pinned: bool, edit: fn(&mut Members)| {
            rejected(name, codes, move |place| {
                place.policy(&format!("{omit}{}", if pinned { pins() } else { String::new() }));
                let without = |tree: &mut Members| {
                    edit(tree);
                    if !omit.is_empty() {
                        tree.0.retain(|member| !member.path.ends_with(".gitignore"));
                    }
                };
                place.artifact("r.tar", dist().with(without).tar());
            })
        };
    const OMIT: &str = "        omit: [.gitignore, m4/.gitignore]\n";
    let unexplained = &["unexplained-file"];
    vec![
        case("control: the generated files are pinned", &[], "", true, |_| {}).exit(0),
        case("control: the same without .gitignore files, by policy", &[], OMIT, true, |_| {}).exit(0),
        case(
            "xz: m4 file hidden by the tag's own .gitignore, with configure",
            unexplained,
            "",
            false,
            backdoored,
        )
        .about(&XZ),
        case("xz: the same where policy omits .gitignore", unexplained, OMIT, false, backdoored).about(&XZ),
        case("xz: the same against pinned generated files", &["rule-mismatch"], "", true, backdoored)
            .about(&XZ),
        case(
            "xz: the same, pinned, where policy omits .gitignore",
            &["rule-mismatch"],
            OMIT,
            true,
            backdoored,
        )
        .about(&XZ),
        case(
            "xz: a .gitignore of the archive that hides more",
            &["modified-file", "rule-mismatch"],
            "",
            true,
            |tree| {
                backdoored(tree);
                tree.at(".gitignore").content.extend(b"*\n");
            },
        )
        .about(&XZ),
    ]
}

/// What the method of 2013 says: unpack, put the clone's `.git` and
/// `.gitignore` files there, ask git.
pub fn git_status(members: &Members) -> String {
    let repo = Repo::init(&[]);
    sample().check_out(&repo);
    repo.commit("all");
    let dir = tempfile::tempdir().unwrap();
    run(git_in(dir.path()).args(["clone", "-q", repo.path().to_str().unwrap(), "clone"]));
    // An honest archive has the id that git writes on checking out.
    let members = members.with(|tree| {
        if tree.at(VERSION).content == sample().at(VERSION).content {
            tree.at(VERSION).content = fs::read(dir.path().join("clone").join(VERSION)).unwrap();
        }
    });
    let tar = dir.path().join("r.tar");
    fs::write(&tar, members.tar()).unwrap();
    run(std::process::Command::new("tar").arg("-xf").arg(&tar).arg("-C").arg(dir.path()));
    let tree = dir.path().join("r");
    fs::rename(dir.path().join("clone/.git"), tree.join(".git")).unwrap();
    crate::git_support::text(run(git_in(&tree).args(["status", "--porcelain"])))
}
