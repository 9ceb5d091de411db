//! Captured lines, one by one and from a bucket.

use jiff::Timestamp;

use super::*;
use crate::testing::Objects;

/// SageMaker's line, with other sides.
fn line(input: &str, output: &str, time: &str) -> String {
    format!(
        r#"{{"captureData":{{"endpointInput":{{"observedContentType":"image/png","mode":"INPUT",{input}}},"endpointOutput":{{"observedContentType":"application/json","mode":"OUTPUT",{output}}}}},"eventMetadata":{{"eventId":"e","inferenceTime":"{time}"}},"eventVersion":"0"}}"#
    )
}

const PNG: &str = r#""data":"iVBORw==","encoding":"BASE64""#;
const NOON: &str = "2025-10-04T12:00:00Z";

fn parse(line: &str) -> Result<Record, InvalidRecord> {
    Record::parse(line.as_bytes())
}

#[test]
fn a_line_is_a_request_and_its_answer() {
    let record = parse(&line(
        PNG,
        r#""data":"[0.82, 0.18]","encoding":"JSON""#,
        "2025-10-04T08:44:11Z",
    ))
    .unwrap();
    let input = record.input.as_ref().unwrap();
    assert_eq!(
        (input.content_type.as_str(), input.body.as_slice()),
        ("image/png", &b"\x89PNG"[..])
    );
    assert_eq!(
        (record.id(), record.time.to_string().as_str()),
        ("e", "2025-10-04T08:44:11Z")
    );
    assert_eq!(record.scores().unwrap().best(), (0, 0.82));
}

#[test]
fn json_nested_ten_thousand_deep_is_an_error_of_its_line() {
    let deep = "[".repeat(10_000) + &"]".repeat(10_000);
    parse(&deep).unwrap_err();
    let data = format!(r#""data":{deep},"encoding":"JSON""#);
    let text = format!(r#""data":"{deep}","encoding":"JSON""#);
    for output in [data, text] {
        let read = parse(&line(PNG, &output, NOON)).and_then(|record| record.scores());
        read.unwrap_err();
    }
    // What this does not read may be as deep as it likes.
    let other = line(PNG, PNG, NOON).replace(
        r#""eventVersion""#,
        &format!(r#""x":{deep},"eventVersion""#),
    );
    parse(&other).unwrap();
}

#[test]
fn an_inference_id_goes_before_the_event_id() {
    let text =
        line(PNG, PNG, NOON).replace(r#""eventId":"e""#, r#""eventId":"e","inferenceId":"mine""#);
    assert_eq!(parse(&text).unwrap().id(), "mine");
}

#[test]
fn every_encoding_of_an_answer_is_scores() {
    for output in [
        r#""data":"[0.75, 0.25]","encoding":"JSON""#,
        r#""data":[0.75, 0.25],"encoding":"JSON""#,
        r#""data":"WzAuNzUsIDAuMjVd","encoding":"BASE64""#,
        r#""data":"0.75,0.25\n","encoding":"CSV""#,
        r#""data":"[0.75, 0.25]","encoding":"NONE""#,
        r#""data":"{\"prediction\": [0.75, 0.25]}","encoding":"JSON""#,
    ] {
        let record = parse(&line(PNG, output, NOON)).unwrap();
        assert_eq!(
            record.scores().unwrap().as_slice(),
            [0.75, 0.25],
            "{output}"
        );
    }
}

#[track_caller]
fn check_broken(line: &str, name: &str, text: &str) {
    use crate::skipped::Problem;
    let invalid = parse(line)
        .and_then(|record| record.scores().map(drop))
        .unwrap_err();
    assert_eq!(invalid.name(), name);
    assert!(invalid.to_string().contains(text), "{invalid}");
}

#[test]
fn what_cant_be_used_says_why() {
    let good = line(PNG, r#""data":"[0.75, 0.25]","encoding":"JSON""#, NOON);
    check_broken(
        &good[..good.len() - 9],
        "NotCaptured",
        "not a captured line: EOF",
    );
    check_broken("{}", "NotCaptured", "missing field `captureData`");
    check_broken(
        &good.replace(NOON, "noon"),
        "NotCaptured",
        "invalid digit, expected 0-9 but got n",
    );
    check_broken(
        &good.replace("iVBOR", "@@"),
        "UndecodableInput",
        "endpointInput: the data is not base64",
    );
    check_broken(
        &line(PNG, r#""data":"x","encoding":"ROT13""#, NOON),
        "UndecodableOutput",
        "endpointOutput: the encoding \"ROT13\"",
    );
    check_broken(
        &line(PNG, PNG, NOON),
        "NotScores",
        "the response is not scores: neither",
    );
    let without = r#"{"captureData":{},"eventMetadata":{"eventId":"e","inferenceTime":"2025-10-04T12:00:00Z"}}"#;
    check_broken(without, "NoOutput", "it has no endpointOutput");
}

fn source() -> Source {
    Source {
        prefix: "captured".into(),
        endpoint: "scones".into(),
        variant: None,
    }
}

fn window(from: &str, to: &str) -> Window {
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    Window::new(at(from), at(to)).unwrap()
}

/// A good line of that time.
fn at(time: &str) -> String {
    line(PNG, r#""data":"[0.75, 0.25]","encoding":"JSON""#, time) + "\n"
}

async fn times(objects: &Objects, window: &Window) -> (Vec<String>, SkippedLines) {
    let (records, skipped) = read(&objects.bucket(), &source(), window, Vec::new())
        .await
        .unwrap();
    (
        records
            .iter()
            .map(|record| record.time.to_string())
            .collect(),
        skipped,
    )
}

#[tokio::test]
async fn the_window_says_what_is_read_and_what_is_listed() {
    let objects = Objects::default();
    let day = "captured/scones/AllTraffic/2025/10/04";
    objects.put(
        &format!("{day}/07/59-00-000-a.jsonl"),
        at("2025-10-04T07:59:00Z") + &at("2025-10-04T08:00:30Z"),
    );
    objects.put(
        &format!("{day}/08/10-00-000-b.jsonl"),
        at("2025-10-04T08:10:00Z") + "\n" + &at("2025-10-04T09:00:00Z"),
    );
    objects.put(&format!("{day}/08/notes.txt"), "not for us");
    objects.put(
        "captured/scones/Canary/2025/10/04/08/20-00-000-c.jsonl",
        at("2025-10-04T08:20:00Z"),
    );
    objects.put(
        "captured/other/AllTraffic/2025/10/04/08/20-00-000-d.jsonl",
        at("2025-10-04T08:20:00Z"),
    );
    let (times, skipped) = times(
        &objects,
        &window("2025-10-04T08:00:00Z", "2025-10-04T09:00:00Z"),
    )
    .await;
    assert_eq!(
        times,
        [
            "2025-10-04T08:00:30Z",
            "2025-10-04T08:10:00Z",
            "2025-10-04T08:20:00Z"
        ]
    );
    assert_eq!(skipped, SkippedLines::default());
    let hours = [
        "AllTraffic/2025/10/04/07/",
        "AllTraffic/2025/10/04/08/",
        "Canary/2025/10/04/07/",
        "Canary/2025/10/04/08/",
    ];
    let expected: Vec<String> = hours
        .iter()
        .map(|hour| format!("captured/scones/{hour}"))
        .collect();
    assert_eq!(objects.listed()[1..], expected);
}

#[tokio::test]
async fn broken_lines_are_counted_and_their_first_is_named() {
    let objects = Objects::default();
    let key = "captured/scones/AllTraffic/2025/10/04/08/10-00-000-b.jsonl";
    let text = at("2025-10-04T08:10:00Z")
        + "{\"captureData\":\nnonsense\n"
        + &at("2025-10-04T08:11:00Z")
        + "\u{0}";
    objects.put(key, text);
    let (times, skipped) = times(
        &objects,
        &window("2025-10-04T08:00:00Z", "2025-10-04T09:00:00Z"),
    )
    .await;
    assert_eq!(times.len(), 2);
    assert_eq!((skipped.lines, skipped.reasons.len()), (3, 1));
    assert_eq!(
        (skipped.reasons[0].name, skipped.reasons[0].lines),
        ("NotCaptured", 3)
    );
    let first = &skipped.reasons[0].first;
    assert!(
        first.starts_with(&format!("{key} line 2: not a captured line: EOF")),
        "{first}"
    );
}

/// Stops after two.
struct TakeTwo(Vec<Record>);

impl RecordSink for TakeTwo {
    fn record(&mut self, record: Record) -> Result<ControlFlow<()>, InvalidRecord> {
        self.0.push(record);
        Ok(match self.0.len() {
            2 => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        })
    }
}

#[tokio::test]
async fn a_sink_that_has_enough_stops_the_reading() {
    let objects = Objects::default();
    for minute in 10..60 {
        let key = format!("captured/scones/AllTraffic/2025/10/04/08/{minute}-00-000-x.jsonl");
        objects.put(&key, at("2025-10-04T08:30:00Z").repeat(3));
    }
    let window = window("2025-10-04T08:00:00Z", "2025-10-04T09:00:00Z");
    let (two, _) = read(&objects.bucket(), &source(), &window, TakeTwo(Vec::new()))
        .await
        .unwrap();
    assert_eq!(two.0.len(), 2);
    let gets = objects
        .requests
        .lock()
        .unwrap()
        .iter()
        .filter(|request| request.starts_with("GET"))
        .count();
    assert!(gets < 50, "{gets} objects were read");
}

#[tokio::test]
async fn a_bucket_that_says_no_is_named() {
    let objects = Objects::default();
    let bucket = objects.bucket();
    let error = bucket.get("monitoring/statistics.json").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "s3://b/monitoring/statistics.json: the object does not exist"
    );
    assert_eq!(error.problem, s3_objects::Problem::NoSuchKey);
}

#[tokio::test]
async fn a_bucket_that_does_not_answer_is_unavailable() {
    // The discard port: nothing listens there on a machine that runs tests.
    let error = crate::testing::unreachable().get("k").await.unwrap_err();
    assert!(
        matches!(error.problem, s3_objects::Problem::Unavailable(..)),
        "{error}"
    );
    let text = error.to_string();
    assert!(
        text.starts_with("s3://b/k: S3 did not deliver it: dispatch failure: ") && text.len() < 300,
        "{text}"
    );
}
