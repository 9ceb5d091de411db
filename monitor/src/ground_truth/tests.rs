//! Ground truth, line by line and from a bucket.

use super::*;
use crate::testing::Objects;

fn labels() -> Vec<String> {
    ["bicycle", "motorcycle"].map(str::to_owned).to_vec()
}

fn truth(id: &str, label: &str) -> GroundTruth {
    GroundTruth {
        id: id.to_owned(),
        label: label.to_owned(),
    }
}

#[track_caller]
fn check(line: &str, id: &str, label: &str) {
    assert_eq!(
        GroundTruth::parse(line.as_bytes()),
        Ok(truth(id, label)),
        "{line}"
    );
}

#[track_caller]
fn check_error(line: &str, text: &str) {
    let error = GroundTruth::parse(line.as_bytes()).unwrap_err().to_string();
    assert!(error.contains(text), "{line}: {error}");
}

#[test]
fn awss_own_example_is_read() {
    check(
        r#"{ "groundTruthData": { "data": "1", "encoding": "CSV" }, "eventMetadata": { "eventId": "aaaa-bbbb-cccc" }, "eventVersion": "0" }"#,
        "aaaa-bbbb-cccc",
        "1",
    );
}

#[test]
fn a_label_may_be_encoded_in_any_way() {
    let line = |data: &str, encoding: &str| {
        format!(
            r#"{{"groundTruthData":{{"data":{data},"encoding":"{encoding}"}},"eventMetadata":{{"eventId":"e"}}}}"#
        )
    };
    check(&line(r#""bicycle""#, "CSV"), "e", "bicycle");
    check(&line(r#""\"bicycle\"\n""#, "CSV"), "e", "bicycle");
    check(&line(r#""\"bicycle\"""#, "JSON"), "e", "bicycle");
    check(&line("1", "JSON"), "e", "1");
    check(&line(r#""YmljeWNsZQ==""#, "BASE64"), "e", "bicycle");
    check_error(
        &line("1", "CSV"),
        "groundTruthData: the data of encoding CSV is not a text",
    );
    check_error(
        &line(r#""x""#, "XML"),
        "groundTruthData: the encoding \"XML\"",
    );
}

#[test]
fn other_lines_are_told() {
    check_error(
        "{}",
        "not a line of ground truth: missing field `groundTruthData`",
    );
    check_error("motorcycle", "not a line of ground truth: expected");
}

#[test]
fn what_is_written_is_sagemakers_and_read_again() {
    let mut lines = Vec::new();
    truth("e-1", "mountain \"bike\"").write(&mut lines);
    let text = String::from_utf8(lines).unwrap();
    assert_eq!(
        text,
        "{\"groundTruthData\":{\"data\":\"mountain \\\"bike\\\"\",\"encoding\":\"CSV\"},\
         \"eventMetadata\":{\"eventId\":\"e-1\"},\"eventVersion\":\"0\"}\n"
    );
    check(text.trim(), "e-1", "mountain \"bike\"");
}

#[test]
fn a_class_goes_by_name_before_number() {
    let mut classes = Classes::new(&labels());
    classes.add(truth("a", "motorcycle")).unwrap();
    classes.add(truth("b", "0")).unwrap();
    assert_eq!(
        (classes.of_id("a"), classes.of_id("b"), classes.of_id("c")),
        (Some(1), Some(0), None)
    );
    classes.add(truth("a", "bicycle")).unwrap();
    assert_eq!((classes.of_id("a"), classes.len()), (Some(0), 2));
    let numerals = ["1", "0"].map(str::to_owned);
    let mut classes = Classes::new(&numerals);
    classes.add(truth("a", "1")).unwrap();
    assert_eq!(classes.of_id("a"), Some(0));
    let error = Classes::new(&labels()).add(truth("a", "2")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "there is no class \"2\": the labels are bicycle, motorcycle"
    );
}

#[tokio::test]
async fn labels_are_written_by_the_hour_and_found_in_their_window() {
    let objects = Objects::default();
    let bucket = objects.bucket();
    let location = Location {
        prefix: "ground-truth".into(),
        endpoint: "scones".into(),
    };
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    let first = write(
        &bucket,
        &location,
        at("2025-10-04T08:44:11Z"),
        "one",
        [truth("a", "bicycle")],
    )
    .await
    .unwrap();
    assert_eq!(first, "ground-truth/scones/2025/10/04/08/one.jsonl");
    let two = [truth("b", "1"), truth("c", "tandem")];
    write(&bucket, &location, at("2025-10-05T00:00:00Z"), "two", two)
        .await
        .unwrap();
    let window = |from, to| Window::new(at(from), at(to)).unwrap();
    let all = window("2025-10-04T08:00:00Z", "2025-10-05T01:00:00Z");
    let (classes, skipped) = read(&bucket, &location, &all, &labels()).await.unwrap();
    assert_eq!(
        (classes.of_id("a"), classes.of_id("b"), classes.len()),
        (Some(0), Some(1), 2)
    );
    assert_eq!(
        skipped.to_string(),
        "1 lines skipped\n  1 UnknownClass, such as ground-truth/scones/2025/10/05/00/two.jsonl \
         line 2: there is no class \"tandem\": the labels are bicycle, motorcycle"
    );
    let morning = window("2025-10-04T00:00:00Z", "2025-10-04T12:00:00Z");
    let (classes, _) = read(&bucket, &location, &morning, &labels()).await.unwrap();
    assert_eq!(classes.len(), 1);
}
