//! The context object, `$$`: <https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html>

use std::cell::OnceCell;

use serde_json::{Map, Value, json};

use crate::{Identity, Payload, Timestamp};

/// What the context object is made of. It is only made if something asks for it.
pub(crate) struct Context<'a> {
    pub(crate) identity: &'a Identity,
    pub(crate) execution_input: &'a Payload,
    pub(crate) started: Timestamp,
    pub(crate) state: &'a str,
    pub(crate) entered: Timestamp,
    /// Only Task, Parallel and Map states have one.
    pub(crate) retry_count: Option<u32>,
    /// Only while a task that needs one is being set up.
    pub(crate) token: Option<&'a str>,
    /// The item that the innermost Map around the state is at.
    pub(crate) item: Option<(u64, &'a Value)>,
    pub(crate) made: OnceCell<Value>,
}

impl Context<'_> {
    pub(crate) fn value(&self) -> &Value {
        self.made.get_or_init(|| self.make())
    }

    fn make(&self) -> Value {
        let mut context = Map::new();
        context.insert("Execution".into(), self.execution());
        let machine = json!({"Id": self.identity.state_machine_arn, "Name": self.identity.state_machine_name});
        context.insert("StateMachine".into(), machine);
        context.insert("State".into(), self.state());
        if let Some(token) = self.token {
            context.insert("Task".into(), json!({"Token": token}));
        }
        if let Some((index, value)) = self.item {
            context.insert(
                "Map".into(),
                json!({"Item": {"Index": index, "Value": value}}),
            );
        }
        Value::Object(context)
    }

    fn execution(&self) -> Value {
        let mut execution = json!({
            "Id": self.identity.execution_arn,
            "Input": self.execution_input.value(),
            "StartTime": self.started.to_string(),
            "Name": self.identity.execution_name,
            "RoleArn": self.identity.role_arn,
        });
        if let Some(redrives) = self.identity.redrives {
            execution["RedriveCount"] = redrives.into();
        }
        if let Some(redriven) = self.identity.redriven {
            execution["RedriveTime"] = redriven.to_string().into();
        }
        execution
    }

    fn state(&self) -> Value {
        let mut state = json!({"Name": self.state, "EnteredTime": self.entered.to_string()});
        if let Some(count) = self.retry_count {
            state["RetryCount"] = count.into();
        }
        state
    }
}
