//! State machines: create, update, delete, describe, list.

use serde_json::{Value, json};

use super::input::{ARN, Input, NAME};
use super::settings::{Given, NO_LOGGING};
use super::{put, seconds, tags, token};
use crate::states::arn;
use crate::states::error::ApiError;
use crate::states::service::{States, new_uuid, now};
use crate::states::store::machines::{self, Machine, Settings};
use crate::states::store::tags as stored_tags;

type Answer = Result<Value, ApiError>;

/// The same request again answers the same; another definition, type, logging or tracing under the name is refused.
/// Role and tags are not compared, as on AWS.
pub(super) async fn create(states: &States, mut input: Input) -> Answer {
    let name = input.required("name", NAME)?;
    let given = Given::read(&mut input)?;
    // Required here, and optional in UpdateStateMachine, so `Given` has read them as optional.
    input.require_given("definition", given.definition.is_some());
    input.require_given("roleArn", given.role_arn.is_some());
    let express = input.choice("type", &["STANDARD", "EXPRESS"])? == Some("EXPRESS");
    let tags = tags::read(input.value("tags"))?;
    no_versions(&mut input)?;
    input.finish()?;
    arn::check_name(&name)?;
    let nothing = Settings {
        definition: String::new(),
        role_arn: String::new(),
        logging: NO_LOGGING.into(),
        tracing: false,
    };
    let settings = given.over(nothing, express)?;
    let arn = arn::machine(states.identity(), &name);
    let machine_arn = arn.clone();
    let created = states
        .engine()
        .write(move |db| {
            if let Some(there) = machines::by_name(db, &name)? {
                return same(&there, express, &settings, machine_arn);
            }
            let created = now();
            let id = machines::create(db, &name, express, &settings, created)?;
            stored_tags::put(db, id, &tags)?;
            Ok(created)
        })
        .await?;
    Ok(json!({ "stateMachineArn": arn, "creationDate": seconds(created) }))
}

fn same(there: &Machine, express: bool, settings: &Settings, arn: String) -> Result<i64, ApiError> {
    if there.deleting {
        return Err(ApiError::StateMachineDeleting(arn));
    }
    let old = &there.revision.settings;
    let same = there.express == express
        && old.definition == settings.definition
        && old.logging == settings.logging
        && old.tracing == settings.tracing;
    if same {
        Ok(there.created)
    } else {
        Err(ApiError::StateMachineAlreadyExists(arn))
    }
}

/// Running executions keep the revision that they were started with.
pub(super) async fn update(states: &States, mut input: Input) -> Answer {
    let arn = input.required("stateMachineArn", ARN)?;
    let given = Given::read(&mut input)?;
    no_versions(&mut input)?;
    input.finish()?;
    if given.is_empty() {
        return Err(ApiError::MissingRequiredParameter);
    }
    let name = states.machine_name(&arn)?.to_owned();
    let (revision, updated) = states
        .engine()
        .write(move |db| {
            let there = machines::by_name(db, &name)?;
            let there = there.ok_or_else(|| ApiError::StateMachineDoesNotExist(arn.clone()))?;
            if there.deleting {
                return Err(ApiError::StateMachineDeleting(arn));
            }
            let settings = given.over(there.revision.settings.clone(), there.express)?;
            if settings == there.revision.settings {
                return Ok((there.revision.uuid, now()));
            }
            let (uuid, now) = (new_uuid(), now());
            machines::revise(db, there.id, Some(&uuid), &settings, now)?;
            Ok((Some(uuid), now))
        })
        .await?;
    let mut answer = json!({ "updateDate": seconds(updated) });
    put(&mut answer, "revisionId", revision);
    Ok(answer)
}

/// Deleting what is not there is no error. What runs goes on to its end.
pub(super) async fn delete(states: &States, mut input: Input) -> Answer {
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

pub(super) async fn describe(states: &States, mut input: Input) -> Answer {
    let arn = input.required("stateMachineArn", ARN)?;
    includes_data(&mut input)?;
    input.finish()?;
    let machine = states.machine_row(&arn).await?;
    let mut answer = described(states, &machine)?;
    answer["status"] = json!(if machine.deleting {
        "DELETING"
    } else {
        "ACTIVE"
    });
    answer["type"] = json!(kind(&machine));
    answer["creationDate"] = seconds(machine.created);
    Ok(answer)
}

/// The revision that the execution runs, whatever came after it.
pub(super) async fn describe_for_execution(states: &States, mut input: Input) -> Answer {
    let arn = input.required("executionArn", ARN)?;
    includes_data(&mut input)?;
    input.finish()?;
    let execution = states.execution_row(&arn).await?;
    let found = states
        .readers()
        .read(move |db| machines::by_revision(db, execution.revision))
        .await?;
    let machine = found.ok_or(ApiError::ExecutionDoesNotExist(arn))?;
    let mut answer = described(states, &machine)?;
    answer["updateDate"] = seconds(machine.revision.created);
    Ok(answer)
}

/// What both descriptions have.
fn described(states: &States, machine: &Machine) -> Answer {
    let settings = &machine.revision.settings;
    let logging: Value = serde_json::from_str(&settings.logging)
        .map_err(|error| ApiError::Internal(format!("states.db: loggingConfiguration: {error}")))?;
    let mut answer = json!({
        "stateMachineArn": arn::machine(states.identity(), &machine.name),
        "name": machine.name,
        "definition": settings.definition,
        "roleArn": settings.role_arn,
        "loggingConfiguration": logging,
        "tracingConfiguration": { "enabled": settings.tracing },
    });
    put(&mut answer, "revisionId", machine.revision.uuid.clone());
    Ok(answer)
}

/// By name.
pub(super) async fn list(states: &States, mut input: Input) -> Answer {
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
        .map(|machine| listed(states, machine))
        .collect();
    let mut answer = json!({ "stateMachines": page });
    if found.len() > size {
        answer["nextToken"] = json!(token::write(REQUEST, &found[size - 1].name));
    }
    Ok(answer)
}

fn listed(states: &States, machine: &Machine) -> Value {
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

/// Versions can't be published here; to say nothing would be to pretend.
fn no_versions(input: &mut Input) -> Result<(), ApiError> {
    if input.flag("publish")? == Some(true) {
        let text = "The local stack does not publish versions: leave 'publish' out";
        return Err(ApiError::Validation(text.into()));
    }
    Ok(())
}
