//! The store as clients see it: the AWS SDK for Rust is the oracle, over a socket of the loopback
//! interface.

mod answers;
mod conditions;
mod differences;
mod durability;
mod errors;
mod events;
mod forms;
mod listing;
mod multipart;
mod objects;
mod recovery;
mod versioning;
mod wire;

use std::fmt::Debug;
use std::path::Path;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::ByteStream;

use super::*;

/// The bucket that every test has.
const BUCKET: &str = "photos";

/// A store in a directory of its own, and a client that knows nothing but its address.
struct Stack {
    s3: S3,
    client: Client,
    directory: tempfile::TempDir,
}

impl Stack {
    async fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let stack = Self::open(directory).await;
        stack
            .client
            .create_bucket()
            .bucket(BUCKET)
            .send()
            .await
            .unwrap();
        stack
    }

    async fn open(directory: tempfile::TempDir) -> Self {
        let s3 = S3::open(directory.path(), Identity::default()).unwrap();
        let client = client(&serve(s3.clone()).await);
        Self {
            s3,
            client,
            directory,
        }
    }

    /// The same directory, opened once more, as after a crash: nothing was shut down.
    async fn reopen(self) -> Self {
        Self::open(self.directory).await
    }

    async fn put(&self, key: &str, body: &str) {
        let body = ByteStream::from(body.as_bytes().to_vec());
        let put = self.client.put_object().bucket(BUCKET).key(key).body(body);
        put.send().await.unwrap();
    }

    async fn get(&self, key: &str) -> String {
        let get = self.client.get_object().bucket(BUCKET).key(key);
        text(get.send().await.unwrap().body).await
    }

    async fn keys(&self) -> Vec<String> {
        let list = self
            .client
            .list_objects_v2()
            .bucket(BUCKET)
            .send()
            .await
            .unwrap();
        list.contents()
            .iter()
            .map(|object| object.key().unwrap().to_owned())
            .collect()
    }

    /// Returns the number of files, of objects and of parts.
    fn files(&self) -> usize {
        count(&self.directory.path().join("s3/objects"))
    }
}

fn count(directory: &Path) -> usize {
    let entries = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    entries
        .map(|path| if path.is_dir() { count(&path) } else { 1 })
        .sum()
}

async fn text(body: ByteStream) -> String {
    String::from_utf8(body.collect().await.unwrap().to_vec()).unwrap()
}

/// Serves until the runtime of the test ends.
async fn serve(s3: S3) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = axum::Router::new().fallback(move |request: Request<Body>| {
        let s3 = s3.clone();
        async move { s3.handle(request).await }
    });
    tokio::spawn(async { axum::serve(listener, app).await });
    format!("http://{address}")
}

fn client(endpoint: &str) -> Client {
    client_in(endpoint, "us-east-1")
}

fn client_in(endpoint: &str, region: &'static str) -> Client {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .credentials_provider(Credentials::new("any", "key", None, None, "tests"))
        .region(Region::new(region))
        .endpoint_url(endpoint)
        .force_path_style(true)
        .retry_config(RetryConfig::disabled())
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    Client::from_conf(config)
}

/// Returns the service's error: `status code: message`.
fn refusal<T: Debug, E: ProvideErrorMetadata + Debug>(
    outcome: Result<T, SdkError<E, aws_sdk_s3::config::http::HttpResponse>>,
) -> String {
    match outcome {
        Err(SdkError::ServiceError(error)) => {
            let status = error.raw().status().as_u16();
            let error = error.err();
            let (code, message) = (error.code(), error.message());
            format!(
                "{status} {}: {}",
                code.unwrap_or("-"),
                message.unwrap_or("-")
            )
        }
        other => panic!("not a refusal: {other:?}"),
    }
}
