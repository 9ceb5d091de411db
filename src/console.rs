//! The console over the stack of this process: nothing that it asks goes over HTTP.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use console::{ApiError, Application, Aws, LogLine};
use evaluation::Threshold;
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use lambdas::environment::Environment;
use s3_uri::S3Uri;
use scones_local::Stack;
use serde_json::Value;
use service::Objects;
use service::logs;
use service::sdk::SdkError;

/// The interval at which logs are polled.
const POLL_INTERVAL: Duration = Duration::from_millis(250);

/// The prefixes of ground truth and of monitoring runs in the application's bucket.
const GROUND_TRUTH: &str = "ground-truth/";
const MONITORING: &str = "monitoring/";

/// The services of a stack.
struct InProcess(Stack);

/// The console's door to a stack.
pub(crate) fn aws(stack: &Stack) -> Arc<dyn Aws> {
    Arc::new(InProcess(stack.clone()))
}

/// Returns the parts of the template that the console shows.
pub(crate) fn application(stack: &Stack) -> Application {
    let template = stack.application();
    // As the functions read them.
    let of_function_with = |variable: &str| {
        let mut functions = template.functions.iter();
        let function = functions.find(|function| function.environment.contains_key(variable))?;
        Some(Environment::from_iter(&function.environment))
    };
    let incoming = template
        .outputs
        .get("IncomingUri")
        .and_then(|uri| uri.parse::<S3Uri>().ok());
    let captured = template.endpoints.iter().filter_map(|endpoint| {
        let folder = &endpoint.capture.as_ref()?.destination_s3_uri;
        let at: S3Uri = folder.parse().ok()?;
        let prefix = at.key.trim_end_matches('/');
        Some(S3Uri::new(
            at.bucket.clone(),
            format!("{prefix}/{}/", endpoint.name),
        ))
    });
    let bucket = template.outputs.get("BucketName");
    let below = |key: &str| Some(S3Uri::new(bucket?, key));
    Application {
        bucket: bucket.cloned(),
        incoming: incoming.map(|uri| uri.key),
        state_machine: template.outputs.get("StateMachineArn").cloned(),
        labels: of_function_with("LABELS")
            .and_then(|environment| environment.labels().ok())
            .unwrap_or_default(),
        threshold: of_function_with("CONFIDENCE_THRESHOLD")
            .and_then(|environment| environment.confidence_threshold().ok())
            .map(Threshold::as_f64),
        captured: captured.collect(),
        ground_truth: below(GROUND_TRUTH),
        monitoring: below(MONITORING),
    }
}

#[async_trait]
impl Aws for InProcess {
    async fn call(
        &self,
        service: &str,
        operation: &str,
        parameters: Value,
    ) -> Result<Value, ApiError> {
        let Some(there) = self.0.service(service) else {
            return Err(unsupported(service, operation));
        };
        let answer = there.call(operation, &parameters).await;
        answer.map_err(|error| match error {
            SdkError::NoOperation => unsupported(service, operation),
            SdkError::Parameters(message) => ApiError {
                code: "ValidationException".into(),
                message,
                status: 400,
            },
            SdkError::Exception(exception) => ApiError {
                code: exception.code,
                message: exception.message.unwrap_or_default(),
                status: exception.status,
            },
        })
    }

    async fn object(
        &self,
        uri: &S3Uri,
        from: u64,
        max_bytes: usize,
    ) -> Result<Option<Bytes>, ApiError> {
        let s3 = self.0.s3();
        let piece = s3.piece(&uri.bucket, &uri.key, None, from, max_bytes).await;
        piece.map_err(|error| internal(&error))
    }

    async fn put_object(
        &self,
        uri: &S3Uri,
        body: Bytes,
        content_type: &str,
    ) -> Result<(), ApiError> {
        let s3 = self.0.s3();
        let put = s3.put(&uri.bucket, &uri.key, body, content_type).await;
        put.map_err(|error| internal(&error))
    }

    async fn logs(&self) -> Result<Vec<String>, ApiError> {
        let data_dir = self.0.data_dir().to_owned();
        blocking(move || logs::names(&data_dir)).await
    }

    async fn log(&self, name: &str, limit: usize) -> Result<Vec<LogLine>, ApiError> {
        let (data_dir, name) = (self.0.data_dir().to_owned(), name.to_owned());
        let read = blocking(move || {
            let known = logs::names(&data_dir)?.contains(&name);
            if !known {
                return Ok(Vec::new());
            }
            logs::read(&data_dir, Some(&name), limit)
        });
        Ok(read.await?.into_iter().map(line).collect())
    }

    fn follow(&self, name: &str) -> BoxStream<'static, Result<Vec<LogLine>, ApiError>> {
        follow(self.0.data_dir(), name)
    }
}

/// New lines as they come. The place where it begins is taken at once, not when the first are asked
/// for.
fn follow(data_dir: &Path, name: &str) -> BoxStream<'static, Result<Vec<LogLine>, ApiError>> {
    let begun = logs::Follow::new(data_dir, Some(name)).map(Some);
    stream::unfold(begun, async |follow| {
        let mut follow = match follow {
            Ok(follow) => follow?,
            Err(error) => return Some((Err(internal(&error)), Ok(None))),
        };
        tokio::time::sleep(POLL_INTERVAL).await;
        let polled = blocking(move || {
            let lines = follow.poll()?;
            Ok((lines, follow))
        });
        match polled.await {
            Ok((lines, follow)) => {
                Some((Ok(lines.into_iter().map(line).collect()), Ok(Some(follow))))
            }
            Err(error) => Some((Err(error), Ok(None))),
        }
    })
    .boxed()
}

fn line(line: logs::Line) -> LogLine {
    LogLine {
        time: line.time,
        stream: line.stream,
        message: line.message,
    }
}

/// Reads files on a thread that may wait for them.
async fn blocking<T: Send + 'static>(
    read: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T, ApiError> {
    let read = tokio::task::spawn_blocking(read).await;
    let read = read.map_err(|error| internal(&error))?;
    read.map_err(|error| internal(&error))
}

fn internal(error: &dyn std::fmt::Display) -> ApiError {
    ApiError {
        code: "InternalError".into(),
        message: error.to_string(),
        status: 500,
    }
}

fn unsupported(service: &str, operation: &str) -> ApiError {
    ApiError {
        code: "UnknownOperationException".into(),
        message: format!("The local stack has no {service}:{operation}."),
        status: 501,
    }
}
