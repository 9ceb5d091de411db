//! One object: read, sent to the model's server, and the answer written.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use tokio::time::{sleep, timeout};

use super::Spec;
use crate::context::Inner;
use crate::jobs::inputs::Input;
use crate::server::Server;

/// Largest response of a container, in bytes.
const MAX_RESPONSE: usize = 100 << 20;
/// Before the first of the retries; the pause doubles.
const PAUSE: Duration = Duration::from_millis(100);

/// Sends the requests of a job.
pub(super) struct Requests<'j> {
    pub(super) inner: &'j Inner,
    pub(super) spec: &'j Spec,
    pub(super) server: &'j Server,
}

/// Reason why an attempt failed.
enum Refusal {
    /// Another attempt may have one.
    Again(String),
    /// It will not.
    Final(String),
}

impl Requests<'_> {
    /// Transforms one object. The error is the job's FailureReason.
    pub(super) async fn transform(&self, input: &Input) -> Result<(), String> {
        let body = self.read(input).await?;
        let answer = self.ask(input, body).await?;
        let (parts, mut body) = answer.into_parts();
        if self.spec.lines {
            body = [&body, &b"\n"[..]].concat().into();
        }
        let kind = parts.headers.get(header::CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok());
        let key = format!("{}{}.out", self.spec.prefix, input.name);
        let kind = self.spec.accept.as_deref().or(kind);
        let kind = kind.unwrap_or("application/octet-stream");
        let put = self.inner.objects.put(&self.spec.bucket, &key, body, kind);
        put.await
            .map_err(|error| format!("ClientError: Failed to upload the output: {error}"))
    }

    async fn read(&self, input: &Input) -> Result<Bytes, String> {
        let Input { bucket, key, .. } = input;
        let most = self.spec.most_bytes;
        let objects = &self.inner.objects;
        let body = objects.piece(bucket, key, None, 0, most + 1).await;
        let body = body.map_err(|error| format!("ClientError: {error}"))?;
        let body =
            body.ok_or_else(|| format!("ClientError: s3://{bucket}/{key} does not exist"))?;
        if body.len() > most {
            return Err(format!(
                "ClientError: Too much data for max payload size (s3://{bucket}/{key} is larger \
                 than MaxPayloadInMB={})",
                most >> 20
            ));
        }
        Ok(body)
    }

    /// Asks again after what may pass: no answer, 429, 5xx.
    async fn ask(&self, input: &Input, body: Bytes) -> Result<Response<Bytes>, String> {
        let mut left = self.spec.retries;
        let mut pause = PAUSE;
        loop {
            let (reason, may_pass) = match self.attempt(body.clone()).await {
                Ok(answer) => return Ok(answer),
                Err(Refusal::Again(reason)) => (reason, true),
                Err(Refusal::Final(reason)) => (reason, false),
            };
            let uri = format!("s3://{}/{}", input.bucket, input.key);
            if left == 0 || !may_pass {
                return Err(format!("{reason} ({uri})"));
            }
            tracing::warn!(reason, uri, "a transform is tried again");
            left -= 1;
            sleep(pause).await;
            pause *= 2;
        }
    }

    async fn attempt(&self, body: Bytes) -> Result<Response<Bytes>, Refusal> {
        let lost = |what: &str| {
            Refusal::Again(format!(
                "AlgorithmError: Unable to get response from algorithm: {what}"
            ))
        };
        // One that died is started again.
        let address = self.server.address().ok_or_else(|| lost("it is gone"))?;
        let mut request = Request::post(format!("http://{address}/invocations"));
        for (name, value) in [
            (header::CONTENT_TYPE, &self.spec.content_type),
            (header::ACCEPT, &self.spec.accept),
        ] {
            if let Some(value) = value {
                request = request.header(name, value);
            }
        }
        let request = request.body(Full::new(body));
        let request = request.map_err(|error| Refusal::Final(format!("ClientError: {error}")))?;
        let exchange = async {
            let answer = self.inner.client.request(request).await;
            let (parts, body) = answer
                .map_err(|error| lost(&error.to_string()))?
                .into_parts();
            let body = Limited::new(body, MAX_RESPONSE).collect().await;
            let body = body.map_err(|error| lost(&error.to_string()))?;
            Ok(Response::from_parts(parts, body.to_bytes()))
        };
        let answer = timeout(self.spec.timeout, exchange).await;
        let answer = answer.map_err(|_| lost("it took too long"))??;
        match answer.status() {
            status if status.is_success() => Ok(answer),
            status => Err(refusal(status, answer.body())),
        }
    }
}

/// AWS's reason, and in brackets what its log would say.
fn refusal(status: StatusCode, body: &[u8]) -> Refusal {
    let side = match status.is_client_error() {
        true => "ClientError",
        false => "AlgorithmError",
    };
    let message: String = String::from_utf8_lossy(body).chars().take(512).collect();
    let reason = format!("{side}: See job logs for more information: {status}: {message}");
    match status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
        true => Refusal::Again(reason),
        false => Refusal::Final(reason),
    }
}
