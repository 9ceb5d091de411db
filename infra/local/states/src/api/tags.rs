//! Tags of state machines and activities.

use rusqlite::Connection;
use serde_json::{Value, json};

use super::input::{ARN, Input, wrong_type};
use crate::arn::{self, Arn};
use crate::error::ApiError;
use crate::handle::States;
use crate::store::tags::{self, Owner};
use crate::store::{activities, machines};

/// The most tags that AWS allows.
const MAX_TAGS: usize = 50;

type Tags = Vec<(String, String)>;

pub(super) async fn tag(states: &States, mut input: Input) -> Result<Value, ApiError> {
    let arn = input.required("resourceArn", ARN)?;
    let requested = read(Some(Value::Array(input.list("tags")?)))?;
    input.finish()?;
    let resource = Resource::parse(states, arn)?;
    let change = move |db: &Connection| {
        let owner = resource.owner(db)?;
        tags::put(db, owner, &requested)?;
        if tags::list(db, owner)?.len() > MAX_TAGS {
            return Err(ApiError::TooManyTags(resource.arn));
        }
        Ok(json!({}))
    };
    states.engine().write(change).await
}

pub(super) async fn untag(states: &States, mut input: Input) -> Result<Value, ApiError> {
    let arn = input.required("resourceArn", ARN)?;
    let keys = input.list("tagKeys")?;
    input.finish()?;
    let text = |key: Value| {
        key.as_str()
            .map(str::to_owned)
            .ok_or_else(|| wrong_type("tagKeys", "STRING"))
    };
    let keys: Vec<String> = keys.into_iter().map(text).collect::<Result<_, _>>()?;
    let resource = Resource::parse(states, arn)?;
    let change = move |db: &Connection| {
        tags::remove(db, resource.owner(db)?, &keys)?;
        Ok(json!({}))
    };
    states.engine().write(change).await
}

pub(super) async fn list(states: &States, mut input: Input) -> Result<Value, ApiError> {
    let arn = input.required("resourceArn", ARN)?;
    input.finish()?;
    let resource = Resource::parse(states, arn)?;
    let all = states
        .readers()
        .read(move |db| match resource.owner(db) {
            Ok(owner) => Ok(Ok(tags::list(db, owner)?)),
            Err(error) => Ok(Err(error)),
        })
        .await??;
    let all: Vec<Value> = all
        .iter()
        .map(|(key, value)| json!({ "key": key, "value": value }))
        .collect();
    Ok(json!({ "tags": all }))
}

/// The tags in a request.
pub(super) fn read(requested: Option<Value>) -> Result<Tags, ApiError> {
    let list = match requested {
        None => Vec::new(),
        Some(Value::Array(list)) => list,
        Some(_) => return Err(wrong_type("tags", "LIST")),
    };
    if list.len() > MAX_TAGS {
        return Err(ApiError::TooManyTags("The request".into()));
    }
    list.iter()
        .enumerate()
        .map(|(at, tag)| read_one(at + 1, tag))
        .collect()
}

fn read_one(at: usize, tag: &Value) -> Result<(String, String), ApiError> {
    let text = |field: &str| {
        tag.get(field)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let (key, value) = (text("key"), text("value"));
    for (field, text, longest) in [("key", &key, 128), ("value", &value, 256)] {
        if text.chars().count() > longest {
            return Err(ApiError::Validation(format!(
                "1 validation error detected: Value '{text}' at 'tags.{at}.member.{field}' failed \
                 to satisfy constraint: Member must have length less than or equal to {longest}"
            )));
        }
    }
    if key.is_empty() {
        return Err(ApiError::Validation(format!(
            "1 validation error detected: Value '' at 'tags.{at}.member.key' failed to satisfy \
             constraint: Member must have length greater than or equal to 1"
        )));
    }
    Ok((key, value))
}

/// The resource of a tag operation: a state machine or an activity. Versions, aliases and
/// executions have no tags.
struct Resource {
    arn: String,
    name: String,
    activity: bool,
}

impl Resource {
    fn parse(states: &States, arn: String) -> Result<Self, ApiError> {
        let (name, activity) = match arn::parse(&arn)? {
            Arn::Machine { name } => (name, false),
            Arn::Activity { name } => (name, true),
            _ => return Err(ApiError::ResourceNotFound(arn)),
        };
        if !arn::is_local(&arn, states.identity()) {
            return Err(ApiError::ResourceNotFound(arn));
        }
        let name = name.to_owned();
        Ok(Resource {
            arn,
            name,
            activity,
        })
    }

    fn owner(&self, db: &Connection) -> Result<Owner, ApiError> {
        let owner = if self.activity {
            activities::find(db, &self.name)?.map(|there| Owner::Activity(there.id))
        } else {
            machines::by_name(db, &self.name)?.map(|there| Owner::Machine(there.id))
        };
        owner.ok_or_else(|| ApiError::ResourceNotFound(self.arn.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_of_a_request() {
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        assert_eq!(read(None), Ok(vec![]));
        assert_eq!(
            read(Some(json!([{ "key": "a", "value": "" }]))),
            Ok(vec![pair("a", "")])
        );
        assert_eq!(read(Some(json!([{ "key": "a" }]))), Ok(vec![pair("a", "")]));
        let error = read(Some(json!([{ "key": "a" }, { "key": "" }]))).unwrap_err();
        assert_eq!(
            error.to_string(),
            "1 validation error detected: Value '' at 'tags.2.member.key' failed to satisfy \
             constraint: Member must have length greater than or equal to 1"
        );
        let many: Vec<Value> = (0..51).map(|n| json!({ "key": n.to_string() })).collect();
        assert_eq!(read(Some(json!(many))).unwrap_err().code(), "TooManyTags");
    }
}
