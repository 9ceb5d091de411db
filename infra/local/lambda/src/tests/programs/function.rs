//! A Lambda function for the tests, on the real runtime: it does what its event says, well or
//! badly.
//!
//! `{"do": …}` is one of the arms of [`handler`]; `tell` is an address that it connects to first,
//! sending its process id, so that a test sees it start, lets it go on (with a byte) and sees it
//! die (by the end of the stream).

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, exit};

use lambda_runtime::{Diagnostic, LambdaEvent, run, service_fn};
use serde_json::{Value, json};

type Handled = Result<Value, Diagnostic>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [first, address] = arguments.as_slice() {
        assert_eq!(first, "linger");
        linger(address);
    }
    match std::env::var("INIT").as_deref() {
        Ok("error") => return init_error(),
        Ok("exit") => exit(3),
        Ok("hang") => std::thread::park(),
        _ => {}
    }
    println!("initialized");
    run(service_fn(handler)).await
}

async fn handler(event: LambdaEvent<Value>) -> Handled {
    let (event, context) = event.into_parts();
    let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
    let connection = (!text("tell").is_empty()).then(|| tell(&text("tell")));
    match text("do").as_str() {
        "echo" => Ok(event),
        "error" => Err(diagnostic("Custom.Error", &"it broke")),
        "panic" => panic!("as it was told"),
        "exit" => exit(event["status"].as_i64().unwrap_or(1) as i32),
        "abort" => std::process::abort(),
        "hang" => {
            println!("hanging");
            std::future::pending().await
        }
        "hang with child" => {
            let program = std::env::current_exe().map_err(|error| diagnostic("Exe", &error))?;
            let child = Command::new(program)
                .args(["linger", &text("tell")])
                .spawn();
            child.map_err(|error| diagnostic("Child", &error))?;
            std::future::pending().await
        }
        "wait" => {
            wait(connection)?;
            Ok(json!(std::process::id()))
        }
        "stay connected" => {
            std::mem::forget(connection);
            Ok(json!(std::process::id()))
        }
        "leave later" => {
            std::thread::spawn(move || {
                let _ = wait(connection);
                exit(0)
            });
            Ok(json!(std::process::id()))
        }
        "environment" => Ok(std::env::vars()
            .map(|(key, value)| (key, json!(value)))
            .collect()),
        "context" => Ok(json!({
            "id": context.request_id,
            "arn": context.invoked_function_arn,
            "deadline": context.deadline,
            "trace": context.xray_trace_id,
            "client": context.client_context.map(|client| client.custom),
        })),
        "log" => {
            println!("to stdout");
            eprintln!("to stderr");
            print!("without an end");
            std::io::stdout()
                .flush()
                .map_err(|error| diagnostic("Io", &error))?;
            Ok(Value::Null)
        }
        "answer for another" => {
            let done = |path: &str| post(path, "{}").map_err(|error| diagnostic("Io", &error));
            let wrong = [done("invocation/another/response")?, done("init/error")?];
            Ok(wrong.iter().map(|response| &response[9..12]).collect())
        }
        "big" => Ok(json!(
            "x".repeat(event["size"].as_u64().unwrap_or(0) as usize)
        )),
        // Every page is written, so every byte is there.
        "allocate" => {
            let bytes = vec![1_u8; event["bytes"].as_u64().unwrap_or(0) as usize];
            Ok(json!({
                "MemorySize": std::env::var("AWS_LAMBDA_FUNCTION_MEMORY_SIZE").ok(),
                "bytes": bytes.iter().map(|&byte| u64::from(byte)).sum::<u64>(),
            }))
        }
        other => Err(diagnostic("Unknown", &other)),
    }
}

fn diagnostic(kind: &str, message: &dyn std::fmt::Display) -> Diagnostic {
    Diagnostic {
        error_type: kind.into(),
        error_message: message.to_string(),
    }
}

/// Connects to the test, and says who it is.
fn tell(address: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).expect("the test listens");
    let id = std::process::id().to_be_bytes();
    stream.write_all(&id).expect("the test reads");
    stream
}

/// Until the test sends a byte, or ends the stream.
fn wait(connection: Option<TcpStream>) -> Result<(), Diagnostic> {
    let mut connection = connection.ok_or_else(|| diagnostic("Test", &"tell is missing"))?;
    let read = connection.read(&mut [0]);
    read.map(drop).map_err(|error| diagnostic("Test", &error))
}

/// A process that a function has left behind: it stays until it is killed.
fn linger(address: &str) -> ! {
    let _stream = tell(address);
    loop {
        std::thread::park();
    }
}

/// Reports an initialization error, as runtimes do when the handler can't be loaded.
/// (lambda_runtime has no call for it.)
fn init_error() -> Result<(), lambda_runtime::Error> {
    let body =
        json!({ "errorType": "Custom.Init", "errorMessage": "no configuration" }).to_string();
    let response = post("init/error", &body)?;
    assert!(response.starts_with("HTTP/1.1 202"), "{response}");
    println!("said so");
    exit(1)
}

/// Talks to the Runtime API behind the runtime's back; gives the whole answer.
fn post(path: &str, body: &str) -> std::io::Result<String> {
    let api = std::env::var("AWS_LAMBDA_RUNTIME_API").unwrap_or_default();
    let mut stream = TcpStream::connect(&api)?;
    let length = body.len();
    write!(
        stream,
        "POST /2018-06-01/runtime/{path} HTTP/1.1\r\nHost: {api}\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n{body}"
    )?;
    let mut response = String::new();
    stream.read_to_string(&mut response)?;
    Ok(response)
}
