//! `scones run`: starts an execution, waits for its end and prints it.

use std::io::Read;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use aws_sdk_sfn::operation::describe_execution::DescribeExecutionOutput;
use aws_sdk_sfn::types::ExecutionStatus;
use serde_json::{Value, json};

use crate::{aws, cli};

/// Exit status of an execution that ended, but not well.
const ENDED_BADLY: u8 = 2;

/// Runs the verb.
#[tokio::main]
pub(crate) async fn run(run: cli::Run) -> anyhow::Result<ExitCode> {
    let input = read_input(&run.input)?;
    let url = run.stack.url()?;
    let identity = service::Identity::default();
    let client = aws_sdk_sfn::Client::new(&aws::config(&url, &identity.region).await?);
    let started = client
        .start_execution()
        .state_machine_arn(arn(&identity, &run.state_machine))
        .set_name(run.name)
        .input(input)
        .send()
        .await
        .map_err(aws_sdk_sfn::Error::from)
        .with_context(|| format!("starting an execution of {} at {url}", run.state_machine))?;
    let ended = wait(&client, &started.execution_arn).await?;
    println!("{:#}", as_json(&ended));
    Ok(match ended.status {
        ExecutionStatus::Succeeded => ExitCode::SUCCESS,
        _ => ExitCode::from(ENDED_BADLY),
    })
}

/// The input's text, which must be JSON: better said here, by line and column, than by the service.
fn read_input(path: &Path) -> anyhow::Result<String> {
    let mut text = String::new();
    if path == Path::new("-") {
        std::io::stdin()
            .read_to_string(&mut text)
            .context("standard input")?;
    } else {
        text = std::fs::read_to_string(path).with_context(|| format!("{}", path.display()))?;
    }
    let _: Value =
        serde_json::from_str(&text).with_context(|| format!("{} is not JSON", path.display()))?;
    Ok(text)
}

fn arn(identity: &service::Identity, state_machine: &str) -> String {
    if state_machine.starts_with("arn:") {
        return state_machine.to_owned();
    }
    identity.arn("states", &format!("stateMachine:{state_machine}"))
}

async fn wait(client: &aws_sdk_sfn::Client, arn: &str) -> anyhow::Result<DescribeExecutionOutput> {
    let mut pause = Duration::from_millis(5);
    loop {
        let described = client.describe_execution().execution_arn(arn).send().await;
        let described = described
            .map_err(aws_sdk_sfn::Error::from)
            .with_context(|| format!("describing {arn}"))?;
        if described.status != ExecutionStatus::Running {
            return Ok(described);
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_millis(500));
    }
}

/// Formats an execution as the AWS CLI does, but with the output as JSON rather than as a string
/// that holds JSON.
fn as_json(execution: &DescribeExecutionOutput) -> Value {
    let parsed =
        |text: &String| serde_json::from_str(text).unwrap_or_else(|_| Value::from(text.clone()));
    let fields = [
        ("executionArn", Some(json!(execution.execution_arn))),
        ("status", Some(json!(execution.status.as_str()))),
        ("startDate", Some(json!(execution.start_date.to_string()))),
        (
            "stopDate",
            execution.stop_date.map(|date| json!(date.to_string())),
        ),
        ("output", execution.output.as_ref().map(parsed)),
        ("error", execution.error.as_ref().map(|error| json!(error))),
        ("cause", execution.cause.as_ref().map(parsed)),
    ];
    fields
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect()
}
