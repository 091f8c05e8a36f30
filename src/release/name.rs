//! Names that come from outside and go into paths, messages and documents.

use std::fmt;

/// A name that is not fit for its use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} '{name}' {why}")]
pub struct BadName {
    /// What kind of name it should have been.
    pub what: &'static str,
    /// The name, escaped.
    pub name: String,
    /// What is wrong with it.
    pub why: String,
}

fn bad(what: &'static str, name: &str, why: impl Into<String>) -> BadName {
    BadName { what, name: super::path::printable(name.as_bytes()), why: why.into() }
}

/// A file name of a release: one path component that every file system, shell
/// and checksum tool reads the same way.
///
/// Letters, digits and `. _ + ~ ! @ % -` with a letter, digit or `_` first,
/// at most 200 bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReleaseName(String);

impl ReleaseName {
    /// Checks and wraps a name.
    ///
    /// # Errors
    /// [`BadName`] saying which character or property is refused.
    pub fn parse(name: &str) -> Result<Self, BadName> {
        const WHAT: &str = "the file name";
        if name.is_empty() {
            return Err(bad(WHAT, name, "is empty"));
        }
        if name.len() > 200 {
            return Err(bad(WHAT, name, "is longer than 200 bytes"));
        }
        let allowed = |c: char| c.is_ascii_alphanumeric() || "._+~!@%-".contains(c);
        if let Some(c) = name.chars().find(|c| !allowed(*c)) {
            let shown = super::path::printable(c.to_string().as_bytes());
            return Err(bad(WHAT, name, format!("holds the character '{shown}'")));
        }
        if !name.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_') {
            return Err(bad(WHAT, name, "does not start with a letter, a digit or _"));
        }
        if name.ends_with('.') {
            return Err(bad(WHAT, name, "ends with a dot"));
        }
        Ok(Self(name.into()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ReleaseName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

crate::release::text::serde_as_text!(ReleaseName);

/// Checks a tag name by git's own rules (git-check-ref-format) and refuses a
/// leading `-`, which tools take for an option.
///
/// # Errors
/// [`BadName`] with the rule that is broken.
pub fn check_tag_name(name: &str) -> Result<(), BadName> {
    const WHAT: &str = "the tag name";
    if name.is_empty() || name.len() > 250 {
        return Err(bad(WHAT, name, "is empty or longer than 250 bytes"));
    }
    if name.starts_with('-') {
        return Err(bad(WHAT, name, "starts with -"));
    }
    if let Some(c) = name.chars().find(|c| c.is_control() || c.is_whitespace() || "~^:?*[\\".contains(*c)) {
        let shown = super::path::printable(c.to_string().as_bytes());
        return Err(bad(WHAT, name, format!("holds the character '{shown}', which git forbids")));
    }
    if name.contains("..") || name.contains("@{") || name == "@" || name.ends_with('.') {
        return Err(bad(WHAT, name, "holds .. or @{ or ends with a dot, which git forbids"));
    }
    if name.split('/').any(|part| part.is_empty() || part.starts_with('.') || part.ends_with(".lock")) {
        return Err(bad(WHAT, name, "has a part that is empty, starts with a dot or ends with .lock"));
    }
    Ok(())
}

/// Checks a `/`-separated name that becomes a place in the site tree or names
/// a project: every part is a [`ReleaseName`].
///
/// # Errors
/// [`BadName`] for the first part that is not.
pub fn check_place(what: &'static str, name: &str) -> Result<(), BadName> {
    for part in name.split('/') {
        ReleaseName::parse(part).map_err(|error| bad(what, name, format!("has a bad part: {error}")))?;
    }
    Ok(())
}

/// The fingerprint of an OpenPGP certificate or key: 40 (v4) or 64 (v6)
/// upper-case hexadecimal digits (RFC 9580 section 5.5.4).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// Parses a whole fingerprint; lower case and blanks between digits, as
    /// tools print them, are accepted and normalised away.
    ///
    /// # Errors
    /// [`BadName`] for key ids and anything else that is shorter or longer.
    pub fn parse(text: &str) -> Result<Self, BadName> {
        let digits: String = text.chars().filter(|c| *c != ' ').map(|c| c.to_ascii_uppercase()).collect();
        if !matches!(digits.len(), 40 | 64) || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(bad(
                "the fingerprint",
                text,
                "is not 40 or 64 hexadecimal digits; key ids are not accepted",
            ));
        }
        Ok(Self(digits))
    }

    /// Upper-case hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

crate::release::text::serde_as_text!(Fingerprint);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_mean_one_thing_everywhere() {
        for good in ["nova-33.0.2.tar.gz", "a", "_x", "x+y~1!2.whl"] {
            assert!(ReleaseName::parse(good).is_ok(), "{good}");
        }
        for bad in ["", ".", "..", ".x", "-x", "a/b", "a\\b", "a b", "a\nb", "a*", "naïve", "x.", "a:b"] {
            assert!(ReleaseName::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn tag_names_follow_git_and_are_no_options() {
        for good in ["1.0", "v1.0", "release/1.0", "openssl-3.0"] {
            assert!(check_tag_name(good).is_ok(), "{good}");
        }
        for bad in [
            "", "-x", "../x", "a/../b", "a b", "a^{}", "x.lock", "a//b", "/a", "a/", "a\0", "@", "x@{1}",
            "a.",
        ] {
            assert!(check_tag_name(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn fingerprints_are_whole() {
        let digits = "0123456789ABCDEF0123456789ABCDEF01234567";
        assert_eq!(Fingerprint::parse(&digits.to_lowercase()).map(|f| f.to_string()), Ok(digits.into()));
        assert!(Fingerprint::parse("0123456789ABCDEF").is_err());
    }
}
