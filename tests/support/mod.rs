//! A real stack for a test: the `scones` program on a free port, with a model that was trained once for all tests.

pub mod clients;
pub mod processes;
mod stack;

pub use stack::{Options, Stack, trained};
