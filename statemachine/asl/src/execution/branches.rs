//! Starts and joins the branches of Parallel states and the iterations of Map states.

use serde::{Deserialize, Serialize};

use super::Step;
use super::thread::{Activity, Parent, ThreadId};
use crate::fault::Fault;
use crate::payload::MAX_PAYLOAD_BYTES;
use crate::states::StateKind;
use crate::transition::StateId;
use crate::{HistoryDetails, Iteration, Payload};

/// The branches of a thread in a Parallel state, or the iterations of one in a Map state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Branches {
    /// The running ones, by index.
    pub(super) running: Vec<(u32, ThreadId)>,
    /// The outputs, by index.
    outputs: Vec<Option<Payload>>,
    /// The number that are not done.
    left: usize,
    /// The length of the outputs, as the text of an array.
    #[serde(default)]
    bytes: usize,
    /// A Map's items.
    pub(super) items: Option<Items>,
}

/// The items of a Map state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Items {
    /// The value that `ItemSelector` reads as `$`.
    pub(crate) input: Payload,
    /// The array.
    pub(crate) items: Payload,
    /// The index of the first that has not begun.
    pub(crate) next: usize,
}

impl Branches {
    pub(crate) fn new(count: usize, items: Option<Items>) -> Branches {
        Branches {
            running: Vec::new(),
            outputs: vec![None; count],
            left: count,
            bytes: 1, // the brackets, and no comma after the last
            items,
        }
    }
}

impl Step<'_> {
    pub(crate) fn start_branches(&mut self, thread: ThreadId, branches: Branches) {
        self.thread_mut(thread).activity = Activity::Branches(Box::new(branches));
    }

    pub(super) fn branches(&mut self, thread: ThreadId) -> Option<&mut Branches> {
        match &mut self.thread_mut(thread).activity {
            Activity::Branches(branches) => Some(branches),
            _ => None,
        }
    }

    /// Begins a branch or iteration, whose first event points back to `previous`.
    pub(crate) fn spawn(
        &mut self,
        thread: ThreadId,
        index: usize,
        start: StateId,
        input: Payload,
        previous: u64,
    ) -> ThreadId {
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        let child = self.add_thread(Some(Parent { thread, index }), start, input, previous);
        if let Some(branches) = self.branches(thread) {
            branches.running.push((index, child));
        }
        child
    }

    pub(crate) fn set_item(&mut self, thread: ThreadId, index: usize, item: Payload) {
        self.thread_mut(thread).item = Some((index as u64, item));
    }

    /// Returns the value that a Map's `ItemSelector` reads as `$`.
    pub(crate) fn map_input(&self, thread: ThreadId) -> Payload {
        let thread = self.thread(thread);
        match &thread.activity {
            Activity::Branches(branches) => branches
                .items
                .as_ref()
                .map_or(&thread.input, |items| &items.input),
            Activity::MapRun(running) => &running.request.input,
            _ => &thread.input,
        }
        .clone()
    }

    /// Takes the next of a Map's items.
    pub(crate) fn next_item(&mut self, thread: ThreadId) -> Option<(usize, Payload)> {
        let items = self.branches(thread)?.items.as_mut()?;
        let index = items.next;
        let item = items.items.value().get(index)?.clone();
        items.next += 1;
        Some((index, item.into()))
    }

    /// Takes in the output of a branch or iteration.
    pub(super) fn finish_branch(&mut self, parent: Parent, child: ThreadId, output: Payload) {
        let last = self.thread(child).last_event;
        self.remove_thread(child);
        let Some(branches) = self.branches(parent.thread) else {
            return;
        };
        branches.running.retain(|(_, running)| *running != child);
        branches.bytes += output.text().len() + 1;
        let too_much = branches.bytes > MAX_PAYLOAD_BYTES;
        if let Some(slot) = branches.outputs.get_mut(parent.index as usize) {
            *slot = Some(output);
        }
        branches.left = branches.left.saturating_sub(1);
        let all_done = branches.left == 0;
        // Outputs that can't be joined any more are not gathered.
        let joins = if too_much && !all_done {
            Err(Fault::data_limit(&self.state(parent.thread).name))
        } else {
            self.continue_after_branch(parent, last, all_done)
        };
        if let Err(fault) = joins {
            self.fail(parent.thread, fault);
        }
    }

    fn continue_after_branch(
        &mut self,
        parent: Parent,
        last: u64,
        all_done: bool,
    ) -> Result<(), Fault> {
        let state = self.state(parent.thread);
        let StateKind::Map(map) = &state.kind else {
            self.thread_mut(parent.thread).last_event = last;
            return if all_done {
                self.join_branches(parent.thread)
            } else {
                Ok(())
            };
        };
        let (name, index) = (state.name.clone(), u64::from(parent.index));
        let succeeded = HistoryDetails::MapIteration {
            progress: Iteration::Succeeded,
            name,
            index,
        };
        let succeeded = self.record(last, succeeded);
        self.thread_mut(parent.thread).last_event = succeeded;
        if all_done {
            self.join_branches(parent.thread)
        } else {
            map.begin_next(self, parent.thread, last)
        }
    }

    /// Leaves the state once all branches or iterations are done.
    pub(crate) fn join_branches(&mut self, thread: ThreadId) -> Result<(), Fault> {
        let outputs = self
            .branches(thread)
            .map(|b| std::mem::take(&mut b.outputs))
            .unwrap_or_default();
        self.thread_mut(thread).activity = Activity::Ready;
        let succeeded = match self.state(thread).kind {
            StateKind::Map(_) => HistoryDetails::MapStateSucceeded,
            _ => HistoryDetails::ParallelStateSucceeded,
        };
        // Nothing points back to this event: the exit has the same predecessor.
        self.record(self.thread(thread).last_event, succeeded);
        let outputs: Vec<Payload> = outputs.into_iter().flatten().collect();
        let result = self.accept(thread, Payload::array(&outputs))?;
        self.exit_with(thread, &result)
    }
}
