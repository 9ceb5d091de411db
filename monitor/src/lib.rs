//! Monitors an endpoint's model by its captured traffic.
//!
//! [`capture`] reads the output of SageMaker's data capture, and [`ground_truth`] reads labels that
//! arrive later. An [`observed::Observer`] consumes the records; its observations become a
//! baseline, or are compared with one.

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod baseline;
pub mod calibration;
pub mod capture;
pub mod constraints;
pub mod corruption;
pub mod drift;
mod encoding;
pub mod findings;
pub mod ground_truth;
pub mod job;
pub mod metrics;
pub mod observed;
pub mod pictures;
pub mod quality;
mod reading;
pub mod report;
mod skipped;
pub mod statistics;
pub mod stats;
#[cfg(test)]
mod testing;
pub mod window;

pub use skipped::{Reason, SkippedLines};
pub use window::Window;
