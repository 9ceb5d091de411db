//! A bucket in memory, behind the real SDK.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Arc, Mutex};

use aws_sdk_s3::Client;
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use aws_smithy_http_client::test_util::infallible_client_fn;

use crate::bucket::Bucket;

/// Objects by key, and the requests that were made for them.
#[derive(Clone, Default)]
pub(crate) struct Objects {
    pub(crate) by_key: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
    pub(crate) requests: Arc<Mutex<Vec<String>>>,
}

impl Objects {
    pub(crate) fn put(&self, key: &str, body: impl Into<Vec<u8>>) {
        self.by_key
            .lock()
            .unwrap()
            .insert(key.to_owned(), body.into());
    }

    /// The prefixes that were listed.
    pub(crate) fn listed(&self) -> Vec<String> {
        let requests = self.requests.lock().unwrap();
        requests
            .iter()
            .filter_map(|request| Some(request.strip_prefix("LIST ")?.to_owned()))
            .collect()
    }

    pub(crate) fn bucket(&self) -> Bucket {
        let objects = self.clone();
        let client = infallible_client_fn(
            move |request: http::Request<aws_sdk_s3::primitives::SdkBody>| {
                let (status, body) = objects.answer(&request);
                http::Response::builder()
                    .status(status)
                    .header("content-length", body.len())
                    .body(body)
                    .unwrap()
            },
        );
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("us-east-1"))
            .credentials_provider(Credentials::for_tests())
            .retry_config(aws_sdk_s3::config::retry::RetryConfig::disabled())
            .force_path_style(true)
            .http_client(client)
            .build();
        Bucket::new(Client::from_conf(config), "b")
    }

    fn answer(&self, request: &http::Request<aws_sdk_s3::primitives::SdkBody>) -> (u16, Vec<u8>) {
        let uri = request.uri();
        let parameters: BTreeMap<String, String> = uri
            .query()
            .unwrap_or_default()
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.replace("%2F", "/")))
            .collect();
        let key = uri
            .path()
            .trim_start_matches("/b")
            .trim_start_matches('/')
            .to_owned();
        let mut by_key = self.by_key.lock().unwrap();
        if let Some(prefix) = parameters.get("prefix") {
            self.requests.lock().unwrap().push(format!("LIST {prefix}"));
            return (
                200,
                list(&by_key, prefix, parameters.contains_key("delimiter")).into_bytes(),
            );
        }
        self.requests
            .lock()
            .unwrap()
            .push(format!("{} {key}", request.method()));
        if request.method() == http::Method::PUT {
            by_key.insert(key, request.body().bytes().unwrap_or_default().to_vec());
            return (200, Vec::new());
        }
        match by_key.get(&key) {
            Some(body) => (200, body.clone()),
            None => (
                404,
                b"<Error><Code>NoSuchKey</Code><Message>None.</Message></Error>".to_vec(),
            ),
        }
    }
}

fn list(by_key: &BTreeMap<String, Vec<u8>>, prefix: &str, by_folder: bool) -> String {
    let mut xml = String::from("<ListBucketResult><IsTruncated>false</IsTruncated>");
    let found = by_key.keys().filter(|key| key.starts_with(prefix));
    let mut folders = std::collections::BTreeSet::new();
    for key in found {
        match key[prefix.len()..].split_once('/') {
            Some((folder, _)) if by_folder => {
                folders.insert(folder);
            }
            _ => write!(xml, "<Contents><Key>{key}</Key></Contents>").unwrap(),
        }
    }
    for folder in folders {
        write!(
            xml,
            "<CommonPrefixes><Prefix>{prefix}{folder}/</Prefix></CommonPrefixes>"
        )
        .unwrap();
    }
    xml + "</ListBucketResult>"
}
