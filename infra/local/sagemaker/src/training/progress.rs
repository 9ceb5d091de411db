//! Progress of a training job: the `state` of its row.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// SageMaker's second status of a training job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Secondary {
    Starting,
    Pending,
    Restarting,
    Downloading,
    Training,
    Uploading,
    Completed,
    Stopping,
    Stopped,
    MaxRuntimeExceeded,
    Failed,
}

impl Secondary {
    /// As the API writes it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "Starting",
            Self::Pending => "Pending",
            Self::Restarting => "Restarting",
            Self::Downloading => "Downloading",
            Self::Training => "Training",
            Self::Uploading => "Uploading",
            Self::Completed => "Completed",
            Self::Stopping => "Stopping",
            Self::Stopped => "Stopped",
            Self::MaxRuntimeExceeded => "MaxRuntimeExceeded",
            Self::Failed => "Failed",
        }
    }

    /// AWS's `StatusMessage`.
    pub(crate) fn message(self) -> &'static str {
        match self {
            Self::Starting => "Preparing the instances for training",
            Self::Pending => "Waiting for other jobs to end",
            Self::Restarting => "The stack was restarted, and runs the training job again",
            Self::Downloading => "Downloading input data",
            Self::Training => "Training image download completed. Training in progress.",
            Self::Uploading => "Uploading generated training model",
            Self::Completed => "Training job completed",
            Self::Stopping => "Stopping the training job",
            Self::Stopped => "Training job stopped",
            Self::MaxRuntimeExceeded => {
                "Training job runtime exceeded MaxRuntimeInSeconds provided"
            }
            Self::Failed => "Training job failed",
        }
    }
}

/// Progress of a job.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Progress {
    pub(crate) transitions: Vec<Transition>,
    /// FailureReason.
    pub(crate) failure: Option<String>,
    /// TrainingStartTime.
    pub(crate) started: Option<Timestamp>,
    /// TrainingEndTime.
    pub(crate) ended: Option<Timestamp>,
    /// The S3 URI of `model.tar.gz`, once it is there.
    pub(crate) artifacts: Option<String>,
    pub(crate) metrics: Vec<Metric>,
}

/// A second status, and when the job had it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Transition {
    pub(crate) status: Secondary,
    pub(crate) from: Timestamp,
    pub(crate) to: Option<Timestamp>,
}

/// The last value of a metric.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Metric {
    pub(crate) name: String,
    pub(crate) value: f64,
    pub(crate) at: Timestamp,
}

impl Progress {
    /// Of a job that has just been created.
    pub(crate) fn new() -> Self {
        let mut progress = Self::default();
        progress.enter(Secondary::Starting);
        progress
    }

    pub(crate) fn secondary(&self) -> Secondary {
        let last = self.transitions.last();
        last.map_or(Secondary::Starting, |last| last.status)
    }

    /// Returns true if an earlier process has begun to work at it.
    pub(super) fn has_begun(&self) -> bool {
        self.transitions.len() > 1
    }

    pub(super) fn enter(&mut self, status: Secondary) {
        let now = Timestamp::now();
        if let Some(last) = self.transitions.last_mut() {
            last.to = Some(now);
        }
        self.transitions.push(Transition {
            status,
            from: now,
            to: None,
        });
    }

    /// The job is over.
    pub(super) fn end(&mut self, status: Secondary) {
        self.enter(status);
        let now = Timestamp::now();
        if let Some(last) = self.transitions.last_mut() {
            last.to = Some(now);
        }
        self.ended = Some(now);
    }

    pub(super) fn fail(&mut self, reason: String) {
        self.failure = Some(reason);
        self.end(Secondary::Failed);
    }
}
