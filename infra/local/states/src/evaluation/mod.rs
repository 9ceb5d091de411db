//! Evaluates JSONata in separate processes, which isolates the stack from runaway expressions.
//!
//! The stack starts [`serve`]'s processes on demand, sends each one evaluation at a time, and kills
//! one that takes too long. A process limits its own memory, so the system ends it if it needs too
//! much.
//!
//! ```text
//! step of an execution ── Evaluators ── a line of JSON over a socket ──> serve ── asl::Evaluator
//! ```

mod serve;

use std::collections::HashMap;
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use std::{fmt, io};

use asl::{Evaluate, EvaluationFailure, EvaluationRequest, EvaluationResponse};

pub use serve::serve;

/// The command of a process that [`serve`]s evaluations.
pub type EvaluatorCommand = Arc<dyn Fn() -> Command + Send + Sync>;

/// The time limit of an evaluation. Normally it ends by itself earlier.
const TIME_LIMIT: Duration = Duration::from_secs(7);

/// A process that was busy for so long may hold much memory: it is not kept.
const SHORT: Duration = Duration::from_millis(200);

/// The number of idle processes kept for the next evaluation.
const IDLE_PROCESSES: usize = 2;

/// An evaluator in processes of its own. It starts none yet.
pub fn evaluators(command: EvaluatorCommand) -> Arc<dyn Evaluate> {
    Arc::new(Evaluators::new(command))
}

/// An evaluator that can be closed: a step that is under way when the stack ends must not hold up
/// the end.
#[derive(Debug)]
pub(super) struct ClosableEvaluator {
    evaluator: Arc<dyn Evaluate>,
    closed: AtomicBool,
}

impl ClosableEvaluator {
    pub(super) fn new(evaluator: Arc<dyn Evaluate>) -> Self {
        ClosableEvaluator {
            evaluator,
            closed: AtomicBool::new(false),
        }
    }
}

impl Evaluate for ClosableEvaluator {
    fn evaluate(&self, request: &EvaluationRequest<'_>) -> EvaluationResponse {
        if self.closed.load(Ordering::Relaxed) {
            return request.fail(EvaluationFailure::Internal);
        }
        self.evaluator.evaluate(request)
    }

    fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
        self.evaluator.close();
    }
}

/// The processes that evaluate.
struct Evaluators {
    command: EvaluatorCommand,
    pool: Mutex<Pool>,
    freed: Condvar,
    max_workers: usize,
}

#[derive(Default)]
struct Pool {
    idle: Vec<Worker>,
    busy: usize,
    /// The connections to processes that are evaluating, by the processes' ids.
    streams: HashMap<u32, UnixStream>,
    closed: bool,
}

/// A process, and the connection to it.
struct Worker {
    child: Child,
    stream: BufReader<UnixStream>,
}

impl Evaluators {
    fn new(command: EvaluatorCommand) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Evaluators {
            command,
            pool: Mutex::default(),
            freed: Condvar::new(),
            max_workers: (2 * cores).clamp(4, 16),
        }
    }

    /// Waits until fewer than the most are busy, and takes or starts a process.
    fn worker(&self) -> io::Result<Worker> {
        let mut pool = self.pool();
        while pool.busy >= self.max_workers {
            pool = self
                .freed
                .wait(pool)
                .unwrap_or_else(PoisonError::into_inner);
        }
        if pool.closed {
            return Err(closed());
        }
        pool.busy += 1;
        let idle = pool.idle.pop();
        drop(pool);
        idle.map_or_else(|| Worker::start((self.command)()), Ok)
            .and_then(|worker| self.register(worker))
            .inspect_err(|_| self.free(None))
    }

    /// Keeps the connection of a process that is about to evaluate, for [`Evaluate::close`].
    fn register(&self, worker: Worker) -> io::Result<Worker> {
        let stream = worker.stream.get_ref().try_clone()?;
        let mut pool = self.pool();
        if pool.closed {
            return Err(closed());
        }
        pool.streams.insert(worker.child.id(), stream);
        Ok(worker)
    }

    fn free(&self, worker: Option<Worker>) {
        let mut pool = self.pool();
        pool.busy -= 1;
        if pool.idle.len() < IDLE_PROCESSES {
            pool.idle.extend(worker);
        }
        drop(pool);
        self.freed.notify_one();
    }

    // What a panic could have left is a list of processes all the same.
    fn pool(&self) -> MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Evaluate for Evaluators {
    fn evaluate(&self, request: &EvaluationRequest<'_>) -> EvaluationResponse {
        let mut worker = match self.worker() {
            Ok(worker) => worker,
            Err(error) => {
                if error.kind() != CLOSED {
                    tracing::error!(%error, "a process for JSONata can't be started");
                }
                return request.fail(EvaluationFailure::Internal);
            }
        };
        let start = Instant::now();
        let response = worker.ask(request, start + TIME_LIMIT);
        let kept = response.is_ok() && start.elapsed() < SHORT;
        let is_closed = {
            let mut pool = self.pool();
            pool.streams.remove(&worker.child.id());
            pool.closed
        };
        let response = response.unwrap_or_else(|error| {
            // A process that was left may be busy for long: nobody waits for it, and it is killed
            // where it is dropped.
            let failure = if is_closed {
                EvaluationFailure::Internal
            } else {
                worker.failure(&error)
            };
            request.fail(failure)
        });
        self.free(kept.then_some(worker));
        response
    }

    fn close(&self) {
        let mut pool = self.pool();
        pool.closed = true;
        for stream in pool.streams.values() {
            // It fails where the process is over.
            let _ = stream.shutdown(Shutdown::Both);
        }
        drop(pool);
        self.freed.notify_all();
    }
}

impl fmt::Debug for Evaluators {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Evaluators")
            .field("most", &self.max_workers)
            .finish()
    }
}

impl Worker {
    /// Starts a process in its own process group, so that a Ctrl-C at the terminal does not
    /// interrupt evaluations.
    fn start(mut command: Command) -> io::Result<Worker> {
        let (here, there) = UnixStream::pair()?;
        let child = command
            .env_clear()
            .stdin(Stdio::from(OwnedFd::from(there.try_clone()?)))
            .stdout(Stdio::from(OwnedFd::from(there)))
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        let stream = BufReader::new(here);
        Ok(Worker { child, stream })
    }

    fn ask(
        &mut self,
        request: &EvaluationRequest<'_>,
        until: Instant,
    ) -> io::Result<EvaluationResponse> {
        let mut line = serde_json::to_vec(request)?;
        line.push(b'\n');
        let stream = self.stream.get_mut();
        stream.set_write_timeout(Some(TIME_LIMIT))?;
        stream.write_all(&line)?;
        Ok(serde_json::from_slice(&self.line(until)?)?)
    }

    /// Reads a line before `until`.
    fn line(&mut self, until: Instant) -> io::Result<Vec<u8>> {
        let mut line = Vec::new();
        loop {
            let remaining = until.saturating_duration_since(Instant::now());
            if remaining.is_zero() {
                return Err(ErrorKind::TimedOut.into());
            }
            self.stream.get_ref().set_read_timeout(Some(remaining))?;
            let read = self.stream.fill_buf()?;
            if read.is_empty() {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            let end = read.iter().position(|byte| *byte == b'\n');
            let length = end.unwrap_or(read.len());
            line.extend_from_slice(&read[..length]);
            self.stream.consume(end.map_or(length, |end| end + 1));
            if end.is_some() {
                return Ok(line);
            }
        }
    }

    /// Returns the reason that the process did not respond. The process has ended afterwards.
    fn failure(&mut self, error: &io::Error) -> EvaluationFailure {
        if matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::WouldBlock) {
            return EvaluationFailure::Time;
        }
        let ended = self.child.wait();
        match ended.map(|status| (status.signal(), status.code())) {
            // Rust aborts where memory is refused; the system kills where it has none.
            Ok((Some(SIGABRT | SIGKILL), _)) => EvaluationFailure::Memory,
            Ok((_, Some(serve::TOO_LONG))) => EvaluationFailure::Time,
            ended => {
                tracing::error!(?ended, %error, "a process for JSONata broke down");
                EvaluationFailure::Internal
            }
        }
    }
}

/// The kind of the error after shutdown.
const CLOSED: ErrorKind = ErrorKind::NotConnected;

fn closed() -> io::Error {
    CLOSED.into()
}

const SIGABRT: i32 = 6;
const SIGKILL: i32 = 9;

impl Drop for Worker {
    fn drop(&mut self) {
        // It fails where the process is over.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Ctrl-C waited for the seven seconds that an evaluation may take.
    #[test]
    fn evaluations_that_are_under_way_end_when_the_evaluators_are_closed() {
        let busy = || {
            let mut command = Command::new("/bin/sh");
            command.args(["-c", "exec sleep 60"]);
            command
        };
        let mut evaluators = Evaluators::new(Arc::new(busy));
        evaluators.max_workers = 1;
        let request = || {
            let request =
                json!({ "text": "1", "states": [], "variables": [], "now": 0, "random": 1 });
            serde_json::from_value::<EvaluationRequest<'_>>(request).unwrap()
        };
        let internal = request().fail(EvaluationFailure::Internal);
        std::thread::scope(|scope| {
            let evaluate = || evaluators.evaluate(&request());
            // The second waits for the first.
            let streams = [scope.spawn(evaluate), scope.spawn(evaluate)];
            while evaluators.pool().streams.is_empty() {
                std::thread::yield_now();
            }
            evaluators.close();
            for streams in streams {
                assert_eq!(streams.join().unwrap(), internal);
            }
        });
        assert_eq!(evaluators.evaluate(&request()), internal);
    }
}
