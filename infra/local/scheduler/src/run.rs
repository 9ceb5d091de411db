//! Calls the targets of due schedules, and waits for the next.

use std::pin::pin;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::error::ApiError;
use super::plan::Plan;
use super::store::Schedule;
use super::target::Occurrence;
use super::{Scheduler, now};

/// The clock may be set, and a laptop may sleep: it is looked at no less often.
const MAX_WAIT: Duration = Duration::from_secs(60);

/// The first wait after a failure, which doubles up to the longest.
const FIRST_RETRY_WAIT: i64 = 1;
const MAX_RETRY_WAIT: i64 = 60;

impl Scheduler {
    /// Makes up for what fell due while no stack was there, then calls each schedule's target when
    /// it is due, until `stop` resolves.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let mut stop = pin!(stop);
        if let Err(error) = self.catch_up(now()).await {
            tracing::error!(%error, "what fell due while the stack was not there is not made up for");
        }
        loop {
            let wait = match self.run_due(now()).await {
                Ok(wait) => wait.min(MAX_WAIT),
                Err(error) => {
                    tracing::error!(%error, "schedules can't be read");
                    MAX_WAIT
                }
            };
            tokio::select! {
                () = &mut stop => return,
                () = self.inner.changed.notified() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// Leaves of each schedule's missed occurrences the newest, or none.
    pub(super) async fn catch_up(&self, now: Timestamp) -> Result<(), ApiError> {
        self.with(move |store| {
            for schedule in store.due(now)? {
                let Some(pending) = schedule.due.filter(|_| schedule.attempts == 0) else {
                    continue;
                };
                // An unreadable schedule is reported when it is due.
                let Ok(plan) = Plan::read(&schedule.request) else {
                    continue;
                };
                let created = schedule.created;
                let due = plan
                    .newest(created, pending, now)
                    .or_else(|| plan.next(created, now));
                store.settle(&schedule.name, pending, due)?;
            }
            Ok(())
        })
        .await
    }

    /// Calls everything that is due at `now`, and returns the wait until the next occurrence.
    pub(super) async fn run_due(&self, now: Timestamp) -> Result<Duration, ApiError> {
        for schedule in self.with(move |store| store.due(now)).await? {
            let Some(due) = schedule.due else { continue };
            self.call(&schedule, due, now).await?;
        }
        let next = self.with(|store| store.next()).await?;
        let wait = next.map(|next| next.duration_since(super::now()));
        Ok(match wait.map(Duration::try_from) {
            Some(Ok(wait)) => wait,
            Some(Err(_)) => Duration::ZERO,
            None => Duration::MAX,
        })
    }

    async fn call(
        &self,
        schedule: &Schedule,
        due: Timestamp,
        now: Timestamp,
    ) -> Result<(), ApiError> {
        let plan = match Plan::read(&schedule.request) {
            Ok(plan) => plan,
            Err(error) => {
                // Another program wrote it. It must not hold up the others.
                let name = schedule.name.clone();
                tracing::error!(schedule = name, %error, "the schedule is not one, and is called \
                                                          no more");
                return self.with(move |store| store.settle(&name, due, None)).await;
            }
        };
        let arn = self.arn(&schedule.name);
        let occurrence = Occurrence {
            arn: &arn,
            time: due,
            attempt: schedule.attempts + 1,
        };
        let result = plan.target.call(self, occurrence).await;
        let name = schedule.name.clone();
        if let Err(error) = result {
            let (schedule, target, reason) = (&name, plan.target.arn(), error.reason);
            let again = next_attempt(&plan, occurrence.attempt, due, now);
            if let Some(at) = again.filter(|_| error.is_retryable) {
                tracing::warn!(
                    schedule,
                    target,
                    reason,
                    "the schedule's target is called again"
                );
                return self.with(move |store| store.retry(&name, due, at)).await;
            }
            tracing::error!(
                schedule,
                target,
                reason,
                "the schedule's target was not reached"
            );
        }
        let next = plan.next(schedule.created, due.max(now));
        let is_finished = next.is_none() && plan.deletes_when_done && plan.is_one_time();
        self.with(move |store| {
            if is_finished {
                store.delete(&name).map(drop)
            } else {
                store.settle(&name, due, next)
            }
        })
        .await
    }
}

/// Returns the time of the next retry of an occurrence that was tried `attempts` times, or `None`
/// if it is given up.
fn next_attempt(plan: &Plan, attempts: i64, due: Timestamp, now: Timestamp) -> Option<Timestamp> {
    let doublings = u32::try_from(attempts - 1).unwrap_or(0).min(16);
    let wait = (FIRST_RETRY_WAIT << doublings).min(MAX_RETRY_WAIT);
    let at = now.checked_add(SignedDuration::from_secs(wait)).ok()?;
    (attempts <= plan.max_attempts && at.duration_since(due) <= plan.max_age).then_some(at)
}
