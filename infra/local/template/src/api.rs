//! `AWS::Serverless::Api`: the routes of its OpenAPI definition that functions answer.
//!
//! Source:
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-integration.html>

use super::application::{Api, Route};
use super::error::{Fault, Problem};
use super::node::Node;
use super::notes::Notes;
use super::resolve::Resolver;
use super::resources::Resource;

const READ: &[&str] = &["BinaryMediaTypes", "DefinitionBody", "StageName"];
const IGNORED: &[&str] = &[
    "AccessLogSetting",
    "CanarySetting",
    "Description",
    "EndpointConfiguration",
    "MethodSettings",
    "MinimumCompressionSize",
    "Name",
    "OpenApiVersion",
    "PropagateTags",
    "Tags",
    "TracingEnabled",
];
const INTEGRATION: &str = "x-amazon-apigateway-integration";
const METHODS: &[&str] = &[
    "delete",
    "get",
    "head",
    "options",
    "patch",
    "post",
    "put",
    "x-amazon-apigateway-any-method",
];

/// Reads an API. The authorization of its routes is ignored: a stack with a key requires a
/// signature for all of them.
pub(super) fn read(
    resolver: &Resolver<'_>,
    resource: &Resource,
    notes: &mut Notes,
) -> Result<Api, Fault> {
    notes.properties(resource, READ, IGNORED);
    let stage = resolver.required(resource, "StageName")?;
    let definition = resolver.property(resource, "DefinitionBody")?;
    let mut api = Api {
        logical_id: resource.logical_id.clone(),
        stage: stage.text("StageName")?.to_owned(),
        routes: vec![],
        binary_media_types: vec![],
    };
    let properties = resolver.property(resource, "BinaryMediaTypes")?;
    let key = "x-amazon-apigateway-binary-media-types";
    let defined = definition.as_ref().and_then(|body| body.get(key));
    for types in properties.iter().chain(defined) {
        for media_type in types.list("the binary media types")? {
            // SAM writes `image~1png`, since `/` separates the parts of a JSON pointer.
            let media_type = media_type.text("a binary media type")?.replace("~1", "/");
            api.binary_media_types.push(media_type);
        }
    }
    let paths = definition.as_ref().and_then(|body| body.get("paths"));
    for (path, item) in paths.map_or(Ok(&[][..]), |paths| paths.map("paths"))? {
        for (method, operation) in item.map(&path.text)? {
            if METHODS.contains(&method.text.as_str()) {
                let name = match method.text.as_str() {
                    "x-amazon-apigateway-any-method" => "ANY".to_owned(),
                    named => named.to_ascii_uppercase(),
                };
                add_route(&mut api, resource, name, &path.text, operation, notes)?;
            }
        }
    }
    Ok(api)
}

fn add_route(
    api: &mut Api,
    resource: &Resource,
    method: String,
    path: &str,
    operation: &Node,
    notes: &mut Notes,
) -> Result<(), Fault> {
    let mut unanswered = |why: &str| {
        let line = format!("{method} {path} is not answered, because {why}");
        notes.add(resource, &line);
        Ok(())
    };
    let Some(integration) = operation.get(INTEGRATION) else {
        return unanswered("it has no integration");
    };
    if integration.required("type")?.text("type")? != "aws_proxy" {
        return unanswered("only integrations of type aws_proxy are there");
    }
    if path.contains('{') {
        return unanswered("its path has parameters");
    }
    let uri = integration.required("uri")?;
    let route = Route {
        function_arn: function_of(uri)?,
        path: path.to_owned(),
        method,
    };
    api.routes.push(route);
    Ok(())
}

/// The function in `arn:aws:apigateway:REGION:lambda:path/2015-03-31/functions/ARN/invocations`.
fn function_of(uri: &Node) -> Result<String, Fault> {
    let text = uri.text("uri")?;
    let function = text
        .split_once(":lambda:path/2015-03-31/functions/")
        .and_then(|(_, rest)| rest.strip_suffix("/invocations"));
    function.map(str::to_owned).ok_or_else(|| {
        let why = format!(
            "the integration's uri {text} names no function: \
             arn:aws:apigateway:REGION:lambda:path/2015-03-31/functions/ARN/invocations does"
        );
        Fault::new(uri.at, Problem::Invalid(why))
    })
}
