//! S3 at `BUCKET.localhost`, which SDKs call where the endpoint is `http://localhost:4566` and
//! nobody says otherwise.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, TcpStream};
use std::time::Duration;

use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use aws_sdk_s3::presigning::{PresignedRequest, PresigningConfig};
use aws_sdk_s3::primitives::ByteStream;
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_runtime_api::client::dns::{DnsFuture, ResolveDns};

use crate::support::{Options, Stack};

const KEY: (&str, &str) = ("test-key", "0f8fad5bd9cb469fa16570867728950e");

/// Resolves all names to this machine, as systemd-resolved, macOS and browsers do with those below
/// localhost.
#[derive(Clone, Debug)]
struct Localhost;

impl ResolveDns for Localhost {
    fn resolve_dns<'a>(&'a self, _name: &'a str) -> DnsFuture<'a> {
        DnsFuture::ready(Ok(vec![IpAddr::V4(Ipv4Addr::LOCALHOST)]))
    }
}

/// An SDK client as it is by default, but for the endpoint's name.
async fn client(stack: &Stack, endpoint: &str) -> aws_sdk_s3::Client {
    let port = stack.url.rsplit(':').next().unwrap();
    let http = Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .build_with_resolver(Localhost);
    let config = aws_config::defaults(BehaviorVersion::latest())
        .endpoint_url(format!("http://{endpoint}:{port}"))
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new(KEY.0, KEY.1, None, None, "test"))
        .http_client(http)
        .load()
        .await;
    aws_sdk_s3::Client::new(&config)
}

/// Sends a presigned request, to its own host.
fn send(stack: &Stack, presigned: &PresignedRequest, body: &str) -> String {
    let uri = presigned.uri().strip_prefix("http://").unwrap();
    let (host, path) = uri.split_at(uri.find('/').unwrap());
    let (method, length) = (presigned.method(), body.len());
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: \
         {length}\r\n\r\n{body}"
    );
    let mut stream = TcpStream::connect(stack.url.strip_prefix("http://").unwrap()).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// With any key, and where signatures are verified: the host is part of what is signed.
#[tokio::test]
async fn an_sdk_needs_no_path_style() {
    for key in [None, Some(KEY)] {
        let dir = tempfile::tempdir().unwrap();
        let stack = Stack::on(
            dir.path(),
            &Options {
                empty: true,
                key,
                ..Options::default()
            },
        );
        for (endpoint, bucket) in [
            ("localhost", "photos"),
            ("s3.localhost", "more-photos"),
            ("s3.us-east-1.localhost", "most-photos"),
        ] {
            objects_and_lists(&stack, endpoint, bucket).await;
        }
    }
}

async fn objects_and_lists(stack: &Stack, endpoint: &str, bucket: &str) {
    let s3 = client(stack, endpoint).await;
    s3.create_bucket().bucket(bucket).send().await.unwrap();
    let key = "a folder/ä+b.png";
    let put = s3.put_object().bucket(bucket).key(key);
    put.body(ByteStream::from_static(b"bytes"))
        .send()
        .await
        .unwrap();
    let got = s3
        .get_object()
        .bucket(bucket)
        .key(key)
        .send()
        .await
        .unwrap();
    assert_eq!(got.body.collect().await.unwrap().to_vec(), b"bytes");
    let listed = s3
        .list_objects_v2()
        .bucket(bucket)
        .prefix("a folder/")
        .send()
        .await;
    assert_eq!(listed.unwrap().contents()[0].key(), Some(key));
    let buckets = s3.list_buckets().send().await.unwrap();
    assert!(
        buckets
            .buckets()
            .iter()
            .any(|listed| listed.name() == Some(bucket))
    );

    let minute = || PresigningConfig::expires_in(Duration::from_secs(60)).unwrap();
    let put = s3.put_object().bucket(bucket).key("presigned");
    let put = put.presigned(minute()).await.unwrap();
    let host = format!("http://{bucket}.{endpoint}:");
    assert!(put.uri().starts_with(&host), "{}", put.uri());
    let answer = send(stack, &put, "more");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let get = s3.get_object().bucket(bucket).key("presigned");
    let answer = send(stack, &get.presigned(minute()).await.unwrap(), "");
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.ends_with("more"),
        "{answer}"
    );
    let missing = s3.get_object().bucket(bucket).key("none");
    let answer = send(stack, &missing.presigned(minute()).await.unwrap(), "");
    assert!(
        answer.contains("<Code>NoSuchKey</Code>") && answer.contains("<Key>none</Key>"),
        "{answer}"
    );
}
