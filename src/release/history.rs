//! A commit of a history, as `git log` tells it.

use super::ObjectId;

/// A commit as `git log` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEntry {
    /// The commit.
    pub id: ObjectId,
    /// Its parents; a merge has two or more.
    pub parents: Vec<ObjectId>,
    /// The author's name after the mailmap (`%aN`), in UTF-8 unless the
    /// commit lies about its encoding.
    pub author_name: Vec<u8>,
    /// The author's address after the mailmap (`%aE`).
    pub author_email: Vec<u8>,
    /// The first paragraph of the message, its lines joined by blanks (`%s`).
    pub subject: Vec<u8>,
    /// The whole message, re-coded.
    pub message: Vec<u8>,
    /// Names of the tags that point to the commit, directly or through tag
    /// objects, by name.
    pub tags: Vec<String>,
}
