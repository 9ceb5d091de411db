//! Transform jobs with real model servers.

use super::*;

fn job(name: &str, change: impl FnOnce(&mut Value)) -> Value {
    let source = json!({ "S3DataType": "S3Prefix", "S3Uri": "s3://b/in/" });
    let mut request = json!({
        "TransformJobName": name,
        "ModelName": "m",
        "TransformInput": { "DataSource": { "S3DataSource": source }, "ContentType": "image/png" },
        "TransformOutput": { "S3OutputPath": "s3://b/out" },
        "TransformResources": { "InstanceType": "ml.m5.large", "InstanceCount": 1 },
        "MaxConcurrentTransforms": 2,
    });
    change(&mut request);
    request
}

/// A stack with the model `m` and three objects.
async fn stack() -> Stack {
    let stack = Stack::empty();
    stack.put("m.tar.gz", artifact("one")).await;
    let container = json!({
        "Image": "i",
        "ModelDataUrl": "s3://b/m.tar.gz",
        "Environment": { "SETTING": "from the model" },
    });
    let model = json!({ "ModelName": "m", "PrimaryContainer": container });
    stack.ok("CreateModel", model).await;
    for (key, body) in [("in/a", "1"), ("in/b/c", "22"), ("in/d", "333")] {
        stack.put(key, body.into()).await;
    }
    stack
}

async fn run(stack: &Stack, request: Value) -> Value {
    stack.ok("CreateTransformJob", request.clone()).await;
    let name = request["TransformJobName"].as_str().unwrap();
    stack
        .service
        .0
        .job_ended(Kind::TransformJob, name)
        .await
        .unwrap();
    let described = json!({ "TransformJobName": name });
    stack.ok("DescribeTransformJob", described).await
}

fn outputs(stack: &Stack) -> Vec<(String, String)> {
    let objects = stack.objects.0.lock().unwrap();
    let outputs = objects.iter().filter(|(key, _)| key.starts_with("b/out/"));
    let outputs =
        outputs.map(|(key, body)| (key.clone(), String::from_utf8(body.to_vec()).unwrap()));
    outputs.collect()
}

fn output(name: &str, body: &str) -> (String, String) {
    (format!("b/out/{name}.out"), body.to_owned())
}

#[tokio::test]
async fn every_object_has_its_answer() {
    let stack = stack().await;
    let done = run(&stack, job("j", |_| ())).await;
    assert_eq!(done["TransformJobStatus"], "Completed", "{done}");
    let expected = [
        output("a", r#"["one", 1]"#),
        output("b/c", r#"["one", 2]"#),
        output("d", r#"["one", 3]"#),
    ];
    assert_eq!(outputs(&stack), expected);
    assert_eq!(done["TransformInput"]["SplitType"], "None");
    assert_eq!(done["TransformOutput"]["AssembleWith"], "None");
    assert!(done["TransformEndTime"].as_f64() >= done["TransformStartTime"].as_f64());
    assert!(!stack.folder.path().join("transform-jobs/j").exists());
}

/// CreateTransformJob's TransformOutput: "To add a newline character at the end of every
/// transformed record, specify Line."
#[tokio::test]
async fn assembling_by_line_ends_each_answer_with_a_newline() {
    let stack = stack().await;
    let request = job("j", |request| {
        request["TransformInput"]["DataSource"]["S3DataSource"]["S3Uri"] = "s3://b/in/a".into();
        request["TransformOutput"]["Accept"] = "application/jsonlines".into();
        request["TransformOutput"]["AssembleWith"] = "Line".into();
    });
    let done = run(&stack, request).await;
    assert_eq!(done["TransformJobStatus"], "Completed", "{done}");
    assert_eq!(outputs(&stack), [output("a", "[\"one\", 1]\n")]);
}

#[tokio::test]
async fn a_job_has_an_environment_of_its_own() {
    let stack = stack().await;
    let request = job("j", |request| {
        request["TransformInput"]["ContentType"] = "test/environment".into();
        request["TransformInput"]["DataSource"]["S3DataSource"]["S3Uri"] = "s3://b/in/a".into();
        request["Environment"] = json!({ "SETTING": "from the job" });
    });
    run(&stack, request).await;
    assert_eq!(outputs(&stack), [output("a", "from the job")]);
}

#[tokio::test]
async fn an_object_that_fails_fails_the_job() {
    let stack = stack().await;
    let check = async |name: &str, change: fn(&mut Value), expected: &str| {
        let failed = run(&stack, job(name, change)).await;
        assert_eq!(failed["TransformJobStatus"], "Failed", "{failed}");
        assert_eq!(failed["FailureReason"], expected);
    };
    let refused = "ClientError: See job logs for more information: 400 Bad Request: not an image \
                   (s3://b/in/a)";
    check(
        "refused",
        |request| {
            request["TransformInput"]["ContentType"] = "test/refuse".into();
            request["MaxConcurrentTransforms"] = 1.into();
        },
        refused,
    )
    .await;
    check(
        "failed",
        |request| {
            request["TransformInput"]["ContentType"] = "test/fail".into();
            request["MaxConcurrentTransforms"] = 1.into();
            request["ModelClientConfig"] = json!({ "InvocationsMaxRetries": 1 });
        },
        "AlgorithmError: See job logs for more information: 500 Internal Server Error: out of \
         ideas (s3://b/in/a)",
    )
    .await;
    stack.put("big/x", vec![0; (1 << 20) + 1].into()).await;
    check(
        "big",
        |request| {
            request["TransformInput"]["DataSource"]["S3DataSource"]["S3Uri"] = "s3://b/big".into();
            request["MaxPayloadInMB"] = 1.into();
        },
        "ClientError: Too much data for max payload size (s3://b/big/x is larger than \
         MaxPayloadInMB=1)",
    )
    .await;
    stack.put("m.tar.gz", artifact("exit")).await;
    check(
        "ping",
        |_| (),
        "AlgorithmError: Model container failed to respond to ping. Please ensure /ping endpoint \
         is implemented and responds with an HTTP 200 status code (the model server ended at its \
         start (exit status: 3): no operator Frobnicate)",
    )
    .await;
    assert_eq!(outputs(&stack), []);
}

#[tokio::test]
async fn a_job_can_be_stopped_and_a_restart_runs_it_again() {
    let stack = stack().await;
    let request = job("j", |request| {
        request["TransformInput"]["ContentType"] = "test/wait".into();
    });
    stack.ok("CreateTransformJob", request.clone()).await;
    let waiting = stack.folder.path().join("transform-jobs/j/model/waiting");
    until("the model has a request", || async { waiting.exists() }).await;
    let stack = stack.restart_with(config(vec![])).await;
    until("the model has a request again", || async {
        waiting.exists()
    })
    .await;
    let named = json!({ "TransformJobName": "j" });
    stack.ok("StopTransformJob", named.clone()).await;
    stack
        .service
        .0
        .job_ended(Kind::TransformJob, "j")
        .await
        .unwrap();
    let stopped = stack.ok("DescribeTransformJob", named.clone()).await;
    assert_eq!(stopped["TransformJobStatus"], "Stopped");
    let refused = stack.refused("StopTransformJob", named).await.1;
    assert_eq!(
        refused,
        "The request was rejected because the transform job is in status Stopped."
    );
    let (name, text) = stack.refused("CreateTransformJob", request).await;
    assert_eq!(name, "ResourceInUse");
    assert!(
        text.starts_with("Job name must be unique within an AWS account and region"),
        "{text}"
    );
    let listed = stack
        .ok("ListTransformJobs", json!({ "StatusEquals": "Stopped" }))
        .await;
    assert_eq!(listed["TransformJobSummaries"][0]["TransformJobName"], "j");
}
