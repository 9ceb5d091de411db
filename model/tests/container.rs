//! The program as SageMaker runs it: `train`, then `serve`, ended by SIGTERM.

#![allow(clippy::unwrap_used, reason = "a test that fails panics")]

#[path = "../src/drawn.rs"]
mod drawn;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

fn program(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_scones-model"));
    command.args(args).env_remove("RUST_LOG");
    command
}

fn train(root: &Path) -> Output {
    let args = ["train", "--root", root.to_str().unwrap()];
    program(&args).output().unwrap()
}

/// Sends SIGTERM, as `docker stop` and SageMaker do.
fn terminate(child: &Child) {
    let pid = child.id().to_string();
    let status = Command::new("kill").args(["-TERM", &pid]).status();
    assert!(status.unwrap().success());
}

/// Reads lines until one contains `text`; returns that line.
fn line_with(text: &str, lines: &mut impl BufRead) -> String {
    let found = lines
        .lines()
        .map_while(Result::ok)
        .find(|line| line.contains(text));
    found.unwrap_or_else(|| panic!("it ended without saying {text}"))
}

fn post(address: &str, host: &str, body: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let head = format!(
        "POST /invocations HTTP/1.1\r\nHost: {host}\r\nContent-Type: image/png\r\nContent-Length: \
         {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body).unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    response
}

#[test]
fn a_trained_model_is_evaluated_and_served_until_sigterm() {
    let root = tempfile::tempdir().unwrap();
    drawn::job(root.path(), &[]);
    let trained = train(root.path());
    assert!(trained.status.success(), "{trained:?}");
    let log = String::from_utf8(trained.stdout).unwrap();
    assert!(log.contains("Epoch[7] Validation-accuracy="), "{log}");

    let model = root.path().join("model");
    let archive = root.path().join("model.tar.gz");
    let json = root.path().join("report.json");
    scones_model::artifact::pack(&model, &archive).unwrap();
    let data = root.path().join("input/data");
    let evaluated = program(&["evaluate", "--model"])
        .arg(&archive)
        .arg("--images")
        .arg(data.join("validation"))
        .arg("--lst")
        .arg(data.join("validation_lst/validation.lst"))
        .arg("--json")
        .arg(&json)
        .output()
        .unwrap();
    assert!(evaluated.status.success(), "{evaluated:?}");
    let report: serde_json::Value = serde_json::from_slice(&fs::read(json).unwrap()).unwrap();
    assert_eq!(report["images"], 16);
    let accuracy = format!(
        "Final Validation-accuracy={:.6}",
        report["accuracy"].as_f64().unwrap()
    );
    assert!(
        log.contains(&accuracy),
        "served as trained: {accuracy}\n{log}"
    );

    let mut serving = program(&["serve", "--host", "127.0.0.1", "--port", "0", "--model-dir"])
        .arg(&model)
        .env("NO_COLOR", "1")
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut errors = BufReader::new(serving.stderr.take().unwrap());
    let line = line_with("address=", &mut errors);
    let address = line
        .split("address=")
        .nth(1)
        .unwrap()
        .split(' ')
        .next()
        .unwrap();
    // On loopback it answers programs, and not web pages.
    let rebound = post(address, "rebound.example", &drawn::png(0, 5000));
    assert!(rebound.starts_with("HTTP/1.1 403 Forbidden"), "{rebound}");
    let response = post(address, address, &drawn::png(0, 5000));
    assert!(
        response.starts_with("HTTP/1.1 200 OK") && response.ends_with(']'),
        "{response}"
    );
    terminate(&serving);
    line_with("stopped", &mut errors);
    assert!(serving.wait().unwrap().success());
}

#[test]
fn sigterm_ends_training_with_the_model_so_far() {
    let root = tempfile::tempdir().unwrap();
    drawn::job(root.path(), &[("epochs", "10000")]);
    let mut training = program(&["train", "--root"])
        .arg(root.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(training.stdout.take().unwrap());
    line_with("Epoch[1] Validation-accuracy", &mut lines);
    terminate(&training);
    line_with("saving the model so far", &mut lines);
    // Training goes on printing: nobody may leave before it is done.
    lines.read_to_end(&mut Vec::new()).unwrap();
    assert!(training.wait().unwrap().success());
    assert!(root.path().join("model/model.onnx").is_file());
}

#[test]
fn a_job_that_is_killed_goes_on_to_the_same_model() {
    let job = || {
        let root = tempfile::tempdir().unwrap();
        drawn::job(
            root.path(),
            &[("epochs", "30"), ("checkpoint_frequency", "1")],
        );
        fs::create_dir(root.path().join("checkpoints")).unwrap();
        root
    };
    let (whole, killed) = (job(), job());
    assert!(train(whole.path()).status.success());

    let mut training = program(&["train", "--root"])
        .arg(killed.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(training.stdout.take().unwrap());
    line_with("Epoch[9] Validation-accuracy", &mut lines);
    training.kill().unwrap();
    training.wait().unwrap();
    assert!(!killed.path().join("model").exists());

    let resumed = train(killed.path());
    let log = String::from_utf8(resumed.stdout).unwrap();
    assert!(
        resumed.status.success() && log.contains("Resuming after epoch "),
        "{log}"
    );
    for file in ["model.onnx", "config.json", "weights.safetensors"] {
        let bytes = |root: &Path| fs::read(root.join("model").join(file)).unwrap();
        assert!(bytes(whole.path()) == bytes(killed.path()), "{file}\n{log}");
    }
}

/// Each value is allowed, and together they are 69 TB.
#[cfg(target_os = "linux")]
#[test]
fn hyperparameters_that_no_memory_is_enough_for_are_refused_and_not_killed() {
    let root = tempfile::tempdir().unwrap();
    let large = [
        ("image_shape", "3,1024,1024"),
        ("mini_batch_size", "4096"),
        ("widths", "1024,1024,1024,1024"),
    ];
    drawn::job(root.path(), &large);
    let list = root.path().join("input/data/train_lst/train.lst");
    let line = fs::read_to_string(&list).unwrap();
    fs::write(&list, line.repeat(100)).unwrap();
    let failed = train(root.path());
    assert_eq!(failed.status.code(), Some(1));
    let reason = fs::read_to_string(root.path().join("output/failure")).unwrap();
    let expected = "ClientError: the training needs about ";
    assert!(reason.starts_with(expected), "{reason}");
    let expected = "MB are there: lower mini_batch_size 4096, image_shape 3,1024,1024 and widths \
                    1024,1024,1024,1024, or use fewer images";
    assert!(reason.ends_with(expected), "{reason}");
}

#[test]
fn a_failure_is_exit_code_1_with_its_reason_on_stderr_and_in_the_file() {
    let root = tempfile::tempdir().unwrap();
    drawn::job(root.path(), &[("num_classes", "two")]);
    let failed = train(root.path());
    assert_eq!(failed.status.code(), Some(1));
    let reason = fs::read_to_string(root.path().join("output/failure")).unwrap();
    assert!(
        reason.starts_with("ClientError: the hyperparameter `num_classes` is `two`"),
        "{reason}"
    );
    assert_eq!(
        String::from_utf8(failed.stderr).unwrap(),
        format!("error: {reason}\n")
    );
}
