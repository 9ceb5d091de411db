//! Input and output processing of a state, in either query language.

use crate::Payload;
use crate::fault::Fault;
use crate::input_output::{PathFields, render};
use crate::inspector::Stage;
use crate::scope::Scope;
use crate::template::Template;

/// The fields of a state that process its input and output.
#[derive(Clone, Debug)]
pub(crate) enum DataFlow {
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

impl Default for DataFlow {
    fn default() -> Self {
        DataFlow::Paths(Box::default())
    }
}

impl DataFlow {
    /// Returns the input after `InputPath`.
    pub(crate) fn selected_input(
        &self,
        input: &Payload,
        scope: &Scope<'_>,
    ) -> Result<Payload, Fault> {
        let DataFlow::Paths(paths) = self else {
            return Ok(input.clone());
        };
        let selected = paths.input_path.apply(input, scope)?;
        scope.record_stage(Stage::AfterInputPath, &selected);
        Ok(selected)
    }

    /// Evaluates `Parameters` or `Arguments` on the selected input.
    pub(crate) fn parameterized(
        &self,
        selected: Payload,
        scope: &Scope<'_>,
    ) -> Result<Payload, Fault> {
        let (template, stage) = match self {
            DataFlow::Paths(paths) => (&paths.parameters, Stage::AfterParameters),
            DataFlow::Queries(queries) => (&queries.arguments, Stage::AfterArguments),
        };
        let effective = render(template.as_ref(), selected, scope)?;
        scope.record_stage(stage, &effective);
        Ok(effective)
    }

    /// Evaluates `InputPath`, and `Parameters` or `Arguments`, on the raw input.
    pub(crate) fn effective_input(
        &self,
        input: &Payload,
        scope: &Scope<'_>,
    ) -> Result<Payload, Fault> {
        self.parameterized(self.selected_input(input, scope)?, scope)
    }

    /// Returns a result after `ResultSelector`.
    pub(crate) fn selected_result(
        &self,
        result: Payload,
        scope: &Scope<'_>,
    ) -> Result<Payload, Fault> {
        match self {
            DataFlow::Paths(paths) => render(paths.result_selector.as_ref(), result, scope),
            DataFlow::Queries(_) => Ok(result),
        }
    }

    /// Returns the output: `result` after `ResultPath` and `OutputPath`, or `Output`.
    pub(crate) fn output(
        &self,
        input: &Payload,
        result: Payload,
        scope: &Scope<'_>,
    ) -> Result<Payload, Fault> {
        match self {
            DataFlow::Paths(paths) => paths.output(input, result, scope),
            DataFlow::Queries(queries) => render(queries.output.as_ref(), result, scope),
        }
    }
}
