//! `scones monitor`: what an endpoint's traffic says of its model. One file a verb.

mod baseline;
mod comparison;
mod files;
mod label;
mod predictor;
mod report;
mod run;
mod traffic;

use std::process::ExitCode;

use aws_config::SdkConfig;
use monitor::capture::Source;
use monitor::job::Job;
use s3_objects::Bucket;
use service::Identity;

use crate::aws;
use crate::cli::monitor::{EndpointArgs, Monitor, TimeRange};

/// Runs the verb.
#[tokio::main]
pub(crate) async fn run(command: Monitor) -> anyhow::Result<ExitCode> {
    match command {
        Monitor::Baseline(baseline) => baseline::run(&baseline).await,
        Monitor::Run(run) => run::run(&run).await,
        Monitor::Report(report) => report::run(&report).await,
        Monitor::Label(label) => label::run(&label).await,
        Monitor::Traffic(traffic) => traffic::run(&traffic).await,
    }
}

/// Clients, and the job that they work on.
struct Session {
    config: SdkConfig,
    s3: aws_sdk_s3::Client,
    job: Job,
}

impl Session {
    async fn open(of: &EndpointArgs, variant: Option<&str>) -> anyhow::Result<Self> {
        let identity = Identity::default();
        let config = aws::config_of(&of.to).await?;
        let s3 = cifar_tools::s3::from_config(&config);
        // The template's own name for its bucket.
        let own = || format!("scones-unlimited-{}-{}", identity.account, identity.region);
        let bucket = of.bucket.clone().unwrap_or_else(own);
        let job = Job {
            bucket: Bucket::new(s3.clone(), bucket),
            captured: Source {
                prefix: of.captured.clone(),
                endpoint: of.endpoint.clone(),
                variant: variant.map(str::to_owned),
            },
            ground_truth: of.ground_truth.clone(),
            prefix: of.results.clone(),
        };
        Ok(Self { config, s3, job })
    }
}

fn window(between: TimeRange) -> anyhow::Result<monitor::Window> {
    Ok(monitor::Window::new(between.from, between.to)?)
}
