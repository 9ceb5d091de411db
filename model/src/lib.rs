//! Trains and serves an image classifier under SageMaker's container contracts.
//!
//! Training and serving run on the network of [`network`], written for them. The artifact
//! ([`artifact`]) is ONNX too, and serving ([`serve`]) takes any other classifier that can be
//! exported to ONNX. Images reach both by the same code, that of `fit_image`, so that serving sees
//! what training saw.

pub mod artifact;
pub mod cli;
pub mod dataset;
#[cfg(test)]
mod drawn;
mod file;
pub mod import;
pub mod network;
pub mod plots;
mod proto;
pub mod serve;
mod tensors;
pub mod train;
pub mod trial;
