//! The containers of one model as processes, and the way of a request through them.
//!
//! In an inference pipeline the response of a container is the request of the next. In a container
//! with the mode MultiModel, a process for each model is started when its first request comes.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, Request, Response, header};
use http_body_util::{BodyExt, Full, Limited};
use serde_json::Value;
use service::Objects;
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::artifact;
use crate::server::{HttpClient, Server, ServerSpec};

pub(super) const CUSTOM_ATTRIBUTES: HeaderName =
    HeaderName::from_static("x-amzn-sagemaker-custom-attributes");
pub(super) const INFERENCE_ID: HeaderName =
    HeaderName::from_static("x-amzn-sagemaker-inference-id");
pub(super) const TARGET_MODEL: HeaderName =
    HeaderName::from_static("x-amzn-sagemaker-target-model");

/// The containers that a header of the client reaches.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reach {
    First,
    Last,
    All,
}

/// The headers that SageMaker passes on; it strips all others.
///
/// For pipelines AWS documents nothing. Users report that Accept reaches the last container only
/// (aws/amazon-sagemaker-examples#729), and that the Content-Type of a response, with its
/// parameters, becomes that of the next request (aws/amazon-sagemaker-examples#3235).
const FORWARDED: [(HeaderName, Reach); 5] = [
    (header::CONTENT_TYPE, Reach::First),
    (header::ACCEPT, Reach::Last),
    (CUSTOM_ATTRIBUTES, Reach::All),
    (INFERENCE_ID, Reach::All),
    (TARGET_MODEL, Reach::All),
];

/// The largest response of a container to the next one, in bytes.
const MAX_BETWEEN: usize = 5 << 20;
/// Time that a container has to answer `/execution-parameters`.
const PARAMETERS_TIMEOUT: Duration = Duration::from_secs(2);
/// The most models that a MultiModel container has in memory.
const MAX_LOADED: usize = 16;

/// A container of a model.
#[derive(Debug)]
pub(super) struct ContainerServer {
    /// The name in AWS's messages: `primary`, or the ContainerHostname.
    pub(super) name: String,
    pub(super) backend: Backend,
}

/// The processes of a container.
#[derive(Debug)]
pub(super) enum Backend {
    Single(Server),
    Multi(Box<LoadedModels>),
}

/// Limits of each container's response.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) timeout: Duration,
    /// In bytes.
    pub(super) max_response: usize,
}

/// The reason why a container's response is not usable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// It has a status other than 2xx.
    Status(http::StatusCode, Bytes),
    /// The process is gone, or ended the connection.
    NoResponse(String),
    TimedOut,
    /// It is longer than the next container may get.
    TooLarge,
    /// The model that the request names could not be loaded.
    NotLoaded(String),
}

/// The failure of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ContainerError {
    pub(super) container: String,
    pub(super) failure: Failure,
}

/// Sends a request through containers, one after the other, and returns the last one's response.
///
/// # Errors
///
/// [`ContainerError`] names the container that failed.
pub(super) async fn send(
    client: &HttpClient,
    containers: &[ContainerServer],
    headers: &HeaderMap,
    mut body: Bytes,
    limits: Limits,
) -> Result<Response<Bytes>, ContainerError> {
    let mut content_type = headers.get(header::CONTENT_TYPE).cloned();
    for (index, container) in containers.iter().enumerate() {
        let is_last = index + 1 == containers.len();
        let failed = |failure| ContainerError {
            container: container.name.clone(),
            failure,
        };
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = http::Method::POST;
        for (name, reach) in FORWARDED {
            let reached = match reach {
                Reach::First => index == 0,
                Reach::Last => is_last,
                Reach::All => true,
            };
            if let Some(value) = headers.get(&name).filter(|_| reached) {
                request.headers_mut().insert(name, value.clone());
            }
        }
        if let Some(content_type) = content_type.take() {
            request
                .headers_mut()
                .insert(header::CONTENT_TYPE, content_type);
        }
        let response = container.send(client, headers, request, limits).await;
        let response = response.map_err(failed)?;
        if is_last {
            return Ok(response);
        }
        if response.body().len() > MAX_BETWEEN {
            return Err(failed(Failure::TooLarge));
        }
        content_type = response.headers().get(header::CONTENT_TYPE).cloned();
        body = response.into_body();
    }
    Err(ContainerError {
        container: crate::container::primary(),
        failure: Failure::NoResponse("the model has no containers".to_owned()),
    })
}

impl ContainerServer {
    /// Asks for `/execution-parameters`; null if the container does not have them.
    pub(super) async fn execution_parameters(&self, client: &HttpClient) -> Value {
        let Backend::Single(server) = &self.backend else {
            return Value::Null;
        };
        let parameters = async {
            let uri = format!("http://{}/execution-parameters", server.address()?);
            let response = client.get(uri.parse().ok()?).await.ok()?;
            let is_there = response.status() == http::StatusCode::OK;
            let body = Limited::new(response.into_body(), MAX_BETWEEN)
                .collect()
                .await;
            let parameters = serde_json::from_slice(&body.ok()?.to_bytes()).ok();
            parameters.filter(|_| is_there)
        };
        let parameters = timeout(PARAMETERS_TIMEOUT, parameters).await;
        parameters.ok().flatten().unwrap_or_default()
    }

    async fn send(
        &self,
        client: &HttpClient,
        headers: &HeaderMap,
        request: Request<Full<Bytes>>,
        limits: Limits,
    ) -> Result<Response<Bytes>, Failure> {
        match &self.backend {
            Backend::Single(server) => exchange(client, server, request, limits).await,
            Backend::Multi(models) => {
                let name = headers.get(TARGET_MODEL);
                let name = name.and_then(|name| name.to_str().ok()).unwrap_or_default();
                let server = models.load(name).await.map_err(Failure::NotLoaded)?;
                exchange(client, &server, request, limits).await
            }
        }
    }
}

async fn exchange(
    client: &HttpClient,
    server: &Server,
    mut request: Request<Full<Bytes>>,
    limits: Limits,
) -> Result<Response<Bytes>, Failure> {
    // One that died is started again.
    let lost = |reason: &dyn std::fmt::Display| Failure::NoResponse(reason.to_string());
    let address = server.address().ok_or_else(|| lost(&"it is gone"))?;
    let uri = format!("http://{address}/invocations").parse();
    *request.uri_mut() = uri.map_err(|error: http::uri::InvalidUri| lost(&error))?;
    let exchange = async {
        let response = client.request(request).await;
        let (parts, body) = response.map_err(|error| lost(&error))?.into_parts();
        let body = Limited::new(body, limits.max_response).collect().await;
        let body = body.map_err(|error| lost(&error))?;
        Ok(Response::from_parts(parts, body.to_bytes()))
    };
    let response = timeout(limits.timeout, exchange).await;
    let response = response.map_err(|_| Failure::TimedOut)??;
    let status = response.status();
    if status.is_success() {
        Ok(response)
    } else {
        Err(Failure::Status(status, response.into_body()))
    }
}

/// The models of a MultiModel container, each in a process of its own.
///
/// AWS has one process, which loads models by `POST /models`; here the same program serves that
/// serves a single model.
pub(super) struct LoadedModels {
    /// For each model; only the model's folder is another one.
    pub(super) spec: ServerSpec,
    pub(super) objects: Arc<dyn Objects>,
    /// The S3 prefix of the archives.
    pub(super) prefix: String,
    /// The folder of unpacked models.
    pub(super) folder: PathBuf,
    /// The last used last.
    pub(super) loaded: Mutex<Vec<(String, Arc<Server>)>>,
}

impl std::fmt::Debug for LoadedModels {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LoadedModels")
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

impl LoadedModels {
    /// Returns the server of a model, started if it is the first request.
    async fn load(&self, name: &str) -> Result<Arc<Server>, String> {
        let mut loaded = self.loaded.lock().await;
        if let Some(at) = loaded.iter().position(|(own, _)| own == name) {
            let entry = loaded.remove(at);
            let server = Arc::clone(&entry.1);
            loaded.push(entry);
            return Ok(server);
        }
        let url = format!("{}/{name}", self.prefix.trim_end_matches('/'));
        let (bucket, key) = artifact::location(&url)?;
        let etag = self.objects.etag(bucket, key).await;
        let Some(etag) = etag.map_err(|error| error.to_string())? else {
            return Err(format!(
                "Failed to download model data (bucket: {bucket}, key: {key}). Please ensure that \
                 there is an object located at the URL and that the role passed to CreateModel has \
                 permissions to download the model."
            ));
        };
        let model_dir = self.folder.join(artifact::folder_of(&url, &etag));
        artifact::download(&self.objects, &url, model_dir.clone()).await?;
        let server = Server::start(ServerSpec {
            name: format!("{}/{name}", self.spec.name),
            model_dir,
            ..self.spec.clone()
        });
        let server = Arc::new(server.await?);
        if loaded.len() == MAX_LOADED {
            loaded.remove(0);
        }
        loaded.push((name.to_owned(), Arc::clone(&server)));
        Ok(server)
    }
}
