//! EventBridge Scheduler as a service of the stack.

use async_trait::async_trait;
use axum::body::Body;
use http::{Request, Response};
use service::{Service, Stop};

use super::Scheduler;

#[async_trait]
impl Service for Scheduler {
    fn name(&self) -> &'static str {
        "EventBridge Scheduler"
    }

    fn signing_name(&self) -> &'static str {
        "scheduler"
    }

    async fn handle(&self, request: Request<Body>) -> Response<Body> {
        Self::handle(self, request).await
    }

    async fn run(&self, stop: Stop) {
        self.clone().run(stop.stopped()).await;
    }
}
