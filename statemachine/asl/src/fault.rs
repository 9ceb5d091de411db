//! Faults: the ways in which a state can fail at run time.

use crate::payload::{MAX_PAYLOAD_BYTES, MAX_PAYLOAD_DEPTH};
use crate::variables::MAX_STORED_BYTES;
use crate::{Failure, Payload};

/// The error names that the engine itself raises.
pub(crate) mod names {
    pub(crate) const ALL: &str = "States.ALL";
    pub(crate) const DATA_LIMIT_EXCEEDED: &str = "States.DataLimitExceeded";
    pub(crate) const EXCEED_TOLERATED_FAILURE_THRESHOLD: &str =
        "States.ExceedToleratedFailureThreshold";
    pub(crate) const HEARTBEAT_TIMEOUT: &str = "States.HeartbeatTimeout";
    pub(crate) const INTRINSIC_FAILURE: &str = "States.IntrinsicFailure";
    pub(crate) const NO_CHOICE_MATCHED: &str = "States.NoChoiceMatched";
    pub(crate) const QUERY_EVALUATION_ERROR: &str = "States.QueryEvaluationError";
    pub(crate) const RESULT_PATH_MATCH_FAILURE: &str = "States.ResultPathMatchFailure";
    pub(crate) const RUNTIME: &str = "States.Runtime";
    pub(crate) const TASK_FAILED: &str = "States.TaskFailed";
    pub(crate) const TIMEOUT: &str = "States.Timeout";
}

/// The failure of a state, before it is an error and a cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// An error of the engine itself; the cause will name the state and its entry in the history.
    Raised {
        /// One of [`names`].
        error: &'static str,
        message: String,
    },
    /// The error of a JSONata field that gave no value that can be used.
    Evaluation {
        /// The field, from the state on; none where the state's input is at fault.
        field: Option<Box<str>>,
        message: String,
    },
    /// An error and cause that are passed on unchanged: of a task, a Fail state or a quota.
    Failure(Failure),
}

impl Fault {
    /// Creates `States.Runtime`, for a definition or input that makes no sense at run time. It
    /// cannot be caught.
    pub(crate) fn runtime(message: impl Into<String>) -> Fault {
        Fault::Raised {
            error: names::RUNTIME,
            message: message.into(),
        }
    }

    pub(crate) fn reported(error: impl Into<String>, cause: Option<String>) -> Fault {
        Fault::Failure(Failure {
            error: Some(error.into()),
            cause,
        })
    }

    /// Creates the fault of a Map of which more iterations failed than it tolerates.
    pub(crate) fn tolerance_exceeded() -> Fault {
        let cause = "The specified tolerated failure threshold was exceeded";
        Fault::reported(
            names::EXCEED_TOLERATED_FAILURE_THRESHOLD,
            Some(cause.into()),
        )
    }

    /// Returns the error and cause without the state's name and its entry, for TestState.
    pub(crate) fn into_plain_failure(self) -> Failure {
        self.into_failure_with(|message| message)
    }

    /// Creates the fault of `name` (a state, a function's ARN, a service) that gave more than a
    /// payload may hold.
    pub(crate) fn data_limit(name: &str) -> Fault {
        let cause = format!(
            "The state/task '{name}' returned a result with a size exceeding the maximum number of \
             bytes service limit."
        );
        Fault::reported(names::DATA_LIMIT_EXCEEDED, Some(cause))
    }

    /// Creates the fault of a variable that is too large, or that brings what its state assigns
    /// over the limit of one state.
    pub(crate) fn too_much_assigned(name: &str) -> Fault {
        let cause = format!(
            "The variable '{name}' takes what the state assigns over the limit of \
             {MAX_PAYLOAD_BYTES} bytes, or nests more than {MAX_PAYLOAD_DEPTH} levels deep."
        );
        Fault::reported(names::DATA_LIMIT_EXCEEDED, Some(cause))
    }

    /// Creates the fault of an execution whose variables are too large together.
    pub(crate) fn too_much_stored() -> Fault {
        let cause =
            format!("The variables of the execution exceed the limit of {MAX_STORED_BYTES} bytes.");
        Fault::reported(names::DATA_LIMIT_EXCEEDED, Some(cause))
    }

    /// Returns the fault of `payload`, the result of `name`, if AWS or this engine would not pass
    /// it on.
    pub(crate) fn for_oversized_result(payload: &Payload, name: &str) -> Option<Fault> {
        if payload.is_acceptable() {
            None
        } else if payload.text().len() > MAX_PAYLOAD_BYTES {
            Some(Fault::data_limit(name))
        } else {
            Some(Fault::runtime(format!(
                "The result of '{name}' is nested more than {MAX_PAYLOAD_DEPTH} levels deep"
            )))
        }
    }

    /// Returns the error and cause that histories and catchers see.
    pub(crate) fn into_failure(self, state: &str, entered_event: u64) -> Failure {
        self.into_failure_with(|message| {
            format!(
                "An error occurred while executing the state '{state}' (entered at the event id \
                 #{entered_event}). {message}"
            )
        })
    }

    fn into_failure_with(self, cause: impl FnOnce(String) -> String) -> Failure {
        let (error, message) = match self {
            Fault::Failure(failure) => return failure,
            Fault::Raised { error, message } => (error, message),
            Fault::Evaluation { message, .. } => (names::QUERY_EVALUATION_ERROR, message),
        };
        Failure {
            error: Some(error.to_owned()),
            cause: Some(cause(message)),
        }
    }
}
