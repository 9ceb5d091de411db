//! Finds the variables that a state reads, and those that it assigns.

use serde_json::Value;

use crate::definition::cursor::Cursor;
use crate::definition::expression::delimited;
use crate::jsonata::Expression;
use crate::variables::{is_name_part, is_name_start};

/// The fields that hold other flows, whose states are checked for themselves.
const FLOWS: [&str; 3] = ["Branches", "ItemProcessor", "Iterator"];

/// A variable, and the text that reads it.
pub(super) struct Read<'d> {
    pub(super) variable: String,
    pub(super) text: Cursor<'d>,
}

/// Finds everything that a state reads itself.
pub(super) fn reads<'d>(state: &Cursor<'d>, jsonata: bool) -> Vec<Read<'d>> {
    let mut found = Vec::new();
    for (name, field) in state.fields() {
        if !FLOWS.contains(&name) {
            collect(name, &field, jsonata, &mut found);
        }
    }
    found
}

// The recursion ends with the definition's nesting.
fn collect<'d>(name: &str, value: &Cursor<'d>, jsonata: bool, found: &mut Vec<Read<'d>>) {
    let text = value.text();
    let variables = if jsonata {
        in_expression(value.value())
    } else if name.ends_with(".$") || name.ends_with("Path") || name == "Variable" {
        in_path(text)
    } else {
        Vec::new()
    };
    found.extend(variables.into_iter().map(|variable| Read {
        variable,
        text: value.clone(),
    }));
    for item in value.elements() {
        collect(name, &item, jsonata, found);
    }
    for (name, field) in value.fields() {
        collect(name, &field, jsonata, found);
    }
}

fn in_expression(value: &Value) -> Vec<String> {
    let parsed = delimited(value).and_then(|text| Expression::parse(text).ok());
    let names = parsed.iter().flat_map(Expression::variables);
    let names = names.filter(|name| *name != "states");
    names.map(str::to_owned).collect()
}

/// Finds `$name` in a path or the call of an intrinsic function, outside its quoted texts. `$` and
/// `$$` alone are no variables.
fn in_path(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut quoted = false;
    let mut chars = text.char_indices().peekable();
    let mut before = ' ';
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => {
                chars.next();
            }
            '\'' => quoted = !quoted,
            '$' if !quoted && before != '$' => {
                let rest = &text[at + 1..];
                if rest.starts_with(is_name_start) {
                    let end = rest.find(|c| !is_name_part(c)).unwrap_or(rest.len());
                    names.push(rest[..end].to_owned());
                }
            }
            _ => {}
        }
        before = c;
    }
    names
}

/// Finds the names that a state may assign: itself, its rules and its catchers.
pub(super) fn assigns(state: &Value) -> Vec<&str> {
    let rules = ["Choices", "Catch"]
        .into_iter()
        .filter_map(|name| state.get(name)?.as_array())
        .flatten();
    std::iter::once(state)
        .chain(rules)
        .filter_map(|owner| owner.get("Assign")?.as_object())
        .flat_map(|assign| assign.keys())
        .map(|name| name.strip_suffix(".$").unwrap_or(name))
        .collect()
}
