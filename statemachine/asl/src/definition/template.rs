//! Compiles payload templates.

use serde_json::Value;

use super::Language;
use super::cursor::Cursor;
use super::expression::{compile_expression, delimited};
use crate::intrinsic::Call;
use crate::jsonpath::Path;
use crate::template::Template;

impl Template {
    // The recursion ends with the definition's nesting, which the JSON reader limits.
    pub(super) fn compile(value: &Cursor<'_>) -> Template {
        let template = match (value.value(), value.language()) {
            (Value::Array(_), _) => Template::Array(
                value
                    .elements()
                    .map(|item| Template::compile(&item))
                    .collect(),
            ),
            (Value::Object(_), _) => Template::Object(
                value
                    .fields()
                    .map(|(name, field)| Template::compile_field(name, &field))
                    .collect(),
            ),
            (fixed, Language::JsonPath) => Template::Fixed(fixed.clone()),
            (text, Language::Jsonata) => delimited(text)
                .and_then(|text| compile_expression(text, value))
                .map_or_else(|| Template::Fixed(text.clone()), Template::Query),
        };
        if template.is_constant() {
            Template::Fixed(value.value().clone())
        } else {
            template
        }
    }

    /// Compiles a field of an object, with the name that it has in the result.
    pub(super) fn compile_field(name: &str, field: &Cursor<'_>) -> (Box<str>, Template) {
        if field.language() == Language::Jsonata {
            return (name.into(), Template::compile(field));
        }
        match name.strip_suffix(".$") {
            Some(short) => (short.into(), Template::compile_reference(name, field)),
            None => {
                warn_about_path(name, field);
                (name.into(), Template::compile(field))
            }
        }
    }

    /// Compiles the value of a field `name.$`.
    fn compile_reference(name: &str, field: &Cursor<'_>) -> Template {
        let text = field.text();
        let template = if Call::is_call(text) {
            Call::parse(text).map(|call| {
                field.note_call(&call);
                Template::Call(call)
            })
        } else {
            Path::parse(text).map(|path| {
                field.note_path(&path);
                let field = name.into();
                Template::Path { field, path }
            })
        };
        template.unwrap_or_else(|bad| {
            // AWS names the object that the field is in.
            field
                .error_in_parent(name, neither_path_nor_call(name))
                .hint(bad.reason)
                .offset(bad.position);
            Template::Fixed(Value::Null)
        })
    }

    /// Returns true if every evaluation gives the value as it is written.
    fn is_constant(&self) -> bool {
        match self {
            Template::Fixed(_) => true,
            Template::Path { .. } | Template::Call(_) | Template::Query(_) => false,
            Template::Array(items) => items.iter().all(Template::is_fixed),
            // A field that is named `x.$` is never fixed, so the names of fixed objects are as
            // written.
            Template::Object(fields) => fields.iter().all(|(_, field)| field.is_fixed()),
        }
    }
}

/// The message for a field that should be a path or a call, and is neither.
pub(super) fn neither_path_nor_call(name: &str) -> String {
    format!(
        "The value for the field '{name}' must be a valid JSONPath or a valid intrinsic function \
         call"
    )
}

fn warn_about_path(name: &str, field: &Cursor<'_>) {
    let text = field.text();
    if text.starts_with("$.") || text.starts_with("$$.") {
        let message = format!(
            "The value of the field '{name}' looks like a path; paths are only read in fields \
             that end in .$"
        );
        field.warning("NO_DOLLAR", message);
    }
}
