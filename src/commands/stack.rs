//! Starts the local stack, for all verbs that do.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, anyhow};
use evaluation::Threshold;
use s3_uri::S3Uri;
use sam_template::{Application, Endpoint};
use scones_local::{Config, Stack};
use service::Identity;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::{cli, console, key, subprocess};

/// The default address of the console.
const CONSOLE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

const PLAIN_HTTP: &str = "requests are verified, and travel as plain HTTP: who is on the way \
                          reads them, and can change bodies that are not signed. Let a proxy that \
                          passes Host on speak TLS.";

/// A stack and its console.
pub(crate) struct Running {
    pub(crate) stack: Stack,
    console: Option<Console>,
}

struct Console {
    url: String,
    stop: oneshot::Sender<()>,
    served: JoinHandle<()>,
}

/// Starts the stack that the options describe, with `template`, and its console, and says what they
/// ask for in vain.
pub(crate) async fn start(
    options: &cli::Stack,
    template: Option<&Path>,
) -> anyhow::Result<Running> {
    super::start_logging("warn,s3s=off"); // s3s logs every client's mistake as an error of its own
    // First: a console that was asked for and can't be had is an error before anything runs.
    let listener = console_listener(options).await?;
    let program = subprocess::program()?;
    let config = Config {
        services: Vec::new(),
        identity: Identity::default(),
        listen: SocketAddr::new(options.listen, options.port),
        key: key::of_environment()?,
        data_dir: options.data_dir.clone(),
        template: template.map(Path::to_owned),
        parameters: options.parameters.iter().cloned().collect(),
        retention: Duration::from_hours(24 * u64::from(options.keep_days)),
        containers: subprocess::containers(&program, &options.images),
        evaluator: Some(subprocess::evaluator(program.clone())),
        function_command: Box::new(move |function| {
            subprocess::function(&program, function.binary.as_deref()?)
        }),
    };
    let stack = Stack::start(config).await?;
    if !options.listen.is_loopback() {
        eprintln!("note: {PLAIN_HTTP}");
    }
    for note in &stack.application().notes {
        eprintln!("note: {note}");
    }
    let console = listener.map(|listener| Console::serve(listener, &stack));
    Ok(Running {
        console: console.transpose()?,
        stack,
    })
}

/// The console's address. Where nobody asked for a certain one, a stack does without: several may
/// run at once.
async fn console_listener(options: &cli::Stack) -> anyhow::Result<Option<TcpListener>> {
    if options.no_console {
        return Ok(None);
    }
    match ::console::bind(options.console.unwrap_or(CONSOLE)).await {
        Ok(listener) => Ok(Some(listener)),
        Err(error) if options.console.is_some() => Err(error.into()),
        Err(error) => {
            eprintln!("note: no console: {error}");
            Ok(None)
        }
    }
}

impl Console {
    fn serve(listener: TcpListener, stack: &Stack) -> anyhow::Result<Self> {
        let url = format!("http://{}", listener.local_addr()?);
        let (stop, stopped) = oneshot::channel();
        let stopped = async move {
            // An error means that nobody is left to stop it.
            let _ = stopped.await;
        };
        let (aws, application) = (console::aws(stack), console::application(stack));
        let served = tokio::spawn(async move {
            if let Err(error) =
                ::console::serve(listener, aws, application, Box::pin(stopped)).await
            {
                eprintln!("scones: the console stopped: {error}");
            }
        });
        Ok(Self { url, stop, served })
    }

    /// Ends the streams, and answers what is asked.
    async fn shut_down(self) {
        let _ = self.stop.send(());
        // A browser may hold a connection open and say nothing on it.
        let _ = tokio::time::timeout(Duration::from_secs(1), self.served).await;
    }
}

impl Running {
    /// Stops both.
    pub(crate) async fn shut_down(self) {
        if let Some(console) = self.console {
            console.shut_down().await;
        }
        self.stack.shut_down().await;
    }
}

/// Prints the addresses of the stack and its console.
pub(crate) fn introduce(Running { stack, console }: &Running) {
    if let Some(console) = console {
        println!("\nThe console: {}", console.url);
    }
    let (url, region) = (stack.url(), &stack.identity().region);
    println!("\nThe stack answers on {url}. For any AWS SDK or the AWS CLI:\n");
    println!("  export AWS_ENDPOINT_URL={url}");
    println!("  export AWS_REGION={region} AWS_DEFAULT_REGION={region}");
    println!(
        "  export {}\n",
        if stack.verifies() {
            "AWS_ACCESS_KEY_ID=$SCONES_ACCESS_KEY_ID \
             AWS_SECRET_ACCESS_KEY=$SCONES_SECRET_ACCESS_KEY"
        } else {
            "AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local"
        }
    );
    let longest = stack.outputs().map(|(name, _)| name.len()).max();
    let width = longest.unwrap_or_default();
    for (name, value) in stack.outputs() {
        println!("  {name:width$}  {value}");
    }
    println!(
        "\nCtrl-C stops it; its state stays in {}.",
        stack.data_dir().display()
    );
}

/// Waits for SIGINT or SIGTERM, or for the end of standard input where that is asked for.
pub(crate) async fn shutdown_requested(options: &cli::Stack) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("listening for SIGTERM")?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted.context("listening for SIGINT"),
        _ = terminate.recv() => Ok(()),
        () = end_of_stdin(), if options.until_stdin_ends => Ok(()),
    }
}

/// Waits on a thread of its own: a read of standard input can't be called off, and must not hold up
/// the runtime's end.
async fn end_of_stdin() {
    let (ended, end) = tokio::sync::oneshot::channel::<()>();
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        drop(ended);
    });
    let _ = end.await;
}

/// The parts of the template that the demo needs.
#[derive(Debug)]
pub(crate) struct DemoConfig {
    pub(crate) bucket: String,
    pub(crate) state_machine_arn: String,
    pub(crate) endpoint: String,
    /// Location of the endpoint's model, in the bucket.
    pub(crate) model_key: String,
    /// The classes, separated by commas.
    pub(crate) labels: String,
    pub(crate) threshold: Threshold,
}

impl DemoConfig {
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
    let uri: Option<S3Uri> = url.and_then(|url| url.parse().ok());
    let uri = uri.filter(|uri| uri.bucket == bucket);
    let uri =
        uri.with_context(|| format!("the endpoint {endpoint} has no model in s3://{bucket}"))?;
    Ok(uri.key)
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
