//! `scones monitor baseline`: what the model does when all is well.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, ensure};
use evaluation::Threshold;
use jiff::Timestamp;
use monitor::Window;
use monitor::baseline::{Baseline, FILES};
use monitor::ground_truth::Classes;
use monitor::observed::{Observed, Observer, Prediction, Settings};
use scones_model::serve::Predictor;

use super::files::LabeledImages;
use super::{Session, predictor, window};
use crate::cli::monitor::{Baseline as BaselineArgs, Location};
use crate::progress::Steps;

pub(super) async fn run(args: &BaselineArgs) -> anyhow::Result<ExitCode> {
    let session = Session::open(&args.of, None).await?;
    let model = match &args.model {
        Some(location) => Some(
            predictor::load(&session.s3, location)
                .await
                .context("the model")?,
        ),
        None => None,
    };
    let own = model.as_ref().map(|model| model.config().labels.clone());
    let labels = own.unwrap_or_else(|| args.labels.clone());
    ensure!(
        labels.len() >= 2,
        "--labels names {} classes, and a model tells at least two apart",
        labels.len()
    );
    let observed = match LabeledImages::list(&session.s3, &args.images).await? {
        Some(images_of_list) => {
            let model = model.context("the images need a model to look at them: add --model")?;
            of_images(&session, &images_of_list, model, args.threshold).await?
        }
        None => {
            let embed = model.map(predictor::embed).ok_or_else(predictor::none);
            let window = window(args.window)?;
            let observation = session
                .job
                .observe(window, Timestamp::now(), &labels, args.threshold, embed)
                .await?;
            let mut skipped = observation.skipped;
            skipped.append(observation.skipped_labels);
            if skipped.lines > 0 {
                eprintln!("{skipped}");
            }
            observation.observed
        }
    };
    ensure!(
        observed.answers > 0,
        "there is no answer to make a baseline of: give --images, --lst and --model, or another \
         --from and --to"
    );
    let labeled = observed.outcomes.len();
    let mut baseline = Baseline::of(observed);
    if let Some(Location::S3(uri)) = &args.model {
        baseline.statistics.image_classification.model = Some(uri.to_string());
    }
    session.job.put_baseline(&baseline).await?;
    let answers = baseline.statistics.dataset.item_count;
    println!("baseline of {answers} answers, {labeled} of them with labels:");
    for file in FILES {
        println!(
            "  {}",
            session.job.bucket.uri(&session.job.baseline_key(file))
        );
    }
    if let Err(reason) = &baseline.embeddings {
        println!("embeddings will not be compared: {reason}");
    }
    if labeled == 0 {
        println!("accuracy will not be estimated: the baseline has no labels");
    }
    Ok(ExitCode::SUCCESS)
}

/// The model's answers to all images of a list.
async fn of_images(
    session: &Session,
    images_of_list: &LabeledImages,
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
    let steps = Steps::start("scoring", images_of_list.lines().len() as u64);
    for (index, entry) in images_of_list.lines().iter().enumerate() {
        let name = entry.path.clone();
        let file = images_of_list.file(&session.s3, &entry.path).await?;
        let (model, class, id) = (Arc::clone(&model), entry.class, name.clone());
        // Decoding and scoring would keep the runtime from everything else.
        observer = tokio::task::spawn_blocking(move || -> anyhow::Result<Observer> {
            let scores = model.predict(&file)?;
            observer.observe(&Prediction {
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
