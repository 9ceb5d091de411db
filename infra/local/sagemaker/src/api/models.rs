//! CreateModel, DescribeModel, ListModels, DeleteModel.

use std::sync::Arc;

use serde_json::{Value, json};

use super::check::{ANY, MODEL_NAME, Member, NAME, PACKAGE, ROLE, S3_URI, Shape, TAGS, may, must};
use super::{ApiResult, Call, Members, listing, seconds};
use crate::container::ModelContainers;
use crate::context::Inner;
use crate::error::ApiError;
use crate::kind::Kind;
use crate::packages;
use crate::store::{Order, Resource};

const IMAGE: Shape = Shape::Text("[\\S]+", 0, 255);
const MODE: Shape = Shape::Choice(&["SingleModel", "MultiModel"]);

pub(super) const CREATE: &[Member] = &[
    must("ModelName", MODEL_NAME),
    may("PrimaryContainer", Shape::Structure),
    may("PrimaryContainer.ContainerHostname", NAME),
    may("PrimaryContainer.Image", IMAGE),
    may("PrimaryContainer.ModelPackageName", PACKAGE),
    may("PrimaryContainer.Mode", MODE),
    may("PrimaryContainer.ModelDataUrl", S3_URI),
    may("PrimaryContainer.Environment", Shape::Environment(100)),
    may("Containers", Shape::List(0, 15)),
    may("Containers[].ContainerHostname", NAME),
    may("Containers[].Image", IMAGE),
    may("Containers[].ModelPackageName", PACKAGE),
    may("Containers[].Mode", MODE),
    may("Containers[].ModelDataUrl", S3_URI),
    may("Containers[].Environment", Shape::Environment(100)),
    may("InferenceExecutionConfig", Shape::Structure),
    must(
        "InferenceExecutionConfig.Mode",
        Shape::Choice(&["Serial", "Direct"]),
    ),
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
    let expanded = packages::expand(inner, &call.request).await?;
    let model = ModelContainers::of_model(&expanded).map_err(ApiError::Validation)?;
    for container in &model.containers {
        let found = inner.config.programs.find(&container.image);
        found.map_err(|error| {
            let image = &container.image;
            ApiError::Validation(format!("Requested image {image} not found. ({error})"))
        })?;
        if let Some(url) = container.archive_url() {
            require_object(inner, url).await?;
        }
    }
    let name = call.text("ModelName");
    let mut resource = Resource::new(Kind::Model, name, call.request.clone());
    if expanded != call.request {
        // The package may change, or be deleted, under the model.
        resource.write_state(&json!({ "Expanded": expanded }))?;
    }
    inner.create(resource, call).await?;
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
