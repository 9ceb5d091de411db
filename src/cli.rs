//! The command line.

pub(crate) mod monitor;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use evaluation::Threshold;
use s3_uri::S3Uri;

use crate::commands;
use crate::subprocess::ContainerKind;

/// An image classification workflow for AWS, and one process that runs it here.
///
/// Without a command it is `scones demo`: the whole workflow on this machine.
#[derive(Debug, Parser)]
#[command(name = "scones", version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(Demo),
    Up(Up),
    Run(Run),
    Batch(Batch),
    /// See what a model's traffic says of it: baseline, run, report, label, traffic
    #[command(subcommand)]
    Monitor(monitor::Monitor),
    Logs(Logs),
    Gc(Gc),
    Doctor(Doctor),
    Validate(Validate),
    TestState(TestState),
    /// Train, serve or evaluate a classifier: the program inside the SageMaker container
    #[command(subcommand)]
    Model(scones_model::cli::Command),
    /// Train, serve or evaluate a model of tables: the other program inside the SageMaker container
    #[command(subcommand)]
    Tabular(scones_tabular::cli::Command),
    /// Run one Lambda function over the Runtime API, as the stack starts it
    #[command(hide = true)]
    Lambda(Lambda),
    /// Evaluate JSONata for the stack, which starts this
    #[command(hide = true)]
    Evaluate,
}

/// Stage the data, train, deploy and classify on this machine, then stay up
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  scones demo                        find or download CIFAR-100, or draw a sample
  scones demo --archive FILE         use this cifar-100-python.tar.gz
  scones demo --once --json out.json run, write the results as data, and exit")]
pub(crate) struct Demo {
    #[command(flatten)]
    pub(crate) stack: Stack,
    /// The CIFAR-100 archive (cifar-100-python.tar.gz) to take the images from
    #[arg(long, value_name = "FILE")]
    pub(crate) archive: Option<PathBuf>,
    /// Draw the sample instead of looking for the archive or downloading it
    #[arg(long, conflicts_with = "archive")]
    pub(crate) sample: bool,
    /// Exit when all is done, with a failure if anything went wrong
    #[arg(long)]
    pub(crate) once: bool,
    /// Write what was printed as JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Train anew, also where the data directory holds a model
    #[arg(long)]
    pub(crate) retrain: bool,
    /// Training epochs
    #[arg(long, default_value_t = 120, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) epochs: u32,
}

/// Start the local stack and stay up
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Then, for any AWS SDK or the AWS CLI:
  export AWS_ENDPOINT_URL=http://127.0.0.1:4566
  export AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1
  export AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local

With SCONES_ACCESS_KEY_ID and SCONES_SECRET_ACCESS_KEY in its environment the stack verifies the
signature of every request, and may listen on other addresses than loopback (plain HTTP: see
docs/threat-model.md). Commands such as `scones run` need the same variables then:
  export SCONES_ACCESS_KEY_ID=me SCONES_SECRET_ACCESS_KEY=$(openssl rand -hex 20)
  scones up --listen 0.0.0.0")]
pub(crate) struct Up {
    #[command(flatten)]
    pub(crate) stack: Stack,
    /// Run no template: start with nothing declared, for the state machines and buckets that
    /// clients create
    #[arg(long, conflicts_with_all = ["template", "parameters"])]
    pub(crate) empty: bool,
}

/// Options of the local stack: where it listens, keeps its state and reads what to run.
#[derive(Args, Clone, Debug)]
pub(crate) struct Stack {
    /// The port to listen on; 0 takes a free one
    #[arg(long, default_value_t = 4566)]
    pub(crate) port: u16,
    /// The address to listen on; any but a loopback one asks for a key in the environment
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    pub(crate) listen: IpAddr,
    /// The directory for all state
    #[arg(long, value_name = "DIR", default_value = ".scones")]
    pub(crate) data_dir: PathBuf,
    /// Address of the console, for a browser on this machine; port 0 takes a free one [default:
    /// 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) console: Option<SocketAddr>,
    /// Serve no console
    #[arg(long, conflicts_with = "console")]
    pub(crate) no_console: bool,
    /// The SAM template to run
    #[arg(long, value_name = "FILE", default_value = "infra/template.yaml")]
    pub(crate) template: PathBuf,
    /// A value for a parameter of the template; may be given several times
    #[arg(long = "parameter", value_name = "NAME=VALUE", value_parser = name_and_value)]
    pub(crate) parameters: Vec<(String, String)>,
    /// The program that stands for container images that match a pattern, in which * stands for any
    /// characters: `*/my-model:*=scones-model` or `=scones-tabular`; may be given several times
    #[arg(long = "image", value_name = "PATTERN=PROGRAM", value_parser = pattern_and_program)]
    pub(crate) images: Vec<(String, ContainerKind)>,
    /// Delete executions when they have been over for so many days; AWS does after 90
    #[arg(long, value_name = "DAYS", default_value_t = 90)]
    pub(crate) keep_days: u32,
    /// Stop when standard input ends, as it does when the program that started this one is gone
    #[arg(long)]
    pub(crate) until_stdin_ends: bool,
}

/// A local stack that runs.
#[derive(Args, Clone, Debug)]
pub(crate) struct StackAt {
    /// URL of the stack; by default the one that runs on --data-dir
    #[arg(long, value_name = "URL", env = "AWS_ENDPOINT_URL")]
    pub(crate) endpoint_url: Option<String>,
    /// The data directory of the stack to look for
    #[arg(long, value_name = "DIR", default_value = ".scones")]
    pub(crate) data_dir: PathBuf,
}

/// A local stack that runs, or AWS.
#[derive(Args, Clone, Debug)]
pub(crate) struct Target {
    /// Work on AWS, and not on a local stack
    #[arg(long, conflicts_with_all = ["endpoint_url", "data_dir"])]
    pub(crate) aws: bool,
    #[command(flatten)]
    pub(crate) stack: StackAt,
}

/// Start an execution, wait for its end and print it
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  scones run --input payload.json
  echo '{\"image_data\": \"\", \"s3_bucket\": \"B\", \"s3_key\": \"test/x.png\"}' | scones run --input -

Exit status: 0 if the execution SUCCEEDED, 2 if it ended in another way.")]
pub(crate) struct Run {
    /// The execution's input, a JSON file; - is standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) input: PathBuf,
    /// The state machine, by name or ARN
    #[arg(long, value_name = "NAME", default_value = "classify-images")]
    pub(crate) state_machine: String,
    /// The execution's name; made up where none is given
    #[arg(long)]
    pub(crate) name: Option<String>,
    #[command(flatten)]
    pub(crate) stack: StackAt,
}

/// Classify all images under a prefix, or those that a manifest names
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  scones batch s3://BUCKET/photos/2026/         all objects whose keys begin so
  scones batch s3://BUCKET/photos/ --out FILE   and a line of JSON for each image in FILE
  scones batch --manifest s3://BUCKET/list.csv  the keys in its column `key`; or .jsonl, .json
  scones batch s3://BUCKET/photos/ --aws        on AWS, as the AWS CLI finds region and keys

The work is an execution of the state machine classify-batch, which goes on when this command is
stopped. A bar shows how far it is; without a terminal, lines do.

Exit status: 0 if every image got an answer (passed or refused), 3 if some got none, 2 if the
execution did not succeed, 1 for any other error, such as a prefix without an object.")]
pub(crate) struct Batch {
    /// The images: all objects whose keys begin with PREFIX, as S3 has them (not URL-encoded)
    #[arg(
        value_name = "s3://BUCKET/PREFIX",
        required_unless_present = "manifest"
    )]
    pub(crate) images: Option<S3Uri>,
    /// A list of keys of the same bucket, instead of a prefix: CSV, JSON Lines or a JSON array
    #[arg(long, value_name = "s3://BUCKET/KEY", conflicts_with = "images")]
    pub(crate) manifest: Option<S3Uri>,
    /// Write a line of JSON for each image to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// The score that passes the gate; by default the application's
    #[arg(long, value_name = "SCORE")]
    pub(crate) threshold: Option<Threshold>,
    /// Give up when more than so many percent of the images are in batches that failed
    #[arg(long, value_name = "PERCENT", default_value_t = 5.0)]
    pub(crate) tolerate: f64,
    /// Batches at a time, of up to 100 images each
    #[arg(long, value_name = "COUNT", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) concurrency: u32,
    /// The execution's name; made up where none is given
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// The state machine, by name or ARN
    #[arg(long, value_name = "NAME", default_value = "classify-batch")]
    pub(crate) state_machine: String,
    #[command(flatten)]
    pub(crate) to: Target,
}

/// Show what functions and training jobs logged
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  scones logs                         all of them
  scones logs serialize-image -f      one function, and what it logs from now on
  scones logs training-job/NAME       one training job")]
pub(crate) struct Logs {
    /// Only this function, or this training job
    pub(crate) function: Option<String>,
    /// Go on as more is logged
    #[arg(long, short)]
    pub(crate) follow: bool,
    /// Number of lines to begin with
    #[arg(long, short = 'n', default_value_t = 100)]
    pub(crate) lines: usize,
    /// The data directory of the stack
    #[arg(long, value_name = "DIR", default_value = ".scones")]
    pub(crate) data_dir: PathBuf,
}

/// Find what is wrong or odd in state machine definitions, without running them
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  scones validate infra/template.yaml           the template's definitions, with their substitutions
  scones validate flow.asl.json --type express  what AWS would say, with line and column
  generate-flow | scones validate - --json      findings as data: one JSON object a line

Exit status: 0 without errors, 1 with errors; warnings alone are no errors.")]
pub(crate) struct Validate {
    /// Definitions in Amazon States Language (JSON), or SAM templates (YAML); - is a definition on
    /// standard input
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// The state machine's type; a template says it itself
    #[arg(long = "type", value_name = "TYPE", value_enum, default_value_t = MachineType::Standard)]
    pub(crate) machine_type: MachineType,
    /// Print findings as JSON, one object a line
    #[arg(long)]
    pub(crate) json: bool,
    /// A value for a parameter of the template; may be given several times
    #[arg(long = "parameter", value_name = "NAME=VALUE", value_parser = name_and_value)]
    pub(crate) parameters: Vec<(String, String)>,
}

/// Run one state of a definition on its own
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  scones test-state flow.asl.json --state Check --input '{\"n\": 1}' --trace
  scones test-state flow.asl.json --state Call --mock '{\"Payload\": 5}'
  scones test-state flow.asl.json --state Call --mock-error Busy='try again' --retries 2
  scones test-state state.json --input @payload.json     a file that holds one state

A task that is not mocked is called by the stack that runs on --data-dir.

Exit status: 0 if the state succeeded, was caught or would be retried, 2 if it failed.")]
pub(crate) struct TestState {
    /// A definition, or one state of one; - is standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// The state of the definition; without it, FILE holds the state itself
    #[arg(long, value_name = "NAME")]
    pub(crate) state: Option<String>,
    /// The state's input, JSON or @FILE
    #[arg(long, value_name = "JSON")]
    pub(crate) input: Option<String>,
    /// Result of the state's task, branches or iterations, JSON or @FILE
    #[arg(long, value_name = "JSON", conflicts_with = "mock_error")]
    pub(crate) mock: Option<String>,
    /// The error that they fail with, and its cause
    #[arg(long, value_name = "ERROR[=CAUSE]")]
    pub(crate) mock_error: Option<String>,
    /// Number of times that the state was retried before
    #[arg(long, value_name = "COUNT")]
    pub(crate) retries: Option<u32>,
    /// The workflow variables, a JSON object or @FILE
    #[arg(long, value_name = "JSON")]
    pub(crate) variables: Option<String>,
    /// The context object, JSON or @FILE
    #[arg(long, value_name = "JSON")]
    pub(crate) context: Option<String>,
    /// Show what the data was at each stage
    #[arg(long)]
    pub(crate) trace: bool,
    /// Feeds everything random
    #[arg(long, default_value_t = 0)]
    pub(crate) seed: u64,
    #[command(flatten)]
    pub(crate) stack: StackAt,
}

#[derive(clap::ValueEnum, Clone, Copy, Debug)]
pub(crate) enum MachineType {
    Standard,
    Express,
}

/// Delete executions that are over, with their histories, and give the space back
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  scones gc                     what ended more than 90 days ago, as AWS deletes it
  scones gc --older-than 7      what ended more than a week ago
  scones gc --older-than 0      all that is over

A stack that runs on the data directory goes on meanwhile, and does this by itself for --keep-days.")]
pub(crate) struct Gc {
    /// Only executions that ended more than so many days ago
    #[arg(long, value_name = "DAYS", default_value_t = 90)]
    pub(crate) older_than: u32,
    /// The data directory
    #[arg(long, value_name = "DIR", default_value = ".scones")]
    pub(crate) data_dir: PathBuf,
}

/// Say what of the application is there, what is wrong, and what to do
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  scones doctor          the stack that runs here
  scones doctor --aws    AWS, with the credentials and the region that the AWS CLI has

Exit status: 0 if nothing is wrong, 1 otherwise. Nothing is changed.")]
pub(crate) struct Doctor {
    #[command(flatten)]
    pub(crate) to: Target,
    /// The SAM template that was deployed
    #[arg(long, value_name = "FILE", default_value = "infra/template.yaml")]
    pub(crate) template: PathBuf,
    /// A value for a parameter of the template, as it was deployed; may be given several times
    #[arg(long = "parameter", value_name = "NAME=VALUE", value_parser = name_and_value)]
    pub(crate) parameters: Vec<(String, String)>,
}

#[derive(Args, Debug)]
pub(crate) struct Lambda {
    /// The function's binary, for example serialize-image
    pub(crate) name: String,
}

impl Cli {
    /// Carries out what was typed.
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let command = self.command.unwrap_or_else(default_command);
        if matches!(command, Command::Demo(_) | Command::Up(_)) {
            crate::arenas::share_one();
        }
        match command {
            Command::Demo(demo) => commands::demo::run(&demo),
            Command::Up(up) => commands::up::run(&up),
            Command::Run(run) => commands::run::run(run),
            Command::Batch(batch) => commands::batch::run(&batch),
            Command::Monitor(command) => commands::monitor::run(command),
            Command::Logs(logs) => commands::logs::run(&logs),
            Command::Gc(gc) => commands::gc::run(&gc),
            Command::Doctor(doctor) => commands::doctor::run(&doctor),
            Command::Validate(validate) => commands::validate::run(&validate),
            Command::TestState(test) => commands::test_state::run(&test),
            Command::Model(model) => commands::model::run(model),
            Command::Tabular(tabular) => commands::tabular::run(tabular),
            Command::Lambda(lambda) => commands::lambda::run(&lambda),
            Command::Evaluate => commands::evaluate::run(),
        }
    }
}

/// `scones demo`, with its options' defaults.
fn default_command() -> Command {
    Cli::parse_from(["scones", "demo"])
        .command
        .unwrap_or_else(|| unreachable!("the line names a command"))
}

fn name_and_value(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write it as NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn pattern_and_program(text: &str) -> Result<(String, ContainerKind), String> {
    let (pattern, program) = text
        .rsplit_once('=')
        .ok_or("write it as PATTERN=PROGRAM, such as */my-model:*=scones-model")?;
    let kind = ContainerKind::parse(program).ok_or_else(|| {
        format!("there is no program {program}: scones-model and scones-tabular are")
    })?;
    Ok((pattern.to_owned(), kind))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_options_do_not_contradict_each_other() {
        Cli::command().debug_assert();
    }

    #[test]
    fn no_command_is_the_demo() {
        assert!(
            matches!(default_command(), Command::Demo(demo) if !demo.once && demo.stack.port == 4566)
        );
    }

    #[test]
    fn images_are_named_by_uri() {
        let refused = Cli::try_parse_from(["scones", "batch", "b/in/"]);
        let refused = refused.unwrap_err().to_string();
        assert!(refused.contains("write it as s3://BUCKET/KEY"), "{refused}");
        let refused = Cli::try_parse_from(["scones", "batch"])
            .unwrap_err()
            .to_string();
        assert!(refused.contains("s3://BUCKET/PREFIX"), "{refused}");
    }

    #[test]
    fn a_parameter_without_a_value_is_refused() {
        let message = Cli::try_parse_from(["scones", "up", "--parameter", "Threshold"])
            .unwrap_err()
            .to_string();
        assert!(message.contains("write it as NAME=VALUE"), "{message}");
    }
}
