//! Entering a Distributed Map: what it asks the runner to do.

use super::{Distributed, items};
use crate::execution::{Run, ThreadId, View};
use crate::fault::Fault;
use crate::io;
use crate::states::items::Source;
use crate::states::map::Map;
use crate::template::Scope;
use crate::{HistoryDetails, ItemSource, MapRunRequest, Payload};

impl Distributed {
    /// Asks the runner for a map run.
    pub(crate) fn run(&self, map: &Map, run: &mut Run<'_>, thread: ThreadId) -> Result<(), Fault> {
        let shaping = run.shaping(thread);
        let (input, given) = run.with_scope(thread, View::default(), |input, scope| {
            let input = shaping.selected_input(input, scope)?;
            let scope = scope.over(input.value());
            // AWS ignores ItemsPath where there is a reader.
            let given = match &self.reader {
                Some(_) => None,
                None => Some(all_items(&map.items, &input, &scope)?),
            };
            Ok((input, given))
        })?;
        let items = given.as_ref().and_then(|given| given.value().as_array());
        let length = items.map_or(0, Vec::len) as u64;
        run.note(thread, HistoryDetails::MapStateStarted { length });
        let request = self.request(map, run, thread, (input, given))?;
        if let Some(instead) = run.instead_of_branches(thread) {
            return instead;
        }
        run.start_map_run(thread, request);
        Ok(())
    }

    fn request(
        &self,
        map: &Map,
        run: &mut Run<'_>,
        thread: ThreadId,
        (input, given): (Payload, Option<Payload>),
    ) -> Result<MapRunRequest, Fault> {
        let label = run.map_label(thread, self.label.as_ref());
        let map_run_arn = run.map_run_arn(&label);
        let state = run.state(thread).name.to_string();
        run.with_scope(thread, View::default(), |_, scope| {
            let scope = scope.over(input.value());
            let (count, percentage) = self.tolerated(&scope)?;
            Ok(MapRunRequest {
                state,
                map_run_arn,
                label,
                redrives: 0,
                express: self.express,
                source: match (given, &self.reader) {
                    (None, Some(reader)) => ItemSource::Reader(reader.evaluate(&input, &scope)?),
                    (given, _) => ItemSource::Given(given.unwrap_or_else(|| input.clone())),
                },
                batch: self.batch(&scope)?,
                max_concurrency: map.wanted_at_once(&scope)?,
                tolerated_failure_count: count,
                tolerated_failure_percentage: percentage,
                results: self.results(&scope)?,
                processor: map.processor,
                input: input.clone(),
            })
        })
    }
}

/// The items, which an object has too where a path leads to it.
fn all_items(source: &Source, input: &Payload, scope: &Scope<'_>) -> Result<Payload, Fault> {
    let object = match source {
        Source::Input => Some(input.value().clone()),
        Source::Path(path) => Some(io::find(path, scope)?.into_owned()),
        _ => None,
    };
    match object.filter(serde_json::Value::is_object).and_then(items) {
        Some(items) => Ok(items.into()),
        None => source.find(input, scope),
    }
}
