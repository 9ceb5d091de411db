//! The operators of filters, on values as Jayway compares them.

use std::borrow::Cow;
use std::cmp::Ordering;

use regex_lite::Regex;
use serde_json::{Number, Value};

use super::PathError;
use super::filter::OperandValue;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    NotEqual,
    /// `===`: never equal across types.
    Same,
    NotSame,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Matches,
    In,
    NotIn,
    Contains,
    Size,
    Empty,
    SubsetOf,
    AnyOf,
    NoneOf,
    /// `all`, `type`, `matches` and `exists` are words of Jayway's that no literal suits: nothing
    /// passes them.
    Unsupported,
}

const OPERATORS: [(&str, Operator); 21] = [
    ("==", Operator::Equal),
    ("!=", Operator::NotEqual),
    ("===", Operator::Same),
    ("!==", Operator::NotSame),
    ("<", Operator::Less),
    ("<=", Operator::LessOrEqual),
    (">", Operator::Greater),
    (">=", Operator::GreaterOrEqual),
    ("=~", Operator::Matches),
    ("IN", Operator::In),
    ("NIN", Operator::NotIn),
    ("CONTAINS", Operator::Contains),
    ("SIZE", Operator::Size),
    ("EMPTY", Operator::Empty),
    ("SUBSETOF", Operator::SubsetOf),
    ("ANYOF", Operator::AnyOf),
    ("NONEOF", Operator::NoneOf),
    ("ALL", Operator::Unsupported),
    ("TYPE", Operator::Unsupported),
    ("MATCHES", Operator::Unsupported),
    ("EXISTS", Operator::Unsupported),
];

/// `/[a-z]+/i`. Matches whole texts, in time linear in the text.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    pub(super) text: Box<str>,
    pub(super) regex: Regex,
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Operator {
    /// Reads a name, in upper or lower case: `in`, `IN`.
    pub(super) fn from_name(name: &str) -> Option<Operator> {
        let found = OPERATORS
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, operator)| *operator)
    }

    /// Estimates how many values it looks at.
    pub(super) fn work(self, left: &OperandValue<'_>, right: &OperandValue<'_>) -> u64 {
        let (left, right) = (left.len(), right.len());
        match self {
            Operator::SubsetOf | Operator::AnyOf | Operator::NoneOf | Operator::Matches => {
                left.saturating_mul(right)
            }
            _ => left.saturating_add(right),
        }
    }

    pub(super) fn holds(
        self,
        left: &OperandValue<'_>,
        right: &OperandValue<'_>,
    ) -> Result<bool, PathError> {
        let ordered =
            |expected: fn(Ordering) -> bool| Ok(compare(left, right).is_some_and(expected));
        match self {
            Operator::Equal => Ok(equal(left, right)),
            Operator::NotEqual => Ok(!equal(left, right)),
            Operator::Same => Ok(same(left, right)),
            Operator::NotSame => Ok(!same(left, right)),
            Operator::Less => ordered(Ordering::is_lt),
            Operator::LessOrEqual => ordered(Ordering::is_le),
            Operator::Greater => ordered(Ordering::is_gt),
            Operator::GreaterOrEqual => ordered(Ordering::is_ge),
            Operator::Matches => Ok(matches(left, right)),
            Operator::In => Ok(list(right)?.is_some_and(|list| within(left, list))),
            Operator::NotIn => Ok(!list(right)?.is_some_and(|list| within(left, list))),
            Operator::Contains => Ok(contains(left, right)),
            Operator::Size => Ok(size(left, right)),
            Operator::Empty => empty(left, right),
            Operator::SubsetOf => lists(left, right, |left, right| {
                left.iter().all(|item| contained(item, right))
            }),
            Operator::AnyOf => lists(left, right, overlap),
            Operator::NoneOf => lists(left, right, |left, right| !overlap(left, right)),
            Operator::Unsupported => Err(PathError::Unsuitable),
        }
    }
}

impl OperandValue<'_> {
    /// Returns the number of items; of a text, its length in units that are read as quickly as an
    /// item.
    fn len(&self) -> u64 {
        const UNIT: usize = 32;
        let length = match self {
            OperandValue::Undefined => 0,
            OperandValue::Pattern(pattern) => pattern.text.len(),
            OperandValue::Value(value) => match value.as_ref() {
                Value::Array(items) => items.len(),
                Value::String(text) => text.len() / UNIT,
                _ => 0,
            },
        };
        length as u64 + 1
    }
}

fn equal(left: &OperandValue<'_>, right: &OperandValue<'_>) -> bool {
    match (left, right) {
        (OperandValue::Value(left), OperandValue::Value(right)) => equal_values(left, right),
        _ => false,
    }
}

/// Compares values, numbers and texts too: a text on the right is read as a number, a number on the
/// right is written as a text.
fn equal_values(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => order(left, right) == Some(Ordering::Equal),
        (Value::Number(left), Value::String(right)) => {
            let right = right.parse().ok().and_then(Number::from_f64);
            right.is_some_and(|right| order(left, &right) == Some(Ordering::Equal))
        }
        (Value::String(left), Value::Number(_)) => *left == crate::java_text::java(right),
        _ => left == right,
    }
}

fn same(left: &OperandValue<'_>, right: &OperandValue<'_>) -> bool {
    match (left, right) {
        (OperandValue::Value(left), OperandValue::Value(right)) => {
            left.is_string() == right.is_string() && equal_values(left, right)
        }
        _ => false,
    }
}

/// Compares numbers with numbers and texts with texts.
fn compare(left: &OperandValue<'_>, right: &OperandValue<'_>) -> Option<Ordering> {
    let (OperandValue::Value(left), OperandValue::Value(right)) = (left, right) else {
        return None;
    };
    match (left.as_ref(), right.as_ref()) {
        (Value::Number(left), Value::Number(right)) => order(left, right),
        // Java orders texts by their UTF-16 units.
        (Value::String(left), Value::String(right)) => {
            Some(left.encode_utf16().cmp(right.encode_utf16()))
        }
        _ => None,
    }
}

fn order(left: &Number, right: &Number) -> Option<Ordering> {
    match (left.as_i128(), right.as_i128()) {
        (Some(left), Some(right)) => Some(left.cmp(&right)),
        _ => left.as_f64()?.partial_cmp(&right.as_f64()?),
    }
}

fn matches(left: &OperandValue<'_>, right: &OperandValue<'_>) -> bool {
    let (pattern, side) = match (left, right) {
        (OperandValue::Pattern(_), OperandValue::Pattern(_)) => return false,
        (OperandValue::Pattern(pattern), side) | (side, OperandValue::Pattern(pattern)) => {
            (pattern, side)
        }
        _ => return false,
    };
    let matches = |text: Cow<'_, str>| pattern.regex.is_match(&text);
    match side {
        OperandValue::Value(value) => match value.as_ref() {
            Value::Array(items) => items.iter().map(text).any(matches),
            value => matches(text(value)),
        },
        _ => matches("".into()),
    }
}

/// Returns the text of a value that a pattern is matched with: empty for `null`, arrays and
/// objects.
fn text(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => text.into(),
        Value::Number(_) | Value::Bool(_) => crate::java_text::java(value).into(),
        _ => "".into(),
    }
}

/// Returns the elements of an array, or `None` for an object.
fn list<'a>(side: &'a OperandValue<'_>) -> Result<Option<&'a [Value]>, PathError> {
    match side {
        OperandValue::Value(value) => match value.as_ref() {
            Value::Array(items) => Ok(Some(items)),
            Value::Object(_) => Ok(None),
            _ => Err(PathError::Unsuitable),
        },
        _ => Err(PathError::Unsuitable),
    }
}

fn lists(
    left: &OperandValue<'_>,
    right: &OperandValue<'_>,
    holds: impl Fn(&[Value], &[Value]) -> bool,
) -> Result<bool, PathError> {
    let Some(right) = list(right)? else {
        return Ok(false);
    };
    Ok(list(left)?.is_some_and(|left| holds(left, right)))
}

fn overlap(left: &[Value], right: &[Value]) -> bool {
    left.iter().any(|item| contained(item, right))
}

fn contained(item: &Value, list: &[Value]) -> bool {
    list.iter().any(|other| equal_values(item, other))
}

fn within(side: &OperandValue<'_>, list: &[Value]) -> bool {
    matches!(side, OperandValue::Value(value) if contained(value, list))
}

/// Returns true if a list holds a value, or a text another text.
fn contains(left: &OperandValue<'_>, right: &OperandValue<'_>) -> bool {
    let (OperandValue::Value(left), OperandValue::Value(right)) = (left, right) else {
        return false;
    };
    match (left.as_ref(), right.as_ref()) {
        (Value::Array(items), expected) => contained(expected, items),
        (Value::String(text), Value::String(part)) => text.contains(part.as_str()),
        _ => false,
    }
}

fn size(left: &OperandValue<'_>, right: &OperandValue<'_>) -> bool {
    let (OperandValue::Value(left), OperandValue::Value(right)) = (left, right) else {
        return false;
    };
    let size = match left.as_ref() {
        Value::Array(items) => items.len(),
        Value::String(text) => text.encode_utf16().count(),
        _ => return false,
    };
    right
        .as_f64()
        .is_some_and(|expected| expected.trunc() == size as f64)
}

fn empty(left: &OperandValue<'_>, right: &OperandValue<'_>) -> Result<bool, PathError> {
    let OperandValue::Value(left) = left else {
        return Ok(false);
    };
    let empty = match left.as_ref() {
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::String(text) => text.is_empty(),
        _ => return Ok(false),
    };
    match right {
        OperandValue::Value(expected) if expected.is_boolean() => {
            Ok(**expected == Value::Bool(empty))
        }
        _ => Err(PathError::Unsuitable),
    }
}
