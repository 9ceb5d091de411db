//! The field of a Map that says where its items are.

use std::borrow::Cow;

use crate::Payload;
use crate::fault::Fault;
use crate::input_output;
use crate::inspector::Stage;
use crate::java_text;
use crate::jsonpath::Path;
use crate::query::Query;
use crate::scope::Scope;
use crate::template::Template;

/// `ItemsPath` or `Items`.
#[derive(Debug)]
pub(crate) enum ItemsField {
    /// The input itself, in a JSONPath state.
    Input,
    /// `ItemsPath`
    Path(Path),
    /// The state's input, in a JSONata state.
    QueryInput,
    /// `Items`, an expression.
    Query(Query),
    /// `Items`, an array that may hold expressions.
    Array(Template),
}

impl ItemsField {
    pub(crate) fn evaluate(&self, input: &Payload, scope: &Scope<'_>) -> Result<Payload, Fault> {
        let items = self.find(input, scope)?;
        scope.record_stage(Stage::AfterItemsPath, &items);
        Ok(items)
    }

    fn find(&self, input: &Payload, scope: &Scope<'_>) -> Result<Payload, Fault> {
        match self {
            ItemsField::Input if input.value().is_array() => Ok(input.clone()),
            ItemsField::Input => Err(no_array("$")),
            ItemsField::Path(path) => match input_output::find(path, scope)? {
                items if !items.is_array() => Err(no_array(path.text())),
                // The whole input: shared.
                Cow::Borrowed(found) if std::ptr::eq(found, input.value()) => Ok(input.clone()),
                items => Ok(items.into_owned().into()),
            },
            ItemsField::QueryInput if input.value().is_array() => Ok(input.clone()),
            ItemsField::QueryInput => Err(Fault::Evaluation {
                field: None,
                message: format!(
                    "Map state input must be an array but was: {}",
                    java_text::json(input.value())
                ),
            }),
            ItemsField::Query(query) => query.array(scope).map(Payload::from),
            ItemsField::Array(template) => template.render(scope).map(Payload::from),
        }
    }
}

fn no_array(path: &str) -> Fault {
    Fault::runtime(format!("Reference path \"{path}\" must point to array."))
}
