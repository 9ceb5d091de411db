//! Activities: create, delete, describe, list, and the long poll of their workers.
//!
//! <https://docs.aws.amazon.com/step-functions/latest/dg/concepts-activities.html>

use std::time::Duration;

use serde_json::{Value, json};

use super::configuration;
use super::input::{ARN, Input, NAME};
use super::{seconds, tags, token};
use crate::arn;
use crate::error::ApiError;
use crate::handle::{States, now};
use crate::store::activities::{self, Activity};
use crate::store::tags::{self as stored_tags, Owner};

type ApiResult = Result<Value, ApiError>;

/// The long-poll time of GetActivityTask, as AWS documents it.
const POLL: Duration = Duration::from_secs(60);

/// Creates an activity. A repeated request returns the same result; tags are not compared, as on
/// AWS.
pub(super) async fn create(states: &States, mut input: Input) -> ApiResult {
    let name = input.required("name", NAME)?;
    let tags = tags::read(input.value("tags"))?;
    let encryption = input.value("encryptionConfiguration");
    input.finish()?;
    arn::check_name(&name)?;
    let encryption = encryption
        .as_ref()
        .map(configuration::encryption)
        .transpose()?;
    let arn = arn::activity(states.identity(), &name);
    let taken = arn.clone();
    let created = states
        .engine()
        .write(move |db| match activities::find(db, &name)? {
            Some(there) if there.encryption == encryption => Ok(there.created),
            Some(_) => Err(ApiError::ActivityAlreadyExists(taken)),
            None => {
                let created = now();
                let id = activities::create(db, &name, encryption.as_deref(), created)?;
                stored_tags::put(db, Owner::Activity(id), &tags)?;
                Ok(created)
            }
        })
        .await?;
    Ok(json!({ "activityArn": arn, "creationDate": seconds(created) }))
}

/// Deletes an activity; a missing one is no error. Tasks that wait for a worker keep waiting, up to
/// their timeouts.
pub(super) async fn delete(states: &States, mut input: Input) -> ApiResult {
    let arn = input.required("activityArn", ARN)?;
    input.finish()?;
    let name = match states.activity_name(&arn) {
        Err(ApiError::ActivityDoesNotExist(_)) => return Ok(json!({})),
        other => other?.to_owned(),
    };
    states
        .engine()
        .write(move |db| {
            if let Some(there) = activities::find(db, &name)? {
                stored_tags::clear(db, Owner::Activity(there.id))?;
                activities::delete(db, there.id)?;
            }
            Ok(json!({}))
        })
        .await
}

pub(super) async fn describe(states: &States, mut input: Input) -> ApiResult {
    let arn = input.required("activityArn", ARN)?;
    input.finish()?;
    let activity = states.activity_row(&arn).await?;
    let encryption = match &activity.encryption {
        Some(encryption) => configuration::parse_stored(encryption)?,
        None => json!({ "type": "AWS_OWNED_KEY" }),
    };
    let mut response = list_item(states, &activity);
    response["encryptionConfiguration"] = encryption;
    Ok(response)
}

/// Lists activities by name.
pub(super) async fn list(states: &States, mut input: Input) -> ApiResult {
    const REQUEST: &str = "ListActivities";
    let size = input.page_size()?;
    let token = input.text("nextToken", token::LENGTH)?;
    input.finish()?;
    let after = token.map_or(Ok(String::new()), |token| token::read(REQUEST, &token))?;
    let found = states
        .readers()
        .read(move |db| activities::list(db, &after, size + 1))
        .await?;
    let page = found
        .iter()
        .take(size)
        .map(|activity| list_item(states, activity));
    let mut response = json!({ "activities": page.collect::<Vec<_>>() });
    if found.len() > size {
        response["nextToken"] = json!(token::write(REQUEST, &found[size - 1].name));
    }
    Ok(response)
}

fn list_item(states: &States, activity: &Activity) -> Value {
    json!({
        "activityArn": arn::activity(states.identity(), &activity.name),
        "name": activity.name,
        "creationDate": seconds(activity.created),
    })
}

/// Waits for a task. Without one the answer is empty.
pub(super) async fn task(states: &States, mut input: Input) -> ApiResult {
    let arn = input.required("activityArn", ARN)?;
    let worker = input.text("workerName", NAME)?;
    input.finish()?;
    states.activity_row(&arn).await?;
    let polled = tokio::time::timeout(POLL, states.engine().poll(arn, worker)).await;
    match polled {
        Ok(task) => {
            let task = task?;
            Ok(json!({ "taskToken": task.token, "input": task.input }))
        }
        Err(_elapsed) => Ok(json!({})),
    }
}
