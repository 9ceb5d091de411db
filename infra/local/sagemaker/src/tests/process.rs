//! A model server ends with the stack, also with `kill -9`.

use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::process::Stdio;

use super::*;
use service::process::{Process, Watchdog};

/// Set for the process that [`stack_to_kill`] is to be.
const MODEL_DIR: &str = "SCONES_TEST_MODEL_DIR";

#[tokio::test]
async fn kill_9_of_the_stack_ends_the_server() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("model"), "one").unwrap();
    let own = std::env::current_exe().unwrap();
    let mut stack = Command::new(own)
        .args([
            "tests::process::stack_to_kill",
            "--exact",
            "--ignored",
            "--nocapture",
        ])
        .env(MODEL_DIR, folder.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(stack.stdout.take().unwrap());
    let port = output.lines().map_while(Result::ok).find_map(|line| {
        let port = line.split("port=").nth(1)?;
        port.parse::<u16>().ok()
    });
    let port = port.expect("the stack says its server's port");
    let answers = || async { TcpStream::connect(("127.0.0.1", port)).is_ok() };
    until("the server listens", answers).await;
    stack.kill().unwrap();
    stack.wait().unwrap();
    until("the server is gone", || async { !answers().await }).await;
}

/// Not a test: the process that the test above kills.
#[tokio::test]
#[ignore = "it never ends by itself"]
async fn stack_to_kill() {
    let Ok(model_dir) = std::env::var(MODEL_DIR) else {
        return;
    };
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let mut command = Command::new(model_server());
    // Not its parent's output: a server that outlives the stack would keep that open.
    command
        .arg(model_dir)
        .arg(port.to_string())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let watchdog = Arc::new(Watchdog::start().unwrap());
    let mut server = Process::start(command, watchdog).unwrap();
    println!("port={port}");
    server.wait().await.unwrap();
}
