//! AWS's errors: the name, the text and the HTTP status of each, in one table.

use http::StatusCode;
use thiserror::Error;

/// An error of the Step Functions API. Its text is AWS's.
///
/// Names and meanings: the `Errors` section of each operation in
/// <https://docs.aws.amazon.com/step-functions/latest/apireference/API_Operations.html>.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ApiError {
    /// An ARN that is none, or of the wrong kind.
    #[error("Invalid Arn: '{0}'")]
    InvalidArn(String),
    /// A name with characters that AWS forbids.
    #[error("Invalid Name: '{0}'")]
    InvalidName(String),
    /// The definition can't be run.
    #[error("{0}")]
    InvalidDefinition(#[from] asl::InvalidDefinition),
    /// TestState does not test such a state without a mock.
    #[error("{0}")]
    NotTested(&'static str),
    /// The execution's input is not JSON.
    #[error("Invalid State Machine Execution Input: '{0}'")]
    InvalidExecutionInput(String),
    /// `loggingConfiguration` is not supported.
    #[error("Invalid Logging Configuration: {0}")]
    InvalidLoggingConfiguration(&'static str),
    /// A `nextToken` that this service did not write, or wrote for another request.
    #[error("Invalid Token: 'Invalid token'")]
    InvalidToken,
    /// `UpdateStateMachine` without anything to update.
    #[error(
        "Either the definition, the role ARN, the LoggingConfiguration, or the \
         TracingConfiguration must be specified"
    )]
    MissingRequiredParameter,
    /// No state machine has this ARN.
    #[error("State Machine Does Not Exist: '{0}'")]
    StateMachineDoesNotExist(String),
    /// A different state machine has this name.
    #[error("State Machine Already Exists: '{0}'")]
    StateMachineAlreadyExists(String),
    /// The state machine goes when its last execution has ended.
    #[error("State Machine is being deleted: '{0}'")]
    StateMachineDeleting(String),
    /// An operation of STANDARD state machines was called for an EXPRESS one, or the reverse.
    #[error("{0}")]
    StateMachineTypeNotSupported(&'static str),
    /// No execution has this ARN.
    #[error("Execution Does Not Exist: '{0}'")]
    ExecutionDoesNotExist(String),
    /// The name is taken: by an execution that has ended, or that has another input.
    #[error("Execution Already Exists: '{0}'")]
    ExecutionAlreadyExists(String),
    /// No activity has this ARN.
    #[error("Activity Does Not Exist: '{0}'")]
    ActivityDoesNotExist(String),
    /// A different activity has this name.
    #[error("Activity Already Exists: '{0}'")]
    ActivityAlreadyExists(String),
    /// Nobody waits for the task of this token any more.
    #[error("Task Timed Out: 'Provided task does not exist anymore'")]
    TaskTimedOut,
    /// A task's output that is not JSON.
    #[error("Invalid Output: '{0}'")]
    InvalidOutput(String),
    /// The execution runs, has succeeded, or can't go on for another reason.
    #[error("{0}")]
    ExecutionNotRedrivable(String),
    /// An alias, or a version that one should lead to, does not exist.
    #[error("Request references a resource that does not exist.")]
    NoSuchAlias,
    /// The request conflicts with the current state.
    #[error("{0}")]
    Conflict(String),
    /// More versions or aliases than AWS allows.
    #[error("{0}")]
    QuotaExceeded(&'static str),
    /// `encryptionConfiguration` is not supported.
    #[error("Invalid Encryption Configuration: {0}")]
    InvalidEncryptionConfiguration(&'static str),
    /// Tags of something that does not exist.
    #[error("Resource not found: '{0}'")]
    ResourceNotFound(String),
    /// More than 50 tags.
    #[error("'{0}' have too many tags")]
    TooManyTags(String),
    /// The request breaks the service model's constraints.
    #[error("{0}")]
    Validation(String),
    /// The request is not JSON, or a field has the wrong type.
    #[error("{0}")]
    Serialization(String),
    /// An operation of Step Functions that the local stack doesn't have, or no operation at all.
    #[error("The operation {0} is not available in the local stack")]
    UnknownOperation(String),
    /// The service itself failed: the disk, nearly always.
    #[error("{0}")]
    Internal(String),
}

impl ApiError {
    /// AWS's name of the error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::InvalidArn(_) => "InvalidArn",
            Self::InvalidName(_) => "InvalidName",
            Self::InvalidDefinition(_) | Self::NotTested(_) => "InvalidDefinition",
            Self::InvalidExecutionInput(_) => "InvalidExecutionInput",
            Self::InvalidLoggingConfiguration(_) => "InvalidLoggingConfiguration",
            Self::InvalidToken => "InvalidToken",
            Self::MissingRequiredParameter => "MissingRequiredParameter",
            Self::StateMachineDoesNotExist(_) => "StateMachineDoesNotExist",
            Self::StateMachineAlreadyExists(_) => "StateMachineAlreadyExists",
            Self::StateMachineDeleting(_) => "StateMachineDeleting",
            Self::StateMachineTypeNotSupported(_) => "StateMachineTypeNotSupported",
            Self::ExecutionDoesNotExist(_) => "ExecutionDoesNotExist",
            Self::ExecutionAlreadyExists(_) => "ExecutionAlreadyExists",
            Self::ActivityDoesNotExist(_) => "ActivityDoesNotExist",
            Self::ActivityAlreadyExists(_) => "ActivityAlreadyExists",
            Self::TaskTimedOut => "TaskTimedOut",
            Self::InvalidOutput(_) => "InvalidOutput",
            Self::ExecutionNotRedrivable(_) => "ExecutionNotRedrivable",
            Self::ResourceNotFound(_) | Self::NoSuchAlias => "ResourceNotFound",
            Self::Conflict(_) => "ConflictException",
            Self::QuotaExceeded(_) => "ServiceQuotaExceededException",
            Self::InvalidEncryptionConfiguration(_) => "InvalidEncryptionConfiguration",
            Self::TooManyTags(_) => "TooManyTags",
            Self::Validation(_) => "ValidationException",
            Self::Serialization(_) => "SerializationException",
            Self::UnknownOperation(_) => "UnknownOperationException",
            Self::Internal(_) => "InternalFailure",
        }
    }

    /// The HTTP status that AWS sends with it.
    pub fn status(&self) -> StatusCode {
        if matches!(self, Self::Internal(_)) {
            StatusCode::INTERNAL_SERVER_ERROR
        } else {
            StatusCode::BAD_REQUEST
        }
    }
}

impl From<rusqlite::Error> for ApiError {
    fn from(error: rusqlite::Error) -> Self {
        ApiError::Internal(format!("states.db: {error}"))
    }
}

/// The service could not be opened.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The data directory can't be made.
    #[error("can't create {0}: {1}")]
    Directory(std::path::PathBuf, std::io::Error),
    /// The database can't be opened, is damaged, or was written by another version of this program.
    #[error(transparent)]
    Database(#[from] service::database::OpenError),
    /// The thread that owns the executions can't be started.
    #[error("can't start the state machine engine: {0}")]
    Thread(std::io::Error),
}
