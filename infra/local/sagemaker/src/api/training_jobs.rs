//! CreateTrainingJob, DescribeTrainingJob, ListTrainingJobs, StopTrainingJob.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::check::{ANY, Is, JOB_NAME, Member, ROLE, S3_URI, TAGS, may, must};
use super::endpoints::cut;
use super::{Answer, Call, Members, listing, seconds};
use crate::context::Inner;
use crate::error::ApiError;
use crate::jobs::{IN_PROGRESS, whole_seconds};
use crate::kind::Kind;
use crate::store::{Order, Resource};
use crate::training;
use crate::training::{Progress, Spec};

pub(super) const CREATE: &[Member] = &[
    must("TrainingJobName", JOB_NAME),
    may("HyperParameters", Is::Texts(100)),
    may("AlgorithmSpecification", Is::Structure),
    may(
        "AlgorithmSpecification.TrainingImage",
        Is::Text(ANY, 0, 255),
    ),
    may(
        "AlgorithmSpecification.AlgorithmName",
        Is::Text(ANY, 1, 170),
    ),
    must(
        "AlgorithmSpecification.TrainingInputMode",
        Is::Choice(&["Pipe", "File", "FastFile"]),
    ),
    may("AlgorithmSpecification.MetricDefinitions", Is::List(0, 40)),
    must(
        "AlgorithmSpecification.MetricDefinitions[].Name",
        Is::Text(ANY, 1, 255),
    ),
    must(
        "AlgorithmSpecification.MetricDefinitions[].Regex",
        Is::Text(ANY, 1, 500),
    ),
    must("RoleArn", ROLE),
    may("InputDataConfig", Is::List(1, 20)),
    must(
        "InputDataConfig[].ChannelName",
        Is::Text("[A-Za-z0-9\\.\\-_]+", 1, 64),
    ),
    must("InputDataConfig[].DataSource", Is::Structure),
    must(
        "InputDataConfig[].DataSource.S3DataSource.S3DataType",
        Is::Choice(&[
            "ManifestFile",
            "S3Prefix",
            "AugmentedManifestFile",
            "Converse",
        ]),
    ),
    must("InputDataConfig[].DataSource.S3DataSource.S3Uri", S3_URI),
    may("InputDataConfig[].ContentType", Is::Text(ANY, 0, 256)),
    may(
        "InputDataConfig[].CompressionType",
        Is::Choice(&["None", "Gzip"]),
    ),
    may(
        "InputDataConfig[].RecordWrapperType",
        Is::Choice(&["None", "RecordIO"]),
    ),
    may(
        "InputDataConfig[].InputMode",
        Is::Choice(&["Pipe", "File", "FastFile"]),
    ),
    must("OutputDataConfig", Is::Structure),
    must("OutputDataConfig.S3OutputPath", S3_URI),
    may(
        "OutputDataConfig.CompressionType",
        Is::Choice(&["GZIP", "NONE"]),
    ),
    may("ResourceConfig", Is::Structure),
    may("ResourceConfig.InstanceCount", Is::Count(0, i64::MAX)),
    may("ResourceConfig.VolumeSizeInGB", Is::Count(0, i64::MAX)),
    may("VpcConfig", Is::Structure),
    may("StoppingCondition", Is::Structure),
    may(
        "StoppingCondition.MaxRuntimeInSeconds",
        Is::Count(1, i64::MAX),
    ),
    may("EnableNetworkIsolation", Is::Flag),
    may("EnableInterContainerTrafficEncryption", Is::Flag),
    may("EnableManagedSpotTraining", Is::Flag),
    may("CheckpointConfig", Is::Structure),
    must("CheckpointConfig.S3Uri", S3_URI),
    may("DebugHookConfig", Is::Structure),
    may("DebugRuleConfigurations", Is::List(0, 20)),
    may("TensorBoardOutputConfig", Is::Structure),
    may("ExperimentConfig", Is::Structure),
    may("ProfilerConfig", Is::Structure),
    may("ProfilerRuleConfigurations", Is::List(0, 20)),
    may("Environment", Is::Environment(100)),
    may("RetryStrategy", Is::Structure),
    may("RemoteDebugConfig", Is::Structure),
    may("InfraCheckConfig", Is::Structure),
    may("SessionChainingConfig", Is::Structure),
    may("ServerlessJobConfig", Is::Structure),
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

pub(super) async fn create(inner: &Arc<Inner>, call: &Call) -> Answer {
    let name = call.text("TrainingJobName");
    let spec = Spec::of(&call.request).map_err(ApiError::Validation)?;
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

pub(super) async fn stop(inner: &Arc<Inner>, call: &Call) -> Answer {
    let name = call.text("TrainingJobName");
    inner.stop_job(Kind::TrainingJob, name).await?;
    Ok(Value::Null)
}

pub(super) async fn describe(inner: &Arc<Inner>, call: &Call) -> Answer {
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

pub(super) async fn list(inner: &Arc<Inner>, call: &Call) -> Answer {
    let of = (Kind::TrainingJob, Order::Ascending);
    let show = |job: &Resource| -> Answer {
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
