//! The Lambda API as clients see it: statuses, headers and bodies.

use axum::body::Body;
use base64::prelude::{BASE64_STANDARD, Engine};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use sha2::{Digest, Sha256};

use super::*;

impl Stack {
    async fn request(
        &self,
        line: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> (StatusCode, HeaderMap, Bytes) {
        let (method, path) = line.split_once(' ').expect("METHOD PATH");
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(body.into()).expect("a request");
        let (head, body) = self.lambda.handle(request).await.into_parts();
        let body = body.collect().await.expect("a body").to_bytes();
        (head.status, head.headers, body)
    }

    async fn get(&self, path: &str) -> Value {
        let (status, _, body) = self.request(&format!("GET {path}"), &[], "").await;
        assert_eq!(status, 200, "{body:?}");
        serde_json::from_slice(&body).expect("JSON")
    }
}

const INVOKE: &str = "POST /2015-03-31/functions/f/invocations";

/// Sends a request that is refused, and compares status, type and message.
async fn check(
    line: &str,
    headers: &[(&str, &str)],
    body: &'static str,
    expect: (u16, &str, &str),
) {
    let stack = Setup::new().open();
    let (status, headers, body) = stack.request(line, headers, body).await;
    let body: Value = serde_json::from_slice(&body).expect("JSON");
    let message = body
        .get("message")
        .or(body.get("Message"))
        .expect("a message");
    let kind = headers["x-amzn-errortype"].to_str().expect("text");
    assert_eq!(
        (status.as_u16(), kind, message.as_str().expect("text")),
        expect
    );
    assert_eq!(body["Type"], "User");
}

#[tokio::test]
async fn invoke_answers_with_the_payload_and_its_headers() {
    let stack = Setup::new().open();
    let (status, headers, body) = stack.request(INVOKE, &[], r#"{"do":"echo"}"#).await;
    assert_eq!(
        (status.as_u16(), &body[..]),
        (200, &br#"{"do":"echo"}"#[..])
    );
    assert_eq!(headers["x-amz-executed-version"], "$LATEST");
    assert_eq!(headers["content-type"], "application/json");
    assert!(!headers.contains_key("x-amz-function-error"));
    assert!(!headers.contains_key("x-amz-log-result"));
}

#[tokio::test]
async fn a_function_error_is_a_200_with_a_header() {
    let stack = Setup::new().open();
    let (status, headers, body) = stack.request(INVOKE, &[], r#"{"do":"error"}"#).await;
    assert_eq!(status, 200);
    assert_eq!(headers["x-amz-function-error"], "Unhandled");
    assert_eq!(
        &body[..],
        br#"{"errorType":"Custom.Error","errorMessage":"it broke"}"#
    );
}

#[tokio::test]
async fn the_log_comes_with_the_answer_on_demand() {
    let stack = Setup::new().open();
    let tail = [("X-Amz-Log-Type", "Tail")];
    let (_, headers, _) = stack.request(INVOKE, &tail, r#"{"do":"log"}"#).await;
    let log = BASE64_STANDARD
        .decode(&headers["x-amz-log-result"])
        .unwrap();
    let log = String::from_utf8(log).unwrap();
    let id = headers["x-amzn-requestid"].to_str().unwrap();
    assert!(
        log.contains(&format!(
            "START RequestId: {id} Version: $LATEST\nto stdout\n"
        )),
        "{log}"
    );
}

#[tokio::test]
async fn an_empty_payload_is_an_empty_object() {
    let stack = Setup::new().open();
    let (_, _, body) = stack.request(INVOKE, &[], "").await;
    assert_eq!(&body[..], br#"{"errorType":"Unknown","errorMessage":""}"#);
}

#[tokio::test]
async fn context_and_trace_reach_the_function() {
    let stack = Setup::new().open();
    let context = BASE64_STANDARD.encode(r#"{"custom":{"who":"me"}}"#);
    let headers = [
        ("X-Amz-Client-Context", context.as_str()),
        ("X-Amzn-Trace-Id", "Root=1-2-3"),
    ];
    let (_, _, body) = stack.request(INVOKE, &headers, r#"{"do":"context"}"#).await;
    let seen: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(
        (&seen["client"]["who"], &seen["trace"]),
        (&json!("me"), &json!("Root=1-2-3"))
    );
}

#[tokio::test]
async fn an_event_is_accepted_and_a_dry_run_runs_nothing() {
    let stack = Setup::new().open();
    let kind = |kind| [("X-Amz-Invocation-Type", kind)];
    let (status, _, body) = stack
        .request(INVOKE, &kind("Event"), r#"{"do":"echo"}"#)
        .await;
    assert_eq!((status.as_u16(), body.len()), (202, 0));
    let (status, _, body) = stack
        .request(INVOKE, &kind("DryRun"), r#"{"do":"echo"}"#)
        .await;
    assert_eq!((status.as_u16(), body.len()), (204, 0));
    assert_eq!(stack.log(), []);
}

#[tokio::test]
async fn functions_are_found_by_name_and_arn_escaped_or_not() {
    let stack = Setup::new().open();
    for name in [
        "f:%24LATEST",
        "arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Af",
        "arn:aws:lambda:us-east-1:123456789012:function:f:$LATEST",
    ] {
        let line = format!("POST /2015-03-31/functions/{name}/invocations");
        let (status, _, body) = stack.request(&line, &[], r#"{"do":"echo"}"#).await;
        assert_eq!(status, 200, "{name}: {body:?}");
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_said_as_aws_says_it() {
    let not_found = "Function not found: arn:aws:lambda:us-east-1:123456789012:function:nope";
    let line = "POST /2015-03-31/functions/nope/invocations";
    check(
        line,
        &[],
        "{}",
        (404, "ResourceNotFoundException", not_found),
    )
    .await;
    let line = "GET /2015-03-31/functions/nope";
    check(line, &[], "", (404, "ResourceNotFoundException", not_found)).await;
    let alias = "Cannot find alias arn: arn:aws:lambda:us-east-1:123456789012:function:f:prod";
    let line = "POST /2015-03-31/functions/f/invocations?Qualifier=prod";
    check(line, &[], "{}", (404, "ResourceNotFoundException", alias)).await;
    let enumeration = "1 validation error detected: Value 'Later' at 'invocationType' failed to \
                       satisfy constraint: Member must satisfy enum value set: [Event, \
                       RequestResponse, DryRun]";
    let headers = [("X-Amz-Invocation-Type", "Later")];
    check(
        INVOKE,
        &headers,
        "{}",
        (400, "ValidationException", enumeration),
    )
    .await;
    let json = "Could not parse request body into json: Could not parse payload into json: \
                expected ident at line 1 column 2";
    check(
        INVOKE,
        &[],
        "nonsense",
        (400, "InvalidRequestContentException", json),
    )
    .await;
    let operation = "CreateFunction is not an operation of the local Lambda service: functions \
                     come from the template. It has Invoke, ListFunctions, GetFunction and \
                     GetFunctionConfiguration.";
    let line = "POST /2015-03-31/functions";
    check(
        line,
        &[],
        "{}",
        (404, "UnknownOperationException", operation),
    )
    .await;
}

#[tokio::test]
async fn a_body_over_six_megabytes_is_refused_as_it_comes() {
    let stack = Setup::new().open();
    let body = vec![b'1'; 6 * 1024 * 1024 + 1];
    let (status, headers, _) = stack.request(INVOKE, &[], body).await;
    assert_eq!(status, 413);
    assert_eq!(
        headers["x-amzn-errortype"],
        "RequestEntityTooLargeException"
    );
}

#[tokio::test]
async fn a_throttle_has_a_reason() {
    let limits =
        |limits: &mut Limits| (limits.per_function, limits.queue_wait) = (1, Duration::ZERO);
    let (stack, listener) = (
        Setup::new().limits(limits).open(),
        EventListener::open().await,
    );
    let other = async {
        let mut function = listener.next().await;
        let (status, _, body) = stack.request(INVOKE, &[], "{}").await;
        let expect = br#"{"Type":"User","message":"Rate Exceeded.","Reason":"ReservedFunctionConcurrentInvocationLimitExceeded"}"#;
        assert_eq!((status.as_u16(), &body[..]), (429, &expect[..]));
        function.release().await;
    };
    tokio::join!(stack.response(listener.event("wait")), other);
}

#[tokio::test]
async fn functions_are_described_as_the_template_has_them() {
    let environment = BTreeMap::from([("THRESHOLD".to_owned(), "0.93".to_owned())]);
    let stack = Setup::new()
        .function("g", |deployment| {
            deployment.function.environment = environment;
        })
        .open();
    let list = stack.get("/2015-03-31/functions/").await;
    let names = |list: &Value| {
        let functions = list["Functions"].as_array().expect("a list").iter();
        functions
            .map(|function| function["FunctionName"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&list), ["f", "g"]);
    assert_eq!(list.get("NextMarker"), None);
    let first = stack.get("/2015-03-31/functions?MaxItems=1").await;
    assert_eq!(
        (names(&first), &first["NextMarker"]),
        (vec![json!("f")], &json!("f"))
    );
    let second = stack.get("/2015-03-31/functions?MaxItems=1&Marker=f").await;
    assert_eq!(
        (names(&second), second.get("NextMarker")),
        (vec![json!("g")], None)
    );

    let found = stack.get("/2015-03-31/functions/g/configuration").await;
    assert_eq!(
        found["FunctionArn"],
        "arn:aws:lambda:us-east-1:123456789012:function:g"
    );
    assert_eq!(found["Environment"]["Variables"]["THRESHOLD"], "0.93");
    assert_eq!(
        (&found["Timeout"], &found["MemorySize"]),
        (&json!(120), &json!(128))
    );
    assert_eq!(found["State"], "Active");
    let program = std::fs::read(program("lambda-function")).unwrap();
    let hash = BASE64_STANDARD.encode(Sha256::digest(&program));
    assert_eq!(found["CodeSha256"], hash);
    assert_eq!(found["CodeSize"], program.len());
    assert_eq!(found["Role"], "arn:aws:iam::123456789012:role/gRole");
    let revision = found["RevisionId"].as_str().unwrap();
    uuid::Uuid::parse_str(revision).unwrap();
    let again = stack.get("/2015-03-31/functions/g/configuration").await;
    assert_eq!(again["RevisionId"], revision);
    let other = stack.get("/2015-03-31/functions/f/configuration").await;
    assert_ne!(other["RevisionId"], revision);
    assert_eq!(other["CodeSha256"], hash);
    let found = stack.get("/2015-03-31/functions/g").await;
    assert_eq!(found["Configuration"]["FunctionName"], "g");
    assert_eq!(found["Concurrency"]["ReservedConcurrentExecutions"], 4);
    // AWS gives a link to the deployment package.
    let location = found["Code"]["Location"].as_str().unwrap();
    assert!(location.starts_with("file:///"), "{location}");
}
