//! Why a task failed, in the texts that Step Functions has for what services say.

use uuid::Uuid;

use service::sdk::ServiceException;

/// Why a task failed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Failure {
    /// What `Retry` and `Catch` match.
    pub(super) error: String,
    pub(super) cause: String,
}

impl Failure {
    /// There is no such service, or it does not do that.
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

    /// What an optimised integration makes of an error that the service's model has a shape for:
    /// `code` of `service` as the first SDK for Java spells both.
    pub(super) fn optimised(prefix: &str, service: &str, kind: (&str, u16), message: &str) -> Self {
        Self::of_first_sdk(
            format!("{prefix}.{}", exception(kind.0)),
            service,
            kind,
            message,
        )
    }

    /// The same for one without: SDKs give all of them the service's own exception.
    pub(super) fn unmodelled(
        prefix: &str,
        service: &str,
        kind: (&str, u16),
        message: &str,
    ) -> Self {
        Self::of_first_sdk(
            format!("{prefix}.{service}Exception"),
            service,
            kind,
            message,
        )
    }

    fn of_first_sdk(
        error: String,
        service: &str,
        (code, status): (&str, u16),
        message: &str,
    ) -> Self {
        let request = Uuid::new_v4();
        Failure {
            error,
            cause: format!(
                "{message} (Service: {service}; Status Code: {status}; Error Code: {code}; Request ID: {request}; Proxy: null)"
            ),
        }
    }

    /// What an SDK integration makes of an error, as the second SDK for Java words it.
    pub(super) fn refused(service: &str, refusal: &ServiceException) -> Self {
        let prefix = error_prefix(service);
        let exception = if refusal.modelled {
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
                "{} (Service: {prefix}, Status Code: {}, Request ID: {}{extended}) (SDK Attempt Count: 1)",
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

/// How errors of a service begin, as Step Functions spells it.
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
        other => capitalised(other),
    }
}

/// `invokeEndpoint` -> `InvokeEndpoint`
pub(super) fn capitalised(name: &str) -> String {
    let mut letters = name.chars();
    letters
        .next()
        .map(|first| first.to_ascii_uppercase())
        .into_iter()
        .chain(letters)
        .collect()
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
            "Unable to execute HTTP request: the local stack can't do arn:aws:states:::sqs:sendMessage"
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
    fn errors_of_optimised_integrations() {
        let kind = ("ResourceInUse", 400);
        let modelled = Failure::optimised("SageMaker", "AmazonSageMaker", kind, "taken");
        assert_eq!(modelled.error, "SageMaker.ResourceInUseException");
        let begin = "taken (Service: AmazonSageMaker; Status Code: 400; Error Code: ResourceInUse; Request ID: ";
        assert!(modelled.cause.starts_with(begin), "{}", modelled.cause);
        let kind = ("ValidationException", 400);
        let other = Failure::unmodelled("SageMaker", "AmazonSageMaker", kind, "no");
        assert_eq!(other.error, "SageMaker.AmazonSageMakerException");
    }

    fn check(code: &str, modelled: bool, message: Option<&str>, error: &str, cause: &str) {
        let failure = Failure::refused(
            "aws-sdk:s3",
            &ServiceException {
                code: code.into(),
                modelled,
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
            "The specified key does not exist. (Service: S3, Status Code: 404, Request ID: R, Extended Request ID: E) (SDK Attempt Count: 1)",
        );
        check(
            "PreconditionFailed",
            false,
            None,
            "S3.S3Exception",
            "null (Service: S3, Status Code: 404, Request ID: R, Extended Request ID: E) (SDK Attempt Count: 1)",
        );
    }
}
