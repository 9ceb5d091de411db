//! `Retry` and `Catch`: errors that nothing raises, and rules that never have their turn.

use std::collections::HashSet;

use serde_json::Value;

use super::super::Diagnostics;
use super::elements;

/// <https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html>
const RAISED: [&str; 15] = [
    "States.ALL",
    "States.BranchFailed",
    "States.DataLimitExceeded",
    "States.ExceedToleratedFailureThreshold",
    "States.HeartbeatTimeout",
    "States.IntrinsicFailure",
    "States.ItemReaderFailed",
    "States.NoChoiceMatched",
    "States.ParameterPathFailure",
    "States.Permissions",
    "States.QueryEvaluationError",
    "States.ResultPathMatchFailure",
    "States.ResultWriterFailed",
    "States.TaskFailed",
    "States.Timeout",
];

/// HTTP tasks raise `States.Http.StatusCode.429` and the like.
const HTTP: &str = "States.Http.";

/// It ends the execution, whatever the rules say.
const RUNTIME: &str = "States.Runtime";

pub(super) fn check(state: &Value, at: &str, diagnostics: &mut Diagnostics) {
    for field in ["Retry", "Catch"] {
        let mut taken = HashSet::new();
        for (index, rule) in elements(state, field).enumerate() {
            let at = format!("{at}/{field}[{index}]/ErrorEquals");
            for (place, name) in names(rule).enumerate() {
                let at = format!("{at}[{place}]");
                check_name(name, &at, diagnostics);
                if !taken.insert(name) {
                    let message =
                        format!("An earlier name takes '{name}': this one never has its turn");
                    diagnostics.warning("UNREACHABLE_RULE", &at, message);
                }
            }
        }
    }
}

fn names(rule: &Value) -> impl Iterator<Item = &str> {
    elements(rule, "ErrorEquals").filter_map(Value::as_str)
}

fn check_name(name: &str, at: &str, diagnostics: &mut Diagnostics) {
    const CODE: &str = "UNKNOWN_ERROR_NAME";
    if name == RUNTIME {
        let message = format!("'{RUNTIME}' can be neither retried nor caught");
        diagnostics.warning(CODE, at, message);
    } else if name.starts_with("States.") && !name.starts_with(HTTP) && !RAISED.contains(&name) {
        let message = format!("Nothing raises '{name}': names that begin with 'States.' are AWS's");
        let finding = diagnostics.warning(CODE, at, message);
        let same = |known: &&&str| known.eq_ignore_ascii_case(name);
        if let Some(meant) = RAISED.iter().find(same) {
            finding.hint(format!("did you mean '{meant}'?"));
        }
    }
}
