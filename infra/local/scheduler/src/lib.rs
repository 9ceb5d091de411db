//! Amazon EventBridge Scheduler: calls state machines and functions when their schedules are due.
//!
//! An `expression` determines when a schedule is due; a `plan` is a validated request, with a
//! `target`; `store` keeps the schedules and the next occurrence of each; `run` delivers them;
//! `api` is the wire protocol. The database advances to the next occurrence only after the target
//! has accepted the current one. If the stack is killed between the two, the occurrence is
//! delivered twice but starts one execution: the execution's name comes from schedule and time.
//!
//! A stack does not run all the time. After a pause, it delivers only the newest missed occurrence
//! of a schedule, unless that is older than AWS would retry it (`MaximumEventAgeInSeconds`, a day).

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod api;
mod error;
mod expression;
mod plan;
mod run;
mod seam;
mod store;
mod target;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use axum::body::Body;
use http::{Request, Response};
use jiff::Timestamp;
use tokio::sync::Notify;

use self::error::ApiError;
use self::plan::Plan;
use self::store::{SCHEMA, Schedule, Store};
use sam_template as template;
use service::Identity;
use service::Invoke;
use service::database::Database;
use service::sdk::SdkService;

/// The one group that is here.
const GROUP: &str = "default";

/// The reason that the service could not be opened, or that a schedule of the template was refused.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct OpenError(String);

/// The service. Cheap to clone; all clones are the same service.
#[derive(Clone)]
pub struct Scheduler {
    inner: Arc<Inner>,
}

struct Inner {
    identity: Identity,
    database: Database,
    states: Arc<dyn SdkService>,
    functions: Arc<dyn Invoke>,
    /// Something may be due earlier than it was.
    changed: Notify,
}

impl fmt::Debug for Scheduler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scheduler").finish_non_exhaustive()
    }
}

impl Scheduler {
    /// Opens the service over `scheduler.db` in `data_dir`. Schedules start executions in `states`
    /// and send events to `functions`, once [`run`](Self::run) runs.
    ///
    /// # Errors
    /// The database can't be opened.
    pub fn open(
        data_dir: &Path,
        identity: Identity,
        states: Arc<dyn SdkService>,
        functions: Arc<dyn Invoke>,
    ) -> Result<Self, OpenError> {
        let path = data_dir.join("scheduler.db");
        let database =
            Database::open(&path, &SCHEMA).map_err(|error| OpenError(error.to_string()))?;
        let inner = Inner {
            identity,
            database,
            states,
            functions,
            changed: Notify::new(),
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// Brings the schedules to what the template says. One that a client has changed since stays as
    /// it is until the template itself changes.
    ///
    /// # Errors
    /// A schedule is not one, or the database failed.
    pub async fn declare(&self, schedules: Vec<template::Schedule>) -> Result<(), OpenError> {
        let declared = self.with(move |store| {
            for old in store.all("")? {
                let is_declared = schedules.iter().any(|schedule| schedule.name == old.name);
                if old.declared.is_some() && !is_declared {
                    store.delete(&old.name)?;
                }
            }
            for schedule in &schedules {
                let about = |error: ApiError| {
                    ApiError::Internal(format!("the schedule {}: {error}", schedule.name))
                };
                declare(store, schedule).map_err(about)?;
            }
            Ok(())
        });
        declared.await.map_err(|error| OpenError(error.to_string()))
    }

    /// Answers a request of the API.
    pub async fn handle(&self, request: Request<Body>) -> Response<Body> {
        api::handle(self, request).await
    }

    fn arn(&self, name: &str) -> String {
        let resource = format!("schedule/{GROUP}/{name}");
        self.inner.identity.arn("scheduler", &resource)
    }

    /// Uses the database, on a thread that may wait for the disk.
    async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(Store<'_>) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        self.inner.database.call(|db| work(Store(db))).await
    }
}

fn declare(store: Store<'_>, schedule: &template::Schedule) -> Result<(), ApiError> {
    let declared = schedule.request.to_string();
    let known = store.get(&schedule.name)?;
    if known.is_some_and(|known| known.declared.as_deref() == Some(&*declared)) {
        return Ok(());
    }
    let plan = Plan::read(&schedule.request)?;
    let now = now();
    store.put(&Schedule {
        name: schedule.name.clone(),
        request: schedule.request.clone(),
        declared: Some(declared),
        created: now,
        modified: now,
        due: plan.first(now),
        attempts: 0,
    })
}

/// Returns the current time in milliseconds, the database's precision.
fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
}
