//! Map runs: the one task of a Distributed Map, and the child executions that are started for it.

use serde_json::Value;

use super::thread::{Activity, RunningMapRun, ThreadId};
use super::{Execution, StartPoint, Step};
use crate::fault::Fault;
use crate::jsonata::EvaluationLog;
use crate::random::Random;
use crate::states::StateKind;
use crate::{
    Effect, Event, EventKind, Failure, HistoryDetails, Identity, MapRunRequest, Payload,
    StateMachine, TaskId, Timestamp,
};

impl Execution {
    /// Creates the execution of a map run for one item, or one batch of items: `input`, before its
    /// first step, which is that of [`EventKind::Start`]. The child sees
    /// nothing of the execution around it.
    pub fn child(
        request: &MapRunRequest,
        identity: Identity,
        input: Value,
        at: Timestamp,
        seed: u64,
    ) -> Execution {
        let mut execution = Execution::new(identity, input.into(), at, seed);
        execution.unstarted = Some(StartPoint {
            state: request.processor,
            timeout_seconds: None,
        });
        execution
    }

    /// Creates the execution of a child and does its first step.
    pub fn start_child(
        machine: &StateMachine,
        request: &MapRunRequest,
        identity: Identity,
        input: Value,
        at: Timestamp,
        seed: u64,
    ) -> (Execution, Vec<Effect>) {
        let mut execution = Execution::child(request, identity, input, at, seed);
        let kind = EventKind::Start;
        let effects = execution.step(machine, Event { at, kind });
        (execution, effects)
    }

    /// Evaluates the `ItemSelector` of a map run for an item; without one, returns the item.
    ///
    /// # Errors
    /// The failure of `ItemSelector`, or that the map run is over.
    pub fn map_item(
        &mut self,
        machine: &StateMachine,
        task: TaskId,
        index: u64,
        item: Value,
    ) -> Result<Payload, Failure> {
        let over = || Failure {
            error: Some(crate::fault::names::RUNTIME.to_owned()),
            cause: Some("The map run is over".to_owned()),
        };
        let thread = self.tasks.get(&task).copied().ok_or_else(over)?;
        // This is no event, and no journal has it: what comes later must not depend on it.
        let random = self.random;
        self.random = Random::new(self.random.next().wrapping_add(index));
        let started = self.started;
        let mut step = Step::new(self, machine, started);
        let made = match &step.state(thread).kind {
            StateKind::Map(map) => map
                .item_input(&mut step, thread, index as usize, &Payload::from(item))
                .map_err(|fault| step.failure(thread, fault)),
            _ => Err(over()),
        };
        self.random = random;
        self.evaluations = EvaluationLog::default();
        made
    }
}

impl Step<'_> {
    /// Returns the label of a state's map runs: its own, or a UUID that stays the same.
    pub(crate) fn map_label(&self, thread: ThreadId, label: Option<&String>) -> String {
        label.cloned().unwrap_or_else(|| {
            let identity = &self.exec.identity;
            let names = [&*identity.state_machine_arn, &*self.state(thread).name];
            Random::new(hash(&names.join("/"))).uuid()
        })
    }

    /// `arn:…:mapRun:MACHINE/LABEL:UUID`
    pub(crate) fn map_run_arn(&mut self, label: &str) -> String {
        let uuid = self.exec.random.uuid();
        let identity = &self.exec.identity;
        let arn = identity
            .state_machine_arn
            .replacen(":stateMachine:", ":mapRun:", 1);
        format!("{arn}/{label}:{uuid}")
    }

    pub(crate) fn start_map_run(&mut self, thread: ThreadId, request: MapRunRequest) {
        let arn = request.map_run_arn.as_str().into();
        self.note(thread, HistoryDetails::MapRunStarted { arn });
        self.exec.last_task += 1;
        let task = TaskId(self.exec.last_task);
        self.run_map(thread, RunningMapRun { task, request });
    }

    /// Takes up a map run that ended without success, or was given up.
    pub(super) fn redrive_map_run(&mut self, thread: ThreadId, mut running: RunningMapRun) {
        running.request.redrives += 1;
        let redriven = HistoryDetails::MapRunRedriven {
            arn: running.request.map_run_arn.as_str().into(),
            count: running.request.redrives,
        };
        self.note(thread, redriven);
        self.run_map(thread, running);
    }

    fn run_map(&mut self, thread: ThreadId, running: RunningMapRun) {
        let task = running.task;
        self.effects.push(Effect::StartMapRun {
            task,
            request: Box::new(running.request.clone()),
        });
        self.exec.tasks.insert(task, thread);
        let thread = self.thread_mut(thread);
        thread.failed_map_run = None;
        thread.activity = Activity::MapRun(Box::new(running));
    }

    pub(super) fn running_map_run(&self, thread: ThreadId) -> Option<&RunningMapRun> {
        match &self.thread(thread).activity {
            Activity::MapRun(running) => Some(running),
            _ => None,
        }
    }

    /// Takes in the result of a map run.
    pub(super) fn map_run_succeeded(
        &mut self,
        thread: ThreadId,
        result: Payload,
    ) -> Result<(), Fault> {
        self.end_map_run(thread);
        let succeeded = self.note(thread, HistoryDetails::MapRunSucceeded);
        // Nothing points back to this event: the exit has the same predecessor.
        self.record(succeeded, HistoryDetails::MapStateSucceeded);
        let result = self.accept(thread, result)?;
        self.exit_with(thread, &result)
    }

    /// Takes in the failure of a map run.
    pub(super) fn map_run_failed(&mut self, thread: ThreadId, failure: Failure) {
        let ended = self.end_map_run(thread);
        self.thread_mut(thread).failed_map_run = ended;
        self.note(thread, HistoryDetails::MapRunFailed(failure.clone()));
        self.unwind(thread, failure, true);
    }

    /// Records that the map run that a thread is at is given up.
    pub(super) fn note_aborted_map_run(&mut self, thread: ThreadId) -> Option<u64> {
        self.running_map_run(thread)?;
        Some(self.note(thread, HistoryDetails::MapRunAborted))
    }

    fn end_map_run(&mut self, thread: ThreadId) -> Option<Box<RunningMapRun>> {
        let activity = std::mem::replace(&mut self.thread_mut(thread).activity, Activity::Ready);
        let Activity::MapRun(running) = activity else {
            return None;
        };
        self.exec.tasks.remove(&running.task);
        Some(running)
    }
}

/// FNV-1a, 64 bits.
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
