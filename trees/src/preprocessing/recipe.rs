//! The text that a user writes: the steps of preprocessing, as JSON.

use serde::{Deserialize, Serialize};

/// The steps of preprocessing, in order.
///
/// As JSON: `{"target": "log", "steps": [{"impute": {"columns": ["LotFrontage"], "with":
/// "median"}}, {"rank": {"columns": "text", "by": "median"}}, {"drop": ["Id"]}]}`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// The columns to begin with, in the order of the features; without any, all but the target.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
    /// The transformation of the target for training.
    #[serde(default)]
    pub target: super::TargetTransform,
    /// The steps, each of which sees the columns that the one before leaves.
    pub steps: Vec<Step>,
}

/// An error of parsing a [`Recipe`].
#[derive(Debug, thiserror::Error)]
#[error("the recipe can't be read: {0}")]
pub struct InvalidRecipe(#[from] serde_json::Error);

/// A step of preprocessing.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Fills in missing values.
    Impute(Impute),
    /// Gives rare and unknown labels one label.
    Rare(Rare),
    /// Turns labels into 0, 1, 2, … in the order of their rows' target.
    Rank(Order),
    /// Turns labels into the mean target of their rows, which training rows get from other rows.
    TargetEncode(TargetEncode),
    /// Turns labels into a feature each, which is 1 for rows that have it and 0 for others.
    OneHot(OneHot),
    /// Turns labels into categories, by which trees split.
    Categories(Select),
    /// Shifts and scales numbers.
    Scale(Scale),
    /// Replaces numbers by ln(1 + number).
    Log1p(Select),
    /// Adds a column.
    Derive(Derivation),
    /// Leaves columns out.
    Drop(Columns),
}

/// The columns of a step.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", untagged)]
pub enum Columns {
    /// These.
    Names(Vec<String>),
    /// All of a kind.
    Kind(ColumnKind),
    /// The text columns with few labels.
    FewLabels {
        /// The maximum number of labels of a column.
        max_labels: usize,
    },
}

/// A kind of columns.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnKind {
    /// Columns of labels, booleans among them.
    Text,
    /// Columns of numbers.
    Number,
    /// Columns that number the rows: called id, and no value is there twice.
    Identifier,
}

/// A step that needs nothing but columns.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Select {
    /// The columns.
    pub columns: Columns,
}

/// Fills in missing values.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Impute {
    /// The columns.
    pub columns: Columns,
    /// The value that fills them in.
    pub with: ImputeWith,
}

/// The value that fills in missing ones.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ImputeWith {
    /// The median of the training rows.
    Median,
    /// Their mean.
    Mean,
    /// Their most frequent value; the smallest of several.
    MostFrequent,
    /// This number.
    Number(f64),
    /// This label.
    Label(String),
}

/// Gives rare and unknown labels one label. A missing label stays missing.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Rare {
    /// The columns.
    pub columns: Columns,
    /// The largest share of the training rows that a rare label has.
    pub share: f64,
    /// The label that they get.
    #[serde(default = "rare")]
    pub label: String,
}

fn rare() -> String {
    "Rare".to_owned()
}

/// Turns labels into their ranks.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// The columns.
    pub columns: Columns,
    /// The figure of the rows' target that orders labels; ties are in the order of their text.
    #[serde(default)]
    pub by: Figure,
    /// The treatment of labels that the training rows do not have, and of missing ones.
    #[serde(default)]
    pub unknown: Unknown,
}

/// A figure of the target.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Figure {
    /// The median.
    #[default]
    Median,
    /// The mean.
    Mean,
}

/// The treatment of unknown and missing labels.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unknown {
    /// They are an error, which names row, column and label.
    #[default]
    Error,
    /// They are a missing value; of a one-hot encoding, zeros.
    Missing,
}

/// Turns labels into the smoothed mean of the target (Micci-Barreca, 2001).
///
/// The training rows are dealt into folds, and each gets the means of the other folds: the model
/// does not see a row's own target in its features.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TargetEncode {
    /// The columns.
    pub columns: Columns,
    /// The number of rows of the overall mean that are added to each label's rows.
    #[serde(default = "smoothing")]
    pub smoothing: f64,
    /// The number of folds.
    #[serde(default = "folds")]
    pub folds: usize,
    /// Seeds the deal.
    #[serde(default)]
    pub seed: u64,
}

fn smoothing() -> f64 {
    10.0
}

fn folds() -> usize {
    5
}

/// Turns labels into features of 0 and 1.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct OneHot {
    /// The columns.
    pub columns: Columns,
    /// The treatment of labels that the training rows do not have; a missing one is all zeros.
    #[serde(default)]
    pub unknown: Unknown,
}

/// Shifts and scales numbers.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Scale {
    /// The columns.
    pub columns: Columns,
    /// To what.
    pub to: ScaleMethod,
}

/// The range that numbers are scaled to.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ScaleMethod {
    /// A mean of 0 and a standard deviation of 1 (of the population, as scikit-learn has it).
    Standard,
    /// A smallest value of 0 and a largest one of 1.
    MinMax,
}

/// Adds a column.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Derivation {
    /// 1 for rows whose number is above `above`, 0 for others and missing ones.
    Above {
        /// The name of the new column.
        name: String,
        /// The column that it is derived from.
        column: String,
        /// The number.
        above: f64,
    },
    /// The sum of columns; missing if one of them is.
    Sum {
        /// The name of the new column.
        name: String,
        /// The columns that it is derived from.
        columns: Vec<String>,
    },
}

impl Recipe {
    /// Parses a recipe of JSON.
    ///
    /// # Errors
    /// It is no JSON, or has a step or field that is not known.
    pub fn parse(json: &str) -> Result<Self, InvalidRecipe> {
        Ok(serde_json::from_str(json)?)
    }

    /// Returns the recipe for any table: missing numbers stay missing, labels become features of
    /// their own if a column has few and the mean target if it has many, and columns that number
    /// the rows are left out. Where the target is a label, many labels become categories.
    pub fn general(schema: &tables::Schema) -> Self {
        let mut recipe =
            Self::parse(include_str!("../../recipes/general.json")).unwrap_or_default();
        let target = schema.target().and_then(|target| schema.index(target));
        let is_number = |index: usize| schema.columns()[index].kind == tables::ColumnType::Number;
        if !target.is_some_and(is_number) {
            let columns = Columns::Kind(ColumnKind::Text);
            recipe.steps.pop();
            recipe.steps.push(Step::Categories(Select { columns }));
        }
        recipe
    }

    /// Returns the recipe of the house prices workflow: 23 columns, labels ranked by median price.
    pub fn house_prices() -> Self {
        Self::parse(include_str!("../../recipes/house-prices.json")).unwrap_or_default()
    }
}
