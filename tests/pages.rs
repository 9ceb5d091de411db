//! Web pages of other sites, in the browser of whoever runs a stack without a key: they can do
//! nothing with it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;

use crate::support::browser::Browser;
use crate::support::clients::{BUCKET, Clients};
use crate::support::{Options, SCONES, Stack};

/// Another site: a server on a port of its own, which answers each path with a page, and remembers
/// what was asked for.
struct Site {
    port: u16,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Site {
    fn start(page: impl Fn(&str) -> String + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = BufReader::new(stream.unwrap());
                let mut line = String::new();
                if stream.read_line(&mut line).unwrap_or_default() == 0 {
                    continue; // a connection that the browser opened in advance
                }
                let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
                seen.lock().unwrap().push(path.clone());
                let body = page(&path);
                let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close";
                let length = body.len();
                let response = format!("{head}\r\nContent-Length: {length}\r\n\r\n{body}");
                let _ = stream.get_mut().write_all(response.as_bytes());
            }
        });
        Self { port, asked }
    }

    fn was_asked_for(&self, path: &str) -> bool {
        self.asked.lock().unwrap().iter().any(|asked| asked == path)
    }
}

/// A page whose script says at `site` that it ran, and then starts a training job by `stack`'s API.
fn hostile_object(site: &str, stack: &str) -> String {
    let job = json!({
        "TrainingJobName": "from-a-page",
        "AlgorithmSpecification": { "TrainingImage": "i", "TrainingInputMode": "File" },
        "RoleArn": "arn:aws:iam::123456789012:role/r",
        "OutputDataConfig": { "S3OutputPath": format!("s3://{BUCKET}/out") },
        "ResourceConfig": { "InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1 },
        "StoppingCondition": { "MaxRuntimeInSeconds": 60 },
    });
    format!(
        "<!doctype html><title>page</title><script>
        fetch('{site}/ran', {{ mode: 'no-cors' }});
        fetch('{stack}/', {{ method: 'POST', body: JSON.stringify({job}),
            headers: {{ 'X-Amz-Target': 'SageMaker.CreateTrainingJob' }} }});
        </script>"
    )
}

/// A page that sends all that a page may send without asking: what it can't read the answers of
/// still happens.
fn attacks(stack: &str) -> String {
    let event = json!({ "inferences": [1.0, 0.0], "s3_bucket": "b", "s3_key": "k" });
    let schedule = json!({
        "ScheduleExpression": "rate(1 minute)", "FlexibleTimeWindow": { "Mode": "OFF" },
        "Target": { "Arn": "arn:aws:lambda:us-east-1:123456789012:function:filter-inferences", "RoleArn": "arn:aws:iam::123456789012:role/r" },
    });
    let scope = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=0&X-Amz-Credential=k/20260101/us-east-1/scheduler/aws4_request";
    let delete = "<Delete><Object><Key>kept</Key></Object></Delete>";
    let requests = json!([
        [
            "/2015-03-31/functions/filter-inferences/invocations",
            event.to_string()
        ],
        ["/_aws/execute-api/FrontDoor/v1/classify", "image"],
        [
            format!("/schedules/from-a-page?{scope}"),
            schedule.to_string()
        ],
        [format!("/{BUCKET}?delete"), delete],
        ["/_scones/gc?older_than=0", ""],
    ]);
    format!(
        "<!doctype html><title>page</title><script>
        async function attack() {{
            const send = (path, body) => fetch('{stack}' + path, {{ method: 'POST', mode: 'no-cors', body }}).catch(() => 0);
            for (const [path, body] of {requests}) await send(path, body);
            const form = new FormData();
            form.append('key', 'incoming/from-a-page.html');
            form.append('Content-Type', 'text/html');
            form.append('file', new Blob(['<b>1</b>']));
            await send('/{BUCKET}', form);
            for (const path of ['/{BUCKET}/kept', '/_scones/stack']) {{
                document.body.append(await new Promise(done => {{
                    const image = new Image();
                    image.onload = image.onerror = () => done('.');
                    image.src = '{stack}' + path;
                }}));
            }}
            document.title = 'done';
        }}
        addEventListener('load', attack);
        </script><body>"
    )
}

/// A form as people send them, whose answer is then the page: it would go on to the object that it
/// has written.
fn form(stack: &str) -> String {
    format!(
        "<!doctype html><form method='post' enctype='multipart/form-data' action='{stack}/{BUCKET}'>
        <input name='key' value='from-a-form.html'><input name='Content-Type' value='text/html'>
        <input name='success_action_redirect' value='{stack}/{BUCKET}/from-a-form.html'>
        <textarea name='file'>&lt;script&gt;1&lt;/script&gt;</textarea></form>
        <script>document.forms[0].submit()</script>"
    )
}

async fn stack_with_an_object(dir: &std::path::Path) -> (Stack, Clients) {
    let stack = Stack::on(dir, &Options::default());
    let clients = Clients::of(&stack).await;
    clients.put("kept", *b"kept").await;
    (stack, clients)
}

/// Whatever the pages sent, it is as it was.
async fn nothing_happened(stack: &Stack, clients: &Clients) {
    let listed = clients
        .s3
        .list_objects_v2()
        .bucket(BUCKET)
        .send()
        .await
        .unwrap();
    let keys: Vec<&str> = listed
        .contents()
        .iter()
        .filter_map(|object| object.key())
        .collect();
    let of_pages: Vec<_> = keys.iter().filter(|key| key.contains("from-a")).collect();
    assert!(of_pages.is_empty() && keys.contains(&"kept"), "{keys:?}");
    let schedules = clients.scheduler.list_schedules().send().await.unwrap();
    assert!(
        schedules
            .schedules()
            .iter()
            .all(|schedule| schedule.name() != Some("from-a-page"))
    );
    let logs = std::fs::read_dir(stack.data_dir.join("logs")).unwrap();
    for log in logs {
        let text = std::fs::read(log.unwrap().path()).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        assert!(!text.contains("START RequestId"), "a function ran: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_other_sites_do_nothing_in_a_browser() {
    let dir = tempfile::tempdir().unwrap();
    let (stack, clients) = stack_with_an_object(dir.path()).await;
    let Some(browser) = tokio::task::block_in_place(Browser::start) else {
        return;
    };
    let url = stack.url.clone();
    let site = Site::start(move |path| match path {
        "/attacks" => attacks(&url),
        "/form" => form(&url),
        _ => String::new(),
    });
    tokio::task::block_in_place(|| {
        // Of another site, and of the same one at another port.
        for host in ["localhost", "127.0.0.1"] {
            let at = format!("http://{host}:{}", site.port);
            browser.open(&format!("{at}/attacks"));
            browser.until("all is sent", "return document.title === 'done'");
            browser.open(&format!("{at}/form"));
            let refused = "return document.documentElement.textContent.includes('a web page of \
                           another origin')";
            browser.until("the form is refused", refused);
        }
    });
    nothing_happened(&stack, &clients).await;
}

/// An object is served from the origin of the APIs, whose pages may set `X-Amz-Target`: it ran any
/// program of the machine.
#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_is_a_page_runs_nothing_in_a_browser() {
    let dir = tempfile::tempdir().unwrap();
    let (stack, clients) = stack_with_an_object(dir.path()).await;
    let Some(browser) = tokio::task::block_in_place(Browser::start) else {
        return;
    };
    let url = stack.url.clone();
    let site = Site::start(move |path| match path {
        "/control" => hostile_object("", &url),
        _ => String::new(),
    });
    let page = hostile_object(&format!("http://127.0.0.1:{}", site.port), &stack.url);
    let put = clients.s3.put_object().bucket(BUCKET).key("page.html");
    let put = put.content_type("text/html").body(page.into_bytes().into());
    put.send().await.unwrap();
    tokio::task::block_in_place(|| {
        for host in ["127.0.0.1", "localhost"] {
            let object = stack.url.replace("127.0.0.1", host);
            browser.open(&format!("{object}/{BUCKET}/page.html"));
            browser.until("the page is shown", "return document.title === 'page'");
        }
        std::thread::sleep(Duration::from_millis(500));
        assert!(!site.was_asked_for("/ran"), "the object's script ran");
        // The same page from elsewhere runs, and starts nothing either.
        browser.open(&format!("http://127.0.0.1:{}/control", site.port));
        browser.until("the page is shown", "return document.title === 'page'");
        std::thread::sleep(Duration::from_millis(500));
        assert!(site.was_asked_for("/ran"), "the script is one that runs");
        // What a name that was made to resolve to this machine shows.
        let rebound = stack.url.replace("127.0.0.1", "stack.rebound.example");
        browser.open(&format!("{rebound}/{BUCKET}/kept"));
        let text = browser.run("return document.documentElement.textContent");
        assert!(
            text.as_str()
                .unwrap()
                .contains("is not a name of this machine"),
            "{text}"
        );
    });
    let jobs = stack.data_dir.join("training-jobs");
    assert!(!jobs.exists(), "a page started a training job");
}

/// Sends a request over a plain socket, with these lines in the head; returns status and text.
fn send_request(stack: &str, method: &str, path: &str, head: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(stack.strip_prefix("http://").unwrap()).unwrap();
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\n{head}Connection: close\r\nContent-Length: \
         {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut response = Vec::new();
    let _ = stream.read_to_end(&mut response);
    let response = String::from_utf8_lossy(&response).into_owned();
    let status = response.split(' ').nth(1).unwrap_or_default();
    (
        status.parse().unwrap_or_else(|_| panic!("{response:?}")),
        response,
    )
}

/// A request to each service, and to the stack itself.
const REQUESTS: [(&str, &str, &str); 9] = [
    ("GET", "/", ""),
    ("PUT", "/from-a-page", ""),
    (
        "POST",
        "/",
        "X-Amz-Target: AWSStepFunctions.ListStateMachines\r\n",
    ),
    ("POST", "/", "X-Amz-Target: SageMaker.ListTrainingJobs\r\n"),
    (
        "POST",
        "/2015-03-31/functions/filter-inferences/invocations",
        "",
    ),
    ("POST", "/endpoints/scones-classifier/invocations", ""),
    (
        "GET",
        "/schedules",
        "Authorization: AWS4-HMAC-SHA256 Credential=k/20260101/us-east-1/scheduler/aws4_request, \
         SignedHeaders=host, Signature=0\r\n",
    ),
    ("POST", "/_aws/execute-api/FrontDoor/v1/classify", ""),
    ("GET", "/_scones/stack", ""),
];

/// DNS rebinding, and what browsers say of the page that asks.
#[test]
fn every_service_refuses_other_hosts_and_origins() {
    let dir = tempfile::tempdir().unwrap();
    let stack = Stack::on(dir.path(), &Options::default());
    let own = stack.url.strip_prefix("http://").unwrap();
    for (method, path, head) in REQUESTS {
        let asked = |headers: &str| {
            send_request(&stack.url, method, path, &format!("{headers}{head}"), "{}")
        };
        let (status, response) = asked(&format!("Host: {own}\r\n"));
        assert_ne!(status, 403, "{method} {path}: {response}");
        for (headers, expected) in [
            ("Host: rebound.example\r\n".to_owned(), 403),
            (
                format!(
                    "Host: rebound.example:{}\r\n",
                    own.split(':').nth(1).unwrap()
                ),
                403,
            ),
            (format!("Host: {own}\r\nOrigin: null\r\n"), 403),
            (
                format!("Host: {own}\r\nOrigin: http://127.0.0.1:8080\r\n"),
                403,
            ),
            (
                format!("Host: {own}\r\nOrigin: http://page.example\r\n"),
                403,
            ),
            (
                format!("Host: {own}\r\nSec-Fetch-Site: cross-site\r\n"),
                403,
            ),
            (format!("Host: {own}\r\nSec-Fetch-Site: same-site\r\n"), 403),
            (String::new(), 400),
            (format!("Host: {own}\r\nHost: {own}\r\n"), 400),
        ] {
            let (status, response) = asked(&headers);
            assert_eq!(status, expected, "{method} {path} {headers:?}: {response}");
            let response = response.to_lowercase();
            assert!(
                response.contains("content-security-policy: sandbox\r\n"),
                "{response}"
            );
        }
    }
}

/// The origin of an object is `null`, whatever is asked for and however it turns out.
#[tokio::test]
async fn every_answer_is_sandboxed() {
    let dir = tempfile::tempdir().unwrap();
    let (stack, _clients) = stack_with_an_object(dir.path()).await;
    let host = format!("Host: {}\r\n", stack.url.strip_prefix("http://").unwrap());
    let date = now();
    let presigned = format!(
        "/{BUCKET}/kept?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=a%2F20260101%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date={date}&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature=00&response-content-type=text%2Fhtml"
    );
    for (method, path, expected) in [
        ("GET", format!("/{BUCKET}/kept"), 200),
        ("HEAD", format!("/{BUCKET}/kept"), 200),
        ("GET", format!("/{BUCKET}/none"), 404),
        ("GET", presigned, 200),
        ("GET", "/_scones/none".to_owned(), 404),
        ("GET", "/_aws/execute-api/FrontDoor/v1/none".to_owned(), 403),
    ] {
        let (status, response) = send_request(&stack.url, method, &path, &host, "");
        assert_eq!(status, expected, "{path}: {response}");
        let response = response.to_lowercase();
        assert!(
            response.contains("content-security-policy: sandbox\r\n"),
            "{response}"
        );
        assert!(
            response.contains("x-content-type-options: nosniff\r\n"),
            "{response}"
        );
    }
}

/// `20260101T000000Z`, now.
fn now() -> String {
    jiff::Timestamp::now()
        .strftime("%Y%m%dT%H%M%SZ")
        .to_string()
}

/// A template may have been written by somebody else.
#[test]
fn a_template_can_not_preload_a_library() {
    let dir = tempfile::tempdir().unwrap();
    let template = dir.path().join("template.yaml");
    let text = "
Transform: AWS::Serverless-2016-10-31
Resources:
  F:
    Type: AWS::Serverless::Function
    Metadata: { BuildProperties: { Binary: filter-inferences } }
    Properties:
      FunctionName: f
      Environment: { Variables: { LD_PRELOAD: /tmp/x.so } }
";
    std::fs::write(&template, text).unwrap();
    let refused = std::process::Command::new(SCONES)
        .args(["up", "--port=0", "--no-console", "--data-dir"])
        .arg(dir.path().join("data"))
        .arg("--template")
        .arg(&template)
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success());
    assert!(
        told.contains(
            "template.yaml:9:47: Resource F: the environment variable LD_PRELOAD can't be set"
        ),
        "{told}"
    );
}
