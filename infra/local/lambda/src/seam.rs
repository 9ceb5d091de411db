//! Lambda as a service of the stack.

use std::sync::Arc;

use async_trait::async_trait;
use axum::body::Body;
use http::request::Parts;
use http::{Request, Response};
use service::sdk::SdkService;
use service::{Service, Stop};

use super::{Lambda, LambdaApi};

#[async_trait]
impl Service for Lambda {
    fn name(&self) -> &'static str {
        "Lambda"
    }

    fn signing_name(&self) -> &'static str {
        "lambda"
    }

    fn owns_unsigned(&self, request: &Parts) -> bool {
        request.uri.path().starts_with("/2015-03-31/functions")
    }

    async fn handle(&self, request: Request<Body>) -> Response<Body> {
        Self::handle(self, request).await
    }

    fn apis(&self) -> Vec<(&'static str, Arc<dyn SdkService>)> {
        vec![("lambda", Arc::new(LambdaApi(Arc::new(self.clone()))))]
    }

    async fn run(&self, stop: Stop) {
        self.clone().run_queue(stop.stopped()).await;
    }

    async fn shut_down(&self) {
        Self::shut_down(self).await;
    }
}
