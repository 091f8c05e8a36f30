//! Judges signature facts by policy and time, and counts people.
//!
//! Pure: facts, question and time come in, findings go out. What Sequoia,
//! gpg or sqv would say plays no part; `docs/signatures.md` sets their
//! answers beside ours.

mod age;
pub mod algorithms;
mod contents;
mod judge;
mod key_rules;
mod key_state;
mod life;
mod outlook;
mod question;
mod signing_key;
mod ssh;

pub use judge::{Judgement, judge, people, too_few_signers};
pub use life::{Standing, certificate_standing, subkey_standing};
pub use outlook::{KeyOutlook, Outlook};
pub use question::{Age, CLOCK_SKEW, Membership, Mode, Question};
pub use signing_key::{KeyQuestion, judge_signing_key};
pub use ssh::{SshQuestion, judge_ssh, ssh_key_problem};

#[cfg(test)]
mod standing_tests;
#[cfg(test)]
mod tests;
