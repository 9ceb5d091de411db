//! How often monitoring is wrong on real images: false alarms on unchanged traffic, and what it
//! finds of changed traffic.
//!
//!     cargo run --release --example monitor-power -- MODEL_FOLDER IMAGES LST [ROUNDS]
//!
//! Images are dealt anew to baseline and window in each round, so that an image is never in both,
//! and nothing but chance tells unchanged traffic from its baseline.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use evaluation::Threshold;
use fastrand::Rng;
use jiff::Timestamp;
use monitor::Window;
use monitor::baseline::Baseline;
use monitor::corruption::{Corruption, corrupt_file};
use monitor::drift::compare;
use monitor::ground_truth::Classes;
use monitor::observed::{Observed, Observer, Prediction, Settings};
use monitor::pictures::Features;
use scones_model::serve::Predictor;

/// The scores and features of one image.
struct Look {
    class: usize,
    scores: Vec<f32>,
    features: Features,
    embedding: Vec<f32>,
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    ensure!(
        arguments.len() >= 3,
        "usage: monitor-power MODEL_FOLDER IMAGES LST [ROUNDS]"
    );
    let rounds: usize = arguments
        .get(3)
        .map_or(Ok(200), |rounds| rounds.parse())
        .context("ROUNDS")?;
    let predictor = Predictor::load(Path::new(&arguments[0]))?;
    let list = std::fs::read_to_string(&arguments[2]).context("the list")?;
    let list: lst::Manifest = list.parse()?;
    let folder = Path::new(&arguments[1]);
    let read = |line: &lst::Line| std::fs::read(folder.join(&line.path)).context(line.path.clone());
    let files: Vec<(usize, Vec<u8>)> = list
        .lines()
        .iter()
        .map(|line| Ok((line.class, read(line)?)))
        .collect::<Result<_>>()?;
    println!(
        "{} images, {rounds} rounds, half of the images to each side",
        files.len()
    );
    println!("| traffic | runs with an alarm | tests that found it |\n|---|---|---|");
    let clean = look(&predictor, &files, None)?;
    row(
        "unchanged",
        &alarms(&predictor, &clean, &clean, rounds, None)?,
        rounds,
    );
    for kind in Corruption::ALL {
        for severity in [1, 3, 5] {
            let worse = look(&predictor, &files, Some((kind, severity)))?;
            let found = alarms(&predictor, &clean, &worse, rounds.div_ceil(4), None)?;
            row(&format!("{kind} {severity}"), &found, rounds.div_ceil(4));
        }
    }
    for share in [0.6, 0.75, 0.9] {
        let found = alarms(&predictor, &clean, &clean, rounds.div_ceil(4), Some(share))?;
        row(
            &format!("{:.0} % of the first class", share * 100.0),
            &found,
            rounds.div_ceil(4),
        );
    }
    Ok(())
}

fn look(
    predictor: &Predictor,
    files: &[(usize, Vec<u8>)],
    worse: Option<(Corruption, u8)>,
) -> Result<Vec<Look>> {
    let look = |(number, (class, file)): (usize, &(usize, Vec<u8>))| {
        let file = match worse {
            Some((kind, severity)) => corrupt_file(file, kind, severity, number as u64)?,
            None => file.clone(),
        };
        Ok(Look {
            class: *class,
            scores: predictor.predict(&file)?,
            features: Features::of_file(&file)?,
            embedding: predictor.embed(&file)?,
        })
    };
    files.iter().enumerate().map(look).collect()
}

/// The features that raised an alarm, for each round; `share` is the part of the window that is of
/// the first class.
fn alarms(
    predictor: &Predictor,
    before: &[Look],
    now: &[Look],
    rounds: usize,
    share: Option<f32>,
) -> Result<Vec<Vec<String>>> {
    let mut random = Rng::with_seed(1);
    let mut order: Vec<usize> = (0..before.len()).collect();
    let mut round = || {
        random.shuffle(&mut order);
        let (first, second) = order.split_at(before.len() / 2);
        let window: Vec<&Look> = match share {
            None => second.iter().map(|index| &now[*index]).collect(),
            Some(share) => mixed(now, second, share, &mut random),
        };
        let baseline: Vec<&Look> = first.iter().map(|index| &before[*index]).collect();
        let baseline = Baseline::of(seen(predictor, &baseline)?);
        let tests = compare(&baseline, &seen(predictor, &window)?, &baseline.constraints);
        let found = tests.into_iter().filter(|test| test.is_violation());
        Ok(found.map(|test| test.feature).collect())
    };
    (0..rounds).map(|_| round()).collect()
}

/// As many images as there are, of another mix of classes.
fn mixed<'a>(now: &'a [Look], of: &[usize], share: f32, random: &mut Rng) -> Vec<&'a Look> {
    let (first, others): (Vec<usize>, Vec<usize>) =
        of.iter().partition(|index| now[**index].class == 0);
    let mut pick = |_| {
        let class = if random.f32() < share {
            &first
        } else {
            &others
        };
        &now[class[random.usize(..class.len())]]
    };
    (0..of.len()).map(&mut pick).collect()
}

/// What monitoring would have seen, without decoding the images again.
fn seen(predictor: &Predictor, looks: &[&Look]) -> Result<Observed> {
    let now = Timestamp::UNIX_EPOCH;
    let labels = predictor.config().labels.clone();
    let mut observer = Observer::new(Settings {
        truth: Classes::new(&labels),
        labels,
        threshold: Threshold::DEFAULT,
        window: Window::new(now, now + jiff::SignedDuration::from_hours(1))?,
        embed: Err("given".to_owned()),
    });
    for look in looks {
        let (scores, class) = (look.scores.as_slice(), Some(look.class));
        observer.observe(&Prediction {
            id: "",
            time: now,
            scores,
            image: None,
            class,
        })?;
    }
    Ok(Observed {
        inputs: looks.len() as u64,
        images: looks.iter().map(|look| Some(look.features)).collect(),
        embeddings: Ok(looks.iter().map(|look| look.embedding.clone()).collect()),
        ..observer.finish()
    })
}

fn row(traffic: &str, alarms: &[Vec<String>], rounds: usize) {
    let found = alarms.iter().filter(|alarms| !alarms.is_empty()).count();
    let mut features: Vec<(String, usize)> = Vec::new();
    for feature in alarms.iter().flatten() {
        match features.iter_mut().find(|(name, _)| name == feature) {
            Some((_, count)) => *count += 1,
            None => features.push((feature.clone(), 1)),
        }
    }
    features.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let percent = |count: usize| 100.0 * count as f64 / rounds as f64;
    let features: Vec<String> = features
        .iter()
        .map(|(name, count)| format!("{name} {:.0} %", percent(*count)))
        .collect();
    println!(
        "| {traffic} | {:.1} % | {} |",
        percent(found),
        features.join(", ")
    );
}
