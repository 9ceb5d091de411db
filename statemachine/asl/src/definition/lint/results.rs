//! Warns about results that are dropped, and about texts that were meant as paths.

use serde_json::Value;

use crate::definition::cursor::Cursor;

const DROPPED: &str = "DROPPED_RESULT";

pub(super) fn check(state: &Cursor<'_>) {
    let field = |name: &str| state.value().get(name);
    let is_dropped = field("ResultPath").is_some_and(Value::is_null);
    for made in ["Result", "ResultSelector"] {
        if is_dropped && field(made).is_some() {
            let message = format!("What '{made}' gives is dropped: 'ResultPath' is null");
            state.warning_in(made, DROPPED, message);
        }
    }
    let has_type = |name: &str| field("Type").is_some_and(|value| value == name);
    if has_type("Pass") && field("Result").is_some() && field("Parameters").is_some() {
        let message = "What 'Parameters' gives is dropped: 'Result' stands in for it";
        state.warning_in("Parameters", DROPPED, message);
    }
    if has_type("Fail") {
        check_fail(state);
    }
}

fn check_fail(state: &Cursor<'_>) {
    for name in ["Error", "Cause"] {
        let Some(field) = state.field(name) else {
            continue;
        };
        let text = field.text();
        let prefixes = ["$.", "$$.", "States."];
        if prefixes.iter().any(|prefix| text.starts_with(prefix)) && is_reference(text) {
            field
                .warning("NO_PATH", super::looks_like_a_path(name))
                .hint(format!("to find it in the input, use '{name}Path'"));
        }
    }
}

/// Distinguishes a call, `States.Format('…')`, from the name of an error, `States.Timeout`.
fn is_reference(text: &str) -> bool {
    !text.starts_with("States.") || text.ends_with(')')
}
