//! A model server: the child process that answers `/ping` and `/invocations` on a loopback port.
//!
//! It is started, watched and started again by a task of its own, until the [`Server`] is dropped.
//! Requests hold the server that they go to, so an old one ends after its last answer.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep, timeout};

use crate::config::Config;
use crate::config::Launch;
use crate::container::Container;
use service::private;
use service::process::{Process, Watchdog};

/// The pooled client to all servers.
pub(super) type HttpClient = Client<HttpConnector, Full<Bytes>>;

/// A server that answers slower than this to `/ping` is sick; SageMaker has the same limit.
const PING_TIMEOUT: Duration = Duration::from_secs(2);
/// Interval of SageMaker's health checks.
const PING_INTERVAL: Duration = Duration::from_secs(5);
/// Sick so often in a row, it is started anew.
const PINGS_MISSED: u32 = 3;
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(30));
/// Uptime after which a server starts again at once.
const HEALTHY: Duration = Duration::from_secs(60);
/// A log that is longer when a server starts begins anew.
const MAX_LOG: u64 = 16 << 20;
/// Bytes of the log that a failure quotes.
const LOG_TAIL: u64 = 1024;

pub(super) fn http_client() -> HttpClient {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    Client::builder(TokioExecutor::new()).build(connector)
}

/// Specification that a server is started from, again and again.
#[derive(Clone)]
pub(super) struct ServerSpec {
    pub(super) config: Arc<Config>,
    pub(super) client: HttpClient,
    /// Name in the stack's own log.
    pub(super) name: String,
    pub(super) container: Container,
    pub(super) model_dir: PathBuf,
    pub(super) log: PathBuf,
    /// Dropped when the server is gone: what a shutdown waits for.
    pub(super) _alive: mpsc::Sender<()>,
}

/// A supervised server. Dropping it ends the process.
#[derive(Debug)]
pub(super) struct Server {
    address: watch::Receiver<Option<SocketAddr>>,
    /// Its end is the signal.
    _stop: oneshot::Sender<()>,
}

impl Server {
    /// Starts a server and waits until it answers `/ping`. The error says why it did not.
    pub(super) async fn start(spec: ServerSpec) -> Result<Self, String> {
        let (sender, address) = watch::channel(None);
        let (stop, stopped) = oneshot::channel();
        let (first, started) = oneshot::channel();
        tokio::spawn(supervise(spec, sender, first, stopped));
        let server = Self {
            address,
            _stop: stop,
        };
        match started.await {
            Ok(result) => result.map(|()| server),
            Err(_) => Err("the stack is shutting down".into()),
        }
    }

    /// Returns its address; `None` while it is being started again.
    pub(super) fn address(&self) -> Option<SocketAddr> {
        *self.address.borrow()
    }
}

/// Reason why one run of the process ended.
enum End {
    /// The server is no longer wanted.
    Stopped,
    /// The process ended by itself.
    Ended(String),
    /// It lives and is of no use.
    Failed(String),
}

async fn supervise(
    spec: ServerSpec,
    address: watch::Sender<Option<SocketAddr>>,
    first: oneshot::Sender<Result<(), String>>,
    mut stop: oneshot::Receiver<()>,
) {
    let mut first = Some(first);
    let mut back_off = BACK_OFF.0;
    loop {
        let began = Instant::now();
        let end = run(&spec, &address, &mut first, &mut stop).await;
        let (End::Ended(reason) | End::Failed(reason)) = end else {
            return;
        };
        if let Some(first) = first.take() {
            // Who asked may have gone; then no one needs to know.
            let _ = first.send(Err(reason));
            return;
        }
        let server = &spec.name;
        tracing::warn!(server, reason, "the model server is started again");
        if began.elapsed() > HEALTHY {
            back_off = BACK_OFF.0;
        }
        tokio::select! {
            _ = &mut stop => return,
            () = sleep(back_off) => back_off = (back_off * 2).min(BACK_OFF.1),
        }
    }
}

/// Runs the process once, from its start until it is gone.
async fn run(
    spec: &ServerSpec,
    address: &watch::Sender<Option<SocketAddr>>,
    first: &mut Option<oneshot::Sender<Result<(), String>>>,
    stop: &mut oneshot::Receiver<()>,
) -> End {
    let mut run = match Run::start(spec) {
        Ok(run) => run,
        Err(error) => return End::Failed(format!("the model server can't be started: {error}")),
    };
    let end = run.come_up(spec, stop).await;
    let end = match end {
        Some(end) => end,
        None => {
            address.send_replace(Some(run.at));
            if let Some(first) = first.take() {
                // As above.
                let _ = first.send(Ok(()));
            }
            run.serve(spec, stop).await
        }
    };
    address.send_replace(None);
    run.process.kill().await;
    end
}

/// One life of the process.
struct Run {
    process: Process,
    at: SocketAddr,
    /// Given back at the end.
    _port: Port,
    /// Offset of its part of the log.
    log_start: u64,
}

impl Run {
    fn start(spec: &ServerSpec) -> io::Result<Self> {
        let port = Port::take()?;
        let launch = Launch {
            image: &spec.container.image,
            model_dir: &spec.model_dir,
            port: port.0,
        };
        let program = spec.config.programs.find(launch.image);
        let program = program.map_err(io::Error::other)?;
        let mut command = (program.serve)(&launch);
        let log = open_log(&spec.log)?;
        let log_start = log.metadata()?.len();
        command
            .envs(&spec.container.environment)
            .env("SAGEMAKER_BIND_TO_PORT", port.0.to_string())
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        let program = command.get_program().display().to_string();
        let process = Watchdog::start()
            .and_then(|watchdog| Process::start(command, Arc::new(watchdog)))
            .map_err(|error| io::Error::new(error.kind(), format!("{program}: {error}")))?;
        let at = SocketAddr::from((Ipv4Addr::LOCALHOST, port.0));
        Ok(Self {
            process,
            at,
            _port: port,
            log_start,
        })
    }

    /// Waits until it answers `/ping`; an end where it does not.
    async fn come_up(
        &mut self,
        spec: &ServerSpec,
        stop: &mut oneshot::Receiver<()>,
    ) -> Option<End> {
        let limit = spec.config.start_timeout;
        tokio::select! {
            _ = stop => Some(End::Stopped),
            status = ended(&mut self.process) => {
                let log = quote(&spec.log, self.log_start);
                Some(End::Ended(format!("the model server ended at its start ({status}){log}")))
            }
            ready = timeout(limit, until_ready(spec, self.at)) => ready.err().map(|_| {
                let log = quote(&spec.log, self.log_start);
                End::Failed(format!("the model server did not answer /ping with 200 in \
                                     {limit:?}{log}"))
            }),
        }
    }

    /// Waits until it should be, or is, no longer.
    async fn serve(&mut self, spec: &ServerSpec, stop: &mut oneshot::Receiver<()>) -> End {
        tokio::select! {
            _ = stop => End::Stopped,
            status = ended(&mut self.process) => End::Ended(status),
            () = until_sick(spec, self.at) => End::Failed("it does not answer /ping".into()),
        }
    }
}

/// Waits for the process to end by itself, and says how it ended.
async fn ended(process: &mut Process) -> String {
    match process.wait().await {
        Ok(status) => status.to_string(),
        Err(error) => error.to_string(),
    }
}

/// Ports that servers of this process have, or are about to listen on.
static TAKEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());

/// A loopback port that no one listened on, and no other server here is given. Another program may
/// still take it first; then the server fails, and starts again on another one.
struct Port(u16);

impl Port {
    fn take() -> io::Result<Self> {
        loop {
            let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
            let port = listener.local_addr()?.port();
            if taken().insert(port) {
                return Ok(Self(port));
            }
        }
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        taken().remove(&self.0);
    }
}

fn taken() -> MutexGuard<'static, BTreeSet<u16>> {
    TAKEN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn open_log(path: &Path) -> io::Result<File> {
    if let Some(parent) = path.parent() {
        private::create_dir_all(parent)?;
    }
    let log = private::append(path)?;
    if log.metadata()?.len() > MAX_LOG {
        log.set_len(0)?;
    }
    Ok(log)
}

/// The end of what the process logged, for a failure's reason.
fn quote(path: &Path, start: u64) -> String {
    let tail = || -> io::Result<String> {
        let mut log = private::open_to_read(path)?;
        let length = log.metadata()?.len();
        log.seek(SeekFrom::Start(start.max(length.saturating_sub(LOG_TAIL))))?;
        let mut bytes = Vec::new();
        log.take(LOG_TAIL).read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).trim().to_owned())
    };
    match tail() {
        Ok(text) if !text.is_empty() => format!(": {text}"),
        _ => String::new(),
    }
}

async fn until_ready(spec: &ServerSpec, at: SocketAddr) {
    let mut pause = Duration::from_millis(5);
    while !ping(spec, at).await {
        sleep(pause).await;
        pause = (pause * 2).min(Duration::from_millis(100));
    }
}

async fn until_sick(spec: &ServerSpec, at: SocketAddr) {
    let mut missed = 0;
    while missed < PINGS_MISSED {
        sleep(PING_INTERVAL).await;
        missed = if ping(spec, at).await { 0 } else { missed + 1 };
    }
}

async fn ping(spec: &ServerSpec, at: SocketAddr) -> bool {
    let request = http::Request::get(format!("http://{at}/ping")).body(Full::default());
    let Ok(request) = request else { return false };
    let answer = async {
        let response = spec.client.request(request).await.ok()?;
        let ok = response.status() == http::StatusCode::OK;
        // Reading to the end keeps the connection.
        response.into_body().collect().await.ok()?;
        Some(ok)
    };
    timeout(PING_TIMEOUT, answer).await.ok().flatten() == Some(true)
}
