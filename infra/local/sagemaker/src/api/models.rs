//! CreateModel, DescribeModel, ListModels, DeleteModel.

use std::sync::Arc;

use serde_json::{Value, json};

use super::check::{ANY, MODEL_NAME, Member, ROLE, S3_URI, Shape, TAGS, may, must};
use super::{ApiResult, Call, Members, listing, seconds};
use crate::container::Container;
use crate::context::Inner;
use crate::error::ApiError;
use crate::kind::Kind;
use crate::store::{Order, Resource};

const IMAGE: Shape = Shape::Text("[\\S]+", 0, 255);
const MODE: Shape = Shape::Choice(&["SingleModel", "MultiModel"]);

pub(super) const CREATE: &[Member] = &[
    must("ModelName", MODEL_NAME),
    may("PrimaryContainer", Shape::Structure),
    may("PrimaryContainer.Image", IMAGE),
    may("PrimaryContainer.Mode", MODE),
    may("PrimaryContainer.ModelDataUrl", S3_URI),
    may("PrimaryContainer.Environment", Shape::Environment(100)),
    may("Containers", Shape::List(0, 15)),
    may("Containers[].Image", IMAGE),
    may("Containers[].Mode", MODE),
    may("Containers[].ModelDataUrl", S3_URI),
    may("Containers[].Environment", Shape::Environment(100)),
    may("InferenceExecutionConfig", Shape::Structure),
    may("ExecutionRoleArn", ROLE),
    may("VpcConfig", Shape::Structure),
    may("EnableNetworkIsolation", Shape::Flag),
    TAGS[0],
    TAGS[1],
    TAGS[2],
];

pub(super) const NAMED: &[Member] = &[must("ModelName", MODEL_NAME)];

pub(super) const LIST: &[Member] = &[
    may("NextToken", Shape::Text(ANY, 0, 8192)),
    may("MaxResults", Shape::Count(1, 100)),
    may("NameContains", Shape::Text("[a-zA-Z0-9-]+", 0, 63)),
    may("SortBy", Shape::Choice(&["Name", "CreationTime"])),
    may("SortOrder", Shape::Choice(&["Ascending", "Descending"])),
    may("CreationTimeAfter", Shape::Time),
    may("CreationTimeBefore", Shape::Time),
];

pub(super) async fn create(inner: &Arc<Inner>, call: &Call) -> ApiResult {
    let container = Container::of_model(&call.request).map_err(ApiError::Validation)?;
    if let Some(url) = &container.model_data_url {
        require_object(inner, url).await?;
    }
    let name = call.text("ModelName");
    let model = Resource::new(Kind::Model, name, call.request.clone());
    inner.create(model, call).await?;
    Ok(json!({ "ModelArn": inner.arn(Kind::Model, name) }))
}

/// AWS looks for the model's data when the model is created.
async fn require_object(inner: &Inner, url: &str) -> Result<(), ApiError> {
    let missing = || ApiError::Validation(format!("Could not find model data at {url}."));
    let (bucket, key) = s3_uri::split(url).map_err(|_| missing())?;
    let etag = inner.objects.etag(bucket, key).await;
    let etag = etag.map_err(|error| ApiError::Internal(error.to_string()))?;
    etag.map(drop).ok_or_else(missing)
}

pub(super) async fn describe(inner: &Arc<Inner>, call: &Call) -> ApiResult {
    let model = inner.resource(Kind::Model, call.text("ModelName")).await?;
    let mut primary = model.request["PrimaryContainer"].clone();
    if let Some(primary) = primary.as_object_mut() {
        primary
            .entry("Mode")
            .or_insert_with(|| "SingleModel".into());
        primary.entry("Environment").or_insert_with(|| json!({}));
    }
    Ok(Members::default()
        .put("ModelName", model.name.as_str())
        .put_some("PrimaryContainer", Some(primary).filter(Value::is_object))
        .echo(
            &model.request,
            &[
                "Containers",
                "InferenceExecutionConfig",
                "ExecutionRoleArn",
                "VpcConfig",
            ],
        )
        .put("CreationTime", seconds(model.created))
        .put("ModelArn", inner.arn(Kind::Model, &model.name))
        .put(
            "EnableNetworkIsolation",
            model.request["EnableNetworkIsolation"] == true,
        )
        .done())
}

pub(super) async fn list(inner: &Arc<Inner>, call: &Call) -> ApiResult {
    listing::list(
        inner,
        call,
        (Kind::Model, Order::Descending),
        "Models",
        |model| {
            Ok(json!({
                "ModelName": model.name,
                "ModelArn": inner.arn(Kind::Model, &model.name),
                "CreationTime": seconds(model.created),
            }))
        },
    )
    .await
}

pub(super) async fn delete(inner: &Arc<Inner>, call: &Call) -> ApiResult {
    inner.delete(Kind::Model, call.text("ModelName")).await
}
