//! JSONPath's input and output processing: `InputPath`, `Parameters`, `ResultSelector`,
//! `ResultPath`, `OutputPath`.
//!
//! <https://docs.aws.amazon.com/step-functions/latest/dg/concepts-input-output-filtering.html>

use std::borrow::Cow;

use serde_json::{Value, json};

use crate::Payload;
use crate::fault::{Fault, names};
use crate::inspector::Stage;
use crate::jsonpath::Path;
use crate::scope::Scope;
use crate::template::Template;

/// `InputPath` or `OutputPath`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Selection {
    /// `$`, or not there.
    #[default]
    Whole,
    /// `null`: an empty object.
    Nothing,
    Path(Path),
}

/// `ResultPath`
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum ResultPath {
    /// `$`, or not there: the result replaces the input.
    #[default]
    Whole,
    /// `null`: the result is dropped.
    Nothing,
    /// The result goes into the input.
    Path(Path),
}

/// The fields of a JSONPath state that shape its input and output.
#[derive(Clone, Debug, Default)]
pub(crate) struct PathFields {
    pub(crate) input_path: Selection,
    pub(crate) parameters: Option<Template>,
    pub(crate) result_selector: Option<Template>,
    pub(crate) result_path: ResultPath,
    pub(crate) output_path: Selection,
}

impl Selection {
    pub(crate) fn apply(&self, payload: &Payload, scope: &Scope<'_>) -> Result<Payload, Fault> {
        match self {
            Selection::Whole => Ok(payload.clone()),
            Selection::Nothing => Ok(json!({}).into()),
            Selection::Path(path) => find(path, scope).map(|value| value.into_owned().into()),
        }
    }
}

/// Looks up a path, with the error text that AWS gives for fields that are paths as a whole.
pub(crate) fn find<'a>(path: &Path, scope: &Scope<'a>) -> Result<Cow<'a, Value>, Fault> {
    scope
        .find(path)
        .map_err(|missing| Fault::runtime(format!("Invalid path '{}' : {missing}", path.text())))
}

impl ResultPath {
    /// Returns the state's output before `OutputPath`: `result` combined with the state's raw
    /// `input`.
    pub(crate) fn apply(&self, input: &Payload, result: Payload) -> Result<Payload, Fault> {
        match self {
            ResultPath::Whole => Ok(result),
            ResultPath::Nothing => Ok(input.clone()),
            ResultPath::Path(path) => {
                let mut output = input.value().clone();
                path.put(&mut output, result.into_value())
                    .map_err(|_| Fault::Raised {
                        error: names::RESULT_PATH_MATCH_FAILURE,
                        message: format!(
                            "Unable to apply ReferencePath {} to input {}",
                            path.text(),
                            input.text()
                        ),
                    })?;
                Ok(output.into())
            }
        }
    }
}

impl PathFields {
    /// Returns the output: `result` after `ResultPath` and `OutputPath`.
    pub(crate) fn output(
        &self,
        input: &Payload,
        result: Payload,
        scope: &Scope<'_>,
    ) -> Result<Payload, Fault> {
        let combined = self.result_path.apply(input, result)?;
        scope.record_stage(Stage::AfterResultPath, &combined);
        let scope = scope.over(combined.value());
        self.output_path.apply(&combined, &scope)
    }
}

/// Evaluates `template` on `payload`; returns `payload` itself if there is no template.
pub(crate) fn render(
    template: Option<&Template>,
    payload: Payload,
    scope: &Scope<'_>,
) -> Result<Payload, Fault> {
    let Some(template) = template else {
        return Ok(payload);
    };
    let scope = scope.over(payload.value());
    template.render(&scope).map(Payload::from)
}
