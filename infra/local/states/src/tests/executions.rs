//! Executions over the wire, and through the official SDK.

use super::*;

fn start_body(name: &str, input: &str) -> Value {
    json!({ "stateMachineArn": MACHINE, "name": name, "input": input })
}

fn execution_arn(name: &str) -> String {
    format!("arn:aws:states:us-east-1:123456789012:execution:m:{name}")
}

#[tokio::test]
async fn started_and_described() {
    let f = fixture();
    f.machine(single(json!({ "Type": "Pass", "Result": { "a": 1 } })))
        .await;
    let started = f
        .ok("StartExecution", start_body("e", r#"{ "x": 1 }"#))
        .await;
    let arn = execution_arn("e");
    assert_eq!(started["executionArn"], arn);
    f.states.wait(&arn).await.unwrap();
    let mut described = f
        .ok("DescribeExecution", json!({ "executionArn": arn }))
        .await;
    assert!(described["stopDate"].as_f64() >= described["startDate"].as_f64());
    described["stopDate"].take();
    let expected = json!({
        "executionArn": arn,
        "stateMachineArn": MACHINE,
        "name": "e",
        "status": "SUCCEEDED",
        "startDate": started["startDate"],
        "stopDate": null,
        "input": r#"{ "x": 1 }"#,
        "inputDetails": { "included": true },
        "output": r#"{"a":1}"#,
        "outputDetails": { "included": true },
        "redriveCount": 0,
        "redriveStatus": "NOT_REDRIVABLE",
        "redriveStatusReason": "Execution is SUCCEEDED and cannot be redriven",
    });
    assert_eq!(described, expected);
}

#[tokio::test]
async fn an_input_over_the_payload_quota_is_refused() {
    let f = fixture();
    f.machine(single(json!({ "Type": "Pass" }))).await;
    let text = |length: usize| format!("\"{}\"", "x".repeat(length - 2));
    f.ok("StartExecution", start_body("e", &text(262_144)))
        .await;
    let expected = "400 ValidationException: 1 validation error detected: Value at 'input' failed \
                    to satisfy constraint: Member must have length less than or equal to 262144";
    f.refused("StartExecution", start_body("f", &text(262_145)), expected)
        .await;
}

#[tokio::test]
async fn names_make_starting_idempotent_while_it_runs() {
    let f = fixture();
    f.machine(single(task("hang"))).await;
    let first = f.ok("StartExecution", start_body("e", "{}")).await;
    assert_eq!(f.ok("StartExecution", start_body("e", "{}")).await, first);
    let taken = format!(
        "400 ExecutionAlreadyExists: Execution Already Exists: '{}'",
        execution_arn("e")
    );
    f.refused("StartExecution", start_body("e", "[]"), &taken)
        .await;
    f.called(1).await;
    f.ok(
        "StopExecution",
        json!({ "executionArn": execution_arn("e") }),
    )
    .await;
    f.refused("StartExecution", start_body("e", "{}"), &taken)
        .await;
    assert_eq!(f.functions.calls.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn an_unnamed_execution_is_called_by_a_uuid() {
    let f = fixture();
    f.machine(pass()).await;
    let execution = f.run(json!({})).await;
    assert!(
        uuid::Uuid::parse_str(&execution.name).is_ok(),
        "{}",
        execution.name
    );
}

#[tokio::test]
async fn stopped() {
    let f = fixture();
    f.machine(single(json!({ "Type": "Wait", "Seconds": 1000 })))
        .await;
    f.ok("StartExecution", start_body("e", "{}")).await;
    let arn = execution_arn("e");
    let running = f
        .ok("DescribeExecution", json!({ "executionArn": arn }))
        .await;
    assert_eq!(running["status"], "RUNNING");
    assert_eq!(
        running["redriveStatusReason"],
        "Execution is RUNNING and cannot be redriven"
    );
    assert!(running.get("stopDate").is_none());

    let stop = json!({ "executionArn": arn, "error": "E", "cause": "C" });
    let stopped = f.ok("StopExecution", stop.clone()).await;
    let described = f
        .ok("DescribeExecution", json!({ "executionArn": arn }))
        .await;
    assert_eq!(described["status"], "ABORTED");
    assert_eq!(
        (&described["error"], &described["cause"]),
        (&json!("E"), &json!("C"))
    );
    assert_eq!(described["stopDate"], stopped["stopDate"]);
    assert_eq!(described["redriveStatus"], "REDRIVABLE");
    assert_eq!(
        f.ok("StopExecution", stop).await,
        stopped,
        "stopping again changes nothing"
    );
}

/// Recorded on AWS: what each end leaves in DescribeExecution, and what it does not.
#[tokio::test]
async fn a_timeout_had_an_error_and_ended_late() {
    let f = fixture();
    let states = json!({ "W": { "Type": "Wait", "Seconds": 60, "End": true } });
    f.machine(json!({ "StartAt": "W", "TimeoutSeconds": 1, "States": states }))
        .await;
    let arn = f.start_of("m", json!({})).await;
    f.states.wait(&arn).await.unwrap();
    let described = f
        .ok("DescribeExecution", json!({ "executionArn": arn }))
        .await;
    let mut members: Vec<&String> = described.as_object().unwrap().keys().collect();
    members.sort();
    let expected = [
        "executionArn",
        "input",
        "inputDetails",
        "name",
        "redriveCount",
        "redriveStatus",
        "startDate",
        "stateMachineArn",
        "status",
        "stopDate",
    ];
    assert_eq!(members, expected);
    assert_eq!(described["status"], "TIMED_OUT");
    assert_eq!(described["redriveStatus"], "REDRIVABLE");
    let millis = |date: &Value| (date.as_f64().unwrap() * 1000.0).round() as i64;
    let started = millis(&described["startDate"]);
    assert_eq!(millis(&described["stopDate"]), started + 1000);
    let listed = f
        .ok("ListExecutions", json!({ "stateMachineArn": MACHINE }))
        .await;
    assert_eq!(listed["executions"][0]["stopDate"], described["stopDate"]);
    let history = f
        .ok("GetExecutionHistory", json!({ "executionArn": arn }))
        .await;
    let last = history["events"].as_array().unwrap().last().unwrap();
    assert_eq!(last["executionTimedOutEventDetails"], json!({}));
    assert_eq!(last["timestamp"], described["stopDate"]);
}

#[tokio::test]
async fn lists_are_filtered_and_paged_newest_first() {
    let f = fixture();
    f.machine(json!({
        "StartAt": "Choose",
        "States": {
            "Choose": {
                "Type": "Choice",
                "Choices": [{ "Variable": "$.fail", "BooleanEquals": true, "Next": "Fail" }],
                "Default": "Pass",
            },
            "Pass": { "Type": "Pass", "End": true },
            "Fail": { "Type": "Fail", "Error": "E" },
        },
    }))
    .await;
    for n in 0..7 {
        let input = json!({ "fail": n % 3 == 0 }).to_string();
        f.ok("StartExecution", start_body(&format!("e{n}"), &input))
            .await;
        f.states
            .wait(&execution_arn(&format!("e{n}")))
            .await
            .unwrap();
    }
    let names = async |filter: Option<&str>| {
        let mut names = Vec::new();
        let mut body =
            json!({ "stateMachineArn": MACHINE, "maxResults": 2, "statusFilter": filter });
        loop {
            let page = f.ok("ListExecutions", body.clone()).await;
            for item in page["executions"].as_array().unwrap() {
                assert!(filter.is_none_or(|filter| item["status"] == filter));
                names.push(item["name"].as_str().unwrap().to_owned());
            }
            match page.get("nextToken") {
                Some(token) => body["nextToken"] = token.clone(),
                None => return names,
            }
        }
    };
    assert_eq!(
        names(None).await,
        ["e6", "e5", "e4", "e3", "e2", "e1", "e0"]
    );
    assert_eq!(names(Some("FAILED")).await, ["e6", "e3", "e0"]);
    assert_eq!(names(Some("RUNNING")).await, [""; 0]);

    let first = f
        .ok(
            "ListExecutions",
            json!({ "stateMachineArn": MACHINE, "maxResults": 1 }),
        )
        .await;
    let other = json!({
        "stateMachineArn": MACHINE, "statusFilter": "FAILED", "nextToken": first["nextToken"],
    });
    f.refused(
        "ListExecutions",
        other,
        "400 InvalidToken: Invalid Token: 'Invalid token'",
    )
    .await;
}

#[tokio::test]
async fn requests_that_are_wrong() {
    let f = fixture();
    f.machine(pass()).await;
    let missing = execution_arn("none");
    let error = format!("400 ExecutionDoesNotExist: Execution Does Not Exist: '{missing}'");
    for operation in [
        "DescribeExecution",
        "GetExecutionHistory",
        "StopExecution",
        "DescribeStateMachineForExecution",
    ] {
        f.refused(operation, json!({ "executionArn": missing }), &error)
            .await;
        f.refused(
            operation,
            json!({ "executionArn": MACHINE }),
            "400 InvalidArn: Invalid Arn: 'Resource type not valid in this context: stateMachine'",
        )
        .await;
    }
    let other = format!("{MACHINE}x");
    let no_machine =
        format!("400 StateMachineDoesNotExist: State Machine Does Not Exist: '{other}'");
    f.refused(
        "StartExecution",
        json!({ "stateMachineArn": other }),
        &no_machine,
    )
    .await;
    f.refused(
        "ListExecutions",
        json!({ "stateMachineArn": other }),
        &no_machine,
    )
    .await;
    f.refused(
        "StartExecution",
        start_body("a b", "{}"),
        "400 InvalidName: Invalid Name: 'a b'",
    )
    .await;
    f.refused(
        "StartExecution",
        start_body("e", "{"),
        "400 InvalidExecutionInput: Invalid State Machine Execution Input: \
         'Unexpected end-of-input: expected close marker for Object \
         (start marker at [Source: (String)\"{\"; line: 1, column: 1])'",
    )
    .await;
    f.refused(
        "StartSyncExecution",
        json!({ "stateMachineArn": MACHINE }),
        "400 StateMachineTypeNotSupported: This operation is not supported by this type of state \
         machine",
    )
    .await;
}

#[tokio::test]
async fn express_executions_answer_at_their_end_and_leave_nothing() {
    let f = fixture();
    let definition = single(task("echo")).to_string();
    let create =
        json!({ "name": "m", "definition": definition, "roleArn": ROLE, "type": "EXPRESS" });
    f.ok("CreateStateMachine", create).await;
    let response = f
        .ok(
            "StartSyncExecution",
            json!({ "stateMachineArn": MACHINE, "input": r#"{"a":1}"# }),
        )
        .await;
    assert_eq!(response["status"], "SUCCEEDED");
    assert_eq!(response["output"], r#"{"a":1}"#);
    assert_eq!(response["billingDetails"]["billedMemoryUsedInMB"], 64);
    let arn = response["executionArn"].as_str().unwrap();
    assert!(
        arn.starts_with("arn:aws:states:us-east-1:123456789012:express:m:"),
        "{arn}"
    );
    f.refused(
        "DescribeExecution",
        json!({ "executionArn": arn }),
        "400 InvalidArn: Invalid Arn: 'Resource type not valid in this context: express'",
    )
    .await;
    f.refused(
        "ListExecutions",
        json!({ "stateMachineArn": MACHINE }),
        "400 StateMachineTypeNotSupported: This operation is not supported by this type of state \
         machine",
    )
    .await;
}

#[tokio::test]
async fn many_at_once_do_not_mix() {
    let f = fixture();
    f.machine(single(task("echo"))).await;
    let runs = (0..300).map(|n| {
        let run = f.run(json!({ "n": n }));
        async move { (json!({ "n": n }).to_string(), run.await) }
    });
    for (input, execution) in futures::future::join_all(runs).await {
        assert_eq!(execution.status, "SUCCEEDED");
        assert_eq!(
            (&execution.input, execution.output.as_ref()),
            (&input, Some(&input))
        );
        let history = f.states.history(&execution.execution_arn).await.unwrap();
        assert_eq!(history[0]["executionStartedEventDetails"]["input"], input);
        assert_eq!(history.len(), 7);
    }
}

#[tokio::test]
async fn waits_take_their_time() {
    let f = fixture();
    f.machine(single(json!({ "Type": "Wait", "Seconds": 1 })))
        .await;
    let execution = f.run(json!({})).await;
    let took = execution.stopped.unwrap().0 - execution.started.0;
    assert!(took >= 1000, "{took} ms");
}

/// The official SDK, over a socket.
async fn sdk(f: &Fixture) -> aws_sdk_sfn::Client {
    use aws_sdk_sfn::config::{BehaviorVersion, Credentials, Region};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let states = f.states.clone();
    let service =
        axum::Router::new().fallback(move |request| async move { states.handle(request).await });
    tokio::spawn(async move { axum::serve(listener, service).await });
    let config = aws_sdk_sfn::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("k", "s", None, None, "test"))
        .endpoint_url(format!("http://{address}"))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    aws_sdk_sfn::Client::from_conf(config)
}

#[tokio::test]
async fn the_official_sdk_understands_every_answer() {
    use aws_sdk_sfn::error::ProvideErrorMetadata;
    use aws_sdk_sfn::types::ExecutionStatus;
    let f = fixture();
    let client = sdk(&f).await;
    let created = client.create_state_machine().name("m").role_arn(ROLE);
    let created = created
        .definition(single(task("echo")).to_string())
        .send()
        .await
        .unwrap();
    let machine = created.state_machine_arn();
    let started = client
        .start_execution()
        .state_machine_arn(machine)
        .input(r#"{"a":1}"#);
    let arn = started.send().await.unwrap().execution_arn;
    f.states.wait(&arn).await.unwrap();

    let described = client
        .describe_execution()
        .execution_arn(&arn)
        .send()
        .await
        .unwrap();
    assert_eq!(described.status(), &ExecutionStatus::Succeeded);
    assert_eq!(described.output(), Some(r#"{"a":1}"#));
    let history = client
        .get_execution_history()
        .execution_arn(&arn)
        .send()
        .await
        .unwrap();
    assert_eq!(history.events().len(), 7);
    let listed = client
        .list_executions()
        .state_machine_arn(machine)
        .send()
        .await
        .unwrap();
    assert_eq!(listed.executions()[0].execution_arn(), arn);
    client.list_state_machines().send().await.unwrap();
    client
        .describe_state_machine()
        .state_machine_arn(machine)
        .send()
        .await
        .unwrap();
    client
        .describe_state_machine_for_execution()
        .execution_arn(&arn)
        .send()
        .await
        .unwrap();
    client
        .update_state_machine()
        .state_machine_arn(machine)
        .definition(pass().to_string())
        .send()
        .await
        .unwrap();
    client
        .stop_execution()
        .execution_arn(&arn)
        .send()
        .await
        .unwrap();
    client
        .list_tags_for_resource()
        .resource_arn(machine)
        .send()
        .await
        .unwrap();
    client
        .validate_state_machine_definition()
        .definition("{}")
        .send()
        .await
        .unwrap();
    client
        .delete_state_machine()
        .state_machine_arn(machine)
        .send()
        .await
        .unwrap();

    let error = client
        .describe_state_machine()
        .state_machine_arn(machine)
        .send()
        .await
        .unwrap_err();
    let error = error.into_service_error();
    assert!(error.is_state_machine_does_not_exist());
    assert_eq!(
        error.message(),
        Some(&*format!("State Machine Does Not Exist: '{machine}'"))
    );
}
