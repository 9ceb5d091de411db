//! Tests of workflow variables: assignment, scopes, and history.

use serde_json::{Value, json};

use super::{MockTask, TestRunner, check_state, runtime};

/// The output of a machine of two states: `first` assigns, `second` shows.
fn after(first: Value, input: Value, second: Value) -> Value {
    let state = |fields: Value, next: Value| {
        let mut state = json!({"Type": "Pass"});
        let object = state.as_object_mut().unwrap();
        object.extend(fields.as_object().unwrap().clone());
        object.extend(next.as_object().unwrap().clone());
        state
    };
    let machine = json!({"StartAt": "A", "States": {
        "A": state(first, json!({"Next": "B"})),
        "B": state(second, json!({"End": true})),
    }});
    TestRunner::new(&machine).input(input).run().result()
}

#[test]
fn the_exit_tells_what_was_assigned() {
    let machine = json!({"StartAt": "A", "States": {
        "A": {"Type": "Pass", "Assign": {"n": 1, "t.$": "$.x"}, "Next": "B"},
        "B": {"Type": "Pass", "Assign": {}, "Parameters": {"n.$": "$n", "t.$": "$t.y"},
            "End": true},
    }});
    TestRunner::new(&machine)
        .input(json!({"x": {"y": "z"}}))
        .run()
        .tells(
            r#"
        0s 1<0 ExecutionStarted {"x":{"y":"z"}}
        0s 2<0 PassStateEntered A {"x":{"y":"z"}}
        0s 3<2 PassStateExited A {"x":{"y":"z"}} assignedVariables={"n":"1","t":"{\"y\":\"z\"}"}
        0s 4<3 PassStateEntered B {"x":{"y":"z"}}
        0s 5<4 PassStateExited B {"n":1,"t":"z"}
        0s 6<5 ExecutionSucceeded {"n":1,"t":"z"}
        "#,
        );
}

#[test]
fn paths_begin_with_a_variable() {
    let check = |second: Value, expect: Value| {
        let assigned = json!({"Assign": {"v": {"a": [1, 2, {"b": 3}]}, "größe": 7}});
        assert_eq!(after(assigned, json!({"in": 1}), second), expect);
    };
    check(json!({"InputPath": "$v.a[2].b"}), json!(3));
    check(json!({"OutputPath": "$v.a[0]"}), json!(1));
    check(
        json!({"Parameters": {"x.$": "$v.a[:2]"}}),
        json!({"x": [1, 2]}),
    );
    check(json!({"Parameters": {"x.$": "$größe"}}), json!({"x": 7}));
    check(json!({"Parameters": {"x": "$v"}}), json!({"x": "$v"}));
}

#[test]
fn a_state_assigns_all_at_once_from_the_old_values() {
    let machine = json!({"StartAt": "A", "States": {
        "A": {"Type": "Pass", "Assign": {"x": 1, "y": 2}, "Next": "B"},
        "B": {"Type": "Pass", "Assign": {"x.$": "$y", "y.$": "$x"}, "Parameters": {"x.$": "$x"},
            "ResultPath": "$.b", "Next": "C"},
        "C": {"Type": "Pass", "Parameters": {"x.$": "$x", "y.$": "$y", "b.$": "$.b"}, "End": true},
    }});
    assert_eq!(
        TestRunner::new(&machine).run().result(),
        json!({"x": 2, "y": 1, "b": {"x": 1}})
    );
}

#[test]
fn assigning_sees_what_the_state_hands_on() {
    let check = |first: Value, expect: Value| {
        let shows = json!({"InputPath": "$x"});
        assert_eq!(after(first, json!({"a": {"b": 1}}), shows), expect);
    };
    let assign = json!({"x.$": "$"});
    check(json!({"Assign": assign}), json!({"a": {"b": 1}}));
    check(
        json!({"Assign": assign, "InputPath": "$.a"}),
        json!({"b": 1}),
    );
    check(
        json!({"Assign": assign, "Parameters": {"c": 2}}),
        json!({"c": 2}),
    );
    check(
        json!({"Assign": assign, "Result": 3, "ResultPath": "$.r"}),
        json!(3),
    );
}

#[test]
fn a_task_assigns_from_its_selected_result() {
    let machine = json!({"StartAt": "A", "States": {
        "A": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "ResultSelector": {"p.$": "$.Payload"},
              "Assign": {"p.$": "$.p"}, "ResultPath": null, "Next": "B"},
        "B": {"Type": "Pass", "InputPath": "$p", "End": true},
    }});
    let answer = MockTask::Succeeds(0.0, json!({"Payload": 7, "Status": 200}));
    assert_eq!(
        TestRunner::new(&machine).tasks([answer]).run().result(),
        json!(7)
    );
}

#[test]
fn a_catcher_assigns_from_the_error() {
    let machine = json!({"StartAt": "A", "States": {
        "A": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Assign": {"e": "none"},
            "Next": "B",
              "Catch": [{"ErrorEquals": ["States.ALL"], "Assign": {"e.$": "$.Error"}, "ResultPath": null, "Next": "B"}]},
        "B": {"Type": "Pass", "InputPath": "$e", "End": true},
    }});
    let check = |answer: MockTask, expect: &str| {
        assert_eq!(
            TestRunner::new(&machine).tasks([answer]).run().result(),
            json!(expect)
        );
    };
    check(MockTask::Fails(0.0, "Boom", "c"), "Boom");
    check(MockTask::Succeeds(0.0, json!(1)), "none");
}

#[test]
fn a_choice_assigns_by_the_rule_that_matched() {
    let machine = json!({"StartAt": "C", "States": {
        "C": {"Type": "Choice", "Assign": {"by": "default"}, "Default": "S",
              "Choices": [{"Variable": "$.n", "NumericEquals": 1, "Assign": {"by": "rule"},
                  "Next": "S"},
                          {"Variable": "$.n", "NumericEquals": 2, "Next": "P"}]},
        "P": {"Type": "Pass", "Assign": {"by": "nobody"}, "Next": "S"},
        "S": {"Type": "Succeed", "OutputPath": "$by"},
    }});
    let check = |n: u32, expect: &str| {
        let runner = TestRunner::new(&machine).input(json!({"n": n})).run();
        assert_eq!(runner.result(), json!(expect));
    };
    check(1, "rule");
    check(2, "nobody");
    check(3, "default");
}

#[test]
fn a_wait_assigns_when_it_is_over() {
    let machine = json!({"StartAt": "W", "States": {
        "W": {"Type": "Wait", "Seconds": 5, "Assign": {"a.$": "$.a"}, "Next": "S"},
        "S": {"Type": "Succeed", "OutputPath": "$a"},
    }});
    let runner = TestRunner::new(&machine).input(json!({"a": "b"})).run();
    assert_eq!(runner.result(), json!("b"));
}

#[test]
fn iterations_and_branches_see_outwards_and_keep_their_own() {
    let inner = |name: &str| {
        json!({"StartAt": name, "States": {
            name: {"Type": "Pass", "Assign": {"own.$": "$"}, "Next": format!("{name}2")},
            format!("{name}2"): {"Type": "Pass", "Parameters": {"own.$": "$own", "outer.$": "$outer"}, "End": true},
        }})
    };
    let machine = json!({"StartAt": "A", "States": {
        "A": {"Type": "Pass", "Assign": {"outer": "o", "items": [1, 2]}, "Next": "M"},
        "M": {"Type": "Map", "ItemsPath": "$items", "ItemProcessor": inner("I"), "Assign": {"mapped.$": "$[1].own"}, "Next": "P"},
        "P": {"Type": "Parallel", "Branches": [inner("X"), inner("Y")], "Next": "E"},
        "E": {"Type": "Pass", "Parameters": {"mapped.$": "$mapped", "branch.$": "$[1].outer"}, "End": true},
    }});
    let runner = TestRunner::new(&machine).run();
    assert_eq!(runner.result(), json!({"mapped": 2, "branch": "o"}));
}

#[test]
fn what_a_branch_assigns_ends_with_it() {
    let machine = json!({"StartAt": "P", "States": {
        "P": {"Type": "Parallel", "Next": "E",
            "Branches": [{"StartAt": "B",
            "States": {"B": {"Type": "Pass", "Assign": {"x": 1}, "End": true}}}]},
        "E": {"Type": "Pass", "InputPath": "$x", "End": true},
    }});
    assert_eq!(
        TestRunner::new(&machine).run().result(),
        json!(
            "States.Runtime: An error occurred while executing the state 'E' (entered at the \
             event id #8). Invalid path '$x' : Variable '$x' is not defined"
        )
    );
}

#[test]
fn a_variable_that_was_not_assigned_is_an_error() {
    check_state(
        json!({"Type": "Pass", "Parameters": {"a.$": "$nobody.x"}}),
        json!({}),
        runtime("Variable '$nobody' is not defined"),
    );
}

#[test]
fn one_state_assigns_256_kib_at_most() {
    let twice = |bytes: usize| {
        let input = json!("x".repeat(bytes - 2));
        let first = json!({"Assign": {"x.$": "$", "y.$": "$"}});
        after(first, input, json!({"Result": "fits"}))
    };
    assert_eq!(twice(131_072), json!("fits"));
    let expect = "States.DataLimitExceeded: The variable 'y' takes what the state assigns over \
                  the limit of 262144 bytes, or nests more than 127 levels deep.";
    assert_eq!(twice(131_073), json!(expect));
}

#[test]
fn all_variables_hold_10_mib_at_most() {
    let fill = "x".repeat(260_000);
    let mut states = serde_json::Map::new();
    for n in 0..42 {
        let next = format!("S{}", n + 1);
        states.insert(
            format!("S{n}"),
            json!({"Type": "Pass", "Assign": {format!("v{n}.$"): "$"}, "Next": next}),
        );
    }
    states.insert("S42".into(), json!({"Type": "Succeed"}));
    let machine = json!({"StartAt": "S0", "States": states});
    let runner = TestRunner::new(&machine).input(json!(fill)).run();
    let expect = "States.DataLimitExceeded: The variables of the execution exceed the limit of \
                  10485760 bytes.";
    assert_eq!(runner.result(), json!(expect));
    assert_eq!(runner.history.len(), 1 + 2 * 40 + 2); // forty fit
}
