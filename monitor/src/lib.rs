//! What an endpoint's captured traffic says of its model.
//!
//! [`capture`] reads what SageMaker's data capture wrote, and [`ground_truth`] what people or other systems say of it later.

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod bucket;
pub mod capture;
mod encoding;
pub mod ground_truth;
mod lines;
mod reading;
pub mod scores;
mod skipped;
#[cfg(test)]
mod testing;
pub mod window;

pub use skipped::{Reason, Skipped};
pub use window::Window;
