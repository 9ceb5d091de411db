//! CreateModelPackageGroup, DescribeModelPackageGroup, ListModelPackageGroups,
//! DeleteModelPackageGroup.

use std::sync::Arc;

use serde_json::json;

use super::check::{ANY, ARN_OR_NAME, ENTITY, Member, Shape, TAGS, may, must};
use super::{ApiResult, Call, Members, listing, seconds};
use crate::context::Inner;
use crate::error::ApiError;
use crate::kind::Kind;
use crate::packages;
use crate::store::{Order, Resource};

pub(super) const CREATE: &[Member] = &[
    must("ModelPackageGroupName", ENTITY),
    may("ModelPackageGroupDescription", Shape::Text(ANY, 0, 1024)),
    TAGS[0],
    TAGS[1],
    TAGS[2],
    may("ManagedConfiguration", Shape::Structure),
];

pub(super) const NAMED: &[Member] = &[must("ModelPackageGroupName", ARN_OR_NAME)];

pub(super) const LIST: &[Member] = &[
    may("NextToken", Shape::Text(ANY, 0, 8192)),
    may("MaxResults", Shape::Count(1, 100)),
    may("NameContains", Shape::Text("[a-zA-Z0-9\\-]+", 0, 63)),
    may("SortBy", Shape::Choice(&["Name", "CreationTime"])),
    may("SortOrder", Shape::Choice(&["Ascending", "Descending"])),
    may("CreationTimeAfter", Shape::Time),
    may("CreationTimeBefore", Shape::Time),
    may(
        "CrossAccountFilterOption",
        Shape::Choice(&["SameAccount", "CrossAccount"]),
    ),
];

pub(super) async fn create(inner: &Arc<Inner>, call: &Call) -> ApiResult {
    let name = call.text("ModelPackageGroupName");
    let group = Resource::new(Kind::ModelPackageGroup, name, call.request.clone());
    inner.create(group, call).await?;
    Ok(json!({ "ModelPackageGroupArn": inner.arn(Kind::ModelPackageGroup, name) }))
}

fn summary(inner: &Inner, group: &Resource) -> Members {
    Members::default()
        .put("ModelPackageGroupName", group.name.as_str())
        .put(
            "ModelPackageGroupArn",
            inner.arn(Kind::ModelPackageGroup, &group.name),
        )
        .echo(&group.request, &["ModelPackageGroupDescription"])
        .put("CreationTime", seconds(group.created))
        .put("ModelPackageGroupStatus", "Completed")
}

pub(super) async fn describe(inner: &Arc<Inner>, call: &Call) -> ApiResult {
    let name = packages::name_in(call.text("ModelPackageGroupName"));
    let group = inner.resource(Kind::ModelPackageGroup, name).await?;
    Ok(summary(inner, &group).put("CreatedBy", json!({})).done())
}

pub(super) async fn list(inner: &Arc<Inner>, call: &Call) -> ApiResult {
    let of = (Kind::ModelPackageGroup, Order::Descending);
    let show = |group: &Resource| Ok(summary(inner, group).done());
    listing::list(inner, call, of, "ModelPackageGroupSummaryList", show).await
}

/// Deletes a group that has no versions any more, as AWS demands.
pub(super) async fn delete(inner: &Arc<Inner>, call: &Call) -> ApiResult {
    let name = packages::name_in(call.text("ModelPackageGroupName"));
    if inner.store.has_versions(name).await? {
        let arn = inner.arn(Kind::ModelPackageGroup, name);
        return Err(ApiError::Conflict(format!(
            "Model Package Group cannot be deleted because it still contains Model Packages: {arn}"
        )));
    }
    inner.delete(Kind::ModelPackageGroup, name).await
}
