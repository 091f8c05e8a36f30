use crate::evidence::testing::{Repository, levels, told};
use crate::release::AttributeState as State;
use crate::release::tree::Mode;
use crate::release::{LogEntry, ObjectId};

fn with(files: &[(&str, &str)], attributes: &[(&str, &str, &str)]) -> Repository {
    let mut repository = Repository::new(files);
    for (path, name, value) in attributes {
        let state = if value.is_empty() { State::Set } else { State::Value(value.as_bytes().to_vec()) };
        repository.attributes.insert(((*path).into(), (*name).into()), state);
    }
    repository
}

#[test]
fn export_ignore_explains_an_omission_and_nothing_else() {
    let mut repository = Repository::new(&[("a", "a\n"), ("ci/x", "x\n"), ("b", "b\n")]);
    repository.ignored = vec!["ci/x".into()];
    let verdict = repository.compare("git-archive@1", "x-1.tar.gz", &[("a", "a\n")]);
    assert_eq!(
        (told(&verdict), levels(&verdict)),
        (vec!["missing-file b".into()], vec!["omitted ci/x".into()])
    );
    let verdict =
        repository.compare("git-archive@1", "x-1.tar.gz", &[("ci/x", "evil\n"), ("a", "a\n"), ("b", "b\n")]);
    assert_eq!(told(&verdict), ["modified-file ci/x"]);
}

#[test]
fn line_ends_follow_the_tag_and_not_the_builder() {
    let repository = with(&[("a.bat", "a\n"), ("b.txt", "b\n")], &[("a.bat", "eol", "crlf")]);
    let verdict =
        repository.compare("git-archive@1", "x-1.tar.gz", &[("a.bat", "a\r\n"), ("b.txt", "b\r\n")]);
    assert_eq!(
        (told(&verdict), levels(&verdict)),
        (vec!["modified-file b.txt".into()], vec!["converted a.bat".into()])
    );
    let verdict = repository.compare("git-archive@1", "x-1.tar.gz", &[("a.bat", "a\n"), ("b.txt", "b\n")]);
    assert_eq!(told(&verdict), Vec::<String>::new(), "git's own bytes are always right");
}

#[test]
fn a_conversion_does_not_change_the_exec_bit() {
    let repository = with(&[("a.bat", "a\n")], &[("a.bat", "eol", "crlf")]);
    let compare = |content: &[u8]| {
        let files = [("a.bat", Mode::Executable, content)];
        told(&repository.compare_below("", "git-archive@1", "x-1.tar.gz", &files))
    };
    assert_eq!(compare(b"a\r\n"), ["evidence-mismatch a.bat"]);
    assert_eq!(compare(b"a\n"), ["mode-differs a.bat"]);
}

#[test]
fn code_in_the_place_of_an_ident_is_refused() {
    let git = "/* $Id$ */ int main;\n";
    let repository = with(&[("a.c", git)], &[("a.c", "ident", "")]);
    let id = crate::evidence::testing::blob_id(git.as_bytes());
    let honest = format!("/* $Id: {id} $ */ int main;\n");
    let hostile = honest.replace(&id.to_string(), "*/system(\"evil evil evil evil!\");/*/////");
    assert_eq!(honest.len(), hostile.len());
    let compare =
        |content: &str| told(&repository.compare("git-archive@1", "x-1.tar.gz", &[("a.c", content)]));
    assert_eq!(compare(&honest), Vec::<String>::new());
    assert_eq!(compare(&hostile), ["evidence-mismatch a.c"]);
    assert_eq!(compare(&honest.replace('$', "")), ["evidence-mismatch a.c"]);
}

#[test]
fn lfs_pointers_stand_for_one_object() {
    let pointer = "version https://git-lfs.github.com/spec/v1\n\
                   oid sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae\nsize 3\n";
    let repository = with(&[("a", pointer)], &[("a", "filter", "lfs")]);
    let compare = |content: &str| told(&repository.compare("git-archive@1", "x-1.tar.gz", &[("a", content)]));
    assert_eq!(compare(pointer), Vec::<String>::new());
    assert_eq!(compare("foo"), Vec::<String>::new());
    assert_eq!(compare("fox"), ["evidence-mismatch a"]);
    let unmarked = with(&[("a", pointer)], &[]);
    assert_eq!(told(&unmarked.compare("git-archive@1", "x-1.tar.gz", &[("a", "foo")])), ["modified-file a"]);
    let other = with(&[("a", "a\n")], &[("a", "filter", "indent")]);
    assert_eq!(told(&other.compare("git-archive@1", "x-1.tar.gz", &[("a", "b\n")])), ["modified-file a"]);
}

#[test]
fn export_subst_takes_true_values_only() {
    let mut repository = with(&[("v", "$Format:%H %h$\n")], &[("v", "export-subst", "")]);
    repository.commit_object = b"tree 0123\nauthor A <a@x> 1700000000 +0000\n\nmessage\n".to_vec();
    let commit = crate::evidence::testing::COMMIT;
    let compare = |content: &str| told(&repository.compare("git-archive@1", "x-1.tar.gz", &[("v", content)]));
    for length in [4, 7, 12, 40] {
        assert_eq!(compare(&format!("{commit} {}\n", &commit[..length])), Vec::<String>::new());
    }
    for evil in [&commit[..3], "evil", "0123457", ""] {
        assert_eq!(compare(&format!("{commit} {evil}\n")), ["evidence-mismatch v"], "{evil}");
    }
    assert_eq!(compare("$Format:evil$\n"), ["evidence-mismatch v"]);
}

#[test]
fn a_tag_that_nobody_vetted_is_never_filled_in() {
    let evil = "z\";__import__(\"os\").system(\"id\");\"";
    let file = "refs = \"$Format:%d$\"\nversion = \"$Format:%(describe:tags=true)$\"\n";
    let mut repository = with(&[("v.py", file)], &[("v.py", "export-subst", "")]);
    repository.commit_object = b"tree 0123\nauthor A <a@x> 1700000000 +0000\n\nmessage\n".to_vec();
    repository.tag = "v1.0".into();
    repository.branches = ["main".into()].into();
    let entry = LogEntry {
        id: ObjectId::parse(crate::evidence::testing::COMMIT).unwrap(),
        parents: vec![],
        author_name: b"A".to_vec(),
        author_email: b"a@x".to_vec(),
        subject: vec![],
        message: vec![],
        // All of these lead to the tag's commit.
        tags: vec!["v1.0".into(), "v99.0".into(), evil.into()],
    };
    repository.log = vec![entry];
    let compare = |refs: &str, version: &str| {
        let content = file.replace("$Format:%d$", refs).replace("$Format:%(describe:tags=true)$", version);
        repository.compare("git-archive@1", "x-1.tar.gz", &[("v.py", &content)])
    };
    for refs in ["", " (HEAD)", " (tag: v1.0)", " (HEAD -> main, tag: v1.0, origin/main, origin/HEAD)"] {
        assert_eq!(told(&compare(refs, "v1.0")), Vec::<String>::new(), "{refs}");
    }
    for refs in [
        format!(" (tag: {evil})"),
        format!(" (HEAD -> main, tag: {evil}, tag: v1.0)"),
        " (tag: v99.0)".into(),
        " (tag: v99.0, tag: v1.0)".into(),
        " (HEAD -> master, tag: v1.0)".into(),
    ] {
        assert_eq!(told(&compare(&refs, "v1.0")), ["undecided-file v.py"], "{refs}");
    }
    for version in ["v99.0", evil] {
        let verdict = compare("", version);
        assert_eq!(told(&verdict), ["undecided-file v.py"], "{version}");
        assert!(verdict.findings[0].message.contains("nobody vetted"), "{:?}", verdict.findings);
    }
}

#[test]
fn what_cannot_be_told_is_said_to_be_so() {
    for format in ["%cr", "%N", "%C(red)", "%w(1)", "%", "%zz", "%(trailers)", "%(describe", "%GS"] {
        let mut repository = with(&[("v", &format!("$Format:{format}$\n"))], &[("v", "export-subst", "")]);
        repository.commit_object = b"tree 0123\n\nmessage\n".to_vec();
        let verdict = repository.compare("git-archive@1", "x-1.tar.gz", &[("v", "x\n")]);
        assert_eq!(told(&verdict), ["undecided-file v"], "{format}");
    }
    let repository = with(&[("e", "é\n")], &[("e", "working-tree-encoding", "shift_jis")]);
    let verdict = repository.compare("git-archive@1", "x-1.tar.gz", &[("e", "x\n")]);
    assert_eq!(told(&verdict), ["undecided-file e"]);
}
