//! Why a command could not judge: the request is wrong, or something could
//! not be looked at. Everything that the rooms can fail with ends here.

use crate::files::FileError;
use crate::release::document::BadDocument;
use crate::release::path::printable;
use crate::release::{Finding, Severity};
use crate::report::Report;
use crate::site::SiteError;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// A run that ends without an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Failure {
    /// The request is wrong: exit code 2.
    Usage(Finding),
    /// Could not look: exit code 3.
    Unavailable {
        /// What could not be looked at.
        finding: Finding,
        /// Whether trying again may help.
        retryable: bool,
    },
}

impl Failure {
    /// A wrong request.
    pub fn usage(code: &'static str, subject: &str, message: impl Into<String>, hint: &str) -> Self {
        Self::Usage(Finding::failure(code, subject, message, hint))
    }

    /// A wrong request because of something that would be a "no" elsewhere.
    pub fn wrong(finding: Finding) -> Self {
        Self::Usage(Finding { severity: Severity::Failure, ..finding })
    }

    /// Something that could not be looked at.
    pub fn unavailable(
        code: &'static str,
        subject: &str,
        message: impl Into<String>,
        hint: &str,
        retryable: bool,
    ) -> Self {
        Self::Unavailable { finding: Finding::failure(code, subject, message, hint), retryable }
    }

    /// A document that was given as an argument and cannot be used.
    pub fn document(code: &'static str, path: &Path, error: &BadDocument) -> Self {
        let hint = "correct the document; the docs folder describes each format";
        Self::usage(code, &shown(path), error.to_string(), hint)
    }

    /// The report of a run that ended so.
    pub fn report(self, command: &'static str) -> Report {
        match self {
            Self::Usage(finding) => Report::usage(command, vec![finding]),
            Self::Unavailable { finding, retryable } => Report::unavailable(command, retryable, finding),
        }
    }
}

/// A path as a subject.
pub(super) fn shown(path: &Path) -> String {
    printable(path.as_os_str().as_bytes())
}

/// What to do about a failed file operation, by its code.
fn advice(code: &str) -> &'static str {
    match code {
        "file-missing" => "check the path",
        "not-a-folder" => "give a folder",
        "not-a-regular-file" => "give a regular file: links, pipes and devices are neither read nor replaced",
        "file-too-large" => "check that this is the file you mean",
        "file-locked" => "wait for the other run to end, then run again",
        "disk-full" => "make room and run again; nothing is half written",
        "permission-denied" => "check owner and permissions, and that the file system is not read-only",
        _ => "check the disk and the path, then run again",
    }
}

impl From<FileError> for Failure {
    fn from(error: FileError) -> Self {
        let (code, subject) = (error.code(), shown(error.path()));
        Self::unavailable(code, &subject, error.to_string(), advice(code), error.retryable())
    }
}

impl From<SiteError> for Failure {
    fn from(error: SiteError) -> Self {
        let (code, subject) = (error.code(), shown(error.path()));
        let hint = match code {
            "site-locked" => "wait for the other run to end, then run again",
            "site-not-a-folder" => "look at the site: somebody put something else there",
            "file-changed" => "find out who writes into the artifacts folder; nothing was placed",
            code => advice(code),
        };
        Self::unavailable(code, &subject, error.to_string(), hint, error.retryable())
    }
}
