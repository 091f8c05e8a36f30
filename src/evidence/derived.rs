//! `derived`: files that a built-in generator makes anew from the repository.
//!
//! pbr writes `AUTHORS` and `ChangeLog` from the whole history. Both come out
//! of one walk of it here, kept for the second file. No project code runs.

use super::case::{Answer, Candidate, Case, Unavailable};
use super::explain::Level;
use crate::release::path::printable;
use crate::release::tree::Mode;
use crate::release::{LogEntry, Sha256Digest, TreePath};
use std::cell::OnceCell;

mod authors;
mod changelog;
mod tags;
#[cfg(test)]
mod tests;

use changelog::{ChangeLog, Difference};

/// Bytes that a generated file may have.
const MAX_FILE: usize = 32 << 20;
/// Bytes of `AUTHORS.in`.
const MAX_PREFIX: u64 = 1 << 20;
/// Characters of a line in a message.
const MAX_SHOWN: usize = 80;

/// What was derived for a comparison, for the next file that needs it.
#[derive(Debug, Default)]
pub(super) struct Memo {
    pbr: OnceCell<PbrFiles>,
}

/// What pbr makes of a history, commit by commit in the order of `git log`.
#[derive(Debug, Default)]
pub struct PbrLog {
    authors: authors::Authors,
    changelog: ChangeLog,
    too_large: bool,
}

impl PbrLog {
    /// Takes the next commit.
    pub fn take(&mut self, entry: &LogEntry) {
        if self.authors.bytes() > MAX_FILE || self.changelog.bytes() > MAX_FILE {
            self.too_large = true;
            return;
        }
        self.authors.take(entry);
        self.changelog.take(entry);
    }

    /// Ends the history.
    pub fn finish(self) -> PbrFiles {
        PbrFiles { authors: self.authors.finish(), changelog: self.changelog, too_large: self.too_large }
    }
}

/// The two files.
#[derive(Debug)]
pub struct PbrFiles {
    authors: String,
    changelog: ChangeLog,
    too_large: bool,
}

impl PbrFiles {
    /// `AUTHORS`, without what `AUTHORS.in` puts before.
    pub fn authors(&self) -> &str {
        &self.authors
    }

    /// `ChangeLog`, with all tags that the repository has.
    pub fn changelog(&self) -> String {
        self.changelog.file()
    }
}

/// Judges `AUTHORS` and `ChangeLog` at the artifact's root as pbr makes them;
/// silent on everything else.
///
/// The rules should read `ChangeLog`: without its bytes only the very tags
/// that the repository has now are thought of.
///
/// # Errors
/// If the history, or `AUTHORS.in`, cannot be read.
pub(crate) fn authors_or_changelog(case: &Case<'_>, found: &Candidate) -> Result<Answer, Unavailable> {
    let authors = match found.fact.path.as_bytes() {
        b"AUTHORS" => true,
        b"ChangeLog" => false,
        _ => return Ok(Answer::Silent),
    };
    // pbr writes into a file that is there, and through a link.
    let wanted = match case.in_git(&found.fact.path).map(|entry| entry.mode) {
        None | Some(Mode::Regular) => Mode::Regular,
        Some(Mode::Executable) => Mode::Executable,
        Some(Mode::Symlink | Mode::Submodule) => return Ok(Answer::Silent),
    };
    if found.fact.mode != wanted {
        let (wanted, found) = (wanted.describe(), found.fact.mode.describe());
        return Ok(Answer::mismatch(format!("pbr writes {wanted}, found {found}")));
    }
    let files = pbr_files(case)?;
    if files.too_large {
        return Ok(Answer::undecided("the history makes a file that is too large to be computed here"));
    }
    if authors { judge_authors(case, files, found) } else { Ok(judge_changelog(case, files, found)) }
}

fn pbr_files<'c>(case: &'c Case<'_>) -> Result<&'c PbrFiles, Unavailable> {
    if let Some(files) = case.memo.pbr.get() {
        return Ok(files);
    }
    let mut log = PbrLog::default();
    case.origin.history(&mut |entry| log.take(&entry))?;
    Ok(case.memo.pbr.get_or_init(|| log.finish()))
}

fn judge_authors(case: &Case<'_>, files: &PbrFiles, found: &Candidate) -> Result<Answer, Unavailable> {
    let path = TreePath::from("AUTHORS.in");
    let (mut expected, before) = match case.in_git(&path).is_some() {
        false => (Vec::new(), ""),
        true => match case.git_file(&path, MAX_PREFIX)? {
            Some(prefix) => (prefix, ", after AUTHORS.in"),
            None => return Ok(Answer::undecided("AUTHORS.in of the tag is a link, or too large to be read")),
        },
    };
    expected.extend_from_slice(files.authors.as_bytes());
    if is(found, &expected) {
        let detail = format!("the authors and co-authors of the tag's whole history{before}");
        return Ok(Answer::explained(Level::Derived, detail));
    }
    Ok(differs(found, 0, &expected))
}

fn judge_changelog(case: &Case<'_>, files: &PbrFiles, found: &Candidate) -> Answer {
    let file = files.changelog.file();
    if is(found, file.as_bytes()) {
        return Answer::explained(Level::Derived, "the subjects and version tags of the tag's whole history");
    }
    let Some(content) = &found.content else { return differs(found, 0, file.as_bytes()) };
    drop(file);
    match files.changelog.explains(content, release(case)) {
        Ok(versions) => {
            let few: Vec<_> = versions.iter().take(3).copied().collect();
            let more = if versions.len() > few.len() { ", …" } else { "" };
            let told = format!(
                "the subjects and version tags of the tag's whole history; without the headings of tags that can \
                 be younger than the artifact: {}{more}",
                few.join(", ")
            );
            Answer::explained(Level::Derived, told)
        }
        Err(Difference { right, expected }) => differs(found, right, expected.as_bytes()),
    }
}

/// The version under release: the policy's, or that of the artifact's folder.
fn release<'c>(case: &'c Case<'_>) -> Option<&'c str> {
    let identity = case.identity;
    identity.version.as_deref().or_else(|| identity.root.rsplit_once('-').map(|(_, version)| version))
}

fn is(found: &Candidate, expected: &[u8]) -> bool {
    let fact = &found.fact;
    fact.size == expected.len() as u64 && fact.sha256 == Sha256Digest::of(expected)
}

/// Names the first line that differs. The first `right` bytes are right, and
/// `expected` is what should follow.
fn differs(found: &Candidate, right: usize, expected: &[u8]) -> Answer {
    let Some(content) = &found.content else {
        let digest = Sha256Digest::of(expected);
        return Answer::mismatch(format!(
            "is not what pbr makes of the history: expected {} bytes with SHA-256 {digest}, found {} with {}",
            expected.len(),
            found.fact.size,
            found.fact.sha256
        ));
    };
    let rest = content.get(right..).unwrap_or_default();
    let same = rest.iter().zip(expected).take_while(|(a, b)| a == b).count();
    let number = content.iter().take(right + same).filter(|byte| **byte == b'\n').count() + 1;
    let (expected, found) = (line(expected, same), line(content, right + same));
    Answer::mismatch(format!(
        "is not what pbr makes of the history: line {number} is {found}, expected {expected}"
    ))
}

/// The line around a byte, for people.
fn line(text: &[u8], at: usize) -> String {
    let (before, after) = text.split_at_checked(at).unwrap_or((text, &[]));
    if after.is_empty() && before.last().is_none_or(|byte| *byte == b'\n') {
        return "the end of the file".into();
    }
    let start = before.iter().rev().take_while(|byte| **byte != b'\n').count();
    let end = after.iter().take_while(|byte| **byte != b'\n').count();
    let line = text.get(at - start..at + end).unwrap_or_default();
    // The difference itself must be seen, also in long lines.
    let from = start.saturating_sub(MAX_SHOWN / 2);
    let shown = line.get(from..line.len().min(from + MAX_SHOWN)).unwrap_or_default();
    let ellipsis = |cut: bool| if cut { "…" } else { "" };
    format!("\"{}{}{}\"", ellipsis(from > 0), printable(shown), ellipsis(from + shown.len() < line.len()))
}
