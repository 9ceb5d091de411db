//! Containers with the mode MultiModel.

use super::pipeline::serve_model;
use super::*;

fn targeted(model: &str) -> Request<Body> {
    let mut request = invocation("e", "a/b", "x");
    let headers = request.headers_mut();
    headers.insert("x-amzn-sagemaker-target-model", model.parse().unwrap());
    request
}

/// <https://docs.aws.amazon.com/sagemaker/latest/dg/invoke-multi-model-endpoint.html>; the text on
/// model data is as users report it, with `ValidationError: Failed to download model data`.
#[tokio::test]
async fn a_model_is_loaded_with_its_first_request() {
    let stack = Stack::empty();
    let container = json!({ "Image": "i", "Mode": "MultiModel", "ModelDataUrl": "s3://b/models/" });
    let model = json!({ "ModelName": "m", "PrimaryContainer": container });
    stack.ok("CreateModel", model).await;
    serve_model(&stack).await;
    let invoke = async |request| {
        let response = stack.request(request).await;
        (response.status().as_u16(), text(response).await)
    };
    stack.put("models/one.tar.gz", artifact("one")).await;
    stack.put("models/deep/two.tar.gz", artifact("two")).await;
    for _ in 0..2 {
        let expected = (200, r#"["one", 1]"#.to_owned());
        assert_eq!(invoke(targeted("one.tar.gz")).await, expected);
        let expected = (200, r#"["two", 1]"#.to_owned());
        assert_eq!(invoke(targeted("deep/two.tar.gz")).await, expected);
    }
    let (status, body) = invoke(targeted("three.tar.gz")).await;
    assert_eq!(status, 400);
    assert!(
        body.contains("Failed to download model data (bucket: b, key: models/three.tar.gz)."),
        "{body}"
    );
    let (status, body) = invoke(invocation("e", "a/b", "x")).await;
    assert_eq!(status, 400);
    assert!(body.contains("TargetModel is required"), "{body}");
}
