//! Turns the items of a map run into children, alone or in batches.

use asl::{Failure, ItemBatcher, MAX_PAYLOAD_BYTES, Payload};
use serde_json::Value;
use tokio::sync::oneshot;

use super::super::Fault;
use super::super::batch::Engine;
use super::super::stepping::Items;
use super::{MapRun, Phase};
use crate::store::map_runs;

/// The items that do not make a child yet, and how many children there are.
#[derive(Default)]
pub(in crate::engine) struct Batches {
    open: Vec<Payload>,
    /// The length of the open batch, as text.
    bytes: usize,
    next_child: i64,
    next_item: u64,
}

impl Engine {
    /// Hands a page of items to another thread if processing it may take long; otherwise returns
    /// it.
    pub(super) fn defer_page(
        &mut self,
        id: i64,
        items: Vec<Value>,
        more: oneshot::Sender<bool>,
    ) -> Option<(Vec<Value>, oneshot::Sender<bool>)> {
        let Some(run) = self.map_runs.runs.get_mut(&id) else {
            return Some((items, more));
        };
        let (Phase::Reading(batches), Some(live)) = (&mut run.phase, self.live.get(&run.execution))
        else {
            return Some((items, more));
        };
        if !live.is_costly() {
            return Some((items, more));
        }
        let (first, map_run, task) = (batches.next_item, id, run.task);
        batches.next_item += items.len() as u64;
        let page = Items {
            map_run,
            task,
            first,
            items,
            more,
        };
        let execution = run.execution;
        self.defer_items(execution, page);
        None
    }

    /// Adds a page of processed items; returns true if more are wanted.
    pub(in crate::engine) fn take_mapped(
        &mut self,
        id: i64,
        made: Vec<Result<Payload, Failure>>,
    ) -> Result<bool, Fault> {
        for made in made {
            let Some(run) = self.map_runs.runs.get_mut(&id) else {
                return Ok(false);
            };
            match made.and_then(|made| acceptable(made, &run.request.state)) {
                Ok(item) => run.add(&self.db, item)?,
                Err(failure) => {
                    self.fail_map_run(id, failure)?;
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// Adds a page of items; returns true if more are wanted.
    pub(super) fn take_items(&mut self, id: i64, items: Vec<Value>) -> Result<bool, Fault> {
        for item in items {
            let Some(run) = self.map_runs.runs.get_mut(&id) else {
                return Ok(false);
            };
            let Phase::Reading(batches) = &mut run.phase else {
                return Ok(false);
            };
            let index = batches.next_item;
            batches.next_item += 1;
            let Some(live) = self.live.get_mut(&run.execution) else {
                return Ok(false);
            };
            let made = live.map_item(run.task, index, item);
            let added = made.and_then(|made| acceptable(made, &run.request.state));
            match added {
                Ok(item) => run.add(&self.db, item)?,
                Err(failure) => {
                    self.fail_map_run(id, failure)?;
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// Records that all items were read, or that reading failed.
    pub(super) fn all_items_read(
        &mut self,
        id: i64,
        outcome: Result<(), Failure>,
    ) -> Result<(), Fault> {
        let Some(run) = self.map_runs.runs.get_mut(&id) else {
            return Ok(());
        };
        if !matches!(run.phase, Phase::Reading(_)) {
            return Ok(());
        }
        if let Err(failure) = outcome {
            return self.fail_map_run(id, failure);
        }
        run.close_batch(&self.db)?;
        run.phase = Phase::Running;
        run.job = None;
        map_runs::read(&self.db, id)?;
        self.map_runs.ready.insert(id);
        Ok(())
    }
}

impl MapRun {
    fn add(&mut self, db: &rusqlite::Connection, item: Payload) -> rusqlite::Result<()> {
        self.tally.items += 1;
        let Some(batch) = &self.request.batch else {
            return self.add_child(db, 1, item.text());
        };
        let (max_items, max_bytes) = limits(batch);
        let overhead = batch.input.as_ref().map_or(0, |input| input.text().len())
            + r#"{"BatchInput":,"Items":[]}"#.len();
        let Phase::Reading(batches) = &self.phase else {
            return Ok(());
        };
        let full = batches.open.len() >= max_items
            || overhead + batches.bytes + item.text().len() > max_bytes;
        if full {
            self.close_batch(db)?;
        }
        if let Phase::Reading(batches) = &mut self.phase {
            batches.bytes += item.text().len() + 1;
            batches.open.push(item);
        }
        Ok(())
    }

    /// Makes a child of the open batch, if there is one.
    fn close_batch(&mut self, db: &rusqlite::Connection) -> rusqlite::Result<()> {
        let Phase::Reading(batches) = &mut self.phase else {
            return Ok(());
        };
        let items = std::mem::take(&mut batches.open);
        batches.bytes = 0;
        if items.is_empty() {
            return Ok(());
        }
        let texts: Vec<&str> = items.iter().map(Payload::text).collect();
        let input = self.request.batch.as_ref();
        let input = input.and_then(|batch| batch.input.as_ref());
        let input = input.map(|input| format!(r#""BatchInput":{},"#, input.text()));
        let text = format!(
            r#"{{{}"Items":[{}]}}"#,
            input.unwrap_or_default(),
            texts.join(",")
        );
        self.add_child(db, items.len() as i64, &text)
    }

    fn add_child(
        &mut self,
        db: &rusqlite::Connection,
        items: i64,
        input: &str,
    ) -> rusqlite::Result<()> {
        let Phase::Reading(batches) = &mut self.phase else {
            return Ok(());
        };
        map_runs::add_child(db, self.id, batches.next_child, items, input)?;
        batches.next_child += 1;
        self.tally.pending += 1;
        Ok(())
    }
}

/// Returns the maximum number of items and of bytes in a batch. No batch is longer than a payload.
fn limits(batch: &ItemBatcher) -> (usize, usize) {
    let limit = |requested: Option<u64>, max: usize| match requested {
        None | Some(0) => max,
        Some(requested) => usize::try_from(requested).map_or(max, |requested| requested.min(max)),
    };
    (
        limit(batch.max_items, usize::MAX),
        limit(batch.max_bytes, MAX_PAYLOAD_BYTES),
    )
}

fn acceptable(item: Payload, state: &str) -> Result<Payload, Failure> {
    if item.is_acceptable() {
        return Ok(item);
    }
    Err(Failure {
        error: Some("States.DataLimitExceeded".to_owned()),
        cause: Some(format!(
            "The state/task '{state}' returned a result with a size exceeding the maximum number \
             of bytes service limit."
        )),
    })
}
