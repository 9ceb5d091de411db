//! Gradient boosted trees, random forests, and the preprocessing of tables for them.

mod matrix;

pub use matrix::{Feature, FeatureKind, Matrix};
