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
    /// What the next event of this thread points back to.
    pub(super) last_event: u64,
    /// The state's entry, once it happened.
    pub(super) entered: Option<StateEntry>,
    /// The retries so far by each rule of the state.
    pub(super) attempts: Vec<u32>,
    /// The item that this iteration is for.
    pub(super) item: Option<(u64, Payload)>,
    /// What its states assigned.
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
    /// Which branch or iteration.
    pub(super) index: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct StateEntry {
    pub(super) event: u64,
    /// What that event points back to.
    #[serde(default)]
    pub(super) previous: u64,
    pub(super) at: Timestamp,
}

/// What a thread is at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Activity {
    /// It can go on: it stands in the queue.
    Ready,
    /// In a Wait state.
    Waiting(TimerId),
    /// Between a failure and its retry.
    BackingOff(TimerId),
    /// In a Task state.
    Task(Box<RunningTask>),
    /// In a Map whose processor runs as executions of its own.
    MapRun(Box<RunningMapRun>),
    /// In a Map or Parallel state.
    Branches(Box<Branches>),
    /// It is over; its place is free.
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
    /// Whether the history says that it was scheduled.
    pub(crate) scheduled: bool,
    /// Whether the history says that it has started.
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

    /// Notes that the request was accepted; says whether that was known.
    pub(crate) fn submit(&mut self) -> bool {
        std::mem::replace(&mut self.request.submitted, true)
    }
}
