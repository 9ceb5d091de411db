//! Events: what the runner tells an execution.

use serde::{Deserialize, Serialize};

use crate::{Payload, Timestamp, payload};

/// A task of one execution: counted from 1 inside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TaskId(pub u64);

/// A timer of one execution: counted from 1 inside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TimerId(pub u64);

/// An event for an execution, with its time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// The time. An execution's events should not go back in time, but may.
    pub at: Timestamp,
    /// The kind of event.
    pub kind: EventKind,
}

/// The kinds of events. An event about a task or timer that is over is ignored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum EventKind {
    /// The activity of a task exists, and the task waits for a worker. Other tasks are scheduled by
    /// being started.
    TaskScheduled {
        /// The task.
        task: TaskId,
    },
    /// The work of a task began: a function was invoked, an API called, a worker took the activity.
    TaskStarted {
        /// The task.
        task: TaskId,
        /// The `workerName` of an activity's worker.
        worker: Option<String>,
    },
    /// The request was accepted and the state now waits for a job or a token (`.sync`,
    /// `.waitForTaskToken`).
    TaskSubmitted {
        /// The task.
        task: TaskId,
        /// The API's response.
        #[serde(deserialize_with = "payload::of_text_or_value")]
        output: Payload,
    },
    /// The task is done.
    TaskSucceeded {
        /// The task.
        task: TaskId,
        /// Its result.
        #[serde(deserialize_with = "payload::of_text_or_value")]
        output: Payload,
    },
    /// The task failed.
    TaskFailed {
        /// The task.
        task: TaskId,
        /// The stage, which decides the type of the history event.
        stage: FailureStage,
        /// The error's name: a function's `errorType`, `Lambda.TooManyRequestsException`, …
        error: Option<String>,
        /// More about it; for a function's error the text of its payload.
        cause: Option<String>,
    },
    /// A worker said that it is alive (`SendTaskHeartbeat`).
    TaskHeartbeat {
        /// The task.
        task: TaskId,
    },
    /// A timer's time has come.
    TimerFired {
        /// The timer.
        timer: TimerId,
    },
    /// The execution begins: the first event of an [unstarted](crate::Execution::unstarted)
    /// execution.
    Start,
    /// `StopExecution` was called.
    Stop {
        /// The caller's error.
        error: Option<String>,
        /// The caller's cause.
        cause: Option<String>,
    },
    /// `RedriveExecution` was called on an execution that ended without success.
    Redrive,
}

/// The stage at which a task failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FailureStage {
    /// The task could not be scheduled: there is no such activity. The cause says so; the engine
    /// names the error.
    Schedule,
    /// The task could not be started (`TaskStartFailed`, `LambdaFunctionStartFailed`).
    Start,
    /// The request of a `.sync` or `.waitForTaskToken` task was refused (`TaskSubmitFailed`).
    Submit,
    /// The task ran and failed (`TaskFailed`, `LambdaFunctionFailed`, `ActivityFailed`): nearly
    /// always this.
    Run,
}
