//! One object: read batch by batch, sent to the model's containers, and the responses written.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::{FutureExt, StreamExt, stream};
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::sleep;

use super::Spec;
use super::processing::Format;
use super::records::{Batches, Batching};
use crate::context::Inner;
use crate::jobs::inputs::Input;
use crate::pipeline::{self, ContainerError, ContainerServer, Failure, Limits};

/// Largest response of a container, in bytes.
const MAX_RESPONSE: usize = 100 << 20;
/// Before the first of the retries; the pause doubles.
const PAUSE: Duration = Duration::from_millis(100);

/// Sends the requests of a job.
pub(super) struct Requests<'j> {
    pub(super) inner: &'j Inner,
    pub(super) spec: &'j Spec,
    pub(super) containers: &'j [ContainerServer],
    pub(super) batching: Batching,
    /// A permit a request, until its response is written: so memory is bounded.
    pub(super) permits: Arc<Semaphore>,
    /// A folder for outputs that are not complete.
    pub(super) folder: &'j Path,
}

/// A part of an output.
struct Output {
    body: Bytes,
    content_type: Option<String>,
    _permit: OwnedSemaphorePermit,
}

/// A request's body before its input filter.
struct Batch {
    body: Bytes,
    permit: OwnedSemaphorePermit,
}

type BatchesAndPermits = (Batches, Arc<Semaphore>);

/// Reads the next batch when there is a permit for it.
async fn next_batch(
    (mut batches, permits): BatchesAndPermits,
) -> Option<(Result<Batch, String>, BatchesAndPermits)> {
    let permit = Arc::clone(&permits).acquire_owned().await.ok()?;
    let batch = batches.next().await.transpose()?;
    let batch = batch.map(|body| Batch { body, permit });
    Some((batch, (batches, permits)))
}

impl Requests<'_> {
    /// Transforms one object. The error is the job's FailureReason.
    pub(super) async fn transform(&self, input: &Input) -> Result<(), String> {
        let objects = Arc::clone(&self.inner.objects);
        let batches = Batches::new(objects, input.clone(), self.spec.split, self.batching);
        let batches = stream::unfold((batches, Arc::clone(&self.permits)), next_batch);
        // Boxed: the compiler does not see otherwise that the futures can be sent to other threads.
        let outputs = batches.map(|batch| self.process(input, batch).boxed());
        let mut outputs = outputs.buffered(self.batching.max_concurrent).boxed();
        let unwritten = |error: std::io::Error| format!("InternalServerError: {error}");
        let mut file = tempfile::NamedTempFile::new_in(self.folder).map_err(unwritten)?;
        let mut content_type = None;
        while let Some(output) = outputs.next().await {
            let output = output?;
            file.write_all(&output.body).map_err(unwritten)?;
            if self.spec.assemble_lines && !output.body.ends_with(b"\n") {
                file.write_all(b"\n").map_err(unwritten)?;
            }
            content_type = content_type.or(output.content_type);
        }
        let key = format!("{}{}.out", self.spec.prefix, input.name);
        let content_type = self.spec.accept.clone().or(content_type);
        let content_type = content_type.unwrap_or("application/octet-stream".to_owned());
        let objects = &self.inner.objects;
        let put = objects.put_file(&self.spec.bucket, &key, file.path(), &content_type);
        put.await
            .map_err(|error| format!("ClientError: Failed to upload the output: {error}"))
    }

    async fn process(&self, input: &Input, batch: Result<Batch, String>) -> Result<Output, String> {
        let Batch {
            body: batch,
            permit,
        } = batch?;
        let Input { bucket, key, .. } = input;
        let failed = |error: String| format!("ClientError: s3://{bucket}/{key}: {error}");
        let body = match &self.spec.processing {
            Some((processing, format)) => {
                processing.filter_input(*format, &batch).map_err(failed)?
            }
            None => batch.clone(),
        };
        let response = self.send(input, body).await?;
        let content_type = response.headers().get(header::CONTENT_TYPE);
        let content_type = content_type.and_then(|kind| kind.to_str().ok());
        let content_type = content_type.map(str::to_owned);
        let body = match &self.spec.processing {
            Some((processing, format)) => {
                let accept = self.spec.accept.as_ref().or(content_type.as_ref());
                let output_format = accept.map_or(Ok(*format), |accept| Format::of(accept));
                let output_format = output_format.map_err(failed)?;
                let output = (output_format, response.body());
                processing
                    .finish((*format, &batch), output)
                    .map_err(failed)?
            }
            None => response.into_body(),
        };
        Ok(Output {
            body,
            content_type,
            _permit: permit,
        })
    }

    /// Sends a request again after what may pass: no response, 429, 5xx.
    async fn send(&self, input: &Input, body: Bytes) -> Result<Response<Bytes>, String> {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            (header::CONTENT_TYPE, &self.spec.content_type),
            (header::ACCEPT, &self.spec.accept),
        ] {
            if let Some(value) = value {
                let value = HeaderValue::from_str(value);
                headers.insert(
                    name,
                    value.map_err(|error| format!("ClientError: {error}"))?,
                );
            }
        }
        let limits = Limits {
            timeout: self.spec.timeout,
            max_response: MAX_RESPONSE,
        };
        let mut left = self.spec.retries;
        let mut pause = PAUSE;
        loop {
            let client = &self.inner.client;
            let response = pipeline::send(client, self.containers, &headers, body.clone(), limits);
            let (reason, may_pass) = match response.await {
                Ok(response) => return Ok(response),
                Err(error) => failure_reason(&error),
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
}

/// Returns AWS's FailureReason, with what its log would say, and whether a retry may succeed.
fn failure_reason(error: &ContainerError) -> (String, bool) {
    let lost = |reason: &str| {
        let reason = format!("AlgorithmError: Unable to get response from algorithm: {reason}");
        (reason, true)
    };
    match &error.failure {
        Failure::NoResponse(reason) => lost(reason),
        Failure::TimedOut => lost("it took too long"),
        Failure::NotLoaded(reason) => (format!("ClientError: {reason}"), false),
        Failure::TooLarge => {
            let container = &error.container;
            let reason = format!(
                "ClientError: the response of {container} is larger than 5 MB, the limit between \
                 the containers of an inference pipeline"
            );
            (reason, false)
        }
        Failure::Status(status, body) => {
            let side = if status.is_client_error() {
                "ClientError"
            } else {
                "AlgorithmError"
            };
            let message: String = String::from_utf8_lossy(body).chars().take(512).collect();
            let reason = format!("{side}: See job logs for more information: {status}: {message}");
            let may_pass = status.is_server_error() || *status == StatusCode::TOO_MANY_REQUESTS;
            (reason, may_pass)
        }
    }
}
