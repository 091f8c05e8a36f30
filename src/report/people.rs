//! The same report for people: plain text for stderr.

use super::Report;
use crate::exit::Outcome;
use crate::release::{Finding, Severity};
use serde_json::Value;
use std::collections::BTreeSet;

/// At most this many findings are told in full; the document has them all.
const SHOWN: usize = 50;

/// The report as lines for a person: findings first, each with what to do,
/// then one line that says how it ended.
pub fn text(report: &Report) -> String {
    let mut out = String::new();
    let mut findings = report.findings.iter().take(SHOWN).peekable();
    while let Some(finding) = findings.next() {
        let word = match finding.severity {
            Severity::Error | Severity::Failure => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        };
        out.push_str(&format!("{word}[{}]: {}: {}\n", finding.code, finding.subject, finding.message));
        for line in finding.diff.iter().flat_map(|diff| diff.lines()) {
            out.push_str(&format!("  | {line}\n"));
        }
        // Several of a kind have one advice.
        let again = |next: &&Finding| (next.code, &next.hint) == (finding.code, &finding.hint);
        if !finding.hint.is_empty() && !findings.peek().is_some_and(again) {
            out.push_str(&format!("  help: {}\n", finding.hint));
        }
    }
    if report.findings.len() > SHOWN {
        out.push_str(&format!("… and {} more findings in the document\n", report.findings.len() - SHOWN));
    }
    out.push_str(&format!("{}: {}{}\n", report.command, ending(report), signed_by(report)));
    out
}

/// Whose signatures `verify` accepted: a yes is worth as much as they are.
fn signed_by(report: &Report) -> String {
    if (report.command, report.outcome) != ("verify", Outcome::Ok) {
        return String::new();
    }
    let parts = ["files", "checksum_lists"].into_iter().filter_map(|key| report.result.get(key)?.as_array());
    let signers = parts.flatten().filter_map(|part| part.get("signers")?.as_array()).flatten();
    let certificates: BTreeSet<&str> =
        signers.filter_map(|signer| signer.get("certificate")?.as_str()).collect();
    match certificates.is_empty() {
        true => String::new(),
        false => format!(", signed by {}", certificates.into_iter().collect::<Vec<_>>().join(", ")),
    }
}

/// What a comparison explained, as a table: how many paths by which evidence,
/// and each path where the document lists them. Empty for other reports.
pub fn table(report: &Report) -> String {
    let mut out = String::new();
    let artifacts = match report.result.get("artifacts").and_then(Value::as_array) {
        Some(artifacts) => artifacts.iter().collect(),
        None => vec![&report.result],
    };
    for artifact in artifacts {
        let Some(levels) = artifact.get("levels").and_then(Value::as_object) else { continue };
        let word = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_string();
        let name = artifact.get("name").or_else(|| artifact.pointer("/artifact/name"));
        out.push_str(&format!("{}\n", word(name)));
        for explanation in artifact.get("explanations").and_then(Value::as_array).into_iter().flatten() {
            let (level, mode) = (word(explanation.get("level")), word(explanation.get("mode")));
            out.push_str(&format!("  {level:<12} {mode} {}\n", word(explanation.get("path"))));
        }
        for (level, count) in levels {
            let count = count.as_u64().unwrap_or_default();
            let noun = if count == 1 { "path" } else { "paths" };
            out.push_str(&format!("  {level:<12} {count:>6} {noun}\n"));
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn findings_come_with_what_to_do_and_are_bounded() {
        let findings = (0..60).map(|n| Finding::error("e", &format!("s{n:02}"), "m", "do it")).collect();
        let text = text(&Report::judged("compare", findings, json!({})));
        assert!(text.starts_with("error[e]: s00: m\nerror[e]: s01: m\n"));
        assert_eq!(text.matches("  help: do it\n").count(), 1, "one advice for all of a kind");
        assert!(text.contains("and 10 more findings"));
        assert!(text.ends_with("compare: rejected: everything was looked at, and the answer is no\n"));
    }

    #[test]
    fn verify_names_each_certificate_once_and_only_with_a_yes() {
        let by = |name: &str| json!({"signers": [{"certificate": name, "key": "K"}]});
        let result = json!({"files": [by("B"), by("A")], "checksum_lists": [by("A")]});
        let ended = |command, findings| text(&Report::judged(command, findings, result.clone()));
        assert_eq!(ended("verify", vec![]), "verify: ok, signed by A, B\n");
        assert_eq!(ended("publish", vec![]), "publish: ok\n");
        assert!(!ended("verify", vec![Finding::error("e", "s", "m", "h")]).contains("signed by"));
    }

    #[test]
    fn tables_count_and_list() {
        let lines = json!([{"path": "a", "level": "identical", "mode": "100644"}]);
        let artifact = json!({"name": "x.tar", "levels": {"identical": 1}, "explanations": lines});
        let table = table(&Report::judged("validate", vec![], json!({"artifacts": [artifact]})));
        assert_eq!(table, "x.tar\n  identical    100644 a\n  identical         1 path\n");
    }
}
