//! Random forests, by scikit-learn's names and defaults.
//!
//! Trees are grown to the end on bootstrap samples, and each split looks at some of the features
//! (Breiman 2001, Random forests). A split lowers the Gini impurity, or the variance for numbers.
//! Both are the squared error of the targets, which for classes are 0 and 1 for each class.
//!
//! <https://scikit-learn.org/stable/modules/generated/sklearn.ensemble.RandomForestClassifier.html>

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};

use crate::bins::{self, Binned, MISSING};
use crate::boosting::{Dataset, TrainError, check, names};
use crate::objective::Objective;
use crate::parameters::{InvalidParameter, Parameters, Reader};
use crate::tree::{Child, Combination, Ensemble, Node, Tree};

/// The parameters of a forest.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct ForestParameters {
    /// The number of trees.
    pub n_estimators: usize,
    /// The number of classes, 0, 1, 2, … in the labels; 0 for a forest that predicts numbers.
    pub num_class: usize,
    /// The maximum depth of a tree; 0 for none.
    pub max_depth: usize,
    /// The minimum number of rows of a node that is split.
    pub min_samples_split: usize,
    /// The minimum number of rows of a leaf.
    pub min_samples_leaf: usize,
    /// The number of features that a split looks at; the square root of their number for classes,
    /// and all of them for numbers, if absent.
    pub max_features: Option<usize>,
    /// Seeds all random numbers.
    pub random_state: u64,
}

impl Default for ForestParameters {
    /// scikit-learn's defaults, for numbers.
    fn default() -> Self {
        Self {
            n_estimators: 100,
            num_class: 0,
            max_depth: 0,
            min_samples_split: 2,
            min_samples_leaf: 1,
            max_features: None,
            random_state: 0,
        }
    }
}

impl ForestParameters {
    /// Parses hyperparameters as SageMaker gives them, all of them texts.
    ///
    /// # Errors
    /// A hyperparameter is unknown or out of range.
    pub fn parse(texts: &BTreeMap<String, String>) -> Result<Self, InvalidParameter> {
        let default = Self::default();
        let mut read = Reader(texts.clone());
        let parsed = Self {
            n_estimators: read.number("n_estimators", default.n_estimators, 1..=100_000)?,
            num_class: read.number("num_class", 0, 2..=1_000)?,
            max_depth: read.number("max_depth", 0, 1..=1_000)?,
            min_samples_split: read.number("min_samples_split", 2, 2..=1_000_000)?,
            min_samples_leaf: read.number("min_samples_leaf", 1, 1..=1_000_000)?,
            max_features: read.optional("max_features", 1..=1_000_000)?,
            random_state: read.number("random_state", 0, 0..=u64::MAX)?,
        };
        match read.0.into_keys().next() {
            Some(name) => Err(InvalidParameter::Unknown {
                name,
                known: &[
                    "max_depth",
                    "max_features",
                    "min_samples_leaf",
                    "min_samples_split",
                    "n_estimators",
                    "num_class",
                    "random_state",
                ],
            }),
            None => Ok(parsed),
        }
    }
}

/// Trains a forest. When `stop` is set, the trees so far are the forest.
///
/// # Errors
/// The data do not fit.
pub fn train(
    parameters: &ForestParameters,
    data: &Dataset<'_>,
    stop: &AtomicBool,
) -> Result<Ensemble, TrainError> {
    let classes = parameters.num_class;
    let objective = if classes > 0 {
        Objective::Softprob
    } else {
        Objective::SquaredError
    };
    let requirements = Parameters {
        objective,
        num_class: classes,
        ..Parameters::default()
    };
    check(&requirements, "train", data)?;
    let outputs = classes.max(1);
    let features = bins::bin(data.matrix, bins::MAX_BINS);
    let all = features.len();
    let of_split = parameters
        .max_features
        .unwrap_or(if classes > 0 { all.isqrt() } else { all });
    let grower = Grower {
        parameters,
        features: &features,
        labels: data.labels,
        outputs,
        of_split: of_split.clamp(1, all),
    };
    let mut trees = vec![];
    for index in 0..parameters.n_estimators {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        // Random numbers of its own for each tree, so that their order can't matter.
        let seed = parameters.random_state ^ (index as u64) << 32;
        let mut random = fastrand::Rng::with_seed(seed);
        let weights = bootstrap(data, &mut random);
        trees.push(grower.grow(&weights, &mut random));
    }
    Ok(Ensemble {
        // The averages of shares are shares already.
        objective: Objective::SquaredError,
        outputs,
        combination: Combination::Mean,
        base_score: vec![0.0; outputs],
        features: names(data.matrix),
        trees,
    })
}

/// Draws as many rows as there are, with replacement; returns the weight of each row.
fn bootstrap(data: &Dataset<'_>, random: &mut fastrand::Rng) -> Vec<f32> {
    let rows = data.matrix.rows;
    let mut counts = vec![0.0; rows];
    (0..rows).for_each(|_| counts[random.usize(..rows)] += 1.0);
    if let Some(weights) = data.weights {
        let rows = counts.iter_mut().zip(weights);
        rows.for_each(|(count, weight)| *count *= weight);
    }
    counts
}

/// Rows and features that trees are grown from.
struct Grower<'a> {
    parameters: &'a ForestParameters,
    features: &'a [Binned],
    labels: &'a [f32],
    outputs: usize,
    of_split: usize,
}

/// A node that may be split.
struct Open {
    rows: Vec<u32>,
    depth: usize,
    parent: Option<(usize, bool)>,
}

/// The sums of the rows in a bin or a node: of each target, of the weights, and their number.
#[derive(Clone, Debug, PartialEq)]
struct Sums {
    targets: Vec<f64>,
    weight: f64,
    rows: usize,
}

struct Best {
    score: f64,
    feature: usize,
    /// The first bin that goes right.
    bin: usize,
    missing_left: bool,
}

impl Grower<'_> {
    fn grow(&self, weights: &[f32], random: &mut fastrand::Rng) -> Tree {
        let mut tree = Tree::default();
        let drawn = (0..weights.len() as u32).filter(|row| weights[*row as usize] > 0.0);
        let mut open = vec![Open {
            rows: drawn.collect(),
            depth: 0,
            parent: None,
        }];
        while let Some(node) = open.pop() {
            let sums = self.sums(&node.rows, weights);
            let Some(best) = self.best_split(&node, &sums, weights, random) else {
                let leaf = tree.leaves.len() / self.outputs;
                tree.attach(node.parent, Child::Leaf(leaf as u32));
                let weight = sums.weight.max(f64::MIN_POSITIVE);
                let values = sums.targets.iter().map(|sum| (sum / weight) as f32);
                tree.leaves.extend(values);
                continue;
            };
            let at = tree.nodes.len();
            tree.attach(node.parent, Child::Node(at as u32));
            let feature = &self.features[best.feature];
            let split = feature.split(best.bin, &mut tree.categories);
            let (left, right) = node.rows.iter().partition(|row| {
                let bin = feature.bins[**row as usize];
                if bin == MISSING {
                    best.missing_left
                } else {
                    usize::from(bin) < best.bin
                }
            });
            tree.nodes.push(Node {
                feature: best.feature as u32,
                split,
                default_left: best.missing_left,
                left: Child::Leaf(0),
                right: Child::Leaf(0),
                gain: (best.score - sums.score()) as f32,
                cover: sums.weight as f32,
            });
            for (rows, is_left) in [(right, false), (left, true)] {
                open.push(Open {
                    rows,
                    depth: node.depth + 1,
                    parent: Some((at, is_left)),
                });
            }
        }
        tree
    }

    fn best_split(
        &self,
        node: &Open,
        sums: &Sums,
        weights: &[f32],
        random: &mut fastrand::Rng,
    ) -> Option<Best> {
        let parameters = self.parameters;
        let is_deep = parameters.max_depth > 0 && node.depth >= parameters.max_depth;
        if is_deep || node.rows.len() < parameters.min_samples_split || sums.is_pure(self, node) {
            return None;
        }
        let mut order: Vec<usize> = (0..self.features.len()).collect();
        random.shuffle(&mut order);
        let mut best = None;
        for (looked_at, feature) in order.into_iter().enumerate() {
            // As scikit-learn, until there is one that parts the rows.
            if looked_at >= self.of_split && best.is_some() {
                break;
            }
            self.search(feature, node, sums, weights, &mut best);
        }
        best
    }

    /// Looks for a better split by one feature. Categories are taken in the order of their codes.
    fn search(
        &self,
        index: usize,
        node: &Open,
        sums: &Sums,
        weights: &[f32],
        best: &mut Option<Best>,
    ) {
        let feature = &self.features[index];
        let mut bins = vec![Sums::new(self.outputs); feature.count + 1];
        for row in &node.rows {
            let bin = usize::from(feature.bins[*row as usize]).min(feature.count);
            bins[bin].add_row(self, *row, weights);
        }
        let missing = &bins[feature.count];
        let sides: &[bool] = if missing.rows > 0 {
            &[true, false]
        } else {
            &[false]
        };
        for missing_left in sides {
            let mut left = if *missing_left {
                missing.clone()
            } else {
                Sums::new(self.outputs)
            };
            for bin in 1..feature.count {
                let below = &bins[bin - 1];
                if below.rows == 0 {
                    continue;
                }
                left.add(below);
                let right = sums.without(&left);
                if left.rows.min(right.rows) < self.parameters.min_samples_leaf.max(1) {
                    continue;
                }
                let score = left.score() + right.score();
                if best.as_ref().is_none_or(|best| score > best.score) {
                    *best = Some(Best {
                        score,
                        feature: index,
                        bin,
                        missing_left: *missing_left
                            || (missing.rows == 0 && left.weight * 2.0 >= sums.weight),
                    });
                }
            }
        }
    }

    fn sums(&self, rows: &[u32], weights: &[f32]) -> Sums {
        let mut sums = Sums::new(self.outputs);
        rows.iter()
            .for_each(|row| sums.add_row(self, *row, weights));
        sums
    }
}

impl Sums {
    fn new(outputs: usize) -> Self {
        Self {
            targets: vec![0.0; outputs],
            weight: 0.0,
            rows: 0,
        }
    }

    fn add_row(&mut self, grower: &Grower<'_>, row: u32, weights: &[f32]) {
        let (label, weight) = (
            grower.labels[row as usize],
            f64::from(weights[row as usize]),
        );
        if grower.parameters.num_class > 0 {
            self.targets[label as usize] += weight;
        } else {
            self.targets[0] += weight * f64::from(label);
        }
        self.weight += weight;
        self.rows += 1;
    }

    fn add(&mut self, other: &Self) {
        let targets = self.targets.iter_mut().zip(&other.targets);
        targets.for_each(|(sum, other)| *sum += other);
        self.weight += other.weight;
        self.rows += other.rows;
    }

    fn without(&self, other: &Self) -> Self {
        let targets = self.targets.iter().zip(&other.targets);
        Self {
            targets: targets.map(|(sum, other)| sum - other).collect(),
            weight: self.weight - other.weight,
            rows: self.rows - other.rows,
        }
    }

    /// Returns the part of the targets' squares that the mean explains: the larger the sum of two
    /// children's, the smaller their impurity.
    fn score(&self) -> f64 {
        let squares: f64 = self.targets.iter().map(|sum| sum * sum).sum();
        squares / self.weight.max(f64::MIN_POSITIVE)
    }

    /// Returns true if all rows have the same label.
    fn is_pure(&self, grower: &Grower<'_>, node: &Open) -> bool {
        let mut labels = node.rows.iter().map(|row| grower.labels[*row as usize]);
        let first = labels.next();
        labels.all(|label| Some(label) == first)
    }
}
