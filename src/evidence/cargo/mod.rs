//! What cargo writes into a crate: manifests, lock files and the note on
//! version control, judged by what git has at the tag.

pub(crate) mod lock;
pub(crate) mod manifest;
pub(crate) mod program;
mod targets;
pub(crate) mod value;
pub(crate) mod vcs;
pub(crate) mod workspace;

use super::case::{Answer, Unavailable};

/// Why a rule ends without a yes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The repository could not be read.
    Unavailable,
    /// The rule does not know this form.
    Undecided(String),
    /// The rule does not hold.
    Mismatch(String),
}

impl From<Unavailable> for Stop {
    fn from(Unavailable: Unavailable) -> Self {
        Self::Unavailable
    }
}

/// A judgement as the engine takes it.
///
/// # Errors
/// If the repository could not be read.
pub(crate) fn answer(judged: Result<Answer, Stop>) -> Result<Answer, Unavailable> {
    match judged {
        Ok(answer) => Ok(answer),
        Err(Stop::Unavailable) => Err(Unavailable),
        Err(Stop::Undecided(why)) => Ok(Answer::undecided(why)),
        Err(Stop::Mismatch(why)) => Ok(Answer::mismatch(why)),
    }
}
