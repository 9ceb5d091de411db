//! InvokeEndpoint: a request goes to a variant's model server, and both sides to data capture.

use std::net::SocketAddr;

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, header};
use http_body_util::{BodyExt, Full, Limited};
use jiff::Timestamp;
use uuid::Uuid;

use crate::capture::{Exchange, Message};
use crate::config::MODEL_TIMEOUT;
use crate::context::Inner;
use crate::endpoint::{Endpoint, Status};
use crate::error::{InvokeError, MAX_BODY};
use crate::fleet::{Deployed, Fleet};

/// Largest response of a container, in bytes.
const MAX_RESPONSE: usize = 64 << 20;

pub(super) const CUSTOM_ATTRIBUTES: HeaderName =
    HeaderName::from_static("x-amzn-sagemaker-custom-attributes");
pub(super) const INFERENCE_ID: HeaderName =
    HeaderName::from_static("x-amzn-sagemaker-inference-id");
pub(super) const TARGET_VARIANT: HeaderName =
    HeaderName::from_static("x-amzn-sagemaker-target-variant");
pub(super) const INVOKED_VARIANT: HeaderName =
    HeaderName::from_static("x-amzn-invoked-production-variant");
/// Headers that SageMaker passes on; it strips all others.
const FORWARDED: [HeaderName; 4] = [
    header::CONTENT_TYPE,
    header::ACCEPT,
    CUSTOM_ATTRIBUTES,
    INFERENCE_ID,
];

impl Inner {
    pub(super) async fn invoke(
        &self,
        name: &str,
        request: Request<Body>,
    ) -> Result<Response<Body>, InvokeError> {
        let endpoint = self.endpoint(name);
        let there = endpoint.filter(|endpoint| endpoint.state.borrow().status != Status::Deleting);
        let endpoint = there.ok_or_else(|| InvokeError::NotFound {
            endpoint: name.into(),
            account: self.identity.account.clone(),
        })?;
        let (parts, body) = request.into_parts();
        let body = read(body).await?;
        // Held until the answer is here: the server ends when no one holds it.
        let fleet = endpoint.fleet().await?;
        let deployed = choose(&endpoint, &fleet, &parts.headers)?;
        let at = Timestamp::now();
        let answer = self
            .ask(&endpoint.name, deployed, &parts.headers, body.clone())
            .await?;
        offer(&fleet, deployed, at, &parts.headers, body, &answer);
        Ok(respond(deployed, answer))
    }

    async fn ask(
        &self,
        name: &str,
        deployed: &Deployed,
        headers: &HeaderMap,
        body: Bytes,
    ) -> Result<Response<Bytes>, InvokeError> {
        let failed =
            |status, message: String| InvokeError::model(&self.identity, name, status, message);
        let silent = || {
            failed(
                0,
                format!(
                    "Amazon SageMaker could not get a response from the {name} endpoint. This can \
                     occur when CPU or memory utilization is high. To check your utilization, see \
                     Amazon CloudWatch. To fix this problem, use an instance type with more CPU \
                     capacity or memory."
                ),
            )
        };
        let address = deployed.server.address().ok_or_else(silent)?;
        let exchange = self.exchange(address, headers, body);
        let answer = match tokio::time::timeout(MODEL_TIMEOUT, exchange).await {
            Ok(answer) => answer.ok_or_else(silent)?,
            Err(_) => {
                let text = "Your invocation timed out while waiting for a response from container \
                            primary. Review the latency metrics for each container in Amazon \
                            CloudWatch, resolve the issue, and try again.";
                return Err(failed(0, text.into()));
            }
        };
        match answer.status() {
            status if status.is_success() => Ok(answer),
            status => {
                let message = String::from_utf8_lossy(answer.body()).into_owned();
                Err(failed(status.as_u16(), message))
            }
        }
    }

    /// `None` where the container does not answer whole.
    async fn exchange(
        &self,
        address: SocketAddr,
        headers: &HeaderMap,
        body: Bytes,
    ) -> Option<Response<Bytes>> {
        let uri = format!("http://{address}/invocations");
        let mut request = Request::post(uri).body(Full::new(body)).ok()?;
        for name in FORWARDED {
            if let Some(value) = headers.get(&name) {
                request.headers_mut().insert(name, value.clone());
            }
        }
        let (parts, body) = self.client.request(request).await.ok()?.into_parts();
        let body = Limited::new(body, MAX_RESPONSE).collect().await.ok()?;
        Some(Response::from_parts(parts, body.to_bytes()))
    }
}

/// Gives the exchange to data capture, where the deployment has that.
fn offer(
    fleet: &Fleet,
    deployed: &Deployed,
    at: Timestamp,
    headers: &HeaderMap,
    body: Bytes,
    answer: &Response<Bytes>,
) {
    let Some(capture) = fleet.capture() else {
        return;
    };
    capture.offer(|| Exchange {
        variant: deployed.name.clone(),
        at,
        event_id: Uuid::new_v4().to_string(),
        inference_id: text(headers, &INFERENCE_ID),
        input: Message {
            content_type: text(headers, &header::CONTENT_TYPE).unwrap_or_default(),
            body,
        },
        output: Message {
            content_type: text(answer.headers(), &header::CONTENT_TYPE).unwrap_or_default(),
            body: answer.body().clone(),
        },
    });
}

async fn read(body: Body) -> Result<Bytes, InvokeError> {
    match Limited::new(body, MAX_BODY).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => Err(InvokeError::TooLarge),
        Err(error) => Err(InvokeError::Unread(error.to_string())),
    }
}

/// The variant that the request asks for, or the next by weight.
fn choose<'f>(
    endpoint: &Endpoint,
    fleet: &'f Fleet,
    headers: &HeaderMap,
) -> Result<&'f Deployed, InvokeError> {
    let Some(wanted) = text(headers, &TARGET_VARIANT) else {
        return Ok(fleet.next());
    };
    let found = fleet.variants().find(|variant| variant.name == wanted);
    found.ok_or_else(|| {
        let names = fleet.variants().map(|variant| variant.name.as_str());
        InvokeError::NoVariant {
            endpoint: endpoint.name.clone(),
            variant: wanted,
            variants: names.collect::<Vec<_>>().join(", "),
        }
    })
}

fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let value = headers.get(name)?;
    Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
}

fn respond(deployed: &Deployed, answer: Response<Bytes>) -> Response<Body> {
    let (parts, body) = answer.into_parts();
    let mut response = Response::new(Body::from(body));
    for name in [header::CONTENT_TYPE, CUSTOM_ATTRIBUTES] {
        if let Some(value) = parts.headers.get(&name) {
            response.headers_mut().insert(name, value.clone());
        }
    }
    // A name that is no header value can't have come from AWS; the answer is worth more than the
    // header.
    if let Ok(variant) = HeaderValue::from_str(&deployed.name) {
        response.headers_mut().insert(INVOKED_VARIANT, variant);
    }
    response
}
