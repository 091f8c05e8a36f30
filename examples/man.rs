//! Writes the man pages, one a command, into a folder:
//! `cargo run --example man -- build/man`.

use clap::CommandFactory as _;
use std::path::Path;

fn main() -> std::io::Result<()> {
    let folder = std::env::args_os().nth(1).unwrap_or_else(|| "build/man".into());
    std::fs::create_dir_all(&folder)?;
    clap_mangen::generate_to(countersign::cli::Cli::command(), Path::new(&folder))
}
