//! Aliases of state machines over the wire.

use super::*;

const ALIAS: &str = "arn:aws:states:us-east-1:123456789012:stateMachine:m:PROD";

fn route(version: &str, weight: i64) -> Value {
    json!({ "stateMachineVersionArn": format!("{MACHINE}{version}"), "weight": weight })
}

/// The state machine `m` with three versions, whose results are their numbers.
async fn versions() -> Fixture {
    let f = fixture();
    let result = |number: u32| single(json!({ "Type": "Pass", "Result": number })).to_string();
    let create = json!({ "name": "m", "definition": result(1), "roleArn": ROLE, "publish": true });
    f.ok("CreateStateMachine", create).await;
    for number in [2, 3] {
        let update =
            json!({ "stateMachineArn": MACHINE, "definition": result(number), "publish": true });
        f.ok("UpdateStateMachine", update).await;
    }
    f
}

fn create(name: &str, routes: Value) -> Value {
    let mut body = json!({ "name": name });
    body["routingConfiguration"] = routes;
    body
}

#[tokio::test]
async fn created_described_updated_deleted() {
    let f = versions().await;
    let body = create("PROD", json!([route(":1", 100)]));
    let created = f.ok("CreateStateMachineAlias", body.clone()).await;
    assert_eq!(created["stateMachineAliasArn"], ALIAS);
    assert_eq!(f.ok("CreateStateMachineAlias", body.clone()).await, created);
    let taken = "400 ConflictException: Failed to create alias because an alias with the same \
                 name and a different routing configuration already exists.";
    let mut other = body;
    other["description"] = json!("d");
    f.refused("CreateStateMachineAlias", other, taken).await;
    let other = create("PROD", json!([route(":2", 100)]));
    f.refused("CreateStateMachineAlias", other, taken).await;

    let arn = json!({ "stateMachineAliasArn": ALIAS });
    let mut update = arn.clone();
    update["description"] = json!("d");
    f.ok("UpdateStateMachineAlias", update).await;
    let mut update = arn.clone();
    update["routingConfiguration"] = json!([route(":1", 30), route(":2", 70)]);
    let updated = f.ok("UpdateStateMachineAlias", update).await;
    let described = f.ok("DescribeStateMachineAlias", arn.clone()).await;
    let expected = json!({
        "stateMachineAliasArn": ALIAS,
        "name": "PROD",
        "routingConfiguration": [route(":1", 30), route(":2", 70)],
        "creationDate": created["creationDate"],
        "updateDate": updated["updateDate"],
        "description": "d",
    });
    assert_eq!(described, expected);

    for _ in 0..2 {
        assert_eq!(
            f.ok("DeleteStateMachineAlias", arn.clone()).await,
            json!({})
        );
    }
    let missing = "400 ResourceNotFound: Request references a resource that does not exist.";
    f.refused("DescribeStateMachineAlias", arn.clone(), missing)
        .await;
    let mut update = arn;
    update["description"] = json!("d");
    f.refused("UpdateStateMachineAlias", update, missing).await;
}

#[tokio::test]
async fn what_an_alias_may_lead_to() {
    let f = versions().await;
    let check = async |routes: Value, expected: &str| {
        f.refused("CreateStateMachineAlias", create("A", routes), expected)
            .await;
    };
    let invalid = "400 ValidationException: ";
    check(
        json!([route("", 100)]),
        &format!(
            "{invalid}Routing configuration must contain state machine version ARNs. Received: \
             [{MACHINE}]"
        ),
    )
    .await;
    check(
        json!([route(":1", 50), route(":1", 50)]),
        &format!(
            "{invalid}Routing configuration must contain distinct state machine version ARNs. \
             Received: [{MACHINE}:1, {MACHINE}:1]"
        ),
    )
    .await;
    check(
        json!([route(":1", 70), route(":2", 29)]),
        &format!(
            "{invalid}Sum of routing configuration weights must equal 100. Received: [70, 29]"
        ),
    )
    .await;
    check(
        json!([route(":1", 101)]),
        &format!(
            "{invalid}1 validation error detected: Value '101' at \
             'routingConfiguration.1.member.weight' failed to satisfy constraint: Member must \
             have value less than or equal to 100"
        ),
    )
    .await;
    let item = |version: u32, weight: u32| {
        format!(
            "RoutingConfigurationListItem(stateMachineVersionArn={MACHINE}:{version}, \
             weight={weight})"
        )
    };
    check(
        json!([route(":1", 50), route(":2", 30), route(":3", 20)]),
        &format!(
            "{invalid}1 validation error detected: Value '[{}, {}, {}]' at 'routingConfiguration' \
             failed to satisfy constraint: Member must have length less than or equal to 2",
            item(1, 50),
            item(2, 30),
            item(3, 20)
        ),
    )
    .await;
    check(
        json!([route(":9", 100)]),
        "400 ResourceNotFound: Request references a resource that does not exist.",
    )
    .await;
    f.refused(
        "CreateStateMachineAlias",
        create("123", json!([route(":1", 100)])),
        &format!(
            r"{invalid}1 validation error detected: Value '123' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: ^(?=.*[a-zA-Z_\-\.])[a-zA-Z0-9_\-\.]+$"
        ),
    )
    .await;
}

#[tokio::test]
async fn a_version_stays_while_an_alias_leads_to_it() {
    let f = versions().await;
    for name in ["B", "A"] {
        f.ok(
            "CreateStateMachineAlias",
            create(name, json!([route(":1", 100)])),
        )
        .await;
    }
    let delete = json!({ "stateMachineVersionArn": format!("{MACHINE}:1") });
    let error = "400 ConflictException: Version to be deleted must not be referenced by an alias. \
                 Current list of aliases referencing this version: [A, B]";
    f.refused("DeleteStateMachineVersion", delete.clone(), error)
        .await;
    for name in ["A", "B"] {
        let arn = format!("{MACHINE}:{name}");
        f.ok(
            "DeleteStateMachineAlias",
            json!({ "stateMachineAliasArn": arn }),
        )
        .await;
    }
    f.ok("DeleteStateMachineVersion", delete).await;
}

#[tokio::test]
async fn aliases_are_listed_by_name_and_by_version() {
    let f = versions().await;
    for (name, version) in [("c", ":1"), ("a", ":2"), ("b", ":1")] {
        f.ok(
            "CreateStateMachineAlias",
            create(name, json!([route(version, 100)])),
        )
        .await;
    }
    let list = async |body: Value| {
        let page = f.ok("ListStateMachineAliases", body).await;
        let aliases = page["stateMachineAliases"].as_array().unwrap();
        let name = |alias: &Value| {
            let arn = alias["stateMachineAliasArn"].as_str().unwrap();
            arn.rsplit(':').next().unwrap().to_owned()
        };
        (
            aliases.iter().map(name).collect::<Vec<_>>().join(" "),
            page["nextToken"].clone(),
        )
    };
    let (names, token) = list(json!({ "stateMachineArn": MACHINE, "maxResults": 2 })).await;
    assert_eq!(names, "a b");
    let rest = json!({ "stateMachineArn": MACHINE, "nextToken": token });
    assert_eq!(list(rest).await, ("c".into(), Value::Null));
    let one = json!({ "stateMachineArn": format!("{MACHINE}:1") });
    assert_eq!(list(one).await.0, "b c");
}

#[tokio::test]
async fn an_alias_shares_executions_out_by_weight() {
    let f = versions().await;
    let routes = json!([route(":1", 50), route(":2", 50)]);
    f.ok("CreateStateMachineAlias", create("PROD", routes))
        .await;
    let mut seen_payloads = std::collections::BTreeSet::new();
    // Each side is missed with a chance of 2^-60.
    for _ in 0..60 {
        let start = StartExecution {
            state_machine_arn: ALIAS.into(),
            ..StartExecution::default()
        };
        let arn = f.states.start(start).await.unwrap().execution_arn;
        f.states.wait(&arn).await.unwrap();
        let described = f
            .ok("DescribeExecution", json!({ "executionArn": arn }))
            .await;
        assert_eq!(described["stateMachineAliasArn"], ALIAS);
        let version = described["stateMachineVersionArn"].as_str().unwrap();
        let output = described["output"].as_str().unwrap();
        assert_eq!(version, format!("{MACHINE}:{output}"));
        seen_payloads.insert(output.to_owned());
    }
    assert_eq!(seen_payloads.into_iter().collect::<Vec<_>>(), ["1", "2"]);
    let listed = f
        .ok(
            "ListExecutions",
            json!({ "stateMachineArn": ALIAS, "maxResults": 100 }),
        )
        .await;
    assert_eq!(listed["executions"].as_array().unwrap().len(), 60);
}
