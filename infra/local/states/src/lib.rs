//! AWS Step Functions: the wire API and the durable runner over the `asl` crate.
//!
//! ```text
//! request ── api ──┬── reads ──> store (SQLite, many readers)
//!                  └── changes ─> engine (one thread: steps executions, commits, then answers)
//!                                   │ tasks                ▲ results
//!                                   └──> integrations ─────┘
//! ```
//!
//! What is acknowledged is on disk. `kill -9` at any moment loses nothing of it: [`States::resume`]
//! carries on what ran. Executions that have ended are on disk only, so memory grows with what
//! runs, not with what ran.
//!
//! Reference: <https://docs.aws.amazon.com/step-functions/latest/apireference/Welcome.html>.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod api;
mod arn;
mod engine;
mod error;
mod evaluation;
mod handle;
mod integrations;
mod json;
mod lookup;
mod map_runs;
mod redrive;
mod retention;
mod seam;
mod store;

#[cfg(test)]
mod tests;

pub use error::{ApiError, OpenError};
pub use evaluation::{EvaluatorCommand, evaluators, serve as serve_evaluations};
pub use handle::{Execution, StartExecution, StartedExecution, States};
pub use integrations::ReachableServices;
pub use retention::{RETENTION, Swept, gc_offline};
