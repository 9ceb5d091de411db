//! A value of a template with its position in the file, before or after its functions are resolved.

use std::collections::BTreeMap;
use std::str::FromStr;

use super::error::{Fault, Position, Problem};
use service::process::{NameError, check_name};

/// A value and its place.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Node {
    pub(super) at: Position,
    pub(super) value: Value,
}

/// CloudFormation reads numbers, booleans and dates as their text, so there is one scalar.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Null,
    Scalar {
        text: String,
        /// Written without quotes: what JSON may take as a number or a boolean.
        plain: bool,
    },
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
}

/// A key of a mapping and its place.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Key {
    pub(super) at: Position,
    pub(super) text: String,
}

impl Node {
    pub(super) fn text_at(at: Position, text: impl Into<String>) -> Self {
        let value = Value::Scalar {
            text: text.into(),
            plain: false,
        };
        Self { at, value }
    }

    pub(super) fn map_at(at: Position, entries: Vec<(Key, Node)>) -> Self {
        let value = Value::Map(entries);
        Self { at, value }
    }

    pub(super) fn list_at(at: Position, items: Vec<Node>) -> Self {
        let value = Value::List(items);
        Self { at, value }
    }

    pub(super) fn is_null(&self) -> bool {
        self.value == Value::Null
    }

    /// The value of a mapping's key; `None` for a null, as CloudFormation has it.
    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        let Value::Map(entries) = &self.value else {
            return None;
        };
        let (_, found) = entries.iter().find(|(name, _)| name.text == key)?;
        (!found.is_null()).then_some(found)
    }

    pub(super) fn required(&self, key: &str) -> Result<&Node, Fault> {
        self.get(key)
            .ok_or_else(|| Fault::new(self.at, Problem::Missing(key.into())))
    }

    /// A mapping of texts, such as environment variables.
    pub(super) fn texts_by_key(&self, what: &str) -> Result<BTreeMap<String, String>, Fault> {
        let entries = self.map(what)?.iter();
        entries
            .map(|(key, node)| Ok((key.text.clone(), node.text(&key.text)?.to_owned())))
            .collect()
    }

    /// The variables of a process: texts by names that one may have here.
    pub(super) fn variables(&self, what: &str) -> Result<BTreeMap<String, String>, Fault> {
        for (key, node) in self.map(what)? {
            let fault = |error: NameError| Fault::new(node.at, Problem::Invalid(error.to_string()));
            check_name(&key.text).map_err(fault)?;
        }
        self.texts_by_key(what)
    }

    /// `what` names the value in the error, here and below.
    pub(super) fn map(&self, what: &str) -> Result<&[(Key, Node)], Fault> {
        match &self.value {
            Value::Map(entries) => Ok(entries),
            Value::Null => Ok(&[]),
            _ => Err(self.not(what, "a mapping")),
        }
    }

    pub(super) fn list(&self, what: &str) -> Result<&[Node], Fault> {
        match &self.value {
            Value::List(items) => Ok(items),
            _ => Err(self.not(what, "a list")),
        }
    }

    /// A list, or one value where CloudFormation takes either.
    pub(super) fn list_or_one(&self) -> &[Node] {
        match &self.value {
            Value::List(items) => items,
            _ => std::slice::from_ref(self),
        }
    }

    pub(super) fn text(&self, what: &str) -> Result<&str, Fault> {
        match &self.value {
            Value::Scalar { text, .. } => Ok(text),
            _ => Err(self.not(what, "a text")),
        }
    }

    pub(super) fn boolean(&self, what: &str) -> Result<bool, Fault> {
        match &self.value {
            Value::Scalar { text, .. } if text.eq_ignore_ascii_case("true") => Ok(true),
            Value::Scalar { text, .. } if text.eq_ignore_ascii_case("false") => Ok(false),
            _ => Err(self.not(what, "true or false")),
        }
    }

    pub(super) fn number<T: FromStr>(&self, what: &str, expected: &str) -> Result<T, Fault> {
        let text = self.text(what)?;
        text.trim().parse().map_err(|_| self.not(what, expected))
    }

    /// A whole number from `min` to `max`.
    pub(super) fn whole(&self, what: &str, min: u32, max: u32) -> Result<u32, Fault> {
        let expected = format!("a whole number from {min} to {max}");
        let number = self.number(what, &expected)?;
        if (min..=max).contains(&number) {
            return Ok(number);
        }
        Err(self.not(what, &expected))
    }

    /// The function that this value is, and its argument: `{"Ref": …}` or `{"Fn::…": …}`.
    pub(super) fn function(&self) -> Option<(&str, &Node)> {
        let Value::Map(entries) = &self.value else {
            return None;
        };
        let [(key, argument)] = entries.as_slice() else {
            return None;
        };
        let named = key.text == "Ref" || key.text.starts_with("Fn::");
        named.then_some((key.text.as_str(), argument))
    }

    /// Returns the approximate size of a copy in bytes.
    pub(super) fn size(&self) -> usize {
        let own = match &self.value {
            Value::Null => 0,
            Value::Scalar { text, .. } => text.len(),
            Value::List(items) => items.iter().map(Node::size).sum(),
            Value::Map(entries) => entries
                .iter()
                .map(|(key, node)| key.text.len() + node.size())
                .sum(),
        };
        own + 64
    }

    /// Returns the text by which values are compared: CloudFormation compares texts.
    pub(super) fn to_text(&self) -> String {
        match &self.value {
            Value::Scalar { text, .. } => text.clone(),
            _ => self.to_json().to_string(),
        }
    }

    /// JSON, with plain scalars as YAML's core schema types them.
    pub(super) fn to_json(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match &self.value {
            Value::Null => Json::Null,
            Value::Scalar { text, plain: false } => Json::from(text.as_str()),
            Value::Scalar { text, plain: true } => typed(text),
            Value::List(items) => items.iter().map(Node::to_json).collect(),
            Value::Map(entries) => entries
                .iter()
                .map(|(key, node)| (key.text.clone(), node.to_json()))
                .collect(),
        }
    }

    pub(super) fn not(&self, what: &str, expected: &str) -> Fault {
        let found = match &self.value {
            Value::Null => "empty".into(),
            Value::Scalar { text, .. } => format!("{text:?}"),
            Value::List(_) => "a list".into(),
            Value::Map(_) => "a mapping".into(),
        };
        let problem = Problem::Kind {
            what: what.into(),
            expected: expected.into(),
            found,
        };
        Fault::new(self.at, problem)
    }
}

/// A plain scalar as JSON: a number or a boolean where it reads as one.
fn typed(text: &str) -> serde_json::Value {
    match text {
        "true" | "True" | "TRUE" => return true.into(),
        "false" | "False" | "FALSE" => return false.into(),
        _ => {}
    }
    match serde_json::from_str::<serde_json::Number>(text) {
        Ok(number) => number.into(),
        Err(_) => text.into(),
    }
}
