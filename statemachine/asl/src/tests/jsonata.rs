//! Tests of JSONata in each state type: the data of its fields, their values and their errors.

use serde_json::{Value, json};

use super::{MockTask, TestRunner, check_state};

/// Runs one JSONata state and compares the output, or `Error: cause`.
fn check(state: Value, input: Value, expect: Value) {
    let mut state = state;
    state["QueryLanguage"] = "JSONata".into();
    check_state(state, input, expect);
}

/// An expected failure of an expression in the state `S`.
fn evaluation(message: &str) -> Value {
    json!(format!(
        "States.QueryEvaluationError: An error occurred while executing the state 'S' (entered at \
         the event id #2). {message}"
    ))
}

/// A machine of which every state is JSONata.
fn machine(states: Value) -> Value {
    json!({"QueryLanguage": "JSONata", "StartAt": "A", "States": states})
}

#[test]
fn a_pass_state_tells_its_story() {
    let machine = machine(json!({
        "A": {"Type": "Pass", "Output": {"n": "{% $states.input.n + 1 %}",
            "at": "{% $states.context.State.Name %}"},
              "Assign": {"old": "{% $states.input.n %}", "fixed": [1, "{%$states.input.n%}"]},
                  "Next": "B"},
        "B": {"Type": "Succeed",
            "Output": "{% $states.input.n & '/' & $old & '/' & $sum($fixed) %}"},
    }));
    TestRunner::new(&machine)
        .input(json!({"n": 1}))
        .run()
        .tells(
            r#"
        0s 1<0 ExecutionStarted {"n":1}
        0s 2<0 PassStateEntered A {"n":1}
        0s 3<2 PassStateExited A {"n":2,"at":"A"} assignedVariables={"old":"1","fixed":"[1,1]"}
        0s 4<3 SucceedStateEntered B {"n":2,"at":"A"}
        0s 5<4 SucceedStateExited B "2/1/2"
        0s 6<5 ExecutionSucceeded "2/1/2"
        "#,
        );
}

#[test]
fn only_whole_strings_are_expressions() {
    check(
        json!({"Type": "Pass",
            "Output": {"a": " {% 1 %}", "b": "{% 1 %} ", "c": "x{% 1 %}", "d": "{%1%}",
            "e.$": "$.x"}}),
        json!({}),
        json!({"a": " {% 1 %}", "b": "{% 1 %} ", "c": "x{% 1 %}", "d": 1, "e.$": "$.x"}),
    );
}

#[test]
fn an_output_may_be_anything() {
    for output in [
        json!(null),
        json!(0),
        json!("s"),
        json!([]),
        json!([{"a": []}]),
    ] {
        check(json!({"Type": "Pass", "Output": output}), json!({}), output);
    }
    check(json!({"Type": "Pass"}), json!({"in": 1}), json!({"in": 1}));
}

#[test]
fn an_expression_that_fails_is_an_event_of_its_own() {
    let machine = machine(json!({
        "A": {"Type": "Pass", "Next": "B"},
        "B": {"Type": "Pass", "Output": {"a": [{"b": "{% $nobody %}"}]}, "End": true},
    }));
    let cause = "An error occurred while executing the state 'B' (entered at the event id #4). The \
                 JSONata expression '$nobody' specified for the field 'Output/a[0]/b' returned \
                 nothing (undefined).";
    TestRunner::new(&machine).run().tells(&format!(
        r#"
        0s 1<0 ExecutionStarted {{}}
        0s 2<0 PassStateEntered A {{}}
        0s 3<2 PassStateExited A {{}}
        0s 4<3 PassStateEntered B {{}}
        0s 5<3 EvaluationFailed state=B location=Output/a[0]/b error=States.QueryEvaluationError cause={cause}
        0s 6<5 ExecutionFailed error=States.QueryEvaluationError cause={cause}
        "#
    ));
}

#[test]
fn each_way_to_fail_has_its_words() {
    let fails = |expression: &str, problem: &str| {
        let text = format!("{{% {expression} %}}");
        let cause = format!(
            "The JSONata expression '{expression}' specified for the field 'Output' {problem}"
        );
        check(
            json!({"Type": "Pass", "Output": text}),
            json!({}),
            evaluation(&cause),
        );
    };
    fails("$states.input.x", "returned nothing (undefined).");
    fails("$states.result", "returned nothing (undefined).");
    fails(
        "$nobody()",
        "threw an error during evaluation. T1006: Attempted to invoke a non-function",
    );
    fails("function($x){$x}", "returned an unsupported result type.");
}

#[test]
fn a_task_sees_its_input_and_then_its_result() {
    let machine = machine(json!({
        "A": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke",
              "Arguments": {"FunctionName": "f", "Payload": "{% $states.input.p %}"},
              "TimeoutSeconds": "{% $states.input.t * 2 %}",
                  "HeartbeatSeconds": "{% $states.input.t %}",
              "Credentials": {"RoleArn": "{% 'arn:' & $states.input.p %}"},
              "Output": "{% $states.result.Payload & $states.input.p %}",
              "Assign": {"r": "{% $states.result %}"}, "Next": "B"},
        "B": {"Type": "Pass", "Output": ["{% $states.input %}", "{% $r.Payload %}"], "End": true},
    }));
    let input = json!({"p": "x", "t": 30});
    let runner = TestRunner::new(&machine)
        .input(input)
        .tasks([MockTask::Succeeds(1.0, json!({"Payload": "y"}))]);
    runner.run().tells(
        r#"
        0s 1<0 ExecutionStarted {"p":"x","t":30}
        0s 2<0 TaskStateEntered A {"p":"x","t":30}
        0s 3<2 TaskScheduled resource=invoke {"FunctionName":"f","Payload":"x"} timeoutInSeconds=60 heartbeatInSeconds=30 taskCredentials={"roleArn":"arn:x"}
        0s 4<3 TaskStarted resource=invoke
        1s 5<4 TaskSucceeded resource=invoke {"Payload":"y"}
        1s 6<5 TaskStateExited A "yx" assignedVariables={"r":"{\"Payload\":\"y\"}"}
        1s 7<6 PassStateEntered B "yx"
        1s 8<7 PassStateExited B ["yx","y"]
        1s 9<8 ExecutionSucceeded ["yx","y"]
        "#,
    );
}

#[test]
fn a_failed_expression_can_be_retried_and_caught() {
    let machine = machine(json!({
        "A": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke",
            "Arguments": {"x": "{% $states.input.x %}"},
              "Retry": [{"ErrorEquals": ["States.QueryEvaluationError"], "MaxAttempts": 1}],
              "Catch": [{"ErrorEquals": ["States.QueryEvaluationError"], "Output": "{% \
                  $states.errorOutput.Error %}", "Next": "B"}], "Next": "B"},
        "B": {"Type": "Succeed"},
    }));
    let runner = TestRunner::new(&machine).run();
    assert_eq!(runner.result(), json!("States.QueryEvaluationError"));
    let failed = runner.story().matches("EvaluationFailed").count();
    assert_eq!(failed, 2, "{}", runner.story());
}

#[test]
fn a_catcher_sees_the_error_and_the_input() {
    let check = |catcher: Value, expect: Value| {
        let mut catcher = catcher;
        catcher["ErrorEquals"] = json!(["States.ALL"]);
        catcher["Next"] = "B".into();
        let machine = machine(json!({
            "A": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Output": "never", "Catch": [catcher], "Next": "B"},
            "B": {"Type": "Succeed"},
        }));
        let runner = TestRunner::new(&machine).input(json!({"in": 1}));
        let runner = runner.tasks([MockTask::Fails(0.0, "Boom", "c")]).run();
        assert_eq!(runner.result(), expect);
    };
    check(json!({}), json!({"Error": "Boom", "Cause": "c"}));
    check(
        json!({"Output": {"e": "{% $states.errorOutput.Cause %}", "i": "{% $states.input.in %}"}}),
        json!({"e": "c", "i": 1}),
    );
    check(
        json!({"Assign": {"e": "{% $states.errorOutput %}"}, "Output": 7}),
        json!(7),
    );
}

#[test]
fn a_choice_asks_its_conditions_in_order() {
    let machine = machine(json!({
        "A": {"Type": "Choice", "Default": "S", "Output": "{% 'default ' & $states.input.n %}",
            "Assign": {"by": "default"},
              "Choices": [
                  {"Condition": "{% $states.input.n = 1 %}", "Output": "one",
                      "Assign": {"by": "{% 'rule ' & $states.input.n %}"}, "Next": "S"},
                  {"Condition": "{% $states.input.n = 2 %}", "Next": "T"},
              ]},
        "S": {"Type": "Succeed", "Output": ["{% $states.input %}", "{% $by %}"]},
        "T": {"Type": "Succeed"},
    }));
    let check = |n: u32, expect: Value| {
        let runner = TestRunner::new(&machine).input(json!({"n": n})).run();
        assert_eq!(runner.result(), expect);
    };
    check(1, json!(["one", "rule 1"]));
    check(2, json!({"n": 2}));
    check(3, json!(["default 3", "default"]));
}

#[test]
fn a_condition_is_a_boolean() {
    let choice = |condition: Value| {
        json!({"Type": "Choice",
        "Choices": [{"Condition": condition, "Next": "S"}]})
    };
    let check = |condition: Value, expect: Value| {
        let machine = json!({"QueryLanguage": "JSONata", "StartAt": "C",
            "States": {"C": choice(condition), "S": {"Type": "Succeed"}}});
        let mut result = TestRunner::new(&machine).run().result();
        if let Some(text) = result.as_str() {
            let at = text.find("(entered at the event id #2). ").unwrap();
            result = json!(text[at + 30..]);
        }
        assert_eq!(result, expect);
    };
    check(json!(true), json!({}));
    check(
        json!(false),
        json!(
            "Failed to transition out of the state. The state has no matching choice and no Default"
        ),
    );
    check(
        json!("{% 'yes' %}"),
        json!(
            "The JSONata expression ''yes'' specified for the field 'Choices[0]/Condition' \
             returned an unexpected result type. Expected 'boolean', but was 'string' for value: \
             \"yes\""
        ),
    );
}

#[test]
fn a_wait_takes_seconds_and_times() {
    let waits = |fields: Value, input: Value, expect: f64| {
        let mut wait = json!({"Type": "Wait", "Next": "S"});
        wait.as_object_mut()
            .unwrap()
            .extend(fields.as_object().unwrap().clone());
        let machine = machine(json!({"A": wait, "S": {"Type": "Succeed"}}));
        let runner = TestRunner::new(&machine).input(input).run();
        let end = runner.history.last().unwrap().timestamp;
        assert_eq!(
            (end.0 - runner.history[0].timestamp.0) as f64 / 1000.0,
            expect
        );
    };
    waits(
        json!({"Seconds": "{% $states.input.s %}"}),
        json!({"s": 5}),
        5.0,
    );
    waits(json!({"Seconds": 7}), json!({}), 7.0);
    waits(
        json!({"Timestamp": "{% $states.input.t %}", "Output": "x"}),
        json!({"t": "2026-11-21T00:01:00Z"}),
        60.0,
    );
}

#[test]
fn a_wait_without_a_time_fails() {
    let seconds = |value: Value, problem: &str| {
        check(
            json!({"Type": "Wait", "Seconds": "{% $states.input.v %}"}),
            json!({"v": value}),
            evaluation(problem),
        );
    };
    seconds(json!(-1), "Seconds cannot be negative.");
    seconds(json!(1.5), "Seconds must be an integer, but was: 1.5");
    seconds(
        json!("1"),
        "The JSONata expression '$states.input.v' specified for the field 'Seconds' returned an \
         unexpected result type. Expected 'number', but was 'string' for value: \"1\"",
    );
    check(
        json!({"Type": "Wait", "Timestamp": "{% $states.input.v %}"}),
        json!({"v": "tomorrow"}),
        evaluation(
            "The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format \
             string: tomorrow",
        ),
    );
}

#[test]
fn a_wait_notes_its_entry_before_it_evaluates() {
    let machine = machine(json!({"A": {"Type": "Wait", "Seconds": "{% 'x' %}", "End": true}}));
    let story = TestRunner::new(&machine).run().story();
    assert!(story.contains("3<2 EvaluationFailed"), "{story}");
}

#[test]
fn a_fail_state_computes_its_words() {
    check(
        json!({"Type": "Fail", "Error": "{% 'E' & $states.input.n %}", "Cause": "{% 'because ' & \
            $states.input.n %}"}),
        json!({"n": 1}),
        json!("E1: because 1"),
    );
    check(
        json!({"Type": "Fail", "Error": "{% 1 %}"}),
        json!({}),
        evaluation(
            "The JSONata expression '1' specified for the field 'Error' returned an unexpected \
             result type. Expected 'string', but was 'number' for value: 1",
        ),
    );
}

#[test]
fn a_map_iterates_over_its_items() {
    let processor = json!({"StartAt": "I",
        "States": {"I": {"Type": "Pass",
        "Output": "{% $states.input & $states.context.Map.Item.Index & $v %}", "End": true}}});
    let check = |fields: Value, input: Value, expect: Value| {
        let mut map = json!({"Type": "Map", "ItemProcessor": processor, "Next": "S", "Output": {"r": "{% \
            $states.result %}"}});
        map.as_object_mut()
            .unwrap()
            .extend(fields.as_object().unwrap().clone());
        let machine = machine(json!({
            "A": {"Type": "Pass", "Assign": {"v": "v"}, "Next": "M"},
            "M": map,
            "S": {"Type": "Succeed"},
        }));
        assert_eq!(
            TestRunner::new(&machine).input(input).run().result(),
            json!({"r": expect})
        );
    };
    check(json!({}), json!(["a", "b"]), json!(["a0v", "b1v"]));
    check(
        json!({"Items": ["x", "{% $v %}"]}),
        json!({}),
        json!(["x0v", "v1v"]),
    );
    check(
        json!({"Items": "{% $states.input.l %}", "MaxConcurrency": "{% 1 %}"}),
        json!({"l": ["y"]}),
        json!(["y0v"]),
    );
    check(
        json!({"Items": [1, 2], "ItemSelector": "{% $string($states.context.Map.Item.Value) & \
                                                 $states.input.s %}"}),
        json!({"s": "-"}),
        json!(["1-0v", "2-1v"]),
    );
}

#[test]
fn a_map_without_items_fails_as_a_map() {
    let map = |fields: Value| {
        let mut map = json!({"Type": "Map", "End": true, "ItemProcessor": {"StartAt": "I", "States": {"I": {"Type": "Succeed"}}}});
        map.as_object_mut()
            .unwrap()
            .extend(fields.as_object().unwrap().clone());
        TestRunner::new(&machine(json!({"A": map})))
            .input(json!({"a": 1}))
            .run()
    };
    let cause = "An error occurred while executing the state 'A' (entered at the event id #2). The \
                 JSONata expression 'null' specified for the field 'Items' returned an unexpected \
                 result type. Expected 'array', but was 'null' for value: null";
    map(json!({"Items": "{% null %}"})).tells(&format!(
        r#"
        0s 1<0 ExecutionStarted {{"a":1}}
        0s 2<0 MapStateEntered A {{"a":1}}
        0s 3<0 EvaluationFailed state=A location=Items error=States.QueryEvaluationError cause={cause}
        0s 4<3 MapStateFailed
        0s 5<4 ExecutionFailed error=States.QueryEvaluationError cause={cause}
        "#
    ));
    let result = map(json!({})).result();
    assert_eq!(
        result.as_str().unwrap().split("#2). ").nth(1),
        Some("Map state input must be an array but was: {\"a\":1}")
    );
}

#[test]
fn a_parallel_gives_its_branches_the_arguments() {
    let branch = |output: &str| {
        json!({"StartAt": output,
        "States": {output: {"Type": "Pass", "Output": format!("{{% {output} %}}"), "End": true}}})
    };
    let machine = machine(json!({
        "A": {"Type": "Parallel", "Arguments": {"x": "{% $states.input.n %}"},
            "Branches": [branch("$states.input.x"), branch("$states.input.x + 1")],
              "Output": "{% $sum($states.result) + $states.input.n %}", "End": true},
    }));
    let runner = TestRunner::new(&machine).input(json!({"n": 1})).run();
    assert_eq!(runner.result(), json!(4));
}

#[test]
fn languages_mix_state_by_state() {
    let machine = json!({"StartAt": "A", "States": {
        "A": {"Type": "Pass", "Assign": {"x.$": "$.n"}, "Next": "B"},
        "B": {"Type": "Pass", "QueryLanguage": "JSONata", "Assign": {"y": "{% $x * 2 %}"},
            "Output": {"o": "{% $x %}"}, "Next": "C"},
        "C": {"Type": "Pass", "QueryLanguage": "JSONPath",
            "Parameters": {"y.$": "$y", "o.$": "$.o"}, "End": true},
    }});
    let runner = TestRunner::new(&machine).input(json!({"n": 21})).run();
    assert_eq!(runner.result(), json!({"y": 42, "o": 21}));
}
