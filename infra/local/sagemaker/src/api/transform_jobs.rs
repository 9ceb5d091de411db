//! CreateTransformJob, DescribeTransformJob, ListTransformJobs, StopTransformJob.

use std::sync::Arc;

use serde_json::{Value, json};

use super::check::{ANY, JOB_NAME, MODEL_NAME, Member, S3_URI, Shape, TAGS, may, must};
use super::endpoints::cut;
use super::{ApiResult, Call, Members, listing, seconds};
use crate::context::Inner;
use crate::error::ApiError;
use crate::jobs::IN_PROGRESS;
use crate::kind::Kind;
use crate::store::{Order, Resource};
use crate::transform::{Progress, Spec};

pub(super) const CREATE: &[Member] = &[
    must("TransformJobName", JOB_NAME),
    must("ModelName", MODEL_NAME),
    may("MaxConcurrentTransforms", Shape::Count(0, 10_000)),
    may("ModelClientConfig", Shape::Structure),
    may(
        "ModelClientConfig.InvocationsTimeoutInSeconds",
        Shape::Count(1, 3600),
    ),
    may(
        "ModelClientConfig.InvocationsMaxRetries",
        Shape::Count(0, 3),
    ),
    may("MaxPayloadInMB", Shape::Count(0, 100)),
    may(
        "BatchStrategy",
        Shape::Choice(&["MultiRecord", "SingleRecord"]),
    ),
    may("Environment", Shape::Environment(16)),
    must("TransformInput", Shape::Structure),
    must("TransformInput.DataSource", Shape::Structure),
    must("TransformInput.DataSource.S3DataSource", Shape::Structure),
    must(
        "TransformInput.DataSource.S3DataSource.S3DataType",
        Shape::Choice(&[
            "ManifestFile",
            "S3Prefix",
            "AugmentedManifestFile",
            "Converse",
        ]),
    ),
    must("TransformInput.DataSource.S3DataSource.S3Uri", S3_URI),
    may("TransformInput.ContentType", Shape::Text(ANY, 0, 256)),
    may(
        "TransformInput.CompressionType",
        Shape::Choice(&["None", "Gzip"]),
    ),
    may(
        "TransformInput.SplitType",
        Shape::Choice(&["None", "Line", "RecordIO", "TFRecord"]),
    ),
    must("TransformOutput", Shape::Structure),
    must("TransformOutput.S3OutputPath", S3_URI),
    may("TransformOutput.Accept", Shape::Text(ANY, 0, 256)),
    may(
        "TransformOutput.AssembleWith",
        Shape::Choice(&["None", "Line"]),
    ),
    may("DataCaptureConfig", Shape::Structure),
    must("TransformResources", Shape::Structure),
    must("TransformResources.InstanceType", Shape::Text(ANY, 1, 63)),
    must(
        "TransformResources.InstanceCount",
        Shape::Count(1, i64::MAX),
    ),
    may("DataProcessing", Shape::Structure),
    may(
        "DataProcessing.JoinSource",
        Shape::Choice(&["Input", "None"]),
    ),
    may("ExperimentConfig", Shape::Structure),
    TAGS[0],
    TAGS[1],
    TAGS[2],
];

pub(super) const NAMED: &[Member] = &[must("TransformJobName", JOB_NAME)];

pub(super) const LIST: &[Member] = &listing::members(
    &["Name", "CreationTime", "Status"],
    &["InProgress", "Completed", "Failed", "Stopping", "Stopped"],
);

pub(super) async fn create(inner: &Arc<Inner>, call: &Call) -> ApiResult {
    let name = call.text("TransformJobName");
    Spec::of(&call.request).map_err(ApiError::Validation)?;
    inner.resource(Kind::Model, call.text("ModelName")).await?;
    let mut job = Resource::new(Kind::TransformJob, name, call.request.clone());
    job.status = IN_PROGRESS.to_owned();
    job.write_state(&Progress::default())?;
    if inner.create(job.clone(), call).await? {
        inner.begin_job(&job);
    }
    Ok(json!({ "TransformJobArn": inner.arn(Kind::TransformJob, name) }))
}

pub(super) async fn stop(inner: &Arc<Inner>, call: &Call) -> ApiResult {
    let name = call.text("TransformJobName");
    inner.stop_job(Kind::TransformJob, name).await?;
    Ok(Value::Null)
}

pub(super) async fn describe(inner: &Arc<Inner>, call: &Call) -> ApiResult {
    let name = call.text("TransformJobName");
    let job = inner.resource(Kind::TransformJob, name).await?;
    let progress: Progress = job.read_state()?;
    Ok(Members::default()
        .put("TransformJobName", name)
        .put("TransformJobArn", inner.arn(Kind::TransformJob, name))
        .put("TransformJobStatus", job.status.as_str())
        .put_some("FailureReason", progress.failure.as_deref().map(cut))
        .echo(
            &job.request,
            &[
                "ModelName",
                "MaxConcurrentTransforms",
                "ModelClientConfig",
                "MaxPayloadInMB",
                "BatchStrategy",
                "Environment",
            ],
        )
        .put(
            "TransformInput",
            with_defaults(
                &job.request["TransformInput"],
                &["CompressionType", "SplitType"],
            ),
        )
        .put(
            "TransformOutput",
            with_defaults(&job.request["TransformOutput"], &["AssembleWith"]),
        )
        .echo(&job.request, &["DataCaptureConfig", "TransformResources"])
        .put("CreationTime", seconds(job.created))
        .put_some("TransformStartTime", progress.started.map(seconds))
        .put_some("TransformEndTime", progress.ended.map(seconds))
        .echo(&job.request, &["DataProcessing", "ExperimentConfig"])
        .done())
}

/// A structure with `None` for what was not said.
fn with_defaults(said: &Value, members: &[&str]) -> Value {
    let mut shown = said.clone();
    for member in members {
        if shown[*member].is_null() {
            shown[*member] = "None".into();
        }
    }
    shown
}

pub(super) async fn list(inner: &Arc<Inner>, call: &Call) -> ApiResult {
    let of = (Kind::TransformJob, Order::Descending);
    let show = |job: &Resource| -> ApiResult {
        let progress: Progress = job.read_state()?;
        Ok(Members::default()
            .put("TransformJobName", job.name.as_str())
            .put("TransformJobArn", inner.arn(Kind::TransformJob, &job.name))
            .put("CreationTime", seconds(job.created))
            .put_some("TransformEndTime", progress.ended.map(seconds))
            .put("LastModifiedTime", seconds(job.modified))
            .put("TransformJobStatus", job.status.as_str())
            .put_some("FailureReason", progress.failure.as_deref().map(cut))
            .done())
    };
    listing::list(inner, call, of, "TransformJobSummaries", show).await
}
