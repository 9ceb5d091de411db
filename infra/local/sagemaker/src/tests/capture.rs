//! Data capture, from invocations to objects.

use super::*;

fn captured(stack: &Stack) -> Vec<(String, String)> {
    let objects = stack.objects.0.lock().unwrap();
    objects
        .iter()
        .filter(|(key, _)| key.starts_with("b/captured/"))
        .map(|(key, body)| (key.clone(), String::from_utf8(body.to_vec()).unwrap()))
        .collect()
}

#[tokio::test]
async fn a_shutdown_writes_what_was_captured() {
    let stack = Stack::serving("one").await;
    let mut request = invocation("e", "image/png", "one");
    let headers = request.headers_mut();
    headers.insert("x-amzn-sagemaker-inference-id", "mine".parse().unwrap());
    stack.request(request).await;
    stack.invoke("application/json").await;
    stack.invoke("test/refuse").await;
    stack.service.shut_down().await;
    let [(key, lines)] = &captured(&stack)[..] else {
        panic!("one object: {:?}", captured(&stack));
    };
    let parts: Vec<&str> = key.split('/').collect();
    assert_eq!(
        (&parts[..4], parts.len()),
        (&["b", "captured", "e", "main"][..], 9)
    );
    let lines: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 2, "what the model refused is not captured");
    let input = |line: &Value, key: &str| line["captureData"]["endpointInput"][key].clone();
    assert_eq!(input(&lines[0], "data"), "b25l");
    assert_eq!(input(&lines[0], "encoding"), "BASE64");
    assert_eq!(lines[0]["eventMetadata"]["inferenceId"], "mine");
    assert_eq!(input(&lines[1], "data"), "image");
    assert_eq!(input(&lines[1], "encoding"), "JSON");
    assert_eq!(lines[1]["eventMetadata"]["inferenceId"], Value::Null);
    let output = &lines[1]["captureData"]["endpointOutput"];
    assert_eq!(
        (&output["data"], &output["encoding"]),
        (&r#"["one", 5]"#.into(), &"JSON".into())
    );
}

#[tokio::test]
async fn what_a_killed_stack_left_is_written_at_the_next_start() {
    let stack = Stack::serving("one").await;
    stack.service.shut_down().await;
    let captured_to = stack.folder.path().join("endpoints/e/captured");
    let mut places = std::fs::read_dir(captured_to).unwrap();
    let spools = places.next().unwrap().unwrap().path();
    let name = "main@2025@10@04@08@44-11-987-c9d1b1a0.jsonl";
    std::fs::write(spools.join(name), "{\"a\":1}\n{\"a\":2}\n{\"a\":").unwrap();
    let stack = stack.restart().await;
    until("the spool is an object", || async {
        !captured(&stack).is_empty()
    })
    .await;
    let key = "b/captured/e/main/2025/10/04/08/44-11-987-c9d1b1a0.jsonl";
    assert_eq!(
        captured(&stack),
        [(key.into(), "{\"a\":1}\n{\"a\":2}\n".into())]
    );
    until("the spool is gone", || async {
        !spools.join(name).exists()
    })
    .await;
}

#[tokio::test]
async fn without_a_configuration_nothing_is_captured() {
    let mut endpoint = endpoint();
    endpoint.capture = None;
    let stack = Stack::open(endpoint);
    stack.put("main.tar.gz", artifact("one")).await;
    stack.service.deploy("e").await.unwrap();
    stack.invoke("a/b").await;
    stack.service.shut_down().await;
    assert_eq!(captured(&stack), []);
}

#[tokio::test]
async fn a_destination_that_is_no_uri_is_refused() {
    let mut endpoint = endpoint();
    if let Some(capture) = &mut endpoint.capture {
        capture.destination_s3_uri = "captured".into();
    }
    let folder = tempfile::tempdir().unwrap();
    let config = config(vec![endpoint]);
    let objects = Arc::new(Memory::default());
    let error = SageMaker::open(folder.path(), Identity::default(), config, objects).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the template's endpoints: DestinationS3Uri captured is no S3 URI (s3://bucket/prefix)"
    );
}
