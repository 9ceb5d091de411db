//! Retries of the state machines outlast a burst and an endpoint's restart.

use std::path::Path;

use serde_json::Value;

/// SageMaker replaces an endpoint's instance in about five minutes; a burst that large is over by
/// then, too.
const OUTAGE_SECONDS: f64 = 300.0;

/// The least wait of a retrier for an API that creates or describes something once in an execution.
/// Its general exception stands for errors that never pass, too, so that waiting longer would only
/// delay them.
const API_SECONDS: f64 = 60.0;

/// The errors that AWS recommends retrying:
/// <https://docs.aws.amazon.com/step-functions/latest/dg/sfn-best-practices.html>.
const LAMBDA: [&str; 4] = [
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
];

/// All state machines, by file name.
fn definitions() -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../statemachine");
    let files = std::fs::read_dir(folder).expect("the folder");
    let paths = files.map(|file| file.expect("a file").path());
    let paths = paths.filter(|path| path.to_string_lossy().ends_with(".asl.json"));
    let read = |path: std::path::PathBuf| {
        let text = std::fs::read_to_string(&path).expect("the definition");
        let value = serde_json::from_str(&text).expect("JSON");
        (path.display().to_string(), value)
    };
    paths.map(read).collect()
}

/// Calls `check` with every state of a definition, those of branches and processors too.
fn each_state(flow: &Value, check: &mut impl FnMut(&str, &Value)) {
    for (name, state) in flow["States"].as_object().expect("states") {
        check(name, state);
        let branches = state["Branches"].as_array().into_iter().flatten();
        for inner in branches.chain(state.get("ItemProcessor")) {
            each_state(inner, check);
        }
    }
}

fn retriers(state: &Value) -> impl Iterator<Item = &Value> {
    let retriers = state["Retry"].as_array().into_iter().flatten();
    retriers.filter(|retrier| retrier["MaxAttempts"] != 0)
}

fn has_names(retrier: &Value, names: &[&str]) -> bool {
    let retried = retrier["ErrorEquals"].as_array().expect("names");
    names
        .iter()
        .all(|name| retried.iter().any(|error| error == name))
}

/// In seconds, over all attempts.
fn longest_wait(retrier: &Value) -> f64 {
    let number = |field: &str| retrier[field].as_f64().expect(field);
    let delay = |attempt| {
        let delay = number("IntervalSeconds") * number("BackoffRate").powi(attempt);
        delay.min(number("MaxDelaySeconds"))
    };
    (0..number("MaxAttempts") as i32).map(delay).sum()
}

#[test]
fn three_short_retries_lost_accepted_executions_in_a_burst() {
    for (file, definition) in definitions() {
        each_state(&definition, &mut |name, state| {
            for retrier in retriers(state) {
                let retried = retrier["ErrorEquals"].as_array().expect("names");
                let of_an_api = retried
                    .iter()
                    .filter_map(Value::as_str)
                    .all(|name| name.ends_with("Exception") && !name.starts_with("Lambda."));
                // With full jitter a wait is half of its longest, on average.
                assert_eq!(retrier["JitterStrategy"], "FULL", "{file} {name}");
                let expected = longest_wait(retrier) / 2.0;
                let min = if of_an_api {
                    API_SECONDS
                } else {
                    OUTAGE_SECONDS
                };
                assert!(expected >= min, "{file} {name}: {expected} seconds");
            }
        });
    }
}

#[test]
fn every_invocation_is_retried_when_lambda_throttles_or_fails() {
    for (file, definition) in definitions() {
        each_state(&definition, &mut |name, state| {
            if state["Resource"] == "arn:aws:states:::lambda:invoke" {
                let retried = |names: &[&str]| retriers(state).any(|r| has_names(r, names));
                assert!(retried(&LAMBDA), "{file} {name}");
                assert!(
                    retried(&["Lambda.TooManyRequestsException"]),
                    "{file} {name}"
                );
            }
        });
    }
}

#[test]
fn whoever_waits_to_the_end_has_time_to_work() {
    for (file, definition) in definitions() {
        let mut waits = 0.0;
        each_state(&definition, &mut |name, state| {
            waits += retriers(state).map(longest_wait).sum::<f64>();
            // An EXPRESS execution ends after five minutes, whatever it waits for.
            let kind = &state["ItemProcessor"]["ProcessorConfig"]["ExecutionType"];
            assert_ne!(kind, "EXPRESS", "{file} {name}");
        });
        let all = definition["TimeoutSeconds"].as_f64().expect("a timeout");
        assert!(2.0 * waits <= all, "{file}: {waits} of {all} seconds");
    }
}

/// AWS takes both; statelint, for one, does not take `2`.
#[test]
fn backoff_rates_were_whole_numbers() {
    for (file, definition) in definitions() {
        each_state(&definition, &mut |name, state| {
            for retrier in retriers(state) {
                assert!(retrier["BackoffRate"].is_f64(), "{file} {name}");
            }
        });
    }
}
