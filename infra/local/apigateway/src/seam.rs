//! API Gateway as a service of the stack.

use async_trait::async_trait;
use axum::body::Body;
use http::request::Parts;
use http::{Request, Response, StatusCode};
use service::signature::SignatureError;
use service::{ErrorResponse, RequestHead, Service};

use super::{ApiGateway, response, target};

#[async_trait]
impl Service for ApiGateway {
    fn name(&self) -> &'static str {
        "API Gateway"
    }

    fn signing_name(&self) -> &'static str {
        "execute-api"
    }

    /// Returns true for requests to an API, signed or not.
    fn owns(&self, request: &Parts) -> bool {
        target(request).is_some()
    }

    async fn handle(&self, request: Request<Body>) -> Response<Body> {
        Self::handle(self, request).await
    }

    fn error(&self, _: &RequestHead, error: ErrorResponse) -> Response<Body> {
        response::message(error.status, &error.message)
    }

    fn signature_error(&self, _: &RequestHead, error: &SignatureError) -> ErrorResponse {
        error.by_json(StatusCode::FORBIDDEN)
    }
}
