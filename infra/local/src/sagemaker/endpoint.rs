//! An endpoint: what it is deployed from, what serves it now, and what the last deployment came to.
//!
//! Its status is one value in a watch channel, replaced as a whole: a request sees the old servers or the new ones.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio::time::timeout;

use super::capture::Capture;
use super::error::InvokeError;
use super::server::Server;
use crate::template;

/// How long a request waits for an endpoint that is starting with the stack. On AWS it would have been up all along.
const STARTING: Duration = Duration::from_secs(10);

/// The states that an endpoint here can be in, by SageMaker's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Nothing serves yet: the model does not exist, or is being started.
    Creating,
    /// It answers.
    InService,
    /// It answers, and a newer model is being started.
    Updating,
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
            Self::Failed => "Failed",
        }
    }
}

/// What a request or a description needs to know.
#[derive(Clone, Debug)]
pub(super) struct State {
    pub(super) status: Status,
    pub(super) fleet: Option<Arc<Fleet>>,
    /// Why the last deployment failed, also where an older one serves on.
    pub(super) failure: Option<String>,
    /// A deployment is on its way.
    pub(super) starting: bool,
    pub(super) created: Timestamp,
    pub(super) modified: Timestamp,
}

/// The servers of one deployment.
#[derive(Debug)]
pub(super) struct Fleet {
    variants: Vec<Deployed>,
    /// What each variant is owed, for the next choice.
    credit: Mutex<Vec<f64>>,
}

/// A variant's server.
#[derive(Debug)]
pub(super) struct Deployed {
    pub(super) name: String,
    pub(super) weight: f64,
    pub(super) etag: String,
    pub(super) server: Server,
}

impl Fleet {
    /// `variants` must not be empty; the template's reader sees to that.
    pub(super) fn new(variants: Vec<Deployed>) -> Self {
        let credit = Mutex::new(vec![0.0; variants.len()]);
        Self { variants, credit }
    }

    pub(super) fn etags(&self) -> impl Iterator<Item = &str> {
        self.variants.iter().map(|variant| variant.etag.as_str())
    }

    pub(super) fn variant(&self, name: &str) -> Option<&Deployed> {
        self.variants.iter().find(|variant| variant.name == name)
    }

    /// The next variant by weight: smooth weighted round robin.
    pub(super) fn next(&self) -> &Deployed {
        let mut credit = self.credit.lock().unwrap_or_else(PoisonError::into_inner);
        let weights = self.variants.iter().map(|variant| variant.weight);
        &self.variants[next_index(&mut credit, weights)]
    }
}

/// Gives each its weight, takes all from the one that has most, and returns that one.
fn next_index(credit: &mut [f64], weights: impl Iterator<Item = f64>) -> usize {
    let mut total = 0.0;
    for (credit, weight) in credit.iter_mut().zip(weights) {
        *credit += weight;
        total += weight;
    }
    let most = (0..credit.len()).max_by(|&a, &b| credit[a].total_cmp(&credit[b]).then(b.cmp(&a)));
    let most = most.unwrap_or_default();
    if let Some(credit) = credit.get_mut(most) {
        *credit -= total;
    }
    most
}

/// An endpoint of the template.
#[derive(Debug)]
pub(super) struct Endpoint {
    pub(super) template: template::Endpoint,
    pub(super) state: watch::Sender<State>,
    /// One deployment at a time.
    pub(super) deploying: tokio::sync::Mutex<()>,
    pub(super) folder: PathBuf,
    /// Taken away at shutdown, which makes it write out what it has.
    capture: Mutex<Option<Capture>>,
}

impl Endpoint {
    pub(super) fn new(
        template: template::Endpoint,
        folder: PathBuf,
        capture: Option<Capture>,
        record: &Record,
    ) -> Self {
        let (state, _) = watch::channel(State {
            status: Status::Creating,
            fleet: None,
            failure: None,
            starting: true,
            created: record.created,
            modified: record.modified,
        });
        Self {
            template,
            state,
            deploying: tokio::sync::Mutex::new(()),
            folder,
            capture: Mutex::new(capture),
        }
    }

    pub(super) fn capture(&self) -> Option<Capture> {
        let capture = self.capture.lock();
        capture.unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn end_capture(&self) {
        let capture = self.capture.lock();
        capture.unwrap_or_else(PoisonError::into_inner).take();
    }

    /// What serves; waits a little while the first of it is on its way.
    pub(super) async fn fleet(&self) -> Result<Arc<Fleet>, InvokeError> {
        let mut state = self.state.subscribe();
        let decided = state.wait_for(|state| state.fleet.is_some() || !state.starting);
        // At the time limit the state as it is decides.
        let _ = timeout(STARTING, decided).await;
        let state = self.state.borrow();
        state.fleet.clone().ok_or_else(|| {
            let name = &self.template.name;
            let status = state.status.as_str();
            let why = match &state.failure {
                Some(reason) => reason.clone(),
                None if state.starting => "its model server is starting".into(),
                None => format!("it waits for its model at {}", self.model_urls()),
            };
            InvokeError::Unavailable(format!(
                "Endpoint {name} is not in service ({status}): {why}"
            ))
        })
    }

    /// Where its models are to be.
    pub(super) fn model_urls(&self) -> String {
        let urls = self.template.variants.iter();
        let urls: Vec<&str> = urls.map(|v| v.model_data_url.as_str()).collect();
        urls.join(", ")
    }
}

/// What a restart must know, in `endpoint.json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Record {
    pub(super) created: Timestamp,
    pub(super) modified: Timestamp,
    /// The models in service, one a variant; empty before the first deployment.
    pub(super) models: Vec<Model>,
}

/// An unpacked model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Model {
    pub(super) url: String,
    pub(super) etag: String,
    /// Below the endpoint's folder.
    pub(super) folder: PathBuf,
}

impl Record {
    /// Reads the record in `folder`, or makes a new one where there is none that can be read.
    pub(super) fn read(folder: &Path) -> Self {
        let text = std::fs::read(folder.join(Self::FILE)).ok();
        let record = text.and_then(|text| serde_json::from_slice(&text).ok());
        record.unwrap_or_else(|| Self {
            created: Timestamp::now(),
            modified: Timestamp::now(),
            models: vec![],
        })
    }

    /// Replaces the record as a whole.
    pub(super) fn write(&self, folder: &Path) -> std::io::Result<()> {
        std::fs::create_dir_all(folder)?;
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        serde_json::to_writer(&mut file, self)?;
        file.as_file().sync_all()?;
        file.persist(folder.join(Self::FILE))?;
        std::fs::File::open(folder)?.sync_all()
    }

    const FILE: &str = "endpoint.json";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variants_are_chosen_by_weight_and_evenly() {
        let check = |weights: &[f64], expected: &str| {
            let mut credit = vec![0.0; weights.len()];
            let chosen =
                (0..expected.len()).map(|_| next_index(&mut credit, weights.iter().copied()));
            let chosen: String = chosen.map(|index| index.to_string()).collect();
            assert_eq!(chosen, expected);
        };
        check(&[1.0], "000");
        check(&[1.0, 1.0], "010101");
        check(&[3.0, 1.0], "00100010");
        check(&[0.0, 2.0], "1111");
        check(&[0.0, 0.0], "0000");
    }
}
