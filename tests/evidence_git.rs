//! What git itself writes, byte for byte: `git checkout-index` and
//! `git archive` over a table of attributes and contents.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test fails by panicking"
)]

mod git_support;

use countersign::evidence::converted::{Budget, CommitText, Refs, Settings, Substitution, Unknown};
use countersign::git::Attributes;
use countersign::release::{BlobHasher, ObjectFormat, ObjectId, Sha256Digest, TreePath};
use git_support::{Repo, git_in, run};
use sha2::{Digest as _, Sha256};
use std::process::Command;

const ATTRIBUTES: [&str; 28] = [
    "",
    "text",
    "-text",
    "text=auto",
    "text=input",
    "text=odd",
    "crlf",
    "crlf=input",
    "-crlf eol=crlf",
    "text crlf=auto eol=crlf",
    "eol=crlf",
    "eol=lf",
    "eol=odd",
    "eol",
    "text eol=crlf",
    "text=auto eol=crlf",
    "text=auto eol=lf",
    "text=input eol=crlf",
    "binary eol=crlf",
    "ident",
    "ident=yes",
    "-ident",
    "ident eol=crlf",
    "ident text=auto eol=crlf",
    "working-tree-encoding=UTF-16LE-BOM eol=crlf",
    "working-tree-encoding=utf-8 eol=crlf",
    "filter=none eol=crlf",
    "filter=lfs eol=crlf",
];

const ENCODINGS: [&str; 18] = [
    "UTF-16",
    "utf16",
    "UTF-16LE",
    "UTF-16BE",
    "utf-16le-bom",
    "UTF-16BE-BOM",
    "UTF-32",
    "UTF-32LE",
    "UTF-32BE",
    "latin1",
    "ISO-8859-1",
    "latin-1",
    "ISO-8859-15",
    "WINDOWS-1252",
    "cp1252",
    "us-ascii",
    "koi8-r",
    "UTF-8",
];

fn contents() -> Vec<Vec<u8>> {
    let mut contents: Vec<Vec<u8>> = [
        "",
        "a",
        "\n",
        "a\nb\n",
        "a\nb",
        "a\r\nb\r\n",
        "a\r\nb\n",
        "a\rb\n",
        "\r\n\n",
        "\n\r\n",
        "a\r\r\nb\n",
        "a\0b\n",
        "a\x1bb\x0c\x08\t\n",
        "a\x01b\n",
        "text\n\x1a",
        "\x1a",
        "é – € ž ¤ \u{81}\n",
        "\u{feff}mark\n",
        "ünïcode 🎉\n",
        "$Id$",
        "$Id$\n$Id: 0123 $\n$Id: x y $ $Id:$ $Id: $\n",
        "$Id: a\n$ $Id\n$Id$x$Id:open",
        "$$Id$$ $Idx$ $Id:x$ $Id:xy $ $Id:  $\n",
        "$",
        "$I",
        "$Id",
        "$Idx$Id: foo bar $ $Id:\ty$ $I$Id$ $Id: \0 a b$",
    ]
    .iter()
    .map(|text| text.as_bytes().to_vec())
    .collect();
    contents.push(b"\xff\xfe\n".to_vec());
    // The share of unprintable bytes at which content counts as binary.
    for odd in 0..4 {
        for plain in [126, 127, 128, 129, 255, 256, 384] {
            contents.push([vec![b'x'; plain], vec![1; odd], b"\n".to_vec()].concat());
        }
    }
    contents
}

/// A repository with each content under each line of attributes.
fn table(lines: &[String], format: ObjectFormat) -> (Repo, Vec<(String, Vec<u8>)>) {
    let repo = Repo::init(&[&format!("--object-format={}", format.as_str())]);
    let mut attributes = String::from("/.gitattributes !text !eol\n");
    let mut files = Vec::new();
    for (line, settings) in lines.iter().enumerate() {
        attributes.push_str(&format!("/{line}/* {settings}\n"));
        for (number, content) in contents().into_iter().enumerate() {
            files.push((format!("{line}/{number}"), content));
        }
    }
    files.push((".gitattributes".into(), attributes.into_bytes()));
    import(&repo, &files);
    (repo, files)
}

/// Commits files as they are: `git add` would convert them.
fn import(repo: &Repo, files: &[(String, Vec<u8>)]) {
    let mut stream =
        b"commit refs/heads/main\nauthor \xc3\x84 U Thor <author@example.org> 1709210096 +0000\n\
                       committer C O Mitter <c@example.org> 1700000100 -0230\n"
            .to_vec();
    let message = "subject line: it's..so\nsecond \n\nbody\nmore\n";
    stream.extend_from_slice(format!("data {}\n{message}\n", message.len()).as_bytes());
    for (path, content) in files {
        stream.extend_from_slice(format!("M 100644 inline {path}\ndata {}\n", content.len()).as_bytes());
        stream.extend_from_slice(content);
        stream.push(b'\n');
    }
    git_support::run_with_input(git_in(&repo.path()).args(["fast-import", "--quiet"]), &stream);
}

fn settings(attributes: &Attributes, path: &str) -> Settings {
    let path = TreePath::from(path);
    let found = attributes.of(&path).expect("cheap");
    let get = |name: &str| found.get(name).cloned();
    Settings {
        text: get("text"),
        crlf: get("crlf"),
        eol: get("eol"),
        ident: get("ident"),
        encoding: get("working-tree-encoding"),
        filter: get("filter"),
        export_subst: get("export-subst"),
    }
}

fn blob_id(content: &[u8], format: ObjectFormat) -> ObjectId {
    let mut hasher = BlobHasher::new(format, content.len() as u64);
    hasher.update(content);
    hasher.finish().expect("no collision")
}

fn isolated(repo: &Repo) -> Command {
    let mut git = git_in(&repo.path());
    git.env("GIT_ATTR_NOSYSTEM", "1").args(["-c", "core.attributesFile=/dev/null"]);
    git
}

/// Unpacks `git archive` and gives the folder.
fn archive(repo: &Repo) -> tempfile::TempDir {
    let tar = run(isolated(repo).args(["archive", "--format=tar", "HEAD"])).stdout;
    let out = tempfile::tempdir().expect("a folder");
    git_support::run_with_input(Command::new("tar").args(["xf", "-", "-C"]).arg(out.path()), &tar);
    out
}

/// Compares both commands with the library over a table.
fn compare(lines: &[String], format: ObjectFormat) -> usize {
    let (repo, files) = table(lines, format);
    let attributes = repo.open().attributes(&repo.id("HEAD")).expect("attributes");
    let out = tempfile::tempdir().expect("a folder");
    let prefix = format!("--prefix={}/", out.path().display());
    run(isolated(&repo).args(["read-tree", "HEAD"]));
    run(isolated(&repo).args(["checkout-index", "-a", "-f", &prefix]));
    let archived = archive(&repo);
    let mut converted = 0;
    for (path, blob) in &files {
        let written = std::fs::read(out.path().join(path)).expect("a file");
        let packed = std::fs::read(archived.path().join(path)).expect("a file");
        let line =
            path.split_once('/').map(|(line, _)| lines[line.parse::<usize>().expect("a number")].clone());
        let forms = settings(&attributes, path).checkout(blob, &blob_id(blob, format));
        let shown = || format!("{line:?} {:?}: git {:?}", String::from_utf8_lossy(blob), written);
        match forms {
            Ok(forms) => {
                assert!(forms.contains(&written) && forms.contains(&packed), "{}, ours {forms:?}", shown())
            }
            Err(Unknown(_)) => assert!(line.is_some_and(|line| line.contains("koi8")) && !blob.is_ascii()),
        }
        converted += usize::from(written != *blob);
    }
    converted
}

#[test]
fn line_ends_and_idents_are_those_of_git() {
    let lines: Vec<String> = ATTRIBUTES.iter().map(|line| (*line).into()).collect();
    assert!(compare(&lines, ObjectFormat::Sha1) > 150);
}

#[test]
fn idents_of_sha256_repositories_are_those_of_git() {
    assert!(compare(&["ident".into(), "ident eol=crlf".into()], ObjectFormat::Sha256) > 5);
}

#[test]
fn encodings_are_those_of_git() {
    let encode = |name: &&str| format!("working-tree-encoding={name}");
    let lines: Vec<String> = ENCODINGS
        .iter()
        .map(encode)
        .chain(["ident text=auto eol=crlf working-tree-encoding=UTF-16".into()])
        .collect();
    assert!(compare(&lines, ObjectFormat::Sha1) > 150);
}

#[test]
fn placeholders_are_those_of_git() {
    let formats = [
        "%H",
        "%h",
        "%T",
        "%t",
        "%P",
        "%p",
        "%an",
        "%ae",
        "%al",
        "%aN",
        "%aE",
        "%aL",
        "%ad",
        "%aD",
        "%ai",
        "%aI",
        "%as",
        "%at",
        "%cn",
        "%ce",
        "%cl",
        "%cd",
        "%cD",
        "%ci",
        "%cI",
        "%cs",
        "%ct",
        "%d",
        "%D",
        "%s",
        "%f",
        "%b",
        "%B",
        "%n",
        "%%",
        "%x41",
        "%(describe)",
        "%(describe:tags=true)",
        "a %h b %h %H %n%n %ci, %d%D",
        "",
        "no placeholder",
        "two\nlines %h",
        "%h%h%h%t%t",
    ];
    let repo = Repo::init(&[]);
    let mut files: Vec<(String, Vec<u8>)> = formats
        .iter()
        .enumerate()
        .map(|(number, format)| (format!("f{number}"), format!("<$Format:{format}$>\n").into_bytes()))
        .collect();
    files.push(("open".into(), b"$Format:%h and no end\n".to_vec()));
    files.push(("twice".into(), b"$Format:%h$$Format:%s$ $Format $Format:%H\n$\n".to_vec()));
    files.push((".mailmap".into(), b"Mapped Name <mapped@example.org> <author@example.org>\n".to_vec()));
    files.push((".gitattributes".into(), b"* export-subst\n".to_vec()));
    import(&repo, &files);
    repo.git(&["tag", "-a", "-m", "x", "v1.0"]);
    repo.git(&["update-ref", "refs/remotes/origin/main", "HEAD"]);
    run(isolated(&repo).args(["reset", "-q", "--hard"]));
    let (opened, commit) = (repo.open(), repo.id("HEAD"));
    let raw = opened.object(&commit, 1 << 20).expect("a commit").1;
    let text = CommitText::parse(commit, &raw).expect("an ordinary commit");
    let mailmap = opened.mailmap(&commit).expect("a mailmap");
    let entry = opened.history(&commit, &mailmap).expect("history").next().expect("one").expect("good");
    let refs = Refs {
        tag: Some("v1.0".into()),
        branches: ["main".into()].into(),
        author: Some((entry.author_name, entry.author_email)),
    };
    let archived = archive(&repo);
    for (path, blob) in &files {
        let packed = std::fs::read(archived.path().join(path)).expect("a file");
        let parsed = Substitution::parse(blob).expect("known placeholders");
        let digest = |bytes: &[u8]| Sha256Digest(Sha256::digest(bytes).into());
        let shown = String::from_utf8_lossy(&packed);
        let size = packed.len() as u64;
        assert_eq!(
            parsed.matches(&text, &refs, size, &digest(&packed), &Budget::default()),
            Ok(true),
            "{path}: {shown:?}"
        );
        let mut other = packed.clone();
        other[0] ^= 1;
        assert_ne!(
            parsed.matches(&text, &refs, size, &digest(&other), &Budget::default()),
            Ok(true),
            "{path}"
        );
    }
}
