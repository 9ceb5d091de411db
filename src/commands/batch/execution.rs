//! The execution that does the work, watched from its start to its end.

use std::fmt;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use aws_sdk_sfn::Client;
use aws_sdk_sfn::operation::describe_execution::DescribeExecutionOutput;
use aws_sdk_sfn::types::{ExecutionStatus, MapRunItemCounts};
use serde_json::Value;

use crate::progress;

/// The interval at which it is polled.
const POLL_INTERVAL: Duration = Duration::from_millis(500);

/// The interval at which a line is printed where there is no terminal.
const REPORT_INTERVAL: Duration = Duration::from_secs(10);

/// An execution that runs.
pub(super) struct Execution<'a> {
    sfn: &'a Client,
    pub(super) arn: String,
}

/// The end of an execution.
pub(super) enum BatchResult {
    /// Well: its output, and how many items its map run had.
    Succeeded { summary: Value, items: u64 },
    /// It failed, timed out or was aborted.
    Failed(Box<DescribeExecutionOutput>),
}

impl fmt::Display for BatchResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Succeeded { summary, .. } => write!(f, "{summary:#}"),
            Self::Failed(execution) => write!(
                f,
                "the execution {} ended as {}: {}: {}",
                execution.execution_arn,
                execution.status.as_str(),
                execution.error.as_deref().unwrap_or("no error"),
                execution.cause.as_deref().unwrap_or("no cause"),
            ),
        }
    }
}

impl<'a> Execution<'a> {
    pub(super) async fn start(
        sfn: &'a Client,
        machine: &str,
        name: Option<&str>,
        input: &Value,
    ) -> anyhow::Result<Self> {
        let started = sfn
            .start_execution()
            .state_machine_arn(machine_arn(sfn, machine).await?)
            .set_name(name.map(str::to_owned))
            .input(input.to_string())
            .send()
            .await
            .map_err(aws_sdk_sfn::Error::from)
            .with_context(|| format!("starting an execution of {machine}"))?;
        Ok(Self {
            sfn,
            arn: started.execution_arn,
        })
    }

    /// Waits for its end, and shows meanwhile how far it is: as a bar, or in lines.
    pub(super) async fn follow(&self, terminal: bool) -> anyhow::Result<BatchResult> {
        let mut shown = if terminal {
            ProgressDisplay::bar()
        } else {
            ProgressDisplay::lines()
        };
        let mut map_run = None;
        loop {
            let described = self.describe().await?;
            if map_run.is_none() {
                map_run = self.map_run().await?;
            }
            let counts = match &map_run {
                Some(arn) => Some(self.counts(arn).await?),
                None => None,
            };
            shown.at(counts.as_ref());
            match described.status {
                ExecutionStatus::Running => tokio::time::sleep(POLL_INTERVAL).await,
                ExecutionStatus::Succeeded => {
                    let output = described.output.unwrap_or_default();
                    return Ok(BatchResult::Succeeded {
                        summary: serde_json::from_str(&output).context("the execution's output")?,
                        items: counts.map_or(0, |counts| whole(counts.total)),
                    });
                }
                _ => return Ok(BatchResult::Failed(Box::new(described))),
            }
        }
    }

    async fn describe(&self) -> anyhow::Result<DescribeExecutionOutput> {
        let request = self.sfn.describe_execution().execution_arn(&self.arn);
        let described = request.send().await.map_err(aws_sdk_sfn::Error::from);
        described.with_context(|| format!("describing {}", self.arn))
    }

    /// The ARN of its one map run, once it has begun.
    async fn map_run(&self) -> anyhow::Result<Option<String>> {
        let request = self.sfn.list_map_runs().execution_arn(&self.arn);
        let listed = request.send().await.map_err(aws_sdk_sfn::Error::from);
        let listed = listed.with_context(|| format!("listing the map runs of {}", self.arn))?;
        Ok(listed
            .map_runs
            .into_iter()
            .next()
            .map(|run| run.map_run_arn))
    }

    async fn counts(&self, map_run: &str) -> anyhow::Result<MapRunItemCounts> {
        let request = self.sfn.describe_map_run().map_run_arn(map_run);
        let described = request.send().await.map_err(aws_sdk_sfn::Error::from);
        let described = described.with_context(|| format!("describing {map_run}"))?;
        described
            .item_counts
            .with_context(|| format!("{map_run} has no counts"))
    }
}

/// The ARN of a state machine that is given by name or by ARN.
async fn machine_arn(sfn: &Client, machine: &str) -> anyhow::Result<String> {
    if machine.starts_with("arn:") {
        return Ok(machine.to_owned());
    }
    let mut pages = sfn.list_state_machines().into_paginator().items().send();
    while let Some(found) = pages.next().await {
        let found = found
            .map_err(aws_sdk_sfn::Error::from)
            .context("listing state machines")?;
        if found.name == machine {
            return Ok(found.state_machine_arn);
        }
    }
    bail!("there is no state machine {machine}: is another template running?")
}

/// The display of progress.
enum ProgressDisplay {
    Bar(progress::Steps),
    Lines { next: Instant, begun: Instant },
}

impl ProgressDisplay {
    fn bar() -> Self {
        Self::Bar(progress::Steps::start("classifying", 0))
    }

    fn lines() -> Self {
        let begun = Instant::now();
        let next = begun + REPORT_INTERVAL;
        Self::Lines { next, begun }
    }

    fn at(&mut self, counts: Option<&MapRunItemCounts>) {
        let Some(counts) = counts else { return };
        let total = whole(counts.total);
        let left = whole(counts.pending) + whole(counts.running);
        let done = total.saturating_sub(left);
        match self {
            Self::Bar(bar) => {
                bar.of(total);
                bar.at(done, failures(whole(counts.failed)));
            }
            Self::Lines { next, begun } if Instant::now() >= *next => {
                let seconds = begun.elapsed().as_secs();
                let failures = failures(whole(counts.failed));
                eprintln!("{done} of {total} images after {seconds} s {failures}");
                *next += REPORT_INTERVAL;
            }
            Self::Lines { .. } => {}
        }
    }
}

fn failures(images: u64) -> String {
    match images {
        0 => String::new(),
        images => format!("{images} in failed batches"),
    }
}

/// AWS counts in signed numbers.
fn whole(count: i64) -> u64 {
    count.try_into().unwrap_or_default()
}
