//! Versions of state machines: publish, delete, list; and `publish` of CreateStateMachine and
//! UpdateStateMachine.

use rusqlite::Connection;
use serde_json::{Value, json};

use super::input::{ARN, Input};
use super::{seconds, token};
use crate::arn::{self, Qualifier};
use crate::error::ApiError;
use crate::handle::{States, now};
use crate::store::aliases;
use crate::store::machines::{self, Machine};
use crate::store::versions::{self, Version};

type ApiResult = Result<Value, ApiError>;

/// The most versions of a state machine that AWS allows.
const MAX_VERSIONS: i64 = 1000;

/// The name of a state machine's first revision in PublishStateMachineVersion.
const INITIAL: &str = "INITIAL";

/// The version that CreateStateMachine or UpdateStateMachine is to publish.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Publish {
    pub(super) wanted: bool,
    pub(super) description: Option<String>,
}

impl Publish {
    pub(super) fn read(input: &mut Input) -> Result<Self, ApiError> {
        Ok(Publish {
            wanted: input.flag("publish")?.unwrap_or(false),
            description: input.data("versionDescription", 256)?,
        })
    }

    /// Checks combinations of fields. Call it after [`Input::finish`]: constraints of single fields
    /// are reported first.
    pub(super) fn check(&self) -> Result<(), ApiError> {
        if self.description.is_some() && !self.wanted {
            let text = "Version description can only be set when publish is true";
            return Err(ApiError::Validation(text.into()));
        }
        Ok(())
    }

    /// The version, if one is wanted.
    pub(super) fn perform(
        &self,
        db: &Connection,
        machine: i64,
        revision: i64,
    ) -> Result<Option<Version>, ApiError> {
        if !self.wanted {
            return Ok(None);
        }
        published(db, machine, revision, self.description.as_deref()).map(Some)
    }
}

/// The version of a revision, which is made if there is none.
fn published(
    db: &Connection,
    machine: i64,
    revision: i64,
    description: Option<&str>,
) -> Result<Version, ApiError> {
    if let Some(there) = versions::of_revision(db, machine, revision)? {
        return Ok(there);
    }
    if versions::count(db, machine)? >= MAX_VERSIONS {
        let text = "The maximum number of versions of a state machine is 1000";
        return Err(ApiError::QuotaExceeded(text));
    }
    Ok(versions::add(db, machine, revision, description, now())?)
}

/// Publishing a revision again answers the version that there is.
pub(super) async fn publish(states: &States, mut input: Input) -> ApiResult {
    let arn = input.required("stateMachineArn", ARN)?;
    let revision = input.text("revisionId", 0..=usize::MAX)?;
    let description = input.data("description", 256)?;
    input.finish()?;
    let name = states.machine_name(&arn)?.to_owned();
    let found = name.clone();
    let version = states
        .engine()
        .write(move |db| {
            let machine = machines::by_name(db, &found)?;
            let machine = machine.ok_or_else(|| ApiError::StateMachineDoesNotExist(arn.clone()))?;
            if machine.deleting {
                return Err(ApiError::StateMachineDeleting(arn));
            }
            check_revision(&machine, revision.as_deref())?;
            published(db, machine.id, machine.revision.id, description.as_deref())
        })
        .await?;
    Ok(list_item(states, &name, &version))
}

fn check_revision(machine: &Machine, wanted: Option<&str>) -> Result<(), ApiError> {
    let current = machine.revision.uuid.as_deref().unwrap_or(INITIAL);
    match wanted {
        Some(wanted) if wanted != current => Err(ApiError::Conflict(format!(
            "Failed to publish the State Machine version for revision {wanted}. \
             The current State Machine revision is {current}."
        ))),
        _ => Ok(()),
    }
}

/// Deletes a version; a missing one is no error. Running executions continue to their end.
pub(super) async fn delete(states: &States, mut input: Input) -> ApiResult {
    let arn = input.required("stateMachineVersionArn", ARN)?;
    input.finish()?;
    let (name, qualifier) = states.parse_machine_arn(&arn)?;
    let Some(Qualifier::Version(number)) = qualifier.map(Qualifier::parse) else {
        return Err(ApiError::Validation(format!(
            "Invalid State Machine Version ARN: '{arn}'"
        )));
    };
    let name = name.to_owned();
    states
        .engine()
        .write(move |db| {
            let Some(machine) = machines::by_name(db, &name)? else {
                return Ok(json!({}));
            };
            let leading = aliases::list(db, machine.id, Some(number), "", usize::from(u16::MAX))?;
            if !leading.is_empty() {
                let names: Vec<String> = leading.into_iter().map(|(name, _)| name).collect();
                return Err(ApiError::Conflict(format!(
                    "Version to be deleted must not be referenced by an alias. \
                     Current list of aliases referencing this version: [{}]",
                    names.join(", ")
                )));
            }
            versions::delete(db, machine.id, number)?;
            Ok(json!({}))
        })
        .await
}

/// The newest first.
pub(super) async fn list(states: &States, mut input: Input) -> ApiResult {
    let arn = input.required("stateMachineArn", ARN)?;
    let size = input.page_size()?;
    let token = input.text("nextToken", token::LENGTH)?;
    input.finish()?;
    let machine = states.machine_row(&arn).await?;
    let request = format!("ListStateMachineVersions {}", machine.id);
    let before = token::read_number(&request, token.as_deref())?.unwrap_or(i64::MAX);
    let found = states
        .readers()
        .read(move |db| versions::list(db, machine.id, before, size + 1))
        .await?;
    let page: Vec<Value> = found
        .iter()
        .take(size)
        .map(|version| list_item(states, &machine.name, version))
        .collect();
    let mut response = json!({ "stateMachineVersions": page });
    if found.len() > size {
        let last = found[size - 1].number.to_string();
        response["nextToken"] = json!(token::write(&request, &last));
    }
    Ok(response)
}

fn list_item(states: &States, machine: &str, version: &Version) -> Value {
    json!({
        "stateMachineVersionArn": arn::qualified(states.identity(), machine, version.number),
        "creationDate": seconds(version.created),
    })
}
