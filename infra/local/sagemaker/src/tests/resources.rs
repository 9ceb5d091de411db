//! Models, endpoint configurations and tags.

use super::*;

const MODEL: &str = "arn:aws:sagemaker:us-east-1:123456789012:model/m";

fn model(name: &str) -> Value {
    json!({
        "ModelName": name,
        "PrimaryContainer": { "Image": "i", "ModelDataUrl": "s3://b/m.tar.gz" },
        "ExecutionRoleArn": "arn:aws:iam::123456789012:role/model",
        "Tags": [{ "Key": "k", "Value": "v" }],
    })
}

fn config(name: &str) -> Value {
    json!({
        "EndpointConfigName": name,
        "ProductionVariants": [
            { "VariantName": "v", "ModelName": "m", "InstanceType": "ml.t2.medium", "InitialInstanceCount": 1 },
        ],
    })
}

#[tokio::test]
async fn models_are_created_described_and_deleted() {
    let stack = Stack::empty();
    let missing = stack.refused("CreateModel", model("m")).await;
    let expected = (
        "ValidationException",
        "Could not find model data at s3://b/m.tar.gz.",
    );
    assert_eq!((&*missing.0, &*missing.1), expected);
    stack.put("m.tar.gz", artifact("one")).await;
    let created = stack.ok("CreateModel", model("m")).await;
    assert_eq!(created, json!({ "ModelArn": MODEL }));
    let taken = stack.refused("CreateModel", model("m")).await.1;
    assert_eq!(
        taken,
        format!("Cannot create already existing model \"{MODEL}\".")
    );
    let named = json!({ "ModelName": "m" });
    let mut described = stack.ok("DescribeModel", named.clone()).await;
    assert!(described["CreationTime"].take().as_f64().unwrap() > 1.7e9);
    let expected = json!({
        "ModelName": "m",
        "PrimaryContainer": {
            "Image": "i", "ModelDataUrl": "s3://b/m.tar.gz", "Mode": "SingleModel", "Environment": {},
        },
        "ExecutionRoleArn": "arn:aws:iam::123456789012:role/model",
        "CreationTime": null,
        "ModelArn": MODEL,
        "EnableNetworkIsolation": false,
    });
    assert_eq!(described, expected);
    let listed = stack.ok("ListModels", json!({ "NameContains": "m" })).await;
    assert_eq!(listed["Models"][0]["ModelArn"], MODEL);
    assert_eq!(stack.ok("DeleteModel", named.clone()).await, json!({}));
    let gone = format!("Could not find model \"{MODEL}\".");
    assert_eq!(stack.refused("DescribeModel", named.clone()).await.1, gone);
    assert_eq!(stack.refused("DeleteModel", named).await.1, gone);
}

#[tokio::test]
async fn configurations_name_models_that_exist() {
    let stack = Stack::empty();
    let missing = stack.refused("CreateEndpointConfig", config("c")).await.1;
    assert_eq!(missing, format!("Could not find model \"{MODEL}\"."));
    stack.put("m.tar.gz", artifact("one")).await;
    stack.ok("CreateModel", model("m")).await;
    stack.ok("CreateEndpointConfig", config("c")).await;
    let named = json!({ "EndpointConfigName": "c" });
    let described = stack.ok("DescribeEndpointConfig", named.clone()).await;
    let variant = &described["ProductionVariants"][0];
    assert_eq!(
        (&variant["InitialVariantWeight"], &variant["InstanceType"]),
        (&json!(1.0), &json!("ml.t2.medium"))
    );
    let mut twice = config("d");
    let variant = twice["ProductionVariants"][0].clone();
    twice["ProductionVariants"] = json!([variant, variant]);
    let text = "Duplicate variant name v: the names of production variants must be unique.";
    assert_eq!(stack.refused("CreateEndpointConfig", twice).await.1, text);
    stack.ok("DeleteEndpointConfig", named.clone()).await;
    let gone = stack.refused("DescribeEndpointConfig", named).await.1;
    let arn = "arn:aws:sagemaker:us-east-1:123456789012:endpoint-config/c";
    assert_eq!(
        gone,
        format!("Could not find endpoint configuration \"{arn}\".")
    );
}

#[tokio::test]
async fn what_an_endpoint_cannot_do_is_refused_by_name() {
    let stack = Stack::empty();
    for (member, value, what) in [
        (
            "AsyncInferenceConfig",
            json!({ "OutputConfig": {} }),
            "asynchronous inference",
        ),
        ("ExplainerConfig", json!({}), "explainers"),
        (
            "ShadowProductionVariants",
            config("c")["ProductionVariants"].clone(),
            "shadow variants",
        ),
    ] {
        let mut request = config("c");
        request[member] = value;
        let refused = stack.refused("CreateEndpointConfig", request).await.1;
        assert_eq!(refused, format!("The local stack does not have {what}"));
    }
}

#[tokio::test]
async fn tags_are_kept_with_what_they_are_of() {
    let stack = Stack::empty();
    stack.put("m.tar.gz", artifact("one")).await;
    stack.ok("CreateModel", model("m")).await;
    let tag = |key: &str, value: &str| json!({ "Key": key, "Value": value });
    let add = json!({ "ResourceArn": MODEL, "Tags": [tag("a", "1"), tag("k", "w")] });
    stack.ok("AddTags", add).await;
    let listed = stack.ok("ListTags", json!({ "ResourceArn": MODEL })).await;
    assert_eq!(listed, json!({ "Tags": [tag("a", "1"), tag("k", "w")] }));
    stack
        .ok(
            "DeleteTags",
            json!({ "ResourceArn": MODEL, "TagKeys": ["a"] }),
        )
        .await;
    stack.ok("DeleteModel", json!({ "ModelName": "m" })).await;
    let listed = stack.ok("ListTags", json!({ "ResourceArn": MODEL })).await;
    assert_eq!(listed, json!({ "Tags": [] }));
}

#[tokio::test]
async fn the_templates_resources_can_be_described() {
    let stack = Stack::open(endpoint());
    let model = stack
        .ok("DescribeModel", json!({ "ModelName": "Model-main" }))
        .await;
    assert_eq!(
        model["PrimaryContainer"]["ModelDataUrl"],
        "s3://b/main.tar.gz"
    );
    let config = stack
        .ok(
            "DescribeEndpointConfig",
            json!({ "EndpointConfigName": "Config" }),
        )
        .await;
    assert_eq!(
        config["DataCaptureConfig"]["DestinationS3Uri"],
        "s3://b/captured"
    );
    assert_eq!(
        config["ProductionVariants"][0]["InstanceType"],
        "ml.t2.medium"
    );
}
