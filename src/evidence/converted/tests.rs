use super::*;
use crate::release::AttributeState as State;

fn id() -> ObjectId {
    ObjectId::parse("0123456789abcdef0123456789abcdef01234567").unwrap()
}

fn value(text: &str) -> Option<State> {
    Some(State::Value(text.as_bytes().to_vec()))
}

fn commit() -> CommitText {
    let raw =
        b"tree 89abcdef0123456789abcdef0123456789abcdef\nparent 1111111111111111111111111111111111111111\n\
                author A U Thor <author@x> 1700000000 +0130\ncommitter C <c@x> 1709210096 +0000\n\n\
                subject: a..b \nmore\n\nbody\n";
    CommitText::parse(id(), raw).unwrap()
}

fn named(tag: &str, branches: &[&str]) -> Refs {
    Refs {
        tag: Some(tag.into()),
        branches: branches.iter().map(|name| (*name).into()).collect(),
        author: None,
    }
}

fn fits(content: &str, refs: &Refs, found: &str) -> Result<bool, Unknown> {
    let parsed = Substitution::parse(content.as_bytes())?;
    parsed.matches(
        &commit(),
        refs,
        found.len() as u64,
        &Sha256Digest::of(found.as_bytes()),
        &Budget::default(),
    )
}

#[test]
fn values_follow_from_the_commit() {
    let refs = named("v1.0", &["main"]);
    for (format, value) in [
        ("%H", "0123456789abcdef0123456789abcdef01234567"),
        ("%an <%ae> %al", "A U Thor <author@x> author"),
        ("%ad", "Tue Nov 14 23:43:20 2023 +0130"),
        (
            "%aD|%ai|%aI|%as|%at",
            "Tue, 14 Nov 2023 23:43:20 +0130|2023-11-14 23:43:20 +0130|2023-11-14T23:43:20+01:30|2023-11-14|1700000000",
        ),
        ("%cI", "2024-02-29T12:34:56Z"),
        ("%cI", "2024-02-29T12:34:56+00:00"),
        ("%s|%f|%b|", "subject: a..b more|subject-a.b|body\n|"),
        ("%B", "subject: a..b \nmore\n\nbody\n"),
        ("%%%n%x41", "%\nA"),
        ("%d", " (HEAD -> main, tag: v1.0, origin/main)"),
        ("%D", "HEAD -> main, tag: v1.0"),
        ("%D", "HEAD, tag: v1.0"),
        ("%D", "tag: v1.0"),
        ("%D", ""),
        ("%(describe) %(describe:tags)", "v1.0 %(describe:tags)"),
        ("%t %p", "89abcde 1111111"),
    ] {
        assert_eq!(fits(&format!("<$Format:{format}$>"), &refs, &format!("<{value}>")), Ok(true), "{format}");
    }
    for (format, value) in [
        ("%d", " (HEAD -> evil, tag: v1.0)"),
        ("%D", "tag: v1.1"),
        ("%D", "HEAD -> master, tag: v1.0"),
        ("%D", "origin/master"),
        ("%(describe)", "v1.1"),
        ("%p", "2222222"),
        ("%h %h", "0123456 01234567"),
        ("%an", "A U Thor "),
    ] {
        assert_eq!(
            fits(&format!("<$Format:{format}$>"), &refs, &format!("<{value}>")),
            Ok(false),
            "{format}"
        );
    }
}

#[test]
fn combinations_and_sizes_are_bounded() {
    let refs = named("v1.0", &["main", "master"]);
    let all = "$Format:%h %t %p %d %D %(describe) %(describe) %(describe)$";
    assert!(fits(all, &refs, &"x".repeat(200)).is_err());
    let many = format!("$Format:{}$", "%B".repeat(60_000));
    assert!(fits(&many, &refs, "x").is_err());
    let describes = format!("$Format:{}$", "%(describe)".repeat(40));
    assert!(fits(&describes, &refs, "x").is_err());
    assert_eq!(fits(&format!("$Format:{}$", "%B".repeat(10_000)), &refs, "x"), Ok(false));
}

#[test]
fn branches_of_any_name_are_not_filled_in() {
    let evil = "z\";__import__(\"os\").system(\"id\");\"";
    let refs = named("v1.0", &["main", "v99.0", evil]);
    for value in ["v99.0", "HEAD -> v99.0", &format!("HEAD -> {evil}"), &format!("tag: v1.0, {evil}")] {
        assert_eq!(fits("$Format:%D$", &refs, value), Ok(false), "{value}");
        assert_eq!(fits("$Format:%(describe)$", &refs, value), Ok(false), "{value}");
    }
}

#[test]
fn many_files_together_make_no_more_work_than_a_few() {
    let (refs, budget) = (named("v1.0", &["main", "master"]), Budget::default());
    let content = format!("$Format:%h%d${}", "y".repeat(3000));
    let parsed = Substitution::parse(content.as_bytes()).unwrap();
    let judge = |size| parsed.matches(&commit(), &refs, size, &Sha256Digest::of(b"evil"), &budget);
    let rest = (0..1000).map(|_| judge(3040)).skip_while(|answer| *answer == Ok(false));
    let told: std::collections::BTreeSet<_> = rest.map(|answer| format!("{answer:?}")).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told.iter().all(|told| told.contains("together")), "{told:?}");
}

#[test]
fn odd_commits_are_not_guessed_at() {
    for raw in
        [&b"tree 0\n\nm\0ore\n"[..], b"tree 0\n", b"tree 0\nencoding ISO-8859-1\n\nm\n", b"tree\n\nm\n"]
    {
        assert!(CommitText::parse(id(), raw).is_err());
    }
    let odd = CommitText::parse(id(), b"tree 0\nauthor A <a <b>> 1 +0000\n\nm\n").unwrap();
    let parsed = Substitution::parse(b"$Format:%an$").unwrap();
    assert!(parsed.matches(&odd, &Refs::default(), 1, &Sha256Digest::of(b"A"), &Budget::default()).is_err());
}

#[test]
fn line_ends_by_looks_spare_what_has_any_cr() {
    let auto = Settings { text: value("auto"), eol: value("crlf"), ..Settings::default() };
    let text = Settings { text: Some(State::Set), eol: value("crlf"), ..Settings::default() };
    let write = |settings: &Settings, bytes: &str| {
        String::from_utf8(settings.checkout(bytes.as_bytes(), &id()).unwrap().remove(0)).unwrap()
    };
    assert_eq!(write(&auto, "a\nb\n"), "a\r\nb\r\n");
    assert_eq!(write(&auto, "a\r\nb\n"), "a\r\nb\n");
    assert_eq!(write(&text, "a\r\nb\n"), "a\r\nb\r\n");
    assert_eq!(write(&auto, "a\0b\n"), "a\0b\n");
    assert_eq!(write(&Settings { text: value("auto"), ..Settings::default() }, "a\n"), "a\n");
}

#[test]
fn pointers_have_one_form() {
    let digest = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae";
    let good = format!("version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize 3\n");
    assert_eq!(lfs::Pointer::parse(good.as_bytes()).map(|pointer| pointer.size), Some(3));
    for (from, to) in [
        ("size 3", "size 03"),
        ("size 3", "size +3"),
        ("size 3\n", "size 3"),
        ("sha256:2", "sha256:X"),
        ("\nsize", "\next-0 x\nsize"),
        ("size 3", "size 99999999999999999999999"),
    ] {
        assert_eq!(lfs::Pointer::parse(good.replace(from, to).as_bytes()), None, "{to}");
    }
}

proptest::proptest! {
    #[test]
    fn no_content_makes_a_conversion_fail(bytes: Vec<u8>, format in "[%a-zA-Z()$: ]{0,40}") {
        let settings = Settings {
            text: value("auto"), eol: value("crlf"), ident: Some(State::Set), encoding: value("UTF-16"),
            ..Settings::default()
        };
        let _ = settings.checkout(&bytes, &id());
        let content = [b"$Format:", format.as_bytes(), b"$", &bytes].concat();
        if let Ok(parsed) = Substitution::parse(&content) {
            let _ = parsed.matches(&commit(), &Refs::default(), 50, &Sha256Digest::of(b""), &Budget::default());
        }
        let _ = CommitText::parse(id(), &bytes);
        let _ = lfs::Pointer::parse(&bytes);
    }
}
