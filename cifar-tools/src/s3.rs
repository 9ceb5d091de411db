//! The S3 client, as the environment configures it.

use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_s3::Client;
use aws_sdk_s3::config::Builder;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};

/// A client from the usual AWS variables, files and roles.
///
/// With `AWS_ENDPOINT_URL` or `AWS_ENDPOINT_URL_S3` set, buckets are addressed by path: an endpoint
/// that is not AWS rarely has a DNS name for each bucket.
pub async fn client() -> Client {
    let tls = Provider::Rustls(CryptoMode::Ring);
    let http = aws_smithy_http_client::Builder::new()
        .tls_provider(tls)
        .build_https();
    let config = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http)
        .load()
        .await;
    from_config(&config)
}

/// A client of a configuration that was loaded elsewhere, with the same rule for addressing.
#[must_use]
pub fn from_config(config: &SdkConfig) -> Client {
    let has_endpoint =
        config.endpoint_url().is_some() || std::env::var_os("AWS_ENDPOINT_URL_S3").is_some();
    Client::from_conf(Builder::from(config).force_path_style(has_endpoint).build())
}
