//! The errors of SageMaker's two APIs, by AWS's names, statuses and texts.

use axum::body::Body;
use http::{Response, StatusCode};
use serde_json::{Value, json};

use crate::kind::Kind;
use service::{Identity, protocol};

/// The largest body of a request to an endpoint, in bytes.
pub(super) const MAX_BODY: usize = 6 << 20;

/// Error of a deployment.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum DeployError {
    /// There is no such endpoint.
    #[error("there is no endpoint {0}")]
    Unknown(String),
    /// There is no object at `ModelDataUrl`.
    #[error("the endpoint {0} waits for its model: there is no object at {1}")]
    NoModel(String, String),
    /// The model can't be served. What served before serves on.
    #[error("the endpoint {endpoint} could not be deployed: {reason}")]
    Failed {
        /// Its name.
        endpoint: String,
        /// `FailureReason` of DescribeEndpoint.
        reason: String,
    },
    /// Too late.
    #[error("the stack is shutting down")]
    ShuttingDown,
}

/// Errors of InvokeEndpoint.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub(super) enum InvokeError {
    #[error("Endpoint {endpoint} of account {account} not found.")]
    NotFound { endpoint: String, account: String },
    #[error("Variant {variant} not found for Request: the variants of {endpoint} are {variants}")]
    NoVariant {
        endpoint: String,
        variant: String,
        variants: String,
    },
    #[error(
        "1 validation error detected: Value at 'body' failed to satisfy constraint: Member must \
         have length less than or equal to {MAX_BODY}"
    )]
    TooLarge,
    #[error("The request's body could not be read: {0}")]
    Unread(String),
    /// A header that chooses a container or a model does not fit the endpoint.
    #[error("{0}")]
    Target(String),
    /// The endpoint is not in service.
    #[error("{0}")]
    Unavailable(String),
    /// The container answered 4xx or 5xx; 0 where it did not answer.
    #[error(
        "Received {} error ({status}) from {container} with message \"{message}\". See \
         https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}#logEventViewer:group=/aws/sagemaker/Endpoints/{endpoint} \
         in account {account} for more information.", side(*status)
    )]
    Model {
        endpoint: String,
        container: String,
        account: String,
        region: String,
        status: u16,
        message: String,
    },
}

fn side(status: u16) -> &'static str {
    match status {
        400..=499 => "client",
        _ => "server",
    }
}

impl InvokeError {
    pub(super) fn model(
        identity: &Identity,
        endpoint: &str,
        container: String,
        status: u16,
        message: String,
    ) -> Self {
        Self::Model {
            endpoint: endpoint.into(),
            container,
            account: identity.account.clone(),
            region: identity.region.clone(),
            status,
            message,
        }
    }

    pub(super) fn name(&self) -> (&'static str, StatusCode) {
        match self {
            Self::NotFound { .. }
            | Self::NoVariant { .. }
            | Self::TooLarge
            | Self::Unread(_)
            | Self::Target(_) => ("ValidationError", StatusCode::BAD_REQUEST),
            Self::Unavailable(_) => ("ServiceUnavailable", StatusCode::SERVICE_UNAVAILABLE),
            Self::Model { .. } => ("ModelError", StatusCode::FAILED_DEPENDENCY),
        }
    }

    pub(super) fn into_response(self) -> Response<Body> {
        let (name, status) = self.name();
        let mut body = json!({ "Message": self.to_string() });
        if let Self::Model {
            endpoint,
            container: _,
            account,
            region,
            status,
            message,
        } = self
        {
            body["ErrorCode"] = match status {
                400..=499 => "CLIENT_ERROR_FROM_MODEL".into(),
                _ => "INTERNAL_FAILURE_FROM_MODEL".into(),
            };
            body["LogStreamArn"] = Value::from(format!(
                "arn:aws:logs:{region}:{account}:log-group:/aws/sagemaker/Endpoints/{endpoint}"
            ));
            body["OriginalStatusCode"] = status.into();
            body["OriginalMessage"] = message.into();
        }
        protocol::respond_error(status, protocol::REST_JSON, name, &body)
    }
}

/// Errors of the control plane, with AWS's names and texts.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub(super) enum ApiError {
    /// The request does not fit, or does not fit what is there: most of SageMaker's errors.
    #[error("{0}")]
    Validation(String),
    /// A job of that name exists.
    #[error("{0}")]
    InUse(String),
    /// Something else depends on the resource.
    #[error("{0}")]
    Conflict(String),
    /// More than AWS's quota.
    #[error("{0}")]
    Limit(String),
    /// The body is not what the protocol asks for.
    #[error("{0}")]
    Malformed(String),
    /// The service itself failed: the disk, nearly always.
    #[error("{0}")]
    Internal(String),
    #[error("SageMaker's {0} is not in the local stack")]
    Unknown(String),
}

impl ApiError {
    /// There is no such resource; `arn` is its ARN.
    pub(super) fn missing(kind: Kind, name: &str, arn: &str) -> Self {
        Self::Validation(match kind {
            Kind::TrainingJob => "Requested resource not found.".to_owned(),
            Kind::TransformJob => format!("Could not find requested job with name: {name}"),
            Kind::Model => format!("Could not find model \"{arn}\"."),
            Kind::EndpointConfig => format!("Could not find endpoint configuration \"{arn}\"."),
            Kind::Endpoint => format!("Could not find endpoint \"{arn}\"."),
            Kind::ModelPackageGroup => format!("ModelPackageGroup {arn} does not exist."),
            Kind::ModelPackage => format!("ModelPackage {arn} does not exist."),
        })
    }

    /// There is such a resource already.
    pub(super) fn taken(kind: Kind, arn: &str) -> Self {
        let exists = |what: &str| {
            Self::Validation(format!("Cannot create already existing {what} \"{arn}\"."))
        };
        match kind {
            Kind::TrainingJob => Self::InUse(format!(
                "Training job names must be unique within an AWS account and region, and a \
                 training job with this name already exists ({arn})"
            )),
            Kind::TransformJob => Self::InUse(format!(
                "Job name must be unique within an AWS account and region, and a job with this \
                 name already exists ({arn})"
            )),
            Kind::Model => exists("model"),
            Kind::EndpointConfig => exists("endpoint configuration"),
            Kind::Endpoint => exists("endpoint"),
            Kind::ModelPackageGroup => {
                Self::Validation(format!("Model Package Group already exists: {arn}"))
            }
            Kind::ModelPackage => Self::Validation(format!("Model Package already exists: {arn}")),
        }
    }

    /// AWS's code, and whether the service's model has a shape for it.
    pub(super) fn code(&self) -> (&'static str, bool) {
        match self {
            Self::Validation(_) => ("ValidationException", false),
            Self::InUse(_) => ("ResourceInUse", true),
            Self::Conflict(_) => ("ConflictException", true),
            Self::Limit(_) => ("ResourceLimitExceeded", true),
            Self::Malformed(_) => ("SerializationException", false),
            Self::Internal(_) => ("InternalFailure", false),
            Self::Unknown(_) => ("UnknownOperationException", false),
        }
    }

    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    pub(super) fn into_response(self) -> Response<Body> {
        let (code, _) = self.code();
        let body = json!({ "__type": code, "message": self.to_string() });
        protocol::respond_error(self.status(), protocol::JSON_1_1, code, &body)
    }
}

impl From<rusqlite::Error> for ApiError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Internal(format!("sagemaker.db: {error}"))
    }
}
