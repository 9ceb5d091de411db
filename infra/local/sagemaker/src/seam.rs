//! SageMaker and SageMaker Runtime, which share a signing name, as a service of the stack.

use std::sync::Arc;

use async_trait::async_trait;
use axum::body::Body;
use http::request::Parts;
use http::{Request, Response};
use service::Service;
use service::sdk::{Jobs, SdkService};

use crate::handle::SageMaker;
use crate::sdk::Control;
use crate::sdk::Runtime;

#[async_trait]
impl Service for SageMaker {
    fn name(&self) -> &'static str {
        "SageMaker"
    }

    fn signing_name(&self) -> &'static str {
        "sagemaker"
    }

    fn target(&self) -> Option<&'static str> {
        Some("SageMaker")
    }

    fn owns_unsigned(&self, request: &Parts) -> bool {
        let path = request.uri.path();
        path.starts_with("/endpoints/") && path.ends_with("/invocations")
    }

    async fn handle(&self, request: Request<Body>) -> Response<Body> {
        Self::handle(self, request).await
    }

    fn apis(&self) -> Vec<(&'static str, Arc<dyn SdkService>)> {
        vec![
            ("sagemaker", Arc::new(Control(self.clone()))),
            ("sagemakerruntime", Arc::new(Runtime(self.clone()))),
        ]
    }

    fn jobs(&self) -> Option<(&'static str, Arc<dyn Jobs>)> {
        Some(("sagemaker", Arc::new(Control(self.clone()))))
    }

    async fn shut_down(&self) {
        Self::shut_down(self).await;
    }
}
