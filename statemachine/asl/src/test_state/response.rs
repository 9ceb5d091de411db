//! The response of TestState at each inspection level.

use serde_json::{Map, Value, json};

use super::InspectionLevel;
use crate::data_flow::DataFlow;
use crate::inspector::{Inspection, Stage};
use crate::machine::State;
use crate::states::StateKind;
use crate::{Failure, Outcome};

pub(super) fn response(
    state: &State,
    outcome: Option<&Outcome>,
    observed: &Inspection,
    level: InspectionLevel,
) -> Value {
    let mut response = json!({ "status": status(observed, outcome) });
    if let Some((output, next)) = &observed.exit {
        response["output"] = output.text().into();
        if let Some(next) = next {
            response["nextState"] = next.as_str().into();
        }
    }
    if let Some(Failure { error, cause }) = observed.failure.as_ref().or(failure(outcome).as_ref())
    {
        if let Some(error) = error {
            response["error"] = error.as_str().into();
        }
        if let Some(cause) = cause {
            response["cause"] = cause.as_str().into();
        }
    }
    if level != InspectionLevel::Info {
        response["inspectionData"] = inspection(state, observed);
    }
    response
}

fn status(observed: &Inspection, outcome: Option<&Outcome>) -> &'static str {
    if observed.exit.is_some() {
        return if observed.error_details.catcher.is_some() {
            "CAUGHT_ERROR"
        } else {
            "SUCCEEDED"
        };
    }
    if observed.error_details.delay_seconds.is_some() {
        return "RETRIABLE";
    }
    match outcome {
        Some(Outcome::Succeeded { .. }) => "SUCCEEDED",
        _ => "FAILED",
    }
}

fn failure(outcome: Option<&Outcome>) -> Option<Failure> {
    match outcome? {
        Outcome::Failed { error, cause } => Some(Failure {
            error: error.clone(),
            cause: cause.clone(),
        }),
        _ => None,
    }
}

fn inspection(state: &State, observed: &Inspection) -> Value {
    let mut data = Map::new();
    for (stage, payload) in observed
        .stages
        .iter()
        .filter(|(stage, _)| is_shown(state, **stage))
    {
        data.insert(stage.name().into(), payload.text().into());
    }
    for (setting, value) in &observed.settings {
        data.insert(setting.name().into(), value.clone());
    }
    if let Some(details) = observed.error_details.to_value() {
        data.insert("errorDetails".into(), details);
    }
    Value::Object(data)
}

/// Returns true if AWS shows a stage of a state's type.
fn is_shown(state: &State, stage: Stage) -> bool {
    use Stage::*;
    let paths = matches!(state.data_flow, DataFlow::Paths(_));
    match stage {
        Input | Variables => true,
        AfterItemsPath => paths,
        AfterArguments => matches!(state.kind, StateKind::Task(_)),
        Result => matches!(state.kind, StateKind::Task(_) | StateKind::Pass(_)),
        AfterInputPath => paths && !matches!(state.kind, StateKind::Parallel(_)),
        AfterParameters => matches!(state.kind, StateKind::Task(_) | StateKind::Pass(_)),
        AfterResultSelector | AfterResultPath => {
            paths
                && !matches!(
                    state.kind,
                    StateKind::Wait(_)
                        | StateKind::Choice(_)
                        | StateKind::Succeed
                        | StateKind::Fail(_)
                )
        }
    }
}
