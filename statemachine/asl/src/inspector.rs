//! Records the data of one state at each stage and the handling of its failure, for TestState.
//!
//! An inspector is attached to a [`Step`](crate::execution::Step). It also mocks what a test does
//! not have: the context object, the retries so far, the iterations of a Map. Executions have no
//! inspector, at no cost.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::fault::Fault;
use crate::{Failure, Payload};

/// A point that a state's data passes; its name is AWS's, of `inspectionData`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    AfterArguments,
    AfterInputPath,
    AfterItemsPath,
    AfterParameters,
    AfterResultPath,
    AfterResultSelector,
    Input,
    Result,
    Variables,
}

impl Stage {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Stage::AfterArguments => "afterArguments",
            Stage::AfterInputPath => "afterInputPath",
            Stage::AfterItemsPath => "afterItemsPath",
            Stage::AfterParameters => "afterParameters",
            Stage::AfterResultPath => "afterResultPath",
            Stage::AfterResultSelector => "afterResultSelector",
            Stage::Input => "input",
            Stage::Result => "result",
            Stage::Variables => "variables",
        }
    }
}

/// A number that configures a Map state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum MapSetting {
    MaxConcurrency,
    ToleratedFailureCount,
    ToleratedFailurePercentage,
}

impl MapSetting {
    pub(crate) fn name(self) -> &'static str {
        match self {
            MapSetting::MaxConcurrency => "maxConcurrency",
            MapSetting::ToleratedFailureCount => "toleratedFailureCount",
            MapSetting::ToleratedFailurePercentage => "toleratedFailurePercentage",
        }
    }
}

/// The rules that handle a failure: AWS's `errorDetails`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct ErrorDetails {
    /// The retrier that names the error, also where its attempts are used up.
    pub(crate) retrier: Option<usize>,
    /// The back-off in seconds, if an attempt is left.
    pub(crate) delay_seconds: Option<f64>,
    /// The catcher that takes the error.
    pub(crate) catcher: Option<usize>,
}

/// The outcome of a mocked task, Map or Parallel.
#[derive(Clone, Debug)]
pub(crate) enum MockOutcome {
    Result(Payload),
    Failure(Failure),
}

/// Records the data of a state, and mocks what a test does not have.
#[derive(Debug)]
pub(crate) struct Inspector {
    /// The mocked context object, `$$`.
    pub(crate) context: Value,
    /// The mocked outcome of the state's task, branches or iterations.
    pub(crate) mock: Option<MockOutcome>,
    /// The mocked number of retries by the retrier that applies.
    pub(crate) retries: u32,
    /// The number of failed iterations of a Map.
    failed_iterations: Option<u64>,
    stages: RefCell<BTreeMap<Stage, Payload>>,
    settings: RefCell<BTreeMap<MapSetting, Value>>,
    error_details: Cell<ErrorDetails>,
    failure: RefCell<Option<Failure>>,
    /// The output, and the next state.
    exit: RefCell<Option<(Payload, Option<String>)>>,
}

impl Inspector {
    pub(crate) fn new(
        context: Value,
        mock: Option<MockOutcome>,
        retries: Option<u32>,
        failed_iterations: Option<u64>,
    ) -> Inspector {
        Inspector {
            context,
            mock,
            retries: retries.unwrap_or(0),
            failed_iterations,
            stages: RefCell::default(),
            settings: RefCell::default(),
            error_details: Cell::default(),
            failure: RefCell::default(),
            exit: RefCell::default(),
        }
    }

    pub(crate) fn record_stage(&self, stage: Stage, payload: &Payload) {
        self.stages.borrow_mut().insert(stage, payload.clone());
    }

    pub(crate) fn record_setting(&self, setting: MapSetting, value: Value) {
        self.settings.borrow_mut().insert(setting, value);
    }

    pub(crate) fn record_failure(&self, failure: &Failure) {
        *self.failure.borrow_mut() = Some(failure.clone());
    }

    pub(crate) fn update_error_details(&self, change: impl FnOnce(&mut ErrorDetails)) {
        let mut error_details = self.error_details.get();
        change(&mut error_details);
        self.error_details.set(error_details);
    }

    pub(crate) fn record_exit(&self, output: &Payload, next: Option<&str>) {
        *self.exit.borrow_mut() = Some((output.clone(), next.map(str::to_owned)));
    }

    /// Returns the mocked result of a Map's iterations or a Parallel's branches, once all else has
    /// been evaluated.
    pub(crate) fn branches(&self) -> Option<Result<Payload, Fault>> {
        match self.mock.as_ref()? {
            MockOutcome::Failure(failure) => Some(Err(Fault::Failure(failure.clone()))),
            MockOutcome::Result(_) if self.too_many_failed() => {
                Some(Err(Fault::tolerance_exceeded()))
            }
            MockOutcome::Result(result) => Some(Ok(result.clone())),
        }
    }

    /// Returns true if more iterations failed than the Map tolerates. A mock without a number of
    /// failed iterations is within the tolerance.
    fn too_many_failed(&self) -> bool {
        let Some(failed) = self.failed_iterations else {
            return false;
        };
        let settings = self.settings.borrow();
        let number = |setting| settings.get(&setting).and_then(Value::as_f64);
        let items = self.stages.borrow().get(&Stage::AfterItemsPath).map(count);
        let exceeds_percentage = |max: f64| {
            let items = items.unwrap_or_else(|| self.mock_items());
            items > 0 && failed as f64 * 100.0 / items as f64 > max
        };
        number(MapSetting::ToleratedFailureCount).is_some_and(|max| failed as f64 > max)
            || number(MapSetting::ToleratedFailurePercentage).is_some_and(exceeds_percentage)
    }

    fn mock_items(&self) -> usize {
        match &self.mock {
            Some(MockOutcome::Result(result)) => count(result),
            _ => 0,
        }
    }

    pub(crate) fn into_inspection(self) -> Inspection {
        Inspection {
            stages: self.stages.into_inner(),
            settings: self.settings.into_inner(),
            error_details: self.error_details.get(),
            failure: self.failure.into_inner(),
            exit: self.exit.into_inner(),
        }
    }
}

fn count(payload: &Payload) -> usize {
    payload.value().as_array().map_or(0, Vec::len)
}

/// The observations of an inspector.
#[derive(Debug)]
pub(crate) struct Inspection {
    pub(crate) stages: BTreeMap<Stage, Payload>,
    pub(crate) settings: BTreeMap<MapSetting, Value>,
    pub(crate) error_details: ErrorDetails,
    /// The failure before a catcher error_details it.
    pub(crate) failure: Option<Failure>,
    pub(crate) exit: Option<(Payload, Option<String>)>,
}

impl ErrorDetails {
    /// Serializes AWS's `errorDetails`.
    pub(crate) fn to_value(self) -> Option<Value> {
        let mut details = json!({});
        if let Some(index) = self.catcher {
            details["catchIndex"] = index.into();
        }
        if let Some(index) = self.retrier {
            details["retryIndex"] = index.into();
        }
        if let Some(delay) = self.delay_seconds {
            details["retryBackoffIntervalSeconds"] = (delay.round() as u64).into();
        }
        details
            .as_object()
            .is_some_and(|fields| !fields.is_empty())
            .then_some(details)
    }
}
