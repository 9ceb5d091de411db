//! A real stack for a test: the `scones` program on a free port, with a model that was trained once
//! for all tests.

pub(crate) mod browser;
pub(crate) mod clients;
pub(crate) mod processes;
mod stack;

pub(crate) use stack::{Options, SCONES, Stack, trained};
