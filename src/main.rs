//! The doorway: arguments in, one document out, four exit codes.

use clap::Parser as _;
use countersign::{cli::Cli, commands, release::Time};
use std::process::ExitCode;

fn main() -> ExitCode {
    // The only clock; everything else gets the time as an argument.
    let now = Time::from_unix(jiff::Timestamp::now().as_second());
    match Cli::try_parse() {
        Ok(cli) => commands::main(&cli, now),
        Err(error) => commands::refuse(&error),
    }
}
