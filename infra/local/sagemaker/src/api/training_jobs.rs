//! CreateTrainingJob, DescribeTrainingJob, ListTrainingJobs, StopTrainingJob.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::check::{ANY, JOB_NAME, Member, ROLE, S3_URI, Shape, TAGS, may, must};
use super::endpoints::cut;
use super::{ApiResult, Call, Members, listing, seconds};
use crate::context::Inner;
use crate::error::ApiError;
use crate::jobs::{IN_PROGRESS, whole_seconds};
use crate::kind::Kind;
use crate::store::{Order, Resource};
use crate::training;
use crate::training::{Progress, Spec};

pub(super) const CREATE: &[Member] = &[
    must("TrainingJobName", JOB_NAME),
    may("HyperParameters", Shape::Texts(100)),
    may("AlgorithmSpecification", Shape::Structure),
    may(
        "AlgorithmSpecification.TrainingImage",
        Shape::Text(ANY, 0, 255),
    ),
    may(
        "AlgorithmSpecification.AlgorithmName",
        Shape::Text(ANY, 1, 170),
    ),
    must(
        "AlgorithmSpecification.TrainingInputMode",
        Shape::Choice(&["Pipe", "File", "FastFile"]),
    ),
    may(
        "AlgorithmSpecification.MetricDefinitions",
        Shape::List(0, 40),
    ),
    must(
        "AlgorithmSpecification.MetricDefinitions[].Name",
        Shape::Text(ANY, 1, 255),
    ),
    must(
        "AlgorithmSpecification.MetricDefinitions[].Regex",
        Shape::Text(ANY, 1, 500),
    ),
    must("RoleArn", ROLE),
    may("InputDataConfig", Shape::List(1, 20)),
    must(
        "InputDataConfig[].ChannelName",
        Shape::Text("[A-Za-z0-9\\.\\-_]+", 1, 64),
    ),
    must("InputDataConfig[].DataSource", Shape::Structure),
    must(
        "InputDataConfig[].DataSource.S3DataSource.S3DataType",
        Shape::Choice(&[
            "ManifestFile",
            "S3Prefix",
            "AugmentedManifestFile",
            "Converse",
        ]),
    ),
    must("InputDataConfig[].DataSource.S3DataSource.S3Uri", S3_URI),
    may("InputDataConfig[].ContentType", Shape::Text(ANY, 0, 256)),
    may(
        "InputDataConfig[].CompressionType",
        Shape::Choice(&["None", "Gzip"]),
    ),
    may(
        "InputDataConfig[].RecordWrapperType",
        Shape::Choice(&["None", "RecordIO"]),
    ),
    may(
        "InputDataConfig[].InputMode",
        Shape::Choice(&["Pipe", "File", "FastFile"]),
    ),
    must("OutputDataConfig", Shape::Structure),
    must("OutputDataConfig.S3OutputPath", S3_URI),
    may(
        "OutputDataConfig.CompressionType",
        Shape::Choice(&["GZIP", "NONE"]),
    ),
    may("ResourceConfig", Shape::Structure),
    may("ResourceConfig.InstanceCount", Shape::Count(0, i64::MAX)),
    may("ResourceConfig.VolumeSizeInGB", Shape::Count(0, i64::MAX)),
    may("VpcConfig", Shape::Structure),
    may("StoppingCondition", Shape::Structure),
    may(
        "StoppingCondition.MaxRuntimeInSeconds",
        Shape::Count(1, i64::MAX),
    ),
    may("EnableNetworkIsolation", Shape::Flag),
    may("EnableInterContainerTrafficEncryption", Shape::Flag),
    may("EnableManagedSpotTraining", Shape::Flag),
    may("CheckpointConfig", Shape::Structure),
    must("CheckpointConfig.S3Uri", S3_URI),
    may("DebugHookConfig", Shape::Structure),
    may("DebugRuleConfigurations", Shape::List(0, 20)),
    may("TensorBoardOutputConfig", Shape::Structure),
    may("ExperimentConfig", Shape::Structure),
    may("ProfilerConfig", Shape::Structure),
    may("ProfilerRuleConfigurations", Shape::List(0, 20)),
    may("Environment", Shape::Environment(100)),
    may("RetryStrategy", Shape::Structure),
    may("RemoteDebugConfig", Shape::Structure),
    may("InfraCheckConfig", Shape::Structure),
    may("SessionChainingConfig", Shape::Structure),
    may("ServerlessJobConfig", Shape::Structure),
    TAGS[0],
    TAGS[1],
    TAGS[2],
];

pub(super) const NAMED: &[Member] = &[must("TrainingJobName", JOB_NAME)];

pub(super) const LIST: &[Member] = &listing::members(
    &["Name", "CreationTime", "Status"],
    &[
        "InProgress",
        "Completed",
        "Failed",
        "Stopping",
        "Stopped",
        "Deleting",
    ],
);

pub(super) async fn create(inner: &Arc<Inner>, call: &Call) -> ApiResult {
    let name = call.text("TrainingJobName");
    let spec = Spec::of(&call.request).map_err(ApiError::Validation)?;
    let program = inner.config.programs.find(&spec.image);
    program.map_err(|error| ApiError::Validation(error.to_string()))?;
    let mut job = Resource::new(Kind::TrainingJob, name, call.request.clone());
    job.status = IN_PROGRESS.to_owned();
    job.write_state(&Progress::new())?;
    // A name that is taken is said first, whatever else there is to say.
    let taken = inner.store.get(Kind::TrainingJob, name).await?.is_some();
    if !taken {
        require_inputs(inner, &spec).await?;
    }
    if inner.create(job.clone(), call).await? {
        inner.begin_job(&job);
    }
    Ok(json!({ "TrainingJobArn": inner.arn(Kind::TrainingJob, name) }))
}

/// AWS looks whether there is input when the job is created.
async fn require_inputs(inner: &Inner, spec: &Spec) -> Result<(), ApiError> {
    for channel in &spec.channels {
        let mut inputs = channel.source.inputs(Arc::clone(&inner.objects));
        let found = inputs.next().await.map_err(ApiError::Validation)?;
        if found.is_empty() {
            let region = &inner.identity.region;
            let text = channel.source.nothing_found(region, &spec.role);
            return Err(ApiError::Validation(text));
        }
    }
    Ok(())
}

pub(super) async fn stop(inner: &Arc<Inner>, call: &Call) -> ApiResult {
    let name = call.text("TrainingJobName");
    inner.stop_job(Kind::TrainingJob, name).await?;
    Ok(Value::Null)
}

pub(super) async fn describe(inner: &Arc<Inner>, call: &Call) -> ApiResult {
    let name = call.text("TrainingJobName");
    let job = inner.resource(Kind::TrainingJob, name).await?;
    let progress: Progress = job.read_state()?;
    let artifacts = progress.artifacts.as_ref();
    let secondary = progress.secondary();
    let members = Members::default()
        .put("TrainingJobName", name)
        .put("TrainingJobArn", inner.arn(Kind::TrainingJob, name))
        .put_some(
            "ModelArtifacts",
            artifacts.map(|uri| json!({ "S3ModelArtifacts": uri })),
        )
        .put("TrainingJobStatus", job.status.as_str())
        .put("SecondaryStatus", secondary.as_str())
        .put_some("FailureReason", progress.failure.as_deref().map(cut))
        .echo(
            &job.request,
            &[
                "HyperParameters",
                "AlgorithmSpecification",
                "RoleArn",
                "InputDataConfig",
                "OutputDataConfig",
                "ResourceConfig",
                "VpcConfig",
                "StoppingCondition",
            ],
        )
        .put("CreationTime", seconds(job.created))
        .put_some("TrainingStartTime", progress.started.map(seconds))
        .put_some("TrainingEndTime", progress.ended.map(seconds))
        .put("LastModifiedTime", seconds(job.modified))
        .put("SecondaryStatusTransitions", transitions(&progress));
    Ok(ending(members, &job.request, &progress).done())
}

/// The second half of a description.
fn ending(members: Members, request: &Value, progress: &Progress) -> Members {
    let flag = |name: &str| request[name] == true;
    let took = progress.started.zip(progress.ended);
    let took = took.map(|(from, to): (Timestamp, Timestamp)| whole_seconds(from, to));
    members
        .put_some("FinalMetricDataList", metrics(progress))
        .put("EnableNetworkIsolation", flag("EnableNetworkIsolation"))
        .put(
            "EnableInterContainerTrafficEncryption",
            flag("EnableInterContainerTrafficEncryption"),
        )
        .put(
            "EnableManagedSpotTraining",
            flag("EnableManagedSpotTraining"),
        )
        .echo(request, &["CheckpointConfig"])
        .put_some("TrainingTimeInSeconds", took)
        .put_some("BillableTimeInSeconds", took)
        .echo(
            request,
            &[
                "DebugHookConfig",
                "ExperimentConfig",
                "DebugRuleConfigurations",
                "TensorBoardOutputConfig",
            ],
        )
        .put("ProfilingStatus", "Disabled")
        .echo(request, &["Environment", "RetryStrategy"])
}

fn transitions(progress: &Progress) -> Vec<Value> {
    let transitions = progress.transitions.iter().map(|transition| {
        Members::default()
            .put("Status", transition.status.as_str())
            .put("StartTime", seconds(transition.from))
            .put_some("EndTime", transition.to.map(seconds))
            .put("StatusMessage", transition.status.message())
            .done()
    });
    transitions.collect()
}

fn metrics(progress: &Progress) -> Option<Vec<Value>> {
    let metrics = progress.metrics.iter().map(|metric| {
        json!({
            "MetricName": metric.name,
            "Value": metric.value,
            "Timestamp": seconds(metric.at),
        })
    });
    Some(metrics.collect()).filter(|list: &Vec<Value>| !list.is_empty())
}

pub(super) async fn list(inner: &Arc<Inner>, call: &Call) -> ApiResult {
    let of = (Kind::TrainingJob, Order::Ascending);
    let show = |job: &Resource| -> ApiResult {
        let progress: training::Progress = job.read_state()?;
        Ok(Members::default()
            .put("TrainingJobName", job.name.as_str())
            .put("TrainingJobArn", inner.arn(Kind::TrainingJob, &job.name))
            .put("CreationTime", seconds(job.created))
            .put_some("TrainingEndTime", progress.ended.map(seconds))
            .put("LastModifiedTime", seconds(job.modified))
            .put("TrainingJobStatus", job.status.as_str())
            .put("SecondaryStatus", progress.secondary().as_str())
            .done())
    };
    listing::list(inner, call, of, "TrainingJobSummaries", show).await
}
