//! The columns between two operations.

use std::borrow::Cow;

use tables::{Labels, Values};

/// The values of a column of a [`Frame`].
#[derive(Clone, Debug)]
pub(super) enum Cells<'a> {
    /// Numbers; NaN where one is missing.
    Numbers(Cow<'a, [f64]>),
    /// Labels.
    Labels(LabelCells<'a>),
}

/// Labels by row: what is done to a label is done once, not for each of its rows.
#[derive(Clone, Debug)]
pub(super) struct LabelCells<'a> {
    /// The position in `texts` of each row's label; none if it is missing.
    pub(super) codes: Vec<Option<u32>>,
    pub(super) texts: Vec<&'a str>,
}

/// Columns by slot; an operation takes the columns of its slots and fills others.
pub(super) struct Frame<'a> {
    pub(super) rows: usize,
    pub(super) slots: Vec<Option<Cells<'a>>>,
}

impl<'a> Frame<'a> {
    pub(super) fn new(rows: usize, slots: usize) -> Self {
        let slots = std::iter::repeat_with(|| None).take(slots).collect();
        Self { rows, slots }
    }

    pub(super) fn put(&mut self, slot: usize, numbers: Vec<f64>) {
        if slot >= self.slots.len() {
            self.slots.resize(slot + 1, None);
        }
        self.slots[slot] = Some(Cells::Numbers(numbers.into()));
    }

    /// Returns the numbers of a slot; none if it has labels.
    pub(super) fn numbers(&self, slot: usize) -> &[f64] {
        match self.slots.get(slot) {
            Some(Some(Cells::Numbers(numbers))) => numbers,
            _ => &[],
        }
    }

    /// Returns the numbers of a slot to change.
    pub(super) fn numbers_mut(&mut self, slot: usize) -> &mut [f64] {
        match self.slots.get_mut(slot) {
            Some(Some(Cells::Numbers(numbers))) => numbers.to_mut(),
            _ => &mut [],
        }
    }

    /// Returns the labels of a slot.
    pub(super) fn labels(&self, slot: usize) -> Option<&LabelCells<'a>> {
        match self.slots.get(slot) {
            Some(Some(Cells::Labels(labels))) => Some(labels),
            _ => None,
        }
    }

    /// Returns the labels of a slot to change.
    pub(super) fn labels_mut(&mut self, slot: usize) -> Option<&mut LabelCells<'a>> {
        match self.slots.get_mut(slot) {
            Some(Some(Cells::Labels(labels))) => Some(labels),
            _ => None,
        }
    }
}

impl<'a> From<&'a Values> for Cells<'a> {
    fn from(values: &'a Values) -> Self {
        match values {
            Values::Numbers(numbers) => Self::Numbers(Cow::Borrowed(numbers)),
            Values::Labels(labels) => Self::Labels(labels.into()),
        }
    }
}

impl<'a> From<&'a Labels> for LabelCells<'a> {
    fn from(labels: &'a Labels) -> Self {
        let code = |row| labels.code(row).map(|code| code as u32);
        Self {
            codes: (0..labels.len()).map(code).collect(),
            texts: labels.texts().iter().map(|text| &**text).collect(),
        }
    }
}

impl<'a> LabelCells<'a> {
    /// Returns the label of a row; none if it is missing.
    pub(super) fn get(&self, row: usize) -> Option<&'a str> {
        self.codes[row].map(|code| self.texts[code as usize])
    }

    /// Fills in missing labels.
    pub(super) fn fill(&mut self, label: &'a str) {
        if self.codes.contains(&None) {
            let code = self.texts.len() as u32;
            self.texts.push(label);
            self.codes
                .iter_mut()
                .for_each(|row| *row = row.or(Some(code)));
        }
    }
}
