//! Models of several containers: inference pipelines and direct invocation.

use super::*;

/// A stack with the endpoint `e` of a model whose containers have these models.
async fn serving(models: &[&str], mode: &str, hostnames: &[&str]) -> Stack {
    let stack = Stack::empty();
    let mut containers = vec![];
    for (index, model) in models.iter().enumerate() {
        let key = format!("{index}.tar.gz");
        stack.put(&key, artifact(model)).await;
        let mut container = json!({ "Image": "i", "ModelDataUrl": format!("s3://b/{key}") });
        if let Some(hostname) = hostnames.get(index) {
            container["ContainerHostname"] = (*hostname).into();
        }
        containers.push(container);
    }
    let model = json!({
        "ModelName": "m", "Containers": containers, "InferenceExecutionConfig": { "Mode": mode },
    });
    stack.ok("CreateModel", model).await;
    serve_model(&stack).await;
    stack
}

/// Creates the endpoint `e` of the model `m`, and waits for it.
pub(super) async fn serve_model(stack: &Stack) {
    let variant = json!({ "VariantName": "v", "ModelName": "m", "InitialInstanceCount": 1,
                          "InstanceType": "ml.m5.large" });
    let capture = json!({
        "EnableCapture": true, "InitialSamplingPercentage": 100,
        "DestinationS3Uri": "s3://b/captured",
        "CaptureOptions": [{ "CaptureMode": "Input" }, { "CaptureMode": "Output" }],
    });
    let config = json!({
        "EndpointConfigName": "c", "ProductionVariants": [variant], "DataCaptureConfig": capture,
    });
    stack.ok("CreateEndpointConfig", config).await;
    let endpoint = json!({ "EndpointName": "e", "EndpointConfigName": "c" });
    stack.ok("CreateEndpoint", endpoint).await;
    stack.service.wait_in_service("e").await.unwrap();
}

fn with_header(kind: &str, body: &str, header: (&'static str, &str)) -> Request<Body> {
    let mut request = invocation("e", kind, body.to_owned());
    request
        .headers_mut()
        .insert(header.0, header.1.parse().unwrap());
    request
}

/// The message of an invocation that must fail, up to the link.
async fn failure(stack: &Stack, request: Request<Body>) -> (u16, String) {
    let response = stack.request(request).await;
    let status = response.status().as_u16();
    let body: Value = serde_json::from_str(&text(response).await).unwrap();
    let message = body["Message"].as_str().unwrap();
    (
        status,
        message.split(" See https").next().unwrap().to_owned(),
    )
}

/// The client's Accept reaches the last container only, and a response's Content-Type with its
/// parameters becomes the next request's (aws/amazon-sagemaker-examples#729, #3235).
#[tokio::test]
async fn a_response_is_the_next_request() {
    let stack = serving(&["one", "two", "three"], "Serial", &[]).await;
    let request = with_header("test/pipeline", "x", ("accept", "a/b"));
    let response = stack.request(request).await;
    assert_eq!(
        response.headers()["content-type"],
        "test/pipeline; from=three"
    );
    assert_eq!(
        text(response).await,
        "three[test/pipeline; from=two|a/b|two[test/pipeline; from=one||one[test/pipeline||x]]]"
    );
    for name in ["container-1", "container-2", "container-3"] {
        let log = format!("endpoints/e/logs/v/{name}.log");
        assert!(stack.folder.path().join(log).exists());
    }
    let described = stack
        .ok("DescribeEndpoint", json!({ "EndpointName": "e" }))
        .await;
    let images = &described["ProductionVariants"][0]["DeployedImages"];
    assert_eq!(images.as_array().unwrap().len(), 3);
}

/// Capture has the first request and the last response.
#[tokio::test]
async fn capture_has_both_ends_of_a_pipeline() {
    let stack = serving(&["one", "two"], "Serial", &[]).await;
    stack
        .request(invocation("e", "test/pipeline", "first"))
        .await;
    stack.service.shut_down().await;
    let objects = stack.objects.0.lock().unwrap();
    let captured = objects
        .iter()
        .find(|(key, _)| key.starts_with("b/captured"));
    let line: Value = serde_json::from_slice(captured.unwrap().1).unwrap();
    let captured = &line["captureData"];
    assert_eq!(
        captured["endpointInput"]["observedContentType"],
        "test/pipeline"
    );
    let output = &captured["endpointOutput"];
    assert_eq!(output["observedContentType"], "test/pipeline; from=two");
}

/// The text is that of AWS's ModelError with the container's name for `primary`; between two
/// containers AWS allows 5 MB. AWS's text for more is not known here.
#[tokio::test]
async fn a_container_that_fails_is_named() {
    let stack = serving(&["one", "refuse"], "Serial", &[]).await;
    assert_eq!(
        failure(&stack, invocation("e", "test/pipeline", "x")).await,
        (
            424,
            "Received client error (415) from container-2 with message \"no such type\".".into()
        )
    );
    assert_eq!(
        failure(&stack, invocation("e", "test/long", "x")).await,
        (
            424,
            "Received server error (0) from container-1 with message \"The response of container-1 \
             is larger than 5 MB, the limit between the containers of an inference pipeline.\"."
                .into()
        )
    );
    stack.put("1.tar.gz", artifact("exit")).await;
    let update = json!({ "EndpointName": "e", "EndpointConfigName": "c" });
    stack.ok("UpdateEndpoint", update).await;
    until("the update has failed", || async {
        let described = stack
            .ok("DescribeEndpoint", json!({ "EndpointName": "e" }))
            .await;
        let reason = described["FailureReason"].as_str().unwrap_or_default();
        reason.starts_with("The container-2 container for production variant v did not pass")
    })
    .await;
}

/// <https://docs.aws.amazon.com/sagemaker/latest/dg/multi-container-direct.html>: the three ways to
/// get a validation error.
#[tokio::test]
async fn direct_invocation_reaches_the_container_that_is_named() {
    const TARGET: &str = "x-amzn-sagemaker-target-container-hostname";
    let stack = serving(&["one", "two"], "Direct", &["first", "second"]).await;
    let response = stack
        .request(with_header("a/b", "xx", (TARGET, "second")))
        .await;
    assert_eq!(text(response).await, r#"["two", 2]"#);
    assert_eq!(
        failure(&stack, with_header("a/b", "", (TARGET, "third"))).await,
        (
            400,
            "TargetContainerHostname third does not exist in the endpoint e: its containers are \
             first, second."
                .into()
        )
    );
    assert_eq!(
        failure(&stack, invocation("e", "a/b", "")).await,
        (
            400,
            "TargetContainerHostname is required: the endpoint e is configured for direct \
             invocation of first, second."
                .into()
        )
    );
    let stack = serving(&["one", "two"], "Serial", &["first", "second"]).await;
    assert_eq!(
        failure(&stack, with_header("a/b", "", (TARGET, "second"))).await,
        (
            400,
            "TargetContainerHostname can't be specified: the endpoint e is not configured for \
             direct invocation."
                .into()
        )
    );
}

/// "Requested image … not found." is AWS's, from aws-samples/easy-amazon-sagemaker-deployments#4;
/// the rest says the way out.
#[tokio::test]
async fn an_image_without_a_program_is_refused() {
    let program = ContainerProgram {
        images: vec!["*one*".into()],
        serve: Arc::new(start),
        train: Arc::new(train),
    };
    let mut config = config(vec![]);
    config.programs = ContainerPrograms::new(vec![program]);
    let stack = Stack::empty().restart_with(config).await;
    let model = |image: &str| json!({ "ModelName": "m", "PrimaryContainer": { "Image": image } });
    let (code, message) = stack.refused("CreateModel", model("busybox")).await;
    assert_eq!(code, "ValidationException");
    assert_eq!(
        message,
        "Requested image busybox not found. (no program of the local stack stands for the image \
         busybox: use an image that matches one of *one*, or map it to a program with --image)"
    );
    stack.ok("CreateModel", model("a/one:1")).await;
}
