//! S3 as state machines call it: the same operations that HTTP reaches, without HTTP.

mod listings;
mod objects;
mod uploads;

use async_trait::async_trait;
use http::{Extensions, HeaderMap, Method, Uri};
use s3s::{S3Error, S3Request, S3Response};
use serde_json::{Map, Value};

use super::api::Api;
use super::{S3, response};
use service::sdk::{Parameters, SdkError, SdkService, ServiceException};

type SdkResult = Result<Value, SdkError>;

#[async_trait]
impl SdkService for S3 {
    async fn call(&self, operation: &str, parameters: &Value) -> SdkResult {
        let call = Call {
            api: Api::new(self.store.clone()),
            extensions: {
                let mut extensions = Extensions::new();
                extensions.insert(self.itself());
                extensions
            },
        };
        let parameters = Parameters::new(parameters);
        match operation {
            "getObject" => call.get_object(parameters).await,
            "headObject" => call.head_object(parameters).await,
            "putObject" => call.put_object(parameters).await,
            "createMultipartUpload" => call.create_multipart_upload(parameters).await,
            "uploadPart" => call.upload_part(parameters).await,
            "completeMultipartUpload" => call.complete_multipart_upload(parameters).await,
            "abortMultipartUpload" => call.abort_multipart_upload(parameters).await,
            "copyObject" => call.copy_object(parameters).await,
            "deleteObject" => call.delete_object(parameters).await,
            "deleteObjects" => call.delete_objects(parameters).await,
            "listObjects" => call.list_objects(parameters).await,
            "listObjectsV2" => call.list_objects_v2(parameters).await,
            "listBuckets" => call.list_buckets(parameters).await,
            "headBucket" => call.head_bucket(parameters).await,
            _ => Err(SdkError::NoOperation),
        }
    }
}

/// An SDK call in progress.
struct Call {
    api: Api,
    /// The caller, for the events that writes emit.
    extensions: Extensions,
}

impl Call {
    fn request<T>(&self, input: T) -> S3Request<T> {
        S3Request {
            input,
            method: Method::GET,
            uri: Uri::default(),
            headers: HeaderMap::new(),
            extensions: self.extensions.clone(),
            credentials: None,
            region: None,
            service: None,
            trailing_headers: None,
        }
    }
}

/// Returns an operation's output, or its error as an SDK reports it.
fn output<T>(result: Result<S3Response<T>, S3Error>) -> Result<T, SdkError> {
    result
        .map(|response| response.output)
        .map_err(|error| refusal(&error, error.message().map(str::to_owned)))
}

/// Returns an output as [`output`] does, for HEAD: its responses have no body, so an SDK knows only
/// the status.
fn head_output<T>(result: Result<S3Response<T>, S3Error>) -> Result<T, SdkError> {
    result
        .map(|response| response.output)
        .map_err(|error| refusal(&error, None))
}

fn refusal(error: &S3Error, message: Option<String>) -> SdkError {
    /// The errors that the model of S3 has shapes for.
    const MODELED: [&str; 6] = [
        "BucketAlreadyExists",
        "BucketAlreadyOwnedByYou",
        "InvalidObjectState",
        "NoSuchBucket",
        "NoSuchKey",
        "NoSuchUpload",
    ];
    let code = error.code().as_str().to_owned();
    let status = error.status_code().or_else(|| error.code().status_code());
    SdkError::Exception(ServiceException {
        modeled: MODELED.contains(&&*code),
        code,
        status: status.map_or(500, |status| status.as_u16()),
        message,
        request_id: response::request_id(),
        extended_request_id: Some(response::host_id()),
    })
}

/// Collects the members of a result that there are.
#[derive(Default)]
struct Members(Map<String, Value>);

impl Members {
    fn put(mut self, name: &str, value: Option<impl Into<Value>>) -> Self {
        if let Some(value) = value {
            self.0.insert(name.to_owned(), value.into());
        }
        self
    }

    fn into_value(self) -> Value {
        Value::Object(self.0)
    }
}

/// A time as Step Functions writes those of SDK results, for example `2026-01-31T12:00:00Z`.
fn time(time: &s3s::dto::Timestamp) -> Option<String> {
    /// `2026-01-31T12:00:00`
    const TO_THE_SECOND: usize = 19;
    let mut text = Vec::new();
    time.format(s3s::dto::TimestampFormat::DateTime, &mut text)
        .ok()?;
    let text = String::from_utf8(text).ok()?;
    Some(format!("{}Z", text.get(..TO_THE_SECOND)?))
}

/// Returns the encryption of an object, as SDKs name it.
fn encryption(how: Option<s3s::dto::ServerSideEncryption>) -> Option<String> {
    how.map(|how| how.as_str().to_owned())
}

/// An entity tag, in its quotes.
fn tag(tag: &s3s::dto::ETag) -> String {
    format!("\"{}\"", tag.value())
}
