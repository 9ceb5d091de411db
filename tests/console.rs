//! The console over a real stack: over HTTP as any program, and in a real browser as its user.

use std::time::Duration;

use aws_sdk_sfn::types::ExecutionStatus;
use serde_json::Value;

use crate::support::browser::Browser;
use crate::support::clients::{Clients, STATE_MACHINE};
use crate::support::{Options, SCONES, Stack};

fn with_console() -> (Stack, String) {
    let options = Options {
        console: true,
        ..Options::default()
    };
    let stack = Stack::with_model_and(&options);
    let url = stack.console.clone().unwrap();
    (stack, url)
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .timeout_global(Some(Duration::from_secs(60)))
        .build()
        .into()
}

fn get(url: &str) -> (u16, String) {
    let mut answer = agent().get(url).call().unwrap();
    let text = answer.body_mut().read_to_string().unwrap();
    (answer.status().as_u16(), text)
}

fn execution(console: &str, arn: &str) -> String {
    format!("{console}/execution?arn={arn}")
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_show_what_the_stack_did() {
    let (stack, console) = with_console();
    let clients = Clients::of(&stack).await;
    let key = clients.test_image().await;
    let ended = clients.run(&key).await;
    let name = ended.name.clone().unwrap();

    let (status, list) = get(&format!("{console}/executions"));
    assert_eq!(status, 200);
    assert!(list.contains(&name) && list.contains(&key), "{list}");
    let (_, page) = get(&execution(&console, &ended.execution_arn));
    for shown in [
        "SerializeImage",
        "ClassifyImage",
        "FilterInferences",
        "bicycle",
        "0.93",
        &key,
    ] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    let image = agent()
        .get(format!(
            "{console}/execution/image?arn={}",
            ended.execution_arn
        ))
        .call()
        .unwrap();
    assert_eq!(image.headers()["content-type"], "image/png");
    let (_, logs) = get(&format!("{console}/logs?name=serialize-image"));
    assert!(logs.contains("REPORT RequestId"), "{logs}");
    let (_, endpoints) = get(&format!("{console}/endpoints"));
    assert!(
        endpoints.contains("InService") && endpoints.contains("/captured"),
        "{endpoints}"
    );
    clients
        .until("the captured answer is on its page", async || {
            get(&format!("{console}/captured"))
                .1
                .contains("/captured/image?")
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_site_changes_nothing() {
    let (stack, console) = with_console();
    let clients = Clients::of(&stack).await;
    let form = format!("machine={STATE_MACHINE}&name=forged&input=%7B%7D");
    let forged = agent()
        .post(format!("{console}/start"))
        .header("Origin", "http://page.example")
        .content_type("application/x-www-form-urlencoded")
        .send(form.as_str())
        .unwrap();
    assert_eq!(forged.status(), 403);
    let rebound = agent()
        .get(format!("{console}/executions"))
        .header("Host", "page.example:8080")
        .call()
        .unwrap();
    assert_eq!(rebound.status(), 403);
    let list = clients
        .sfn
        .list_executions()
        .state_machine_arn(STATE_MACHINE)
        .send()
        .await
        .unwrap();
    assert!(
        list.executions
            .iter()
            .all(|execution| execution.name != "forged")
    );
    let own = agent()
        .post(format!("{console}/start"))
        .header("Origin", &console)
        .content_type("application/x-www-form-urlencoded")
        .send(form.as_str())
        .unwrap();
    assert_eq!(own.status(), 303);
}

#[test]
fn a_port_that_is_taken_is_said() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let told = std::process::Command::new(SCONES)
        .args(["up", "--empty", "--port=0", "--data-dir"])
        .arg(dir.path())
        .arg(format!("--console={address}"))
        .output()
        .unwrap();
    assert!(!told.status.success());
    let told = String::from_utf8(told.stderr).unwrap();
    let expected = format!(
        "the console's address {address} is held by another program; give --console another address"
    );
    assert!(told.contains(&expected), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_starts_watches_and_redrives_an_execution() {
    let (stack, console) = with_console();
    let clients = Clients::of(&stack).await;
    let Some(browser) = tokio::task::block_in_place(Browser::start) else {
        return;
    };
    tokio::task::block_in_place(|| {
        browser.open(&format!("{console}/start"));
        browser.type_into("input[name=name]", "from-the-browser");
        browser.click("form.editor button");
        // The page that comes keeps itself up to date until the execution is over.
        let ended = "const chip = document.querySelector('#state .chip')?.innerText; return chip \
                     && chip !== 'RUNNING' && chip";
        let status = browser.until("the execution ends on its page", ended);
        let colors = "return document.querySelectorAll('svg.graph .state.succeeded').length >= 2";
        browser.until("the graph is colored", colors);
        browser.until(
            "the image is there",
            "return document.querySelector('img.subject')?.naturalWidth > 0",
        );
        assert!(
            ["SUCCEEDED", "FAILED"].contains(&status.as_str().unwrap()),
            "{status}"
        );
        browser.click("svg.graph .state a");
        browser.until(
            "the step unfolds",
            "return document.querySelector('#step-1 details').open",
        );
        browser.resize(390, 800);
        let narrow = "return document.documentElement.scrollWidth <= 390";
        browser.until("the page fits a phone", narrow);
        assert_eq!(browser.complaints(), [""; 0]);
    });
    let arn = STATE_MACHINE.replace("stateMachine", "execution") + ":from-the-browser";
    let ended = clients.wait(&arn).await;
    assert!(matches!(
        ended.status,
        ExecutionStatus::Succeeded | ExecutionStatus::Failed
    ));

    // One that fails for good, and again after a redrive.
    let missing = clients.run("test/there-is-none.png").await;
    assert_eq!(missing.status, ExecutionStatus::Failed);
    tokio::task::block_in_place(|| {
        browser.open(&execution(&console, &missing.execution_arn));
        browser.until(
            "the error is told",
            "return document.querySelector('.notice.bad h2')?.innerText === 'NoSuchKey'",
        );
        browser.click("form[action='/execution/redrive'] button");
        browser.until(
            "it was redriven",
            "return document.querySelector('#state').innerText.includes('1 redrive')",
        );
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_uploads_an_image_and_labels_its_answer() {
    let (stack, console) = with_console();
    let clients = Clients::of(&stack).await;
    let image = clients.get(&clients.test_image().await).await;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("<img src=x onerror=alert(1)>.png");
    std::fs::write(&file, image).unwrap();
    let Some(browser) = tokio::task::block_in_place(Browser::start) else {
        return;
    };
    tokio::task::block_in_place(|| {
        browser.open(&format!("{console}/upload"));
        browser.type_into("#files", file.to_str().unwrap());
        browser.until(
            "the execution of the upload is shown",
            "return location.pathname === '/execution'",
        );
        browser.until(
            "its key is text",
            "return document.body.innerText.includes('incoming/<img src=x onerror=alert(1)>.png')",
        );
    });
    let page = format!("{console}/captured");
    clients
        .until("the captured answer is on its page", async || {
            get(&page).1.contains("/captured/image?")
        })
        .await;
    tokio::task::block_in_place(|| {
        browser.open(&page);
        let image = "return document.querySelector('.gallery img')?.naturalWidth > 0";
        browser.until("the captured image is there", image);
        browser.click(".gallery button[value=motorcycle]");
        browser.until(
            "the label is kept",
            "return document.querySelector('.gallery [aria-pressed=true]')?.value === 'motorcycle'",
        );
        assert_eq!(browser.complaints(), [""; 0]);
    });
    let truths = clients
        .s3
        .list_objects_v2()
        .bucket(crate::support::clients::BUCKET)
        .prefix("ground-truth/")
        .send()
        .await
        .unwrap();
    let key = truths.contents()[0].key().unwrap();
    let line: Value = serde_json::from_slice(&clients.get(key).await).unwrap();
    assert_eq!(line["groundTruthData"]["data"], "motorcycle");
}
