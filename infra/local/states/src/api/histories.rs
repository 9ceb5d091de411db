//! GetExecutionHistory.

use serde_json::{Value, json};

use super::input::{ARN, Input};
use super::token;
use crate::error::ApiError;
use crate::handle::States;
use crate::store::history;

pub(super) async fn get(states: &States, mut input: Input) -> Result<Value, ApiError> {
    let arn = input.required("executionArn", ARN)?;
    let size = input.page_size()?;
    let reverse = input.flag("reverseOrder")?.unwrap_or(false);
    let token = input.text("nextToken", token::LENGTH)?;
    let with_data = input.flag("includeExecutionData")?.unwrap_or(true);
    input.finish()?;
    let execution = states.execution_row(&arn).await?;
    let request = format!("GetExecutionHistory {} {reverse}", execution.id);
    let from = token::read_number(&request, token.as_deref())?;
    let mut events = states
        .readers()
        .read(move |db| {
            if reverse {
                history::backward(db, execution.id, from.unwrap_or(i64::MAX), size + 1)
            } else {
                history::forward(db, execution.id, from.unwrap_or(1), size + 1)
            }
        })
        .await?;
    let next = events.get(size).and_then(|event| event["id"].as_i64());
    events.truncate(size);
    if !with_data {
        events.iter_mut().for_each(strip_data);
    }
    let mut response = json!({ "events": events });
    if let Some(next) = next {
        response["nextToken"] = json!(token::write(&request, &next.to_string()));
    }
    Ok(response)
}

/// Takes inputs, outputs, parameters and variables out of an event.
fn strip_data(event: &mut Value) {
    const DATA: [&str; 7] = [
        "input",
        "inputDetails",
        "output",
        "outputDetails",
        "parameters",
        "assignedVariables",
        "assignedVariablesDetails",
    ];
    let fields = event.as_object_mut().into_iter().flatten();
    for details in fields.filter_map(|(_, value)| value.as_object_mut()) {
        details.retain(|field, _| !DATA.contains(&field.as_str()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_without_data_keep_the_rest() {
        let mut event = json!({
            "id": 3,
            "type": "TaskScheduled",
            "taskScheduledEventDetails": { "parameters": "{}", "resource": "invoke" },
        });
        strip_data(&mut event);
        assert_eq!(
            event,
            json!({ "id": 3, "type": "TaskScheduled", "taskScheduledEventDetails": { "resource": "invoke" } })
        );
    }
}
