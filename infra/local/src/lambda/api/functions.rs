//! ListFunctions, GetFunction and GetFunctionConfiguration: what the template says, in AWS's words.

use serde_json::{Value, json};

use super::{Result, parameter};
use crate::lambda::InvokeError;
use crate::lambda::environment::log_group;
use crate::lambda::name::LATEST;
use crate::lambda::pool::Slot;
use crate::lambda::service::Lambda;

/// AWS's page is at most this long.
const MAX_PAGE: usize = 50;

pub(super) fn list(lambda: &Lambda, query: &str) -> Result<Value> {
    let limit = match parameter(query, "MaxItems") {
        Some(text) => match text.parse() {
            Ok(limit @ 1..) => MAX_PAGE.min(limit),
            _ => {
                let constraint = "Member must have value between 1 and 10000";
                return Err(InvokeError::invalid_value(&text, "maxItems", constraint));
            }
        },
        None => MAX_PAGE,
    };
    let marker = parameter(query, "Marker").unwrap_or_default();
    let mut rest = lambda
        .inner
        .slots
        .iter()
        .filter(|(name, _)| **name > marker);
    let page: Vec<_> = rest.by_ref().take(limit).collect();
    let functions: Vec<Value> = page
        .iter()
        .map(|(_, slot)| describe(lambda, slot))
        .collect();
    let mut answer = json!({ "Functions": functions });
    if let (Some(_), Some((last, _))) = (rest.next(), page.last()) {
        answer["NextMarker"] = json!(last);
    }
    Ok(answer)
}

pub(super) fn get(lambda: &Lambda, name: &str) -> Result<Value> {
    let slot = lambda.slot(name)?;
    Ok(json!({
        "Configuration": configuration(lambda, name)?,
        "Code": { "RepositoryType": "Local", "Location": location(slot) },
        "Concurrency": { "ReservedConcurrentExecutions": slot.limits.per_function },
    }))
}

pub(super) fn configuration(lambda: &Lambda, name: &str) -> Result<Value> {
    let mut configuration = describe(lambda, lambda.slot(name)?);
    configuration["State"] = json!("Active");
    configuration["LastUpdateStatus"] = json!("Successful");
    Ok(configuration)
}

fn describe(lambda: &Lambda, slot: &Slot) -> Value {
    let function = &slot.deployment.function;
    let modified = lambda.inner.opened.strftime("%Y-%m-%dT%H:%M:%S%.3f+0000");
    let architecture = match std::env::consts::ARCH {
        "aarch64" => "arm64",
        other => other,
    };
    json!({
        "FunctionName": function.name,
        "FunctionArn": lambda.arn(&function.name),
        "Runtime": "provided.al2023",
        "Handler": function.handler,
        "CodeSize": 0,
        "Description": "",
        "Timeout": function.timeout.as_secs(),
        "MemorySize": function.memory_mb,
        "LastModified": modified.to_string(),
        "Version": LATEST,
        "Environment": { "Variables": function.environment },
        "TracingConfig": { "Mode": "PassThrough" },
        "PackageType": "Zip",
        "Architectures": [architecture],
        "EphemeralStorage": { "Size": 512 },
        "LoggingConfig": { "LogFormat": "Text", "LogGroup": log_group(&function.name) },
    })
}

/// The program, where AWS gives a link to the deployment package.
fn location(slot: &Slot) -> String {
    format!("file://{}", slot.deployment.command.program.display())
}
