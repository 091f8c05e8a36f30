//! A finding: one thing that was looked at and is worth telling.

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// The answer is no because of it.
    Error,
    /// Nothing could be decided because of it: a failure or a usage error.
    Failure,
    /// Accepted, but somebody should act.
    Warning,
    /// For the record.
    Note,
}

/// One thing found, in words for the person who must act on it.
///
/// `code` is a kebab-case word of the open list in `docs/findings.md`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Finding {
    /// Stable word for programs.
    pub code: &'static str,
    /// What it does to the outcome.
    pub severity: Severity,
    /// The file, path, tag, fingerprint or policy key it is about. Whoever
    /// makes the finding escapes what strangers chose, once, by
    /// [`crate::release::path::printable`]; so does the text of a
    /// [`crate::release::TreePath`].
    pub subject: String,
    /// What is wrong, with what was expected and what was found.
    pub message: String,
    /// What to do about it.
    pub hint: String,
    /// For a modified text file: how it differs, as unified difference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diff: Option<String>,
}

impl Finding {
    fn new(severity: Severity, code: &'static str, subject: &str, message: String, hint: &str) -> Self {
        Self { code, severity, subject: subject.into(), message, hint: hint.into(), diff: None }
    }

    /// The same finding with a difference to show.
    #[must_use]
    pub fn with_diff(self, diff: Option<String>) -> Self {
        Self { diff, ..self }
    }

    /// A finding that makes the outcome `rejected`.
    pub fn error(code: &'static str, subject: &str, message: impl Into<String>, hint: &str) -> Self {
        Self::new(Severity::Error, code, subject, message.into(), hint)
    }

    /// A finding that does not change the outcome but asks for action.
    pub fn warning(code: &'static str, subject: &str, message: impl Into<String>, hint: &str) -> Self {
        Self::new(Severity::Warning, code, subject, message.into(), hint)
    }

    /// A finding for the record.
    pub fn note(code: &'static str, subject: &str, message: impl Into<String>, hint: &str) -> Self {
        Self::new(Severity::Note, code, subject, message.into(), hint)
    }

    /// What a failure or a usage error puts into the document.
    pub fn failure(code: &'static str, subject: &str, message: impl Into<String>, hint: &str) -> Self {
        Self::new(Severity::Failure, code, subject, message.into(), hint)
    }
}

/// Whether any of `findings` makes the answer no.
pub fn rejects(findings: &[Finding]) -> bool {
    findings.iter().any(|finding| finding.severity == Severity::Error)
}
