//! The history in the order and words of `git log`, and mailmaps.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test fails by panicking"
)]

mod git_support;

use std::fs;
use std::os::unix::fs::symlink;

use countersign::git::{GitError, Mailmap, Repository};
use countersign::release::LogEntry;
use countersign::release::ObjectId;
use git_support::{Repo, git_in, run, run_with_input};

/// Id, author, subject, message and tags of each commit, in the order of `git log`.
type Line = (ObjectId, String, Vec<u8>, Vec<u8>, Vec<String>);

fn git_log(repo: &Repo, tip: &str) -> Vec<Line> {
    let mut git = git_in(&repo.path());
    git.args(["-c", "log.showSignature=false", "log", "-z", "--decorate=full"]);
    git.args(["--format=%H%x01%aN <%aE>%x01%s%x01%B%x01%D", tip]);
    let output = run(&mut git).stdout;
    let records = output.split(|byte| *byte == 0).filter(|record| !record.is_empty());
    records.map(parse_record).collect()
}

fn parse_record(record: &[u8]) -> Line {
    let fields: Vec<&[u8]> = record.split(|byte| *byte == 1).collect();
    let text = |at: usize| String::from_utf8_lossy(fields[at]).into_owned();
    let decoration = text(4);
    let mut tags: Vec<String> = decoration
        .split(", ")
        .filter_map(|name| Some(name.strip_prefix("tag: refs/tags/")?.to_string()))
        .collect();
    tags.sort();
    (ObjectId::parse(&text(0)).expect("an id"), text(1), fields[2].to_vec(), fields[3].to_vec(), tags)
}

fn ours(repository: &Repository, tip: &ObjectId, mailmap: &Mailmap) -> Vec<LogEntry> {
    repository.history(tip, mailmap).expect("a history").map(|entry| entry.expect("an entry")).collect()
}

fn compare(repo: &Repo, tip: &str) -> usize {
    let expected = git_log(repo, tip);
    let opened = repo.open();
    let tip = repo.id(tip);
    let mailmap = opened.mailmap(&tip).expect("a mailmap");
    let found = ours(&opened, &tip, &mailmap);
    assert_eq!(found.len(), expected.len());
    for (found, (id, author, subject, message, tags)) in found.iter().zip(&expected) {
        assert_eq!(found.id, *id);
        let (name, email) = (&found.author_name, &found.author_email);
        assert_eq!(
            format!("{} <{}>", String::from_utf8_lossy(name), String::from_utf8_lossy(email)),
            *author
        );
        assert_eq!(found.subject, *subject, "{id}");
        // `%B` leaves out blank lines at the start and the end.
        let trimmed = |text: &[u8]| String::from_utf8_lossy(text).trim().to_string();
        assert_eq!(trimmed(&found.message), trimmed(message), "{id}");
        assert_eq!(found.tags, *tags, "{id}");
        assert_eq!(found.parents, opened.commit(id).expect("a commit").parents);
    }
    found.len()
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
}

const PEOPLE: [&str; 8] = [
    "Jane <jane@example.org>",
    "Jane Doe <JANE@example.org>",
    "Bob  <bob@work.example>",
    "bob <bob@work.example>",
    "Zoë <zoe@example.org>",
    "Sam <shared@example.org>",
    "Kim <shared@example.org>",
    "<nameless@example.org>",
];
const MESSAGES: [&str; 8] = [
    "one line",
    "two\nlines\n\nand a body\n",
    "\n\n  indented after blank lines \t\nsecond\n\nbody",
    "Merge \"something\"\n\nChange-Id: Iabc\nCo-authored-by: X <x@y>\n",
    "ends in a dot.",
    "naïve *stars* _under_ `ticks`",
    "",
    "tab\there\r\nand return",
];

/// A history of `count` commits with merges, equal and backward dates.
fn random_history(random: &mut Random, count: usize, mailmap: &str) -> Repo {
    let repo = Repo::init(&[]);
    let mut stream = String::new();
    for mark in 1..=count {
        let date = 1_700_000_000 + random.below(30) as i64 * 10 + mark as i64 / 3;
        let message = random.pick(&MESSAGES);
        stream.push_str(&format!(
            "commit refs/heads/work\nmark :{mark}\nauthor {} {date} +0100\n",
            random.pick(&PEOPLE)
        ));
        stream.push_str(&format!("committer C <c@x> {date} -0200\ndata {}\n{message}\n", message.len()));
        if mark > 1 {
            stream.push_str(&format!("from :{}\n", mark - 1 - random.below((mark - 1).min(4))));
            for _ in 0..random.below(3).saturating_sub(1) {
                stream.push_str(&format!("merge :{}\n", 1 + random.below(mark - 1)));
            }
        }
        stream.push_str(&format!("M 100644 inline .mailmap\ndata {}\n{mailmap}\n", mailmap.len()));
        match random.below(6) {
            0 => stream.push_str(&format!("reset refs/tags/light-{mark}\nfrom :{mark}\n")),
            1 => stream.push_str(&format!(
                "tag note-{mark}\nfrom :{mark}\ntagger T <t@x> {date} +0000\ndata 1\nx\n"
            )),
            _ => {}
        }
    }
    stream.push_str(&format!("reset refs/heads/main\nfrom :{count}\n"));
    run_with_input(git_in(&repo.path()).args(["fast-import", "--quiet", "--force"]), stream.as_bytes());
    repo.git(&["reset", "-q", "--hard", "main"]);
    repo
}

const MAILMAP: &str = "# people\nJane Proper <jane@proper.example> <jane@example.org>\nBob Builder <bob@work.example>\n\
    <zoe@new.example> <zoe@example.org>\nSam Smith <sam@example.org> sam <shared@example.org>\n\
    Kim <kim@example.org> Kim <SHARED@example.org>\n";

#[test]
fn random_histories_are_those_of_git_log() {
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    let mut most = 0;
    for _ in 0..12 {
        let repo = random_history(&mut random, 150, MAILMAP);
        most = most.max(compare(&repo, "main"));
    }
    assert!(most > 60, "the histories branch and meet: {most}");
}

#[test]
fn what_other_readers_of_history_believe_changes_nothing() {
    let repo = random_history(&mut Random(7), 60, MAILMAP);
    let expected = git_log(&repo, "main");
    let main = repo.id("main");
    repo.git(&["commit-graph", "write", "--reachable"]);
    repo.git(&["notes", "add", "-m", "note", "main"]);
    repo.git(&["replace", "--graft", "main~1"]);
    repo.git(&["config", "log.mailmap", "false"]);
    assert_ne!(git_log(&repo, "main").len(), expected.len(), "git believes the replacement");
    let opened = repo.open();
    let mailmap = opened.mailmap(&main).expect("a mailmap");
    let found = ours(&opened, &main, &mailmap);
    assert_eq!(
        found.iter().map(|e| e.id).collect::<Vec<_>>(),
        expected.iter().map(|e| e.0).collect::<Vec<_>>()
    );
}

#[test]
fn tags_on_tags_count_for_the_commit_and_others_for_none() {
    let repo = Repo::sample(&[]);
    repo.git(&["tag", "-a", "inner", "-m", "x"]);
    repo.git(&["tag", "-a", "outer", "-m", "x", "inner"]);
    repo.git(&["tag", "blob", "HEAD:a.txt"]);
    repo.git(&["tag", "-a", "tree", "-m", "x", "HEAD:dir"]);
    compare(&repo, "main");
    let opened = repo.open();
    assert_eq!(ours(&opened, &repo.id("main"), &Mailmap::default())[0].tags, ["inner", "outer"]);
}

fn raw_commit(repo: &Repo, headers: &[u8], message: &[u8]) -> ObjectId {
    let tree = repo.id("HEAD^{tree}");
    let parent = repo.id("HEAD");
    let start = format!("tree {tree}\nparent {parent}\n");
    let id = repo.hash_object("commit", &[start.as_bytes(), headers, b"\n", message].concat());
    repo.git(&["update-ref", "refs/heads/main", &id.to_string()]);
    id
}

#[test]
fn odd_commits_are_shown_as_git_shows_them() {
    let repo = Repo::sample(&[]);
    for (headers, message) in [
        (&b"author A <a@x> 1700000500 +0000\ncommitter C <c@x> 1700000500 +0000\nencoding ISO-8859-1\n"[..], &b"na\xefve\n"[..]),
        (b"author J\xf6rg <j\xf6rg@x> 1700000501 +0000\ncommitter C <c@x> 1700000501 +0000\nencoding latin1\n", b"x\n"),
        (b"author J\xf6rg <j@x> 1700000502 +0000\ncommitter C <c@x> 1700000502 +0000\n", b"not \xff UTF-8\n"),
        (b"author A <a@x> 1700000503 +0000\ncommitter C <c@x> 1700000503 +0000\nencoding iso-8859-15\n", b"5 \xa4\n"),
        (b"author A <a@x> 1700000504 +0000\ncommitter C <c@x> 1700000504 +0000\nencoding UTF-8\n", b"na\xc3\xafve\n"),
        (b"author A A <<a@x>> 1700000505 +0000\ncommitter C <c@x> 1700000505 +0000\n", b"x\n"),
        (b"author A a@x 1700000506 +0000\ncommitter C <c@x> 1700000506 +0000\n", b"x\n"),
        (b"author  Two  Blanks  <a b@x> 1700000507 +0000\ncommitter C <c@x> 1700000507 +0000\n", b"x\n"),
        (b"author A <a@x> 1700000508 +0000\ncommitter C <c@x> 1700000508 +0000\n", b"before\0after\n"),
        (b"author A <a@x> 1700000509 +0000\ncommitter C <c@x> 1700000509 +0000\ngpgsig -----BEGIN\n \n author E <e@x> 1 +0000\n -----END\n", b"signed\n"),
        (b"author A <a@x> 99999999999999999999999 +0000\ncommitter C <c@x> 99999999999999999999999 +0000\n", b"far\n"),
        (b"author A <a@x> 1700000511 +0000\ncommitter C <c@x>\n", b"no date\n"),
        (b"author A <a@x> 1700000512 +0000\ncommitter C <c@x> -5 +0000\n", b"negative\n"),
    ] {
        raw_commit(&repo, headers, message);
        compare(&repo, "main");
    }
}

#[test]
fn an_encoding_nobody_can_know_is_told() {
    let repo = Repo::sample(&[]);
    let headers =
        b"author A <a@x> 1700000500 +0000\ncommitter C <c@x> 1700000500 +0000\nencoding iso-8859-8\n";
    let id = raw_commit(&repo, headers, b"\xe0\n");
    let opened = repo.open();
    let mailmap = Mailmap::default();
    let mut history = opened.history(&id, &mailmap).expect("a history");
    let error = history.next().expect("an item").expect_err("refused");
    assert_eq!(error.code(), "commit-encoding-unknown");
    assert!(history.next().is_none());
}

#[test]
fn a_forged_ancestor_is_an_error_before_it_is_shown() {
    let repo = Repo::sample(&[]);
    for number in 0..200 {
        repo.git(&["commit", "-q", "--allow-empty", "-m", &format!("commit {number}")]);
    }
    let (tip, old) = (repo.id("HEAD"), repo.id("HEAD~100"));
    let forged = repo.git(&["cat-file", "commit", &old.to_string()]).replace("A U Thor", "M Allory");
    let forged = repo.hash_object("commit", (forged + "\n").as_bytes());
    fs::remove_file(repo.loose(&old)).expect("removed");
    fs::copy(repo.loose(&forged), repo.loose(&old)).expect("copied");
    let opened = repo.open();
    let mailmap = Mailmap::default();
    let entries: Vec<_> = opened.history(&tip, &mailmap).expect("a history").collect();
    assert_eq!(entries.len(), 101);
    assert!(entries[..100].iter().all(|entry| entry.as_ref().is_ok_and(|e| e.author_name == b"A U Thor")));
    assert_eq!(entries[100].as_ref().expect_err("refused").code(), "object-corrupt");
    assert_eq!(opened.reaches(&tip, &repo.id("HEAD~150")).expect_err("refused").code(), "object-corrupt");
}

#[test]
fn a_history_left_early_ends() {
    let repo = random_history(&mut Random(11), 200, MAILMAP);
    let opened = repo.open();
    let mailmap = Mailmap::default();
    for taken in [0, 1, 70] {
        let history = opened.history(&repo.id("main"), &mailmap).expect("a history");
        assert_eq!(history.take(taken).filter(Result::is_ok).count(), taken);
    }
}

#[test]
fn missing_history_is_an_error_and_not_an_end() {
    let repo = random_history(&mut Random(9), 40, MAILMAP);
    let url = format!("file://{}", repo.path().display());
    run(git_in(repo.dir.path()).args(["clone", "-q", "--depth", "3", &url, "shallow"]));
    let shallow = Repository::open(&repo.dir.path().join("shallow")).expect("a repository");
    let mailmap = Mailmap::default();
    let history = shallow.history(&repo.id("main"), &mailmap).expect("a history");
    let errors: Vec<GitError> = history.filter_map(Result::err).collect();
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0].code(), "repository-shallow");
}

#[test]
fn mailmaps_are_those_of_git_check_mailmap() {
    let repo = Repo::init(&[]);
    let mut random = Random(0xdead_beef);
    let pieces = [
        "Jane", "jane", " Bob ", "Zoë", "<a@x>", "<A@x>", "<b@x>", "<>", "<c@x", "d@x>", "#", " # why", "  ",
        "\t", "<a@x> ", "\r",
    ];
    let people = [
        "Jane <a@x>",
        "jane <A@x>",
        "Bob <b@x>",
        "Zoë <c@x>",
        "X <d@x>",
        "Y <>",
        "Zo\u{cb} <a@x>",
        "BOB <a@X>",
    ];
    for _ in 0..40 {
        let line =
            |random: &mut Random| (0..=random.below(6)).map(|_| random.pick(&pieces)).collect::<String>();
        let mut text: String = (0..8).map(|_| line(&mut random) + "\n").collect();
        if random.below(4) == 0 {
            text.push_str(&format!("{}Long <long@x> <a@x>\n", " ".repeat(1015 + random.below(12))));
        }
        fs::write(repo.path().join(".mailmap"), &text).expect("a file");
        let input = people.join("\n") + "\n";
        let output =
            run_with_input(git_in(&repo.path()).args(["check-mailmap", "--stdin"]), input.as_bytes());
        let expected = String::from_utf8(output.stdout).expect("UTF-8");
        let map = Mailmap::parse(text.as_bytes());
        for (person, expected) in people.iter().zip(expected.lines()) {
            let (name, email) = person.split_once(" <").expect("a person");
            let (name, email) = map.map(name.as_bytes(), email.trim_end_matches('>').as_bytes());
            let found = format!("{} <{}>", String::from_utf8_lossy(name), String::from_utf8_lossy(email));
            assert_eq!(found.trim_start(), expected.trim_start(), "{person} in {text:?}");
        }
    }
}

#[test]
fn a_mailmap_is_a_regular_file_of_the_tree() {
    let repo = Repo::sample(&[]);
    let first = repo.id("HEAD");
    assert_eq!(repo.open().mailmap(&first).expect("a mailmap"), Mailmap::default());
    repo.write("elsewhere", "A <author@example.org>\n");
    symlink("elsewhere", repo.path().join(".mailmap")).expect("a link");
    let second = repo.commit("second");
    assert_eq!(repo.open().mailmap(&second).expect("a mailmap"), Mailmap::default());
    fs::remove_file(repo.path().join(".mailmap")).expect("removed");
    repo.write(".mailmap", "A <author@example.org>\n");
    let third = repo.commit("third");
    let opened = repo.open();
    let mailmap = opened.mailmap(&third).expect("a mailmap");
    assert_eq!(ours(&opened, &third, &mailmap)[2].author_name, b"A");
    compare(&repo, "main");
}
