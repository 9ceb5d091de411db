//! SageMaker as state machines call it: `arn:aws:states:::aws-sdk:sagemaker:createModel`, the
//! optimised `arn:aws:states:::sagemaker:createTrainingJob.sync`, and
//! `aws-sdk:sagemakerruntime:invokeEndpoint`.

use async_trait::async_trait;
use axum::body::Body;
use bytes::Bytes;
use http::{Request, Response, header};
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::api::{self, Call};
use crate::error::{ApiError, InvokeError};
use crate::handle::SageMaker;
use crate::invoke::{INVOKED_VARIANT, TARGET_CONTAINER, TARGET_VARIANT};
use crate::jobs;
use crate::kind::Kind;
use crate::pipeline::{CUSTOM_ATTRIBUTES, INFERENCE_ID, TARGET_MODEL};
use service::sdk::{
    JobOutcome, Jobs, Parameters, SdkError, SdkService, ServiceException, blob, capitalize,
};

/// The API of SageMaker Runtime.
#[derive(Clone, Debug)]
pub struct Runtime(pub SageMaker);

/// The API of SageMaker: its control plane.
#[derive(Clone, Debug)]
pub struct Control(pub SageMaker);

#[async_trait]
impl SdkService for Runtime {
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
            ("TargetModel", TARGET_MODEL),
            ("TargetContainerHostname", TARGET_CONTAINER),
        ] {
            if let Some(value) = from.text(member) {
                request = request.header(header, value);
            }
        }
        from.finish()?;
        let request = request
            .body(Body::from(body.unwrap_or_default()))
            .map_err(|error| SdkError::Parameters(error.to_string()))?;
        let answer = self.0.0.invoke(&endpoint, request).await;
        let (parts, body) = answer.map_err(|error| not_invoked(&error))?.into_parts();
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

fn not_invoked(error: &InvokeError) -> SdkError {
    let (code, status) = error.name();
    refused(code, true, status.as_u16(), error.to_string())
}

fn refused(code: &str, modeled: bool, status: u16, message: String) -> SdkError {
    SdkError::Exception(ServiceException {
        code: code.to_owned(),
        modeled,
        status,
        message: Some(message),
        request_id: uuid::Uuid::new_v4().to_string(),
        extended_request_id: None,
    })
}

#[async_trait]
impl SdkService for Control {
    async fn call(&self, operation: &str, parameters: &Value) -> Result<Value, SdkError> {
        let answer = self.perform(operation, parameters, None).await?;
        Ok(with_times(answer, &text_of_time))
    }
}

#[async_trait]
impl Jobs for Control {
    async fn create(
        &self,
        operation: &str,
        parameters: &Value,
        task: &str,
    ) -> Result<Value, SdkError> {
        self.perform(operation, parameters, Some(task.to_owned()))
            .await
    }

    async fn wait(&self, operation: &str, parameters: &Value) -> Result<JobOutcome, SdkError> {
        let (kind, name) = job(operation, parameters).ok_or(SdkError::NoOperation)?;
        let inner = &self.0.0;
        let ended = inner.job_ended(kind, name).await.map_err(not_done)?;
        let describe = match kind {
            Kind::TrainingJob => "DescribeTrainingJob",
            _ => "DescribeTransformJob",
        };
        let request = serde_json::json!({ (name_member(kind)): name });
        let call = Call {
            request,
            origin: None,
        };
        let described = api::perform(inner, describe, &call)
            .await
            .map_err(not_done)?;
        Ok(JobOutcome {
            description: with_times(described, &|seconds| {
                ((seconds * 1000.0).round() as i64).into()
            }),
            succeeded: ended.status == jobs::COMPLETED,
        })
    }

    async fn stop(&self, operation: &str, parameters: &Value) {
        if let Some((kind, name)) = job(operation, parameters)
            && let Err(error) = self.0.0.stop_job(kind, name).await
        {
            // It ended by itself in the meantime, most likely.
            tracing::info!(%error, name, "a job was not stopped");
        }
    }
}

impl Control {
    async fn perform(
        &self,
        operation: &str,
        parameters: &Value,
        origin: Option<String>,
    ) -> Result<Value, SdkError> {
        let operation = capitalize(operation);
        let given = parameters.as_object().cloned().unwrap_or_default();
        let given: Map<String, Value> = given
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .collect();
        let faults = api::parameter_errors(&operation, &given).ok_or(SdkError::NoOperation)?;
        if !faults.is_empty() {
            return Err(SdkError::Parameters(faults.join(", ")));
        }
        let call = Call {
            request: Value::Object(given),
            origin,
        };
        let answer = api::perform(&self.0.0, &operation, &call).await;
        answer.map_err(not_done)
    }
}

/// The job that an operation creates.
fn job<'p>(operation: &str, parameters: &'p Value) -> Option<(Kind, &'p str)> {
    let kind = match operation {
        "createTrainingJob" => Kind::TrainingJob,
        "createTransformJob" => Kind::TransformJob,
        _ => return None,
    };
    Some((kind, parameters[name_member(kind)].as_str()?))
}

fn name_member(kind: Kind) -> &'static str {
    match kind {
        Kind::TrainingJob => "TrainingJobName",
        _ => "TransformJobName",
    }
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "used as a function in map_err"
)]
fn not_done(error: ApiError) -> SdkError {
    let (code, modeled) = error.code();
    refused(code, modeled, error.status().as_u16(), error.to_string())
}

/// A response with its times (numbers whose names end so) in another form.
// The recursion ends with the nesting of SageMaker's own structures.
fn with_times(value: Value, form: &dyn Fn(f64) -> Value) -> Value {
    match value {
        Value::Object(members) => {
            let members = members.into_iter().map(|(name, value)| {
                let is_time = name.ends_with("Time") || name == "Timestamp";
                let value = match value.as_f64().filter(|_| is_time) {
                    Some(seconds) => form(seconds),
                    None => with_times(value, form),
                };
                (name, value)
            });
            members.collect()
        }
        Value::Array(items) => {
            let items = items.into_iter().map(|item| with_times(item, form));
            items.collect()
        }
        other => other,
    }
}

/// As Step Functions writes times of SDK results.
fn text_of_time(seconds: f64) -> Value {
    let at = Timestamp::from_millisecond((seconds * 1000.0).round() as i64);
    at.map_or(Value::Null, |at| format!("{at:.3}").into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn times_change_their_form_and_nothing_else_does() {
        let answer = json!({
            "CreationTime": 1.5, "TrainingTimeInSeconds": 2, "HyperParameters": { "Time": "3" },
            "FinalMetricDataList": [{ "Timestamp": 2, "Value": 0.5 }],
        });
        let expected = json!({
            "CreationTime": "1970-01-01T00:00:01.500Z", "TrainingTimeInSeconds": 2, "HyperParameters": { "Time": "3" },
            "FinalMetricDataList": [{ "Timestamp": "1970-01-01T00:00:02.000Z", "Value": 0.5 }],
        });
        assert_eq!(with_times(answer, &text_of_time), expected);
    }
}
