//! Predictions for rows of CSV and JSON.

use std::path::Path;

use tables::{
    ColumnSchema, ColumnType, Error, ExtraColumns, Format, Header, OnError, ReadOptions, Reader,
    Reason, RowError, Rows, Schema, Table,
};
use trees::objective::Objective;
use trees::preprocessing::{Pipeline, TransformError};

use crate::artifact::{ArtifactError, Model, Output};

/// A loaded model. Predicting needs no lock.
pub struct Predictor {
    /// Read the rows by the columns that the model needs, one for each set of options.
    readers: Vec<Reader>,
    pipeline: Option<Pipeline>,
    trees: Option<trees::Predictor>,
    output: Output,
}

/// Rows that can't be predicted.
#[derive(Debug, thiserror::Error)]
pub enum PredictError {
    /// The rows can't be read.
    #[error(transparent)]
    Read(#[from] Error),
    /// A row can't be transformed.
    #[error(transparent)]
    Transform(#[from] TransformError),
}

/// The values of rows: features if the model only transforms, otherwise predictions.
#[derive(Clone, Debug, PartialEq)]
pub struct Predictions {
    /// The number of values of a row.
    pub width: usize,
    /// The values of the rows that have any, row by row.
    pub values: Vec<f32>,
    /// The rows that have none, in order.
    pub errors: Vec<RowError>,
}

/// Options of reading rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Input {
    /// The format.
    pub format: Format,
    /// The header of CSV, if it has one.
    pub header: Header,
    /// The treatment of rows that have no prediction.
    pub on_error: OnError,
}

impl Predictor {
    /// Loads the artifact in `folder`, or of an archive.
    ///
    /// # Errors
    /// A file is missing or can't be used.
    pub fn load(path: &Path) -> Result<Self, ArtifactError> {
        Ok(Self::new(Model::read(path)?))
    }

    /// Returns the predictor of a model.
    pub fn new(model: Model) -> Self {
        let (schema, extra_columns) = match (&model.preprocessing, &model.trees) {
            (Some((schema, pipeline)), _) => (
                input_schema(schema, pipeline.inputs()),
                ExtraColumns::Ignore,
            ),
            // Any feature may be missing, so that a row of other columns would have a prediction.
            (None, trees) => (
                feature_schema(trees.as_ref().map_or(&[], |trees| &trees.features)),
                ExtraColumns::Refuse,
            ),
        };
        Self {
            readers: readers(&schema, extra_columns),
            pipeline: model.preprocessing.map(|(_, pipeline)| pipeline),
            trees: model.trees.map(trees::Predictor::new),
            output: model.output,
        }
    }

    /// Returns the meaning of predictions.
    pub fn output(&self) -> &Output {
        &self.output
    }

    /// Returns the names of the features if the model only transforms.
    pub fn features(&self) -> Option<Vec<&str>> {
        let pipeline = self.pipeline.as_ref().filter(|_| self.trees.is_none())?;
        let outputs = pipeline.outputs().iter();
        Some(outputs.map(|output| &*output.name).collect())
    }

    /// Returns the predictions for the rows of a request.
    ///
    /// # Errors
    /// The rows can't be read; or one of them has no prediction, unless errors are reported.
    pub fn predict(&self, input: Input, bytes: &[u8]) -> Result<Predictions, PredictError> {
        let is_for = |reader: &&Reader| {
            (reader.options.header, reader.options.on_error) == (input.header, input.on_error)
        };
        // There is one for every input.
        let reader = self.readers.iter().find(is_for).unwrap_or(&self.readers[0]);
        let mut rows = reader.read(input.format, bytes)?;
        if input.format == Format::Csv {
            pass_errors_on(&mut rows.errors, bytes);
        }
        self.predict_rows(&rows, input.on_error)
    }

    /// Returns the predictions for rows that were read.
    ///
    /// # Errors
    /// As of [`predict`](Self::predict).
    pub fn predict_rows(
        &self,
        rows: &Rows,
        on_error: OnError,
    ) -> Result<Predictions, PredictError> {
        let mut errors = rows.errors.clone();
        let (width, features) = match &self.pipeline {
            None => numbers(&rows.table),
            Some(pipeline) if on_error == OnError::Fail => {
                let features = pipeline.transform_rows(&rows.table)?;
                (pipeline.outputs().len(), features)
            }
            Some(pipeline) => {
                let transformed = pipeline.transform_reporting(&rows.table)?;
                errors.extend(transformed.errors);
                errors.sort_by_key(|error| error.row);
                let width = pipeline.outputs().len();
                let mut features = vec![f32::NAN; width * transformed.matrix.rows];
                for (index, row) in features.chunks_exact_mut(width.max(1)).enumerate() {
                    transformed.matrix.copy_row(index, row);
                }
                (width, features)
            }
        };
        let Some(trees) = &self.trees else {
            return Ok(Predictions {
                width,
                values: features,
                errors,
            });
        };
        let outputs = trees.shape().outputs;
        let count = features.len().checked_div(width).unwrap_or_default();
        let mut values = vec![0.0; count * outputs];
        let rows = features.chunks_exact(width.max(1));
        for (row, to) in rows.zip(values.chunks_exact_mut(outputs)) {
            trees.predict_row(row, to);
            self.restore_target(to);
        }
        let mut width = outputs;
        if trees.shape().objective == Objective::Softmax && self.output.labels.is_none() {
            // As XGBoost has it: the class, not the probabilities.
            let classes = values.chunks_exact(outputs).map(evaluation::argmax);
            values = classes.map(|class| class as f32).collect();
            width = 1;
        }
        Ok(Predictions {
            width,
            values,
            errors,
        })
    }

    /// Turns a prediction back into the space of the target.
    fn restore_target(&self, prediction: &mut [f32]) {
        for value in prediction {
            *value = self.output.transform.invert(f64::from(*value)) as f32;
        }
    }
}

impl Predictions {
    /// Returns the positions of the rows of a table that have a prediction.
    pub fn positions<'a>(&'a self, table: &'a Table) -> impl Iterator<Item = usize> + 'a {
        let mut failed = self.errors.iter().map(|error| error.row).peekable();
        (0..table.rows()).filter(move |row| {
            let number = table.row_number(*row);
            // Rows that could not be read are not in the table.
            while failed.next_if(|failed| *failed < number).is_some() {}
            failed.next_if_eq(&number).is_none()
        })
    }

    /// Returns the values of each row of the input, in order, or its error.
    pub fn rows(&self) -> impl Iterator<Item = Result<&[f32], &RowError>> {
        let mut values = self.values.chunks_exact(self.width.max(1));
        let mut errors = self.errors.iter().peekable();
        (1..).map_while(move |row| match errors.next_if(|error| error.row <= row) {
            Some(error) => Some(Err(error)),
            None => values.next().map(Ok).or_else(|| errors.next().map(Err)),
        })
    }
}

/// The beginning of a line of CSV that stands for a row without a prediction.
pub(crate) const ERROR: &str = "error: ";

/// Puts the errors of the container before this one in place of "found 1 values, expected 23": in a
/// pipeline model, its response is this request.
fn pass_errors_on(errors: &mut [RowError], csv: &[u8]) {
    // Both are in order.
    let mut lines = (1..).zip(csv.split(|byte| *byte == b'\n'));
    for error in errors {
        let is_single = matches!(error.reason, Reason::Width { found: 1, .. });
        let line = error.line.filter(|_| is_single).and_then(|line| {
            let (_, line) = lines.find(|(number, _)| *number == line)?;
            std::str::from_utf8(line)
                .ok()?
                .trim()
                .strip_prefix('"')?
                .strip_suffix('"')
        });
        // `row 7 (line 8), column KitchenQual: the value is missing`
        let parts = line
            .and_then(|text| text.strip_prefix(ERROR))
            .and_then(|text| text.split_once(": "));
        if let Some((place, reason)) = parts {
            error.line = None;
            error.column = place
                .split_once(", column ")
                .map(|(_, name)| name.to_owned());
            error.reason = Reason::Other(reason.replace("\"\"", "\""));
        }
    }
}

fn readers(schema: &Schema, extra_columns: ExtraColumns) -> Vec<Reader> {
    let reader = Reader::of_features(schema);
    let mut readers = Vec::new();
    for header in [Header::Detect, Header::Present, Header::Absent] {
        for on_error in [OnError::Fail, OnError::Report] {
            readers.push(reader.clone().with_options(ReadOptions {
                header,
                extra_columns,
                on_error,
                ..ReadOptions::default()
            }));
        }
    }
    readers
}

/// Returns the schema that rows are read by: columns that the model does not use may be missing and
/// hold anything.
fn input_schema(schema: &Schema, inputs: &[ColumnSchema]) -> Schema {
    let columns = schema.columns().iter().map(|column| {
        let input = inputs.iter().find(|input| input.name == column.name);
        input.cloned().unwrap_or_else(|| ColumnSchema {
            name: column.name.clone(),
            kind: ColumnType::Text,
            missing: true,
        })
    });
    // The names are those of a schema, so that this one is valid too.
    Schema::new(columns.collect(), schema.target().map(str::to_owned)).unwrap_or_default()
}

fn feature_schema(features: &[(String, trees::FeatureKind)]) -> Schema {
    let columns = features.iter().map(|(name, _)| ColumnSchema {
        name: name.clone(),
        kind: ColumnType::Number,
        missing: true,
    });
    Schema::new(columns.collect(), None).unwrap_or_default()
}

/// Returns the numbers of a table row by row, and how many a row has.
fn numbers(table: &Table) -> (usize, Vec<f32>) {
    let width = table.columns().len();
    let mut values = vec![f32::NAN; width * table.rows()];
    for (index, column) in table.columns().iter().enumerate() {
        let rows = values.chunks_exact_mut(width);
        for (row, number) in rows.zip(column.as_numbers().unwrap_or_default()) {
            row[index] = *number as f32;
        }
    }
    (width, values)
}
