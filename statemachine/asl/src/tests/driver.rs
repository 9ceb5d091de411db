//! The runner of the tests, with a clock and tasks of its own.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write;

use serde_json::{Value, json};

use crate::{
    Effect, Event, EventKind, Execution, FailureStage, HistoryEvent, Identity, Outcome, Payload,
    StateMachine, TaskId, TaskRequest, TimerId, Timestamp,
};

/// The start of the clock: 2026-11-21T00:00:00Z.
pub(super) const START: Timestamp = Timestamp(1_795_219_200_000);

/// Histories that are longer are not written and read at every step: it takes too long.
const LONG: u64 = 500;

/// A task as it goes, with the seconds that it takes.
#[derive(Clone, Debug)]
pub(super) enum MockTask {
    Succeeds(f64, Value),
    Fails(f64, &'static str, &'static str),
    /// Fails without an error or a cause.
    FailsSilently,
    /// Is accepted with a response, and then gives a result.
    Submits(Value, Box<MockTask>),
    /// Heartbeats after each so many seconds, so often, and then gives a result.
    Heartbeats(f64, u32, Box<MockTask>),
    /// Never ends, and never starts.
    Hangs,
}

type Script = Box<dyn FnMut(&TaskRequest) -> MockTask>;

/// A runner of one execution.
pub(super) struct TestRunner {
    machine: StateMachine,
    input: Payload,
    script: Script,
    map_runs: VecDeque<MockTask>,
    stop_at: Option<f64>,
    redrives: Vec<f64>,
    now: Timestamp,
    due: BTreeMap<(Timestamp, u64), EventKind>,
    sequence: u64,
    timers: BTreeMap<TimerId, (Timestamp, u64)>,
    pub(super) history: Vec<HistoryEvent>,
    pub(super) effects: Vec<Effect>,
    outcome: Option<Outcome>,
}

impl TestRunner {
    pub(super) fn new(machine: &Value) -> TestRunner {
        let machine = StateMachine::parse(&machine.to_string()).unwrap_or_else(|e| panic!("{e}"));
        TestRunner {
            machine,
            input: json!({}).into(),
            script: Box::new(|request| panic!("no outcome for the task {request:?}")),
            map_runs: VecDeque::new(),
            stop_at: None,
            redrives: Vec::new(),
            now: START,
            due: BTreeMap::new(),
            sequence: 0,
            timers: BTreeMap::new(),
            history: Vec::new(),
            effects: Vec::new(),
            outcome: None,
        }
    }

    pub(super) fn input(mut self, input: impl Into<Payload>) -> TestRunner {
        self.input = input.into();
        self
    }

    /// Sets the tasks, one after the other.
    pub(super) fn tasks(self, outcomes: impl IntoIterator<Item = MockTask>) -> TestRunner {
        let mut outcomes: Vec<MockTask> = outcomes.into_iter().collect();
        outcomes.reverse();
        self.script(move |request| {
            outcomes
                .pop()
                .unwrap_or_else(|| panic!("one task too many: {request:?}"))
        })
    }

    /// Sets the tasks by their requests.
    pub(super) fn script(
        mut self,
        script: impl FnMut(&TaskRequest) -> MockTask + 'static,
    ) -> TestRunner {
        self.script = Box::new(script);
        self
    }

    /// Sets the outcomes of map runs, one after the other.
    pub(super) fn map_runs(mut self, outcomes: impl IntoIterator<Item = MockTask>) -> TestRunner {
        self.map_runs = outcomes.into_iter().collect();
        self
    }

    /// Someone stops the execution after so many seconds.
    pub(super) fn stop_at(mut self, seconds: f64) -> TestRunner {
        self.stop_at = Some(seconds);
        self
    }

    /// Someone redrives the execution after so many seconds.
    pub(super) fn redrive_at(mut self, seconds: f64) -> TestRunner {
        self.redrives.push(seconds);
        self
    }

    /// Plays until the end, or until nothing can happen any more.
    pub(super) fn run(mut self) -> TestRunner {
        if let Some(seconds) = self.stop_at {
            let stop = EventKind::Stop {
                error: Some("Stopped".into()),
                cause: None,
            };
            self.after(seconds, stop);
        }
        for seconds in std::mem::take(&mut self.redrives) {
            self.after(seconds, EventKind::Redrive);
        }
        let input = self.input.clone();
        let (mut execution, effects) =
            Execution::start(&self.machine, identity(), input, START, 42);
        self.perform(effects);
        while let Some(((at, _), kind)) = self.due.pop_first() {
            self.now = at;
            if execution.history_length() < LONG {
                execution = written_and_read(&execution);
            }
            if kind == EventKind::Redrive && execution.is_redrivable() {
                self.outcome = None;
            }
            let effects = execution.step(&self.machine, Event { at, kind });
            self.perform(effects);
        }
        assert_eq!(execution.outcome(), self.outcome.as_ref());
        self
    }

    fn perform(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            assert!(
                self.outcome.is_none(),
                "nothing follows the end: {effect:?}"
            );
            match &effect {
                Effect::StartTask { task, request } => {
                    let outcome = (self.script)(request);
                    self.complete(*task, outcome);
                }
                Effect::StartMapRun { task, .. } => {
                    let outcome = self.map_runs.pop_front().unwrap_or(MockTask::Hangs);
                    self.schedule(*task, 0.0, outcome);
                }
                Effect::CancelTask { .. } => {}
                Effect::SetTimer { timer, at } => {
                    let key = self.at((*at).max(self.now), EventKind::TimerFired { timer: *timer });
                    self.timers.insert(*timer, key);
                }
                Effect::CancelTimer { timer } => {
                    let key = self
                        .timers
                        .remove(timer)
                        .expect("only timers that were set are canceled");
                    self.due.remove(&key);
                }
                Effect::Record(event) => self.history.push(event.clone()),
                Effect::End(outcome) => self.outcome = Some(outcome.clone()),
            }
            self.effects.push(effect);
        }
    }

    fn complete(&mut self, task: TaskId, outcome: MockTask) {
        if matches!(outcome, MockTask::Hangs) {
            return;
        }
        self.after(0.0, EventKind::TaskStarted { task, worker: None });
        self.schedule(task, 0.0, outcome);
    }

    fn schedule(&mut self, task: TaskId, since: f64, outcome: MockTask) {
        match outcome {
            MockTask::Succeeds(seconds, output) => {
                self.after(
                    since + seconds,
                    EventKind::TaskSucceeded {
                        task,
                        output: output.into(),
                    },
                );
            }
            MockTask::Fails(seconds, error, cause) => {
                let (error, cause) = (Some(error.into()), Some(cause.into()));
                let stage = FailureStage::Run;
                self.after(
                    since + seconds,
                    EventKind::TaskFailed {
                        task,
                        stage,
                        error,
                        cause,
                    },
                );
            }
            MockTask::FailsSilently => {
                let stage = FailureStage::Run;
                self.after(
                    since,
                    EventKind::TaskFailed {
                        task,
                        stage,
                        error: None,
                        cause: None,
                    },
                );
            }
            MockTask::Submits(output, then) => {
                self.after(
                    since,
                    EventKind::TaskSubmitted {
                        task,
                        output: output.into(),
                    },
                );
                self.schedule(task, since, *then);
            }
            MockTask::Heartbeats(every, times, then) => {
                for beat in 1..=times {
                    self.after(
                        since + every * f64::from(beat),
                        EventKind::TaskHeartbeat { task },
                    );
                }
                self.schedule(task, since + every * f64::from(times), *then);
            }
            MockTask::Hangs => {}
        }
    }

    fn after(&mut self, seconds: f64, kind: EventKind) {
        self.at(self.now.plus_seconds(seconds), kind);
    }

    fn at(&mut self, at: Timestamp, kind: EventKind) -> (Timestamp, u64) {
        self.sequence += 1;
        self.due.insert((at, self.sequence), kind);
        (at, self.sequence)
    }

    /// The output, or `Error: cause` as a text.
    pub(super) fn result(&self) -> Value {
        let text = |error: &Option<String>, cause: &Option<String>| {
            let (error, cause) = (
                error.as_deref().unwrap_or("-"),
                cause.as_deref().unwrap_or("-"),
            );
            json!(format!("{error}: {cause}"))
        };
        match self.outcome.as_ref().expect("the execution ends") {
            Outcome::Succeeded { output } => output.value().clone(),
            Outcome::Failed { error, cause } => text(error, cause),
            Outcome::TimedOut {} => json!("TIMED OUT"),
            Outcome::Aborted { error, cause } => {
                json!(format!("ABORTED {}", text(error, cause).as_str().unwrap()))
            }
        }
    }

    /// The history as lines: seconds, id, the event before it, the type, and what it says.
    pub(super) fn story(&self) -> String {
        self.history.iter().map(line).collect()
    }

    /// Compares the story, whose lines may be indented.
    pub(super) fn tells(&self, expect: &str) {
        let expect: String = expect
            .lines()
            .map(str::trim)
            .filter(|l| !l.is_empty())
            .fold(String::new(), |s, l| s + l + "\n");
        assert_eq!(self.story(), expect, "the story is:\n{}", self.story());
    }
}

fn line(event: &HistoryEvent) -> String {
    let wire = serde_json::to_value(event).unwrap();
    let seconds = (event.timestamp.0 - START.0) as f64 / 1000.0;
    let mut line = format!(
        "{seconds}s {}<{} {}",
        event.id,
        event.previous_event_id,
        wire["type"].as_str().unwrap()
    );
    let details = wire
        .as_object()
        .unwrap()
        .iter()
        .find(|(key, _)| key.ends_with("EventDetails"));
    for (key, value) in details
        .and_then(|(_, details)| details.as_object())
        .into_iter()
        .flatten()
    {
        match (key.as_str(), value) {
            ("name", Value::String(name)) => write!(line, " {name}"),
            (
                "inputDetails"
                | "outputDetails"
                | "assignedVariablesDetails"
                | "region"
                | "roleArn"
                | "resourceType",
                _,
            ) => Ok(()),
            ("input" | "output" | "parameters", Value::String(text)) => write!(line, " {text}"),
            (_, Value::String(text)) => write!(line, " {key}={text}"),
            _ => write!(line, " {key}={value}"),
        }
        .unwrap();
    }
    line + "\n"
}

pub(super) fn identity() -> Identity {
    Identity {
        execution_arn: "arn:aws:states:us-east-1:123456789012:execution:M:E".into(),
        execution_name: "E".into(),
        role_arn: "arn:aws:iam::123456789012:role/R".into(),
        state_machine_arn: "arn:aws:states:us-east-1:123456789012:stateMachine:M".into(),
        state_machine_name: "M".into(),
        region: "us-east-1".into(),
        redrives: Some(0),
        ..Identity::default()
    }
}

/// A copy that went through its serialized form.
pub(super) fn written_and_read(execution: &Execution) -> Execution {
    let text = serde_json::to_string(execution).expect("an execution can be written");
    let copy: Execution = serde_json::from_str(&text).expect("what was written can be read");
    assert_eq!(&copy, execution);
    copy
}
