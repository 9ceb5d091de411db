//! Functions at the end of a path: `$.list.length()`, `$.numbers.sum()`, `$.concat($.a, "b")`.

use std::borrow::Cow;
use std::fmt;

use serde_json::Value;

use super::evaluate::Search;
use super::{Kind, NotFound, Step};

/// A function and its arguments.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Call {
    function: Function,
    arguments: Vec<Argument>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Argument {
    Fixed(Value),
    /// From the root of the document.
    Path(Vec<Step>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Append,
    Average,
    Concat,
    First,
    Index,
    Keys,
    Last,
    Length,
    Max,
    Min,
    Size,
    StandardDeviation,
    Sum,
}

const FUNCTIONS: [(&str, Function); 13] = [
    ("append", Function::Append),
    ("avg", Function::Average),
    ("concat", Function::Concat),
    ("first", Function::First),
    ("index", Function::Index),
    ("keys", Function::Keys),
    ("last", Function::Last),
    ("length", Function::Length),
    ("max", Function::Max),
    ("min", Function::Min),
    ("size", Function::Size),
    ("stddev", Function::StandardDeviation),
    ("sum", Function::Sum),
];

impl Function {
    pub(super) fn named(name: &str) -> Option<Function> {
        let found = FUNCTIONS.iter().find(|(known, _)| *known == name);
        found.map(|(_, function)| *function)
    }

    fn name(self) -> &'static str {
        let found = FUNCTIONS.iter().find(|(_, function)| *function == self);
        found.map_or("", |(name, _)| *name)
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let arguments = if self.arguments.is_empty() { "" } else { "..." };
        write!(f, "{}({arguments})", self.function.name())
    }
}

impl Call {
    pub(super) fn new(function: Function, arguments: Vec<Argument>) -> Call {
        let mut call = Call {
            function,
            arguments,
        };
        call.look_below();
        call
    }

    /// Makes what `steps` find the only argument.
    pub(super) fn take_from(&mut self, steps: Vec<Step>) {
        self.arguments = vec![Argument::Path(steps)];
        self.look_below();
    }

    /// `length($.path)` counts what is below the path.
    fn look_below(&mut self) {
        if let (Function::Length | Function::Size, Some(Argument::Path(steps))) =
            (self.function, self.arguments.first_mut())
            && !steps.is_empty()
        {
            steps.push(Step::Wildcard);
        }
    }

    pub(super) fn apply(&self, search: &Search<'_, '_>, here: &Value) -> Result<Value, NotFound> {
        let arguments: Vec<Value> = self
            .arguments
            .iter()
            .map(|argument| argument.value(search))
            .collect::<Result<_, _>>()?;
        match self.function {
            Function::Append => Ok(append(here, arguments)),
            Function::Concat => Ok(concat(here, &arguments).into()),
            Function::Keys => Ok(here
                .as_object()
                .map_or(Value::Null, |o| o.keys().map(String::as_str).collect())),
            Function::Length | Function::Size => Ok(length(here, &arguments)),
            Function::First => element(here, 0),
            Function::Last => element(here, -1),
            Function::Index => match numbers(&Value::Null, &arguments).first() {
                Some(index) => element(here, *index as i64),
                None => Err(NotFound::Function("index() needs a number".into())),
            },
            Function::Average
            | Function::Max
            | Function::Min
            | Function::StandardDeviation
            | Function::Sum => aggregate(self.function, &numbers(here, &arguments)),
        }
    }
}

impl Argument {
    fn value(&self, search: &Search<'_, '_>) -> Result<Value, NotFound> {
        match self {
            Argument::Fixed(value) => Ok(value.clone()),
            Argument::Path(steps) => search
                .value(steps, Kind::of(steps), search.document())
                .map(Cow::into_owned),
        }
    }
}

fn append(here: &Value, arguments: Vec<Value>) -> Value {
    let mut value = here.clone();
    if let Some(items) = value.as_array_mut() {
        items.extend(arguments);
    }
    value
}

/// The texts of the array, then all arguments as text.
fn concat(here: &Value, arguments: &[Value]) -> String {
    let own = here.as_array().into_iter().flatten();
    let mut text: String = own.filter_map(Value::as_str).collect();
    for value in flat(arguments).filter(|value| !value.is_null()) {
        text.push_str(&crate::text::java(value));
    }
    text
}

/// How many elements or fields; `null` for what has none, texts too.
fn length(here: &Value, arguments: &[Value]) -> Value {
    match arguments.first().unwrap_or(here) {
        Value::Array(items) => items.len().into(),
        Value::Object(fields) => fields.len().into(),
        _ => Value::Null,
    }
}

/// From the end where negative; Jayway never counts back to the first element, so that `last()` of one is an error.
fn element(here: &Value, index: i64) -> Result<Value, NotFound> {
    let Some(items) = here.as_array() else {
        return Err(NotFound::Function(EMPTY.into()));
    };
    let place = if index >= 0 {
        usize::try_from(index).ok()
    } else {
        let back = usize::try_from(index.unsigned_abs()).ok();
        back.and_then(|back| items.len().checked_sub(back))
            .filter(|place| *place > 0)
    };
    let item = place.and_then(|place| items.get(place));
    item.cloned().ok_or_else(|| {
        let count = items.len();
        NotFound::Function(format!(
            "Target index:{index} larger than object count:{count}"
        ))
    })
}

const EMPTY: &str = "Aggregation function attempted to calculate value using empty array";

/// The numbers of the array, and of the arguments.
fn numbers(here: &Value, arguments: &[Value]) -> Vec<f64> {
    let own = here.as_array().into_iter().flatten();
    own.chain(flat(arguments))
        .filter_map(Value::as_f64)
        .collect()
}

/// Arguments that are arrays stand for their elements.
fn flat(arguments: &[Value]) -> impl Iterator<Item = &Value> {
    arguments.iter().flat_map(|argument| match argument {
        Value::Array(items) => items.as_slice(),
        other => std::slice::from_ref(other),
    })
}

fn aggregate(function: Function, numbers: &[f64]) -> Result<Value, NotFound> {
    if numbers.is_empty() {
        return Err(NotFound::Function(EMPTY.into()));
    }
    let (sum, count) = (numbers.iter().sum::<f64>(), numbers.len() as f64);
    let result = match function {
        Function::Average => sum / count,
        // Jayway begins at `Double.MIN_VALUE`, which is the least above 0: the maximum is never negative.
        Function::Max => numbers.iter().copied().fold(f64::from_bits(1), f64::max),
        Function::Min => numbers.iter().copied().fold(f64::MAX, f64::min),
        Function::StandardDeviation => {
            let squares: f64 = numbers.iter().map(|number| number * number).sum();
            (squares / count - sum * sum / count / count).sqrt()
        }
        _ => sum,
    };
    Ok(result.into())
}
