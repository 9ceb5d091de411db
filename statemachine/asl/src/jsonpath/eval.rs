//! Follows a path through a value.

use std::borrow::Cow;

use serde_json::Value;
use thiserror::Error;

use super::{Path, Step};

/// A definite path leads nowhere; the texts are Jayway's, as AWS's causes quote them.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum NotFound {
    /// The last step finds nothing.
    #[error("No results for path: {0}")]
    NoResults(String),
    /// A step before the last finds nothing.
    #[error("Missing property in path {0}")]
    MissingProperty(String),
    /// The variable that it starts from has not been assigned.
    #[error("Variable '${0}' is not defined")]
    NoVariable(Box<str>),
}

impl Path {
    /// What it finds in `root`, borrowed where it is one value of it.
    pub(crate) fn find<'v>(&self, root: &'v Value) -> Result<Cow<'v, Value>, NotFound> {
        if self.definite {
            return self.find_one(root).map(Cow::Borrowed);
        }
        let found = all(&self.steps, root).into_iter().cloned().collect();
        Ok(Cow::Owned(Value::Array(found)))
    }

    fn find_one<'v>(&self, root: &'v Value) -> Result<&'v Value, NotFound> {
        let mut here = root;
        for (depth, step) in self.steps.iter().enumerate() {
            here = child(step, here).ok_or_else(|| self.not_found(depth))?;
        }
        Ok(here)
    }

    #[cold]
    fn not_found(&self, depth: usize) -> NotFound {
        if depth + 1 == self.steps.len() {
            return NotFound::NoResults(self.to_string());
        }
        let reached: String = self.steps[..=depth].iter().map(Step::to_string).collect();
        NotFound::MissingProperty(format!("${reached}"))
    }

    /// Puts `value` at this reference path, making objects on the way. Gives it back if that cannot be:
    /// something on the way is neither an object nor an array that is long enough.
    pub(crate) fn put(&self, root: &mut Value, value: Value) -> Result<(), Value> {
        let mut here = root;
        for step in &self.steps {
            let Some(next) = enter(step, here) else {
                return Err(value);
            };
            here = next;
        }
        *here = value;
        Ok(())
    }
}

fn enter<'v>(step: &Step, here: &'v mut Value) -> Option<&'v mut Value> {
    match (step, here) {
        (Step::Key(key), here @ Value::Null) => {
            *here = Value::Object(serde_json::Map::new());
            Some(here.as_object_mut()?.entry(&**key).or_insert(Value::Null))
        }
        (Step::Key(key), Value::Object(fields)) => {
            Some(fields.entry(&**key).or_insert(Value::Null))
        }
        (Step::Index(index), Value::Array(items)) => items.get_mut(usize::try_from(*index).ok()?),
        _ => None,
    }
}

fn child<'v>(step: &Step, here: &'v Value) -> Option<&'v Value> {
    match (step, here) {
        (Step::Key(key), Value::Object(fields)) => fields.get(&**key),
        (Step::Index(index), Value::Array(items)) => items.get(position(*index, items.len())?),
        _ => None,
    }
}

/// An index from the front, or from the end where negative.
fn position(index: i64, length: usize) -> Option<usize> {
    if index >= 0 {
        return usize::try_from(index).ok();
    }
    usize::try_from(index.unsigned_abs())
        .ok()
        .and_then(|back| length.checked_sub(back))
}

/// Everything that `steps` lead to.
pub(super) fn all<'v>(steps: &[Step], root: &'v Value) -> Vec<&'v Value> {
    let mut found = vec![root];
    for step in steps {
        found = found
            .into_iter()
            .flat_map(|here| children(step, here, root))
            .collect();
    }
    found
}

fn children<'v>(step: &Step, here: &'v Value, root: &Value) -> Vec<&'v Value> {
    match step {
        Step::Key(_) | Step::Index(_) => child(step, here).into_iter().collect(),
        Step::Keys(keys) => keys.iter().filter_map(|key| here.get(&**key)).collect(),
        Step::Indices(indices) => {
            let items = elements(here);
            let at = |index: &i64| items.get(position(*index, items.len())?);
            indices.iter().filter_map(at).collect()
        }
        Step::Slice { start, end } => slice(elements(here), *start, *end).iter().collect(),
        Step::Wildcard => below(here),
        Step::Descend => descend(here),
        Step::Filter(filter) => {
            let candidates = if here.is_object() {
                vec![here]
            } else {
                below(here)
            };
            candidates
                .into_iter()
                .filter(|e| filter.matches(e, root))
                .collect()
        }
    }
}

fn elements(here: &Value) -> &[Value] {
    here.as_array().map_or(&[], Vec::as_slice)
}

fn slice(items: &[Value], start: Option<i64>, end: Option<i64>) -> &[Value] {
    let bound = |index: i64| match position(index, items.len()) {
        Some(at) => at.min(items.len()),
        None => 0,
    };
    let (start, end) = (start.map_or(0, bound), end.map_or(items.len(), bound));
    items.get(start..end).unwrap_or_default()
}

fn below(here: &Value) -> Vec<&Value> {
    match here {
        Value::Array(items) => items.iter().collect(),
        Value::Object(fields) => fields.values().collect(),
        _ => Vec::new(),
    }
}

/// The value and everything below it, parents first; with a stack of its own, so that depth does not matter.
fn descend(here: &Value) -> Vec<&Value> {
    let mut found = Vec::new();
    let mut waiting = vec![here];
    while let Some(next) = waiting.pop() {
        found.push(next);
        waiting.extend(below(next).into_iter().rev());
    }
    found
}
