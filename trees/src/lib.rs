//! Gradient boosted trees, random forests, and the preprocessing of tables for them.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod bins;
pub mod boosting;
mod bundles;
pub mod conformal;
pub mod forest;
mod grow;
mod matrix;
pub mod metric;
pub mod objective;
pub mod parameters;
mod predictor;
pub mod preprocessing;
#[cfg(test)]
mod tests;
pub mod tree;

pub use matrix::{Feature, FeatureKind, Matrix};
pub use predictor::Predictor;
