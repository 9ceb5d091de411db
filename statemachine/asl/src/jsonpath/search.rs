//! Follows the steps of any path.
//!
//! A step that finds nothing is an error only where every step before it is definite; further on
//! there may be other places where it finds something.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::lookup::absolute_index;
use super::{Budget, PathError, PathKind, Step};

type Matches<'v> = Vec<Cow<'v, Value>>;

/// A search of a path in a value.
#[derive(Clone, Copy)]
pub(super) struct Search<'v, 'b> {
    /// The value of `$` in filters and in the arguments of functions.
    document: &'v Value,
    budget: &'b Budget,
    /// Set if every missing property is an error, for a filter that tests if a path exists.
    strict: bool,
}

/// A position in the steps of a path.
#[derive(Clone, Copy)]
struct StepPosition<'p> {
    steps: &'p [Step],
    at: usize,
}

impl<'p> StepPosition<'p> {
    fn step(self) -> Option<&'p Step> {
        self.steps.get(self.at)
    }

    fn next(self) -> StepPosition<'p> {
        StepPosition {
            at: self.at + 1,
            ..self
        }
    }

    fn is_last(self) -> bool {
        self.at + 1 == self.steps.len()
    }

    /// Returns true if every step before this one is definite.
    fn is_certain(self) -> bool {
        self.steps[..self.at]
            .iter()
            .all(|step| step.is_definite(false))
    }
}

impl<'v, 'b> Search<'v, 'b> {
    pub(super) fn new(document: &'v Value, budget: &'b Budget) -> Search<'v, 'b> {
        Search {
            document,
            budget,
            strict: false,
        }
    }

    pub(super) fn strict(self) -> Search<'v, 'b> {
        Search {
            strict: true,
            ..self
        }
    }

    pub(super) fn work(&self, visits: u64) -> Result<(), PathError> {
        self.budget.work(visits)
    }

    pub(super) fn document(&self) -> &'v Value {
        self.document
    }

    /// Returns what a path from `start` finds: a value, or a list where it is indefinite.
    pub(super) fn value(
        &self,
        steps: &[Step],
        kind: PathKind,
        start: &'v Value,
    ) -> Result<Cow<'v, Value>, PathError> {
        let found = self.all(steps, start)?;
        if kind == PathKind::Indefinite {
            return Budget::collect(found).map(Cow::Owned);
        }
        let last = found.into_iter().next_back();
        last.ok_or_else(|| PathError::no_results(steps))
    }

    fn all(&self, steps: &[Step], start: &'v Value) -> Result<Matches<'v>, PathError> {
        let mut found = Vec::new();
        self.follow(StepPosition { steps, at: 0 }, start, &mut found)?;
        Ok(found)
    }

    // The recursion ends with the path's length and the value's nesting, both of which are limited.
    fn follow(
        &self,
        position: StepPosition<'_>,
        here: &'v Value,
        found: &mut Matches<'v>,
    ) -> Result<(), PathError> {
        self.budget.visit()?;
        let Some(step) = position.step() else {
            found.push(Cow::Borrowed(here));
            return Ok(());
        };
        match step {
            Step::Key(..) | Step::Keys(..) => self.properties(position, step, here, found),
            Step::Index(_) | Step::Indices(_) | Step::Slice(..) => {
                self.elements(position, step, here, found)
            }
            Step::Wildcard => children(here)
                .into_iter()
                .try_for_each(|child| self.follow(position.next(), child, found)),
            Step::Scan => self.scan(position.next(), here, found),
            Step::Filter(filter) => {
                for candidate in self.candidates(position, here)? {
                    if filter.accepts(candidate, self)? {
                        self.follow(position.next(), candidate, found)?;
                    }
                }
                Ok(())
            }
            Step::Call(call) => {
                let result = call.apply(self, here)?;
                self.continue_from(position.next(), result, found)
            }
        }
    }

    fn properties(
        &self,
        position: StepPosition<'_>,
        step: &Step,
        here: &'v Value,
        found: &mut Matches<'v>,
    ) -> Result<(), PathError> {
        let Some(fields) = here.as_object() else {
            return if position.is_certain() {
                Err(PathError::not_an_object(position.steps, position.at, here))
            } else {
                Ok(())
            };
        };
        match step {
            Step::Key(key, _) => self.property(position, fields, key, true, found),
            Step::Keys(keys, _) if position.is_last() => {
                found.push(Cow::Owned(self.merged(position, fields, keys)?));
                Ok(())
            }
            Step::Keys(keys, _) => keys
                .iter()
                .try_for_each(|key| self.property(position, fields, key, false, found)),
            _ => Ok(()),
        }
    }

    fn property(
        &self,
        position: StepPosition<'_>,
        fields: &'v Map<String, Value>,
        key: &str,
        alone: bool,
        found: &mut Matches<'v>,
    ) -> Result<(), PathError> {
        if let Some(value) = fields.get(key) {
            return self.follow(position.next(), value, found);
        }
        let needed = !position.is_last() && alone && position.is_certain();
        if self.strict || needed {
            return Err(PathError::missing_property(
                position.steps,
                position.at,
                key,
            ));
        }
        Ok(())
    }

    /// Returns an object of those properties that exist.
    fn merged(
        &self,
        position: StepPosition<'_>,
        fields: &Map<String, Value>,
        keys: &[Box<str>],
    ) -> Result<Value, PathError> {
        let mut merged = Map::new();
        for key in keys {
            match fields.get(&**key) {
                Some(value) => {
                    merged.insert(key.to_string(), value.clone());
                }
                None if self.strict => {
                    return Err(PathError::missing_property(
                        position.steps,
                        position.at,
                        key,
                    ));
                }
                None => {}
            }
        }
        Ok(Value::Object(merged))
    }

    fn elements(
        &self,
        position: StepPosition<'_>,
        step: &Step,
        here: &'v Value,
        found: &mut Matches<'v>,
    ) -> Result<(), PathError> {
        let Some(items) = here.as_array() else {
            return if position.is_certain() {
                Err(PathError::not_an_array(position.steps, position.at, here))
            } else {
                Ok(())
            };
        };
        let mut enter =
            |index: i32| match absolute_index(index, items.len()).and_then(|at| items.get(at)) {
                Some(item) => self.follow(position.next(), item, found),
                None => Ok(()),
            };
        match step {
            Step::Index(index) => enter(*index),
            Step::Indices(indices) => indices.iter().copied().try_for_each(enter),
            Step::Slice(start, end) => slice(*start, *end, items.len()).try_for_each(enter),
            _ => Ok(()),
        }
    }

    /// Follows the step after a `..` everywhere in `here` where it applies, the outside first.
    fn scan(
        &self,
        position: StepPosition<'_>,
        here: &'v Value,
        found: &mut Matches<'v>,
    ) -> Result<(), PathError> {
        self.budget.visit()?;
        let Some(step) = position.step() else {
            return Ok(());
        };
        let applies = match (step, here) {
            (Step::Key(key, _), Value::Object(fields)) => fields.contains_key(&**key),
            (Step::Keys(keys, _), Value::Object(fields)) => {
                !position.is_last() || keys.iter().all(|key| fields.contains_key(&**key))
            }
            (Step::Index(_) | Step::Indices(_) | Step::Slice(..), Value::Array(_)) => true,
            (Step::Wildcard, _) => true,
            // Jayway asks the filter about the array itself, before it asks about its elements.
            (Step::Filter(filter), Value::Array(_) | Value::Object(_)) => {
                filter.accepts(here, self)?
            }
            _ => false,
        };
        if applies {
            self.follow(position, here, found)?;
        }
        children(here)
            .into_iter()
            .try_for_each(|child| self.scan(position, child, found))
    }

    /// Returns the values that a filter tests: an object itself, or the elements of an array.
    fn candidates(
        &self,
        position: StepPosition<'_>,
        here: &'v Value,
    ) -> Result<Vec<&'v Value>, PathError> {
        match here {
            Value::Object(_) => Ok(vec![here]),
            Value::Array(items) => Ok(items.iter().collect()),
            _ if position.is_certain() => Err(PathError::Primitive {
                steps: super::Steps(&position.steps[position.at..]).to_string(),
                found: crate::java_text::java(here),
            }),
            _ => Ok(Vec::new()),
        }
    }

    /// Goes on from a value that is not part of the document.
    fn continue_from(
        &self,
        position: StepPosition<'_>,
        value: Value,
        found: &mut Matches<'v>,
    ) -> Result<(), PathError> {
        if position.step().is_none() {
            found.push(Cow::Owned(value));
            return Ok(());
        }
        let mut inner = Vec::new();
        let search: Search<'_, '_> = *self;
        search.follow(position, &value, &mut inner)?;
        let inner = inner
            .into_iter()
            .map(|value| Cow::Owned(value.into_owned()));
        found.extend(inner);
        Ok(())
    }
}

fn children(here: &Value) -> Vec<&Value> {
    match here {
        Value::Array(items) => items.iter().collect(),
        Value::Object(fields) => fields.values().collect(),
        _ => Vec::new(),
    }
}

/// Returns the indices of a slice as Jayway counts them. Only an open side counts from the end
/// where it is negative: with both sides given they are indices to go through one by one, so that
/// `[1:-1]` is empty and `[-2:1]` begins at the end.
fn slice(start: Option<i32>, end: Option<i32>, length: usize) -> std::ops::Range<i32> {
    let length = i32::try_from(length).unwrap_or(i32::MAX);
    let from_end = |bound: i32| {
        if bound < 0 {
            length.saturating_add(bound)
        } else {
            bound
        }
    };
    match (start, end) {
        (Some(start), Some(end)) => start.max(-length)..end.min(length),
        (Some(start), None) => from_end(start).max(0)..length,
        (None, end) => 0..from_end(end.unwrap_or(length)).min(length),
    }
}
