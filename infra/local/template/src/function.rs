//! `AWS::Serverless::Function` and `AWS::Lambda::Function`.

use std::collections::BTreeMap;
use std::time::Duration;

use super::application::Function;
use super::error::Fault;
use super::notes::Notes;
use super::resolve::Resolver;
use super::resources::Resource;

const READ: &[&str] = &[
    "Environment",
    "Events",
    "FunctionName",
    "Handler",
    "MemorySize",
    "Role",
    "Timeout",
];
const IGNORED: &[&str] = &[
    "Architectures",
    "Code",
    "CodeUri",
    "DeadLetterConfig", // what fails for good is kept by the local queue itself
    "DeadLetterQueue",
    "Description",
    "KmsKeyArn",
    "LoggingConfig",
    "PackageType",
    "PermissionsBoundary",
    "Policies",
    "PropagateTags",
    "RolePath",
    "Runtime",
    "Tags",
    "Tracing",
    "TracingConfig",
];

/// Reads a function. Its events are [`super::bucket`]'s.
pub(super) fn read(
    resolver: &Resolver<'_>,
    resource: &Resource,
    notes: &mut Notes,
) -> Result<Function, Fault> {
    notes.properties(resource, READ, IGNORED);
    let whole = |name: &str, min, max, default| match resolver.property(resource, name)? {
        Some(node) => node.whole(name, min, max),
        None => Ok(default),
    };
    let handler = resolver.property(resource, "Handler")?;
    let function = Function {
        logical_id: resource.logical_id.clone(),
        name: resolver.name(resource)?,
        binary: binary(resource)?,
        handler: handler.map_or(Ok(String::new()), |h| h.text("Handler").map(str::to_owned))?,
        memory_mb: whole("MemorySize", 128, 10_240, 128)?,
        timeout: Duration::from_secs(whole("Timeout", 1, 900, 3)?.into()),
        environment: environment(resolver, resource)?,
        role_arn: resolver.role_arn(resource, &["Role"])?,
    };
    if function.binary.is_none() {
        notes.add(
            resource,
            "names no program of the workspace (Metadata.BuildProperties.Binary), so nothing runs \
             it",
        );
    }
    Ok(function)
}

/// `Metadata.BuildProperties.Binary`.
fn binary(resource: &Resource) -> Result<Option<String>, Fault> {
    let metadata = resource.metadata.as_ref();
    let binary = metadata
        .and_then(|metadata| metadata.get("BuildProperties"))
        .and_then(|properties| properties.get("Binary"));
    binary
        .map(|node| node.text("Binary").map(str::to_owned))
        .transpose()
}

fn environment(
    resolver: &Resolver<'_>,
    resource: &Resource,
) -> Result<BTreeMap<String, String>, Fault> {
    let Some(environment) = resolver.property(resource, "Environment")? else {
        return Ok(BTreeMap::new());
    };
    match environment.get("Variables") {
        Some(variables) => variables.variables("Environment.Variables"),
        None => Ok(BTreeMap::new()),
    }
}
