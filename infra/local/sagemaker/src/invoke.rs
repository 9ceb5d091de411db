//! InvokeEndpoint: a request goes through a variant's containers, and both sides to data capture.

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, header};
use http_body_util::{BodyExt, Limited};
use jiff::Timestamp;
use uuid::Uuid;

use crate::capture::{Exchange, Message};
use crate::config::MODEL_TIMEOUT;
use crate::context::Inner;
use crate::endpoint::{Endpoint, Status};
use crate::error::{InvokeError, MAX_BODY};
use crate::fleet::{Deployed, Fleet};
use crate::pipeline::{
    self, Backend, CUSTOM_ATTRIBUTES, ContainerError, ContainerServer, Failure, INFERENCE_ID,
    Limits, TARGET_MODEL,
};

/// Largest response of a container, in bytes.
const MAX_RESPONSE: usize = 64 << 20;

pub(super) const TARGET_VARIANT: HeaderName =
    HeaderName::from_static("x-amzn-sagemaker-target-variant");
pub(super) const TARGET_CONTAINER: HeaderName =
    HeaderName::from_static("x-amzn-sagemaker-target-container-hostname");
pub(super) const INVOKED_VARIANT: HeaderName =
    HeaderName::from_static("x-amzn-invoked-production-variant");
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
        let containers = targets(&endpoint.name, deployed, &parts.headers)?;
        let answer = self
            .send(&endpoint.name, containers, &parts.headers, body.clone())
            .await?;
        offer(&fleet, deployed, at, &parts.headers, body, &answer);
        Ok(respond(deployed, answer))
    }

    async fn send(
        &self,
        name: &str,
        containers: &[ContainerServer],
        headers: &HeaderMap,
        body: Bytes,
    ) -> Result<Response<Bytes>, InvokeError> {
        let limits = Limits {
            timeout: MODEL_TIMEOUT,
            max_response: MAX_RESPONSE,
        };
        let response = pipeline::send(&self.client, containers, headers, body, limits).await;
        response.map_err(|ContainerError { container, failure }| {
            let (status, message) = match failure {
                Failure::Status(status, body) => {
                    (status.as_u16(), String::from_utf8_lossy(&body).into_owned())
                }
                Failure::NoResponse(_) => (
                    0,
                    format!(
                        "Amazon SageMaker could not get a response from the {name} endpoint. This \
                         can occur when CPU or memory utilization is high. To check your \
                         utilization, see Amazon CloudWatch. To fix this problem, use an instance \
                         type with more CPU capacity or memory."
                    ),
                ),
                Failure::TimedOut => (
                    0,
                    format!(
                        "Your invocation timed out while waiting for a response from container \
                         {container}. Review the latency metrics for each container in Amazon \
                         CloudWatch, resolve the issue, and try again."
                    ),
                ),
                Failure::TooLarge => (
                    0,
                    format!(
                        "The response of {container} is larger than 5 MB, the limit between the \
                         containers of an inference pipeline."
                    ),
                ),
                Failure::NotLoaded(reason) => return InvokeError::Target(reason),
            };
            InvokeError::model(&self.identity, name, container, status, message)
        })
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

/// Returns the containers that the request goes through.
///
/// A request that names a container of an endpoint without direct invocation, or none of one with
/// it, is invalid:
/// <https://docs.aws.amazon.com/sagemaker/latest/dg/multi-container-direct.html>.
fn targets<'d>(
    endpoint: &str,
    deployed: &'d Deployed,
    headers: &HeaderMap,
) -> Result<&'d [ContainerServer], InvokeError> {
    let containers = deployed.containers.as_slice();
    let is_multi = |one: &&ContainerServer| matches!(one.backend, Backend::Multi(_));
    let multi_model = containers.iter().find(is_multi);
    let refused = |text: String| Err(InvokeError::Target(text));
    match (multi_model, headers.contains_key(TARGET_MODEL)) {
        (Some(_), false) => {
            return refused(format!(
                "TargetModel is required: the endpoint {endpoint} has the container mode \
                 MultiModel."
            ));
        }
        (None, true) => {
            return refused(format!(
                "TargetModel can't be specified: the endpoint {endpoint} has no container in the \
                 mode MultiModel."
            ));
        }
        _ => {}
    }
    let hostnames = || {
        let names = containers.iter().map(|container| container.name.as_str());
        names.collect::<Vec<_>>().join(", ")
    };
    match (deployed.direct, text(headers, &TARGET_CONTAINER)) {
        (false, None) => Ok(containers),
        (false, Some(_)) => refused(format!(
            "TargetContainerHostname can't be specified: the endpoint {endpoint} is not configured \
             for direct invocation."
        )),
        (true, None) => refused(format!(
            "TargetContainerHostname is required: the endpoint {endpoint} is configured for direct \
             invocation of {}.",
            hostnames()
        )),
        (true, Some(hostname)) => {
            let at = containers
                .iter()
                .position(|container| container.name == hostname);
            match at {
                Some(at) => Ok(&containers[at..=at]),
                None => refused(format!(
                    "TargetContainerHostname {hostname} does not exist in the endpoint {endpoint}: \
                     its containers are {}.",
                    hostnames()
                )),
            }
        }
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
