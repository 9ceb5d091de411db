//! JSONPath as Step Functions reads it.
//!
//! AWS uses Jayway's JsonPath (<https://github.com/json-path/JsonPath>): this module reads its
//! syntax, finds what it finds and quotes its messages, its oddities included, because definitions
//! rely on them.
//!
//! A path is parsed once, with the definition. What matters at run time is whether it is
//! *definite*: names one value (`$.a[0].b`, `$.a.length()`), so that finding nothing is an error.
//! An *indefinite* path (`$.a[*]`, `$..b`, slices, filters) gives an array of what it finds,
//! possibly empty; but what it slices or filters must be an array.
//!
//! Looking takes bounded time and memory whatever the path: see [`Budget`].

mod budget;
mod error;
mod filter;
mod function;
mod lookup;
mod operator;
mod parse;
mod parse_bracket;
mod parse_filter;
mod parse_function;
mod put;
mod search;
#[cfg(test)]
mod tests;

use std::fmt;

use thiserror::Error;

pub(crate) use budget::Budget;
pub(crate) use error::PathError;
use filter::Filter;
use function::Call;
pub(crate) use parse::path_extent;

/// The value that a path starts from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Root {
    /// `$`: the state's input.
    Input,
    /// `$$`: the context object.
    Context,
    /// `$name`: a workflow variable.
    Variable(Box<str>),
}

/// One step of a path.
#[derive(Clone, Debug, PartialEq)]
enum Step {
    /// `.name`, `['name']`; with its quote, which messages show.
    Key(Box<str>, char),
    /// `[0]`, `[-1]`
    Index(i32),
    /// `['a','b']`: as the last step an object of those that are there.
    Keys(Vec<Box<str>>, char),
    /// `[0,2]`
    Indices(Vec<i32>),
    /// `[1:3]`
    Slice(Option<i32>, Option<i32>),
    /// `.*`, `[*]`
    Wildcard,
    /// `..`: everywhere below, for the next step.
    Scan,
    /// `[?(…)]`
    Filter(Filter),
    /// `.length()`
    Call(Call),
}

/// A parsed path.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Path {
    text: Box<str>,
    root: Root,
    steps: Vec<Step>,
    kind: PathKind,
}

/// The number of values that a path may find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PathKind {
    /// A single value, by keys and indices alone: it can be borrowed.
    Plain,
    /// A single value.
    Definite,
    /// A list.
    Indefinite,
}

/// The error of a text that is not a path.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{reason} (position {position})")]
pub(crate) struct PathSyntaxError {
    pub(crate) reason: String,
    pub(crate) position: usize,
}

impl Path {
    /// Parses `$.a.b`, `$$.Execution.Id`, …
    pub(crate) fn parse(text: &str) -> Result<Path, PathSyntaxError> {
        parse::parse(text)
    }

    /// The text as it was written.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn root(&self) -> &Root {
        &self.root
    }

    /// Returns true if it is `$` and nothing more.
    pub(crate) fn is_whole_input(&self) -> bool {
        self.root == Root::Input && self.is_root()
    }

    /// Returns true if it is just `$` (or `$$`, or `$name`).
    pub(crate) fn is_root(&self) -> bool {
        self.steps.is_empty()
    }

    /// Returns true if it names one value, by keys and indices alone: looking that up takes no
    /// time.
    pub(crate) fn is_plain(&self) -> bool {
        self.kind == PathKind::Plain
    }

    /// Returns true if it can name one place only, by keys and indices that are not negative: what
    /// `ResultPath` needs.
    pub(crate) fn is_reference(&self) -> bool {
        let plain = |step: &Step| matches!(step, Step::Key(..) | Step::Index(0..));
        self.steps.iter().all(plain)
    }
}

impl PathKind {
    fn from_steps(steps: &[Step]) -> PathKind {
        let plain = |step: &Step| matches!(step, Step::Key(..) | Step::Index(_));
        let definite = |(at, step): (usize, &Step)| step.is_definite(at + 1 == steps.len());
        if steps.iter().all(plain) {
            PathKind::Plain
        } else if steps.iter().enumerate().all(definite) {
            PathKind::Definite
        } else {
            PathKind::Indefinite
        }
    }
}

impl Step {
    /// Returns true if it leads to one value at most.
    fn is_definite(&self, last: bool) -> bool {
        match self {
            Step::Key(..) | Step::Index(_) | Step::Call(_) => true,
            Step::Keys(..) => last,
            _ => false,
        }
    }
}

/// Jayway's normal form, which its messages quote: `$['a'][0]`.
impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "${}", Steps(&self.steps))
    }
}

/// Steps in Jayway's normal form.
struct Steps<'a>(&'a [Step]);

impl fmt::Display for Steps<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|step| write!(f, "{step}"))
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Step::Key(key, quote) => write!(f, "[{quote}{key}{quote}]"),
            Step::Index(index) => write!(f, "[{index}]"),
            Step::Keys(keys, quote) => {
                write!(
                    f,
                    "[{quote}{}{quote}]",
                    keys.join(&format!("{quote},{quote}"))
                )
            }
            Step::Indices(indices) => {
                let texts: Vec<String> = indices.iter().map(i32::to_string).collect();
                write!(f, "[{}]", texts.join(","))
            }
            Step::Slice(start, end) => {
                let text = |bound: &Option<i32>| bound.map(|b| b.to_string()).unwrap_or_default();
                write!(f, "[{}:{}]", text(start), text(end))
            }
            Step::Wildcard => f.write_str("[*]"),
            Step::Scan => f.write_str(".."),
            Step::Filter(_) => f.write_str("[?]"),
            Step::Call(call) => write!(f, ".{call}"),
        }
    }
}
