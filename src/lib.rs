//! countersign: explains every byte of a release artifact from its signed
//! git tag, then signs and publishes it.
//!
//! The rooms, and who may know whom (an arrow points to what is used):
//!
//! ```text
//! main ──► cli, commands
//! commands ──► report, evidence, trust, git, openpgp, ssh, archive, site, release
//! report, evidence, trust ──► release           pure: no file, no clock
//! git, openpgp, ssh, archive, site ──► release  facts in release types, no verdicts
//! release ──► nobody                            pure vocabulary
//! ```
//!
//! Only the command line, the result formats and the exit codes are public
//! interfaces; the library is for the binary and the tests and promises nothing.

pub mod archive;
pub mod cli;
pub mod commands;
pub mod evidence;
pub mod exit;
pub mod files;
pub mod git;
pub mod openpgp;
pub mod release;
pub mod report;
pub mod site;
pub mod ssh;
pub mod trust;
