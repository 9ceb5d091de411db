//! The checks. None changes anything, and the endpoint is asked without an image, so nothing is
//! captured.

use std::path::Path;

use aws_config::SdkConfig;
use aws_sdk_s3::error::DisplayErrorContext;
use aws_sdk_sagemakerruntime::operation::invoke_endpoint::InvokeEndpointError;
use aws_sdk_sagemakerruntime::primitives::Blob;
use aws_sdk_sfn::types::StateMachineStatus;
use sam_template::{Application, Endpoint, StateMachine};
use service::Identity;

use super::Target;
use super::finding::{Finding, Findings};

/// AWS SDK clients of the place.
pub(super) struct Clients {
    s3: aws_sdk_s3::Client,
    sfn: aws_sdk_sfn::Client,
    runtime: aws_sdk_sagemakerruntime::Client,
    /// The way out where something of the template is not there.
    deploy: &'static str,
}

impl Clients {
    pub(super) fn of(config: &SdkConfig, target: &Target) -> Self {
        Self {
            s3: cifar_tools::s3::from_config(config),
            sfn: aws_sdk_sfn::Client::new(config),
            runtime: aws_sdk_sagemakerruntime::Client::new(config),
            deploy: match target {
                Target::Aws => "deploy it: just deploy",
                Target::Stack { .. } => "start the stack from this template: scones up",
            },
        }
    }
}

/// Returns true if a stack answers at `url`.
pub(super) async fn stack(url: &str) -> Finding {
    let address = url.strip_prefix("http://").unwrap_or(url);
    match tokio::net::TcpStream::connect(address.trim_end_matches('/')).await {
        Ok(_) => Finding::right("stack", url),
        Err(error) => {
            let way_out =
                "start one with `scones up`, or give another --endpoint-url; --aws looks at AWS";
            Finding::wrong("stack", format!("{url} does not answer: {error}"), way_out)
        }
    }
}

/// The account that AWS takes the credentials for.
pub(super) async fn account(config: &SdkConfig, findings: &mut Findings) -> Option<String> {
    let sts = aws_sdk_sts::Client::new(config);
    match sts.get_caller_identity().send().await {
        Ok(caller) => {
            findings.add(Finding::right("credentials", caller.arn().unwrap_or("?")));
            caller.account
        }
        Err(error) => {
            findings.add(Finding::wrong(
                "credentials",
                DisplayErrorContext(error).to_string(),
                "sign in (aws sso login), or set AWS_PROFILE, or run aws configure",
            ));
            None
        }
    }
}

/// Everything of the template that can be asked for with little.
pub(super) async fn application(
    clients: &Clients,
    application: &Application,
    identity: &Identity,
    findings: &mut Findings,
) {
    for bucket in &application.buckets {
        findings.add(bucket_is_there(clients, &bucket.name).await);
    }
    for machine in &application.state_machines {
        findings.add(machine_is_active(clients, machine, identity).await);
    }
    for endpoint in &application.endpoints {
        for variant in &endpoint.variants {
            findings.add(model_is_there(clients, &variant.model_data_url).await);
        }
        findings.add(endpoint_answers(clients, endpoint).await);
    }
    if application.endpoints.is_empty() {
        findings.add(Finding::unknown(
            "endpoint",
            "the template has none with these parameters",
        ));
    }
}

async fn bucket_is_there(clients: &Clients, name: &str) -> Finding {
    let what = format!("bucket {name}");
    match clients.s3.head_bucket().bucket(name).send().await {
        Ok(_) => Finding::right(what, "is there"),
        Err(error) if status(&error) == Some(404) => {
            Finding::wrong(what, "is not there", clients.deploy)
        }
        Err(error) if status(&error) == Some(403) => Finding::wrong(
            what,
            "is not for these credentials",
            "use those of the account that it was deployed to, with s3:ListBucket on it",
        ),
        Err(error) => Finding::wrong(what, DisplayErrorContext(error).to_string(), "try again"),
    }
}

async fn model_is_there(clients: &Clients, url: &str) -> Finding {
    let what = format!("model {url}");
    let Ok((bucket, key)) = s3_uri::split(url) else {
        return Finding::wrong(what, "is no S3 URI", "correct the template");
    };
    let head = clients
        .s3
        .head_object()
        .bucket(bucket)
        .key(key)
        .send()
        .await;
    match head {
        Ok(object) => {
            let bytes = object.content_length().unwrap_or_default();
            Finding::right(what, format!("{bytes} bytes"))
        }
        Err(error) if matches!(status(&error), Some(403 | 404)) => Finding::wrong(
            what,
            "is not there",
            "train one: scones demo here; on AWS run the state machine train-and-deploy, or just \
             deploy --model FILE",
        ),
        Err(error) => Finding::wrong(what, DisplayErrorContext(error).to_string(), "try again"),
    }
}

async fn machine_is_active(
    clients: &Clients,
    machine: &StateMachine,
    identity: &Identity,
) -> Finding {
    let arn = identity.arn("states", &format!("stateMachine:{}", machine.name));
    let what = format!("state machine {}", machine.name);
    let described = clients
        .sfn
        .describe_state_machine()
        .state_machine_arn(arn)
        .send()
        .await;
    match described {
        Ok(found) if found.status() == Some(&StateMachineStatus::Deleting) => {
            Finding::wrong(what, "is being deleted", clients.deploy)
        }
        Ok(_) => Finding::right(what, "is there"),
        Err(error) => match error.as_service_error() {
            Some(service) if service.is_state_machine_does_not_exist() => {
                Finding::wrong(what, "is not there", clients.deploy)
            }
            _ => Finding::wrong(what, DisplayErrorContext(error).to_string(), "try again"),
        },
    }
}

/// Invokes the endpoint with an invalid image: the container's error shows that it is in service.
async fn endpoint_answers(clients: &Clients, endpoint: &Endpoint) -> Finding {
    let what = format!("endpoint {}", endpoint.name);
    let request = clients
        .runtime
        .invoke_endpoint()
        .endpoint_name(&endpoint.name);
    let request = request
        .content_type("text/plain")
        .body(Blob::new("scones doctor"));
    let Err(error) = request.send().await else {
        return Finding::right(what, "answers");
    };
    match error.as_service_error() {
        Some(InvokeEndpointError::ModelError(error))
            if error
                .original_status_code()
                .is_some_and(|code| (400..500).contains(&code)) =>
        {
            Finding::right(what, "is in service")
        }
        Some(InvokeEndpointError::ModelError(error)) => Finding::wrong(
            what,
            format!("fails: {}", error.original_message().unwrap_or_default()),
            "its log says why: scones logs here, /aws/sagemaker/Endpoints/ on AWS",
        ),
        Some(service) if is_not_in_service(service) => Finding::wrong(
            what,
            "is not there, or not in service yet",
            "it needs its model: see above; then wait for it, or deploy again",
        ),
        _ => Finding::wrong(
            what,
            DisplayErrorContext(error).to_string(),
            "try again in a minute",
        ),
    }
}

/// Returns true for AWS's error of an endpoint that is not there or still being created, and the
/// local stack's of one that waits for its model.
fn is_not_in_service(error: &InvokeEndpointError) -> bool {
    matches!(
        error.meta().code(),
        Some("ValidationError" | "ServiceUnavailable")
    )
}

/// The programs that a deployment needs.
pub(super) fn programs(findings: &mut Findings) {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = |program: &str| {
        let mut folders = std::env::split_paths(&path);
        folders.any(|folder| Path::new(&folder).join(program).is_file())
    };
    for (program, way_out) in [
        ("aws", "install the AWS CLI, which just deploy uses"),
        ("sam", "pip install aws-sam-cli: just deploy needs it"),
        (
            "cargo-lambda",
            "pip install cargo-lambda: just deploy needs it",
        ),
        ("docker", "install it, or deploy with --no-image"),
    ] {
        findings.add(if found(program) {
            Finding::right(program, "is there")
        } else {
            Finding::wrong(program, "is not there", way_out)
        });
    }
}

fn status<E>(error: &aws_sdk_s3::error::SdkError<E>) -> Option<u16> {
    error
        .raw_response()
        .map(|response| response.status().as_u16())
}
