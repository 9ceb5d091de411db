//! The configuration of AWS clients: for the local stack, or for AWS itself.

use std::path::Path;

use anyhow::anyhow;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};

/// What any client of the stack needs: its URL, a region, and keys, which it takes as they come.
pub(crate) async fn config(url: &str, region: &str) -> SdkConfig {
    aws_config::defaults(BehaviorVersion::latest())
        .endpoint_url(url)
        .region(Region::new(region.to_owned()))
        .credentials_provider(Credentials::new("local", "local", None, None, "scones"))
        .http_client(Builder::new().build_http()) // the stack is on loopback: no TLS
        .load()
        .await
}

/// What clients of AWS itself need: region, keys or role as the AWS CLI finds them.
pub(crate) async fn of_environment() -> SdkConfig {
    let tls = Provider::Rustls(CryptoMode::Ring);
    aws_config::defaults(BehaviorVersion::latest())
        .http_client(Builder::new().tls_provider(tls).build_https())
        .load()
        .await
}

/// The URL that was given, or that of the stack that runs on `data_dir`.
pub(crate) fn stack_url(given: Option<&str>, data_dir: &Path) -> anyhow::Result<String> {
    let running = || scones_local::running(data_dir).map(|holder| holder.url);
    given.map(str::to_owned).or_else(running).ok_or_else(|| {
        anyhow!(
            "no stack runs on {}: start one with `scones up`, or give --endpoint-url",
            data_dir.display()
        )
    })
}
