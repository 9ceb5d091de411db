//! The operators of filters, on values as Jayway compares them.

use std::borrow::Cow;
use std::cmp::Ordering;

use regex_lite::Regex;
use serde_json::{Number, Value};

use super::NotFound;
use super::filter::Side;

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
    /// `all`, `type`, `matches` and `exists` are words of Jayway's that no literal suits: nothing passes them.
    Never,
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
    ("ALL", Operator::Never),
    ("TYPE", Operator::Never),
    ("MATCHES", Operator::Never),
    ("EXISTS", Operator::Never),
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
    /// In any case: `in`, `IN`.
    pub(super) fn named(name: &str) -> Option<Operator> {
        let found = OPERATORS
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, operator)| *operator)
    }

    /// About how much it looks at, in values.
    pub(super) fn work(self, left: &Side<'_>, right: &Side<'_>) -> u64 {
        let (left, right) = (left.len(), right.len());
        match self {
            Operator::SubsetOf | Operator::AnyOf | Operator::NoneOf | Operator::Matches => {
                left.saturating_mul(right)
            }
            _ => left.saturating_add(right),
        }
    }

    pub(super) fn holds(self, left: &Side<'_>, right: &Side<'_>) -> Result<bool, NotFound> {
        let ordered = |wanted: fn(Ordering) -> bool| Ok(compare(left, right).is_some_and(wanted));
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
            Operator::Never => Err(NotFound::Unsuitable),
        }
    }
}

impl Side<'_> {
    /// How many items it has; of a text, its length in units that are as quickly looked at as an item.
    fn len(&self) -> u64 {
        const UNIT: usize = 32;
        let length = match self {
            Side::Undefined => 0,
            Side::Pattern(pattern) => pattern.text.len(),
            Side::Value(value) => match value.as_ref() {
                Value::Array(items) => items.len(),
                Value::String(text) => text.len() / UNIT,
                _ => 0,
            },
        };
        length as u64 + 1
    }
}

fn equal(left: &Side<'_>, right: &Side<'_>) -> bool {
    match (left, right) {
        (Side::Value(left), Side::Value(right)) => equal_values(left, right),
        _ => false,
    }
}

/// Numbers and texts equal each other: a text on the right is read as a number, a number on the right is written as
/// a text.
fn equal_values(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => order(left, right) == Some(Ordering::Equal),
        (Value::Number(left), Value::String(right)) => {
            let right = right.parse().ok().and_then(Number::from_f64);
            right.is_some_and(|right| order(left, &right) == Some(Ordering::Equal))
        }
        (Value::String(left), Value::Number(_)) => *left == crate::text::java(right),
        _ => left == right,
    }
}

fn same(left: &Side<'_>, right: &Side<'_>) -> bool {
    match (left, right) {
        (Side::Value(left), Side::Value(right)) => {
            left.is_string() == right.is_string() && equal_values(left, right)
        }
        _ => false,
    }
}

/// Numbers with numbers and texts with texts.
fn compare(left: &Side<'_>, right: &Side<'_>) -> Option<Ordering> {
    let (Side::Value(left), Side::Value(right)) = (left, right) else {
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

fn matches(left: &Side<'_>, right: &Side<'_>) -> bool {
    let (pattern, side) = match (left, right) {
        (Side::Pattern(_), Side::Pattern(_)) => return false,
        (Side::Pattern(pattern), side) | (side, Side::Pattern(pattern)) => (pattern, side),
        _ => return false,
    };
    let matches = |text: Cow<'_, str>| pattern.regex.is_match(&text);
    match side {
        Side::Value(value) => match value.as_ref() {
            Value::Array(items) => items.iter().map(text).any(matches),
            value => matches(text(value)),
        },
        _ => matches("".into()),
    }
}

/// What a pattern sees of a value: nothing of `null`, arrays and objects.
fn text(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => text.into(),
        Value::Number(_) | Value::Bool(_) => crate::text::java(value).into(),
        _ => "".into(),
    }
}

/// The elements of an array, or nothing for an object.
fn list<'a>(side: &'a Side<'_>) -> Result<Option<&'a [Value]>, NotFound> {
    match side {
        Side::Value(value) => match value.as_ref() {
            Value::Array(items) => Ok(Some(items)),
            Value::Object(_) => Ok(None),
            _ => Err(NotFound::Unsuitable),
        },
        _ => Err(NotFound::Unsuitable),
    }
}

fn lists(
    left: &Side<'_>,
    right: &Side<'_>,
    holds: impl Fn(&[Value], &[Value]) -> bool,
) -> Result<bool, NotFound> {
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

fn within(side: &Side<'_>, list: &[Value]) -> bool {
    matches!(side, Side::Value(value) if contained(value, list))
}

/// Whether a list holds a value, or a text another text.
fn contains(left: &Side<'_>, right: &Side<'_>) -> bool {
    let (Side::Value(left), Side::Value(right)) = (left, right) else {
        return false;
    };
    match (left.as_ref(), right.as_ref()) {
        (Value::Array(items), wanted) => contained(wanted, items),
        (Value::String(text), Value::String(part)) => text.contains(part.as_str()),
        _ => false,
    }
}

fn size(left: &Side<'_>, right: &Side<'_>) -> bool {
    let (Side::Value(left), Side::Value(right)) = (left, right) else {
        return false;
    };
    let size = match left.as_ref() {
        Value::Array(items) => items.len(),
        Value::String(text) => text.encode_utf16().count(),
        _ => return false,
    };
    right
        .as_f64()
        .is_some_and(|wanted| wanted.trunc() == size as f64)
}

fn empty(left: &Side<'_>, right: &Side<'_>) -> Result<bool, NotFound> {
    let Side::Value(left) = left else {
        return Ok(false);
    };
    let empty = match left.as_ref() {
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::String(text) => text.is_empty(),
        _ => return Ok(false),
    };
    match right {
        Side::Value(wanted) if wanted.is_boolean() => Ok(**wanted == Value::Bool(empty)),
        _ => Err(NotFound::Unsuitable),
    }
}
