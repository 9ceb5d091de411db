//! API Gateway: the routes of the template's REST APIs, each served by a function (Lambda proxy
//! integration).
//!
//! An API is at `/_aws/execute-api/ID/STAGE/PATH`, and at `/STAGE/PATH` of the host
//! `ID.execute-api.…`, as on AWS; its id is the template's logical id. Bucket names can't begin
//! with an underscore, so the path hides no object. API keys are not checked here; if the stack
//! verifies signatures (`service::signature`), every request must be signed, whatever the template
//! declares.
//!
//! Not implemented: integrations other than `aws_proxy`, path parameters, authorizers, throttling,
//! caching, CORS.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod event;
mod response;
mod seam;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http::request::Parts;
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt;

use sam_template::{Api, Route};
use service::Identity;
use service::Invoke;
use service::virtual_host;

/// The path prefix of APIs.
pub(crate) const PATH: &str = "/_aws/execute-api/";
/// The end of a host name's first label, where an API's id is in it.
const HOST: &str = ".execute-api.";

/// The most bytes of a body; API Gateway's quota.
const MAX_BODY: usize = 10_000_000;
/// The most bytes of a longer body that are received before the connection is closed.
const MOST_RECEIVED: usize = 64 << 20;
/// The most bytes of an event for a function; Lambda's quota.
const MAX_EVENT: usize = 6 << 20;
/// The integration timeout of API Gateway.
const INTEGRATION_TIMEOUT: Duration = Duration::from_secs(29);

/// The APIs of a template. Cheap to clone.
#[derive(Clone)]
pub struct ApiGateway {
    inner: Arc<Inner>,
}

struct Inner {
    apis: Vec<Api>,
    identity: Identity,
    functions: Arc<dyn Invoke>,
}

/// The target of a request: the id of an API, and the stage and path.
struct Target<'r> {
    id: &'r str,
    /// `/STAGE/PATH`
    path: &'r str,
}

/// The API that `request` is for, if it is for one.
fn target(request: &Parts) -> Option<Target<'_>> {
    let path = request.uri.path();
    let host = request.headers.get(http::header::HOST);
    let host = host.and_then(|host| host.to_str().ok()).unwrap_or_default();
    if let Some((id, _)) = host.split_once(HOST) {
        return Some(Target { id, path });
    }
    let rest = path.strip_prefix(PATH)?;
    if virtual_host::bucket(request).is_some() {
        return None; // a key of an object
    }
    let id = rest.split('/').next().unwrap_or_default();
    let path = &rest[id.len()..];
    Some(Target { id, path })
}

/// Returns `text` with the addresses that AWS gives to `apis` replaced by those that the stack at
/// `url` answers on.
pub fn localized(text: &str, apis: &[Api], identity: &Identity, url: &str) -> String {
    let region = &identity.region;
    apis.iter().fold(text.to_owned(), |text, api| {
        let id = &api.logical_id;
        let on_aws = format!("https://{id}{HOST}{region}.amazonaws.com");
        text.replace(&on_aws, &format!("{url}{PATH}{id}"))
    })
}

impl ApiGateway {
    /// The APIs, whose functions `functions` runs.
    pub fn new(apis: Vec<Api>, identity: Identity, functions: Arc<dyn Invoke>) -> Self {
        let inner = Arc::new(Inner {
            apis,
            identity,
            functions,
        });
        Self { inner }
    }

    /// Answers a request to an API.
    pub async fn handle(&self, request: Request<Body>) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let (api, route, path) = match self.find(&parts) {
            Ok(found) => found,
            Err(response) => return response,
        };
        let Some(body) = received(body).await else {
            return response::message(StatusCode::PAYLOAD_TOO_LARGE, "Request Too Long");
        };
        let event = event::Event {
            api,
            route,
            path,
            identity: &self.inner.identity,
            request: &parts,
            body: &body,
        };
        let payload = Bytes::from(event.to_json());
        if payload.len() > MAX_EVENT {
            return response::message(StatusCode::PAYLOAD_TOO_LARGE, "Request Too Long");
        }
        let invocation = self.inner.functions.invoke(&route.function_arn, payload);
        match tokio::time::timeout(INTEGRATION_TIMEOUT, invocation).await {
            Ok(Ok(invocation)) => response::from_invocation(&invocation),
            Ok(Err(error)) => {
                tracing::error!(function = route.function_arn, %error, "the function can't be \
                    invoked");
                response::message(StatusCode::INTERNAL_SERVER_ERROR, "Internal server error")
            }
            Err(_) => response::message(StatusCode::GATEWAY_TIMEOUT, "Endpoint request timed out"),
        }
    }

    /// The API, the route and the route's path that a request asks for; or AWS's answer where there
    /// is none.
    #[expect(clippy::result_large_err, reason = "an answer, which is sent at once")]
    fn find<'r>(&self, request: &'r Parts) -> Result<(&Api, &Route, &'r str), Response<Body>> {
        let forbidden = || response::message(StatusCode::FORBIDDEN, "Forbidden");
        let target = target(request).ok_or_else(forbidden)?;
        // A host name comes in lower case from most clients.
        let named = |api: &&Api| api.logical_id.eq_ignore_ascii_case(target.id);
        let api = self.inner.apis.iter().find(named).ok_or_else(forbidden)?;
        let path = target.path.strip_prefix('/').unwrap_or_default();
        let stage = path.split('/').next().unwrap_or_default();
        if stage != api.stage {
            return Err(forbidden());
        }
        let path = &path[stage.len()..];
        let path = if path.is_empty() { "/" } else { path };
        let answers = |route: &&Route| {
            route.path == path && (route.method == "ANY" || route.method == request.method.as_str())
        };
        let route = api.routes.iter().find(answers).ok_or_else(|| {
            // What AWS says where no resource has the method.
            response::message(StatusCode::FORBIDDEN, "Missing Authentication Token")
        })?;
        Ok((api, route, path))
    }
}

/// The body, unless it is longer than API Gateway takes.
///
/// A longer one is received all the same, up to a limit: many clients see an answer only once they
/// have sent everything.
async fn received(mut body: Body) -> Option<Bytes> {
    let mut kept = BytesMut::new();
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.ok()?.into_data() else {
            continue;
        };
        length += data.len();
        if length <= MAX_BODY {
            kept.extend_from_slice(&data);
        } else if length > MOST_RECEIVED {
            return None;
        }
    }
    (length <= MAX_BODY).then(|| kept.freeze())
}
