//! CreateEndpointConfig, DescribeEndpointConfig, ListEndpointConfigs, DeleteEndpointConfig.

use std::sync::Arc;

use serde_json::{Value, json};

use super::check::{Is, MODEL_NAME, Member, NAME, ROLE, TAGS, may, must};
use super::{Answer, Call, Members, listing, models, seconds};
use crate::context::Inner;
use crate::kind::Kind;
use crate::store::{Order, Resource};
use crate::{deployment, resolve};

const CAPTURE_URI: Is = Is::Text("(https|s3)://([^/]+)/?(.*)", 0, 512);

pub(super) const CREATE: &[Member] = &[
    must("EndpointConfigName", NAME),
    must("ProductionVariants", Is::List(1, 10)),
    must("ProductionVariants[].VariantName", NAME),
    may("ProductionVariants[].ModelName", MODEL_NAME),
    may(
        "ProductionVariants[].InitialInstanceCount",
        Is::Count(1, i64::MAX),
    ),
    may("ProductionVariants[].InitialVariantWeight", Is::Weight),
    may("DataCaptureConfig", Is::Structure),
    may("DataCaptureConfig.EnableCapture", Is::Flag),
    must(
        "DataCaptureConfig.InitialSamplingPercentage",
        Is::Count(0, 100),
    ),
    must("DataCaptureConfig.DestinationS3Uri", CAPTURE_URI),
    must("DataCaptureConfig.CaptureOptions", Is::List(1, 32)),
    must(
        "DataCaptureConfig.CaptureOptions[].CaptureMode",
        Is::Choice(&["Input", "Output", "InputAndOutput"]),
    ),
    may("DataCaptureConfig.CaptureContentTypeHeader", Is::Structure),
    may("KmsKeyId", Is::Text("[a-zA-Z0-9:/_-]*", 0, 2048)),
    may("AsyncInferenceConfig", Is::Structure),
    may("ExplainerConfig", Is::Structure),
    may("ShadowProductionVariants", Is::List(1, 10)),
    may("ExecutionRoleArn", ROLE),
    may("VpcConfig", Is::Structure),
    may("EnableNetworkIsolation", Is::Flag),
    may("MetricsConfig", Is::Structure),
    may("CrossRegionTrafficConfig", Is::Structure),
    may(
        "DataCaptureConfig.KmsKeyId",
        Is::Text("[a-zA-Z0-9:/_-]*", 0, 2048),
    ),
    TAGS[0],
    TAGS[1],
    TAGS[2],
];

pub(super) const NAMED: &[Member] = &[must("EndpointConfigName", NAME)];

pub(super) const LIST: &[Member] = models::LIST;

pub(super) async fn create(inner: &Arc<Inner>, call: &Call) -> Answer {
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

pub(super) async fn describe(inner: &Arc<Inner>, call: &Call) -> Answer {
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

pub(super) async fn list(inner: &Arc<Inner>, call: &Call) -> Answer {
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

pub(super) async fn delete(inner: &Arc<Inner>, call: &Call) -> Answer {
    let name = call.text("EndpointConfigName");
    inner.delete(Kind::EndpointConfig, name).await
}
