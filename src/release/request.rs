//! A request to be taken into a keyring: a certificate, the projects that it
//! is to release, and why; signed by that certificate.

use super::document::{self, BadDocument};
use super::{Fingerprint, Time, name};
use serde::{Deserialize, Serialize};

/// First line of every request.
pub const FORMAT: &str = "countersign/vetting-request@v1";

/// Longest statement, in bytes.
pub const MAX_STATEMENT: usize = 4096;

/// A whole request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// [`FORMAT`].
    pub format: String,
    /// The certificate's primary fingerprint.
    pub fingerprint: Fingerprint,
    /// When it was written, by its own word.
    pub date: Time,
    /// What the certificate is to release.
    pub projects: Vec<String>,
    /// Who asks, and why, in their own words.
    pub statement: String,
    /// The public certificate in armour.
    pub certificate: String,
}

impl Request {
    /// Reads and checks a request.
    ///
    /// # Errors
    /// [`BadDocument`] with the place and the fault. Unknown keys are
    /// refused: who reviews a request must know all that it says.
    pub fn parse(bytes: &[u8]) -> Result<Self, BadDocument> {
        let request: Self = document::read(bytes, FORMAT)?;
        let bad = |place: &str, message: String| BadDocument::Meaning { place: place.into(), message };
        if request.projects.is_empty() {
            return Err(bad("projects", "names no project".into()));
        }
        for project in &request.projects {
            name::check_place("the project", project).map_err(|error| bad("projects", error.to_string()))?;
        }
        if request.statement.trim().is_empty() || request.statement.len() > MAX_STATEMENT {
            return Err(bad("statement", format!("is empty, or longer than {MAX_STATEMENT} bytes")));
        }
        Ok(request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "format: countersign/vetting-request@v1
fingerprint: 0123456789ABCDEF0123456789ABCDEF01234567
date: 2026-01-02T00:00:00Z
projects: [a/b]
statement: please
certificate: \"x\"
";

    #[test]
    fn a_request_says_what_it_must_and_nothing_else() {
        assert_eq!(Request::parse(GOOD.as_bytes()).unwrap().projects, ["a/b"]);
        for (from, to) in [
            ("projects: [a/b]", "projects: []"),
            ("projects: [a/b]", "projects: [../b]"),
            ("statement: please", "statement: ' '"),
            ("statement: please\n", ""),
            ("date:", "admin: true\ndate:"),
            ("request@v1", "request@v2"),
            ("01234567\n", "0123456\n"),
        ] {
            assert!(GOOD.contains(from));
            assert!(Request::parse(GOOD.replacen(from, to, 1).as_bytes()).is_err(), "{to}");
        }
    }
}
