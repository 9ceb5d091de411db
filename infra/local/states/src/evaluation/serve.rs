//! A process that evaluates: requests on standard input, responses on standard output, a line of
//! JSON each.

use std::io::{self, BufRead, Write};
use std::process::exit;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use asl::{EvaluationRequest, Evaluator};
use rustix::process::{Resource, Rlimit, setrlimit};

/// The memory that the process may have, in bytes: twenty times what AWS lets an evaluation hold,
/// as it counts that.
const MAX_MEMORY: u64 = 384 * 1024 * 1024;

/// The limit on mapped memory in bytes, which exceeds the memory that it touches.
const MAX_MAPPED: u64 = 4 * MAX_MEMORY;

/// The time limit of an evaluation in half seconds. Normally it ends by itself after ten.
const TIME_LIMIT: u64 = 12;

/// The exit status where one took longer.
pub(super) const TOO_LONG: i32 = 124;

/// Serves requests until standard input ends, which it does with the stack.
///
/// # Errors
/// A request is malformed, or the other end is closed.
pub fn serve() -> io::Result<()> {
    limit_memory();
    let started = watch_time();
    let mut evaluator = Evaluator::default();
    let mut out = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let line = line?;
        let request: EvaluationRequest<'_> = serde_json::from_str(&line)?;
        drop(line);
        started.fetch_add(1, Ordering::Relaxed);
        let response = evaluator.evaluate(&request);
        started.fetch_add(1, Ordering::Relaxed);
        let mut response = serde_json::to_vec(&response)?;
        response.push(b'\n');
        out.write_all(&response)?;
        out.flush()?;
    }
    Ok(())
}

/// Does nothing: the system has no such limit, so the library's own limits apply.
fn limit_memory() {
    let limit = |max_workers| Rlimit {
        current: Some(max_workers),
        maximum: Some(max_workers),
    };
    let _ = setrlimit(Resource::Data, limit(MAX_MEMORY));
    let _ = setrlimit(Resource::As, limit(MAX_MAPPED));
    // A process that is ended for its memory leaves nothing behind.
    let _ = setrlimit(Resource::Core, limit(0));
}

/// Ends the process when an evaluation takes too long, also where nobody is left to do so. The
/// counter is odd while one is under way.
fn watch_time() -> &'static AtomicU64 {
    static STEPS: AtomicU64 = AtomicU64::new(0);
    std::thread::spawn(|| {
        let (mut last, mut since) = (0, 0);
        loop {
            std::thread::sleep(Duration::from_millis(500));
            let now = STEPS.load(Ordering::Relaxed);
            since = if now == last && now % 2 == 1 {
                since + 1
            } else {
                0
            };
            last = now;
            if since >= TIME_LIMIT {
                exit(TOO_LONG);
            }
        }
    });
    &STEPS
}
