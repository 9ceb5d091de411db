//! Features in bins: a byte for each value, so that a split is searched among 255 places at most.

use crate::Matrix;
use crate::matrix::FeatureKind;
use crate::tree::Split;

/// The bin of a missing value.
pub(crate) const MISSING: u8 = u8::MAX;
/// The maximum number of bins of a feature, without the one of missing values.
pub(crate) const MAX_BINS: usize = MISSING as usize;

/// A feature in bins.
pub(crate) struct Binned {
    /// The bin of each row.
    pub(crate) bins: Vec<u8>,
    /// A numeric feature's thresholds: values below `cuts[i]` are in the bins up to `i`. One less
    /// than there are bins.
    pub(crate) cuts: Vec<f32>,
    /// The number of bins: for a categorical feature, that of its categories.
    pub(crate) count: usize,
    pub(crate) is_categorical: bool,
    pub(crate) has_missing: bool,
}

impl Binned {
    /// Returns the split that sends the bins from `bin` on to the right.
    pub(crate) fn split(&self, bin: usize, sets: &mut Vec<Vec<u64>>) -> Split {
        if !self.is_categorical {
            return Split::Below(self.cuts[bin - 1]);
        }
        let mut set = vec![0; self.count.div_ceil(64)];
        (bin..self.count).for_each(|category| set[category / 64] |= 1 << (category % 64));
        sets.push(set);
        Split::In(sets.len() as u32 - 1)
    }
}

/// Returns the features in at most `max_bin` bins each.
pub(crate) fn bin(matrix: &Matrix, max_bin: usize) -> Vec<Binned> {
    let features = matrix.features.iter();
    let binned = features.map(|feature| match feature.kind {
        FeatureKind::Numeric => numeric(&feature.values, max_bin.min(MAX_BINS)),
        FeatureKind::Categorical => categorical(&feature.values),
    });
    binned.collect()
}

fn numeric(values: &[f32], max_bin: usize) -> Binned {
    let mut sorted: Vec<f32> = values
        .iter()
        .copied()
        .filter(|value| !value.is_nan())
        .collect();
    sorted.sort_unstable_by(f32::total_cmp);
    let cuts = cuts(&sorted, max_bin);
    let bins = values.iter().map(|value| {
        if value.is_nan() {
            MISSING
        } else {
            // At most MAX_BINS - 1 cuts.
            cuts.partition_point(|cut| cut <= value) as u8
        }
    });
    Binned {
        bins: bins.collect(),
        count: cuts.len() + 1,
        cuts,
        is_categorical: false,
        has_missing: sorted.len() < values.len(),
    }
}

/// Returns thresholds between the sorted values: between all different ones if they are few,
/// otherwise at their quantiles.
fn cuts(sorted: &[f32], max_bin: usize) -> Vec<f32> {
    let mut distinct: Vec<(f32, usize)> = vec![];
    for value in sorted {
        match distinct.last_mut() {
            Some((last, count)) if last == value => *count += 1,
            _ => distinct.push((*value, 1)),
        }
    }
    let mut cuts = vec![];
    let (mut seen, mut next) = (0, 1);
    for pair in distinct.windows(2) {
        let ((low, count), (high, _)) = (pair[0], pair[1]);
        seen += count;
        // The next quantile lies before the next value.
        if distinct.len() <= max_bin || seen * max_bin >= next * sorted.len() {
            cuts.push(between(low, high));
            next = seen * max_bin / sorted.len() + 1;
        }
    }
    cuts.truncate(max_bin - 1);
    cuts
}

/// Returns a threshold with `low` below it and `high` not below it.
fn between(low: f32, high: f32) -> f32 {
    let middle = low / 2.0 + high / 2.0;
    if middle > low && middle <= high {
        middle
    } else {
        high
    }
}

fn categorical(values: &[f32]) -> Binned {
    let bins: Vec<u8> = values
        .iter()
        .map(|value| {
            let is_category = (0.0..MAX_BINS as f32).contains(value);
            if is_category { *value as u8 } else { MISSING }
        })
        .collect();
    let present = bins.iter().filter(|bin| **bin != MISSING);
    Binned {
        count: present.max().map_or(1, |max| usize::from(*max) + 1),
        cuts: vec![],
        is_categorical: true,
        has_missing: bins.contains(&MISSING),
        bins,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_below_the_cut_of_their_bin() {
        let values = [3.0, f32::NAN, 1.0, 2.0, 1.0, f32::INFINITY];
        let binned = numeric(&values, 255);
        assert_eq!(binned.bins, [2, MISSING, 0, 1, 0, 3]);
        assert_eq!(binned.cuts, [1.5, 2.5, f32::INFINITY]);
        assert!(binned.has_missing);
    }

    #[test]
    fn many_values_share_bins_of_equal_size() {
        let values: Vec<f32> = (0..10_000).map(|value| value as f32).collect();
        let binned = numeric(&values, 100);
        assert_eq!(binned.count, 100);
        let mut sizes = [0; 100];
        binned
            .bins
            .iter()
            .for_each(|bin| sizes[usize::from(*bin)] += 1);
        assert!(
            sizes.iter().all(|size| (99..=101).contains(size)),
            "{sizes:?}"
        );
    }
}
