//! Python packages: what the tag's files state about a project, and how the
//! files that build tools write are compared with it.
//!
//! Parsers take text and know no repository; `project` reads the static
//! sources of the tag; the other files compare one written file each. The
//! presets that use them are in `presets/python*.rs`.

pub(super) mod data_files;
mod dependencies;
pub(super) mod describe;
pub(super) mod egg_info;
pub(super) mod entry_point;
mod fancy;
pub(super) mod ini;
mod legacy;
mod literal;
pub(super) mod marker;
pub(super) mod metadata;
mod pbr;
mod pep621;
pub(super) mod pkg_info;
mod poetry;
pub(super) mod project;
pub(super) mod readme;
pub(super) mod requirement;
mod setup_py;
mod shipped;
pub(super) mod specifier;
mod toml;
pub(super) mod version;
pub(super) mod version_file;
mod versioneer;
pub(super) mod wheel;

use super::case::{Answer, Unavailable};
use super::explain::Level;
use crate::release::path::printable;

/// Bytes of a metadata file of git that is parsed.
pub(super) const MAX_METADATA: u64 = 1 << 20;
/// Bytes of a text of git that a description may be made of.
pub(super) const MAX_TEXT: u64 = 4 << 20;
/// Characters of a stranger's text in a message.
const MAX_SHOWN: usize = 80;

/// Why a file is not explained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum No {
    /// It breaks the rule.
    Mismatch(String),
    /// Its form, or the source it should be compared with, is not known.
    Undecided(String),
    /// The repository could not be read.
    Unavailable,
}

impl From<Unavailable> for No {
    fn from(Unavailable: Unavailable) -> Self {
        Self::Unavailable
    }
}

/// The outcome of a step of a check.
pub(super) type Check<T = ()> = Result<T, No>;

/// A check that failed.
pub(super) fn mismatch<T>(message: impl Into<String>) -> Check<T> {
    Err(No::Mismatch(message.into()))
}

/// A check that cannot be made.
pub(super) fn undecided<T>(message: impl Into<String>) -> Check<T> {
    Err(No::Undecided(message.into()))
}

/// A whole check as an answer of the rules.
pub(super) fn answer(check: Check<(Level, String)>) -> Result<Answer, Unavailable> {
    match check {
        Ok((level, detail)) => Ok(Answer::explained(level, detail)),
        Err(No::Mismatch(message)) => Ok(Answer::mismatch(message)),
        Err(No::Undecided(message)) => Ok(Answer::undecided(message)),
        Err(No::Unavailable) => Err(Unavailable),
    }
}

/// As [`answer`], for a check of rules that may say nothing about the file.
pub(super) fn answer_if_any(check: Check<Option<(Level, String)>>) -> Result<Answer, Unavailable> {
    check.transpose().map_or(Ok(Answer::Silent), answer)
}

/// A stranger's text for a message: printable and short.
pub(super) fn show(text: &str) -> String {
    let mut short: String = text.chars().take(MAX_SHOWN).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    format!("\"{}\"", printable(short.as_bytes()))
}

/// A name as the package index compares them (PEP 503): lower case, each run
/// of `-`, `_` and `.` one `-`.
pub(super) fn normal_name(name: &str) -> String {
    let mut normal = String::with_capacity(name.len());
    for letter in name.chars() {
        match letter {
            '-' | '_' | '.' if normal.ends_with('-') => {}
            '-' | '_' | '.' => normal.push('-'),
            letter => normal.push(letter.to_ascii_lowercase()),
        }
    }
    normal
}

/// Whether a name may be one of a project (PEP 508).
pub(super) fn is_name(name: &str) -> bool {
    let inner = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    let end = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    name.as_bytes().iter().all(inner) && end(name.as_bytes().first()) && end(name.as_bytes().last())
}

/// Text with each run of white space one blank, and none at its ends.
pub(super) fn collapse(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Text as UTF-8 without what readers may see differently: NUL and other
/// control characters. Line feeds and tabs are allowed, and a carriage return
/// just before a line feed, which is dropped.
pub(super) fn plain_text(bytes: &[u8]) -> Check<String> {
    let Ok(text) = std::str::from_utf8(bytes) else { return undecided("is not UTF-8 text") };
    let text = text.replace("\r\n", "\n");
    match text.chars().find(|letter| letter.is_control() && !matches!(letter, '\n' | '\t')) {
        Some(letter) => mismatch(format!("holds the control character U+{:04X}", letter as u32)),
        None => Ok(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_compare_as_the_index_compares_them() {
        assert_eq!(normal_name("Oslo.Config"), "oslo-config");
        assert_eq!(normal_name("a-_.b"), "a-b");
        assert!(is_name("zope.interface") && is_name("a"));
        assert!(!is_name("") && !is_name("-a") && !is_name("a-") && !is_name("a b"));
    }

    #[test]
    fn control_characters_are_refused() {
        assert_eq!(plain_text(b"a\r\nb\tc\n"), Ok("a\nb\tc\n".into()));
        for bad in [&b"a\0b"[..], b"a\rb", b"a\x0cb", "a\u{85}b".as_bytes(), b"\x1b[31m"] {
            assert!(matches!(plain_text(bad), Err(No::Mismatch(_))), "{bad:?}");
        }
        assert!(matches!(plain_text(b"\xff"), Err(No::Undecided(_))));
    }

    #[test]
    fn long_texts_are_cut_in_messages() {
        assert!(show(&"x".repeat(10_000)).len() < 300);
    }
}
