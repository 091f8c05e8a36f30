//! The same report for people: plain text for stderr.

use super::Report;
use crate::exit::Outcome;
use crate::release::Severity;

/// At most this many findings are told in full; the document has them all.
const SHOWN: usize = 50;

/// The report as lines for a person: findings first, each with what to do,
/// then one line that says how it ended.
pub fn text(report: &Report) -> String {
    let mut out = String::new();
    for finding in report.findings.iter().take(SHOWN) {
        let word = match finding.severity {
            Severity::Error | Severity::Failure => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        };
        out.push_str(&format!("{word}[{}]: {}: {}\n", finding.code, finding.subject, finding.message));
        if !finding.hint.is_empty() {
            out.push_str(&format!("  help: {}\n", finding.hint));
        }
    }
    if report.findings.len() > SHOWN {
        out.push_str(&format!("… and {} more findings in the document\n", report.findings.len() - SHOWN));
    }
    out.push_str(&format!("{}: {}\n", report.command, ending(report)));
    out
}

fn ending(report: &Report) -> &'static str {
    match (report.outcome, report.changed, report.retryable) {
        (Outcome::Ok, true, _) => "ok, done",
        (Outcome::Ok, false, _) => "ok",
        (Outcome::Rejected, ..) => "rejected: everything was looked at, and the answer is no",
        (Outcome::Usage, ..) => "not run: the request is wrong",
        (Outcome::Unavailable, _, true) => "could not look; trying again later may help",
        (Outcome::Unavailable, _, false) => "could not look: nothing is known",
    }
}
