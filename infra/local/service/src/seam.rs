//! The interface that every service of the stack implements.

use std::error::Error;
use std::sync::Arc;

use async_trait::async_trait;
use axum::body::Body;
use http::request::Parts;
use http::{Request, Response, StatusCode};
use serde_json::Value;
use tokio::sync::watch;

use crate::ErrorResponse;
use crate::sdk::{Jobs, SdkService};
use crate::signature::{Rules, SignatureError};
use crate::virtual_host;

/// A service's error on the way up or down: it keeps the stack from starting.
pub type ServiceError = Box<dyn Error + Send + Sync>;

/// A service of the local stack.
///
/// The stack knows a service by this trait alone. It routes requests to it, verifies their
/// signatures before, offers its API to state machines, gives it its part of the template, runs its
/// background work, and stops it.
#[async_trait]
pub trait Service: Send + Sync {
    /// Returns the name that errors and logs have for it: `Amazon S3`.
    fn name(&self) -> &'static str;

    /// Returns the name of the service in the credential scope of signatures: `s3`.
    fn signing_name(&self) -> &'static str;

    /// Returns what stands before the dot in `X-Amz-Target`, for services of the AWS JSON
    /// protocols: `AWSStepFunctions`.
    fn target(&self) -> Option<&'static str> {
        None
    }

    /// Returns true if the host or path of `request` belongs to this service, regardless of its
    /// signature.
    fn owns(&self, _request: &Parts) -> bool {
        false
    }

    /// Returns true if the path of `request`, which has no signature and no target, is this
    /// service's.
    fn owns_unsigned(&self, _request: &Parts) -> bool {
        false
    }

    /// Returns true for the one service that gets what nobody else owns: S3, which alone serves
    /// anonymous readers.
    fn serves_anonymous(&self) -> bool {
        false
    }

    /// Returns how its requests are signed.
    fn signature_rules(&self) -> Rules {
        Rules::Others
    }

    /// Answers a request, whose signature is right where the stack verifies them.
    async fn handle(&self, request: Request<Body>) -> Response<Body>;

    /// Returns an error in the form that the service's clients read, for requests that do not reach
    /// it.
    fn error(&self, _request: &RequestHead, error: ErrorResponse) -> Response<Body> {
        error.into_json()
    }

    /// Returns the error for a request that is not signed as it must be.
    fn signature_error(&self, request: &RequestHead, error: &SignatureError) -> ErrorResponse {
        error.by_json(request.error_status())
    }

    /// Returns its APIs as the AWS SDKs have them, by the names in
    /// `arn:aws:states:::aws-sdk:NAME:operation`.
    fn apis(&self) -> Vec<(&'static str, Arc<dyn SdkService>)> {
        Vec::new()
    }

    /// Returns its jobs, by the name in `arn:aws:states:::NAME:operation.sync`.
    fn jobs(&self) -> Option<(&'static str, Arc<dyn Jobs>)> {
        None
    }

    /// Returns the CloudFormation resource types that [`declare`](Self::declare) handles, in
    /// addition to those that the template reader supports.
    fn resource_types(&self) -> &'static [&'static str] {
        &[]
    }

    /// Creates or updates a resource of the template, one of its
    /// [`resource_types`](Self::resource_types). `name` is its logical id, and `properties` are
    /// resolved. It is called at each start.
    ///
    /// # Errors
    /// The properties are not those of such a resource, or could not be kept: the stack does not
    /// start.
    async fn declare(
        &self,
        _resource_type: &str,
        _name: &str,
        _properties: &Value,
    ) -> Result<(), ServiceError> {
        Ok(())
    }

    /// Resumes the work that an earlier stack left unfinished, before the first request.
    ///
    /// # Errors
    /// The state can't be read.
    async fn resume(&self) -> Result<(), ServiceError> {
        Ok(())
    }

    /// Runs the background work until the stack stops: event delivery, scheduled work, cleanup.
    async fn run(&self, _stop: Stop) {}

    /// Stops running work, and responds to waiting callers. Accepted work is kept for the next
    /// start.
    async fn shut_down(&self) {}

    /// Refuses to write from now on, when the last requests are answered.
    async fn close(&self) {}
}

/// The parts of a request that decide the form of an error response.
#[derive(Clone, Debug)]
pub struct RequestHead {
    /// The path, in path style (`/BUCKET/KEY`).
    pub path: String,
    /// True if the request has `X-Amz-Target`: it uses a JSON protocol, whose errors have status
    /// 400.
    pub has_target: bool,
}

impl RequestHead {
    /// Returns what matters of `request`.
    pub fn of(request: &Parts) -> Self {
        Self {
            path: virtual_host::path(request),
            has_target: request.headers.contains_key("x-amz-target"),
        }
    }

    /// Returns the status of the response to a rejected request: that of the JSON protocols, or of
    /// the REST protocols.
    pub fn error_status(&self) -> StatusCode {
        if self.has_target {
            StatusCode::BAD_REQUEST
        } else {
            StatusCode::FORBIDDEN
        }
    }
}

/// Tells a service when the stack stops. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Stop(watch::Receiver<bool>);

impl Stop {
    /// Creates a stop signal that fires when the receiver turns true, or its sender is dropped.
    pub fn new(receiver: watch::Receiver<bool>) -> Self {
        Self(receiver)
    }

    /// Resolves when the stack stops.
    pub async fn stopped(mut self) {
        // An error means that the stack is gone, which is a stop too.
        let _ = self.0.wait_for(|stop| *stop).await;
    }
}
