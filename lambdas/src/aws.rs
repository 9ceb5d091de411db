//! The AWS SDK as a Lambda function needs it: configured from the environment alone.

use aws_config::environment::{
    EnvironmentVariableCredentialsProvider, EnvironmentVariableRegionProvider,
};
use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_smithy_http_client::{Builder, tls};
use aws_smithy_runtime_api::client::http::SharedHttpClient;

use crate::environment::Environment;

/// The number of attempts: longer waits are left to the state machine, where waiting costs nothing.
const ATTEMPTS: u32 = 2;

/// The configuration that every client starts from.
///
/// Lambda gives a function its region and credentials as environment variables. Looking further
/// (profiles, the instance metadata service) would only cost time at a cold start, or hide that
/// something is missing.
pub(crate) async fn config(environment: &Environment) -> SdkConfig {
    aws_config::defaults(BehaviorVersion::latest())
        .region(EnvironmentVariableRegionProvider::new())
        .credentials_provider(EnvironmentVariableCredentialsProvider::new())
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
        .http_client(http_client(environment))
        .load()
        .await
}

/// Returns a client with TLS only if an endpoint uses it: loading the root certificates takes
/// longer than the rest of a cold start.
fn http_client(environment: &Environment) -> SharedHttpClient {
    let plain = |url: &str| url.starts_with("http://");
    let all_plain = environment.get("AWS_ENDPOINT_URL").is_some()
        && environment.starting_with("AWS_ENDPOINT_URL").all(plain);
    if all_plain {
        return Builder::new().build_http();
    }
    let provider = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring);
    Builder::new().tls_provider(provider).build_https()
}

/// Returns a client of S3.
pub(crate) fn s3(config: &SdkConfig, environment: &Environment) -> aws_sdk_s3::Client {
    let endpoints = ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"];
    let is_local = endpoints.iter().any(|name| environment.get(name).is_some());
    let config = aws_sdk_s3::config::Builder::from(config)
        // A bucket is a name under the endpoint's host only where AWS answers for every such name.
        .force_path_style(is_local)
        .build();
    aws_sdk_s3::Client::from_conf(config)
}

#[cfg(test)]
pub(crate) mod testing {
    //! The real SDK over a function instead of a network.

    use aws_config::Region;
    use aws_sdk_s3::config::Credentials;
    use aws_smithy_http_client::test_util::infallible_client_fn;
    use aws_smithy_types::body::SdkBody;

    use super::*;

    pub(crate) type Request = http::Request<SdkBody>;

    /// A configuration whose requests `answer` answers with a status, a header (the error's name,
    /// where a protocol has it there) and a body; there are no retries.
    pub(crate) fn answering(
        answer: impl Fn(&Request) -> (u16, &'static str, String) + Send + Sync + 'static,
    ) -> SdkConfig {
        let client = infallible_client_fn(move |request| {
            let (status, error_type, body) = answer(&request);
            http::Response::builder()
                .status(status)
                .header("content-length", body.len())
                .header("x-amzn-errortype", error_type)
                .body(body)
                .expect("a response")
        });
        with_client(client)
    }

    /// A configuration for which nobody answers at all.
    pub(crate) fn unreachable() -> SdkConfig {
        let config = with_client(Builder::new().build_http());
        // The discard port: nothing listens there on a machine that runs tests.
        config
            .into_builder()
            .endpoint_url("http://127.0.0.1:9")
            .build()
    }

    fn with_client(client: SharedHttpClient) -> SdkConfig {
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("us-east-1"))
            .credentials_provider(aws_sdk_s3::config::SharedCredentialsProvider::new(
                Credentials::new("id", "secret", None, None, "tests"),
            ))
            .retry_config(RetryConfig::disabled())
            .http_client(client)
            .build()
    }
}
