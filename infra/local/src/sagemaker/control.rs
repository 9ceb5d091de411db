//! SageMaker's control plane, as far as endpoints are read: DescribeEndpoint and ListEndpoints.

use axum::body::Body;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Limited};
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::Inner;
use super::endpoint::{Endpoint, State};
use super::error::{ControlError, JSON_1_1, respond};

const MAX_REQUEST: usize = 1 << 20;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DescribeEndpoint {
    endpoint_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct ListEndpoints {
    sort_by: SortBy,
    sort_order: SortOrder,
    next_token: Option<String>,
    max_results: usize,
    name_contains: String,
    creation_time_before: Option<f64>,
    creation_time_after: Option<f64>,
    last_modified_time_before: Option<f64>,
    last_modified_time_after: Option<f64>,
    status_equals: Option<String>,
}

impl Default for ListEndpoints {
    fn default() -> Self {
        Self {
            sort_by: SortBy::CreationTime,
            sort_order: SortOrder::Descending,
            next_token: None,
            max_results: 10,
            name_contains: String::new(),
            creation_time_before: None,
            creation_time_after: None,
            last_modified_time_before: None,
            last_modified_time_after: None,
            status_equals: None,
        }
    }
}

#[derive(Clone, Copy, Deserialize)]
enum SortBy {
    Name,
    CreationTime,
    Status,
}

#[derive(Clone, Copy, Deserialize, PartialEq)]
enum SortOrder {
    Ascending,
    Descending,
}

impl Inner {
    /// Answers a request with `X-Amz-Target: SageMaker.{operation}`.
    pub(super) async fn control(&self, operation: &str, request: Request<Body>) -> Response<Body> {
        let body = Limited::new(request.into_body(), MAX_REQUEST)
            .collect()
            .await;
        let answer = match body {
            Ok(body) => self.answer(operation, &body.to_bytes()),
            Err(error) => Err(ControlError::Malformed(error.to_string())),
        };
        match answer {
            Ok(body) => respond(StatusCode::OK, JSON_1_1, None, &body),
            Err(error) => error.into_response(),
        }
    }

    fn answer(&self, operation: &str, body: &[u8]) -> Result<Value, ControlError> {
        match operation {
            "DescribeEndpoint" => self.describe(&parse(body)?),
            "ListEndpoints" => self.list(&parse(body)?),
            other => Err(ControlError::Unknown(other.into())),
        }
    }

    fn describe(&self, request: &DescribeEndpoint) -> Result<Value, ControlError> {
        let name = &request.endpoint_name;
        let endpoint = self.endpoint(name);
        let endpoint = endpoint.ok_or_else(|| ControlError::NoEndpoint(self.arn(name)))?;
        let state = endpoint.state.borrow();
        let template = &endpoint.template;
        let mut answer = self.summary(endpoint, &state);
        answer["EndpointConfigName"] = template.config_name.as_str().into();
        answer["ProductionVariants"] = variants(endpoint, &state);
        if let Some(capture) = &template.capture {
            answer["DataCaptureConfig"] = json!({
                "EnableCapture": true,
                "CaptureStatus": "Started",
                "CurrentSamplingPercentage": capture.sampling_percent,
                "DestinationS3Uri": capture.destination_s3_uri,
                "KmsKeyId": "",
            });
        }
        if let Some(failure) = &state.failure {
            // The API's limit for a FailureReason.
            answer["FailureReason"] = failure.chars().take(1024).collect::<String>().into();
        }
        Ok(answer)
    }

    fn summary(&self, endpoint: &Endpoint, state: &State) -> Value {
        json!({
            "EndpointName": endpoint.template.name,
            "EndpointArn": self.arn(&endpoint.template.name),
            "EndpointStatus": state.status.as_str(),
            "CreationTime": seconds(state.created),
            "LastModifiedTime": seconds(state.modified),
        })
    }

    fn arn(&self, name: &str) -> String {
        self.identity.arn("sagemaker", &format!("endpoint/{name}"))
    }

    fn list(&self, request: &ListEndpoints) -> Result<Value, ControlError> {
        if !(1..=100).contains(&request.max_results) {
            return Err(ControlError::Invalid(format!(
                "1 validation error detected: Value '{}' at 'maxResults' failed to satisfy constraint: Member must be between \
                 1 and 100",
                request.max_results
            )));
        }
        let start = match &request.next_token {
            Some(token) => token
                .parse()
                .map_err(|_| ControlError::Invalid("Invalid NextToken".into()))?,
            None => 0,
        };
        let mut found: Vec<Value> = self
            .endpoints
            .iter()
            .map(|endpoint| self.summary(endpoint, &endpoint.state.borrow()))
            .filter(|summary| is_wanted(summary, request))
            .collect();
        sort(&mut found, request);
        let page: Vec<&Value> = found.iter().skip(start).take(request.max_results).collect();
        let next = start + page.len();
        let mut answer = json!({ "Endpoints": page });
        if next < found.len() {
            answer["NextToken"] = next.to_string().into();
        }
        Ok(answer)
    }
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, ControlError> {
    serde_json::from_slice(body).map_err(|error| ControlError::Malformed(error.to_string()))
}

fn seconds(at: Timestamp) -> f64 {
    at.as_millisecond() as f64 / 1000.0
}

fn variants(endpoint: &Endpoint, state: &State) -> Value {
    let count = i32::from(state.fleet.is_some());
    let variants = endpoint.template.variants.iter().map(|variant| {
        json!({
            "VariantName": variant.name,
            "DeployedImages": [{
                "SpecifiedImage": variant.image,
                "ResolvedImage": variant.image,
                "ResolutionTime": seconds(state.modified),
            }],
            "CurrentWeight": variant.weight,
            "DesiredWeight": variant.weight,
            "CurrentInstanceCount": count,
            "DesiredInstanceCount": 1,
        })
    });
    variants.collect()
}

fn is_wanted(summary: &Value, request: &ListEndpoints) -> bool {
    let text = |key: &str| summary[key].as_str().unwrap_or_default();
    let time = |key: &str| summary[key].as_f64().unwrap_or_default();
    let before = |limit: Option<f64>, key| limit.is_none_or(|limit| time(key) < limit);
    let after = |limit: Option<f64>, key| limit.is_none_or(|limit| time(key) > limit);
    text("EndpointName").contains(&request.name_contains)
        && (request.status_equals.as_deref()).is_none_or(|s| s == text("EndpointStatus"))
        && before(request.creation_time_before, "CreationTime")
        && after(request.creation_time_after, "CreationTime")
        && before(request.last_modified_time_before, "LastModifiedTime")
        && after(request.last_modified_time_after, "LastModifiedTime")
}

fn sort(found: &mut [Value], request: &ListEndpoints) {
    let text = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
    found.sort_by(|a, b| {
        let by_name = text(a, "EndpointName").cmp(&text(b, "EndpointName"));
        match request.sort_by {
            SortBy::Name => by_name,
            SortBy::Status => text(a, "EndpointStatus")
                .cmp(&text(b, "EndpointStatus"))
                .then(by_name),
            SortBy::CreationTime => {
                let time = |value: &Value| value["CreationTime"].as_f64().unwrap_or_default();
                time(a).total_cmp(&time(b)).then(by_name)
            }
        }
    });
    if request.sort_order == SortOrder::Descending {
        found.reverse();
    }
}
