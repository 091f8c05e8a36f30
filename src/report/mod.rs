//! What a run says: the envelope that every command returns, and its YAML.
//!
//! One document a run, one shape for all commands (`docs/result-format.md`).
//! No rule is decided here and nothing is read or written.

pub mod html;
pub mod people;
pub mod yaml;

use crate::exit::Outcome;
use crate::release::{Finding, Severity, finding};
use serde_json::{Value, json};

/// The version of this helper, recorded in every document.
pub const HELPER_VERSION: &str = env!("CARGO_PKG_VERSION");

/// What one run of one command found and did.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// The verb as typed, with `-` between two words.
    pub command: &'static str,
    /// Yes, no, wrong question or could not look.
    pub outcome: Outcome,
    /// Whether anything was written that was not there before.
    pub changed: bool,
    /// Whether the same call may succeed later without anybody changing anything.
    pub retryable: bool,
    /// What was found, the weightiest first.
    pub findings: Vec<Finding>,
    /// The command's own part; `{}` when there is none.
    pub result: Value,
}

impl Report {
    /// A report whose outcome follows from its findings: `rejected` with an
    /// error among them, else `ok`. This is the only place where exit code 1
    /// comes from.
    pub fn judged(command: &'static str, findings: Vec<Finding>, result: Value) -> Self {
        let outcome = if finding::rejects(&findings) { Outcome::Rejected } else { Outcome::Ok };
        Self { command, outcome, changed: false, retryable: false, findings: sorted(findings), result }
    }

    /// A report that nothing is known because something could not be read or done.
    pub fn unavailable(command: &'static str, retryable: bool, finding: Finding) -> Self {
        let (outcome, result) = (Outcome::Unavailable, json!({}));
        Self { command, outcome, changed: false, retryable, findings: vec![finding], result }
    }

    /// A report that the request itself is wrong.
    pub fn usage(command: &'static str, findings: Vec<Finding>) -> Self {
        let (outcome, result) = (Outcome::Usage, json!({}));
        Self { command, outcome, changed: false, retryable: false, findings, result }
    }

    /// The same report with `changed` set, for commands that wrote something.
    #[must_use]
    pub fn with_changed(mut self, changed: bool) -> Self {
        self.changed = changed;
        self
    }

    /// The document, with its keys in the order of the contract.
    pub fn document(&self) -> String {
        let findings = serde_json::to_value(&self.findings).unwrap_or(Value::Null);
        yaml::to_string(&json!({
            "format": format!("countersign/{}@v1", self.command),
            "helper": HELPER_VERSION,
            "command": self.command,
            "outcome": self.outcome.as_str(),
            "changed": self.changed,
            "retryable": self.retryable,
            "findings": findings,
            "result": self.result,
        }))
    }
}

/// Weightiest first, then by what they are about: the order never depends on
/// the order in which things were met.
fn sorted(mut findings: Vec<Finding>) -> Vec<Finding> {
    let rank = |severity| match severity {
        Severity::Error => 0,
        Severity::Failure => 1,
        Severity::Warning => 2,
        Severity::Note => 3,
    };
    findings.sort_by(|a, b| {
        (rank(a.severity), a.code, &a.subject, &a.message).cmp(&(
            rank(b.severity),
            b.code,
            &b.subject,
            &b.message,
        ))
    });
    findings.dedup();
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcome_follows_from_the_findings() {
        let note = Finding::note("n", "s", "m", "h");
        let error = Finding::error("e", "s", "m", "h");
        assert_eq!(Report::judged("x", vec![note.clone()], json!({})).outcome, Outcome::Ok);
        let report = Report::judged("x", vec![note, error], json!({}));
        assert_eq!(report.outcome, Outcome::Rejected);
        assert_eq!(report.findings.first().map(|f| f.code), Some("e"), "errors come first");
    }

    #[test]
    fn document_has_the_keys_in_order() {
        let text = Report::judged("checksum", vec![], json!({})).document();
        let keys: Vec<&str> = text.lines().filter_map(|line| line.split(':').next()).collect();
        assert_eq!(
            keys,
            ["format", "helper", "command", "outcome", "changed", "retryable", "findings", "result"]
        );
    }
}
