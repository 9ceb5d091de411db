//! Grows one tree from gradients: histograms, the search for splits, the partition of the rows.

use std::collections::BinaryHeap;

use crate::bins::{Binned, MISSING};
use crate::bundles::Bundles;
use crate::parameters::{GrowPolicy, Parameters};
use crate::tree::{Child, Node, Split, Tree};

/// The smallest improvement that counts, as in XGBoost.
const MIN_GAIN: f64 = 1e-6;

/// Sums of gradients and hessians.
pub(crate) type Sums = [f64; 2];

/// A tree and where the training rows fell.
pub(crate) struct Grown {
    pub(crate) tree: Tree,
    /// The rows of each leaf.
    pub(crate) leaf_rows: Vec<Vec<u32>>,
}

/// Grows the trees of one training.
pub(crate) struct Grower<'a> {
    features: &'a [Binned],
    parameters: &'a Parameters,
    bundles: Bundles<'a>,
    /// The start of each feature's histogram; the last is the end.
    offsets: Vec<usize>,
}

/// A split that was found.
#[derive(Clone, Debug)]
struct Candidate {
    feature: usize,
    gain: f64,
    /// The bins that go left.
    left: Vec<bool>,
    threshold: Option<f32>,
    missing_left: bool,
    left_sums: Sums,
}

/// A node that may be split.
struct Open {
    rows: std::ops::Range<usize>,
    depth: usize,
    sums: Sums,
    histogram: Vec<Sums>,
    split: Option<Candidate>,
    /// The parent, and whether this is its left child.
    parent: Option<(usize, bool)>,
}

impl<'a> Grower<'a> {
    pub(crate) fn new(features: &'a [Binned], parameters: &'a Parameters) -> Self {
        let mut offsets = vec![0];
        for feature in features {
            // One more for missing values.
            offsets.push(offsets[offsets.len() - 1] + feature.count + 1);
        }
        Self {
            features,
            parameters,
            bundles: Bundles::new(features),
            offsets,
        }
    }

    /// Grows a tree for the rows, with the gradient and the hessian of each row of the data.
    pub(crate) fn grow(
        &self,
        gradients: &[[f32; 2]],
        mut rows: Vec<u32>,
        random: &mut fastrand::Rng,
        scratch: &mut Scratch,
    ) -> Grown {
        let of_tree = sample(
            self.features.len(),
            self.parameters.colsample_bytree,
            random,
        );
        let mut of_levels: Vec<Vec<usize>> = vec![];
        let mut tree = Tree::default();
        let mut leaf_rows = vec![];
        let sums = total(gradients, &rows);
        let mut root = Open {
            histogram: self.histogram(gradients, &rows, &of_tree, scratch),
            rows: 0..rows.len(),
            depth: 0,
            sums,
            split: None,
            parent: None,
        };
        let columns = self.columns(&of_tree, &mut of_levels, 0, random);
        root.split = self.best_split(&root, &columns);
        let mut queue = Queue::new(self.parameters.grow_policy);
        queue.push(root);
        let mut leaves = 1;
        while let Some(open) = queue.pop() {
            let max_leaves = self.parameters.max_leaves;
            let may_split = max_leaves == 0 || leaves < max_leaves;
            let Some(split) = open.split.clone().filter(|_| may_split) else {
                let leaf = leaf_rows.len() as u32;
                tree.attach(open.parent, Child::Leaf(leaf));
                scratch.recycle(open.histogram);
                tree.leaves.push(self.weight(open.sums) as f32);
                leaf_rows.push(rows[open.rows].to_vec());
                continue;
            };
            leaves += 1;
            let at = tree.nodes.len();
            tree.attach(open.parent, Child::Node(at as u32));
            tree.nodes
                .push(self.node(&split, open.sums, &mut tree.categories));
            let bins = &self.features[split.feature].bins;
            let goes_left = |row: u32| {
                let bin = bins[row as usize];
                if bin == MISSING {
                    split.missing_left
                } else {
                    split.left[usize::from(bin)]
                }
            };
            let middle =
                open.rows.start + partition(&mut rows[open.rows.clone()], goes_left, scratch);
            let ranges = [open.rows.start..middle, middle..open.rows.end];
            let right_sums = [
                open.sums[0] - split.left_sums[0],
                open.sums[1] - split.left_sums[1],
            ];
            let depth = open.depth + 1;
            let is_deep = self.parameters.max_depth != 0 && depth >= self.parameters.max_depth;
            let mut histograms = [vec![], vec![]];
            if !is_deep {
                // The smaller child's is counted, the other's is what is left of the parent's.
                let small = usize::from(ranges[0].len() > ranges[1].len());
                let counted =
                    self.histogram(gradients, &rows[ranges[small].clone()], &of_tree, scratch);
                let mut rest = open.histogram;
                rest.iter_mut().zip(&counted).for_each(|(rest, counted)| {
                    rest[0] -= counted[0];
                    rest[1] -= counted[1];
                });
                histograms[small] = counted;
                histograms[1 - small] = rest;
            } else {
                scratch.recycle(open.histogram);
            }
            let children = ranges
                .into_iter()
                .zip(histograms)
                .zip([split.left_sums, right_sums]);
            for (index, ((rows, histogram), sums)) in children.enumerate() {
                let mut child = Open {
                    rows,
                    depth,
                    sums,
                    histogram,
                    split: None,
                    parent: Some((at, index == 0)),
                };
                if !is_deep {
                    let columns = self.columns(&of_tree, &mut of_levels, depth, random);
                    child.split = self.best_split(&child, &columns);
                }
                queue.push(child);
            }
        }
        Grown { tree, leaf_rows }
    }

    /// Returns the features that a node at this depth may be split by.
    fn columns(
        &self,
        of_tree: &[usize],
        of_levels: &mut Vec<Vec<usize>>,
        depth: usize,
        random: &mut fastrand::Rng,
    ) -> Vec<usize> {
        let pick = |from: &[usize], share: f32, random: &mut fastrand::Rng| -> Vec<usize> {
            let picked = sample(from.len(), share, random).into_iter();
            picked.map(|index| from[index]).collect()
        };
        while of_levels.len() <= depth {
            of_levels.push(pick(of_tree, self.parameters.colsample_bylevel, random));
        }
        pick(&of_levels[depth], self.parameters.colsample_bynode, random)
    }

    /// Sums the gradients of the rows in each bin of the features; of others too, where they share
    /// a column.
    fn histogram(
        &self,
        gradients: &[[f32; 2]],
        rows: &[u32],
        features: &[usize],
        scratch: &mut Scratch,
    ) -> Vec<Sums> {
        let mut histogram = scratch.pool.pop().unwrap_or_default();
        histogram.clear();
        histogram.resize(*self.offsets.last().unwrap_or(&0), [0.0; 2]);
        // Gathered once, so that each column reads them in order.
        scratch.gradients.clear();
        scratch.gradients.extend(rows.iter().map(|row| {
            let [gradient, hessian] = gradients[*row as usize];
            [f64::from(gradient), f64::from(hessian)]
        }));
        let total = scratch.gradients.iter().copied().fold([0.0; 2], add);
        let mut is_done = vec![false; self.bundles.columns.len()];
        for feature in features {
            let index = self.bundles.column_of[*feature];
            if std::mem::replace(&mut is_done[index], true) {
                continue;
            }
            let column = &self.bundles.columns[index];
            let mut sums = [[0.0; 2]; 256];
            for (row, gradient) in rows.iter().zip(&scratch.gradients) {
                let bin = &mut sums[usize::from(column.bins[*row as usize])];
                *bin = add(*bin, *gradient);
            }
            for member in &column.members {
                let count = self.features[member.feature].count;
                let to = &mut histogram[self.offsets[member.feature]..][..=count];
                member.spread(&sums, total, to);
            }
        }
        histogram
    }

    fn best_split(&self, open: &Open, columns: &[usize]) -> Option<Candidate> {
        // Both children need it.
        if open.sums[1] < 2.0 * f64::from(self.parameters.min_child_weight) || open.rows.len() < 2 {
            return None;
        }
        let mut best: Option<Candidate> = None;
        for column in columns {
            let feature = &self.features[*column];
            let histogram =
                &open.histogram[self.offsets[*column]..=self.offsets[*column] + feature.count];
            let (bins, missing) = histogram.split_at(feature.count);
            let mut search = Search {
                grower: self,
                feature: *column,
                missing: missing[0],
                open,
                best: &mut best,
            };
            if !feature.is_categorical {
                search.numeric(bins, &feature.cuts, feature.has_missing);
            } else if feature.count < self.parameters.max_cat_to_onehot {
                search.one_category(bins);
            } else {
                search.sets_of_categories(bins);
            }
        }
        let min = f64::from(self.parameters.gamma).max(MIN_GAIN);
        best.filter(|split| split.gain > min)
    }

    /// Returns the score of a node: twice the loss that its best weight takes away.
    fn score(&self, sums: Sums) -> f64 {
        let [gradient, hessian] = sums;
        if self.parameters.max_delta_step == 0.0 {
            let gradient = self.shrunk(gradient);
            return gradient * gradient / (hessian + f64::from(self.parameters.lambda));
        }
        let weight = self.weight(sums) / f64::from(self.parameters.eta);
        let lambda = f64::from(self.parameters.lambda);
        let alpha = f64::from(self.parameters.alpha);
        -(2.0 * gradient * weight
            + (hessian + lambda) * weight * weight
            + 2.0 * alpha * weight.abs())
    }

    /// Returns the value of a leaf.
    fn weight(&self, [gradient, hessian]: Sums) -> f64 {
        let weight = -self.shrunk(gradient) / (hessian + f64::from(self.parameters.lambda));
        let max = f64::from(self.parameters.max_delta_step);
        let weight = if max > 0.0 {
            weight.clamp(-max, max)
        } else {
            weight
        };
        let weight = if weight.is_finite() { weight } else { 0.0 };
        weight * f64::from(self.parameters.eta)
    }

    /// Returns the gradient after L1 regularization.
    fn shrunk(&self, gradient: f64) -> f64 {
        let alpha = f64::from(self.parameters.alpha);
        if gradient > alpha {
            gradient - alpha
        } else if gradient < -alpha {
            gradient + alpha
        } else {
            0.0
        }
    }

    fn node(&self, split: &Candidate, sums: Sums, sets: &mut Vec<Vec<u64>>) -> Node {
        let threshold = split.threshold.map(Split::Below);
        Node {
            feature: split.feature as u32,
            split: threshold.unwrap_or_else(|| {
                let mut set = vec![0; split.left.len().div_ceil(64)];
                for (category, left) in split.left.iter().enumerate() {
                    set[category / 64] |= u64::from(!left) << (category % 64);
                }
                sets.push(set);
                Split::In(sets.len() as u32 - 1)
            }),
            default_left: split.missing_left,
            // Set when the children are known.
            left: Child::Leaf(0),
            right: Child::Leaf(0),
            gain: split.gain as f32,
            cover: sums[1] as f32,
        }
    }
}

/// The search for the best split of one feature.
struct Search<'s, 'a> {
    grower: &'s Grower<'a>,
    feature: usize,
    missing: Sums,
    open: &'s Open,
    best: &'s mut Option<Candidate>,
}

impl Search<'_, '_> {
    /// Tries all thresholds, with missing values on either side.
    fn numeric(&mut self, bins: &[Sums], cuts: &[f32], has_missing: bool) {
        let parent = self.grower.score(self.open.sums);
        let mut below = [0.0; 2];
        let mut found = None;
        let mut best = self.best.as_ref().map_or(0.0, |best| best.gain);
        for (index, bin) in bins.iter().enumerate().take(cuts.len()) {
            // A threshold above an empty bin parts the rows as the one before.
            if bin[1] <= 0.0 {
                continue;
            }
            below = add(below, *bin);
            let sides: &[bool] = if has_missing {
                &[false, true]
            } else {
                &[false]
            };
            for missing_left in sides {
                let left = if *missing_left {
                    add(below, self.missing)
                } else {
                    below
                };
                let gain = self.gain(left, parent);
                if gain > best {
                    best = gain;
                    found = Some((index, *missing_left, left));
                }
            }
        }
        if let Some((index, missing_left, left_sums)) = found {
            // Without missing values in training, they go where most of the rows go.
            let missing_left = if has_missing {
                missing_left
            } else {
                left_sums[1] * 2.0 >= self.open.sums[1]
            };
            *self.best = Some(Candidate {
                feature: self.feature,
                gain: best,
                left: (0..bins.len()).map(|bin| bin <= index).collect(),
                threshold: Some(cuts[index]),
                missing_left,
                left_sums,
            });
        }
    }

    /// Tries each category against all others.
    fn one_category(&mut self, bins: &[Sums]) {
        for category in 0..bins.len() {
            let mut left = vec![true; bins.len()];
            left[category] = false;
            let left_sums = subtract(self.open.sums, bins[category]);
            self.offer(left, left_sums, true);
        }
    }

    /// Tries sets of categories: in the order of their best weights, one threshold is optimal
    /// (Fisher 1958, "On grouping for maximum homogeneity").
    fn sets_of_categories(&mut self, bins: &[Sums]) {
        let mut order: Vec<usize> = (0..bins.len()).filter(|bin| bins[*bin][1] > 0.0).collect();
        let weight = |bin: &usize| self.grower.weight(bins[*bin]);
        order.sort_by(|a, b| weight(a).total_cmp(&weight(b)));
        let mut right_sums = [0.0; 2];
        let mut left = vec![true; bins.len()];
        for category in order.iter().take(order.len().saturating_sub(1)) {
            right_sums = add(right_sums, bins[*category]);
            left[*category] = false;
            for missing_left in [true, false] {
                let right = if missing_left {
                    right_sums
                } else {
                    add(right_sums, self.missing)
                };
                self.offer(left.clone(), subtract(self.open.sums, right), missing_left);
            }
        }
    }

    fn offer(&mut self, left: Vec<bool>, left_sums: Sums, missing_left: bool) {
        let gain = self.gain(left_sums, self.grower.score(self.open.sums));
        if gain > self.best.as_ref().map_or(0.0, |best| best.gain) {
            *self.best = Some(Candidate {
                feature: self.feature,
                gain,
                left,
                threshold: None,
                missing_left,
                left_sums,
            });
        }
    }

    /// Returns the improvement by a split; negative if a child would be too light.
    fn gain(&self, left: Sums, parent: f64) -> f64 {
        let right = subtract(self.open.sums, left);
        let min = f64::from(self.grower.parameters.min_child_weight);
        if left[1] < min || right[1] < min || left[1] <= 0.0 || right[1] <= 0.0 {
            return -1.0;
        }
        self.grower.score(left) + self.grower.score(right) - parent
    }
}

pub(crate) fn add(a: Sums, b: Sums) -> Sums {
    [a[0] + b[0], a[1] + b[1]]
}

fn subtract(a: Sums, b: Sums) -> Sums {
    [a[0] - b[0], a[1] - b[1]]
}

/// Buffers that are used again for each node.
#[derive(Default)]
pub(crate) struct Scratch {
    gradients: Vec<[f64; 2]>,
    right: Vec<u32>,
    /// Histograms of nodes that are done: fresh memory costs more than to clear some.
    pool: Vec<Vec<Sums>>,
}

impl Scratch {
    fn recycle(&mut self, histogram: Vec<Sums>) {
        if histogram.capacity() > 0 {
            self.pool.push(histogram);
        }
    }
}

/// The nodes that may be split, in the order of the policy.
enum Queue {
    DepthWise(std::collections::VecDeque<Open>),
    LossGuided(BinaryHeap<ByGain>, usize),
}

/// Ordered by gain; of equals, the older first.
struct ByGain(f64, std::cmp::Reverse<usize>, Open);

impl PartialEq for ByGain {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for ByGain {}

impl PartialOrd for ByGain {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ByGain {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0).then(self.1.cmp(&other.1))
    }
}

impl Queue {
    fn new(policy: GrowPolicy) -> Self {
        match policy {
            GrowPolicy::DepthWise => Self::DepthWise(Default::default()),
            GrowPolicy::LossGuide => Self::LossGuided(BinaryHeap::new(), 0),
        }
    }

    fn push(&mut self, open: Open) {
        match self {
            Self::DepthWise(queue) => queue.push_back(open),
            Self::LossGuided(heap, count) => {
                *count += 1;
                let gain = open.split.as_ref().map_or(0.0, |split| split.gain);
                heap.push(ByGain(gain, std::cmp::Reverse(*count), open));
            }
        }
    }

    fn pop(&mut self) -> Option<Open> {
        match self {
            Self::DepthWise(queue) => queue.pop_front(),
            Self::LossGuided(heap, _) => heap.pop().map(|ByGain(_, _, open)| open),
        }
    }
}

fn total(gradients: &[[f32; 2]], rows: &[u32]) -> Sums {
    rows.iter().fold([0.0; 2], |sums, row| {
        let [gradient, hessian] = gradients[*row as usize];
        add(sums, [f64::from(gradient), f64::from(hessian)])
    })
}

/// Moves the rows that go left to the front, in their order; returns how many they are.
fn partition(rows: &mut [u32], goes_left: impl Fn(u32) -> bool, scratch: &mut Scratch) -> usize {
    scratch.right.clear();
    let mut left = 0;
    for index in 0..rows.len() {
        let row = rows[index];
        if goes_left(row) {
            rows[left] = row;
            left += 1;
        } else {
            scratch.right.push(row);
        }
    }
    rows[left..].copy_from_slice(&scratch.right);
    left
}

/// Draws a share of `0..count`, at least one, in ascending order.
fn sample(count: usize, share: f32, random: &mut fastrand::Rng) -> Vec<usize> {
    let mut all: Vec<usize> = (0..count).collect();
    if share < 1.0 {
        let picked = ((count as f32 * share) as usize).max(1).min(count);
        random.shuffle(&mut all);
        all.truncate(picked);
        all.sort_unstable();
    }
    all
}
