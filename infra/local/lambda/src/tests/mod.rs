//! The service with real processes: `programs/function.rs` is the function.

mod environments;
mod failures;
mod queue;
mod wire;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::{Command, Config, Deployment, Lambda, Limits, RetryPolicy};
use sam_template::Function;
use service::logs::{self, Line};
use service::signature::Key;
use service::{Identity, Invocation, Invoke, InvokeError};

/// Longer than any test takes: what must not time out.
const LONG: Duration = Duration::from_secs(120);

/// One of the programs beside this file, which cargo builds as examples: on `cargo test`, but not
/// on `cargo test NAME`, so after a change run the whole or `cargo build --examples` first.
fn program(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("tests know where they are");
    let target = test.ancestors().nth(2).expect("target/debug/deps/test");
    let program = target.join("examples").join(name);
    let built = program.exists();
    assert!(
        built,
        "{} is missing: cargo build -p scones-local --examples",
        program.display()
    );
    program
}

/// A service in a directory of its own.
struct Stack {
    lambda: Lambda,
    folder: TempDir,
}

/// The settings in which a test's service differs from the default.
struct Setup {
    config: Config,
}

impl Setup {
    fn new() -> Self {
        let limits = Limits {
            per_function: 4,
            overall: 8,
            queue_wait: LONG,
            idle: LONG,
            init: LONG,
        };
        let config = Config {
            functions: Vec::new(),
            endpoint_url: "http://127.0.0.1:4566".into(),
            key: Key::unverified(),
            limits,
            retry: RetryPolicy::default(),
        };
        Self { config }.function("f", |_| {})
    }

    fn function(mut self, name: &str, change: impl FnOnce(&mut Deployment)) -> Self {
        let function = Function {
            logical_id: name.to_uppercase(),
            name: name.into(),
            binary: None,
            handler: "bootstrap".into(),
            memory_mb: 128,
            timeout: LONG,
            environment: BTreeMap::new(),
            role_arn: format!("arn:aws:iam::123456789012:role/{name}Role"),
        };
        let command = Command {
            program: program("lambda-function"),
            ..Command::default()
        };
        let mut deployment = Deployment { function, command };
        change(&mut deployment);
        self.config.functions.push(deployment);
        self
    }

    fn config(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(&mut self.config);
        self
    }

    fn limits(self, change: impl FnOnce(&mut Limits)) -> Self {
        self.config(|config| change(&mut config.limits))
    }

    fn open(self) -> Stack {
        let folder = tempfile::tempdir().expect("a temporary directory");
        self.open_in(folder)
    }

    fn open_in(self, folder: TempDir) -> Stack {
        let lambda = Lambda::open(folder.path(), Identity::default(), self.config);
        Stack {
            lambda: lambda.expect("the service opens"),
            folder,
        }
    }
}

impl Stack {
    async fn invoke(&self, function: &str, event: Value) -> Result<Invocation, InvokeError> {
        self.lambda
            .invoke(function, Bytes::from(event.to_string()))
            .await
    }

    /// The answer of `f`, which must not be an error.
    async fn response(&self, event: Value) -> Value {
        self.answer_of("f", event).await
    }

    async fn answer_of(&self, function: &str, event: Value) -> Value {
        let found = self.invoke(function, event).await.expect("it is invoked");
        assert_eq!(found.function_error, None, "{:?}", found.payload);
        serde_json::from_slice(&found.payload).expect("JSON")
    }

    fn log(&self) -> Vec<Line> {
        logs::read(self.folder.path(), Some("f"), usize::MAX).expect("a log")
    }
}

/// The listener that functions report to.
struct EventListener(TcpListener);

/// A process that has reported.
struct RunningFunction {
    id: u32,
    stream: TcpStream,
}

impl EventListener {
    async fn open() -> Self {
        Self(TcpListener::bind(("127.0.0.1", 0)).await.expect("a port"))
    }

    fn event(&self, what: &str) -> Value {
        json!({ "do": what, "tell": self.0.local_addr().expect("an address").to_string() })
    }

    async fn next(&self) -> RunningFunction {
        let accepted = tokio::time::timeout(LONG, self.0.accept()).await;
        let (mut stream, _) = accepted.expect("someone comes").expect("a connection");
        let id = stream.read_u32().await.expect("a process id");
        RunningFunction { id, stream }
    }
}

impl RunningFunction {
    /// Lets the function go on.
    async fn release(&mut self) {
        self.stream
            .write_all(b"!")
            .await
            .expect("the function is there");
    }

    /// Waits until the process is no more.
    async fn gone(mut self) {
        let end = tokio::time::timeout(LONG, self.stream.read(&mut [0])).await;
        // A reset says the same as an end.
        assert_eq!(end.expect("it dies").unwrap_or(0), 0);
    }
}

/// Tests something that becomes true without telling anyone.
async fn eventually<T>(mut found: impl AsyncFnMut() -> Option<T>) -> T {
    for _ in 0..6000 {
        if let Some(found) = found().await {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("it did not become true");
}
