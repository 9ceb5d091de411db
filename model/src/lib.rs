//! Trains and serves an image classifier under SageMaker's container contracts.

pub mod network;
