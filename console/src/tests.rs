//! The pages over an AWS in memory: what is listed, escaped, cut, paged and refused.

mod backend;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio::sync::watch;
use tower::ServiceExt;

use self::backend::{ARN, Fake, MACHINE};
use crate::{Application, Console, router};
use s3_uri::S3Uri;

fn application() -> Application {
    let below = |key: &str| S3Uri {
        bucket: "bucket".into(),
        key: key.into(),
    };
    Application {
        bucket: Some("bucket".into()),
        incoming: Some("incoming/".into()),
        state_machine: Some(MACHINE.into()),
        labels: vec!["bicycle".into(), "motorcycle".into()],
        threshold: Some(0.93),
        captured: vec![below("captured/scones/")],
        ground_truth: Some(below("ground-truth/")),
        monitoring: Some(below("monitoring/")),
    }
}

/// A response of the console: status, headers, body.
struct TestResponse {
    status: StatusCode,
    headers: axum::http::HeaderMap,
    body: String,
}

async fn respond_to(fake: &Fake, request: Request<Body>) -> TestResponse {
    let console = Console {
        aws: std::sync::Arc::new(fake.clone()),
        application: std::sync::Arc::new(application()),
        // A stream ends after what it finds at once.
        stop: watch::channel(true).1,
    };
    let response = router(console).oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    TestResponse {
        status: parts.status,
        headers: parts.headers,
        body: String::from_utf8_lossy(&body).into_owned(),
    }
}

async fn get(fake: &Fake, url: &str) -> TestResponse {
    let request = Request::get(url).header(header::HOST, "127.0.0.1:8080");
    respond_to(fake, request.body(Body::empty()).unwrap()).await
}

async fn post(fake: &Fake, url: &str, body: &str) -> TestResponse {
    let request = Request::post(url)
        .header(header::HOST, "127.0.0.1:8080")
        .header(header::ORIGIN, "http://127.0.0.1:8080")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    respond_to(fake, request.body(Body::from(body.to_owned())).unwrap()).await
}

fn execution_url() -> String {
    crate::text::url("/execution", &[("arn", Some(ARN))])
}

#[tokio::test]
async fn every_page_has_the_headers_that_keep_other_sites_out() {
    let fake = Fake::default();
    for url in ["/executions", "/nothing", "/console.css", "/logs"] {
        let response = get(&fake, url).await;
        let policy = response.headers[header::CONTENT_SECURITY_POLICY]
            .to_str()
            .unwrap();
        assert!(policy.contains("script-src 'self'") && policy.contains("frame-ancestors 'none'"));
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(response.headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
    }
    let page = get(&fake, "/executions").await.body;
    assert!(
        !page.contains("<script>") && !page.contains("style=\""),
        "no inline script or style"
    );
    assert!(
        !page.contains("http://") && !page.contains("https://"),
        "no external request"
    );
}

#[tokio::test]
async fn what_changes_something_is_refused_to_other_sites() {
    let fake = Fake::default();
    let form = format!("arn={ARN}");
    for (url, body) in [
        ("/execution/stop", &*form),
        ("/execution/redrive", &form),
        ("/start", "machine=m&input={}"),
        ("/upload?name=x.png", "x"),
        (
            "/captured/label",
            "endpoint=scones&id=i&label=bicycle&answer=",
        ),
    ] {
        let request = Request::post(url)
            .header(header::HOST, "127.0.0.1:8080")
            .header(header::ORIGIN, "http://page.example")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let refused = respond_to(&fake, request.body(Body::from(body.to_owned())).unwrap()).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{url}");
        assert!(
            refused.body.contains("of another origin"),
            "{}",
            refused.body
        );
        let read = get(&fake, url).await;
        assert!(
            fake.changes().is_empty(),
            "a GET of {url} changes nothing: {}",
            read.status
        );
    }
    let rebound = Request::get("/executions").header(header::HOST, "rebound.example");
    let refused = respond_to(&fake, rebound.body(Body::empty()).unwrap()).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.body.contains("127.0.0.1"), "{}", refused.body);
}

#[tokio::test]
async fn the_list_pages_by_the_apis_token() {
    let fake = Fake::with_executions(120);
    let url = format!("/executions?machine={MACHINE}");
    let first = get(&fake, &url).await;
    assert_eq!(first.body.matches("<td class=\"name\">").count(), 50);
    assert!(first.body.contains("execution-119") && !first.body.contains("execution-69<"));
    assert!(first.body.contains("data-live="));
    let second = get(&fake, &format!("{url}&token=50")).await;
    assert!(second.body.contains("execution-69"), "{}", second.body);
    assert!(second.body.contains("Newest") && second.body.contains("token=100"));
    assert!(
        !second.body.contains("data-live="),
        "what is further back stays as it is"
    );
    let last = get(&fake, &format!("{url}&token=100")).await;
    assert_eq!(last.body.matches("<td class=\"name\">").count(), 20);
    assert!(!last.body.contains("rel=\"next\""));
}

#[tokio::test]
async fn the_list_of_all_state_machines_pages_to_its_end() {
    let fake = Fake::with_executions(120);
    let (mut next, mut counts) = (Some("/executions".to_owned()), Vec::new());
    while let Some(url) = next {
        let page = get(&fake, &url).await;
        counts.push(page.body.matches("<td class=\"name\">").count());
        let link = page.body.split_once("rel=\"next\" href=\"");
        let href = link.and_then(|(_, rest)| rest.split('"').next());
        next = href.map(|href| href.replace("&amp;", "&"));
    }
    assert_eq!(counts, [50, 50, 20]);
    let none = get(&fake, "/executions?token=50").await;
    assert_eq!(none.status, StatusCode::BAD_REQUEST);
    assert!(
        none.body
            .contains("There is no such page of the list: begin at the newest.")
    );
}

#[tokio::test]
async fn the_list_is_filtered_and_says_what_no_status_is() {
    let fake = Fake::with_executions(3);
    let running = get(&fake, "/executions?status=RUNNING").await;
    assert!(running.body.contains("No executions"), "{}", running.body);
    let none = get(&fake, "/executions?status=SLEEPING").await;
    assert_eq!(none.status, StatusCode::BAD_REQUEST);
    assert!(
        none.body
            .contains("There is no status &quot;SLEEPING&quot;: it is one of RUNNING, SUCCEEDED")
    );
}

#[tokio::test]
async fn an_execution_shows_its_answer_and_nothing_in_it_is_markup() {
    let fake = Fake::default();
    let page = get(&fake, &execution_url()).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    assert!(!page.body.contains("<script>alert"), "{}", page.body);
    assert!(page.body.contains("&lt;script&gt;alert"));
    assert!(page.body.contains("motorcycle") && page.body.contains("0.9000"));
    assert!(page.body.contains("class=\"state failed\""), "the graph");
    assert!(page.body.contains("ThresholdConfidenceNotMet"));
    assert!(page.body.contains("Redrive") && !page.body.contains(">Stop<"));
    assert!(
        page.body.contains("… 3000 characters"),
        "long texts are cut"
    );
    assert!(page.body.len() < 60_000, "{}", page.body.len());
}

#[tokio::test]
async fn what_is_cut_can_be_had_whole_as_plain_text() {
    let fake = Fake::default();
    let url = crate::text::url(
        "/execution/data",
        &[
            ("arn", Some(ARN)),
            ("event", Some("2")),
            ("member", Some("Input")),
        ],
    );
    let whole = get(&fake, &url).await;
    assert_eq!(
        whole.headers[header::CONTENT_TYPE],
        "text/plain; charset=utf-8"
    );
    let input: Value = serde_json::from_str(&whole.body).unwrap();
    assert_eq!(input["image_data"].as_str().unwrap().len(), 3000);
    let none = get(&fake, &url.replace("event=2", "event=99")).await;
    assert_eq!(none.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_execution_that_is_not_there_is_an_error_that_names_it() {
    let gone = get(&Fake::default(), "/execution?arn=arn:gone").await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
    assert!(gone.body.contains("ExecutionDoesNotExist") && gone.body.contains("arn:gone"));
}

#[tokio::test]
async fn an_input_that_is_refused_comes_back_with_the_reason() {
    let fake = Fake::default();
    let refused = post(&fake, "/start", "machine=m&name=n&input=%7B%22a%22").await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(
        refused.body.contains("InvalidExecutionInput"),
        "{}",
        refused.body
    );
    assert!(
        refused.body.contains("{&quot;a&quot;</textarea>"),
        "what was written is kept: {}",
        refused.body
    );
    let started = post(&fake, "/start", "machine=m&name=&input=%7B%7D").await;
    assert_eq!(started.status, StatusCode::SEE_OTHER);
    assert_eq!(started.headers[header::LOCATION], execution_url());
    let expected = json!({ "StateMachineArn": "m", "Name": null, "Input": "{}" });
    assert_eq!(fake.changes(), [("startExecution".to_owned(), expected)]);
}

#[tokio::test]
async fn stop_and_redrive_lead_back_to_the_execution() {
    let fake = Fake::default();
    for (url, operation) in [
        ("/execution/stop", "stopExecution"),
        ("/execution/redrive", "redriveExecution"),
    ] {
        let done = post(&fake, url, &format!("arn={ARN}")).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER);
        assert_eq!(done.headers[header::LOCATION], execution_url());
        assert_eq!(fake.changes().last().unwrap().0, operation);
    }
}

#[tokio::test]
async fn an_upload_goes_where_it_starts_an_execution_whatever_its_name() {
    let fake = Fake::default();
    let sent = post(
        &fake,
        "/upload?name=..%2F..%2Fmodels%2Fmodel.tar.gz",
        "bytes",
    )
    .await;
    assert_eq!(sent.status, StatusCode::OK, "{}", sent.body);
    let sent: Value = serde_json::from_str(&sent.body).unwrap();
    assert_eq!(sent["key"], "incoming/model.tar.gz");
    assert!(fake.object("incoming/model.tar.gz").is_some());
    let empty = post(&fake, "/upload?name=x.png", "").await;
    assert_eq!(empty.status, StatusCode::BAD_REQUEST);
    assert!(empty.body.contains("a file that is not empty"));
}

#[tokio::test]
async fn pictures_are_served_as_what_they_are() {
    let fake = Fake::default();
    fake.put("incoming/a.png", b"\x89PNG\r\n\x1a\nrest");
    fake.put("incoming/b.png", b"<script>alert(1)</script>");
    let shown = get(&fake, "/object/image?bucket=bucket&key=incoming/a.png").await;
    assert_eq!(shown.headers[header::CONTENT_TYPE], "image/png");
    let refused = get(&fake, "/object/image?bucket=bucket&key=incoming/b.png").await;
    assert_eq!(refused.status, StatusCode::NOT_FOUND);
    assert!(!refused.body.contains("alert(1)"));
}

#[tokio::test]
async fn a_report_can_run_and_load_nothing() {
    let fake = Fake::default();
    fake.put("monitoring/run/report.html", b"<script>alert(1)</script>");
    fake.put(
        "monitoring/run/constraint_violations.json",
        br#"{"violations":[{"feature_name":"<b>brightness</b>","constraint_check_type":"drift","description":"darker"}]}"#,
    );
    let list = get(&fake, "/monitoring").await;
    assert!(list.body.contains("1 violation"), "{}", list.body);
    let run = get(&fake, "/monitoring/run?folder=monitoring/run").await;
    assert!(
        run.body.contains("sandbox=\"\"") && run.body.contains("&lt;b&gt;brightness"),
        "{}",
        run.body
    );
    let report = get(&fake, "/monitoring/report?folder=monitoring/run").await;
    let policy = report.headers[header::CONTENT_SECURITY_POLICY]
        .to_str()
        .unwrap();
    assert!(
        policy.contains("; sandbox;") && !policy.contains("script-src"),
        "{policy}"
    );
    fake.put("incoming/report.html", b"<script>alert(1)</script>");
    let upload = get(&fake, "/monitoring/report?folder=incoming").await;
    assert_eq!(upload.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_run_of_too_few_answers_is_no_all_clear() {
    let fake = Fake::default();
    for (run, status) in [("few", "NothingToTest"), ("enough", "Completed")] {
        let text = json!({ "violations": [], "image_classification": { "status": status } });
        let key = format!("monitoring/e/runs/{run}/constraint_violations.json");
        fake.put(&key, text.to_string().as_bytes());
    }
    let list = get(&fake, "/monitoring").await.body;
    assert!(
        list.contains("too few answers to tell") && list.matches("no violations").count() == 1,
        "{list}"
    );
    // A folder's last part says which run it is, and is not cut off.
    assert!(list.contains(">few</a>"), "{list}");
    let run = get(&fake, "/monitoring/run?folder=monitoring/e/runs/few").await;
    assert!(run.body.contains("too few answers to tell"), "{}", run.body);
}

/// A captured line of an image whose answer is motorcycle.
fn captured(id: &str) -> String {
    let line = json!({
        "captureData": {
            "endpointInput": { "observedContentType": "image/png", "mode": "INPUT", "data": "iVBORw0KGgo=", "encoding": "BASE64" },
            "endpointOutput": { "observedContentType": "application/json", "mode": "OUTPUT", "data": "[0.2, \
                0.8]", "encoding": "JSON" },
        },
        "eventMetadata": { "eventId": id, "inferenceTime": "2026-01-01T00:00:00Z" },
        "eventVersion": "0",
    });
    format!("{line}\n")
}

fn hour(hour: u8) -> String {
    format!("captured/scones/AllTraffic/2026/01/01/{hour:02}/lines.jsonl")
}

#[tokio::test]
async fn captured_data_is_paged_from_its_end_and_pictures_are_read_by_their_place() {
    let fake = Fake::default();
    let lines = |from: usize, to: usize| {
        (from..to)
            .map(|at| captured(&format!("id-{at:02}")))
            .collect::<String>()
    };
    fake.put(&hour(7), lines(0, 10).as_bytes());
    fake.put(
        &hour(8),
        format!("{}broken <b>line</b>\n", lines(10, 30)).as_bytes(),
    );
    let first = get(&fake, "/captured").await.body;
    assert!(
        first.contains("id-29") && first.contains("id-07") && !first.contains("id-06"),
        "{first}"
    );
    assert!(first.contains("A line that can't be read") && !first.contains("<b>line"));
    assert!(first.contains("motorcycle") && first.contains("0.800"));
    let next = first.split("rel=\"next\" href=\"").nth(1).unwrap();
    let next = next.split('"').next().unwrap().replace("&amp;", "&");
    let second = get(&fake, &next).await.body;
    assert!(
        second.contains("id-06") && second.contains("id-00") && !second.contains("id-07"),
        "{second}"
    );
    assert!(!second.contains("rel=\"next\""));
    let image = second.split("src=\"/captured/image").nth(1).unwrap();
    let image = image.split('"').next().unwrap().replace("&amp;", "&");
    let image = get(&fake, &format!("/captured/image{image}")).await;
    assert_eq!(image.headers[header::CONTENT_TYPE], "image/png");
}

#[tokio::test]
async fn a_label_is_a_line_of_ground_truth_and_shown_again() {
    let fake = Fake::default();
    fake.put(&hour(7), captured("one").as_bytes());
    let labeled = post(
        &fake,
        "/captured/label",
        "endpoint=scones&id=one&label=bicycle&answer=motorcycle",
    )
    .await;
    assert_eq!(labeled.status, StatusCode::SEE_OTHER);
    let key = fake
        .keys()
        .into_iter()
        .find(|key| key.starts_with("ground-truth/scones/20"))
        .unwrap();
    let line: Value = serde_json::from_slice(&fake.object(&key).unwrap()).unwrap();
    assert_eq!(line["groundTruthData"]["data"], "bicycle");
    assert_eq!(line["eventMetadata"]["eventId"], "one");
    let page = get(&fake, "/captured").await.body;
    assert!(
        page.contains("✕ wrong") && page.contains("value=\"bicycle\" aria-pressed=\"true\""),
        "{page}"
    );
    for (form, text) in [
        (
            "endpoint=scones&id=one&label=tram&answer=",
            "There is no class &quot;tram&quot;: the labels are bicycle, motorcycle.",
        ),
        (
            "endpoint=../x&id=one&label=bicycle&answer=",
            "There is no endpoint",
        ),
    ] {
        let refused = post(&fake, "/captured/label", form).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST);
        assert!(refused.body.contains(text), "{}", refused.body);
    }
}

#[tokio::test]
async fn a_label_may_be_a_number() {
    let fake = Fake::default();
    fake.put(&hour(7), captured("one").as_bytes());
    let line = |label: &str| {
        json!({
            "groundTruthData": { "data": label, "encoding": "CSV" },
            "eventMetadata": { "eventId": "one" },
            "eventVersion": "0",
        })
        .to_string()
    };
    let key = "ground-truth/scones/2026/01/01/07/traffic.jsonl";
    fake.put(key, line("1").as_bytes());
    let page = get(&fake, "/captured").await.body;
    assert!(
        page.contains("✓ right") && page.contains("value=\"motorcycle\" aria-pressed=\"true\""),
        "{page}"
    );
    fake.put(key, line("7").as_bytes());
    let page = get(&fake, "/captured").await.body;
    assert!(
        !page.contains("✓ right") && !page.contains("✕ wrong"),
        "{page}"
    );
}

#[tokio::test]
async fn logs_are_those_that_there_are() {
    let fake = Fake::default();
    let page = get(&fake, "/logs?name=../../etc/passwd").await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    let page = get(&fake, "/logs").await;
    assert!(page.body.contains("&lt;script&gt;logged"), "{}", page.body);
}

#[tokio::test]
async fn an_empty_stack_has_pages_that_say_so() {
    let fake = Fake::empty();
    for (url, expected) in [
        ("/executions", "There is no state machine yet"),
        ("/training", "No training jobs"),
        ("/endpoints", "No endpoints"),
        ("/monitoring", "No monitoring runs"),
    ] {
        let page = get(&fake, url).await;
        assert!(page.body.contains(expected), "{url}: {}", page.body);
    }
}
