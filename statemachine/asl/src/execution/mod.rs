//! The interpreter: one execution of a state machine, as a plain value.
//!
//! An execution is a set of *threads*: one for the machine itself, and one for each running branch
//! or iteration, which knows its parent. A thread is at one state. Threads that can go on stand in
//! a queue; each takes one state at a time, so that branches interleave as they do on AWS.

mod branches;
mod events;
mod exit;
mod failure;
mod map_runs;
mod redrive;
mod scope;
mod single_state;
mod states;
mod step;
mod tasks;
mod thread;

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

pub(crate) use branches::{Branches, Items};
pub(crate) use scope::ScopeInputs;
pub(crate) use single_state::TestInput;
pub(crate) use step::Step;
pub(crate) use thread::{RunningTask, ThreadId};

use crate::fault::names;
use crate::jsonata::EvaluationLog;
use crate::random::Random;
use crate::transition::StateId;
use crate::{
    Effect, EvaluationResponse, Event, EventKind, Failure, Identity, Outcome, Payload,
    StateMachine, TaskId, TimerId, Timestamp,
};
use thread::{Activity, Thread};

/// An execution of a state machine. You can serialize it after any step; the copy continues exactly
/// as the original would.
///
/// Every call needs the same definition that the execution was started with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Execution {
    identity: Identity,
    input: Payload,
    started: Timestamp,
    random: Random,
    /// The id of the last history event.
    events: u64,
    last_task: u64,
    last_timer: u64,
    threads: Vec<Thread>,
    /// The threads that are over; their places are used again.
    free: Vec<ThreadId>,
    ready: VecDeque<ThreadId>,
    tasks: BTreeMap<TaskId, ThreadId>,
    timers: BTreeMap<TimerId, Timer>,
    outcome: Option<Outcome>,
    /// The threads as they were when it ended without success, for a redrive.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    interrupted: Vec<Thread>,
    /// The point to start at, until it has started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unstarted: Option<StartPoint>,
    /// The evaluations of the step that is under way, or was the last.
    #[serde(skip)]
    evaluations: EvaluationLog,
}

/// The point at which an execution starts.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct StartPoint {
    state: StateId,
    timeout_seconds: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Timer {
    at: Timestamp,
    alarm: Alarm,
}

/// The purpose of a timer.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
enum Alarm {
    /// A Wait or a back-off is over.
    Wake(ThreadId),
    /// A task's TimeoutSeconds are over.
    Timeout(ThreadId),
    /// A task's HeartbeatSeconds are over.
    Heartbeat(ThreadId),
    /// The state machine's own TimeoutSeconds are over.
    Execution,
    /// The step before did all that one step may do.
    Continue,
}

impl Execution {
    /// Starts an execution. `seed` feeds everything random: jitter and task tokens. Take it from a
    /// good source: tokens are as hard to guess as the seed.
    ///
    /// The input's size is the caller's to check ([`Payload::is_acceptable`]); AWS refuses
    /// StartExecution with it.
    pub fn start(
        machine: &StateMachine,
        identity: Identity,
        input: impl Into<Payload>,
        at: Timestamp,
        seed: u64,
    ) -> (Execution, Vec<Effect>) {
        let mut execution = Execution::unstarted(machine, identity, input, at, seed);
        let kind = EventKind::Start;
        let effects = execution.step(machine, Event { at, kind });
        (execution, effects)
    }

    /// Creates an execution before its first step, which is that of [`EventKind::Start`].
    pub fn unstarted(
        machine: &StateMachine,
        identity: Identity,
        input: impl Into<Payload>,
        at: Timestamp,
        seed: u64,
    ) -> Execution {
        let mut execution = Execution::new(identity, input.into(), at, seed);
        execution.unstarted = Some(StartPoint {
            state: machine.start,
            timeout_seconds: machine.timeout_seconds,
        });
        execution
    }

    fn new(identity: Identity, input: Payload, at: Timestamp, seed: u64) -> Execution {
        Execution {
            identity,
            input,
            started: at,
            random: Random::new(seed),
            events: 0,
            last_task: 0,
            last_timer: 0,
            threads: Vec::new(),
            free: Vec::new(),
            ready: VecDeque::new(),
            tasks: BTreeMap::new(),
            timers: BTreeMap::new(),
            outcome: None,
            interrupted: Vec::new(),
            unstarted: None,
            evaluations: EvaluationLog::default(),
        }
    }

    /// Takes in an event and returns the effects, in order. Never panics; events about what is over
    /// do nothing.
    pub fn step(&mut self, machine: &StateMachine, event: Event) -> Vec<Effect> {
        if self.outcome.is_some() && !(event.kind == EventKind::Redrive && self.is_redrivable()) {
            return Vec::new();
        }
        self.evaluations = EvaluationLog::default();
        Step::new(self, machine, event.at).take(event.kind)
    }

    /// Repeats a step with the same effects, given what was [evaluated](Execution::evaluations) in
    /// it the first time.
    pub fn replay(
        &mut self,
        machine: &StateMachine,
        event: Event,
        evaluations: Vec<EvaluationResponse>,
    ) -> Vec<Effect> {
        if self.outcome.is_some() && event.kind != EventKind::Redrive {
            return Vec::new();
        }
        self.evaluations = EvaluationLog::replaying(evaluations);
        Step::new(self, machine, event.at).take(event.kind)
    }

    /// The responses of the machine's [`Evaluate`](crate::Evaluate) in the last step, in order.
    pub fn evaluations(&self) -> &[EvaluationResponse] {
        self.evaluations.responses()
    }

    /// Ends the execution as failed, whatever was left undone: for a runner to which
    /// [`Execution::step`] did not come back. `recorded` is the id of the last history event that
    /// the runner has.
    pub fn abandon(
        &mut self,
        machine: &StateMachine,
        at: Timestamp,
        recorded: u64,
        cause: String,
    ) -> Vec<Effect> {
        self.events = recorded;
        let failure = Failure {
            error: Some(names::RUNTIME.into()),
            cause: Some(cause),
        };
        let effects = Step::new(self, machine, at).abandon(failure);
        // Nobody knows what its threads are at.
        self.interrupted.clear();
        effects
    }

    /// The outcome, once the execution has ended.
    pub fn outcome(&self) -> Option<&Outcome> {
        self.outcome.as_ref()
    }

    /// Returns true if the execution has ended without success and can go on where it was. The
    /// caller decides how often, and how long after its end.
    pub fn is_redrivable(&self) -> bool {
        !self.interrupted.is_empty() && self.events + 1 < step::MAX_EVENTS
    }

    /// The names of the execution and of its state machine.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The input that it was started with.
    pub fn input(&self) -> &Payload {
        &self.input
    }

    /// The time of its start.
    pub fn started(&self) -> Timestamp {
        self.started
    }

    /// The number of events in its history.
    pub fn history_length(&self) -> u64 {
        self.events
    }

    /// The tasks, map runs and timers to take up again after a restart, as [`Effect::StartTask`],
    /// [`Effect::StartMapRun`] and [`Effect::SetTimer`].
    pub fn outstanding(&self) -> Vec<Effect> {
        let tasks = self
            .threads
            .iter()
            .filter_map(|thread| match &thread.activity {
                Activity::Task(running) => Some(Effect::StartTask {
                    task: running.task,
                    request: running.request.clone(),
                }),
                Activity::MapRun(running) => Some(Effect::StartMapRun {
                    task: running.task,
                    request: Box::new(running.request.clone()),
                }),
                _ => None,
            });
        let timers = self
            .timers
            .iter()
            .map(|(timer, Timer { at, .. })| Effect::SetTimer {
                timer: *timer,
                at: *at,
            });
        tasks.chain(timers).collect()
    }
}
