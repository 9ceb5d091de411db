//! `scones demo`: the whole workflow on this machine.

mod data;
mod executions;
mod report;
mod staging;
mod training;

use std::process::ExitCode;

use anyhow::Context;
use evaluation::Threshold;
use scones_local::Stack;

use super::stack;
use crate::{aws, cli};
use executions::{ExecutionResult, Workflow};
use report::{Data, Model, Report, Staged, Table};
use training::TrainingJob;

/// Test images that are started by payload and by upload.
const BY_PAYLOAD: usize = 8;
const BY_UPLOAD: usize = 4;
/// Number of further images that may run until the gate was seen to do both: pass and refuse.
const MAX_EXECUTIONS: usize = 60;

/// Runs the verb.
#[tokio::main]
pub(crate) async fn run(demo: &cli::Demo) -> anyhow::Result<ExitCode> {
    let running = stack::start(&demo.stack, Some(&demo.stack.template)).await?;
    let report = tokio::select! {
        report = workflow(demo, &running.stack) => report,
        stopped = stack::shutdown_requested(&demo.stack) => stopped.and_then(|()| anyhow::bail!("stopped \
            before the end")),
    };
    let code = match report {
        Ok(report) => conclude(demo, &running, &report).await,
        Err(error) => Err(error),
    };
    running.shut_down().await;
    code
}

async fn conclude(
    demo: &cli::Demo,
    running: &stack::Running,
    report: &Report,
) -> anyhow::Result<ExitCode> {
    if let Some(file) = &demo.json {
        let text = serde_json::to_string_pretty(report)?;
        std::fs::write(file, text).with_context(|| format!("writing {}", file.display()))?;
    }
    if !report.all_well() {
        eprintln!(
            "scones: not every execution ended as it should, or the gate was not seen to pass and \
             to refuse"
        );
    }
    if demo.once {
        return Ok(if report.all_well() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        });
    }
    stack::introduce(running);
    stack::shutdown_requested(&demo.stack).await?;
    Ok(ExitCode::SUCCESS)
}

async fn workflow(demo: &cli::Demo, stack: &Stack) -> anyhow::Result<Report> {
    let names = stack::DemoConfig::of(stack.application())?;
    let config = aws::config(stack.url(), &stack.identity().region).await?;
    let s3 = cifar_tools::s3::from_config(&config);
    let data = stage(demo, &s3, &names.bucket).await?;
    let job = TrainingJob {
        client: &s3,
        bucket: &names.bucket,
        model_key: &names.model_key,
        data_dir: stack.data_dir(),
    };
    let model = model(demo, &job, &names.labels).await?;
    deploy(stack, &names.endpoint).await?;
    let workflow = Workflow {
        sfn: aws_sdk_sfn::Client::new(&config),
        s3: s3.clone(),
        bucket: names.bucket.clone(),
        state_machine_arn: names.state_machine_arn,
        threshold: names.threshold,
    };
    let executions = executions(&workflow).await?;
    Ok(Report {
        data,
        model,
        executions,
    })
}

async fn stage(demo: &cli::Demo, s3: &aws_sdk_s3::Client, bucket: &str) -> anyhow::Result<Data> {
    let sources = demo.clone();
    let (archive, why_drawn) = tokio::task::spawn_blocking(move || data::find(&sources)).await??;
    if let Some(why) = why_drawn {
        println!("  No CIFAR-100 archive: {why}");
        println!("  Drawn images stand in for it. For the real ones: scones demo --archive FILE");
    }
    let staged = staging::stage(s3, bucket, &archive).await?;
    println!("1 Data        {}", archive.display());
    if staged.drawn {
        println!("              These are DRAWINGS made by this program, not photographs: what");
        println!("              follows shows that the workflow works, not how good the model is.");
    }
    println!(
        "2 Staged      {} training and {} test images in the bucket",
        staged.train, staged.test
    );
    println!("              {bucket}");
    println!(
        "              ({} objects uploaded, {} already there)",
        staged.written, staged.skipped
    );
    Ok(Data {
        archive: archive.display().to_string(),
        drawn: staged.drawn,
        bucket: bucket.to_owned(),
        staged: Staged {
            train: staged.train,
            test: staged.test,
            uploaded: staged.written,
        },
    })
}

async fn model(demo: &cli::Demo, job: &TrainingJob<'_>, labels: &str) -> anyhow::Result<Model> {
    let earlier = if demo.retrain {
        None
    } else {
        job.earlier(demo.epochs).await
    };
    let model = match earlier {
        Some(model) => model,
        None => job.train(demo.epochs, labels).await?,
    };
    let when = if model.reused {
        "by an earlier run, "
    } else {
        ""
    };
    println!(
        "3 Trained     {when}{} epochs in {:.0} s",
        model.epochs, model.training_seconds
    );
    println!(
        "              accuracy {:.3} on the test images, ECE {:.3}",
        model.accuracy, model.ece
    );
    Ok(model)
}

async fn deploy(stack: &Stack, endpoint: &str) -> anyhow::Result<()> {
    stack
        .sagemaker()
        .deploy(endpoint)
        .await
        .with_context(|| format!("deploying the endpoint {endpoint}"))?;
    println!("4 Deployed    endpoint {endpoint} is InService");
    Ok(())
}

/// Runs executions on test images until the gate was seen to pass and to refuse.
async fn executions(workflow: &Workflow) -> anyhow::Result<Vec<ExecutionResult>> {
    let keys = test_keys(workflow).await?;
    let machine = workflow
        .state_machine_arn
        .rsplit(':')
        .next()
        .unwrap_or_default();
    println!("5 Executions  of the state machine {machine}");
    let mut ended: Vec<ExecutionResult> = Vec::new();
    for (number, key) in keys.iter().take(MAX_EXECUTIONS).enumerate() {
        let both =
            ended.iter().any(ExecutionResult::passed) && ended.iter().any(ExecutionResult::refused);
        if number >= BY_PAYLOAD + BY_UPLOAD && both {
            break;
        }
        let by_upload = (BY_PAYLOAD..BY_PAYLOAD + BY_UPLOAD).contains(&number);
        ended.push(if by_upload {
            workflow.by_upload(key).await?
        } else {
            workflow.by_payload(key, None).await?
        });
    }
    ended.extend(refusal_by_own_threshold(workflow, &ended).await?);
    print!("{}", Table(&ended));
    println!(
        "  FAILED is ThresholdConfidenceNotMet: the best score is below {}.",
        workflow.threshold
    );
    Ok(ended)
}

/// A model that is sure of all these images refuses none: then one of them runs with a threshold
/// that it can't meet.
async fn refusal_by_own_threshold(
    workflow: &Workflow,
    ended: &[ExecutionResult],
) -> anyhow::Result<Option<ExecutionResult>> {
    if ended.iter().any(ExecutionResult::refused) {
        return Ok(None);
    }
    let doubtful = ended
        .iter()
        .filter(|row| row.confidence.is_some_and(|confidence| confidence < 1.0));
    let doubtful = doubtful.min_by(|a, b| {
        a.confidence
            .unwrap_or(1.0)
            .total_cmp(&b.confidence.unwrap_or(1.0))
    });
    let Some(doubtful) = doubtful else {
        return Ok(None);
    };
    println!(
        "  none was doubtful: {} runs again with a threshold of 1 in its input",
        doubtful.key
    );
    Ok(Some(
        workflow
            .by_payload(&doubtful.key, Some(Threshold::MAX))
            .await?,
    ))
}

/// The test images in an order that mixes the classes and is the same each time: by a Fibonacci
/// hash of the row.
async fn test_keys(workflow: &Workflow) -> anyhow::Result<Vec<String>> {
    let manifest = staging::manifest(&workflow.s3, &workflow.bucket, "test").await?;
    let mut lines = manifest.lines().to_vec();
    lines.sort_by_key(|line| (line.row as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    Ok(lines
        .into_iter()
        .map(|line| format!("test/{}", line.path))
        .collect())
}
