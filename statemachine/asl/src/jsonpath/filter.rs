//! Filters: `[?(@.price < 10 && @.tags contains 'new')]`.

use std::cmp::Ordering;

use serde_json::Value;

use super::{Root, Step, eval};

/// A condition on one element.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Filter {
    Or(Vec<Filter>),
    And(Vec<Filter>),
    Not(Box<Filter>),
    /// A path alone: it leads somewhere.
    Exists(Operand),
    Compare(Operand, Operator, Operand),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    NotIn,
    Contains,
    Size,
    Empty,
}

/// One side of a comparison.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Operand {
    Literal(Value),
    /// `@…`: from the element.
    Element(Vec<Step>),
    /// `$…`: from the root of the document.
    Document(Root, Vec<Step>),
}

impl Filter {
    pub(super) fn matches(&self, element: &Value, document: &Value) -> bool {
        match self {
            Filter::Or(all) => all.iter().any(|f| f.matches(element, document)),
            Filter::And(all) => all.iter().all(|f| f.matches(element, document)),
            Filter::Not(inner) => !inner.matches(element, document),
            Filter::Exists(operand) => operand.value(element, document).is_some(),
            Filter::Compare(left, operator, right) => {
                let left = left.value(element, document);
                let right = right.value(element, document);
                operator.holds(left.as_ref(), right.as_ref())
            }
        }
    }
}

impl Operand {
    /// The value it stands for, or nothing if its path leads nowhere.
    fn value(&self, element: &Value, document: &Value) -> Option<Value> {
        let (steps, root) = match self {
            Operand::Literal(value) => return Some(value.clone()),
            Operand::Element(steps) => (steps, element),
            Operand::Document(_, steps) => (steps, document),
        };
        let definite = steps
            .iter()
            .all(|s| matches!(s, Step::Key(_) | Step::Index(_)));
        let found = eval::all(steps, root);
        if definite {
            return found.first().map(|v| (*v).clone());
        }
        (!found.is_empty()).then(|| Value::Array(found.into_iter().cloned().collect()))
    }
}

impl Operator {
    fn holds(self, left: Option<&Value>, right: Option<&Value>) -> bool {
        let order = || compare(left?, right?);
        match self {
            Operator::Equal => equal(left, right),
            Operator::NotEqual => !equal(left, right),
            Operator::Less => order() == Some(Ordering::Less),
            Operator::LessOrEqual => order().is_some_and(Ordering::is_le),
            Operator::Greater => order() == Some(Ordering::Greater),
            Operator::GreaterOrEqual => order().is_some_and(Ordering::is_ge),
            Operator::In => contains(right, left),
            Operator::NotIn => !contains(right, left),
            Operator::Contains => contains(left, right),
            Operator::Size => size(left).is_some_and(|n| right.and_then(Value::as_u64) == Some(n)),
            Operator::Empty => size(left).is_some_and(|n| right == Some(&Value::Bool(n == 0))),
        }
    }
}

fn equal(left: Option<&Value>, right: Option<&Value>) -> bool {
    match (left, right) {
        (Some(Value::Number(_)), Some(Value::Number(_))) => {
            left.zip(right).and_then(|(l, r)| compare(l, r)) == Some(Ordering::Equal)
        }
        _ => left == right,
    }
}

fn compare(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        _ => left.as_f64()?.partial_cmp(&right.as_f64()?),
    }
}

/// Whether a list holds a value, or a text another text.
fn contains(list: Option<&Value>, wanted: Option<&Value>) -> bool {
    match (list, wanted) {
        (Some(Value::Array(items)), Some(_)) => items.iter().any(|i| equal(Some(i), wanted)),
        (Some(Value::String(text)), Some(Value::String(part))) => text.contains(part.as_str()),
        _ => false,
    }
}

fn size(value: Option<&Value>) -> Option<u64> {
    match value? {
        Value::Array(items) => Some(items.len() as u64),
        Value::String(text) => Some(text.chars().count() as u64),
        Value::Object(fields) => Some(fields.len() as u64),
        _ => None,
    }
}
