//! JSONPath as Step Functions reads it.
//!
//! A path is parsed once, with the definition. What matters at run time is whether it is *definite*: names at most
//! one value (`$.a[0].b`), so that finding nothing is an error; an *indefinite* path (`$.a[*]`, `$..b`, slices,
//! filters) gives an array of what it finds, possibly empty. The syntax is that of Jayway's JsonPath, which AWS uses.

mod eval;
mod filter;
mod parse;
mod parse_filter;
#[cfg(test)]
mod tests;

use std::fmt;

use thiserror::Error;

pub(crate) use eval::NotFound;
use filter::Filter;

/// What a path starts from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Root {
    /// `$`: the state's input.
    Input,
    /// `$$`: the context object.
    Context,
    /// `$name`: a workflow variable.
    Variable(Box<str>),
}

/// One step down.
#[derive(Clone, Debug, PartialEq)]
enum Step {
    /// `.name`, `['name']`
    Key(Box<str>),
    /// `[0]`, `[-1]`
    Index(i64),
    /// `['a','b']`
    Keys(Vec<Box<str>>),
    /// `[0,2]`
    Indices(Vec<i64>),
    /// `[1:3]`
    Slice {
        start: Option<i64>,
        end: Option<i64>,
    },
    /// `.*`, `[*]`
    Wildcard,
    /// `..`: the value and everything below it, before the next step.
    Descend,
    /// `[?(…)]`
    Filter(Filter),
}

/// A parsed path.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Path {
    text: Box<str>,
    root: Root,
    steps: Vec<Step>,
    definite: bool,
}

/// The text is not a path.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{reason} (position {position})")]
pub(crate) struct BadPath {
    pub(crate) reason: String,
    pub(crate) position: usize,
}

impl Path {
    /// Parses `$.a.b`, `$$.Execution.Id`, …
    pub(crate) fn parse(text: &str) -> Result<Path, BadPath> {
        parse::parse(text)
    }

    /// As it was written.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn root(&self) -> &Root {
        &self.root
    }

    /// Whether it is `$` and nothing more.
    pub(crate) fn is_whole_input(&self) -> bool {
        self.root == Root::Input && self.is_root()
    }

    /// Whether it is just `$` (or `$$`, or `$name`).
    pub(crate) fn is_root(&self) -> bool {
        self.steps.is_empty()
    }

    /// Whether it can name one place only, by keys and indices that are not negative: what `ResultPath` needs.
    pub(crate) fn is_reference(&self) -> bool {
        let plain = |step: &Step| matches!(step, Step::Key(_)) || matches!(step, Step::Index(0..));
        self.steps.iter().all(plain)
    }
}

/// Jayway's normal form, which its messages quote: `$['a'][0]`.
impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("$")?;
        self.steps.iter().try_for_each(|step| write!(f, "{step}"))
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Step::Key(key) => write!(f, "['{key}']"),
            Step::Index(index) => write!(f, "[{index}]"),
            Step::Keys(keys) => write!(f, "['{}']", keys.join("','")),
            Step::Indices(indices) => {
                let texts: Vec<String> = indices.iter().map(i64::to_string).collect();
                write!(f, "[{}]", texts.join(","))
            }
            Step::Slice { start, end } => {
                let text = |bound: &Option<i64>| bound.map(|b| b.to_string()).unwrap_or_default();
                write!(f, "[{}:{}]", text(start), text(end))
            }
            Step::Wildcard => f.write_str("[*]"),
            Step::Descend => f.write_str(".."),
            Step::Filter(_) => f.write_str("[?]"),
        }
    }
}
