//! InvokeEndpoint, DescribeEndpoint and ListEndpoints over the wire.

use super::*;

#[tokio::test]
async fn an_invocation_reaches_the_model_and_comes_back() {
    let stack = Stack::serving("one").await;
    let mut request = invocation("e", "application/x-image", "12345");
    let headers = request.headers_mut();
    headers.insert(
        "x-amzn-sagemaker-custom-attributes",
        "mine".parse().unwrap(),
    );
    let answer = stack.request(request).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let headers = answer.headers().clone();
    assert_eq!(headers["content-type"], "application/json");
    assert_eq!(headers["x-amzn-invoked-production-variant"], "main");
    assert_eq!(
        headers["x-amzn-sagemaker-custom-attributes"],
        "from the model"
    );
    assert!(!headers.contains_key("x-internal"));
    assert_eq!(text(answer).await, r#"["one", 5]"#);
    let environment = stack.invoke("test/environment").await;
    assert_eq!(environment, (200, "from the model".into()));
}

#[tokio::test]
async fn only_the_apis_headers_reach_the_model() {
    let stack = Stack::serving("one").await;
    let mut request = invocation("e", "test/headers", "");
    for name in [
        "accept",
        "authorization",
        "x-amzn-sagemaker-inference-id",
        "x-forwarded-for",
    ] {
        request.headers_mut().insert(name, "x".parse().unwrap());
    }
    let answer: Vec<String> =
        serde_json::from_str(&text(stack.request(request).await).await).unwrap();
    for (name, expected) in [
        ("content-type", true),
        ("accept", true),
        ("x-amzn-sagemaker-inference-id", true),
        ("authorization", false),
        ("x-forwarded-for", false),
    ] {
        assert_eq!(answer.iter().any(|own| own == name), expected, "{name}");
    }
}

/// The status, the error's name and the body of an answer.
async fn error(stack: &Stack, request: Request<Body>) -> (u16, String, Value) {
    let answer = stack.request(request).await;
    let status = answer.status().as_u16();
    let name = answer.headers()["x-amzn-errortype"]
        .to_str()
        .unwrap()
        .to_owned();
    (
        status,
        name,
        serde_json::from_str(&text(answer).await).unwrap(),
    )
}

#[tokio::test]
async fn errors_are_sagemakers() {
    let stack = Stack::serving("one").await;
    let check = async |request, status: u16, name: &str, message: &str| {
        let (found, own, body) = error(&stack, request).await;
        assert_eq!((found, own.as_str()), (status, name));
        assert_eq!(body["Message"], message);
        body
    };
    check(
        invocation("other", "a/b", ""),
        400,
        "ValidationError",
        "Endpoint other of account 123456789012 not found.",
    )
    .await;
    let mut targeted = invocation("e", "a/b", "");
    let headers = targeted.headers_mut();
    headers.insert("x-amzn-sagemaker-target-variant", "second".parse().unwrap());
    check(
        targeted,
        400,
        "ValidationError",
        "Variant second not found for Request: the variants of e are main",
    )
    .await;
    check(
        invocation("e", "a/b", vec![0; 6_291_457]),
        400,
        "ValidationError",
        "1 validation error detected: Value at 'body' failed to satisfy constraint: Member must \
         have length less than or equal to 6291456",
    )
    .await;
    let see = "See \
               https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1#logEventViewer:group=/aws/sagemaker/Endpoints/e \
               in account 123456789012 for more information.";
    let refused = check(
        invocation("e", "test/refuse", ""),
        424,
        "ModelError",
        &format!("Received client error (400) from primary with message \"not an image\". {see}"),
    )
    .await;
    let expected = json!({
        "Message": refused["Message"],
        "ErrorCode": "CLIENT_ERROR_FROM_MODEL",
        "LogStreamArn": "arn:aws:logs:us-east-1:123456789012:log-group:/aws/sagemaker/Endpoints/e",
        "OriginalStatusCode": 400,
        "OriginalMessage": "not an image",
    });
    assert_eq!(refused, expected);
    let failed = check(
        invocation("e", "test/fail", ""),
        424,
        "ModelError",
        &format!("Received server error (500) from primary with message \"out of ideas\". {see}"),
    )
    .await;
    assert_eq!(failed["ErrorCode"], "INTERNAL_FAILURE_FROM_MODEL");
}

#[tokio::test]
async fn variants_share_the_traffic_and_can_be_asked_for() {
    let mut endpoint = endpoint();
    endpoint.variants = vec![variant("main", 3.0), variant("trial", 1.0)];
    let stack = Stack::open(endpoint);
    stack.put("main.tar.gz", artifact("one")).await;
    stack.put("trial.tar.gz", artifact("two")).await;
    stack.service.deploy("e").await.unwrap();
    let mut answers = vec![];
    for _ in 0..8 {
        answers.push(stack.invoke("a/b").await.1);
    }
    let of_trial = answers
        .iter()
        .filter(|answer| answer.contains("two"))
        .count();
    assert_eq!((answers.len(), of_trial), (8, 2));
    let mut request = invocation("e", "a/b", "");
    let headers = request.headers_mut();
    headers.insert("x-amzn-sagemaker-target-variant", "trial".parse().unwrap());
    let answer = stack.request(request).await;
    assert_eq!(
        answer.headers()["x-amzn-invoked-production-variant"],
        "trial"
    );
    assert_eq!(text(answer).await, r#"["two", 0]"#);
}

#[tokio::test]
async fn an_endpoint_is_described() {
    let stack = Stack::serving("one").await;
    let (status, mut answer) = stack
        .control("DescribeEndpoint", json!({"EndpointName": "e"}))
        .await;
    assert_eq!(status, 200);
    let created = answer["CreationTime"].as_f64().unwrap();
    let modified = answer["LastModifiedTime"].as_f64().unwrap();
    assert!(
        created > 1.7e9 && modified >= created,
        "{created} {modified}"
    );
    for key in ["CreationTime", "LastModifiedTime"] {
        answer[key] = Value::Null;
    }
    answer["ProductionVariants"][0]["DeployedImages"][0]["ResolutionTime"] = Value::Null;
    let expected = json!({
        "EndpointName": "e",
        "EndpointArn": "arn:aws:sagemaker:us-east-1:123456789012:endpoint/e",
        "EndpointConfigName": "Config",
        "EndpointStatus": "InService",
        "CreationTime": null,
        "LastModifiedTime": null,
        "ProductionVariants": [{
            "VariantName": "main",
            "DeployedImages": [{
                "SpecifiedImage": "scones-model:latest",
                "ResolvedImage": "scones-model:latest",
                "ResolutionTime": null,
            }],
            "CurrentWeight": 1.0,
            "DesiredWeight": 1.0,
            "CurrentInstanceCount": 1,
            "DesiredInstanceCount": 1,
        }],
        "DataCaptureConfig": {
            "EnableCapture": true,
            "CaptureStatus": "Started",
            "CurrentSamplingPercentage": 100,
            "DestinationS3Uri": "s3://b/captured",
            "KmsKeyId": "",
        },
    });
    assert_eq!(answer, expected);
}

#[tokio::test]
async fn endpoints_are_listed_by_what_is_asked() {
    let stack = Stack::serving("one").await;
    let check = async |request: Value, expected: usize| {
        let (status, answer) = stack.control("ListEndpoints", request.clone()).await;
        assert_eq!(status, 200, "{request}");
        assert_eq!(
            answer["Endpoints"].as_array().unwrap().len(),
            expected,
            "{request}"
        );
    };
    check(json!({}), 1).await;
    check(
        json!({"StatusEquals": "InService", "SortBy": "Name", "SortOrder": "Ascending"}),
        1,
    )
    .await;
    check(json!({"StatusEquals": "Failed"}), 0).await;
    check(json!({"NameContains": "x"}), 0).await;
    check(json!({"CreationTimeAfter": 9e9}), 0).await;
}

#[tokio::test]
async fn operations_fail_as_awss_do() {
    let stack = Stack::open(endpoint());
    let check = async |operation: &str, request: Value, name: &str, message: &str| {
        let (status, answer) = stack.control(operation, request).await;
        assert_eq!((status, answer["__type"].as_str()), (400, Some(name)));
        assert_eq!(answer["message"], message);
    };
    check(
        "DescribeEndpoint",
        json!({"EndpointName": "x"}),
        "ValidationException",
        "Could not find endpoint \"arn:aws:sagemaker:us-east-1:123456789012:endpoint/x\".",
    )
    .await;
    check(
        "DescribeEndpoint",
        json!({}),
        "ValidationException",
        "1 validation error detected: Value null at 'endpointName' failed to satisfy constraint: \
         Member must not be null",
    )
    .await;
    check(
        "ListEndpoints",
        json!({"MaxResults": 101}),
        "ValidationException",
        "1 validation error detected: Value '101' at 'maxResults' failed to satisfy constraint: \
         Member must have value less than or equal to 100",
    )
    .await;
    check(
        "ListEndpoints",
        json!({"NextToken": "1"}),
        "ValidationException",
        "Invalid NextToken",
    )
    .await;
    check(
        "CreateLabelingJob",
        json!({}),
        "UnknownOperationException",
        "SageMaker's CreateLabelingJob is not in the local stack",
    )
    .await;
}
