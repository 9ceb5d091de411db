//! A training job's process: its output becomes the log, line by line; it is told to stop, and
//! killed if it does not.

use std::convert::Infallible;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe;
use tokio::time::{Instant, sleep_until, timeout};

use crate::error::ApiError;
use crate::jobs::Stop;
use service::logs::Log;
use service::process::{Process, Watchdog};

/// A line that grows beyond this is cut in two, as Lambda's are.
const MAX_LINE: usize = 256 * 1024;
/// Time to wait for the last output after the process has ended.
const LAST_OUTPUT: Duration = Duration::from_secs(1);

/// Time limits of a process.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// To end by itself.
    pub(super) runtime: Duration,
    /// To end when it was told to.
    pub(super) grace: Duration,
}

/// Reason why a process ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Exit {
    /// By itself, with this exit code: as shells do, 128 and a signal's number for one that was
    /// killed.
    Ended(i32),
    /// Because the job was stopped.
    Stopped,
    /// Because its time was over.
    TimedOut,
}

/// The job's log.
pub(super) fn log(data_dir: &Path, job: &str) -> Result<Log, ApiError> {
    let name = format!("training-job/{job}");
    Log::open(data_dir, &name)
        .map_err(|error| ApiError::Internal(format!("the log of {name}: {error}")))
}

/// Runs `command` to its end, with each line of its output to the log and to `read`.
pub(super) async fn run(
    mut command: Command,
    log: Log,
    limits: Limits,
    stop: &mut Stop,
    read: impl FnMut(&[u8]),
) -> Result<Exit, String> {
    let program = command.get_program().display().to_string();
    let started = || -> io::Result<(Process, pipe::Receiver)> {
        let (reader, writer) = io::pipe()?;
        command
            .stdin(Stdio::null())
            .stdout(writer.try_clone()?)
            .stderr(writer);
        let process = Process::start(command, Arc::new(Watchdog::start()?))?;
        Ok((
            process,
            pipe::Receiver::from_owned_fd(OwnedFd::from(reader))?,
        ))
    };
    let (mut process, pipe) = started()
        .map_err(|error| format!("the training program {program} can't be started: {error}"))?;
    let mut output = Output {
        pipe,
        partial: Vec::new(),
        stream: uuid::Uuid::new_v4().simple().to_string()[..8].to_owned(),
        log,
        read,
    };
    let exit = wait(&mut process, &mut output, limits, stop).await;
    // What the process has started is not wanted any longer either, and holds the pipe open.
    drop(process);
    let _ = timeout(LAST_OUTPUT, output.pump_to_end()).await;
    output.flush(true);
    exit.map_err(|error| format!("the training program {program} was lost: {error}"))
}

async fn wait(
    process: &mut Process,
    output: &mut Output<impl FnMut(&[u8])>,
    limits: Limits,
    stop: &mut Stop,
) -> io::Result<Exit> {
    let end = Instant::now() + limits.runtime;
    let told = tokio::select! {
        status = process.wait() => return Ok(Exit::Ended(code(status?))),
        never = output.pump() => match never {},
        () = stop.requested() => Exit::Stopped,
        () = sleep_until(end) => Exit::TimedOut,
    };
    process.terminate();
    let kill = Instant::now() + limits.grace;
    tokio::select! {
        status = process.wait() => { status?; }
        never = output.pump() => match never {},
        () = sleep_until(kill) => process.kill().await,
    }
    Ok(told)
}

fn code(status: ExitStatus) -> i32 {
    let killed = status.signal().map(|signal| 128 + signal);
    status.code().or(killed).unwrap_or(-1)
}

/// Output of the process, on its way into the log.
struct Output<F> {
    pipe: pipe::Receiver,
    partial: Vec<u8>,
    stream: String,
    log: Log,
    read: F,
}

impl<F: FnMut(&[u8])> Output<F> {
    /// For as long as it is polled.
    async fn pump(&mut self) -> Infallible {
        self.pump_to_end().await;
        std::future::pending().await
    }

    async fn pump_to_end(&mut self) {
        let mut buffer = vec![0; 16 * 1024];
        // A pipe that can't be read has no more to say.
        while let Ok(length @ 1..) = self.pipe.read(&mut buffer).await {
            self.partial.extend_from_slice(&buffer[..length]);
            self.flush(self.partial.len() > MAX_LINE);
        }
    }

    /// Moves the complete lines out; all, where the last one is to be ended.
    fn flush(&mut self, all: bool) {
        if all && !self.partial.is_empty() && !self.partial.ends_with(b"\n") {
            self.partial.push(b'\n');
        }
        let Some(end) = self.partial.iter().rposition(|byte| *byte == b'\n') else {
            return;
        };
        let lines = &self.partial[..=end];
        self.log.append(&self.stream, lines);
        for line in lines.split(|byte| *byte == b'\n') {
            (self.read)(line);
        }
        self.partial.drain(..=end);
    }
}
