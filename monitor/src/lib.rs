//! Monitors an endpoint's model by its captured traffic.
//!
//! [`capture`] reads what SageMaker's data capture wrote, and [`ground_truth`] what people or other
//! systems say of it later. An [`observed::Observer`] takes the records; what it saw is kept as a
//! baseline or compared with one.

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

pub use skipped::{Reason, Skipped};
pub use window::Window;
