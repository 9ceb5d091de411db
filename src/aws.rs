//! The configuration of AWS clients for the local stack.

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_smithy_http_client::Builder;

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
