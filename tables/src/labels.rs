//! A column of labels: each distinct text once, and a code a row.

use std::collections::HashMap;

/// The code of a row without a label.
const MISSING: u32 = u32::MAX;

/// Up to this many labels are searched one by one: a request of one row then builds no hash table.
const SCANNED: usize = 8;

/// Labels by row, with the rows' distinct texts stored once, in the order of their first row.
#[derive(Clone, Debug, Default)]
pub struct Labels {
    codes: Vec<u32>,
    texts: Vec<Box<str>>,
    /// The code of each text, once there are more than [`SCANNED`].
    index: HashMap<Box<str>, u32>,
}

impl Labels {
    /// Adds a row with this label.
    pub fn push(&mut self, label: &str) {
        let code = self.find(label).unwrap_or_else(|| self.intern(label));
        self.codes.push(code);
    }

    /// Adds a row without a label.
    pub fn push_missing(&mut self) {
        self.codes.push(MISSING);
    }

    /// Returns the number of rows.
    pub fn len(&self) -> usize {
        self.codes.len()
    }

    /// Returns true if there is no row.
    pub fn is_empty(&self) -> bool {
        self.codes.is_empty()
    }

    /// Returns the label of a row; `None` if it is missing.
    pub fn get(&self, row: usize) -> Option<&str> {
        self.code(row).map(|code| &*self.texts[code])
    }

    /// Returns the position of the row's label in [`texts`](Self::texts); `None` if it is missing.
    pub fn code(&self, row: usize) -> Option<usize> {
        let code = self.codes.get(row).copied().filter(|code| *code != MISSING);
        code.map(|code| code as usize)
    }

    /// Returns the labels row by row.
    pub fn iter(&self) -> impl Iterator<Item = Option<&str>> {
        (0..self.len()).map(|row| self.get(row))
    }

    /// Returns the distinct labels. One may be there that no row has (any more).
    pub fn texts(&self) -> &[Box<str>] {
        &self.texts
    }

    /// Keeps the first `rows` rows.
    pub(crate) fn truncate(&mut self, rows: usize) {
        self.codes.truncate(rows);
    }

    fn find(&self, label: &str) -> Option<u32> {
        if self.texts.len() > SCANNED {
            return self.index.get(label).copied();
        }
        let position = self.texts.iter().position(|text| &**text == label)?;
        Some(position as u32)
    }

    fn intern(&mut self, label: &str) -> u32 {
        let code = self.texts.len() as u32;
        self.texts.push(label.into());
        if self.texts.len() == SCANNED + 1 {
            self.index = self.texts.iter().cloned().zip(0..).collect();
        } else if self.texts.len() > SCANNED {
            self.index.insert(label.into(), code);
        }
        code
    }
}

/// Columns are equal if their rows are.
impl PartialEq for Labels {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<'a> FromIterator<Option<&'a str>> for Labels {
    fn from_iter<I: IntoIterator<Item = Option<&'a str>>>(labels: I) -> Self {
        let mut column = Self::default();
        for label in labels {
            match label {
                Some(label) => column.push(label),
                None => column.push_missing(),
            }
        }
        column
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_stored_once() {
        let texts: Vec<String> = (0..40).map(|row| format!("label {}", row % 20)).collect();
        let labels: Labels = texts.iter().map(|text| Some(&**text)).collect();
        assert_eq!((labels.len(), labels.texts().len()), (40, 20));
        assert_eq!(
            (labels.code(39), labels.get(39)),
            (Some(19), Some("label 19"))
        );
        assert!(labels.iter().eq(texts.iter().map(|text| Some(&**text))));
    }

    #[test]
    fn a_row_may_lack_its_label() {
        let labels: Labels = [Some("a"), None, Some("a")].into_iter().collect();
        assert_eq!(
            (labels.get(1), labels.code(2), labels.get(3)),
            (None, Some(0), None)
        );
    }
}
