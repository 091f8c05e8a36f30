//! `ChangeLog`: the subjects of all commits, under the versions that they were
//! tagged with.

use super::tags::{self, Rank};
use crate::release::LogEntry;

const TITLE: &str = "CHANGES\n=======\n\n";

/// The versions on one commit, any of which can stand above it.
#[derive(Debug)]
struct Heading {
    /// Where it stands in the text without headings.
    at: usize,
    /// The first commit of the log has no empty line above its heading.
    first: bool,
    /// The highest first.
    versions: Vec<(Rank, String)>,
}

impl Heading {
    fn new(at: usize, first: bool, names: &[String]) -> Option<Self> {
        let versions = names.iter().flat_map(|name| tags::versions(name));
        let mut versions: Vec<_> = versions.map(|version| (tags::rank(&version), version)).collect();
        versions.sort_by(|a, b| b.cmp(a));
        versions.dedup();
        (!versions.is_empty()).then_some(Self { at, first, versions })
    }

    fn lines(&self, version: &str) -> String {
        let blank = if self.first { "" } else { "\n" };
        format!("{blank}{version}\n{}\n\n", "-".repeat(version.len()))
    }

    fn highest(&self) -> &str {
        self.versions.first().map_or("", |(_, version)| version)
    }

    /// Which version the text has here; or nothing, if that may be: the tag
    /// under release was there when pbr ran.
    fn met(&self, found: &[u8], release: Option<&Rank>) -> Result<Option<&str>, ()> {
        let known = self.versions.iter().any(|(rank, _)| Some(rank) == release);
        let may = |rank: &Rank| !self.first || !known || Some(rank) >= release;
        let allowed = self.versions.iter().filter(|(rank, _)| may(rank));
        let met = allowed.map(|(_, version)| version.as_str());
        match met.into_iter().find(|version| found.starts_with(self.lines(version).as_bytes())) {
            None if self.first => Err(()),
            version => Ok(version),
        }
    }
}

/// The file, with what is left open by tags that may have come later.
#[derive(Debug)]
pub(super) struct ChangeLog {
    /// Everything but the headings.
    text: String,
    headings: Vec<Heading>,
    empty: bool,
}

/// Where a file stops being what pbr makes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Difference {
    /// Bytes of the file that are right.
    pub right: usize,
    /// What comes next in pbr's.
    pub expected: String,
}

impl Default for ChangeLog {
    fn default() -> Self {
        Self { text: TITLE.into(), headings: vec![], empty: true }
    }
}

impl ChangeLog {
    /// Takes the next commit of the log.
    pub fn take(&mut self, entry: &LogEntry) {
        if !entry.tags.is_empty() {
            self.headings.extend(Heading::new(self.text.len(), self.empty, &entry.tags));
        }
        self.empty = false;
        if entry.subject.starts_with(b"Merge ") {
            return;
        }
        let subject = String::from_utf8_lossy(&entry.subject);
        self.text.push_str("* ");
        for c in subject.strip_suffix('.').unwrap_or(&subject).chars() {
            if matches!(c, '*' | '_' | '`') {
                self.text.push('\\');
            }
            self.text.push(c);
        }
        self.text.push('\n');
    }

    /// Bytes so far.
    pub fn bytes(&self) -> usize {
        self.text.len()
    }

    /// The file with all tags that the repository has now.
    pub fn file(&self) -> String {
        self.rest(0, 0)
    }

    /// The file from a byte of the text and a heading on.
    fn rest(&self, mut at: usize, heading: usize) -> String {
        let mut file = String::with_capacity(self.text.len() - at + 64);
        for heading in self.headings.get(heading..).unwrap_or_default() {
            file.push_str(self.text.get(at..heading.at).unwrap_or_default());
            file.push_str(&heading.lines(heading.highest()));
            at = heading.at;
        }
        file.push_str(self.text.get(at..).unwrap_or_default());
        file
    }

    /// Whether pbr makes this file with some of the tags, and which headings
    /// it then lacks or has lower.
    pub fn explains(&self, found: &[u8], release: Option<&str>) -> Result<Vec<&str>, Difference> {
        let release = release.map(tags::rank);
        let (mut at, mut right, mut other) = (0, 0, vec![]);
        let next = |right: usize| found.get(right..).unwrap_or_default();
        for (index, heading) in self.headings.iter().enumerate() {
            let text = self.text.get(at..heading.at).unwrap_or_default();
            if !next(right).starts_with(text.as_bytes()) {
                return Err(Difference { right, expected: self.rest(at, index) });
            }
            (at, right) = (heading.at, right + text.len());
            match heading.met(next(right), release.as_ref()) {
                Ok(version) => {
                    right += version.map_or(0, |version| heading.lines(version).len());
                    if version != Some(heading.highest()) {
                        other.push(heading.highest());
                    }
                }
                Err(()) => return Err(Difference { right, expected: self.rest(at, index) }),
            }
        }
        if next(right) == self.text.get(at..).unwrap_or_default().as_bytes() {
            return Ok(other);
        }
        Err(Difference { right, expected: self.rest(at, self.headings.len()) })
    }
}
