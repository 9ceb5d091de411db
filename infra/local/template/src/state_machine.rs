//! `AWS::Serverless::StateMachine` and `AWS::StepFunctions::StateMachine`: the definition with its
//! substitutions put in.

use std::collections::BTreeMap;
use std::path::Path;

use super::application::StateMachine;
use super::error::{Fault, Problem};
use super::notes::Notes;
use super::resolve::Resolver;
use super::resources::Resource;
use super::yaml;

const READ: &[&str] = &[
    "Definition",
    "DefinitionString",
    "DefinitionSubstitutions",
    "DefinitionUri",
    "Events",
    "Name",
    "Role",
    "RoleArn",
    "StateMachineName",
    "StateMachineType",
    "Type",
];
const IGNORED: &[&str] = &[
    "EncryptionConfiguration",
    "Logging",
    "LoggingConfiguration",
    "PermissionsBoundary",
    "Policies",
    "PropagateTags",
    "RolePath",
    "Tags",
    "Tracing",
    "TracingConfiguration",
];

/// Reads a state machine; `folder` is the template's, which `DefinitionUri` starts from.
pub(super) fn read(
    resolver: &Resolver<'_>,
    resource: &Resource,
    folder: &Path,
    notes: &mut Notes,
) -> Result<StateMachine, Fault> {
    notes.properties(resource, READ, IGNORED);
    let definition = definition(resolver, resource, folder)?;
    let substitutions = match resolver.property(resource, "DefinitionSubstitutions")? {
        Some(node) => node.texts_by_key("DefinitionSubstitutions")?,
        None => BTreeMap::new(),
    };
    let definition = substitute(&definition, &substitutions)
        .map_err(|name| Fault::new(resource.at, Problem::NoSubstitution(name)))?;
    Ok(StateMachine {
        logical_id: resource.logical_id.clone(),
        name: resolver.name(resource)?,
        definition,
        express: is_express(resolver, resource)?,
        role_arn: resolver.role_arn(resource, &["Role", "RoleArn"])?,
    })
}

fn definition(
    resolver: &Resolver<'_>,
    resource: &Resource,
    folder: &Path,
) -> Result<String, Fault> {
    if let Some(inline) = resolver.property(resource, "Definition")? {
        return Ok(inline.to_json().to_string());
    }
    if let Some(text) = resolver.property(resource, "DefinitionString")? {
        return Ok(text.text("DefinitionString")?.to_owned());
    }
    let uri = resolver.required(resource, "DefinitionUri")?;
    let path = uri.text("DefinitionUri (a path here: the local stack reads no S3)")?;
    from_file(&folder.join(path)).map_err(|reason| {
        let problem = Problem::File {
            property: "DefinitionUri",
            path: path.into(),
            reason,
        };
        Fault::new(uri.at, problem)
    })
}

/// A definition file; YAML, as SAM allows it, becomes JSON.
fn from_file(path: &Path) -> Result<String, String> {
    let text = std::fs::read_to_string(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => "no such file".into(),
        _ => error.to_string(),
    })?;
    let extension = path.extension().and_then(|extension| extension.to_str());
    if !matches!(extension, Some("yaml" | "yml")) {
        return Ok(text);
    }
    match yaml::parse(&text) {
        Ok(node) => Ok(node.to_json().to_string()),
        Err(fault) => Err(format!("line {}: {}", fault.at.line, fault.problem)),
    }
}

/// Replaces each `${name}`; the error is a name without a value. Other text (`${ a }`) stays.
pub(super) fn substitute(
    definition: &str,
    values: &BTreeMap<String, String>,
) -> Result<String, String> {
    let mut result = String::with_capacity(definition.len());
    let mut rest = definition;
    while let Some(start) = rest.find("${") {
        let name = name_at(&rest[start + 2..]);
        result.push_str(&rest[..start]);
        rest = &rest[start..];
        match name {
            Some(name) => {
                result.push_str(values.get(name).ok_or(name)?);
                rest = &rest[name.len() + 3..];
            }
            None => {
                result.push_str("${");
                rest = &rest[2..];
            }
        }
    }
    result.push_str(rest);
    Ok(result)
}

/// The name at the start of `text`, if a `}` closes it.
fn name_at(text: &str) -> Option<&str> {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_')?;
    (end > 0 && text[end..].starts_with('}')).then_some(&text[..end])
}

fn is_express(resolver: &Resolver<'_>, resource: &Resource) -> Result<bool, Fault> {
    for property in ["Type", "StateMachineType"] {
        if let Some(node) = resolver.property(resource, property)? {
            return match node.text(property)? {
                "STANDARD" => Ok(false),
                "EXPRESS" => Ok(true),
                _ => Err(node.not(property, "STANDARD or EXPRESS")),
            };
        }
    }
    Ok(false)
}
