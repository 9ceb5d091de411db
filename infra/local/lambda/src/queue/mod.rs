//! Asynchronous invocations: accepted once on disk, delivered at least once, and retried as on AWS.
//!
//! An event leaves the queue when its function has succeeded. A function error is retried after one
//! minute and after two more; a throttle or a service error with exponential backoff; both until
//! the event is six hours old. Events that fail for good become dead letters, which the log
//! reports.

mod store;

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::config::RetryPolicy;
use super::handle::{InvokeOptions, Lambda};
use service::database::OpenError;
use service::{Invocation, InvokeError};
use store::{Entry, Store};

pub use store::DeadLetter;

/// The stored events, and the notification that wakes the worker.
#[derive(Debug)]
pub(super) struct Queue {
    store: Store,
    arrived: Notify,
    retry: RetryPolicy,
}

impl Queue {
    pub(super) fn open(path: &Path, retry: RetryPolicy) -> Result<Self, OpenError> {
        Ok(Self {
            store: Store::open(path)?,
            arrived: Notify::new(),
            retry,
        })
    }

    /// Stores an event durably and returns its id.
    pub(super) async fn enqueue(
        &self,
        function: String,
        payload: Bytes,
    ) -> rusqlite::Result<String> {
        let id = uuid::Uuid::new_v4().to_string();
        self.store
            .insert(id.clone(), function, payload, now())
            .await?;
        self.arrived.notify_one();
        Ok(id)
    }

    /// Returns the number of each function's unsettled events.
    pub(super) async fn waiting(&self) -> Vec<(String, u64)> {
        self.store.counts().await.unwrap_or_else(|error| {
            tracing::error!(%error, "the queue of asynchronous invocations can't be read");
            Vec::new()
        })
    }

    pub(super) async fn dead_letters(&self) -> rusqlite::Result<Vec<DeadLetter>> {
        self.store.dead_letters().await
    }
}

/// The decision on an event after a delivery attempt.
#[derive(Debug, PartialEq, Eq)]
enum RetryDecision {
    Complete,
    /// Tried again after this wait.
    Retry(Duration),
    /// Given up, with AWS's name for the reason.
    GiveUp(&'static str),
}

/// Delivers events until `shutdown` is done. Deliveries that run then stay in the queue.
pub(super) async fn run(lambda: &Lambda, shutdown: impl Future<Output = ()>) {
    let mut worker = Worker {
        lambda,
        deliveries: JoinSet::new(),
        busy: HashMap::new(),
    };
    worker.warn_of_unknown_functions().await;
    tokio::pin!(shutdown);
    loop {
        let wake = match worker.deliver_due().await {
            Ok(wake) => wake,
            Err(error) => {
                tracing::error!(%error, "the queue of asynchronous invocations can't be read");
                Some(Duration::from_secs(1))
            }
        };
        tokio::select! {
            () = &mut shutdown => return,
            () = lambda.inner.queue.arrived.notified() => {}
            Some(done) = worker.deliveries.join_next() => worker.finish_delivery(done.ok()),
            () = tokio::time::sleep(wake.unwrap_or(Duration::MAX)) , if wake.is_some() => {}
        }
    }
}

struct Worker<'a> {
    lambda: &'a Lambda,
    /// The running deliveries; each returns the name of its function.
    deliveries: JoinSet<String>,
    /// The number of running deliveries per function.
    busy: HashMap<String, usize>,
}

impl Worker<'_> {
    /// Starts a delivery for each event that is due and has room; gives the time until the next one
    /// is due.
    async fn deliver_due(&mut self) -> rusqlite::Result<Option<Duration>> {
        let store = &self.lambda.inner.queue.store;
        let mut wake = None;
        for (name, slot) in &self.lambda.inner.slots {
            let busy = self.busy.entry(name.clone()).or_default();
            // A flood for one function must not take all the turns of the others.
            let room = slot.limits.per_function.max(1).saturating_sub(*busy);
            let entries = store.claim(name.clone(), now(), room).await?;
            *busy += entries.len();
            for entry in entries {
                let lambda = self.lambda.clone();
                self.deliveries.spawn(deliver(lambda, entry));
            }
            if *busy < slot.limits.per_function.max(1) {
                let due = store.next_due(name.clone()).await?;
                wake = wake.into_iter().chain(due).min();
            }
        }
        Ok(wake.map(|due: i64| Duration::from_millis((due - now()).max(0).cast_unsigned())))
    }

    fn finish_delivery(&mut self, function: Option<String>) {
        match function.and_then(|function| self.busy.get_mut(&function)) {
            Some(busy) => *busy = busy.saturating_sub(1),
            None => tracing::error!("a delivery of the queue of asynchronous invocations broke"),
        }
    }

    /// Events for functions that the template no longer has wait for the function to come back.
    async fn warn_of_unknown_functions(&self) {
        for (function, events) in self.lambda.inner.queue.waiting().await {
            if !self.lambda.inner.slots.contains_key(&function) {
                tracing::warn!(
                    "{events} asynchronous events wait for the function {function}, which the \
                     template does not have"
                );
            }
        }
    }
}

/// Delivers one event, and records the outcome.
async fn deliver(lambda: Lambda, entry: Entry) -> String {
    let function = entry.function.clone();
    let outcome = match lambda.slot(&function) {
        Ok(slot) => {
            let (id, payload) = (entry.id.clone(), entry.payload.clone());
            lambda
                .run(slot, id, payload, InvokeOptions::default())
                .await
        }
        Err(error) => Err(error),
    };
    let queue = &lambda.inner.queue;
    let decision = decide(&queue.retry, &entry, &outcome, now());
    if let Err(error) = settle(&lambda, entry, &outcome, decision).await {
        tracing::error!(%error, function, "the outcome of an asynchronous invocation can't be \
                                           written");
    }
    function
}

fn decide(
    retry: &RetryPolicy,
    entry: &Entry,
    outcome: &Result<Invocation, InvokeError>,
    now: i64,
) -> RetryDecision {
    let wait = match outcome {
        Ok(invocation) if invocation.function_error.is_none() => return RetryDecision::Complete,
        Ok(_) => match retry.function_errors.get(entry.function_errors as usize) {
            Some(wait) => *wait,
            None => return RetryDecision::GiveUp("RetriesExhausted"),
        },
        Err(_) => {
            let factor = 2_u32.saturating_pow(entry.throttles);
            retry
                .back_off
                .saturating_mul(factor)
                .min(retry.back_off_max)
        }
    };
    let age = Duration::from_millis((now - entry.accepted).max(0).cast_unsigned());
    if age + wait > retry.max_age {
        return RetryDecision::GiveUp("EventAgeExceeded");
    }
    RetryDecision::Retry(wait)
}

async fn settle(
    lambda: &Lambda,
    entry: Entry,
    outcome: &Result<Invocation, InvokeError>,
    decision: RetryDecision,
) -> rusqlite::Result<()> {
    let store = &lambda.inner.queue.store;
    match decision {
        RetryDecision::Complete => store.remove(entry.id).await,
        RetryDecision::Retry(wait) => {
            let due = now() + i64::try_from(wait.as_millis()).unwrap_or(i64::MAX / 2);
            store.postpone(entry.id, due, outcome.is_ok()).await
        }
        RetryDecision::GiveUp(reason) => {
            let error = match outcome {
                Ok(invocation) => String::from_utf8_lossy(&invocation.payload).into_owned(),
                Err(error) => format!("{}: {error}", error.code),
            };
            tracing::error!(
                function = entry.function,
                request_id = entry.id,
                reason,
                error,
                "an asynchronous event was given up; it is among the dead letters"
            );
            if let Ok(slot) = lambda.slot(&entry.function) {
                let line = format!(
                    "{} ERROR the asynchronous event was given up ({reason}) and is a dead letter \
                     now: {error}\n",
                    entry.id
                );
                slot.log.append("--------", line.as_bytes());
            }
            store.give_up(entry.id, now(), reason, error).await
        }
    }
}

/// Milliseconds since 1970.
fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;

    fn check(
        attempts: (u32, u32),
        age: i64,
        outcome: Result<Option<&str>, InvokeError>,
        expect: &RetryDecision,
    ) {
        let entry = Entry {
            id: "id".into(),
            function: "f".into(),
            payload: Bytes::new(),
            accepted: 0,
            function_errors: attempts.0,
            throttles: attempts.1,
        };
        let outcome = outcome.map(|error| Invocation {
            function_error: error.map(str::to_owned),
            ..Invocation::default()
        });
        let found = decide(&RetryPolicy::default(), &entry, &outcome, age);
        assert_eq!(&found, expect, "{attempts:?} {age}");
    }

    #[test]
    fn a_function_error_is_retried_after_one_minute_then_two_then_never() {
        let failed = || Ok(Some("Unhandled"));
        check((0, 0), 0, Ok(None), &RetryDecision::Complete);
        check(
            (0, 0),
            0,
            failed(),
            &RetryDecision::Retry(Duration::from_secs(60)),
        );
        check(
            (1, 9),
            0,
            failed(),
            &RetryDecision::Retry(Duration::from_secs(120)),
        );
        check(
            (2, 0),
            0,
            failed(),
            &RetryDecision::GiveUp("RetriesExhausted"),
        );
    }

    #[test]
    fn a_throttle_backs_off_to_five_minutes_until_the_event_is_six_hours_old() {
        let throttled = || Err(crate::errors::throttled());
        check(
            (0, 0),
            0,
            throttled(),
            &RetryDecision::Retry(Duration::from_secs(1)),
        );
        check(
            (2, 3),
            0,
            throttled(),
            &RetryDecision::Retry(Duration::from_secs(8)),
        );
        check(
            (0, 40),
            5 * HOUR,
            throttled(),
            &RetryDecision::Retry(Duration::from_secs(300)),
        );
        check(
            (0, 40),
            6 * HOUR,
            throttled(),
            &RetryDecision::GiveUp("EventAgeExceeded"),
        );
        check(
            (0, 0),
            6 * HOUR,
            Ok(Some("Unhandled")),
            &RetryDecision::GiveUp("EventAgeExceeded"),
        );
        check((0, 0), 7 * HOUR, Ok(None), &RetryDecision::Complete);
    }

    #[tokio::test]
    async fn what_was_claimed_and_not_settled_is_due_again_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lambda.db");
        let open = || Queue::open(&path, RetryPolicy::default()).unwrap();
        let queue = open();
        let id = queue
            .enqueue("f".into(), Bytes::from_static(b"1"))
            .await
            .unwrap();
        let claim = async |queue: &Queue| {
            let found = queue.store.claim("f".into(), now(), 9).await.unwrap();
            found.into_iter().map(|entry| entry.id).collect::<Vec<_>>()
        };
        assert_eq!(claim(&queue).await, std::slice::from_ref(&id));
        assert_eq!(claim(&queue).await, [""; 0], "it is being delivered");
        drop(queue);
        let queue = open();
        assert_eq!(claim(&queue).await, std::slice::from_ref(&id));
        queue.store.remove(id).await.unwrap();
        drop(queue);
        assert_eq!(claim(&open()).await, [""; 0]);
    }

    #[tokio::test]
    async fn an_event_that_is_put_off_counts_and_waits_for_its_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lambda.db");
        let queue = Queue::open(&path, RetryPolicy::default()).unwrap();
        let store = &queue.store;
        let id = queue
            .enqueue("f".into(), Bytes::from_static(b"1"))
            .await
            .unwrap();
        let later = now() + HOUR;
        store.claim("f".into(), now(), 1).await.unwrap();
        store.postpone(id.clone(), later, true).await.unwrap();
        assert_eq!(store.next_due("f".into()).await.unwrap(), Some(later));
        assert_eq!(store.claim("f".into(), now(), 1).await.unwrap().len(), 0);
        let due = store.claim("f".into(), later, 1).await.unwrap();
        assert_eq!((due[0].function_errors, due[0].throttles), (1, 0));
        store.postpone(id.clone(), later, false).await.unwrap();
        let due = store.claim("f".into(), later, 1).await.unwrap();
        assert_eq!((due[0].function_errors, due[0].throttles), (1, 1));
        store
            .give_up(id, later, "RetriesExhausted", "why".into())
            .await
            .unwrap();
        assert_eq!(store.next_due("f".into()).await.unwrap(), None);
        let dead = queue.dead_letters().await.unwrap();
        assert_eq!(
            (dead[0].reason.as_str(), dead[0].error.as_str()),
            ("RetriesExhausted", "why")
        );
        assert_eq!(dead[0].payload, Bytes::from_static(b"1"));
    }
}
