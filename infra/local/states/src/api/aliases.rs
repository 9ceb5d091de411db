//! Aliases of state machines: create, update, delete, describe, list.

use rusqlite::Connection;
use serde_json::{Value, json};

use super::input::{ARN, Input};
use super::routing::{self, RoutingConfiguration};
use super::{put, seconds, token};
use crate::arn::{self, Qualifier};
use crate::error::ApiError;
use crate::handle::{States, now};
use crate::store::aliases::{self, Alias};
use crate::store::machines::{self, Machine};
use crate::store::versions;

type ApiResult = Result<Value, ApiError>;

/// The most aliases of a state machine that AWS allows.
const MAX_ALIASES: i64 = 100;

/// Creates an alias. A repeated request returns the same result; a different one for the name is
/// refused.
pub(super) async fn create(states: &States, mut input: Input) -> ApiResult {
    let name = input.required("name", 1..=80)?;
    input.pattern("name", &name, routing::is_alias, routing::ALIAS_PATTERN);
    let description = input.data("description", 256)?;
    let routing = RoutingConfiguration::read(&mut input)?;
    input.require_present("routingConfiguration", routing.is_some());
    input.finish()?;
    let (machine, routes) = routing.unwrap_or_default().resolve(states)?;
    let now = now();
    let alias = Alias {
        name,
        description,
        routes,
        created: now,
        updated: now,
    };
    let arn = arn::qualified(states.identity(), &machine, &alias.name);
    let created = states
        .engine()
        .write(move |db| {
            let machine = find_machine(db, &machine)?;
            if let Some(current) = aliases::find(db, machine.id, &alias.name)? {
                return same(&current, &alias);
            }
            check_versions(db, &machine, &alias)?;
            if aliases::count(db, machine.id)? >= MAX_ALIASES {
                let text = "The maximum number of aliases of a state machine is 100";
                return Err(ApiError::QuotaExceeded(text));
            }
            aliases::put(db, machine.id, &alias)?;
            Ok(alias.created)
        })
        .await?;
    Ok(json!({ "stateMachineAliasArn": arn, "creationDate": seconds(created) }))
}

fn same(current: &Alias, requested: &Alias) -> Result<i64, ApiError> {
    if current.description == requested.description && current.routes == requested.routes {
        return Ok(current.created);
    }
    let text = "Failed to create alias because an alias with the same name and a different \
                routing configuration already exists.";
    Err(ApiError::Conflict(text.into()))
}

pub(super) async fn update(states: &States, mut input: Input) -> ApiResult {
    let arn = input.required("stateMachineAliasArn", ARN)?;
    let description = input.data("description", 256)?;
    let routing = RoutingConfiguration::read(&mut input)?;
    input.finish()?;
    if description.is_none() && routing.is_none() {
        let text = "Either the description or the routing configuration must be specified";
        return Err(ApiError::Validation(text.into()));
    }
    let (name, alias) = parse_alias_arn(states, &arn)?;
    let routes = routing.map(|routing| routing.resolve(states)).transpose()?;
    if routes.as_ref().is_some_and(|(machine, _)| *machine != name) {
        return Err(ApiError::NoSuchAlias);
    }
    let updated = states
        .engine()
        .write(move |db| {
            let machine = find_machine(db, &name)?;
            let current = aliases::find(db, machine.id, &alias)?.ok_or(ApiError::NoSuchAlias)?;
            let alias = Alias {
                description: description.or(current.description),
                routes: routes.map_or(current.routes, |(_, routes)| routes),
                updated: now(),
                ..current
            };
            check_versions(db, &machine, &alias)?;
            aliases::put(db, machine.id, &alias)?;
            Ok(alias.updated)
        })
        .await?;
    Ok(json!({ "updateDate": seconds(updated) }))
}

/// Deletes an alias; a missing one is no error.
pub(super) async fn delete(states: &States, mut input: Input) -> ApiResult {
    let arn = input.required("stateMachineAliasArn", ARN)?;
    input.finish()?;
    let (name, alias) = parse_alias_arn(states, &arn)?;
    states
        .engine()
        .write(move |db| {
            if let Some(machine) = machines::by_name(db, &name)? {
                aliases::delete(db, machine.id, &alias)?;
            }
            Ok(json!({}))
        })
        .await
}

pub(super) async fn describe(states: &States, mut input: Input) -> ApiResult {
    let arn = input.required("stateMachineAliasArn", ARN)?;
    input.finish()?;
    let (name, alias) = parse_alias_arn(states, &arn)?;
    let machine = name.clone();
    let found = states
        .readers()
        .read(move |db| match machines::by_name(db, &machine)? {
            None => Ok(None),
            Some(machine) => aliases::find(db, machine.id, &alias),
        })
        .await?;
    let alias = found.ok_or(ApiError::NoSuchAlias)?;
    let routes = alias.routes.iter().map(|route| {
        json!({
            "stateMachineVersionArn": arn::qualified(states.identity(), &name, route.version),
            "weight": route.weight,
        })
    });
    let mut response = json!({
        "stateMachineAliasArn": arn,
        "name": alias.name,
        "routingConfiguration": routes.collect::<Vec<_>>(),
        "creationDate": seconds(alias.created),
        "updateDate": seconds(alias.updated),
    });
    put(&mut response, "description", alias.description.as_deref());
    Ok(response)
}

/// Lists aliases by name; for a version's ARN, those that lead to the version.
pub(super) async fn list(states: &States, mut input: Input) -> ApiResult {
    let arn = input.required("stateMachineArn", ARN)?;
    let size = input.page_size()?;
    let token = input.text("nextToken", token::LENGTH)?;
    input.finish()?;
    let (machine, version) = match states.parse_machine_arn(&arn)? {
        (_, None) => (states.machine_row(&arn).await?, None),
        _ => {
            let (machine, version) = states.version_row(&arn).await?;
            (machine, Some(version.number))
        }
    };
    let request = format!("ListStateMachineAliases {} {version:?}", machine.id);
    let after = token.map_or(Ok(String::new()), |token| token::read(&request, &token))?;
    let found = states
        .readers()
        .read(move |db| aliases::list(db, machine.id, version, &after, size + 1))
        .await?;
    let page = found.iter().take(size).map(|(alias, created)| {
        json!({
            "stateMachineAliasArn": arn::qualified(states.identity(), &machine.name, alias),
            "creationDate": seconds(*created),
        })
    });
    let mut response = json!({ "stateMachineAliases": page.collect::<Vec<_>>() });
    if found.len() > size {
        response["nextToken"] = json!(token::write(&request, &found[size - 1].0));
    }
    Ok(response)
}

/// The names in an alias's ARN: the state machine's and its own.
fn parse_alias_arn(states: &States, arn: &str) -> Result<(String, String), ApiError> {
    let (machine, qualifier) = states.parse_machine_arn(arn)?;
    match qualifier.map(Qualifier::parse) {
        Some(Qualifier::Alias(alias)) => Ok((machine.to_owned(), alias)),
        _ => Err(ApiError::Validation(format!(
            "Invalid State Machine Alias ARN: '{arn}'"
        ))),
    }
}

fn find_machine(db: &Connection, name: &str) -> Result<Machine, ApiError> {
    let machine = machines::by_name(db, name)?.ok_or(ApiError::NoSuchAlias)?;
    if machine.deleting {
        return Err(ApiError::NoSuchAlias);
    }
    Ok(machine)
}

fn check_versions(db: &Connection, machine: &Machine, alias: &Alias) -> Result<(), ApiError> {
    for route in &alias.routes {
        if versions::find(db, machine.id, route.version)?.is_none() {
            return Err(ApiError::NoSuchAlias);
        }
    }
    Ok(())
}
