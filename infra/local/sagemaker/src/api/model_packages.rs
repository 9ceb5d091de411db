//! CreateModelPackage, UpdateModelPackage, DescribeModelPackage, ListModelPackages,
//! DeleteModelPackage: versions of models with their approval.

use std::sync::Arc;

use serde_json::{Value, json};

use super::check::{ANY, ARN_OR_NAME, ENTITY, Member, PACKAGE, S3_URI, Shape, TAGS, may, must};
use super::{ApiResult, Call, Members, listing, seconds};
use crate::context::Inner;
use crate::error::ApiError;
use crate::kind::Kind;
use crate::packages;
use crate::store::{Filter, Order, Resource};

const APPROVAL: Shape = Shape::Choice(&["Approved", "Rejected", "PendingManualApproval"]);
const ARN: Shape = Shape::Text(
    "arn:aws[a-z\\-]*:sagemaker:[a-z0-9\\-]{9,16}:[0-9]{12}:model-package/[\\S]{1,2048}",
    1,
    2048,
);
const DESCRIPTION: Shape = Shape::Text(ANY, 0, 1024);

pub(super) const CREATE: &[Member] = &[
    may("ModelPackageName", ENTITY),
    may("ModelPackageGroupName", ARN_OR_NAME),
    may("ModelPackageDescription", DESCRIPTION),
    may(
        "ModelPackageRegistrationType",
        Shape::Choice(&["Logged", "Registered"]),
    ),
    may("InferenceSpecification", Shape::Structure),
    must("InferenceSpecification.Containers", Shape::List(1, 15)),
    may("ValidationSpecification", Shape::Structure),
    may("SourceAlgorithmSpecification", Shape::Structure),
    may("CertifyForMarketplace", Shape::Flag),
    TAGS[0],
    TAGS[1],
    TAGS[2],
    may("ModelApprovalStatus", APPROVAL),
    may("MetadataProperties", Shape::Structure),
    may("ModelMetrics", Shape::Structure),
    may("ClientToken", Shape::Text("[a-zA-Z0-9-]+", 1, 36)),
    may("Domain", Shape::Text(ANY, 0, 1024)),
    may("Task", Shape::Text(ANY, 0, 1024)),
    may("SamplePayloadUrl", S3_URI),
    may("CustomerMetadataProperties", Shape::Texts(50)),
    may("DriftCheckBaselines", Shape::Structure),
    may("AdditionalInferenceSpecifications", Shape::List(1, 15)),
    may("SkipModelValidation", Shape::Choice(&["All", "None"])),
    may("SourceUri", Shape::Text(ANY, 0, 1024)),
    may("SecurityConfig", Shape::Structure),
    may("ModelCard", Shape::Structure),
    may("ModelLifeCycle", Shape::Structure),
];

pub(super) const UPDATE: &[Member] = &[
    must("ModelPackageArn", ARN),
    may("ModelApprovalStatus", APPROVAL),
    may(
        "ModelPackageRegistrationType",
        Shape::Choice(&["Logged", "Registered"]),
    ),
    may("ApprovalDescription", DESCRIPTION),
    may("CustomerMetadataProperties", Shape::Texts(50)),
    may("CustomerMetadataPropertiesToRemove", Shape::List(0, 50)),
    may("AdditionalInferenceSpecificationsToAdd", Shape::List(1, 15)),
    may("InferenceSpecification", Shape::Structure),
    may("SourceUri", Shape::Text(ANY, 0, 1024)),
    may("ModelCard", Shape::Structure),
    may("ModelLifeCycle", Shape::Structure),
    may("ClientToken", Shape::Text("[a-zA-Z0-9-]+", 1, 36)),
];

pub(super) const DESCRIBE: &[Member] = &[
    must("ModelPackageName", PACKAGE),
    may("IncludedData", Shape::Choice(&["AllData", "MetadataOnly"])),
];

pub(super) const NAMED: &[Member] = &[must("ModelPackageName", PACKAGE)];

pub(super) const LIST: &[Member] = &[
    may("NextToken", Shape::Text(ANY, 0, 8192)),
    may("MaxResults", Shape::Count(1, 100)),
    may("NameContains", Shape::Text("[a-zA-Z0-9\\-]+", 0, 63)),
    may("ModelApprovalStatus", APPROVAL),
    may("ModelPackageGroupName", ARN_OR_NAME),
    may(
        "ModelPackageType",
        Shape::Choice(&["Versioned", "Unversioned", "Both"]),
    ),
    may("SortBy", Shape::Choice(&["Name", "CreationTime"])),
    may("SortOrder", Shape::Choice(&["Ascending", "Descending"])),
    may("CreationTimeAfter", Shape::Time),
    may("CreationTimeBefore", Shape::Time),
];

pub(super) async fn create(inner: &Arc<Inner>, call: &Call) -> ApiResult {
    let group = call.request["ModelPackageGroupName"].as_str();
    let name = match (call.request["ModelPackageName"].as_str(), group) {
        (Some(_), Some(_)) => {
            return Err(ApiError::Validation(
                "Both ModelPackageName and ModelPackageGroupName are provided in the input. Cannot \
                 determine which one to use."
                    .to_owned(),
            ));
        }
        (None, None) => return Err(ApiError::Validation("Missing ARN.".to_owned())),
        (Some(name), None) => name.to_owned(),
        (None, Some(group)) => {
            let group = packages::name_in(group).to_owned();
            // A number is not given twice, also where its version is deleted.
            let next = inner.store.change(Kind::ModelPackageGroup, &group, |row| {
                let version = row.state["LastVersion"].as_i64().unwrap_or(0) + 1;
                row.state["LastVersion"] = version.into();
                Ok(version)
            });
            let version = next.await?;
            let version = version.ok_or_else(|| inner.missing(Kind::ModelPackageGroup, &group))?;
            format!("{group}/{version}")
        }
    };
    let mut package = Resource::new(Kind::ModelPackage, &name, call.request.clone());
    if group.is_some() {
        let status = call.request["ModelApprovalStatus"].as_str();
        package.status = status.unwrap_or("PendingManualApproval").to_owned();
    }
    inner.create(package, call).await?;
    Ok(json!({ "ModelPackageArn": inner.arn(Kind::ModelPackage, &name) }))
}

/// Changes what the request names: an approval, most often.
pub(super) async fn update(inner: &Arc<Inner>, call: &Call) -> ApiResult {
    let arn = call.text("ModelPackageArn").to_owned();
    let name = packages::name_in(&arn).to_owned();
    let request = call.request.clone();
    let changed = inner
        .store
        .change(Kind::ModelPackage, &name, move |package| {
            for member in [
                "ModelApprovalStatus",
                "ModelPackageRegistrationType",
                "ApprovalDescription",
                "InferenceSpecification",
                "SourceUri",
                "ModelCard",
                "ModelLifeCycle",
            ] {
                if !request[member].is_null() {
                    package.request[member] = request[member].clone();
                }
            }
            if let Some(status) = request["ModelApprovalStatus"].as_str() {
                package.status = status.to_owned();
            }
            update_properties(&mut package.request, &request);
            let added = request["AdditionalInferenceSpecificationsToAdd"].as_array();
            if let Some(added) = added {
                let specifications = &mut package.request["AdditionalInferenceSpecifications"];
                let mut all = specifications.as_array().cloned().unwrap_or_default();
                all.extend(added.iter().cloned());
                *specifications = all.into();
            }
            Ok(())
        });
    changed
        .await?
        .ok_or_else(|| inner.missing(Kind::ModelPackage, &name))?;
    Ok(json!({ "ModelPackageArn": inner.arn(Kind::ModelPackage, &name) }))
}

/// Merges `CustomerMetadataProperties`, and takes those to remove away.
fn update_properties(package: &mut Value, request: &Value) {
    let properties = package["CustomerMetadataProperties"].as_object().cloned();
    let mut properties = properties.unwrap_or_default();
    let added = request["CustomerMetadataProperties"].as_object().cloned();
    properties.extend(added.unwrap_or_default());
    let removed = request["CustomerMetadataPropertiesToRemove"].as_array();
    for name in removed.into_iter().flatten().filter_map(Value::as_str) {
        properties.remove(name);
    }
    if properties.is_empty() {
        package["CustomerMetadataProperties"] = Value::Null;
    } else {
        package["CustomerMetadataProperties"] = properties.into();
    }
}

/// The members that describe a package, of which a list has these too.
fn summary(inner: &Inner, package: &Resource) -> Members {
    let version = packages::version(&package.name);
    let status = Some(package.status.as_str()).filter(|status| !status.is_empty());
    Members::default()
        .put("ModelPackageName", package.name.as_str())
        .put_some("ModelPackageGroupName", version.map(|(group, _)| group))
        .put_some("ModelPackageVersion", version.map(|(_, version)| version))
        .echo(&package.request, &["ModelPackageRegistrationType"])
        .put(
            "ModelPackageArn",
            inner.arn(Kind::ModelPackage, &package.name),
        )
        .echo(&package.request, &["ModelPackageDescription"])
        .put("CreationTime", seconds(package.created))
        .put("ModelPackageStatus", "Completed")
        .put_some("ModelApprovalStatus", status)
        .echo(&package.request, &["ModelLifeCycle"])
}

pub(super) async fn describe(inner: &Arc<Inner>, call: &Call) -> ApiResult {
    let name = packages::name_in(call.text("ModelPackageName"));
    let package = inner.resource(Kind::ModelPackage, name).await?;
    let details = json!({ "ValidationStatuses": [], "ImageScanStatuses": [] });
    Ok(summary(inner, &package)
        .put("ModelPackageStatusDetails", details)
        .put("LastModifiedTime", seconds(package.modified))
        .echo(
            &package.request,
            &[
                "InferenceSpecification",
                "SourceAlgorithmSpecification",
                "ValidationSpecification",
                "CertifyForMarketplace",
                "MetadataProperties",
                "ModelMetrics",
                "ApprovalDescription",
                "Domain",
                "Task",
                "SamplePayloadUrl",
                "CustomerMetadataProperties",
                "DriftCheckBaselines",
                "AdditionalInferenceSpecifications",
                "SkipModelValidation",
                "SourceUri",
                "SecurityConfig",
                "ModelCard",
            ],
        )
        .done())
}

pub(super) async fn list(inner: &Arc<Inner>, call: &Call) -> ApiResult {
    let group = call.request["ModelPackageGroupName"].as_str();
    let group = group.map(packages::name_in);
    let kind = call.request["ModelPackageType"].as_str();
    let filter = Filter {
        prefix: group.map(|group| format!("{group}/")).unwrap_or_default(),
        versioned: match kind {
            Some("Both") => None,
            Some("Versioned") => Some(true),
            Some(_) => Some(false),
            None => Some(group.is_some()),
        },
        status: call.request["ModelApprovalStatus"]
            .as_str()
            .map(str::to_owned),
    };
    let of = (Kind::ModelPackage, Order::Descending, filter);
    let show = |package: &Resource| Ok(summary(inner, package).done());
    listing::list_filtered(inner, call, of, "ModelPackageSummaryList", show).await
}

pub(super) async fn delete(inner: &Arc<Inner>, call: &Call) -> ApiResult {
    let name = packages::name_in(call.text("ModelPackageName"));
    inner.delete(Kind::ModelPackage, name).await
}
