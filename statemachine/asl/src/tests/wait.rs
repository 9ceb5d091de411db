//! Tests of Wait.

use serde_json::{Value, json};

use super::{TestRunner, check_state, runtime};
use crate::Effect;

/// Runs a Wait with these fields; gives the seconds that it took.
fn waited(fields: Value, input: Value) -> f64 {
    let mut state = json!({"Type": "Wait", "End": true});
    state
        .as_object_mut()
        .unwrap()
        .extend(fields.as_object().unwrap().clone());
    let runner = TestRunner::new(&json!({"StartAt": "S", "States": {"S": state}}))
        .input(input)
        .run();
    (runner.history[2].timestamp.0 - runner.history[1].timestamp.0) as f64 / 1000.0
}

#[test]
fn a_wait_tells_its_story() {
    let machine = json!({"StartAt": "W",
        "States": {"W": {"Type": "Wait", "Seconds": 31_536_000, "End": true}}});
    TestRunner::new(&machine).input(json!([1])).run().tells(
        "
        0s 1<0 ExecutionStarted [1]
        0s 2<0 WaitStateEntered W [1]
        31536000s 3<2 WaitStateExited W [1]
        31536000s 4<3 ExecutionSucceeded [1]
        ",
    );
}

#[test]
fn it_waits_as_long_as_it_says() {
    assert_eq!(waited(json!({"Seconds": 0}), json!({})), 0.0);
    assert_eq!(waited(json!({"Seconds": 3}), json!({})), 3.0);
    assert_eq!(
        waited(json!({"SecondsPath": "$.a.b"}), json!({"a": {"b": 4}})),
        4.0
    );
    assert_eq!(
        waited(json!({"Timestamp": "2026-11-21T00:00:05Z"}), json!({})),
        5.0
    );
    assert_eq!(
        waited(
            json!({"Timestamp": "2026-11-21T01:00:05.5+01:00"}),
            json!({})
        ),
        5.5
    );
    assert_eq!(
        waited(json!({"Timestamp": "1999-01-01T00:00:00Z"}), json!({})),
        0.0
    );
    assert_eq!(
        waited(
            json!({"TimestampPath": "$.t"}),
            json!({"t": "2026-11-21T00:00:00.0001Z"})
        ),
        0.001
    );
    assert_eq!(
        waited(
            json!({"InputPath": "$.a", "SecondsPath": "$.b"}),
            json!({"a": {"b": 2}})
        ),
        2.0
    );
}

#[test]
fn no_timer_is_set_for_what_has_passed() {
    let machine =
        json!({"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 0, "End": true}}});
    let runner = TestRunner::new(&machine).run();
    assert!(
        !runner
            .effects
            .iter()
            .any(|e| matches!(e, Effect::SetTimer { .. }))
    );
}

#[test]
fn paths_that_give_no_time_fail_the_execution() {
    let check = |fields: Value, input: Value, message: &str| {
        let mut state = json!({"Type": "Wait"});
        state
            .as_object_mut()
            .unwrap()
            .extend(fields.as_object().unwrap().clone());
        check_state(state, input, runtime(message));
    };
    let seconds = json!({"SecondsPath": "$.s"});
    check(
        seconds.clone(),
        json!({}),
        "The SecondsPath parameter does not reference an input value: $.s",
    );
    check(
        seconds.clone(),
        json!({"s": -1.5}),
        "The SecondsPath parameter cannot be parsed as a long value: $.s == -1.5",
    );
    check(
        seconds.clone(),
        json!({"s": "1"}),
        "The SecondsPath parameter cannot be parsed as a long value: $.s == \"1\"",
    );
    check(
        seconds,
        json!({"s": -1}),
        "The SecondsPath parameter references a negative value: $.s == -1",
    );
    let timestamp = json!({"TimestampPath": "$.t"});
    check(
        timestamp.clone(),
        json!({}),
        "The TimestampPath parameter does not reference an input value: $.t",
    );
    check(
        timestamp,
        json!({"t": "2016-12-05 21:29:29Z"}),
        "The TimestampPath parameter does not reference a valid ISO-8601 extended offset \
         date-time format string: $.t == 2016-12-05 21:29:29Z",
    );
}

#[test]
fn a_wait_of_more_than_68_years_is_too_long() {
    let until = |years: u32| {
        let time = format!("{}-11-21T00:00:00Z", 2026 + years);
        let machine = json!({"StartAt": "S",
            "States": {"S": {"Type": "Wait", "TimestampPath": "$", "End": true}}});
        TestRunner::new(&machine).input(json!(time)).run().result()
    };
    assert_eq!(until(68), json!("2094-11-21T00:00:00Z"));
    let message = "An error occurred while executing the state 'S' (entered at the event id #2). \
                   Wait state delay is too long.";
    assert_eq!(until(69), json!(format!("States.Runtime: {message}")));
}
