//! The variables that a function's process starts with.

use std::collections::BTreeMap;
use std::ffi::OsString;

use crate::config::Deployment;
use crate::name::LATEST;
use service::Identity;
use service::signature::Key;

/// Returns all variables of an environment, in addition to those of [`service::process`]: AWS's
/// defaults, the template's, those that AWS reserves
/// (<https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html>), the command's own;
/// later ones win. `AWS_EXECUTION_ENV` is left out on purpose, as on AWS for custom runtimes.
pub(super) fn variables(
    deployment: &Deployment,
    identity: &Identity,
    endpoint_url: &str,
    key: &Key,
    runtime_api: &str,
    log_stream: &str,
) -> BTreeMap<String, OsString> {
    let function = &deployment.function;
    let task_root = deployment.command.task_root.as_ref();
    let reserved = [
        ("AWS_ACCESS_KEY_ID", key.id().to_owned()),
        ("AWS_DEFAULT_REGION", identity.region.clone()),
        ("AWS_ENDPOINT_URL", endpoint_url.to_owned()),
        (
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
            function.memory_mb.to_string(),
        ),
        ("AWS_LAMBDA_FUNCTION_NAME", function.name.clone()),
        ("AWS_LAMBDA_FUNCTION_VERSION", LATEST.into()),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".into()),
        ("AWS_LAMBDA_LOG_GROUP_NAME", log_group(&function.name)),
        ("AWS_LAMBDA_LOG_STREAM_NAME", log_stream.to_owned()),
        ("AWS_LAMBDA_RUNTIME_API", runtime_api.to_owned()),
        ("AWS_REGION", identity.region.clone()),
        ("AWS_SECRET_ACCESS_KEY", key.secret().to_owned()),
        ("AWS_SESSION_TOKEN", "local".into()),
        ("_HANDLER", function.handler.clone()),
    ];
    let defaults = [("LANG", "en_US.UTF-8"), ("TZ", ":UTC")];
    let defaults = defaults.map(|(key, value)| (key.to_owned(), value.into()));
    defaults
        .into_iter()
        .chain(to_owned_pairs(&function.environment))
        .chain(reserved.map(|(key, value)| (key.to_owned(), value.into())))
        .chain(task_root.map(|root| ("LAMBDA_TASK_ROOT".to_owned(), root.into())))
        .chain(to_owned_pairs(&deployment.command.env))
        .collect()
}

/// The CloudWatch log group of a function.
pub(crate) fn log_group(function: &str) -> String {
    format!("/aws/lambda/{function}")
}

fn to_owned_pairs(
    variables: &BTreeMap<String, String>,
) -> impl Iterator<Item = (String, OsString)> {
    let pairs = variables.iter();
    pairs.map(|(key, value)| (key.clone(), value.into()))
}
