//! Attacks on everything that reads: archives, trees, repositories and tags.
//! Each is made at run time, named, and must end in its own finding or
//! failure; `docs/hostile.md` is the same table for people.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and runs other programs"
)]

mod archive_support;
mod git_support;
mod hostile_support;
#[path = "git_support/pack.rs"]
mod pack;
mod support;

use archive_support::peers;
use hostile_support::{Attack, bombs, formats, members, repositories, run_all, tags, trees};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

#[test]
fn hostile_tars() {
    run_all(&formats::tars());
}

#[test]
fn hostile_zips() {
    run_all(&formats::zips());
}

#[test]
fn hostile_trees() {
    run_all(&trees::trees());
}

#[test]
fn bombs_and_broken_containers() {
    run_all(&bombs::bombs());
}

#[test]
fn hostile_repositories() {
    run_all(&repositories::repositories());
}

#[test]
fn hostile_tags() {
    run_all(&tags::tags());
}

/// The method that these rows come from: unpack over a clone, ask git.
#[test]
fn git_status_sees_nothing_of_what_ignore_files_hide() {
    use members::{Member, sample};
    type Edit = fn(&mut members::Members);
    let blind: [(&str, Edit); 4] = [
        ("x.egg-info", |tree| tree.add(Member::file("x.egg-info/evil.py", "import os\n"))),
        ("nested .gitignore", |tree| {
            tree.add(Member::file("src/deep/.gitignore", "*\n"));
            tree.add(Member::file("src/deep/evil.c", "int evil;\n"));
        }),
        ("ident", |tree| {
            tree.at("src/version.h").content = trees::INJECTED.to_vec();
        }),
        ("xz", |tree| {
            tree.add(Member::executable("configure", "#!/bin/sh\n"));
            tree.add(Member::file("aclocal.m4", "# generated\n"));
            tree.add(Member::file("m4/build-to-host.m4", "#\n"));
            trees::backdoored(tree);
        }),
    ];
    for (name, edit) in blind {
        assert_eq!(trees::git_status(&sample().with(edit)), "", "{name}");
    }
    let seen = trees::git_status(&sample().with(|tree| tree.at("README").content.push(b'!')));
    assert_eq!(seen, " M README", "the method sees something at all");
}

/// Rows that GNU tar, Python and bsdtar list differently, each without
/// complaint, as measured with those of Debian 12.
const TARS_THAT_DIFFER: [&str; 14] = [
    "GNU long name and pax on one entry",
    "GNU long name twice",
    "file with a slash at the end",
    "folder by header name, file by longer name",
    "folder with content",
    "global path",
    "hard link with content",
    "pax empty path",
    "pax header twice",
    "pax link target that libarchive overlooks",
    "pax path with NUL",
    "prefix in a GNU header",
    "prefix in a header without magic",
    "symlink with content",
];

/// The same for Python, unzip and bsdtar.
const ZIPS_THAT_DIFFER: [&str; 6] = [
    "UTF-8 name that is not marked",
    "UTF-8 name that unzip takes for code page 850",
    "executable to Python, not to Unix tools",
    "folder by mode, file by name",
    "folder with content",
    "symlink by attributes",
];

/// Writes the cases and tells which of them readers list differently.
fn differing(cases: &[archive_support::hostile::Case], ending: &str) -> BTreeSet<&'static str> {
    let dir = tempfile::tempdir().unwrap();
    let path = |number: usize| dir.path().join(format!("{number}{ending}"));
    let files: Vec<PathBuf> = (0..cases.len()).map(path).collect();
    for (file, (_, bytes, _)) in files.iter().zip(cases) {
        std::fs::write(file, bytes).unwrap();
    }
    let views = if ending == ".tar" { peers::tar_views(&files) } else { peers::zip_views(&files) };
    let differ = |index: usize| {
        let seen: Vec<_> = views.iter().filter_map(|(_, views)| views[index].as_ref()).collect();
        seen.iter().any(|view| *view != seen[0])
    };
    let names = cases.iter().map(|(name, ..)| *name).enumerate();
    names.filter(|(index, _)| differ(*index)).map(|(_, name)| name).collect()
}

/// Parser differentials: what the reviewer's reader shows is not what the
/// user's unpacks. All of them are rows of the tables, so refused here.
#[test]
fn readers_disagree_about_what_is_refused_here() {
    if !peers::has("bsdtar") {
        return;
    }
    let tars = differing(&archive_support::hostile::tars(), ".tar");
    for name in TARS_THAT_DIFFER {
        assert!(tars.contains(name), "{name}: all readers agree; they differ on {tars:#?}");
    }
    let zips = differing(&archive_support::hostile_zip::zips(), ".zip");
    for name in ZIPS_THAT_DIFFER {
        assert!(zips.contains(name), "{name}: all readers agree; they differ on {zips:#?}");
    }
}

/// One program differs with itself: read on past the end marker or not, a
/// zip by its directory or as a stream.
#[test]
fn one_reader_disagrees_with_itself() {
    use std::process::Command;
    let lines = |command: &mut Command| {
        let output = command.env("LC_ALL", "C.UTF-8").output().unwrap();
        String::from_utf8_lossy(&output.stdout).lines().count()
    };
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x");
    let case = |cases: Vec<archive_support::hostile::Case>, wanted: &str| {
        let (_, bytes, _) = cases.into_iter().find(|(name, ..)| *name == wanted).unwrap();
        std::fs::write(&path, bytes).unwrap();
    };
    case(archive_support::hostile::tars(), "second archive after the end");
    let python = |zeros: &str| {
        let script = "import sys, tarfile; tarfile.open(sys.argv[1], ignore_zeros=bool(sys.argv[2])).list()";
        lines(Command::new("python3").args(["-c", script]).arg(&path).arg(zeros))
    };
    assert!(
        lines(Command::new("tar").arg("-tf").arg(&path)) < lines(Command::new("tar").arg("-itf").arg(&path))
    );
    assert!(python("") < python("1"));
    if !peers::has("bsdtar") {
        return;
    }
    for name in ["entry between entries that the directory hides", "entry before the directory that it hides"]
    {
        case(archive_support::hostile_zip::zips(), name);
        let stream = || std::fs::File::open(&path).unwrap();
        // By the directory, and from a pipe.
        let whole = lines(Command::new("bsdtar").arg("-tf").arg(&path));
        let mut cat =
            Command::new("cat").stdin(stream()).stdout(std::process::Stdio::piped()).spawn().unwrap();
        let piped = lines(Command::new("bsdtar").args(["-tf", "-"]).stdin(cat.stdout.take().unwrap()));
        cat.wait().unwrap();
        assert!(whole < piped, "{name}: {whole} {piped}");
    }
}

/// The published collision: both prefixes have one SHA-1, the detection that
/// git ids are computed with knows them, and as blobs they are two.
#[test]
fn the_published_sha1_collision_is_detected_and_is_none_in_git() {
    use countersign::release::{BlobHasher, ObjectFormat};
    let [one, two] = trees::shattered();
    assert_ne!(one, two);
    let digest = |bytes: &[u8]| {
        let mut hasher = sha1_checked::Sha1::default();
        sha1_checked::Digest::update(&mut hasher, bytes);
        hasher.try_finalize()
    };
    for file in [&one, &two] {
        assert!(digest(file).has_collision());
        assert!(!digest(&file[..256]).has_collision());
    }
    let undetected = |bytes: &[u8]| {
        let mut hasher = sha1_checked::Sha1::builder().detect_collision(false).build();
        sha1_checked::Digest::update(&mut hasher, bytes);
        sha1_checked::Digest::finalize(hasher)
    };
    assert_eq!(undetected(&one), undetected(&two), "one digest for both");
    let blob = |bytes: &[u8]| {
        let mut hasher = BlobHasher::new(ObjectFormat::Sha1, bytes.len() as u64);
        hasher.update(bytes);
        hasher.finish().unwrap()
    };
    assert_ne!(blob(&one), blob(&two));
}

fn tables() -> [(&'static str, Vec<Attack>); 6] {
    [
        ("Trees", trees::trees()),
        ("Containers and bombs", bombs::bombs()),
        ("Repositories", repositories::repositories()),
        ("Tags", tags::tags()),
        ("tar", formats::tars()),
        ("zip", formats::zips()),
    ]
}

/// `docs/hostile.md` has the same rows. `BLESS=1` writes them.
#[test]
fn the_page_has_every_attack() {
    let mut text = String::new();
    let mut names = BTreeMap::new();
    let known = std::fs::read_to_string(root().join("docs/findings.md")).unwrap();
    let mut count = 0;
    for (title, attacks) in tables() {
        text += &format!("\n## {title}\n\n| attack | exit | code |\n|---|---|---|\n");
        for attack in attacks {
            count += usize::from(attack.exit != 0);
            *names.entry(format!("{title} {}", attack.name)).or_insert(0) += 1;
            let mut codes = Vec::new();
            for code in &attack.codes {
                let either: Vec<_> = code.split('|').map(|code| format!("`{code}`")).collect();
                assert!(either.iter().all(|code| known.contains(&format!("| {code} |"))), "{code}");
                codes.push(either.join(" or "));
            }
            let codes = if codes.is_empty() { "accepted".into() } else { codes.join(", ") };
            text += &format!("| {} | {} | {codes} |\n", attack.name.replace('|', "\\|"), attack.exit);
        }
    }
    assert!(names.values().all(|count| *count == 1), "a name twice: {names:?}");
    assert!(count >= 90, "{count} attacks");
    let page = root().join("docs/hostile.md");
    let old = std::fs::read_to_string(&page).unwrap_or_default();
    let start = "<!-- from here on written by tests/hostile.rs -->\n";
    let head = old.split(start).next().unwrap_or_default();
    let new = format!("{head}{start}{text}");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&page, &new).unwrap();
    }
    assert!(old == new || std::env::var_os("BLESS").is_some(), "docs/hostile.md is stale: run with BLESS=1");
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
