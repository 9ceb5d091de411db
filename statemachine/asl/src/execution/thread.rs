//! A thread: one path through states.

use serde::{Deserialize, Serialize};

use super::Branches;
use crate::transition::StateId;
use crate::variables::Variables;
use crate::{MapRunRequest, Payload, Resource, TaskId, TaskRequest, TimerId, Timestamp};

/// A thread's place in its execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ThreadId(pub(super) u32);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Thread {
    pub(super) parent: Option<Parent>,
    pub(super) state: StateId,
    /// The state's raw input.
    pub(super) input: Payload,
    /// The event that the next event of this thread points back to.
    pub(super) last_event: u64,
    /// The state's entry, once it happened.
    pub(super) entered: Option<StateEntry>,
    /// The retries so far by each rule of the state.
    pub(super) attempts: Vec<u32>,
    /// The item that this iteration is for.
    pub(super) item: Option<(u64, Payload)>,
    /// The variables that its states assigned.
    #[serde(default, skip_serializing_if = "Variables::is_empty")]
    pub(super) variables: Variables,
    /// The state's map run that failed last: a redrive takes it up again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) failed_map_run: Option<Box<RunningMapRun>>,
    pub(super) activity: Activity,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Parent {
    pub(super) thread: ThreadId,
    /// The index of the branch or iteration.
    pub(super) index: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct StateEntry {
    pub(super) event: u64,
    /// The event that it points back to.
    #[serde(default)]
    pub(super) previous: u64,
    pub(super) at: Timestamp,
}

/// The activity of a thread.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Activity {
    /// The thread can go on, and stands in the queue.
    Ready,
    /// The thread is in a Wait state.
    Waiting(TimerId),
    /// The thread waits for a retry.
    BackingOff(TimerId),
    /// The thread is in a Task state.
    Task(Box<RunningTask>),
    /// The thread is in a Map whose processor runs as executions of its own.
    MapRun(Box<RunningMapRun>),
    /// The thread is in a Map or Parallel state.
    Branches(Box<Branches>),
    /// The thread is over, and its place is free.
    Over,
}

/// A map run that the runner is at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct RunningMapRun {
    pub(super) task: TaskId,
    pub(super) request: MapRunRequest,
}

/// A task that the runner is at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct RunningTask {
    pub(super) task: TaskId,
    pub(crate) request: TaskRequest,
    /// Set if the history says that it was scheduled.
    pub(crate) scheduled: bool,
    /// Set if the history says that it has started.
    pub(crate) started: bool,
    pub(super) timeout: Option<TimerId>,
    pub(super) heartbeat: Option<TimerId>,
}

impl RunningTask {
    pub(super) fn new(task: TaskId, request: TaskRequest) -> RunningTask {
        RunningTask {
            task,
            scheduled: !matches!(request.resource, Resource::Activity { .. }),
            request,
            started: false,
            timeout: None,
            heartbeat: None,
        }
    }

    /// Notes that the request was accepted; returns true if that was known.
    pub(crate) fn submit(&mut self) -> bool {
        std::mem::replace(&mut self.request.submitted, true)
    }
}
