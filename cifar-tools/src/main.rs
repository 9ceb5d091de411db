//! The `cifar-tools` command: reads the command line, runs one verb, and turns the outcome into an
//! exit code.

mod bars;
mod cli;
mod commands;

use clap::Parser;
use std::process::ExitCode;

/// The exit code of a program that Ctrl-C ended: 128 + SIGINT.
const INTERRUPTED: u8 = 130;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    match commands::run(cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", error_text::with_causes(error.as_ref()));
            if bars::is_stopped() {
                ExitCode::from(INTERRUPTED)
            } else {
                ExitCode::FAILURE
            }
        }
    }
}
