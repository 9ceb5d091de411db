//! The configuration of AWS clients: for the local stack, or for AWS itself.

use anyhow::anyhow;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use service::Identity;

use crate::cli::{StackAt, Target};
use crate::key;

/// Returns the configuration of clients of the stack: its URL, a region, and its key, or any where
/// it takes any.
pub(crate) async fn config(url: &str, region: &str) -> anyhow::Result<SdkConfig> {
    let key = key::of_environment()?;
    let credentials = match &key {
        Some(key) => Credentials::new(key.id(), key.secret(), None, None, "scones"),
        None => Credentials::new("local", "local", None, None, "scones"),
    };
    // First: what a client would be told of a wrong key differs from service to service.
    let stack = url.to_owned();
    tokio::task::spawn_blocking(move || scones_local::check_key(&stack, key.as_ref())).await??;
    let config = aws_config::defaults(BehaviorVersion::latest())
        .endpoint_url(url)
        .region(Region::new(region.to_owned()))
        .credentials_provider(credentials)
        .http_client(Builder::new().build_http()) // a stack speaks no TLS
        .load()
        .await;
    Ok(config)
}

/// Returns the configuration of clients of AWS itself: region, keys or role as the AWS CLI finds
/// them.
pub(crate) async fn of_environment() -> SdkConfig {
    let tls = Provider::Rustls(CryptoMode::Ring);
    aws_config::defaults(BehaviorVersion::latest())
        .http_client(Builder::new().tls_provider(tls).build_https())
        .load()
        .await
}

/// Returns the configuration of clients of the stack, or of AWS.
pub(crate) async fn config_of(to: &Target) -> anyhow::Result<SdkConfig> {
    if to.aws {
        return Ok(of_environment().await);
    }
    let url = to.stack.url()?;
    config(&url, &Identity::default().region).await
}

impl StackAt {
    /// The URL that was given, or that of the stack that runs on the data directory.
    pub(crate) fn url(&self) -> anyhow::Result<String> {
        self.find().ok_or_else(|| {
            anyhow!(
                "no stack runs on {}: start one with `scones up`, or give --endpoint-url",
                self.data_dir.display()
            )
        })
    }

    /// [`url`](Self::url), if there is one.
    pub(crate) fn find(&self) -> Option<String> {
        let running = || scones_local::running(&self.data_dir).map(|holder| holder.url);
        self.endpoint_url.clone().or_else(running)
    }
}
