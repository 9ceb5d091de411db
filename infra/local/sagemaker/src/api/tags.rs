//! AddTags, ListTags, DeleteTags. Tags of what does not exist are kept too, where AWS refuses them.

use std::sync::Arc;

use serde_json::{Value, json};

use super::check::{ANY, Member, Shape, TAGS, may, must};
use super::{ApiResult, Call};
use crate::context::Inner;

const ARN: Member = must(
    "ResourceArn",
    Shape::Text("arn:aws[a-z-]*:sagemaker:[a-z0-9-]*:[0-9]{12}:.+", 0, 256),
);

pub(super) const ADD: &[Member] = &[ARN, must("Tags", Shape::List(0, 50)), TAGS[1], TAGS[2]];

pub(super) const LIST: &[Member] = &[
    ARN,
    may("NextToken", Shape::Text(ANY, 0, 8192)),
    may("MaxResults", Shape::Count(50, i64::MAX)),
];

pub(super) const DELETE: &[Member] = &[
    ARN,
    must("TagKeys", Shape::List(1, 50)),
    may("TagKeys[]", Shape::Text(ANY, 1, 128)),
];

pub(super) async fn add(inner: &Arc<Inner>, call: &Call) -> ApiResult {
    let arn = call.text("ResourceArn");
    inner.store.add_tags(arn, call.tags()).await?;
    shown(inner, arn).await
}

/// There are at most 50, so one page.
pub(super) async fn list(inner: &Arc<Inner>, call: &Call) -> ApiResult {
    shown(inner, call.text("ResourceArn")).await
}

pub(super) async fn delete(inner: &Arc<Inner>, call: &Call) -> ApiResult {
    let keys = call.request["TagKeys"].as_array().into_iter().flatten();
    let keys = keys.filter_map(|key| key.as_str().map(str::to_owned));
    let arn = call.text("ResourceArn");
    inner.store.delete_tags(arn, keys.collect()).await?;
    Ok(Value::Null)
}

async fn shown(inner: &Inner, arn: &str) -> ApiResult {
    let tags = inner.store.tags(arn).await?;
    let tags = tags.into_iter();
    let tags: Vec<Value> = tags
        .map(|(key, value)| json!({ "Key": key, "Value": value }))
        .collect();
    Ok(json!({ "Tags": tags }))
}
