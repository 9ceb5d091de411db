//! API Gateway as a service of the stack.

use async_trait::async_trait;
use axum::body::Body;
use http::request::Parts;
use http::{Request, Response, StatusCode};
use service::signature::Refusal;
use service::{ErrorResponse, RequestHead, Service};

use super::{ApiGateway, answer, target};

#[async_trait]
impl Service for ApiGateway {
    fn name(&self) -> &'static str {
        "API Gateway"
    }

    fn signing_name(&self) -> &'static str {
        "execute-api"
    }

    /// Whoever may calls an API, signed or not.
    fn owns(&self, request: &Parts) -> bool {
        target(request).is_some()
    }

    async fn handle(&self, request: Request<Body>) -> Response<Body> {
        Self::handle(self, request).await
    }

    fn error(&self, _: &RequestHead, error: ErrorResponse) -> Response<Body> {
        answer::message(error.status, &error.message)
    }

    fn refusal(&self, _: &RequestHead, refusal: &Refusal) -> ErrorResponse {
        refusal.by_json(StatusCode::FORBIDDEN)
    }
}
