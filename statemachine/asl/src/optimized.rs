//! The APIs of AWS's optimized integrations, and what a state may wait for with each.
//!
//! <https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html>

use crate::Pattern;

/// What AWS says to a `Resource`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    Yes,
    /// The service has no such API, or not with that pattern.
    No,
    /// A service that is not in the table: it may have come since.
    Unheard,
}

/// A service's APIs: those that only answer, then those whose jobs can be waited for (`.sync`).
struct Service {
    name: &'static str,
    calls: &'static [&'static str],
    jobs: &'static [&'static str],
    /// Whether its APIs may wait for a task token.
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

/// Whether AWS has `arn:aws:states:::SERVICE:API` with that pattern.
pub(crate) fn known(service: &str, api: &str, pattern: Pattern) -> Known {
    if service.starts_with("aws-sdk:") {
        // Which APIs the SDK has is not known here; none of them knows jobs.
        return match pattern {
            Pattern::Sync | Pattern::Sync2 => Known::No,
            Pattern::RequestResponse | Pattern::WaitForTaskToken => Known::Yes,
        };
    }
    let Some(found) = SERVICES.iter().find(|known| known.name == service) else {
        return Known::Unheard;
    };
    let job = found.jobs.contains(&api);
    let there = match pattern {
        Pattern::RequestResponse => job || found.calls.contains(&api),
        Pattern::Sync => job,
        Pattern::Sync2 => job && service == "states",
        Pattern::WaitForTaskToken => found.callback && (job || found.calls.contains(&api)),
    };
    if there { Known::Yes } else { Known::No }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn apis_and_patterns() {
        use Pattern::*;
        let check = |service, api, pattern, expect| {
            assert_eq!(
                known(service, api, pattern),
                expect,
                "{service}:{api} {pattern:?}"
            );
        };
        check("dynamodb", "getItem", RequestResponse, Known::Yes);
        check("dynamodb", "query", RequestResponse, Known::No);
        check("dynamodb", "getItem", WaitForTaskToken, Known::No);
        check("lambda", "invoke", WaitForTaskToken, Known::Yes);
        check("lambda", "invoke", Sync, Known::No);
        check("sagemaker", "createTrainingJob", Sync, Known::Yes);
        check("sagemaker", "createModel", Sync, Known::No);
        check("states", "startExecution", Sync2, Known::Yes);
        check("glue", "startJobRun", Sync2, Known::No);
        check("aws-sdk:s3", "getObject", RequestResponse, Known::Yes);
        check("aws-sdk:s3", "getObject", Sync, Known::No);
        check("quantum", "entangle", RequestResponse, Known::Unheard);
    }
}
