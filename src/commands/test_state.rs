//! `scones test-state`: one state of a definition, on its own.

use std::io::Read;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, anyhow, bail};
use asl::{
    Configuration, Failure, InspectionLevel, Mock, TestEnvironment, TestRequest, TestState,
    Timestamp,
};
use aws_sdk_sfn::operation::test_state::TestStateOutput;
use aws_sdk_sfn::types;
use serde_json::{Value, json};
use service::Identity;

use crate::{aws, cli};

/// Exit status of a state that failed.
const FAILED: u8 = 2;

/// Runs the verb.
#[tokio::main]
pub(crate) async fn run(options: &cli::TestState) -> anyhow::Result<ExitCode> {
    let request = request(options)?;
    let identity = Identity::default();
    let setting = TestEnvironment {
        region: identity.region.clone(),
        account: identity.account.clone(),
        at: Timestamp(now()?),
        seed: options.seed,
        evaluator: None,
    };
    let test = TestState::start(&request, &setting)?;
    let answer = match test.task() {
        None => test.finish(),
        Some((_, task)) => {
            let called = format!("the task {}", task.resource.arn());
            really(options, &request, &identity)
                .await
                .with_context(|| format!("{called} is not mocked"))?
        }
    };
    println!("{:#}", readable(&answer));
    Ok(match answer["status"].as_str() {
        Some("FAILED") => ExitCode::from(FAILED),
        _ => ExitCode::SUCCESS,
    })
}

fn now() -> anyhow::Result<i64> {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
    Ok(i64::try_from(since.as_millis())?)
}

fn request(options: &cli::TestState) -> anyhow::Result<TestRequest> {
    Ok(TestRequest {
        definition: read(&options.file)?,
        state_name: options.state.clone(),
        role_arn: Some("arn:aws:iam::123456789012:role/test-state".into()),
        input: options.input.as_deref().map(text).transpose()?,
        inspection_level: if options.trace {
            InspectionLevel::Trace
        } else {
            InspectionLevel::Info
        },
        variables: options.variables.as_deref().map(text).transpose()?,
        context: options.context.as_deref().map(text).transpose()?,
        mock: mock(options)?,
        configuration: Configuration {
            retrier_retry_count: options.retries,
            ..Configuration::default()
        },
        ..TestRequest::default()
    })
}

fn mock(options: &cli::TestState) -> anyhow::Result<Option<Mock>> {
    if let Some(result) = &options.mock {
        return Ok(Some(Mock {
            result: Some(text(result)?),
            ..Mock::default()
        }));
    }
    Ok(options.mock_error.as_ref().map(|mock| {
        let (error, cause) = match mock.split_once('=') {
            Some((error, cause)) => (error, Some(cause.to_owned())),
            None => (mock.as_str(), None),
        };
        Mock {
            error_output: Some(Failure {
                error: Some(error.to_owned()),
                cause,
            }),
            ..Mock::default()
        }
    }))
}

/// Returns the text that was typed, or that of the file which `@…` names.
fn text(typed: &str) -> anyhow::Result<String> {
    match typed.strip_prefix('@') {
        Some(file) => read(Path::new(file)),
        None => Ok(typed.to_owned()),
    }
}

fn read(path: &Path) -> anyhow::Result<String> {
    if path != Path::new("-") {
        return std::fs::read_to_string(path).with_context(|| format!("{}", path.display()));
    }
    let mut text = String::new();
    std::io::stdin()
        .read_to_string(&mut text)
        .context("standard input")?;
    Ok(text)
}

/// Tasks run where functions and buckets are: in the stack.
async fn really(
    options: &cli::TestState,
    request: &TestRequest,
    identity: &Identity,
) -> anyhow::Result<Value> {
    let url = options
        .stack
        .find()
        .ok_or_else(|| anyhow!("give --mock, or start a stack with `scones up` for it to call"))?;
    if request.mock.is_some() {
        bail!("a mocked task calls nobody");
    }
    let client = aws_sdk_sfn::Client::new(&aws::config(&url, &identity.region).await?);
    let level = match request.inspection_level {
        InspectionLevel::Trace => types::InspectionLevel::Trace,
        _ => types::InspectionLevel::Info,
    };
    let answer = client
        .test_state()
        .definition(&request.definition)
        .set_state_name(request.state_name.clone())
        .set_role_arn(request.role_arn.clone())
        .set_input(request.input.clone())
        .set_variables(request.variables.clone())
        .set_context(request.context.clone())
        .inspection_level(level)
        .customize()
        // The SDK asks `sync-HOST`, a name that AWS has and a stack has not.
        .mutate_request(move |request| {
            // The SDK has sent to this URL: it is one.
            let _ = request.set_uri(url.as_str());
        })
        .send()
        .await
        .map_err(aws_sdk_sfn::Error::from)?;
    Ok(as_json(&answer))
}

fn as_json(answer: &TestStateOutput) -> Value {
    let mut json = present_fields([
        (
            "status",
            answer.status.as_ref().map(|status| status.as_str()),
        ),
        ("output", answer.output.as_deref()),
        ("nextState", answer.next_state.as_deref()),
        ("error", answer.error.as_deref()),
        ("cause", answer.cause.as_deref()),
    ]);
    if let Some(inspection) = &answer.inspection_data {
        json["inspectionData"] = inspection_json(inspection);
    }
    json
}

/// Returns the steps that a Task's data goes through.
fn inspection_json(inspection: &types::InspectionData) -> Value {
    present_fields([
        ("input", inspection.input.as_deref()),
        ("variables", inspection.variables.as_deref()),
        ("afterInputPath", inspection.after_input_path.as_deref()),
        ("afterParameters", inspection.after_parameters.as_deref()),
        ("afterArguments", inspection.after_arguments.as_deref()),
        ("result", inspection.result.as_deref()),
        (
            "afterResultSelector",
            inspection.after_result_selector.as_deref(),
        ),
        ("afterResultPath", inspection.after_result_path.as_deref()),
    ])
}

fn present_fields<const N: usize>(fields: [(&str, Option<&str>); N]) -> Value {
    let there = fields
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), Value::from(value?))));
    Value::Object(there.collect())
}

/// Texts that hold JSON, as JSON.
fn readable(answer: &Value) -> Value {
    match answer {
        Value::String(text) => match serde_json::from_str(text) {
            Ok(parsed @ (Value::Object(_) | Value::Array(_))) => parsed,
            _ => json!(text),
        },
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| (name.clone(), readable(value)))
            .collect(),
        other => other.clone(),
    }
}
