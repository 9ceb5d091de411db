//! An endpoint: what serves it now, what is to serve it, and what the last deployment came to.
//!
//! Its state is one value in a watch channel, replaced as a whole: a request sees the old servers
//! or the new ones. What of it a restart must know is a row of the store, and is written first.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::deployment::Deployment;
use crate::error::{ApiError, InvokeError};
use crate::fleet::Fleet;
use crate::store::Resource;

/// Time that a request waits for an endpoint that is starting with the stack. On AWS it would have
/// been up all along.
const START_WAIT: Duration = Duration::from_secs(10);

/// The states that an endpoint here can be in, by SageMaker's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Nothing serves yet: the model does not exist, or is being started.
    Creating,
    /// It answers.
    InService,
    /// It answers, and another configuration or a newer model is being started.
    Updating,
    /// It answers what it was asked before, and nothing more.
    Deleting,
    /// The first deployment failed, and nothing serves.
    Failed,
}

impl Status {
    /// As the API writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Creating => "Creating",
            Self::InService => "InService",
            Self::Updating => "Updating",
            Self::Deleting => "Deleting",
            Self::Failed => "Failed",
        }
    }

    fn parse(text: &str) -> Self {
        match text {
            "InService" => Self::InService,
            "Updating" => Self::Updating,
            "Deleting" => Self::Deleting,
            "Failed" => Self::Failed,
            _ => Self::Creating,
        }
    }
}

/// State of an endpoint, as requests and descriptions see it.
#[derive(Clone, Debug)]
pub(super) struct State {
    pub(super) status: Status,
    pub(super) fleet: Option<Arc<Fleet>>,
    /// A deployment is on its way.
    pub(super) starting: bool,
    pub(super) created: Timestamp,
    pub(super) modified: Timestamp,
    pub(super) record: Record,
}

/// Persistent state of an endpoint: the `state` of its row.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Record {
    /// Deployment that serves, or did before the stack ended.
    pub(super) serving: Option<Serving>,
    /// Deployment that is to serve instead, while that is on its way.
    pub(super) pending: Option<Deployment>,
    /// FailureReason of the last deployment, also where an older one serves on.
    pub(super) failure: Option<String>,
}

/// A deployment and the models that it was made with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Serving {
    pub(super) deployment: Deployment,
    /// One a container, in the order of the variants.
    pub(super) models: Vec<Model>,
    pub(super) since: Timestamp,
}

/// An unpacked model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Model {
    /// Empty for a container without data, as is the entity tag.
    pub(super) url: String,
    pub(super) etag: String,
    /// Below the endpoint's folder.
    pub(super) folder: PathBuf,
}

/// An endpoint.
#[derive(Debug)]
pub(super) struct Endpoint {
    pub(super) name: String,
    /// The template declares it: then it waits for its model, which the template can't bring along.
    pub(super) declared: bool,
    pub(super) state: watch::Sender<State>,
    /// One change at a time.
    pub(super) changing: Arc<tokio::sync::Mutex<()>>,
    pub(super) folder: PathBuf,
}

impl Endpoint {
    /// The endpoint of a row, of which nothing runs yet.
    pub(super) fn new(row: &Resource, data_dir: &Path) -> Result<Self, ApiError> {
        let (state, _) = watch::channel(State {
            status: Status::parse(&row.status),
            fleet: None,
            starting: true,
            created: row.created,
            modified: row.modified,
            record: row.read_state()?,
        });
        Ok(Self {
            name: row.name.clone(),
            declared: row.origin.is_some(),
            state,
            changing: Arc::default(),
            folder: data_dir.join("endpoints").join(&row.name),
        })
    }

    /// Returns the servers; waits a little while the first of them start.
    pub(super) async fn fleet(&self) -> Result<Arc<Fleet>, InvokeError> {
        let mut state = self.state.subscribe();
        let decided = state.wait_for(|state| state.fleet.is_some() || !state.starting);
        // At the time limit the state as it is decides.
        let _ = timeout(START_WAIT, decided).await;
        let state = self.state.borrow();
        state.fleet.clone().ok_or_else(|| {
            let name = &self.name;
            let status = state.status.as_str();
            let why = match &state.record.failure {
                Some(reason) => reason.clone(),
                None if state.starting => "its model server is starting".into(),
                None => format!("it waits for its model at {}", state.model_urls()),
            };
            InvokeError::Unavailable(format!(
                "Endpoint {name} is not in service ({status}): {why}"
            ))
        })
    }
}

impl State {
    /// Returns the pending deployment, or else the one that serves.
    pub(super) fn wanted(&self) -> Option<&Deployment> {
        let serving = self.record.serving.as_ref();
        let serving = serving.map(|serving| &serving.deployment);
        self.record.pending.as_ref().or(serving)
    }

    /// Returns the URLs of its models.
    pub(super) fn model_urls(&self) -> String {
        self.wanted()
            .map(Deployment::model_urls)
            .unwrap_or_default()
    }

    /// It has no model yet, and no deployment of one is on its way.
    pub(super) fn waits_for_model(&self) -> bool {
        self.fleet.is_none() && !self.starting && self.status == Status::Creating
    }
}
