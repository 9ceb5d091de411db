//! Forests, on Fisher's irises.

use super::*;
use crate::forest::{ForestParameters, train};

/// The shipped data: four numbers and a species.
fn irises() -> (Matrix, Vec<f32>) {
    let text = include_str!("../../../tables/data/iris.csv");
    let rows: Vec<Vec<&str>> = text
        .lines()
        .skip(1)
        .map(|line| line.split(',').collect())
        .collect();
    let mut species: Vec<&str> = rows.iter().map(|row| row[4]).collect();
    let labels = species.clone();
    species.sort_unstable();
    species.dedup();
    let labels = labels
        .iter()
        .map(|name| species.iter().position(|species| species == name));
    let columns = (0..4).map(|column| {
        rows.iter()
            .map(|row| row[column].parse().unwrap())
            .collect()
    });
    (
        matrix(columns.collect()),
        labels.map(|label| label.unwrap() as f32).collect(),
    )
}

fn forest(parameters: &ForestParameters, matrix: &Matrix, labels: &[f32]) -> Ensemble {
    let data = Dataset {
        matrix,
        labels,
        weights: None,
    };
    let forest = train(parameters, &data, &AtomicBool::new(false)).unwrap();
    assert_eq!(forest.validate(), Ok(()));
    forest
}

fn select(matrix: &Matrix, rows: &[usize]) -> Matrix {
    let mut selected = matrix.clone();
    selected.rows = rows.len();
    for feature in &mut selected.features {
        feature.values = rows.iter().map(|row| feature.values[*row]).collect();
    }
    selected
}

/// scikit-learn's forest has .951 over 20 seeds, with a deviation of .007; this one has .953.
#[test]
fn irises_are_told_apart() {
    let (matrix, labels) = irises();
    let mut accuracies = vec![];
    for seed in 0..3 {
        let mut order: Vec<usize> = (0..150).collect();
        fastrand::Rng::with_seed(seed).shuffle(&mut order);
        let mut right = 0;
        for fold in 0..10 {
            let (test, train): (Vec<usize>, Vec<usize>) =
                order.iter().partition(|row| *row % 10 == fold);
            let parameters = ForestParameters {
                num_class: 3,
                random_state: seed,
                ..ForestParameters::default()
            };
            let train_labels: Vec<f32> = train.iter().map(|row| labels[*row]).collect();
            let forest = forest(&parameters, &select(&matrix, &train), &train_labels);
            let predictions = forest.predict(&select(&matrix, &test));
            for (row, scores) in test.iter().zip(predictions.chunks_exact(3)) {
                assert!((scores.iter().sum::<f32>() - 1.0).abs() < 1e-5);
                right += usize::from(crate::metric::largest(scores) == labels[*row] as usize);
            }
        }
        accuracies.push(right as f64 / 150.0);
    }
    let mean = accuracies.iter().sum::<f64>() / accuracies.len() as f64;
    assert!(mean > 0.935, "{accuracies:?}");
}

#[test]
fn numbers_are_averages_of_leaves() {
    let matrix = matrix(vec![numbers(300, 1), numbers(300, 2)]);
    let labels: Vec<f32> = matrix.features[0]
        .values
        .iter()
        .map(|value| value * 10.0)
        .collect();
    let predictions = forest(&ForestParameters::default(), &matrix, &labels).predict(&matrix);
    let errors = predictions
        .iter()
        .zip(&labels)
        .map(|(found, label)| (found - label).abs());
    let mean = errors.sum::<f32>() / 300.0;
    assert!(mean < 0.1, "{mean}");
}

#[test]
fn a_forest_is_the_same_each_time() {
    let (matrix, labels) = irises();
    let parameters = ForestParameters {
        num_class: 3,
        n_estimators: 5,
        ..ForestParameters::default()
    };
    assert_eq!(
        forest(&parameters, &matrix, &labels),
        forest(&parameters, &matrix, &labels)
    );
    let other = ForestParameters {
        random_state: 1,
        ..parameters.clone()
    };
    assert_ne!(
        forest(&parameters, &matrix, &labels),
        forest(&other, &matrix, &labels)
    );
}

#[test]
fn hyperparameters_are_scikit_learns() {
    let parse = |name: &str, text: &str| {
        let texts = [(name.to_owned(), text.to_owned())];
        ForestParameters::parse(&texts.into())
    };
    let read = parse("n_estimators", "7").unwrap();
    assert_eq!(
        read,
        ForestParameters {
            n_estimators: 7,
            ..ForestParameters::default()
        }
    );
    assert_eq!(
        parse("criterion", "gini").unwrap_err().to_string(),
        "there is no hyperparameter criterion: expected one of max_depth, max_features, \
         min_samples_leaf, min_samples_split, n_estimators, num_class, random_state",
    );
}
