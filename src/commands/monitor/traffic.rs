//! `scones monitor traffic`: test images to the endpoint, as they are or made worse, and their
//! labels.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, ensure};
use aws_sdk_sagemakerruntime::Client;
use fastrand::Rng;
use futures::StreamExt;
use jiff::Timestamp;
use monitor::corruption::corrupt_file;
use monitor::ground_truth::{self, GroundTruth, Location};

use super::Session;
use super::files::LabeledImages;
use crate::cli::monitor::Traffic;
use crate::progress::Steps;

/// Requests that are under way at a time.
const CONCURRENCY: usize = 8;

/// A planned request.
struct PlannedRequest {
    id: String,
    /// Index of the image in the list.
    entry: usize,
    severity: u8,
    seed: u64,
}

pub(super) async fn run(args: &Traffic) -> anyhow::Result<ExitCode> {
    let session = Session::open(&args.of, None).await?;
    let images_of_list = LabeledImages::list(&session.s3, &args.images).await?;
    let images_of_list =
        images_of_list.context("there are no images to send: give --images and --lst")?;
    ensure!(
        args.rate > 0.0 && args.rate.is_finite(),
        "--rate is {}, and must be over 0",
        args.rate
    );
    let begun = Timestamp::now();
    let planned = plan(args, &images_of_list, begun)?;
    // Before the images: should a request fail, those that were answered have their labels.
    if !args.unlabeled {
        let location = Location {
            prefix: session.job.ground_truth.clone(),
            endpoint: args.of.endpoint.clone(),
        };
        let labels = planned
            .iter()
            .map(|planned| label(args, &images_of_list, planned));
        let name = format!("traffic-{}", begun.as_millisecond());
        ground_truth::write(&session.job.bucket, &location, begun, &name, labels).await?;
    }
    let client = Client::new(&session.config);
    let steps = Steps::start("sending", planned.len() as u64);
    let mut beat = tokio::time::interval(Duration::from_secs_f64(1.0 / args.rate));
    // What could not be sent in time is not made up for at once.
    beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let beats = futures::stream::unfold(beat, |mut beat| async move {
        beat.tick().await;
        Some(((), beat))
    });
    let requests = beats
        .zip(futures::stream::iter(&planned))
        .map(|((), planned)| send(args, &session, &client, &images_of_list, planned));
    let mut answers = std::pin::pin!(requests.buffer_unordered(CONCURRENCY));
    let mut sent = 0;
    while let Some(answer) = answers.next().await {
        answer?;
        sent += 1;
        steps.at(sent, String::new());
    }
    // Data capture writes whole seconds: a window of these two holds all of it.
    let from = Timestamp::from_second(begun.as_second())?;
    let to = Timestamp::from_second(Timestamp::now().as_second() + 1)?;
    println!(
        "{sent} images sent to {}, from {from} to {to}",
        args.of.endpoint
    );
    Ok(ExitCode::SUCCESS)
}

fn plan(
    args: &Traffic,
    images_of_list: &LabeledImages,
    begun: Timestamp,
) -> anyhow::Result<Vec<PlannedRequest>> {
    let mut random = Rng::with_seed(args.seed);
    let by_class = classes(args, images_of_list)?;
    let planned = (0..args.count).map(|number| {
        let entry = match &by_class[..] {
            [] => random.usize(..images_of_list.lines().len()),
            classes => {
                let of_class = &classes[pick(&mut random, &args.mix)];
                of_class[random.usize(..of_class.len())]
            }
        };
        // A drift goes up evenly, so that its mean is half of where it ends.
        let part = f64::from(number + 1) / f64::from(args.count);
        let severity = match (args.corrupt, args.drift) {
            (None, _) => 0,
            (Some(_), false) => args.severity,
            (Some(_), true) => (f64::from(args.severity) * part).round() as u8,
        };
        PlannedRequest {
            id: format!("traffic-{}-{number}", begun.as_millisecond()),
            entry,
            severity,
            seed: random.u64(..),
        }
    });
    Ok(planned.collect())
}

/// The entries of each class of the mix; none where there is no mix.
fn classes(args: &Traffic, images_of_list: &LabeledImages) -> anyhow::Result<Vec<Vec<usize>>> {
    let mut classes = vec![Vec::new(); args.mix.len()];
    for (index, entry) in images_of_list.lines().iter().enumerate() {
        if let Some(class) = classes.get_mut(entry.class) {
            class.push(index);
        }
    }
    for (class, (part, entries)) in args.mix.iter().zip(&classes).enumerate() {
        ensure!(
            *part >= 0.0 && part.is_finite(),
            "--mix has {part}, which is no part of a whole"
        );
        ensure!(
            *part == 0.0 || !entries.is_empty(),
            "--mix wants images of class {class}, and the list has none"
        );
    }
    ensure!(
        classes.is_empty() || args.mix.iter().sum::<f64>() > 0.0,
        "--mix has no part over 0"
    );
    Ok(classes)
}

/// Samples an index with the weights `parts`.
fn pick(random: &mut Rng, parts: &[f64]) -> usize {
    let mut left = random.f64() * parts.iter().sum::<f64>();
    let found = parts.iter().position(|part| {
        left -= part;
        left < 0.0
    });
    // By rounding something may be left: then it is the last that is one.
    found.unwrap_or_else(|| parts.iter().rposition(|part| *part > 0.0).unwrap_or(0))
}

async fn send(
    args: &Traffic,
    session: &Session,
    client: &Client,
    images_of_list: &LabeledImages,
    planned: &PlannedRequest,
) -> anyhow::Result<()> {
    let path = &images_of_list.lines()[planned.entry].path;
    let mut file = images_of_list.file(&session.s3, path).await?;
    if let Some(kind) = args.corrupt.filter(|_| planned.severity > 0) {
        let (severity, seed) = (planned.severity, planned.seed);
        file = tokio::task::spawn_blocking(move || corrupt_file(&file, kind, severity, seed))
            .await?
            .with_context(|| path.clone())?;
    }
    let request = client
        .invoke_endpoint()
        .endpoint_name(&args.of.endpoint)
        .inference_id(&planned.id);
    let sent = request
        .content_type("application/x-image")
        .body(file.into())
        .send()
        .await;
    sent.map_err(aws_sdk_sagemakerruntime::Error::from)
        .with_context(|| format!("asking {} about {}", args.of.endpoint, path))?;
    Ok(())
}

fn label(args: &Traffic, images_of_list: &LabeledImages, planned: &PlannedRequest) -> GroundTruth {
    let class = images_of_list.lines()[planned.entry].class;
    GroundTruth {
        id: planned.id.clone(),
        label: args
            .labels
            .get(class)
            .cloned()
            .unwrap_or_else(|| class.to_string()),
    }
}
