//! Tests durability: after a shutdown, and after killing the process.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use super::*;

/// Names the data directory for [`child`].
const CHILD: &str = "SCONES_STATES_TEST_CHILD";

/// Three counted tasks, with a wait between the first and the second.
fn three_tasks() -> Value {
    let step = |step: u32| {
        let mut state = task("count");
        state["Parameters"] = json!({ "name.$": "$$.Execution.Name", "step": step });
        state["ResultPath"] = Value::Null;
        state
    };
    let mut states = json!({
        "A": step(1),
        "W": { "Type": "Wait", "SecondsPath": "$.seconds", "Next": "B" },
        "B": step(2),
        "C": step(3),
    });
    states["A"]["Next"] = json!("W");
    states["B"]["Next"] = json!("C");
    states["C"]["End"] = json!(true);
    json!({ "StartAt": "A", "States": states })
}

fn open(dir: &Path) -> States {
    let functions = Functions {
        log: Some(dir.join("calls")),
        ..Functions::default()
    };
    States::open(
        dir,
        Identity::default(),
        ReachableServices::new(Arc::new(functions)),
    )
    .unwrap()
}

fn described() -> sam_template::StateMachine {
    sam_template::StateMachine {
        logical_id: "M".into(),
        name: "m".into(),
        definition: three_tasks().to_string(),
        express: false,
        role_arn: ROLE.into(),
    }
}

async fn declare(states: &States) {
    states.declare(&described()).await.unwrap();
}

/// Starts an execution; every third one waits for a second in its middle.
async fn start(states: &States, name: &str, number: usize) -> String {
    let start = StartExecution {
        state_machine_arn: MACHINE.into(),
        name: Some(name.into()),
        input: Some(json!({ "seconds": usize::from(number.is_multiple_of(3)) }).to_string()),
    };
    states.start(start).await.unwrap().execution_arn
}

/// Checks that every execution came to its end, with a whole history, and that no task ran again
/// after the next one had begun.
async fn check(dir: &Path, states: &States, arns: &[String]) {
    for arn in arns {
        let execution = states.wait(arn).await.unwrap();
        assert_eq!(execution.status, "SUCCEEDED", "{execution:?}");
        let history = states.history(arn).await.unwrap();
        let ids: Vec<u64> = history
            .iter()
            .map(|event| event["id"].as_u64().unwrap())
            .collect();
        assert_eq!(ids, (1..=ids.len() as u64).collect::<Vec<_>>());
        let ended = history
            .iter()
            .filter(|event| event["type"] == "LambdaFunctionSucceeded")
            .count();
        assert_eq!(ended, 3, "{history:#?}");
    }
    let calls = std::fs::read_to_string(dir.join("calls")).unwrap();
    let mut steps: HashMap<String, Vec<i64>> = HashMap::new();
    for call in calls.lines() {
        let call: Value = serde_json::from_str(call).unwrap();
        let name = call["name"].as_str().unwrap().to_owned();
        steps
            .entry(name)
            .or_default()
            .push(call["step"].as_i64().unwrap());
    }
    for (name, steps) in &steps {
        assert!(steps.is_sorted(), "{name}: {steps:?}");
    }
    for arn in arns {
        let mut steps = steps[arn.rsplit(':').next().unwrap()].clone();
        steps.dedup();
        assert_eq!(steps, [1, 2, 3], "{arn}");
    }
}

#[tokio::test]
async fn executions_go_on_after_a_shutdown_at_any_moment() {
    let dir = tempfile::tempdir().unwrap();
    let mut arns = Vec::new();
    for round in 0..12 {
        let states = open(dir.path());
        declare(&states).await;
        states.resume().await.unwrap();
        for number in 0..4 {
            arns.push(start(&states, &format!("e{round}-{number}"), number).await);
        }
        tokio::time::sleep(Duration::from_millis(round * 3)).await;
        states.shut_down().await;
    }
    let states = open(dir.path());
    assert!(
        states.resume().await.unwrap() > 0,
        "something was left running"
    );
    check(dir.path(), &states, &arns).await;
    assert_eq!(states.resume().await, Ok(0));
}

#[tokio::test]
async fn what_was_left_running_can_be_stopped_before_it_is_resumed() {
    let dir = tempfile::tempdir().unwrap();
    let states = open(dir.path());
    let definition = single(json!({ "Type": "Wait", "Seconds": 1000 })).to_string();
    let machine = sam_template::StateMachine {
        definition,
        ..described()
    };
    states.declare(&machine).await.unwrap();
    let arn = start(&states, "e", 1).await;
    states.shut_down().await;

    let states = open(dir.path());
    let (machine, name) = ("m".to_owned(), "e".to_owned());
    let stop = engine::Stop {
        arn: arn.clone(),
        machine,
        name,
        error: None,
        cause: None,
    };
    states.engine().stop(stop).await.unwrap();
    assert_eq!(states.describe(&arn).await.unwrap().status, "ABORTED");
}

/// Not a test of its own: what [`a_killed_process_loses_nothing`] kills. Starts executions, and
/// says so, for ever.
#[tokio::test]
#[ignore = "a part of a_killed_process_loses_nothing"]
async fn child() {
    let Some(dir) = std::env::var_os(CHILD) else {
        return;
    };
    let states = open(Path::new(&dir));
    declare(&states).await;
    states.resume().await.unwrap();
    let run = uuid::Uuid::new_v4();
    for number in 0.. {
        let arn = start(&states, &format!("{run}-{number}"), number).await;
        let mut out = std::io::stdout().lock();
        writeln!(out, "\nstarted {arn}").unwrap();
        out.flush().unwrap();
        drop(out);
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// Runs [`child`] in a process of its own, kills it after it started `count` executions and a
/// moment more, and answers what it acknowledged.
fn run_and_kill(dir: &Path, count: usize, moment: Duration) -> Vec<String> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "tests::durable::child",
            "--exact",
            "--ignored",
            "--nocapture",
        ])
        .env(CHILD, dir)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap);
    let mut started = Vec::new();
    let arn = |line: String| line.strip_prefix("started ").map(str::to_owned);
    while started.len() < count {
        started.extend(arn(lines
            .next()
            .expect("the child goes on until it is killed")));
    }
    std::thread::sleep(moment);
    child.kill().unwrap();
    child.wait().unwrap();
    started.extend(lines.filter_map(arn));
    started
}

/// The number of times the process is killed.
const KILLS: usize = 200;

#[tokio::test]
async fn a_killed_process_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut random = fastrand::Rng::with_seed(3);
    let mut arns = Vec::new();
    for _ in 0..KILLS {
        let moment = Duration::from_micros(random.u64(0..40_000));
        arns.extend(run_and_kill(dir.path(), random.usize(1..6), moment));
    }
    let states = open(dir.path());
    let resumed = states.resume().await.unwrap();
    check(dir.path(), &states, &arns).await;
    let started = arns.len();
    println!(
        "{KILLS} kills, {started} executions acknowledged, {resumed} of them running after the \
         last kill"
    );
}
