//! Paths of trees and archives: bytes, with `/` between the parts.

use std::fmt;

/// A path inside a tree, as git and tar hold it: bytes, relative, with `/`.
///
/// Holding one says nothing about it being safe: [`TreePath::defect`] does.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct TreePath(Vec<u8>);

impl TreePath {
    /// Wraps the bytes as they are.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The part after the last `/`.
    pub fn file_name(&self) -> &[u8] {
        self.0.rsplit(|byte| *byte == b'/').next().unwrap_or_default()
    }

    /// This path as it counts from above `folder`; an empty folder is none.
    #[must_use]
    pub fn below(&self, folder: &Self) -> Self {
        match folder.0.as_slice() {
            b"" => self.clone(),
            folder => Self([folder, b"/", &self.0].concat()),
        }
    }

    /// The path below `prefix`, or `None` if it does not lie there.
    /// An empty prefix holds every path.
    pub fn strip_prefix(&self, prefix: &[u8]) -> Option<Self> {
        if prefix.is_empty() {
            return Some(self.clone());
        }
        let rest = self.0.strip_prefix(prefix)?.strip_prefix(b"/")?;
        (!rest.is_empty()).then(|| Self(rest.to_vec()))
    }

    /// Why this path must not be trusted as a place in a tree, if so.
    ///
    /// The list follows git's own `verify_path` and adds what other systems
    /// would read differently: a path must mean the same file to every reader.
    pub fn defect(&self) -> Option<&'static str> {
        let bytes = &self.0;
        if bytes.is_empty() {
            return Some("is empty");
        }
        if bytes.starts_with(b"/") {
            return Some("is absolute");
        }
        if bytes.iter().any(|byte| *byte < 0x20 || *byte == 0x7f) {
            return Some("holds a control character");
        }
        if bytes.contains(&b'\\') {
            return Some("holds a backslash");
        }
        bytes.split(|byte| *byte == b'/').find_map(component_defect)
    }
}

fn component_defect(part: &[u8]) -> Option<&'static str> {
    match part {
        b"" => return Some("holds an empty part"),
        b"." | b".." => return Some("holds a . or .. part"),
        _ => {}
    }
    if part.ends_with(b".") || part.ends_with(b" ") {
        return Some("has a part that ends in a dot or blank, which other systems drop");
    }
    if matches!(part, [letter, b':', ..] if letter.is_ascii_alphabetic()) {
        return Some("starts like a drive letter");
    }
    is_dot_git(part).then_some("has a part that some system takes for .git")
}

/// Whether some file system takes `part` for `.git`: any letter case, the
/// NTFS short name and streams, and code points that HFS+ ignores
/// (git's `is_ntfs_dotgit` and `is_hfs_dotgit`).
fn is_dot_git(part: &[u8]) -> bool {
    let base = part.split(|byte| *byte == b':').next().unwrap_or_default();
    let trimmed = base.trim_ascii_end();
    if trimmed.eq_ignore_ascii_case(b".git") || trimmed.eq_ignore_ascii_case(b"git~1") {
        return true;
    }
    std::str::from_utf8(part).is_ok_and(|text| {
        let visible = text.chars().filter(|c| !ignored_by_hfs(*c));
        visible.flat_map(char::to_lowercase).eq(".git".chars())
    })
}

fn ignored_by_hfs(c: char) -> bool {
    matches!(c, '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}')
}

impl fmt::Display for TreePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&printable(&self.0))
    }
}

impl fmt::Debug for TreePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TreePath({self})")
    }
}

impl From<&str> for TreePath {
    fn from(text: &str) -> Self {
        Self(text.as_bytes().to_vec())
    }
}

impl serde::Serialize for TreePath {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

/// Bytes as text that cannot mislead: a backslash is doubled, and bytes that
/// are not UTF-8, control characters and the characters that reorder or hide
/// text are written `\xHH`, one for each byte. Two different byte strings
/// never print alike.
pub fn printable(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            if c == '\\' {
                out.push_str("\\\\");
            } else if c.is_control() || hides_text(c) {
                let mut buffer = [0; 4];
                escape(&mut out, c.encode_utf8(&mut buffer).as_bytes());
            } else {
                out.push(c);
            }
        }
        escape(&mut out, chunk.invalid());
    }
    out
}

fn escape(out: &mut String, bytes: &[u8]) {
    use fmt::Write as _;
    for byte in bytes {
        let _ = write!(out, "\\x{byte:02x}");
    }
}

fn hides_text(c: char) -> bool {
    matches!(c, '\u{200b}' | '\u{2028}' | '\u{2029}' | '\u{2060}' | '\u{2066}'..='\u{2069}' | '\u{061c}')
        || ignored_by_hfs(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_paths_are_told() {
        for bad in [
            &b""[..],
            b"/etc/passwd",
            b"../x",
            b"a/../b",
            b"a//b",
            b"a/",
            b"./a",
            b"a\\b",
            b"C:x",
            b"a/.git/config",
            b"a/.GIT",
            b"GIT~1/x",
            b".git ",
            b".git.",
            b".git::$INDEX_ALLOCATION",
            ".g\u{200c}it".as_bytes(),
            b"a\nb",
            b"a\x7f",
            b"x./y",
        ] {
            assert!(TreePath::new(bad).defect().is_some(), "{}", printable(bad));
        }
        for good in ["a", "a/b.c", ".gitignore", ".github/x", "naïve.txt", "a b", "...a"] {
            assert_eq!(TreePath::from(good).defect(), None, "{good}");
        }
    }

    #[test]
    fn prefix_is_whole_components() {
        let path = TreePath::from("nova-1/setup.py");
        assert_eq!(path.strip_prefix(b"nova-1"), Some("setup.py".into()));
        assert_eq!(path.strip_prefix(b"nova"), None);
        assert_eq!(TreePath::from("nova-1/").strip_prefix(b"nova-1"), None);
        assert_eq!(path.strip_prefix(b""), Some(path.clone()));
    }

    #[test]
    fn printing_is_injective_and_harmless() {
        assert_eq!(printable(b"a\xffb\\x\n"), "a\\xffb\\\\x\\x0a");
        assert_eq!(printable("a\u{202e}b".as_bytes()), "a\\xe2\\x80\\xaeb");
        assert_ne!(printable(b"\\xff"), printable(b"\xff"));
        assert_eq!(printable("naïve".as_bytes()), "naïve");
    }
}
