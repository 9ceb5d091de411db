//! Configuration of the service: the programs that stand for containers, and limits of time.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use sam_template as template;

/// SageMaker's limit for a model to answer.
pub(super) const MODEL_TIMEOUT: Duration = Duration::from_secs(60);

/// Arguments of a model server.
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

/// Arguments of a training process.
#[derive(Clone, Copy, Debug)]
pub struct TrainingLaunch<'a> {
    /// The image that the job names.
    pub image: &'a str,
    /// Folder that stands for `/opt/ml`, laid out for the job.
    pub root: &'a Path,
}

/// Makes the command that trains: it must read `input/` below the root and write `model/`, and end
/// with 0 when it has, also soon after SIGTERM. The job's environment, its log and an empty input
/// are added to it, and it inherits as a model server does.
pub type StartTraining = Arc<dyn Fn(&TrainingLaunch<'_>) -> Command + Send + Sync>;

/// Configuration of SageMaker.
#[derive(Clone)]
pub struct Config {
    /// The template's endpoints.
    pub endpoints: Vec<template::Endpoint>,
    /// Command that stands for a model container.
    pub server: StartServer,
    /// Command that stands for a training container.
    pub training: StartTraining,
    /// Time that a server may take to answer `/ping`.
    pub start_timeout: Duration,
    /// Age of captured data at which it becomes an object in S3.
    pub capture_interval: Duration,
    /// Maximum of jobs that run at once; the others wait.
    pub jobs: usize,
    /// Time that a training job has to stop before it is killed.
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
