//! Carries events from the outbox to functions.
//!
//! A row goes only after the function's queue has the event on disk, so that each event arrives at
//! least once, whenever the process dies. Events of one bucket keep their order: one that can't be
//! handed over holds back those behind it, and no other bucket's.

use std::collections::HashSet;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::future::{Either, select};
use rusqlite::Connection;
use tokio::sync::Notify;

use super::database::Database;
use super::error::Error;
use service::{Invoke, InvokeError};

/// The number of a bucket's events read at a time.
const ROUND: i64 = 32;
const FIRST_WAIT: Duration = Duration::from_millis(200);
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// An event that waits.
struct Waiting {
    id: i64,
    bucket: String,
    function: String,
    payload: String,
}

/// The result of one round of deliveries.
struct Round {
    /// Events that are done with: handed over, or impossible to hand over.
    done: Vec<i64>,
    /// A function could not take its event now.
    held_back: bool,
}

/// Hands over events until `shutdown`.
pub(super) async fn run(
    database: Database,
    news: Arc<Notify>,
    invoke: Arc<dyn Invoke>,
    shutdown: impl Future<Output = ()>,
) {
    let work = pin!(deliver(database, news, invoke));
    match select(work, pin!(shutdown)).await {
        Either::Left(((), _)) | Either::Right(((), _)) => {}
    }
}

async fn deliver(database: Database, news: Arc<Notify>, invoke: Arc<dyn Invoke>) {
    let mut wait = FIRST_WAIT;
    loop {
        match deliver_all(&database, invoke.as_ref()).await {
            Ok(false) => {
                wait = FIRST_WAIT;
                news.notified().await;
                continue;
            }
            Ok(true) => {}
            Err(error) => tracing::error!(%error, "S3 events could not be read"),
        }
        let _ = tokio::time::timeout(wait, news.notified()).await;
        wait = (wait * 2).min(LONGEST_WAIT);
    }
}

/// Empties the outbox as far as the functions let it; true where some must be tried again.
async fn deliver_all(database: &Database, invoke: &dyn Invoke) -> Result<bool, Error> {
    loop {
        let waiting = database.read(waiting).await?;
        if waiting.is_empty() {
            return Ok(false);
        }
        let round = deliver_round(waiting, invoke).await;
        let stuck = round.done.is_empty();
        forget(database, round.done).await?;
        if round.held_back && stuck {
            return Ok(true);
        }
    }
}

async fn deliver_round(waiting: Vec<Waiting>, invoke: &dyn Invoke) -> Round {
    let mut done = Vec::new();
    let mut held_back = HashSet::new();
    for event in waiting {
        if held_back.contains(&event.bucket) {
            continue;
        }
        match invoke
            .enqueue(&event.function, Bytes::from(event.payload))
            .await
        {
            Ok(()) => done.push(event.id),
            Err(error) if is_final(&error) => {
                tracing::warn!(bucket = event.bucket, function = event.function, %error, "an S3 \
                    event is dropped");
                done.push(event.id);
            }
            Err(error) => {
                tracing::warn!(bucket = event.bucket, function = event.function, %error, "an S3 \
                    event waits");
                held_back.insert(event.bucket);
            }
        }
    }
    Round {
        done,
        held_back: !held_back.is_empty(),
    }
}

/// Trying again would not help: the function isn't there, or the request is wrong.
fn is_final(error: &InvokeError) -> bool {
    (400..500).contains(&error.status) && error.status != 429
}

/// The oldest events, at most [`ROUND`] of a bucket.
fn waiting(sql: &Connection) -> Result<Vec<Waiting>, Error> {
    let mut query = sql.prepare_cached(
        "SELECT id, bucket, function, payload FROM
         (SELECT *, row_number() OVER (PARTITION BY bucket ORDER BY id) AS place FROM outbox)
         WHERE place <= ?1 ORDER BY id",
    )?;
    let rows = query.query_map([ROUND], |row| {
        Ok(Waiting {
            id: row.get(0)?,
            bucket: row.get(1)?,
            function: row.get(2)?,
            payload: row.get(3)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

async fn forget(database: &Database, ids: Vec<i64>) -> Result<(), Error> {
    if ids.is_empty() {
        return Ok(());
    }
    database
        .delete(move |write| {
            let mut delete = write
                .sql
                .prepare_cached("DELETE FROM outbox WHERE id = ?1")?;
            for id in ids {
                delete.execute([id])?;
            }
            Ok(())
        })
        .await
}
