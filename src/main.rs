//! The doorway: arguments in, one document out, four exit codes.

use clap::Parser as _;
use countersign::{cli::Cli, commands, release::Time};
use std::process::ExitCode;

#[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
fn main() -> ExitCode {
    let now = Time::from_unix(jiff::Timestamp::now().as_second());
    match Cli::try_parse() {
        Ok(cli) => commands::main(&cli, now),
        Err(error) => commands::refuse(&error),
    }
}
