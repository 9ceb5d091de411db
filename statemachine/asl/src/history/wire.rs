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

/// The details of an event: its members in order.
#[derive(Default)]
struct Details<'a>(Vec<(&'static str, Member<'a>)>);

#[derive(Serialize)]
#[serde(untagged)]
enum Member<'a> {
    Text(&'a str),
    Number(u64),
    Truncated {
        truncated: bool,
    },
    #[serde(rename_all = "camelCase")]
    Credentials {
        role_arn: &'a str,
    },
    Variables(Variables<'a>),
}

/// Nothing is ever truncated: the payload quota is smaller than the API's limit.
const WHOLE: Member<'_> = Member::Truncated { truncated: false };

/// A map from names to JSON texts.
struct Variables<'a>(&'a [(Arc<str>, Payload)]);

impl Serialize for Variables<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let variables = self.0.iter();
        serializer.collect_map(variables.map(|(name, value)| (name.as_ref(), value.text())))
    }
}

impl Serialize for Details<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, member)| (name, member)))
    }
}

impl<'a> Details<'a> {
    fn with(mut self, name: &'static str, member: Option<Member<'a>>) -> Self {
        self.0.extend(member.map(|member| (name, member)));
        self
    }

    fn text(self, name: &'static str, text: impl Into<Option<&'a str>>) -> Self {
        self.with(name, text.into().map(Member::Text))
    }

    fn number(self, name: &'static str, number: impl Into<Option<u64>>) -> Self {
        self.with(name, number.into().map(Member::Number))
    }

    fn input(self, input: &'a Payload) -> Self {
        self.text("input", input.text())
            .with("inputDetails", Some(WHOLE))
    }

    fn output(self, output: &'a Payload) -> Self {
        self.text("output", output.text())
            .with("outputDetails", Some(WHOLE))
    }

    fn variables(self, assigned: &'a [(Arc<str>, Payload)]) -> Self {
        if assigned.is_empty() {
            return self;
        }
        let variables = Member::Variables(Variables(assigned));
        self.with("assignedVariables", Some(variables))
            .with("assignedVariablesDetails", Some(WHOLE))
    }

    fn failure(self, failure: &'a Failure) -> Self {
        self.text("error", failure.error.as_deref())
            .text("cause", failure.cause.as_deref())
    }

    /// The members that every event of a service task has; functions and activities are named only
    /// when scheduled.
    fn of_task(task: &'a TaskKind) -> Self {
        match task {
            TaskKind::Service {
                resource,
                resource_type,
            } => Details::default()
                .text("resourceType", &**resource_type)
                .text("resource", &**resource),
            TaskKind::Lambda | TaskKind::Activity => Details::default(),
        }
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
        let key = match self {
            D::StateEntered { .. } => "stateEnteredEventDetails".to_owned(),
            D::StateExited { .. } => "stateExitedEventDetails".to_owned(),
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
            other => details_key(&other.type_name()),
        };
        Some((key, self.members()))
    }

    fn members(&self) -> Details<'_> {
        use HistoryDetails as D;
        let details = Details::default();
        match self {
            D::ExecutionStarted {
                input,
                role_arn,
                alias_arn,
                version_arn,
            } => details
                .input(input)
                .text("roleArn", &**role_arn)
                .text("stateMachineAliasArn", alias_arn.as_deref())
                .text("stateMachineVersionArn", version_arn.as_deref()),
            D::ExecutionSucceeded { output } => details.output(output),
            D::ExecutionFailed(failure)
            | D::ExecutionAborted(failure)
            | D::MapRunFailed(failure) => details.failure(failure),
            D::ExecutionRedriven { count } => details.number("redriveCount", *count),
            D::StateEntered { name, input, .. } => details.text("name", &**name).input(input),
            D::StateExited {
                name,
                output,
                assigned,
                ..
            } => details
                .text("name", &**name)
                .output(output)
                .variables(assigned),
            D::EvaluationFailed {
                state,
                field,
                failure,
            } => details
                .text("state", &**state)
                .text("location", field.as_deref())
                .failure(failure),
            D::MapRunStarted { arn } => details.text("mapRunArn", &**arn),
            D::MapRunRedriven { arn, count } => details
                .text("mapRunArn", &**arn)
                .number("redriveCount", *count),
            D::MapStateStarted { length } => details.number("length", *length),
            D::MapIteration { name, index, .. } => {
                details.text("name", &**name).number("index", *index)
            }
            other => other.task_members(),
        }
    }

    fn task_members(&self) -> Details<'_> {
        use HistoryDetails as D;
        match self {
            D::TaskScheduled { .. } => self.scheduled_members(),
            D::TaskStarted { task, worker } => {
                Details::of_task(task).text("workerName", worker.as_deref())
            }
            D::TaskSubmitted { task, output } | D::TaskSucceeded { task, output } => {
                Details::of_task(task).output(output)
            }
            D::TaskFailed { task, failure, .. } | D::TaskTimedOut { task, failure } => {
                Details::of_task(task).failure(failure)
            }
            _ => Details::default(),
        }
    }

    fn scheduled_members(&self) -> Details<'_> {
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
        let details = Details::of_task(task);
        let details = match task {
            TaskKind::Service { .. } => details
                .text("region", &**region)
                .text("parameters", input.text()),
            TaskKind::Lambda | TaskKind::Activity => {
                details.text("resource", &**resource).input(input)
            }
        };
        let role_arn = credentials_role.as_deref();
        details
            .number("timeoutInSeconds", *timeout_seconds)
            .number("heartbeatInSeconds", *heartbeat_seconds)
            .with(
                "taskCredentials",
                role_arn.map(|role_arn| Member::Credentials { role_arn }),
            )
    }
}

/// `ExecutionStarted` -> `executionStartedEventDetails`
fn details_key(type_name: &str) -> String {
    let mut key = type_name.to_owned();
    key[..1].make_ascii_lowercase();
    key.push_str("EventDetails");
    key
}
