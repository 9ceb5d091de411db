//! Trains and serves an image classifier under SageMaker's container contracts.
//!
//! Training runs on the network of [`network`], written for it; its artifact ([`artifact`]) is ONNX, and serving
//! ([`serve`]) takes that or any other classifier that can be exported to ONNX. Pictures reach both by the same code
//! ([`data`]), so that what was learned holds for what is served.

pub mod artifact;
pub mod cli;
pub mod data;
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
