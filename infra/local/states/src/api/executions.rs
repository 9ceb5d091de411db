//! Executions: start, stop, describe, list.

use asl::Outcome;
use serde_json::{Value, json};

use super::input::{ARN, Input, NAME};
use super::{map_runs, put, seconds, token};
use crate::arn::{self, Qualifier};
use crate::engine::{ExecutionEnd, Redrive, Start, Stop, parts};
use crate::error::ApiError;
use crate::handle::{StartExecution, States, now};
use crate::redrive;
use crate::store::executions::{self, Filter, Summary, Target};

type ApiResult = Result<Value, ApiError>;

/// The longest input of an execution and output of a task, in bytes of UTF-8.
pub(super) const DATA: usize = 262_144;

/// The statuses, in the order of AWS's message about an invalid one.
const STATUSES: [&str; 6] = [
    "SUCCEEDED",
    "TIMED_OUT",
    "PENDING_REDRIVE",
    "ABORTED",
    "FAILED",
    "RUNNING",
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

pub(super) async fn start(states: &States, input: Input) -> ApiResult {
    let start = read_start(states, input)?;
    let started = states.engine().start(start).await?;
    Ok(json!({ "executionArn": started.arn, "startDate": seconds(started.at) }))
}

/// Starts an execution of an EXPRESS state machine and waits for its end.
pub(super) async fn start_sync(states: &States, input: Input) -> ApiResult {
    let start = Start {
        sync: true,
        ..read_start(states, input)?
    };
    let mut response = json!({
        "stateMachineArn": start.machine_arn,
        "name": start.name,
        "input": start.input.text(),
        "inputDetails": { "included": true },
    });
    put(&mut response, "traceHeader", start.trace_header.clone());
    let (started, ended) = states.engine().run(start).await?;
    response["executionArn"] = json!(started.arn);
    response["startDate"] = seconds(started.at);
    add_end(&mut response, started.at, &ended);
    Ok(response)
}

fn add_end(response: &mut Value, started: i64, ended: &ExecutionEnd) {
    let (output, error, cause) = parts(&ended.outcome);
    // An EXPRESS execution can't be stopped, so there are only three ends.
    let status = match ended.outcome {
        Outcome::Aborted { .. } => "FAILED",
        ref other => other.status(),
    };
    response["status"] = json!(status);
    response["stopDate"] = seconds(ended.at.0);
    response["outputDetails"] = json!({ "included": true });
    // AWS bills at least 100 ms, in steps of 100, and 64 MB at a time.
    let milliseconds = (ended.at.0 - started).max(1);
    response["billingDetails"] = json!({
        "billedDurationInMilliseconds": (milliseconds + 99) / 100 * 100,
        "billedMemoryUsedInMB": 64,
    });
    put(response, "output", output);
    put(response, "error", error);
    put(response, "cause", cause);
}

/// Stopping what has ended changes nothing.
pub(super) async fn stop(states: &States, mut input: Input) -> ApiResult {
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

pub(super) async fn redrive(states: &States, mut input: Input) -> ApiResult {
    let arn = input.required("executionArn", ARN)?;
    let token = input.text("clientToken", 1..=64)?;
    input.finish()?;
    let (machine, name) = states.execution_name(&arn)?;
    let (machine, name) = (machine.to_owned(), name.to_owned());
    let redrive = Redrive {
        arn,
        machine,
        name,
        token,
    };
    let at = states.engine().redrive(redrive).await?;
    Ok(json!({ "redriveDate": seconds(at) }))
}

pub(super) async fn describe(states: &States, mut input: Input) -> ApiResult {
    let arn = input.required("executionArn", ARN)?;
    input.choice("includedData", &["ALL_DATA", "METADATA_ONLY"])?;
    input.finish()?;
    let row = states.execution_row(&arn).await?;
    let machine = arn::machine(states.identity(), &row.machine_name);
    let mut response = json!({
        "executionArn": arn,
        "stateMachineArn": machine,
        "name": row.name,
        "status": row.status,
        "startDate": seconds(row.started),
        "input": row.input,
        "inputDetails": { "included": true },
        "redriveCount": row.redrives.count,
    });
    put(&mut response, "stopDate", row.stopped.map(seconds));
    put(&mut response, "redriveDate", row.redrives.last.map(seconds));
    let map_run = row.map_run.as_ref();
    let map_run = map_run.map(|uuid| arn::map_run(states.identity(), &row.machine_name, uuid));
    put(&mut response, "mapRunArn", map_run);
    put(&mut response, "traceHeader", row.trace_header.as_deref());
    put(&mut response, "error", row.error.as_deref());
    put(&mut response, "cause", row.cause.as_deref());
    put_target(&mut response, states, &row.machine_name, &row.target);
    if let Some(output) = &row.output {
        response["output"] = json!(output);
        response["outputDetails"] = json!({ "included": true });
    }
    let refusal = redrive::refusal(&row, now());
    response["redriveStatus"] = json!(match refusal {
        Some(_) => "NOT_REDRIVABLE",
        None if row.map_run.is_some() => "REDRIVABLE_BY_MAP_RUN",
        None => "REDRIVABLE",
    });
    put(&mut response, "redriveStatusReason", refusal);
    Ok(response)
}

/// The newest first; only those of a version or an alias, where the ARN is one's.
pub(super) async fn list(states: &States, mut input: Input) -> ApiResult {
    let arn = input.text("stateMachineArn", ARN)?;
    let status = input.choice("statusFilter", &STATUSES)?;
    let redriven = input.choice("redriveFilter", &["REDRIVEN", "NOT_REDRIVEN"])?;
    let size = input.page_size()?;
    let token = input.text("nextToken", token::LENGTH_OF_EXECUTIONS)?;
    let map_run = input.text("mapRunArn", 1..=2000)?;
    input.finish()?;
    let invalid = |text: &str| ApiError::Validation(text.into());
    if let Some(map_run) = map_run {
        if arn.is_some() {
            return Err(invalid(
                "Must provide only one of State Machine ARN or Map Run ARN",
            ));
        }
        return map_runs::executions(states, &map_run, status, redriven, size, token).await;
    }
    let arn = arn.ok_or_else(|| invalid("Must provide a State Machine ARN or Map Run ARN"))?;
    if redriven.is_some() {
        return Err(invalid("Redrive filter is only supported for Map Run ARN"));
    }
    let (name, qualifier) = states.parse_machine_arn(&arn)?;
    let machine_arn = arn::machine(states.identity(), name);
    let machine = states.machine_row(&machine_arn).await?;
    if machine.express {
        let text = "This operation is not supported by this type of state machine";
        return Err(ApiError::StateMachineTypeNotSupported(text));
    }
    let request = format!("ListExecutions {} {qualifier:?} {status:?}", machine.id);
    let target = match qualifier.map(Qualifier::parse) {
        None => Target::default(),
        Some(Qualifier::Version(number)) => Target {
            version: Some(number),
            alias: None,
        },
        Some(Qualifier::Alias(alias)) => Target {
            version: None,
            alias: Some(alias),
        },
    };
    let before = token::read_number(&request, token.as_deref())?.unwrap_or(i64::MAX);
    let found = states
        .readers()
        .read(move |db| {
            let filter = Filter { status, target };
            executions::list(db, machine.id, &filter, before, size + 1)
        })
        .await?;
    let page = found
        .iter()
        .take(size)
        .map(|summary| list_item(states, &machine.name, summary));
    let mut response = json!({ "executions": page.collect::<Vec<_>>() });
    if found.len() > size {
        response["nextToken"] = json!(token::write(&request, &found[size - 1].id.to_string()));
    }
    Ok(response)
}

pub(super) fn list_item(states: &States, machine: &str, summary: &Summary) -> Value {
    let mut item = json!({
        "executionArn": arn::execution(states.identity(), machine, &summary.name),
        "stateMachineArn": arn::machine(states.identity(), machine),
        "name": summary.name,
        "status": summary.status,
        "startDate": seconds(summary.started),
        "redriveCount": summary.redrives.count,
    });
    put(&mut item, "stopDate", summary.stopped.map(seconds));
    put(&mut item, "redriveDate", summary.redrives.last.map(seconds));
    put_target(&mut item, states, machine, &summary.target);
    item
}

/// The version and the alias that an execution was started through.
fn put_target(response: &mut Value, states: &States, machine: &str, target: &Target) {
    let qualified =
        |qualifier: &dyn std::fmt::Display| arn::qualified(states.identity(), machine, qualifier);
    let version = target.version.map(|number| qualified(&number));
    let alias = target.alias.as_ref().map(|name| qualified(name));
    put(response, "stateMachineVersionArn", version);
    put(response, "stateMachineAliasArn", alias);
}
