//! The life of every function between the Runtime API and its handler.

use std::process::ExitCode;
use std::time::Instant;

use lambda_runtime::{Diagnostic, LambdaEvent, Runtime, service_fn};
use lambda_runtime_api_client::body::Body;
use lambda_runtime_api_client::{BoxError, PooledClient, build_request};
use serde::Serialize;
use serde_json::Value;
use tracing::Instrument;

use crate::diagnostic::FunctionError;
use crate::environment::{self, Environment};
use crate::logging;

/// A function: what it needs at start, and what it does with an event.
pub trait Handler: Sized {
    /// The name of the function's program.
    const NAME: &'static str;
    /// Its answer.
    type Output: Serialize;
    /// Its error.
    type Error: FunctionError;

    /// Reads and checks the configuration; this is the init phase of a cold start.
    fn start(environment: &Environment) -> impl Future<Output = Result<Self, environment::Error>>;

    /// Answers one event.
    fn handle(&self, event: Value) -> impl Future<Output = Result<Self::Output, Self::Error>>;
}

/// An error that stops a function.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nobody runs it as a Lambda function.
    #[error(
        "{function} is a Lambda function and {variable} is not set: Lambda, or the local stack \
         (`scones up`), sets it and starts the function"
    )]
    NotInLambda {
        /// Its name.
        function: &'static str,
        /// The variable that Lambda sets.
        variable: &'static str,
    },
    /// Its configuration can't be used; the Runtime API has been told.
    #[error("{function} can't start: {problem}")]
    Configuration {
        /// Its name.
        function: &'static str,
        /// The problem.
        problem: environment::Error,
    },
    /// The Runtime API is gone.
    #[error("the Lambda Runtime API failed: {0}")]
    RuntimeApi(BoxError),
}

/// The variables that `lambda_runtime` reads at start, and panics without.
const SET_BY_LAMBDA: [&str; 4] = [
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_VERSION",
];

/// The whole program of one function.
///
/// Runs the function on one thread: an execution environment has one invocation at a time, and most
/// have less than one core.
pub(crate) fn main<H: Handler>() -> ExitCode {
    // It may be there to try a model, and then for nothing else.
    #[cfg(feature = "embedded-model")]
    if let Some(code) = scones_model::trial::answer() {
        return code;
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(run::<H>(&Environment::of_this_process())),
        Err(error) => Err(Error::RuntimeApi(error.into())),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs the function until the Runtime API ends.
///
/// # Errors
/// The environment lacks a setting of the function, or the Runtime API is unreachable.
pub async fn run<H: Handler>(environment: &Environment) -> Result<(), Error> {
    logging::start(environment);
    check_for_lambda(environment, H::NAME)?;
    let handler = match H::start(environment).await {
        Ok(handler) => handler,
        Err(problem) => return Err(init_error(H::NAME, problem).await),
    };
    let service = service_fn(|event: LambdaEvent<Value>| invoke(&handler, event));
    Runtime::new(service).run().await.map_err(Error::RuntimeApi)
}

fn check_for_lambda(environment: &Environment, function: &'static str) -> Result<(), Error> {
    match SET_BY_LAMBDA
        .into_iter()
        .find(|name| environment.get(name).is_none())
    {
        Some(variable) => Err(Error::NotInLambda { function, variable }),
        None => Ok(()),
    }
}

async fn invoke<H: Handler>(
    handler: &H,
    event: LambdaEvent<Value>,
) -> Result<H::Output, Diagnostic> {
    let span = logging::invocation(H::NAME, &event.context.request_id);
    let work = async {
        let start = Instant::now();
        let outcome = handler.handle(event.payload).await;
        let milliseconds = start.elapsed().as_millis();
        match outcome {
            Ok(output) => {
                tracing::info!(milliseconds, "done");
                Ok(output)
            }
            Err(error) => {
                // Only the caller knows whether this is bad: for the gate it is a normal outcome.
                tracing::warn!(milliseconds, error_type = error.name(), error_message = %error, "failed");
                Err(error.diagnostic())
            }
        }
    };
    work.instrument(span).await
}

/// Reports to the Runtime API that the function can't start. `lambda_runtime` does so only for
/// SnapStart.
async fn init_error(function: &'static str, problem: environment::Error) -> Error {
    let error = Error::Configuration { function, problem };
    tracing::error!(error_message = %error, "can't start");
    if let Err(error) = report(&error).await {
        tracing::error!(error_message = %error, "the Runtime API did not take the init error");
    }
    error
}

async fn report(error: &Error) -> Result<(), BoxError> {
    const NAME: &str = "Runtime.ConfigInvalid";
    let diagnostic = Diagnostic {
        error_type: NAME.to_owned(),
        error_message: error.to_string(),
    };
    let request = build_request()
        .method(http::Method::POST)
        .uri("/2018-06-01/runtime/init/error")
        .header(http::header::CONTENT_TYPE, "application/json")
        .header("lambda-runtime-function-error-type", NAME)
        .body(Body::from(serde_json::to_vec(&diagnostic)?))?;
    PooledClient::builder().build().call(request).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::FilterInferences;

    #[tokio::test]
    async fn started_by_hand_it_says_who_should_start_it() {
        let error = run::<FilterInferences>(&Environment::default()).await;
        assert_eq!(
            error.unwrap_err().to_string(),
            "filter-inferences is a Lambda function and AWS_LAMBDA_RUNTIME_API is not set: \
             Lambda, or the local stack (`scones up`), sets it and starts the function"
        );
    }
}
