//! What the engine accepts and what it tells, by small trees.

use super::*;
use crate::evidence::testing::Repository;
use crate::release::policy::{FileEvidence, Pattern};
use crate::release::{ObjectId, Sha256Digest, Time};
use sha2::{Digest as _, Sha256};

fn digest(content: &str) -> Sha256Digest {
    Sha256Digest(Sha256::digest(content).into())
}

/// Any injective stand-in for git's hash does here: the engine only compares.
fn id(content: &str) -> ObjectId {
    ObjectId::Sha256(digest(content).0)
}

fn in_git(path: &str, content: &str) -> TreeEntry {
    TreeEntry { path: path.into(), mode: Mode::Regular, id: id(content) }
}

fn fact(path: &str, content: &str) -> Fact {
    let (id, sha256) = (id(content), digest(content));
    Fact { path: path.into(), mode: Mode::Regular, size: content.len() as u64, id, sha256 }
}

fn at() -> Time {
    Time::parse("2026-11-20").unwrap()
}

fn tree() -> Vec<TreeEntry> {
    vec![in_git(".gitignore", "*.o"), in_git("a", "A"), in_git("d/b", "B")]
}

fn omit(patterns: &[&str]) -> Vec<Pattern> {
    patterns.iter().map(|pattern| Pattern::parse(pattern).unwrap()).collect()
}

fn rule(path: &str, evidence: FileEvidence) -> FileRule {
    FileRule { path: path.into(), executable: false, evidence }
}

fn run(omissions: &[&str], files: Vec<FileRule>, facts: Vec<Fact>) -> Verdict {
    let mut comparison = Comparison::new(question(omissions, files));
    facts.into_iter().for_each(|fact| comparison.entry(fact, None));
    comparison.finish(&Repository::default()).unwrap()
}

fn question(omissions: &[&str], files: Vec<FileRule>) -> Question {
    Question {
        tree: tree(),
        subdirectory: TreePath::default(),
        identity: crate::evidence::Identity::default(),
        preset: crate::evidence::presets::find("git-archive@1").unwrap(),
        omit: omit(omissions),
        files,
        given: Default::default(),
        at: at(),
    }
}

fn codes(verdict: &Verdict) -> Vec<(&'static str, &str)> {
    verdict.findings.iter().map(|finding| (finding.code, finding.subject.as_str())).collect()
}

#[test]
fn the_tags_own_tree_is_identical() {
    let verdict = run(&[".gitignore"], vec![], vec![fact("a", "A"), fact("d/b", "B")]);
    assert_eq!(codes(&verdict), []);
    assert_eq!(verdict.levels, BTreeMap::from([("identical".into(), 2), ("omitted".into(), 1)]));
    let lines: String = verdict.explanations.iter().map(|e| e.line() + "\n").collect();
    assert_eq!(verdict.tree_sha256, digest(&lines), "the digest is that of the printed lines");
    assert!(lines.starts_with(&format!("omitted 100644 {} .gitignore\nidentical", id("*.o"))), "{lines}");
}

#[test]
fn order_of_entries_does_not_matter_and_content_does() {
    let one = run(&[".gitignore"], vec![], vec![fact("a", "A"), fact("d/b", "B")]);
    let other = run(&[".gitignore"], vec![], vec![fact("d/b", "B"), fact("a", "A")]);
    assert_eq!(one.tree_sha256, other.tree_sha256);
    let pinned = rule("a", FileEvidence::Pinned(digest("X")));
    let changed = run(&[".gitignore"], vec![pinned], vec![fact("a", "X"), fact("d/b", "B")]);
    assert_eq!(codes(&changed), []);
    assert_ne!(one.tree_sha256, changed.tree_sha256);
}

#[test]
fn added_changed_and_missing_are_findings() {
    let verdict = run(&[], vec![], vec![fact("a", "changed"), fact("m4/evil.m4", "x")]);
    let told = codes(&verdict);
    assert_eq!(
        told,
        [
            ("modified-file", "a"),
            ("unexplained-file", "m4/evil.m4"),
            ("missing-file", ".gitignore"),
            ("missing-file", "d/b")
        ]
    );
    assert!(verdict.explanations.is_empty(), "nothing wrong is counted as explained");
}

#[test]
fn exec_bit_and_type_count() {
    let executable = Fact { mode: Mode::Executable, ..fact("a", "A") };
    let link = Fact { mode: Mode::Symlink, ..fact("d/b", "B") };
    let verdict = run(&[".gitignore"], vec![], vec![executable, link]);
    assert_eq!(codes(&verdict), [("mode-differs", "a"), ("mode-differs", "d/b")]);
}

#[test]
fn exact_and_pinned_look_at_content_and_mode() {
    let files = || {
        vec![
            rule("note", FileEvidence::Exact("text\n".into())),
            rule("doc.pdf", FileEvidence::Pinned(digest("PDF"))),
        ]
    };
    let rest = || vec![fact("a", "A"), fact("d/b", "B"), fact(".gitignore", "*.o")];
    let with = |extra: Vec<Fact>| run(&[], files(), rest().into_iter().chain(extra).collect());
    let good = with(vec![fact("note", "text\n"), fact("doc.pdf", "PDF")]);
    assert_eq!(codes(&good), []);
    assert_eq!(good.levels["exact"] + good.levels["pinned"], 2);
    let bad = with(vec![fact("note", "text"), Fact { mode: Mode::Executable, ..fact("doc.pdf", "PDF") }]);
    assert_eq!(codes(&bad), [("rule-mismatch", "doc.pdf"), ("rule-mismatch", "note")]);
}

#[test]
fn unverified_is_told_and_ends() {
    let until = |day: &str| {
        let (reason, until) = ("made by hand".into(), Time::parse(day).unwrap());
        vec![rule("gen.h", FileEvidence::Unverified { reason, until })]
    };
    let facts = || vec![fact("a", "A"), fact("d/b", "B"), fact(".gitignore", "*.o"), fact("gen.h", "?")];
    let accepted = run(&[], until("2026-11-21"), facts());
    assert_eq!(codes(&accepted), [("unverified-file", "gen.h")]);
    assert!(!crate::release::finding::rejects(&accepted.findings));
    assert_eq!(accepted.unverified.len(), 1);
    let late = run(&[], until("2026-11-20"), facts());
    assert_eq!(codes(&late), [("unverified-expired", "gen.h")]);
    assert!(crate::release::finding::rejects(&late.findings));
}

#[test]
fn rules_that_match_nothing_or_twice_are_told() {
    let facts = || vec![fact("a", "A"), fact("d/b", "B")];
    let stale =
        run(&[".gitignore", "old/**"], vec![rule("gone", FileEvidence::Exact(String::new()))], facts());
    assert_eq!(codes(&stale), [("unused-rule", "old/**"), ("unused-rule", "gone")]);
    let twice = run(&[".gitignore", ".git*"], vec![], facts());
    assert_eq!(codes(&twice), [("overlapping-rules", ".gitignore")]);
    let exact = |text: &str| rule("n", FileEvidence::Exact(text.into()));
    let files = run(
        &[".gitignore"],
        vec![exact("x"), exact("y")],
        vec![fact("a", "A"), fact("d/b", "B"), fact("n", "y")],
    );
    assert_eq!(codes(&files), [("overlapping-rules", "n")]);
}

#[test]
fn an_omission_is_no_leave_to_change() {
    let verdict = run(&["**"], vec![], vec![fact("a", "changed"), fact("new", "x")]);
    assert_eq!(codes(&verdict), [("modified-file", "a"), ("unexplained-file", "new")]);
}

#[test]
fn folders_need_a_reason() {
    let mut comparison = Comparison::new(question(&["**"], vec![]));
    comparison.folder("d".into());
    comparison.folder("empty".into());
    comparison.folder("a".into());
    let verdict = comparison.finish(&Repository::default()).unwrap();
    assert_eq!(codes(&verdict), [("unexplained-folder", "a"), ("unexplained-folder", "empty")]);
}

#[test]
fn findings_are_bounded() {
    let facts = (0..5000).map(|n| fact(&format!("x{n}"), "x")).collect();
    let verdict = run(&["**"], vec![], facts);
    assert_eq!(verdict.findings.len(), MAX_FINDINGS + 1);
    assert!(verdict.findings.last().unwrap().message.starts_with("4000 more"));
}
