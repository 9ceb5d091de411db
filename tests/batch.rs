//! Many images at once: `scones batch` over prefixes and manifests, and what comes of each image.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

use crate::support::clients::{BUCKET, Clients};
use crate::support::{Options, SCONES, Stack};

/// Runs `scones batch` on the stack, with a file for the lines.
async fn batch(stack: &Stack, arguments: &[&str]) -> (Output, Vec<Value>) {
    let out = stack.data_dir.join("lines.jsonl");
    let mut command = Command::new(SCONES);
    command
        .arg("batch")
        .args(arguments)
        .args(["--endpoint-url", &stack.url, "--out"])
        .arg(&out)
        .stdin(Stdio::null());
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await;
    (output.unwrap(), lines(&out))
}

fn lines(file: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The status or error of each image, by key.
fn outcomes(lines: &[Value]) -> BTreeMap<&str, &str> {
    lines
        .iter()
        .map(|line| {
            let outcome = line["error"].as_str().or(line["status"].as_str());
            (line["s3_key"].as_str().unwrap(), outcome.unwrap())
        })
        .collect()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn uri(key: &str) -> String {
    format!("s3://{BUCKET}/{key}")
}

#[tokio::test]
async fn every_object_of_a_prefix_has_its_line() {
    let stack = Stack::with_model();
    let clients = Clients::of(&stack).await;
    let image = clients.get(&clients.test_image().await).await;
    for key in ["bulk/a.png", "bulk/my photo+ü.png", "bulk/%20.png"] {
        clients.put(key, image.clone()).await;
    }
    clients.put("bulk/", "").await;
    clients.put("bulk/letter.txt", "Dear Sir or Madam,").await;
    clients.put("bulky.png", image).await;
    let (output, lines) = batch(&stack, &[&uri("bulk/"), "--threshold=0.5"]).await;
    let told = text(&output.stdout);
    assert_eq!(
        output.status.code(),
        Some(3),
        "{told}{}",
        text(&output.stderr)
    );
    let expected = BTreeMap::from([
        ("bulk/", "EmptyObject"),
        ("bulk/%20.png", "PASSED"),
        ("bulk/a.png", "PASSED"),
        ("bulk/letter.txt", "NotAnImage"),
        ("bulk/my photo+ü.png", "PASSED"),
    ]);
    assert_eq!(outcomes(&lines), expected);
    assert_eq!(lines.len(), 5);
    assert!(told.contains("5 images; a line for each"), "{told}");
    for row in ["EmptyObject", "NotAnImage", "all images", "summary.json"] {
        assert!(told.contains(row), "{row}: {told}");
    }
}

#[tokio::test]
async fn a_manifest_may_be_written_in_three_ways() {
    let stack = Stack::with_model();
    let clients = Clients::of(&stack).await;
    let image = clients.get(&clients.test_image().await).await;
    for key in ["one.png", "a, b.png"] {
        clients.put(key, image.clone()).await;
    }
    let object = json!({ "key": "a, b.png" });
    for (manifest, text) in [
        (
            "list.csv",
            "key,note\none.png,x\n\"a, b.png\",y\n".to_owned(),
        ),
        ("list.jsonl", format!("\"one.png\"\n{object}\n")),
        ("list.json", json!(["one.png", object]).to_string()),
    ] {
        clients.put(manifest, text).await;
        let arguments = ["--manifest", &uri(manifest), "--threshold=0.5"];
        let (output, lines) = batch(&stack, &arguments).await;
        assert!(
            output.status.success(),
            "{manifest}: {}",
            self::text(&output.stderr)
        );
        let expected = BTreeMap::from([("a, b.png", "PASSED"), ("one.png", "PASSED")]);
        assert_eq!(outcomes(&lines), expected, "{manifest}");
    }
}

#[tokio::test]
async fn nothing_to_classify_is_an_error_and_a_wrong_input_ends_badly() {
    let stack = Stack::with_model();
    let (output, _) = batch(&stack, &[&uri("nowhere/")]).await;
    assert_eq!(output.status.code(), Some(1));
    let told = text(&output.stderr);
    let expected =
        format!("there is no object in s3://{BUCKET} whose key begins with \"nowhere/\"");
    assert!(told.contains(&expected), "{told}");
    let (output, _) = batch(&stack, &["--manifest", &uri("list.xml")]).await;
    assert_eq!(output.status.code(), Some(2));
    let told = text(&output.stderr);
    assert!(
        told.contains("FAILED: InvalidInput: Give either `prefix`"),
        "{told}"
    );
}

/// Without the model no batch can be classified; more than the tolerated part fails.
#[tokio::test]
async fn batches_that_fail_stop_the_run_where_too_many_do() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options {
        parameters: &[("DeployEndpoint", "false"), ("ModelInLambda", "true")],
        ..Options::default()
    };
    let stack = Stack::on(dir.path(), &options);
    let clients = Clients::of(&stack).await;
    clients.put("bulk/a.png", tiny()).await;
    let (output, _) = batch(&stack, &[&uri("bulk/")]).await;
    assert_eq!(output.status.code(), Some(2));
    let told = text(&output.stderr);
    assert!(
        told.contains("States.ExceedToleratedFailureThreshold"),
        "{told}"
    );
    // Where all may fail, each image has the line of its batch's error.
    let (output, lines) = batch(&stack, &[&uri("bulk/"), "--tolerate=100"]).await;
    assert_eq!(output.status.code(), Some(3), "{}", text(&output.stderr));
    assert_eq!(
        outcomes(&lines),
        BTreeMap::from([("bulk/a.png", "ModelUnusable")])
    );
}

fn tiny() -> Vec<u8> {
    let mut file = std::io::Cursor::new(Vec::new());
    let image = image::RgbImage::from_pixel(32, 32, image::Rgb([9, 99, 199]));
    image.write_to(&mut file, image::ImageFormat::Png).unwrap();
    file.into_inner()
}

#[tokio::test]
async fn a_function_with_the_model_in_it_answers_as_the_endpoint_does() {
    let with_endpoint = Stack::with_model();
    let options = Options {
        parameters: &[("DeployEndpoint", "false"), ("ModelInLambda", "true")],
        ..Options::default()
    };
    let without = Stack::with_model_and(&options);
    let answers = [classify(&with_endpoint).await, classify(&without).await];
    let [expected, found] = &answers;
    let scores = |response: &Value| -> Vec<f64> {
        let scores = response["inferences"].as_array().unwrap().iter();
        scores.map(|score| score.as_f64().unwrap()).collect()
    };
    for (a, b) in scores(expected).iter().zip(scores(found)) {
        assert!((a - b).abs() < 1e-5, "{expected} and {found}");
    }
    let names = |response: &Value| -> Vec<String> {
        response.as_object().unwrap().keys().cloned().collect()
    };
    assert_eq!(names(expected), names(found));
    assert_eq!(expected["label"], found["label"]);
}

/// Returns the workflow's result for a test image.
async fn classify(stack: &Stack) -> Value {
    let clients = Clients::of(stack).await;
    let key = clients.test_image().await;
    let input = json!({ "s3_bucket": BUCKET, "s3_key": key, "image_data": "", "threshold": 0.5 });
    let arn = clients.start_with(&input).await;
    let execution = clients.wait(&arn).await;
    serde_json::from_str(execution.output.as_deref().unwrap()).unwrap()
}
