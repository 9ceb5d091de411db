//! Warns about error names in `Retry` and `Catch` that nothing raises, or that an earlier rule
//! takes.

use std::collections::HashSet;

use super::elements;
use crate::definition::cursor::Cursor;

/// The error names that AWS reserves.
///
/// <https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html>
const RESERVED: [&str; 15] = [
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

/// The prefix of the errors of HTTP tasks: `States.Http.StatusCode.429`.
const HTTP: &str = "States.Http.";

/// The error that ends the execution, whatever the rules say.
const RUNTIME: &str = "States.Runtime";

pub(super) fn check(state: &Cursor<'_>) {
    for field in ["Retry", "Catch"] {
        let mut taken = HashSet::new();
        for name in elements(state, field).flat_map(|rule| elements(&rule, "ErrorEquals")) {
            let Some(error) = name.value().as_str() else {
                continue;
            };
            check_name(error, &name);
            if !taken.insert(error) {
                let message =
                    format!("An earlier name takes '{error}': this one never has its turn");
                name.warning("UNREACHABLE_RULE", message);
            }
        }
    }
}

fn check_name(error: &str, name: &Cursor<'_>) {
    const CODE: &str = "UNKNOWN_ERROR_NAME";
    if error == RUNTIME {
        name.warning(
            CODE,
            format!("'{RUNTIME}' can be neither retried nor caught"),
        );
    } else if error.starts_with("States.") && !error.starts_with(HTTP) && !RESERVED.contains(&error)
    {
        let message =
            format!("Nothing raises '{error}': names that begin with 'States.' are AWS's");
        let reported = name.warning(CODE, message);
        let same = |known: &&&str| known.eq_ignore_ascii_case(error);
        if let Some(similar) = RESERVED.iter().find(same) {
            reported.hint(format!("did you mean '{similar}'?"));
        }
    }
}
