//! The fitted operations on columns, which are known by their slots.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::frame::{Cells, Frame};

/// A fitted step on one column. Slots count the columns that a pipeline reads, then those that its
/// operations add.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// Fills in missing numbers.
    ImputeNumber {
        /// The column.
        slot: usize,
        /// The value that fills them in.
        value: f64,
    },
    /// Fills in missing labels.
    ImputeLabel {
        /// The column.
        slot: usize,
        /// The value that fills them in.
        label: String,
    },
    /// Replaces labels that are not kept. A missing one stays missing.
    Rare {
        /// The column.
        slot: usize,
        /// The labels that are kept.
        kept: Lookup,
        /// The label that others get.
        label: String,
    },
    /// Replaces labels by numbers.
    Encode {
        /// The column.
        slot: usize,
        /// The labels that have a number.
        labels: Lookup,
        /// The number of each of them.
        values: Vec<f64>,
        /// The code of missing labels.
        missing: UnknownLabel,
        /// The code of other labels.
        unknown: UnknownLabel,
    },
    /// Replaces labels by columns of 0 and 1, one a label.
    OneHot {
        /// The column.
        slot: usize,
        /// The labels.
        labels: Lookup,
        /// The slot of the first new column; the others follow.
        first: usize,
        /// The treatment of other labels: an error, or zeros.
        unknown: UnknownLabel,
    },
    /// Replaces numbers by (number - shift) / scale.
    Scale {
        /// The column.
        slot: usize,
        /// The number that is subtracted.
        shift: f64,
        /// The number that is divided by.
        scale: f64,
    },
    /// Replaces numbers by ln(1 + number); those below -1 become missing.
    Log1p {
        /// The column.
        slot: usize,
    },
    /// Adds a column that is 1 where numbers are above a value, and otherwise 0.
    Above {
        /// The column that is compared.
        slot: usize,
        /// The number that it is compared with.
        value: f64,
        /// The slot of the new column.
        output: usize,
    },
    /// Adds a column of sums.
    Sum {
        /// The columns that are added.
        slots: Vec<usize>,
        /// The slot of the new column.
        output: usize,
    },
}

/// The treatment of an unknown label.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownLabel {
    /// An error.
    Error,
    /// A missing value.
    Missing,
    /// This number.
    Value(f64),
}

/// Labels, and the position of each: a list in JSON.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(from = "Vec<String>", into = "Vec<String>")]
pub struct Lookup {
    labels: Vec<String>,
    positions: HashMap<String, usize>,
}

/// A label that is missing or unknown, and may not be: the row's position and the slot.
pub(super) type Fault = (usize, usize);

impl Lookup {
    /// Returns the labels in order.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// Returns the position of a label.
    pub fn position(&self, label: &str) -> Option<usize> {
        // Most columns have a handful of labels, which are found sooner than a hash is computed.
        if self.labels.len() <= 8 {
            return self.labels.iter().position(|other| other == label);
        }
        self.positions.get(label).copied()
    }
}

impl From<Vec<String>> for Lookup {
    fn from(labels: Vec<String>) -> Self {
        let positions = labels.iter().cloned().zip(0..).collect();
        Self { labels, positions }
    }
}

impl From<Lookup> for Vec<String> {
    fn from(lookup: Lookup) -> Self {
        lookup.labels
    }
}

impl PartialEq for Lookup {
    fn eq(&self, other: &Self) -> bool {
        self.labels == other.labels
    }
}

impl Operation {
    /// Applies the operation, and adds what is wrong to `faults`.
    pub(super) fn apply<'a>(&'a self, frame: &mut Frame<'a>, faults: &mut Vec<Fault>) {
        match self {
            Self::ImputeNumber { slot, value } => {
                let numbers = frame.numbers_mut(*slot);
                numbers
                    .iter_mut()
                    .filter(|number| number.is_nan())
                    .for_each(|n| *n = *value);
            }
            Self::ImputeLabel { slot, label } => {
                if let Some(labels) = frame.labels_mut(*slot) {
                    labels.fill(label);
                }
            }
            Self::Rare { slot, kept, label } => {
                if let Some(labels) = frame.labels_mut(*slot) {
                    let texts = labels.texts.iter_mut();
                    texts
                        .filter(|text| kept.position(text).is_none())
                        .for_each(|t| *t = label);
                }
            }
            Self::Encode {
                slot,
                labels,
                values,
                missing,
                unknown,
            } => {
                let codes = positions(frame, *slot, labels);
                fault_labels(frame, *slot, &codes, [*missing, *unknown], faults);
                let cells = frame.labels(*slot);
                let is_missing = |row: usize| cells.is_some_and(|cells| cells.codes[row].is_none());
                let value = |(row, code): (usize, &Option<usize>)| match *code {
                    Some(code) => values[code],
                    None if is_missing(row) => missing.value(),
                    None => unknown.value(),
                };
                let numbers = codes.iter().enumerate().map(value).collect();
                frame.put(*slot, numbers);
            }
            Self::OneHot {
                slot,
                labels,
                first,
                unknown,
            } => {
                let codes = positions(frame, *slot, labels);
                fault_labels(
                    frame,
                    *slot,
                    &codes,
                    [UnknownLabel::Missing, *unknown],
                    faults,
                );
                for position in 0..labels.labels.len() {
                    let is_it = |code: &Option<usize>| f64::from(*code == Some(position));
                    frame.put(first + position, codes.iter().map(is_it).collect());
                }
                frame.slots[*slot] = None;
            }
            Self::Scale { slot, shift, scale } => {
                let numbers = frame.numbers_mut(*slot).iter_mut();
                numbers.for_each(|number| *number = (*number - shift) / scale);
            }
            Self::Log1p { slot } => {
                frame
                    .numbers_mut(*slot)
                    .iter_mut()
                    .for_each(|number| *number = number.ln_1p());
            }
            Self::Above {
                slot,
                value,
                output,
            } => {
                let is_above = |number: &f64| f64::from(*number > *value);
                let column = frame.numbers(*slot).iter().map(is_above).collect();
                frame.put(*output, column);
            }
            Self::Sum { slots, output } => {
                let sum = |row| slots.iter().map(|slot| frame.numbers(*slot)[row]).sum();
                let column = (0..frame.rows).map(sum).collect();
                frame.put(*output, column);
            }
        }
    }

    /// Returns the last slot that the operation reads or fills.
    pub(super) fn last_slot(&self) -> usize {
        match self {
            Self::ImputeNumber { slot, .. }
            | Self::ImputeLabel { slot, .. }
            | Self::Rare { slot, .. }
            | Self::Encode { slot, .. }
            | Self::Scale { slot, .. }
            | Self::Log1p { slot } => *slot,
            Self::OneHot {
                slot,
                labels,
                first,
                ..
            } => (*slot).max(first + labels.labels.len()),
            Self::Above { slot, output, .. } => (*slot).max(*output),
            Self::Sum { slots, output } => slots.iter().copied().fold(*output, usize::max),
        }
    }
}

/// Returns each row's position in the lookup; none for missing and unknown labels.
fn positions(frame: &Frame<'_>, slot: usize, lookup: &Lookup) -> Vec<Option<usize>> {
    let Some(Some(Cells::Labels(labels))) = frame.slots.get(slot) else {
        return vec![None; frame.rows];
    };
    if let [code] = labels.codes[..] {
        return vec![code.and_then(|code| lookup.position(labels.texts[code as usize]))];
    }
    let known: Vec<_> = labels
        .texts
        .iter()
        .map(|text| lookup.position(text))
        .collect();
    labels
        .codes
        .iter()
        .map(|code| known[(*code)? as usize])
        .collect()
}

/// Adds the rows whose label is missing or unknown to the faults, if it may not be.
fn fault_labels(
    frame: &Frame<'_>,
    slot: usize,
    codes: &[Option<usize>],
    [missing, unknown]: [UnknownLabel; 2],
    faults: &mut Vec<Fault>,
) {
    if missing != UnknownLabel::Error && unknown != UnknownLabel::Error {
        return;
    }
    for (row, _) in codes.iter().enumerate().filter(|(_, code)| code.is_none()) {
        let is_missing = frame
            .labels(slot)
            .is_none_or(|labels| labels.codes[row].is_none());
        if (if is_missing { missing } else { unknown }) == UnknownLabel::Error {
            faults.push((row, slot));
        }
    }
}

impl UnknownLabel {
    fn value(self) -> f64 {
        match self {
            Self::Value(value) => value,
            Self::Error | Self::Missing => f64::NAN,
        }
    }
}
