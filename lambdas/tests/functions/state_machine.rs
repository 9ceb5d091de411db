//! The contract between the functions and classify.asl.json: the names of errors, and what is passed on.

use std::collections::BTreeSet;
use std::path::Path;

use lambdas::diagnostic::FunctionError;
use lambdas::{classify, filter, serialize};
use serde_json::{Value, json};

type Names<'a> = BTreeSet<&'a str>;

fn definition() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../statemachine/classify.asl.json");
    let text = std::fs::read_to_string(path).expect("the definition");
    serde_json::from_str(&text).expect("JSON")
}

fn list<'a>(value: &'a Value, field: &str) -> &'a [Value] {
    value[field].as_array().map_or(&[], Vec::as_slice)
}

/// The names of our own that a retrier or catcher has; Lambda's are in another namespace.
fn own_names(entry: &Value) -> Names<'_> {
    let names = list(entry, "ErrorEquals").iter();
    let names = names.map(|name| name.as_str().expect("a name"));
    names
        .filter(|name| !name.starts_with("Lambda.") && !name.starts_with("States."))
        .collect()
}

fn names_of<'a>(entries: impl Iterator<Item = &'a Value>) -> Names<'a> {
    entries.flat_map(own_names).collect()
}

fn is_retried(retrier: &&Value) -> bool {
    retrier["MaxAttempts"] != 0
}

fn check<E: FunctionError>(state: &str) {
    let definition = definition();
    let state = &definition["States"][state];
    let retriers = list(state, "Retry");
    let entries = retriers.iter().chain(list(state, "Catch"));
    let count: usize = entries.clone().map(|entry| own_names(entry).len()).sum();
    let all = names_of(entries);
    assert_eq!(all, Names::from_iter(E::VARIANTS.iter().copied()));
    assert_eq!(
        count,
        all.len(),
        "a name is in two lists: the second has no effect"
    );
    let retried = names_of(retriers.iter().filter(is_retried));
    assert_eq!(retried, Names::from_iter(E::RETRYABLE.iter().copied()));
}

#[test]
fn the_state_machine_knows_every_error_of_its_functions_and_no_other() {
    check::<serialize::Error>("SerializeImage");
    check::<classify::Error>("ClassifyImage");
    check::<filter::Error>("FilterInferences");
}

fn tasks(definition: &Value) -> Vec<&Value> {
    let states = definition["States"].as_object().expect("states");
    states
        .values()
        .filter(|state| state["Type"] == "Task")
        .collect()
}

#[test]
fn every_task_calls_its_function_with_the_object_and_passes_its_answer_on() {
    let definition = definition();
    for (task, arn) in tasks(&definition).into_iter().zip([
        "${SerializeImageFunctionArn}",
        "${ClassifyImageFunctionArn}",
        "${FilterInferencesFunctionArn}",
    ]) {
        assert_eq!(task["Resource"], "arn:aws:states:::lambda:invoke");
        let payload = json!({"execution.$": "$$.Execution.Id", "body.$": "$"});
        assert_eq!(
            task["Parameters"],
            json!({"FunctionName": arn, "Payload": payload})
        );
        assert_eq!(task["OutputPath"], "$.Payload");
        assert!(task["TimeoutSeconds"].is_u64());
    }
}

#[test]
fn waiting_is_bounded_and_spread() {
    let definition = definition();
    let tasks = tasks(&definition);
    assert_eq!(tasks.len(), 3);
    for retrier in tasks
        .into_iter()
        .flat_map(|task| list(task, "Retry"))
        .filter(is_retried)
    {
        assert_eq!(retrier["JitterStrategy"], "FULL");
        let number = |field: &str| retrier[field].as_f64().expect(field);
        let delay = |attempt| {
            let delay = number("IntervalSeconds") * number("BackoffRate").powi(attempt);
            delay.min(number("MaxDelaySeconds"))
        };
        let longest: f64 = (0..number("MaxAttempts") as i32).map(delay).sum();
        assert!((5.0..=20.0).contains(&longest), "{longest} seconds");
    }
}

#[test]
fn the_definition_is_of_no_account_and_for_people_to_read() {
    let definition = definition();
    let text = definition.to_string();
    assert!(!text.contains(":function:") && !text.contains("arn:aws:lambda"));
    let states = definition["States"].as_object().expect("states");
    for (name, state) in states {
        assert!(state["Comment"].is_string(), "{name} has no comment");
    }
}
