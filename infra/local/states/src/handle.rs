//! The service, for the process that it runs in.

use std::path::Path;
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use asl::{Evaluate, Timestamp};
use serde_json::Value;

use super::arn::{self, Qualifier};
use super::error::{ApiError, OpenError};
use super::evaluation::ClosableEvaluator;
use super::integrations::{Integrations, ReachableServices};
use super::map_runs::Jobs;
use super::store::executions;
use super::store::machines::{self, Settings};
use super::store::{Readers, history};
use super::{api, engine, json};
use sam_template as template;
use service::Identity;
use service::private;

/// AWS Step Functions. Cheap to clone; the last one to go ends the service.
#[derive(Clone)]
pub struct States(Arc<Inner>);

struct Inner {
    engine: engine::Handle,
    readers: Readers,
    identity: Identity,
    integrations: Arc<Integrations>,
    evaluator: Option<Arc<ClosableEvaluator>>,
    retention: Duration,
}

/// The way back to the service for the tasks that it runs, which must not keep it alive.
#[derive(Clone, Default)]
pub(super) struct WeakStates(Arc<OnceLock<Weak<Inner>>>);

impl WeakStates {
    /// Returns the service. If it is gone, never returns: the task stays pending for the next
    /// process.
    pub(super) async fn states(&self) -> States {
        match self.0.get().and_then(Weak::upgrade) {
            Some(parts) => States(parts),
            None => std::future::pending().await,
        }
    }
}

/// A request to start an execution.
#[derive(Clone, Debug, Default)]
pub struct StartExecution {
    /// The state machine's ARN.
    pub state_machine_arn: String,
    /// The execution's name, at most 80 characters; a new UUID where it is left out.
    pub name: Option<String>,
    /// JSON text; `{}` where it is left out.
    pub input: Option<String>,
}

/// An execution that was started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartedExecution {
    /// For example `arn:aws:states:us-east-1:123456789012:execution:classify:1`.
    pub execution_arn: String,
    /// When.
    pub started: Timestamp,
}

/// An execution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Execution {
    /// Its ARN.
    pub execution_arn: String,
    /// The ARN of the state machine that it runs.
    pub state_machine_arn: String,
    /// The map run that it is a child of.
    pub map_run_arn: Option<String>,
    /// The last part of its ARN.
    pub name: String,
    /// `RUNNING`, `SUCCEEDED`, `FAILED`, `TIMED_OUT` or `ABORTED`.
    pub status: String,
    /// The start time.
    pub started: Timestamp,
    /// The end time.
    pub stopped: Option<Timestamp>,
    /// JSON text, as the caller wrote it.
    pub input: String,
    /// JSON text, where it succeeded.
    pub output: Option<String>,
    /// The name of the error, where it did not.
    pub error: Option<String>,
    /// The cause of the error.
    pub cause: Option<String>,
    /// The `X-Amzn-Trace-Id` that the caller gave.
    pub trace_header: Option<String>,
}

impl States {
    /// Opens `states.db` in `data_dir`, which is made where it is missing. Executions that an
    /// earlier process left running wait for [`States::resume`]. Call it inside a Tokio runtime:
    /// tasks run there.
    pub fn open(
        data_dir: &Path,
        identity: Identity,
        reachable: ReachableServices,
    ) -> Result<States, OpenError> {
        private::create_dir_all(data_dir)
            .map_err(|error| OpenError::Directory(data_dir.to_owned(), error))?;
        let path = data_dir.join("states.db");
        let readers = Readers::new(path.clone());
        let jobs = Jobs::new(
            reachable.objects(),
            reachable.service("s3"),
            readers.clone(),
        );
        let evaluator = reachable
            .evaluator()
            .map(ClosableEvaluator::new)
            .map(Arc::new);
        let retention = reachable.retention();
        let states = WeakStates::default();
        let integrations = Arc::new(Integrations::new(reachable, states.clone()));
        let runs = engine::EngineServices {
            integrations: Arc::clone(&integrations),
            jobs,
            evaluator: evaluator.clone().map(|one| one as Arc<dyn Evaluate>),
        };
        let engine = engine::Handle::open(&path, identity.clone(), runs)?;
        let parts = Arc::new(Inner {
            engine,
            readers,
            identity,
            integrations,
            evaluator,
            retention,
        });
        // It was made here and is empty.
        let _ = states.0.set(Arc::downgrade(&parts));
        Ok(States(parts))
    }

    /// Creates the state machine that the template describes, or a new revision of it if it
    /// differs. Returns its ARN. A state machine's type can't be changed, as on AWS.
    pub async fn declare(&self, machine: &template::StateMachine) -> Result<String, ApiError> {
        let settings = api::declared_settings(machine)?;
        let arn = arn::machine(self.identity(), &machine.name);
        let (name, express, error_arn) = (machine.name.clone(), machine.express, arn.clone());
        self.engine()
            .write(move |db| {
                let now = now();
                let Some(there) = machines::by_name(db, &name)? else {
                    machines::create(db, &name, express, &settings, now)?;
                    return Ok(());
                };
                if there.deleting {
                    return Err(ApiError::StateMachineDeleting(error_arn));
                }
                if there.express != express {
                    return Err(ApiError::StateMachineAlreadyExists(error_arn));
                }
                if there.revision.settings != settings {
                    machines::revise(db, there.id, Some(&new_uuid()), &settings, now)?;
                }
                Ok(())
            })
            .await?;
        Ok(arn)
    }

    /// Continues every execution that an earlier process left running; returns their number. Tasks
    /// whose result is on disk are not run again; interrupted ones are. Call it when everything
    /// that tasks need is available.
    pub async fn resume(&self) -> Result<usize, ApiError> {
        self.engine().resume().await
    }

    /// Answers a request of the Step Functions API (AWS JSON 1.0).
    pub async fn handle(
        &self,
        request: http::Request<axum::body::Body>,
    ) -> http::Response<axum::body::Body> {
        api::handle(self, request).await
    }

    /// Starts an execution; it is on disk when this returns. The same name and input again, while
    /// it runs, is the same execution.
    pub async fn start(&self, start: StartExecution) -> Result<StartedExecution, ApiError> {
        self.start_for(start, None).await
    }

    /// Starts an execution for a task that waits for it, and is its parent.
    pub(super) async fn start_for(
        &self,
        start: StartExecution,
        parent: Option<engine::Parent>,
    ) -> Result<StartedExecution, ApiError> {
        let start = engine::Start {
            parent,
            ..self.to_start(start, None)?
        };
        let started = self.engine().start(start).await?;
        Ok(StartedExecution {
            execution_arn: started.arn,
            started: Timestamp(started.at),
        })
    }

    /// Returns true if a task started the execution and waits for it.
    pub(super) async fn is_child(
        &self,
        execution_arn: &str,
        parent: Option<engine::Parent>,
    ) -> Result<bool, ApiError> {
        let id = self.execution_row(execution_arn).await?.id;
        let of = self
            .readers()
            .read(move |db| executions::parent(db, id))
            .await?;
        let parent = parent.map(|parent| (parent.execution, parent.task.0 as i64));
        Ok(parent.is_some() && parent == of)
    }

    /// Returns the current state of an execution.
    pub async fn describe(&self, execution_arn: &str) -> Result<Execution, ApiError> {
        let row = self.execution_row(execution_arn).await?;
        Ok(Execution {
            execution_arn: execution_arn.to_owned(),
            state_machine_arn: arn::machine(self.identity(), &row.machine_name),
            map_run_arn: row
                .map_run
                .map(|uuid| arn::map_run(self.identity(), &row.machine_name, &uuid)),
            name: row.name,
            status: row.status,
            started: Timestamp(row.started),
            stopped: row.stopped.map(Timestamp),
            input: row.input,
            output: row.output,
            error: row.error,
            cause: row.cause,
            trace_header: row.trace_header,
        })
    }

    /// An execution's events so far, in the shape of GetExecutionHistory's `events`.
    pub async fn history(&self, execution_arn: &str) -> Result<Vec<Value>, ApiError> {
        let row = self.execution_row(execution_arn).await?;
        self.readers()
            .read(move |db| history::forward(db, row.id, 1, usize::MAX))
            .await
    }

    /// Waits until an execution has ended. Dropping the future is fine.
    pub async fn wait(&self, execution_arn: &str) -> Result<Execution, ApiError> {
        let row = self.execution_row(execution_arn).await?;
        if row.status == "RUNNING" {
            self.engine().watch(row.id).await?;
        }
        self.describe(execution_arn).await
    }

    /// Stops taking requests and ends the engine. Running executions stay on disk, for the next
    /// process.
    pub async fn shut_down(&self) {
        self.engine().shut_down().await;
        if let Some(evaluator) = &self.0.evaluator {
            evaluator.close();
        }
    }

    pub(super) fn engine(&self) -> &engine::Handle {
        &self.0.engine
    }

    pub(super) fn readers(&self) -> &Readers {
        &self.0.readers
    }

    /// Returns the integrations that tasks can reach.
    pub(super) fn integrations(&self) -> &Integrations {
        &self.0.integrations
    }

    /// Returns the retention period of ended executions.
    pub(super) fn retention(&self) -> Duration {
        self.0.retention
    }

    pub(super) fn evaluator(&self) -> Option<Arc<dyn Evaluate>> {
        let evaluator = self.0.evaluator.clone();
        evaluator.map(|one| one as Arc<dyn Evaluate>)
    }

    pub(super) fn identity(&self) -> &Identity {
        &self.0.identity
    }

    /// Checks what a caller wants to start.
    pub(super) fn to_start(
        &self,
        start: StartExecution,
        trace_header: Option<String>,
    ) -> Result<engine::Start, ApiError> {
        let (machine, qualifier) = self.parse_machine_arn(&start.state_machine_arn)?;
        let (machine, qualifier) = (machine.to_owned(), qualifier.map(Qualifier::parse));
        let name = start.name.unwrap_or_else(new_uuid);
        arn::check_name(&name)?;
        let text = start.input.unwrap_or_else(|| "{}".into());
        if text.is_empty() {
            let fault = "Invalid execution input.".into();
            return Err(ApiError::InvalidExecutionInput(fault));
        }
        let input = json::payload(&text).map_err(ApiError::InvalidExecutionInput)?;
        Ok(engine::Start {
            machine,
            qualifier,
            machine_arn: start.state_machine_arn,
            name,
            input,
            trace_header,
            sync: false,
            parent: None,
        })
    }
}

/// Converts a declaration of the template to the settings that `declare` compares and stores.
impl From<&template::StateMachine> for Settings {
    fn from(machine: &template::StateMachine) -> Self {
        Settings {
            definition: machine.definition.clone(),
            role_arn: machine.role_arn.clone(),
            logging: api::NO_LOGGING.to_owned(),
            tracing: false,
            encryption: None,
        }
    }
}

pub(super) fn new_uuid() -> String {
    uuid::Uuid::new_v4().to_string()
}

pub(super) fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}
