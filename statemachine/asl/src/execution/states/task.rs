//! Runs a Task state: asks the runner for work.
//!
//! | in | on | does | then |
//! | --- | --- | --- | --- |
//! | (entered) |  | `InputPath`, `Parameters`; `TaskScheduled`; timers | scheduled |
//! | scheduled | (activity) scheduled | `ActivityScheduled` | scheduled |
//! | scheduled | started | `TaskStarted` | started |
//! | started | submitted | `TaskSubmitted` | started |
//! | any | heartbeat | sets the heartbeat's timer anew | same |
//! | any | succeeded | `TaskSucceeded`; `ResultSelector`, `ResultPath`, `OutputPath` | exit |
//! | any | failed | `TaskFailed` | retry, catch or fail |
//! | any | timeout or heartbeat timer | `TaskTimedOut`; cancels the task | retry, catch or fail |
//!
//! The names are those of service integrations; a function's or activity's events have their own.

use crate::execution::{RunningTask, ScopeInputs, Step, ThreadId};
use crate::fault::{Fault, names};
use crate::states::{NumberField, Task};
use crate::{Failure, FailureStage, HistoryDetails, Payload, Resource, TaskRequest};

impl Task {
    pub(crate) fn run(&self, step: &mut Step<'_>, thread: ThreadId) -> Result<(), Fault> {
        let request = self.request(step, thread)?;
        step.accept(thread, request.arguments.clone())?;
        // Only the runner knows whether there is such an activity.
        if !matches!(self.resource, Resource::Activity { .. }) {
            step.note(thread, self.scheduling(step, &request));
        }
        step.start_task(thread, request);
        Ok(())
    }

    fn request(&self, step: &mut Step<'_>, thread: ThreadId) -> Result<TaskRequest, Fault> {
        let token = self.waits_for_token().then(|| step.token());
        let (data_flow, state) = (step.data_flow(thread), step.state(thread));
        step.with_scope(
            thread,
            ScopeInputs::token(token.as_deref()),
            |input, scope| {
                let selected = data_flow.selected_input(input, scope)?;
                let scope = scope.over(selected.value());
                let limit = |limit: &Option<NumberField>| {
                    limit.as_ref().map(|limit| limit.whole(&scope)).transpose()
                };
                let credentials = self
                    .credentials
                    .as_ref()
                    .map(|c| c.render(&scope))
                    .transpose()?;
                Ok(TaskRequest {
                    state: state.name.to_string(),
                    resource: self.resource.clone(),
                    timeout_seconds: limit(&self.timeout)?,
                    heartbeat_seconds: limit(&self.heartbeat)?,
                    arguments: data_flow.parameterized(selected.clone(), &scope)?,
                    token: token.clone(),
                    credentials: credentials.map(Payload::from),
                    submitted: false,
                })
            },
        )
    }

    fn scheduling(&self, step: &Step<'_>, request: &TaskRequest) -> HistoryDetails {
        let role = request
            .credentials
            .as_ref()
            .and_then(|c| c.value()["RoleArn"].as_str());
        HistoryDetails::TaskScheduled {
            task: self.kind.clone(),
            resource: self.name.clone(),
            region: step.region(),
            input: request.arguments.clone(),
            timeout_seconds: request.timeout_seconds,
            heartbeat_seconds: request.heartbeat_seconds,
            credentials_role: role.map(Into::into),
        }
    }

    /// Takes in that the task waits for its worker.
    pub(crate) fn scheduled(&self, step: &mut Step<'_>, thread: ThreadId) {
        let Some(running) = step.running_task(thread) else {
            return;
        };
        if !std::mem::replace(&mut running.scheduled, true) {
            let request = running.request.clone();
            step.note(thread, self.scheduling(step, &request));
        }
    }

    pub(crate) fn started(&self, step: &mut Step<'_>, thread: ThreadId, worker: Option<String>) {
        self.scheduled(step, thread);
        if let Some(running) = step.running_task(thread)
            && !std::mem::replace(&mut running.started, true)
        {
            // Its worker has it: after a restart no other gets it.
            if matches!(self.resource, Resource::Activity { .. }) {
                running.submit();
            }
            step.note(
                thread,
                HistoryDetails::TaskStarted {
                    task: self.kind.clone(),
                    worker,
                },
            );
        }
    }

    pub(crate) fn submitted(&self, step: &mut Step<'_>, thread: ThreadId, output: Payload) {
        self.started(step, thread, None);
        if step.running_task(thread).is_none_or(RunningTask::submit) {
            return;
        }
        step.note(
            thread,
            HistoryDetails::TaskSubmitted {
                task: self.kind.clone(),
                output,
            },
        );
    }

    /// Takes in the result of the task.
    pub(crate) fn succeeded(
        &self,
        step: &mut Step<'_>,
        thread: ThreadId,
        result: &Payload,
    ) -> Result<(), Fault> {
        self.started(step, thread, None);
        if let Some(fault) = Fault::for_oversized_result(result, &self.name) {
            return self.failed(step, thread, FailureStage::Run, fault);
        }
        step.end_task(thread);
        step.note(
            thread,
            HistoryDetails::TaskSucceeded {
                task: self.kind.clone(),
                output: result.clone(),
            },
        );
        step.exit_with(thread, result)
    }

    /// Takes in the failure of the task.
    pub(crate) fn failed(
        &self,
        step: &mut Step<'_>,
        thread: ThreadId,
        stage: FailureStage,
        fault: Fault,
    ) -> Result<(), Fault> {
        if stage == FailureStage::Schedule
            && step
                .running_task(thread)
                .is_some_and(|running| !running.scheduled)
        {
            step.end_task(thread);
            let cause = step.failure(thread, fault).cause;
            return Err(Fault::runtime(cause.unwrap_or_default()));
        }
        if matches!(stage, FailureStage::Run | FailureStage::Submit) {
            self.started(step, thread, None);
        }
        step.end_task(thread);
        let failure = step.failure(thread, fault);
        let (task, reported) = (self.kind.clone(), failure.clone());
        step.note(
            thread,
            HistoryDetails::TaskFailed {
                task,
                stage,
                failure,
            },
        );
        Err(Fault::Failure(reported))
    }

    /// Fails the task because `TimeoutSeconds` or `HeartbeatSeconds` are over.
    pub(crate) fn timed_out(
        &self,
        step: &mut Step<'_>,
        thread: ThreadId,
        heartbeat: bool,
    ) -> Result<(), Fault> {
        self.scheduled(step, thread);
        step.cancel_task(thread);
        let error = if heartbeat {
            names::HEARTBEAT_TIMEOUT
        } else {
            names::TIMEOUT
        };
        let failure = Failure {
            error: Some(error.into()),
            cause: None,
        };
        let (task, reported) = (self.kind.clone(), failure.clone());
        step.note(thread, HistoryDetails::TaskTimedOut { task, failure });
        Err(Fault::Failure(reported))
    }
}
