//! A client that runs executions through the wire, for the benchmarks: the AWS SDK for Rust against
//! a stack.
//!
//! ```text
//! cargo run --release -p scones-local --example load -- URL DEFINITION INPUT COUNT CONCURRENCY
//! ```
//! Creates the state machine `load`, starts COUNT executions, so many of them at once, and asks
//! after each until it has succeeded. Prints JSON: `rate`, executions a second from the first start
//! to the last known success; `p50_ms` and `p95_ms`, from the call of StartExecution to the answer
//! that says SUCCEEDED. Starting is durable, so a rate is the rate of what would survive a crash.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use aws_sdk_sfn::Client;
use aws_sdk_sfn::config::retry::RetryConfig;
use aws_sdk_sfn::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_sfn::types::ExecutionStatus;
use serde_json::json;

type Failure = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, definition, input, count, concurrency] = arguments.as_slice() else {
        return Err("usage: load URL DEFINITION INPUT COUNT CONCURRENCY".into());
    };
    let client = client(url);
    let created = client
        .create_state_machine()
        .name("load")
        .definition(std::fs::read_to_string(definition)?)
        .role_arn("arn:aws:iam::123456789012:role/load")
        .send()
        .await?;
    let load = Arc::new(Load {
        client,
        machine: created.state_machine_arn,
        input: input.clone(),
        left: AtomicUsize::new(count.parse()?),
    });
    let begun = Instant::now();
    let workers: Vec<_> = (0..concurrency.parse()?)
        .map(|_| tokio::spawn(load.clone().work()))
        .collect();
    let mut times = Vec::new();
    for worker in workers {
        times.extend(worker.await??);
    }
    let seconds = begun.elapsed().as_secs_f64();
    times.sort_unstable();
    let percentile = |percent: usize| {
        let rank = (times.len() * percent).div_ceil(100).saturating_sub(1);
        times.get(rank).map(|time| time.as_secs_f64() * 1e3)
    };
    println!(
        "{}",
        json!({
            "rate": times.len() as f64 / seconds,
            "p50_ms": percentile(50),
            "p95_ms": percentile(95),
        })
    );
    Ok(())
}

fn client(url: &str) -> Client {
    let config = aws_sdk_sfn::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(url)
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("local", "local", None, None, "load"))
        .retry_config(RetryConfig::disabled()) // a retry would hide in the figures
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    Client::from_conf(config)
}

/// The state shared by the workers.
struct Load {
    client: Client,
    machine: String,
    input: String,
    /// The number of executions still to start.
    left: AtomicUsize,
}

impl Load {
    /// Runs one execution after the other, until there are enough.
    async fn work(self: Arc<Self>) -> Result<Vec<Duration>, Failure> {
        let mut times = Vec::new();
        while self.take() {
            let begun = Instant::now();
            self.execute().await?;
            times.push(begun.elapsed());
        }
        Ok(times)
    }

    fn take(&self) -> bool {
        let less = |left: usize| left.checked_sub(1);
        self.left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less)
            .is_ok()
    }

    async fn execute(&self) -> Result<(), Failure> {
        let start = self.client.start_execution();
        let started = start
            .state_machine_arn(&self.machine)
            .input(&self.input)
            .send()
            .await?;
        loop {
            let describe = self.client.describe_execution();
            let described = describe
                .execution_arn(&started.execution_arn)
                .send()
                .await?;
            match described.status {
                ExecutionStatus::Running => tokio::time::sleep(Duration::from_millis(1)).await,
                ExecutionStatus::Succeeded => return Ok(()),
                other => return Err(format!("an execution ended {other}").into()),
            }
        }
    }
}
