//! The functions as AWS sees them: the real programs, started as processes against a Runtime API
//! and AWS services that live in the test, and the state machine that calls them.

mod classify;
mod classify_http;
mod cold_start;
#[cfg(feature = "embedded-model")]
mod embedded;
mod filter;
mod lambda;
mod pictures;
mod retries;
mod serialize;
mod services;
mod start;
mod state_machine;
