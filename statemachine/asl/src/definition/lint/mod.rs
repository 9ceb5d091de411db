//! What AWS accepts and its author hardly means: warnings, with codes of our own. Nothing here refuses a definition.
//!
//! | code                  | what                                                                     |
//! |-----------------------|--------------------------------------------------------------------------|
//! | `UNKNOWN_ERROR_NAME`  | a rule for a `States.…` error that does not exist, or can't be taken      |
//! | `UNREACHABLE_RULE`    | a Retry, Catch or Choice rule that an earlier one leaves nothing for      |
//! | `CONTRADICTORY_RULE`  | a Choice rule that can't match                                           |
//! | `DROPPED_RESULT`      | a result that is made, or given, and dropped                             |
//! | `ENDLESS_LOOP`        | states that no way leads out of                                          |
//! | `UNDEFINED_VARIABLE`  | a variable that nothing can have assigned by then                        |
//! | `NO_PATH`             | a path in a field that takes none (AWS's code)                           |

mod choices;
mod handlers;
mod loops;
mod reads;
mod results;
mod variables;

use serde_json::{Map, Value};

use super::Diagnostics;

/// `StartAt` and `States` of one object, as far as they are there.
struct Flow<'d> {
    /// The location of `States`.
    at: String,
    start: &'d str,
    states: &'d Map<String, Value>,
}

/// Looks at a whole definition, however broken it is.
pub(super) fn lint(definition: &Value, diagnostics: &mut Diagnostics) {
    each_flow(definition, "", &mut |flow| {
        loops::check(flow, diagnostics);
        for (name, state) in flow.states {
            let at = format!("{}/{name}", flow.at);
            handlers::check(state, &at, diagnostics);
            choices::check(state, &at, diagnostics);
            results::check(state, &at, diagnostics);
        }
    });
    variables::check(definition, diagnostics);
}

impl<'d> Flow<'d> {
    fn of(value: &'d Value, at: &str) -> Option<Flow<'d>> {
        Some(Flow {
            at: format!("{at}/States"),
            start: value.get("StartAt").and_then(Value::as_str).unwrap_or(""),
            states: value.get("States")?.as_object()?,
        })
    }
}

// The recursion ends with the definition's nesting.
fn each_flow<'d>(value: &'d Value, at: &str, look: &mut impl FnMut(&Flow<'d>)) {
    let Some(flow) = Flow::of(value, at) else {
        return;
    };
    look(&flow);
    for (name, state) in flow.states {
        for (inner, at) in inner_flows(state, &format!("{}/{name}", flow.at)) {
            each_flow(inner, &at, look);
        }
    }
}

/// The branches of a Parallel, or the processor of a Map, with their locations.
fn inner_flows<'d>(state: &'d Value, at: &str) -> Vec<(&'d Value, String)> {
    let branches = elements(state, "Branches")
        .enumerate()
        .map(|(index, branch)| (branch, format!("{at}/Branches[{index}]")));
    let processors = ["ItemProcessor", "Iterator"]
        .into_iter()
        .filter_map(|name| Some((state.get(name)?, format!("{at}/{name}"))));
    branches.chain(processors).collect()
}

/// The elements of the array in a field.
fn elements<'d>(value: &'d Value, name: &str) -> impl Iterator<Item = &'d Value> {
    let array = value.get(name).and_then(Value::as_array);
    array.into_iter().flatten()
}

/// The states of the same flow that a state may lead to.
fn targets(state: &Value) -> impl Iterator<Item = &str> {
    let direct = ["Next", "Default"].into_iter().map(|name| state.get(name));
    let rules = ["Choices", "Catch"]
        .into_iter()
        .flat_map(|name| elements(state, name))
        .map(|rule| rule.get("Next"));
    direct.chain(rules).flatten().filter_map(Value::as_str)
}
