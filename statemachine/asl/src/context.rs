//! The context object, `$$`:
//! <https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html>

use std::cell::OnceCell;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{Payload, Timestamp};

/// The names of an execution and of its state machine, for the context object (`$$`) and the
/// history.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// `arn:aws:states:us-east-1:123456789012:execution:MACHINE:NAME`
    pub execution_arn: String,
    /// The last part of the ARN.
    pub execution_name: String,
    /// The role of the state machine.
    pub role_arn: String,
    /// `arn:aws:states:us-east-1:123456789012:stateMachine:MACHINE`
    pub state_machine_arn: String,
    /// The last part of the ARN.
    pub state_machine_name: String,
    /// `us-east-1`: what TaskScheduled events carry.
    pub region: String,
    /// The version that the execution was started through, for ExecutionStarted.
    pub state_machine_version_arn: Option<String>,
    /// The alias that the execution was started through, for ExecutionStarted.
    pub state_machine_alias_arn: Option<String>,
    /// The number of redrives; `None` if the context object has no such field, as for
    /// StartSyncExecution.
    pub redrives: Option<u64>,
    /// The time of the last redrive.
    pub redriven: Option<Timestamp>,
}

/// The parts of the context object, which is only built if something reads it.
pub(crate) struct Context<'a> {
    pub(crate) identity: &'a Identity,
    pub(crate) execution_input: &'a Payload,
    pub(crate) started: Timestamp,
    pub(crate) state: &'a str,
    pub(crate) entered: Timestamp,
    /// The retries so far, for Task, Parallel and Map states.
    pub(crate) retry_count: Option<u32>,
    /// The token of the task that is being set up, if it needs one.
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
        let machine = json!({"Id": self.identity.state_machine_arn,
            "Name": self.identity.state_machine_name});
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
