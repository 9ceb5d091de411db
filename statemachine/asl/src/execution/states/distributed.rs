//! Runs a Distributed Map: asks the runner for a map run.
//!
//! | in | on | does | then |
//! | --- | --- | --- | --- |
//! | (entered) |  | `MapStateStarted`; evaluates all fields; `MapRunStarted` | running |
//! | running | the map run succeeded | `MapRunSucceeded`, `MapStateSucceeded`; its result | exit |
//! | running | the map run failed | `MapRunFailed` | retry, catch or fail |

use serde_json::Value;

use crate::execution::{ScopeInputs, Step, ThreadId};
use crate::fault::Fault;
use crate::input_output;
use crate::scope::Scope;
use crate::states::{Distributed, ItemsField, Map};
use crate::{HistoryDetails, ItemSource, MapRunRequest, Payload};

impl Distributed {
    /// Requests a map run from the runner.
    pub(super) fn run(
        &self,
        map: &Map,
        step: &mut Step<'_>,
        thread: ThreadId,
    ) -> Result<(), Fault> {
        let data_flow = step.data_flow(thread);
        let (input, items) = step.with_scope(thread, ScopeInputs::default(), |input, scope| {
            let input = data_flow.selected_input(input, scope)?;
            let scope = scope.over(input.value());
            // AWS ignores ItemsPath where there is a reader.
            let items = match &self.reader {
                Some(_) => None,
                None => Some(all_items(&map.items, &input, &scope)?),
            };
            Ok((input, items))
        })?;
        let array = items.as_ref().and_then(|items| items.value().as_array());
        let length = array.map_or(0, Vec::len) as u64;
        step.note(thread, HistoryDetails::MapStateStarted { length });
        let request = self.request(map, step, thread, &input, items)?;
        if let Some(instead) = step.mocked_branches(thread) {
            return instead;
        }
        step.start_map_run(thread, request);
        Ok(())
    }

    fn request(
        &self,
        map: &Map,
        step: &mut Step<'_>,
        thread: ThreadId,
        input: &Payload,
        items: Option<Payload>,
    ) -> Result<MapRunRequest, Fault> {
        let label = step.map_label(thread, self.label.as_ref());
        let map_run_arn = step.map_run_arn(&label);
        let state = step.state(thread).name.to_string();
        step.with_scope(thread, ScopeInputs::default(), |_, scope| {
            let scope = scope.over(input.value());
            let tolerance = self.tolerance(&scope)?;
            Ok(MapRunRequest {
                state,
                map_run_arn,
                label,
                redrives: 0,
                express: self.express,
                source: match (items, &self.reader) {
                    (None, Some(reader)) => ItemSource::Reader(reader.evaluate(input, &scope)?),
                    (items, _) => ItemSource::Array(items.unwrap_or_else(|| input.clone())),
                },
                batch: self.batch(&scope)?,
                max_concurrency: map.max_concurrency(&scope)?,
                tolerated_failure_count: tolerance.count,
                tolerated_failure_percentage: tolerance.percentage,
                results: self.results(&scope)?,
                processor: map.processor,
                input: input.clone(),
            })
        })
    }
}

/// Returns the items, which an object has too where a path leads to it.
fn all_items(field: &ItemsField, input: &Payload, scope: &Scope<'_>) -> Result<Payload, Fault> {
    let object = match field {
        ItemsField::Input => Some(input.value().clone()),
        ItemsField::Path(path) => Some(input_output::find(path, scope)?.into_owned()),
        _ => None,
    };
    match object.filter(Value::is_object).and_then(items) {
        Some(items) => Ok(items.into()),
        None => field.evaluate(input, scope),
    }
}

/// Returns the items in `value`: the elements of an array, or the members of an object as `Key` and
/// `Value`.
fn items(value: Value) -> Option<Value> {
    match value {
        Value::Array(_) => Some(value),
        Value::Object(members) => Some(
            members
                .into_iter()
                .map(|(key, value)| serde_json::json!({ "Key": key, "Value": value }))
                .collect(),
        ),
        _ => None,
    }
}
