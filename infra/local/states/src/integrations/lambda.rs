//! AWS Lambda: `arn:aws:states:::lambda:invoke`, and functions by their own ARN.
//!
//! <https://docs.aws.amazon.com/step-functions/latest/dg/connect-lambda.html>

use std::sync::Arc;

use asl::Payload;
use bytes::Bytes;
use serde_json::{Value, json};

use super::{Failure, TaskResult, metadata};
use service::{Invocation, Invoke, InvokeError, trace_id};

pub(super) struct Lambda(Arc<dyn Invoke>);

impl Lambda {
    pub(super) fn new(invoke: Arc<dyn Invoke>) -> Self {
        Lambda(invoke)
    }

    /// A function by its ARN: the input is the payload, and the payload of the answer is the
    /// result.
    pub(super) async fn function(&self, arn: &str, input: &str) -> TaskResult<Payload> {
        let payload = Bytes::copy_from_slice(input.as_bytes());
        let invocation = self.0.invoke(arn, payload).await.map_err(service_error)?;
        result(&invocation)
    }

    /// `lambda:invoke`: the result is the whole response of the Invoke API.
    pub(super) async fn invoke(&self, arguments: &Value) -> TaskResult {
        let function = function_name(arguments)?;
        let payload = arguments
            .get("Payload")
            .map_or_else(Bytes::new, payload_bytes);
        if arguments.get("InvocationType").and_then(Value::as_str) == Some("Event") {
            self.0
                .enqueue(&function, payload)
                .await
                .map_err(service_error)?;
            return Ok(response(202, None, &accepted()));
        }
        let invocation = self
            .0
            .invoke(&function, payload)
            .await
            .map_err(service_error)?;
        let payload = result(&invocation)?.into_value();
        Ok(response(200, Some(payload), &invocation))
    }
}

/// `FunctionName`, with `Qualifier` if there is one.
fn function_name(arguments: &Value) -> Result<String, Failure> {
    let text = |field: &str| arguments.get(field).and_then(Value::as_str);
    let name = text("FunctionName").ok_or_else(|| Failure {
        error: "States.Runtime".into(),
        cause: "The field 'FunctionName' is required but was missing".into(),
    })?;
    Ok(match text("Qualifier") {
        Some(qualifier) => format!("{name}:{qualifier}"),
        None => name.to_owned(),
    })
}

fn payload_bytes(payload: &Value) -> Bytes {
    Bytes::from(payload.to_string())
}

/// The function's answer as JSON, or its error.
fn result(invocation: &Invocation) -> TaskResult<Payload> {
    let text = String::from_utf8_lossy(&invocation.payload);
    if invocation.function_error.is_some() {
        return Err(function_error(&text));
    }
    if text.is_empty() {
        return Ok(Value::Null.into());
    }
    Payload::parse(text).map_err(|error| Failure {
        error: "States.Runtime".into(),
        cause: format!("The function's response is not JSON: {error}"),
    })
}

/// Returns the failure for a function error: the error is its `errorType`, the cause the whole
/// error object.
fn function_error(payload: &str) -> Failure {
    let parsed: Option<Value> = serde_json::from_str(payload).ok();
    let name = parsed
        .as_ref()
        .and_then(|error| error.get("errorType")?.as_str());
    match name {
        Some(name) => Failure {
            error: name.to_owned(),
            cause: payload.to_owned(),
        },
        None => Failure {
            error: "Lambda.Unknown".into(),
            cause: format!(
                "The cause could not be determined because Lambda did not return an error type. \
                 Returned payload: {payload}"
            ),
        },
    }
}

/// The Lambda service refused: the function does not exist, too many run, …
fn service_error(error: InvokeError) -> Failure {
    let InvokeError {
        code,
        status,
        message,
    } = error;
    let request = uuid::Uuid::new_v4();
    Failure {
        error: format!("Lambda.{code}"),
        cause: format!(
            "{message} (Service: AWSLambda; Status Code: {status}; Error Code: {code}; Request \
             ID: {request}; Proxy: null)"
        ),
    }
}

/// An event that was accepted for later.
fn accepted() -> Invocation {
    Invocation {
        request_id: uuid::Uuid::new_v4().to_string(),
        trace_id: trace_id(),
        ..Invocation::default()
    }
}

/// The Invoke API's response as Step Functions shows it, with the headers that come with it.
fn response(status: u16, payload: Option<Value>, invocation: &Invocation) -> Value {
    let request = &*invocation.request_id;
    let length = invocation.payload.len().to_string();
    let date = metadata::date();
    let headers = [
        ("X-Amz-Executed-Version", "$LATEST"),
        ("x-amzn-Remapped-Content-Length", "0"),
        ("Connection", "keep-alive"),
        ("x-amzn-RequestId", request),
        ("Content-Length", &length),
        ("Date", &date),
        ("X-Amzn-Trace-Id", &invocation.trace_id),
        ("Content-Type", "application/json"),
    ];
    let mut response = json!({ "ExecutedVersion": "$LATEST" });
    if let Some(payload) = payload {
        response["Payload"] = payload;
    }
    metadata::add(&mut response, status, request, &headers);
    response["StatusCode"] = json!(status);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invocation(payload: &str, failed: bool) -> Invocation {
        Invocation {
            request_id: "r".into(),
            payload: Bytes::copy_from_slice(payload.as_bytes()),
            function_error: failed.then(|| "Unhandled".into()),
            ..Invocation::default()
        }
    }

    fn check(payload: &str, failed: bool, expected: &Result<Value, (&str, &str)>) {
        let got = result(&invocation(payload, failed));
        let got = got
            .as_ref()
            .map(Payload::value)
            .map_err(|f| (f.error.as_str(), f.cause.as_str()));
        assert_eq!(got, expected.as_ref().map_err(|f| *f), "{payload}");
    }

    #[test]
    fn results() {
        check(r#"{"a":1}"#, false, &Ok(json!({ "a": 1 })));
        check("null", false, &Ok(Value::Null));
        check("", false, &Ok(Value::Null));
        let error = r#"{"errorType":"NoSuchKey","errorMessage":"no k"}"#;
        check(error, true, &Err(("NoSuchKey", error)));
        let cause = "The cause could not be determined because Lambda did not return an error \
                     type. Returned payload: {\"errorMessage\":\"x\"}";
        check(
            r#"{"errorMessage":"x"}"#,
            true,
            &Err(("Lambda.Unknown", cause)),
        );
        assert!(result(&invocation("{", false)).is_err());
    }

    #[test]
    fn an_answer_keeps_its_text() {
        let response = r#"{"b" : 1.0, "a": [1, 2]}"#;
        assert_eq!(
            result(&invocation(response, false)).unwrap().text(),
            response
        );
    }

    #[test]
    fn service_errors_carry_the_services_name() {
        let failure = service_error(InvokeError {
            code: "ResourceNotFoundException",
            status: 404,
            message: "Function not found: f".into(),
        });
        assert_eq!(failure.error, "Lambda.ResourceNotFoundException");
        let begin = "Function not found: f (Service: AWSLambda; Status Code: 404; \
                     Error Code: ResourceNotFoundException; Request ID: ";
        assert!(failure.cause.starts_with(begin), "{}", failure.cause);
    }

    #[test]
    fn a_qualifier_joins_the_name() {
        let name = |arguments: Value| function_name(&arguments);
        assert_eq!(name(json!({ "FunctionName": "f" })).as_deref(), Ok("f"));
        assert_eq!(
            name(json!({ "FunctionName": "f", "Qualifier": "7" })).as_deref(),
            Ok("f:7")
        );
        assert_eq!(
            name(json!({})).unwrap_err().cause,
            "The field 'FunctionName' is required but was missing"
        );
    }

    #[test]
    fn the_response_has_awss_shape() {
        let invocation = Invocation {
            request_id: "id".into(),
            payload: Bytes::from_static(b"{\"x\":1}"),
            trace_id: "Root=1-2-3;Parent=4;Sampled=0".into(),
            ..Invocation::default()
        };
        let response = response(200, Some(json!({ "x": 1 })), &invocation);
        let keys: Vec<&String> = response.as_object().unwrap().keys().collect();
        assert_eq!(
            keys,
            [
                "ExecutedVersion",
                "Payload",
                "SdkHttpMetadata",
                "SdkResponseMetadata",
                "StatusCode"
            ]
        );
        assert_eq!(
            response["SdkHttpMetadata"]["AllHttpHeaders"]["Content-Length"],
            json!(["7"])
        );
        assert_eq!(
            response["SdkHttpMetadata"]["HttpHeaders"]["x-amzn-RequestId"],
            "id"
        );
        // Recorded on AWS, in both lists.
        let (metadata, trace) = (&response["SdkHttpMetadata"], invocation.trace_id);
        assert_eq!(metadata["HttpHeaders"]["X-Amzn-Trace-Id"], trace);
        assert_eq!(
            metadata["AllHttpHeaders"]["X-Amzn-Trace-Id"],
            json!([trace])
        );
        assert_eq!(response["SdkHttpMetadata"]["HttpStatusCode"], 200);
    }
}
