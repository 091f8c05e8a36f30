//! One file a verb: gather facts, judge, act, report. Order only; the rules
//! are in `release`, `evidence` and `trust`.

mod agent;
mod ages;
mod artifacts;
mod checksum;
mod claims;
mod compare;
mod draft;
mod explain;
mod failure;
mod inputs;
mod key;
mod keyring;
mod life;
mod nearest;
mod origin;
mod policy;
mod progress;
mod publish;
mod seen;
mod sign;
mod signature;
mod supplied;
mod tag;
mod tag_signers;
mod terminal;
mod validate;
mod verify;

pub use failure::Failure;

use crate::cli::{self, Cli, Command};
use crate::exit::{self, Outcome};
use crate::files;
use crate::release::{Finding, Time};
use crate::report::{Report, html, people};
use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Runs what was typed and tells the result: the document on standard output
/// and in `--output`, people's text on standard error. `now` is the time for
/// which is judged where the command is not told one.
pub fn main(cli: &Cli, now: Time) -> ExitCode {
    let name = cli.command.name();
    if let Err(failure) = placed(cli) {
        return tell(&failure.report(name), cli.quiet);
    }
    let mut report = run(cli, now).unwrap_or_else(|failure| failure.report(name));
    if let Some(path) = page(&cli.command)
        && let Err(error) = files::replace(path, html::page(&report).as_bytes())
    {
        report = Failure::from(error).report(name);
    }
    if let Some(path) = &cli.output
        && let Err(error) = files::replace(path, report.document().as_bytes())
    {
        report = Failure::from(error).report(name);
    }
    tell(&report, cli.quiet)
}

/// Runs a command.
///
/// # Errors
/// [`Failure`] if there is no answer.
pub fn run(cli: &Cli, now: Time) -> Result<Report, Failure> {
    match &cli.command {
        Command::Checksum(args) => checksum::run(args),
        Command::VerifyTag(args) => tag::run(args, now),
        Command::Compare(args) => compare::run(args, now),
        Command::Validate(args) => validate::run(args, now),
        Command::Sign(args) => sign::run(args, now),
        Command::Verify(args) => verify::run(args, now),
        Command::Publish(args) => publish::run(args, now),
        Command::Policy(cli::Policy::Check(args)) => policy::check(args, now),
        Command::Policy(cli::Policy::Explain(args)) => policy::explain(args),
        Command::Policy(cli::Policy::Draft(args)) => draft::run(args, now),
        Command::Keyring(command) => keyring::run(command, now),
        Command::Key(key) => life::run(key, now),
    }
}

/// Where a command's result goes as a page.
fn page(command: &Command) -> Option<&Path> {
    match command {
        Command::Compare(args) => args.html.as_deref(),
        Command::Validate(args) => args.html.as_deref(),
        _ => None,
    }
}

/// Refuses to write a document among the artifacts, or over something that is
/// no file, before any work is done.
fn placed(cli: &Cli) -> Result<(), Failure> {
    for written in cli.output.iter().map(PathBuf::as_path).chain(page(&cli.command)) {
        files::replaceable(written)?;
    }
    if let Some(folder) = artifacts_folder(&cli.command) {
        let seen = seen_file(&cli.command);
        for written in cli.output.iter().map(PathBuf::as_path).chain(page(&cli.command)).chain(seen) {
            outside(written, folder)?;
        }
    }
    Ok(())
}

/// The record of tags that a command may write.
fn seen_file(command: &Command) -> Option<&Path> {
    match command {
        Command::Validate(args) => args.source.beside.seen.as_deref(),
        Command::Sign(args) => args.beside.seen.as_deref(),
        _ => None,
    }
}

/// The folder of artifacts that a command works on.
fn artifacts_folder(command: &Command) -> Option<&Path> {
    match command {
        Command::Checksum(args) => Some(&args.folder),
        Command::Validate(args) => Some(&args.artifacts),
        Command::Sign(args) => Some(&args.artifacts),
        Command::Publish(args) => Some(&args.artifacts),
        _ => None,
    }
}

/// A document written among the artifacts would be an unexpected file there.
fn outside(output: &Path, folder: &Path) -> Result<(), Failure> {
    let parent = output.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match (parent.canonicalize(), folder.canonicalize()) {
        (Ok(parent), Ok(folder)) if parent == folder => Err(Failure::usage(
            "output-among-artifacts",
            &failure::shown(output),
            "lies in the folder of artifacts, which holds artifacts and nothing else",
            "write the document somewhere else",
        )),
        // Whatever is wrong with either path is told when it is used.
        _ => Ok(()),
    }
}

/// Tells that the command line is wrong, or prints the help that was asked for.
pub fn refuse(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        let failed = error.print().is_err();
        return ExitCode::from(if failed { exit::UNAVAILABLE } else { exit::OK });
    }
    let finding = Finding::failure("usage", "command line", wrong(error), "see countersign --help");
    // Standard error is for people and may be closed.
    let _ = error.print();
    tell(&Report::usage("usage", vec![finding]), true)
}

/// What is wrong with the command line, in one line: all that clap says of
/// it, without the usage that follows.
fn wrong(error: &clap::Error) -> String {
    if error.kind() == clap::error::ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return "says no command".into();
    }
    let text = error.render().to_string();
    let told = text.lines().take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more"));
    let words: Vec<&str> = told.flat_map(str::split_whitespace).collect();
    words.join(" ").trim_start_matches("error: ").into()
}

/// Prints the report. A document that could not be written is a failure,
/// whatever it would have said.
fn tell(report: &Report, quiet: bool) -> ExitCode {
    if !quiet {
        let mut stderr = std::io::stderr();
        let table = if stderr.is_terminal() { people::table(report) } else { String::new() };
        let _ = stderr.write_all((table + &people::text(report)).as_bytes());
    }
    let mut stdout = std::io::stdout();
    let written = stdout.write_all(report.document().as_bytes()).and_then(|()| stdout.flush());
    let outcome = if written.is_ok() { report.outcome } else { Outcome::Unavailable };
    ExitCode::from(outcome.code())
}
