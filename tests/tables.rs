//! A pipeline model of tables: fitted, transformed, trained and served as the house price notebook
//! does it.

use aws_sdk_sagemakerruntime::primitives::Blob;
use serde_json::{Value, json};

use crate::support::clients::{BUCKET, Clients};
use crate::support::{Options, Stack};

const IMAGE: &str = "123456789012.dkr.ecr.us-east-1.amazonaws.com/scones-tabular:latest";
const ROLE: &str = "arn:aws:iam::123456789012:role/SageMakerRole";
const TABLE: &str = include_str!("../tables/data/house-prices.csv");
/// Rows to train on.
const ROWS: usize = 600;

/// Trains and returns the URI of the artifact.
async fn train(clients: &Clients, name: &str, hyperparameters: Value) -> String {
    let job = json!({
        "TrainingJobName": name,
        "AlgorithmSpecification": { "TrainingImage": IMAGE, "TrainingInputMode": "File" },
        "RoleArn": ROLE,
        "HyperParameters": hyperparameters,
        "InputDataConfig": [{
            "ChannelName": "train",
            "ContentType": "text/csv",
            "DataSource": { "S3DataSource": {
                "S3DataType": "S3Prefix", "S3Uri": format!("s3://{BUCKET}/{name}/"),
            }},
        }],
        "OutputDataConfig": { "S3OutputPath": format!("s3://{BUCKET}/artifacts") },
        "ResourceConfig": {
            "InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5,
        },
        "StoppingCondition": { "MaxRuntimeInSeconds": 600 },
    });
    clients.sagemaker("CreateTrainingJob", &job).await;
    let ended = wait(clients, "TrainingJob", name).await;
    let artifact = &ended["ModelArtifacts"]["S3ModelArtifacts"];
    artifact.as_str().unwrap().to_owned()
}

/// Waits for a job to complete.
async fn wait(clients: &Clients, kind: &str, name: &str) -> Value {
    let mut described = Value::Null;
    clients
        .until("the job is over", async || {
            let body = json!({ format!("{kind}Name"): name });
            described = clients.sagemaker(&format!("Describe{kind}"), &body).await;
            let status = &described[format!("{kind}Status")];
            assert_ne!(status, "Failed", "{described}");
            status == "Completed"
        })
        .await;
    described
}

async fn create_model(clients: &Clients, name: &str, artifacts: &[&str]) {
    let containers = artifacts.iter();
    let containers = containers.map(|url| json!({ "Image": IMAGE, "ModelDataUrl": url }));
    let containers: Vec<Value> = containers.collect();
    let model = json!({ "ModelName": name, "ExecutionRoleArn": ROLE, "Containers": containers });
    clients.sagemaker("CreateModel", &model).await;
}

#[tokio::test]
async fn a_pipeline_of_two_containers_is_trained_and_asked() {
    let dir = tempfile::tempdir().unwrap();
    let stack = Stack::on(dir.path(), &Options::default());
    let clients = Clients::of(&stack).await;
    let lines: Vec<&str> = TABLE.lines().collect();
    let (header, train_rows) = (lines[0], &lines[1..=ROWS]);
    let table = [&[header][..], train_rows].concat().join("\n");
    clients.put("fit/train.csv", table).await;

    let fitted =
        json!({ "mode": "preprocessing", "target": "SalePrice", "recipe": "house-prices" });
    let preprocessing = train(&clients, "fit", fitted).await;
    create_model(&clients, "preprocessing", &[&preprocessing]).await;
    let transform = json!({
        "TransformJobName": "transform",
        "ModelName": "preprocessing",
        "TransformInput": { "ContentType": "text/csv", "DataSource": { "S3DataSource": {
            "S3DataType": "S3Prefix", "S3Uri": format!("s3://{BUCKET}/fit/"),
        }}},
        "TransformOutput": {
            "S3OutputPath": format!("s3://{BUCKET}/transformed"),
            "Accept": "text/csv",
            "AssembleWith": "Line",
        },
        "TransformResources": { "InstanceType": "ml.m5.large", "InstanceCount": 1 },
    });
    clients.sagemaker("CreateTransformJob", &transform).await;
    wait(&clients, "TransformJob", "transform").await;

    // The label first and no header, as XGBoost's container reads it.
    let transformed = clients.get("transformed/train.csv.out").await;
    let transformed = String::from_utf8(transformed).unwrap();
    let price = header
        .split(',')
        .position(|name| name == "SalePrice")
        .unwrap();
    let labeled = transformed
        .lines()
        .zip(train_rows)
        .map(|(features, row)| format!("{},{features}", row.split(',').nth(price).unwrap()));
    let labeled: Vec<String> = labeled.collect();
    assert_eq!(labeled.len(), ROWS);
    clients.put("boost/train.csv", labeled.join("\n")).await;
    let boosted = json!({
        "mode": "trees", "objective": "reg:squarederror", "num_round": "50", "eta": ".1",
        "max_depth": "5", "seed": "42",
    });
    let trees = train(&clients, "boost", boosted).await;

    create_model(&clients, "pipeline", &[&preprocessing, &trees]).await;
    let variant = json!({
        "VariantName": "AllTraffic", "ModelName": "pipeline", "InstanceType": "ml.m5.large",
        "InitialInstanceCount": 1,
    });
    let config = json!({ "EndpointConfigName": "houses", "ProductionVariants": [variant] });
    clients.sagemaker("CreateEndpointConfig", &config).await;
    let endpoint = json!({ "EndpointName": "houses", "EndpointConfigName": "houses" });
    clients.sagemaker("CreateEndpoint", &endpoint).await;

    let asked = lines[ROWS + 1];
    let response = clients.runtime.invoke_endpoint().endpoint_name("houses");
    let response = response
        .content_type("text/csv")
        .accept("application/json")
        .body(Blob::new(format!("{header}\n{asked}")))
        .send()
        .await
        .unwrap();
    let response: Value = serde_json::from_slice(response.body.unwrap().as_ref()).unwrap();
    let score = response["predictions"][0]["score"].as_f64().unwrap();
    let sold: f64 = asked.split(',').nth(price).unwrap().parse().unwrap();
    assert!((score / sold).ln().abs() < 0.4, "{score} for {sold}");

    let unknown = json!({ "OverallQual": 7 }).to_string();
    let refused = clients.runtime.invoke_endpoint().endpoint_name("houses");
    let refused = refused
        .content_type("application/json")
        .body(Blob::new(unknown))
        .send()
        .await
        .unwrap_err();
    let text = format!("{:?}", refused.into_service_error());
    assert!(
        text.contains("client error (400) from container-1"),
        "{text}"
    );
}
