//! S3 as a service of the stack.

use std::sync::Arc;

use async_trait::async_trait;
use axum::body::Body;
use http::{Request, Response};
use s3s::{S3Error, S3ErrorCode};
use service::sdk::SdkService;
use service::signature::{Rules, SignatureError};
use service::{ErrorResponse, RequestHead, Service, Stop, virtual_host};

use super::{S3, response};

#[async_trait]
impl Service for S3 {
    fn name(&self) -> &'static str {
        "S3"
    }

    fn signing_name(&self) -> &'static str {
        "s3"
    }

    fn serves_anonymous(&self) -> bool {
        true
    }

    fn signature_rules(&self) -> Rules {
        Rules::S3
    }

    async fn handle(&self, request: Request<Body>) -> Response<Body> {
        Self::handle(self, virtual_host::to_path_style(request)).await
    }

    fn error(&self, request: &RequestHead, error: ErrorResponse) -> Response<Body> {
        let mut refused =
            S3Error::with_message(S3ErrorCode::Custom(error.code.into()), error.message);
        refused.set_status_code(error.status);
        let outcome = refused
            .to_http_response()
            .map_err(|error| s3s::HttpError::new(Box::new(error)));
        response::ResponseBuilder::for_path(&request.path).finish(outcome)
    }

    fn signature_error(&self, _: &RequestHead, error: &SignatureError) -> ErrorResponse {
        error.by_s3()
    }

    fn apis(&self) -> Vec<(&'static str, Arc<dyn SdkService>)> {
        vec![("s3", Arc::new(self.clone()))]
    }

    async fn run(&self, stop: Stop) {
        self.clone().run_dispatcher(stop.stopped()).await;
    }

    async fn close(&self) {
        self.shut_down().await;
    }
}
