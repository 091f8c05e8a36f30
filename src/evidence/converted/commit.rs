//! A commit object, as `git archive` shows it within files.

use super::Unknown;
use super::date::Date;
use crate::release::ObjectId;

/// The texts of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitText {
    pub(super) id: String,
    pub(super) tree: String,
    pub(super) parents: Vec<String>,
    pub(super) author: Option<Person>,
    pub(super) committer: Option<Person>,
    /// Everything behind the empty line that ends the headers.
    pub(super) message: Vec<u8>,
}

/// Who made the commit, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Person {
    pub name: Vec<u8>,
    pub email: Vec<u8>,
    pub date: Date,
}

impl CommitText {
    /// Takes a commit object apart.
    ///
    /// # Errors
    /// If git's tools would read it in different ways, or it is in another
    /// encoding than UTF-8: then git archive re-codes what it writes.
    pub fn parse(id: ObjectId, raw: &[u8]) -> Result<Self, Unknown> {
        let odd = || Unknown("the tag's commit object has an unusual form".into());
        if raw.contains(&0) {
            return Err(odd());
        }
        let end = raw.windows(2).position(|pair| pair == b"\n\n").ok_or_else(odd)?;
        let (headers, message) = raw.split_at(end);
        let mut commit = Self {
            id: id.to_string(),
            tree: String::new(),
            parents: Vec::new(),
            author: None,
            committer: None,
            message: message.get(2..).unwrap_or_default().into(),
        };
        for line in headers.split(|byte| *byte == b'\n') {
            let (key, value) = line.split_at(line.iter().position(|byte| *byte == b' ').ok_or_else(odd)?);
            let value = value.get(1..).unwrap_or_default();
            let text = || String::from_utf8(value.to_vec()).map_err(|_| odd());
            match key {
                b"tree" => commit.tree = text()?,
                b"parent" => commit.parents.push(text()?),
                b"author" => commit.author = Person::parse(value),
                b"committer" => commit.committer = Person::parse(value),
                b"encoding" if !text()?.eq_ignore_ascii_case("utf-8") => {
                    return Err(Unknown("the tag's commit is in another encoding than UTF-8".into()));
                }
                _ => {}
            }
        }
        Ok(commit)
    }

    /// The message without empty lines at its start.
    fn text(&self) -> &[u8] {
        skip_blank_lines(&self.message)
    }

    /// `%s`: the first paragraph's lines, joined by blanks.
    pub(super) fn subject(&self) -> Vec<u8> {
        let (lines, _) = paragraph(self.text());
        lines.join(&b' ')
    }

    /// `%b`: what follows the first paragraph.
    pub(super) fn body(&self) -> Vec<u8> {
        let (_, rest) = paragraph(self.text());
        skip_blank_lines(rest).into()
    }

    /// `%f`: the first line as a file name.
    pub(super) fn sanitized(&self) -> Vec<u8> {
        let line = self.text().split(|byte| *byte == b'\n').next().unwrap_or_default();
        let mut out: Vec<u8> = Vec::new();
        let mut gap = false;
        for byte in line {
            if !byte.is_ascii_alphanumeric() && !matches!(byte, b'.' | b'_') {
                gap = true;
                continue;
            }
            if gap && !out.is_empty() {
                out.push(b'-');
            }
            if *byte == b'.' && !gap && out.last() == Some(&b'.') {
                continue;
            }
            gap = false;
            out.push(*byte);
        }
        let length = out.iter().rposition(|byte| !matches!(byte, b'.' | b'-')).map_or(0, |last| last + 1);
        out.truncate(length);
        out
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

fn trim_end(line: &[u8]) -> &[u8] {
    let length = line.iter().rposition(|byte| !is_space(*byte)).map_or(0, |last| last + 1);
    line.get(..length).unwrap_or_default()
}

/// The first line with its end, and the rest.
fn line(text: &[u8]) -> (&[u8], &[u8]) {
    text.split_at(text.iter().position(|byte| *byte == b'\n').map_or(text.len(), |at| at + 1))
}

fn skip_blank_lines(mut text: &[u8]) -> &[u8] {
    loop {
        let (first, rest) = line(text);
        if first.is_empty() || !trim_end(first).is_empty() {
            return text;
        }
        text = rest;
    }
}

/// The lines up to a blank one, without blanks at their ends, and what
/// follows that blank line.
fn paragraph(mut text: &[u8]) -> (Vec<&[u8]>, &[u8]) {
    let mut lines = Vec::new();
    while !text.is_empty() {
        let (first, rest) = line(text);
        text = rest;
        match trim_end(first) {
            b"" => break,
            line => lines.push(line),
        }
    }
    (lines, text)
}

impl Person {
    /// `NAME <MAIL> SECONDS ZONE`, and nothing that is read in two ways.
    fn parse(line: &[u8]) -> Option<Self> {
        let text = line.split(|byte| *byte == b'<').collect::<Vec<_>>();
        let [name, rest] = text.as_slice() else { return None };
        let rest = rest.split(|byte| *byte == b'>').collect::<Vec<_>>();
        let [email, date] = rest.as_slice() else { return None };
        let name = name.strip_suffix(b" ").filter(|name| trim_end(name) == *name)?;
        let (name, email) = (name.to_vec(), email.to_vec());
        let spaced = |text: &[u8]| text.first().is_some_and(|byte| is_space(*byte)) || trim_end(text) != text;
        if spaced(&name) || spaced(&email) {
            return None;
        }
        Some(Self { name, email, date: Date::parse(date.strip_prefix(b" ")?)? })
    }
}
