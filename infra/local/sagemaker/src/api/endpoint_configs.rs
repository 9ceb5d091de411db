//! CreateEndpointConfig, DescribeEndpointConfig, ListEndpointConfigs, DeleteEndpointConfig.

use std::sync::Arc;

use serde_json::{Value, json};

use super::check::{MODEL_NAME, Member, NAME, ROLE, Shape, TAGS, may, must};
use super::{ApiResult, Call, Members, listing, models, seconds};
use crate::context::Inner;
use crate::kind::Kind;
use crate::store::{Order, Resource};
use crate::{deployment, resolve};

const CAPTURE_URI: Shape = Shape::Text("(https|s3)://([^/]+)/?(.*)", 0, 512);

pub(super) const CREATE: &[Member] = &[
    must("EndpointConfigName", NAME),
    must("ProductionVariants", Shape::List(1, 10)),
    must("ProductionVariants[].VariantName", NAME),
    may("ProductionVariants[].ModelName", MODEL_NAME),
    may(
        "ProductionVariants[].InitialInstanceCount",
        Shape::Count(1, i64::MAX),
    ),
    may("ProductionVariants[].InitialVariantWeight", Shape::Weight),
    may("DataCaptureConfig", Shape::Structure),
    may("DataCaptureConfig.EnableCapture", Shape::Flag),
    must(
        "DataCaptureConfig.InitialSamplingPercentage",
        Shape::Count(0, 100),
    ),
    must("DataCaptureConfig.DestinationS3Uri", CAPTURE_URI),
    must("DataCaptureConfig.CaptureOptions", Shape::List(1, 32)),
    must(
        "DataCaptureConfig.CaptureOptions[].CaptureMode",
        Shape::Choice(&["Input", "Output", "InputAndOutput"]),
    ),
    may(
        "DataCaptureConfig.CaptureContentTypeHeader",
        Shape::Structure,
    ),
    may("KmsKeyId", Shape::Text("[a-zA-Z0-9:/_-]*", 0, 2048)),
    may("AsyncInferenceConfig", Shape::Structure),
    may("ExplainerConfig", Shape::Structure),
    may("ShadowProductionVariants", Shape::List(1, 10)),
    may("ExecutionRoleArn", ROLE),
    may("VpcConfig", Shape::Structure),
    may("EnableNetworkIsolation", Shape::Flag),
    may("MetricsConfig", Shape::Structure),
    may("CrossRegionTrafficConfig", Shape::Structure),
    may(
        "DataCaptureConfig.KmsKeyId",
        Shape::Text("[a-zA-Z0-9:/_-]*", 0, 2048),
    ),
    TAGS[0],
    TAGS[1],
    TAGS[2],
];

pub(super) const NAMED: &[Member] = &[must("EndpointConfigName", NAME)];

pub(super) const LIST: &[Member] = models::LIST;

pub(super) async fn create(inner: &Arc<Inner>, call: &Call) -> ApiResult {
    deployment::check_config(&call.request)?;
    let name = call.text("EndpointConfigName");
    let mut config = Resource::new(Kind::EndpointConfig, name, call.request.clone());
    for variant in config.request["ProductionVariants"]
        .as_array_mut()
        .into_iter()
        .flatten()
    {
        if variant["InitialVariantWeight"].is_null() {
            variant["InitialVariantWeight"] = json!(1.0);
        }
    }
    resolve::resolve(inner, &config).await?;
    inner.create(config, call).await?;
    Ok(json!({ "EndpointConfigArn": inner.arn(Kind::EndpointConfig, name) }))
}

pub(super) async fn describe(inner: &Arc<Inner>, call: &Call) -> ApiResult {
    let name = call.text("EndpointConfigName");
    let config = inner.resource(Kind::EndpointConfig, name).await?;
    Ok(Members::default()
        .put("EndpointConfigName", name)
        .put("EndpointConfigArn", inner.arn(Kind::EndpointConfig, name))
        .echo(
            &config.request,
            &["ProductionVariants", "DataCaptureConfig", "KmsKeyId"],
        )
        .put("CreationTime", seconds(config.created))
        .echo(&config.request, &["ExecutionRoleArn", "VpcConfig"])
        .put(
            "EnableNetworkIsolation",
            config.request["EnableNetworkIsolation"] == true,
        )
        .echo(&config.request, &["MetricsConfig"])
        .done())
}

pub(super) async fn list(inner: &Arc<Inner>, call: &Call) -> ApiResult {
    let of = (Kind::EndpointConfig, Order::Descending);
    let show = |config: &Resource| -> Result<Value, _> {
        Ok(json!({
            "EndpointConfigName": config.name,
            "EndpointConfigArn": inner.arn(Kind::EndpointConfig, &config.name),
            "CreationTime": seconds(config.created),
        }))
    };
    listing::list(inner, call, of, "EndpointConfigs", show).await
}

pub(super) async fn delete(inner: &Arc<Inner>, call: &Call) -> ApiResult {
    let name = call.text("EndpointConfigName");
    inner.delete(Kind::EndpointConfig, name).await
}
