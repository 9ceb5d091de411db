//! The target of a schedule: a state machine or a function.
//!
//! <https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-templated.html>

use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Builder;

use super::Scheduler;
use super::error::ApiError;
use super::plan::{missing, text};
use service::InvokeError;
use service::sdk::SdkError;

/// The target of a schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    arn: String,
    service: Service,
    /// Well-formed JSON, in which AWS's placeholders are filled in when it is sent.
    input: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Service {
    StateMachine,
    Function,
}

/// One occurrence of a schedule.
#[derive(Clone, Copy, Debug)]
pub(super) struct Occurrence<'a> {
    /// The schedule's.
    pub(super) arn: &'a str,
    pub(super) time: Timestamp,
    /// The number of attempts, this one included.
    pub(super) attempt: i64,
}

/// The error of a delivery that did not reach its target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DeliveryError {
    pub(super) reason: String,
    /// True if another attempt may succeed.
    pub(super) is_retryable: bool,
}

impl Target {
    pub(super) fn read(target: &Value) -> Result<Self, ApiError> {
        let arn = text(target, "Arn")?.ok_or_else(|| missing("target.arn"))?;
        text(target, "RoleArn")?.ok_or_else(|| missing("target.roleArn"))?;
        let parts: Vec<&str> = arn.splitn(7, ':').collect();
        let service = match parts[..] {
            ["arn", _, "states", _, _, "stateMachine", _] => Service::StateMachine,
            ["arn", _, "lambda", _, _, "function", _] => Service::Function,
            _ => {
                return Err(ApiError::Validation(format!(
                    "Provided Arn {arn} is not supported by the local stack: schedules start \
                     state machines (arn:aws:states:...:stateMachine:NAME) or invoke functions \
                     (arn:aws:lambda:...:function:NAME) here"
                )));
            }
        };
        let input = text(target, "Input")?.map(str::to_owned);
        if let Some(input) = &input
            && let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(input)
        {
            return Err(ApiError::Validation(format!(
                "Invalid Target Input: it is not JSON: {error}"
            )));
        }
        Ok(Self {
            arn: arn.to_owned(),
            service,
            input,
        })
    }

    pub(super) fn arn(&self) -> &str {
        &self.arn
    }

    /// Calls it. One occurrence starts one execution, however often it is tried.
    pub(super) async fn call(
        &self,
        scheduler: &Scheduler,
        occurrence: Occurrence<'_>,
    ) -> Result<(), DeliveryError> {
        let id = occurrence.id();
        let input = self.input(scheduler, occurrence, &id);
        match self.service {
            Service::StateMachine => {
                let parameters = json!({"StateMachineArn": self.arn, "Name": id, "Input": input});
                match scheduler
                    .inner
                    .states
                    .call("startExecution", &parameters)
                    .await
                {
                    Ok(_) => Ok(()),
                    Err(SdkError::Exception(exception))
                        if exception.code == "ExecutionAlreadyExists" =>
                    {
                        Ok(())
                    }
                    Err(error) => Err(error.into()),
                }
            }
            Service::Function => {
                let sent = scheduler
                    .inner
                    .functions
                    .enqueue(&self.arn, input.into())
                    .await;
                sent.map_err(DeliveryError::from)
            }
        }
    }

    /// <https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html>
    fn input(&self, scheduler: &Scheduler, occurrence: Occurrence<'_>, id: &str) -> String {
        let time = format!("{:.0}", occurrence.time);
        match &self.input {
            Some(input) => input
                .replace("<aws.scheduler.schedule-arn>", occurrence.arn)
                .replace("<aws.scheduler.scheduled-time>", &time)
                .replace("<aws.scheduler.execution-id>", id)
                .replace(
                    "<aws.scheduler.attempt-number>",
                    &occurrence.attempt.to_string(),
                ),
            None => {
                let identity = &scheduler.inner.identity;
                let event = json!({
                    "version": "0",
                    "id": id,
                    "detail-type": "Scheduled Event",
                    "source": "aws.scheduler",
                    "account": identity.account,
                    "time": time,
                    "region": identity.region,
                    "resources": [occurrence.arn],
                    "detail": "{}",
                });
                event.to_string()
            }
        }
    }
}

impl Occurrence<'_> {
    /// Returns an id that is the same for the same occurrence.
    fn id(&self) -> String {
        let digest = Sha256::new()
            .chain_update(self.arn)
            .chain_update([0])
            .chain_update(self.time.as_millisecond().to_be_bytes())
            .finalize();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        Builder::from_custom_bytes(bytes).into_uuid().to_string()
    }
}

impl From<SdkError> for DeliveryError {
    fn from(error: SdkError) -> Self {
        match error {
            SdkError::Exception(exception) => Self {
                is_retryable: exception.status >= 500,
                reason: format!(
                    "{}: {}",
                    exception.code,
                    exception.message.unwrap_or_default()
                ),
            },
            other => Self {
                is_retryable: false,
                reason: other.to_string(),
            },
        }
    }
}

impl From<InvokeError> for DeliveryError {
    fn from(error: InvokeError) -> Self {
        Self {
            is_retryable: error.status >= 500 || error.status == 429,
            reason: error.to_string(),
        }
    }
}
