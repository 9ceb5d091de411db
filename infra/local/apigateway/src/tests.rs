//! APIs over a function in the test.

use std::sync::Mutex;

use async_trait::async_trait;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::*;
use service::{Invocation, InvokeError};

/// A function that keeps the event that it got and gives `response`.
struct Function {
    event: Mutex<Value>,
    response: Result<(Value, Option<&'static str>), ()>,
}

#[async_trait]
impl Invoke for Function {
    async fn invoke(&self, function: &str, payload: Bytes) -> Result<Invocation, InvokeError> {
        assert_eq!(function, "arn:look");
        *self.event.lock().unwrap() = serde_json::from_slice(&payload).unwrap();
        let error = InvokeError {
            code: "TooManyRequestsException",
            status: 429,
            message: "Rate Exceeded.".into(),
        };
        let (payload, function_error) = self.response.clone().map_err(|()| error)?;
        Ok(Invocation {
            payload: payload.to_string().into(),
            function_error: function_error.map(str::to_owned),
            ..Invocation::default()
        })
    }

    async fn enqueue(&self, _: &str, _: Bytes) -> Result<(), InvokeError> {
        panic!("API Gateway waits for answers")
    }
}

fn gateway(
    response: Result<(Value, Option<&'static str>), ()>,
    binary: &[&str],
) -> (ApiGateway, Arc<Function>) {
    let function = Arc::new(Function {
        event: Mutex::default(),
        response,
    });
    let api = Api {
        logical_id: "Door".into(),
        stage: "v1".into(),
        routes: vec![Route {
            method: "POST".into(),
            path: "/look".into(),
            function_arn: "arn:look".into(),
        }],
        binary_media_types: binary.iter().map(ToString::to_string).collect(),
    };
    let gateway = ApiGateway::new(vec![api], Identity::default(), function.clone());
    (gateway, function)
}

fn post(uri: &str, content_type: &str, body: &[u8]) -> Request<Body> {
    Request::post(uri)
        .header("host", "127.0.0.1:4566")
        .header("content-type", content_type)
        .header("user-agent", "curl/8.5.0")
        .header("x-twice", "a")
        .header("x-twice", "b")
        .body(Body::from(body.to_vec()))
        .unwrap()
}

/// Status, content type and body.
async fn read(response: Response<Body>) -> (u16, String, String) {
    let status = response.status().as_u16();
    let content_type = response.headers()["content-type"]
        .to_str()
        .unwrap()
        .to_owned();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (
        status,
        content_type,
        String::from_utf8(body.to_vec()).unwrap(),
    )
}

const DOOR: &str = "/_aws/execute-api/Door/v1/look";

fn ok() -> Result<(Value, Option<&'static str>), ()> {
    Ok((json!({"statusCode": 200, "body": "seen"}), None))
}

#[tokio::test]
async fn a_function_gets_the_event_that_aws_documents() {
    let (gateway, function) = gateway(ok(), &["*/*"]);
    let uri = format!("{DOOR}?a=1&b=x+y%2B&a=2");
    let response = gateway.handle(post(&uri, "image/png", b"\x89PNG")).await;
    assert_eq!(
        read(response).await,
        (200, "application/json".into(), "seen".into())
    );
    let mut event = function.event.lock().unwrap().take();
    let mut context = event["requestContext"].take();
    for made_up in [
        "extendedRequestId",
        "requestId",
        "requestTime",
        "requestTimeEpoch",
    ] {
        assert!(!context[made_up].take().is_null(), "{made_up}");
    }
    assert_eq!(
        event,
        json!({
            "resource": "/look", "path": "/look", "httpMethod": "POST",
            "headers": {
                "host": "127.0.0.1:4566", "content-type": "image/png", "user-agent": "curl/8.5.0", "x-twice": "b"
            },
            "multiValueHeaders": {
                "host": ["127.0.0.1:4566"], "content-type": ["image/png"], "user-agent": ["curl/8.5.0"],
                "x-twice": ["a", "b"]
            },
            "queryStringParameters": {"a": "2", "b": "x y+"},
            "multiValueQueryStringParameters": {"a": ["1", "2"], "b": ["x y+"]},
            "pathParameters": null, "stageVariables": null, "requestContext": null,
            "body": BASE64_STANDARD.encode(b"\x89PNG"), "isBase64Encoded": true,
        })
    );
    assert_eq!(
        context,
        json!({
            "accountId": "123456789012", "apiId": "Door", "domainName": "127.0.0.1:4566", "extendedRequestId": null,
            "httpMethod": "POST", "identity": {"sourceIp": "127.0.0.1", "userAgent": "curl/8.5.0"},
            "path": "/v1/look", "protocol": "HTTP/1.1", "requestId": null, "requestTime": null,
            "requestTimeEpoch": null, "resourceId": "look", "resourcePath": "/look", "stage": "v1",
        })
    );
}

#[tokio::test]
async fn a_body_is_text_unless_its_type_is_binary() {
    let check = async |binary: &[&str], content_type: &str, body: &[u8], expected: Value| {
        let (gateway, function) = gateway(ok(), binary);
        gateway.handle(post(DOOR, content_type, body)).await;
        let event = function.event.lock().unwrap();
        let found = json!([event["body"], event["isBase64Encoded"]]);
        assert_eq!(found, expected, "{content_type}");
    };
    check(&[], "text/plain", "ü".as_bytes(), json!(["ü", false])).await;
    check(
        &["image/png"],
        "image/png; q=1",
        b"x",
        json!(["eA==", true]),
    )
    .await;
    check(&["image/png"], "text/plain", b"x", json!(["x", false])).await;
    check(&["*/*"], "text/plain", b"", json!([null, false])).await;
    // AWS would replace what is no text; base64 keeps it.
    check(&[], "image/png", b"\xff", json!(["/w==", true])).await;
}

#[tokio::test]
async fn the_answer_is_the_functions() {
    let response = json!({
        "statusCode": "418",
        "headers": {"Content-Type": "text/plain", "x-a": 1},
        "multiValueHeaders": {"X-B": ["1", "2"]},
        "body": "dGVh", "isBase64Encoded": true
    });
    let (gateway, _) = gateway(Ok((response, None)), &[]);
    let response = gateway.handle(post(DOOR, "text/plain", b"x")).await;
    assert_eq!(response.headers()["x-a"], "1");
    let multiple: Vec<_> = response.headers().get_all("x-b").iter().collect();
    assert_eq!(multiple, ["1", "2"]);
    assert_eq!(
        read(response).await,
        (418, "text/plain".into(), "tea".into())
    );
}

#[tokio::test]
async fn what_is_no_answer_is_an_internal_error() {
    let error = json!({"message": "Internal server error"}).to_string();
    for (response, status) in [
        (Ok((json!("seen"), None)), 502),
        (Ok((json!({"body": "no status"}), None)), 502),
        (Ok((json!({"statusCode": 99}), None)), 502),
        (
            Ok((json!({"statusCode": 200, "headers": {"a b": "c"}}), None)),
            502,
        ),
        (Ok((json!({"statusCode": 200}), Some("Unhandled"))), 502),
        (Err(()), 500),
    ] {
        let (gateway, _) = gateway(response, &[]);
        let (found, _, body) = read(gateway.handle(post(DOOR, "a/b", b"x")).await).await;
        assert_eq!((found, body), (status, error.clone()));
    }
}

#[tokio::test]
async fn a_request_that_nothing_answers_is_told_as_aws_does() {
    let check = async |request: Request<Body>, status: u16, text: &str| {
        let (gateway, _) = gateway(ok(), &["*/*"]);
        let (found, _, body) = read(gateway.handle(request).await).await;
        assert_eq!(
            (found, body),
            (status, json!({ "message": text }).to_string())
        );
    };
    let post = |uri: &str| post(uri, "image/png", b"x");
    check(post("/_aws/execute-api/None/v1/look"), 403, "Forbidden").await;
    check(post("/_aws/execute-api/Door/v2/look"), 403, "Forbidden").await;
    check(post("/_aws/execute-api/Door"), 403, "Forbidden").await;
    let unknown = "Missing Authentication Token";
    check(post("/_aws/execute-api/Door/v1"), 403, unknown).await;
    check(post("/_aws/execute-api/Door/v1/look/on"), 403, unknown).await;
    check(
        Request::get(DOOR).body(Body::empty()).unwrap(),
        403,
        unknown,
    )
    .await;
    let large = vec![0; MAX_BODY + 1];
    let large = Request::post(DOOR).body(Body::from(large)).unwrap();
    check(large, 413, "Request Too Long").await;
    let event_too_large = vec![0; MAX_EVENT / 4 * 3];
    let event_too_large = Request::post(DOOR).body(Body::from(event_too_large));
    check(event_too_large.unwrap(), 413, "Request Too Long").await;
}

#[tokio::test]
async fn an_api_is_also_at_a_host_of_its_own() {
    let request = Request::post("/v1/look")
        .header("host", "door.execute-api.localhost:4566")
        .body(Body::from("x"));
    let (parts, body) = request.unwrap().into_parts();
    assert!(target(&parts).is_some());
    let (gateway, function) = gateway(ok(), &[]);
    let response = gateway.handle(Request::from_parts(parts, body)).await;
    assert_eq!(response.status(), 200);
    assert_eq!(function.event.lock().unwrap()["path"], "/look");
}

#[test]
fn an_address_of_aws_becomes_one_of_the_stack() {
    let (gateway, _) = gateway(ok(), &[]);
    let local = |text: &str| {
        let inner = &gateway.inner;
        localized(text, &inner.apis, &inner.identity, "http://127.0.0.1:4566")
    };
    assert_eq!(
        local("https://Door.execute-api.us-east-1.amazonaws.com/v1/look"),
        "http://127.0.0.1:4566/_aws/execute-api/Door/v1/look"
    );
    assert_eq!(local("s3://bucket"), "s3://bucket");
}
