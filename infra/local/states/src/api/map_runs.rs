//! Map runs: describe, list, update, and their executions.

use serde_json::{Map, Value, json};

use super::executions::list_item;
use super::input::{ARN, Input};
use super::{put, seconds, token};
use crate::arn::{self, Arn};
use crate::error::ApiError;
use crate::handle::States;
use crate::store::executions;
use crate::store::map_runs::{self, Count, Limits, MapRun};

type ApiResult = Result<Value, ApiError>;

/// The longest ARN of a map run.
const MAP_RUN_ARN: std::ops::RangeInclusive<usize> = 1..=2000;

/// The statuses of children, as counts name them.
const COUNTED: [(&str, &str); 7] = [
    ("aborted", "ABORTED"),
    ("failed", "FAILED"),
    ("pending", "PENDING"),
    ("pendingRedrive", map_runs::REDRIVEN),
    ("running", "RUNNING"),
    ("succeeded", "SUCCEEDED"),
    ("timedOut", "TIMED_OUT"),
];

async fn find(states: &States, map_run_arn: &str) -> Result<MapRun, ApiError> {
    let missing = || ApiError::ResourceNotFound(map_run_arn.to_owned());
    match arn::parse(map_run_arn)? {
        arn::Arn::Other("mapRun") => {}
        _ => return Err(arn::wrong_kind(&Arn::Other("mapRun"))),
    }
    let uuid = arn::map_run_uuid(map_run_arn).to_owned();
    let found = states
        .readers()
        .read(move |db| map_runs::by_uuid(db, &uuid))
        .await?;
    found.ok_or_else(missing)
}

pub(super) async fn describe(states: &States, mut input: Input) -> ApiResult {
    let map_run_arn = input.required("mapRunArn", MAP_RUN_ARN)?;
    input.finish()?;
    let run = find(states, &map_run_arn).await?;
    let (id, execution) = (run.id, run.execution);
    let (counts, not_redrivable_count, names) = states
        .readers()
        .read(move |db| {
            let not_redrivable_count = map_runs::not_redrivable(db, id)?;
            Ok((
                map_runs::counts(db, id)?,
                not_redrivable_count,
                executions::names(db, execution)?,
            ))
        })
        .await?;
    let is_finished = run.stopped.is_some();
    let mut response = json!({
        "mapRunArn": map_run_arn,
        "executionArn": arn::execution(states.identity(), &names.0, &names.1),
        "status": run.status,
        "startDate": seconds(run.started),
        "maxConcurrency": run.limits.max_concurrency,
        "toleratedFailureCount": run.limits.tolerated_count.unwrap_or(0),
        "toleratedFailurePercentage": run.limits.tolerated_percentage.unwrap_or(0.0),
        "executionCounts": counts_json(&counts, not_redrivable_count, is_finished, |count| count.children),
        "itemCounts": counts_json(&counts, not_redrivable_count, is_finished, |count| count.items),
        "redriveCount": run.redrives.count,
    });
    put(&mut response, "redriveDate", run.redrives.last.map(seconds));
    put(&mut response, "stopDate", run.stopped.map(seconds));
    Ok(response)
}

/// Returns the counts of one kind; `not_redrivable_count` can't be redriven, and `is_finished`
/// means that the results have been written.
fn counts_json(
    counts: &[(String, Count)],
    not_redrivable_count: Count,
    is_finished: bool,
    of: impl Fn(&Count) -> i64,
) -> Value {
    let count = |status: &str| {
        let found = counts.iter().find(|(name, _)| name == status);
        found.map_or(0, |(_, count)| of(count))
    };
    let mut counts_json = Map::new();
    for (name, status) in COUNTED {
        counts_json.insert(name.to_owned(), json!(count(status)));
    }
    let total: i64 = counts.iter().map(|(_, count)| of(count)).sum();
    let written = if is_finished {
        count("SUCCEEDED") + count("FAILED")
    } else {
        0
    };
    counts_json.insert("resultsWritten".to_owned(), json!(written));
    counts_json.insert("total".to_owned(), json!(total));
    counts_json.insert(
        "failuresNotRedrivable".to_owned(),
        json!(of(&not_redrivable_count)),
    );
    Value::Object(counts_json)
}

/// The map runs of an execution, the first one first.
pub(super) async fn list(states: &States, mut input: Input) -> ApiResult {
    let execution_arn = input.required("executionArn", ARN)?;
    let size = input.page_size()?;
    let token = input.text("nextToken", token::LENGTH)?;
    input.finish()?;
    let execution = states.execution_row(&execution_arn).await?;
    let request = format!("ListMapRuns {}", execution.id);
    let after = token::read_number(&request, token.as_deref())?.unwrap_or(0);
    let id = execution.id;
    let found = states
        .readers()
        .read(move |db| map_runs::list(db, id, after, size + 1))
        .await?;
    let machine = execution.machine_name.split('/').next().unwrap_or_default();
    let page = found.iter().take(size).map(|run| {
        let machine = format!("{machine}/{}", run.label);
        let mut item = json!({
            "executionArn": execution_arn,
            "mapRunArn": arn::map_run(states.identity(), &machine, &run.uuid),
            "stateMachineArn": arn::machine(states.identity(), &machine),
            "startDate": seconds(run.started),
        });
        put(&mut item, "stopDate", run.stopped.map(seconds));
        item
    });
    let mut response = json!({ "mapRuns": page.collect::<Vec<_>>() });
    if found.len() > size {
        response["nextToken"] = json!(token::write(&request, &found[size - 1].id.to_string()));
    }
    Ok(response)
}

/// Changes the limits of a map run that is under way.
pub(super) async fn update(states: &States, mut input: Input) -> ApiResult {
    let map_run_arn = input.required("mapRunArn", MAP_RUN_ARN)?;
    let max_concurrency = input.number("maxConcurrency", i64::from(i32::MAX))?;
    let count = input.number("toleratedFailureCount", i64::MAX)?;
    let percentage = input.value("toleratedFailurePercentage");
    input.finish()?;
    let run = find(states, &map_run_arn).await?;
    if run.status != "RUNNING" {
        let text = "Map Run is not in a state that can be updated";
        return Err(ApiError::Validation(text.into()));
    }
    let limits = Limits {
        max_concurrency: max_concurrency.unwrap_or(run.limits.max_concurrency),
        tolerated_count: count.or(run.limits.tolerated_count),
        tolerated_percentage: percentage
            .and_then(|percentage| percentage.as_f64())
            .or(run.limits.tolerated_percentage),
    };
    let id = run.id;
    states
        .engine()
        .write(move |db| Ok(map_runs::update(db, id, &limits)?))
        .await?;
    states.engine().limits_changed(id)?;
    Ok(json!({}))
}

/// The executions of a map run, the newest first.
pub(super) async fn executions(
    states: &States,
    map_run_arn: &str,
    status: Option<&'static str>,
    redriven: Option<&'static str>,
    size: usize,
    token: Option<String>,
) -> ApiResult {
    let run = find(states, map_run_arn).await?;
    let request = format!(
        "ListExecutions of map run {} {status:?} {redriven:?}",
        run.id
    );
    let before = token::read_number(&request, token.as_deref())?.unwrap_or(i64::MAX);
    let (id, parent) = (run.id, run.execution);
    let (found, names) = states
        .readers()
        .read(move |db| {
            let redriven = redriven.map(|filter| filter == "REDRIVEN");
            let found = executions::of_map_run(db, id, status, redriven, before, size + 1)?;
            Ok((found, executions::names(db, parent)?))
        })
        .await?;
    let machine = names.0.split('/').next().unwrap_or_default();
    let machine = format!("{machine}/{}", run.label);
    let page = found.iter().take(size).map(|summary| {
        let mut item = list_item(states, &machine, summary);
        item["mapRunArn"] = json!(map_run_arn);
        item
    });
    let mut response = json!({ "executions": page.collect::<Vec<_>>() });
    if found.len() > size {
        response["nextToken"] = json!(token::write(&request, &found[size - 1].id.to_string()));
    }
    Ok(response)
}
