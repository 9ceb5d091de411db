//! The contract between the functions and the state machines: the names of errors, and what is
//! passed on.

use std::collections::BTreeSet;
use std::path::Path;

use lambdas::diagnostic::FunctionError;
use lambdas::{batch, classify, filter, serialize, summarize};
use serde_json::{Value, json};

type Names<'a> = BTreeSet<&'a str>;

fn definition() -> Value {
    read("classify.asl.json")
}

fn read(file: &str) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../statemachine");
    let path = folder.join(file);
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

/// Every error of a function is in one list of the task that calls it, and what may pass is
/// retried.
fn check<E: FunctionError>(task: &Value) {
    let retriers = list(task, "Retry");
    let entries = retriers.iter().chain(list(task, "Catch"));
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
    let states = &definition()["States"];
    check::<serialize::Error>(&states["SerializeImage"]);
    check::<classify::Error>(&states["ClassifyImage"]);
    check::<filter::Error>(&states["FilterInferences"]);
}

/// Here whatever can't pass by itself fails the batch, so that no list of names is needed for it.
#[test]
fn the_state_machine_of_batches_retries_what_may_pass_and_nothing_else() {
    let check = |task: &Value, retryable: &[&str]| {
        let retried = names_of(list(task, "Retry").iter());
        assert_eq!(retried, Names::from_iter(retryable.iter().copied()));
        assert!(
            list(task, "Retry")
                .iter()
                .all(|retrier| is_retried(&retrier))
        );
        assert_eq!(list(task, "Catch"), [Value::Null; 0]);
    };
    let states = &read("classify-batch.asl.json")["States"];
    check(
        batch_task(&states["ClassifyPrefix"]),
        batch::Error::RETRYABLE,
    );
    check(&states["SummarizeBatch"], summarize::Error::RETRYABLE);
}

/// The one state of a map's processor. Its name is the map's own: a name is used once in a whole
/// definition.
fn batch_task(map: &Value) -> &Value {
    let states = map["ItemProcessor"]["States"].as_object().expect("states");
    assert_eq!(states.len(), 1);
    states.values().next().expect("a state")
}

#[test]
fn batches_are_as_large_as_the_function_takes() {
    let definition = read("classify-batch.asl.json");
    let batcher = &definition["States"]["ClassifyPrefix"]["ItemBatcher"];
    assert_eq!(batcher["MaxItemsPerBatch"], batch::MAX_ITEMS);
    assert_eq!(batcher["MaxInputBytesPerBatch"], batch::MAX_BYTES);
}

#[test]
fn where_the_keys_come_from_is_all_that_tells_the_maps_apart() {
    let definition = read("classify-batch.asl.json");
    let states = definition["States"].as_object().expect("states");
    let maps = states.values().filter(|state| state["Type"] == "Map");
    let maps: Vec<Value> = maps
        .cloned()
        .map(|mut map| {
            for own in ["Comment", "Label", "ItemReader"] {
                assert!(map.as_object_mut().expect("a state").remove(own).is_some());
            }
            let task = batch_task(&map).clone();
            map["ItemProcessor"]["StartAt"] = json!("Task");
            map["ItemProcessor"]["States"] = json!({ "Task": task });
            map
        })
        .collect();
    assert_eq!(maps.len(), 4);
    assert!(maps.iter().all(|map| *map == maps[0]));
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
fn the_definitions_are_of_no_account_and_for_people_to_read() {
    for file in ["classify.asl.json", "classify-batch.asl.json"] {
        let definition = read(file);
        let text = definition.to_string();
        assert!(!text.contains(":function:") && !text.contains("arn:aws:lambda"));
        let states = definition["States"].as_object().expect("states");
        for (name, state) in states {
            assert!(state["Comment"].is_string(), "{name} has no comment");
        }
    }
}
