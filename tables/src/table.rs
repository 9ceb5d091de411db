//! The table: typed columns of one length.

use std::sync::Arc;

use crate::{ColumnType, Labels, Schema};

/// The values of a column.
#[derive(Clone, Debug)]
pub enum Values {
    /// Numbers; NaN where one is missing.
    Numbers(Vec<f64>),
    /// Labels; those of a boolean column are `true` and `false`.
    Labels(Labels),
}

/// Rows of typed columns.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    schema: Arc<Schema>,
    columns: Vec<Values>,
    /// The number, from 1, that each row has in the input.
    numbers: Vec<usize>,
}

impl Values {
    /// Returns an empty column of that type.
    pub fn new(kind: ColumnType) -> Self {
        match kind {
            ColumnType::Number => Self::Numbers(Vec::new()),
            ColumnType::Text | ColumnType::Boolean => Self::Labels(Labels::default()),
        }
    }

    /// Returns the number of rows.
    pub fn len(&self) -> usize {
        match self {
            Self::Numbers(numbers) => numbers.len(),
            Self::Labels(labels) => labels.len(),
        }
    }

    /// Returns true if there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the numbers of a column of numbers.
    pub fn as_numbers(&self) -> Option<&[f64]> {
        match self {
            Self::Numbers(numbers) => Some(numbers),
            Self::Labels(_) => None,
        }
    }

    /// Returns the labels of a column of labels.
    pub fn as_labels(&self) -> Option<&Labels> {
        match self {
            Self::Numbers(_) => None,
            Self::Labels(labels) => Some(labels),
        }
    }

    /// Returns true if the row has no value.
    pub fn is_missing(&self, row: usize) -> bool {
        match self {
            Self::Numbers(numbers) => numbers.get(row).is_none_or(|number| number.is_nan()),
            Self::Labels(labels) => labels.code(row).is_none(),
        }
    }

    pub(crate) fn push_missing(&mut self) {
        match self {
            Self::Numbers(numbers) => numbers.push(f64::NAN),
            Self::Labels(labels) => labels.push_missing(),
        }
    }

    pub(crate) fn truncate(&mut self, rows: usize) {
        match self {
            Self::Numbers(numbers) => numbers.truncate(rows),
            Self::Labels(labels) => labels.truncate(rows),
        }
    }

    fn select(&self, rows: &[usize]) -> Self {
        let rows = rows.iter();
        match self {
            Self::Numbers(numbers) => Self::Numbers(rows.map(|row| numbers[*row]).collect()),
            Self::Labels(labels) => Self::Labels(rows.map(|row| labels.get(*row)).collect()),
        }
    }
}

/// A missing number equals a missing number, although NaN is not NaN.
impl PartialEq for Values {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Numbers(ours), Self::Numbers(theirs)) => {
                let is_same = |(a, b): (&f64, &f64)| a == b || (a.is_nan() && b.is_nan());
                ours.len() == theirs.len() && ours.iter().zip(theirs).all(is_same)
            }
            (Self::Labels(ours), Self::Labels(theirs)) => ours == theirs,
            _ => false,
        }
    }
}

impl Table {
    /// Returns a table of these columns, whose rows are numbered from 1.
    ///
    /// `None` if they are not those of the schema, or not of one length.
    pub fn new(schema: impl Into<Arc<Schema>>, columns: Vec<Values>) -> Option<Self> {
        let schema = schema.into();
        let rows = columns.first().map_or(0, Values::len);
        let fits = |(values, column): (&Values, &crate::ColumnSchema)| {
            let is_number = column.kind == ColumnType::Number;
            values.len() == rows && values.as_numbers().is_some() == is_number
        };
        let is_whole = columns.len() == schema.columns().len();
        (is_whole && columns.iter().zip(schema.columns()).all(fits))
            .then(|| Self::numbered(schema, columns, (1..=rows).collect()))
    }

    pub(crate) fn numbered(schema: Arc<Schema>, columns: Vec<Values>, numbers: Vec<usize>) -> Self {
        Self {
            schema,
            columns,
            numbers,
        }
    }

    /// Returns the schema of the columns that are there.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Returns the number of rows.
    pub fn rows(&self) -> usize {
        self.numbers.len()
    }

    /// Returns the columns in the order of the schema.
    pub fn columns(&self) -> &[Values] {
        &self.columns
    }

    /// Returns the values of a column.
    pub fn column(&self, name: &str) -> Option<&Values> {
        self.schema.index(name).map(|index| &self.columns[index])
    }

    /// Returns the values of the target.
    pub fn target(&self) -> Option<&Values> {
        self.column(self.schema.target()?)
    }

    /// Returns the number, from 1, that a row has in the input: rows that could not be read count.
    pub fn row_number(&self, row: usize) -> usize {
        self.numbers.get(row).copied().unwrap_or(row + 1)
    }

    /// Returns the table of the rows at these positions, which keep their numbers.
    ///
    /// # Panics
    /// A position is not below [`rows`](Self::rows).
    #[must_use]
    pub fn select(&self, rows: &[usize]) -> Self {
        let columns = self.columns.iter().map(|column| column.select(rows));
        Self {
            schema: Arc::clone(&self.schema),
            columns: columns.collect(),
            numbers: rows.iter().map(|row| self.numbers[*row]).collect(),
        }
    }
}
