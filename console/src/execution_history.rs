//! The history of an execution, read once, as steps. A step is one stay in a state.
//!
//! Events are tied to steps by the event that led to them (`previousEventId`), so that branches and
//! iterations, whose events come in any order, do not mix.

use std::collections::HashMap;

use jiff::Timestamp;
use serde_json::Value;

use crate::sfn::text;
use crate::text::moment;

/// Steps whose data is kept: a Map of ten thousand items is counted, not shown.
pub(crate) const SHOWN: usize = 200;

/// The outcome of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Status {
    Running,
    Succeeded,
    /// It failed, and a catcher handled the error.
    Caught,
    Failed,
    /// Given up because something else failed or the execution was stopped.
    Aborted,
}

/// One entry of a state.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Step {
    pub(crate) name: String,
    /// `Task`
    pub(crate) kind: String,
    pub(crate) status: Status,
    pub(crate) entered: Option<Timestamp>,
    pub(crate) exited: Option<Timestamp>,
    /// The ids of the events that hold its input and its output.
    pub(crate) entered_id: usize,
    pub(crate) exited_id: Option<usize>,
    /// The id of the event that holds its error.
    pub(crate) failed_id: Option<usize>,
    pub(crate) input: Option<String>,
    pub(crate) output: Option<String>,
    pub(crate) error: Option<String>,
    pub(crate) cause: Option<String>,
    /// Number of attempts of its task.
    pub(crate) attempts: usize,
    /// Number of Parallels and Maps around it.
    pub(crate) depth: usize,
    /// The map run of a Distributed Map.
    pub(crate) map_run: Option<String>,
    parent: Option<usize>,
}

/// The steps of an execution so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct ExecutionHistory {
    pub(crate) steps: Vec<Step>,
    /// Number of steps that each state had, by what became of them.
    pub(crate) counts: HashMap<String, HashMap<Status, usize>>,
    pub(crate) events: usize,
    /// The step that each event belongs to, by the event's id.
    step_of: HashMap<usize, usize>,
    /// The times that the execution was redriven.
    pub(crate) redrives: usize,
}

impl ExecutionHistory {
    /// Adds the next event of the history.
    pub(crate) fn add(&mut self, event: &Value) {
        self.events += 1;
        let id = number(event, "Id");
        let before = self.step_of.get(&number(event, "PreviousEventId")).copied();
        let kind = text(event, "Type").unwrap_or_default();
        let step = if let Some(kind) = kind.strip_suffix("StateEntered") {
            Some(self.enter(event, kind, id, before))
        } else if kind.ends_with("StateExited") {
            self.exit(event, id, before)
        } else {
            self.happen(event, kind, before);
            before
        };
        if let Some(step) = step {
            self.step_of.insert(id, step);
        }
    }

    fn enter(&mut self, event: &Value, kind: &str, id: usize, before: Option<usize>) -> usize {
        let details = &event["StateEnteredEventDetails"];
        // What is entered from a step that goes on is inside it.
        let parent = before.and_then(|before| match self.steps[before].exited {
            None => Some(before),
            Some(_) => self.steps[before].parent,
        });
        let name = text(details, "Name").unwrap_or_default();
        let shown = self.steps.len() < SHOWN;
        self.steps.push(Step {
            name: name.to_owned(),
            kind: kind.to_owned(),
            status: Status::Running,
            entered: moment(text(event, "Timestamp")),
            exited: None,
            entered_id: id,
            exited_id: None,
            failed_id: None,
            input: text(details, "Input").filter(|_| shown).map(str::to_owned),
            output: None,
            error: None,
            cause: None,
            attempts: 0,
            depth: parent.map_or(0, |parent| self.steps[parent].depth + 1),
            map_run: None,
            parent,
        });
        let step = self.steps.len() - 1;
        self.count(step, 1);
        step
    }

    fn exit(&mut self, event: &Value, id: usize, before: Option<usize>) -> Option<usize> {
        let details = &event["StateExitedEventDetails"];
        let name = text(details, "Name")?;
        // A Parallel's end follows the end of one of its branches.
        let mut at = before;
        while let Some(step) = at.filter(|step| self.steps[*step].name != name) {
            at = self.steps[step].parent;
        }
        let step = at?;
        let output = text(details, "Output").map(str::to_owned);
        let status = match self.steps[step].error {
            Some(_) => Status::Caught,
            None => Status::Succeeded,
        };
        self.become_of(step, status, event);
        let shown = step < SHOWN;
        let step_ = &mut self.steps[step];
        step_.exited_id = Some(id);
        step_.output = output.filter(|_| shown);
        Some(step)
    }

    /// Notes what is no way in or out of a state.
    fn happen(&mut self, event: &Value, kind: &str, before: Option<usize>) {
        match kind {
            "ExecutionFailed" | "ExecutionTimedOut" | "ExecutionAborted" => {
                self.end(event, kind, before);
                return;
            }
            "ExecutionRedriven" => {
                self.redrives += 1;
                return;
            }
            _ => {}
        }
        let Some(step) = before else { return };
        if kind.ends_with("StateAborted") {
            self.become_of(step, Status::Aborted, event);
        } else if kind.ends_with("Scheduled") {
            self.resume_step(step);
            self.steps[step].attempts += 1;
        } else if let Some(run) = text(&event["MapRunStartedEventDetails"], "MapRunArn") {
            self.steps[step].map_run = Some(run.to_owned());
        } else if let Some(details) = failure(event, kind) {
            let of = &mut self.steps[step];
            of.error = text(details, "Error").map(str::to_owned);
            of.cause = text(details, "Cause").map(str::to_owned);
            of.failed_id = Some(number(event, "Id"));
        } else if kind.ends_with("Succeeded") && kind != "MapIterationSucceeded" {
            // A retry worked: what failed before is told in the history.
            (self.steps[step].error, self.steps[step].cause) = (None, None);
        }
    }

    /// A step that had failed is taken up again by a redrive.
    fn resume_step(&mut self, step: usize) {
        let mut at = Some(step);
        while let Some(step) = at {
            if !matches!(self.steps[step].status, Status::Failed | Status::Aborted) {
                break;
            }
            self.set(step, Status::Running);
            let of = &mut self.steps[step];
            (of.error, of.cause, of.exited) = (None, None, None);
            at = of.parent;
        }
    }

    /// The execution is over, and with it all steps that go on: the one that led to it failed, and
    /// those around it.
    fn end(&mut self, event: &Value, kind: &str, before: Option<usize>) {
        let mut failed = vec![false; self.steps.len()];
        let mut at = before.filter(|_| kind == "ExecutionFailed");
        while let Some(step) = at {
            failed[step] = true;
            at = self.steps[step].parent;
        }
        for (step, failed) in failed.into_iter().enumerate() {
            if self.steps[step].status == Status::Running {
                let status = if failed {
                    Status::Failed
                } else {
                    Status::Aborted
                };
                self.become_of(step, status, event);
            }
        }
        if let Some(step) = before.filter(|_| kind == "ExecutionFailed") {
            let details = &event["ExecutionFailedEventDetails"];
            let of = &mut self.steps[step];
            if of.error.is_none() {
                of.error = text(details, "Error").map(str::to_owned);
                of.cause = text(details, "Cause").map(str::to_owned);
                of.failed_id = Some(number(event, "Id"));
            }
        }
    }

    fn become_of(&mut self, step: usize, status: Status, event: &Value) {
        self.set(step, status);
        self.steps[step].exited = moment(text(event, "Timestamp"));
    }

    fn set(&mut self, step: usize, status: Status) {
        self.count(step, -1);
        self.steps[step].status = status;
        self.count(step, 1);
    }

    fn count(&mut self, step: usize, by: isize) {
        let step = &self.steps[step];
        let counts = self.counts.entry(step.name.clone()).or_default();
        let count = counts.entry(step.status).or_default();
        *count = count.saturating_add_signed(by);
    }

    /// Returns the outcome of a state, all its steps together, and how many they were.
    pub(crate) fn state(&self, name: &str) -> Option<(Status, usize)> {
        use Status::{Aborted, Caught, Failed, Running, Succeeded};
        let counts = self.counts.get(name)?;
        let some = |status: &Status| counts.get(status).is_some_and(|count| *count > 0);
        let status = [Running, Failed, Aborted, Caught, Succeeded]
            .into_iter()
            .find(some)?;
        Some((status, counts.values().sum()))
    }
}

impl Status {
    /// Returns its name, which is also the CSS class.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Caught => "caught",
            Self::Failed => "failed",
            Self::Aborted => "aborted",
        }
    }

    /// Returns a one-letter symbol.
    pub(crate) fn sign(self) -> &'static str {
        match self {
            Self::Running => "…",
            Self::Succeeded => "✓",
            Self::Caught => "↷",
            Self::Failed => "✕",
            Self::Aborted => "–",
        }
    }
}

/// The details of an event that tells an error. Iterations tell none of their own.
fn failure<'e>(event: &'e Value, kind: &str) -> Option<&'e Value> {
    let is = ["Failed", "TimedOut"].iter().any(|end| kind.ends_with(end));
    let details = event.get(format!("{kind}EventDetails"))?;
    (is && details.get("Error").is_some()).then_some(details)
}

fn number(event: &Value, member: &str) -> usize {
    event[member]
        .as_u64()
        .and_then(|number| usize::try_from(number).ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A history from `id, previous, type, details` and checks of what becomes of each step.
    fn history(events: &[(usize, usize, &str, Value)]) -> ExecutionHistory {
        let mut history = ExecutionHistory::default();
        for (id, previous, kind, details) in events {
            let mut event = json!({
                "Id": id, "PreviousEventId": previous, "Type": kind, "Timestamp": "2026-01-01T00:00:00.000Z",
            });
            let member = match *kind {
                kind if kind.ends_with("StateEntered") => "StateEnteredEventDetails".into(),
                kind if kind.ends_with("StateExited") => "StateExitedEventDetails".into(),
                kind => format!("{kind}EventDetails"),
            };
            event[member] = details.clone();
            history.add(&event);
        }
        history
    }

    fn shown(history: &ExecutionHistory) -> Vec<(&str, &'static str, usize)> {
        let steps = history.steps.iter();
        steps
            .map(|step| (&*step.name, step.status.word(), step.depth))
            .collect()
    }

    fn at(name: &str) -> Value {
        json!({ "Name": name, "Input": "{}", "Output": "[]" })
    }

    fn boom() -> Value {
        json!({ "Error": "Boom", "Cause": "it was hot" })
    }

    #[test]
    fn a_retry_that_works_and_an_error_that_is_caught() {
        let history = history(&[
            (1, 0, "ExecutionStarted", json!({})),
            (2, 0, "TaskStateEntered", at("A")),
            (3, 2, "TaskScheduled", json!({})),
            (4, 3, "TaskFailed", boom()),
            (5, 4, "TaskScheduled", json!({})),
            (6, 5, "TaskSucceeded", json!({})),
            (7, 6, "TaskStateExited", at("A")),
            (8, 7, "TaskStateEntered", at("B")),
            (9, 8, "TaskScheduled", json!({})),
            (10, 9, "TaskFailed", boom()),
            (11, 10, "TaskStateExited", at("B")),
            (12, 11, "FailStateEntered", at("C")),
            (13, 12, "ExecutionFailed", boom()),
        ]);
        let expected = [
            ("A", "succeeded", 0),
            ("B", "caught", 0),
            ("C", "failed", 0),
        ];
        assert_eq!(shown(&history), expected);
        assert_eq!(history.steps[0].attempts, 2);
        assert_eq!(history.steps[0].error, None);
        assert_eq!(history.steps[1].cause.as_deref(), Some("it was hot"));
        assert_eq!(history.steps[2].error.as_deref(), Some("Boom"));
        assert_eq!(history.state("B"), Some((Status::Caught, 1)));
        assert_eq!(history.state("Z"), None);
    }

    #[test]
    fn branches_are_inside_their_parallel() {
        let history = history(&[
            (1, 0, "ExecutionStarted", json!({})),
            (2, 0, "ParallelStateEntered", at("P")),
            (3, 2, "ParallelStateStarted", json!({})),
            (4, 3, "PassStateEntered", at("A")),
            (5, 3, "PassStateEntered", at("B")),
            (6, 4, "PassStateExited", at("A")),
            (7, 6, "PassStateEntered", at("A2")),
            (8, 5, "PassStateExited", at("B")),
            (9, 7, "PassStateExited", at("A2")),
            (10, 9, "ParallelStateSucceeded", json!({})),
            (11, 10, "ParallelStateExited", at("P")),
            (12, 11, "PassStateEntered", at("Z")),
        ]);
        let expected = [
            ("P", "succeeded", 0),
            ("A", "succeeded", 1),
            ("B", "succeeded", 1),
            ("A2", "succeeded", 1),
            ("Z", "running", 0),
        ];
        assert_eq!(shown(&history), expected);
    }

    #[test]
    fn iterations_are_counted() {
        let history = history(&[
            (1, 0, "ExecutionStarted", json!({})),
            (2, 0, "MapStateEntered", at("M")),
            (3, 2, "MapStateStarted", json!({ "Length": 2 })),
            (
                4,
                3,
                "MapIterationStarted",
                json!({ "Name": "M", "Index": 0 }),
            ),
            (5, 4, "TaskStateEntered", at("I")),
            (
                6,
                3,
                "MapIterationStarted",
                json!({ "Name": "M", "Index": 1 }),
            ),
            (7, 6, "TaskStateEntered", at("I")),
            (8, 5, "TaskStateExited", at("I")),
            (9, 7, "TaskScheduled", json!({})),
            (10, 9, "TaskFailed", boom()),
            (
                11,
                10,
                "MapIterationFailed",
                json!({ "Name": "M", "Index": 1 }),
            ),
            (12, 11, "MapStateFailed", json!({})),
            (13, 12, "ExecutionFailed", boom()),
        ]);
        let expected = [
            ("M", "failed", 0),
            ("I", "succeeded", 1),
            ("I", "failed", 1),
        ];
        assert_eq!(shown(&history), expected);
        assert_eq!(history.state("I"), Some((Status::Failed, 2)));
    }

    #[test]
    fn a_redrive_takes_the_failed_step_up_again() {
        let history = history(&[
            (1, 0, "ExecutionStarted", json!({})),
            (2, 0, "TaskStateEntered", at("A")),
            (3, 2, "LambdaFunctionScheduled", json!({})),
            (4, 3, "LambdaFunctionFailed", boom()),
            (5, 4, "ExecutionFailed", boom()),
            (6, 5, "ExecutionRedriven", json!({})),
            (7, 4, "LambdaFunctionScheduled", json!({})),
        ]);
        assert_eq!(shown(&history), [("A", "running", 0)]);
        assert_eq!((history.redrives, history.steps[0].attempts), (1, 2));
        assert_eq!(history.steps[0].error, None);
    }

    #[test]
    fn what_runs_when_an_execution_is_stopped_is_aborted() {
        let history = history(&[
            (1, 0, "ExecutionStarted", json!({})),
            (2, 0, "WaitStateEntered", at("W")),
            (3, 2, "ExecutionAborted", json!({})),
        ]);
        assert_eq!(shown(&history), [("W", "aborted", 0)]);
    }
}
