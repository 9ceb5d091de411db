//! Executions: start, stop, describe, list.

use asl::Outcome;
use serde_json::{Value, json};

use super::input::{ARN, Input, NAME};
use super::{map_runs, put, seconds, token};
use crate::states::arn;
use crate::states::engine::{Ended, Start, Stop, parts};
use crate::states::error::ApiError;
use crate::states::service::{Execution, StartExecution, States};
use crate::states::store::executions::{self, Summary};

type Answer = Result<Value, ApiError>;

/// The longest input, in bytes of UTF-8.
const DATA: usize = 262_144;

const STATUSES: [&str; 6] = [
    "RUNNING",
    "SUCCEEDED",
    "FAILED",
    "TIMED_OUT",
    "ABORTED",
    "PENDING_REDRIVE",
];

fn read_start(states: &States, mut input: Input) -> Result<Start, ApiError> {
    let start = StartExecution {
        state_machine_arn: input.required("stateMachineArn", ARN)?,
        name: input.text("name", NAME)?,
        input: input.data("input", DATA)?,
    };
    let trace_header = input.text("traceHeader", 0..=256)?;
    input.choice("includedData", &["ALL_DATA", "METADATA_ONLY"])?;
    input.finish()?;
    states.to_start(start, trace_header)
}

pub(super) async fn start(states: &States, input: Input) -> Answer {
    let start = read_start(states, input)?;
    let started = states.engine().start(start).await?;
    Ok(json!({ "executionArn": started.arn, "startDate": seconds(started.at) }))
}

/// Only for EXPRESS state machines: waits for the end.
pub(super) async fn start_sync(states: &States, input: Input) -> Answer {
    let start = Start {
        sync: true,
        ..read_start(states, input)?
    };
    let mut answer = json!({
        "stateMachineArn": start.machine_arn,
        "name": start.name,
        "input": start.input.0,
        "inputDetails": { "included": true },
    });
    put(&mut answer, "traceHeader", start.trace_header.clone());
    let (started, ended) = states.engine().run(start).await?;
    answer["executionArn"] = json!(started.arn);
    answer["startDate"] = seconds(started.at);
    ended_sync(&mut answer, started.at, &ended);
    Ok(answer)
}

fn ended_sync(answer: &mut Value, started: i64, ended: &Ended) {
    let (output, error, cause) = parts(&ended.outcome);
    // An EXPRESS execution can't be stopped, so there are only three ends.
    let status = match ended.outcome {
        Outcome::Aborted { .. } => "FAILED",
        ref other => other.status(),
    };
    answer["status"] = json!(status);
    answer["stopDate"] = seconds(ended.at.0);
    answer["outputDetails"] = json!({ "included": true });
    // AWS bills at least 100 ms, in steps of 100, and 64 MB at a time.
    let milliseconds = (ended.at.0 - started).max(1);
    answer["billingDetails"] = json!({
        "billedDurationInMilliseconds": (milliseconds + 99) / 100 * 100,
        "billedMemoryUsedInMB": 64,
    });
    put(answer, "output", output);
    put(answer, "error", error);
    put(answer, "cause", cause);
}

/// Stopping what has ended changes nothing.
pub(super) async fn stop(states: &States, mut input: Input) -> Answer {
    let arn = input.required("executionArn", ARN)?;
    let error = input.data("error", 256)?;
    let cause = input.data("cause", 32_768)?;
    input.finish()?;
    let (machine, name) = states.execution_name(&arn)?;
    let (machine, name) = (machine.to_owned(), name.to_owned());
    let stopped = states
        .engine()
        .stop(Stop {
            arn,
            machine,
            name,
            error,
            cause,
        })
        .await?;
    Ok(json!({ "stopDate": seconds(stopped) }))
}

pub(super) async fn describe(states: &States, mut input: Input) -> Answer {
    let arn = input.required("executionArn", ARN)?;
    input.choice("includedData", &["ALL_DATA", "METADATA_ONLY"])?;
    input.finish()?;
    Ok(described(&states.describe(&arn).await?))
}

fn described(execution: &Execution) -> Value {
    let mut answer = json!({
        "executionArn": execution.execution_arn,
        "stateMachineArn": execution.state_machine_arn,
        "name": execution.name,
        "status": execution.status,
        "startDate": seconds(execution.started.0),
        "input": execution.input,
        "inputDetails": { "included": true },
        "redriveCount": 0,
    });
    put(
        &mut answer,
        "stopDate",
        execution.stopped.map(|at| seconds(at.0)),
    );
    put(&mut answer, "mapRunArn", execution.map_run_arn.clone());
    put(&mut answer, "traceHeader", execution.trace_header.clone());
    put(&mut answer, "error", execution.error.clone());
    put(&mut answer, "cause", execution.cause.clone());
    if let Some(output) = &execution.output {
        answer["output"] = json!(output);
        answer["outputDetails"] = json!({ "included": true });
    }
    if matches!(&*execution.status, "RUNNING" | "SUCCEEDED") {
        let reason = format!("Execution is {} and cannot be redriven", execution.status);
        answer["redriveStatus"] = json!("NOT_REDRIVABLE");
        answer["redriveStatusReason"] = json!(reason);
    } else {
        answer["redriveStatus"] = json!("REDRIVABLE");
    }
    answer
}

/// The newest first.
pub(super) async fn list(states: &States, mut input: Input) -> Answer {
    let arn = input.text("stateMachineArn", ARN)?;
    let status = input.choice("statusFilter", &STATUSES)?;
    let size = input.page_size()?;
    let token = input.text("nextToken", token::LENGTH_OF_EXECUTIONS)?;
    let map_run = input.text("mapRunArn", 1..=2000)?;
    input.finish()?;
    if let Some(map_run) = map_run {
        if arn.is_some() {
            let text = "Must provide only one of State Machine ARN or Map Run ARN";
            return Err(ApiError::Validation(text.into()));
        }
        return map_runs::executions(states, &map_run, (status, size, token)).await;
    }
    let arn = arn.ok_or_else(|| {
        ApiError::Validation("Must provide a State Machine ARN or Map Run ARN".into())
    })?;
    let machine = states.machine_row(&arn).await?;
    if machine.express {
        let text = "This operation is not supported by this type of state machine";
        return Err(ApiError::StateMachineTypeNotSupported(text));
    }
    let request = format!("ListExecutions {} {status:?}", machine.id);
    let before = token::read_number(&request, token.as_deref())?.unwrap_or(i64::MAX);
    let found = states
        .readers()
        .read(move |db| executions::list(db, machine.id, status, before, size + 1))
        .await?;
    let page = found
        .iter()
        .take(size)
        .map(|summary| listed(states, &arn, &machine.name, summary));
    let mut answer = json!({ "executions": page.collect::<Vec<_>>() });
    if found.len() > size {
        answer["nextToken"] = json!(token::write(&request, &found[size - 1].id.to_string()));
    }
    Ok(answer)
}

pub(super) fn listed(
    states: &States,
    machine_arn: &str,
    machine: &str,
    summary: &Summary,
) -> Value {
    let mut item = json!({
        "executionArn": arn::execution(states.identity(), machine, &summary.name),
        "stateMachineArn": machine_arn,
        "name": summary.name,
        "status": summary.status,
        "startDate": seconds(summary.started),
        "redriveCount": 0,
    });
    put(&mut item, "stopDate", summary.stopped.map(seconds));
    item
}
