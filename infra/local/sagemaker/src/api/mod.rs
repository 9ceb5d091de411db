//! SageMaker's control plane over the wire (AWS JSON 1.1), and as state machines call it.
//!
//! A file a kind of resource. An operation is a table of its members (`check`) and a function; what
//! it is called for by a task of a state machine is its `origin`, so that a task that is run again
//! after a crash finds what it has created.

mod check;
mod endpoint_configs;
mod endpoints;
mod listing;
mod model_package_groups;
mod model_packages;
mod models;
mod tags;
mod training_jobs;
mod transform_jobs;

use std::sync::Arc;

use axum::body::Body;
use http::{Request, Response, StatusCode};
use jiff::Timestamp;
use serde_json::{Map, Value};
use service::protocol;

use self::check::Member;
use crate::context::Inner;
use crate::error::ApiError;
use crate::kind::Kind;
use crate::store::Resource;

const MAX_REQUEST: usize = 1 << 20;

/// An operation's response, or why there is none.
pub(super) type ApiResult = Result<Value, ApiError>;

/// A request for an operation.
#[derive(Clone, Debug)]
pub(super) struct Call {
    /// The body: an object.
    pub(super) request: Value,
    /// Task and execution that the call comes from, for calls of state machines.
    pub(super) origin: Option<String>,
}

impl Call {
    /// A text that the check has found to be there.
    fn text(&self, name: &str) -> &str {
        self.request[name].as_str().unwrap_or_default()
    }

    /// The tags of a request that creates something.
    fn tags(&self) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let tags = self.request["Tags"].as_array().into_iter().flatten();
        tags.map(|tag| (text(&tag["Key"]), text(&tag["Value"])))
            .collect()
    }
}

/// Answers a request with `X-Amz-Target: SageMaker.{operation}`.
pub(super) async fn handle(
    inner: &Arc<Inner>,
    operation: &str,
    request: Request<Body>,
) -> Response<Body> {
    let body = protocol::read_body(request.into_body(), MAX_REQUEST).await;
    let request = body.and_then(|body| protocol::parse_object(&body));
    let result = match request {
        Ok(request) => {
            let call = Call {
                request: Value::Object(request),
                origin: None,
            };
            perform(inner, operation, &call).await
        }
        Err(error) => Err(ApiError::Malformed(error)),
    };
    match result {
        Ok(Value::Null) => protocol::respond(StatusCode::OK, protocol::JSON_1_1, "{}"),
        Ok(body) => protocol::respond(StatusCode::OK, protocol::JSON_1_1, body.to_string()),
        Err(error) => {
            if let ApiError::Internal(error) = &error {
                tracing::error!(error, operation, "SageMaker failed");
            }
            error.into_response()
        }
    }
}

/// Each operation: the table of its members, and what it does.
macro_rules! operations {
    ($($name:literal => $module:ident :: $members:ident, $does:ident;)*) => {
        /// The members of an operation; `None` where there is no such one.
        fn members(operation: &str) -> Option<&'static [Member]> {
            match operation {
                $($name => Some($module::$members),)*
                _ => None,
            }
        }

        /// Performs an operation.
        pub(super) async fn perform(inner: &Arc<Inner>, operation: &str, call: &Call) -> ApiResult {
            let Some(members) = members(operation) else {
                return Err(ApiError::Unknown(operation.to_owned()));
            };
            check::check(&call.request, members)?;
            match operation {
                $($name => $module::$does(inner, call).await,)*
                other => Err(ApiError::Unknown(other.to_owned())),
            }
        }
    };
}

operations! {
    "CreateTrainingJob" => training_jobs::CREATE, create;
    "DescribeTrainingJob" => training_jobs::NAMED, describe;
    "ListTrainingJobs" => training_jobs::LIST, list;
    "StopTrainingJob" => training_jobs::NAMED, stop;
    "CreateModel" => models::CREATE, create;
    "DescribeModel" => models::NAMED, describe;
    "ListModels" => models::LIST, list;
    "DeleteModel" => models::NAMED, delete;
    "CreateEndpointConfig" => endpoint_configs::CREATE, create;
    "DescribeEndpointConfig" => endpoint_configs::NAMED, describe;
    "ListEndpointConfigs" => endpoint_configs::LIST, list;
    "DeleteEndpointConfig" => endpoint_configs::NAMED, delete;
    "CreateEndpoint" => endpoints::CREATE, create;
    "UpdateEndpoint" => endpoints::UPDATE, update;
    "UpdateEndpointWeightsAndCapacities" => endpoints::WEIGHTS, update_weights;
    "DescribeEndpoint" => endpoints::NAMED, describe;
    "ListEndpoints" => endpoints::LIST, list;
    "DeleteEndpoint" => endpoints::NAMED, delete;
    "CreateTransformJob" => transform_jobs::CREATE, create;
    "DescribeTransformJob" => transform_jobs::NAMED, describe;
    "ListTransformJobs" => transform_jobs::LIST, list;
    "StopTransformJob" => transform_jobs::NAMED, stop;
    "CreateModelPackageGroup" => model_package_groups::CREATE, create;
    "DescribeModelPackageGroup" => model_package_groups::NAMED, describe;
    "ListModelPackageGroups" => model_package_groups::LIST, list;
    "DeleteModelPackageGroup" => model_package_groups::NAMED, delete;
    "CreateModelPackage" => model_packages::CREATE, create;
    "UpdateModelPackage" => model_packages::UPDATE, update;
    "DescribeModelPackage" => model_packages::DESCRIBE, describe;
    "ListModelPackages" => model_packages::LIST, list;
    "DeleteModelPackage" => model_packages::NAMED, delete;
    "AddTags" => tags::ADD, add;
    "ListTags" => tags::LIST, list;
    "DeleteTags" => tags::DELETE, delete;
}

/// Checks a state's parameters as Step Functions does before it calls the operation; `None` where
/// there is no such operation.
pub(super) fn parameter_errors(operation: &str, given: &Map<String, Value>) -> Option<Vec<String>> {
    let members = members(operation)?;
    let missing = check::missing(given, members).into_iter();
    let missing = missing.map(|name| format!("The field \"{name}\" is required but was missing"));
    let unknown = check::unknown(given, members).into_iter();
    let unknown =
        unknown.map(|name| format!("The field \"{name}\" is not supported by Step Functions"));
    Some(missing.chain(unknown).collect())
}

impl Inner {
    /// Adds a resource that a request describes. What the same task of an execution has created
    /// before is no error: `false`, and nothing is changed.
    async fn create(&self, mut resource: Resource, call: &Call) -> Result<bool, ApiError> {
        let (kind, name) = (resource.kind, resource.name.clone());
        let arn = self.arn(kind, &name);
        resource.origin.clone_from(&call.origin);
        if self
            .store
            .insert(resource, call.tags(), arn.clone())
            .await?
        {
            return Ok(true);
        }
        let there = self.store.get(kind, &name).await?;
        let origin = there.and_then(|there| there.origin);
        if origin.is_some() && origin == call.origin {
            return Ok(false);
        }
        Err(ApiError::taken(kind, &arn))
    }

    /// Removes a model or a configuration: what runs by it goes on.
    async fn delete(&self, kind: Kind, name: &str) -> ApiResult {
        let arn = self.arn(kind, name);
        if self.store.remove(kind, name, arn).await? {
            Ok(Value::Null)
        } else {
            Err(self.missing(kind, name))
        }
    }
}

/// A time as the protocol has it: seconds since 1970.
fn seconds(at: Timestamp) -> Value {
    protocol::epoch_seconds(at.as_millisecond())
}

/// Collects a response's members, in AWS's order, as far as they are there.
#[derive(Default)]
struct Members(Map<String, Value>);

impl Members {
    fn put(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    fn put_some(self, name: &str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.put(name, value),
            None => self,
        }
    }

    /// Members of the request, as they were sent.
    fn echo(mut self, request: &Value, names: &[&str]) -> Self {
        for name in names {
            if let Some(value) = request.get(*name).filter(|value| !value.is_null()) {
                self.0.insert((*name).to_owned(), value.clone());
            }
        }
        self
    }

    fn done(self) -> Value {
        Value::Object(self.0)
    }
}
