//! Step Functions as a service of the stack.

use std::sync::Arc;

use async_trait::async_trait;
use axum::body::Body;
use http::{Request, Response};
use service::sdk::SdkService;
use service::{Service, ServiceError, Stop};

use super::States;

#[async_trait]
impl Service for States {
    fn name(&self) -> &'static str {
        "Step Functions"
    }

    fn signing_name(&self) -> &'static str {
        "states"
    }

    fn target(&self) -> Option<&'static str> {
        Some("AWSStepFunctions")
    }

    async fn handle(&self, request: Request<Body>) -> Response<Body> {
        Self::handle(self, request).await
    }

    fn apis(&self) -> Vec<(&'static str, Arc<dyn SdkService>)> {
        vec![("sfn", Arc::new(self.clone()))]
    }

    async fn resume(&self) -> Result<(), ServiceError> {
        let resumed = Self::resume(self).await?;
        tracing::info!(resumed, "executions of an earlier stack go on");
        Ok(())
    }

    async fn run(&self, stop: Stop) {
        self.clone().delete_old(stop.stopped()).await;
    }

    async fn shut_down(&self) {
        Self::shut_down(self).await;
    }
}
