//! Results that are dropped, and texts that are meant as paths.

use serde_json::Value;

use super::super::Diagnostics;

pub(super) fn check(state: &Value, at: &str, diagnostics: &mut Diagnostics) {
    let has = |name: &str| state.get(name).is_some();
    let dropped = state.get("ResultPath").is_some_and(Value::is_null);
    for made in ["Result", "ResultSelector"] {
        if dropped && has(made) {
            let message = format!("What '{made}' gives is dropped: 'ResultPath' is null");
            diagnostics.warning("DROPPED_RESULT", &format!("{at}/{made}"), message);
        }
    }
    if state["Type"] == "Pass" && has("Result") && has("Parameters") {
        let message = "What 'Parameters' gives is dropped: 'Result' stands in for it";
        diagnostics.warning("DROPPED_RESULT", &format!("{at}/Parameters"), message);
    }
    if state["Type"] == "Fail" {
        check_fail(state, at, diagnostics);
    }
}

fn check_fail(state: &Value, at: &str, diagnostics: &mut Diagnostics) {
    for name in ["Error", "Cause"] {
        let text = state.get(name).and_then(Value::as_str).unwrap_or_default();
        if ["$.", "$$.", "States."]
            .iter()
            .any(|start| text.starts_with(start))
            && looks_read(text)
        {
            let message = format!(
                "The value for the field '{name}' looks like a path, but the field's name does not end with 'Path'"
            );
            diagnostics
                .warning("NO_PATH", &format!("{at}/{name}"), message)
                .hint(format!("to find it in the input, use '{name}Path'"));
        }
    }
}

/// `States.Timeout` is an error's name, `States.Format('…')` a call.
fn looks_read(text: &str) -> bool {
    !text.starts_with("States.") || text.ends_with(')')
}
