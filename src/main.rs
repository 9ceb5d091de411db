//! The `scones` command: it composes the local stack, the functions, the data tools and the model, and decides nothing
//! else. A verb is a file of `commands/`.

mod arenas;
mod aws;
mod cli;
mod commands;
mod console;
mod key;
mod own;
mod progress;

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
            eprintln!("scones: {}", told(&error));
            ExitCode::FAILURE
        }
    }
}

/// The error and its causes, without those that what comes before already tells.
fn told(error: &anyhow::Error) -> String {
    let causes = error.chain().map(ToString::to_string);
    causes
        .reduce(|told, cause| {
            if told.contains(&cause) {
                told
            } else {
                format!("{told}: {cause}")
            }
        })
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use anyhow::{Context, anyhow};

    use super::*;

    /// `scones up` said twice why a file could not be opened: in the service's error and in that error's source.
    #[test]
    fn each_cause_is_told_once() {
        let nested = anyhow!("no such file").context("s3.db: no such file");
        assert_eq!(told(&nested.context("S3")), "S3: s3.db: no such file");
        let plain = Err::<(), _>(anyhow!("refused")).context("asking the stack");
        assert_eq!(told(&plain.unwrap_err()), "asking the stack: refused");
    }
}
