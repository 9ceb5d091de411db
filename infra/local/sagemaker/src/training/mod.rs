//! Training jobs, under SageMaker's contract for training containers.
//!
//! A job gets a folder that is to its process what `/opt/ml` is on AWS: `input/config` and
//! `input/data/CHANNEL` to read, `model/` and `output/` to write, and `checkpoints/`, which
//! outlives a restart of the stack. What the process writes to its outputs is the job's log, and
//! its metrics are read from there. SIGTERM tells it to stop; two minutes later it is killed.
//!
//! <https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo.html>

mod channels;
mod checkpoints;
mod folder;
mod metrics;
mod output;
mod process;
mod progress;
mod spec;

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;

use self::folder::Folder;
use self::metrics::Metrics;
use self::process::Exit;
pub(super) use self::progress::{Progress, Secondary};
pub(super) use self::spec::Spec;
use crate::config::TrainingLaunch;
use crate::context::Inner;
use crate::error::ApiError;
use crate::jobs::{COMPLETED, FAILED, STOPPED, Stop};
use crate::kind::Kind;
use crate::store::Resource;

/// Outcome of a job.
#[derive(Debug, PartialEq)]
enum End {
    Completed,
    /// Somebody asked for it.
    Stopped,
    /// `MaxRuntimeInSeconds` were over.
    TimedOut,
    /// With its FailureReason.
    Failed(String),
}

/// Runs a job from where its row says to its end.
pub(super) async fn run(inner: &Arc<Inner>, name: &str, stop: Stop) -> Result<(), ApiError> {
    let row = inner.resource(Kind::TrainingJob, name).await?;
    let spec = Spec::of(&row.request).map_err(ApiError::Internal)?;
    let folder = Folder::new(&inner.data_dir, name);
    let job = Job {
        inner,
        name,
        spec,
        folder,
    };
    let again = row.read_state::<Progress>()?.has_begun();
    let end = job.work(again, stop).await?;
    job.finish(end).await
}

/// Notes that a job failed for a reason that is not its own.
pub(super) async fn fail(inner: &Inner, name: &str, reason: String) -> Result<(), ApiError> {
    note(inner, name, |progress| progress.fail(reason), Some(FAILED)).await
}

/// Records that a job is stopping, as StopTrainingJob does.
pub(super) fn mark_stopping(job: &mut Resource) -> Result<(), ApiError> {
    let mut progress: Progress = job.read_state()?;
    progress.enter(Secondary::Stopping);
    job.write_state(&progress)
}

/// See [`Inner::update_job`].
async fn note(
    inner: &Inner,
    name: &str,
    change: impl FnOnce(&mut Progress) + Send + 'static,
    status: Option<&'static str>,
) -> Result<(), ApiError> {
    inner
        .update_job(Kind::TrainingJob, name, change, status)
        .await
}

/// A job at work.
struct Job<'j> {
    inner: &'j Arc<Inner>,
    name: &'j str,
    spec: Spec,
    folder: Folder,
}

impl Job<'_> {
    async fn work(&self, again: bool, mut stop: Stop) -> Result<End, ApiError> {
        if stop.is_requested() {
            return Ok(End::Stopped);
        }
        if again {
            self.enter(Secondary::Restarting).await?;
        }
        let slot = match self.inner.jobs.try_slot() {
            Some(slot) => slot,
            None => {
                self.enter(Secondary::Pending).await?;
                tokio::select! {
                    () = stop.requested() => return Ok(End::Stopped),
                    slot = self.inner.jobs.slot() => slot?,
                }
            }
        };
        self.enter(Secondary::Downloading).await?;
        tokio::select! {
            () = stop.requested() => return Ok(End::Stopped),
            prepared = self.prepare() => if let Err(reason) = prepared {
                return Ok(End::Failed(reason));
            },
        }
        let end = self.train(&mut stop).await?;
        drop(slot);
        Ok(end)
    }

    /// Lays out the folder, and puts into it what the job reads.
    async fn prepare(&self) -> Result<(), String> {
        let folder = &self.folder;
        folder.lay_out(&self.spec).map_err(|error| {
            format!("InternalServerError: {}: {error}", folder.root().display())
        })?;
        let objects = &self.inner.objects;
        let region = &self.inner.identity.region;
        for channel in &self.spec.channels {
            let target = folder.channel(&channel.name);
            channels::download(objects, channel, &target)
                .await
                .map_err(|reason| {
                    let nothing = channel.source.nothing_found(region, &self.spec.role);
                    format!(
                        "ClientError: Data download failed:{}",
                        reason.unwrap_or(nothing)
                    )
                })?;
        }
        let Some(checkpoints) = &self.spec.checkpoints else {
            return Ok(());
        };
        checkpoints::restore(objects, checkpoints, folder)
            .await
            .map_err(|reason| format!("ClientError: Checkpoint download failed:{reason}"))
    }

    /// Runs the process, and keeps what it has made.
    async fn train(&self, stop: &mut Stop) -> Result<End, ApiError> {
        let started = |progress: &mut Progress| {
            progress.enter(Secondary::Training);
            progress.started.get_or_insert_with(Timestamp::now);
        };
        note(self.inner, self.name, started, None).await?;
        let mut metrics = Metrics::new(&self.spec.metrics);
        let program = match self.inner.config.programs.find(&self.spec.image) {
            Ok(program) => program,
            Err(error) => return Ok(End::Failed(format!("ClientError: {error}"))),
        };
        let mut command = (program.train)(&TrainingLaunch {
            image: &self.spec.image,
            root: self.folder.root(),
        });
        command
            .envs(&self.spec.environment)
            .env("TRAINING_JOB_NAME", self.name)
            .env(
                "TRAINING_JOB_ARN",
                self.inner.arn(Kind::TrainingJob, self.name),
            );
        let limits = process::Limits {
            runtime: self.spec.max_runtime,
            grace: self.inner.config.stop_timeout,
        };
        let log = process::log(&self.inner.data_dir, self.name)?;
        let exit = process::run(command, log, limits, stop, |line| metrics.read(line)).await;
        let measured = metrics.last();
        if !measured.is_empty() {
            let keep = |progress: &mut Progress| progress.metrics = measured;
            note(self.inner, self.name, keep, None).await?;
        }
        let end = match exit {
            Err(error) => return Ok(End::Failed(format!("AlgorithmError: {error}"))),
            Ok(Exit::Ended(0)) => End::Completed,
            Ok(Exit::Ended(code)) => End::Failed(self.reason(code)),
            Ok(Exit::Stopped) => End::Stopped,
            Ok(Exit::TimedOut) => End::TimedOut,
        };
        self.upload(end).await
    }

    /// Makes a FailureReason of `output/failure` and the exit code.
    fn reason(&self, code: i32) -> String {
        let said = self.folder.failure();
        format!("AlgorithmError: {said}, exit code: {code}")
    }

    /// Checkpoints go to S3 whatever became of the job; the model of one that did not fail does
    /// too.
    async fn upload(&self, end: End) -> Result<End, ApiError> {
        let objects = &self.inner.objects;
        if end == End::Completed {
            self.enter(Secondary::Uploading).await?;
        }
        let saved = match &self.spec.checkpoints {
            Some(checkpoints) => checkpoints::save(objects, checkpoints, &self.folder).await,
            None => Ok(()),
        };
        let uploaded = match (&end, saved) {
            (End::Failed(_), _) => return Ok(end),
            (_, Err(reason)) => Err(reason),
            (_, Ok(())) => output::upload(objects, &self.spec, &self.folder, self.name).await,
        };
        match uploaded {
            Ok(model) => {
                let keep = |progress: &mut Progress| progress.artifacts = model;
                note(self.inner, self.name, keep, None).await?;
                Ok(end)
            }
            Err(reason) => Ok(End::Failed(format!(
                "ClientError: Artifact upload failed:{reason}"
            ))),
        }
    }

    async fn enter(&self, secondary: Secondary) -> Result<(), ApiError> {
        let enter = move |progress: &mut Progress| progress.enter(secondary);
        note(self.inner, self.name, enter, None).await
    }

    async fn finish(&self, end: End) -> Result<(), ApiError> {
        let (status, secondary, reason) = match end {
            End::Completed => (COMPLETED, Secondary::Completed, None),
            End::Stopped => (STOPPED, Secondary::Stopped, None),
            End::TimedOut => (STOPPED, Secondary::MaxRuntimeExceeded, None),
            End::Failed(reason) => (FAILED, Secondary::Failed, Some(reason)),
        };
        tracing::info!(job = self.name, status, reason, "a training job is over");
        let over = move |progress: &mut Progress| match reason {
            Some(reason) => progress.fail(reason),
            None => progress.end(secondary),
        };
        note(self.inner, self.name, over, Some(status)).await?;
        remove(self.folder.root());
        Ok(())
    }
}

fn remove(folder: &Path) {
    if folder.exists()
        && let Err(error) = std::fs::remove_dir_all(folder)
    {
        tracing::warn!(%error, path = %folder.display(), "a training job's folder could not be \
                                                          removed");
    }
}
