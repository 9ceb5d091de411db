//! Where the items of a Map are.

use std::borrow::Cow;

use crate::Payload;
use crate::definition::{Compiler, Fields, Language};
use crate::fault::Fault;
use crate::io;
use crate::jsonpath::Path;
use crate::probe::Stage;
use crate::query::Query;
use crate::template::{Scope, Template};
use crate::text;

/// Where the items are.
#[derive(Debug)]
pub(super) enum Source {
    /// The input itself, in a JSONPath state.
    Input,
    /// `ItemsPath`
    Path(Path),
    /// The state's input, in a JSONata state.
    QueryInput,
    /// `Items`, an expression.
    Query(Query),
    /// `Items`, an array with expressions in it perhaps.
    Array(Template),
}

impl Source {
    pub(super) fn read(compiler: &mut Compiler, fields: &mut Fields<'_>) -> Source {
        let diagnostics = &mut compiler.diagnostics;
        if fields.language() == Language::JsonPath {
            let path = fields.path("ItemsPath", diagnostics);
            return path.map_or(Source::Input, Source::Path);
        }
        if let Some(query) = fields.query("Items", diagnostics) {
            return Source::Query(query);
        }
        if fields.array("Items", diagnostics).is_none() {
            return Source::QueryInput;
        }
        let items = compiler.template(fields, "Items");
        items.map_or(Source::QueryInput, Source::Array)
    }

    pub(super) fn find(&self, input: &Payload, scope: &Scope<'_>) -> Result<Payload, Fault> {
        let items = self.found(input, scope)?;
        scope.saw(Stage::AfterItemsPath, &items);
        Ok(items)
    }

    fn found(&self, input: &Payload, scope: &Scope<'_>) -> Result<Payload, Fault> {
        match self {
            Source::Input if input.value().is_array() => Ok(input.clone()),
            Source::Input => Err(no_array("$")),
            Source::Path(path) => match io::find(path, scope)? {
                items if !items.is_array() => Err(no_array(path.text())),
                // The whole input: shared.
                Cow::Borrowed(found) if std::ptr::eq(found, input.value()) => Ok(input.clone()),
                items => Ok(items.into_owned().into()),
            },
            Source::QueryInput if input.value().is_array() => Ok(input.clone()),
            Source::QueryInput => Err(Fault::Evaluation {
                field: None,
                message: format!(
                    "Map state input must be an array but was: {}",
                    text::json(input.value())
                ),
            }),
            Source::Query(query) => query.array(scope).map(Payload::from),
            Source::Array(template) => template.render(scope).map(Payload::from),
        }
    }
}

fn no_array(path: &str) -> Fault {
    Fault::runtime(format!("Reference path \"{path}\" must point to array."))
}
