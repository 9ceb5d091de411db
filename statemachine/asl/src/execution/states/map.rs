//! Runs a Map state: runs its processor once for each item.
//!
//! | in | on | does | then |
//! | --- | --- | --- | --- |
//! | (entered) |  | finds the items; `MapStateStarted`; the first iterations begin | iterating |
//! | iterating | an iteration ended | `MapIterationSucceeded`; the next item begins | iterating |
//! | iterating | the last ended | `MapStateSucceeded`; the outputs as an array | exit |
//! | iterating | one failed | `MapIterationFailed`; aborts the others | retry, catch or fail |

use crate::execution::{Branches, Items, ScopeInputs, Step, ThreadId};
use crate::fault::Fault;
use crate::states::Map;
use crate::{HistoryDetails, Iteration, Payload};

impl Map {
    pub(super) fn run(&self, step: &mut Step<'_>, thread: ThreadId) -> Result<(), Fault> {
        if let Some(distributed) = &self.distributed {
            return distributed.run(self, step, thread);
        }
        let data_flow = step.data_flow(thread);
        let (input, items, concurrency) =
            step.with_scope(thread, ScopeInputs::default(), |input, scope| {
                let input = data_flow.selected_input(input, scope)?;
                let scope = scope.over(input.value());
                let items = self.items.evaluate(&input, &scope)?;
                let concurrency = self.inline_concurrency(&scope)?;
                Ok((input, items, concurrency))
            })?;
        if let Some(instead) = step.mocked_branches(thread) {
            return instead;
        }
        let length = items.value().as_array().map_or(0, Vec::len);
        let started = step.note(
            thread,
            HistoryDetails::MapStateStarted {
                length: length as u64,
            },
        );
        step.start_branches(
            thread,
            Branches::new(
                length,
                Some(Items {
                    input,
                    items,
                    next: 0,
                }),
            ),
        );
        if length == 0 {
            return step.join_branches(thread);
        }
        for _ in 0..concurrency.min(length as u64) {
            self.begin_next(step, thread, started)?;
        }
        Ok(())
    }

    /// Begins the next iteration, if there is one; `previous` is the event that made room for it.
    pub(crate) fn begin_next(
        &self,
        step: &mut Step<'_>,
        thread: ThreadId,
        previous: u64,
    ) -> Result<(), Fault> {
        let Some((index, item)) = step.next_item(thread) else {
            return Ok(());
        };
        let input = self.item_input(step, thread, index, &item)?;
        let name = step.state(thread).name.clone();
        let details = HistoryDetails::MapIteration {
            progress: Iteration::Started,
            name,
            index: index as u64,
        };
        let started = step.record(previous, details);
        let child = step.spawn(thread, index, self.processor, input, started);
        step.set_item(child, index, item);
        Ok(())
    }

    /// Returns the input of an iteration, or of a child execution: the item, or what `ItemSelector`
    /// makes of it.
    pub(crate) fn item_input(
        &self,
        step: &mut Step<'_>,
        thread: ThreadId,
        index: usize,
        item: &Payload,
    ) -> Result<Payload, Fault> {
        let Some(selector) = &self.item_selector else {
            return Ok(item.clone());
        };
        let input = step.map_input(thread);
        let view = ScopeInputs::item(index, item.value());
        let input = step.with_scope(thread, view, |_, scope| {
            selector.render(&scope.over(input.value()))
        })?;
        step.accept(thread, input.into())
    }
}
