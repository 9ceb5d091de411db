//! Tests which files exist after a crash.

use super::*;

#[tokio::test]
async fn everything_is_there_after_a_restart() {
    let stack = Stack::start().await;
    stack.put("k", "hello").await;
    stack.put("k", "hello again").await;
    let upload = stack
        .client
        .create_multipart_upload()
        .bucket(BUCKET)
        .key("m")
        .send()
        .await
        .unwrap();
    let part = stack
        .client
        .upload_part()
        .bucket(BUCKET)
        .key("m")
        .upload_id(upload.upload_id().unwrap());
    part.part_number(1)
        .body(ByteStream::from_static(b"part"))
        .send()
        .await
        .unwrap();
    let stack = stack.reopen().await;
    assert_eq!(stack.get("k").await, "hello again");
    let parts = stack
        .client
        .list_parts()
        .bucket(BUCKET)
        .key("m")
        .upload_id(upload.upload_id().unwrap());
    assert_eq!(parts.send().await.unwrap().parts()[0].size(), Some(4));
    assert_eq!(stack.files(), 2);
}

#[tokio::test]
async fn an_upload_that_breaks_off_leaves_nothing() {
    let stack = Stack::start().await;
    stack.put("k", "hello").await;
    let broken = futures::stream::iter([
        Ok(Bytes::from_static(b"some bytes")),
        Err(std::io::Error::other("the client is gone")),
    ]);
    let request = Request::put(format!("/{BUCKET}/k"))
        .body(Body::from_stream(broken))
        .unwrap();
    let response = stack.s3.handle(request).await;
    assert_eq!(response.status(), 400);
    assert_eq!(stack.get("k").await, "hello");
    assert_eq!(stack.files(), 1);
    assert_eq!(count(&stack.directory.path().join("s3/incoming")), 0);
}

#[tokio::test]
async fn a_request_that_is_given_up_leaves_rows_and_files_in_step() {
    let stack = Stack::start().await;
    for round in 0..50_u32 {
        let put = Request::put(format!("/{BUCKET}/k"))
            .body(Body::from(format!("round {round}")))
            .unwrap();
        let s3 = stack.s3.clone();
        let task = tokio::spawn(async move { s3.handle(put).await });
        for _ in 0..round % 10 {
            tokio::task::yield_now().await;
        }
        task.abort();
    }
    stack.put("k", "last").await;
    let stack = stack.reopen().await;
    assert_eq!(stack.get("k").await, "last");
    assert_eq!(stack.files(), 1);
}

#[tokio::test]
async fn writers_at_the_same_time_do_not_mix() {
    let stack = Stack::start().await;
    let puts = (0..40).map(|n| {
        let body = Body::from(n.to_string().repeat(1000));
        let put = Request::put(format!("/{BUCKET}/{}", n % 4))
            .body(body)
            .unwrap();
        let s3 = stack.s3.clone();
        async move { s3.handle(put).await.status() }
    });
    let done = futures::future::join_all(puts).await;
    assert!(done.iter().all(|status| *status == 200));
    assert_eq!(stack.files(), 4);
    for key in 0..4_u32 {
        let body = stack.get(&key.to_string()).await;
        let writer = &body[..body.len() / 1000];
        assert_eq!(body, writer.repeat(1000));
        assert_eq!(writer.parse::<u32>().unwrap() % 4, key);
    }
}

#[test]
fn a_store_that_cannot_be_opened_says_where() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("s3"), "a file in the way").unwrap();
    let error = S3::open(directory.path(), Identity::default())
        .err()
        .unwrap()
        .to_string();
    let place = directory.path().join("s3").display().to_string();
    assert!(
        error.starts_with(&format!("the S3 store in {place} could not be opened: ")),
        "{error}"
    );
}
