//! The input of a model: rows of `f32` features, held by column.

/// Rows of features, held by column: what preprocessing makes and trees read. A missing value is NaN.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Matrix {
    /// The columns, all of the same length.
    pub features: Vec<Feature>,
    /// The number of rows.
    pub rows: usize,
}

/// A column of a [`Matrix`].
#[derive(Clone, Debug, PartialEq)]
pub struct Feature {
    /// The name, unique in its matrix.
    pub name: String,
    /// The kind of split that trees make.
    pub kind: FeatureKind,
    /// One value a row; NaN where it is missing.
    pub values: Vec<f32>,
}

/// The kind of split that trees make by a feature.
#[derive(Clone, Copy, Debug, Eq, PartialEq, serde::Deserialize, serde::Serialize)]
pub enum FeatureKind {
    /// By a threshold.
    Numeric,
    /// By a set of categories; the values are the codes 0, 1, 2, …
    Categorical,
}

impl Matrix {
    /// Copies a row; `to` has a place for each feature.
    pub fn copy_row(&self, row: usize, to: &mut [f32]) {
        for (to, feature) in to.iter_mut().zip(&self.features) {
            *to = feature.values[row];
        }
    }
}
