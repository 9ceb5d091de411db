//! Fits the steps that turn labels into something else.

use std::collections::BTreeMap;

use super::fit::{FitError, Fitting, mean, median};
use super::frame::{Frame, LabelCells};
use super::operation::{Operation, UnknownLabel};
use super::recipe::{Figure, Order, Rare, TargetEncode, Unknown};
use crate::FeatureKind;

impl From<Unknown> for UnknownLabel {
    fn from(unknown: Unknown) -> Self {
        match unknown {
            Unknown::Error => Self::Error,
            Unknown::Missing => Self::Missing,
        }
    }
}

/// Returns the rows of each label in the order of their text, and under none those without.
pub(super) fn rows_by_label<'a>(labels: &LabelCells<'a>) -> BTreeMap<Option<&'a str>, Vec<usize>> {
    let mut rows: BTreeMap<Option<&str>, Vec<usize>> = BTreeMap::new();
    for row in 0..labels.codes.len() {
        rows.entry(labels.get(row)).or_default().push(row);
    }
    rows
}

/// Returns the labels in the order of their text.
pub(super) fn distinct(labels: &LabelCells<'_>) -> Vec<String> {
    rows_by_label(labels)
        .into_keys()
        .flatten()
        .map(str::to_owned)
        .collect()
}

pub(super) fn rare(labels: &LabelCells<'_>, slot: usize, step: &Rare) -> Operation {
    let total = labels.codes.len() as f64;
    let rows = rows_by_label(labels).into_iter();
    let kept = rows.filter(|(_, rows)| rows.len() as f64 / total > step.share);
    let kept: Vec<String> = kept
        .filter_map(|(label, _)| label.map(str::to_owned))
        .collect();
    Operation::Rare {
        slot,
        kept: kept.into(),
        label: step.label.clone(),
    }
}

pub(super) fn rank(
    labels: &LabelCells<'_>,
    slot: usize,
    step: &Order,
    target: &[f64],
) -> Operation {
    let mut ranked: Vec<(f64, &str)> = Vec::new();
    for (label, rows) in rows_by_label(labels) {
        let values = rows
            .iter()
            .map(|row| target[*row])
            .filter(|value| !value.is_nan());
        let values: Vec<f64> = values.collect();
        if let (Some(label), false) = (label, values.is_empty()) {
            let figure = match step.by {
                Figure::Median => median(values),
                Figure::Mean => mean(&values),
            };
            ranked.push((figure, label));
        }
    }
    // Stable: labels of one figure stay in the order of their text.
    ranked.sort_by(|a, b| a.0.total_cmp(&b.0));
    let labels: Vec<String> = ranked
        .iter()
        .map(|(_, label)| (*label).to_owned())
        .collect();
    ordinal(slot, labels, step.unknown)
}

/// Returns the operation that replaces labels by 0, 1, 2, …
pub(super) fn ordinal(slot: usize, labels: Vec<String>, unknown: Unknown) -> Operation {
    Operation::Encode {
        slot,
        values: (0..labels.len()).map(|rank| rank as f64).collect(),
        labels: labels.into(),
        missing: unknown.into(),
        unknown: unknown.into(),
    }
}

/// Returns the operation, and the values that the training rows get.
pub(super) fn target_encode(
    labels: &LabelCells<'_>,
    slot: usize,
    step: &TargetEncode,
    target: &[f64],
) -> (Operation, Vec<f64>) {
    let folds = step.folds.max(2);
    let mut fold: Vec<usize> = (0..target.len()).map(|row| row % folds).collect();
    fastrand::Rng::with_seed(step.seed).shuffle(&mut fold);
    let by_label = rows_by_label(labels);
    let known = |row: &usize| !target[*row].is_nan();
    // The sum and number of target values, of the rows that count.
    let total = |rows: &mut dyn Iterator<Item = usize>| {
        rows.filter(known).fold((0.0, 0.0), |(sum, count), row| {
            (sum + target[row], count + 1.0)
        })
    };
    let overall = total(&mut (0..target.len()));
    let smooth = |(sum, count): (f64, f64), (all, number): (f64, f64)| {
        let prior: f64 = if number > 0.0 { all / number } else { 0.0 };
        (sum + step.smoothing * prior) / (count + step.smoothing)
    };
    let encoded = |rows: &[usize]| smooth(total(&mut rows.iter().copied()), overall);
    let mut training = vec![f64::NAN; target.len()];
    for held_out in 0..folds {
        let others = total(&mut (0..target.len()).filter(|row| fold[*row] != held_out));
        for rows in by_label.values() {
            let mut outside = rows.iter().copied().filter(|row| fold[*row] != held_out);
            let value = smooth(total(&mut outside), others);
            for row in rows.iter().filter(|row| fold[**row] == held_out) {
                training[*row] = value;
            }
        }
    }
    let unknown = encoded(&[]);
    let missing = by_label.get(&None).map_or(unknown, |rows| encoded(rows));
    let labelled = by_label
        .iter()
        .filter_map(|(label, rows)| label.map(|text| (text, rows)));
    let (labels, values): (Vec<String>, Vec<f64>) = labelled
        .map(|(label, rows)| (label.to_owned(), encoded(rows)))
        .unzip();
    let operation = Operation::Encode {
        slot,
        labels: labels.into(),
        values,
        missing: UnknownLabel::Value(missing),
        unknown: UnknownLabel::Value(unknown),
    };
    (operation, training)
}

/// Fits the steps that replace labels by one feature or several.
impl Fitting<'_> {
    pub(super) fn one_hot(&mut self, frame: &Frame<'_>, chosen: &[usize], unknown: Unknown) {
        let mut added = Vec::new();
        for index in chosen {
            let column = self.columns[*index].clone();
            let Some(cells) = frame.labels(column.slot) else {
                continue;
            };
            let labels = distinct(cells);
            let first = self.slots;
            self.slots += labels.len();
            let features = labels
                .iter()
                .zip(first..)
                .map(|(label, slot)| super::Output {
                    slot,
                    name: format!("{}={label}", column.name),
                    kind: FeatureKind::Numeric,
                });
            added.push((*index, features.collect::<Vec<_>>()));
            self.operations.push(Operation::OneHot {
                slot: column.slot,
                labels: labels.into(),
                first,
                unknown: unknown.into(),
            });
        }
        // The new columns stand where the old ones were.
        added.sort_by_key(|(index, _)| std::cmp::Reverse(*index));
        for (index, features) in added {
            self.columns.splice(index..=index, features);
        }
    }

    /// Returns the labels of a column.
    ///
    /// # Errors
    /// It holds numbers.
    pub(super) fn labels<'f, 'a>(
        &self,
        frame: &'f Frame<'a>,
        index: usize,
        step: &'static str,
    ) -> Result<&'f LabelCells<'a>, FitError> {
        let column = &self.columns[index];
        frame.labels(column.slot).ok_or_else(|| FitError::Kind {
            step,
            column: column.name.clone(),
            expected: "labels",
        })
    }
}
