//! Parses, validates and runs Amazon States Language, without I/O.
//!
//! [`StateMachine::parse`] reads a definition once into a compiled form. [`Execution::start`] and
//! [`Execution::step`] take [`Event`]s and return [`Effect`]s: the runner performs them (invokes a
//! task, wakes at a time, appends to the history) and feeds what happens back as events. Time and
//! randomness are inputs, so an execution is a plain value: serialize it after any step, and the
//! copy goes on exactly as the original would.
//!
//! This crate knows no clock, no network, no file and no AWS SDK.

mod assign;
mod context;
mod data_flow;
mod definition;
mod diagnostic;
mod effect;
mod event;
mod execution;
mod fault;
mod hash;
mod history;
mod input_output;
mod inspector;
mod intrinsic;
mod java_random;
mod java_text;
mod jsonata;
mod jsonpath;
mod machine;
mod map_run;
mod optimized;
mod payload;
mod query;
mod random;
mod references;
mod render;
mod resource;
mod retry;
mod scope;
mod source;
mod states;
mod template;
mod test_state;
#[cfg(test)]
mod tests;
mod time;
mod transition;
mod variables;

pub use context::Identity;
pub use diagnostic::{Diagnostic, InvalidDefinition, Severity};
pub use effect::{Effect, Outcome, TaskRequest};
pub use event::{Event, EventKind, FailureStage, TaskId, TimerId};
pub use execution::Execution;
pub use history::{Failure, HistoryDetails, HistoryEvent, Iteration, StateType, TaskKind};
pub use jsonata::{Evaluate, EvaluationFailure, EvaluationRequest, EvaluationResponse, Evaluator};
pub use machine::{MAX_DEFINITION_BYTES, StateMachine, WorkflowType};
pub use map_run::{
    InputFormat, ItemBatcher, ItemReader, ItemSource, MapRunRequest, ResultWriter, Transformation,
};
pub use payload::{MAX_PAYLOAD_BYTES, MAX_PAYLOAD_DEPTH, Payload};
pub use random::is_task_token;
pub use references::variable_references;
pub use render::{DiagnosticReport, LineColumn};
pub use resource::{Pattern, Resource};
pub use source::json_syntax_error;
pub use test_state::{
    Configuration, FieldValidation, InspectionLevel, Mock, TestEnvironment, TestRequest, TestState,
    TestStateError,
};
pub use time::Timestamp;
