//! Starting and stopping executions.

use std::sync::Arc;

use asl::{EventKind, Execution, Timestamp};
use tokio::sync::oneshot;

use super::batch::Engine;
use super::compiled::Compiled;
use super::live::{Ended, Live};
use super::{Fault, Start, Started, Stop};
use crate::states::arn;
use crate::states::error::ApiError;
use crate::states::store::{executions, machines};

impl Engine {
    /// Starts an execution, unless the same request has done so.
    pub(super) fn start(
        &mut self,
        mut start: Start,
        watcher: Option<oneshot::Sender<Ended>>,
    ) -> Result<Started, Fault> {
        let unknown = || ApiError::StateMachineDoesNotExist(start.machine_arn.clone());
        let machine = machines::by_name(&self.db, &start.machine)?.ok_or_else(unknown)?;
        if machine.deleting {
            return Err(ApiError::StateMachineDeleting(start.machine_arn.clone()).into());
        }
        let compiled = self.compiled.of(&machine)?;
        let at = self.clock.now();
        if machine.express {
            self.last_express -= 1;
            let arn = arn::express(&self.identity, &machine.name, &start.name);
            return self.begin(self.last_express, &mut start, &arn, at, (compiled, watcher));
        }
        if start.sync {
            let text = "This operation is not supported by this type of state machine";
            return Err(ApiError::StateMachineTypeNotSupported(text).into());
        }
        let arn = arn::execution(&self.identity, &machine.name, &start.name);
        let new = executions::New {
            machine: machine.id,
            revision: machine.revision.id,
            name: &start.name,
            started: at.0,
            input: &start.input.0,
            trace_header: start.trace_header.as_deref(),
            parent: start
                .parent
                .map(|parent| (parent.execution, parent.task.0 as i64)),
            map_run: None,
        };
        match executions::insert(&self.db, &new)? {
            Some(id) => self.begin(id, &mut start, &arn, at, (compiled, watcher)),
            None => self.same(&start, arn),
        }
    }

    /// The name is taken: by the same request, sent twice, or by another.
    fn same(&self, start: &Start, arn: String) -> Result<Started, Fault> {
        let taken = executions::find(&self.db, &start.machine, &start.name)?;
        match taken {
            Some(there) if there.status == "RUNNING" && there.input == start.input.0 => {
                Ok(Started {
                    arn,
                    at: there.started,
                })
            }
            _ => Err(ApiError::ExecutionAlreadyExists(arn).into()),
        }
    }

    /// The execution has its row and its ARN: runs it to where it waits for something.
    fn begin(
        &mut self,
        id: i64,
        start: &mut Start,
        arn: &str,
        at: Timestamp,
        (compiled, watcher): (Arc<Compiled>, Option<oneshot::Sender<Ended>>),
    ) -> Result<Started, Fault> {
        let identity = asl::Identity {
            execution_arn: arn.to_owned(),
            execution_name: start.name.clone(),
            role_arn: compiled.role_arn.clone(),
            state_machine_arn: arn::machine(&self.identity, &compiled.name),
            state_machine_name: compiled.name.clone(),
            region: self.identity.region.clone(),
            state_machine_version_arn: None,
            state_machine_alias_arn: None,
        };
        let (seed, _) = uuid::Uuid::new_v4().as_u64_pair();
        let input = std::mem::take(&mut start.input.1);
        let (execution, effects) = Execution::start(&compiled.machine, identity, input, at, seed);
        let live = Live::new(id, id > 0, compiled, execution);
        self.live.insert(id, live);
        if let Some(watcher) = watcher {
            self.watchers.insert(id, vec![watcher]);
        }
        self.batch.touched.insert(id);
        self.perform(id, effects, at)?;
        Ok(Started {
            arn: arn.to_owned(),
            at: at.0,
        })
    }

    /// Stops an execution, and tells when it ended.
    pub(super) fn stop(&mut self, stop: Stop) -> Result<i64, Fault> {
        let found = executions::find(&self.db, &stop.machine, &stop.name)?;
        let there = found.ok_or(ApiError::ExecutionDoesNotExist(stop.arn))?;
        if there.status == "RUNNING"
            && !self.live.contains_key(&there.id)
            && !self.restore(there.id)?
        {
            let text = format!("the execution {} can't be restored", there.name);
            return Err(ApiError::Internal(text).into());
        }
        self.apply(
            there.id,
            EventKind::Stop {
                error: stop.error,
                cause: stop.cause,
            },
        )?;
        let now = self.live.get(&there.id).and_then(Live::ended);
        Ok(now
            .map(|ended| ended.at.0)
            .or(there.stopped)
            .unwrap_or_else(|| self.clock.now().0))
    }
}
