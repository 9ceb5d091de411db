//! Versions of state machines over the wire.

use super::*;

fn version(number: u32) -> String {
    format!("{MACHINE}:{number}")
}

fn definition(comment: &str) -> String {
    let mut definition = pass();
    definition["Comment"] = json!(comment);
    definition.to_string()
}

impl Fixture {
    async fn numbers(&self, body: Value) -> Vec<String> {
        let listed = self.ok("ListStateMachineVersions", body).await;
        let versions = listed["stateMachineVersions"].as_array().unwrap();
        let arn = |version: &Value| {
            version["stateMachineVersionArn"]
                .as_str()
                .unwrap()
                .to_owned()
        };
        versions.iter().map(arn).collect()
    }
}

#[tokio::test]
async fn published_listed_described_deleted() {
    let f = fixture();
    f.machine(pass()).await;
    let arn = json!({ "stateMachineArn": MACHINE });
    let first = f.ok("PublishStateMachineVersion", arn.clone()).await;
    assert_eq!(first["stateMachineVersionArn"], version(1));
    let again = f.ok("PublishStateMachineVersion", arn.clone()).await;
    assert_eq!(again, first, "a revision has one version");

    let update = json!({ "stateMachineArn": MACHINE, "definition": definition("two") });
    let revision = f.ok("UpdateStateMachine", update).await["revisionId"].clone();
    let publish = json!({ "stateMachineArn": MACHINE, "revisionId": revision, "description": "d" });
    f.ok("PublishStateMachineVersion", publish).await;
    assert_eq!(f.numbers(arn.clone()).await, [version(2), version(1)]);

    let body = json!({ "stateMachineArn": version(2) });
    let described = f.ok("DescribeStateMachine", body).await;
    assert_eq!(described["stateMachineArn"], version(2));
    assert_eq!(described["description"], "d");
    assert_eq!(described["revisionId"], revision);
    let body = json!({ "stateMachineArn": version(1) });
    let described = f.ok("DescribeStateMachine", body).await;
    assert_eq!(described["definition"], pass().to_string());
    assert_eq!(described["creationDate"], first["creationDate"]);
    assert!(described.get("description").is_none());

    for _ in 0..2 {
        let body = json!({ "stateMachineVersionArn": version(2) });
        assert_eq!(f.ok("DeleteStateMachineVersion", body).await, json!({}));
    }
    let third = f.ok("PublishStateMachineVersion", arn.clone()).await;
    assert_eq!(
        third["stateMachineVersionArn"],
        version(3),
        "a number is not used again"
    );
    assert_eq!(f.numbers(arn.clone()).await, [version(3), version(1)]);
    f.ok("DeleteStateMachine", arn).await;
    let gone = format!(
        "400 StateMachineDoesNotExist: State Machine Does Not Exist: '{}'",
        version(1)
    );
    f.refused(
        "DescribeStateMachine",
        json!({ "stateMachineArn": version(1) }),
        &gone,
    )
    .await;
}

#[tokio::test]
async fn create_and_update_publish() {
    let f = fixture();
    let create = json!({
        "name": "m", "definition": pass().to_string(), "roleArn": ROLE, "publish": true, "versionDescription": "d",
    });
    let created = f.ok("CreateStateMachine", create.clone()).await;
    assert_eq!(created["stateMachineVersionArn"], version(1));
    assert_eq!(f.ok("CreateStateMachine", create.clone()).await, created);
    let mut other = create.clone();
    other["versionDescription"] = json!("e");
    let taken = format!("400 StateMachineAlreadyExists: State Machine Already Exists: '{MACHINE}'");
    f.refused("CreateStateMachine", other, &taken).await;

    let same =
        json!({ "stateMachineArn": MACHINE, "definition": pass().to_string(), "publish": true });
    let same = f.ok("UpdateStateMachine", same).await;
    assert_eq!(same["stateMachineVersionArn"], version(1));
    assert!(same.get("revisionId").is_none());
    let update =
        json!({ "stateMachineArn": MACHINE, "definition": definition("two"), "publish": true });
    let updated = f.ok("UpdateStateMachine", update).await;
    assert_eq!(updated["stateMachineVersionArn"], version(2));
    assert!(updated["revisionId"].is_string());

    let mut undecided = create;
    undecided["publish"] = json!(false);
    let text = "400 ValidationException: Version description can only be set when publish is true";
    f.refused("CreateStateMachine", undecided, text).await;
    let update = json!({ "stateMachineArn": version(2), "definition": definition("three") });
    let missing = format!(
        "400 StateMachineDoesNotExist: State Machine Does Not Exist: '{}'",
        version(2)
    );
    f.refused("UpdateStateMachine", update, &missing).await;
}

#[tokio::test]
async fn publishing_another_revision_than_the_current_one_is_a_conflict() {
    let f = fixture();
    f.machine(pass()).await;
    let publish = |revision: &str| json!({ "stateMachineArn": MACHINE, "revisionId": revision });
    let error = "400 ConflictException: Failed to publish the State Machine version for revision \
                 x. The current State Machine revision is INITIAL.";
    f.refused("PublishStateMachineVersion", publish("x"), error)
        .await;
    f.ok("PublishStateMachineVersion", publish("INITIAL")).await;
}

#[tokio::test]
async fn versions_come_in_pages() {
    let f = fixture();
    f.machine(pass()).await;
    for n in 0..5 {
        let update = json!({
            "stateMachineArn": MACHINE, "definition": definition(&n.to_string()), "publish": true,
        });
        f.ok("UpdateStateMachine", update).await;
    }
    let body = json!({ "stateMachineArn": MACHINE, "maxResults": 3 });
    let page = f.ok("ListStateMachineVersions", body).await;
    let body = json!({ "stateMachineArn": MACHINE, "nextToken": page["nextToken"] });
    assert_eq!(f.numbers(body).await, [version(2), version(1)]);
    let body = json!({ "stateMachineArn": MACHINE, "nextToken": "x" });
    f.refused(
        "ListStateMachineVersions",
        body,
        "400 InvalidToken: Invalid Token: 'Invalid token'",
    )
    .await;
}

#[tokio::test]
async fn an_execution_runs_its_version() {
    let f = fixture();
    let create = json!({
        "name": "m", "definition": pass().to_string(), "roleArn": ROLE, "publish": true,
    });
    f.ok("CreateStateMachine", create).await;
    let update = json!({ "stateMachineArn": MACHINE, "definition": definition("two") });
    f.ok("UpdateStateMachine", update).await;
    let body = json!({ "stateMachineArn": version(1), "name": "e" });
    let arn = f.ok("StartExecution", body).await["executionArn"].clone();
    f.ok("StartExecution", json!({ "stateMachineArn": MACHINE }))
        .await;

    let execution = json!({ "executionArn": arn });
    let described = f.ok("DescribeExecution", execution.clone()).await;
    assert_eq!(described["stateMachineArn"], MACHINE);
    assert_eq!(described["stateMachineVersionArn"], version(1));
    let machine = f
        .ok("DescribeStateMachineForExecution", execution.clone())
        .await;
    assert_eq!(machine["definition"], pass().to_string());
    let history = f.ok("GetExecutionHistory", execution).await;
    assert_eq!(
        history["events"][0]["executionStartedEventDetails"]["stateMachineVersionArn"],
        version(1)
    );
    let listed = f
        .ok("ListExecutions", json!({ "stateMachineArn": version(1) }))
        .await;
    let listed = listed["executions"].as_array().unwrap();
    assert_eq!((listed.len(), &listed[0]["name"]), (1, &json!("e")));
    assert_eq!(listed[0]["stateMachineVersionArn"], version(1));
    let body = json!({ "stateMachineArn": version(9) });
    let missing = format!(
        "400 StateMachineDoesNotExist: State Machine Does Not Exist: '{}'",
        version(9)
    );
    f.refused("StartExecution", body, &missing).await;
}
