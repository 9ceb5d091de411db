//! Starts and stops `scones up`.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use super::processes;

/// The program under test.
pub(crate) const SCONES: &str = env!("CARGO_BIN_EXE_scones");
const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const PATIENCE: Duration = Duration::from_secs(60);

/// Options of a test stack.
#[derive(Default)]
pub(crate) struct Options<'a> {
    /// Another template than the project's own.
    pub(crate) template: Option<PathBuf>,
    /// Values for the template's parameters.
    pub(crate) parameters: &'a [(&'a str, &'a str)],
    /// No template at all.
    pub(crate) empty: bool,
    /// With the console, on a free port.
    pub(crate) console: bool,
    /// The id and the secret of the key that requests are to be signed with.
    pub(crate) key: Option<(&'a str, &'a str)>,
    /// Variables of the process.
    pub(crate) environment: &'a [(&'a str, &'a str)],
    /// Another address than 127.0.0.1.
    pub(crate) listen: Option<&'a str>,
}

/// A running `scones up`; it ends with this value, and with the test program.
pub(crate) struct Stack {
    child: Child,
    /// The console's URL, where one was asked for.
    pub(crate) console: Option<String>,
    pub(crate) url: String,
    pub(crate) data_dir: PathBuf,
    _temporary: Option<TempDir>,
}

impl Stack {
    /// A stack of its own with the trained model in it.
    pub(crate) fn with_model() -> Self {
        Self::with_model_and(&Options::default())
    }

    pub(crate) fn with_model_and(options: &Options) -> Self {
        let dir = tempfile::tempdir().unwrap();
        copy(&trained().0, dir.path());
        let mut stack = Self::on(dir.path(), options);
        stack._temporary = Some(dir);
        stack
    }

    /// A stack on an existing data directory.
    pub(crate) fn on(data_dir: &Path, options: &Options) -> Self {
        let mut command = Command::new(SCONES);
        command
            .args(["up", "--port=0", "--until-stdin-ends", "--data-dir"])
            .arg(data_dir)
            .arg(if options.console {
                "--console=127.0.0.1:0"
            } else {
                "--no-console"
            });
        if let Some(template) = &options.template {
            command.arg("--template").arg(template);
        }
        if let Some((id, secret)) = options.key {
            command
                .env("SCONES_ACCESS_KEY_ID", id)
                .env("SCONES_SECRET_ACCESS_KEY", secret);
        }
        command.envs(options.environment.iter().copied());
        if let Some(address) = options.listen {
            command.arg("--listen").arg(address);
        }
        if options.empty {
            command.arg("--empty");
        }
        for (name, value) in options.parameters {
            command.arg(format!("--parameter={name}={value}"));
        }
        let mut child = command
            .current_dir(ROOT)
            .stdin(Stdio::piped())
            .stdout(if options.console {
                Stdio::piped()
            } else {
                Stdio::null()
            })
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let url = announced(data_dir, &mut child);
        let console = options.console.then(|| introduced(&mut child));
        Self {
            child,
            console,
            url,
            data_dir: data_dir.to_owned(),
            _temporary: None,
        }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Stops it in an orderly way; the data directory stays for as long as what comes back.
    pub(crate) fn stop(mut self) -> (PathBuf, Option<TempDir>) {
        drop(self.child.stdin.take());
        assert!(self.child.wait().unwrap().success());
        (self.data_dir.clone(), self._temporary.take())
    }

    /// Stops it by a signal, as service managers do: its standard input stays open.
    pub(crate) fn terminate(mut self) {
        let _stdin = self.child.stdin.take();
        processes::signal(self.pid(), "TERM");
        assert!(self.child.wait().unwrap().success());
    }

    /// `kill -9`.
    pub(crate) fn kill(mut self) -> Option<TempDir> {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self._temporary.take()
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until the stack says where it answers.
fn announced(data_dir: &Path, child: &mut Child) -> String {
    let begun = Instant::now();
    loop {
        if let Some(url) = holder(data_dir, child.id()) {
            return url;
        }
        if let Some(status) = child.try_wait().unwrap() {
            let mut told = String::new();
            child
                .stderr
                .take()
                .unwrap()
                .read_to_string(&mut told)
                .unwrap();
            panic!("scones up ended with {status}: {told}");
        }
        assert!(begun.elapsed() < PATIENCE, "scones up does not answer");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The console's URL, as the program prints it; what it prints after that is read and dropped.
fn introduced(child: &mut Child) -> String {
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let url = lines
        .by_ref()
        .find_map(|line| Some(line.unwrap().strip_prefix("The console: ")?.to_owned()));
    std::thread::spawn(move || lines.for_each(drop));
    url.unwrap()
}

/// The URL in the data directory's `stack.json`, if it is this process's.
fn holder(data_dir: &Path, pid: u32) -> Option<String> {
    let holder: Value =
        serde_json::from_slice(&std::fs::read(data_dir.join("stack.json")).ok()?).ok()?;
    (holder["pid"] == pid).then(|| holder["url"].as_str().unwrap().to_owned())
}

/// A data directory after a demo on the drawn sample, and what the demo wrote with `--json`: made
/// once.
pub(crate) fn trained() -> &'static (PathBuf, Value) {
    static TRAINED: LazyLock<(PathBuf, Value)> = LazyLock::new(train);
    &TRAINED
}

fn train() -> (PathBuf, Value) {
    let dir =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("trained-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let json = dir.join("demo.json");
    let demo = Command::new(SCONES)
        .args([
            "demo",
            "--once",
            "--sample",
            "--port=0",
            "--no-console",
            "--epochs=4",
            "--data-dir",
        ])
        .arg(&dir)
        .arg("--json")
        .arg(&json)
        .current_dir(ROOT)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let (out, err) = (
        String::from_utf8_lossy(&demo.stdout),
        String::from_utf8_lossy(&demo.stderr),
    );
    assert!(demo.status.success(), "{out}\n{err}");
    let report = serde_json::from_slice(&std::fs::read(&json).unwrap()).unwrap();
    (dir, report)
}

fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            std::fs::create_dir_all(&target).unwrap();
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
