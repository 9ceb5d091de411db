//! A job's folder: what `/opt/ml` is to a training container.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::spec::Spec;
use service::private;

/// Path of the folder in a container.
pub(super) const ROOT: &str = "/opt/ml";
/// Characters of `output/failure` that AWS keeps.
const FAILURE: u64 = 1024;

/// The folder, and what is where in it.
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn new(data_dir: &Path, job: &str) -> Self {
        Self(data_dir.join("training-jobs").join(job))
    }

    pub(super) fn root(&self) -> &Path {
        &self.0
    }

    pub(super) fn channel(&self, name: &str) -> PathBuf {
        self.0.join("input/data").join(name)
    }

    pub(super) fn model(&self) -> PathBuf {
        self.0.join("model")
    }

    /// Folder that goes to S3 beside the model.
    pub(super) fn output_data(&self) -> PathBuf {
        self.0.join("output/data")
    }

    /// For the archives to be uploaded: a place that the process does not see.
    pub(super) fn scratch(&self, name: &str) -> PathBuf {
        self.0.with_extension(name)
    }

    /// Makes it as a container finds it. What an earlier run left goes, except for its checkpoints.
    pub(super) fn lay_out(&self, spec: &Spec) -> io::Result<()> {
        private::create_dir_all(&self.0)?; // and what goes is below it
        for old in ["input", "model", "output"] {
            match fs::remove_dir_all(self.0.join(old)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        for new in [
            "input/config",
            "input/data",
            "model",
            "output/data",
            "checkpoints",
        ] {
            private::create_dir_all(&self.0.join(new))?;
        }
        for channel in &spec.channels {
            private::create_dir_all(&self.channel(&channel.name))?;
        }
        if let Some(checkpoints) = &spec.checkpoints {
            private::create_dir_all(&self.0.join(&checkpoints.folder))?;
        }
        self.configure(spec)
    }

    fn configure(&self, spec: &Spec) -> io::Result<()> {
        let channels: Map<String, Value> = spec
            .channels
            .iter()
            .map(|channel| (channel.name.clone(), channel.config.clone()))
            .collect();
        for (file, value) in [
            (
                "hyperparameters",
                Value::Object(spec.hyperparameters.clone()),
            ),
            ("inputdataconfig", Value::Object(channels)),
            ("resourceconfig", resources(&spec.instance_type)),
        ] {
            let path = self.0.join(format!("input/config/{file}.json"));
            private::write(&path, &serde_json::to_vec_pretty(&value)?)?;
        }
        Ok(())
    }

    /// Reads `output/failure`, which the process writes; empty if it is missing.
    pub(super) fn failure(&self) -> String {
        let read = || -> io::Result<String> {
            let mut bytes = Vec::new();
            let file = private::open_to_read(&self.0.join("output/failure"))?;
            file.take(FAILURE).read_to_end(&mut bytes)?;
            Ok(String::from_utf8_lossy(&bytes).trim().to_owned())
        };
        read().unwrap_or_default()
    }
}

fn resources(instance_type: &str) -> Value {
    json!({
        "current_host": "algo-1",
        "current_instance_type": instance_type,
        "current_group_name": "homogeneousCluster",
        "hosts": ["algo-1"],
        "instance_groups": [{
            "instance_group_name": "homogeneousCluster",
            "instance_type": instance_type,
            "hosts": ["algo-1"],
        }],
        "network_interface_name": "lo",
    })
}
