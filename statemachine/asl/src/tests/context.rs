//! Tests of the context object.

use serde_json::json;

use super::TestRunner;

#[test]
fn it_says_who_where_and_when() {
    let machine = json!({"StartAt": "W", "States": {
        "W": {"Type": "Wait", "Seconds": 1, "Next": "P"},
        "P": {"Type": "Pass", "OutputPath": "$$", "End": true},
    }});
    let runner = TestRunner::new(&machine).input(json!({"x": 1})).run();
    assert_eq!(runner.result().to_string(), json!({
        "Execution": {
            "Id": "arn:aws:states:us-east-1:123456789012:execution:M:E",
            "Input": {"x": 1},
            "StartTime": "2026-11-21T00:00:00.000Z",
            "Name": "E",
            "RoleArn": "arn:aws:iam::123456789012:role/R",
            "RedriveCount": 0,
        },
        "StateMachine": {"Id": "arn:aws:states:us-east-1:123456789012:stateMachine:M", "Name": "M"},
        "State": {"Name": "P", "EnteredTime": "2026-11-21T00:00:01.000Z"},
    }).to_string());
}

#[test]
fn what_is_not_there_is_not_found() {
    let machine = json!({"StartAt": "P", "States": {
        "P": {"Type": "Pass", "Parameters": {"t.$": "$$.Task.Token"}, "End": true},
    }});
    let result = TestRunner::new(&machine).run().result();
    assert!(
        result.as_str().unwrap().contains(
            "The JSONPath '$$.Task.Token' specified for the field 't.$' could not be found"
        )
    );
}
