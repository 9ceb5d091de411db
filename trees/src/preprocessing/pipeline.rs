//! The fitted pipeline.

use serde::{Deserialize, Serialize};
use tables::{ColumnSchema, ColumnType, Reason, RowError, Table};

use super::TargetTransform;
use super::fit::TrainingValues;
use super::frame::{Cells, Frame};
use super::operation::{Fault, Operation};
use crate::{Feature, FeatureKind, Matrix};

/// A fitted pipeline from a table to a matrix: plain data.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(try_from = "Unchecked")]
pub struct Pipeline {
    pub(super) inputs: Vec<ColumnSchema>,
    pub(super) operations: Vec<Operation>,
    pub(super) outputs: Vec<Output>,
    pub(super) target: TargetTransform,
}

/// A pipeline as it is read, before its slots are checked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked {
    inputs: Vec<ColumnSchema>,
    operations: Vec<Operation>,
    outputs: Vec<Output>,
    target: TargetTransform,
}

/// A feature that a pipeline makes.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Output {
    /// The slot of its values after all operations.
    pub slot: usize,
    /// Its name.
    pub name: String,
    /// The kind of split that trees make.
    pub kind: FeatureKind,
}

/// An error of a transformation.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum TransformError {
    /// A row can't be.
    #[error(transparent)]
    Row(#[from] RowError),
    /// The table has another column.
    #[error("column {column}: the model needs {expected}, which the table does not have")]
    Column {
        /// Its name.
        column: String,
        /// The type that it should hold.
        expected: &'static str,
    },
}

/// The rows of a table that were transformed, and the errors of the others.
#[derive(Clone, Debug, PartialEq)]
pub struct Transformed {
    /// The features of the rows that could be transformed.
    pub matrix: Matrix,
    /// The position in the table of each of them.
    pub rows: Vec<usize>,
    /// The rows that could not, in order.
    pub errors: Vec<RowError>,
}

impl Pipeline {
    /// Returns the columns that it reads.
    pub fn inputs(&self) -> &[ColumnSchema] {
        &self.inputs
    }

    /// Returns what it does with them.
    pub fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// Returns the features that it makes, in order.
    pub fn outputs(&self) -> &[Output] {
        &self.outputs
    }

    /// Returns how the target is transformed for training.
    pub fn target_transform(&self) -> TargetTransform {
        self.target
    }

    /// Returns the features of a table.
    ///
    /// # Errors
    /// The table lacks a column, or a row has a label that the model does not know.
    pub fn transform(&self, table: &Table) -> Result<Matrix, TransformError> {
        let (frame, faults) = self.run(table)?;
        self.first_error(table, faults)?;
        Ok(self.matrix(&frame, None))
    }

    /// Returns the features of a table row by row, one after the other: for few rows, the shortest
    /// way into the trees.
    ///
    /// # Errors
    /// As of [`transform`](Self::transform).
    pub fn transform_rows(&self, table: &Table) -> Result<Vec<f32>, TransformError> {
        let (frame, faults) = self.run(table)?;
        self.first_error(table, faults)?;
        let width = self.outputs.len();
        let mut features = vec![f32::NAN; frame.rows * width];
        for (index, output) in self.outputs.iter().enumerate() {
            let rows = features.chunks_exact_mut(width.max(1));
            for (row, number) in rows.zip(frame.numbers(output.slot)) {
                row[index] = *number as f32;
            }
        }
        Ok(features)
    }

    /// Returns the features of the rows that have any, and the errors of the others.
    ///
    /// # Errors
    /// The table lacks a column.
    pub fn transform_reporting(&self, table: &Table) -> Result<Transformed, TransformError> {
        self.transform_training(table, Vec::new())
    }

    /// Returns the features of a table, some operations of which have other values than theirs.
    pub(super) fn transform_training(
        &self,
        table: &Table,
        values: TrainingValues,
    ) -> Result<Transformed, TransformError> {
        let mut frame = self.frame(table)?;
        let mut faults = Vec::new();
        let mut values = values.into_iter().peekable();
        for (index, operation) in self.operations.iter().enumerate() {
            operation.apply(&mut frame, &mut faults);
            let replaced = values.next_if(|(operation, _)| *operation == index);
            if let (Some((_, numbers)), Operation::Encode { slot, .. }) = (replaced, operation) {
                frame.put(*slot, numbers);
            }
        }
        let errors = self.errors(table, faults);
        // Both are in order.
        let mut failed = errors.iter().map(|error| error.row).peekable();
        let is_kept = |row: &usize| failed.next_if_eq(&table.row_number(*row)).is_none();
        let rows: Vec<usize> = (0..table.rows()).filter(is_kept).collect();
        let matrix = self.matrix(&frame, Some(&rows));
        Ok(Transformed {
            matrix,
            rows,
            errors,
        })
    }

    /// Returns what a model learns of the target; NaN where it is missing.
    ///
    /// `None` if the table has no target of numbers.
    pub fn target(&self, table: &Table) -> Option<Vec<f64>> {
        let numbers = table.target()?.as_numbers()?;
        Some(
            numbers
                .iter()
                .map(|number| self.target.apply(*number))
                .collect(),
        )
    }

    pub(super) fn run<'a>(
        &'a self,
        table: &'a Table,
    ) -> Result<(Frame<'a>, Vec<Fault>), TransformError> {
        let mut frame = self.frame(table)?;
        let mut faults = Vec::new();
        for operation in &self.operations {
            operation.apply(&mut frame, &mut faults);
        }
        Ok((frame, faults))
    }

    /// Returns the columns that the operations begin with.
    pub(super) fn frame<'a>(&self, table: &'a Table) -> Result<Frame<'a>, TransformError> {
        let slots = self
            .operations
            .iter()
            .map(|operation| operation.last_slot() + 1);
        let slots = slots.fold(self.inputs.len(), usize::max);
        let mut frame = Frame::new(table.rows(), slots);
        let columns = table.schema().columns();
        let mut next = 0;
        for (slot, input) in self.inputs.iter().enumerate() {
            // The columns are in the same order as a rule: the search begins where the last ended.
            let searched = columns[next..]
                .iter()
                .position(|column| column.name == input.name);
            let index = searched.map(|offset| next + offset);
            let index = index.or_else(|| table.schema().index(&input.name));
            let is_number = input.kind == ColumnType::Number;
            let cells = index.map(|index| &table.columns()[index]);
            match cells.filter(|cells| cells.as_numbers().is_some() == is_number) {
                Some(cells) => frame.slots[slot] = Some(Cells::from(cells)),
                None => {
                    return Err(TransformError::Column {
                        column: input.name.clone(),
                        expected: if is_number { "numbers" } else { "labels" },
                    });
                }
            }
            next = index.map_or(next, |index| index + 1);
        }
        Ok(frame)
    }

    pub(super) fn matrix(&self, frame: &Frame<'_>, rows: Option<&[usize]>) -> Matrix {
        let values = |slot| -> Vec<f32> {
            let numbers = frame.numbers(slot);
            match rows {
                Some(rows) => rows.iter().map(|row| numbers[*row] as f32).collect(),
                None => numbers.iter().map(|number| *number as f32).collect(),
            }
        };
        let features = self.outputs.iter().map(|output| Feature {
            name: output.name.clone(),
            kind: output.kind,
            values: values(output.slot),
        });
        Matrix {
            features: features.collect(),
            rows: rows.map_or(frame.rows, <[usize]>::len),
        }
    }

    fn first_error(&self, table: &Table, faults: Vec<Fault>) -> Result<(), TransformError> {
        self.errors(table, faults)
            .into_iter()
            .next()
            .map_or(Ok(()), |error| Err(error.into()))
    }

    /// Returns the first error of each row, with the label that stands in the table.
    fn errors(&self, table: &Table, mut faults: Vec<Fault>) -> Vec<RowError> {
        faults.sort_by_key(|(row, _)| *row);
        faults.dedup_by_key(|(row, _)| *row);
        let error = |(row, slot): Fault| {
            let column = self.inputs.get(slot).map(|input| input.name.clone());
            let values = column.as_ref().and_then(|column| table.column(column));
            let label = values.and_then(|values| values.as_labels()?.get(row));
            let reason = label.map_or_else(
                || "the label is missing; the model knows no missing label here".to_owned(),
                |label| format!("the model does not know the label {label:?}"),
            );
            RowError {
                row: table.row_number(row),
                line: None,
                column,
                reason: Reason::Other(reason),
            }
        };
        faults.into_iter().map(error).collect()
    }
}

/// An error of reading a pipeline.
#[derive(Debug, thiserror::Error)]
enum InvalidPipeline {
    #[error("operation {0} does not fit the columns before it")]
    Operation(usize),
    #[error("the feature {0} has no values")]
    Output(String),
}

impl TryFrom<Unchecked> for Pipeline {
    type Error = InvalidPipeline;

    /// Follows what each slot holds: one that holds nothing, or labels where numbers are needed,
    /// is an error here and not when the first row comes.
    fn try_from(pipeline: Unchecked) -> Result<Self, InvalidPipeline> {
        let Unchecked {
            inputs,
            operations,
            outputs,
            target,
        } = pipeline;
        // What a slot holds: numbers, labels or nothing.
        let kind = |input: &ColumnSchema| Some(input.kind == ColumnType::Number);
        let mut slots: Vec<Option<bool>> = inputs.iter().map(kind).collect();
        for (index, operation) in operations.iter().enumerate() {
            let is_valid = operation.follow(&mut slots);
            if !is_valid {
                return Err(InvalidPipeline::Operation(index));
            }
        }
        for output in &outputs {
            if slots.get(output.slot) != Some(&Some(true)) {
                return Err(InvalidPipeline::Output(output.name.clone()));
            }
        }
        Ok(Self {
            inputs,
            operations,
            outputs,
            target,
        })
    }
}

impl Operation {
    /// Does to the kinds of the slots what the operation does to their values: true for numbers.
    /// Returns false if it could not.
    fn follow(&self, slots: &mut Vec<Option<bool>>) -> bool {
        const NUMBERS: Option<&Option<bool>> = Some(&Some(true));
        const LABELS: Option<&Option<bool>> = Some(&Some(false));
        match self {
            Self::ImputeNumber { slot, .. } | Self::Scale { slot, .. } | Self::Log1p { slot } => {
                slots.get(*slot) == NUMBERS
            }
            Self::ImputeLabel { slot, .. } | Self::Rare { slot, .. } => slots.get(*slot) == LABELS,
            Self::Encode {
                slot,
                labels,
                values,
                ..
            } => {
                let is_valid = slots.get(*slot) == LABELS && labels.labels().len() == values.len();
                if is_valid {
                    slots[*slot] = Some(true);
                }
                is_valid
            }
            Self::OneHot {
                slot,
                labels,
                first,
                ..
            } => {
                let is_valid = slots.get(*slot) == LABELS && *first == slots.len();
                if is_valid {
                    slots[*slot] = None;
                    slots.resize(first + labels.labels().len(), Some(true));
                }
                is_valid
            }
            Self::Above { slot, output, .. } => {
                let is_valid = slots.get(*slot) == NUMBERS && *output == slots.len();
                slots.push(Some(true));
                is_valid
            }
            Self::Sum {
                slots: terms,
                output,
            } => {
                let is_valid =
                    terms.iter().all(|slot| slots.get(*slot) == NUMBERS) && *output == slots.len();
                slots.push(Some(true));
                is_valid
            }
        }
    }
}
