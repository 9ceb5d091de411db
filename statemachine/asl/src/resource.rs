//! What a Task state's `Resource` names.

use serde::{Deserialize, Serialize};

/// The work that a Task state asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Resource {
    /// A Lambda function by its own ARN: the task's input is the payload, its result the output.
    Function {
        /// `arn:aws:lambda:us-east-1:123456789012:function:NAME`, with a version or alias perhaps.
        arn: String,
    },
    /// An activity: a worker polls for the task.
    Activity {
        /// `arn:aws:states:us-east-1:123456789012:activity:NAME`
        arn: String,
    },
    /// A service integration: `arn:aws:states:::lambda:invoke.waitForTaskToken`, `arn:aws:states:::aws-sdk:s3:getObject`.
    Service {
        /// The whole ARN.
        arn: String,
        /// `lambda`, `states`, `aws-sdk:s3`: what histories call the resource type.
        service: String,
        /// `invoke`, `startExecution`, `getObject`: without the pattern.
        api: String,
        /// What the state waits for.
        pattern: Pattern,
    },
}

/// What a service integration waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Pattern {
    /// The API's response.
    RequestResponse,
    /// The job's end (`.sync`).
    Sync,
    /// The job's end, with its output as JSON instead of text (`.sync:2`).
    Sync2,
    /// `SendTaskSuccess` or `SendTaskFailure` with the task's token (`.waitForTaskToken`).
    WaitForTaskToken,
}
