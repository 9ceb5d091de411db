//! Fitted trees, and the ensembles that they make.

use serde::{Deserialize, Serialize};

use crate::Matrix;
use crate::matrix::FeatureKind;
use crate::objective::Objective;

/// A decision tree. Its nodes are in an array, the root first, and children come after their
/// parents, so that every walk ends.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct Tree {
    /// The inner nodes. A tree without any is one leaf.
    pub nodes: Vec<Node>,
    /// The values of the leaves, one after the other, each as long as the tree has outputs.
    pub leaves: Vec<f32>,
    /// The sets of categories of the categorical splits: bit `c` is category `c`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<Vec<u64>>,
}

/// An inner node: a question about one feature.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
pub struct Node {
    /// The index of the feature.
    pub feature: u32,
    /// Decides which child a value goes to.
    pub split: Split,
    /// True if a missing value goes to the left child.
    pub default_left: bool,
    /// The left child.
    pub left: Child,
    /// The right child.
    pub right: Child,
    /// The improvement of the loss by this split.
    pub gain: f32,
    /// The sum of the hessians of the training rows that came here.
    pub cover: f32,
}

/// Decides which child a value goes to.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
pub enum Split {
    /// Values below the threshold go to the left, compared in `f32` as XGBoost does.
    Below(f32),
    /// Categories in the set with this index in [`Tree::categories`] go to the right.
    In(u32),
}

/// A child of a node.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
pub enum Child {
    /// The index of an inner node, which is larger than the parent's.
    Node(u32),
    /// The index of a leaf.
    Leaf(u32),
}

impl Tree {
    /// Returns the index of the leaf that a row falls into.
    fn leaf(&self, row: &[f32]) -> usize {
        self.walk(|feature| row[feature])
    }

    /// Returns the value of the leaf that a row of a matrix falls into.
    pub(crate) fn value(&self, matrix: &Matrix, row: usize) -> f32 {
        self.leaves[self.walk(|feature| matrix.features[feature].values[row])]
    }

    /// Sets a child of a node that is there. The root has no parent.
    pub(crate) fn attach(&mut self, parent: Option<(usize, bool)>, child: Child) {
        if let Some((parent, is_left)) = parent {
            let node = &mut self.nodes[parent];
            *if is_left {
                &mut node.left
            } else {
                &mut node.right
            } = child;
        }
    }

    fn walk(&self, value_of: impl Fn(usize) -> f32) -> usize {
        if self.nodes.is_empty() {
            return 0;
        }
        let mut at = 0;
        loop {
            let node = &self.nodes[at];
            let value = value_of(node.feature as usize);
            let goes_left = if value.is_nan() {
                node.default_left
            } else {
                match node.split {
                    Split::Below(threshold) => value < threshold,
                    Split::In(set) => !contains(&self.categories[set as usize], value),
                }
            };
            match if goes_left { node.left } else { node.right } {
                Child::Node(next) => at = next as usize,
                Child::Leaf(leaf) => return leaf as usize,
            }
        }
    }
}

/// Returns true if the category is in the set. What is no category is in none, as in XGBoost.
pub(crate) fn contains(set: &[u64], category: f32) -> bool {
    if !(0.0..=16_777_216.0).contains(&category) {
        return false;
    }
    let category = category as usize;
    let word = set.get(category / 64);
    word.is_some_and(|word| word >> (category % 64) & 1 == 1)
}

/// Trees whose values are added up.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Ensemble {
    /// The objective that it was trained for: it turns sums into predictions.
    pub objective: Objective,
    /// The number of outputs: the classes of a `multi:` objective and of a forest, otherwise 1.
    pub outputs: usize,
    /// The way in which the trees are combined.
    pub combination: Combination,
    /// The values before any tree, one an output. In the space of the sums, not of the predictions.
    pub base_score: Vec<f32>,
    /// The features in the order of a row, with their names and kinds.
    pub features: Vec<(String, FeatureKind)>,
    /// The trees in the order of training.
    pub trees: Vec<Tree>,
}

/// The way in which the trees of an [`Ensemble`] are combined.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
pub enum Combination {
    /// Tree `t` adds to output `t % outputs`: boosting.
    Sum,
    /// The average of the trees, each of which has all outputs in its leaves: forests.
    Mean,
}

/// A fitted ensemble that can't be used.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum InvalidEnsemble {
    /// The base scores are not as many as the outputs, or there is no output.
    #[error("the ensemble has {outputs} outputs and {scores} base scores")]
    Outputs {
        /// The outputs.
        outputs: usize,
        /// The base scores.
        scores: usize,
    },
    /// A tree is malformed.
    #[error("tree {tree}, node {node}: {problem}")]
    Node {
        /// The index of the tree.
        tree: usize,
        /// The index of the node.
        node: usize,
        /// The problem.
        problem: &'static str,
    },
    /// The leaves of a tree do not fit its nodes.
    #[error("tree {tree}: the values of its leaves are not {outputs} for each leaf")]
    Leaves {
        /// The index of the tree.
        tree: usize,
        /// The values that a leaf has.
        outputs: usize,
    },
}

impl Ensemble {
    /// Checks that every walk ends in a leaf that is there. Call it for what was read from a file.
    ///
    /// # Errors
    /// A node has a feature, child or set that is not there, a child before its parent, or a
    /// threshold that is no number.
    pub fn validate(&self) -> Result<(), InvalidEnsemble> {
        let (outputs, scores) = (self.outputs, self.base_score.len());
        if outputs == 0 || scores != outputs {
            return Err(InvalidEnsemble::Outputs { outputs, scores });
        }
        let per_leaf = self.per_leaf();
        for (index, tree) in self.trees.iter().enumerate() {
            let leaves = tree.leaves.len() / per_leaf;
            if leaves == 0 || tree.leaves.len() % per_leaf != 0 {
                return Err(InvalidEnsemble::Leaves {
                    tree: index,
                    outputs: per_leaf,
                });
            }
            let mut has_parent = vec![false; tree.nodes.len()];
            for (at, node) in tree.nodes.iter().enumerate() {
                let invalid = |problem| InvalidEnsemble::Node {
                    tree: index,
                    node: at,
                    problem,
                };
                if node.feature as usize >= self.features.len() {
                    return Err(invalid("there is no such feature"));
                }
                match node.split {
                    Split::Below(threshold) if threshold.is_nan() => {
                        return Err(invalid("the threshold is not a number"));
                    }
                    Split::In(set) if set as usize >= tree.categories.len() => {
                        return Err(invalid("there is no such set of categories"));
                    }
                    _ => {}
                }
                for child in [node.left, node.right] {
                    match child {
                        Child::Node(next) if next as usize <= at => {
                            return Err(invalid("a child does not come after its parent"));
                        }
                        Child::Node(next) if next as usize >= tree.nodes.len() => {
                            return Err(invalid("there is no such child"));
                        }
                        // Paths would double with each such node.
                        Child::Node(next)
                            if std::mem::replace(&mut has_parent[next as usize], true) =>
                        {
                            return Err(invalid("a child has another parent already"));
                        }
                        Child::Leaf(leaf) if leaf as usize >= leaves => {
                            return Err(invalid("there is no such leaf"));
                        }
                        _ => {}
                    }
                }
            }
        }
        Ok(())
    }

    /// Returns the sums for one row of features, before the objective turns them into predictions.
    /// `sums` has a place for each output.
    pub fn sums(&self, row: &[f32], sums: &mut [f32]) {
        sums.copy_from_slice(&self.base_score);
        match self.combination {
            Combination::Sum if self.outputs == 1 => {
                // In the order of the trees and in `f32`, as XGBoost adds.
                for tree in &self.trees {
                    sums[0] += tree.leaves[tree.leaf(row)];
                }
            }
            Combination::Sum => {
                for (index, tree) in self.trees.iter().enumerate() {
                    sums[index % self.outputs] += tree.leaves[tree.leaf(row)];
                }
            }
            Combination::Mean => {
                for tree in &self.trees {
                    let leaf = tree.leaf(row) * self.outputs;
                    let values = &tree.leaves[leaf..leaf + self.outputs];
                    sums.iter_mut()
                        .zip(values)
                        .for_each(|(sum, value)| *sum += value);
                }
                let count = self.trees.len().max(1) as f32;
                sums.iter_mut().for_each(|sum| *sum /= count);
            }
        }
    }

    /// Returns the predictions for all rows, `outputs` values a row.
    pub fn predict(&self, matrix: &Matrix) -> Vec<f32> {
        let mut predictions = vec![0.0; matrix.rows * self.outputs];
        let mut row = vec![0.0; matrix.features.len()];
        for (index, out) in predictions.chunks_exact_mut(self.outputs).enumerate() {
            matrix.copy_row(index, &mut row);
            self.sums(&row, out);
            self.objective.transform(out);
        }
        predictions
    }

    /// Returns the total gain of each feature's splits, in the order of the features.
    pub fn total_gain(&self) -> Vec<f32> {
        let mut gains = vec![0.0; self.features.len()];
        for node in self.trees.iter().flat_map(|tree| &tree.nodes) {
            gains[node.feature as usize] += node.gain;
        }
        gains
    }

    /// Returns the number of splits of each feature, XGBoost's importance `weight`.
    pub fn split_counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.features.len()];
        for node in self.trees.iter().flat_map(|tree| &tree.nodes) {
            counts[node.feature as usize] += 1;
        }
        counts
    }

    fn per_leaf(&self) -> usize {
        match self.combination {
            Combination::Sum => 1,
            Combination::Mean => self.outputs,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(left: Child, right: Child) -> Node {
        Node {
            feature: 0,
            split: Split::Below(1.0),
            default_left: true,
            left,
            right,
            gain: 1.0,
            cover: 1.0,
        }
    }

    fn ensemble(nodes: Vec<Node>, leaves: Vec<f32>) -> Ensemble {
        Ensemble {
            objective: Objective::SquaredError,
            outputs: 1,
            combination: Combination::Sum,
            base_score: vec![0.5],
            features: vec![("x".into(), FeatureKind::Numeric)],
            trees: vec![Tree {
                nodes,
                leaves,
                categories: vec![vec![0b10]],
            }],
        }
    }

    #[track_caller]
    fn check(nodes: Vec<Node>, leaves: Vec<f32>, expected: &str) {
        let result = ensemble(nodes, leaves).validate();
        let found = result
            .err()
            .map_or("valid".into(), |error| error.to_string());
        assert_eq!(found, expected);
    }

    #[test]
    fn malformed_trees_are_found() {
        let stump = node(Child::Leaf(0), Child::Leaf(1));
        check(vec![stump], vec![1.0, 2.0], "valid");
        check(vec![], vec![1.0], "valid");
        check(
            vec![],
            vec![],
            "tree 0: the values of its leaves are not 1 for each leaf",
        );
        check(
            vec![stump],
            vec![1.0],
            "tree 0, node 0: there is no such leaf",
        );
        let cycle = node(Child::Node(0), Child::Leaf(0));
        check(
            vec![cycle],
            vec![1.0],
            "tree 0, node 0: a child does not come after its parent",
        );
        let lost = node(Child::Node(7), Child::Leaf(0));
        check(
            vec![lost],
            vec![1.0],
            "tree 0, node 0: there is no such child",
        );
        let both = node(Child::Node(1), Child::Node(1));
        check(
            vec![both, stump],
            vec![1.0, 2.0],
            "tree 0, node 0: a child has another parent already",
        );
        let other = Node {
            feature: 1,
            ..stump
        };
        check(
            vec![other],
            vec![1.0, 2.0],
            "tree 0, node 0: there is no such feature",
        );
        let nan = Node {
            split: Split::Below(f32::NAN),
            ..stump
        };
        check(
            vec![nan],
            vec![1.0, 2.0],
            "tree 0, node 0: the threshold is not a number",
        );
        let set = Node {
            split: Split::In(1),
            ..stump
        };
        check(
            vec![set],
            vec![1.0, 2.0],
            "tree 0, node 0: there is no such set of categories",
        );
    }

    /// XGBoost: below the threshold left, missing by default, a category of the set right.
    #[test]
    fn rows_fall_into_leaves() {
        let stump = node(Child::Leaf(0), Child::Leaf(1));
        let sum = |node: Node, value: f32| {
            let mut sums = [0.0];
            ensemble(vec![node], vec![10.0, 20.0]).sums(&[value], &mut sums);
            sums[0]
        };
        assert_eq!(sum(stump, 0.9), 10.5);
        assert_eq!(sum(stump, 1.0), 20.5);
        assert_eq!(sum(stump, f32::NAN), 10.5);
        let right = Node {
            default_left: false,
            ..stump
        };
        assert_eq!(sum(right, f32::NAN), 20.5);
        let categorical = Node {
            split: Split::In(0),
            ..stump
        };
        for (category, expected) in [
            (0.0, 10.5),
            (1.0, 20.5),
            (2.0, 10.5),
            (-1.0, 10.5),
            (1e9, 10.5),
        ] {
            assert_eq!(sum(categorical, category), expected, "{category}");
        }
    }
}
