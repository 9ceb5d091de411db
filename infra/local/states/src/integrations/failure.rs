//! The failures of tasks, in Step Functions' texts for service errors.

use uuid::Uuid;

use service::sdk::{ServiceException, capitalize};

/// The failure of a task.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Failure {
    /// The error name that `Retry` and `Catch` match.
    pub(super) error: String,
    pub(super) cause: String,
}

impl Failure {
    /// The service does not exist here, or lacks the operation.
    pub(super) fn unreachable(service: &str, arn: &str) -> Self {
        Failure {
            error: format!("{}.SdkClientException", error_prefix(service)),
            cause: format!("Unable to execute HTTP request: the local stack can't do {arn}"),
        }
    }

    pub(super) fn no_activity(arn: &str) -> Self {
        Failure {
            error: "ActivityDoesNotExist".into(),
            cause: format!("Activity Does Not Exist: '{arn}'"),
        }
    }

    pub(super) fn panicked() -> Self {
        Failure {
            error: "States.Runtime".into(),
            cause: "The local stack failed while it ran this task; its log says more".into(),
        }
    }

    /// Step Functions could not make a request of the parameters.
    pub(super) fn parameters(parameters: &str, fault: &str) -> Self {
        Failure {
            error: "States.Runtime".into(),
            cause: format!(
                "The Parameters '{parameters}' could not be used to start the Task: [{fault}]"
            ),
        }
    }

    /// Returns the failure in an optimized integration for an error that the service's model has a
    /// shape for: `code` of `service`, as the first SDK for Java spells both.
    pub(super) fn optimized(
        prefix: &str,
        service: &str,
        code: &str,
        status: u16,
        message: &str,
    ) -> Self {
        Self::of_first_sdk(
            format!("{prefix}.{}", exception(code)),
            service,
            code,
            status,
            message,
        )
    }

    /// Returns the failure for an error without a shape in the model: SDKs map all of them to the
    /// service's base exception.
    pub(super) fn unmodeled(
        prefix: &str,
        service: &str,
        code: &str,
        status: u16,
        message: &str,
    ) -> Self {
        Self::of_first_sdk(
            format!("{prefix}.{service}Exception"),
            service,
            code,
            status,
            message,
        )
    }

    fn of_first_sdk(error: String, service: &str, code: &str, status: u16, message: &str) -> Self {
        let request = Uuid::new_v4();
        Failure {
            error,
            cause: format!(
                "{message} (Service: {service}; Status Code: {status}; Error Code: {code}; \
                 Request ID: {request}; Proxy: null)"
            ),
        }
    }

    /// Returns the failure in an SDK integration, as the second SDK for Java words it.
    pub(super) fn from_exception(service: &str, refusal: &ServiceException) -> Self {
        let prefix = error_prefix(service);
        let exception = if refusal.modeled {
            exception(&refusal.code)
        } else {
            format!("{prefix}Exception")
        };
        let extended = refusal
            .extended_request_id
            .as_ref()
            .map(|id| format!(", Extended Request ID: {id}"))
            .unwrap_or_default();
        Failure {
            error: format!("{prefix}.{exception}"),
            cause: format!(
                "{} (Service: {prefix}, Status Code: {}, Request ID: {}{extended}) (SDK Attempt \
                 Count: 1)",
                refusal.message.as_deref().unwrap_or("null"),
                refusal.status,
                refusal.request_id,
            ),
        }
    }
}

/// The name of the exception that an SDK throws for an error's code.
fn exception(code: &str) -> String {
    if code.ends_with("Exception") {
        code.to_owned()
    } else {
        format!("{code}Exception")
    }
}

/// Returns the prefix of a service's errors, as Step Functions spells it.
pub(super) fn error_prefix(service: &str) -> String {
    let (sdk, name) = match service.strip_prefix("aws-sdk:") {
        Some(name) => (true, name),
        None => (false, service),
    };
    match name {
        "apigateway" => "ApiGateway".into(),
        // The two generations of the SDK differ.
        "dynamodb" if sdk => "DynamoDb".into(),
        "dynamodb" => "DynamoDB".into(),
        "emr-serverless" => "EMRServerless".into(),
        "events" => "EventBridge".into(),
        "sagemaker" => "SageMaker".into(),
        "sagemakerruntime" => "SageMakerRuntime".into(),
        "secretsmanager" => "SecretsManager".into(),
        "sns" if !sdk => "SNS".into(),
        "sqs" if !sdk => "SQS".into(),
        "states" => "StepFunctions".into(),
        other => capitalize(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_is_named() {
        let failure = Failure::unreachable("sqs", "arn:aws:states:::sqs:sendMessage");
        assert_eq!(failure.error, "SQS.SdkClientException");
        assert_eq!(
            failure.cause,
            "Unable to execute HTTP request: the local stack can't do \
             arn:aws:states:::sqs:sendMessage"
        );
    }

    #[test]
    fn errors_begin_with_the_service() {
        for (service, prefix) in [
            ("glue", "Glue"),
            ("aws-sdk:s3", "S3"),
            ("aws-sdk:sfn", "Sfn"),
            ("aws-sdk:dynamodb", "DynamoDb"),
            ("dynamodb", "DynamoDB"),
            ("states", "StepFunctions"),
            ("", ""),
        ] {
            assert_eq!(error_prefix(service), prefix);
        }
    }

    #[test]
    fn errors_of_optimized_integrations() {
        let modeled = Failure::optimized(
            "SageMaker",
            "AmazonSageMaker",
            "ResourceInUse",
            400,
            "taken",
        );
        assert_eq!(modeled.error, "SageMaker.ResourceInUseException");
        let begin = "taken (Service: AmazonSageMaker; Status Code: 400; Error Code: \
                     ResourceInUse; Request ID: ";
        assert!(modeled.cause.starts_with(begin), "{}", modeled.cause);
        let other = Failure::unmodeled(
            "SageMaker",
            "AmazonSageMaker",
            "ValidationException",
            400,
            "no",
        );
        assert_eq!(other.error, "SageMaker.AmazonSageMakerException");
    }

    fn check(code: &str, modeled: bool, message: Option<&str>, error: &str, cause: &str) {
        let failure = Failure::from_exception(
            "aws-sdk:s3",
            &ServiceException {
                code: code.into(),
                modeled,
                status: 404,
                message: message.map(str::to_owned),
                request_id: "R".into(),
                extended_request_id: Some("E".into()),
            },
        );
        assert_eq!((&*failure.error, &*failure.cause), (error, cause));
    }

    #[test]
    fn errors_of_sdk_integrations() {
        check(
            "NoSuchKey",
            true,
            Some("The specified key does not exist."),
            "S3.NoSuchKeyException",
            "The specified key does not exist. (Service: S3, Status Code: 404, Request ID: R, \
             Extended Request ID: E) (SDK Attempt Count: 1)",
        );
        check(
            "PreconditionFailed",
            false,
            None,
            "S3.S3Exception",
            "null (Service: S3, Status Code: 404, Request ID: R, Extended Request ID: E) (SDK \
             Attempt Count: 1)",
        );
    }
}
