//! The program as SageMaker runs it, on the shipped data: `train`, then `serve`, ended by SIGTERM.

#![allow(clippy::unwrap_used, reason = "a test that fails panics")]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

fn program(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_scones-tabular"));
    command.args(args).env_remove("RUST_LOG");
    command
}

fn shipped(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tables/data")
        .join(name);
    fs::read_to_string(path).unwrap()
}

/// Splits a table: every `nth` row for the second part.
fn split(table: &str, nth: usize) -> (String, String) {
    let (header, rows) = table.split_once('\n').unwrap();
    let mut parts = [format!("{header}\n"), format!("{header}\n")];
    for (index, row) in rows.lines().enumerate() {
        let part = &mut parts[usize::from(index % nth == 0)];
        part.push_str(row);
        part.push('\n');
    }
    parts.into()
}

/// Empties a field of the `row`th row.
fn without(table: &str, row: usize, column: &str) -> String {
    let header = table.lines().next().unwrap();
    let index = header.split(',').position(|name| name == column).unwrap();
    let mut lines: Vec<String> = table.lines().map(str::to_owned).collect();
    let mut fields: Vec<&str> = lines[row].split(',').collect();
    fields[index] = "";
    lines[row] = fields.join(",");
    lines.join("\n")
}

/// Lays out a training job.
fn job(hyperparameters: &[(&str, &str)], channels: &[(&str, &str)]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    let config = root.path().join("input/config");
    fs::create_dir_all(&config).unwrap();
    let pairs = hyperparameters.iter().copied();
    let pairs: std::collections::BTreeMap<&str, &str> = pairs.collect();
    let json = serde_json::to_vec(&pairs).unwrap();
    fs::write(config.join("hyperparameters.json"), json).unwrap();
    for (name, data) in channels {
        let folder = root.path().join("input/data").join(name);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("part-0.csv"), data).unwrap();
        fs::write(folder.join("_SUCCESS"), "not a table").unwrap();
    }
    root
}

fn train(root: &Path) -> Output {
    program(&["train", "--root", root.to_str().unwrap()])
        .output()
        .unwrap()
}

#[track_caller]
fn trained(root: &Path) -> String {
    let output = train(root);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// A program that serves, ended with the test.
struct Server(Child, String);

impl Server {
    fn start(model: &Path, environment: &[(&str, &str)]) -> Self {
        let mut child = program(&["serve", "--host", "127.0.0.1", "--model-dir"])
            .arg(model)
            .env("NO_COLOR", "1")
            .env("SAGEMAKER_BIND_TO_PORT", "0")
            .envs(environment.iter().copied())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut errors = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        errors.read_line(&mut line).unwrap();
        let address = line.split("address=").nth(1).expect(&line);
        let address = address.split(' ').next().unwrap().to_owned();
        // Nothing may wait for room in the pipe.
        std::thread::spawn(move || std::io::copy(&mut errors, &mut std::io::sink()));
        Self(child, address)
    }

    /// Returns the body of the response, whose status must be 200.
    #[track_caller]
    fn post(&self, headers: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(&self.1).unwrap();
        let (address, length) = (&self.1, body.len());
        let head = format!(
            "POST /invocations HTTP/1.1\r\nHost: {address}\r\nContent-Length: {length}\r\n\
             Connection: close\r\n{headers}\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(body.as_bytes()).unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).unwrap();
        assert!(response.starts_with("HTTP/1.1 200 OK"), "{response}");
        response.split_once("\r\n\r\n").unwrap().1.to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn iris_is_classified_by_a_forest() {
    let (rows, held_out) = split(&shipped("iris.csv"), 5);
    let settings = [
        ("target", "species"),
        ("algorithm", "random-forest"),
        ("n_estimators", "100"),
        ("random_state", "42"),
    ];
    let root = job(&settings, &[("train", &rows), ("validation", &held_out)]);
    let log = trained(root.path());
    assert!(log.contains("Final validation-accuracy:"), "{log}");
    let server = Server::start(&root.path().join("model"), &[]);
    let body = server.post("Content-Type: text/csv\r\n", "5.1,3.5,1.4,0.2\n");
    assert!(body.starts_with("setosa,"), "{body}");
    let json =
        r#"{"sepal_length": 6.3, "sepal_width": 3.3, "petal_length": 6, "petal_width": 2.5}"#;
    let headers = "Content-Type: application/json\r\nAccept: application/json\r\n";
    let body = server.post(headers, json);
    assert!(
        body.starts_with(r#"{"predictions":[{"predicted_label":"virginica","#),
        "{body}"
    );
}

/// The columns and the hyperparameters are those of the house price workflow.
#[test]
fn house_prices_go_through_both_containers_as_through_one() {
    let (rows, held_out) = split(&shipped("house-prices.csv"), 4);
    let trees = [
        ("objective", "reg:squarederror"),
        ("num_round", "100"),
        ("eta", ".1"),
        ("max_depth", "5"),
        ("seed", "42"),
    ];
    let whole = [("target", "SalePrice"), ("recipe", "house-prices")];
    let whole = [&trees[..], &whole[..]].concat();
    let root = job(&whole, &[("train", &rows), ("validation", &held_out)]);
    let log = trained(root.path());
    assert!(
        log.contains("[99]\ttrain-rmse:") && log.contains("\tvalidation-rmse:"),
        "{log}"
    );
    assert!(log.contains("Fitted intervals of 0.9"), "{log}");
    let figures = fs::read(root.path().join("model/figures.json")).unwrap();
    let figures: serde_json::Value = serde_json::from_slice(&figures).unwrap();
    let rmsle = figures["validation"]["rmsle"].as_f64().unwrap();
    let coverage = figures["validation"]["coverage"].as_f64().unwrap();
    // The workflow's own figure, 5 folds on half of the rows, is .1445 to .147.
    assert!(rmsle < 0.147, "{figures}");
    assert!((0.86..=0.94).contains(&coverage), "{figures}");

    // Evaluated, it is what training said.
    let (data, json) = (
        root.path().join("held-out.csv"),
        root.path().join("report.json"),
    );
    fs::write(&data, &held_out).unwrap();
    let mut evaluate = program(&["evaluate", "--model"]);
    evaluate
        .arg(root.path().join("model"))
        .arg("--data")
        .arg(&data)
        .arg("--json")
        .arg(&json);
    let output = evaluate.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let report: serde_json::Value = serde_json::from_slice(&fs::read(&json).unwrap()).unwrap();
    assert_eq!(report["rmsle"], figures["validation"]["rmsle"]);

    // The row without a KitchenQual is named, and all others are answered.
    let report = [("SCONES_ON_ERROR", "report")];
    let server = Server::start(&root.path().join("model"), &report);
    let csv = "Content-Type: text/csv; charset=utf-8\r\n";
    let all = server.post(csv, &without(&held_out, 7, "KitchenQual"));
    let errors: Vec<&str> = all
        .lines()
        .filter(|line| line.contains("error: "))
        .collect();
    assert_eq!(all.lines().count(), held_out.lines().count() - 1);
    assert_eq!(
        errors,
        [
            "\"error: row 7 (line 8), column KitchenQual: the value is missing; the schema allows no \
          missing values here\""
        ]
    );
    let few = held_out.lines().take(4).collect::<Vec<_>>().join("\n");
    let expected = server.post(csv, &few);

    // Cut in two, the same prices come out.
    let archives = ["preprocessing.tar.gz", "trees.tar.gz"].map(|name| root.path().join(name));
    let mut cut = program(&["split"]);
    cut.arg(root.path().join("model"))
        .arg("--preprocessing")
        .arg(&archives[0]);
    assert!(
        cut.arg("--trees")
            .arg(&archives[1])
            .status()
            .unwrap()
            .success()
    );
    let [first, second] = archives.map(|archive: PathBuf| Server::start(&archive, &[]));
    let features = first.post(csv, &few);
    assert_eq!(features.lines().next().unwrap().split(',').count(), 23);
    assert_eq!(second.post(csv, &features), expected);
}

#[test]
fn two_jobs_train_preprocessing_and_trees() {
    let (rows, _) = split(&shipped("house-prices.csv"), 4);
    let first = [
        ("mode", "preprocessing"),
        ("target", "SalePrice"),
        ("recipe", "house-prices"),
    ];
    let first = job(&first, &[("training", &rows)]);
    trained(first.path());
    let server = Server::start(&first.path().join("model"), &[]);
    let features = server.post("Content-Type: text/csv\r\n", &rows);
    let prices = rows
        .lines()
        .skip(1)
        .map(|row| row.rsplit(',').next().unwrap());
    let table: String = prices
        .zip(features.lines())
        .map(|(price, features)| format!("{price},{features}\n"))
        .collect();
    let second = job(
        &[("num_round", "20"), ("max_depth", "3")],
        &[("train", &table)],
    );
    let log = trained(second.path());
    assert!(log.contains("[19]\ttrain-rmse:"), "{log}");
    let server = Server::start(
        &second.path().join("model"),
        &[("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT", "application/json")],
    );
    let row = features.lines().next().unwrap();
    let body = server.post("Content-Type: text/csv\r\n", row);
    assert!(body.starts_with(r#"{"predictions":[{"score":"#), "{body}");
    assert!(!second.path().join("model/preprocessing.json").exists());
}

/// Reads lines until one contains `text`.
#[track_caller]
fn wait_for(text: &str, lines: &mut impl BufRead) {
    let found = lines
        .lines()
        .map_while(Result::ok)
        .any(|line| line.contains(text));
    assert!(found, "it ended without {text}");
}

fn endless_job() -> tempfile::TempDir {
    let iris = shipped("iris.csv");
    let settings = [
        ("target", "petal_width"),
        ("num_round", "300"),
        ("checkpoint_frequency", "1"),
        ("coverage", "0"),
    ];
    let root = job(&settings, &[("train", &iris)]);
    fs::create_dir(root.path().join("checkpoints")).unwrap();
    root
}

fn start(root: &Path) -> (Child, BufReader<std::process::ChildStdout>) {
    let mut command = program(&["train", "--root", root.to_str().unwrap()]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap());
    (child, lines)
}

#[test]
fn a_job_that_is_killed_resumes_to_the_same_model() {
    let (whole, killed) = (endless_job(), endless_job());
    trained(whole.path());
    let (mut child, mut lines) = start(killed.path());
    wait_for("[20]", &mut lines);
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!killed.path().join("model").exists());
    let log = trained(killed.path());
    assert!(log.contains("Resuming after round "), "{log}");
    let trees = |root: &Path| fs::read(root.join("model/trees.json")).unwrap();
    assert!(trees(whole.path()) == trees(killed.path()), "{log}");
}

#[test]
fn sigterm_ends_training_with_the_model_so_far() {
    let root = endless_job();
    let (mut child, mut lines) = start(root.path());
    wait_for("[20]", &mut lines);
    let pid = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-TERM", &pid])
            .status()
            .unwrap()
            .success()
    );
    wait_for("Stopped; saving the model so far", &mut lines);
    lines.read_to_end(&mut Vec::new()).unwrap();
    assert!(child.wait().unwrap().success());
    assert!(root.path().join("model/trees.json").is_file());
}

#[track_caller]
fn check_failure(hyperparameters: &[(&str, &str)], table: &str, expected: &str) {
    let root = job(hyperparameters, &[("train", table)]);
    let failed = train(root.path());
    assert_eq!(failed.status.code(), Some(1));
    let reason = fs::read_to_string(root.path().join("output/failure")).unwrap();
    assert_eq!(reason, expected);
    let printed = String::from_utf8(failed.stderr).unwrap();
    assert_eq!(printed, format!("error: {reason}\n"));
}

#[test]
fn failures_are_told_in_output_failure() {
    check_failure(
        &[("target", "price")],
        "a,b\n1,2\n",
        "ClientError: the train data: the target price is not a column; the columns are a, b",
    );
    check_failure(
        &[("eta", "2")],
        "1,2\n",
        "ClientError: the hyperparameter eta is 2: it must be a number from 0 to 1",
    );
    check_failure(
        &[],
        "1,2\n3,x\n",
        "ClientError: the train data: row 2 (line 2), column f0: \"x\" is not a number",
    );
}
