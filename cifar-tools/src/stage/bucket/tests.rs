//! Against a bucket that keeps what it is given, and counts.

use super::*;
use crate::classes::Classes;
use crate::sample::{self, Sizes};
use crate::server::{Request, Response, serve};
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region, retry::RetryConfig};
use std::collections::BTreeMap;
use std::io::Cursor;
use std::sync::Mutex;

/// Objects of a page of a listing: small, so that there are several.
const PAGE: usize = 7;

#[derive(Default)]
struct Store {
    objects: Mutex<BTreeMap<String, Vec<u8>>>,
    /// The keys in the order in which they were written.
    puts: Mutex<Vec<String>>,
    /// So many next writes are answered with 503.
    failing: AtomicU64,
}

impl Store {
    fn answer(&self, request: Request) -> Response {
        let (path, query) = request
            .target
            .split_once('?')
            .unwrap_or((&request.target, ""));
        match (
            request.method.as_str(),
            path.trim_matches('/').split_once('/'),
        ) {
            ("GET", None) if path.trim_matches('/') == "missing" => Response::new(
                404,
                b"<Error><Code>NoSuchBucket</Code><Message>no</Message></Error>",
            ),
            ("GET", None) => self.page(query),
            ("PUT", Some((_, key))) => self.put(key, request.body),
            _ => Response::new(400, b""),
        }
    }

    fn page(&self, query: &str) -> Response {
        let value = |name: &str| {
            query
                .split('&')
                .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
        };
        let prefix = value("prefix").unwrap_or("").replace("%2F", "/");
        let skip: usize = value("continuation-token").map_or(0, |n| n.parse().unwrap());
        let objects = self.objects.lock().unwrap();
        let all: Vec<_> = objects
            .iter()
            .filter(|(key, _)| key.starts_with(&prefix))
            .collect();
        let mut xml = "<ListBucketResult>".to_owned();
        for (key, body) in all.iter().skip(skip).take(PAGE) {
            xml += &format!(
                "<Contents><Key>{key}</Key><ETag>&quot;{}&quot;</ETag></Contents>",
                hex(&Md5::digest(body))
            );
        }
        if all.len() > skip + PAGE {
            let next = skip + PAGE;
            xml += &format!(
                "<IsTruncated>true</IsTruncated><NextContinuationToken>{next}</NextContinuationToken>"
            );
        }
        Response::new(200, (xml + "</ListBucketResult>").as_bytes())
    }

    fn put(&self, key: &str, body: Vec<u8>) -> Response {
        let fails = |n: u64| n.checked_sub(1);
        if self
            .failing
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, fails)
            .is_ok()
        {
            return Response::new(
                503,
                b"<Error><Code>SlowDown</Code><Message>slow down</Message></Error>",
            );
        }
        self.puts.lock().unwrap().push(key.to_owned());
        self.objects.lock().unwrap().insert(key.to_owned(), body);
        Response::new(200, b"")
    }
}

fn bucket() -> (Arc<Store>, Client) {
    let store = Arc::new(Store::default());
    let url = serve({
        let store = store.clone();
        move |request| store.answer(request)
    });
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .retry_config(
            RetryConfig::standard()
                .with_max_attempts(4)
                .with_initial_backoff(std::time::Duration::from_millis(1)),
        )
        .endpoint_url(url)
        .force_path_style(true);
    (store, Client::from_conf(config.build()))
}

async fn stage(client: &Client, bucket: &Bucket) -> Result<Summary, String> {
    let mut bytes = Vec::new();
    sample::archive(
        &mut bytes,
        Sizes {
            seed: 2,
            train: 5,
            test: 3,
        },
    )
    .unwrap();
    let source = Source::archive(Cursor::new(bytes), Classes::default());
    let staged = stage_to_bucket(client, bucket, source, crate::progress::quiet);
    staged.await.map_err(|e| e.to_string())
}

#[tokio::test]
async fn a_second_run_uploads_only_what_is_not_there() {
    let (store, client) = bucket();
    let bucket = Bucket::new("data", "/cifar/set/");
    let first = stage(&client, &bucket).await.unwrap();
    assert_eq!(
        (first.train, first.test, first.written, first.skipped),
        (10, 6, 19, 0)
    );
    let second = stage(&client, &bucket).await.unwrap();
    assert_eq!((second.train, second.written, second.skipped), (10, 0, 19));
    let image = "cifar/set/test/bicycle_s_000513.png";
    store
        .objects
        .lock()
        .unwrap()
        .insert(image.to_owned(), b"changed".to_vec());
    store.objects.lock().unwrap().remove("cifar/set/train.lst");
    let third = stage(&client, &bucket).await.unwrap();
    assert_eq!((third.written, third.skipped), (2, 17));
    assert_eq!(
        store.puts.lock().unwrap()[19..],
        [image, "cifar/set/train.lst"]
    );
    assert_eq!(store.objects.lock().unwrap().len(), 19);
}

#[tokio::test]
async fn manifests_come_last() {
    let (store, client) = bucket();
    stage(&client, &Bucket::new("data", "")).await.unwrap();
    let puts = store.puts.lock().unwrap();
    let mut last = puts[16..].to_vec();
    last.sort();
    assert_eq!(last, ["hyperparameters.json", "test.lst", "train.lst"]);
    assert!(
        puts[..16].iter().all(|key| key.ends_with(".png")),
        "{puts:?}"
    );
}

#[tokio::test]
async fn slow_down_is_retried() {
    let (store, client) = bucket();
    store.failing.store(2, Ordering::Relaxed);
    assert_eq!(
        stage(&client, &Bucket::new("data", ""))
            .await
            .unwrap()
            .written,
        19
    );
}

#[tokio::test]
async fn an_upload_that_fails_is_an_error_and_writes_no_manifest() {
    let (store, client) = bucket();
    store.failing.store(u64::MAX, Ordering::Relaxed);
    let error = stage(&client, &Bucket::new("data", "x")).await.unwrap_err();
    assert!(error.starts_with("uploading s3://data/x/train/"), "{error}");
    assert!(
        error.ends_with(".png failed: SlowDown: slow down"),
        "{error}"
    );
    assert_eq!(store.objects.lock().unwrap().len(), 0);
}

#[tokio::test]
async fn a_missing_bucket_says_so() {
    let (_, client) = bucket();
    let error = stage(&client, &Bucket::new("missing", ""))
        .await
        .unwrap_err();
    assert_eq!(
        error,
        "listing s3://missing/ failed: the bucket does not exist; create it, or give another \
         --bucket"
    );
}

#[test]
fn a_prefix_is_joined_with_one_slash() {
    let key = |prefix: &str| Bucket::new("b", prefix).key("train.lst");
    assert_eq!(
        ["", "/", "a", "a/", "/a/b/"].map(key),
        [
            "train.lst",
            "train.lst",
            "a/train.lst",
            "a/train.lst",
            "a/b/train.lst"
        ]
    );
}
