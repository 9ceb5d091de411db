//! False alarms and power, on a made-up model and drawn images. `just bench monitor` measures both
//! on real ones.

use super::*;
use crate::corruption::Corruption;
use crate::testing::{Sample, Traffic, seen, traffic};

fn baseline(observed: Observed) -> Baseline {
    Baseline::of(observed)
}

fn violations(baseline: &Baseline, observed: &Observed) -> Vec<String> {
    let tests = compare(baseline, observed, &baseline.constraints);
    tests
        .iter()
        .filter(|test| test.is_violation())
        .map(|test| test.feature.clone())
        .collect()
}

fn with(seed: u64, corruption: Option<(Corruption, u8)>, share: f32) -> Observed {
    Traffic {
        count: 300,
        seed,
        share,
        corruption,
    }
    .observed()
}

#[test]
fn every_test_is_there_and_none_is_silent() {
    let baseline = baseline(traffic(400, 1));
    let tests = compare(&baseline, &traffic(300, 2), &baseline.constraints);
    let features: Vec<&str> = tests.iter().map(|test| test.feature.as_str()).collect();
    let expected = [
        "confidence",
        "prediction",
        "pass_rate",
        "estimated_accuracy",
        "embeddings",
        "brightness",
        "contrast",
        "sharpness",
        "colorfulness",
        "warmth",
        "tint",
        "width",
        "height",
        "accuracy",
    ];
    assert_eq!(features, expected);
    assert!(tests.iter().all(|test| test.outcome.is_ok()), "{tests:?}");
}

/// Answers are dealt to baseline and window by chance, so nothing but chance tells them apart. At
/// 0.01 for all tests together more than 5 alarms in 150 deals happen once in 220.
#[test]
fn unchanged_traffic_raises_no_more_alarms_than_it_may() {
    let mut samples = Traffic {
        count: 500,
        seed: 11,
        share: 0.5,
        corruption: None,
    }
    .samples();
    let mut random = fastrand::Rng::with_seed(12);
    let mut deal = |_| {
        random.shuffle(&mut samples);
        let dealt: Vec<&Sample> = samples.iter().collect();
        violations(&baseline(seen(&dealt[..300])), &seen(&dealt[300..]))
    };
    let alarms: Vec<Vec<String>> = (0..150)
        .map(&mut deal)
        .filter(|alarms| !alarms.is_empty())
        .collect();
    assert!(alarms.len() <= 5, "{alarms:?}");
}

#[test]
fn each_shift_is_found_by_the_test_that_is_for_it() {
    let baseline = baseline(traffic(400, 1));
    for (corruption, feature) in [
        (Corruption::Dark, "brightness"),
        (Corruption::Blur, "sharpness"),
        (Corruption::Noise, "sharpness"),
        (Corruption::Contrast, "contrast"),
    ] {
        let found = violations(&baseline, &with(5, Some((corruption, 3)), 0.5));
        assert!(
            found.iter().any(|found| found == feature),
            "{corruption}: {found:?}"
        );
    }
    let found = violations(&baseline, &with(6, None, 0.85));
    assert!(found.iter().any(|found| found == "prediction"), "{found:?}");
    let found = violations(&baseline, &with(7, Some((Corruption::Contrast, 4)), 0.5));
    for feature in [
        "confidence",
        "pass_rate",
        "estimated_accuracy",
        "accuracy",
        "embeddings",
    ] {
        assert!(
            found.iter().any(|found| found == feature),
            "{feature}: {found:?}"
        );
    }
}

#[test]
fn a_difference_that_does_not_matter_is_no_violation() {
    let mut baseline = baseline(traffic(400, 1));
    let dark = with(5, Some((Corruption::Dark, 3)), 0.5);
    baseline
        .constraints
        .monitoring_config
        .distribution_constraints
        .comparison_threshold = 1.0;
    let found = violations(&baseline, &dark);
    assert!(
        !found.iter().any(|found| found == "brightness"),
        "{found:?}"
    );
    baseline.constraints.monitoring_config.evaluate_constraints = Toggle::Disabled;
    assert!(violations(&baseline, &dark).is_empty());
}

#[track_caller]
fn check_not_tested(baseline: &Baseline, observed: &Observed, feature: &str, why: &str) {
    let tests = compare(baseline, observed, &baseline.constraints);
    let test = tests.iter().find(|test| test.feature == feature).unwrap();
    assert_eq!(test.outcome, Err(why.to_owned()));
}

#[test]
fn what_is_not_tested_says_why() {
    let good = baseline(traffic(100, 1));
    check_not_tested(
        &good,
        &traffic(20, 2),
        "confidence",
        "20 are too few to tell: at least 30 are needed",
    );
    let mut window = traffic(100, 2);
    window.embeddings = Err("no model was given".into());
    check_not_tested(&good, &window, "embeddings", "no model was given");
    window.embeddings = Ok(vec![vec![0.0; 3]; 40]);
    check_not_tested(
        &good,
        &window,
        "embeddings",
        "the baseline's have 48 numbers and the window's 3: they are of two networks; make a new \
         baseline",
    );
    window.outcomes.clear();
    check_not_tested(
        &good,
        &window,
        "accuracy",
        "no answer's true class is known: upload ground truth, for example with `scones monitor \
         label`",
    );
    window.images.clear();
    check_not_tested(
        &good,
        &window,
        "tint",
        "no image was captured that could be decoded",
    );
    let mut unlabeled = traffic(100, 3);
    unlabeled.outcomes.clear();
    check_not_tested(
        &baseline(unlabeled),
        &traffic(100, 2),
        "estimated_accuracy",
        "the baseline has no labels: make it from images whose classes are known",
    );
}
