//! State machines and tags over the wire.

use super::*;

#[tokio::test]
async fn created_described_listed_deleted() {
    let f = fixture();
    let definition = pass().to_string();
    let create = json!({ "name": "m", "definition": definition, "roleArn": ROLE });
    let created = f.ok("CreateStateMachine", create).await;
    assert_eq!(created["stateMachineArn"], MACHINE);

    let described = f
        .ok(
            "DescribeStateMachine",
            json!({ "stateMachineArn": MACHINE }),
        )
        .await;
    let expected = json!({
        "stateMachineArn": MACHINE,
        "name": "m",
        "status": "ACTIVE",
        "definition": definition,
        "roleArn": ROLE,
        "type": "STANDARD",
        "creationDate": created["creationDate"],
        "loggingConfiguration": { "includeExecutionData": false, "level": "OFF" },
        "tracingConfiguration": { "enabled": false },
    });
    assert_eq!(described, expected);

    let listed = f.ok("ListStateMachines", json!({})).await;
    let item = json!({
        "stateMachineArn": MACHINE, "name": "m", "type": "STANDARD", "creationDate": created["creationDate"],
    });
    assert_eq!(listed, json!({ "stateMachines": [item] }));

    for _ in 0..2 {
        assert_eq!(
            f.ok("DeleteStateMachine", json!({ "stateMachineArn": MACHINE }))
                .await,
            json!({})
        );
    }
    assert_eq!(
        f.ok("ListStateMachines", json!({})).await,
        json!({ "stateMachines": [] })
    );
    let gone = format!("400 StateMachineDoesNotExist: State Machine Does Not Exist: '{MACHINE}'");
    f.refused(
        "DescribeStateMachine",
        json!({ "stateMachineArn": MACHINE }),
        &gone,
    )
    .await;
}

#[tokio::test]
async fn a_description_tells_which_variables_each_state_reads() {
    let f = fixture();
    f.machine(json!({ "StartAt": "A", "States": {
        "A": { "Type": "Pass", "Assign": { "x": 1 }, "Next": "B" },
        "B": { "Type": "Succeed", "OutputPath": "$x" },
    }}))
    .await;
    let request = json!({ "stateMachineArn": MACHINE });
    let described = f.ok("DescribeStateMachine", request).await;
    assert_eq!(described["variableReferences"], json!({ "B": ["x"] }));
}

#[tokio::test]
async fn creating_again_is_idempotent_until_something_differs() {
    let f = fixture();
    let create = |definition: &Value, role: &str| json!({ "name": "m", "definition": definition.to_string(), "roleArn": role });
    let first = f.ok("CreateStateMachine", create(&pass(), ROLE)).await;
    assert_eq!(
        f.ok("CreateStateMachine", create(&pass(), ROLE)).await,
        first
    );
    assert_eq!(
        f.ok(
            "CreateStateMachine",
            create(&pass(), "arn:aws:iam::1:role/other")
        )
        .await,
        first
    );

    let taken = format!("400 StateMachineAlreadyExists: State Machine Already Exists: '{MACHINE}'");
    let mut express = create(&pass(), ROLE);
    express["type"] = json!("EXPRESS");
    f.refused("CreateStateMachine", express, &taken).await;
    let succeed = json!({ "StartAt": "S", "States": { "S": { "Type": "Succeed" } } });
    f.refused("CreateStateMachine", create(&succeed, ROLE), &taken)
        .await;
}

#[tokio::test]
async fn definitions_are_checked() {
    let f = fixture();
    let error = asl::StateMachine::parse("{}").unwrap_err().to_string();
    assert!(
        error.starts_with("Invalid State Machine Definition: '"),
        "{error}"
    );
    let create = json!({ "name": "m", "definition": "{}", "roleArn": ROLE });
    f.refused(
        "CreateStateMachine",
        create,
        &format!("400 InvalidDefinition: {error}"),
    )
    .await;
    f.machine(pass()).await;
    let update = json!({ "stateMachineArn": MACHINE, "definition": "{}" });
    f.refused(
        "UpdateStateMachine",
        update,
        &format!("400 InvalidDefinition: {error}"),
    )
    .await;
}

#[tokio::test]
async fn express_definitions_can_do_less() {
    let f = fixture();
    let task = "arn:aws:states:::sqs:sendMessage.waitForTaskToken";
    let definition = json!({ "StartAt": "S", "States": { "S": { "Type": "Task", "Resource": task, "End": true } } });
    let mut create = json!({ "name": "m", "definition": definition.to_string(), "roleArn": ROLE, "type": "EXPRESS" });
    let expected = "400 InvalidDefinition: Invalid State Machine Definition: \
                    'SCHEMA_VALIDATION_FAILED: Express state machine does not support \
                    '.waitForTaskToken' service integration  at /States/S/Resource'";
    f.refused("CreateStateMachine", create.clone(), expected)
        .await;
    create["type"] = json!("STANDARD");
    f.ok("CreateStateMachine", create).await;

    let validate = |kind: &str| json!({ "definition": definition.to_string(), "type": kind });
    let found = f
        .ok("ValidateStateMachineDefinition", validate("EXPRESS"))
        .await;
    assert_eq!(found["result"], "FAIL");
    assert_eq!(found["diagnostics"][0]["location"], "/States/S/Resource");
    let fine = f
        .ok("ValidateStateMachineDefinition", validate("STANDARD"))
        .await;
    assert_eq!(
        fine,
        json!({ "result": "OK", "diagnostics": [], "truncated": false })
    );
}

#[tokio::test]
async fn updates_make_revisions() {
    let f = fixture();
    f.machine(pass()).await;
    let arn = json!({ "stateMachineArn": MACHINE });
    let succeed = json!({ "StartAt": "S", "States": { "S": { "Type": "Succeed" } } }).to_string();

    let update = json!({ "stateMachineArn": MACHINE, "definition": succeed });
    let updated = f.ok("UpdateStateMachine", update.clone()).await;
    let described = f.ok("DescribeStateMachine", arn.clone()).await;
    assert_eq!(described["definition"], succeed);
    assert_eq!(described["roleArn"], ROLE);
    assert_eq!(described["revisionId"], updated["revisionId"]);
    assert!(updated["revisionId"].is_string());

    let same = f.ok("UpdateStateMachine", update).await;
    assert_eq!(same["revisionId"], updated["revisionId"]);
    let role = json!({ "stateMachineArn": MACHINE, "roleArn": "arn:aws:iam::1:role/other" });
    let third = f.ok("UpdateStateMachine", role).await;
    assert_ne!(third["revisionId"], updated["revisionId"]);

    f.refused(
        "UpdateStateMachine",
        arn,
        "400 MissingRequiredParameter: Either the definition, the role ARN, the \
         LoggingConfiguration, or the TracingConfiguration must be specified",
    )
    .await;
}

#[tokio::test]
async fn an_execution_keeps_its_revision() {
    let f = fixture();
    f.machine(pass()).await;
    let before = f.run(json!({})).await.execution_arn;
    let succeed = json!({ "StartAt": "S", "States": { "S": { "Type": "Succeed" } } }).to_string();
    f.ok(
        "UpdateStateMachine",
        json!({ "stateMachineArn": MACHINE, "definition": succeed }),
    )
    .await;
    let after = f.run(json!({})).await.execution_arn;
    for (execution, definition) in [(before, pass().to_string()), (after, succeed)] {
        let body = json!({ "executionArn": execution });
        let described = f.ok("DescribeStateMachineForExecution", body).await;
        assert_eq!(described["definition"], definition);
        assert_eq!(described["stateMachineArn"], MACHINE);
    }
}

#[tokio::test]
async fn what_runs_outlives_its_state_machine() {
    let f = fixture();
    f.machine(single(task("hang"))).await;
    let start = || StartExecution {
        state_machine_arn: MACHINE.into(),
        ..StartExecution::default()
    };
    let running = f.states.start(start()).await.unwrap().execution_arn;
    f.ok("DeleteStateMachine", json!({ "stateMachineArn": MACHINE }))
        .await;

    let described = f
        .ok(
            "DescribeStateMachine",
            json!({ "stateMachineArn": MACHINE }),
        )
        .await;
    assert_eq!(described["status"], "DELETING");
    let deleting = format!("400 StateMachineDeleting: State Machine is being deleted: '{MACHINE}'");
    f.refused(
        "StartExecution",
        json!({ "stateMachineArn": MACHINE }),
        &deleting,
    )
    .await;
    let create = json!({ "name": "m", "definition": pass().to_string(), "roleArn": ROLE });
    f.refused("CreateStateMachine", create, &deleting).await;

    f.ok("StopExecution", json!({ "executionArn": running }))
        .await;
    assert_eq!(f.states.wait(&running).await.unwrap().status, "ABORTED");
    f.machine(pass()).await;
    assert_eq!(f.run(json!({})).await.status, "SUCCEEDED");
    assert_eq!(f.states.describe(&running).await.unwrap().status, "ABORTED");
}

#[tokio::test]
async fn lists_come_in_pages_by_name() {
    let f = fixture();
    for name in ["b", "d", "a", "e", "c"] {
        f.create(name, pass()).await;
    }
    let mut names = Vec::new();
    let mut body = json!({ "maxResults": 2 });
    loop {
        let page = f.ok("ListStateMachines", body.clone()).await;
        let machines = page["stateMachines"].as_array().unwrap();
        assert!(machines.len() <= 2);
        names.extend(
            machines
                .iter()
                .map(|m| m["name"].as_str().unwrap().to_owned()),
        );
        match page.get("nextToken") {
            Some(token) => body["nextToken"] = token.clone(),
            None => break,
        }
    }
    assert_eq!(names, ["a", "b", "c", "d", "e"]);
    f.refused(
        "ListStateMachines",
        json!({ "nextToken": "nonsense" }),
        "400 InvalidToken: Invalid Token: 'Invalid token'",
    )
    .await;
}

#[tokio::test]
async fn requests_that_are_wrong() {
    let f = fixture();
    let missing =
        "Value null at 'definition' failed to satisfy constraint: Member must not be null";
    f.refused(
        "CreateStateMachine",
        json!({ "name": "m", "roleArn": ROLE }),
        &format!("400 ValidationException: 1 validation error detected: {missing}"),
    )
    .await;
    let create = |name: &str, role: &str| json!({ "name": name, "roleArn": role, "definition": pass().to_string() });
    f.refused(
        "CreateStateMachine",
        create("a b", ROLE),
        "400 InvalidName: Invalid Name: 'a b'",
    )
    .await;
    f.refused(
        "CreateStateMachine",
        create("m", "x"),
        "400 InvalidArn: Invalid Arn: 'Invalid ARN prefix: x'",
    )
    .await;
    f.refused(
        "DescribeStateMachine",
        json!({ "stateMachineArn": "not_a_valid_arn" }),
        "400 InvalidArn: Invalid Arn: 'Invalid ARN prefix: not_a_valid_arn'",
    )
    .await;
    f.refused(
        "DescribeStateMachine",
        json!({ "stateMachineArn": "arn:aws:states:us-east-1:123456789012:activity:a" }),
        "400 InvalidArn: Invalid Arn: 'Resource type not valid in this context: activity'",
    )
    .await;
    let elsewhere = MACHINE.replace("us-east-1", "eu-west-1");
    f.refused(
        "DescribeStateMachine",
        json!({ "stateMachineArn": elsewhere }),
        &format!("400 StateMachineDoesNotExist: State Machine Does Not Exist: '{elsewhere}'"),
    )
    .await;
    assert_eq!(
        f.ok("ListStateMachines", json!({})).await["stateMachines"],
        json!([])
    );
}

#[tokio::test]
async fn tags_are_put_replaced_and_removed() {
    let f = fixture();
    let tags = json!([{ "key": "a", "value": "1" }, { "key": "b", "value": "2" }]);
    let create =
        json!({ "name": "m", "definition": pass().to_string(), "roleArn": ROLE, "tags": tags });
    f.ok("CreateStateMachine", create).await;
    let more = json!([{ "key": "b", "value": "3" }, { "key": "c", "value": "" }]);
    f.ok(
        "TagResource",
        json!({ "resourceArn": MACHINE, "tags": more }),
    )
    .await;
    f.ok(
        "UntagResource",
        json!({ "resourceArn": MACHINE, "tagKeys": ["a", "z"] }),
    )
    .await;
    let listed = f
        .ok("ListTagsForResource", json!({ "resourceArn": MACHINE }))
        .await;
    assert_eq!(
        listed,
        json!({ "tags": [{ "key": "b", "value": "3" }, { "key": "c", "value": "" }] })
    );

    let other = format!("{MACHINE}x");
    let missing = format!("400 ResourceNotFound: Resource not found: '{other}'");
    f.refused(
        "ListTagsForResource",
        json!({ "resourceArn": other }),
        &missing,
    )
    .await;

    let many: Vec<Value> = (0..50)
        .map(|n| json!({ "key": n.to_string(), "value": "" }))
        .collect();
    let error = format!("400 TooManyTags: '{MACHINE}' have too many tags");
    f.refused(
        "TagResource",
        json!({ "resourceArn": MACHINE, "tags": many }),
        &error,
    )
    .await;
    let kept = f
        .ok("ListTagsForResource", json!({ "resourceArn": MACHINE }))
        .await;
    assert_eq!(kept, listed, "a refused change leaves nothing behind");
}

#[tokio::test]
async fn declaring_creates_updates_and_leaves_alone() {
    let f = fixture();
    let mut machine = sam_template::StateMachine {
        logical_id: "M".into(),
        name: "m".into(),
        definition: pass().to_string(),
        express: false,
        role_arn: ROLE.into(),
    };
    assert_eq!(f.states.declare(&machine).await.as_deref(), Ok(MACHINE));
    let first = f
        .ok(
            "DescribeStateMachine",
            json!({ "stateMachineArn": MACHINE }),
        )
        .await;
    f.states.declare(&machine).await.unwrap();
    assert_eq!(
        f.ok(
            "DescribeStateMachine",
            json!({ "stateMachineArn": MACHINE })
        )
        .await,
        first
    );

    machine.role_arn = "arn:aws:iam::1:role/other".into();
    f.states.declare(&machine).await.unwrap();
    let second = f
        .ok(
            "DescribeStateMachine",
            json!({ "stateMachineArn": MACHINE }),
        )
        .await;
    assert_eq!(second["roleArn"], machine.role_arn);
    assert_eq!(second["creationDate"], first["creationDate"]);

    machine.definition = "{".into();
    let error = f.states.declare(&machine).await.unwrap_err();
    assert_eq!(error.code(), "InvalidDefinition");
    machine.definition = pass().to_string();
    machine.express = true;
    assert_eq!(
        f.states.declare(&machine).await.unwrap_err().code(),
        "StateMachineAlreadyExists"
    );
}

#[tokio::test]
async fn definitions_are_validated() {
    let f = fixture();
    let good = json!({ "definition": pass().to_string() });
    let fine = json!({ "result": "OK", "diagnostics": [], "truncated": false });
    assert_eq!(f.ok("ValidateStateMachineDefinition", good).await, fine);
    let bad = f
        .ok(
            "ValidateStateMachineDefinition",
            json!({ "definition": "{}" }),
        )
        .await;
    assert_eq!(bad["result"], "FAIL");
    assert_eq!(bad["diagnostics"][0]["severity"], "ERROR");
}
