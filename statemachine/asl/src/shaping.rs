//! What becomes of a state's input and result, in either query language.

use crate::Payload;
use crate::fault::Fault;
use crate::input_output::{PathFields, render};
use crate::probe::Stage;
use crate::scope::Scope;
use crate::template::Template;

/// The fields of a state that shape its input and output.
#[derive(Clone, Debug)]
pub(crate) enum Shaping {
    /// JSONPath: `InputPath` to `OutputPath`.
    Paths(Box<PathFields>),
    /// JSONata
    Queries(QueryFields),
}

/// The fields of a JSONata state.
#[derive(Clone, Debug, Default)]
pub(crate) struct QueryFields {
    pub(crate) arguments: Option<Template>,
    pub(crate) output: Option<Template>,
}

impl Default for Shaping {
    fn default() -> Self {
        Shaping::Paths(Box::default())
    }
}

impl Shaping {
    /// The input after `InputPath`.
    pub(crate) fn selected_input(
        &self,
        input: &Payload,
        scope: &Scope<'_>,
    ) -> Result<Payload, Fault> {
        let Shaping::Paths(paths) = self else {
            return Ok(input.clone());
        };
        let selected = paths.input_path.apply(input, scope)?;
        scope.record_stage(Stage::AfterInputPath, &selected);
        Ok(selected)
    }

    /// What the state works on, made of its selected input: `Parameters` or `Arguments`.
    pub(crate) fn parameterized(
        &self,
        selected: Payload,
        scope: &Scope<'_>,
    ) -> Result<Payload, Fault> {
        let (template, stage) = match self {
            Shaping::Paths(paths) => (&paths.parameters, Stage::AfterParameters),
            Shaping::Queries(queries) => (&queries.arguments, Stage::AfterArguments),
        };
        let effective = render(template.as_ref(), selected, scope)?;
        scope.record_stage(stage, &effective);
        Ok(effective)
    }

    /// What the state works on, made of its raw input.
    pub(crate) fn effective_input(
        &self,
        input: &Payload,
        scope: &Scope<'_>,
    ) -> Result<Payload, Fault> {
        self.parameterized(self.selected_input(input, scope)?, scope)
    }

    /// A result after `ResultSelector`.
    pub(crate) fn selected_result(
        &self,
        result: Payload,
        scope: &Scope<'_>,
    ) -> Result<Payload, Fault> {
        match self {
            Shaping::Paths(paths) => render(paths.result_selector.as_ref(), result, scope),
            Shaping::Queries(_) => Ok(result),
        }
    }

    /// The output: `result` after `ResultPath` and `OutputPath`, or `Output`.
    pub(crate) fn place(
        &self,
        input: &Payload,
        result: Payload,
        scope: &Scope<'_>,
    ) -> Result<Payload, Fault> {
        match self {
            Shaping::Paths(paths) => paths.place(input, result, scope),
            Shaping::Queries(queries) => render(queries.output.as_ref(), result, scope),
        }
    }
}
