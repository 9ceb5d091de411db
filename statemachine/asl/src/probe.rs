//! A probe looks inside one state: at its data at each stage, and at the handling of its failure.
//!
//! A probe hangs on a [`Step`](crate::execution::Step) and is told what happens; it also stands in
//! for what is not really there: the context object, the retries so far, the iterations of a Map.
//! Executions have none, and pay for none.

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

/// Observes a state, and stands in for what a test does not have.
#[derive(Debug)]
pub(crate) struct Probe {
    /// Stands for `$$`, whole.
    pub(crate) context: Value,
    /// Stands for what the state starts: its task, branches or iterations.
    pub(crate) mock: Option<MockOutcome>,
    /// Stands for the retries so far by the rule that applies.
    pub(crate) retries: u32,
    /// The number of failed iterations of a Map.
    failed_iterations: Option<u64>,
    stages: RefCell<BTreeMap<Stage, Payload>>,
    settings: RefCell<BTreeMap<MapSetting, Value>>,
    handled: Cell<ErrorDetails>,
    failure: RefCell<Option<Failure>>,
    /// The output, and the state that comes next.
    left: RefCell<Option<(Payload, Option<String>)>>,
}

impl Probe {
    pub(crate) fn new(
        context: Value,
        mock: Option<MockOutcome>,
        retries: Option<u32>,
        failed_iterations: Option<u64>,
    ) -> Probe {
        Probe {
            context,
            mock,
            retries: retries.unwrap_or(0),
            failed_iterations,
            stages: RefCell::default(),
            settings: RefCell::default(),
            handled: Cell::default(),
            failure: RefCell::default(),
            left: RefCell::default(),
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
        let mut handled = self.handled.get();
        change(&mut handled);
        self.handled.set(handled);
    }

    pub(crate) fn record_exit(&self, output: &Payload, next: Option<&str>) {
        *self.left.borrow_mut() = Some((output.clone(), next.map(str::to_owned)));
    }

    /// Returns the mocked result of a Map's iterations or a Parallel's branches, once all else has
    /// been evaluated.
    pub(crate) fn branches(&self) -> Option<Result<Payload, Fault>> {
        match self.mock.as_ref()? {
            MockOutcome::Failure(failure) => Some(Err(Fault::Reported(failure.clone()))),
            MockOutcome::Result(_) if self.too_many_failed() => {
                Some(Err(Fault::tolerance_exceeded()))
            }
            MockOutcome::Result(result) => Some(Ok(result.clone())),
        }
    }

    /// More iterations failed than the Map tolerates. One that says nothing of it is not held
    /// against it.
    fn too_many_failed(&self) -> bool {
        let Some(failed) = self.failed_iterations else {
            return false;
        };
        let settings = self.settings.borrow();
        let number = |setting| settings.get(&setting).and_then(Value::as_f64);
        let items = self.stages.borrow().get(&Stage::AfterItemsPath).map(count);
        let share = |most: f64| {
            let items = items.unwrap_or_else(|| self.mock_items());
            items > 0 && failed as f64 * 100.0 / items as f64 > most
        };
        number(MapSetting::ToleratedFailureCount).is_some_and(|most| failed as f64 > most)
            || number(MapSetting::ToleratedFailurePercentage).is_some_and(share)
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
            handled: self.handled.get(),
            failure: self.failure.into_inner(),
            left: self.left.into_inner(),
        }
    }
}

fn count(payload: &Payload) -> usize {
    payload.value().as_array().map_or(0, Vec::len)
}

/// The observations of a probe.
#[derive(Debug)]
pub(crate) struct Inspection {
    pub(crate) stages: BTreeMap<Stage, Payload>,
    pub(crate) settings: BTreeMap<MapSetting, Value>,
    pub(crate) handled: ErrorDetails,
    /// The failure as it was before a catcher took it.
    pub(crate) failure: Option<Failure>,
    pub(crate) left: Option<(Payload, Option<String>)>,
}

impl ErrorDetails {
    /// AWS's `errorDetails`.
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
