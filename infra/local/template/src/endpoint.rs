//! `AWS::SageMaker::Endpoint`, joined with its configuration and its models.

use std::collections::BTreeMap;

use super::application::{DataCapture, Endpoint, Variant};
use super::error::{Fault, Problem};
use super::node::Node;
use super::notes::Notes;
use super::resolve::Resolver;
use super::resources::Resource;

const MODEL: &str = "AWS::SageMaker::Model";
const CONFIG: &str = "AWS::SageMaker::EndpointConfig";

/// Reads an endpoint.
pub(super) fn read(
    resolver: &Resolver<'_>,
    resource: &Resource,
    notes: &mut Notes,
) -> Result<Endpoint, Fault> {
    notes.properties(
        resource,
        &["EndpointConfigName", "EndpointName"],
        &[
            "DeploymentConfig",
            "ExcludeRetainedVariantProperties",
            "Tags",
        ],
    );
    let name = resolver.required(resource, "EndpointConfigName")?;
    let config = find(resolver, CONFIG, &name, "EndpointConfigName")?;
    let (variants, capture) =
        read_config(resolver, config, notes).map_err(|fault| fault.about(|| config.subject()))?;
    Ok(Endpoint {
        logical_id: resource.logical_id.clone(),
        name: resolver.name(resource)?,
        config_name: resolver.name(config)?,
        variants,
        capture,
    })
}

/// The resource of that type with that name or ARN.
fn find<'r>(
    resolver: &'r Resolver<'_>,
    kind: &str,
    name: &Node,
    property: &str,
) -> Result<&'r Resource, Fault> {
    let wanted = name.text(property)?;
    for resource in resolver.resources.values().filter(|r| r.kind == kind) {
        let matches = resolver.name(resource)? == wanted || resolver.arn(resource)? == wanted;
        if matches && resolver.exists(resource)? {
            return Ok(resource);
        }
    }
    let text = format!("{property} {wanted}: the template has no {kind} of that name");
    Err(Fault::new(name.at, Problem::Invalid(text)))
}

fn read_config(
    resolver: &Resolver<'_>,
    config: &Resource,
    notes: &mut Notes,
) -> Result<(Vec<Variant>, Option<DataCapture>), Fault> {
    notes.properties(
        config,
        &[
            "DataCaptureConfig",
            "EndpointConfigName",
            "ProductionVariants",
        ],
        &[
            "EnableNetworkIsolation",
            "ExecutionRoleArn",
            "KmsKeyId",
            "Tags",
            "VpcConfig",
        ],
    );
    let variants = resolver.required(config, "ProductionVariants")?;
    let variants = variants.list("ProductionVariants")?.iter();
    let variants = variants.map(|node| variant(resolver, node, notes));
    let variants = variants.collect::<Result<Vec<_>, Fault>>()?;
    if variants.is_empty() {
        let text = "ProductionVariants must name at least one variant";
        return Err(Fault::new(config.at, Problem::Invalid(text.into())));
    }
    let capture = resolver.property(config, "DataCaptureConfig")?;
    let capture = capture.map_or(Ok(None), |node| capture_of(&node))?;
    Ok((variants, capture))
}

fn variant(resolver: &Resolver<'_>, node: &Node, notes: &mut Notes) -> Result<Variant, Fault> {
    let model_name = node.required("ModelName")?;
    let model = find(resolver, MODEL, model_name, "ModelName")?;
    let container =
        container(resolver, model, notes).map_err(|fault| fault.about(|| model.subject()))?;
    let weight = match node.get("InitialVariantWeight") {
        Some(weight) => weight.number("InitialVariantWeight", "a number of 0 or more")?,
        None => 1.0,
    };
    let instance_count = match node.get("InitialInstanceCount") {
        Some(count) => count.whole("InitialInstanceCount", 1, 10_000)?.into(),
        None => 1,
    };
    let instance_type = match node.get("InstanceType") {
        Some(kind) => kind.text("InstanceType")?.to_owned(),
        None => String::new(),
    };
    let environment = match container.get("Environment") {
        Some(environment) => environment.variables("Environment")?,
        None => BTreeMap::new(),
    };
    Ok(Variant {
        name: node
            .required("VariantName")?
            .text("VariantName")?
            .to_owned(),
        weight,
        instance_count,
        instance_type,
        model_name: resolver.name(model)?,
        image: container.required("Image")?.text("Image")?.to_owned(),
        model_data_url: model_data_url(&container)?,
        environment,
    })
}

fn container(resolver: &Resolver<'_>, model: &Resource, notes: &mut Notes) -> Result<Node, Fault> {
    notes.properties(
        model,
        &["Containers", "ModelName", "PrimaryContainer"],
        &[
            "EnableNetworkIsolation",
            "ExecutionRoleArn",
            "Tags",
            "VpcConfig",
        ],
    );
    if let Some(container) = resolver.property(model, "PrimaryContainer")? {
        return Ok(container);
    }
    let containers = resolver.required(model, "Containers")?;
    match containers.list("Containers")? {
        [only] => Ok(only.clone()),
        _ => {
            let text = "Containers: the local stack serves models of one container";
            Err(Fault::new(containers.at, Problem::Invalid(text.into())))
        }
    }
}

/// `ModelDataUrl`, or the same in the newer `ModelDataSource`.
fn model_data_url(container: &Node) -> Result<String, Fault> {
    let source = container
        .get("ModelDataSource")
        .and_then(|source| source.get("S3DataSource"));
    let url = match source {
        Some(source) => source.required("S3Uri")?,
        None => container.required("ModelDataUrl")?,
    };
    Ok(url.text("ModelDataUrl")?.to_owned())
}

fn capture_of(node: &Node) -> Result<Option<DataCapture>, Fault> {
    if let Some(enabled) = node.get("EnableCapture")
        && !enabled.boolean("EnableCapture")?
    {
        return Ok(None);
    }
    let percent = node.required("InitialSamplingPercentage")?;
    let percent = percent.whole("InitialSamplingPercentage", 0, 100)?;
    let uri = node.required("DestinationS3Uri")?;
    let headers = node.get("CaptureContentTypeHeader");
    let types = |key: &str| match headers.and_then(|headers| headers.get(key)) {
        Some(list) => texts(list, key),
        None => Ok(vec![]),
    };
    let modes = node.required("CaptureOptions")?.list("CaptureOptions")?;
    let captures = |mode: &str| {
        let mut found = modes.iter().filter_map(|option| option.get("CaptureMode"));
        found.any(|node| {
            let text = node.text("CaptureMode").unwrap_or_default();
            text == mode || text == "InputAndOutput"
        })
    };
    Ok(Some(DataCapture {
        sampling_percent: u8::try_from(percent).unwrap_or(100),
        destination_s3_uri: uri.text("DestinationS3Uri")?.to_owned(),
        input: captures("Input"),
        output: captures("Output"),
        json_content_types: types("JsonContentTypes")?,
        csv_content_types: types("CsvContentTypes")?,
    }))
}

fn texts(list: &Node, what: &str) -> Result<Vec<String>, Fault> {
    let items = list.list(what)?.iter();
    items
        .map(|item| item.text(what).map(str::to_owned))
        .collect()
}
