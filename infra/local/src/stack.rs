//! The stack as a whole: takes the data directory and the port, reads the template, and opens a
//! service for each part.

use std::collections::BTreeMap;
use std::error::Error;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use service::process::{keep_others_out, raise_open_files_limit};
use service::sdk::SdkService;
use service::signature::{Key, Verifier};
use service::{Identity, Service, ServiceError, Stop, database};
use tokio::net::TcpListener;
use tokio::sync::{Mutex, watch};
use tokio::task::JoinSet;

use crate::listen::{self, ListenError};
use crate::registry::Registry;
use crate::server;
use crate::stack_info::{DataDir, LockError, StackInfo};
use local_apigateway::ApiGateway;
use local_lambda::{Deployment, Lambda};
use local_s3::S3;
use local_sagemaker::SageMaker;
use local_scheduler::Scheduler;
use local_states::{EvaluatorCommand, ReachableServices, States};
use sam_template::{Application, Function, TemplateError};

/// The time limit for requests in progress when the stack stops.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(5);

/// Says which command runs a function of the template; `None` where there is none for it.
pub type FunctionCommand = Box<dyn Fn(&Function) -> Option<local_lambda::Command> + Send>;

/// The configuration of a stack.
pub struct Config {
    /// The account and region that it answers for.
    pub identity: Identity,
    /// The address to listen on; port 0 picks a free port.
    pub listen: SocketAddr,
    /// The key that every request must be signed with. Without one, any key is accepted, and
    /// `listen` must be a loopback address.
    pub key: Option<Key>,
    /// The directory of all state.
    pub data_dir: PathBuf,
    /// The SAM template; none for a stack that starts empty.
    pub template: Option<PathBuf>,
    /// Values for the template's parameters.
    pub parameters: BTreeMap<String, String>,
    /// The retention period of ended executions: [`local_states::RETENTION`] is as long as on AWS.
    pub retention: Duration,
    /// The command that runs a function.
    pub function_command: FunctionCommand,
    /// The programs that stand for container images.
    pub containers: local_sagemaker::ContainerPrograms,
    /// Services in addition to the stack's own.
    pub services: Vec<Arc<dyn Service>>,
    /// The command that evaluates JSONata ([`local_states::serve_evaluations`]); without one the
    /// stack does, itself.
    pub evaluator: Option<EvaluatorCommand>,
}

/// The reason that a stack did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data directory is not to be had.
    #[error(transparent)]
    DataDir(#[from] LockError),
    /// The port is not to be had.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The template can't be run.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// The template has a function that nothing here runs.
    #[error(
        "the function {0} can't be run: its Metadata.BuildProperties.Binary names none of this \
         program's functions"
    )]
    NoCommand(String),
    /// A service could not open its state, or rejected the template's resources.
    #[error("{service}: {source}")]
    Service {
        /// The service.
        service: &'static str,
        /// The service's error.
        source: Box<dyn Error + Send + Sync>,
    },
}

/// A running stack. Cheap to clone; all clones are one stack, which ends with [`Stack::shut_down`].
#[derive(Clone)]
pub struct Stack {
    parts: Arc<Inner>,
}

struct Inner {
    info: StackInfo,
    identity: Identity,
    application: Application,
    services: Registry,
    handles: Handles,
    verifier: Option<Verifier>,
    stop: watch::Sender<bool>,
    tasks: Mutex<JoinSet<()>>,
    data_dir: DataDir,
}

/// The services, for operations that the AWS APIs do not offer.
struct Handles {
    s3: S3,
    lambda: Lambda,
    states: States,
    sagemaker: SageMaker,
    scheduler: Scheduler,
}

impl Stack {
    /// Starts a stack: when this returns, it answers, and what ran when an earlier one ended runs
    /// again.
    ///
    /// # Errors
    /// The data directory, the port, the template or a service is not as it must be.
    // Boxed, so that it is compiled here and not in each program that waits for it.
    pub fn start(config: Config) -> BoxFuture<'static, Result<Self, StartError>> {
        Self::open(config).boxed()
    }

    async fn open(config: Config) -> Result<Self, StartError> {
        raise_open_files_limit();
        if config.key.is_some() {
            keep_others_out().map_err(in_service("the process"))?;
        }
        let mut data_dir = DataDir::take(&config.data_dir)?;
        let listener = listen::bind(config.listen, config.key.as_ref()).await?;
        let info = StackInfo::this_process(&listener).map_err(in_service("the port"))?;
        let mut services = Registry::default();
        for service in &config.services {
            services.register(service.clone());
        }
        let application = match &config.template {
            Some(path) => {
                let others = services.resource_types();
                sam_template::load(path, &config.parameters, &config.identity, &others)?
            }
            None => Application::default(),
        };
        let functions_key = match config.key {
            Some(_) => Key::of_functions(),
            None => Key::unverified(),
        };
        let handles = register(
            &mut services,
            &config,
            data_dir.path(),
            &info.url,
            &functions_key,
            &application,
        )?;
        let region = config.identity.region.clone();
        let verifier = config
            .key
            .map(|key| Verifier::new([key, functions_key], region, data_dir.path().to_owned()));
        handles.declare(&application).await?;
        services.declare(&application).await?;
        data_dir
            .write_info(&info)
            .map_err(in_service("the data directory"))?;
        let stack = Self {
            parts: Arc::new(Inner {
                info,
                identity: config.identity,
                application,
                services,
                handles,
                verifier,
                stop: watch::Sender::new(false),
                tasks: Mutex::default(),
                data_dir,
            }),
        };
        stack.run(listener).await?;
        Ok(stack)
    }

    /// Starts what goes on by itself: answering, delivering events, and the executions of an
    /// earlier stack.
    async fn run(&self, listener: TcpListener) -> Result<(), StartError> {
        let mut tasks = self.parts.tasks.lock().await;
        // Before the first request: a worker's answer must find the task that waits for it. What
        // the executions call over the port waits there until it is served.
        for service in self.services().iter() {
            let resumed = service.resume().await;
            resumed.map_err(|source| StartError::of(&**service, source))?;
        }
        let stop = Stop::new(self.parts.stop.subscribe());
        tasks.spawn(server::serve(
            listener,
            self.clone(),
            stop.clone().stopped(),
        ));
        for service in self.services().iter() {
            let service = service.clone();
            let stop = stop.clone();
            tasks.spawn(async move { service.run(stop).await });
        }
        tracing::info!(url = self.url(), "the stack answers");
        Ok(())
    }

    /// Stops the stack: completes requests in progress, ends the functions and the model servers,
    /// and releases the data directory when the last clone is dropped. The next stack continues
    /// running executions.
    pub fn shut_down(&self) -> BoxFuture<'_, ()> {
        self.close().boxed()
    }

    async fn close(&self) {
        self.parts.stop.send_replace(true);
        for service in self.services().iter().rev() {
            service.shut_down().await;
        }
        let mut tasks = self.parts.tasks.lock().await;
        let ended = async { while tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(SHUTDOWN_TIMEOUT, ended).await.is_err() {
            tracing::warn!("requests were still being answered when the stack stopped");
        }
        tasks.shutdown().await;
        for service in self.services().iter().rev() {
            service.close().await;
        }
        let data_dir = self.data_dir().to_owned();
        let checkpoint = move || database::checkpoint_all(&data_dir);
        if let Err(error) = tokio::task::spawn_blocking(checkpoint).await {
            tracing::error!(%error, "the databases could not be closed");
        }
    }

    /// Returns the services, those of [`Config::services`] among them.
    pub(crate) fn services(&self) -> &Registry {
        &self.parts.services
    }

    /// The URL that the stack answers on, for `AWS_ENDPOINT_URL`.
    pub fn url(&self) -> &str {
        &self.parts.info.url
    }

    /// Returns the process and URL of this stack.
    pub(crate) fn info(&self) -> &StackInfo {
        &self.parts.info
    }

    /// Returns true if every request must be signed with the stack's key.
    pub fn verifies(&self) -> bool {
        self.parts.verifier.is_some()
    }

    /// Returns the verifier of signatures, if the stack has a key.
    pub(crate) fn verifier(&self) -> Option<&Verifier> {
        self.parts.verifier.as_ref()
    }

    /// The account and region that it answers for.
    pub fn identity(&self) -> &Identity {
        &self.parts.identity
    }

    /// Returns the application that the template describes.
    pub fn application(&self) -> &Application {
        &self.parts.application
    }

    /// Returns the directory of all state, an absolute path.
    pub fn data_dir(&self) -> &Path {
        self.parts.data_dir.path()
    }

    /// A service's API as the AWS SDKs have it, without HTTP between, by the SDKs' name: `s3`,
    /// `sagemakerruntime`, `sfn`.
    pub fn service(&self, name: &str) -> Option<Arc<dyn SdkService>> {
        self.services().api(name)
    }

    /// Amazon S3.
    pub fn s3(&self) -> &S3 {
        &self.parts.handles.s3
    }

    /// AWS Lambda.
    pub fn lambda(&self) -> &Lambda {
        &self.parts.handles.lambda
    }

    /// AWS Step Functions.
    pub fn states(&self) -> &States {
        &self.parts.handles.states
    }

    /// Amazon SageMaker.
    pub fn sagemaker(&self) -> &SageMaker {
        &self.parts.handles.sagemaker
    }

    /// The template's outputs, with the addresses of its APIs as they are here.
    pub fn outputs(&self) -> impl Iterator<Item = (&str, String)> {
        let Application { outputs, apis, .. } = self.application();
        outputs.iter().map(|(name, value)| {
            let value = local_apigateway::localized(value, apis, self.identity(), self.url());
            (name.as_str(), value)
        })
    }
}

/// Opens and registers the stack's own services, each after those that it needs.
fn register(
    services: &mut Registry,
    config: &Config,
    data_dir: &Path,
    url: &str,
    key: &Key,
    application: &Application,
) -> Result<Handles, StartError> {
    let identity = &config.identity;
    let functions = local_lambda::Config {
        functions: deployments(config, application)?,
        endpoint_url: url.to_owned(),
        key: key.clone(),
        limits: local_lambda::Limits::default(),
        retry: local_lambda::RetryPolicy::default(),
    };
    let models =
        local_sagemaker::Config::new(application.endpoints.clone(), config.containers.clone());
    let s3 = S3::open(data_dir, identity.clone()).map_err(in_service("S3"))?;
    services.register(Arc::new(s3.clone()));
    let objects = Arc::new(s3.clone());

    let lambda =
        Lambda::open(data_dir, identity.clone(), functions).map_err(in_service("Lambda"))?;
    services.register(Arc::new(lambda.clone()));
    let functions = Arc::new(lambda.clone());
    s3.notify(functions.clone());

    let apis = application.apis.clone();
    let apigateway = ApiGateway::new(apis, identity.clone(), functions.clone());
    services.register(Arc::new(apigateway));

    let sagemaker = SageMaker::open(data_dir, identity.clone(), models, objects.clone());
    let sagemaker = sagemaker.map_err(in_service("SageMaker"))?;
    services.register(Arc::new(sagemaker.clone()));

    let mut reachable = ReachableServices::new(functions.clone())
        .with_objects(objects)
        .with_retention(config.retention);
    for service in services.iter() {
        for (name, api) in service.apis() {
            reachable = reachable.with_service(name, api);
        }
        if let Some((name, jobs)) = service.jobs() {
            reachable = reachable.with_jobs(name, jobs);
        }
    }
    if let Some(command) = &config.evaluator {
        reachable = reachable.with_evaluator(local_states::evaluators(command.clone()));
    }
    let states = States::open(data_dir, identity.clone(), reachable)
        .map_err(in_service("Step Functions"))?;
    services.register(Arc::new(states.clone()));

    let machines = Arc::new(states.clone());
    let scheduler = Scheduler::open(data_dir, identity.clone(), machines, functions)
        .map_err(in_service("EventBridge Scheduler"))?;
    services.register(Arc::new(scheduler.clone()));
    Ok(Handles {
        s3,
        lambda,
        states,
        sagemaker,
        scheduler,
    })
}

impl Handles {
    /// Creates or updates the buckets, state machines and schedules of the template.
    async fn declare(&self, application: &Application) -> Result<(), StartError> {
        for bucket in &application.buckets {
            self.s3
                .declare_bucket(bucket)
                .await
                .map_err(in_service("S3"))?;
        }
        for machine in &application.state_machines {
            self.states
                .declare(machine)
                .await
                .map_err(in_service("Step Functions"))?;
        }
        self.scheduler
            .declare(application.schedules.clone())
            .await
            .map_err(in_service("EventBridge Scheduler"))?;
        Ok(())
    }
}

fn deployments(config: &Config, application: &Application) -> Result<Vec<Deployment>, StartError> {
    let deployment = |function: &Function| {
        let command = (config.function_command)(function);
        let command = command.ok_or_else(|| StartError::NoCommand(function.logical_id.clone()))?;
        Ok(Deployment {
            function: function.clone(),
            command,
        })
    };
    application.functions.iter().map(deployment).collect()
}

impl StartError {
    /// Wraps a service's error that keeps the stack from starting.
    pub(crate) fn of(service: &dyn Service, source: ServiceError) -> Self {
        Self::Service {
            service: service.name(),
            source,
        }
    }
}

fn in_service<E: Error + Send + Sync + 'static>(service: &'static str) -> impl Fn(E) -> StartError {
    move |source| StartError::Service {
        service,
        source: Box::new(source),
    }
}
