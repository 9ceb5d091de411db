//! Starts this program again: one binary is the stack, the functions and the model container.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use anyhow::Context;
use local_lambda as lambda;
use local_sagemaker as sagemaker;
use local_states as states;

/// Variables by which the user limits a model's trial; the stack's environment does not reach its
/// children.
const TRIAL: [&str; 2] = ["SCONES_MODEL_MEMORY_MB", "SCONES_MODEL_SECONDS"];

/// The path of this program.
pub(crate) fn program() -> anyhow::Result<PathBuf> {
    std::env::current_exe()
        .context("the path of this program can't be found, and the stack starts it again")
}

/// A command of this program that gets nothing of the user's secrets.
pub(crate) fn command() -> anyhow::Result<tokio::process::Command> {
    let mut command = Command::new(program()?);
    service::process::limit_environment(&mut command)?;
    Ok(command.into())
}

/// The command that runs a Lambda function, if it is one of this program's.
pub(crate) fn function(program: &Path, binary: &str) -> Option<lambda::Command> {
    let function: lambdas::Function = binary.parse().ok()?;
    Some(lambda::Command {
        program: program.to_owned(),
        args: vec!["lambda".to_owned(), function.name().to_owned()],
        ..lambda::Command::default()
    })
}

/// The command that serves a model.
pub(crate) fn model_server(program: PathBuf) -> sagemaker::StartServer {
    Arc::new(move |launch| {
        let mut command = Command::new(&program);
        command.args(["model", "serve", "--host", "127.0.0.1", "--port"]);
        command
            .arg(launch.port.to_string())
            .arg("--model-dir")
            .arg(launch.model_dir);
        let set = |name| Some((name, std::env::var_os(name)?));
        command.envs(TRIAL.into_iter().filter_map(set));
        command
    })
}

/// The command that trains a model.
pub(crate) fn training(program: PathBuf) -> sagemaker::StartTraining {
    Arc::new(move |launch| {
        let mut command = Command::new(&program);
        command.args(["model", "train", "--root"]).arg(launch.root);
        command
    })
}

/// The command that evaluates JSONata.
pub(crate) fn evaluator(program: PathBuf) -> states::EvaluatorCommand {
    Arc::new(move || {
        let mut command = Command::new(&program);
        command.arg("evaluate");
        command
    })
}
