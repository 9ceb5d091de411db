//! Starting and stopping executions.

use std::sync::Arc;

use asl::{Event, EventKind, Execution, Timestamp};
use tokio::sync::oneshot;

use super::batch::Engine;
use super::compiled::Compiled;
use super::live::{ExecutionEnd, Live};
use super::{Fault, Redrive, Start, Started, Stop, target};
use crate::arn;
use crate::error::ApiError;
use crate::redrive;
use crate::store::executions::{self, Target};
use crate::store::interrupted;

/// A new execution before its first step.
struct PendingExecution {
    id: i64,
    arn: String,
    at: Timestamp,
    target: Target,
    watcher: Option<oneshot::Sender<ExecutionEnd>>,
}

impl Engine {
    /// Starts an execution, unless the same request has done so.
    pub(super) fn start(
        &mut self,
        start: &Start,
        watcher: Option<oneshot::Sender<ExecutionEnd>>,
    ) -> Result<Started, Fault> {
        let (dice, _) = uuid::Uuid::new_v4().as_u64_pair();
        let (machine, target) = target::find(&self.db, start, dice)?;
        let compiled = self.compiled.of(&machine)?;
        let at = self.clock.now();
        if machine.express {
            self.last_express -= 1;
            let arn = arn::express(&self.identity, &machine.name, &start.name);
            let begin = PendingExecution {
                id: self.last_express,
                arn,
                at,
                target,
                watcher,
            };
            return self.begin(begin, start, compiled);
        }
        if start.sync {
            let text = "This operation is not supported by this type of state machine";
            return Err(ApiError::StateMachineTypeNotSupported(text).into());
        }
        let arn = arn::execution(&self.identity, &machine.name, &start.name);
        let new = executions::NewExecution {
            machine: machine.id,
            revision: machine.revision.id,
            name: &start.name,
            started: at.0,
            input: start.input.text(),
            trace_header: start.trace_header.as_deref(),
            parent: start
                .parent
                .map(|parent| (parent.execution, parent.task.0 as i64)),
            map_run: None,
            target: &target,
        };
        match executions::insert(&self.db, &new)? {
            Some(id) => {
                let begin = PendingExecution {
                    id,
                    arn,
                    at,
                    target,
                    watcher,
                };
                self.begin(begin, start, compiled)
            }
            None => self.same(start, arn),
        }
    }

    /// The name is taken: by the same request, sent twice, or by another.
    fn same(&self, start: &Start, arn: String) -> Result<Started, Fault> {
        let taken = executions::find(&self.db, &start.machine, &start.name)?;
        match taken {
            Some(there) if there.status == "RUNNING" && there.input == start.input.text() => {
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
        begin: PendingExecution,
        start: &Start,
        compiled: Arc<Compiled>,
    ) -> Result<Started, Fault> {
        let PendingExecution {
            id,
            arn,
            at,
            target,
            watcher,
        } = begin;
        let qualified = |qualifier: &dyn std::fmt::Display| {
            arn::qualified(&self.identity, &compiled.name, qualifier)
        };
        let identity = asl::Identity {
            execution_arn: arn.clone(),
            execution_name: start.name.clone(),
            role_arn: compiled.role_arn.clone(),
            state_machine_arn: arn::machine(&self.identity, &compiled.name),
            state_machine_name: compiled.name.clone(),
            region: self.identity.region.clone(),
            state_machine_version_arn: target.version.map(|number| qualified(&number)),
            state_machine_alias_arn: target.alias.map(|name| qualified(&name)),
            redrives: (!start.sync).then_some(0),
            redriven: None,
        };
        let (seed, _) = uuid::Uuid::new_v4().as_u64_pair();
        let input = start.input.clone();
        let execution = Execution::unstarted(&compiled.machine, identity, input, at, seed);
        let live = Live::new(id, id > 0, compiled, execution);
        self.live.insert(id, live);
        if let Some(watcher) = watcher {
            self.watchers.insert(id, vec![watcher]);
        }
        self.batch.touched.insert(id);
        let kind = EventKind::Start;
        self.apply_at(id, Event { at, kind })?;
        Ok(Started { arn, at: at.0 })
    }

    /// Takes up an execution that has ended without success.
    pub(super) fn redrive(&mut self, redrive: Redrive) -> Result<i64, Fault> {
        let found = executions::find(&self.db, &redrive.machine, &redrive.name)?;
        let there = found.ok_or(ApiError::ExecutionDoesNotExist(redrive.arn))?;
        let at = self.clock.now();
        if let Some(token) = &redrive.token
            && let Some(before) = executions::redriven_with(&self.db, there.id, token)?
            && at.0 - before < redrive::SAME_REQUEST
        {
            return Ok(before);
        }
        if let Some(reason) = redrive::refusal(&there, at.0).or_else(|| redrive::by_parent(&there))
        {
            return Err(ApiError::ExecutionNotRedrivable(reason).into());
        }
        let live = self.revive(there.id, there.revision)?;
        executions::redrive(&self.db, there.id, redrive.token.as_deref(), at.0)?;
        self.live.insert(there.id, live);
        self.batch.touched.insert(there.id);
        self.apply(there.id, EventKind::Redrive)?;
        Ok(at.0)
    }

    /// Restores an execution that ended without success, to continue it.
    pub(super) fn revive(&mut self, id: i64, revision: i64) -> Result<Live, Fault> {
        let saved = interrupted::take(&self.db, id)?
            .ok_or_else(|| ApiError::Internal(format!("nothing is left of execution {id}")))?;
        let compiled = self.compiled.of_revision(&self.db, revision)?;
        let live = Live::revive(&saved, compiled).map_err(|error| {
            ApiError::Internal(format!("execution {id} can't be restored: {error}"))
        })?;
        Ok(live)
    }

    /// Stops an execution; returns the time of its end.
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
