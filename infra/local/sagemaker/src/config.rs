//! How the service runs: the programs that stand for containers, and limits of time.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use sam_template as template;

/// SageMaker's limit for a model to answer.
pub(super) const MODEL_TIMEOUT: Duration = Duration::from_secs(60);

/// What a model server is started for.
#[derive(Clone, Copy, Debug)]
pub struct Launch<'a> {
    /// The image that the model names.
    pub image: &'a str,
    /// The unpacked `model.tar.gz`: `/opt/ml/model` on AWS.
    pub model_dir: &'a Path,
    /// The port of 127.0.0.1 to listen on.
    pub port: u16,
}

/// Makes the command that starts a model server: it must answer `GET /ping` with 200 when it is
/// ready, and `POST /invocations`. The model's environment, a log file and an empty input are added
/// to it, and it inherits no variables of the stack but `PATH` and `TMPDIR`.
pub type StartServer = Arc<dyn Fn(&Launch<'_>) -> Command + Send + Sync>;

/// What a training job's process is started for.
#[derive(Clone, Copy, Debug)]
pub struct TrainingLaunch<'a> {
    /// The image that the job names.
    pub image: &'a str,
    /// What `/opt/ml` is on AWS, laid out for the job.
    pub root: &'a Path,
}

/// Makes the command that trains: it must read `input/` below the root and write `model/`, and end
/// with 0 when it has, also soon after SIGTERM. The job's environment, its log and an empty input
/// are added to it, and it inherits as a model server does.
pub type StartTraining = Arc<dyn Fn(&TrainingLaunch<'_>) -> Command + Send + Sync>;

/// What SageMaker runs, and how.
#[derive(Clone)]
pub struct Config {
    /// The template's endpoints.
    pub endpoints: Vec<template::Endpoint>,
    /// What stands in for the model container where it serves.
    pub server: StartServer,
    /// What stands in for it where it trains.
    pub training: StartTraining,
    /// How long a server may take to answer `/ping`.
    pub start_timeout: Duration,
    /// How old captured data becomes before it is an object in S3.
    pub capture_interval: Duration,
    /// How many training and transform jobs run at once; the others wait.
    pub jobs: usize,
    /// How long a training job that was told to stop may take before it is killed.
    pub stop_timeout: Duration,
}

impl Config {
    /// With one minute to start, captured data in S3 after one minute, a job for every two cores,
    /// and AWS's two minutes to stop.
    pub fn new(
        endpoints: Vec<template::Endpoint>,
        server: StartServer,
        training: StartTraining,
    ) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            endpoints,
            server,
            training,
            start_timeout: Duration::from_secs(60),
            capture_interval: Duration::from_secs(10),
            jobs: (cores / 2).max(1),
            stop_timeout: Duration::from_secs(120),
        }
    }
}
