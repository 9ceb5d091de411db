//! What one look-up may cost.

use std::borrow::Cow;
use std::cell::Cell;

use serde_json::Value;

use super::NotFound;

/// A payload has at most 131,072 values, so that a path which visits each a few times stays well below.
pub(super) const MAX_VISITS: u32 = 2_000_000;

/// Sixteen payloads.
pub(super) const MAX_BYTES: usize = 16 * crate::MAX_PAYLOAD_BYTES;

/// Several `..` or filters in one path multiply: `$..*..*..*` visits a value once for each way that leads to it, and
/// lists what it finds as often. The budget ends such a search instead of the engine.
pub(super) struct Budget(Cell<u32>);

impl Budget {
    pub(super) fn new() -> Budget {
        Budget(Cell::new(MAX_VISITS))
    }

    pub(super) fn visit(&self) -> Result<(), NotFound> {
        let left = self.0.get().checked_sub(1).ok_or(NotFound::TooManyVisits)?;
        self.0.set(left);
        Ok(())
    }

    /// An array of what was found, if it is not too large to be copied.
    pub(super) fn collect(found: Vec<Cow<'_, Value>>) -> Result<Value, NotFound> {
        let mut left = MAX_BYTES;
        for value in &found {
            weigh(value, &mut left)?;
        }
        Ok(found.into_iter().map(Cow::into_owned).collect())
    }
}

/// Takes what `value` needs, roughly, from `left`.
// The recursion ends with the value's nesting, which is limited wherever values come in.
fn weigh(value: &Value, left: &mut usize) -> Result<(), NotFound> {
    let mut take = |bytes: usize| {
        *left = left.checked_sub(bytes).ok_or(NotFound::TooLarge)?;
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
                *left = left.checked_sub(name.len() + 3).ok_or(NotFound::TooLarge)?;
                weigh(field, left)
            })
        }
        _ => take(4),
    }
}
