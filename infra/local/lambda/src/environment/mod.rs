//! An execution environment: one process, one Runtime API, one invocation at a time.
//!
//! ```text
//! start -> init -> (invocation -> rest)*
//! ```
//! It is one task that owns the process and reads everything that concerns it, so that its order of
//! events is the order that the log shows. It ends, and the process with it, when the process
//! exits, at the function's timeout, after a long rest, and when the pool drops its handle or
//! closes.

mod job;
mod output;
mod report;
mod runtime_api;
mod variables;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, PipeWriter};
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::config::Command;
use super::failure::Failure;
use super::pool::{Pool, Slot};
pub(super) use job::{Handle, Job, Reply, Request};
use output::Output;
use report::Report;
use runtime_api::{Call, Event, Verdict};
use service::Invocation;
use service::process::Process;
pub(super) use variables::log_group;

/// The time a runtime that has reported its own failed start may take to exit.
const EXIT_GRACE: Duration = Duration::from_secs(2);

/// The function and the shared resources that an environment is created with.
#[derive(Debug)]
pub(super) struct EnvironmentSpec {
    pub(super) slot: Arc<Slot>,
    pub(super) pool: Weak<Pool>,
    pub(super) closing: watch::Receiver<bool>,
}

/// A process, its output, its calls to the Runtime API, and the task that serves them.
type Spawned = (Process, Output, mpsc::Receiver<Call>, JoinSet<()>);

/// An event in the life of an environment.
enum EnvironmentEvent {
    Call(Call),
    Job(Option<Job>),
    Exited(ExitStatus),
    Deadline,
    Closing,
}

/// The reason that an environment ends during an invocation.
enum EndReason {
    Failed(Failure),
    Closing,
}

struct Environment {
    plan: EnvironmentSpec,
    jobs: mpsc::Receiver<Job>,
    calls: mpsc::Receiver<Call>,
    process: Process,
    output: Output,
    started: Instant,
    /// The duration of the start, until a report has included it.
    init: Option<Duration>,
    /// The most memory the process was seen to hold, in bytes.
    peak_memory: Option<u64>,
    /// Dropped with the environment, it ends the Runtime API.
    _server: JoinSet<()>,
}

/// Starts an environment for `job`, and lives as long as it does.
pub(super) async fn run(plan: EnvironmentSpec, jobs: mpsc::Receiver<Job>, job: Job) {
    match Environment::start(plan, jobs).await {
        Ok(mut environment) => environment.live(job).await,
        Err((plan, failure)) => fail_to_start(&plan, job, &failure),
    }
}

/// Answers for a process that could not even be started.
fn fail_to_start(plan: &EnvironmentSpec, job: Job, failure: &Failure) {
    let function = &plan.slot.deployment.function;
    let report = Report::new(&job.request.id, function.memory_mb, Duration::ZERO);
    let lines = report.lines(Some(failure), true);
    let text = lines.join("\n") + "\n";
    plan.slot.log.append("--------", text.as_bytes());
    let invocation = Invocation {
        payload: failure.payload(&job.request.id),
        request_id: job.request.id,
        function_error: Some("Unhandled".into()),
        log_tail: text,
        trace_id: job.request.trace_id,
    };
    drop(job.lease);
    let _ = job.reply.send(Reply::Done(invocation));
}

impl Environment {
    async fn start(
        plan: EnvironmentSpec,
        jobs: mpsc::Receiver<Job>,
    ) -> Result<Self, (EnvironmentSpec, Failure)> {
        let started = Instant::now();
        match Self::spawn(&plan).await {
            Ok((process, output, calls, server)) => Ok(Self {
                plan,
                jobs,
                calls,
                process,
                output,
                started,
                init: None,
                peak_memory: None,
                _server: server,
            }),
            Err(cause) => {
                let program = &plan.slot.deployment.command.program;
                let program = program.display().to_string();
                Err((plan, Failure::Entrypoint { program, cause }))
            }
        }
    }

    async fn spawn(plan: &EnvironmentSpec) -> io::Result<Spawned> {
        let slot = &plan.slot;
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let runtime_api = listener.local_addr()?.to_string();
        let id = uuid::Uuid::new_v4().simple().to_string();
        let (output, writer) = Output::new(slot.log.clone(), id[..8].to_owned())?;
        let variables = variables::variables(
            &slot.deployment,
            &slot.identity,
            &slot.endpoint_url,
            &slot.key,
            &runtime_api,
            &log_stream(&id),
        );
        let command = command(&slot.deployment.command, variables, writer)?;
        let process = Process::start(command, slot.watchdog.clone())?;
        let (sender, calls) = mpsc::channel(4);
        Ok((process, output, calls, runtime_api::serve(listener, sender)))
    }

    /// Runs the environment, from the first invocation to the end.
    async fn live(&mut self, first: Job) {
        let mut next = match self.initialize().await {
            Ok(next) => next,
            Err(end) => return self.end(first, end, self.started, true).await,
        };
        let (mut job, mut worked) = (first, false);
        loop {
            let begun = Instant::now();
            let deadline = begun + self.timeout();
            self.output.drain();
            if next.send(self.event(&job.request)).is_err() {
                // The runtime hung up while it waited. It asks again, or it is ending: then an
                // event that it has not seen goes to another environment, unless it is the one that
                // it was started for.
                match self.wait_for_next(deadline).await {
                    Ok(again) => next = again,
                    Err(EndReason::Failed(Failure::Exit(_))) if worked => {
                        job.give_back();
                        return self.hand_back().await;
                    }
                    Err(end) => return self.end(job, end, begun, true).await,
                }
                continue;
            }
            self.output.line(&report::start(&job.request.id));
            match self.invocation(&job.request.id, deadline).await {
                Ok(result) => self.complete(job, result, begun),
                Err(end) => return self.end(job, end, begun, false).await,
            }
            match self.rest(deadline).await {
                Some(work) => (job, next, worked) = (work.0, work.1, true),
                None => return self.hand_back().await,
            }
        }
    }

    /// Waits for the runtime's first request. The start is allowed ten seconds of its own, as on
    /// AWS; beyond them it uses up the function's timeout.
    async fn initialize(&mut self) -> Result<oneshot::Sender<Event>, EndReason> {
        let deadline = self.started + self.plan.slot.limits.init + self.timeout();
        let next = self.wait_for_next(deadline).await?;
        self.init = Some(self.started.elapsed());
        self.measure();
        Ok(next)
    }

    async fn wait_for_next(
        &mut self,
        deadline: Instant,
    ) -> Result<oneshot::Sender<Event>, EndReason> {
        loop {
            match self.signal(deadline, false).await {
                EnvironmentEvent::Call(Call::Next(next)) => return Ok(next),
                EnvironmentEvent::Call(Call::InitError { failure, verdict }) => {
                    let _ = verdict.send(Verdict::Accepted);
                    self.wait_for_exit().await;
                    return Err(EndReason::Failed(failure));
                }
                EnvironmentEvent::Call(Call::Done { verdict, .. }) => {
                    let _ = verdict.send(Verdict::InvalidStateTransition);
                }
                other => return Err(self.end_reason(&other)),
            }
        }
    }

    /// Waits for the result of the invocation `id`.
    async fn invocation(
        &mut self,
        id: &str,
        deadline: Instant,
    ) -> Result<Result<Bytes, Failure>, EndReason> {
        loop {
            match self.signal(deadline, false).await {
                EnvironmentEvent::Call(Call::Done {
                    id: done,
                    result,
                    verdict,
                }) => {
                    if done == id {
                        self.output.drain();
                        let _ = verdict.send(Verdict::Accepted);
                        return Ok(result);
                    }
                    let _ = verdict.send(Verdict::InvalidRequestId);
                }
                EnvironmentEvent::Call(Call::InitError { verdict, .. }) => {
                    let _ = verdict.send(Verdict::InvalidStateTransition);
                }
                // A runtime that asks for the next event has given up on this one: it is left to
                // the timeout, since some clients repeat a request whose connection broke.
                EnvironmentEvent::Call(Call::Next(_)) => {}
                other => return Err(self.end_reason(&other)),
            }
        }
    }

    /// Waits between two invocations, until there is a job and the runtime asks for one. `deadline`
    /// limits the runtime's time to ask.
    async fn rest(&mut self, mut deadline: Instant) -> Option<(Job, oneshot::Sender<Event>)> {
        let (mut job, mut next) = (None, None);
        loop {
            match self.signal(deadline, job.is_none()).await {
                EnvironmentEvent::Job(Some(work)) => job = Some(work),
                EnvironmentEvent::Call(Call::Next(request)) => {
                    next = Some(request);
                    deadline = Instant::now() + self.plan.slot.limits.idle;
                }
                EnvironmentEvent::Call(
                    Call::Done { verdict, .. } | Call::InitError { verdict, .. },
                ) => {
                    let _ = verdict.send(Verdict::InvalidStateTransition);
                }
                EnvironmentEvent::Job(None)
                | EnvironmentEvent::Exited(_)
                | EnvironmentEvent::Deadline
                | EnvironmentEvent::Closing => {
                    if let Some(job) = job {
                        job.give_back();
                    }
                    return None;
                }
            }
            match (job, next) {
                (Some(job), Some(next)) => return Some((job, next)),
                unpaired => (job, next) = unpaired,
            }
        }
    }

    /// The next thing that happens. All the while the log is written.
    async fn signal(&mut self, deadline: Instant, idle: bool) -> EnvironmentEvent {
        let closing = &mut self.plan.closing;
        tokio::select! {
            // An answer that has arrived counts, even if the process exits or time runs out at the
            // same moment.
            biased;
            Some(call) = self.calls.recv() => EnvironmentEvent::Call(call),
            status = self.process.wait() => EnvironmentEvent::Exited(status.unwrap_or_default()),
            _ = closing.wait_for(|closing| *closing) => EnvironmentEvent::Closing,
            () = tokio::time::sleep_until(deadline) => EnvironmentEvent::Deadline,
            job = self.jobs.recv(), if idle => EnvironmentEvent::Job(job),
            never = self.output.pump() => match never {},
        }
    }

    fn end_reason(&self, signal: &EnvironmentEvent) -> EndReason {
        match signal {
            EnvironmentEvent::Exited(status) => EndReason::Failed(Failure::Exit(*status)),
            EnvironmentEvent::Deadline => EndReason::Failed(Failure::TimedOut(self.timeout())),
            EnvironmentEvent::Closing | EnvironmentEvent::Call(_) | EnvironmentEvent::Job(_) => {
                EndReason::Closing
            }
        }
    }

    async fn wait_for_exit(&mut self) {
        let deadline = Instant::now() + EXIT_GRACE;
        while let EnvironmentEvent::Call(_) = self.signal(deadline, false).await {}
    }

    /// Answers the caller, and goes back to the pool.
    fn complete(&mut self, job: Job, result: Result<Bytes, Failure>, begun: Instant) {
        self.measure();
        let invocation = self.outcome(job.request, result, begun, false);
        match self.plan.pool.upgrade() {
            Some(pool) => pool.put_back(&self.plan.slot, job.handle),
            None => drop(job.handle),
        }
        drop(job.lease);
        let _ = job.reply.send(Reply::Done(invocation));
    }

    /// Ends the process, and answers the caller unless the stack is stopping.
    async fn end(&mut self, job: Job, end: EndReason, begun: Instant, unseen: bool) {
        self.process_ends().await;
        let EndReason::Failed(failure) = end else {
            return;
        };
        let invocation = self.outcome(job.request, Err(failure), begun, unseen);
        drop(job.lease);
        let _ = job.reply.send(Reply::Done(invocation));
    }

    /// Ends the process; a late job goes to another environment.
    async fn hand_back(&mut self) {
        self.jobs.close();
        while let Ok(job) = self.jobs.try_recv() {
            job.give_back();
        }
        self.process_ends().await;
    }

    async fn process_ends(&mut self) {
        self.measure();
        self.process.kill().await;
        self.output.drain();
    }

    fn outcome(
        &mut self,
        request: Request,
        result: Result<Bytes, Failure>,
        begun: Instant,
        unseen: bool,
    ) -> Invocation {
        let memory = self.plan.slot.deployment.function.memory_mb;
        let mut report = Report::new(&request.id, memory, begun.elapsed());
        report.init = self.init.take();
        report.peak_memory = self.peak_memory;
        let lines = report.lines(result.as_ref().err(), unseen);
        self.output.line(&lines.join("\n"));
        let function_error = result.is_err().then(|| "Unhandled".to_owned());
        Invocation {
            payload: result.unwrap_or_else(|failure| failure.payload(&request.id)),
            request_id: request.id,
            function_error,
            log_tail: self.output.take_tail(),
            trace_id: request.trace_id,
        }
    }

    fn event(&self, request: &Request) -> Event {
        let deadline = jiff::Timestamp::now().as_millisecond();
        let deadline = i128::from(deadline) + self.timeout().as_millis().cast_signed();
        let headers = [
            ("lambda-runtime-aws-request-id", header(&request.id)),
            ("lambda-runtime-deadline-ms", header(&deadline.to_string())),
            ("lambda-runtime-invoked-function-arn", header(&request.arn)),
            ("lambda-runtime-trace-id", header(&request.trace_id)),
            (
                "lambda-runtime-client-context",
                request.client_context.clone(),
            ),
        ];
        let headers = headers
            .into_iter()
            .filter_map(|(name, value)| Some((http::HeaderName::from_static(name), value?)));
        Event {
            headers: HeaderMap::from_iter(headers),
            payload: request.payload.clone(),
        }
    }

    /// Records the memory use. After the process has ended, the last measurement stands.
    fn measure(&mut self) {
        self.peak_memory = self.process.peak_memory().or(self.peak_memory);
    }

    fn timeout(&self) -> Duration {
        self.plan.slot.deployment.function.timeout
    }
}

fn header(value: &str) -> Option<HeaderValue> {
    HeaderValue::from_str(value).ok()
}

/// Returns the name of the log stream in CloudWatch's format: day, version, environment.
fn log_stream(id: &str) -> String {
    let day = jiff::Timestamp::now().strftime("%Y/%m/%d").to_string();
    format!("{day}/[$LATEST]{id}")
}

/// The function's program with `variables`, and both outputs into `output`.
fn command(
    command: &Command,
    variables: BTreeMap<String, OsString>,
    output: PipeWriter,
) -> io::Result<std::process::Command> {
    let mut start = std::process::Command::new(&command.program);
    start
        .args(&command.args)
        .envs(variables)
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output);
    if let Some(root) = &command.task_root {
        start.current_dir(root);
    }
    Ok(start)
}
