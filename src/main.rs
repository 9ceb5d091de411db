//! The `scones` command: it composes the local stack, the functions, the data tools and the model,
//! and decides nothing else. A verb is a file of `commands/`.

mod arenas;
mod aws;
mod cli;
mod commands;
mod console;
mod key;
mod progress;
mod subprocess;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    // It may be there to try a model, and then for nothing else.
    if let Some(code) = scones_model::trial::answer() {
        return code;
    }
    match cli::Cli::parse().run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("scones: {}", error_text::with_causes(error.as_ref()));
            ExitCode::FAILURE
        }
    }
}
