//! The service integrations of Task states.
//!
//! Each service has a file; SDK integrations (`aws-sdk:…`) share one, and are registered by name. A
//! task of an unknown service fails as AWS reports a service that its SDK can't reach, and the
//! cause names it.
//!
//! | pattern             | reports                                                     |
//! |---------------------|-------------------------------------------------------------|
//! | request, response   | `TaskSucceeded` with the response                           |
//! | `.waitForTaskToken` | `TaskSubmitted`; the rest comes with the token              |
//! | `.sync`, `.sync:2`  | `TaskSubmitted`, and at the job's end `TaskSucceeded`       |
//!
//! An accepted request is not repeated after a restart.

mod executions;
mod failure;
mod jobs;
mod lambda;
mod metadata;
mod reachable_services;
mod sdk;
mod states_sdk;

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};

use asl::{EventKind, FailureStage, Pattern, Payload, Resource, TaskId, TaskRequest};
use futures::FutureExt;
use serde_json::Value;

use failure::Failure;
pub use reachable_services::ReachableServices;
pub(super) use states_sdk::WeakStates;

use service::sdk::Jobs;

/// Everything that tasks can reach.
pub(super) struct Integrations {
    lambda: lambda::Lambda,
    executions: executions::Executions,
    jobs: jobs::Services,
    sdk: sdk::Services,
}

/// A task's response, or what went wrong.
type TaskResult<T = Value> = Result<T, Failure>;

/// A task to perform.
pub(super) struct Work {
    /// The row of the execution that it is of.
    pub(super) execution: i64,
    pub(super) execution_arn: String,
    pub(super) task: TaskId,
    pub(super) request: TaskRequest,
}

impl Integrations {
    pub(super) fn new(reachable: ReachableServices, states: WeakStates) -> Self {
        Integrations {
            lambda: lambda::Lambda::new(reachable.invoke()),
            executions: executions::Executions::new(states.clone()),
            jobs: jobs::Services::new(&reachable),
            sdk: sdk::Services::new(reachable, states),
        }
    }

    /// Performs a task, and reports its results.
    pub(super) async fn perform(&self, work: Work, report: impl Fn(EventKind) + Send + Sync) {
        let steps = AssertUnwindSafe(self.steps(&work, &report)).catch_unwind();
        if let Err((stage, failure)) = steps
            .await
            .unwrap_or_else(|_| Err((FailureStage::Run, Failure::panicked())))
        {
            report(EventKind::TaskFailed {
                task: work.task,
                stage,
                error: Some(failure.error),
                cause: Some(failure.cause),
            });
        }
    }

    /// Performs a task that belongs to no execution, for TestState.
    pub(super) async fn response(&self, task: TaskId, request: TaskRequest) -> EventKind {
        let work = Work {
            execution: 0, // no row
            execution_arn: String::new(),
            task,
            request,
        };
        let last = Mutex::new(None);
        let report = |kind| {
            *last.lock().unwrap_or_else(PoisonError::into_inner) = Some(kind);
        };
        self.perform(work, report).await;
        let last = last.into_inner().unwrap_or_else(PoisonError::into_inner);
        last.unwrap_or_else(|| {
            let Failure { error, cause } = Failure::panicked();
            EventKind::TaskFailed {
                task,
                stage: FailureStage::Run,
                error: Some(error),
                cause: Some(cause),
            }
        })
    }

    async fn steps(
        &self,
        work: &Work,
        report: &(impl Fn(EventKind) + Send + Sync),
    ) -> Result<(), (FailureStage, Failure)> {
        let task = work.task;
        let pattern = pattern(&work.request.resource);
        if pattern == Pattern::RequestResponse {
            let output = self.call(work).await.map_err(at(FailureStage::Run))?;
            report(EventKind::TaskSucceeded { task, output });
            return Ok(());
        }
        if !work.request.submitted {
            let output = self.call(work).await.map_err(at(FailureStage::Submit))?;
            report(EventKind::TaskSubmitted { task, output });
        }
        if pattern != Pattern::WaitForTaskToken {
            let output = self.wait(work).await.map_err(at(FailureStage::Run))?;
            let output = output.into();
            report(EventKind::TaskSucceeded { task, output });
        }
        Ok(())
    }

    async fn call(&self, work: &Work) -> TaskResult<Payload> {
        let request = &work.request;
        match &request.resource {
            Resource::Function { arn } => self.lambda.function(arn, request.arguments.text()).await,
            Resource::Activity { arn } => Err(Failure::no_activity(arn)),
            Resource::Service {
                arn,
                service,
                api,
                pattern,
            } => {
                let response = self.call_service(work, arn, service, api, *pattern);
                response.await.map(Payload::from)
            }
        }
    }

    async fn call_service(
        &self,
        work: &Work,
        arn: &str,
        service: &str,
        api: &str,
        pattern: Pattern,
    ) -> TaskResult {
        let arguments = &work.request.arguments;
        match (service, api, pattern) {
            ("lambda", "invoke", Pattern::RequestResponse | Pattern::WaitForTaskToken) => {
                self.lambda.invoke(arguments.value()).await
            }
            ("states", "startExecution", _) => self.executions.start(work, pattern).await,
            _ => match (service.strip_prefix("aws-sdk:"), self.jobs.find(service)) {
                (Some(name), _) => self.sdk.call(name, api, arn, arguments).await,
                (None, Some(found)) => jobs::create(&**found, service, api, work).await,
                (None, None) => Err(Failure::unreachable(service, arn)),
            },
        }
    }

    /// Waits for the end of a job whose start was accepted.
    async fn wait(&self, work: &Work) -> TaskResult {
        match &work.request.resource {
            Resource::Service {
                service, pattern, ..
            } if service == "states" => self.executions.wait(work, *pattern).await,
            other => match self.job(other) {
                Some((found, service, api)) => jobs::wait(&**found, service, api, work).await,
                None => Err(Failure::unreachable("", other.arn())),
            },
        }
    }

    /// Returns true if giving up the task must stop the job that it waits for
    /// ([`Integrations::stop`]). Executions stop in the transaction that gives the task up.
    pub(super) fn is_job(&self, request: &TaskRequest) -> bool {
        self.job(&request.resource).is_some()
    }

    /// Stops the job of a task that was given up.
    pub(super) async fn stop(&self, request: &TaskRequest) {
        if let Some((found, _, api)) = self.job(&request.resource) {
            found.stop(api, request.arguments.value()).await;
        }
    }

    /// The service of a job that a state waits for, by name, and its API.
    fn job<'s>(&'s self, resource: &'s Resource) -> Option<(&'s Arc<dyn Jobs>, &'s str, &'s str)> {
        match resource {
            Resource::Service {
                service,
                api,
                pattern: Pattern::Sync,
                ..
            } => Some((self.jobs.find(service)?, service, api)),
            _ => None,
        }
    }
}

fn at(stage: FailureStage) -> impl FnOnce(Failure) -> (FailureStage, Failure) {
    move |failure| (stage, failure)
}

fn pattern(resource: &Resource) -> Pattern {
    match resource {
        Resource::Service { pattern, .. } => *pattern,
        _ => Pattern::RequestResponse,
    }
}
