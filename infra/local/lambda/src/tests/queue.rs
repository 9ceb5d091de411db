//! Asynchronous invocations with real processes, and with the stack itself killed.

use std::collections::BTreeSet;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Child;

use super::*;

impl Stack {
    async fn enqueue(&self, event: Value) {
        let accepted = self
            .lambda
            .enqueue("f", Bytes::from(event.to_string()))
            .await;
        accepted.expect("it is accepted");
    }

    /// Delivers for as long as `test` takes.
    async fn delivering(&self, test: impl Future<Output = ()>) {
        self.lambda.clone().run_queue(test).await;
    }

    async fn dead_letter(&self) -> super::super::DeadLetter {
        let dead = async || self.lambda.dead_letters().await.expect("it is read").pop();
        eventually(dead).await
    }
}

fn retry(milliseconds: &[u64]) -> Setup {
    let waits = milliseconds.iter().copied().map(Duration::from_millis);
    Setup::new().config(|config| config.retry.function_errors = waits.collect())
}

#[tokio::test]
async fn an_event_is_delivered_once_and_is_gone() {
    let (stack, listener) = (Setup::new().open(), EventListener::open().await);
    stack.enqueue(listener.event("wait")).await;
    let test = async {
        listener.next().await.release().await;
        let waiting = async || stack.lambda.inner.queue.waiting().await.is_empty();
        eventually(async || waiting().await.then_some(())).await;
        let starts = stack.log().into_iter();
        let starts = starts.filter(|line| line.message.starts_with("START"));
        assert_eq!(starts.count(), 1);
    };
    stack.delivering(test).await;
}

#[tokio::test]
async fn an_event_that_fails_is_tried_three_times_and_becomes_a_dead_letter() {
    let (stack, listener) = (retry(&[1, 1]).open(), EventListener::open().await);
    let event = listener.event("error");
    stack.enqueue(event.clone()).await;
    stack
        .delivering(async {
            for _ in 0..3 {
                listener.next().await;
            }
            let dead = stack.dead_letter().await;
            assert_eq!(
                (dead.function.as_str(), dead.reason.as_str()),
                ("f", "RetriesExhausted")
            );
            assert_eq!(
                dead.error,
                r#"{"errorType":"Custom.Error","errorMessage":"it broke"}"#
            );
            assert_eq!(dead.payload, event.to_string());
            let starts = stack.log().into_iter().map(|line| line.message);
            let starts: Vec<String> = starts.filter(|line| line.starts_with("START")).collect();
            let start = format!("START RequestId: {} Version: $LATEST", dead.id);
            assert_eq!(
                starts,
                vec![start; 3],
                "every try has the id that was given at first"
            );
            let log = stack.log().pop().expect("a line").message;
            assert!(
                log.contains("ERROR the asynchronous event was given up (RetriesExhausted)"),
                "{log}"
            );
        })
        .await;
}

#[tokio::test]
async fn a_throttled_event_is_tried_until_there_is_room() {
    let setup = Setup::new().limits(|limits| {
        (limits.per_function, limits.queue_wait) = (1, Duration::ZERO);
    });
    let setup = setup.config(|config| config.retry.back_off = Duration::from_millis(1));
    let (stack, listener) = (setup.open(), EventListener::open().await);
    let busy = stack.response(listener.event("wait"));
    let queue = stack.delivering(async {
        let mut function = listener.next().await;
        stack.enqueue(listener.event("stay connected")).await;
        function.release().await;
        assert_eq!(listener.next().await.id, function.id);
    });
    tokio::join!(busy, queue);
}

#[tokio::test]
async fn an_event_over_one_megabyte_is_refused() {
    let stack = Setup::new().open();
    let event = Bytes::from(format!("\"{}\"", "x".repeat(1024 * 1024 - 1)));
    let error = stack.lambda.enqueue("f", event).await.unwrap_err();
    assert_eq!(
        (error.code, error.status),
        ("RequestEntityTooLargeException", 413)
    );
    let message =
        "1048577 byte payload is too large for the Event invocation type (limit 1048576 bytes)";
    assert_eq!(error.message, message);
}

/// The stack as a process of its own, and its port.
async fn stack_process(folder: &TempDir) -> (Child, u16) {
    let mut stack = tokio::process::Command::new(program("lambda-stack"))
        .arg(folder.path())
        .args(["0", "f"])
        .arg(program("lambda-function"))
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("the stack starts");
    let output = stack.stdout.take().expect("it is piped");
    let mut lines = BufReader::new(output).lines();
    let port = lines.next_line().await.expect("a line").expect("a port");
    (stack, port.parse().expect("a number"))
}

/// POSTs an asynchronous invocation; gives the status line's code once the answer has come.
async fn post_event(port: u16, event: &Value) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port))
        .await
        .expect("it listens");
    let body = event.to_string();
    let request = format!(
        "POST /2015-03-31/functions/f/invocations HTTP/1.1\r\nHost: local\r\nConnection: close\r\n\
         X-Amz-Invocation-Type: Event\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream
        .write_all(request.as_bytes())
        .await
        .expect("it reads");
    let mut response = String::new();
    stream
        .read_to_string(&mut response)
        .await
        .expect("it answers");
    response.split(' ').nth(1).unwrap_or_default().to_owned()
}

#[tokio::test]
async fn kill_9_of_the_stack_ends_the_processes_and_loses_no_event() {
    let (folder, listener) = (tempfile::tempdir().unwrap(), EventListener::open().await);
    let (mut stack, port) = stack_process(&folder).await;
    assert_eq!(
        post_event(port, &listener.event("hang with child")).await,
        "202"
    );
    let (parent, child) = (listener.next().await, listener.next().await);
    stack.kill().await.unwrap();
    parent.gone().await;
    child.gone().await;
    let stack = Setup::new().open_in(folder);
    stack
        .delivering(async {
            listener.next().await;
            listener.next().await;
        })
        .await;
    stack.lambda.shut_down().await;
}

#[tokio::test]
async fn every_event_that_was_acknowledged_before_kill_9_is_delivered() {
    let (folder, listener) = (tempfile::tempdir().unwrap(), EventListener::open().await);
    let (mut stack, port) = stack_process(&folder).await;
    let event = |number: usize| json!({ "do": "echo", "number": number });
    for number in 0..50 {
        assert_eq!(post_event(port, &event(number)).await, "202");
    }
    stack.kill().await.unwrap();
    let stack = Setup::new().open_in(folder);
    stack.enqueue(listener.event("stay connected")).await;
    stack
        .delivering(async {
            let delivered = async || {
                let ids: BTreeSet<String> = stack
                    .log()
                    .into_iter()
                    .filter_map(|line| {
                        Some(line.message.strip_prefix("END RequestId: ")?.to_owned())
                    })
                    .collect();
                (ids.len() == 51).then_some(())
            };
            eventually(delivered).await;
        })
        .await;
    stack.lambda.shut_down().await;
}
