//! InvokeEndpoint as state machines call it: `arn:aws:states:::aws-sdk:sagemakerruntime:invokeEndpoint`.

use async_trait::async_trait;
use axum::body::Body;
use bytes::Bytes;
use http::{Request, Response, header};
use serde_json::{Map, Value};

use super::SageMaker;
use super::error::InvokeError;
use super::invoke::{CUSTOM_ATTRIBUTES, INFERENCE_ID, INVOKED_VARIANT, TARGET_VARIANT};
use crate::sdk::{Parameters, Refusal, SdkError, SdkService, blob};

#[async_trait]
impl SdkService for SageMaker {
    async fn call(&self, operation: &str, parameters: &Value) -> Result<Value, SdkError> {
        if operation != "invokeEndpoint" {
            return Err(SdkError::NoOperation);
        }
        let mut from = Parameters::new(parameters);
        let endpoint = from.required("EndpointName");
        let body = from.value("Body").map(|body| blob(&body));
        let mut request = Request::post("/");
        for (member, header) in [
            ("ContentType", header::CONTENT_TYPE),
            ("Accept", header::ACCEPT),
            ("CustomAttributes", CUSTOM_ATTRIBUTES),
            ("InferenceId", INFERENCE_ID),
            ("TargetVariant", TARGET_VARIANT),
        ] {
            if let Some(value) = from.text(member) {
                request = request.header(header, value);
            }
        }
        from.finish()?;
        let request = request
            .body(Body::from(body.unwrap_or_default()))
            .map_err(|error| SdkError::Parameters(error.to_string()))?;
        let answer = self.0.invoke(&endpoint, request).await.map_err(refusal)?;
        let (parts, body) = answer.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await;
        Ok(result(&Response::from_parts(
            parts,
            body.unwrap_or_default(),
        )))
    }
}

fn result(answer: &Response<Bytes>) -> Value {
    let mut result = Map::new();
    result.insert("Body".into(), String::from_utf8_lossy(answer.body()).into());
    for (member, header) in [
        ("ContentType", header::CONTENT_TYPE),
        ("CustomAttributes", CUSTOM_ATTRIBUTES),
        ("InvokedProductionVariant", INVOKED_VARIANT),
    ] {
        if let Some(value) = answer.headers().get(header) {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            result.insert(member.into(), value.into());
        }
    }
    Value::Object(result)
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "used as a function in map_err"
)]
fn refusal(error: InvokeError) -> SdkError {
    let (code, status) = error.name();
    SdkError::Refused(Refusal {
        code: code.to_owned(),
        modelled: true,
        status: status.as_u16(),
        message: Some(error.to_string()),
        request_id: uuid::Uuid::new_v4().to_string(),
        extended_request_id: None,
    })
}
