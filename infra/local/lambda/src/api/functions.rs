//! ListFunctions, GetFunction and GetFunctionConfiguration: the template's functions in AWS's
//! format.

use base64::prelude::{BASE64_STANDARD, Engine};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use service::protocol::Query;

use super::Result;
use crate::environment::log_group;
use crate::errors;
use crate::handle::Lambda;
use crate::name::LATEST;
use crate::pool::Slot;

/// The maximum number of functions in a page, as on AWS.
const MAX_PAGE: usize = 50;

pub(super) async fn list(lambda: &Lambda, query: Query<'_>) -> Result<Value> {
    let limit = match query.get("MaxItems") {
        Some(text) => match text.parse() {
            Ok(limit @ 1..) => MAX_PAGE.min(limit),
            _ => {
                let constraint = "Member must have value between 1 and 10000";
                return Err(errors::invalid_value(&text, "maxItems", constraint));
            }
        },
        None => MAX_PAGE,
    };
    let marker = query.get("Marker").unwrap_or_default();
    let mut rest = lambda
        .inner
        .slots
        .iter()
        .filter(|(name, _)| **name > marker);
    let page: Vec<_> = rest.by_ref().take(limit).collect();
    let mut functions = Vec::new();
    for (_, slot) in &page {
        functions.push(describe(lambda, slot).await?);
    }
    let mut response = json!({ "Functions": functions });
    if let (Some(_), Some((last, _))) = (rest.next(), page.last()) {
        response["NextMarker"] = json!(last);
    }
    Ok(response)
}

pub(super) async fn get(lambda: &Lambda, name: &str) -> Result<Value> {
    let slot = lambda.slot(name)?;
    Ok(json!({
        "Configuration": configuration(lambda, name).await?,
        "Code": { "RepositoryType": "Local", "Location": location(slot) },
        "Concurrency": { "ReservedConcurrentExecutions": slot.limits.per_function },
    }))
}

pub(super) async fn configuration(lambda: &Lambda, name: &str) -> Result<Value> {
    let mut configuration = describe(lambda, lambda.slot(name)?).await?;
    configuration["State"] = json!("Active");
    configuration["LastUpdateStatus"] = json!("Successful");
    Ok(configuration)
}

async fn describe(lambda: &Lambda, slot: &Slot) -> Result<Value> {
    let function = &slot.deployment.function;
    let program = &slot.deployment.command.program;
    let code = lambda.inner.codes.of(program).await;
    let code = code.map_err(|error| errors::unreadable(program, &error))?;
    let modified = lambda.inner.opened.strftime("%Y-%m-%dT%H:%M:%S%.3f+0000");
    let architecture = match std::env::consts::ARCH {
        "aarch64" => "arm64",
        other => other,
    };
    let mut configuration = json!({
        "FunctionName": function.name,
        "FunctionArn": lambda.arn(&function.name),
        "Runtime": "provided.al2023",
        "Handler": function.handler,
        "Role": function.role_arn,
        "CodeSha256": BASE64_STANDARD.encode(code.sha256),
        "CodeSize": code.size,
        "Description": "",
        "Timeout": function.timeout.as_secs(),
        "MemorySize": function.memory_mb,
        "Version": LATEST,
        "Environment": { "Variables": function.environment },
        "TracingConfig": { "Mode": "PassThrough" },
        "PackageType": "Zip",
        "Architectures": [architecture],
        "EphemeralStorage": { "Size": 512 },
        "LoggingConfig": { "LogFormat": "Text", "LogGroup": log_group(&function.name) },
    });
    configuration["RevisionId"] = json!(revision_id(&configuration));
    configuration["LastModified"] = json!(modified.to_string());
    Ok(configuration)
}

/// A UUID that changes with the code and the configuration, and with nothing else.
fn revision_id(configuration: &Value) -> String {
    let digest = Sha256::digest(configuration.to_string());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_random_bytes(bytes)
        .into_uuid()
        .to_string()
}

/// The program, where AWS gives a link to the deployment package.
fn location(slot: &Slot) -> String {
    format!("file://{}", slot.deployment.command.program.display())
}
