//! AWS Lambda: the Invoke API, the Runtime API, and the processes between them.
//!
//! An *execution environment* is a child process with a Runtime API of its own on a loopback port.
//! It is started when an invocation finds none that is free, serves one invocation at a time, and
//! is kept warm for the next. It is killed at the function's timeout, after a long idle time, and
//! with the stack. Asynchronous events wait in a SQLite queue and outlive the process.
//!
//! Not implemented: versions and aliases, layers and extensions, response streaming to the caller,
//! and a limit on memory (`MemorySize` is only reported). The program inherits nothing of the
//! stack's own environment but `PATH`.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod api;
mod code;
mod config;
mod environment;
mod errors;
mod failure;
mod handle;
mod name;
mod pool;
mod queue;
mod sdk;
mod seam;
#[cfg(test)]
mod tests;

pub use config::{Command, Config, Deployment, Limits, RetryPolicy};
pub use handle::{Lambda, OpenError};
pub use queue::DeadLetter;
pub use sdk::LambdaApi;
