//! Effects: what an execution asks of the runner.

use serde::{Deserialize, Serialize};

use crate::{HistoryEvent, MapRunRequest, Payload, Resource, TaskId, TimerId, Timestamp};

/// An action for the runner. Perform effects in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Start a task and report on it.
    StartTask {
        /// Its id in all events about it.
        task: TaskId,
        /// The request.
        request: TaskRequest,
    },
    /// Start a map run, and report on it as on a task: [`crate::EventKind::TaskSucceeded`] or
    /// [`crate::EventKind::TaskFailed`].
    StartMapRun {
        /// Its id in all events about it.
        task: TaskId,
        /// The request.
        request: Box<MapRunRequest>,
    },
    /// The task or map run is no longer needed; later events about it are ignored.
    CancelTask {
        /// The task.
        task: TaskId,
    },
    /// Send [`crate::EventKind::TimerFired`] at that time, or at once if it has passed.
    SetTimer {
        /// Its id.
        timer: TimerId,
        /// The time.
        at: Timestamp,
    },
    /// Forget a timer.
    CancelTimer {
        /// The timer.
        timer: TimerId,
    },
    /// Append to the history.
    Record(HistoryEvent),
    /// The execution is over: nothing follows.
    End(Outcome),
}

/// A task's work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaskRequest {
    /// The state that asks, for logs.
    pub state: String,
    /// The function, activity or API to call.
    pub resource: Resource,
    /// The API's parameters, or the function's or activity's input.
    pub arguments: Payload,
    /// The token that ends the task, for `.waitForTaskToken` and activities.
    pub token: Option<String>,
    /// `Credentials` of the state, evaluated.
    pub credentials: Option<Payload>,
    /// The time limit in seconds, for which the engine sets a timer of its own.
    pub timeout_seconds: Option<u64>,
    /// The longest time between heartbeats in seconds, for which the engine sets a timer of its
    /// own.
    pub heartbeat_seconds: Option<u64>,
    /// The request was made and accepted before a restart (`TaskSubmitted`): do not make it again,
    /// only wait on for the job or the token. Always false in the first [`Effect::StartTask`].
    pub submitted: bool,
}

/// The end of an execution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Outcome {
    /// `SUCCEEDED`
    Succeeded {
        /// The last state's output.
        output: Payload,
    },
    /// `FAILED`
    Failed {
        /// The error's name.
        error: Option<String>,
        /// The cause.
        cause: Option<String>,
    },
    /// `TIMED_OUT`: the state machine's own TimeoutSeconds. (With braces, it reads what was stored
    /// with an error.)
    TimedOut {},
    /// `ABORTED`: someone stopped it.
    Aborted {
        /// The one that the caller gave.
        error: Option<String>,
        /// The one that the caller gave.
        cause: Option<String>,
    },
}

impl Outcome {
    /// The execution status, as `DescribeExecution` spells it.
    pub fn status(&self) -> &'static str {
        match self {
            Outcome::Succeeded { .. } => "SUCCEEDED",
            Outcome::Failed { .. } => "FAILED",
            Outcome::TimedOut { .. } => "TIMED_OUT",
            Outcome::Aborted { .. } => "ABORTED",
        }
    }
}
