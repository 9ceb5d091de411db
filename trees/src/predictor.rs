//! Ensembles laid out for speed: small nodes, and several trees walked at once.

use crate::Matrix;
use crate::tree::{Child, Combination, Ensemble, Split, contains};

/// Trees that are walked in step, so that their loads overlap.
const LANES: usize = 8;

const DEFAULT_LEFT: u32 = 1 << 31;
const CATEGORICAL: u32 = 1 << 30;
const LEAF: u32 = 1 << 29;
const FEATURE: u32 = LEAF - 1;

/// An ensemble that predicts fast. It gives what [`Ensemble::sums`] gives, bit for bit.
#[derive(Clone, Debug)]
pub struct Predictor {
    ensemble: Ensemble,
    nodes: Vec<FlatNode>,
    sets: Vec<Vec<u64>>,
    /// The root of each tree.
    roots: Vec<u32>,
    /// The depth of the deepest tree of each group of [`LANES`].
    depths: Vec<u32>,
    /// The values of the leaves of all trees.
    leaves: Vec<f32>,
}

/// A node of 16 bytes. The right child follows the left one.
#[derive(Clone, Copy, Debug)]
struct FlatNode {
    /// The feature, and flags.
    feature: u32,
    /// The threshold; the index of a set of categories, in its bits; or of a leaf's first value.
    threshold: u32,
    /// The index of the left child; a leaf's own.
    left: u32,
    /// Keeps two nodes from straddling a cache line.
    _padding: u32,
}

impl Predictor {
    /// Lays out an ensemble, which must be valid.
    pub fn new(ensemble: Ensemble) -> Self {
        let mut flat = Self {
            nodes: vec![],
            sets: vec![],
            roots: vec![],
            depths: vec![],
            leaves: vec![],
            ensemble,
        };
        let trees = std::mem::take(&mut flat.ensemble.trees);
        for group in trees.chunks(LANES) {
            let depths: Vec<u32> = group.iter().map(|tree| flat.add(tree)).collect();
            flat.depths.push(depths.into_iter().max().unwrap_or(0));
        }
        flat
    }

    /// Adds a tree; returns its depth.
    fn add(&mut self, tree: &crate::tree::Tree) -> u32 {
        let per_leaf = match self.ensemble.combination {
            Combination::Sum => 1,
            Combination::Mean => self.ensemble.outputs,
        };
        let first_set = self.sets.len() as u32;
        let first_value = self.leaves.len();
        self.sets.extend(tree.categories.iter().cloned());
        self.leaves.extend(&tree.leaves);
        let root = self.nodes.len() as u32;
        self.roots.push(root);
        let empty = FlatNode {
            feature: LEAF | DEFAULT_LEFT,
            threshold: 0,
            left: root,
            _padding: 0,
        };
        self.nodes.push(empty);
        let start = if tree.nodes.is_empty() {
            Child::Leaf(0)
        } else {
            Child::Node(0)
        };
        let mut open = vec![(start, root, 0)];
        let mut deepest = 0;
        while let Some((child, at, depth)) = open.pop() {
            deepest = deepest.max(depth);
            let node = match child {
                Child::Leaf(leaf) => FlatNode {
                    threshold: (first_value + leaf as usize * per_leaf) as u32,
                    left: at,
                    ..empty
                },
                Child::Node(index) => {
                    let node = &tree.nodes[index as usize];
                    let left = self.nodes.len() as u32;
                    self.nodes.extend([empty, empty]);
                    open.push((node.left, left, depth + 1));
                    open.push((node.right, left + 1, depth + 1));
                    let (threshold, kind) = match node.split {
                        Split::Below(threshold) => (threshold.to_bits(), 0),
                        Split::In(set) => (first_set + set, CATEGORICAL),
                    };
                    let direction = if node.default_left { DEFAULT_LEFT } else { 0 };
                    FlatNode {
                        feature: node.feature | kind | direction,
                        threshold,
                        left,
                        _padding: 0,
                    }
                }
            };
            self.nodes[at as usize] = node;
        }
        deepest
    }

    /// Returns the ensemble without its trees: objective, outputs, features.
    pub fn shape(&self) -> &Ensemble {
        &self.ensemble
    }

    /// Returns the predictions for one row of features, in `to`, which has a place for each output.
    pub fn predict_row(&self, row: &[f32], to: &mut [f32]) {
        self.sums(row, to);
        self.ensemble.objective.transform(to);
    }

    /// Returns the predictions for all rows, `outputs` values a row.
    pub fn predict(&self, matrix: &Matrix) -> Vec<f32> {
        let outputs = self.ensemble.outputs;
        let mut predictions = vec![0.0; matrix.rows * outputs];
        let mut row = vec![0.0; matrix.features.len()];
        for (index, to) in predictions.chunks_exact_mut(outputs).enumerate() {
            matrix.copy_row(index, &mut row);
            self.predict_row(&row, to);
        }
        predictions
    }

    /// Returns the sums for one row, as [`Ensemble::sums`] does.
    pub fn sums(&self, row: &[f32], sums: &mut [f32]) {
        let outputs = self.ensemble.outputs;
        sums.copy_from_slice(&self.ensemble.base_score);
        for (group, roots) in self.roots.chunks(LANES).enumerate() {
            let mut at = [0; LANES];
            at[..roots.len()].copy_from_slice(roots);
            for _ in 0..self.depths[group] {
                for at in &mut at {
                    *at = self.step(*at, row);
                }
            }
            for (lane, at) in at.iter().enumerate().take(roots.len()) {
                let value = self.nodes[*at as usize].threshold as usize;
                match self.ensemble.combination {
                    Combination::Sum => {
                        sums[(group * LANES + lane) % outputs] += self.leaves[value];
                    }
                    Combination::Mean => {
                        let values = &self.leaves[value..value + outputs];
                        let pairs = sums.iter_mut().zip(values);
                        pairs.for_each(|(sum, value)| *sum += value);
                    }
                }
            }
        }
        if self.ensemble.combination == Combination::Mean {
            let count = self.roots.len().max(1) as f32;
            sums.iter_mut().for_each(|sum| *sum /= count);
        }
    }

    /// Returns the child that a row goes to; a leaf is its own.
    fn step(&self, at: u32, row: &[f32]) -> u32 {
        let node = self.nodes[at as usize];
        // A leaf's feature is the first.
        let value = row[(node.feature & FEATURE) as usize];
        let goes_left = if value.is_nan() {
            node.feature & DEFAULT_LEFT != 0
        } else if node.feature & CATEGORICAL != 0 {
            !contains(&self.sets[node.threshold as usize], value)
        } else {
            value < f32::from_bits(node.threshold)
        };
        node.left + u32::from(!goes_left & (node.feature & LEAF == 0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matrix::FeatureKind;
    use crate::objective::Objective;
    use crate::tree::{Node, Tree};
    use proptest::prelude::*;

    /// A tree whose nodes have one leaf on a side and the next node on the other.
    fn tree(splits: &[(f32, bool, bool)], outputs: usize) -> Tree {
        let count = splits.len() as u32;
        let nodes = splits
            .iter()
            .enumerate()
            .map(|(index, (threshold, side, default))| {
                let index = index as u32;
                let next = if index + 1 < count {
                    Child::Node(index + 1)
                } else {
                    Child::Leaf(count)
                };
                let leaf = Child::Leaf(index);
                let (left, right) = if *side { (leaf, next) } else { (next, leaf) };
                Node {
                    feature: index % 2,
                    split: if index.is_multiple_of(2) {
                        Split::Below(*threshold)
                    } else {
                        Split::In(0)
                    },
                    default_left: *default,
                    left,
                    right,
                    gain: 0.0,
                    cover: 0.0,
                }
            });
        let leaves = (0..(count as usize + 1) * outputs).map(|leaf| leaf as f32 + 0.5);
        Tree {
            nodes: nodes.collect(),
            leaves: leaves.collect(),
            categories: vec![vec![0b1010]],
        }
    }

    proptest! {
        #[test]
        fn the_sums_are_the_ensembles(
            splits in prop::collection::vec(
                prop::collection::vec((-2.0_f32..2.0, any::<bool>(), any::<bool>()), 0..6), 0..20,
            ),
            row in (prop_oneof![-3.0_f32..3.0, Just(f32::NAN), Just(f32::INFINITY)], -1.0_f32..5.0),
            is_forest in any::<bool>(),
            outputs in 1_usize..4,
        ) {
            let per_leaf = if is_forest { outputs } else { 1 };
            let ensemble = Ensemble {
                objective: Objective::SquaredError,
                outputs,
                combination: if is_forest { Combination::Mean } else { Combination::Sum },
                base_score: vec![0.25; outputs],
                features: vec![
                    ("x".into(), FeatureKind::Numeric),
                    ("c".into(), FeatureKind::Categorical),
                ],
                trees: splits.into_iter().map(|splits| tree(&splits, per_leaf)).collect(),
            };
            prop_assert_eq!(ensemble.validate(), Ok(()));
            let (mut expected, mut found) = (vec![0.0; outputs], vec![0.0; outputs]);
            ensemble.sums(&[row.0, row.1], &mut expected);
            Predictor::new(ensemble).sums(&[row.0, row.1], &mut found);
            prop_assert_eq!(expected, found);
        }
    }
}
