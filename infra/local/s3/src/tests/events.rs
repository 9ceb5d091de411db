//! Events: which, for whom, in what words, and that none is lost.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_sdk_s3::types::{
    Event, FilterRule, FilterRuleName, LambdaFunctionConfiguration, NotificationConfiguration,
    NotificationConfigurationFilter, S3KeyFilter,
};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::*;
use service::{Invocation, InvokeError};

const FUNCTION: &str = "arn:aws:lambda:us-east-1:123456789012:function:start";

/// A Lambda service that records its events, and may refuse at first.
struct Recorder {
    events: mpsc::UnboundedSender<(String, Value)>,
    refusals: Mutex<Vec<u16>>,
    deliveries: AtomicUsize,
}

#[async_trait]
impl Invoke for Recorder {
    fn has_function(&self, function: &str) -> bool {
        function == FUNCTION
    }

    async fn invoke(&self, _: &str, _: Bytes) -> Result<Invocation, InvokeError> {
        unreachable!("S3 invokes asynchronously")
    }

    async fn enqueue(&self, function: &str, payload: Bytes) -> Result<(), InvokeError> {
        self.deliveries.fetch_add(1, Ordering::SeqCst);
        if let Some(status) = self.refusals.lock().unwrap().pop() {
            let code = "Exception";
            return Err(InvokeError {
                code,
                status,
                message: "no".into(),
            });
        }
        self.events
            .send((function.into(), serde_json::from_slice(&payload).unwrap()))
            .unwrap();
        Ok(())
    }
}

/// Starts the dispatcher; events arrive at the receiver.
fn dispatch(
    stack: &Stack,
    refusals: &[u16],
) -> (Arc<Recorder>, mpsc::UnboundedReceiver<(String, Value)>) {
    let (events, received) = mpsc::unbounded_channel();
    let refusals = Mutex::new(refusals.to_vec());
    let recorder = Arc::new(Recorder {
        events,
        refusals,
        deliveries: AtomicUsize::new(0),
    });
    let invoke = Arc::clone(&recorder) as Arc<dyn Invoke>;
    stack.s3.notify(invoke);
    tokio::spawn(stack.s3.clone().run_dispatcher(std::future::pending()));
    (recorder, received)
}

fn bucket(rules: &[(&str, &str, &str)]) -> template::Bucket {
    let rule = |(event, prefix, suffix): &(&str, &str, &str)| template::Notification {
        id: format!("on {event}"),
        events: vec![(*event).to_owned()],
        function_arn: FUNCTION.into(),
        prefix: (*prefix).to_owned(),
        suffix: (*suffix).to_owned(),
    };
    template::Bucket {
        logical_id: "Photos".into(),
        name: BUCKET.into(),
        versioned: false,
        notifications: rules.iter().map(rule).collect(),
    }
}

async fn declare(stack: &Stack, rules: &[(&str, &str, &str)]) {
    stack.s3.declare_bucket(&bucket(rules)).await.unwrap();
}

async fn next(received: &mut mpsc::UnboundedReceiver<(String, Value)>) -> String {
    let (_, event) = received.recv().await.unwrap();
    let record = &event["Records"][0];
    let name = record["eventName"].as_str().unwrap();
    format!("{name} {}", record["s3"]["object"]["key"].as_str().unwrap())
}

#[tokio::test]
async fn an_event_reads_like_awss() {
    let stack = Stack::start().await;
    declare(&stack, &[("s3:ObjectCreated:*", "", "")]).await;
    let (_, mut received) = dispatch(&stack, &[]);
    stack.put("incoming/a b+ü.png", "hello").await;
    let (function, mut event) = received.recv().await.unwrap();
    assert_eq!(function, FUNCTION);
    let record = &mut event["Records"][0];
    let time = record["eventTime"].take();
    let parsed: jiff::Timestamp = time.as_str().unwrap().parse().unwrap();
    assert_eq!(format!("{parsed:.3}"), time.as_str().unwrap());
    for (id, length) in [("x-amz-request-id", 16), ("x-amz-id-2", 64)] {
        assert_eq!(
            record["responseElements"][id]
                .take()
                .as_str()
                .unwrap()
                .len(),
            length
        );
    }
    let sequencer = record["s3"]["object"]["sequencer"].take();
    assert!(
        sequencer
            .as_str()
            .unwrap()
            .bytes()
            .all(|b| b.is_ascii_hexdigit())
    );
    assert_eq!(
        event,
        json!({ "Records": [{
            "eventVersion": "2.1",
            "eventSource": "aws:s3",
            "awsRegion": "us-east-1",
            "eventTime": null,
            "eventName": "ObjectCreated:Put",
            "userIdentity": { "principalId": "AWS:123456789012" },
            "requestParameters": { "sourceIPAddress": "127.0.0.1" },
            "responseElements": { "x-amz-request-id": null, "x-amz-id-2": null },
            "s3": {
                "s3SchemaVersion": "1.0",
                "configurationId": "on s3:ObjectCreated:*",
                "bucket": {
                    "name": BUCKET,
                    "ownerIdentity": { "principalId": "123456789012" },
                    "arn": "arn:aws:s3:::photos",
                },
                "object": {
                    "key": "incoming/a+b%2B%C3%BC.png",
                    "size": 5,
                    "eTag": "5d41402abc4b2a76b9719d911017c592",
                    "sequencer": null,
                },
            },
        }] })
    );
}

#[tokio::test]
async fn rules_choose_by_event_prefix_and_suffix() {
    let stack = Stack::start().await;
    declare(
        &stack,
        &[
            ("s3:ObjectCreated:Put", "in/", ".png"),
            ("s3:ObjectCreated:Copy", "", ""),
            ("s3:ObjectRemoved:*", "in/", ""),
        ],
    )
    .await;
    let (recorder, mut received) = dispatch(&stack, &[]);
    for key in ["in/a.jpg", "out/a.png", "in/a.png", "in/.png", "in.png"] {
        stack.put(key, "").await;
    }
    let copy = stack.client.copy_object().bucket(BUCKET).key("in/c.png");
    copy.copy_source(format!("{BUCKET}/in/a.png"))
        .send()
        .await
        .unwrap();
    for key in ["out/a.png", "in/a.png", "in/a.png"] {
        stack
            .client
            .delete_object()
            .bucket(BUCKET)
            .key(key)
            .send()
            .await
            .unwrap();
    }
    stack.put("in/last.png", "").await;
    let mut seen = Vec::new();
    while seen
        .last()
        .is_none_or(|last| last != "ObjectCreated:Put in/last.png")
    {
        seen.push(next(&mut received).await);
    }
    assert_eq!(
        seen,
        [
            "ObjectCreated:Put in/a.png",
            "ObjectCreated:Put in/.png",
            "ObjectCreated:Copy in/c.png",
            "ObjectRemoved:Delete in/a.png",
            "ObjectCreated:Put in/last.png",
        ]
    );
    assert_eq!(recorder.deliveries.load(Ordering::SeqCst), 5);
}

#[tokio::test]
async fn a_versioned_bucket_tells_the_version() {
    let stack = Stack::start().await;
    let declared = bucket(&[
        ("s3:ObjectCreated:*", "", ""),
        ("s3:ObjectRemoved:*", "", ""),
    ]);
    stack
        .s3
        .declare_bucket(&template::Bucket {
            versioned: true,
            ..declared
        })
        .await
        .unwrap();
    let (_, mut received) = dispatch(&stack, &[]);
    let put = stack
        .client
        .put_object()
        .bucket(BUCKET)
        .key("k")
        .send()
        .await
        .unwrap();
    let deleted = stack
        .client
        .delete_object()
        .bucket(BUCKET)
        .key("k")
        .send()
        .await
        .unwrap();
    let mut sequencers = Vec::new();
    for (name, version) in [
        ("ObjectCreated:Put", put.version_id()),
        ("ObjectRemoved:DeleteMarkerCreated", deleted.version_id()),
    ] {
        let (_, event) = received.recv().await.unwrap();
        let record = &event["Records"][0];
        assert_eq!(record["eventName"], name);
        assert_eq!(record["s3"]["object"]["versionId"].as_str(), version);
        sequencers.push(
            record["s3"]["object"]["sequencer"]
                .as_str()
                .unwrap()
                .to_owned(),
        );
    }
    assert!(sequencers.is_sorted() && sequencers[0] != sequencers[1]);
}

#[tokio::test]
async fn an_event_outlives_the_process_that_wrote_it() {
    let stack = Stack::start().await;
    declare(&stack, &[("s3:ObjectCreated:*", "", "")]).await;
    // Nobody carries events while these are written.
    stack.put("a", "").await;
    stack.put("b", "").await;
    let stack = stack.reopen().await;
    let (_, mut received) = dispatch(&stack, &[]);
    assert_eq!(next(&mut received).await, "ObjectCreated:Put a");
    assert_eq!(next(&mut received).await, "ObjectCreated:Put b");
    stack.put("c", "").await;
    assert_eq!(next(&mut received).await, "ObjectCreated:Put c");
}

#[tokio::test(start_paused = true)]
async fn a_function_that_cannot_take_an_event_is_asked_again() {
    // Without the client, whose timeouts would pass at once.
    let stack = Stack::open(tempfile::tempdir().unwrap()).await;
    declare(&stack, &[("s3:ObjectCreated:*", "", "")]).await;
    for key in ["a", "b"] {
        stack.s3.put(BUCKET, key, Bytes::new(), "").await.unwrap();
    }
    let (recorder, mut received) = dispatch(&stack, &[503, 429, 500]);
    assert_eq!(next(&mut received).await, "ObjectCreated:Put a");
    assert_eq!(next(&mut received).await, "ObjectCreated:Put b");
    assert_eq!(recorder.deliveries.load(Ordering::SeqCst), 5);
}

#[tokio::test]
async fn an_event_for_no_function_is_dropped() {
    let stack = Stack::start().await;
    declare(&stack, &[("s3:ObjectCreated:*", "", "")]).await;
    let (_, mut received) = dispatch(&stack, &[404]);
    stack.put("lost", "").await;
    stack.put("next", "").await;
    assert_eq!(next(&mut received).await, "ObjectCreated:Put next");
}

fn configuration(event: &str, prefix: &str) -> LambdaFunctionConfiguration {
    let rule = FilterRule::builder()
        .name(FilterRuleName::Prefix)
        .value(prefix)
        .build();
    let key = S3KeyFilter::builder().filter_rules(rule).build();
    LambdaFunctionConfiguration::builder()
        .id("mine")
        .lambda_function_arn(FUNCTION)
        .events(Event::from(event))
        .filter(NotificationConfigurationFilter::builder().key(key).build())
        .build()
        .unwrap()
}

#[tokio::test]
async fn clients_configure_notifications() {
    let stack = Stack::start().await;
    let put = |rules: Vec<LambdaFunctionConfiguration>| {
        let configuration =
            NotificationConfiguration::builder().set_lambda_function_configurations(Some(rules));
        let put = stack
            .client
            .put_bucket_notification_configuration()
            .bucket(BUCKET);
        put.notification_configuration(configuration.build()).send()
    };
    let ids = async || {
        let get = stack
            .client
            .get_bucket_notification_configuration()
            .bucket(BUCKET)
            .send()
            .await
            .unwrap();
        let rules = get.lambda_function_configurations().iter();
        rules
            .map(|rule| (rule.id().unwrap().to_owned(), rule.events()[0].to_string()))
            .collect::<Vec<_>>()
    };
    put(vec![configuration("s3:ObjectCreated:*", "in/")])
        .await
        .unwrap();
    let mine = ("mine".to_owned(), "s3:ObjectCreated:*".to_owned());
    assert_eq!(ids().await, std::slice::from_ref(&mine));
    let ambiguous = vec![
        configuration("s3:ObjectCreated:*", "in/"),
        configuration("s3:ObjectCreated:Put", "in/a"),
    ];
    assert_eq!(
        refusal(put(ambiguous).await),
        "400 InvalidArgument: Configuration is ambiguously defined. Cannot have overlapping \
         suffixes in two rules if the prefixes are overlapping for the same event type."
    );
    assert_eq!(
        refusal(put(vec![configuration("s3:ObjectCreated:Stolen", "")]).await),
        "400 InvalidArgument: A specified event is not supported for notifications."
    );
    // The template replaces its own rules and leaves this one.
    declare(&stack, &[("s3:ObjectRemoved:*", "", "")]).await;
    declare(&stack, &[("s3:ObjectTagging:*", "", "")]).await;
    assert_eq!(
        ids().await,
        [
            mine,
            ("on s3:ObjectTagging:*".into(), "s3:ObjectTagging:*".into())
        ]
    );
    put(vec![]).await.unwrap();
    assert_eq!(ids().await, []);
}

#[tokio::test]
async fn a_function_that_is_not_there_is_not_notified() {
    let stack = Stack::start().await;
    let (_recorder, _received) = dispatch(&stack, &[]);
    while stack.s3.store.functions.get().is_none() {
        tokio::task::yield_now().await;
    }
    let missing = "arn:aws:lambda:us-east-1:123456789012:function:no";
    let put = |arn: &str, skip: bool| {
        let rule = LambdaFunctionConfiguration::builder()
            .lambda_function_arn(arn)
            .events("s3:ObjectCreated:*".into())
            .build()
            .unwrap();
        let configuration = NotificationConfiguration::builder()
            .lambda_function_configurations(rule)
            .build();
        let put = stack.client.put_bucket_notification_configuration();
        put.bucket(BUCKET)
            .notification_configuration(configuration)
            .skip_destination_validation(skip)
            .send()
    };
    assert_eq!(
        refusal(put(missing, false).await),
        "400 InvalidArgument: Unable to validate the following destination configurations"
    );
    put(missing, true).await.unwrap();
    put(FUNCTION, false).await.unwrap();
}
