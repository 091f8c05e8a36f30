//! When the signature was made: bounds of the question and of the policy.

use super::judge::Listed;
use super::question::{Age, Mode, Question};
use crate::release::{Finding, Time};

/// Judges `created`, the time that the signature states.
pub(super) fn judge(
    created: Time,
    expires: Option<Time>,
    listed: &Listed<'_>,
    question: &Question<'_>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut error =
        |code, message: String, hint| findings.push(Finding::error(code, question.subject, message, hint));
    let by = &listed.certificate.fingerprint;
    if let Some(end) = expires.filter(|end| *end <= question.at) {
        error("signature-expired", format!("the signature by {by} ended at {end}"), "Sign again.");
    }
    let oldest = question.max_age.map(|age| question.at.plus(-age));
    if let Some(oldest) =
        oldest.into_iter().chain(question.not_before).max().filter(|oldest| created < *oldest)
    {
        let message = format!("signed at {created} by {by}, expected at {oldest} or later");
        error("signature-too-old", message, "Sign again; an old date may hide the use of a lost key.");
    }
    if let Some(newest) = question.not_after.filter(|newest| created > *newest) {
        let message = format!("signed at {created} by {by}, expected at {newest} or earlier");
        error("signature-too-new", message, "Ask for a later time, or find out who signed again.");
    }
    if let Age::SeenAt(seen) = question.age
        && question.mode == Mode::Archive
        && created > seen.plus(super::CLOCK_SKEW)
    {
        let message =
            format!("signed at {created} by {by}, but it is said to have existed at {seen} already");
        error("date-contradicts-proof", message, "Look into the proof of age: it is about something else.");
    }
    if let Some(start) = listed.membership.not_before.filter(|start| created < *start) {
        let message = format!("signed at {created} by {by}, whose signatures count from {start} on");
        error("signer-not-yet-allowed", message, "Sign again, or correct the dates in the policy.");
    }
    if let Some(end) = listed.membership.not_after {
        let past = question.mode == Mode::Release && question.at > end;
        if created > end || past {
            let message = format!("signed at {created} by {by}, whose signatures counted until {end}");
            error("signer-no-longer-allowed", message, "Have a certificate sign that is not retired.");
        }
    }
    findings
}
