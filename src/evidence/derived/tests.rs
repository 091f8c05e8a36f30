use super::*;
use crate::evidence::Identity;
use crate::evidence::testing::{COMMIT, Repository, candidate};
use crate::release::ObjectId;
use std::collections::BTreeMap;

fn commit(author: &str, message: &str, tags: &[&str]) -> LogEntry {
    commit_of_bytes(author.as_bytes(), message.as_bytes(), tags)
}

fn commit_of_bytes(author: &[u8], message: &[u8], tags: &[&str]) -> LogEntry {
    LogEntry {
        id: ObjectId::parse(COMMIT).unwrap(),
        parents: vec![],
        author_name: author.into(),
        author_email: [&author.to_ascii_lowercase()[..], b"@x"].concat(),
        subject: message.split(|byte| *byte == b'\n').next().unwrap().into(),
        message: message.into(),
        tags: tags.iter().map(ToString::to_string).collect(),
    }
}

fn files(log: &[LogEntry]) -> PbrFiles {
    let mut all = PbrLog::default();
    log.iter().for_each(|entry| all.take(entry));
    all.finish()
}

fn authors(log: &[LogEntry]) -> String {
    files(log).authors().to_string()
}

fn changelog(log: &[LogEntry]) -> String {
    files(log).changelog()
}

/// What the rule says of a file of `x-1.0.tar.gz`.
fn judge(repository: &Repository, found: &Candidate) -> Result<Answer, Unavailable> {
    let memo = Memo::default();
    judge_with(repository, found, &memo)
}

fn judge_with(origin: &Repository, found: &Candidate, memo: &Memo) -> Result<Answer, Unavailable> {
    let identity = Identity { artifact: "x-1.0.tar.gz".into(), root: "x-1.0".into(), version: None };
    let case = Case {
        origin,
        identity: &identity,
        subdirectory: &TreePath::default(),
        tree: crate::evidence::Origin::tree(origin)?,
        states: &[],
        candidates: &BTreeMap::new(),
        memo,
        converting: &crate::evidence::converted::Memo::default(),
        memory: &std::cell::OnceCell::new(),
    };
    authors_or_changelog(&case, found)
}

fn with_log(log: &[LogEntry]) -> Repository {
    let mut repository = Repository::default();
    repository.log = log.to_vec();
    repository
}

fn refused(answer: Answer) -> String {
    match answer {
        Answer::Refused(refusal) => format!("{}: {}", refusal.code, refusal.message),
        other => panic!("{other:?}"),
    }
}

fn held(answer: Answer) -> String {
    match answer {
        Answer::Explained(Level::Derived, detail) => detail,
        other => panic!("{other:?}"),
    }
}

#[test]
fn authors_are_unique_and_sorted_by_code_point() {
    let log = [commit("b", "1", &[]), commit("É", "2", &[]), commit("B", "3", &[]), commit("b", "4", &[])];
    assert_eq!(authors(&log), "B <b@x>\nb <b@x>\nÉ <É@x>\n");
}

#[test]
fn review_systems_are_no_authors_but_may_be_co_authors() {
    let log = [
        commit("Jenkins <jenkins@review", "1\n\nCo-authored-by: Z <zuul@review.x>\n", &[]),
        commit("infra@lists", "2", &[]),
        commit("jenkins@openstack", "3", &[]),
        commit("zuul@review", "4", &[]),
    ];
    assert_eq!(authors(&log), "Z <zuul@review.x>\n");
}

#[test]
fn co_authors_are_what_follows_the_first_such_word_of_a_line() {
    let message = "x\n\n  (Co-authored-by: A <a@x>) \r\nco-authored-by: no\nCo-Authored-By: no\nCo-authored-by:\t \n\
                   Co-authored-by:B\nCo-authored-by: C Co-authored-by: D\nCo-authored-by:\u{1c}\u{a0}E\u{3000}\n";
    let expected = "A <a@x>)\nB\nC Co-authored-by: D\nE\nw <w@x>\n";
    assert_eq!(authors(&[commit("w", message, &[])]), expected);
}

#[test]
fn a_co_author_of_blanks_alone_is_an_empty_line() {
    assert_eq!(authors(&[commit("w", "x\n\nCo-authored-by:\u{a0}\n", &[])]), "\nw <w@x>\n");
}

#[test]
fn tabs_in_messages_are_filled_as_git_log_fills_them() {
    // 18 columns before the tab, so six blanks; 20 with the wide characters, so four.
    let message = "x\n\nCo-authored-by: Ab\tC\nCo-authored-by: 中中\tC\n\tCo-authored-by: D\t\u{1}\tE\n";
    let expected = "Ab      C\nD       \u{1}\tE\nw <w@x>\n中中    C\n";
    assert_eq!(authors(&[commit("w", message, &[])]), expected);
}

#[test]
fn an_author_can_be_named_like_a_trailer() {
    let log = [commit("Co-authored-by: q", "1", &[])];
    assert_eq!(authors(&log), "Co-authored-by: q <co-authored-by: q@x>\nq <co-authored-by: q@x>\n");
}

#[test]
fn only_the_first_line_of_all_loses_its_blanks() {
    let log = [commit(" a", "1", &[]), commit(" b", "2", &[])];
    assert_eq!(authors(&log), " b < b@x>\na < a@x>\n");
}

#[test]
fn bytes_that_are_no_text_become_replacement_characters_as_in_python() {
    let log = [commit_of_bytes(b"a\xe2\x82b", b"s\xff\xf0\x9f\x98\n\nCo-authored-by: \xc3", &["1.0"])];
    assert_eq!(authors(&log), "a\u{fffd}b <a\u{fffd}b@x>\n\u{fffd}\n");
    assert_eq!(changelog(&log), "CHANGES\n=======\n\n1.0\n---\n\n* s\u{fffd}\u{fffd}\n");
}

#[test]
fn subjects_lose_one_full_stop_and_their_markup() {
    let log = [commit("a", "a_b *c* `d`..", &[]), commit("a", "Merge x", &[]), commit("a", "Mergex.", &[])];
    assert_eq!(changelog(&log), "CHANGES\n=======\n\n* a\\_b \\*c\\* \\`d\\`.\n* Mergex\n");
}

#[test]
fn headings_are_the_highest_version_of_each_commit() {
    let log = [
        commit("a", "Merge 3", &["1.0", "1.0-rc1", "last"]),
        commit("a", "2", &["0.9.9", "0.9.10", "v0.9.1"]),
        commit("a", "1", &["stable-eol"]),
    ];
    assert_eq!(changelog(&log), "CHANGES\n=======\n\n1.0\n---\n\n\n0.9.10\n------\n\n* 2\n* 1\n");
}

#[test]
fn both_files_are_explained_from_one_walk() {
    let repository = with_log(&[commit("a", "one", &["1.0"])]);
    let memo = Memo::default();
    let judge = |path, content| held(judge_with(&repository, &candidate(path, content), &memo).unwrap());
    assert_eq!(judge("AUTHORS", "a <a@x>\n"), "the authors and co-authors of the tag's whole history");
    let changelog = "CHANGES\n=======\n\n1.0\n---\n\n* one\n";
    assert_eq!(judge("ChangeLog", changelog), "the subjects and version tags of the tag's whole history");
    assert_eq!(repository.walks.get(), 1);
}

#[test]
fn missing_history_is_unavailable() {
    let mut repository = with_log(&[commit("a", "one", &[])]);
    repository.shallow = true;
    assert_eq!(judge(&repository, &candidate("AUTHORS", "a <a@x>\n")), Err(Unavailable));
    assert_eq!(judge(&repository, &candidate("ChangeLog", "CHANGES\n")), Err(Unavailable));
}

#[test]
fn other_paths_are_not_its_business() {
    let repository = with_log(&[]);
    for path in ["AUTHORS.txt", "changelog", "x/AUTHORS", "doc/ChangeLog"] {
        assert_eq!(judge(&repository, &candidate(path, "\n")), Ok(Answer::Silent), "{path}");
    }
}

#[test]
fn the_tags_own_authors_in_comes_first() {
    let mut repository = with_log(&[commit("a", "one", &[])]);
    repository.add("AUTHORS.in", Mode::Regular, b"The founder");
    let answer = judge(&repository, &candidate("AUTHORS", "The foundera <a@x>\n")).unwrap();
    assert!(held(answer).ends_with("after AUTHORS.in"));
    assert!(refused(judge(&repository, &candidate("AUTHORS", "a <a@x>\n")).unwrap()).contains("line 1"));
}

#[test]
fn authors_in_that_is_a_link_is_undecided() {
    let mut repository = with_log(&[commit("a", "one", &[])]);
    repository.add("AUTHORS.in", Mode::Symlink, b"/etc/passwd");
    let answer = judge(&repository, &candidate("AUTHORS", "a <a@x>\n")).unwrap();
    assert!(refused(answer).starts_with("undecided-file"));
}

#[test]
fn an_injected_author_and_a_dropped_one_are_named() {
    let repository = with_log(&[commit("a", "one", &[]), commit("b", "two", &[])]);
    let told = |content: &str| refused(judge(&repository, &candidate("AUTHORS", content)).unwrap());
    let told_of = |content: &str, tail: &str| {
        let told = told(content);
        assert!(told.ends_with(tail), "{told}");
    };
    told_of("a <a@x>\nb <b@x>\nc <c@x>\n", "line 3 is \"c <c@x>\", expected the end of the file");
    told_of("a <a@x>\n", "line 2 is the end of the file, expected \"b <b@x>\"");
    told_of("a <a@x>\nb <B@x>\n", "line 2 is \"b <B@x>\", expected \"b <b@x>\"");
    told_of("a <a@x>\nb <b@x>", "line 2 is \"b <b@x>\", expected \"b <b@x>\"");
}

#[test]
fn an_executable_or_linked_file_is_refused() {
    let repository = with_log(&[commit("a", "one", &[])]);
    let mut found = candidate("AUTHORS", "a <a@x>\n");
    found.fact.mode = Mode::Executable;
    assert!(refused(judge(&repository, &found).unwrap()).starts_with("evidence-mismatch: pbr writes"));
}

#[test]
fn long_lines_are_cut_around_the_difference() {
    let long = format!("{}\n", "x".repeat(10_000));
    let repository = with_log(&[commit("a", &long, &[])]);
    let content = changelog(&repository.log).replace("xx\n", "x\u{1b}\n");
    let told = refused(judge(&repository, &candidate("ChangeLog", &content)).unwrap());
    assert!(told.len() < 400 && told.contains("x\\x1b\"") && told.contains("\"…x"), "{told}");
}

fn tagged() -> Repository {
    with_log(&[
        commit("a", "three", &["1.0", "1.0-rc2"]),
        commit("a", "Merge two", &["0.9", "0.9-last"]),
        commit("a", "one", &["0.5", "0.5.0-rc1"]),
    ])
}

fn judge_tagged(content: &str) -> Answer {
    judge(&tagged(), &candidate("ChangeLog", &format!("CHANGES\n=======\n\n{content}"))).unwrap()
}

#[test]
fn headings_of_tags_that_came_later_may_be_missing_or_lower() {
    let told = held(judge_tagged("1.0\n---\n\n* three\n* one\n"));
    assert!(
        told.ends_with("without the headings of tags that can be younger than the artifact: 0.9, 0.5"),
        "{told}"
    );
    let told = held(judge_tagged("1.0\n---\n\n* three\n\n0.9\n---\n\n\n0.5.0.rc1\n---------\n\n* one\n"));
    assert!(told.ends_with("younger than the artifact: 0.5"), "{told}");
}

#[test]
fn the_heading_of_the_release_itself_must_be_there() {
    for content in
        ["* three\n* one\n", "1.0.rc2\n-------\n\n* three\n* one\n", "\n1.0\n---\n\n* three\n* one\n"]
    {
        assert!(refused(judge_tagged(content)).contains("line 4"), "{content}");
    }
}

#[test]
fn a_heading_that_no_tag_gives_is_refused() {
    let told = refused(judge_tagged("1.0\n---\n\n* three\n\n0.8\n---\n\n* one\n"));
    assert!(told.ends_with("line 8 is \"\", expected \"* one\""), "{told}");
    let told = refused(judge_tagged("1.0\n---\n\n* three\n* evil\n"));
    assert!(told.contains("is \"* evil\", expected"), "{told}");
    let told = refused(judge_tagged("1.0\n---\n\n* three\n* one\n* more\n"));
    assert!(told.ends_with("line 9 is \"* more\", expected the end of the file"), "{told}");
}

#[test]
fn without_the_bytes_only_the_digest_counts() {
    let repository = tagged();
    let mut found = candidate("ChangeLog", &changelog(&repository.log));
    found.content = None;
    held(judge(&repository, &found).unwrap());
    found.fact.size += 1;
    assert!(refused(judge(&repository, &found).unwrap()).contains("with SHA-256"));
}

proptest::proptest! {
    /// Whatever the subjects and tags are, the file that pbr makes with any
    /// part of the tags is explained, and with one byte changed it is not.
    #[test]
    fn any_part_of_the_tags_will_do(
        commits in proptest::collection::vec((r"[ -~]{0,12}", proptest::collection::vec("[0-3]\\.[0-3](rc[1-3])?", 0..3)), 1..12),
        gone in proptest::collection::vec(proptest::bool::ANY, 36),
        flip in 0usize..1000,
    ) {
        let entry = |keep: &dyn Fn(usize) -> bool| -> Vec<LogEntry> {
            let mut number = 0;
            commits.iter().enumerate().map(|(at, (subject, tags))| {
                let kept = tags.iter().filter(|_| { number += 1; at == 0 || keep(number - 1) });
                let kept: Vec<&str> = kept.map(String::as_str).collect();
                commit("a", subject, &kept)
            }).collect()
        };
        let all = with_log(&entry(&|_| true));
        let content = changelog(&entry(&|number| !gone[number]));
        held(judge(&all, &candidate("ChangeLog", &content)).unwrap());
        let mut bytes = content.into_bytes();
        let at = flip % bytes.len();
        bytes[at] = if bytes[at] == b'~' { b'!' } else { b'~' };
        refused(judge(&all, &candidate("ChangeLog", std::str::from_utf8(&bytes).unwrap())).unwrap());
    }
}
