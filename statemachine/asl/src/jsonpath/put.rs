//! Puts a value where a reference path says.

use serde_json::{Map, Value};

use super::{Path, Step};

impl Path {
    /// Puts `value` at this reference path, making objects on the way. Gives it back if that cannot
    /// be: something on the way is neither an object nor an array that is long enough.
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
        (Step::Key(key, _), here @ Value::Null) => {
            *here = Value::Object(Map::new());
            Some(here.as_object_mut()?.entry(&**key).or_insert(Value::Null))
        }
        (Step::Key(key, _), Value::Object(fields)) => {
            Some(fields.entry(&**key).or_insert(Value::Null))
        }
        (Step::Index(index), Value::Array(items)) => items.get_mut(usize::try_from(*index).ok()?),
        _ => None,
    }
}
