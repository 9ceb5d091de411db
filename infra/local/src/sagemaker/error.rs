//! The errors of SageMaker's two APIs, by AWS's names, statuses and texts.

use axum::body::Body;
use http::{Response, StatusCode, header};
use serde_json::{Value, json};

use super::invoke::MAX_BODY;
use crate::aws::Identity;

/// What InvokeEndpoint fails with.
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
        "1 validation error detected: Value at 'body' failed to satisfy constraint: Member must have length less than or \
         equal to {MAX_BODY}"
    )]
    TooLarge,
    #[error("The request's body could not be read: {0}")]
    Unread(String),
    /// The endpoint is not in service.
    #[error("{0}")]
    Unavailable(String),
    /// The container answered 4xx or 5xx; 0 where it did not answer.
    #[error(
        "Received {} error ({status}) from primary with message \"{message}\". See https://{region}.console.aws.amazon.com/\
         cloudwatch/home?region={region}#logEventViewer:group=/aws/sagemaker/Endpoints/{endpoint} in account {account} for \
         more information.", side(*status)
    )]
    Model {
        endpoint: String,
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
    pub(super) fn model(identity: &Identity, endpoint: &str, status: u16, message: String) -> Self {
        Self::Model {
            endpoint: endpoint.into(),
            account: identity.account.clone(),
            region: identity.region.clone(),
            status,
            message,
        }
    }

    pub(super) fn name(&self) -> (&'static str, StatusCode) {
        match self {
            Self::NotFound { .. } | Self::NoVariant { .. } | Self::TooLarge | Self::Unread(_) => {
                ("ValidationError", StatusCode::BAD_REQUEST)
            }
            Self::Unavailable(_) => ("ServiceUnavailable", StatusCode::SERVICE_UNAVAILABLE),
            Self::Model { .. } => ("ModelError", StatusCode::FAILED_DEPENDENCY),
        }
    }

    pub(super) fn into_response(self) -> Response<Body> {
        let (name, status) = self.name();
        let mut body = json!({ "Message": self.to_string() });
        if let Self::Model {
            endpoint,
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
        respond(status, "application/json", Some(name), &body)
    }
}

/// What a control-plane operation fails with: AWS's name and text.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub(super) enum ControlError {
    #[error("Could not find endpoint \"{0}\".")]
    NoEndpoint(String),
    #[error("{0}")]
    Invalid(String),
    #[error("{0}")]
    Malformed(String),
    #[error(
        "SageMaker's {0} is not in the local stack: it has DescribeEndpoint, InvokeEndpoint and ListEndpoints"
    )]
    Unknown(String),
}

impl ControlError {
    pub(super) fn into_response(self) -> Response<Body> {
        let name = match self {
            Self::NoEndpoint(_) | Self::Invalid(_) => "ValidationException",
            Self::Malformed(_) => "SerializationException",
            Self::Unknown(_) => "UnknownOperationException",
        };
        let body = json!({ "__type": name, "message": self.to_string() });
        respond(StatusCode::BAD_REQUEST, JSON_1_1, Some(name), &body)
    }
}

/// The control plane's content type.
pub(super) const JSON_1_1: &str = "application/x-amz-json-1.1";

pub(super) fn respond(
    status: StatusCode,
    content_type: &'static str,
    error: Option<&'static str>,
    body: &Value,
) -> Response<Body> {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        http::HeaderValue::from_static(content_type),
    );
    if let Some(error) = error {
        headers.insert("x-amzn-errortype", http::HeaderValue::from_static(error));
    }
    response
}
