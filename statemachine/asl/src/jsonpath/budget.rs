//! Limits the time and memory of path look-ups.

use std::borrow::Cow;
use std::cell::Cell;

use serde_json::Value;

use super::PathError;

/// The most values that the look-ups of one state may visit together. A payload has at most 131,072
/// values, so that what visits each a few times stays well below.
pub(super) const MAX_VISITS: u64 = 4_000_000;

/// The most bytes that one look-up may find: sixteen payloads.
pub(super) const MAX_BYTES: usize = 16 * crate::MAX_PAYLOAD_BYTES;

/// The most bytes that the fields of one state may be made of together: more than any result may
/// have.
const MAX_TOTAL_BYTES: usize = 256 * crate::MAX_PAYLOAD_BYTES;

/// Several `..` or filters in one path multiply: `$..*..*..*` visits a value once for each way that
/// leads to it, and lists what it finds as often; and a template may name the same large value
/// thousands of times. The budget of a state ends such work instead of the engine.
#[derive(Debug)]
pub(crate) struct Budget {
    visits: Cell<u64>,
    bytes: Cell<usize>,
}

impl Budget {
    pub(crate) fn new() -> Budget {
        Budget {
            visits: Cell::new(MAX_VISITS),
            bytes: Cell::new(MAX_TOTAL_BYTES),
        }
    }

    pub(super) fn visit(&self) -> Result<(), PathError> {
        self.work(1)
    }

    /// Counts work that costs as much as `visits` visits.
    pub(super) fn work(&self, visits: u64) -> Result<(), PathError> {
        let left = self.visits.get().checked_sub(visits);
        self.visits.set(left.ok_or(PathError::TooManyVisits)?);
        Ok(())
    }

    /// Returns true if `value` may be put into what the state makes.
    pub(crate) fn take(&self, value: &Value) -> bool {
        let mut left = self.bytes.get();
        let fits = weigh(value, &mut left).is_ok();
        self.bytes.set(left);
        fits
    }

    /// An array of what was found, if it is not too large to be copied.
    pub(super) fn collect(found: Vec<Cow<'_, Value>>) -> Result<Value, PathError> {
        let mut left = MAX_BYTES;
        for value in &found {
            weigh(value, &mut left)?;
        }
        Ok(found.into_iter().map(Cow::into_owned).collect())
    }
}

/// Takes what `value` needs, roughly, from `left`.
// The recursion ends with the value's nesting, which is limited wherever values come in.
fn weigh(value: &Value, left: &mut usize) -> Result<(), PathError> {
    let mut take = |bytes: usize| {
        *left = left.checked_sub(bytes).ok_or(PathError::TooLarge)?;
        Ok(())
    };
    match value {
        Value::String(text) => take(text.len() + 2),
        Value::Array(items) => {
            take(2)?;
            items.iter().try_for_each(|item| weigh(item, left))
        }
        Value::Object(fields) => {
            take(2)?;
            fields.iter().try_for_each(|(name, field)| {
                *left = left
                    .checked_sub(name.len() + 3)
                    .ok_or(PathError::TooLarge)?;
                weigh(field, left)
            })
        }
        _ => take(4),
    }
}
