//! `scones monitor label`: ground truth from a CSV file.

use std::io::Read;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, ensure};
use jiff::Timestamp;
use monitor::ground_truth::{self, Location, csv};

use super::Session;
use crate::cli::monitor::Label;

pub(super) async fn run(args: &Label) -> anyhow::Result<ExitCode> {
    let session = Session::open(&args.of, None).await?;
    let name = args.file.display().to_string();
    let file = args.file.clone();
    let text = tokio::task::spawn_blocking(move || read(&file))
        .await?
        .with_context(|| name.clone())?;
    let labels = csv::parse(&text).with_context(|| name.clone())?;
    ensure!(!labels.is_empty(), "{name} has no labels");
    let count = labels.len();
    let now = Timestamp::now();
    let location = Location {
        prefix: session.job.ground_truth.clone(),
        endpoint: args.of.endpoint.clone(),
    };
    let object = format!("labels-{}", now.as_millisecond());
    let key = ground_truth::write(&session.job.bucket, &location, now, &object, labels).await?;
    println!("{count} labels: {}", session.job.bucket.uri(&key));
    Ok(ExitCode::SUCCESS)
}

fn read(file: &Path) -> std::io::Result<String> {
    if file != Path::new("-") {
        return std::fs::read_to_string(file);
    }
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    Ok(text)
}
