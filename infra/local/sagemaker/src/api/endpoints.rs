//! CreateEndpoint, UpdateEndpoint, UpdateEndpointWeightsAndCapacities, DescribeEndpoint,
//! ListEndpoints, DeleteEndpoint.

use std::sync::Arc;

use serde_json::{Value, json};

use super::check::{Member, NAME, Shape, TAGS, may, must};
use super::{ApiResult, Call, Members, listing, seconds};
use crate::context::Inner;
use crate::deployment::{Deployment, Variant};
use crate::endpoint::{Endpoint, Record, State, Status};
use crate::error::ApiError;
use crate::kind::Kind;
use crate::store::Order;
use crate::store::Resource;

pub(super) const CREATE: &[Member] = &[
    must("EndpointName", NAME),
    must("EndpointConfigName", NAME),
    may("DeploymentConfig", Shape::Structure),
    TAGS[0],
    TAGS[1],
    TAGS[2],
];

pub(super) const UPDATE: &[Member] = &[
    must("EndpointName", NAME),
    must("EndpointConfigName", NAME),
    may("RetainAllVariantProperties", Shape::Flag),
    may("ExcludeRetainedVariantProperties", Shape::List(0, 3)),
    must(
        "ExcludeRetainedVariantProperties[].VariantPropertyType",
        Shape::Choice(&["DesiredInstanceCount", "DesiredWeight", "DataCaptureConfig"]),
    ),
    may("DeploymentConfig", Shape::Structure),
    may("RetainDeploymentConfig", Shape::Flag),
];

pub(super) const WEIGHTS: &[Member] = &[
    must("EndpointName", NAME),
    must("DesiredWeightsAndCapacities", Shape::List(1, usize::MAX)),
    must("DesiredWeightsAndCapacities[].VariantName", NAME),
    may("DesiredWeightsAndCapacities[].DesiredWeight", Shape::Weight),
    may(
        "DesiredWeightsAndCapacities[].DesiredInstanceCount",
        Shape::Count(0, i64::MAX),
    ),
];

pub(super) const NAMED: &[Member] = &[must("EndpointName", NAME)];

pub(super) const LIST: &[Member] = &listing::members(
    &["Name", "CreationTime", "Status"],
    &[
        "OutOfService",
        "Creating",
        "Updating",
        "SystemUpdating",
        "RollingBack",
        "InService",
        "Deleting",
        "Failed",
        "UpdateRollbackFailed",
    ],
);

pub(super) async fn create(inner: &Arc<Inner>, call: &Call) -> ApiResult {
    let name = call.text("EndpointName");
    let deployment = inner.deployment(call.text("EndpointConfigName")).await?;
    let mut endpoint = Resource::new(Kind::Endpoint, name, call.request.clone());
    endpoint.status = Status::Creating.as_str().to_owned();
    endpoint.write_state(&Record {
        pending: Some(deployment),
        ..Record::default()
    })?;
    if inner.create(endpoint.clone(), call).await? {
        inner.begin_endpoint(&endpoint)?;
    }
    Ok(arn(inner, name))
}

pub(super) async fn update(inner: &Arc<Inner>, call: &Call) -> ApiResult {
    let name = call.text("EndpointName");
    let mut deployment = inner.deployment(call.text("EndpointConfigName")).await?;
    let guard = inner.lock_endpoint(name).await?;
    if call.request["RetainAllVariantProperties"] == true {
        let state = guard.0.state.borrow();
        let serving = state.record.serving.as_ref();
        let excluded = call.request["ExcludeRetainedVariantProperties"].as_array();
        if let Some(serving) = serving {
            retain(
                &serving.deployment,
                &mut deployment,
                excluded.map_or(&[], Vec::as_slice),
            );
        }
    }
    inner.begin_update(guard, deployment).await?;
    Ok(arn(inner, name))
}

/// Lets variants that stay keep what UpdateEndpointWeightsAndCapacities gave them.
fn retain(old: &Deployment, new: &mut Deployment, excluded: &[Value]) {
    let keeps = |property: &str| {
        let mut excluded = excluded.iter();
        !excluded.any(|excluded| excluded["VariantPropertyType"] == property)
    };
    for variant in &mut new.variants {
        let same = |other: &&Variant| other.name == variant.name;
        let Some(before) = old.variants.iter().find(same) else {
            continue;
        };
        if keeps("DesiredWeight") {
            variant.weight = before.weight;
        }
        if keeps("DesiredInstanceCount") {
            variant.instances = before.instances;
        }
    }
    if keeps("DataCaptureConfig") {
        new.capture.clone_from(&old.capture);
    }
}

/// Shares the traffic out anew. That takes no time here, where AWS is Updating for a while.
pub(super) async fn update_weights(inner: &Arc<Inner>, call: &Call) -> ApiResult {
    let name = call.text("EndpointName");
    let (endpoint, _turn) = inner.lock_endpoint(name).await?;
    let serving = endpoint.state.borrow().record.serving.clone();
    let Some(mut serving) = serving else {
        return Err(not_in_service(inner, name));
    };
    let wanted = call.request["DesiredWeightsAndCapacities"].as_array();
    for wanted in wanted.into_iter().flatten() {
        let variant = wanted["VariantName"].as_str().unwrap_or_default();
        let mut variants = serving.deployment.variants.iter_mut();
        let Some(found) = variants.find(|own| own.name == variant) else {
            return Err(ApiError::Validation(format!(
                "The variant name(s) \"{variant}\" is/are not present within endpoint \
                 configuration \"{}\".",
                serving.deployment.config
            )));
        };
        found.weight = wanted["DesiredWeight"].as_f64().unwrap_or(found.weight);
        found.instances = wanted["DesiredInstanceCount"]
            .as_i64()
            .unwrap_or(found.instances);
    }
    let weights: Vec<f64> = serving
        .deployment
        .variants
        .iter()
        .map(|v| v.weight)
        .collect();
    let changed = inner.change_endpoint(&endpoint, |state| state.record.serving = Some(serving));
    changed.await?;
    if let Some(fleet) = &endpoint.state.borrow().fleet {
        fleet.set_weights(weights.into_iter());
    }
    Ok(arn(inner, name))
}

fn not_in_service(inner: &Inner, name: &str) -> ApiError {
    let arn = inner.arn(Kind::Endpoint, name);
    ApiError::Validation(format!("Endpoint \"{arn}\" is not in service."))
}

pub(super) async fn describe(inner: &Arc<Inner>, call: &Call) -> ApiResult {
    let name = call.text("EndpointName");
    let endpoint = inner.endpoint(name);
    let endpoint = endpoint.ok_or_else(|| inner.missing(Kind::Endpoint, name))?;
    let state = endpoint.state.borrow().clone();
    Ok(description(inner, &endpoint, &state))
}

fn description(inner: &Inner, endpoint: &Endpoint, state: &State) -> Value {
    let serving = state.record.serving.as_ref();
    let shown = serving
        .map(|serving| &serving.deployment)
        .or(state.wanted());
    let mut members = Members::default()
        .put("EndpointName", endpoint.name.as_str())
        .put("EndpointArn", inner.arn(Kind::Endpoint, &endpoint.name))
        .put_some(
            "EndpointConfigName",
            shown.map(|shown| shown.config.as_str()),
        );
    if let Some(serving) = serving {
        let since = seconds(serving.since);
        let variants = serving.deployment.variants.iter();
        let variants = variants.map(|variant| shown_variant(variant, &since, true));
        members = members.put("ProductionVariants", variants.collect::<Vec<_>>());
    }
    if let Some(capture) = shown.and_then(|shown| shown.capture.as_ref()) {
        let capture = json!({
            "EnableCapture": true,
            "CaptureStatus": "Started",
            "CurrentSamplingPercentage": capture.sampling_percent,
            "DestinationS3Uri": capture.destination,
            "KmsKeyId": "",
        });
        members = members.put("DataCaptureConfig", capture);
    }
    members = members.put("EndpointStatus", state.status.as_str());
    if let Some(failure) = &state.record.failure {
        members = members.put("FailureReason", cut(failure));
    }
    members = members
        .put("CreationTime", seconds(state.created))
        .put("LastModifiedTime", seconds(state.modified));
    let on_its_way = matches!(state.status, Status::Creating | Status::Updating);
    if let Some(pending) = state.record.pending.as_ref().filter(|_| on_its_way) {
        members = members.put("PendingDeploymentSummary", summary(pending, state));
    }
    members.done()
}

fn summary(pending: &Deployment, state: &State) -> Value {
    let at = seconds(state.modified);
    let variants = pending.variants.iter();
    let variants = variants.map(|variant| shown_variant(variant, &at, false));
    json!({
        "EndpointConfigName": pending.config,
        "ProductionVariants": variants.collect::<Vec<_>>(),
        "StartTime": at,
    })
}

fn shown_variant(variant: &Variant, since: &Value, serves: bool) -> Value {
    let images = variant.containers.iter().map(|container| {
        json!({
            "SpecifiedImage": container.image,
            "ResolvedImage": container.image,
            "ResolutionTime": since,
        })
    });
    json!({
        "VariantName": variant.name,
        "DeployedImages": images.collect::<Vec<_>>(),
        "CurrentWeight": variant.weight,
        "DesiredWeight": variant.weight,
        "CurrentInstanceCount": if serves { variant.instances } else { 0 },
        "DesiredInstanceCount": variant.instances,
    })
}

/// The API's limit for a FailureReason.
pub(super) fn cut(reason: &str) -> String {
    reason.chars().take(1024).collect()
}

pub(super) async fn list(inner: &Arc<Inner>, call: &Call) -> ApiResult {
    let of = (Kind::Endpoint, Order::Descending);
    let show = |endpoint: &Resource| -> ApiResult {
        Ok(json!({
            "EndpointName": endpoint.name,
            "EndpointArn": inner.arn(Kind::Endpoint, &endpoint.name),
            "CreationTime": seconds(endpoint.created),
            "LastModifiedTime": seconds(endpoint.modified),
            "EndpointStatus": endpoint.status,
        }))
    };
    listing::list(inner, call, of, "Endpoints", show).await
}

/// An endpoint can go when it does not change; AWS says so of one that does in the words of
/// UpdateEndpoint.
pub(super) async fn delete(inner: &Arc<Inner>, call: &Call) -> ApiResult {
    let guard = inner.lock_endpoint(call.text("EndpointName")).await?;
    inner.begin_deletion(guard).await?;
    Ok(Value::Null)
}

fn arn(inner: &Inner, name: &str) -> Value {
    json!({ "EndpointArn": inner.arn(Kind::Endpoint, name) })
}
