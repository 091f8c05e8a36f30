//! `AUTHORS`: everybody who wrote a commit, or is named as having helped.

use crate::release::LogEntry;
use memchr::memmem::Finder;
use std::collections::{BTreeSet, HashSet};
use std::sync::LazyLock;

/// Lines with one of these are left out; review systems, not people.
const MACHINES: [&[u8]; 4] = [b"jenkins@review", b"zuul@review", b"infra@lists", b"jenkins@openstack"];

/// Made once: it finds a constant many times faster than the standard library.
static CO_AUTHORED: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("Co-authored-by:"));

/// The lines of the file, as they come.
#[derive(Debug, Default)]
pub(super) struct Authors {
    /// Authors as git has them, to look at each once.
    seen: HashSet<Vec<u8>>,
    lines: BTreeSet<String>,
    bytes: usize,
    started: bool,
    line: Vec<u8>,
}

impl Authors {
    /// Takes the next commit of the log.
    pub fn take(&mut self, entry: &LogEntry) {
        self.line.clear();
        self.line.extend_from_slice(&entry.author_name);
        self.line.extend_from_slice(b" <");
        self.line.extend_from_slice(&entry.author_email);
        self.line.push(b'>');
        // pbr strips its whole input, of which this is the first line.
        let blanks = match self.started {
            true => 0,
            false => self.line.iter().take_while(|byte| byte.is_ascii_whitespace() || **byte == 0x0b).count(),
        };
        self.started = true;
        if !self.seen.contains(&self.line) {
            let line = self.line.get(blanks..).unwrap_or_default();
            if !MACHINES.iter().any(|machine| contains(line, machine)) {
                self.bytes += add(&mut self.lines, line);
            }
            // `git log` has a line for the author too.
            self.bytes += co_author(&mut self.lines, &self.line, false);
            self.seen.insert(self.line.clone());
        }
        // Nearly no message has one, so look before going by lines.
        if CO_AUTHORED.find(&entry.message).is_some() {
            for line in entry.message.split(|byte| *byte == b'\n') {
                self.bytes += co_author(&mut self.lines, trim_end(line), true);
            }
        }
    }

    /// Bytes of the lines so far.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The file without what `AUTHORS.in` puts before.
    pub fn finish(self) -> String {
        let mut file = String::with_capacity(self.bytes + self.lines.len());
        for line in self.lines {
            file.push_str(&line);
            file.push('\n');
        }
        file
    }
}

fn contains(line: &[u8], part: &[u8]) -> bool {
    line.windows(part.len()).any(|window| window == part)
}

/// Adds a line; the bytes that it takes, if it is new.
fn add(lines: &mut BTreeSet<String>, line: &[u8]) -> usize {
    let line = String::from_utf8_lossy(line);
    if lines.contains(line.as_ref()) {
        return 0;
    }
    let length = line.len() + 1;
    lines.insert(line.into_owned());
    length
}

/// Adds what follows `Co-authored-by:` in a line of `git log`.
fn co_author(lines: &mut BTreeSet<String>, line: &[u8], message: bool) -> usize {
    if CO_AUTHORED.find(line).is_none() {
        return 0;
    }
    let expanded = if message { expand_tabs(line) } else { line.to_vec() };
    let Some(found) = CO_AUTHORED.find(&expanded) else { return 0 };
    let after = expanded.get(found + CO_AUTHORED.needle().len()..).unwrap_or_default();
    if after.is_empty() {
        return 0;
    }
    // Python's blanks: those of Unicode, and four separators of ASCII.
    let after = String::from_utf8_lossy(after);
    let blank = |c: char| c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c);
    add(lines, after.trim_matches(blank).as_bytes())
}

/// Without what git takes for blanks at the end of a message's line.
fn trim_end(line: &[u8]) -> &[u8] {
    let blanks = line.iter().rev().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r')).count();
    line.get(..line.len() - blanks).unwrap_or_default()
}

/// `git log` fills tabs in messages up to the next multiple of eight columns,
/// until text whose width it does not know.
fn expand_tabs(line: &[u8]) -> Vec<u8> {
    let mut expanded = Vec::with_capacity(line.len() + 8);
    let mut rest = line;
    while let Some(tab) = rest.iter().position(|byte| *byte == b'\t') {
        let (before, after) = rest.split_at(tab);
        let Some(width) = columns(before) else { break };
        expanded.extend_from_slice(before);
        expanded.resize(expanded.len() + 8 - width % 8, b' ');
        rest = after.get(1..).unwrap_or_default();
    }
    expanded.extend_from_slice(rest);
    expanded
}

/// Columns of a terminal; `None` for control characters and what is no UTF-8.
fn columns(text: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(text).ok()?;
    text.chars().map(|c| if c.is_control() { None } else { Some(width(c)) }).sum()
}

/// The blocks that matter in people's names, not git's whole tables.
fn width(c: char) -> usize {
    match u32::from(c) {
        0x300..=0x36f | 0x483..=0x489 | 0x591..=0x5bd | 0x610..=0x61a | 0x64b..=0x65f | 0x200b..=0x200f => 0,
        0x1100..=0x115f | 0x2e80..=0x303e | 0x3041..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff => 2,
        0xfe30..=0xfe6f | 0xff01..=0xff60 | 0xffe0..=0xffe6 | 0x1f300..=0x1f64f | 0x1f900..=0x1f9ff => 2,
        0x20000..=0x3fffd => 2,
        _ => 1,
    }
}
