//! Endpoints from CreateEndpoint to DeleteEndpoint.

use super::*;

/// A model, a configuration and the server's behaviour, all by the name of the behaviour.
async fn prepare(stack: &Stack, behaviour: &str) {
    let key = format!("{behaviour}.tar.gz");
    stack.put(&key, artifact(behaviour)).await;
    let container = json!({ "Image": behaviour, "ModelDataUrl": format!("s3://b/{key}") });
    let model = json!({ "ModelName": behaviour, "PrimaryContainer": container });
    stack.ok("CreateModel", model).await;
    let variant = json!({ "VariantName": "v", "ModelName": behaviour, "InitialInstanceCount": 1 });
    let config = json!({ "EndpointConfigName": behaviour, "ProductionVariants": [variant] });
    stack.ok("CreateEndpointConfig", config).await;
}

fn asks(config: &str) -> Value {
    json!({ "EndpointName": "e", "EndpointConfigName": config })
}

async fn describe(stack: &Stack) -> Value {
    stack
        .ok("DescribeEndpoint", json!({ "EndpointName": "e" }))
        .await
}

/// Waits until the endpoint is neither Creating nor Updating.
async fn rests(stack: &Stack) -> Value {
    until("the endpoint comes to rest", || async {
        let status = describe(stack).await["EndpointStatus"].clone();
        status == "InService" || status == "Failed"
    })
    .await;
    describe(stack).await
}

async fn serving(behaviour: &str) -> Stack {
    let stack = Stack::empty();
    prepare(&stack, behaviour).await;
    stack.ok("CreateEndpoint", asks(behaviour)).await;
    let status = rests(&stack).await["EndpointStatus"].clone();
    assert_eq!(status, "InService");
    stack
}

#[tokio::test]
async fn an_endpoint_is_created_and_outlives_its_model_and_configuration() {
    let stack = serving("one").await;
    let taken = stack.refused("CreateEndpoint", asks("one")).await.1;
    let arn = "arn:aws:sagemaker:us-east-1:123456789012:endpoint/e";
    assert_eq!(
        taken,
        format!("Cannot create already existing endpoint \"{arn}\".")
    );
    stack
        .ok(
            "DeleteEndpointConfig",
            json!({ "EndpointConfigName": "one" }),
        )
        .await;
    stack.ok("DeleteModel", json!({ "ModelName": "one" })).await;
    let stack = stack.restart_with(config(vec![])).await;
    assert_eq!(stack.invoke("a/b").await, (200, r#"["one", 5]"#.into()));
    assert_eq!(describe(&stack).await["EndpointConfigName"], "one");
}

#[tokio::test]
async fn an_endpoint_that_can_t_serve_is_failed() {
    let stack = Stack::empty();
    prepare(&stack, "exit").await;
    stack.ok("CreateEndpoint", asks("exit")).await;
    let failed = rests(&stack).await;
    assert_eq!(failed["EndpointStatus"], "Failed");
    let reason = failed["FailureReason"].as_str().unwrap();
    let begin =
        "The primary container for production variant v did not pass the ping health check.";
    assert!(reason.starts_with(begin), "{reason}");
    stack
        .ok("DeleteEndpoint", json!({ "EndpointName": "e" }))
        .await;
    let missing = stack.refused("CreateEndpoint", asks("gone")).await.1;
    let arn = "arn:aws:sagemaker:us-east-1:123456789012:endpoint-config/gone";
    assert_eq!(
        missing,
        format!("Could not find endpoint configuration \"{arn}\".")
    );
}

#[tokio::test]
async fn an_update_that_fails_leaves_the_old_configuration_in_service() {
    let stack = serving("one").await;
    prepare(&stack, "exit").await;
    stack.ok("UpdateEndpoint", asks("exit")).await;
    let after = rests(&stack).await;
    assert_eq!(
        (&after["EndpointStatus"], &after["EndpointConfigName"]),
        (&json!("InService"), &json!("one"))
    );
    assert!(
        after["FailureReason"]
            .as_str()
            .unwrap()
            .contains("no operator Frobnicate"),
        "{after}"
    );
    assert_eq!(stack.invoke("a/b").await, (200, r#"["one", 5]"#.into()));
    prepare(&stack, "two").await;
    stack.ok("UpdateEndpoint", asks("two")).await;
    let after = rests(&stack).await;
    assert_eq!(
        (&after["EndpointConfigName"], after.get("FailureReason")),
        (&json!("two"), None)
    );
    assert_eq!(stack.invoke("a/b").await, (200, r#"["two", 5]"#.into()));
}

#[tokio::test]
async fn an_update_under_load_fails_no_request() {
    let stack = serving("one").await;
    prepare(&stack, "two").await;
    let service = stack.service.clone();
    let client = tokio::spawn(async move {
        let mut answers = vec![];
        while !answers
            .last()
            .is_some_and(|last: &String| last.contains("two"))
        {
            let answer = service.handle(invocation("e", "a/b", "")).await;
            assert_eq!(answer.status(), StatusCode::OK);
            answers.push(text(answer).await);
        }
        answers
    });
    stack.ok("UpdateEndpoint", asks("two")).await;
    let busy = stack.control("UpdateEndpoint", asks("one")).await;
    if busy.0 == 400 {
        let arn = "arn:aws:sagemaker:us-east-1:123456789012:endpoint/e";
        assert_eq!(
            busy.1["message"],
            format!("Cannot update in-progress endpoint \"{arn}\".")
        );
    }
    let answers = client.await.unwrap();
    assert!(
        answers
            .iter()
            .all(|answer| answer.contains("one") || answer.contains("two"))
    );
}

#[tokio::test]
async fn while_a_configuration_is_on_its_way_the_old_one_is_shown() {
    let stack = serving("one").await;
    prepare(&stack, "sick").await;
    stack.ok("UpdateEndpoint", asks("sick")).await;
    let during = describe(&stack).await;
    assert_eq!(
        (&during["EndpointStatus"], &during["EndpointConfigName"]),
        (&json!("Updating"), &json!("one"))
    );
    assert_eq!(
        during["PendingDeploymentSummary"]["EndpointConfigName"],
        "sick"
    );
    let arn = "arn:aws:sagemaker:us-east-1:123456789012:endpoint/e";
    let busy = stack
        .refused("DeleteEndpoint", json!({ "EndpointName": "e" }))
        .await
        .1;
    assert_eq!(
        busy,
        format!("Cannot update in-progress endpoint \"{arn}\".")
    );
    // A restart goes on with it, and the old one serves meanwhile.
    let mut config = config(vec![]);
    config.start_timeout = Duration::from_millis(500);
    let stack = stack.restart_with(config).await;
    assert_eq!(stack.invoke("a/b").await, (200, r#"["one", 5]"#.into()));
    let after = rests(&stack).await;
    assert_eq!(
        (&after["EndpointStatus"], &after["EndpointConfigName"]),
        (&json!("InService"), &json!("one"))
    );
    assert!(
        after["FailureReason"]
            .as_str()
            .unwrap()
            .contains("did not answer /ping"),
        "{after}"
    );
}

#[tokio::test]
async fn weights_are_changed_and_retained() {
    let stack = Stack::empty();
    prepare(&stack, "one").await;
    prepare(&stack, "two").await;
    let variant = |name: &str, model: &str| json!({ "VariantName": name, "ModelName": model, "InitialInstanceCount": 1 });
    for name in ["both", "again"] {
        let config = json!({
            "EndpointConfigName": name, "ProductionVariants": [variant("a", "one"), variant("b", "two")],
        });
        stack.ok("CreateEndpointConfig", config).await;
    }
    stack.ok("CreateEndpoint", asks("both")).await;
    rests(&stack).await;
    let answers = async || {
        let mut answers = String::new();
        for _ in 0..4 {
            answers += &stack.invoke("a/b").await.1[2..3];
        }
        answers
    };
    assert_eq!(answers().await, "otot");
    let weight =
        |variant: &str, weight: f64| json!({ "VariantName": variant, "DesiredWeight": weight });
    let shares = json!({ "EndpointName": "e", "DesiredWeightsAndCapacities": [weight("a", 0.0)] });
    stack.ok("UpdateEndpointWeightsAndCapacities", shares).await;
    assert_eq!(answers().await, "tttt");
    let mut update = asks("again");
    update["RetainAllVariantProperties"] = true.into();
    stack.ok("UpdateEndpoint", update).await;
    let kept = rests(&stack).await;
    assert_eq!(kept["ProductionVariants"][0]["CurrentWeight"], 0.0);
    assert_eq!(answers().await, "tttt");
    let shares = json!({ "EndpointName": "e", "DesiredWeightsAndCapacities": [weight("c", 1.0)] });
    let refused = stack
        .refused("UpdateEndpointWeightsAndCapacities", shares)
        .await
        .1;
    let text =
        "The variant name(s) \"c\" is/are not present within endpoint configuration \"again\".";
    assert_eq!(refused, text);
}

#[tokio::test]
async fn a_deleted_endpoint_answers_what_it_was_asked_before() {
    let stack = serving("one").await;
    let service = stack.service.clone();
    let slow = tokio::spawn(async move { service.handle(invocation("e", "test/wait", "")).await });
    let models = stack.folder.path().join("endpoints/e/models");
    let model = std::fs::read_dir(&models)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    until("the model has a request", || async {
        model.join("waiting").exists()
    })
    .await;
    stack
        .ok("DeleteEndpoint", json!({ "EndpointName": "e" }))
        .await;
    assert_eq!(describe(&stack).await["EndpointStatus"], "Deleting");
    assert!(!slow.is_finished());
    std::fs::write(model.join("go"), "").unwrap();
    let answer = slow.await.unwrap();
    assert_eq!(
        (answer.status(), text(answer).await.as_str()),
        (StatusCode::OK, "\"one\"")
    );
    until("the endpoint is gone", || async {
        stack
            .control("DescribeEndpoint", json!({ "EndpointName": "e" }))
            .await
            .0
            == 400
    })
    .await;
    assert!(!models.exists());
    stack.ok("CreateEndpoint", asks("one")).await;
    assert_eq!(rests(&stack).await["EndpointStatus"], "InService");
}

#[tokio::test]
async fn the_templates_endpoint_can_be_updated_and_keeps_that_over_a_restart() {
    let stack = Stack::serving("zero").await;
    prepare(&stack, "two").await;
    stack.ok("UpdateEndpoint", asks("two")).await;
    assert_eq!(rests(&stack).await["EndpointConfigName"], "two");
    let stack = stack.restart().await;
    assert_eq!(stack.invoke("a/b").await, (200, r#"["two", 5]"#.into()));
    let mut other = endpoint();
    other.config_name = "NewConfig".into();
    let stack = stack.restart_with(config(vec![other])).await;
    until("the template's new configuration serves", || async {
        describe(&stack).await["EndpointConfigName"] == "NewConfig"
    })
    .await;
    assert_eq!(stack.invoke("a/b").await, (200, r#"["zero", 5]"#.into()));
}
