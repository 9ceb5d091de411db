//! `scones monitor baseline`: what the model does when all is well.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, ensure};
use evaluation::Threshold;
use jiff::Timestamp;
use monitor::Window;
use monitor::baseline::{Baseline, FILES};
use monitor::ground_truth::Classes;
use monitor::observed::{Answer, Observed, Observer, Settings};
use scones_model::serve::Predictor;

use super::places::Pictures;
use super::{Session, predictor, window};
use crate::cli::monitor::{Baseline as Asked, Location};
use crate::progress::Steps;

pub(super) async fn run(asked: &Asked) -> anyhow::Result<ExitCode> {
    let session = Session::open(&asked.of, None).await?;
    let model = match &asked.model {
        Some(location) => Some(
            predictor::load(&session.s3, location)
                .await
                .context("the model")?,
        ),
        None => None,
    };
    let own = model.as_ref().map(|model| model.config().labels.clone());
    let labels = own.unwrap_or_else(|| asked.labels.clone());
    ensure!(
        labels.len() >= 2,
        "--labels names {} classes, and a model tells at least two apart",
        labels.len()
    );
    let observed = match Pictures::list(&session.s3, &asked.images).await? {
        Some(pictures) => {
            let model = model.context("the images need a model to look at them: add --model")?;
            of_images(&session, &pictures, model, asked.threshold).await?
        }
        None => {
            let embed = model.map(predictor::embed).ok_or_else(predictor::none);
            let window = window(asked.window)?;
            let seen = session
                .job
                .observe(window, Timestamp::now(), &labels, asked.threshold, embed)
                .await?;
            let mut skipped = seen.skipped;
            skipped.append(seen.skipped_labels);
            if skipped.lines > 0 {
                eprintln!("{skipped}");
            }
            seen.observed
        }
    };
    ensure!(
        observed.answers > 0,
        "there is no answer to make a baseline of: give --images, --lst and --model, or another --from and --to"
    );
    let labelled = observed.outcomes.len();
    let mut baseline = Baseline::of(observed);
    if let Some(Location::S3(uri)) = &asked.model {
        baseline.statistics.image_classification.model = Some(uri.to_string());
    }
    session.job.put_baseline(&baseline).await?;
    let answers = baseline.statistics.dataset.item_count;
    println!("baseline of {answers} answers, {labelled} of them with labels:");
    for file in FILES {
        println!(
            "  {}",
            session.job.bucket.uri(&session.job.baseline_key(file))
        );
    }
    if let Err(reason) = &baseline.embeddings {
        println!("embeddings will not be compared: {reason}");
    }
    if labelled == 0 {
        println!("accuracy will not be estimated: the baseline has no labels");
    }
    Ok(ExitCode::SUCCESS)
}

/// The model's answers to all images of a list.
async fn of_images(
    session: &Session,
    pictures: &Pictures,
    model: Arc<Predictor>,
    threshold: Threshold,
) -> anyhow::Result<Observed> {
    let now = Timestamp::now();
    let window = Window::new(now - jiff::SignedDuration::from_mins(1), now)?;
    let labels = model.config().labels.clone();
    let mut observer = Observer::new(Settings {
        truth: Classes::new(&labels),
        labels,
        threshold,
        window,
        embed: Ok(predictor::embed(Arc::clone(&model))),
    });
    let steps = Steps::start("scoring", pictures.lines().len() as u64);
    for (index, entry) in pictures.lines().iter().enumerate() {
        let name = entry.path.clone();
        let file = pictures.file(&session.s3, &entry.path).await?;
        let (model, class, id) = (Arc::clone(&model), entry.class, name.clone());
        // Decoding and scoring would keep the runtime from everything else.
        observer = tokio::task::spawn_blocking(move || -> anyhow::Result<Observer> {
            let scores = model.predict(&file)?;
            observer.answer(&Answer {
                id: &id,
                time: window.from(),
                scores: &scores,
                image: Some(&file),
                class: Some(class),
            })?;
            Ok(observer)
        })
        .await?
        .with_context(|| name)?;
        steps.at(index as u64 + 1, String::new());
    }
    Ok(observer.finish())
}
