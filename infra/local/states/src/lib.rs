//! AWS Step Functions: the wire API and the durable runner over the `asl` crate.
//!
//! ```text
//! request ── api ──┬── reads ──> store (SQLite, many readers)
//!                  └── changes ─> engine (one thread: steps executions, commits, then answers)
//!                                   │ tasks                ▲ results
//!                                   └──> integrations ─────┘
//! ```
//!
//! Every acknowledged change is on disk. `kill -9` at any moment loses none: [`States::resume`]
//! continues running executions. Ended executions are on disk only, so memory grows with the number
//! of running executions, not with all of them.
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
pub use retention::{GcReport, RETENTION, gc_offline};
