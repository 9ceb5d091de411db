//! The service as a whole: its API over the wire, what it calls, and what a restart leaves.

use std::sync::Mutex;

use async_trait::async_trait;
use axum::body::Body;
use bytes::Bytes;
use http_body_util::BodyExt;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::*;
use service::sdk::{SdkError, ServiceException};
use service::{Invocation, InvokeError};

const MACHINE: &str = "arn:aws:states:us-east-1:123456789012:stateMachine:m";
const FUNCTION: &str = "arn:aws:lambda:us-east-1:123456789012:function:f";

/// Records the calls; state machines fail with the given errors, in order.
#[derive(Default)]
struct Targets {
    calls: Mutex<Vec<(String, Value)>>,
    errors: Mutex<Vec<(&'static str, u16)>>,
}

#[async_trait]
impl SdkService for Targets {
    async fn call(&self, operation: &str, parameters: &Value) -> Result<Value, SdkError> {
        self.calls
            .lock()
            .unwrap()
            .push((operation.to_owned(), parameters.clone()));
        match self.errors.lock().unwrap().pop() {
            None => Ok(json!({})),
            Some((code, status)) => Err(SdkError::Exception(ServiceException {
                code: code.into(),
                modeled: true,
                status,
                message: Some("no".into()),
                request_id: "r".into(),
                extended_request_id: None,
            })),
        }
    }
}

#[async_trait]
impl Invoke for Targets {
    async fn invoke(&self, _: &str, _: Bytes) -> Result<Invocation, InvokeError> {
        unreachable!("a schedule does not wait for a function")
    }

    async fn enqueue(&self, function: &str, payload: Bytes) -> Result<(), InvokeError> {
        let payload = serde_json::from_slice(&payload).unwrap();
        self.calls
            .lock()
            .unwrap()
            .push((function.to_owned(), payload));
        Ok(())
    }
}

struct Service {
    dir: tempfile::TempDir,
    targets: Arc<Targets>,
    scheduler: Scheduler,
}

fn open(dir: &Path, targets: &Arc<Targets>) -> Scheduler {
    Scheduler::open(dir, Identity::default(), targets.clone(), targets.clone()).unwrap()
}

impl Service {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let targets = Arc::new(Targets::default());
        let scheduler = open(dir.path(), &targets);
        Self {
            dir,
            targets,
            scheduler,
        }
    }

    /// The status, the error's name, and the body.
    async fn send(&self, method: &str, path: &str, body: &Value) -> (u16, String, Value) {
        let request = Request::builder().method(method).uri(path);
        let request = request.body(Body::from(body.to_string())).unwrap();
        let response = self.scheduler.handle(request).await;
        let (parts, body) = response.into_parts();
        let error = parts.headers.get("x-amzn-errortype");
        let error = error.map_or("", |name| name.to_str().unwrap()).to_owned();
        let body = body.collect().await.unwrap().to_bytes();
        (
            parts.status.as_u16(),
            error,
            serde_json::from_slice(&body).unwrap(),
        )
    }

    async fn create(&self, name: &str, changes: &Value) {
        let (status, _, body) = self
            .send("POST", &format!("/schedules/{name}"), &request(changes))
            .await;
        assert_eq!(
            (status, &body["ScheduleArn"]),
            (200, &arn(name).into()),
            "{body}"
        );
    }

    fn calls(&self) -> Vec<(String, Value)> {
        std::mem::take(&mut self.targets.calls.lock().unwrap())
    }

    /// Calls what is due `seconds` from now; the wait that it answers.
    async fn run_due(&self, seconds: i64) -> std::time::Duration {
        self.scheduler.run_due(later(seconds)).await.unwrap()
    }
}

fn later(seconds: i64) -> Timestamp {
    now() + SignedDuration::from_secs(seconds)
}

fn arn(name: &str) -> String {
    format!("arn:aws:scheduler:us-east-1:123456789012:schedule/default/{name}")
}

/// An hourly start of a state machine, with other members or other ones of the target.
fn request(changes: &Value) -> Value {
    let mut request = json!({
        "ScheduleExpression": "rate(1 hour)",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {"Arn": MACHINE, "RoleArn": "arn:aws:iam::123456789012:role/r", "Input": "{}"},
    });
    for (name, value) in changes.as_object().unwrap() {
        match name.as_str() {
            "Arn" | "Input" | "RetryPolicy" => request["Target"][name] = value.clone(),
            _ => request[name] = value.clone(),
        }
    }
    request
}

#[tokio::test]
async fn a_rate_starts_an_execution_at_once_and_then_by_the_hour() {
    let service = Service::new();
    service.create("hourly", &json!({"Input": r#"{"at": "<aws.scheduler.scheduled-time>", "from": "<aws.scheduler.schedule-arn>"}"#})).await;
    let wait = service.run_due(0).await;
    assert!((3590..=3600).contains(&wait.as_secs()), "{wait:?}");
    let [(operation, first)] = &service.calls()[..] else {
        panic!("one call");
    };
    assert_eq!(
        (operation.as_str(), &first["StateMachineArn"]),
        ("startExecution", &MACHINE.into())
    );
    let input: Value = serde_json::from_str(first["Input"].as_str().unwrap()).unwrap();
    assert_eq!(input["from"], arn("hourly"));
    let time: Timestamp = input["at"].as_str().unwrap().parse().unwrap();
    assert!(now().duration_since(time).as_secs() < 60);
    service.run_due(60).await;
    assert_eq!(service.calls(), []);
    service.run_due(3600).await;
    let [(_, second)] = &service.calls()[..] else {
        panic!("one call");
    };
    assert_ne!(first["Name"], second["Name"]);
}

#[tokio::test]
async fn a_function_without_input_gets_awss_event() {
    let service = Service::new();
    service
        .create("f", &json!({"Arn": FUNCTION, "Input": null}))
        .await;
    service.run_due(0).await;
    let [(function, event)] = &service.calls()[..] else {
        panic!("one call");
    };
    assert_eq!(function, FUNCTION);
    assert_eq!(
        (
            &event["source"],
            &event["detail-type"],
            &event["resources"][0]
        ),
        (
            &"aws.scheduler".into(),
            &"Scheduled Event".into(),
            &arn("f").into()
        )
    );
}

#[tokio::test]
async fn what_fails_is_tried_again_where_that_may_help() {
    let service = Service::new();
    service.create("m", &json!({})).await;
    let errors = || service.targets.errors.lock().unwrap();
    errors().extend([
        ("ExecutionAlreadyExists", 400),
        ("InternalFailure", 500),
        ("InternalFailure", 500),
    ]);
    for (seconds, calls) in [(0, 1), (0, 0), (2, 1), (3, 0), (6, 1), (3000, 0)] {
        service.run_due(seconds).await;
        let made = service.calls();
        assert_eq!(made.len(), calls, "{seconds}: {made:?}");
    }
    // Refusals are final, and the next occurrence comes in its time.
    errors().push(("StateMachineDoesNotExist", 400));
    for (seconds, calls) in [(3600, 1), (3700, 0), (7200, 1)] {
        service.run_due(seconds).await;
        assert_eq!(service.calls().len(), calls, "{seconds}");
    }
    service
        .create(
            "patient",
            &json!({"RetryPolicy": {"MaximumRetryAttempts": 0}}),
        )
        .await;
    errors().push(("InternalFailure", 500));
    service.run_due(0).await;
    service.run_due(100).await;
    assert_eq!(service.calls().len(), 1);
}

#[tokio::test]
async fn what_was_tried_before_a_crash_has_the_same_name_after_it() {
    let service = Service::new();
    service.create("m", &json!({})).await;
    service
        .targets
        .errors
        .lock()
        .unwrap()
        .push(("InternalFailure", 500));
    service.run_due(0).await;
    let scheduler = open(service.dir.path(), &service.targets);
    scheduler.catch_up(later(5)).await.unwrap();
    scheduler.run_due(later(5)).await.unwrap();
    let [(_, before), (_, after)] = &service.calls()[..] else {
        panic!("two calls");
    };
    assert_eq!(before["Name"], after["Name"]);
}

#[tokio::test]
async fn of_what_was_missed_the_newest_is_called() {
    let service = Service::new();
    service
        .create(
            "m",
            &json!({"Input": r#""<aws.scheduler.scheduled-time>""#}),
        )
        .await;
    service.run_due(0).await;
    let [(_, first)] = &service.calls()[..] else {
        panic!("one call");
    };
    let five_hours = later(5 * 3600 + 60);
    service.scheduler.catch_up(five_hours).await.unwrap();
    service.scheduler.run_due(five_hours).await.unwrap();
    service.scheduler.run_due(five_hours).await.unwrap();
    let [(_, missed)] = &service.calls()[..] else {
        panic!("one call");
    };
    let time = |call: &Value| -> Timestamp {
        call["Input"]
            .as_str()
            .unwrap()
            .trim_matches('"')
            .parse()
            .unwrap()
    };
    assert_eq!(time(missed).duration_since(time(first)).as_hours(), 5);
}

#[tokio::test]
async fn a_one_time_schedule_stays_unless_it_is_to_go() {
    let service = Service::new();
    let once = format!(
        "at({})",
        later(-5)
            .to_zoned(jiff::tz::TimeZone::UTC)
            .datetime()
            .round(jiff::Unit::Second)
            .unwrap()
    );
    let soon = format!(
        "at({})",
        later(30)
            .to_zoned(jiff::tz::TimeZone::UTC)
            .datetime()
            .round(jiff::Unit::Second)
            .unwrap()
    );
    service
        .create("past", &json!({"ScheduleExpression": once}))
        .await;
    service
        .create("stays", &json!({"ScheduleExpression": soon}))
        .await;
    service
        .create(
            "goes",
            &json!({"ScheduleExpression": soon, "ActionAfterCompletion": "DELETE"}),
        )
        .await;
    service.run_due(31).await;
    assert_eq!(service.calls().len(), 2);
    assert_eq!(service.run_due(86400).await, std::time::Duration::MAX);
    assert_eq!(service.calls(), []);
    let (_, _, all) = service.send("GET", "/schedules", &Value::Null).await;
    let names: Vec<_> = all["Schedules"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| s["Name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["past", "stays"]);
}

#[tokio::test]
async fn a_schedule_is_described_listed_updated_and_deleted() {
    let service = Service::new();
    service
        .create(
            "a",
            &json!({"StartDate": 1_900_000_000, "Description": "d"}),
        )
        .await;
    service.create("b", &json!({"State": "DISABLED"})).await;
    let (_, _, a) = service
        .send("GET", "/schedules/a?groupName=default", &Value::Null)
        .await;
    assert_eq!(
        (
            &a["Arn"],
            &a["State"],
            &a["StartDate"],
            &a["ScheduleExpressionTimezone"],
            &a["Description"]
        ),
        (
            &arn("a").into(),
            &"ENABLED".into(),
            &1_900_000_000.into(),
            &"UTC".into(),
            &"d".into()
        )
    );
    let (_, _, page) = service
        .send("GET", "/schedules?MaxResults=1", &Value::Null)
        .await;
    assert_eq!(page["Schedules"][0]["Name"], "a");
    let token = page["NextToken"].as_str().unwrap();
    // It belongs to its own listing.
    let other = format!("/schedules?NamePrefix=b&NextToken={token}");
    let (status, _, refused) = service.send("GET", &other, &Value::Null).await;
    assert_eq!(
        (status, &refused["Message"]),
        (400, &"Invalid NextToken".into())
    );
    let next = format!("/schedules?MaxResults=1&NextToken={token}");
    let (_, _, page) = service.send("GET", &next, &Value::Null).await;
    assert_eq!(
        (&page["Schedules"][0]["Name"], &page["NextToken"]),
        (&"b".into(), &Value::Null)
    );
    let (_, _, page) = service
        .send(
            "GET",
            "/schedules?State=DISABLED&NamePrefix=b",
            &Value::Null,
        )
        .await;
    assert_eq!(page["Schedules"].as_array().unwrap().len(), 1);
    let (status, _, _) = service
        .send(
            "PUT",
            "/schedules/a",
            &request(&json!({"State": "DISABLED"})),
        )
        .await;
    let (_, _, a) = service.send("GET", "/schedules/a", &Value::Null).await;
    assert_eq!(
        (status, &a["State"], &a["Description"]),
        (200, &"DISABLED".into(), &Value::Null)
    );
    assert_eq!(
        service.send("DELETE", "/schedules/a", &Value::Null).await.0,
        200
    );
    let gone = service.send("GET", "/schedules/a", &Value::Null).await;
    assert_eq!(
        gone,
        (
            404,
            "ResourceNotFoundException".into(),
            json!({"Message": "Schedule a does not exist."})
        )
    );
}

#[tokio::test]
async fn errors_are_awss() {
    let service = Service::new();
    service.create("m", &json!({})).await;
    let good = request(&json!({}));
    let target = request(&json!({"Arn": "arn:aws:sqs:us-east-1:123456789012:q"}));
    let input = request(&json!({"Input": "{"}));
    let group = request(&json!({"GroupName": "g"}));
    let cases: [(&str, &str, &Value, u16, &str, &str); 9] = [
        (
            "POST",
            "/schedules/m",
            &good,
            409,
            "ConflictException",
            "Schedule m already exists.",
        ),
        (
            "PUT",
            "/schedules/n",
            &good,
            404,
            "ResourceNotFoundException",
            "Schedule n does not exist.",
        ),
        (
            "DELETE",
            "/schedules/n",
            &good,
            404,
            "ResourceNotFoundException",
            "Schedule n does not exist.",
        ),
        (
            "POST",
            "/schedules/n%20n",
            &good,
            400,
            "ValidationException",
            "Value at 'name' failed to satisfy constraint",
        ),
        (
            "POST",
            "/schedules/n",
            &target,
            400,
            "ValidationException",
            "arn:aws:sqs:us-east-1:123456789012:q is not supported by the local stack: schedules \
             start state machines",
        ),
        (
            "POST",
            "/schedules/n",
            &input,
            400,
            "ValidationException",
            "Invalid Target Input: it is not JSON",
        ),
        (
            "POST",
            "/schedules/n",
            &group,
            404,
            "ResourceNotFoundException",
            "Schedule group g does not exist.",
        ),
        (
            "GET",
            "/schedules?MaxResults=101",
            &good,
            400,
            "ValidationException",
            "a number from 1 to 100",
        ),
        (
            "POST",
            "/schedule-groups/g",
            &good,
            404,
            "UnknownOperationException",
            "POST /schedule-groups/g is not in the local stack",
        ),
    ];
    for (method, path, body, status, name, text) in cases {
        let (got, error, body) = service.send(method, path, body).await;
        assert_eq!((got, error.as_str()), (status, name), "{method} {path}");
        assert!(body["Message"].as_str().unwrap().contains(text), "{body}");
    }
}

#[tokio::test]
async fn the_template_decides_until_a_client_does_and_again_when_it_changes() {
    let service = Service::new();
    let declared = |names: &[&str], rate: &str| -> Vec<template::Schedule> {
        let schedule = |name: &&str| template::Schedule {
            logical_id: "L".into(),
            name: (*name).into(),
            request: request(&json!({"ScheduleExpression": rate})),
        };
        names.iter().map(schedule).collect()
    };
    let expression = async |name: &str| {
        let (_, _, body) = service
            .send("GET", &format!("/schedules/{name}"), &Value::Null)
            .await;
        body["ScheduleExpression"].as_str().map(str::to_owned)
    };
    service.create("mine", &json!({})).await;
    service
        .scheduler
        .declare(declared(&["a", "b"], "rate(1 day)"))
        .await
        .unwrap();
    service
        .send(
            "PUT",
            "/schedules/a",
            &request(&json!({"ScheduleExpression": "rate(2 days)"})),
        )
        .await;
    service
        .scheduler
        .declare(declared(&["a"], "rate(1 day)"))
        .await
        .unwrap();
    assert_eq!(expression("a").await.as_deref(), Some("rate(2 days)"));
    assert_eq!(
        (expression("b").await, expression("mine").await.is_some()),
        (None, true)
    );
    service
        .scheduler
        .declare(declared(&["a"], "rate(3 days)"))
        .await
        .unwrap();
    assert_eq!(expression("a").await.as_deref(), Some("rate(3 days)"));
    let error = service
        .scheduler
        .declare(declared(&["a"], "daily"))
        .await
        .unwrap_err()
        .to_string();
    assert_eq!(
        error,
        "the schedule a: Invalid Schedule Expression daily: it must be rate(...), cron(...) or \
         at(...)"
    );
}

#[tokio::test]
async fn one_that_cannot_be_read_does_not_hold_up_the_others() {
    let service = Service::new();
    let odd = Schedule {
        name: "a".into(),
        request: json!({}),
        declared: None,
        created: later(-60),
        modified: later(-60),
        due: Some(later(-60)),
        attempts: 0,
    };
    let put = service.scheduler.with(move |store| store.put(&odd));
    put.await.unwrap();
    service.create("b", &json!({})).await;
    service.scheduler.catch_up(now()).await.unwrap();
    assert!(service.run_due(0).await.as_secs() > 3000);
    assert_eq!(service.calls().len(), 1);
}

#[tokio::test]
async fn it_runs_until_it_is_stopped() {
    let service = Service::new();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let running = tokio::spawn(service.scheduler.clone().run(async {
        let _ = stopped.await;
    }));
    service.create("m", &json!({})).await;
    let result = async {
        while service.calls().is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), result)
        .await
        .unwrap();
    stop.send(()).unwrap();
    running.await.unwrap();
}
