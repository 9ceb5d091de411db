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

/// A program that stands for the containers of certain images.
#[derive(Clone)]
pub struct ContainerProgram {
    /// Patterns of image names, in which `*` stands for any characters.
    pub images: Vec<String>,
    /// Makes the command that serves a model.
    pub serve: StartServer,
    /// Makes the command that trains a model.
    pub train: StartTraining,
}

/// The programs that stand for container images. The first whose pattern matches an image is its.
#[derive(Clone)]
pub struct ContainerPrograms(Vec<ContainerProgram>);

/// There is no program for an image.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "no program of the local stack stands for the image {image}: use an image that matches one of \
     {patterns}, or map it to a program with --image"
)]
pub struct UnknownImage {
    /// The image that a model or a training job names.
    pub image: String,
    /// The patterns of the images that there are programs for.
    pub patterns: String,
}

impl ContainerPrograms {
    /// Lists programs by their patterns, the first first.
    pub fn new(programs: Vec<ContainerProgram>) -> Self {
        Self(programs)
    }

    /// Uses one program for all images.
    pub fn any(serve: StartServer, train: StartTraining) -> Self {
        let images = vec!["*".to_owned()];
        Self(vec![ContainerProgram {
            images,
            serve,
            train,
        }])
    }

    /// Returns the program that stands for an image.
    ///
    /// # Errors
    ///
    /// [`UnknownImage`] if none does.
    pub fn find(&self, image: &str) -> Result<&ContainerProgram, UnknownImage> {
        let mut programs = self.0.iter();
        let found = programs.find(|program| {
            let mut patterns = program.images.iter();
            patterns.any(|pattern| matches(pattern, image))
        });
        found.ok_or_else(|| {
            let patterns = self.0.iter().flat_map(|program| &program.images);
            UnknownImage {
                image: image.to_owned(),
                patterns: patterns.cloned().collect::<Vec<_>>().join(", "),
            }
        })
    }
}

/// Returns true if a text matches a pattern, in which `*` stands for any characters.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((prefix, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut text) = text.strip_prefix(prefix) else {
        return false;
    };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let suffix = parts.pop().unwrap_or_default();
    for part in parts {
        // The earliest place leaves the most for what follows.
        match text.find(part) {
            Some(at) => text = &text[at + part.len()..],
            None => return false,
        }
    }
    text.ends_with(suffix)
}

/// Configuration of SageMaker.
#[derive(Clone)]
pub struct Config {
    /// The template's endpoints.
    pub endpoints: Vec<template::Endpoint>,
    /// Programs that stand for container images.
    pub programs: ContainerPrograms,
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
    pub fn new(endpoints: Vec<template::Endpoint>, programs: ContainerPrograms) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            endpoints,
            programs,
            start_timeout: Duration::from_secs(60),
            capture_interval: Duration::from_secs(10),
            jobs: (cores / 2).max(1),
            stop_timeout: Duration::from_secs(120),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_matched_as_a_whole() {
        let check = |pattern, image, expected| {
            assert_eq!(matches(pattern, image), expected, "{pattern} {image}");
        };
        check("*", "", true);
        check("*", "a/b:c", true);
        check("a", "ab", false);
        check("a*", "ab", true);
        check(
            "*/xgboost:*",
            "811284229777.dkr.ecr.us-east-1.amazonaws.com/xgboost:1",
            true,
        );
        check(
            "*/xgboost:*",
            "811284229777.dkr.ecr.us-east-1.amazonaws.com/xgboost",
            false,
        );
        check("a*a", "a", false);
        check("*ab*ab", "ab-ab", true);
        check("*ab*b", "ab", false);
    }

    #[test]
    fn an_image_without_a_program_is_named() {
        let program = ContainerProgram {
            images: vec!["*scones-model*".into(), "*/xgboost:*".into()],
            serve: Arc::new(|_| Command::new("serve")),
            train: Arc::new(|_| Command::new("train")),
        };
        let programs = ContainerPrograms::new(vec![program]);
        assert!(programs.find("scones-model:latest").is_ok());
        let error = programs.find("busybox").err().unwrap();
        assert_eq!(
            error.to_string(),
            "no program of the local stack stands for the image busybox: use an image that matches \
             one of *scones-model*, */xgboost:*, or map it to a program with --image"
        );
    }
}
