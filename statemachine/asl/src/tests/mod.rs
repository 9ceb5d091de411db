//! Tests of whole executions, by a runner with a clock of its own and mocked tasks.
//!
//! Every step is taken by an execution that has just been written and read again, so each of these
//! tests is also a test of resuming.
#![expect(
    clippy::needless_pass_by_value,
    reason = "tables of json! values read better without a & each"
)]

mod bounds;
mod choice;
mod context;
mod definitions;
mod distributed;
mod driver;
mod fail;
mod jsonata;
mod lints;
mod map;
mod numbers;
mod parallel;
mod pass;
mod random_runs;
mod redrive;
mod resume;
mod retry;
mod task;
mod test_state;
mod variables;
mod wait;

use driver::{MockTask, TestRunner};
use serde_json::{Value, json};

/// Runs one state (its `End` is added) and compares the execution's output, or `Error: cause`.
fn check_state(state: Value, input: Value, expect: Value) {
    let mut state = state;
    let ends = !matches!(state["Type"].as_str(), Some("Succeed" | "Fail"));
    if ends && state.get("Next").is_none() {
        state["End"] = true.into();
    }
    let shown = format!("{state} on {input}");
    let machine = json!({"StartAt": "S", "States": {"S": state}});
    assert_eq!(
        TestRunner::new(&machine).input(input).run().result(),
        expect,
        "{shown}"
    );
}

/// An expected failure that the engine noticed in the state `S`.
fn runtime(message: &str) -> Value {
    json!(format!(
        "States.Runtime: An error occurred while executing the state 'S' (entered at the event id \
         #2). {message}"
    ))
}
