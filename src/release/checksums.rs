//! The checksum list: exactly what `sha256sum` writes and checks.

use super::{ReleaseName, Sha256Digest};
use std::collections::BTreeMap;

/// Ending of a checksum list's name.
pub const SUFFIX: &str = ".SHA256SUMS";

/// Why a checksum list cannot be believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct BadList {
    /// Line number, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub message: String,
}

/// Writes a list: for each name its digest, two blanks, the name; sorted.
pub fn write(entries: &BTreeMap<String, Sha256Digest>) -> String {
    entries.iter().map(|(name, digest)| format!("{digest}  {name}\n")).collect()
}

/// Reads a list in the form that [`write`] writes, or with `*` for binary in
/// front of the name. Anything looser is refused: a line that one tool checks
/// and another passes over is a hole.
///
/// # Errors
/// [`BadList`] for the first line that is not of this form, for a name that
/// stands twice or is no plain file name, and for an empty list.
pub fn parse(bytes: &[u8]) -> Result<BTreeMap<String, Sha256Digest>, BadList> {
    let bad = |line: usize, message: &str| BadList { line, message: message.into() };
    let text = std::str::from_utf8(bytes).map_err(|_| bad(1, "the list is not UTF-8"))?;
    let Some(body) = text.strip_suffix('\n') else {
        return Err(bad(text.lines().count().max(1), "the list is empty or its last line has no end"));
    };
    let mut entries = BTreeMap::new();
    for (index, line) in body.split('\n').enumerate() {
        let line_number = index + 1;
        let split = line.split_once("  ").or_else(|| line.split_once(" *"));
        let (digest, name) = split.ok_or_else(|| bad(line_number, "is not DIGEST, two blanks, NAME"))?;
        let digest = Sha256Digest::parse(digest)
            .map_err(|error| BadList { line: line_number, message: error.to_string() })?;
        ReleaseName::parse(name)
            .map_err(|error| BadList { line: line_number, message: error.to_string() })?;
        if entries.insert(name.to_string(), digest).is_some() {
            return Err(bad(line_number, "names a file for the second time"));
        }
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(fill: &str) -> Sha256Digest {
        Sha256Digest::parse(&fill.repeat(64)).unwrap()
    }

    #[test]
    fn lists_round_trip() {
        let entries = BTreeMap::from([("a".into(), digest("0")), ("b.tar.gz".into(), digest("1"))]);
        let text = write(&entries);
        assert_eq!(parse(text.as_bytes()), Ok(entries.clone()));
        assert_eq!(parse(text.replace("  ", " *").as_bytes()), Ok(entries));
    }

    #[test]
    fn loose_lists_are_refused() {
        let d = "0".repeat(64);
        for bad in [
            String::new(),
            "\n".into(),
            format!("{d}  a"),
            format!("{d}  a\r\n"),
            format!("{d} a\n"),
            format!("{d}  ../a\n"),
            format!("{d}  a/b\n"),
            format!("\\{d}  a\\nb\n"),
            format!("{}  a\n", "A".repeat(64)),
            format!("{}  a\n", "0".repeat(40)),
            format!("SHA256 (a) = {d}\n"),
            format!("# comment\n{d}  a\n"),
            format!("{d}  a\n\n"),
            format!("{d}  a\n{d}  a\n"),
        ] {
            assert!(parse(bad.as_bytes()).is_err(), "{bad:?}");
        }
    }
}
