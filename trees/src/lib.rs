//! Gradient boosted trees, random forests, and the preprocessing of tables for them.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod bins;
pub mod boosting;
mod bundles;
pub mod conformal;
mod grow;
mod matrix;
pub mod metric;
pub mod objective;
pub mod parameters;
pub mod preprocessing;
#[cfg(test)]
mod tests;
pub mod tree;

pub use matrix::{Feature, FeatureKind, Matrix};
