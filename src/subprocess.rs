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

/// A program that serves and trains in place of a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ContainerKind {
    /// `scones-model`: the image classifier.
    Model,
    /// `scones-tabular`: preprocessing, trees and forests.
    Tabular,
}

impl ContainerKind {
    const ALL: [Self; 2] = [Self::Model, Self::Tabular];

    /// The name of the program.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Model => "scones-model",
            Self::Tabular => "scones-tabular",
        }
    }

    /// Parses the name of a program.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The subcommand of this program.
    fn subcommand(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Tabular => "tabular",
        }
    }

    /// The images that it stands for: those of this project, and AWS's built-in algorithms
    /// (<https://docs.aws.amazon.com/sagemaker/latest/dg-ecr-paths/sagemaker-algo-docker-registry-paths.html>).
    fn images(self) -> &'static [&'static str] {
        match self {
            Self::Model => &["*scones-model*", "*/image-classification:*"],
            Self::Tabular => &[
                "*scones-tabular*",
                "*/sagemaker-xgboost:*",
                "*/xgboost:*",
                "*/sagemaker-scikit-learn:*",
            ],
        }
    }

    fn program(self, program: &Path, images: Vec<String>) -> sagemaker::ContainerProgram {
        let (server, trainer) = (program.to_owned(), program.to_owned());
        sagemaker::ContainerProgram {
            images,
            serve: Arc::new(move |launch| self.serve(&server, launch)),
            train: Arc::new(move |launch| {
                let mut command = Command::new(&trainer);
                command.args([self.subcommand(), "train", "--root"]);
                command.arg(launch.root);
                command
            }),
        }
    }

    fn serve(self, program: &Path, launch: &sagemaker::Launch<'_>) -> Command {
        let mut command = Command::new(program);
        command.args([self.subcommand(), "serve", "--host", "127.0.0.1", "--port"]);
        command
            .arg(launch.port.to_string())
            .arg("--model-dir")
            .arg(launch.model_dir);
        let set = |name| Some((name, std::env::var_os(name)?));
        command.envs(TRIAL.into_iter().filter_map(set));
        command
    }
}

/// Lists the programs for container images: those that the user maps come first.
pub(crate) fn containers(
    program: &Path,
    mapped: &[(String, ContainerKind)],
) -> sagemaker::ContainerPrograms {
    let mapped = mapped.iter();
    let mapped = mapped.map(|(pattern, kind)| kind.program(program, vec![pattern.clone()]));
    let built_in = ContainerKind::ALL.into_iter().map(|kind| {
        let images = kind.images().iter().map(|image| (*image).to_owned());
        kind.program(program, images.collect())
    });
    sagemaker::ContainerPrograms::new(mapped.chain(built_in).collect())
}

/// The command that evaluates JSONata.
pub(crate) fn evaluator(program: PathBuf) -> states::EvaluatorCommand {
    Arc::new(move || {
        let mut command = Command::new(&program);
        command.arg("evaluate");
        command
    })
}
