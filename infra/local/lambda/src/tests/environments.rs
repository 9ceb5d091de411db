//! Tests the environment variables, the reuse and the end of execution environments.

use super::*;

#[tokio::test]
async fn the_event_reaches_the_function_and_its_answer_the_caller() {
    let stack = Setup::new().open();
    let event = json!({ "do": "echo", "text": "ÄÖ\u{1f9c1}", "number": 1.5 });
    assert_eq!(stack.response(event.clone()).await, event);
    let arn = "arn:aws:lambda:us-east-1:123456789012:function:f:$LATEST";
    assert_eq!(stack.answer_of(arn, event.clone()).await, event);
}

#[tokio::test]
async fn the_context_is_that_of_the_invocation() {
    let stack = Setup::new().open();
    let before = jiff::Timestamp::now().as_millisecond();
    let found = stack.invoke("f", json!({ "do": "context" })).await.unwrap();
    let context: Value = serde_json::from_slice(&found.payload).unwrap();
    assert_eq!(context["id"], json!(found.request_id));
    assert_eq!(
        context["arn"],
        "arn:aws:lambda:us-east-1:123456789012:function:f"
    );
    let deadline = context["deadline"].as_i64().unwrap();
    assert!(deadline >= before + LONG.as_millis() as i64, "{deadline}");
    let trace = context["trace"].as_str().unwrap();
    assert!(
        trace.starts_with("Root=1-") && trace.ends_with(";Sampled=0"),
        "{trace}"
    );
}

#[tokio::test]
async fn the_environment_is_what_aws_sets_and_nothing_of_the_stacks_own() {
    let stack = Setup::new()
        .function("g", |deployment| {
            let template = [
                ("THRESHOLD", "0.93"),
                ("AWS_REGION", "mars-1"),
                ("TZ", "UTC+1"),
            ];
            let pair = |(key, value): (&str, &str)| (key.to_owned(), value.to_owned());
            deployment.function.environment = template.map(pair).into();
            deployment.command.env = [("RUST_LOG", "debug")].map(pair).into();
        })
        .open();
    let mut found = stack.answer_of("g", json!({ "do": "environment" })).await;
    let found = found.as_object_mut().unwrap();
    let api = found.remove("AWS_LAMBDA_RUNTIME_API").unwrap();
    assert!(api.as_str().unwrap().starts_with("127.0.0.1:"), "{api}");
    let stream = found.remove("AWS_LAMBDA_LOG_STREAM_NAME").unwrap();
    assert!(stream.as_str().unwrap().contains("/[$LATEST]"), "{stream}");
    assert_eq!(
        found.remove("PATH"),
        std::env::var("PATH").ok().map(Value::from)
    );
    found.remove("TMPDIR");
    // The runtime sets it for each invocation.
    found.remove("_X_AMZN_TRACE_ID");
    let expect = json!({
        "AWS_ACCESS_KEY_ID": "ASIASCONESLOCAL00000",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:4566",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
        "AWS_LAMBDA_FUNCTION_NAME": "g",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/g",
        "AWS_REGION": "us-east-1",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_SESSION_TOKEN": "local",
        "LANG": "en_US.UTF-8",
        "RUST_LOG": "debug",
        "THRESHOLD": "0.93",
        "TZ": "UTC+1",
        "_HANDLER": "bootstrap",
    });
    assert_eq!(Value::from(found.clone()), expect);
}

#[tokio::test]
async fn one_after_the_other_share_an_environment() {
    let (stack, listener) = (Setup::new().open(), EventListener::open().await);
    let first = stack.response(listener.event("stay connected")).await;
    for _ in 0..20 {
        assert_eq!(
            stack.response(listener.event("stay connected")).await,
            first
        );
    }
}

#[tokio::test]
async fn more_than_the_cap_wait_for_their_turn() {
    let stack = Setup::new().limits(|limits| limits.per_function = 2).open();
    let listener = EventListener::open().await;
    let calls = (0..40).map(|_| stack.response(listener.event("wait")));
    let visits = async {
        let (mut first, mut second) = (listener.next().await, listener.next().await);
        let processes = [first.id, second.id];
        assert_ne!(first.id, second.id);
        first.release().await;
        second.release().await;
        for _ in 2..40 {
            let mut function = listener.next().await;
            assert!(processes.contains(&function.id), "a third process");
            function.release().await;
        }
    };
    tokio::join!(futures::future::join_all(calls), visits);
}

#[tokio::test]
async fn who_waits_too_long_is_throttled() {
    let limits =
        |limits: &mut Limits| (limits.per_function, limits.queue_wait) = (1, Duration::ZERO);
    let (stack, listener) = (
        Setup::new().limits(limits).open(),
        EventListener::open().await,
    );
    let busy = stack.response(listener.event("wait"));
    let other = async {
        let mut function = listener.next().await;
        let error = stack
            .invoke("f", json!({ "do": "echo" }))
            .await
            .unwrap_err();
        assert_eq!(
            (error.code, error.status),
            ("TooManyRequestsException", 429)
        );
        assert_eq!(error.message, "Rate Exceeded.");
        function.release().await;
    };
    tokio::join!(busy, other);
}

#[tokio::test]
async fn an_idle_environment_makes_room_for_another_function() {
    let setup = Setup::new().function("g", |_| {});
    let stack = setup.limits(|limits| limits.overall = 1).open();
    let listener = EventListener::open().await;
    stack.answer_of("f", listener.event("stay connected")).await;
    let first = listener.next().await;
    stack.answer_of("g", listener.event("stay connected")).await;
    first.gone().await;
}

#[tokio::test]
async fn an_environment_ends_when_it_has_been_idle_for_long() {
    let setup = Setup::new().limits(|limits| limits.idle = Duration::from_millis(1));
    let (stack, listener) = (setup.open(), EventListener::open().await);
    stack.response(listener.event("stay connected")).await;
    listener.next().await.gone().await;
    assert_eq!(stack.response(json!({ "do": "echo" })).await["do"], "echo");
}

#[tokio::test]
async fn an_environment_that_died_while_idle_is_replaced_unseen() {
    let (stack, listener) = (Setup::new().open(), EventListener::open().await);
    stack.response(listener.event("leave later")).await;
    let mut function = listener.next().await;
    function.release().await;
    // Once the stack has taken note of its end, its number is free.
    let id = rustix::process::Pid::from_raw(function.id.cast_signed()).unwrap();
    eventually(async || rustix::process::test_kill_process(id).err()).await;
    assert_eq!(stack.response(json!({ "do": "echo" })).await["do"], "echo");
}

#[tokio::test]
async fn a_function_goes_on_when_its_caller_goes_away() {
    let setup = Setup::new().limits(|limits| limits.per_function = 1);
    let (stack, listener) = (setup.open(), EventListener::open().await);
    let mut function = {
        let call = stack.response(listener.event("wait"));
        tokio::pin!(call);
        tokio::select! {
            _ = &mut call => unreachable!("nobody released it"),
            function = listener.next() => function,
        }
    };
    function.release().await;
    // And the same environment serves the next.
    let next = stack.response(listener.event("wait"));
    let release = async { listener.next().await.release().await };
    assert_eq!(tokio::join!(next, release).0, json!(function.id));
}

#[tokio::test]
async fn shutting_down_ends_what_runs_and_what_is_idle() {
    let (stack, listener) = (Setup::new().open(), EventListener::open().await);
    let busy = stack.invoke("f", listener.event("hang with child"));
    let other = async {
        let (parent, child) = (listener.next().await, listener.next().await);
        stack.response(listener.event("stay connected")).await;
        let idle = listener.next().await;
        stack.lambda.shut_down().await;
        for function in [parent, child, idle] {
            function.gone().await;
        }
        let late = stack.invoke("f", json!({ "do": "echo" })).await;
        assert_eq!(late.unwrap_err().code, "ServiceException");
    };
    let (busy, ()) = tokio::join!(busy, other);
    let error = busy.unwrap_err();
    assert_eq!((error.code, error.status), ("ServiceException", 500));
    assert!(error.message.contains("shutting down"), "{error}");
}

#[tokio::test]
async fn dropping_the_last_handle_ends_the_processes() {
    let (stack, listener) = (Setup::new().open(), EventListener::open().await);
    stack.response(listener.event("stay connected")).await;
    let function = listener.next().await;
    drop(stack);
    function.gone().await;
}

#[tokio::test]
async fn a_function_may_take_more_memory_than_its_memory_size() {
    let stack = Setup::new().open();
    let more = 160 << 20; // of 128 MB; AWS ends it with Runtime.OutOfMemory
    let event = json!({ "do": "allocate", "bytes": more });
    assert_eq!(
        stack.response(event).await,
        json!({ "MemorySize": "128", "bytes": more })
    );
}
