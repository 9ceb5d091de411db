//! Amazon S3: the `s3s` crate's protocol over a durable store.
//!
//! `s3s` parses and writes HTTP and XML; `admit` precedes it and `api` implements its operations.
//! Object bytes are files (`files`), everything else is SQLite (`database`); the rules of S3 are in
//! `buckets`, `versions`, `uploads` and `list`. A write and its events are one transaction;
//! `dispatcher` delivers events to functions.
//!
//! Two invariants hold at any moment, even after `kill -9`: a row names only files that are
//! complete and on disk, and every acknowledged write is on disk. At start, `recovery` handles
//! files without a row.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod admit;
mod api;
mod buckets;
mod chunked;
mod database;
mod details;
mod digest;
mod dispatcher;
mod error;
mod events;
mod files;
mod form;
mod list;
mod listing;
mod normalize;
mod policy;
mod presigned;
mod receive;
mod recovery;
mod reserve;
mod response;
mod sdk;
mod seam;
mod uploads;
mod versions;
mod xml;

#[cfg(test)]
mod tests;

use std::future::Future;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use axum::body::Body;
use bytes::Bytes;
use http::uri::Authority;
use http::{Request, Response};
use s3s::config::{S3Config, StaticConfigProvider};
use s3s::service::{S3Service, S3ServiceBuilder};
use service::{ObjectSummary, Objects, ObjectsError};
use tokio::sync::Notify;

use self::api::Api;
use self::database::Database;
use self::error::Error;
use self::events::Requester;
use self::files::Files;
use sam_template as template;
use service::Identity;
use service::Invoke;

/// The store could not be opened.
#[derive(Debug, thiserror::Error)]
#[error("the S3 store in {path} could not be opened: {reason}")]
pub struct OpenError {
    path: String,
    reason: String,
}

/// Amazon S3. Cheap to clone; all clones share one store.
#[derive(Clone)]
pub struct S3 {
    store: Store,
    service: S3Service,
}

/// The shared state of S3.
#[derive(Clone)]
struct Store {
    files: Files,
    database: Database,
    identity: Identity,
    /// Told of every event that is written to the outbox.
    news: Arc<Notify>,
    /// The functions that can be notified, once they are there.
    functions: Arc<OnceLock<Arc<dyn Invoke>>>,
}

impl S3 {
    /// Opens or creates the store in `data_dir/s3`, and removes partial writes that a crash left.
    ///
    /// The caller ensures that only one process has it open at a time.
    ///
    /// # Errors
    /// Fails, among other reasons, if the database has lost rows: it or its write-ahead log is
    /// missing.
    pub fn open(data_dir: &Path, identity: Identity) -> Result<Self, OpenError> {
        let root = data_dir.join("s3");
        let store = Store::open(&root, identity).map_err(|error| OpenError {
            path: root.display().to_string(),
            reason: error.to_string(),
        })?;
        let mut service = S3ServiceBuilder::new(Api::new(store.clone()));
        service.set_config(Arc::new(StaticConfigProvider::new(Arc::new(config()))));
        Ok(Self {
            store,
            service: service.build(),
        })
    }

    /// Answers a request of the S3 API in path style (`/bucket/key`), whatever access key it is
    /// signed with.
    pub async fn handle(&self, request: Request<Body>) -> Response<Body> {
        let mut request = request;
        let builder = response::ResponseBuilder::for_request(&request);
        let requester = Requester {
            request_id: builder.request_id().to_owned(),
            host_id: builder.host_id().to_owned(),
            source_ip: source_ip(&request),
            identity: self.store.identity.clone(),
            host: host(&request),
            is_virtual_host: virtual_host(&request).is_some(),
            region: region(&request).unwrap_or_else(|| self.store.identity.region.clone()),
        };
        request.extensions_mut().insert(requester);
        let outcome = match admit::any_key(request).await {
            Ok(request) => Box::pin(self.service.call(request)).await,
            Err(refused) => refused
                .to_http_response()
                .map_err(|error| s3s::HttpError::new(Box::new(error))),
        };
        builder.finish(outcome)
    }

    /// Sees to it that a bucket of the template exists, with its versioning and its notifications.
    ///
    /// Objects, and notifications that clients configured, stay as they are.
    pub async fn declare_bucket(&self, bucket: &template::Bucket) -> Result<(), ObjectsError> {
        let bucket = bucket.clone();
        let region = self.store.identity.region.clone();
        self.store
            .database
            .write(move |write| api::declare(write, &bucket, &region))
            .await
            .map_err(|error| ObjectsError(error.to_string()))
    }

    /// Sets the functions that are notified of events, once
    /// [`run_dispatcher`](Self::run_dispatcher) runs.
    pub fn notify(&self, functions: Arc<dyn Invoke>) {
        let _ = self.store.functions.set(functions);
    }

    /// Hands events to functions until `shutdown`. Events that are left then are handed over after
    /// the next start.
    pub async fn run_dispatcher(self, shutdown: impl Future<Output = ()> + Send) {
        let Store {
            database,
            news,
            functions,
            ..
        } = self.store;
        if let Some(functions) = functions.get() {
            dispatcher::run(database, news, Arc::clone(functions), shutdown).await;
        }
    }

    /// Ends writing: what comes now is refused. A copy of the directory is a whole one then.
    pub async fn shut_down(&self) {
        self.store.database.close().await;
    }

    /// The requester where another service of the stack writes.
    fn itself(&self) -> Requester {
        Requester {
            request_id: response::request_id(),
            host_id: response::host_id(),
            source_ip: "127.0.0.1".into(),
            identity: self.store.identity.clone(),
            host: LOCALHOST.into(),
            is_virtual_host: false,
            region: self.store.identity.region.clone(),
        }
    }
}

impl Store {
    fn open(root: &Path, identity: Identity) -> Result<Self, Error> {
        let files = Files::open(root)?;
        let news = Arc::new(Notify::new());
        let database = Database::open(&root.join("s3.sqlite"), files.clone(), Arc::clone(&news))?;
        recovery::sweep(&files, database.read_now(versions::files)?)?;
        Ok(Self {
            files,
            database,
            identity,
            news,
            functions: Arc::default(),
        })
    }
}

#[async_trait]
impl Objects for S3 {
    async fn put(
        &self,
        bucket: &str,
        key: &str,
        body: Bytes,
        content_type: &str,
    ) -> Result<(), ObjectsError> {
        api::put_bytes(&self.store, self.itself(), bucket, key, body, content_type)
            .await
            .map_err(|error| ObjectsError(format!("s3://{bucket}/{key}: {error}")))
    }

    async fn get(&self, bucket: &str, key: &str) -> Result<Option<Bytes>, ObjectsError> {
        let found = api::read_bytes(&self.store, bucket, key).await;
        unless_missing(found, bucket, key)
    }

    async fn piece(
        &self,
        bucket: &str,
        key: &str,
        version: Option<&str>,
        offset: u64,
        max_bytes: usize,
    ) -> Result<Option<Bytes>, ObjectsError> {
        let version = version.map(str::to_owned);
        let found = api::read_piece(&self.store, bucket, key, version, offset, max_bytes).await;
        unless_missing(found, bucket, key)
    }

    async fn etag(&self, bucket: &str, key: &str) -> Result<Option<String>, ObjectsError> {
        let found = api::look_up(&self.store, bucket, key, None).await;
        unless_missing(found.map(|version| version.etag), bucket, key)
    }

    async fn list(
        &self,
        bucket: &str,
        prefix: &str,
        after: Option<&str>,
    ) -> Result<Vec<ObjectSummary>, ObjectsError> {
        let found = api::list_keys(&self.store, bucket, prefix, after).await;
        unless_missing(found, bucket, prefix).map(Option::unwrap_or_default)
    }

    async fn save(&self, bucket: &str, key: &str, path: &Path) -> Result<bool, ObjectsError> {
        let found = api::save(&self.store, bucket, key, path).await;
        unless_missing(found, bucket, key).map(|saved| saved.is_some())
    }

    async fn put_file(
        &self,
        bucket: &str,
        key: &str,
        path: &Path,
        content_type: &str,
    ) -> Result<(), ObjectsError> {
        api::put_file(&self.store, self.itself(), bucket, key, path, content_type)
            .await
            .map_err(|error| ObjectsError(format!("s3://{bucket}/{key}: {error}")))
    }
}

fn unless_missing<T>(
    found: Result<T, Error>,
    bucket: &str,
    key: &str,
) -> Result<Option<T>, ObjectsError> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(Error::NoSuchBucket | Error::NoSuchKey) => Ok(None),
        Err(error) => Err(ObjectsError(format!("s3://{bucket}/{key}: {error}"))),
    }
}

/// The default host of the URLs in responses, for requests without a host.
const LOCALHOST: &str = "localhost";

/// Returns the request's original host if it named the bucket, as the conversion to path style
/// recorded it.
fn virtual_host(request: &Request<Body>) -> Option<&Authority> {
    request.extensions().get()
}

fn host(request: &Request<Body>) -> String {
    if let Some(host) = virtual_host(request) {
        return host.to_string();
    }
    let host = request.headers().get(http::header::HOST);
    let host = host.and_then(|host| host.to_str().ok());
    host.unwrap_or(LOCALHOST).to_owned()
}

/// The region in the scope of the request's signature, which each region's endpoint asks for on
/// AWS.
fn region(request: &Request<Body>) -> Option<String> {
    let header = request.headers().get(http::header::AUTHORIZATION)?;
    let (_, scope) = header.to_str().ok()?.split_once("Credential=")?;
    let region = scope.split(',').next()?.split('/').nth(2)?;
    Some(region.to_owned())
}

fn source_ip(request: &Request<Body>) -> String {
    let peer: Option<&axum::extract::ConnectInfo<std::net::SocketAddr>> =
        request.extensions().get();
    peer.map_or_else(|| "127.0.0.1".into(), |peer| peer.0.ip().to_string())
}

/// Form uploads are held in memory by `s3s`, unlike all others.
fn config() -> S3Config {
    let mut config = S3Config::default();
    config.post_object_max_file_size = 256 << 20;
    config
}

/// Milliseconds since 1970.
fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}
