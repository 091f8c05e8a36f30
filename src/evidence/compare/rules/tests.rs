//! The policy's own evidence, by what it accepts and what is refused.

use super::*;
use crate::evidence::catalogue::{Catalogue, Entries};
use crate::evidence::compare::{FileRule, Question, Verdict};
use crate::evidence::given::Given;
use crate::evidence::rebuilt::{Files, SecondBuild};
use crate::evidence::testing::{Repository, blob_id, candidate, levels, told};
use crate::release::policy::{Pattern, template::Template};
use crate::release::tree::TreeEntry;
use crate::release::{Fingerprint, Sha256Digest, Time};
use std::rc::Rc;

fn patterns(texts: &[&str]) -> Vec<Pattern> {
    texts.iter().map(|text| Pattern::parse(text).unwrap()).collect()
}

fn digest(content: &str) -> Sha256Digest {
    candidate("x", content).fact.sha256
}

fn entry(path: &str, mode: Mode, content: &str) -> TreeEntry {
    TreeEntry { path: path.into(), mode, id: blob_id(content.as_bytes()) }
}

fn same_as(path: &str, other: &str) -> FileRule {
    let evidence = FileEvidence::SameAs(Template::parse(other).unwrap());
    FileRule { path: path.into(), executable: false, evidence }
}

fn build(name: &str, paths: &[&str], files: &[(&str, &str)]) -> (Vec<Pattern>, Rc<SecondBuild>) {
    let files = files.iter().map(|(path, content)| ((*path).into(), (Mode::Regular, digest(content))));
    let files: Files = files.collect();
    let build = SecondBuild { name: name.into(), builder: "image".into(), sha256: digest(name), files };
    (patterns(paths), Rc::new(build))
}

fn catalogue(paths: &[&str], known: &[&str]) -> (Vec<Pattern>, Rc<Catalogue>) {
    let entries: Entries = known.iter().map(|content| (digest(content), "gettext".into())).collect();
    let certificate = Fingerprint::parse(&"0".repeat(40)).unwrap();
    (patterns(paths), Rc::new(Catalogue { name: "gnu".into(), certificate, sha256: digest("c"), entries }))
}

/// A repository with one file and, at `mod`, a submodule.
fn repository() -> Repository {
    let mut repository = Repository::new(&[("a", "A")]);
    repository.add("mod", Mode::Submodule, b"");
    repository
}

fn with_submodule() -> Repository {
    let mut repository = repository();
    let files = vec![entry("one", Mode::Regular, "1"), entry("two", Mode::Executable, "2")];
    repository.submodules.insert("mod".into(), files);
    repository
}

fn run(
    repository: &Repository,
    files: Vec<FileRule>,
    given: Given,
    omit: &[&str],
    artifact: &[(&str, &str)],
) -> Verdict {
    let facts = artifact.iter().map(|(path, content)| candidate(path, content).fact);
    run_facts(repository, files, given, omit, facts.collect())
}

fn run_facts(
    repository: &Repository,
    files: Vec<FileRule>,
    given: Given,
    omit: &[&str],
    facts: Vec<Fact>,
) -> Verdict {
    let mut comparison = Comparison::new(Question {
        tree: repository.tree().unwrap().to_vec(),
        subdirectory: TreePath::default(),
        identity: crate::evidence::Identity::default(),
        preset: crate::evidence::presets::find("autotools-dist@1").unwrap(),
        omit: patterns(omit),
        files,
        given,
        at: Time::parse("2026-11-20").unwrap(),
    });
    facts.into_iter().for_each(|fact| comparison.entry(fact, None));
    comparison.finish(repository).unwrap()
}

#[test]
fn a_copy_of_an_explained_file_is_explained() {
    let rules = || vec![same_as("b", "a"), same_as("c", "gone")];
    let mut repository = Repository::new(&[("a", "A"), ("gone", "G")]);
    let artifact = [("a", "A"), ("b", "A"), ("c", "G")];
    let verdict = run(&repository, rules(), Given::default(), &["gone"], &artifact);
    assert_eq!(
        (told(&verdict), levels(&verdict)),
        (vec![], vec!["same-as b".into(), "same-as c".into(), "omitted gone".into()])
    );
    repository.add("link", Mode::Symlink, b"A");
    let verdict =
        run(&repository, rules(), Given::default(), &["gone", "link"], &[("a", "A"), ("b", "E"), ("c", "A")]);
    assert_eq!(told(&verdict), ["rule-mismatch b", "rule-mismatch c"]);
}

#[test]
fn copies_of_copies_and_of_nothing_are_refused() {
    let repository = Repository::new(&[("a", "A")]);
    let artifact = [("a", "A"), ("b", "evil"), ("c", "evil"), ("d", "evil"), ("e", "evil"), ("x", "evil")];
    let rules = vec![same_as("b", "c"), same_as("c", "b"), same_as("d", "nowhere"), same_as("e", "x")];
    let verdict = run(&repository, rules, Given::default(), &[], &artifact);
    assert_eq!(
        told(&verdict),
        ["unexplained-file x", "rule-mismatch b", "rule-mismatch c", "rule-mismatch d", "rule-mismatch e"]
    );
    let chain = vec![same_as("b", "a"), same_as("c", "b")];
    let verdict = run(&repository, chain, Given::default(), &[], &[("a", "A"), ("b", "A"), ("c", "A")]);
    assert_eq!(told(&verdict), ["rule-mismatch c"], "one step only");
}

#[test]
fn a_copy_of_a_link_s_target_text_is_no_copy() {
    let mut repository = Repository::new(&[]);
    repository.add("link", Mode::Symlink, b"A");
    let link = Fact { mode: Mode::Symlink, ..candidate("link", "A").fact };
    let verdict = run_facts(
        &repository,
        vec![same_as("b", "link")],
        Given::default(),
        &[],
        vec![link, candidate("b", "A").fact],
    );
    assert_eq!(told(&verdict), ["rule-mismatch b"]);
}

#[test]
fn files_of_a_submodule_are_those_at_its_commit() {
    let given = || Given { submodules: vec!["mod".into()], ..Given::default() };
    let executable = Fact { mode: Mode::Executable, ..candidate("mod/two", "2").fact };
    let facts = vec![candidate("a", "A").fact, candidate("mod/one", "1").fact, executable];
    let verdict = run_facts(&with_submodule(), vec![], given(), &[], facts.clone());
    assert_eq!(told(&verdict), Vec::<String>::new());
    assert_eq!(levels(&verdict), ["submodule mod", "submodule mod/one", "submodule mod/two"]);
    assert_eq!(verdict.submodules.len(), 1);

    let artifact = [("a", "A"), ("mod/one", "evil"), ("mod/two", "2"), ("mod/evil", "1"), ("model", "1")];
    let verdict = run(&with_submodule(), vec![], given(), &[], &artifact);
    assert_eq!(
        told(&verdict),
        [
            "unexplained-file mod/evil",
            "modified-file mod/one",
            "mode-differs mod/two",
            "unexplained-file model"
        ]
    );

    let verdict = run(&with_submodule(), vec![], given(), &[], &[("a", "A"), ("mod/one", "1")]);
    assert_eq!(told(&verdict), ["missing-file mod/two"]);
    let verdict = run(&with_submodule(), vec![], given(), &["mod/t*"], &[("a", "A"), ("mod/one", "1")]);
    assert_eq!((told(&verdict), verdict.levels["omitted"]), (vec![], 1));
}

#[test]
fn a_submodule_is_taken_from_the_tag_s_tree_only() {
    let given = |path: &str| Given { submodules: vec![path.into()], ..Given::default() };
    let mut repository = with_submodule();
    repository.submodules.insert("a".into(), vec![entry("x", Mode::Regular, "x")]);
    repository.submodules.insert("new".into(), vec![entry("x", Mode::Regular, "x")]);
    for path in ["a", "new"] {
        let artifact = [("a", "A"), (&*format!("{path}/x"), "x")];
        let verdict = run(&repository, vec![], given(path), &["mod"], &artifact[..]);
        assert_eq!(told(&verdict), [format!("unused-rule {path}"), format!("unexplained-file {path}/x")]);
    }
    let verdict = run(&with_submodule(), vec![], Given::default(), &["mod"], &[("a", "A"), ("mod/one", "1")]);
    assert_eq!(told(&verdict), ["unexplained-file mod/one"], "without its repository nothing is known");
}

#[test]
fn submodules_may_lie_in_submodules() {
    let mut repository = with_submodule();
    repository.submodules.insert("mod".into(), vec![entry("in", Mode::Submodule, "")]);
    repository.submodules.insert("mod/in".into(), vec![entry("x", Mode::Regular, "x")]);
    let artifact = [("a", "A"), ("mod/in/x", "x")];
    let both = Given { submodules: vec!["mod/in".into(), "mod".into()], ..Given::default() };
    let verdict = run(&repository, vec![], both, &[], &artifact);
    assert_eq!((told(&verdict), verdict.levels["submodule"]), (vec![], 3));
    let outer = Given { submodules: vec!["mod".into()], ..Given::default() };
    let verdict = run(&repository, vec![], outer, &[], &artifact);
    assert_eq!(told(&verdict), ["unexplained-file mod/in/x", "missing-file mod/in"]);
}

#[test]
fn a_second_build_explains_what_it_made_alike() {
    let given = || Given {
        rebuilt: vec![build(
            "second",
            &["configure", "po/*.gmo"],
            &[("configure", "C"), ("po/a.gmo", "P"), ("other", "O")],
        )],
        ..Given::default()
    };
    let artifact = [("a", "A"), ("configure", "C"), ("po/a.gmo", "P")];
    let verdict = run(&repository(), vec![], given(), &["mod"], &artifact);
    assert_eq!((told(&verdict), verdict.levels["rebuilt"]), (vec![], 2));
    let artifact = [("a", "A"), ("configure", "evil"), ("po/b.gmo", "P"), ("other", "O")];
    let verdict = run(&repository(), vec![], given(), &["mod"], &artifact);
    assert_eq!(
        told(&verdict),
        ["rule-mismatch configure", "unexplained-file other", "rule-mismatch po/b.gmo"]
    );
}

#[test]
fn a_second_build_may_explain_a_changed_file_of_git() {
    let given = Given { rebuilt: vec![build("second", &["a"], &[("a", "log")])], ..Given::default() };
    let verdict = run(&repository(), vec![], given, &["mod"], &[("a", "log")]);
    assert_eq!((told(&verdict), levels(&verdict)), (vec![], vec!["rebuilt a".into(), "omitted mod".into()]));
}

#[test]
fn a_catalogue_explains_what_it_knows() {
    let given = || Given { catalogues: vec![catalogue(&["m4/*.m4"], &["good"])], ..Given::default() };
    let verdict = run(&repository(), vec![], given(), &["mod"], &[("a", "A"), ("m4/x.m4", "good")]);
    assert_eq!((told(&verdict), verdict.levels["pinned"]), (vec![], 1));
    let artifact = [("a", "A"), ("m4/x.m4", "evil"), ("configure", "good")];
    let verdict = run(&repository(), vec![], given(), &["mod"], &artifact);
    assert_eq!(told(&verdict), ["unexplained-file configure", "rule-mismatch m4/x.m4"]);
}

#[test]
fn two_rules_about_one_path_are_told_even_if_both_hold() {
    let given = Given {
        rebuilt: vec![build("one", &["**"], &[("x", "X")]), build("two", &["x"], &[("x", "X")])],
        catalogues: vec![catalogue(&["y"], &["Y"])],
        ..Given::default()
    };
    let exact = FileRule { path: "y".into(), executable: false, evidence: FileEvidence::Exact("Y".into()) };
    let verdict = run(&repository(), vec![exact], given, &["mod"], &[("a", "A"), ("x", "X"), ("y", "Y")]);
    assert_eq!(told(&verdict), ["overlapping-rules x", "overlapping-rules y"]);
}

#[test]
fn globs_that_nothing_needs_are_told() {
    let given = Given {
        rebuilt: vec![build("one", &["a", "x"], &[("x", "X")])],
        catalogues: vec![catalogue(&["m4/*"], &["good"])],
        ..Given::default()
    };
    let verdict = run(&repository(), vec![], given, &["mod"], &[("a", "A"), ("x", "X")]);
    assert_eq!(told(&verdict), ["unused-rule a", "unused-rule m4/*"]);
    assert!(verdict.findings.iter().all(|finding| finding.severity == Severity::Warning));
}
