//! Boosting: what it learns, and that it is the same each time.

use proptest::prelude::*;

use super::*;
use crate::boosting::TrainError;
use crate::metric::Metric;
use crate::objective::Objective;
use crate::parameters::GrowPolicy;

fn data(rows: usize) -> (Matrix, Vec<f32>) {
    let matrix = matrix((0..4).map(|column| numbers(rows, column)).collect());
    let [a, b, c, _] = &matrix.features[..] else {
        unreachable!()
    };
    let rows = a.values.iter().zip(&b.values).zip(&c.values);
    let labels = rows.map(|((a, b), c)| 3.0 * a + if *b > 0.5 { 2.0 } else { 0.0 } + a * c);
    let labels = labels.collect();
    (matrix, labels)
}

fn error(metric: Metric, ensemble: &Ensemble, matrix: &Matrix, labels: &[f32]) -> f64 {
    let weights = vec![1.0; labels.len()];
    metric.evaluate(
        &ensemble.predict(matrix),
        ensemble.outputs,
        labels,
        &weights,
    )
}

#[test]
fn every_objective_learns() {
    let (matrix, labels) = data(400);
    let median = 2.7;
    for (objective, metric, target) in [
        (Objective::SquaredError, Metric::Rmse, 0.12),
        (Objective::AbsoluteError, Metric::Mae, 0.12),
        (Objective::SquaredLogError, Metric::Rmsle, 0.06),
        (Objective::Gamma, Metric::Mape, 0.06),
        (Objective::Tweedie(1.5), Metric::Rmse, 0.15),
        (Objective::Logistic, Metric::Error, 0.01),
        (Objective::Softprob, Metric::MultiError, 0.01),
    ] {
        let labels: Vec<f32> = match objective {
            Objective::Logistic => labels
                .iter()
                .map(|label| f32::from(*label > median))
                .collect(),
            Objective::Softprob => labels.iter().map(|label| label.floor().min(4.0)).collect(),
            _ => labels.clone(),
        };
        let parameters = Parameters {
            num_round: 100,
            max_depth: 4,
            objective,
            num_class: 5,
            ..Parameters::default()
        };
        let ensemble = fit(&parameters, &matrix, &labels);
        assert_eq!(ensemble.validate(), Ok(()));
        let error = error(metric, &ensemble, &matrix, &labels);
        assert!(error < target, "{objective:?}: {error}");
    }
}

#[test]
fn a_stump_is_the_one_that_can_be_computed_by_hand() {
    let matrix = matrix(vec![vec![1.0, 2.0, 3.0, f32::NAN]]);
    let labels = [0.0, 0.0, 8.0, 8.0];
    let parameters = Parameters {
        num_round: 1,
        eta: 1.0,
        max_depth: 1,
        ..Parameters::default()
    };
    let ensemble = fit(&parameters, &matrix, &labels);
    // The mean is 4; each leaf has two rows, a gradient of 8 and a hessian of 2 + lambda.
    assert_eq!(ensemble.base_score, [4.0]);
    assert_eq!(ensemble.trees[0].leaves, [-8.0 / 3.0, 8.0 / 3.0]);
    let node = ensemble.trees[0].nodes[0];
    assert_eq!(
        (node.split, node.default_left),
        (crate::tree::Split::Below(2.5), false)
    );
    assert!((node.gain - 128.0 / 3.0).abs() < 1e-4, "{}", node.gain);
}

#[test]
fn categories_are_split_by_sets() {
    let categories: Vec<f32> = (0..60).map(|row| (row % 6) as f32).collect();
    let labels: Vec<f32> = categories
        .iter()
        .map(|c| f32::from([0.0, 3.0, 4.0].contains(c)))
        .collect();
    let mut matrix = matrix(vec![categories]);
    matrix.features[0].kind = FeatureKind::Categorical;
    let parameters = Parameters {
        num_round: 1,
        max_depth: 1,
        eta: 1.0,
        lambda: 0.0,
        ..Parameters::default()
    };
    let ensemble = fit(&parameters, &matrix, &labels);
    assert_eq!(ensemble.predict(&matrix), labels);
    matrix.features[0].values[0] = 300.0;
    let data = Dataset {
        matrix: &matrix,
        labels: &labels,
        weights: None,
    };
    let stop = AtomicBool::new(false);
    let refused = train(
        &parameters,
        &data,
        None,
        None,
        &stop,
        &mut io::sink(),
        &mut |_| {},
    );
    let expected = "the feature a has the category 300: categories are 0 to 254";
    assert_eq!(refused.unwrap_err().to_string(), expected);
}

#[test]
fn a_line_a_round_as_xgboost_writes_it() {
    let (matrix, labels) = data(100);
    let parameters = Parameters {
        num_round: 2,
        eval_metric: vec![Metric::Mae, Metric::Rmse],
        ..Parameters::default()
    };
    let data = Dataset {
        matrix: &matrix,
        labels: &labels,
        weights: None,
    };
    let (stop, mut log) = (AtomicBool::new(false), vec![]);
    train(
        &parameters,
        &data,
        Some(&data),
        None,
        &stop,
        &mut log,
        &mut |_| {},
    )
    .unwrap();
    let log = String::from_utf8(log).unwrap();
    let shape = regex_shape(&log);
    let line = |round| {
        format!("[{round}]\ttrain-mae:#\ttrain-rmse:#\tvalidation-mae:#\tvalidation-rmse:#\n")
    };
    assert_eq!(shape, line(0) + &line(1));
}

/// Replaces each number after a colon by `#`.
fn regex_shape(log: &str) -> String {
    let mut parts = log.split(':');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        text + ":#" + part.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.')
    })
}

#[test]
fn training_stops_early_and_keeps_the_best() {
    let (matrix, labels) = data(200);
    let noise = numbers(200, 77);
    let data = Dataset {
        matrix: &matrix,
        labels: &labels,
        weights: None,
    };
    let unrelated = Dataset {
        matrix: &matrix,
        labels: &noise,
        weights: None,
    };
    let parameters = Parameters {
        num_round: 50,
        early_stopping_rounds: Some(3),
        ..Parameters::default()
    };
    let (stop, mut log) = (AtomicBool::new(false), vec![]);
    let ensemble = train(
        &parameters,
        &data,
        Some(&unrelated),
        None,
        &stop,
        &mut log,
        &mut |_| {},
    )
    .unwrap();
    let rounds = String::from_utf8(log).unwrap().lines().count();
    assert_eq!((ensemble.trees.len(), rounds), (1, 4));
    let refused = train(
        &parameters,
        &data,
        None,
        None,
        &stop,
        &mut io::sink(),
        &mut |_| {},
    );
    assert!(matches!(refused, Err(TrainError::NoValidation)));
}

#[test]
fn labels_that_do_not_fit_are_named() {
    let (matrix, mut labels) = data(10);
    labels[3] = f32::NAN;
    let data = Dataset {
        matrix: &matrix,
        labels: &labels,
        weights: None,
    };
    let stop = AtomicBool::new(false);
    let refused = train(
        &Parameters::default(),
        &data,
        None,
        None,
        &stop,
        &mut io::sink(),
        &mut |_| {},
    );
    assert_eq!(
        refused.unwrap_err().to_string(),
        "row 4 of the train data: the label NaN must be a number"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn a_training_that_is_resumed_ends_with_the_same_trees(
        at in 1..6_usize, seed in 0..u64::MAX, policy in 0..2, subsample in 0.4_f32..1.0,
    ) {
        let (matrix, labels) = data(80);
        let parameters = Parameters {
            num_round: 6,
            seed,
            subsample,
            colsample_bytree: 0.7,
            colsample_bynode: 0.7,
            grow_policy: if policy == 0 { GrowPolicy::DepthWise } else { GrowPolicy::LossGuide },
            max_leaves: 9,
            ..Parameters::default()
        };
        let mut kept = None;
        let whole = resume(&parameters, &matrix, &labels, None, &mut |state| {
            if state.rounds == at {
                kept = Some(serde_json::to_string(state).unwrap());
            }
        });
        let kept = serde_json::from_str(&kept.unwrap()).unwrap();
        let resumed = resume(&parameters, &matrix, &labels, Some(kept), &mut |_| {});
        prop_assert_eq!(whole, resumed);
    }

    #[test]
    fn a_monotone_change_of_a_feature_changes_no_prediction(seed in 0..u64::MAX) {
        let (mut matrix, labels) = data(80);
        let parameters = Parameters { num_round: 3, seed, ..Parameters::default() };
        let before = fit(&parameters, &matrix, &labels).predict(&matrix);
        matrix.features[0].values.iter_mut().for_each(|value| *value = value.exp());
        prop_assert_eq!(before, fit(&parameters, &matrix, &labels).predict(&matrix));
    }
}
