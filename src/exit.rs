//! The four exit codes, the only ones there are.

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Yes; done; or already so.
    Ok,
    /// Everything was looked at and the answer is no; the findings say why.
    Rejected,
    /// The request is wrong: arguments, policy, format.
    Usage,
    /// Could not look or could not act: nothing is known about the release.
    Unavailable,
}

/// Exit code of [`Outcome::Ok`].
pub const OK: u8 = 0;
/// Exit code of [`Outcome::Rejected`].
pub const REJECTED: u8 = 1;
/// Exit code of [`Outcome::Usage`]; also clap's own number.
pub const USAGE: u8 = 2;
/// Exit code of [`Outcome::Unavailable`].
pub const UNAVAILABLE: u8 = 3;

impl Outcome {
    /// The exit code.
    pub fn code(self) -> u8 {
        match self {
            Self::Ok => OK,
            Self::Rejected => REJECTED,
            Self::Usage => USAGE,
            Self::Unavailable => UNAVAILABLE,
        }
    }

    /// The word in the document.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Rejected => "rejected",
            Self::Usage => "usage",
            Self::Unavailable => "unavailable",
        }
    }
}
