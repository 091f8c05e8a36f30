//! `unverified`: accepted without evidence, for a stated reason and time.

use crate::release::{Finding, Time};

/// The finding that always goes with it: a warning while it lasts, then an
/// error.
pub(super) fn finding(path: &str, reason: &str, until: Time, at: Time) -> Finding {
    if at >= until {
        return Finding::error(
            "unverified-expired",
            path,
            format!("was accepted without evidence until {until} ({reason})"),
            "give evidence for it in the policy, or argue for a later date",
        );
    }
    Finding::warning(
        "unverified-file",
        path,
        format!("is accepted without evidence until {until}: {reason}"),
        "give evidence for it in the policy before that date",
    )
}
