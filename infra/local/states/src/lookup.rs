//! Looks up what ARNs name.

use super::arn::{self, Arn, Qualifier};
use super::error::ApiError;
use super::handle::States;
use super::store::activities::{self, Activity};
use super::store::executions::{self, Execution};
use super::store::machines::{self, Machine};
use super::store::versions::{self, Version};

impl States {
    /// The name in a state machine's ARN, and what stands behind it.
    pub(super) fn parse_machine_arn<'a>(
        &self,
        machine_arn: &'a str,
    ) -> Result<(&'a str, Option<&'a str>), ApiError> {
        let (name, qualifier) = match arn::parse(machine_arn)? {
            Arn::Machine { name } => (name, None),
            Arn::Qualified { name, qualifier } => (name, Some(qualifier)),
            other => return Err(arn::wrong_kind(&other)),
        };
        if arn::is_local(machine_arn, self.identity()) {
            Ok((name, qualifier))
        } else {
            Err(ApiError::StateMachineDoesNotExist(machine_arn.to_owned()))
        }
    }

    /// The name in the ARN of a state machine itself, not of a version or an alias.
    pub(super) fn machine_name<'a>(&self, machine_arn: &'a str) -> Result<&'a str, ApiError> {
        match self.parse_machine_arn(machine_arn)? {
            (name, None) => Ok(name),
            _ => Err(ApiError::StateMachineDoesNotExist(machine_arn.to_owned())),
        }
    }

    /// The state machine of that ARN, at its current revision.
    pub(super) async fn machine_row(&self, machine_arn: &str) -> Result<Machine, ApiError> {
        let name = self.machine_name(machine_arn)?.to_owned();
        let found = self
            .readers()
            .read(move |db| machines::by_name(db, &name))
            .await?;
        found.ok_or_else(|| ApiError::StateMachineDoesNotExist(machine_arn.to_owned()))
    }

    /// The state machine and the version of a version's ARN; the state machine is at the version's
    /// revision.
    pub(super) async fn version_row(
        &self,
        version_arn: &str,
    ) -> Result<(Machine, Version), ApiError> {
        let missing = || ApiError::StateMachineDoesNotExist(version_arn.to_owned());
        let (name, qualifier) = self.parse_machine_arn(version_arn)?;
        let Some(Qualifier::Version(number)) = qualifier.map(Qualifier::parse) else {
            return Err(missing());
        };
        let name = name.to_owned();
        let found = self
            .readers()
            .read(move |db| {
                let Some(machine) = machines::by_name(db, &name)? else {
                    return Ok(None);
                };
                let Some(version) = versions::find(db, machine.id, number)? else {
                    return Ok(None);
                };
                let published = machines::by_revision(db, version.revision)?;
                Ok(published.map(|machine| (machine, version)))
            })
            .await?;
        found.ok_or_else(missing)
    }

    /// The names of state machine and execution in an execution's ARN.
    pub(super) fn execution_name<'a>(
        &self,
        execution_arn: &'a str,
    ) -> Result<(&'a str, &'a str), ApiError> {
        match arn::parse(execution_arn)? {
            Arn::Execution { machine, name } if arn::is_local(execution_arn, self.identity()) => {
                Ok((machine, name))
            }
            Arn::Execution { .. } => Err(ApiError::ExecutionDoesNotExist(execution_arn.to_owned())),
            other => Err(arn::wrong_kind(&other)),
        }
    }

    pub(super) async fn execution_row(&self, execution_arn: &str) -> Result<Execution, ApiError> {
        let (machine, name) = self.execution_name(execution_arn)?;
        let (machine, name) = (machine.to_owned(), name.to_owned());
        let found = self
            .readers()
            .read(move |db| executions::find(db, &machine, &name))
            .await?;
        found.ok_or_else(|| ApiError::ExecutionDoesNotExist(execution_arn.to_owned()))
    }

    /// The name in an activity's ARN.
    pub(super) fn activity_name<'a>(&self, activity_arn: &'a str) -> Result<&'a str, ApiError> {
        match arn::parse(activity_arn)? {
            Arn::Activity { name } if arn::is_local(activity_arn, self.identity()) => Ok(name),
            Arn::Activity { .. } => Err(ApiError::ActivityDoesNotExist(activity_arn.to_owned())),
            other => Err(arn::wrong_kind(&other)),
        }
    }

    pub(super) async fn activity_row(&self, activity_arn: &str) -> Result<Activity, ApiError> {
        let name = self.activity_name(activity_arn)?.to_owned();
        let found = self
            .readers()
            .read(move |db| activities::find(db, &name))
            .await?;
        found.ok_or_else(|| ApiError::ActivityDoesNotExist(activity_arn.to_owned()))
    }
}
