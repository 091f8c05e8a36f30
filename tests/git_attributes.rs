//! Attributes of a tree, compared with `git check-attr --source`.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test fails by panicking"
)]

mod git_support;

use std::collections::BTreeSet;
use std::os::unix::fs::symlink;

use countersign::git::Attributes;
use countersign::release::AttributeState as State;
use countersign::release::{ObjectId, TreePath};
use git_support::{Repo, git_in, run, run_with_input};

const NAMES: [&str; 8] = ["text", "eol", "diff", "binary", "export-ignore", "one", "two", "m1"];

/// What git says of each path and attribute; paths that end in a slash are
/// folders.
fn check_attr(repo: &Repo, paths: &[String]) -> Vec<String> {
    let input: Vec<u8> = paths.iter().flat_map(|path| [path.as_bytes(), b"\0"].concat()).collect();
    let mut git = git_in(&repo.path());
    git.args(["-c", "core.attributesFile=/dev/null", "check-attr", "--source=HEAD", "--stdin", "-z"])
        .args(NAMES);
    let output = run_with_input(git.env("GIT_ATTR_NOSYSTEM", "1"), &input).stdout;
    let fields: Vec<&[u8]> = output.split(|byte| *byte == 0).collect();
    let lines = fields.chunks_exact(3);
    lines.map(|line| line.iter().map(|f| String::from_utf8_lossy(f)).collect::<Vec<_>>().join(": ")).collect()
}

fn ours(attributes: &Attributes, paths: &[String]) -> Vec<String> {
    let mut lines = Vec::new();
    for path in paths {
        let found = match path.strip_suffix('/') {
            Some(folder) => attributes.of_folder(&folder.into()),
            None => attributes.of(&path.as_str().into()),
        };
        let found = found.expect("cheap");
        for name in NAMES {
            let value = match found.get(name) {
                Some(State::Set) => "set".into(),
                Some(State::Unset) => "unset".into(),
                Some(State::Value(value)) => String::from_utf8_lossy(value).into_owned(),
                None => "unspecified".into(),
            };
            lines.push(format!("{path}: {name}: {value}"));
        }
    }
    lines
}

/// Writes one tree from `(path, text)` without a work tree.
fn commit(repo: &Repo, files: &[(String, String)]) -> ObjectId {
    let mut stream =
        String::from("commit refs/heads/main\ncommitter C <c@x> 1700000000 +0000\ndata 1\nx\ndeleteall\n");
    for (path, text) in files {
        stream.push_str(&format!("M 100644 inline {path}\ndata {}\n{text}\n", text.len()));
    }
    run_with_input(git_in(&repo.path()).args(["fast-import", "--quiet", "--force"]), stream.as_bytes());
    repo.id("main")
}

fn compare(repo: &Repo, files: &[(String, String)], paths: &[String]) {
    let commit = commit(repo, files);
    let attributes = repo.open().attributes(&commit).expect("attributes");
    let (ours, gits) = (ours(&attributes, paths), check_attr(repo, paths));
    assert_eq!(gits.len(), paths.len() * NAMES.len());
    for (ours, gits) in ours.iter().zip(&gits) {
        assert_eq!(ours, gits, "{files:#?}");
    }
}

/// A small generator of repeatable random numbers (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }

    fn join(&mut self, from: &[&str], most: usize) -> String {
        (0..=self.below(most)).map(|_| self.pick(from)).collect()
    }
}

/// git before 2.52 took the `**` in `foo**/bar`, after literal bytes at the
/// pattern's start, for the one in `**/bar`.
fn git_disagrees_with_itself(pattern: &str) -> bool {
    let special = pattern.find(['*', '?', '[', '\\']).unwrap_or(0);
    special > 0 && pattern[special..].starts_with("**") && !pattern[..special].ends_with('/')
}

fn random_line(random: &mut Random) -> String {
    const PIECES: [&str; 34] = [
        "a",
        "b",
        "c",
        "ab",
        "/",
        "/",
        "*",
        "*",
        "**",
        "**/",
        "/**",
        "?",
        "[ab]",
        "[!a]",
        "[^b]",
        "[a-c]",
        "[]a]",
        "[a",
        "[[:alpha:]]",
        "[[:digit:]b]",
        "[[:bad:]]",
        "[\\]a]",
        "[a-]",
        "[-b]",
        "\\a",
        "\\*",
        "\\",
        "!",
        "#",
        "a.c",
        ".",
        "***",
        "[b-a]",
        "[[:a]",
    ];
    const SETTINGS: [&str; 22] = [
        "text",
        "-text",
        "!text",
        "text=auto",
        "eol=lf",
        "eol=crlf",
        "binary",
        "-binary",
        "!binary",
        "one",
        "two=2",
        "-two",
        "!two",
        "m1",
        "-m1",
        "export-ignore",
        "diff=a=b",
        "one=",
        "bad/name",
        "=x",
        "builtin_x",
        "two=\"q\"",
    ];
    let mut pattern = random.join(&PIECES, 5);
    while git_disagrees_with_itself(&pattern) {
        pattern = random.join(&PIECES, 5);
    }
    match random.below(12) {
        0 => pattern = format!("\"{pattern}\""),
        1 => pattern = format!("\"{pattern}\\141\\t\""),
        2 => pattern = format!("[attr]{}", random.pick(&["m1", "m2", "one", "bad/", "binary", ""])),
        3 => pattern.insert(0, '/'),
        4 => pattern.push('/'),
        5 => pattern.insert_str(0, random.pick(&[" ", "\t", "\""])),
        _ => {}
    }
    let settings: Vec<&str> = (0..random.below(4)).map(|_| random.pick(&SETTINGS)).collect();
    format!(
        "{pattern}{}{}{}",
        random.pick(&[" ", "\t", "  "]),
        settings.join(" "),
        random.pick(&["\n", "\n", "\r\n", " \n"])
    )
}

fn random_path(random: &mut Random) -> String {
    const PARTS: [&str; 16] =
        ["a", "b", "c", "ab", "abc", "a.c", "b.c", "aa", "]", "-", "*", "!a", "#", "1", "a b", "\\a"];
    let parts: Vec<&str> = (0..=random.below(4)).map(|_| random.pick(&PARTS)).collect();
    parts.join("/") + random.pick(&["", "", "", "/"])
}

#[test]
fn random_attributes_are_those_of_git_check_attr() {
    let repo = Repo::init(&[]);
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut different = BTreeSet::new();
    for _ in 0..60 {
        let mut files = Vec::new();
        for folder in ["", "a/", "a/b/", "ab/", "c/"] {
            if folder.is_empty() || random.below(3) == 0 {
                let text: String = (0..12).map(|_| random_line(&mut random)).collect();
                files.push((format!("{folder}.gitattributes"), text));
            }
        }
        let paths: Vec<String> = (0..200).map(|_| random_path(&mut random)).collect();
        compare(&repo, &files, &paths);
        different.extend(check_attr(&repo, &paths).into_iter().filter(|line| !line.ends_with("unspecified")));
    }
    assert!(different.len() > 2000, "the cases say something: {}", different.len());
}

#[test]
fn real_attribute_files_are_those_of_git_check_attr() {
    let repo = Repo::init(&[]);
    let files = [
        (
            ".gitattributes",
            "* text=auto\n*.c text diff=cpp\n*.png binary\n/docs export-ignore\n/docs/** -diff\n[attr]m1 one two=2 -eol\n\
             *.sh eol=lf m1\nsub/*.bat eol=crlf\n\"with space.txt\" one\nvendor/ export-ignore\n# comment one\n\
             .git* export-ignore\n*.[ch] two\n**/generated/** -text\n",
        ),
        (
            "sub/.gitattributes",
            "*.c !text -diff\n*.sh -m1\n/deep/*.png -binary text\n* two=sub\n[attr]m1 text\n",
        ),
        ("sub/deep/.gitattributes", "*.bat !eol\n"),
    ];
    let files = files.map(|(path, text)| (path.to_string(), text.to_string()));
    let mut paths = Vec::new();
    for folder in ["", "docs/", "sub/", "sub/deep/", "vendor/", "a/generated/", "a/vendor/"] {
        paths.push(folder.to_string());
        for name in
            ["a.c", "a.png", "x.sh", "x.bat", "with space.txt", ".gitignore", ".github", "naïve.h", "docs"]
        {
            paths.push(format!("{folder}{name}"));
        }
    }
    paths.retain(|path| !path.is_empty());
    compare(&repo, &files, &paths);
}

#[test]
fn odd_files_are_read_as_git_reads_them() {
    let repo = Repo::init(&[]);
    let paths: Vec<String> = ["a", "b", "c", "ab"].map(Into::into).to_vec();
    let long = format!("a{} one\nb two\n", " ".repeat(2048));
    let edge = format!("a{}one\nb two\n", " ".repeat(2043));
    for text in [
        "",
        "a one",
        "a one\0\nb two\n",
        "\0a one\n",
        "\u{feff}a one\nb two\n",
        "a one\rb two\n",
        &long,
        &edge,
    ] {
        compare(&repo, &[(".gitattributes".into(), text.into())], &paths);
    }
}

#[test]
fn only_regular_files_of_the_tree_count() {
    let repo = Repo::init(&[]);
    repo.write("elsewhere", "* text\n");
    repo.write("sub/file", "x");
    symlink("elsewhere", repo.path().join(".gitattributes")).expect("a link");
    repo.write("sub/.gitattributes/a", "* one\n");
    let head = repo.commit("first");
    repo.write_git("info/attributes", "* one\n");
    repo.git(&["config", "core.attributesFile", "elsewhere"]);
    let attributes = repo.open().attributes(&head).expect("attributes");
    assert!(attributes.is_empty());
    assert_eq!(attributes.of(&"sub/file".into()).expect("cheap").get("one"), None);
}

#[test]
fn export_ignore_is_that_of_git_archive() {
    let repo = Repo::init(&[]);
    repo.write(".gitattributes", "docs export-ignore\n*.tmp export-ignore\nkeep/*.tmp -export-ignore\nsub export-ignore\n/a/b/ export-ignore\nv export-ignore=yes\n");
    for name in [
        "docs/x",
        "docs/y/z",
        "a.tmp",
        "keep/a.tmp",
        "keep/b",
        "a/b/c",
        "a/bc",
        "x/a/b/c",
        "x/docs",
        "v",
        "f",
    ] {
        repo.write(name, name);
    }
    repo.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{},sub", "1".repeat(40))]);
    let head = repo.commit("first");
    let listed = run(git_in(&repo.path()).args(["archive", "--format=tar", "HEAD"])).stdout;
    let mut tar = std::process::Command::new("tar");
    let names = git_support::text(run_with_input(tar.args(["-tf", "-"]), &listed));
    let expected: BTreeSet<&str> = names.lines().filter(|name| !name.ends_with('/')).collect();
    let opened = repo.open();
    let attributes = opened.attributes(&head).expect("attributes");
    let tree = opened.tree(&head, &TreePath::default()).expect("a tree");
    let kept = tree.iter().filter(|entry| {
        let submodule = entry.mode == countersign::release::tree::Mode::Submodule;
        !attributes.export_ignored(&entry.path, submodule).expect("cheap")
    });
    let kept: Vec<String> = kept.map(|entry| entry.path.to_string()).collect();
    assert_eq!(kept.iter().map(String::as_str).collect::<BTreeSet<_>>(), expected);
    assert!(expected.contains("keep/a.tmp") && !expected.contains("docs/x") && expected.contains("v"));
}

#[test]
fn more_rules_than_any_project_has_are_refused() {
    let many = "a one\n".repeat(20_001);
    assert!(Attributes::parse([(TreePath::default(), many.into_bytes())]).is_err());
}
