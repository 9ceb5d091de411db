//! Deployments that succeed and that fail.

use super::*;

const NO_PING: &str = "The primary container for production variant main did not pass the ping \
                       health check. Please check CloudWatch logs for this endpoint.";

fn status(stack: &Stack) -> (Status, Option<String>) {
    stack.service.status("e").unwrap()
}

#[tokio::test]
async fn an_endpoint_is_creating_until_its_model_exists() {
    let stack = Stack::open(endpoint());
    let error = stack.service.deploy("e").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the endpoint e waits for its model: there is no object at s3://b/main.tar.gz"
    );
    assert_eq!(status(&stack), (Status::Creating, None));
    let expected = r#"{"Message":"Endpoint e is not in service (Creating): it waits for its model at s3://b/main.tar.gz"}"#;
    assert_eq!(stack.invoke("a/b").await, (503, expected.into()));
    stack.put("main.tar.gz", artifact("one")).await;
    // No one deploys it: the endpoint looks.
    stack.service.wait_in_service("e").await.unwrap();
    assert_eq!(status(&stack), (Status::InService, None));
    assert_eq!(stack.invoke("a/b").await, (200, r#"["one", 5]"#.into()));
}

#[tokio::test]
async fn a_first_model_that_fails_makes_the_endpoint_failed() {
    let stack = Stack::open(endpoint());
    stack.put("main.tar.gz", artifact("exit")).await;
    let why = "the model server ended at its start (exit status: 3): no operator Frobnicate";
    let reason = format!("{NO_PING} ({why})");
    let error = stack.service.wait_in_service("e").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("the endpoint e could not be deployed: {reason}")
    );
    assert_eq!(status(&stack), (Status::Failed, Some(reason.clone())));
    let (code, body) = stack.invoke("a/b").await;
    assert_eq!(code, 503);
    assert!(
        body.contains(&format!("Endpoint e is not in service (Failed): {reason}")),
        "{body}"
    );
    stack.put("main.tar.gz", artifact("one")).await;
    stack.service.deploy("e").await.unwrap();
    assert_eq!(stack.invoke("a/b").await, (200, r#"["one", 5]"#.into()));
}

#[tokio::test]
async fn a_model_that_fails_leaves_the_old_one_serving() {
    let stack = Stack::serving("one").await;
    for (broken, reason) in [
        (
            artifact("exit"),
            format!(
                "{NO_PING} (the model server ended at its start (exit status: 3): no operator \
                     Frobnicate)"
            ),
        ),
        (
            Bytes::from_static(b"this is no gzip file"),
            "Failed to extract model data archive from URL \"s3://b/main.tar.gz\". Please ensure \
             that the object located at the URL is a valid tar.gz archive. (model.tar.gz: it \
             can't be unpacked: invalid gzip header)"
                .to_owned(),
        ),
    ] {
        stack.put("main.tar.gz", broken).await;
        let error = stack.service.deploy("e").await.unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("the endpoint e could not be deployed: {reason}")
        );
        assert_eq!(status(&stack), (Status::InService, Some(reason)));
        assert_eq!(stack.invoke("a/b").await, (200, r#"["one", 5]"#.into()));
    }
    stack.put("main.tar.gz", artifact("two")).await;
    stack.service.deploy("e").await.unwrap();
    assert_eq!(status(&stack), (Status::InService, None));
    assert_eq!(stack.invoke("a/b").await, (200, r#"["two", 5]"#.into()));
}

#[tokio::test]
async fn a_server_that_never_answers_ping_fails() {
    let folder = tempfile::tempdir().unwrap();
    let objects = Arc::new(Memory::default());
    objects
        .put("b", "main.tar.gz", artifact("sick"), "")
        .await
        .unwrap();
    let mut config = config(vec![endpoint()]);
    config.start_timeout = Duration::from_millis(100);
    let service = SageMaker::open(folder.path(), Identity::default(), config, objects).unwrap();
    let error = service.wait_in_service("e").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "the endpoint e could not be deployed: {NO_PING} (the model server did not answer \
             /ping with 200 in 100ms)"
        )
    );
}

#[tokio::test]
async fn a_program_that_does_not_exist_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let objects = Arc::new(Memory::default());
    objects
        .put("b", "main.tar.gz", artifact("one"), "")
        .await
        .unwrap();
    let mut config = config(vec![endpoint()]);
    let nowhere: StartServer = Arc::new(|_| Command::new("/nowhere/scones"));
    config.programs = ContainerPrograms::any(nowhere, Arc::new(train));
    let service = SageMaker::open(folder.path(), Identity::default(), config, objects).unwrap();
    let error = service.wait_in_service("e").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "the endpoint e could not be deployed: {NO_PING} (the model server can't be started: \
             /nowhere/scones: No such file or directory (os error 2))"
        )
    );
}

/// The folder of the model that `content` names, once its server has a request of the type
/// test/wait.
fn waiting_model(stack: &Stack) -> Option<PathBuf> {
    let models = stack.folder.path().join("endpoints/e/models");
    let folders = std::fs::read_dir(models).ok()?;
    let mut folders = folders.flatten().map(|entry| entry.path());
    folders.find(|folder| folder.join("waiting").exists())
}

#[tokio::test]
async fn a_swap_drops_no_request() {
    let stack = Stack::serving("one").await;
    let service = stack.service.clone();
    let slow = tokio::spawn(async move { service.handle(invocation("e", "test/wait", "")).await });
    until("the old model has a request", || async {
        waiting_model(&stack).is_some()
    })
    .await;
    let old = waiting_model(&stack).unwrap();
    stack.put("main.tar.gz", artifact("two")).await;
    stack.service.deploy("e").await.unwrap();
    assert_eq!(stack.invoke("a/b").await, (200, r#"["two", 5]"#.into()));
    assert!(!slow.is_finished());
    // The deployment has removed the old model's folder, but its server still looks into it.
    std::fs::create_dir_all(&old).unwrap();
    std::fs::write(old.join("go"), "").unwrap();
    let answer = slow.await.unwrap();
    assert_eq!(
        (answer.status(), text(answer).await.as_str()),
        (StatusCode::OK, "\"one\"")
    );
}

#[tokio::test]
async fn under_load_a_swap_is_seen_only_in_the_answers() {
    let stack = Stack::serving("one").await;
    let service = stack.service.clone();
    let clients: Vec<_> = (0..4)
        .map(|_| {
            let service = service.clone();
            tokio::spawn(async move {
                let mut answers = vec![];
                while !answers
                    .last()
                    .is_some_and(|last: &String| last.contains("three"))
                {
                    let answer = service.handle(invocation("e", "a/b", "")).await;
                    assert_eq!(answer.status(), StatusCode::OK);
                    answers.push(text(answer).await);
                }
                answers.len()
            })
        })
        .collect();
    for model in ["two", "three"] {
        stack.put("main.tar.gz", artifact(model)).await;
        stack.service.deploy("e").await.unwrap();
    }
    for client in clients {
        assert!(client.await.unwrap() > 0);
    }
}

#[tokio::test]
async fn a_crash_is_awss_error_and_then_mended() {
    let stack = Stack::serving("one").await;
    let (status, body) = stack.invoke("test/crash").await;
    assert_eq!(status, 424);
    let text = "Amazon SageMaker could not get a response from the e endpoint.";
    assert!(
        body.contains(text) && body.contains("\"OriginalStatusCode\":0"),
        "{body}"
    );
    until("the server is back", || async {
        stack.invoke("a/b").await.0 == 200
    })
    .await;
}

#[tokio::test]
async fn a_restart_serves_what_was_in_service() {
    let stack = Stack::serving("one").await;
    stack
        .put("main.tar.gz", Bytes::from_static(b"broken meanwhile"))
        .await;
    let stack = stack.restart().await;
    // The request waits for the server, which starts with the stack.
    assert_eq!(stack.invoke("a/b").await, (200, r#"["one", 5]"#.into()));
    assert_eq!(status(&stack), (Status::InService, None));
}

#[tokio::test]
async fn after_a_shutdown_nothing_answers() {
    let stack = Stack::serving("one").await;
    stack.service.shut_down().await;
    let (status, body) = stack.invoke("a/b").await;
    assert_eq!(status, 503);
    assert!(body.contains("the stack is shutting down"), "{body}");
    stack.put("main.tar.gz", artifact("two")).await;
    assert_eq!(
        stack.service.deploy("e").await,
        Err(DeployError::ShuttingDown)
    );
}
