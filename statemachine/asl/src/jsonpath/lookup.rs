//! Looks up paths.

use std::borrow::Cow;

use serde_json::Value;

use super::search::Search;
use super::{Budget, Path, PathError, PathKind, Step};

impl Path {
    /// Finds a value in `root`, or a list; borrowed where it is one value of `root`.
    pub(crate) fn find<'v>(
        &self,
        root: &'v Value,
        budget: &Budget,
    ) -> Result<Cow<'v, Value>, PathError> {
        if self.kind == PathKind::Plain {
            return one(&self.steps, root).map(Cow::Borrowed);
        }
        match Search::new(root, budget).value(&self.steps, self.kind, root) {
            // Jayway calls it an error where the steps before the first indefinite one lead
            // nowhere; AWS does not.
            Err(missing) if self.kind == PathKind::Indefinite && missing.is_not_found() => {
                Ok(Cow::Owned(Value::Array(Vec::new())))
            }
            found => found,
        }
    }
}

/// Follows keys and indices.
pub(super) fn one<'v>(steps: &[Step], root: &'v Value) -> Result<&'v Value, PathError> {
    let mut here = root;
    for (at, step) in steps.iter().enumerate() {
        here = match (step, here) {
            (Step::Key(key, _), Value::Object(fields)) => {
                fields.get(&**key).ok_or_else(|| missing(steps, at, key))?
            }
            (Step::Index(index), Value::Array(items)) => absolute_index(*index, items.len())
                .and_then(|position| items.get(position))
                .ok_or_else(|| PathError::no_results(steps))?,
            (Step::Key(..), other) => return Err(PathError::not_an_object(steps, at, other)),
            (_, other) => return Err(PathError::not_an_array(steps, at, other)),
        };
    }
    Ok(here)
}

#[cold]
fn missing(steps: &[Step], at: usize, key: &str) -> PathError {
    if at + 1 == steps.len() {
        PathError::no_results(steps)
    } else {
        PathError::missing_property(steps, at, key)
    }
}

/// Returns an index from the front; a negative one counts from the end.
pub(super) fn absolute_index(index: i32, length: usize) -> Option<usize> {
    if index >= 0 {
        return usize::try_from(index).ok();
    }
    length.checked_sub(usize::try_from(index.unsigned_abs()).ok()?)
}
