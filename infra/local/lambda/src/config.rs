//! The configuration of the service: the functions, the command that starts each, and the resources
//! they may use.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use sam_template::Function;
use service::signature::Key;

/// The functions, and the bounds they run in.
#[derive(Clone, Debug)]
pub struct Config {
    /// Every function of the application.
    pub functions: Vec<Deployment>,
    /// The stack's own address, for example `http://127.0.0.1:4566`: what functions see as
    /// `AWS_ENDPOINT_URL`.
    pub endpoint_url: String,
    /// The key that functions sign with: [`Key::unverified`] if the stack verifies no signatures.
    pub key: Key,
    /// The limits on execution environments.
    pub limits: Limits,
    /// The retry policy for asynchronous events that fail.
    pub retry: RetryPolicy,
}

/// A function and the program that is its code.
#[derive(Clone, Debug)]
pub struct Deployment {
    /// The function's declaration in the template.
    pub function: Function,
    /// The command that starts its execution environments.
    pub command: Command,
}

/// A program that speaks the Lambda Runtime API.
#[derive(Clone, Debug, Default)]
pub struct Command {
    /// The executable.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<String>,
    /// The working directory and `LAMBDA_TASK_ROOT`; `None` means the working directory of the
    /// stack.
    pub task_root: Option<PathBuf>,
    /// Additional variables, which override those of AWS and of the template.
    pub env: BTreeMap<String, String>,
}

/// The resources that functions may use.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Environments of one function at a time: its reserved concurrency.
    pub per_function: usize,
    /// Environments of all functions at a time.
    pub overall: usize,
    /// The time an invocation waits for an environment before it is throttled. AWS throttles at
    /// once, but it has a thousand environments; here a `Map` over forty items has to get through
    /// two cores.
    pub queue_wait: Duration,
    /// The time an idle environment is kept warm.
    pub idle: Duration,
    /// The time a start may take before the function's own timeout begins to count; ten seconds on
    /// AWS.
    pub init: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Self {
            per_function: (cores * 2).clamp(4, 32),
            overall: (cores * 4).clamp(8, 64),
            queue_wait: Duration::from_secs(30),
            idle: Duration::from_secs(5 * 60),
            init: Duration::from_secs(10),
        }
    }
}

/// The retry policy of asynchronous invocations: the number and the delays of retries.
///
/// The defaults are AWS's:
/// <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html>.
#[derive(Clone, Debug)]
pub struct RetryPolicy {
    /// The wait before each further try after a function error; their number is the number of
    /// retries.
    pub function_errors: Vec<Duration>,
    /// The wait after the first throttle or system error; it doubles with each one that follows.
    pub back_off: Duration,
    /// The longest wait between two tries.
    pub back_off_max: Duration,
    /// The maximum age of an event before it is given up.
    pub max_age: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            function_errors: vec![Duration::from_secs(60), Duration::from_secs(120)],
            back_off: Duration::from_secs(1),
            back_off_max: Duration::from_secs(5 * 60),
            max_age: Duration::from_secs(6 * 60 * 60),
        }
    }
}
