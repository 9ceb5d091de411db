//! Step Functions as the AWS SDKs call it: `arn:aws:states:::aws-sdk:sfn:startExecution` calls this
//! service's own API.

use async_trait::async_trait;
use serde_json::{Map, Value};

use crate::api;
use crate::error::ApiError;
use crate::handle::States;
use service::sdk::{SdkError, SdkService, ServiceException, capitalize, uncapitalize};

pub(crate) use crate::handle::WeakStates;

pub(super) struct StatesSdk(WeakStates);

impl StatesSdk {
    pub(super) fn new(states: WeakStates) -> Self {
        StatesSdk(states)
    }
}

#[async_trait]
impl SdkService for StatesSdk {
    async fn call(&self, operation: &str, parameters: &Value) -> Result<Value, SdkError> {
        self.0.states().await.call(operation, parameters).await
    }
}

#[async_trait]
impl SdkService for States {
    async fn call(&self, operation: &str, parameters: &Value) -> Result<Value, SdkError> {
        let response = api::call(self, &capitalize(operation), to_wire(parameters)).await;
        match response {
            Ok(response) => Ok(from_wire(response)),
            Err(ApiError::UnknownOperation(_)) => Err(SdkError::NoOperation),
            Err(error) => Err(SdkError::Exception(ServiceException {
                code: error.code().to_owned(),
                modeled: true,
                status: error.status().as_u16(),
                message: Some(error.to_string()),
                request_id: uuid::Uuid::new_v4().to_string(),
                extended_request_id: None,
            })),
        }
    }
}

/// The members that hold JSON text: other values are converted to text.
const JSON_TEXT: [&str; 3] = ["Definition", "Input", "Output"];

/// `{"StateMachineArn": …}` -> `{"stateMachineArn": …}`
fn to_wire(parameters: &Value) -> Map<String, Value> {
    let members = parameters.as_object().into_iter().flatten();
    let members = members.filter(|(_, value)| !value.is_null());
    members
        .map(|(name, value)| {
            let value = match value {
                Value::String(_) => value.clone(),
                other if JSON_TEXT.contains(&&**name) => other.to_string().into(),
                other => rename_members(other.clone(), uncapitalize),
            };
            (uncapitalize(name), value)
        })
        .collect()
}

/// `{"startDate": 1.5}` -> `{"StartDate": "1970-01-01T00:00:01.500Z"}`
fn from_wire(response: Value) -> Value {
    rename_members(response, capitalize)
}

// The recursion ends with the nesting of this service's own structures.
fn rename_members(value: Value, rename: fn(&str) -> String) -> Value {
    match value {
        Value::Object(members) => members
            .into_iter()
            .map(|(name, value)| {
                let value = match value.as_f64() {
                    Some(seconds) if is_time(&name) => time(seconds),
                    _ => rename_members(value, rename),
                };
                (rename(&name), value)
            })
            .collect(),
        Value::Array(items) => items
            .into_iter()
            .map(|item| rename_members(item, rename))
            .collect(),
        other => other,
    }
}

fn is_time(name: &str) -> bool {
    name.ends_with("Date") || name == "timestamp"
}

fn time(seconds: f64) -> Value {
    asl::Timestamp((seconds * 1000.0).round() as i64)
        .to_string()
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn members_change_case_and_values_do_not() {
        let sent = to_wire(&json!({
            "StateMachineArn": "Arn", "Input": { "Key": "Value" }, "Name": null, "Tags": [{ "Key": "K", "Value": "V" }],
        }));
        let expected = json!({
            "stateMachineArn": "Arn", "input": "{\"Key\":\"Value\"}", "tags": [{ "key": "K", "value": "V" }],
        });
        assert_eq!(Value::Object(sent), expected);
    }

    #[test]
    fn times_are_text() {
        let shown =
            from_wire(json!({ "startDate": 1.5, "events": [{ "timestamp": 2.0, "id": 3 }] }));
        let expected = json!({
            "StartDate": "1970-01-01T00:00:01.500Z",
            "Events": [{ "Timestamp": "1970-01-01T00:00:02.000Z", "Id": 3 }],
        });
        assert_eq!(shown, expected);
    }
}
