//! Transform jobs that split, filter and join.

use super::*;

/// A stack with the model `m` that behaves so, and the object `in/x`.
async fn stack(models: &[&str], input: impl Into<Bytes>) -> Stack {
    let stack = Stack::empty();
    let mut containers = vec![];
    for model in models {
        let key = format!("{model}.tar.gz");
        stack.put(&key, artifact(model)).await;
        containers.push(json!({ "Image": "i", "ModelDataUrl": format!("s3://b/{key}") }));
    }
    let model = json!({ "ModelName": "m", "Containers": containers });
    stack.ok("CreateModel", model).await;
    stack.put("in/x", input.into()).await;
    stack
}

/// Runs a job over `in/`, with members in their structures. Its description and the output of
/// `in/x`.
async fn run(stack: &Stack, input: Value, output: Value, job: Value) -> (Value, String) {
    let mut request = json!({
        "TransformJobName": "j",
        "ModelName": "m",
        "TransformInput": { "DataSource": { "S3DataSource":
            { "S3DataType": "S3Prefix", "S3Uri": "s3://b/in/" } } },
        "TransformOutput": { "S3OutputPath": "s3://b/out" },
        "TransformResources": { "InstanceType": "ml.m5.large", "InstanceCount": 1 },
    });
    let extend = |target: &mut Value, members: Value| {
        target
            .as_object_mut()
            .unwrap()
            .extend(members.as_object().unwrap().clone());
    };
    extend(&mut request["TransformInput"], input);
    extend(&mut request["TransformOutput"], output);
    extend(&mut request, job);
    stack.ok("CreateTransformJob", request).await;
    let job = stack.service.0.job_ended(Kind::TransformJob, "j");
    job.await.unwrap();
    let described = json!({ "TransformJobName": "j" });
    let described = stack.ok("DescribeTransformJob", described).await;
    let output = stack.objects.get("b", "out/x.out").await.unwrap();
    let output = String::from_utf8(output.unwrap_or_default().to_vec()).unwrap();
    (described, output)
}

/// TransformInput.SplitType, CreateTransformJob.BatchStrategy and TransformOutput.AssembleWith.
#[tokio::test]
async fn lines_are_batched_and_assembled_in_order() {
    let check = async |model: &str, job: Value, assemble: &str, expected: &str| {
        let stack = stack(&[model], "a\nbb\nccc").await;
        let input = json!({ "ContentType": "application/x", "SplitType": "Line" });
        let output = json!({ "AssembleWith": assemble });
        let (described, output) = run(&stack, input, output, job).await;
        assert_eq!(described["TransformJobStatus"], "Completed", "{described}");
        assert_eq!(output, expected);
    };
    let single = json!({ "BatchStrategy": "SingleRecord", "MaxConcurrentTransforms": 3 });
    check("one", json!({}), "None", r#"["one", 8]"#).await;
    let each = "[\"one\", 1]\n[\"one\", 2]\n[\"one\", 3]\n";
    check("one", single.clone(), "Line", each).await;
    let glued = r#"["one", 1]["one", 2]["one", 3]"#;
    check("one", single, "None", glued).await;
    // By /execution-parameters.
    let proposed = each.replace("one", "single");
    check("single", json!({}), "Line", &proposed).await;
}

/// A gigabyte does not fit into a test: twelve megabytes are two requests, and lines stay whole.
#[tokio::test]
async fn a_large_object_is_several_requests() {
    let line = [&vec![b'x'; 999][..], b"\n"].concat();
    let stack = stack(&["one"], line.repeat(12_000)).await;
    let input = json!({ "ContentType": "application/x", "SplitType": "Line" });
    let (_, output) = run(&stack, input, json!({ "AssembleWith": "Line" }), json!({})).await;
    assert_eq!(output, "[\"one\", 6291000]\n[\"one\", 5709000]\n");
}

#[tokio::test]
async fn a_record_that_is_larger_than_the_payload_fails_the_job() {
    let stack = stack(&["one"], [&vec![b'x'; 2 << 20][..], b"\ny"].concat()).await;
    stack.put("in/y", "small".into()).await;
    let input = json!({ "ContentType": "application/x", "SplitType": "Line" });
    let (described, output) = run(&stack, input, json!({}), json!({ "MaxPayloadInMB": 1 })).await;
    assert_eq!(
        described["FailureReason"],
        "ClientError: Too much data for max payload size (s3://b/in/x: a record is larger than \
         MaxPayloadInMB=1)"
    );
    assert_eq!(output, "");
    // "The processed files still generate useable results."
    let other = stack.objects.get("b", "out/y.out").await.unwrap();
    assert_eq!(other.unwrap(), r#"["one", 5]"#);
}

/// AWS's guide "Associate Prediction Results with Input Records".
#[tokio::test]
async fn records_are_filtered_and_joined_with_their_responses() {
    let stack = stack(&["lines"], "id1,2,3\nid2,4,5\n").await;
    let input = json!({ "ContentType": "text/csv", "SplitType": "Line" });
    let output = json!({ "Accept": "text/csv", "AssembleWith": "Line" });
    let processing = json!({ "DataProcessing": {
        "InputFilter": "$[1:]", "JoinSource": "Input", "OutputFilter": "$[0,-2,-1]",
    } });
    let (described, output) = run(&stack, input, output, processing).await;
    assert_eq!(described["TransformJobStatus"], "Completed", "{described}");
    assert_eq!(output, "id1,lines(2,3)\nid2,lines(4,5)\n");
}

#[tokio::test]
async fn json_lines_get_the_member_sagemaker_output() {
    let stack = stack(&["lines"], "{\"id\":1}\n{\"id\":22}\n").await;
    let input = json!({ "ContentType": "application/jsonlines", "SplitType": "Line" });
    let output = json!({ "Accept": "application/jsonlines", "AssembleWith": "Line" });
    let processing = json!({ "DataProcessing": { "JoinSource": "Input" } });
    let (_, output) = run(&stack, input, output, processing).await;
    let lines: Vec<Value> = output
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(
        lines,
        [
            json!({ "id": 1, "SageMakerOutput": { "length": 8 } }),
            json!({ "id": 22, "SageMakerOutput": { "length": 9 } })
        ]
    );
}

#[tokio::test]
async fn a_pipeline_transforms_in_sequence() {
    let stack = stack(&["one", "two"], "1,2\n").await;
    let input = json!({ "ContentType": "text/csv" });
    let (_, output) = run(&stack, input, json!({ "AssembleWith": "Line" }), json!({})).await;
    assert_eq!(output, "two(one(1,2))\n");
}
