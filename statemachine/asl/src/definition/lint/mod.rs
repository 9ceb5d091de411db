//! Warns about what AWS accepts and its author hardly means. Nothing here refuses a definition.
//!
//! | code                 | about                                                                |
//! | -------------------- | -------------------------------------------------------------------- |
//! | `UNKNOWN_ERROR_NAME` | a rule for an error that does not exist, or can't be taken |
//! | `UNREACHABLE_RULE`   | a Retry, Catch or Choice rule that an earlier one leaves nothing for |
//! | `CONTRADICTORY_RULE` | a Choice rule that can't match                                       |
//! | `DROPPED_RESULT`     | a result that is made, or given, and dropped                         |
//! | `ENDLESS_LOOP`       | states that no way leads out of                                      |
//! | `UNDEFINED_VARIABLE` | a variable that nothing can have assigned by then                    |
//! | `NO_PATH`            | a path in a field that takes none (AWS's code)                       |

mod choices;
mod handlers;
mod loops;
mod results;
mod variable_reads;
mod variables;

use serde_json::{Map, Value};

use super::cursor::Cursor;

/// `StartAt` and `States` of one object, as far as they exist.
struct Flow<'d> {
    start: &'d str,
    states: Cursor<'d>,
    by_name: &'d Map<String, Value>,
}

/// Checks a whole definition, however invalid it is.
pub(super) fn lint(definition: &Cursor<'_>) {
    each_flow(definition, &mut |flow| {
        loops::check(flow);
        for (_, state) in flow.states.fields() {
            handlers::check(&state);
            choices::check(&state);
            results::check(&state);
        }
    });
    variables::check(definition);
}

impl<'d> Flow<'d> {
    fn read(owner: &Cursor<'d>) -> Option<Flow<'d>> {
        let states = owner.field("States")?;
        Some(Flow {
            start: owner.field("StartAt").map_or("", |start| start.text()),
            by_name: states.value().as_object()?,
            states,
        })
    }
}

// The recursion ends with the definition's nesting.
fn each_flow<'d>(owner: &Cursor<'d>, look: &mut impl FnMut(&Flow<'d>)) {
    let Some(flow) = Flow::read(owner) else {
        return;
    };
    look(&flow);
    for (_, state) in flow.states.fields() {
        for inner in inner_flows(&state) {
            each_flow(&inner, look);
        }
    }
}

/// Returns the branches of a Parallel, or the processor of a Map.
fn inner_flows<'d>(state: &Cursor<'d>) -> impl Iterator<Item = Cursor<'d>> + use<'d> {
    let processors = ["ItemProcessor", "Iterator"].map(|name| state.field(name));
    elements(state, "Branches").chain(processors.into_iter().flatten())
}

/// Returns the elements of the array in a field.
fn elements<'d>(owner: &Cursor<'d>, name: &str) -> impl Iterator<Item = Cursor<'d>> + use<'d> {
    let array = owner.field(name).into_iter();
    array.flat_map(|array| array.elements())
}

/// Returns the states of the same flow that a state may lead to.
fn targets(state: &Value) -> impl Iterator<Item = &str> {
    let direct = ["Next", "Default"].into_iter().map(|name| state.get(name));
    let rules = ["Choices", "Catch"]
        .into_iter()
        .filter_map(|name| state.get(name)?.as_array())
        .flatten()
        .map(|rule| rule.get("Next"));
    direct.chain(rules).flatten().filter_map(Value::as_str)
}

/// The message of `NO_PATH`.
fn looks_like_a_path(name: &str) -> String {
    format!(
        "The value for the field '{name}' looks like a path, but the field's name does not end \
         with 'Path'"
    )
}
