//! Compiles payload templates.

use serde_json::Value;

use super::language::{Place, delimited, expression};
use super::{Compiler, Fields, Language};
use crate::intrinsic::Call;
use crate::jsonpath::Path;
use crate::template::Template;

impl Compiler {
    /// The template in the field `name`; it must be an object.
    pub(crate) fn template(
        &mut self,
        fields: &mut Fields<'_>,
        name: &'static str,
    ) -> Option<Template> {
        let value = fields.get(name)?;
        Some(match fields.language() {
            Language::JsonPath => self.compile(value, &fields.location(name)),
            Language::Jsonata => self.queries_in(value, &fields.place(name)),
        })
    }

    /// A value of a JSONata state: strings that are delimited are expressions, wherever they stand.
    // The recursion ends with the definition's nesting, which the JSON reader limits.
    pub(super) fn queries_in(&mut self, value: &Value, place: &Place) -> Template {
        let template = match value {
            Value::Array(items) => Template::Array(
                (items.iter().enumerate())
                    .map(|(i, item)| self.queries_in(item, &place.below(format_args!("[{i}]"))))
                    .collect(),
            ),
            Value::Object(fields) => Template::Object(
                (fields.iter())
                    .map(|(name, value)| {
                        let place = place.below(format_args!("/{name}"));
                        (name.as_str().into(), self.queries_in(value, &place))
                    })
                    .collect(),
            ),
            other => delimited(other)
                .and_then(|text| expression(text, place, &mut self.diagnostics))
                .map_or_else(|| Template::Fixed(other.clone()), Template::Query),
        };
        if template.varies() {
            template
        } else {
            Template::Fixed(value.clone())
        }
    }

    // The recursion ends with the definition's nesting, which the JSON reader limits.
    fn compile(&mut self, value: &Value, location: &str) -> Template {
        let template = match value {
            Value::Array(items) => {
                let items = items.iter().enumerate();
                Template::Array(
                    items
                        .map(|(i, item)| self.compile(item, &format!("{location}[{i}]")))
                        .collect(),
                )
            }
            Value::Object(fields) => Template::Object(
                fields
                    .iter()
                    .map(|(name, value)| self.field(name, value, location))
                    .collect(),
            ),
            other => Template::Fixed(other.clone()),
        };
        if template.varies() {
            template
        } else {
            Template::Fixed(value.clone())
        }
    }

    pub(super) fn field(
        &mut self,
        name: &str,
        value: &Value,
        location: &str,
    ) -> (Box<str>, Template) {
        let location = format!("{location}/{name}");
        match name.strip_suffix(".$") {
            Some(short) => (short.into(), self.dynamic(name, value, &location)),
            None => {
                self.warn_about_path(name, value, &location);
                (name.into(), self.compile(value, &location))
            }
        }
    }

    /// The value of a field `name.$`.
    fn dynamic(&mut self, name: &str, value: &Value, location: &str) -> Template {
        let text = value.as_str().unwrap_or_default();
        let template = if Call::is_meant(text) {
            Call::parse(text).map(|call| {
                self.diagnostics.note_call(&call);
                Template::Call(call)
            })
        } else {
            Path::parse(text).map(|path| {
                self.diagnostics.note_path(&path);
                let field = name.into();
                Template::Path { field, path }
            })
        };
        template.unwrap_or_else(|bad| {
            let message = format!(
                "The value for the field '{name}' must be a valid JSONPath or a valid intrinsic function call"
            );
            // AWS names the object that the field is in.
            let object = location.strip_suffix(&format!("/{name}"));
            self.diagnostics
                .error(object.unwrap_or(location), message)
                .hint(bad.reason)
                .focus(location)
                .offset(bad.position);
            Template::Fixed(Value::Null)
        })
    }

    fn warn_about_path(&mut self, name: &str, value: &Value, location: &str) {
        let text = value.as_str().unwrap_or_default();
        if text.starts_with("$.") || text.starts_with("$$.") {
            let message = format!(
                "The value of the field '{name}' looks like a path; paths are only read in fields that end in .$"
            );
            self.diagnostics.warning("NO_DOLLAR", location, message);
        }
    }
}

impl Template {
    fn varies(&self) -> bool {
        match self {
            Template::Fixed(_) => false,
            Template::Path { .. } | Template::Call(_) | Template::Query(_) => true,
            Template::Array(items) => items.iter().any(|item| !item.is_fixed()),
            // A field that is named `x.$` always varies, so the names of fixed objects are as written.
            Template::Object(fields) => fields.iter().any(|(_, field)| !field.is_fixed()),
        }
    }
}
