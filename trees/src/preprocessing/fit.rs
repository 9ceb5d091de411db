//! Fits a recipe.

use tables::{Schema, Table};

use super::columns::{find, resolve};
use super::encoding;
use super::frame::Frame;
use super::operation::Operation;
use super::pipeline::{Output, Pipeline, TransformError, Transformed};
use super::recipe::{Derivation, Impute, ImputeWith, Recipe, Scale, ScaleMethod, Step, Unknown};
use crate::FeatureKind;

/// An error of fitting a recipe.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum FitError {
    /// A step is about a column that is not there, or not any more.
    #[error("there is no column {column} at this step; there are {columns}")]
    NoColumn {
        /// Its name.
        column: String,
        /// The names of those that are there.
        columns: String,
    },
    /// A step needs another kind of column.
    #[error("{step} needs {expected}, which column {column} does not hold")]
    Kind {
        /// The step.
        step: &'static str,
        /// The column.
        column: String,
        /// The type that it should hold.
        expected: &'static str,
    },
    /// A step needs a target of numbers.
    #[error("{0} needs a target of numbers; use one_hot or categories, or name the target")]
    Target(&'static str),
    /// A column has no value to learn from.
    #[error("column {0} has no values to impute from; drop it, or impute a constant")]
    Empty(String),
    /// Labels are left at the end.
    #[error("column {0} still holds labels after all steps; add rank, one_hot, categories or drop")]
    Labels(String),
    /// The table does not have what the pipeline reads.
    #[error(transparent)]
    Transform(#[from] TransformError),
}

/// The values that training rows get in place of an operation's, by the operation's index.
pub(super) type TrainingValues = Vec<(usize, Vec<f64>)>;

/// A pipeline in the making.
pub(super) struct Fitting<'a> {
    target: Option<&'a [f64]>,
    /// The columns that there are, in order.
    pub(super) columns: Vec<Output>,
    pub(super) operations: Vec<Operation>,
    /// The number of slots.
    pub(super) slots: usize,
    training: TrainingValues,
}

impl Pipeline {
    /// Fits a recipe to a table, whose target is the schema's.
    ///
    /// Train on [`fit_transform`](Self::fit_transform)'s features if a step encodes the target.
    ///
    /// # Errors
    /// A step does not fit the columns, or labels are left.
    pub fn fit(recipe: &Recipe, table: &Table) -> Result<Self, FitError> {
        Ok(fit(recipe, table)?.0)
    }

    /// Fits a recipe to a table, and returns the features of its rows for training: those of
    /// cross-fitted steps come from other rows than their own.
    ///
    /// # Errors
    /// As of [`fit`](Self::fit).
    pub fn fit_transform(recipe: &Recipe, table: &Table) -> Result<(Self, Transformed), FitError> {
        let (pipeline, training) = fit(recipe, table)?;
        let transformed = pipeline.transform_training(table, training)?;
        Ok((pipeline, transformed))
    }
}

fn fit(recipe: &Recipe, table: &Table) -> Result<(Pipeline, TrainingValues), FitError> {
    let schema = table.schema();
    let target = table.target().and_then(tables::Values::as_numbers);
    let mut fitting = Fitting::new(target, recipe, schema)?;
    let inputs = fitting.columns.iter().map(|column| {
        let index = schema.index(&column.name).unwrap_or_default();
        schema.columns()[index].clone()
    });
    let mut pipeline = Pipeline {
        inputs: inputs.collect(),
        operations: Vec::new(),
        outputs: Vec::new(),
        target: recipe.target.fitted(target.unwrap_or_default()),
    };
    for step in &recipe.steps {
        // Each step sees what the steps before it leave.
        let mut frame = pipeline.frame(table)?;
        for operation in &pipeline.operations {
            operation.apply(&mut frame, &mut Vec::new());
        }
        fitting.step(step, &frame)?;
        drop(frame);
        pipeline.operations.clone_from(&fitting.operations);
    }
    let (frame, _) = pipeline.run(table)?;
    if let Some(column) = fitting
        .columns
        .iter()
        .find(|c| frame.labels(c.slot).is_some())
    {
        return Err(FitError::Labels(column.name.clone()));
    }
    drop(frame);
    pipeline.outputs = fitting.columns;
    Ok((pipeline, fitting.training))
}

impl<'a> Fitting<'a> {
    fn new(target: Option<&'a [f64]>, recipe: &Recipe, schema: &Schema) -> Result<Self, FitError> {
        let column = |(slot, name): (usize, &str)| Output {
            slot,
            name: name.to_owned(),
            kind: FeatureKind::Numeric,
        };
        let features = schema.names().filter(|name| Some(*name) != schema.target());
        let mut fitting = Self {
            target,
            columns: features.enumerate().map(column).collect(),
            operations: Vec::new(),
            slots: 0,
            training: Vec::new(),
        };
        if !recipe.columns.is_empty() {
            for name in &recipe.columns {
                find(&fitting, name)?;
            }
            let names = recipe.columns.iter().map(String::as_str);
            fitting.columns = names.enumerate().map(column).collect();
        }
        fitting.slots = fitting.columns.len();
        Ok(fitting)
    }

    fn step(&mut self, step: &Step, frame: &Frame<'_>) -> Result<(), FitError> {
        match step {
            Step::Impute(impute) => self.each(frame, &impute.columns, |fitting, index| {
                fitting.impute(frame, index, impute)
            }),
            Step::Rare(rare) => self.each(frame, &rare.columns, |fitting, index| {
                let labels = fitting.labels(frame, index, "rare")?;
                Ok(encoding::rare(labels, fitting.columns[index].slot, rare))
            }),
            Step::Rank(order) => self.each(frame, &order.columns, |fitting, index| {
                let labels = fitting.labels(frame, index, "rank")?;
                let target = fitting.target.ok_or(FitError::Target("rank"))?;
                Ok(encoding::rank(
                    labels,
                    fitting.columns[index].slot,
                    order,
                    target,
                ))
            }),
            Step::TargetEncode(encode) => self.each(frame, &encode.columns, |fitting, index| {
                let labels = fitting.labels(frame, index, "target_encode")?;
                let target = fitting.target.ok_or(FitError::Target("target_encode"))?;
                let slot = fitting.columns[index].slot;
                let (operation, values) = encoding::target_encode(labels, slot, encode, target);
                fitting.training.push((fitting.operations.len(), values));
                Ok(operation)
            }),
            Step::OneHot(one_hot) => {
                let chosen = resolve(self, frame, &one_hot.columns)?;
                for index in &chosen {
                    self.labels(frame, *index, "one_hot")?;
                }
                self.one_hot(frame, &chosen, one_hot.unknown);
                Ok(())
            }
            Step::Categories(select) => self.each(frame, &select.columns, |fitting, index| {
                let labels = encoding::distinct(fitting.labels(frame, index, "categories")?);
                let column = &mut fitting.columns[index];
                column.kind = FeatureKind::Categorical;
                Ok(encoding::ordinal(column.slot, labels, Unknown::Missing))
            }),
            Step::Scale(scale) => self.each(frame, &scale.columns, |fitting, index| {
                fitting.scale(frame, index, scale)
            }),
            Step::Log1p(select) => self.each(frame, &select.columns, |fitting, index| {
                fitting.numbers(frame, index, "log1p")?;
                let slot = fitting.columns[index].slot;
                Ok(Operation::Log1p { slot })
            }),
            Step::Derive(derivation) => self.derive(frame, derivation),
            Step::Drop(columns) => {
                let mut dropped = resolve(self, frame, columns)?;
                dropped.sort_unstable();
                dropped.dedup();
                for index in dropped.into_iter().rev() {
                    self.columns.remove(index);
                }
                Ok(())
            }
        }
    }

    /// Fits an operation to each of the columns.
    fn each(
        &mut self,
        frame: &Frame<'_>,
        columns: &super::Columns,
        fit: impl Fn(&mut Self, usize) -> Result<Operation, FitError>,
    ) -> Result<(), FitError> {
        for index in resolve(self, frame, columns)? {
            let operation = fit(self, index)?;
            self.operations.push(operation);
        }
        Ok(())
    }

    fn impute(
        &self,
        frame: &Frame<'_>,
        index: usize,
        step: &Impute,
    ) -> Result<Operation, FitError> {
        let slot = self.columns[index].slot;
        let label = match &step.with {
            ImputeWith::Label(label) => Some(label.clone()),
            ImputeWith::MostFrequent => frame.labels(slot).and_then(most_frequent_label),
            _ => None,
        };
        if let Some(label) = label {
            self.labels(frame, index, "impute")?;
            return Ok(Operation::ImputeLabel { slot, label });
        }
        let numbers = self.numbers(frame, index, "impute")?;
        let numbers: Vec<f64> = numbers.iter().copied().filter(|n| !n.is_nan()).collect();
        let is_constant = matches!(step.with, ImputeWith::Number(_));
        if numbers.is_empty() && !is_constant {
            return Err(FitError::Empty(self.columns[index].name.clone()));
        }
        let value = match step.with {
            ImputeWith::Number(number) => number,
            ImputeWith::Mean => mean(&numbers),
            ImputeWith::MostFrequent => most_frequent(numbers),
            ImputeWith::Median | ImputeWith::Label(_) => median(numbers),
        };
        Ok(Operation::ImputeNumber { slot, value })
    }

    fn scale(&self, frame: &Frame<'_>, index: usize, step: &Scale) -> Result<Operation, FitError> {
        let numbers = self.numbers(frame, index, "scale")?;
        let numbers: Vec<f64> = numbers.iter().copied().filter(|n| !n.is_nan()).collect();
        let (shift, scale) = match step.to {
            ScaleMethod::Standard => {
                let center = mean(&numbers);
                let squares = numbers
                    .iter()
                    .map(|number| (number - center).powi(2))
                    .collect();
                (center, mean::<Vec<f64>>(&squares).sqrt())
            }
            ScaleMethod::MinMax => {
                let low = numbers.iter().copied().fold(f64::INFINITY, f64::min);
                let high = numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                (low, high - low)
            }
        };
        let slot = self.columns[index].slot;
        // Equal values have no scale: they become 0.
        let is_usable = scale.is_finite() && scale > 0.0;
        Ok(Operation::Scale {
            slot,
            shift: if shift.is_finite() { shift } else { 0.0 },
            scale: if is_usable { scale } else { 1.0 },
        })
    }

    fn derive(&mut self, frame: &Frame<'_>, derivation: &Derivation) -> Result<(), FitError> {
        let slot_of = |fitting: &Self, name: &str| {
            let index = find(fitting, name)?;
            fitting.numbers(frame, index, "derive")?;
            Ok::<_, FitError>(fitting.columns[index].slot)
        };
        let output = self.slots;
        let (name, operation) = match derivation {
            Derivation::Above {
                name,
                column,
                above,
            } => {
                let (slot, value) = (slot_of(self, column)?, *above);
                let above = Operation::Above {
                    slot,
                    value,
                    output,
                };
                (name, above)
            }
            Derivation::Sum { name, columns } => {
                let slots = columns.iter().map(|column| slot_of(self, column));
                let slots = slots.collect::<Result<_, _>>()?;
                (name, Operation::Sum { slots, output })
            }
        };
        self.slots += 1;
        self.operations.push(operation);
        self.columns.push(Output {
            slot: output,
            name: name.clone(),
            kind: FeatureKind::Numeric,
        });
        Ok(())
    }

    fn numbers<'f>(
        &self,
        frame: &'f Frame<'_>,
        index: usize,
        step: &'static str,
    ) -> Result<&'f [f64], FitError> {
        let column = &self.columns[index];
        if frame.labels(column.slot).is_none() {
            return Ok(frame.numbers(column.slot));
        }
        Err(FitError::Kind {
            step,
            column: column.name.clone(),
            expected: "numbers",
        })
    }
}

/// The mean; NaN of nothing.
pub(super) fn mean<V: AsRef<[f64]>>(numbers: &V) -> f64 {
    let numbers = numbers.as_ref();
    numbers.iter().sum::<f64>() / numbers.len() as f64
}

/// The median, as NumPy has it: of an even number of values, the mean of the middle two.
pub(super) fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    let middle = numbers.len() / 2;
    match numbers.len() {
        0 => f64::NAN,
        count if count % 2 == 1 => numbers[middle],
        _ => f64::midpoint(numbers[middle - 1], numbers[middle]),
    }
}

fn most_frequent(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    let runs = numbers.chunk_by(|a, b| a == b);
    // The first of the longest: max_by_key returns the last.
    let longest = runs.rev().max_by_key(|run| run.len());
    longest.map_or(f64::NAN, |run| run[0])
}

fn most_frequent_label(labels: &super::frame::LabelCells<'_>) -> Option<String> {
    let rows = encoding::rows_by_label(labels).into_iter().rev();
    let labelled = rows.filter(|(label, _)| label.is_some());
    let (label, _) = labelled.max_by_key(|(_, rows)| rows.len())?;
    label.map(str::to_owned)
}
