//! Structured logs: a JSON object a line on standard output, which Lambda carries to CloudWatch.
//!
//! Every line of an invocation has, under `span`, the request's id, the execution and the S3
//! object.

use tracing::level_filters::LevelFilter;
use tracing::{Span, field};

use crate::environment::Environment;
use crate::event::Invocation;
use s3_uri::S3Uri;

/// Logs from here on, at the level of `AWS_LAMBDA_LOG_LEVEL` (Lambda sets it), by default `INFO`.
/// A subscriber that the program has already set stays.
pub(crate) fn start(environment: &Environment) {
    let _ = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_span_list(false)
        .with_target(false)
        .with_max_level(level(environment))
        .try_init();
}

fn level(environment: &Environment) -> LevelFilter {
    match environment.get("AWS_LAMBDA_LOG_LEVEL") {
        Some("FATAL") => LevelFilter::ERROR,
        Some(name) => name.parse().unwrap_or(LevelFilter::INFO),
        None => LevelFilter::INFO,
    }
}

/// The span of one invocation; [`record_event`] fills it in once the event is read.
pub(crate) fn invocation(function: &str, request_id: &str) -> Span {
    tracing::info_span!(
        "invocation",
        function,
        request_id,
        execution = field::Empty,
        s3_bucket = field::Empty,
        s3_key = field::Empty,
    )
}

/// Names in the log the object and the execution of the current invocation.
pub(crate) fn record_event(invocation: &Invocation) {
    let S3Uri { bucket, key } = invocation.object.uri();
    let span = Span::current();
    span.record("s3_bucket", bucket).record("s3_key", key);
    if let Some(execution) = &invocation.execution {
        span.record("execution", execution);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_level_is_lambdas_own_setting() {
        let level_of =
            |name: &str| level(&Environment::from_iter([("AWS_LAMBDA_LOG_LEVEL", name)]));
        assert_eq!(level(&Environment::default()), LevelFilter::INFO);
        assert_eq!(level_of("DEBUG"), LevelFilter::DEBUG);
        assert_eq!(level_of("FATAL"), LevelFilter::ERROR);
        assert_eq!(level_of("loud"), LevelFilter::INFO);
    }
}
