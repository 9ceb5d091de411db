//! Model packages as `ModelPackageName` names them, and the containers that they stand for.

use serde_json::{Map, Value};

use crate::context::Inner;
use crate::error::ApiError;
use crate::kind::Kind;
use crate::store::Resource;

/// The status of a version that may be deployed.
const APPROVED: &str = "Approved";

/// Returns the name in an ARN of a model package or a group, or the name itself.
pub(super) fn name_in(arn_or_name: &str) -> &str {
    let is_arn = arn_or_name.starts_with("arn:");
    let name = arn_or_name.split_once('/').map(|(_, name)| name);
    name.filter(|_| is_arn).unwrap_or(arn_or_name)
}

/// Returns the group and the number of a version; `None` for a package without versions.
pub(super) fn version(name: &str) -> Option<(&str, i64)> {
    let (group, version) = name.split_once('/')?;
    Some((group, version.parse().ok()?))
}

/// Replaces `ModelPackageName` in a CreateModel request by the containers of the package.
///
/// A version must be approved to be deployed:
/// <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateModelPackage.html>.
///
/// # Errors
///
/// The package does not exist, is not approved, or has no containers.
pub(super) async fn expand(inner: &Inner, request: &Value) -> Result<Value, ApiError> {
    let primary = &request["PrimaryContainer"];
    let several = request["Containers"].as_array().map(Vec::as_slice);
    let definitions = if primary.is_null() {
        several.unwrap_or_default()
    } else {
        std::slice::from_ref(primary)
    };
    let is_package = |definition: &Value| definition["ModelPackageName"].is_string();
    if !definitions.iter().any(is_package) {
        return Ok(request.clone());
    }
    let mut containers = vec![];
    for definition in definitions {
        match definition["ModelPackageName"].as_str() {
            Some(name) => {
                let package = inner.resource(Kind::ModelPackage, name_in(name)).await?;
                containers.extend(containers_of(inner, &package, definition)?);
            }
            None => containers.push(definition.clone()),
        }
    }
    let mut expanded = request.clone();
    expanded["PrimaryContainer"] = Value::Null;
    expanded["Containers"] = containers.into();
    Ok(expanded)
}

/// The containers of a package, with the environment of the definition that names it.
fn containers_of(
    inner: &Inner,
    package: &Resource,
    definition: &Value,
) -> Result<Vec<Value>, ApiError> {
    let arn = inner.arn(Kind::ModelPackage, &package.name);
    let refused = |text: String| Err(ApiError::Validation(text));
    if version(&package.name).is_some() && package.status != APPROVED {
        return refused(format!(
            "ModelPackage {arn} can't be deployed: its ModelApprovalStatus is {}, and not \
             Approved.",
            package.status
        ));
    }
    let containers = package.request["InferenceSpecification"]["Containers"].as_array();
    let Some(containers) = containers else {
        return refused(format!(
            "ModelPackage {arn} can't be deployed: it has no InferenceSpecification."
        ));
    };
    let own = definition["Environment"].as_object();
    let containers = containers.iter().map(|container| {
        let mut container = container.clone();
        if let Some(own) = own {
            let environment = container["Environment"].as_object().cloned();
            let mut environment: Map<String, Value> = environment.unwrap_or_default();
            environment.extend(own.clone());
            container["Environment"] = environment.into();
        }
        container
    });
    Ok(containers.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_from_arns() {
        let check = |arn: &str, name: &str, expected: Option<(&str, i64)>| {
            assert_eq!(name_in(arn), name);
            assert_eq!(version(name), expected);
        };
        let prefix = "arn:aws:sagemaker:us-east-1:123456789012:model-package";
        check(&format!("{prefix}/g/3"), "g/3", Some(("g", 3)));
        check(&format!("{prefix}/p"), "p", None);
        check("g/3", "g/3", Some(("g", 3)));
        check("p", "p", None);
    }
}
