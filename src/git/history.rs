//! The history below a commit, in the order and words of `git log`.

use std::collections::HashMap;
use std::sync::Arc;

use super::commit::{Parts, brackets, split_line, trim_end};
use super::objects::{Kind, verify};
use super::recode::to_utf8;
use super::walk::Walk;
use super::{GitError, MAX_TAG, Mailmap, Repository};
use crate::release::tag::parse_tag;
use crate::release::{LogEntry, ObjectId};

/// Tags on tags; git has no bound, people use one.
const MAX_NESTED_TAGS: usize = 16;

/// An iterator over all ancestors of a commit and itself, in `git log`'s
/// default order: by committer's date, each once, parents after at least one
/// child.
///
/// The first error ends it. Missing history is an error, never an early end.
#[derive(Debug)]
pub struct History<'a> {
    commits: Walk,
    mailmap: &'a Mailmap,
    tags: HashMap<ObjectId, Vec<String>>,
    ended: bool,
}

impl<'a> History<'a> {
    pub(super) fn new(
        repository: &Repository,
        tip: &ObjectId,
        mailmap: &'a Mailmap,
    ) -> Result<Self, GitError> {
        let tags = tags_by_commit(repository)?;
        let commits = Walk::start(Arc::clone(&repository.objects), tip)?;
        Ok(Self { commits, mailmap, tags, ended: false })
    }

    fn show(&mut self, id: &ObjectId, raw: &[u8]) -> Result<LogEntry, GitError> {
        verify(id, Kind::Commit, raw)?;
        // git's strings end at a NUL. (`contains` is fast, and nearly always
        // false.)
        let text = match raw.contains(&0) {
            true => raw.split(|byte| *byte == 0).next().unwrap_or_default(),
            false => raw,
        };
        let parts = Parts::parse(id, text)?;
        let tags = self.tags.get(id).cloned().unwrap_or_default();
        entry(id, parts, self.mailmap, tags)
    }
}

impl Iterator for History<'_> {
    type Item = Result<LogEntry, GitError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let entry = self.commits.next()?.and_then(|(id, raw)| self.show(&id, &raw));
        self.ended = entry.is_err();
        Some(entry)
    }
}

fn entry(
    id: &ObjectId,
    parts: Parts<'_>,
    mailmap: &Mailmap,
    tags: Vec<String>,
) -> Result<LogEntry, GitError> {
    let recode = |text| {
        let unknown = |encoding: &[u8]| GitError::UnknownEncoding { id: *id, encoding: encoding.into() };
        to_utf8(text, parts.encoding).map_err(|_| unknown(parts.encoding.unwrap_or_default()))
    };
    // For an author without angle brackets git prints its own placeholders.
    let (name, email) = match parts.author.and_then(brackets) {
        Some((name, email, _)) => (recode(trim_end(name))?, recode(email)?),
        None => (b"%aN"[..].into(), b"%aE"[..].into()),
    };
    let (name, email) = mailmap.map(&name, &email);
    let message = recode(parts.message)?;
    Ok(LogEntry {
        id: *id,
        parents: parts.parents,
        author_name: name.into(),
        author_email: email.into(),
        subject: subject(&message),
        message: message.into_owned(),
        tags,
    })
}

/// The first paragraph's lines without blanks at their ends, joined by blanks.
fn subject(message: &[u8]) -> Vec<u8> {
    let mut subject = Vec::new();
    let mut rest = message;
    while !rest.is_empty() {
        let (line, after) = split_line(rest);
        rest = after;
        match (trim_end(line), subject.is_empty()) {
            (b"", true) => {}
            (b"", false) => break,
            (line, first) => {
                if !first {
                    subject.push(b' ');
                }
                subject.extend_from_slice(line);
            }
        }
    }
    subject
}

/// The tags of the repository by the commits that they lead to.
fn tags_by_commit(repository: &Repository) -> Result<HashMap<ObjectId, Vec<String>>, GitError> {
    let mut by_commit: HashMap<ObjectId, Vec<String>> = HashMap::new();
    for (name, id) in repository.tags()? {
        if let Some(commit) = peel(repository, id)? {
            by_commit.entry(commit).or_default().push(name);
        }
    }
    Ok(by_commit)
}

/// The commit that a tag leads to; `None` if it leads to something else.
fn peel(repository: &Repository, id: ObjectId) -> Result<Option<ObjectId>, GitError> {
    let mut at = id;
    for _ in 0..MAX_NESTED_TAGS {
        match repository.objects.header(&at)?.0 {
            Kind::Commit => return Ok(Some(at)),
            Kind::Tree | Kind::Blob => return Ok(None),
            Kind::Tag => {
                let raw = repository.objects.read(&at, Kind::Tag, MAX_TAG)?;
                match parse_tag(&raw).object {
                    Some(object) => at = object,
                    None => {
                        let why = "it names no object".into();
                        return Err(GitError::ObjectMalformed { id: at, kind: "tag", why });
                    }
                }
            }
        }
    }
    let why = "tags on tags on tags".into();
    Err(GitError::ObjectMalformed { id, kind: "tag", why })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_are_first_paragraphs() {
        for (message, expected) in [
            ("one\n", "one"),
            ("one\ntwo\n\nthree\n", "one two"),
            ("\n \n one \t\n two", " one  two"),
            ("one\n \t\nthree", "one"),
            ("", ""),
            ("\n\n", ""),
        ] {
            assert_eq!(subject(message.as_bytes()), expected.as_bytes(), "{message:?}");
        }
    }
}
