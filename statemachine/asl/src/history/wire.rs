//! The wire shape of history events: type names, the key of the details, the details.

use std::sync::Arc;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::{Failure, HistoryDetails, HistoryEvent, Iteration, StateType, TaskKind};
use crate::Payload;
use crate::event::FailureStage;

impl Serialize for HistoryEvent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("timestamp", &self.timestamp.epoch_seconds())?;
        map.serialize_entry("type", &self.details.type_name())?;
        map.serialize_entry("id", &self.id)?;
        map.serialize_entry("previousEventId", &self.previous_event_id)?;
        if let Some((key, details)) = self.details.details() {
            map.serialize_entry(&key, &details)?;
        }
        map.end()
    }
}

#[derive(Serialize)]
struct Truncated {
    truncated: bool,
}

/// Says that nothing is cut off: the payload quota is smaller than the API's limit.
const WHOLE: Option<Truncated> = Some(Truncated { truncated: false });

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TaskCredentials<'a> {
    role_arn: &'a str,
}

/// A map from names to JSON texts.
struct Variables<'a>(&'a [(Arc<str>, Payload)]);

impl Serialize for Variables<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(
            self.0
                .iter()
                .map(|(name, value)| (name.as_ref(), value.text())),
        )
    }
}

/// The union of all details structures; each event fills what its own has.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Details<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    map_run_arn: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    redrive_count: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    length: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input_details: Option<Truncated>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_details: Option<Truncated>,
    #[serde(skip_serializing_if = "Option::is_none")]
    assigned_variables: Option<Variables<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    assigned_variables_details: Option<Truncated>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role_arn: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state_machine_alias_arn: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state_machine_version_arn: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    worker_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timeout_in_seconds: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    heartbeat_in_seconds: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    task_credentials: Option<TaskCredentials<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<&'a str>,
}

impl<'a> Details<'a> {
    fn input(text: &'a str) -> Self {
        Details {
            input: Some(text),
            input_details: WHOLE,
            ..Details::default()
        }
    }

    fn output(text: &'a str) -> Self {
        Details {
            output: Some(text),
            output_details: WHOLE,
            ..Details::default()
        }
    }

    fn failure(failure: &'a Failure) -> Self {
        Details {
            error: failure.error.as_deref(),
            cause: failure.cause.as_deref(),
            ..Details::default()
        }
    }

    /// Adds what every event of a service task names; functions and activities name it only when
    /// scheduled.
    fn with_task(mut self, task: &'a TaskKind) -> Self {
        if let TaskKind::Service {
            resource,
            resource_type,
        } = task
        {
            self.resource = Some(resource);
            self.resource_type = Some(resource_type);
        }
        self
    }
}

impl StateType {
    /// `Pass`, `Choice`, …: as `Type` in a definition.
    pub fn name(self) -> &'static str {
        match self {
            StateType::Choice => "Choice",
            StateType::Fail => "Fail",
            StateType::Map => "Map",
            StateType::Parallel => "Parallel",
            StateType::Pass => "Pass",
            StateType::Succeed => "Succeed",
            StateType::Task => "Task",
            StateType::Wait => "Wait",
        }
    }
}

impl TaskKind {
    fn prefix(&self) -> &'static str {
        match self {
            TaskKind::Lambda => "LambdaFunction",
            TaskKind::Activity => "Activity",
            TaskKind::Service { .. } => "Task",
        }
    }
}

impl Iteration {
    fn name(self) -> &'static str {
        match self {
            Iteration::Started => "Started",
            Iteration::Succeeded => "Succeeded",
            Iteration::Failed => "Failed",
            Iteration::Aborted => "Aborted",
        }
    }
}

impl FailureStage {
    fn suffix(self) -> &'static str {
        match self {
            FailureStage::Schedule => "ScheduleFailed",
            FailureStage::Start => "StartFailed",
            FailureStage::Submit => "SubmitFailed",
            FailureStage::Run => "Failed",
        }
    }
}

impl HistoryDetails {
    /// Returns the event's type, for example `PassStateEntered`.
    pub fn type_name(&self) -> String {
        use HistoryDetails as D;
        match self {
            D::ExecutionStarted { .. } => "ExecutionStarted".into(),
            D::ExecutionSucceeded { .. } => "ExecutionSucceeded".into(),
            D::ExecutionFailed(_) => "ExecutionFailed".into(),
            D::ExecutionAborted(_) => "ExecutionAborted".into(),
            D::ExecutionTimedOut => "ExecutionTimedOut".into(),
            D::ExecutionRedriven { .. } => "ExecutionRedriven".into(),
            D::StateEntered { kind, .. } => format!("{}StateEntered", kind.name()),
            D::StateExited { kind, .. } => format!("{}StateExited", kind.name()),
            D::EvaluationFailed { .. } => "EvaluationFailed".into(),
            D::StateAborted(kind) => format!("{}StateAborted", kind.name()),
            D::ParallelStateStarted => "ParallelStateStarted".into(),
            D::ParallelStateSucceeded => "ParallelStateSucceeded".into(),
            D::ParallelStateFailed => "ParallelStateFailed".into(),
            D::MapStateStarted { .. } => "MapStateStarted".into(),
            D::MapStateSucceeded => "MapStateSucceeded".into(),
            D::MapStateFailed => "MapStateFailed".into(),
            D::MapRunStarted { .. } => "MapRunStarted".into(),
            D::MapRunRedriven { .. } => "MapRunRedriven".into(),
            D::MapRunSucceeded => "MapRunSucceeded".into(),
            D::MapRunFailed(_) => "MapRunFailed".into(),
            D::MapRunAborted => "MapRunAborted".into(),
            D::MapIteration { progress, .. } => format!("MapIteration{}", progress.name()),
            D::TaskScheduled { task, .. } => format!("{}Scheduled", task.prefix()),
            D::TaskStarted { task, .. } => format!("{}Started", task.prefix()),
            D::TaskSubmitted { task, .. } => format!("{}Submitted", task.prefix()),
            D::TaskSucceeded { task, .. } => format!("{}Succeeded", task.prefix()),
            D::TaskFailed { task, stage, .. } => format!("{}{}", task.prefix(), stage.suffix()),
            D::TaskTimedOut { task, .. } => format!("{}TimedOut", task.prefix()),
        }
    }

    /// Returns the details and the key that they stand under; `None` for events without details.
    fn details(&self) -> Option<(String, Details<'_>)> {
        use HistoryDetails as D;
        let details = match self {
            D::StateEntered { name, input, .. } => {
                let mut details = Details::input(input.text());
                details.name = Some(name);
                return Some(("stateEnteredEventDetails".into(), details));
            }
            D::StateExited {
                name,
                output,
                assigned,
                ..
            } => {
                let mut details = Details::output(output.text());
                details.name = Some(name);
                if !assigned.is_empty() {
                    details.assigned_variables = Some(Variables(assigned));
                    details.assigned_variables_details = WHOLE;
                }
                return Some(("stateExitedEventDetails".into(), details));
            }
            D::StateAborted(_)
            | D::ParallelStateStarted
            | D::ParallelStateSucceeded
            | D::ParallelStateFailed
            | D::MapStateSucceeded
            | D::MapStateFailed
            | D::MapRunSucceeded
            | D::MapRunAborted
            | D::TaskStarted {
                task: TaskKind::Lambda,
                ..
            } => return None,
            D::TaskScheduled { .. } => self.scheduled(),
            other => other.simple_details(),
        };
        Some((details_key(&self.type_name()), details))
    }

    fn simple_details(&self) -> Details<'_> {
        use HistoryDetails as D;
        match self {
            D::ExecutionStarted {
                input,
                role_arn,
                alias_arn,
                version_arn,
            } => Details {
                role_arn: Some(role_arn),
                state_machine_alias_arn: alias_arn.as_deref(),
                state_machine_version_arn: version_arn.as_deref(),
                ..Details::input(input.text())
            },
            D::ExecutionSucceeded { output } => Details::output(output.text()),
            D::ExecutionFailed(failure)
            | D::ExecutionAborted(failure)
            | D::MapRunFailed(failure) => Details::failure(failure),
            D::MapRunStarted { arn } => Details {
                map_run_arn: Some(arn),
                ..Details::default()
            },
            D::MapRunRedriven { arn, count } => Details {
                map_run_arn: Some(arn),
                redrive_count: Some(*count),
                ..Details::default()
            },
            D::EvaluationFailed {
                state,
                field,
                failure,
            } => Details {
                state: Some(state),
                location: field.as_deref(),
                ..Details::failure(failure)
            },
            D::ExecutionRedriven { count } => Details {
                redrive_count: Some(*count),
                ..Details::default()
            },
            D::MapStateStarted { length } => Details {
                length: Some(*length),
                ..Details::default()
            },
            D::MapIteration { name, index, .. } => Details {
                name: Some(name),
                index: Some(*index),
                ..Details::default()
            },
            D::TaskStarted { task, worker } => Details {
                worker_name: worker.as_deref(),
                ..Details::default()
            }
            .with_task(task),
            D::TaskSubmitted { task, output } | D::TaskSucceeded { task, output } => {
                Details::output(output.text()).with_task(task)
            }
            D::TaskFailed { task, failure, .. } | D::TaskTimedOut { task, failure } => {
                Details::failure(failure).with_task(task)
            }
            _ => Details::default(),
        }
    }

    fn scheduled(&self) -> Details<'_> {
        let HistoryDetails::TaskScheduled {
            task,
            resource,
            region,
            input,
            timeout_seconds,
            heartbeat_seconds,
            credentials_role,
        } = self
        else {
            return Details::default();
        };
        let mut details = match task {
            TaskKind::Service { .. } => Details {
                region: Some(region),
                parameters: Some(input.text()),
                ..Details::default()
            },
            TaskKind::Lambda | TaskKind::Activity => Details {
                resource: Some(resource),
                ..Details::input(input.text())
            },
        };
        details.timeout_in_seconds = *timeout_seconds;
        details.heartbeat_in_seconds = *heartbeat_seconds;
        details.task_credentials = credentials_role
            .as_deref()
            .map(|role_arn| TaskCredentials { role_arn });
        details.with_task(task)
    }
}

/// `ExecutionStarted` -> `executionStartedEventDetails`
fn details_key(type_name: &str) -> String {
    let mut key = type_name.to_owned();
    key[..1].make_ascii_lowercase();
    key.push_str("EventDetails");
    key
}
