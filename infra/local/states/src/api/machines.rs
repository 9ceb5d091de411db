//! State machines: create, update, delete, describe, list.

use rusqlite::Connection;
use serde_json::{Value, json};

use super::configuration::{self, NO_LOGGING};
use super::input::{ARN, Input, NAME};
use super::settings::SettingsRequest;
use super::versions::Publish;
use super::{put, seconds, tags, token};
use crate::arn;
use crate::error::ApiError;
use crate::handle::{States, new_uuid, now};
use crate::store::machines::{self, Machine, Settings};
use crate::store::tags::{self as stored_tags, Owner};
use crate::store::versions::{self, Version};

type ApiResult = Result<Value, ApiError>;

/// Creates a state machine. A repeated request returns the same result; one with another
/// definition, type, configuration or version is refused. Role and tags are not compared, as on
/// AWS.
pub(super) async fn create(states: &States, mut input: Input) -> ApiResult {
    let name = input.required("name", NAME)?;
    let settings_request = SettingsRequest::read(&mut input)?;
    // Required here, and optional in UpdateStateMachine, so `SettingsRequest` has read them as
    // optional.
    input.require_present("definition", settings_request.definition.is_some());
    input.require_present("roleArn", settings_request.role_arn.is_some());
    let express = input.choice("type", &["STANDARD", "EXPRESS"])? == Some("EXPRESS");
    let tags = tags::read(input.value("tags"))?;
    let publish = Publish::read(&mut input)?;
    input.finish()?;
    publish.check()?;
    arn::check_name(&name)?;
    let nothing = Settings {
        definition: String::new(),
        role_arn: String::new(),
        logging: NO_LOGGING.into(),
        tracing: false,
        encryption: None,
    };
    let new = NewMachine {
        arn: arn::machine(states.identity(), &name),
        name,
        express,
        settings: settings_request.apply_to(nothing, express)?,
        tags,
        publish,
    };
    let (arn, name) = (new.arn.clone(), new.name.clone());
    let (created, version) = states.engine().write(move |db| new.create(db)).await?;
    let mut response = json!({ "stateMachineArn": arn, "creationDate": seconds(created) });
    put_version(&mut response, states, &name, version.as_ref());
    Ok(response)
}

/// A state machine to create.
struct NewMachine {
    arn: String,
    name: String,
    express: bool,
    settings: Settings,
    tags: Vec<(String, String)>,
    publish: Publish,
}

impl NewMachine {
    /// Creates the state machine; returns its creation time, and its version if one was requested.
    fn create(self, db: &Connection) -> Result<(i64, Option<Version>), ApiError> {
        if let Some(there) = machines::by_name(db, &self.name)? {
            return self.same(db, &there);
        }
        let created = now();
        let (id, revision) =
            machines::create(db, &self.name, self.express, &self.settings, created)?;
        stored_tags::put(db, Owner::Machine(id), &self.tags)?;
        let version = self.publish.perform(db, id, revision)?;
        Ok((created, version))
    }

    fn same(self, db: &Connection, there: &Machine) -> Result<(i64, Option<Version>), ApiError> {
        if there.deleting {
            return Err(ApiError::StateMachineDeleting(self.arn));
        }
        let (old, new) = (&there.revision.settings, &self.settings);
        let version = versions::of_revision(db, there.id, there.revision.id)?;
        let same = there.express == self.express
            && old.definition == new.definition
            && old.logging == new.logging
            && old.tracing == new.tracing
            && old.encryption == new.encryption
            && self.publish.description == version.as_ref().and_then(|v| v.description.clone())
            && (!self.publish.wanted || version.is_some());
        if same {
            Ok((there.created, version.filter(|_| self.publish.wanted)))
        } else {
            Err(ApiError::StateMachineAlreadyExists(self.arn))
        }
    }
}

/// Running executions keep the revision that they were started with.
pub(super) async fn update(states: &States, mut input: Input) -> ApiResult {
    let arn = input.required("stateMachineArn", ARN)?;
    let settings_request = SettingsRequest::read(&mut input)?;
    let publish = Publish::read(&mut input)?;
    input.finish()?;
    publish.check()?;
    if settings_request.is_empty() && !publish.wanted {
        return Err(ApiError::MissingRequiredParameter);
    }
    let name = states.machine_name(&arn)?.to_owned();
    let machine = name.clone();
    let updated = states
        .engine()
        .write(move |db| revise(db, &machine, arn, settings_request, &publish))
        .await?;
    let mut response = json!({ "updateDate": seconds(updated.at) });
    put(&mut response, "revisionId", updated.revision);
    put_version(&mut response, states, &name, updated.version.as_ref());
    Ok(response)
}

/// The result of updating a state machine.
struct UpdateResult {
    at: i64,
    revision: Option<String>,
    version: Option<Version>,
}

fn revise(
    db: &Connection,
    name: &str,
    arn: String,
    settings_request: SettingsRequest,
    publish: &Publish,
) -> Result<UpdateResult, ApiError> {
    let there = machines::by_name(db, name)?;
    let there = there.ok_or_else(|| ApiError::StateMachineDoesNotExist(arn.clone()))?;
    if there.deleting {
        return Err(ApiError::StateMachineDeleting(arn));
    }
    let (at, old) = (now(), there.revision);
    let settings = settings_request.apply_to(old.settings.clone(), there.express)?;
    let (uuid, revision) = if settings == old.settings {
        (old.uuid, old.id)
    } else {
        let uuid = new_uuid();
        let id = machines::revise(db, there.id, Some(&uuid), &settings, at)?;
        (Some(uuid), id)
    };
    Ok(UpdateResult {
        at,
        revision: uuid,
        version: publish.perform(db, there.id, revision)?,
    })
}

fn put_version(response: &mut Value, states: &States, machine: &str, version: Option<&Version>) {
    let arn = version.map(|v| arn::qualified(states.identity(), machine, v.number));
    put(response, "stateMachineVersionArn", arn);
}

/// Deletes a state machine; a missing one is no error. Running executions continue to their end.
pub(super) async fn delete(states: &States, mut input: Input) -> ApiResult {
    let arn = input.required("stateMachineArn", ARN)?;
    input.finish()?;
    match states.machine_name(&arn) {
        Err(ApiError::StateMachineDoesNotExist(_)) => return Ok(json!({})),
        other => other?,
    };
    let name = states.machine_name(&arn)?.to_owned();
    states
        .engine()
        .write(move |db| {
            if let Some(there) = machines::by_name(db, &name)? {
                machines::delete(db, there.id, now())?;
            }
            Ok(json!({}))
        })
        .await
}

/// A state machine, or one of its versions.
pub(super) async fn describe(states: &States, mut input: Input) -> ApiResult {
    let arn = input.required("stateMachineArn", ARN)?;
    includes_data(&mut input)?;
    input.finish()?;
    let (machine, version) = match states.parse_machine_arn(&arn)? {
        (_, None) => (states.machine_row(&arn).await?, None),
        _ => {
            let (machine, version) = states.version_row(&arn).await?;
            (machine, Some(version))
        }
    };
    let mut response = description(states, &machine)?;
    response["status"] = json!(if machine.deleting {
        "DELETING"
    } else {
        "ACTIVE"
    });
    response["type"] = json!(kind(&machine));
    response["creationDate"] = seconds(machine.created);
    if let Some(version) = version {
        response["stateMachineArn"] = json!(arn);
        response["creationDate"] = seconds(version.created);
        put(&mut response, "description", version.description);
    }
    Ok(response)
}

/// Describes the revision that the execution runs, even if there are newer ones.
pub(super) async fn describe_for_execution(states: &States, mut input: Input) -> ApiResult {
    let arn = input.required("executionArn", ARN)?;
    includes_data(&mut input)?;
    input.finish()?;
    let execution = states.execution_row(&arn).await?;
    let found = states
        .readers()
        .read(move |db| machines::by_revision(db, execution.revision))
        .await?;
    let machine = found.ok_or(ApiError::ExecutionDoesNotExist(arn))?;
    let mut response = description(states, &machine)?;
    response["updateDate"] = seconds(machine.revision.created);
    Ok(response)
}

/// Returns the members that both descriptions have in common.
fn description(states: &States, machine: &Machine) -> ApiResult {
    let settings = &machine.revision.settings;
    let mut response = json!({
        "stateMachineArn": arn::machine(states.identity(), &machine.name),
        "name": machine.name,
        "definition": settings.definition,
        "roleArn": settings.role_arn,
        "loggingConfiguration": configuration::parse_stored(&settings.logging)?,
        "tracingConfiguration": { "enabled": settings.tracing },
    });
    put(&mut response, "revisionId", machine.revision.uuid.clone());
    if let Some(encryption) = &settings.encryption {
        response["encryptionConfiguration"] = configuration::parse_stored(encryption)?;
    }
    let references = asl::variable_references(&settings.definition);
    if !references.is_empty() {
        response["variableReferences"] = json!(references);
    }
    Ok(response)
}

/// Lists state machines by name.
pub(super) async fn list(states: &States, mut input: Input) -> ApiResult {
    const REQUEST: &str = "ListStateMachines";
    let size = input.page_size()?;
    let token = input.text("nextToken", token::LENGTH)?;
    input.finish()?;
    let after = token.map_or(Ok(String::new()), |token| token::read(REQUEST, &token))?;
    let found = states
        .readers()
        .read(move |db| machines::list(db, &after, size + 1))
        .await?;
    let page: Vec<Value> = found
        .iter()
        .take(size)
        .map(|machine| list_item(states, machine))
        .collect();
    let mut response = json!({ "stateMachines": page });
    if found.len() > size {
        response["nextToken"] = json!(token::write(REQUEST, &found[size - 1].name));
    }
    Ok(response)
}

fn list_item(states: &States, machine: &Machine) -> Value {
    json!({
        "stateMachineArn": arn::machine(states.identity(), &machine.name),
        "name": machine.name,
        "type": kind(machine),
        "creationDate": seconds(machine.created),
    })
}

fn kind(machine: &Machine) -> &'static str {
    if machine.express {
        "EXPRESS"
    } else {
        "STANDARD"
    }
}

/// `includedData` matters only where data is encrypted with a key of the caller's.
fn includes_data(input: &mut Input) -> Result<(), ApiError> {
    input
        .choice("includedData", &["ALL_DATA", "METADATA_ONLY"])
        .map(|_| ())
}
