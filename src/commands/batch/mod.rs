//! `scones batch`: classifies many images, and says what came of them.

mod execution;
mod lines;
mod report;

use std::io::IsTerminal;
use std::process::ExitCode;

use anyhow::{Context, bail, ensure};
use serde_json::{Value, json};

use crate::{aws, cli};
use execution::{BatchResult, Execution};
use report::Report;

/// Exit status of an execution that ended, but not well.
const ENDED_BADLY: u8 = 2;

/// Exit status where images are left without an answer.
const SOME_FAILED: u8 = 3;

/// Runs the verb.
#[tokio::main]
pub(crate) async fn run(batch: &cli::Batch) -> anyhow::Result<ExitCode> {
    let config = aws::config_of(&batch.to).await?;
    let sfn = aws_sdk_sfn::Client::new(&config);
    let s3 = cifar_tools::s3::from_config(&config);
    let execution = Execution::start(
        &sfn,
        &batch.state_machine,
        batch.name.as_deref(),
        &input(batch),
    )
    .await?;
    let ended = tokio::select! {
        ended = execution.follow(std::io::stderr().is_terminal()) => ended?,
        stopped = tokio::signal::ctrl_c() => {
            stopped.context("listening for SIGINT")?;
            bail!("stopped watching; the execution goes on: {}", execution.arn);
        }
    };
    let BatchResult::Succeeded { summary, items } = &ended else {
        eprintln!("{ended}");
        return Ok(ExitCode::from(ENDED_BADLY));
    };
    let report = Report::read(summary.clone())?;
    ensure!(report.images > 0, "{}", nothing(batch));
    ensure!(
        report.images == *items,
        "the map run had {items} images, but the results are of {}: {summary}",
        report.images
    );
    if let Some(file) = &batch.out {
        let written = lines::download(&s3, &report.results, file).await?;
        ensure!(
            written == report.images,
            "{} has {written} lines for {} images",
            file.display(),
            report.images
        );
    }
    print!("{report}");
    Ok(if report.failed > 0 {
        ExitCode::from(SOME_FAILED)
    } else {
        ExitCode::SUCCESS
    })
}

/// The input of the state machine.
fn input(batch: &cli::Batch) -> Value {
    let mut input = json!({
        "tolerated_failure_percentage": batch.tolerate,
        "max_concurrency": batch.concurrency,
    });
    let mut put = |name: &str, value: Value| input[name] = value;
    if let Some(threshold) = batch.threshold {
        put("threshold", json!(threshold));
    }
    if let Some(images) = &batch.images {
        put("bucket", json!(images.bucket));
        put("prefix", json!(images.key));
    }
    if let Some(manifest) = &batch.manifest {
        put("bucket", json!(manifest.bucket));
        put("manifest", json!(manifest.key));
    }
    input
}

fn nothing(batch: &cli::Batch) -> String {
    match (&batch.images, &batch.manifest) {
        (Some(images), _) => format!(
            "there is no object in s3://{} whose key begins with {:?}",
            images.bucket, images.key
        ),
        (None, Some(manifest)) => {
            format!("{manifest} names no image")
        }
        (None, None) => "there is no image".to_owned(),
    }
}
