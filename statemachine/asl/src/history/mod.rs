//! The history of an execution: the events of `GetExecutionHistory`.
//!
//! A [`HistoryEvent`] serializes to exactly the wire shape of one element of the response's
//! `events`
//! (<https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html>),
//! `timestamp` as epoch seconds.

mod wire;

use std::sync::Arc;

use crate::{Payload, Timestamp};

/// An event of a history.
#[derive(Clone, Debug, PartialEq)]
pub struct HistoryEvent {
    /// The time.
    pub timestamp: Timestamp,
    /// Counted from 1 in an execution.
    pub id: u64,
    /// The event that led to this one, or 0; in a branch it points into the branch.
    pub previous_event_id: u64,
    /// The details.
    pub details: HistoryDetails,
}

/// An error and its cause, either of which may be missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Failure {
    /// The error's name.
    pub error: Option<String>,
    /// The cause.
    pub cause: Option<String>,
}

/// The state types, as event types spell them (`PassStateEntered`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the names say it
pub enum StateType {
    Choice,
    Fail,
    Map,
    Parallel,
    Pass,
    Succeed,
    Task,
    Wait,
}

/// The kind of a task, which decides the types of its events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TaskKind {
    /// A Lambda function by its own ARN: `LambdaFunctionScheduled`, …
    Lambda,
    /// An activity: `ActivityScheduled`, …
    Activity,
    /// A service integration: `TaskScheduled`, …
    Service {
        /// `invoke`, `sendMessage.waitForTaskToken`
        resource: Arc<str>,
        /// `lambda`, `aws-sdk:s3`
        resource_type: Arc<str>,
    },
}

/// The details of an event, as AWS records them.
#[derive(Clone, Debug, PartialEq)]
pub enum HistoryDetails {
    /// The first event.
    ExecutionStarted {
        /// The execution's input.
        input: Payload,
        /// The state machine's role.
        role_arn: Arc<str>,
        /// The alias it was started through.
        alias_arn: Option<Arc<str>>,
        /// The version it was started through.
        version_arn: Option<Arc<str>>,
    },
    /// The last event of a success.
    ExecutionSucceeded {
        /// The execution's output.
        output: Payload,
    },
    /// The last event of a failure.
    ExecutionFailed(Failure),
    /// The last event of an execution that was stopped.
    ExecutionAborted(Failure),
    /// An execution that had ended goes on.
    ExecutionRedriven {
        /// The number of redrives so far.
        count: u64,
    },
    /// The last event of an execution that exceeded the state machine's TimeoutSeconds.
    ExecutionTimedOut,
    /// A state begins.
    StateEntered {
        /// Its type.
        kind: StateType,
        /// Its name.
        name: Arc<str>,
        /// Its input, before `InputPath`.
        input: Payload,
    },
    /// A state ends.
    StateExited {
        /// Its type.
        kind: StateType,
        /// Its name.
        name: Arc<str>,
        /// Its output, after `OutputPath`.
        output: Payload,
        /// The variables that it assigned, by name.
        assigned: Vec<(Arc<str>, Payload)>,
    },
    /// A JSONata expression failed, or gave what its field cannot use.
    EvaluationFailed {
        /// The state's name.
        state: Arc<str>,
        /// The field, from the state on: `Output/result`.
        field: Option<Box<str>>,
        /// The error and cause.
        failure: Failure,
    },
    /// A state was given up because a sibling branch failed: `TaskStateAborted`, …
    StateAborted(StateType),
    /// The branches of a Parallel state begin.
    ParallelStateStarted,
    /// Every branch is done.
    ParallelStateSucceeded,
    /// A branch failed.
    ParallelStateFailed,
    /// The items of a Map state are known.
    MapStateStarted {
        /// The number of items.
        length: u64,
    },
    /// Every iteration is done.
    MapStateSucceeded,
    /// An iteration failed.
    MapStateFailed,
    /// The map run of a Distributed Map begins.
    MapRunStarted {
        /// Its ARN.
        arn: Arc<str>,
    },
    /// The map run of a Distributed Map goes on where it ended.
    MapRunRedriven {
        /// Its ARN.
        arn: Arc<str>,
        /// The number of redrives so far.
        count: u64,
    },
    /// The map run of a Distributed Map is done.
    MapRunSucceeded,
    /// The map run of a Distributed Map failed.
    MapRunFailed(Failure),
    /// The map run of a Distributed Map was given up.
    MapRunAborted,
    /// An iteration of an inline Map.
    MapIteration {
        /// The progress.
        progress: Iteration,
        /// The Map state's name.
        name: Arc<str>,
        /// The index of the item, from 0.
        index: u64,
    },
    /// A task was asked for.
    TaskScheduled {
        /// The kind of task.
        task: TaskKind,
        /// The function's or activity's ARN; unused for services.
        resource: Arc<str>,
        /// The region of the service, for example `us-east-1`; unused for functions and activities.
        region: Arc<str>,
        /// Its input or parameters.
        input: Payload,
        /// `TimeoutSeconds`
        timeout_seconds: Option<u64>,
        /// `HeartbeatSeconds`
        heartbeat_seconds: Option<u64>,
        /// The role of the state's `Credentials`.
        credentials_role: Option<Arc<str>>,
    },
    /// A task began.
    TaskStarted {
        /// The kind of task.
        task: TaskKind,
        /// An activity's worker.
        worker: Option<String>,
    },
    /// A service took the request, and the state waits on.
    TaskSubmitted {
        /// The kind of task.
        task: TaskKind,
        /// The API's response.
        output: Payload,
    },
    /// A task is done.
    TaskSucceeded {
        /// The kind of task.
        task: TaskKind,
        /// Its result.
        output: Payload,
    },
    /// A task failed.
    TaskFailed {
        /// The kind of task.
        task: TaskKind,
        /// The stage.
        stage: crate::event::FailureStage,
        /// The error and cause.
        failure: Failure,
    },
    /// A task exceeded TimeoutSeconds or HeartbeatSeconds.
    TaskTimedOut {
        /// The kind of task.
        task: TaskKind,
        /// The error and cause.
        failure: Failure,
    },
}

/// The progress of a Map iteration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the names say it
pub enum Iteration {
    Started,
    Succeeded,
    Failed,
    Aborted,
}
