//! Core metadata files, `PKG-INFO` and `METADATA` (PEP 566, 643, 639): headers
//! as of a mail, then the description.
//!
//! Readers of such files differ in what they do with malformed headers, so
//! only what every reader sees alike is read.

use super::{Check, mismatch, show, undecided};

/// Headers of one file.
const MAX_HEADERS: usize = 20_000;
/// Headers that may be there more than once.
const MANY: [&str; 13] = [
    "classifier",
    "dynamic",
    "import-name",
    "import-namespace",
    "license-file",
    "platform",
    "project-url",
    "provides-dist",
    "provides-extra",
    "requires-dist",
    "requires-external",
    "supported-platform",
    "tag",
];

/// A metadata file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Metadata {
    /// Names in lower case, and values; lines of folded ones are joined by
    /// line feeds, without their indent.
    pub headers: Vec<(String, String)>,
    /// What comes after the first empty line.
    pub body: Vec<u8>,
}

impl Metadata {
    /// Reads a file.
    ///
    /// # Errors
    /// If some reader could see other headers than another.
    pub fn parse(bytes: &[u8]) -> Check<Self> {
        let end = bytes.windows(2).position(|pair| pair == b"\n\n");
        let (head, body) = match end {
            Some(end) => (bytes.get(..end), bytes.get(end + 2..)),
            None => (bytes.strip_suffix(b"\n"), None),
        };
        let Some(head) = head else { return undecided("does not end in a line feed") };
        let Ok(head) = std::str::from_utf8(head) else { return undecided("has a header that is not UTF-8") };
        let mut headers: Vec<(String, String)> = Vec::new();
        for line in head.split('\n') {
            let odd = |letter: &char| {
                (letter.is_control() && *letter != '\t') || matches!(letter, '\u{2028}' | '\u{2029}')
            };
            if let Some(letter) = line.chars().find(odd) {
                return mismatch(format!("has the control character U+{:04X} in a header", letter as u32));
            }
            if line.starts_with([' ', '\t']) {
                let Some((_, value)) = headers.last_mut() else {
                    return mismatch("begins with a folded line");
                };
                value.push('\n');
                value.push_str(line.trim());
                continue;
            }
            let Some((name, value)) = line.split_once(':') else {
                return mismatch(format!("has the line {} among its headers", show(line)));
            };
            if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'-') {
                return mismatch(format!("has a header with the name {}", show(name)));
            }
            if headers.len() >= MAX_HEADERS {
                return undecided(format!("has more than {MAX_HEADERS} headers"));
            }
            headers.push((name.to_ascii_lowercase(), value.trim().to_string()));
        }
        let metadata = Self { headers, body: body.unwrap_or_default().to_vec() };
        metadata.no_header_twice()?;
        Ok(metadata)
    }

    fn no_header_twice(&self) -> Check {
        let mut names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        names.retain(|name| !MANY.contains(name));
        names.sort_unstable();
        match names.windows(2).find(|pair| pair.first() == pair.last()) {
            Some(pair) => {
                mismatch(format!("has the header {} twice", show(pair.first().copied().unwrap_or_default())))
            }
            None => Ok(()),
        }
    }

    /// The value of a header that is there once.
    pub fn one(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }

    /// All values of a header.
    pub fn many<'m>(&'m self, name: &'m str) -> impl Iterator<Item = &'m str> {
        self.headers.iter().filter(move |(header, _)| header == name).map(|(_, value)| value.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_and_body_are_told_apart() {
        let text = "Metadata-Version: 2.1\nName: a\nLicense: x\n        y\n        \n        z\n\nThe body: b\n\nc\n";
        let metadata = Metadata::parse(text.as_bytes()).unwrap();
        assert_eq!(metadata.one("license"), Some("x\ny\n\nz"));
        assert_eq!(metadata.one("the body"), None);
        assert_eq!(metadata.body, b"The body: b\n\nc\n");
    }

    #[test]
    fn what_readers_see_differently_is_refused() {
        for bad in [
            "Name: a\nName: b\n",
            "Name: a\nname: b\n",
            "Name: a\rRequires-Dist: evil\n",
            "Name: a\r\nVersion: 1\r\n",
            "Name: a\0\n",
            "Name: a\u{2028}Requires-Dist: evil\n",
            "Name: a\x0bRequires-Dist: evil\n",
            " folded\nName: a\n",
            "Name: a\nno header\n",
            "Name: a\nRequires-Dist : evil\n",
            "Name: a\n: evil\n",
            "Name: a\nFrom evil: x\n",
            "",
            "Name: a",
        ] {
            assert!(Metadata::parse(bad.as_bytes()).is_err(), "{bad:?}");
        }
        assert!(Metadata::parse(b"Name: \xff\n").is_err());
        assert!(Metadata::parse("Classifier: a\n".repeat(30_000).as_bytes()).is_err());
    }
}
