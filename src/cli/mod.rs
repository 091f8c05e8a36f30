//! What may be typed. No files, no environment, no clock.

mod args;
mod examples;
mod key;
mod keyring;
pub mod value;

pub use args::*;
pub use key::*;
pub use keyring::*;

use clap::{Parser, Subcommand};
use std::path::PathBuf;

/// The command line.
#[derive(Debug, Parser)]
#[command(
    name = "countersign",
    version,
    about = "Explains every byte of a release artifact from its signed git tag, then signs and publishes it",
    after_long_help = examples::TOP,
    disable_help_subcommand = true,
    infer_long_args = false
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Write the result document to FILE as well as to standard output
    #[arg(long, global = true, value_name = "FILE", display_order = 900)]
    pub output: Option<PathBuf>,
    /// Say nothing on standard error; the document has it all
    #[arg(long, short, global = true, display_order = 901)]
    pub quiet: bool,
}

/// One verb a stage.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// State the names, sizes and digests of a folder of artifacts
    #[command(after_long_help = examples::CHECKSUM)]
    Checksum(Checksum),
    /// Check that a tag is signed by somebody the policy lets release
    #[command(after_long_help = examples::VERIFY_TAG)]
    VerifyTag(VerifyTag),
    /// Explain every file of one artifact from the tree at a tag
    #[command(after_long_help = examples::COMPARE)]
    Compare(Compare),
    /// Check the tag and explain every artifact of a release
    #[command(after_long_help = examples::VALIDATE)]
    Validate(Validate),
    /// Validate and sign in one go, or sign under a validation record
    #[command(after_long_help = examples::SIGN)]
    Sign(Sign),
    /// Check signatures, checksum lists and records, as anyone can
    #[command(after_long_help = examples::VERIFY)]
    Verify(Verify),
    /// Verify a signed release and place it into the site
    #[command(after_long_help = examples::PUBLISH)]
    Publish(Publish),
    /// Check, explain or draft a policy
    #[command(subcommand)]
    Policy(Policy),
    /// Keep the vetted certificates, and hand them to those who verify
    #[command(subcommand)]
    Keyring(Keyring),
    /// Make, look after and publish the release key
    #[command(subcommand)]
    Key(Key),
}

/// What can be asked of a policy.
#[derive(Debug, Subcommand)]
pub enum Policy {
    /// Check a policy for faults, and against a keyring if one is given
    #[command(after_long_help = examples::POLICY_CHECK)]
    Check(PolicyCheck),
    /// Show what would be accepted for a project
    #[command(after_long_help = examples::POLICY_EXPLAIN)]
    Explain(PolicyExplain),
    /// Propose a policy for a project from one of its releases
    #[command(after_long_help = examples::POLICY_DRAFT)]
    Draft(PolicyDraft),
}

impl Command {
    /// The command's name in the result document.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Checksum(_) => "checksum",
            Self::VerifyTag(_) => "verify-tag",
            Self::Compare(_) => "compare",
            Self::Validate(_) => "validate",
            Self::Sign(_) => "sign",
            Self::Verify(_) => "verify",
            Self::Publish(_) => "publish",
            Self::Policy(Policy::Check(_)) => "policy-check",
            Self::Policy(Policy::Explain(_)) => "policy-explain",
            Self::Policy(Policy::Draft(_)) => "policy-draft",
            Self::Keyring(keyring) => keyring.name(),
            Self::Key(key) => key.name(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_has_an_example_that_parses() {
        let mut commands: Vec<clap::Command> = Cli::command().get_subcommands().cloned().collect();
        let groups: Vec<_> = commands.extract_if(.., |command| command.has_subcommands()).collect();
        commands.extend(groups.iter().flat_map(|group| group.get_subcommands().cloned()));
        for mut command in commands {
            let help = command.render_long_help().to_string();
            let joined = help.replace("\\\n", " ");
            let example = joined
                .lines()
                .find_map(|line| line.trim().strip_prefix("$ "))
                .unwrap_or_else(|| panic!("{} has no example", command.get_name()));
            let typed = example.rsplit('|').next().unwrap().split_whitespace();
            Cli::try_parse_from(typed).unwrap_or_else(|error| panic!("{example}: {error}"));
        }
    }
}
