//! End to end, through the doors that users have: the `scones` program, the AWS SDK, uploads.
//!
//! One binary, one module a flow. [`support`] starts real stacks on free ports, on data directories
//! of their own.

#![allow(clippy::unwrap_used)] // a test that cannot go on is a test that fails

mod architecture;
mod batch;
mod cli;
mod console;
mod differences;
mod doctor;
mod documents;
mod durability;
mod evaluation;
mod failures;
mod front_door;
mod hostile;
mod images;
mod layers;
mod monitoring;
mod one_photograph;
mod pages;
mod real_data;
mod request_ids;
mod signatures;
mod starting;
mod step_functions;
mod support;
mod tables;
mod training;
mod virtual_hosts;
mod workflow;
