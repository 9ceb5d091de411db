//! Decides whether an execution can be redriven.
//!
//! <https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html>

use super::store::executions::Execution;

/// The time after its end in which an execution can be redriven: 14 days, in milliseconds.
const PERIOD: i64 = 14 * 24 * 60 * 60 * 1000;

/// The period in which requests with the same `clientToken` are the same request: 15 minutes, in
/// milliseconds.
pub(super) const SAME_REQUEST: i64 = 15 * 60 * 1000;

/// The maximum number of redrives.
const MAX_REDRIVES: i64 = 1000;

/// Returns the reason that the execution can't be redriven at the time `now`, as DescribeExecution
/// reports it; `None` if it can.
pub(super) fn refusal(execution: &Execution, now: i64) -> Option<String> {
    let fixed = |text: &str| Some(text.to_owned());
    if matches!(&*execution.status, "RUNNING" | "SUCCEEDED") {
        let status = &execution.status;
        return Some(format!("Execution is {status} and cannot be redriven"));
    }
    if execution.orphan {
        return fixed("State machine is in DELETING status");
    }
    let age = now - execution.stopped.unwrap_or(now);
    if age > PERIOD {
        return fixed("Execution redrivable period exceeded");
    }
    if execution.redrives.count >= MAX_REDRIVES {
        return fixed("Execution redrive limit exceeded");
    }
    // Other reasons came first: what is left is a history without room.
    if !execution.resumable {
        return fixed("Execution history event limit exceeded");
    }
    None
}

/// Returns the reason that the execution can't be redriven by itself: the children of a map run
/// continue with its execution.
pub(super) fn by_parent(execution: &Execution) -> Option<String> {
    let child = execution.map_run.is_some();
    child.then(|| "Execution is a child of a Map Run: redrive the execution that started it".into())
}
