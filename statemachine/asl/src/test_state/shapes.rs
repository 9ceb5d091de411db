//! Validates a mocked result against the response of the API that the task calls.
//!
//! The shapes of the responses are generated from AWS's service models (`shapes/generate.py`). APIs
//! that are not there, and fields that an API does not have, are not held against anything.

use std::collections::{BTreeMap, HashMap};
use std::sync::OnceLock;

use serde::Deserialize;
use serde_json::Value;

use super::request::FieldValidation;
use crate::{Pattern, Resource};

const OUTPUTS: &str = include_str!("../../shapes/outputs.json");

/// Step Functions' names of services: those of their optimized integrations, and `aws-sdk:…`.
type Services = HashMap<String, Service>;

#[derive(Debug, Deserialize)]
struct Service {
    /// An API's name: its output's shape.
    operations: HashMap<String, String>,
    shapes: HashMap<String, Shape>,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Shape {
    Structure {
        members: BTreeMap<String, Member>,
        #[serde(default)]
        required: Vec<String>,
    },
    List {
        item: Member,
    },
    Map {
        item: Member,
    },
}

/// A scalar's type, `#` and the name of a shape, or a scalar with bounds.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Member {
    Named(String),
    Bounded(Scalar),
}

#[derive(Debug, Default, Deserialize)]
struct Scalar {
    #[serde(rename = "type")]
    kind: String,
    #[serde(rename = "enum", default)]
    allowed: Vec<String>,
    min: Option<f64>,
    max: Option<f64>,
}

/// Checks a result; the error is AWS's text.
pub(super) fn check(
    result: &Value,
    resource: &Resource,
    mode: FieldValidation,
) -> Result<(), String> {
    let Some((service, output)) = output(resource).filter(|_| mode != FieldValidation::None) else {
        return Ok(());
    };
    let check = Check {
        service,
        strict: mode == FieldValidation::Strict,
        json_field: json_field(resource),
    };
    check
        .check_shape("", result, output)
        .map_err(|problem| format!("Mock result schema validation error: {problem}"))
}

fn services() -> &'static Services {
    static SERVICES: OnceLock<Services> = OnceLock::new();
    // A test reads the table, so it is never empty.
    SERVICES.get_or_init(|| serde_json::from_str(OUTPUTS).unwrap_or_default())
}

fn output(resource: &Resource) -> Option<(&'static Service, &'static Shape)> {
    let Resource::Service {
        service,
        api,
        pattern: Pattern::RequestResponse,
        ..
    } = resource
    else {
        return None;
    };
    let name = match service.strip_prefix("aws-sdk:").unwrap_or(service) {
        "states" => "sfn",
        name => name,
    };
    let service = services().get(name)?;
    let shape = service.shapes.get(service.operations.get(api)?)?;
    Some((service, shape))
}

/// The field that an optimized integration gives as JSON where the API has bytes.
fn json_field(resource: &Resource) -> Option<&'static str> {
    match resource {
        Resource::Service { service, .. } if service == "lambda" => Some("Payload"),
        _ => None,
    }
}

struct Check {
    service: &'static Service,
    strict: bool,
    json_field: Option<&'static str>,
}

impl Check {
    fn check_shape(&self, field: &str, value: &Value, shape: &Shape) -> Result<(), String> {
        match shape {
            Shape::Structure { members, required } => {
                let object = value
                    .as_object()
                    .ok_or_else(|| type_error(field, "an object"))?;
                for (name, value) in object {
                    if let Some(member) = members.get(name)
                        && self.json_field != Some(name)
                    {
                        self.check_member(name, value, member)?;
                    }
                }
                let mut missing = required.iter().filter(|name| !object.contains_key(*name));
                match missing.next() {
                    Some(name) if self.strict => Err(format!("Required field '{name}' is missing")),
                    _ => Ok(()),
                }
            }
            Shape::List { item } => {
                let items = value
                    .as_array()
                    .ok_or_else(|| type_error(field, "an array"))?;
                items
                    .iter()
                    .try_for_each(|value| self.check_member(field, value, item))
            }
            Shape::Map { item } => {
                let object = value
                    .as_object()
                    .ok_or_else(|| type_error(field, "an object"))?;
                object
                    .iter()
                    .try_for_each(|(name, value)| self.check_member(name, value, item))
            }
        }
    }

    fn check_member(&self, field: &str, value: &Value, member: &Member) -> Result<(), String> {
        match member {
            Member::Bounded(scalar) => scalar.check(field, value),
            Member::Named(name) => match name.strip_prefix('#') {
                Some(shape) => match self.service.shapes.get(shape) {
                    Some(shape) => self.check_shape(field, value, shape),
                    None => Ok(()),
                },
                None => Scalar {
                    kind: name.clone(),
                    ..Scalar::default()
                }
                .check(field, value),
            },
        }
    }
}

impl Scalar {
    fn check(&self, field: &str, value: &Value) -> Result<(), String> {
        match self.kind.as_str() {
            "boolean" if !value.is_boolean() => Err(type_error(field, "a boolean")),
            "boolean" => Ok(()),
            "integer" | "long" | "float" | "double" => {
                let number = value
                    .as_f64()
                    .ok_or_else(|| type_error(field, "a number"))?;
                self.check_bounds(
                    field,
                    number,
                    "is less than the minimum value",
                    "exceeds the maximum value",
                )
            }
            _ => {
                let text = value
                    .as_str()
                    .ok_or_else(|| type_error(field, "a string"))?;
                if !self.allowed.is_empty() && !self.allowed.iter().any(|known| known == text) {
                    return Err(format!("Field '{field}' is not an expected value"));
                }
                let length = text.chars().count() as f64;
                self.check_bounds(
                    field,
                    length,
                    "is smaller than the minimum length",
                    "exceeds the maximum length",
                )
            }
        }
    }

    fn check_bounds(
        &self,
        field: &str,
        number: f64,
        below: &str,
        above: &str,
    ) -> Result<(), String> {
        if self.min.is_some_and(|min| number < min) {
            return Err(format!("Field '{field}' {below}"));
        }
        if self.max.is_some_and(|max| number > max) {
            return Err(format!("Field '{field}' {above}"));
        }
        Ok(())
    }
}

fn type_error(field: &str, expected: &str) -> String {
    if field.is_empty() {
        return format!("Result must be {expected}");
    }
    format!("Field '{field}' must be {expected}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn problem(arn: &str, result: &Value, mode: FieldValidation) -> String {
        let resource = Resource::parse(&format!("arn:aws:states:::{arn}")).unwrap();
        match check(result, &resource, mode) {
            Ok(()) => "fine".into(),
            Err(problem) => problem
                .strip_prefix("Mock result schema validation error: ")
                .unwrap()
                .to_owned(),
        }
    }

    #[test]
    fn the_table_is_there() {
        assert!(services().len() >= 9);
    }

    #[test]
    fn results_are_held_against_the_api() {
        use FieldValidation::*;
        let strict = |arn: &str, result: Value, expect: &str| {
            assert_eq!(problem(arn, &result, Strict), expect, "{arn} {result}");
        };
        strict(
            "events:putEvents",
            json!({"Entries": 1}),
            "Field 'Entries' must be an array",
        );
        strict(
            "events:putEvents",
            json!({"Entries": [{"EventId": "e"}, {"EventId": 1}]}),
            "Field 'EventId' must be a string",
        );
        strict(
            "lambda:invoke",
            json!({"StatusCode": "200"}),
            "Field 'StatusCode' must be a number",
        );
        strict("lambda:invoke", json!({"Payload": {"any": 1}}), "fine");
        strict(
            "aws-sdk:s3:getObject",
            json!({"StorageClass": "COZY"}),
            "Field 'StorageClass' is not an expected value",
        );
        strict(
            "aws-sdk:kms:encrypt",
            json!({"CiphertextBlob": ""}),
            "Field 'CiphertextBlob' is smaller than the minimum length",
        );
        strict(
            "aws-sdk:lambda:getFunction",
            json!({"Configuration": {"MemorySize": 1}}),
            "Field 'MemorySize' is less than the minimum value",
        );
        strict(
            "aws-sdk:lambda:getFunction",
            json!({"Configuration": {"MemorySize": 10_241}}),
            "Field 'MemorySize' exceeds the maximum value",
        );
        strict("lambda:invoke", json!({"Other": 1}), "fine");
        strict("lambda:invoke", json!([]), "Result must be an object");
        strict("glue:startJobRun", json!(1), "fine");
    }

    #[test]
    fn the_mode_says_how_closely() {
        use FieldValidation::*;
        let partial = json!({"StartDate": "2026-11-21T00:00:00Z"});
        let start = "states:startExecution";
        assert_eq!(
            problem(start, &partial, Strict),
            "Required field 'ExecutionArn' is missing"
        );
        assert_eq!(problem(start, &partial, Present), "fine");
        let wrong = json!({"ExecutionArn": 1});
        assert_eq!(
            problem(start, &wrong, Present),
            "Field 'ExecutionArn' must be a string"
        );
        assert_eq!(problem(start, &wrong, None), "fine");
    }
}
