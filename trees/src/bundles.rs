//! Columns that several features share, because no row has more than one of them.
//!
//! One-hot columns are nearly always zero. Features whose values away from the most frequent one
//! never meet in a row are held, and summed, as one ("exclusive feature bundling", Ke et al. 2017,
//! LightGBM: A highly efficient gradient boosting decision tree).

use std::borrow::Cow;

use crate::bins::{Binned, MISSING};
use crate::grow::{Sums, add};

/// A feature is bundled if so many of its rows, in percent, are in one bin.
const MIN_DEFAULT_PERCENT: usize = 70;

/// The columns that hold the features.
pub(crate) struct Bundles<'a> {
    pub(crate) columns: Vec<Column<'a>>,
    /// The index of each feature's column.
    pub(crate) column_of: Vec<usize>,
}

/// A column: one feature as it is, or several.
pub(crate) struct Column<'a> {
    /// One value a row.
    pub(crate) bins: Cow<'a, [u8]>,
    pub(crate) members: Vec<Member>,
}

/// A feature in a column.
pub(crate) struct Member {
    pub(crate) feature: usize,
    /// The most frequent bin of a feature in a bundle, and the column's value for the first of its
    /// other bins; `None` for a column's only feature.
    bundled: Option<(usize, usize)>,
}

impl Member {
    /// Writes the feature's histogram, the last bin for missing values, from the column's.
    pub(crate) fn spread(&self, column: &[Sums; 256], total: Sums, to: &mut [Sums]) {
        let missing = to.len() - 1;
        let Some((default, first)) = self.bundled else {
            to[..missing].copy_from_slice(&column[..missing]);
            to[missing] = column[usize::from(MISSING)];
            return;
        };
        let others = (0..=missing).filter(|bin| *bin != default);
        let mut sums = [0.0; 2];
        for (bin, from) in others.zip(&column[first..]) {
            to[bin] = *from;
            sums = add(sums, *from);
        }
        to[default] = [total[0] - sums[0], total[1] - sums[1]];
    }
}

/// A bundle being filled.
struct Draft {
    bins: Vec<u8>,
    members: Vec<Member>,
    /// The column's next free value.
    next: usize,
}

impl<'a> Bundles<'a> {
    /// Returns the columns for features.
    pub(crate) fn new(features: &'a [Binned]) -> Self {
        let mut columns = vec![];
        let mut drafts: Vec<Draft> = vec![];
        for (index, feature) in features.iter().enumerate() {
            match default_bin(feature) {
                Some(default) => add_to_bundle(&mut drafts, feature, index, default),
                None => columns.push(Column {
                    bins: Cow::Borrowed(&feature.bins[..]),
                    members: vec![Member {
                        feature: index,
                        bundled: None,
                    }],
                }),
            }
        }
        columns.extend(drafts.into_iter().map(|draft| Column {
            bins: Cow::Owned(draft.bins),
            members: draft.members,
        }));
        let mut column_of = vec![0; features.len()];
        for (index, column) in columns.iter().enumerate() {
            for member in &column.members {
                column_of[member.feature] = index;
            }
        }
        Self { columns, column_of }
    }
}

/// Returns the bin that most rows are in, if they are enough for a bundle.
fn default_bin(feature: &Binned) -> Option<u8> {
    let mut counts = [0; 256];
    for bin in &feature.bins {
        counts[usize::from(*bin)] += 1;
    }
    let (bin, count) = counts.iter().enumerate().max_by_key(|(_, count)| **count)?;
    // Bins of a bundle need a value each, beside the one for all defaults.
    let is_frequent = count * 100 >= feature.bins.len() * MIN_DEFAULT_PERCENT;
    (is_frequent && bin != usize::from(MISSING) && feature.count < 255).then_some(bin as u8)
}

/// Adds a feature to the first bundle where it meets no other, or to a new one.
fn add_to_bundle(drafts: &mut Vec<Draft>, feature: &Binned, index: usize, default: u8) {
    // All bins but the default, with the one for missing values.
    let values = feature.count;
    let fits = |draft: &Draft| {
        let mut rows = draft.bins.iter().zip(&feature.bins);
        draft.next + values <= 256 && rows.all(|(there, bin)| *there == 0 || *bin == default)
    };
    let found = drafts.iter().position(fits);
    let draft = found.unwrap_or_else(|| {
        drafts.push(Draft {
            bins: vec![0; feature.bins.len()],
            members: vec![],
            next: 1,
        });
        drafts.len() - 1
    });
    let draft = &mut drafts[draft];
    let first = draft.next;
    for (to, bin) in draft.bins.iter_mut().zip(&feature.bins) {
        if *bin != default {
            let bin = usize::from(*bin).min(feature.count);
            *to = (first + bin - usize::from(bin > usize::from(default))) as u8;
        }
    }
    draft.members.push(Member {
        feature: index,
        bundled: Some((usize::from(default), first)),
    });
    draft.next += values;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bins;
    use crate::{Feature, FeatureKind, Matrix};

    fn feature(name: &str, values: Vec<f32>) -> Feature {
        Feature {
            name: name.into(),
            kind: FeatureKind::Numeric,
            values,
        }
    }

    /// A histogram by way of a bundle is the one that is counted.
    #[test]
    fn bundled_features_have_their_own_histograms() {
        let rows = 40;
        let column = |of: fn(usize) -> f32| (0..rows).map(of).collect::<Vec<f32>>();
        let features = vec![
            feature("one", column(|row| f32::from(row % 8 == 0))),
            feature(
                "two",
                column(|row| if row % 8 == 1 { row as f32 } else { 3.5 }),
            ),
            feature(
                "nan",
                column(|row| if row % 8 == 2 { f32::NAN } else { 0.0 }),
            ),
            feature("all", column(|row| row as f32)),
            feature("meets", column(|row| f32::from(row % 16 == 0))),
        ];
        let features = bins::bin(&Matrix { features, rows }, 255);
        let bundles = Bundles::new(&features);
        assert_eq!(bundles.column_of, [1, 1, 1, 0, 2]);
        for column in &bundles.columns {
            let mut sums = [[0.0; 2]; 256];
            for (row, bin) in column.bins.iter().enumerate() {
                sums[usize::from(*bin)] = add(sums[usize::from(*bin)], [row as f64, 1.0]);
            }
            let total = sums.iter().copied().fold([0.0; 2], add);
            for member in &column.members {
                let feature = &features[member.feature];
                let mut expected = vec![[0.0; 2]; feature.count + 1];
                for (row, bin) in feature.bins.iter().enumerate() {
                    let bin = usize::from(*bin).min(feature.count);
                    expected[bin] = add(expected[bin], [row as f64, 1.0]);
                }
                let mut found = vec![[0.0; 2]; feature.count + 1];
                member.spread(&sums, total, &mut found);
                assert_eq!(found, expected, "feature {}", member.feature);
            }
        }
    }
}
