//! What the runner tells an execution.

use serde::{Deserialize, Serialize};

use crate::{Payload, Timestamp, payload};

/// A task of one execution: counted from 1 inside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TaskId(pub u64);

/// A timer of one execution: counted from 1 inside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TimerId(pub u64);

/// Something that happened, and when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// When it happened. An execution's events should not go back in time; it does not break if they do.
    pub at: Timestamp,
    /// What happened.
    pub kind: EventKind,
}

/// What can happen. An event about a task or timer that is over is ignored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum EventKind {
    /// The activity of a task exists, and the task waits for a worker. Other tasks are scheduled by being started.
    TaskScheduled {
        /// Which.
        task: TaskId,
    },
    /// The work of a task began: a function was invoked, an API called, a worker took the activity.
    TaskStarted {
        /// Which.
        task: TaskId,
        /// The `workerName` of an activity's worker.
        worker: Option<String>,
    },
    /// The request was accepted and the state now waits for a job or a token (`.sync`, `.waitForTaskToken`).
    TaskSubmitted {
        /// Which.
        task: TaskId,
        /// The API's response.
        #[serde(deserialize_with = "payload::of_text_or_value")]
        output: Payload,
    },
    /// The task is done.
    TaskSucceeded {
        /// Which.
        task: TaskId,
        /// Its result.
        #[serde(deserialize_with = "payload::of_text_or_value")]
        output: Payload,
    },
    /// The task failed.
    TaskFailed {
        /// Which.
        task: TaskId,
        /// At what point, which decides the history's event type.
        stage: FailureStage,
        /// The error's name: a function's `errorType`, `Lambda.TooManyRequestsException`, …
        error: Option<String>,
        /// More about it; for a function's error the text of its payload.
        cause: Option<String>,
    },
    /// A worker said that it is alive (`SendTaskHeartbeat`).
    TaskHeartbeat {
        /// Which.
        task: TaskId,
    },
    /// A timer's time has come.
    TimerFired {
        /// Which.
        timer: TimerId,
    },
    /// It begins: the first event of an [unstarted](crate::Execution::unstarted) execution.
    Start,
    /// Someone stopped the execution (`StopExecution`).
    Stop {
        /// The caller's error.
        error: Option<String>,
        /// The caller's cause.
        cause: Option<String>,
    },
    /// Someone takes up the execution, which has ended without success, where it was (`RedriveExecution`).
    Redrive,
}

/// How far a task had come when it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FailureStage {
    /// It could not be scheduled: there is no such activity. The cause says so; the error's name is the engine's.
    Schedule,
    /// It could not be started (`TaskStartFailed`, `LambdaFunctionStartFailed`).
    Start,
    /// The request of a `.sync` or `.waitForTaskToken` task was refused (`TaskSubmitFailed`).
    Submit,
    /// It ran and failed (`TaskFailed`, `LambdaFunctionFailed`, `ActivityFailed`): nearly always this.
    Run,
}
