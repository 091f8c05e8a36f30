//! What the signature says beside the time: demands on its reader, and what
//! it was made for.
//!
//! A detached signature does not cover the file's name: an artifact renamed to
//! another version verifies with its old signature everywhere, unless the
//! signature itself says what it is for.

use super::question::Question;
use crate::release::Finding;
use crate::release::signature::{SignatureFacts, notation};

/// Judges subpackets and notations.
pub(super) fn judge(signature: &SignatureFacts, question: &Question<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    if !signature.unknown_critical.is_empty() {
        let message = format!(
            "the signature marks as critical what is not known here: {}",
            signature.unknown_critical.join(", ")
        );
        let hint = "Sign again without it, or use a version that knows it.";
        findings.push(Finding::error("unknown-critical-subpacket", question.subject, message, hint));
    }
    if !signature.intended_recipients.is_empty() {
        let message = format!(
            "the signature is meant for {} alone, not for a release",
            signature.intended_recipients.join(", ")
        );
        findings.push(Finding::error(
            "intended-recipient",
            question.subject,
            message,
            "Sign again, without encrypting.",
        ));
    }
    for (name, expected) in question.notations {
        let stated = signature.notations.iter().filter(|(stated, _)| stated == name);
        for (_, found) in stated.filter(|(_, found)| found != expected) {
            let code = match name.as_str() {
                notation::ARTIFACT => "artifact-name-mismatch",
                notation::PROJECT => "project-mismatch",
                notation::VERSION => "version-mismatch",
                _ => "notation-mismatch",
            };
            let found = crate::release::path::printable(found.as_bytes());
            let hint = match code {
                "artifact-name-mismatch" => &format!(
                    "If you renamed the file yourself, verify it under the name {found:?}. If not, it was \
                     swapped: get the file and its signature again."
                ),
                _ => "The file was renamed or swapped: get the file and its signature again.",
            };
            let message =
                format!("the signature was made for the {name} \"{found}\", expected \"{expected}\"");
            findings.push(Finding::error(code, question.subject, message, hint));
        }
    }
    findings
}
