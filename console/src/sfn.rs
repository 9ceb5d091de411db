//! The pages' requests to Step Functions.

use serde_json::{Value, json};

use crate::Console;
use crate::aws::ApiError;
use crate::execution_history::ExecutionHistory;
use crate::text::moment;

/// Events in one answer of GetExecutionHistory, at most.
pub(crate) const EVENTS: usize = 1000;

/// A state machine in a list.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Machine {
    pub(crate) arn: String,
    pub(crate) name: String,
    pub(crate) express: bool,
}

impl Console {
    pub(crate) async fn sfn(&self, operation: &str, parameters: Value) -> Result<Value, ApiError> {
        self.aws.call("sfn", operation, parameters).await
    }

    /// All state machines, by name. The application's own is the first.
    pub(crate) async fn machines(&self) -> Result<Vec<Machine>, ApiError> {
        let mut machines = Vec::new();
        let mut token = Value::Null;
        loop {
            let page = json!({ "MaxResults": 1000, "NextToken": token });
            let mut page = self.sfn("listStateMachines", page).await?;
            machines.extend(rows(&page, "StateMachines").iter().map(Machine::of));
            token = page["NextToken"].take();
            if token.is_null() {
                break;
            }
        }
        let own = self.application.state_machine.as_deref();
        machines.sort_by(|a, b| {
            let rank = |machine: &Machine| Some(&*machine.arn) != own;
            (rank(a), &a.name).cmp(&(rank(b), &b.name))
        });
        Ok(machines)
    }

    pub(crate) async fn describe(&self, arn: &str) -> Result<Value, ApiError> {
        self.sfn("describeExecution", json!({ "ExecutionArn": arn }))
            .await
    }

    /// The definition that an execution runs.
    pub(crate) async fn definition(&self, arn: &str) -> Result<String, ApiError> {
        let parameters = json!({ "ExecutionArn": arn });
        let machine = self
            .sfn("describeStateMachineForExecution", parameters)
            .await?;
        Ok(text(&machine, "Definition").unwrap_or_default().to_owned())
    }

    /// Reads the whole history so far: 25,000 events at most, a page at a time.
    pub(crate) async fn history(&self, arn: &str) -> Result<ExecutionHistory, ApiError> {
        let mut history = ExecutionHistory::default();
        let mut token = Value::Null;
        loop {
            let mut page = self.events(arn, token).await?;
            rows(&page, "Events")
                .iter()
                .for_each(|event| history.add(event));
            token = page["NextToken"].take();
            if token.is_null() {
                return Ok(history);
            }
        }
    }

    /// A page of a history, from its beginning or from where a token says.
    pub(crate) async fn events(&self, arn: &str, token: Value) -> Result<Value, ApiError> {
        let page = json!({ "ExecutionArn": arn, "MaxResults": EVENTS, "NextToken": token });
        self.sfn("getExecutionHistory", page).await
    }

    /// The id of an execution's newest event, which tells whether anything happened.
    pub(crate) async fn newest_event(&self, arn: &str) -> Result<i64, ApiError> {
        let newest = json!({
            "ExecutionArn": arn, "MaxResults": 1, "ReverseOrder": true, "IncludeExecutionData": false,
        });
        let newest = self.sfn("getExecutionHistory", newest).await?;
        Ok(newest["Events"][0]["Id"].as_i64().unwrap_or_default())
    }

    /// One event, by its id, which is its place in the history too.
    pub(crate) async fn event(&self, arn: &str, id: usize) -> Result<Option<Value>, ApiError> {
        let mut token = Value::Null;
        let mut passed = 0;
        loop {
            let mut page = self.events(arn, token).await?;
            let events = page["Events"].as_array_mut();
            let count = events.as_ref().map_or(0, |events| events.len());
            let at = id.checked_sub(passed + 1);
            if let Some(event) = at.and_then(|at| events.and_then(|events| events.get_mut(at))) {
                return Ok(Some(event.take()));
            }
            passed += count;
            token = page["NextToken"].take();
            if token.is_null() {
                return Ok(None);
            }
        }
    }
}

impl Machine {
    fn of(listed: &Value) -> Self {
        let member = |name| text(listed, name).unwrap_or_default().to_owned();
        Self {
            arn: member("StateMachineArn"),
            name: member("Name"),
            express: listed["Type"] == "EXPRESS",
        }
    }
}

/// A list of an answer.
pub(crate) fn rows<'v>(answer: &'v Value, member: &str) -> &'v [Value] {
    answer[member].as_array().map_or(&[], Vec::as_slice)
}

/// A text of an answer.
pub(crate) fn text<'v>(answer: &'v Value, member: &str) -> Option<&'v str> {
    answer[member].as_str()
}

/// Returns the time that an execution took, or has taken until now.
pub(crate) fn duration_text(execution: &Value) -> String {
    let ended = moment(text(execution, "StopDate")).unwrap_or_else(jiff::Timestamp::now);
    crate::text::between(moment(text(execution, "StartDate")), Some(ended))
}
