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
        let parts = Parts::parse(id, raw)?;
        Ok(Self { tree: parts.tree, parents: parts.parents, date: commit_date(parts.after_parents) })
    }
}

impl Commit {
    pub(super) fn parse(id: &ObjectId, raw: &[u8]) -> Result<Self, GitError> {
        let parts = Parts::parse(id, raw)?;
        Ok(Self {
            id: *id,
            tree: parts.tree,
            parents: parts.parents,
            author: lenient_identity(parts.author.unwrap_or_default()),
            committer: lenient_identity(parts.committer.unwrap_or_default()),
            encoding: parts.encoding.map(Into::into),
            message: parts.message.into(),
        })
    }
}

/// The parts of a commit, found in one pass.
pub(super) struct Parts<'a> {
    pub tree: ObjectId,
    pub parents: Vec<ObjectId>,
    /// Everything from the author's line on.
    pub after_parents: &'a [u8],
    /// Header values; where a malformed commit has one twice git shows the
    /// last.
    pub author: Option<&'a [u8]>,
    pub committer: Option<&'a [u8]>,
    pub encoding: Option<&'a [u8]>,
    /// Empty for a commit that ends within its headers.
    pub message: &'a [u8],
}

impl<'a> Parts<'a> {
    pub fn parse(id: &ObjectId, raw: &'a [u8]) -> Result<Self, GitError> {
        let malformed = |why: &str| GitError::ObjectMalformed { id: *id, kind: "commit", why: why.into() };
        let format = Format::of(id);
        let (tree, mut rest) = id_line(raw, b"tree ", format).ok_or_else(|| malformed("no tree"))?;
        let mut parents = Vec::new();
        while rest.starts_with(b"parent ") {
            let line = id_line(rest, b"parent ", format);
            let (parent, after) = line.ok_or_else(|| malformed("a parent that is no id"))?;
            if parents.len() == MAX_PARENTS {
                return Err(malformed("more than 1024 parents"));
            }
            parents.push(parent);
            rest = after;
        }
        let mut parts = Self {
            tree,
            parents,
            after_parents: rest,
            author: None,
            committer: None,
            encoding: None,
            message: b"",
        };
        while !rest.is_empty() {
            let (line, after) = split_line(rest);
            rest = after;
            if line.is_empty() {
                parts.message = rest;
                break;
            }
            // A second place for these could show another reader another
            // history.
            if line.starts_with(b"parent ") || line.starts_with(b"tree ") {
                return Err(malformed("a tree or parent line out of place"));
            }
            for (key, value) in [
                (&b"author "[..], &mut parts.author),
                (b"committer ", &mut parts.committer),
                (b"encoding ", &mut parts.encoding),
            ] {
                *value = line.strip_prefix(key).or(*value);
            }
        }
        Ok(parts)
    }
}

/// The first line without its end, and what follows.
pub(super) fn split_line(text: &[u8]) -> (&[u8], &[u8]) {
    // The standard library's own search is many times faster than a loop.
    let mut rest = text;
    let length = std::io::BufRead::skip_until(&mut rest, b'\n').unwrap_or(text.len());
    let line = text.get(..length).unwrap_or_default();
    (line.strip_suffix(b"\n").unwrap_or(line), rest)
}

fn id_line<'a>(raw: &'a [u8], key: &[u8], format: Format) -> Option<(ObjectId, &'a [u8])> {
    let rest = raw.strip_prefix(key)?;
    let (digits, rest) = rest.split_at_checked(2 * format.id_length())?;
    let rest = rest.strip_prefix(b"\n")?;
    let id = match format {
        Format::Sha1 => ObjectId::Sha1(unhex(digits)?),
        Format::Sha256 => ObjectId::Sha256(unhex(digits)?),
    };
    Some((id, rest))
}

/// Lower-case hexadecimal digits. (Reading a history is reading ids; this is
/// twenty times as fast as going by way of text.)
fn unhex<const N: usize>(digits: &[u8]) -> Option<[u8; N]> {
    let (pairs, _) = digits.as_chunks::<2>();
    let mut out = [0; N];
    let mut bad = pairs.len() != N;
    for (byte, [high, low]) in out.iter_mut().zip(pairs) {
        let (high, low) = (nibble(*high), nibble(*low));
        bad |= (high | low) > 15;
        *byte = high << 4 | low & 15;
    }
    (!bad).then_some(out)
}

fn nibble(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        _ => 0xff,
    }
}

/// The date that git orders history by: `parse_commit_date` of git's commit.c.
fn commit_date(rest: &[u8]) -> u64 {
    let (author, rest) = split_line(rest);
    let (line, _) = split_line(rest);
    if !author.starts_with(b"author") || !line.starts_with(b"committer") {
        return 0;
    }
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

/// A person as git takes a line apart: the name up to the first `<`, the
/// address up to the first `>` after it, the time after the last `>`. Without
/// both brackets nobody is named.
pub(super) fn lenient_identity(line: &[u8]) -> Identity {
    let (name, email, rest) = brackets(line).unwrap_or_default();
    let date = rest.iter().rposition(|byte| *byte == b'>').and_then(|last| rest.get(last + 1..));
    let date = date.unwrap_or_default().trim_ascii_start();
    let zone = date.iter().position(|byte| *byte == b' ').and_then(|space| date.get(space..));
    Identity {
        name: trim_end(name).into(),
        email: email.into(),
        time: Time::from_unix(i64::try_from(leading_number(date)).unwrap_or(i64::MAX)),
        offset_minutes: lenient_offset(zone.unwrap_or_default().trim_ascii()),
    }
}

/// What is before, in and from within the first pair of angle brackets.
pub(super) fn brackets(line: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let open = line.iter().position(|byte| *byte == b'<')?;
    let (name, rest) = line.split_at(open);
    let rest = rest.get(1..)?;
    let close = rest.iter().position(|byte| *byte == b'>')?;
    Some((name, rest.get(..close)?, rest))
}

/// What git takes for white space.
pub(super) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

pub(super) fn trim_end(text: &[u8]) -> &[u8] {
    let length = text.iter().rposition(|byte| !is_space(*byte)).map_or(0, |last| last + 1);
    text.get(..length).unwrap_or_default()
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
#[path = "commit_tests.rs"]
mod tests;
