//! The endpoint's container: `GET /ping`, `POST /invocations` and `GET /execution-parameters`.
//!
//! <https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html>

use std::future::Future;
use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use serde::Serialize;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::{JoinError, spawn_blocking};

/// The largest request: what InvokeEndpoint takes, in bytes.
pub const MAX_BODY: usize = 25 << 20;

/// The limits that a batch transform job asks a container for.
///
/// <https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-batch-code.html>
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ExecutionParameters {
    /// Requests at a time.
    pub max_concurrent_transforms: usize,
    /// `MultiRecord` or `SingleRecord`.
    pub batch_strategy: &'static str,
    /// The largest request, in MB.
    #[serde(rename = "MaxPayloadInMB")]
    pub max_payload_mb: usize,
}

/// Answers requests on `listener` until `shutdown` is done, and then those that are under way.
///
/// On a loopback address web pages are refused; in a container, which has none, clients may call it
/// by any name.
///
/// # Errors
/// The listener has no address.
pub async fn run(
    listener: TcpListener,
    mut routes: Router,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    if listener.local_addr()?.ip().is_loopback() {
        routes = routes.layer(middleware::from_fn(refuse_pages));
    }
    axum::serve(listener, routes)
        .with_graceful_shutdown(shutdown)
        .await
}

async fn refuse_pages(request: Request, next: Next) -> Response {
    match browser_guard::check(&request) {
        Ok(()) => next.run(request).await,
        Err(refusal) => (refusal.status(), refusal.to_string()).into_response(),
    }
}

/// Returns the container's routes, with `invoke` for `/invocations`. The model is loaded: `/ping`
/// is healthy from the first request on.
pub fn router<S: Clone + Send + Sync + 'static>(invoke: MethodRouter<S>, state: S) -> Router {
    Router::new()
        .route("/ping", get(StatusCode::OK))
        .route("/invocations", invoke)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(state)
}

/// Returns the route `/execution-parameters`.
pub fn execution_parameters(parameters: &ExecutionParameters) -> Router {
    let response = json(StatusCode::OK, "application/json", parameters);
    Router::new().route("/execution-parameters", get(move || async { response }))
}

/// The cores of the machine: as many computations run as there are cores; the others wait without
/// a thread each.
#[derive(Clone, Debug)]
pub struct Cores(Arc<Semaphore>);

impl Default for Cores {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self(Arc::new(Semaphore::new(cores)))
    }
}

impl Cores {
    /// Computes on a thread of its own once a core is free.
    ///
    /// # Errors
    /// The computation panics.
    pub async fn compute<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, JoinError> {
        // The semaphore is never closed, so a failure to acquire can only mean that no limit
        // applies.
        let _core = self.0.acquire().await.ok();
        spawn_blocking(work).await
    }
}

/// A response of JSON: status, content type and body.
pub type JsonResponse = (StatusCode, [(header::HeaderName, &'static str); 1], String);

/// Returns a value as JSON of that content type.
pub fn json(status: StatusCode, kind: &'static str, value: &impl Serialize) -> JsonResponse {
    let body = serde_json::to_string(value).expect("strings and numbers are always JSON");
    (status, [(header::CONTENT_TYPE, kind)], body)
}

/// Returns an error as JSON, `{"error": "…"}`, and logs it.
pub fn error(status: StatusCode, message: &str) -> JsonResponse {
    tracing::warn!(status = status.as_u16(), error = %message, "refused");
    let value = serde_json::json!({ "error": message });
    json(status, "application/json", &value)
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::Request as HttpRequest;
    use axum::routing::post;
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    use super::*;

    async fn check(method: &str, path: &str, body: Vec<u8>, status: u16, expected: &str) {
        let invoke = |body: axum::body::Bytes| async move { body.len().to_string() };
        let limits = ExecutionParameters {
            max_concurrent_transforms: 4,
            batch_strategy: "MultiRecord",
            max_payload_mb: 6,
        };
        let routes = router(post(invoke), ()).merge(execution_parameters(&limits));
        let request = HttpRequest::builder().method(method).uri(path);
        let response = routes
            .oneshot(request.body(Body::from(body)).unwrap())
            .await;
        let response = response.unwrap();
        assert_eq!(response.status().as_u16(), status, "{method} {path}");
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body, expected, "{method} {path}");
    }

    #[tokio::test]
    async fn the_contracts_routes_are_there() {
        const LIMIT: &str = "Failed to buffer the request body: length limit exceeded";
        check("GET", "/ping", vec![], 200, "").await;
        check("POST", "/invocations", vec![0; MAX_BODY], 200, "26214400").await;
        check("POST", "/invocations", vec![0; MAX_BODY + 1], 413, LIMIT).await;
        check("GET", "/invocations", vec![], 405, "").await;
        let limits =
            r#"{"MaxConcurrentTransforms":4,"BatchStrategy":"MultiRecord","MaxPayloadInMB":6}"#;
        check("GET", "/execution-parameters", vec![], 200, limits).await;
    }
}
