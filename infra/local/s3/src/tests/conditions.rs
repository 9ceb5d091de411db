//! Conditions on writes, as AWS answered them (recorded).

use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart, Delete, ObjectIdentifier};
use http_body_util::BodyExt as _;

use super::*;

const HELLO: &str = "\"5d41402abc4b2a76b9719d911017c592\"";
const FAILED: &str =
    "412 PreconditionFailed: At least one of the pre-conditions you specified did not hold";
const CONFLICT: &str = "409 ConditionalRequestConflict: The conditional request cannot succeed \
                        due to a conflicting operation against this resource.";
const NO_KEY: &str = "404 NoSuchKey: The specified key does not exist.";

#[tokio::test]
async fn a_copy_is_a_conditional_write() {
    let stack = Stack::start().await;
    stack.put("from", "hello").await;
    stack.put("to", "old").await;
    let copy = |key: &str, header: &'static str, value: &'static str| {
        let copy = stack.client.copy_object().bucket(BUCKET).key(key);
        let copy = copy.copy_source(format!("{BUCKET}/from")).customize();
        copy.mutate_request(move |request| {
            request.headers_mut().insert(header, value);
        })
        .send()
    };
    assert_eq!(refusal(copy("to", "if-none-match", "*").await), FAILED);
    assert_eq!(refusal(copy("to", "if-match", HELLO).await), FAILED);
    assert_eq!(refusal(copy("no", "if-match", HELLO).await), NO_KEY);
    assert_eq!(
        refusal(copy("to", "if-match", "*").await),
        "501 NotImplemented: A header you provided implies functionality that is not implemented"
    );
    assert_eq!(stack.get("to").await, "old");
    copy("new", "if-none-match", "*").await.unwrap();
    copy("new", "if-match", HELLO).await.unwrap();
    assert_eq!(stack.get("new").await, "hello");
}

/// Begins an upload to the key, with one part.
async fn begin(stack: &Stack) -> (String, CompletedMultipartUpload) {
    let create = stack.client.create_multipart_upload();
    let id = create.bucket(BUCKET).key("k").send().await.unwrap();
    let id = id.upload_id.unwrap();
    let part = stack.client.upload_part().bucket(BUCKET).key("k");
    let part = part.upload_id(&id).part_number(1);
    let part = part.body(ByteStream::from_static(b"part")).send().await;
    let part = CompletedPart::builder()
        .part_number(1)
        .set_e_tag(part.unwrap().e_tag)
        .build();
    (id, CompletedMultipartUpload::builder().parts(part).build())
}

#[tokio::test]
async fn an_upload_to_a_key_that_was_written_since_conflicts() {
    let stack = Stack::start().await;
    stack.put("k", "hello").await;
    let complete = |id: &str, parts: &CompletedMultipartUpload| {
        let complete = stack.client.complete_multipart_upload();
        let complete = complete.bucket(BUCKET).key("k").upload_id(id);
        complete.multipart_upload(parts.clone())
    };
    let (id, parts) = begin(&stack).await;
    let (other, _) = begin(&stack).await;
    stack.put("k", "hello").await;
    let matching = complete(&id, &parts).if_match(HELLO);
    assert_eq!(refusal(matching.send().await), CONFLICT);
    let absent = complete(&id, &parts).if_none_match("*");
    assert_eq!(refusal(absent.clone().send().await), FAILED);
    let delete = stack.client.delete_object().bucket(BUCKET).key("k");
    delete.clone().send().await.unwrap();
    assert_eq!(refusal(absent.send().await), CONFLICT);
    let matching = complete(&id, &parts).if_match(HELLO);
    assert_eq!(refusal(matching.send().await), NO_KEY);
    // Without a condition nothing stands in the way, and an upload that begins now is not
    // disturbed.
    let (id, parts) = begin(&stack).await;
    complete(&id, &parts)
        .if_none_match("*")
        .send()
        .await
        .unwrap();
    delete.send().await.unwrap();
    complete(&other, &parts).send().await.unwrap();
    assert_eq!(stack.get("k").await, "part");
}

#[tokio::test]
async fn what_no_write_can_depend_on_is_not_implemented() {
    let stack = Stack::start().await;
    let refused = async |headers: &[(&str, &str)]| {
        let mut put = Request::put(format!("/{BUCKET}/k"));
        for (name, value) in headers {
            put = put.header(*name, *value);
        }
        let response = stack.s3.handle(put.body(Body::empty()).unwrap()).await;
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let body = String::from_utf8_lossy(&body).into_owned();
        let (_, rest) = body.split_once("</Message>").unwrap();
        format!("{status} {}", rest.split_once("<RequestId>").unwrap().0)
    };
    assert_eq!(
        refused(&[("if-none-match", "\"00\"")]).await,
        "501 <Header>If-None-Match</Header><additionalMessage>We don't accept the provided value \
         of If-None-Match header for this API</additionalMessage>"
    );
    assert_eq!(
        refused(&[("if-none-match", "*"), ("if-match", "\"00\"")]).await,
        "501 <Header>If-Match,If-None-Match</Header><additionalMessage>Multiple conditional \
         request headers present in the request</additionalMessage>"
    );
    stack.put("k", "hello").await;
    assert_eq!(
        refused(&[("if-match", "\"00\"")]).await,
        "412 <Condition>If-Match</Condition>"
    );
    assert_eq!(
        refused(&[("if-none-match", "*")]).await,
        "412 <Condition>If-None-Match</Condition>"
    );
}

#[tokio::test]
async fn a_delete_is_a_conditional_write() {
    let stack = Stack::start().await;
    stack.put("k", "hello").await;
    let delete = |tag: &str| {
        let delete = stack.client.delete_object().bucket(BUCKET).key("k");
        delete.if_match(tag).send()
    };
    assert_eq!(refusal(delete("\"00\"").await), FAILED);
    let object = |key: &str, tag: &str| {
        let object = ObjectIdentifier::builder().key(key).e_tag(tag);
        object.build().unwrap()
    };
    let list = Delete::builder()
        .objects(object("k", "\"00\""))
        .objects(object("no", HELLO))
        .build();
    let many = stack.client.delete_objects().bucket(BUCKET);
    let many = many.delete(list.unwrap()).send().await.unwrap();
    let codes: Vec<_> = many
        .errors()
        .iter()
        .map(|error| error.code().unwrap())
        .collect();
    assert_eq!(codes, ["PreconditionFailed", "NoSuchKey"]);
    assert_eq!(many.deleted().len(), 0);
    delete(HELLO).await.unwrap();
    assert_eq!(refusal(delete("*").await), NO_KEY);
}

#[tokio::test]
async fn a_time_that_is_still_to_come_is_no_condition() {
    let stack = Stack::start().await;
    stack.put("k", "hello").await;
    let get = |seconds: i64| {
        let now = aws_sdk_s3::primitives::DateTime::from(std::time::SystemTime::now());
        let time = aws_sdk_s3::primitives::DateTime::from_secs(now.secs() + seconds);
        let get = stack.client.get_object().bucket(BUCKET).key("k");
        get.if_modified_since(time).send()
    };
    get(3600).await.unwrap();
    get(-3600).await.unwrap();
    let error = get(0).await.unwrap_err();
    assert_eq!(error.raw_response().unwrap().status().as_u16(), 304);
}
