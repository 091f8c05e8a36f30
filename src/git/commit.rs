//! Commits, from their raw bytes.
//!
//! The tree and the parents decide what is released, so they are read
//! strictly. Author and committer are hearsay; old history holds many odd
//! ones, so they are read as leniently as git does and never make a commit
//! unreadable.

use super::GitError;
use super::objects::Format;
use crate::release::tag::Identity;
use crate::release::{ObjectId, Time};

/// Parents of one commit; git itself warns above 16.
const MAX_PARENTS: usize = 1024;

/// A commit object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Its id.
    pub id: ObjectId,
    /// Its tree.
    pub tree: ObjectId,
    /// Its parents in the order it names them.
    pub parents: Vec<ObjectId>,
    /// Who wrote the change, as they say.
    pub author: Identity,
    /// Who made the commit, as they say.
    pub committer: Identity,
    /// The message's encoding, if it is stated not to be UTF-8.
    pub encoding: Option<Vec<u8>>,
    /// The message's bytes, signature headers not included.
    pub message: Vec<u8>,
}

/// What a commit says of its place in the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Links {
    pub tree: ObjectId,
    pub parents: Vec<ObjectId>,
    /// Committer's time in seconds; 0 where git would take 0.
    pub date: u64,
}

impl Links {
    pub fn parse(id: &ObjectId, raw: &[u8]) -> Result<Self, GitError> {
        let (tree, parents, rest) = links(id, raw)?;
        Ok(Self { tree, parents, date: commit_date(rest) })
    }
}

impl Commit {
    pub(super) fn parse(id: &ObjectId, raw: &[u8]) -> Result<Self, GitError> {
        let (tree, parents, rest) = links(id, raw)?;
        let (headers, message) = split_message(rest);
        let value = |key: &[u8]| {
            let mut lines = headers.split(|byte| *byte == b'\n');
            lines.find_map(|line| line.strip_prefix(key))
        };
        Ok(Self {
            id: *id,
            tree,
            parents,
            author: lenient_identity(value(b"author ").unwrap_or_default()),
            committer: lenient_identity(value(b"committer ").unwrap_or_default()),
            encoding: value(b"encoding ").map(Into::into),
            message: message.into(),
        })
    }
}

fn links<'a>(id: &ObjectId, raw: &'a [u8]) -> Result<(ObjectId, Vec<ObjectId>, &'a [u8]), GitError> {
    let malformed = |why: &str| GitError::ObjectMalformed { id: *id, kind: "commit", why: why.into() };
    let format = Format::of(id);
    let (tree, mut rest) = id_line(raw, b"tree ", format).ok_or_else(|| malformed("no tree"))?;
    let mut parents = Vec::new();
    while rest.starts_with(b"parent ") {
        let (parent, after) =
            id_line(rest, b"parent ", format).ok_or_else(|| malformed("a parent that is no id"))?;
        if parents.len() == MAX_PARENTS {
            return Err(malformed("more than 1024 parents"));
        }
        parents.push(parent);
        rest = after;
    }
    // A second place for parents could show another reader another history.
    let (headers, _) = split_message(rest);
    let stray = |line: &[u8]| line.starts_with(b"parent ") || line.starts_with(b"tree ");
    if headers.split(|byte| *byte == b'\n').any(stray) {
        return Err(malformed("a tree or parent line out of place"));
    }
    Ok((tree, parents, rest))
}

fn id_line<'a>(raw: &'a [u8], key: &[u8], format: Format) -> Option<(ObjectId, &'a [u8])> {
    let rest = raw.strip_prefix(key)?;
    let (digits, rest) = rest.split_at_checked(2 * format.id_length())?;
    let id = ObjectId::parse(std::str::from_utf8(digits).ok()?).ok()?;
    Some((id, rest.strip_prefix(b"\n")?))
}

/// Header lines and message; a commit that ends within its headers has none.
fn split_message(rest: &[u8]) -> (&[u8], &[u8]) {
    if let Some(message) = rest.strip_prefix(b"\n") {
        return (b"", message);
    }
    match rest.windows(2).position(|pair| pair == b"\n\n") {
        Some(end) => (rest.get(..=end).unwrap_or_default(), rest.get(end + 2..).unwrap_or_default()),
        None => (rest, b""),
    }
}

/// The date that git orders history by: `parse_commit_date` of git's commit.c.
fn commit_date(rest: &[u8]) -> u64 {
    let mut lines = rest.split(|byte| *byte == b'\n');
    if !lines.next().is_some_and(|line| line.starts_with(b"author")) {
        return 0;
    }
    let Some(line) = lines.next().filter(|line| line.starts_with(b"committer")) else { return 0 };
    let Some(close) = line.iter().rposition(|byte| *byte == b'>') else { return 0 };
    leading_number(line.get(close + 1..).unwrap_or_default())
}

/// The digits at the start, as `strtoumax` reads them: a minus sign wraps
/// around, too many digits are the largest number.
fn leading_number(text: &[u8]) -> u64 {
    let text = text.trim_ascii_start();
    let (negative, digits) = match text.strip_prefix(b"-") {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let mut digits = digits.iter().take_while(|byte| byte.is_ascii_digit());
    let value =
        digits.try_fold(0u64, |value, digit| value.checked_mul(10)?.checked_add(u64::from(digit - b'0')));
    match value {
        None => u64::MAX,
        Some(value) if negative => value.wrapping_neg(),
        Some(value) => value,
    }
}

/// `split_ident_line` of git's ident.c: name up to the first `<`, address up
/// to the first `>` after it, time after the last `>`.
fn lenient_identity(line: &[u8]) -> Identity {
    let open = line.iter().position(|byte| *byte == b'<').unwrap_or(line.len());
    let (name, rest) = line.split_at(open);
    let rest = rest.get(1..).unwrap_or_default();
    let close = rest.iter().position(|byte| *byte == b'>').unwrap_or(rest.len());
    let email = rest.get(..close).unwrap_or_default();
    let date = rest.iter().rposition(|byte| *byte == b'>').and_then(|last| rest.get(last + 1..));
    let date = date.unwrap_or_default().trim_ascii_start();
    let zone = date.iter().position(|byte| *byte == b' ').and_then(|space| date.get(space..));
    Identity {
        name: name.trim_ascii().into(),
        email: email.trim_ascii().into(),
        time: Time::from_unix(i64::try_from(leading_number(date)).unwrap_or(i64::MAX)),
        offset_minutes: lenient_offset(zone.unwrap_or_default().trim_ascii()),
    }
}

fn lenient_offset(zone: &[u8]) -> i32 {
    let (sign, digits) = match zone {
        [b'+', digits @ ..] => (1, digits),
        [b'-', digits @ ..] => (-1, digits),
        _ => return 0,
    };
    let value = i32::try_from(leading_number(digits)).unwrap_or(0);
    sign * (value / 100 % 100 * 60 + value % 100)
}

#[cfg(test)]
mod tests {
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
            parse(&format!("tree {TREE}\nauthor  A  B<<a@x>> 5\ncommitter\n\n")).expect("well-formed");
        assert_eq!((commit.author.name, commit.author.email), (b"A  B".to_vec(), b"<a@x".to_vec()));
        assert_eq!(commit.committer.name, b"");
    }
}
