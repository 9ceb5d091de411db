//! Trains the model as SageMaker would: the container's own program, started with `/opt/ml` laid
//! out for it.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Instant;

use anyhow::{Context, bail, ensure};
use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};

use super::report::Model;
use super::staging;
use crate::{progress, subprocess};

/// The training job of the demo, and where its objects are.
pub(crate) struct TrainingJob<'a> {
    pub(crate) client: &'a Client,
    pub(crate) bucket: &'a str,
    /// The key that the endpoint reads its model from.
    pub(crate) model_key: &'a str,
    pub(crate) data_dir: &'a Path,
}

/// A model's training data and figures, kept beside it: another run may use it again.
#[derive(Serialize, Deserialize)]
struct Record {
    manifests: [String; 2],
    model: Model,
}

impl TrainingJob<'_> {
    /// The model that an earlier run trained on the same images for as many epochs.
    pub(crate) async fn earlier(&self, epochs: u32) -> Option<Model> {
        let record = staging::get(self.client, self.bucket, &self.record_key())
            .await
            .ok()?;
        let record: Record = serde_json::from_slice(&record).ok()?;
        let same =
            record.manifests == self.manifests().await.ok()? && record.model.epochs == epochs;
        self.client
            .head_object()
            .bucket(self.bucket)
            .key(self.model_key)
            .send()
            .await
            .ok()?;
        same.then_some(Model {
            reused: true,
            ..record.model
        })
    }

    /// Trains for `epochs`, evaluates on the test images and uploads the model.
    pub(crate) async fn train(&self, epochs: u32, labels: &str) -> anyhow::Result<Model> {
        let root = self.data_dir.join("training");
        let images = self.lay_out(&root, epochs, labels).await?;
        let started = Instant::now();
        run_job(&root, epochs, images).await?;
        let training_seconds = started.elapsed().as_secs_f64();
        let scores = evaluate(&root).await?;
        let number = |name: &str| {
            scores[name]
                .as_f64()
                .with_context(|| format!("the evaluation has no {name}"))
        };
        let (accuracy, ece) = (number("accuracy")?, number("ece")?);
        let model = Model {
            accuracy,
            ece,
            epochs,
            training_seconds,
            reused: false,
        };
        self.publish(&root, &model).await?;
        Ok(model)
    }

    /// The input of a training job, from the bucket; how many images it trains on.
    ///
    /// The test images are its validation channel, as in the course's notebook: they are reported
    /// on at each epoch and nothing is chosen by them.
    async fn lay_out(&self, root: &Path, epochs: u32, labels: &str) -> anyhow::Result<usize> {
        if root.exists() {
            std::fs::remove_dir_all(root)
                .with_context(|| format!("removing the last training in {}", root.display()))?;
        }
        let train = staging::channel(self.client, self.bucket, "train", "train", root).await?;
        staging::channel(self.client, self.bucket, "test", "validation", root).await?;
        let parameters = json!({
            "num_classes": labels.split(',').count().to_string(),
            "num_training_samples": train.to_string(),
            "image_shape": "3,32,32",
            "epochs": epochs.to_string(),
            "labels": labels,
        });
        let config = root.join("input/config");
        std::fs::create_dir_all(&config)?;
        std::fs::write(config.join("hyperparameters.json"), parameters.to_string())?;
        Ok(train)
    }

    /// Uploads the model, and what it is made of, which makes it one that another run may use.
    async fn publish(&self, root: &Path, model: &Model) -> anyhow::Result<()> {
        let packed = root.join("model.tar.gz");
        scones_model::artifact::pack(&root.join("model"), &packed).context("packing the model")?;
        self.put(self.model_key, ByteStream::from_path(&packed).await?)
            .await?;
        let record = Record {
            manifests: self.manifests().await?,
            model: model.clone(),
        };
        self.put(&self.record_key(), serde_json::to_vec(&record)?.into())
            .await
    }

    async fn put(&self, key: &str, body: ByteStream) -> anyhow::Result<()> {
        let put = self
            .client
            .put_object()
            .bucket(self.bucket)
            .key(key)
            .body(body)
            .send()
            .await;
        put.map_err(aws_sdk_s3::Error::from)
            .with_context(|| format!("writing s3://{}/{key}", self.bucket))?;
        Ok(())
    }

    fn record_key(&self) -> String {
        format!("{}.json", self.model_key)
    }

    /// The entity tags of the manifests, which tell one set of images from another.
    async fn manifests(&self) -> anyhow::Result<[String; 2]> {
        let (train, test) = tokio::try_join!(self.etag("train.lst"), self.etag("test.lst"))?;
        Ok([train, test])
    }

    async fn etag(&self, key: &str) -> anyhow::Result<String> {
        let head = self
            .client
            .head_object()
            .bucket(self.bucket)
            .key(key)
            .send()
            .await;
        let head = head
            .map_err(aws_sdk_s3::Error::from)
            .with_context(|| format!("looking at {key}"))?;
        Ok(head.e_tag.unwrap_or_default())
    }
}

/// The training job: its metric lines move the bar, and are kept in a log beside its output.
async fn run_job(root: &Path, epochs: u32, images: usize) -> anyhow::Result<()> {
    let bar = progress::Steps::start("training", u64::from(epochs));
    bar.at(0, format!("on {images} images"));
    let mut job = subprocess::command()?
        .args(["model", "train", "--root"])
        .arg(root)
        .stdout(Stdio::piped())
        .stderr(std::fs::File::create(root.join("train.log"))?)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .context("starting the training job")?;
    if let Some(stdout) = job.stdout.take() {
        let mut lines = BufReader::new(stdout).lines();
        while let Some(line) = lines.next_line().await? {
            if let Some((epoch, accuracy)) = validation_accuracy(&line) {
                bar.at(epoch + 1, format!("accuracy {accuracy:.3}"));
            }
        }
    }
    let status = job.wait().await?;
    if !status.success() {
        let reason = std::fs::read_to_string(root.join("output/failure"))
            .unwrap_or_else(|_| status.to_string());
        bail!("the training job failed: {}", reason.trim());
    }
    Ok(())
}

/// Reads a metric line as the regular expressions of SageMaker's users do.
fn validation_accuracy(line: &str) -> Option<(u64, f64)> {
    let (_, rest) = line.split_once("Epoch[")?;
    let (epoch, rest) = rest.split_once("] Validation-accuracy=")?;
    Some((epoch.parse().ok()?, rest.trim().parse().ok()?))
}

/// Accuracy and calibration of the model in `root` on its validation channel.
async fn evaluate(root: &Path) -> anyhow::Result<Value> {
    let scores = root.join("evaluation.json");
    let channels: PathBuf = root.join("input/data");
    let evaluation = subprocess::command()?
        .args(["model", "evaluate", "--model"])
        .arg(root.join("model"))
        .arg("--images")
        .arg(channels.join("validation"))
        .arg("--lst")
        .arg(channels.join("validation_lst/test.lst"))
        .arg("--json")
        .arg(&scores)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .context("starting the evaluation")?;
    ensure!(
        evaluation.status.success(),
        "the evaluation failed: {}",
        String::from_utf8_lossy(&evaluation.stderr).trim()
    );
    Ok(serde_json::from_slice(&std::fs::read(&scores)?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metric_lines() {
        for (line, expected) in [
            ("Epoch[3] Validation-accuracy=0.843750", Some((3, 0.84375))),
            (
                "[11/21/2026 10:00:00 INFO 1] Epoch[39] Validation-accuracy=0.93",
                Some((39, 0.93)),
            ),
            ("Epoch[3] Train-accuracy=0.9", None),
            ("Epoch[x] Validation-accuracy=0.9", None),
            ("", None),
        ] {
            assert_eq!(validation_accuracy(line), expected, "{line}");
        }
    }
}
