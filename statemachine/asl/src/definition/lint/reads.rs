//! The variables that a state reads, and those that it assigns.

use serde_json::Value;

use crate::jsonata::Expression;
use crate::variables::{is_name_part, is_name_start};

/// Fields that hold other flows: their states read for themselves.
const FLOWS: [&str; 3] = ["Branches", "ItemProcessor", "Iterator"];

/// A variable, and the location of the text that reads it.
pub(super) struct Read {
    pub(super) name: String,
    pub(super) at: String,
}

/// Everything that a state reads itself.
pub(super) fn reads(state: &Value, jsonata: bool, at: &str) -> Vec<Read> {
    let mut found = Vec::new();
    for (name, value) in state.as_object().into_iter().flatten() {
        if !FLOWS.contains(&name.as_str()) {
            collect(name, value, jsonata, &format!("{at}/{name}"), &mut found);
        }
    }
    found
}

// The recursion ends with the definition's nesting.
fn collect(field: &str, value: &Value, jsonata: bool, at: &str, found: &mut Vec<Read>) {
    match value {
        Value::String(text) => {
            let names = if jsonata {
                in_expression(text)
            } else if field.ends_with(".$") || field.ends_with("Path") || field == "Variable" {
                in_path(text)
            } else {
                Vec::new()
            };
            let read = |name| Read {
                name,
                at: at.to_owned(),
            };
            found.extend(names.into_iter().map(read));
        }
        Value::Array(items) => items.iter().enumerate().for_each(|(index, item)| {
            collect(field, item, jsonata, &format!("{at}[{index}]"), found);
        }),
        Value::Object(fields) => fields.iter().for_each(|(name, value)| {
            collect(name, value, jsonata, &format!("{at}/{name}"), found);
        }),
        _ => {}
    }
}

fn in_expression(text: &str) -> Vec<String> {
    let inner = text
        .strip_prefix("{%")
        .and_then(|text| text.strip_suffix("%}"));
    let parsed = inner.and_then(|text| Expression::parse(text).ok());
    let names = parsed.map(|expression| expression.variables().map(str::to_owned).collect());
    let mut names: Vec<String> = names.unwrap_or_default();
    names.retain(|name| name != "states");
    names
}

/// `$name` in a path or the call of an intrinsic function, outside its quoted texts. `$` and `$$` alone are no variables.
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

/// The names that a state may assign: itself, its rules and its catchers.
pub(super) fn assigns(state: &Value) -> Vec<&str> {
    let rules = ["Choices", "Catch"]
        .into_iter()
        .flat_map(|name| super::elements(state, name));
    std::iter::once(state)
        .chain(rules)
        .filter_map(|owner| owner.get("Assign")?.as_object())
        .flat_map(|assign| assign.keys())
        .map(|name| name.strip_suffix(".$").unwrap_or(name))
        .collect()
}
