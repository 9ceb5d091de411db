//! Trains and serves models of tables under SageMaker's container contracts.
//!
//! [`train`] fits preprocessing, trees, or both, and writes an [`artifact`]. [`predictor`] loads
//! it, and [`serve`] answers requests with its predictions. The contracts themselves are in
//! `sagemaker_container`, the models in `trees`, and rows in `tables`.

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod artifact;
pub mod cli;
pub mod evaluate;
pub mod predictor;
pub mod serve;
pub mod train;
