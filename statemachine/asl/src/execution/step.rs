//! One step of an execution: its machine, the time, and the effects so far.

use std::sync::Arc;

use super::thread::{Activity, Parent, StateEntry, Thread, ThreadId};
use super::{Alarm, Execution, Timer};
use crate::data_flow::DataFlow;
use crate::fault::{Fault, names};
use crate::inspector::Inspector;
use crate::machine::State;
use crate::payload::MAX_PAYLOAD_BYTES;
use crate::transition::StateId;
use crate::variables::Variables;
use crate::{
    Effect, Failure, HistoryDetails, HistoryEvent, Outcome, Payload, StateMachine, TimerId,
    Timestamp,
};

/// AWS: the most events in an execution's history.
pub(super) const MAX_EVENTS: u64 = 25_000;

/// The most events that a step records, roughly, so that a loop without a wait cannot fill the
/// memory with effects; it goes on at once, by a timer that is due.
const EVENTS_PER_STEP: u64 = 1_000;

/// The most input that a step enters states with, roughly, for the same reason: 32 of the largest
/// payloads.
const BYTES_PER_STEP: usize = 32 * MAX_PAYLOAD_BYTES;

pub(crate) struct Step<'a> {
    pub(super) exec: &'a mut Execution,
    pub(super) machine: &'a StateMachine,
    pub(crate) now: Timestamp,
    pub(super) effects: Vec<Effect>,
    /// The length of the history when the step began.
    first_event: u64,
    /// The length of the inputs that states were entered with.
    entered_bytes: usize,
    /// Observes the one state that is tested.
    pub(super) inspector: Option<&'a Inspector>,
}

impl<'a> Step<'a> {
    pub(super) fn new(
        exec: &'a mut Execution,
        machine: &'a StateMachine,
        now: Timestamp,
    ) -> Step<'a> {
        let first_event = exec.events;
        Step {
            exec,
            machine,
            now,
            effects: Vec::new(),
            first_event,
            entered_bytes: 0,
            inspector: None,
        }
    }

    /// Records the start, and begins the first thread.
    pub(super) fn begin(&mut self) {
        let Some(beginning) = self.exec.unstarted.take() else {
            return;
        };
        let identity = &self.exec.identity;
        let arn = |arn: &Option<String>| arn.as_deref().map(Arc::from);
        let started = HistoryDetails::ExecutionStarted {
            input: self.exec.input.clone(),
            role_arn: identity.role_arn.as_str().into(),
            alias_arn: arn(&identity.state_machine_alias_arn),
            version_arn: arn(&identity.state_machine_version_arn),
        };
        self.record(0, started);
        self.set_execution_timeout(beginning.timeout_seconds);
        let input = self.exec.input.clone();
        self.add_thread(None, beginning.state, input, 0);
    }

    /// Sets the timer of the state machine's TimeoutSeconds.
    pub(super) fn set_execution_timeout(&mut self, timeout_seconds: Option<u64>) {
        if let Some(seconds) = timeout_seconds {
            self.set_timer(self.now.plus_seconds(seconds as f64), Alarm::Execution);
        }
    }

    /// Runs all threads that are ready.
    pub(super) fn run_ready_threads(&mut self) {
        while self.exec.outcome.is_none() {
            if self.exec.events + 1 >= MAX_EVENTS {
                return self.history_is_full();
            }
            if self.exec.ready.is_empty() {
                return;
            }
            if self.exec.events - self.first_event >= EVENTS_PER_STEP
                || self.entered_bytes >= BYTES_PER_STEP
            {
                self.set_timer(self.now, Alarm::Continue);
                return;
            }
            if let Some(thread) = self.exec.ready.pop_front() {
                self.advance(thread);
            }
        }
    }

    /// Takes a thread through its state, up to where it must wait.
    fn advance(&mut self, id: ThreadId) {
        if !matches!(self.thread(id).activity, Activity::Ready) {
            return;
        }
        let state = self.state(id);
        if self.thread(id).entered.is_none() {
            let (kind, name) = (state.kind.state_type(), state.name.clone());
            let input = self.thread(id).input.clone();
            self.entered_bytes += input.text().len();
            let previous = self.thread(id).last_event;
            let event = self.note(id, HistoryDetails::StateEntered { kind, name, input });
            let at = self.now;
            self.thread_mut(id).entered = Some(StateEntry {
                event,
                previous,
                at,
            });
        }
        if let Err(fault) = state.kind.run(self, id) {
            self.fail(id, fault);
        }
    }

    pub(super) fn thread(&self, id: ThreadId) -> &Thread {
        &self.exec.threads[id.0 as usize]
    }

    pub(super) fn thread_mut(&mut self, id: ThreadId) -> &mut Thread {
        &mut self.exec.threads[id.0 as usize]
    }

    /// Returns the state that a thread is at.
    pub(crate) fn state(&self, id: ThreadId) -> &'a State {
        self.machine.state(self.thread(id).state)
    }

    pub(crate) fn data_flow(&self, id: ThreadId) -> &'a DataFlow {
        &self.state(id).data_flow
    }

    pub(crate) fn region(&self) -> Arc<str> {
        self.exec.identity.region.as_str().into()
    }

    pub(crate) fn token(&mut self) -> String {
        self.exec.random.token()
    }

    /// Records an event that points back to `previous`.
    pub(crate) fn record(&mut self, previous: u64, details: HistoryDetails) -> u64 {
        // The last place belongs to the end of the execution.
        if self.exec.events + 1 < MAX_EVENTS {
            self.append(previous, details);
        }
        self.exec.events
    }

    /// Records an event of a thread's own; the thread's next event points back to it.
    pub(crate) fn note(&mut self, id: ThreadId, details: HistoryDetails) -> u64 {
        let event = self.record(self.thread(id).last_event, details);
        self.thread_mut(id).last_event = event;
        event
    }

    fn append(&mut self, previous: u64, details: HistoryDetails) {
        self.exec.events += 1;
        self.effects.push(Effect::Record(HistoryEvent {
            timestamp: self.now,
            id: self.exec.events,
            previous_event_id: previous,
            details,
        }));
    }

    /// Returns the payload if AWS would pass it on.
    pub(crate) fn accept(&self, id: ThreadId, payload: Payload) -> Result<Payload, Fault> {
        match Fault::for_oversized_result(&payload, &self.state(id).name) {
            None => Ok(payload),
            Some(fault) => Err(fault),
        }
    }

    pub(super) fn schedule(&mut self, id: ThreadId) {
        self.thread_mut(id).activity = Activity::Ready;
        self.exec.ready.push_back(id);
    }

    /// Begins a wait.
    pub(crate) fn wait(&mut self, id: ThreadId, until: Timestamp) {
        let timer = self.set_timer(until, Alarm::Wake(id));
        self.thread_mut(id).activity = Activity::Waiting(timer);
    }

    pub(super) fn add_thread(
        &mut self,
        parent: Option<Parent>,
        state: StateId,
        input: Payload,
        last_event: u64,
    ) -> ThreadId {
        let thread = Thread {
            parent,
            state,
            input,
            last_event,
            entered: None,
            attempts: Vec::new(),
            item: None,
            variables: Variables::default(),
            failed_map_run: None,
            activity: Activity::Ready,
        };
        let id = match self.exec.free.pop() {
            Some(id) => {
                *self.thread_mut(id) = thread;
                id
            }
            None => {
                self.exec.threads.push(thread);
                ThreadId((self.exec.threads.len() - 1) as u32)
            }
        };
        self.exec.ready.push_back(id);
        id
    }

    pub(super) fn remove_thread(&mut self, id: ThreadId) {
        let thread = self.thread_mut(id);
        thread.activity = Activity::Over;
        thread.input = Payload::null();
        thread.item = None;
        thread.variables = Variables::default();
        self.exec.ready.retain(|ready| *ready != id);
        self.exec.free.push(id);
    }

    pub(super) fn set_timer(&mut self, at: Timestamp, alarm: Alarm) -> TimerId {
        self.exec.last_timer += 1;
        let timer = TimerId(self.exec.last_timer);
        self.exec.timers.insert(timer, Timer { at, alarm });
        self.effects.push(Effect::SetTimer { timer, at });
        timer
    }

    pub(super) fn cancel_timer(&mut self, timer: Option<TimerId>) {
        let Some(timer) = timer else { return };
        if self.exec.timers.remove(&timer).is_some() {
            self.effects.push(Effect::CancelTimer { timer });
        }
    }

    fn history_is_full(&mut self) {
        let cause =
            format!("The execution reached the maximum number of history events ({MAX_EVENTS}).");
        let failure = Failure {
            error: Some(names::RUNTIME.into()),
            cause: Some(cause),
        };
        self.end_failed(self.exec.events, failure);
    }

    /// Ends the execution in place of a step.
    pub(super) fn abandon(mut self, failure: Failure) -> Vec<Effect> {
        self.begin();
        self.end_failed(self.exec.events, failure);
        self.effects
    }

    pub(super) fn end_failed(&mut self, previous: u64, failure: Failure) {
        let Failure { error, cause } = failure.clone();
        self.end(
            previous,
            HistoryDetails::ExecutionFailed(failure),
            Outcome::Failed { error, cause },
        );
    }

    /// Ends the execution: cancels what is under way, and records the end.
    pub(super) fn end(&mut self, previous: u64, details: HistoryDetails, outcome: Outcome) {
        for index in 0..self.exec.threads.len() {
            self.note_aborted_map_run(ThreadId(index as u32));
        }
        let tasks = std::mem::take(&mut self.exec.tasks).into_keys();
        self.effects
            .extend(tasks.map(|task| Effect::CancelTask { task }));
        let timers = std::mem::take(&mut self.exec.timers).into_keys();
        self.effects
            .extend(timers.map(|timer| Effect::CancelTimer { timer }));
        let threads = std::mem::take(&mut self.exec.threads);
        if matches!(outcome, Outcome::Succeeded { .. }) {
            self.exec.interrupted.clear();
        } else if self.exec.interrupted.is_empty() {
            self.exec.interrupted = threads;
        }
        self.exec.free.clear();
        self.exec.ready.clear();
        self.append(previous, details);
        self.effects.push(Effect::End(outcome.clone()));
        self.exec.outcome = Some(outcome);
    }
}
