//! Functions at the end of a path: `$.list.length()`, `$.numbers.sum()`, `$.concat($.a, "b")`.

use std::borrow::Cow;
use std::fmt;

use serde_json::{Map, Value};

use super::search::Search;
use super::{PathError, PathKind, Step};

/// A function and its arguments.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Call {
    function: &'static Function,
    arguments: Vec<Argument>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Argument {
    Fixed(Value),
    /// A path from the root of the document.
    Path(Vec<Step>),
}

/// Evaluates a function of the value that the path leads to, and of its arguments.
type Evaluate = fn(&Value, &[Value]) -> Result<Value, PathError>;

/// A function of paths.
#[derive(Debug)]
pub(super) struct Function {
    name: &'static str,
    evaluate: Evaluate,
}

const FUNCTIONS: &[Function] = &[
    Function::new("append", append),
    Function::new("avg", average),
    Function::new("concat", concat),
    Function::new("first", first),
    Function::new("index", index),
    Function::new("keys", keys),
    Function::new("last", last),
    Function::new("length", length),
    Function::new("max", max),
    Function::new("min", min),
    Function::new("size", length),
    Function::new("stddev", standard_deviation),
    Function::new("sum", sum),
];

impl Function {
    const fn new(name: &'static str, evaluate: Evaluate) -> Function {
        Function { name, evaluate }
    }

    pub(super) fn from_name(name: &str) -> Option<&'static Function> {
        FUNCTIONS.iter().find(|function| function.name == name)
    }
}

impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let arguments = if self.arguments.is_empty() { "" } else { "..." };
        write!(f, "{}({arguments})", self.function.name)
    }
}

impl Call {
    pub(super) fn new(function: &'static Function, arguments: Vec<Argument>) -> Call {
        let mut call = Call {
            function,
            arguments,
        };
        call.count_children();
        call
    }

    /// Makes what `steps` find the only argument.
    pub(super) fn take_from(&mut self, steps: Vec<Step>) {
        self.arguments = vec![Argument::Path(steps)];
        self.count_children();
    }

    /// Makes `length($.path)` count what is below the path.
    fn count_children(&mut self) {
        if let ("length" | "size", Some(Argument::Path(steps))) =
            (self.function.name, self.arguments.first_mut())
            && !steps.is_empty()
        {
            steps.push(Step::Wildcard);
        }
    }

    pub(super) fn apply(&self, search: &Search<'_, '_>, here: &Value) -> Result<Value, PathError> {
        let arguments: Vec<Value> = self
            .arguments
            .iter()
            .map(|argument| argument.value(search))
            .collect::<Result<_, _>>()?;
        (self.function.evaluate)(here, &arguments)
    }
}

impl Argument {
    fn value(&self, search: &Search<'_, '_>) -> Result<Value, PathError> {
        match self {
            Argument::Fixed(value) => Ok(value.clone()),
            Argument::Path(steps) => search
                .value(steps, PathKind::from_steps(steps), search.document())
                .map(Cow::into_owned),
        }
    }
}

fn append(here: &Value, arguments: &[Value]) -> Result<Value, PathError> {
    let mut value = here.clone();
    if let Some(items) = value.as_array_mut() {
        items.extend_from_slice(arguments);
    }
    Ok(value)
}

/// Joins the texts of the array, then all arguments as text.
fn concat(here: &Value, arguments: &[Value]) -> Result<Value, PathError> {
    let own = here.as_array().into_iter().flatten();
    let mut text: String = own.filter_map(Value::as_str).collect();
    for value in flat(arguments).filter(|value| !value.is_null()) {
        text.push_str(&crate::java_text::java(value));
    }
    Ok(text.into())
}

fn keys(here: &Value, _: &[Value]) -> Result<Value, PathError> {
    let keys = |fields: &Map<String, Value>| fields.keys().map(String::as_str).collect();
    Ok(here.as_object().map_or(Value::Null, keys))
}

/// Counts elements or fields; `null` for what has none, texts too.
fn length(here: &Value, arguments: &[Value]) -> Result<Value, PathError> {
    Ok(match arguments.first().unwrap_or(here) {
        Value::Array(items) => items.len().into(),
        Value::Object(fields) => fields.len().into(),
        _ => Value::Null,
    })
}

fn first(here: &Value, _: &[Value]) -> Result<Value, PathError> {
    element(here, 0)
}

fn last(here: &Value, _: &[Value]) -> Result<Value, PathError> {
    element(here, -1)
}

fn index(here: &Value, arguments: &[Value]) -> Result<Value, PathError> {
    match numbers(&Value::Null, arguments).first() {
        Some(index) => element(here, *index as i64),
        None => Err(PathError::Function("index() needs a number".into())),
    }
}

/// Returns an element, from the end where `index` is negative. Jayway never counts back to the
/// first element, so that `last()` of one is an error.
fn element(here: &Value, index: i64) -> Result<Value, PathError> {
    let Some(items) = here.as_array() else {
        return Err(PathError::Function(EMPTY.into()));
    };
    let position = if index >= 0 {
        usize::try_from(index).ok()
    } else {
        let back = usize::try_from(index.unsigned_abs()).ok();
        back.and_then(|back| items.len().checked_sub(back))
            .filter(|position| *position > 0)
    };
    let item = position.and_then(|position| items.get(position));
    item.cloned().ok_or_else(|| {
        let count = items.len();
        PathError::Function(format!(
            "Target index:{index} larger than object count:{count}"
        ))
    })
}

const EMPTY: &str = "Aggregation function attempted to calculate value using empty array";

/// Returns the numbers of the array, and of the arguments.
fn numbers(here: &Value, arguments: &[Value]) -> Vec<f64> {
    let own = here.as_array().into_iter().flatten();
    own.chain(flat(arguments))
        .filter_map(Value::as_f64)
        .collect()
}

/// Replaces arguments that are arrays by their elements.
fn flat(arguments: &[Value]) -> impl Iterator<Item = &Value> {
    arguments.iter().flat_map(|argument| match argument {
        Value::Array(items) => items.as_slice(),
        other => std::slice::from_ref(other),
    })
}

fn aggregate(
    here: &Value,
    arguments: &[Value],
    f: impl FnOnce(&[f64]) -> f64,
) -> Result<Value, PathError> {
    let numbers = numbers(here, arguments);
    if numbers.is_empty() {
        return Err(PathError::Function(EMPTY.into()));
    }
    Ok(f(&numbers).into())
}

fn sum(here: &Value, arguments: &[Value]) -> Result<Value, PathError> {
    aggregate(here, arguments, |numbers| numbers.iter().sum())
}

fn average(here: &Value, arguments: &[Value]) -> Result<Value, PathError> {
    aggregate(here, arguments, |numbers| {
        numbers.iter().sum::<f64>() / numbers.len() as f64
    })
}

/// Returns the maximum, which is never negative: Jayway begins at `Double.MIN_VALUE`, the smallest
/// number above 0.
fn max(here: &Value, arguments: &[Value]) -> Result<Value, PathError> {
    aggregate(here, arguments, |numbers| {
        numbers.iter().copied().fold(f64::from_bits(1), f64::max)
    })
}

fn min(here: &Value, arguments: &[Value]) -> Result<Value, PathError> {
    aggregate(here, arguments, |numbers| {
        numbers.iter().copied().fold(f64::MAX, f64::min)
    })
}

fn standard_deviation(here: &Value, arguments: &[Value]) -> Result<Value, PathError> {
    aggregate(here, arguments, |numbers| {
        let (sum, count) = (numbers.iter().sum::<f64>(), numbers.len() as f64);
        let squares: f64 = numbers.iter().map(|number| number * number).sum();
        (squares / count - sum * sum / count / count).sqrt()
    })
}
