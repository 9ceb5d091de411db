//! The APIs of AWS's optimized integrations, and what a state may wait for with each.
//!
//! <https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html>

use crate::Pattern;

/// The support of AWS for a `Resource`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Support {
    Supported,
    /// The service has no such API, or not with that pattern.
    Unsupported,
    /// A service that is not in the table: it may have come since.
    UnknownService,
}

/// A service's APIs: those that only respond, then those whose jobs can be waited for (`.sync`).
struct Service {
    name: &'static str,
    calls: &'static [&'static str],
    jobs: &'static [&'static str],
    /// Set if its APIs may wait for a task token.
    callback: bool,
}

const fn service(
    name: &'static str,
    calls: &'static [&'static str],
    jobs: &'static [&'static str],
    callback: bool,
) -> Service {
    Service {
        name,
        calls,
        jobs,
        callback,
    }
}

const SERVICES: [Service; 21] = [
    service("apigateway", &["invoke"], &[], true),
    service(
        "athena",
        &["getQueryExecution", "getQueryResults", "stopQueryExecution"],
        &["startQueryExecution"],
        false,
    ),
    service("batch", &[], &["submitJob"], true),
    service(
        "bedrock",
        &["invokeModel"],
        &["createModelCustomizationJob"],
        true,
    ),
    service(
        "codebuild",
        &[
            "batchDeleteBuilds",
            "batchGetReports",
            "deleteBuildBatch",
            "stopBuild",
            "stopBuildBatch",
        ],
        &["retryBuildBatch", "startBuild", "startBuildBatch"],
        false,
    ),
    service("databrew", &[], &["startJobRun"], false),
    service(
        "dynamodb",
        &["deleteItem", "getItem", "putItem", "updateItem"],
        &[],
        false,
    ),
    service("ecs", &[], &["runTask"], true),
    service(
        "eks",
        &["call"],
        &[
            "createCluster",
            "createFargateProfile",
            "createNodegroup",
            "deleteCluster",
            "deleteFargateProfile",
            "deleteNodegroup",
            "runJob",
        ],
        true,
    ),
    service(
        "elasticmapreduce",
        &[
            "cancelStep",
            "modifyInstanceFleetByName",
            "modifyInstanceGroupByName",
            "setClusterTerminationProtection",
        ],
        &["addStep", "createCluster", "terminateCluster"],
        false,
    ),
    service(
        "emr-containers",
        &["createVirtualCluster"],
        &["deleteVirtualCluster", "startJobRun"],
        false,
    ),
    service(
        "emr-serverless",
        &[],
        &[
            "cancelJobRun",
            "createApplication",
            "deleteApplication",
            "startApplication",
            "startJobRun",
            "stopApplication",
        ],
        false,
    ),
    service("events", &["putEvents"], &[], true),
    service("glue", &[], &["startJobRun"], false),
    service("http", &["invoke"], &[], false),
    service("lambda", &["invoke"], &[], true),
    service("mediaconvert", &[], &["createJob"], false),
    service(
        "sagemaker",
        &[
            "createEndpoint",
            "createEndpointConfig",
            "createModel",
            "updateEndpoint",
        ],
        &[
            "createHyperParameterTuningJob",
            "createLabelingJob",
            "createProcessingJob",
            "createTrainingJob",
            "createTransformJob",
        ],
        false,
    ),
    service("sns", &["publish"], &[], true),
    service("sqs", &["sendMessage"], &[], true),
    service("states", &[], &["startExecution"], true),
];

/// Returns if AWS supports `arn:aws:states:::SERVICE:API` with that pattern.
pub(crate) fn support(service: &str, api: &str, pattern: Pattern) -> Support {
    if service.starts_with("aws-sdk:") {
        // Which APIs the SDK has is not known here; none of them knows jobs.
        return match pattern {
            Pattern::Sync | Pattern::Sync2 => Support::Unsupported,
            Pattern::RequestResponse | Pattern::WaitForTaskToken => Support::Supported,
        };
    }
    let Some(found) = SERVICES.iter().find(|known| known.name == service) else {
        return Support::UnknownService;
    };
    let job = found.jobs.contains(&api);
    let there = match pattern {
        Pattern::RequestResponse => job || found.calls.contains(&api),
        Pattern::Sync => job,
        Pattern::Sync2 => job && service == "states",
        Pattern::WaitForTaskToken => found.callback && (job || found.calls.contains(&api)),
    };
    if there {
        Support::Supported
    } else {
        Support::Unsupported
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn apis_and_patterns() {
        use Pattern::*;
        let check = |service, api, pattern, expect| {
            assert_eq!(
                support(service, api, pattern),
                expect,
                "{service}:{api} {pattern:?}"
            );
        };
        check("dynamodb", "getItem", RequestResponse, Support::Supported);
        check("dynamodb", "query", RequestResponse, Support::Unsupported);
        check(
            "dynamodb",
            "getItem",
            WaitForTaskToken,
            Support::Unsupported,
        );
        check("lambda", "invoke", WaitForTaskToken, Support::Supported);
        check("lambda", "invoke", Sync, Support::Unsupported);
        check("sagemaker", "createTrainingJob", Sync, Support::Supported);
        check("sagemaker", "createModel", Sync, Support::Unsupported);
        check("states", "startExecution", Sync2, Support::Supported);
        check("glue", "startJobRun", Sync2, Support::Unsupported);
        check(
            "aws-sdk:s3",
            "getObject",
            RequestResponse,
            Support::Supported,
        );
        check("aws-sdk:s3", "getObject", Sync, Support::Unsupported);
        check(
            "quantum",
            "entangle",
            RequestResponse,
            Support::UnknownService,
        );
    }
}
