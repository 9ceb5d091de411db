//! Tests the failures of a function, as the caller and the log see them.

use super::*;

/// Invokes `f` and compares the error object, where `{id}` stands for the request id.
async fn check(stack: &Stack, event: Value, kind: &str, message: &str) -> Invocation {
    let found = stack.invoke("f", event).await.expect("it is invoked");
    assert_eq!(found.function_error.as_deref(), Some("Unhandled"));
    let expect = json!({
        "errorType": kind,
        "errorMessage": message.replace("{id}", &found.request_id),
    });
    let payload: Value = serde_json::from_slice(&found.payload).expect("JSON");
    assert_eq!(payload, expect);
    found
}

async fn still_works(stack: &Stack) {
    assert_eq!(stack.response(json!({ "do": "echo" })).await["do"], "echo");
}

/// A stack whose only function is started with `INIT` set.
fn init(how: &str) -> Setup {
    let variables = BTreeMap::from([("INIT".to_owned(), how.to_owned())]);
    Setup::new().config(|config| config.functions[0].function.environment = variables)
}

fn timeout(setup: Setup, milliseconds: u64) -> Setup {
    let timeout = Duration::from_millis(milliseconds);
    setup.config(|config| config.functions[0].function.timeout = timeout)
}

#[tokio::test]
async fn an_error_passes_through_and_the_environment_stays() {
    let (stack, listener) = (Setup::new().open(), EventListener::open().await);
    let process = stack.response(listener.event("stay connected")).await;
    check(&stack, json!({ "do": "error" }), "Custom.Error", "it broke").await;
    assert_eq!(
        stack.response(listener.event("stay connected")).await,
        process
    );
}

#[tokio::test]
async fn a_panic_is_an_error_of_its_own() {
    let stack = Setup::new().open();
    let found = stack.invoke("f", json!({ "do": "panic" })).await.unwrap();
    let payload: Value = serde_json::from_slice(&found.payload).unwrap();
    let message = payload["errorMessage"].as_str().unwrap();
    assert!(message.contains("as it was told"), "{payload}");
    still_works(&stack).await;
}

#[tokio::test]
async fn a_crash_is_told_with_its_status() {
    let stack = Setup::new().open();
    let exit = |status| json!({ "do": "exit", "status": status });
    let message = "RequestId: {id} Error: Runtime exited with error: exit status 1";
    let found = check(&stack, exit(1), "Runtime.ExitError", message).await;
    assert!(
        found.log_tail.contains("Error Type: Runtime.ExitError"),
        "{}",
        found.log_tail
    );
    let message = "RequestId: {id} Error: Runtime exited without providing a reason";
    check(&stack, exit(0), "Runtime.ExitError", message).await;
    let found = stack.invoke("f", json!({ "do": "abort" })).await.unwrap();
    let payload = String::from_utf8_lossy(&found.payload);
    assert!(
        payload.contains("Runtime exited with error: signal: aborted"),
        "{payload}"
    );
    still_works(&stack).await;
}

#[tokio::test]
async fn a_hang_is_killed_at_the_timeout_with_all_that_it_started() {
    let (stack, listener) = (
        timeout(Setup::new(), 1000).open(),
        EventListener::open().await,
    );
    let message = "RequestId: {id} Error: Task timed out after 1.00 seconds";
    let call = check(
        &stack,
        listener.event("hang with child"),
        "Sandbox.Timedout",
        message,
    );
    let visits = async {
        let (parent, child) = (listener.next().await, listener.next().await);
        parent.gone().await;
        child.gone().await;
    };
    let (found, ()) = tokio::join!(call, visits);
    assert!(
        found.log_tail.contains("Status: timeout"),
        "{}",
        found.log_tail
    );
}

#[tokio::test]
async fn what_was_logged_before_a_timeout_is_not_lost() {
    let stack = timeout(Setup::new(), 1000).open();
    let found = stack.invoke("f", json!({ "do": "hang" })).await.unwrap();
    let timed_out = format!("{} Task timed out after 1.00 seconds", found.request_id);
    let output_at = found.log_tail.find("hanging\n").unwrap();
    assert!(
        output_at < found.log_tail.find(&timed_out).unwrap(),
        "{}",
        found.log_tail
    );
}

#[tokio::test]
async fn an_init_error_is_passed_on_with_its_log() {
    let stack = init("error").open();
    let found = check(&stack, json!({}), "Custom.Init", "no configuration").await;
    assert!(found.log_tail.contains("said so\n"), "{}", found.log_tail);
    assert!(
        found
            .log_tail
            .contains("Status: error\tError Type: Custom.Init"),
        "{}",
        found.log_tail
    );
}

#[tokio::test]
async fn an_exit_during_init_is_told_with_its_status() {
    let message = "RequestId: {id} Error: Runtime exited with error: exit status 3";
    check(
        &init("exit").open(),
        json!({}),
        "Runtime.ExitError",
        message,
    )
    .await;
}

#[tokio::test]
async fn an_init_that_hangs_times_out() {
    let setup = init("hang").limits(|limits| limits.init = Duration::from_millis(50));
    let message = "RequestId: {id} Error: Task timed out after 0.05 seconds";
    check(
        &timeout(setup, 50).open(),
        json!({}),
        "Sandbox.Timedout",
        message,
    )
    .await;
}

#[tokio::test]
async fn a_program_that_is_not_there_is_named() {
    let setup = Setup::new();
    let stack = setup.config(|config| config.functions[0].command.program = "/no/bootstrap".into());
    let message = "RequestId: {id} Error: fork/exec /no/bootstrap: no such file or directory";
    check(
        &stack.open(),
        json!({}),
        "Runtime.InvalidEntrypoint",
        message,
    )
    .await;
}

#[tokio::test]
async fn an_answer_over_six_megabytes_is_an_error() {
    let stack = Setup::new().open();
    // Two bytes are the quotes.
    let big = |size: u64| json!({ "do": "big", "size": size - 2 });
    let fits = stack.invoke("f", big(6_291_556)).await.unwrap();
    assert_eq!((fits.function_error, fits.payload.len()), (None, 6_291_556));
    let message = "Response payload size exceeded maximum allowed payload size (6291556 bytes).";
    check(
        &stack,
        big(6_291_557),
        "Function.ResponseSizeTooLarge",
        message,
    )
    .await;
    still_works(&stack).await;
}

#[tokio::test]
async fn an_event_over_six_megabytes_or_not_json_is_refused() {
    let stack = Setup::new().open();
    let invoke = async |payload: Vec<u8>| {
        let found = stack.lambda.invoke("f", Bytes::from(payload)).await;
        let error = found.unwrap_err();
        (error.code, error.status, error.message)
    };
    let mut big = vec![b' '; 6 * 1024 * 1024 + 1];
    big[0] = b'1';
    let message = "Request must be smaller than 6291456 bytes for the InvokeFunction operation";
    assert_eq!(
        invoke(big).await,
        ("RequestEntityTooLargeException", 413, message.into())
    );
    let (code, status, message) = invoke(b"{".to_vec()).await;
    assert_eq!((code, status), ("InvalidRequestContentException", 400));
    let start = "Could not parse request body into json: Could not parse payload into json: ";
    assert!(message.starts_with(start), "{message}");
}

#[tokio::test]
async fn a_function_that_is_not_there_is_named_by_its_arn() {
    let stack = Setup::new().open();
    let error = stack.invoke("nope", json!({})).await.unwrap_err();
    assert_eq!(
        (error.code, error.status),
        ("ResourceNotFoundException", 404)
    );
    let message = "Function not found: arn:aws:lambda:us-east-1:123456789012:function:nope";
    assert_eq!(error.message, message);
}

#[tokio::test]
async fn the_log_reads_like_cloudwatch() {
    let stack = Setup::new().open();
    let found = stack.invoke("f", json!({ "do": "log" })).await.unwrap();
    let id = found.request_id;
    let log = stack.log();
    let (report, lines) = log.split_last().unwrap();
    let lines: Vec<&str> = lines.iter().map(|line| line.message.as_str()).collect();
    let start = format!("START RequestId: {id} Version: $LATEST");
    let end = format!("END RequestId: {id}");
    let expect = [
        "initialized",
        &start,
        "to stdout",
        "to stderr",
        "without an end",
        &end,
    ];
    assert_eq!(lines, expect);
    let fields: Vec<&str> = report.message.split('\t').collect();
    assert_eq!(fields[0], format!("REPORT RequestId: {id}"));
    assert_eq!(fields[3], "Memory Size: 128 MB");
    assert!(
        fields.last().unwrap().starts_with("Init Duration: "),
        "{report:?}"
    );
    let all: String = log
        .iter()
        .map(|line| format!("{}\n", line.message))
        .collect();
    assert_eq!(found.log_tail, all);
    let found = stack.invoke("f", json!({ "do": "echo" })).await.unwrap();
    assert!(
        !found.log_tail.contains("Init Duration"),
        "a warm start: {}",
        found.log_tail
    );
    assert!(!found.log_tail.contains(&id), "{}", found.log_tail);
}

#[tokio::test]
async fn a_runtime_that_answers_for_what_does_not_run_is_refused() {
    let stack = Setup::new().open();
    let found = stack.response(json!({ "do": "answer for another" })).await;
    assert_eq!(found, json!(["400", "403"]));
}
