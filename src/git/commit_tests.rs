use super::*;

const TREE: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

fn parse(text: &str) -> Result<Commit, GitError> {
    let id = ObjectId::Sha1([1; 20]);
    let links = Links::parse(&id, text.as_bytes());
    let commit = Commit::parse(&id, text.as_bytes());
    assert_eq!(links.is_ok(), commit.is_ok());
    commit
}

#[test]
fn a_commit_is_taken_apart() {
    let text = format!(
        "tree {TREE}\nparent {TREE}\nparent {TREE}\nauthor A <a@x> 5 -0130\ncommitter B <b@x> 7 +0000\n\
         gpgsig -----BEGIN PGP SIGNATURE-----\n \n -----END PGP SIGNATURE-----\nencoding ISO-8859-1\n\nsubject\n\nbody\n"
    );
    let commit = parse(&text).expect("well-formed");
    assert_eq!(commit.parents.len(), 2);
    assert_eq!((commit.author.time.unix(), commit.author.offset_minutes), (5, -90));
    assert_eq!(commit.committer.name, b"B");
    assert_eq!(commit.encoding.as_deref(), Some(&b"ISO-8859-1"[..]));
    assert_eq!(commit.message, b"subject\n\nbody\n");
}

#[test]
fn a_second_place_for_parents_or_tree_is_refused() {
    for bad in [
        format!("tree {TREE}\nauthor A <a> 1 +0000\nparent {TREE}\ncommitter B <b> 1 +0000\n\nx"),
        format!("tree {TREE}\nauthor A <a> 1 +0000\ncommitter B <b> 1 +0000\ntree {TREE}\n\nx"),
        format!("tree {TREE}\ntree {TREE}\n\nx"),
        format!("parent {TREE}\ntree {TREE}\n\nx"),
        format!("tree {}\n\nx", TREE.to_uppercase()),
        format!("tree {TREE}0\n\nx"),
        format!("tree {TREE}\nparent {}\n\nx", &TREE[1..]),
        "tree ".into(),
        String::new(),
    ] {
        assert!(parse(&bad).is_err(), "{bad}");
    }
    // In the message it is text.
    assert!(parse(&format!("tree {TREE}\n\nparent {TREE}\n")).is_ok());
}

#[test]
fn odd_dates_count_as_git_counts_them() {
    for (line, date) in [
        ("committer B <b@x> 7 +0000", 7),
        ("committer B <b@x> > 8 +0000", 8),
        ("committer B <b@x>", 0),
        ("committer B b@x 7 +0000", 0),
        ("committer B <b@x> x7", 0),
        ("committer B <b@x> 99999999999999999999999 +0000", u64::MAX),
        ("comitter B <b@x> 7 +0000", 0),
    ] {
        assert_eq!(commit_date(format!("author A <a> 1 +0000\n{line}\n\nx").as_bytes()), date, "{line}");
    }
}

#[test]
fn odd_people_are_read_leniently() {
    let commit =
        parse(&format!("tree {TREE}\nauthor  A  B<<a@x>> 5\ncommitter B b@x> 5\n\n")).expect("well-formed");
    assert_eq!((commit.author.name, commit.author.email), (b" A  B".to_vec(), b"<a@x".to_vec()));
    assert_eq!((commit.committer.name, commit.committer.email), (vec![], vec![]));
}
