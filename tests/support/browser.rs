//! A headless Chromium, driven over WebDriver: <https://www.w3.org/TR/webdriver2/>.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(60);

/// A browser with one window; it ends with this value.
pub(crate) struct Browser {
    driver: Child,
    session: String,
    _profile: TempDir,
}

impl Browser {
    /// Starts one; `None`, said loudly, where there is no Chromium.
    pub(crate) fn start() -> Option<Self> {
        let Some((driver, chromium)) = find_program("chromedriver").zip(chromium()) else {
            eprintln!(
                "SKIPPED: there is no chromium with its chromedriver here (Debian: apt-get \
                 install chromium chromium-driver)"
            );
            return None;
        };
        let profile = tempfile::tempdir().unwrap();
        let (driver, port) = drive(&driver);
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
            "--host-resolver-rules=MAP *.rebound.example 127.0.0.1", // DNS rebinding
        ];
        let profile_at = format!("--user-data-dir={}", profile.path().display());
        let arguments: Vec<&str> = arguments.into_iter().chain([&*profile_at]).collect();
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": { "binary": chromium, "args": arguments },
            "goog:loggingPrefs": { "browser": "ALL" },
        } } });
        let base = format!("http://127.0.0.1:{port}/session");
        let begun = send(&base, Some(&wanted));
        let session = format!("{base}/{}", begun["sessionId"].as_str().unwrap());
        Some(Self {
            driver,
            session,
            _profile: profile,
        })
    }

    /// Opens a page and waits until it is loaded.
    pub(crate) fn open(&self, url: &str) {
        self.post("url", &json!({ "url": url }));
    }

    /// Runs a script in the page; returns its result.
    pub(crate) fn run(&self, script: &str) -> Value {
        self.post("execute/sync", &json!({ "script": script, "args": [] }))
    }

    /// Waits until a script returns something true, and gives that.
    pub(crate) fn until(&self, what: &str, script: &str) -> Value {
        let begun = Instant::now();
        loop {
            let find_program = self.run(script);
            if !matches!(find_program, Value::Null | Value::Bool(false)) {
                return find_program;
            }
            assert!(
                begun.elapsed() < PATIENCE,
                "in vain: {what}; the page says: {}",
                self.run("return document.body.innerText")
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Clicks what a CSS selector finds first.
    pub(crate) fn click(&self, selector: &str) {
        let element = self.element(selector);
        self.post(&format!("element/{element}/click"), &json!({}));
    }

    /// Types into what a CSS selector finds first; into a file input, a path chooses that file.
    pub(crate) fn type_into(&self, selector: &str, text: &str) {
        let element = self.element(selector);
        self.post(
            &format!("element/{element}/value"),
            &json!({ "text": text }),
        );
    }

    /// Makes the page so wide and high, as on a phone.
    pub(crate) fn resize(&self, width: u32, height: u32) {
        let size =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": true });
        let command = json!({ "cmd": "Emulation.setDeviceMetricsOverride", "params": size });
        self.post("goog/cdp/execute", &command);
    }

    /// Returns the browser's log: failed scripts, and resources that the content security policy
    /// refused.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let log = self.post("se/log", &json!({ "type": "browser" }));
        let entries = log.as_array().unwrap().iter();
        let severe = entries.filter(|entry| entry["level"] == "SEVERE");
        severe
            .map(|entry| entry["message"].as_str().unwrap().to_owned())
            .collect()
    }

    fn element(&self, selector: &str) -> String {
        let find_program = self.post(
            "element",
            &json!({ "using": "css selector", "value": selector }),
        );
        let mut references = find_program.as_object().unwrap().values();
        references.next().unwrap().as_str().unwrap().to_owned()
    }

    fn post(&self, command: &str, body: &Value) -> Value {
        send(&format!("{}/{command}", self.session), Some(body))
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = ureq::delete(&self.session).call();
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

fn send(url: &str, body: Option<&Value>) -> Value {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .build()
        .into();
    let body = body.map_or_else(|| "{}".to_owned(), Value::to_string);
    let mut answer = agent
        .post(url)
        .header("content-type", "application/json")
        .send(body)
        .unwrap();
    let status = answer.status();
    let text = answer.body_mut().read_to_string().unwrap();
    assert!(status.is_success(), "{url}: {text}");
    let mut answer: Value = serde_json::from_str(&text).unwrap();
    answer["value"].take()
}

/// Starts chromedriver. The port that it finds free by IPv4 may be taken by IPv6, and then it gives
/// up: so it is asked again.
fn drive(program: &Path) -> (Child, u16) {
    for _ in 0..5 {
        let mut driver = Command::new(program)
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        if let Some(port) = port(&mut driver) {
            return (driver, port);
        }
        driver.wait().unwrap();
    }
    panic!("{} does not start", program.display());
}

/// The port that chromedriver says it listens on.
fn port(driver: &mut Child) -> Option<u16> {
    let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
    let port = lines.by_ref().find_map(|line| {
        let line = line.unwrap();
        let (_, port) = line.split_once("started successfully on port ")?;
        port.trim_end_matches('.').parse().ok()
    });
    std::thread::spawn(move || lines.for_each(drop));
    port
}

fn chromium() -> Option<PathBuf> {
    ["chromium", "chromium-browser", "google-chrome"]
        .into_iter()
        .find_map(find_program)
}

/// A program on the path.
fn find_program(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|file| Path::is_file(file))
}
