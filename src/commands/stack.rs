//! What the verbs that start the local stack have in common.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, anyhow};
use scones_local::aws::Identity;
use scones_local::template::{Application, Endpoint};
use scones_local::{Config, Stack};
use tokio::signal::unix::{SignalKind, signal};

use crate::{cli, own};

/// Starts the stack that the options describe, with `template`, and says what that asks for in vain.
pub(crate) async fn start(options: &cli::Stack, template: Option<&Path>) -> anyhow::Result<Stack> {
    super::start_logging("warn,s3s=off"); // s3s logs every client's mistake as an error of its own
    let program = own::program()?;
    let config = Config {
        identity: Identity::default(),
        listen: SocketAddr::new(options.listen, options.port),
        data_dir: options.data_dir.clone(),
        template: template.map(Path::to_owned),
        parameters: options.parameters.iter().cloned().collect(),
        retention: Duration::from_hours(24 * u64::from(options.keep_days)),
        model_server: own::model_server(program.clone()),
        training: own::training(program.clone()),
        function_command: Box::new(move |function| {
            own::function(&program, function.binary.as_deref()?)
        }),
    };
    let stack = Stack::start(config).await?;
    for note in &stack.application().notes {
        eprintln!("note: {note}");
    }
    Ok(stack)
}

/// Says how to reach the stack.
pub(crate) fn introduce(stack: &Stack) {
    let (url, region) = (stack.url(), &stack.identity().region);
    println!("\nThe stack answers on {url}. For any AWS SDK or the AWS CLI:\n");
    println!("  export AWS_ENDPOINT_URL={url}");
    println!("  export AWS_REGION={region} AWS_DEFAULT_REGION={region}");
    println!("  export AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local\n");
    for (name, value) in stack.outputs() {
        println!("  {name:16} {value}");
    }
    println!(
        "\nCtrl-C stops it; its state stays in {}.",
        stack.data_dir().display()
    );
}

/// Waits for SIGINT or SIGTERM, or for the end of standard input where that is asked for.
pub(crate) async fn until_told_to_stop(options: &cli::Stack) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("listening for SIGTERM")?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted.context("listening for SIGINT"),
        _ = terminate.recv() => Ok(()),
        () = end_of_stdin(), if options.until_stdin_ends => Ok(()),
    }
}

/// Waits on a thread of its own: a read of standard input can't be called off, and must not hold up the runtime's end.
async fn end_of_stdin() {
    let (ended, end) = tokio::sync::oneshot::channel::<()>();
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        drop(ended);
    });
    let _ = end.await;
}

/// What the demo needs to know of the template.
#[derive(Debug)]
pub(crate) struct Names {
    pub(crate) bucket: String,
    pub(crate) state_machine_arn: String,
    pub(crate) endpoint: String,
    /// Where the endpoint's model is, in the bucket.
    pub(crate) model_key: String,
    /// The classes, separated by commas.
    pub(crate) labels: String,
    pub(crate) threshold: f64,
}

impl Names {
    /// Reads them from the template's outputs and the functions' environments.
    pub(crate) fn of(application: &Application) -> anyhow::Result<Self> {
        let output = |name: &str| {
            let value = application.outputs.get(name).cloned();
            value.ok_or_else(|| anyhow!("the template has no output {name}, which the demo reads"))
        };
        let bucket = output("BucketName")?;
        let endpoint = output("EndpointName")?;
        Ok(Self {
            model_key: model_key(application, &endpoint, &bucket)?,
            labels: environment(application, "LABELS")?,
            threshold: environment(application, "CONFIDENCE_THRESHOLD")?
                .parse()
                .context("CONFIDENCE_THRESHOLD")?,
            state_machine_arn: output("StateMachineArn")?,
            bucket,
            endpoint,
        })
    }
}

fn model_key(application: &Application, endpoint: &str, bucket: &str) -> anyhow::Result<String> {
    let found = application
        .endpoints
        .iter()
        .find(|candidate| candidate.name == endpoint);
    let url = found
        .and_then(|Endpoint { variants, .. }| variants.first())
        .map(|variant| &variant.model_data_url);
    let key = url.and_then(|url| url.strip_prefix(&format!("s3://{bucket}/")));
    let key =
        key.with_context(|| format!("the endpoint {endpoint} has no model in s3://{bucket}"))?;
    Ok(key.to_owned())
}

fn environment(application: &Application, variable: &str) -> anyhow::Result<String> {
    let value = application
        .functions
        .iter()
        .find_map(|function| function.environment.get(variable));
    value
        .cloned()
        .with_context(|| format!("no function of the template has the variable {variable}"))
}
