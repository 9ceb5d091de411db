//! The queue in SQLite.
//!
//! Times are milliseconds since 1970. Which events are being delivered is kept in a temporary
//! table, that is, in memory: it ends with the process, and then they are due again.

use std::path::Path;

use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension, Row, params};

use service::database::{Database, OpenError, Schema};

const SCHEMA: Schema = Schema {
    format: 1,
    settings: "PRAGMA temp_store = MEMORY; CREATE TEMP TABLE claimed (id TEXT PRIMARY KEY);",
    tables: "
    CREATE TABLE IF NOT EXISTS events (
        id              TEXT PRIMARY KEY,
        function        TEXT NOT NULL,
        payload         BLOB NOT NULL,
        accepted        INTEGER NOT NULL,
        due             INTEGER NOT NULL,
        function_errors INTEGER NOT NULL DEFAULT 0,
        throttles       INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE INDEX IF NOT EXISTS events_due ON events (function, due);
    CREATE TABLE IF NOT EXISTS dead_letters (
        id       TEXT PRIMARY KEY,
        function TEXT NOT NULL,
        payload  BLOB NOT NULL,
        accepted INTEGER NOT NULL,
        failed   INTEGER NOT NULL,
        reason   TEXT NOT NULL,
        error    TEXT NOT NULL
    ) STRICT;
",
};

/// An event in the queue.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) id: String,
    pub(super) function: String,
    pub(super) payload: Bytes,
    pub(super) accepted: i64,
    /// The number of times that the function failed on it.
    pub(super) function_errors: u32,
    /// The number of times that it did not reach the function.
    pub(super) throttles: u32,
}

/// An asynchronous event that was given up.
#[derive(Clone, Debug)]
pub struct DeadLetter {
    /// The invocation's request id.
    pub id: String,
    /// The function's name.
    pub function: String,
    /// The event.
    pub payload: Bytes,
    /// The time of acceptance, in milliseconds since 1970.
    pub accepted: i64,
    /// The time it was given up, in milliseconds since 1970.
    pub failed: i64,
    /// AWS's word for why: `RetriesExhausted` or `EventAgeExceeded`.
    pub reason: String,
    /// The last error: the function's error object, or the service's error.
    pub error: String,
}

/// The database.
#[derive(Clone, Debug)]
pub(super) struct Store(Database);

impl Store {
    pub(super) fn open(path: &Path) -> Result<Self, OpenError> {
        Ok(Self(Database::open(path, &SCHEMA)?))
    }

    pub(super) async fn insert(
        &self,
        id: String,
        function: String,
        payload: Bytes,
        now: i64,
    ) -> rusqlite::Result<()> {
        self.0.call(move |database| {
            let sql = "INSERT INTO events (id, function, payload, accepted, due) VALUES (?1, ?2, \
                       ?3, ?4, ?4)";
            let mut insert = database.prepare_cached(sql)?;
            insert.execute(params![id, function, &payload[..], now]).map(drop)
        })
        .await
    }

    /// Claims up to `limit` due events of `function` that nobody is delivering.
    pub(super) async fn claim(
        &self,
        function: String,
        now: i64,
        limit: usize,
    ) -> rusqlite::Result<Vec<Entry>> {
        self.0
            .call(move |database| {
                let sql =
                    "SELECT id, function, payload, accepted, function_errors, throttles FROM events
                       WHERE function = ?1 AND due <= ?2 AND id NOT IN (SELECT id FROM claimed)
                       ORDER BY due LIMIT ?3";
                let limit = i64::try_from(limit).unwrap_or(i64::MAX);
                let entries: Vec<Entry> = database
                    .prepare_cached(sql)?
                    .query_map(params![function, now, limit], entry)?
                    .collect::<Result<_, _>>()?;
                let mut claim = database.prepare_cached("INSERT INTO claimed (id) VALUES (?1)")?;
                for entry in &entries {
                    claim.execute([&entry.id])?;
                }
                Ok(entries)
            })
            .await
    }

    /// Returns the due time of the first event of `function` that nobody is delivering.
    pub(super) async fn next_due(&self, function: String) -> rusqlite::Result<Option<i64>> {
        self.0
            .call(move |database| {
                let sql =
                "SELECT due FROM events WHERE function = ?1 AND id NOT IN (SELECT id FROM claimed)
                       ORDER BY due LIMIT 1";
                let mut first = database.prepare_cached(sql)?;
                first.query_row([function], |row| row.get(0)).optional()
            })
            .await
    }

    /// Returns the number of waiting events per function.
    pub(super) async fn counts(&self) -> rusqlite::Result<Vec<(String, u64)>> {
        self.0
            .call(|database| {
                let sql = "SELECT function, count(*) FROM events GROUP BY function";
                let mut counts = database.prepare_cached(sql)?;
                let rows = counts.query_map([], |row| {
                    Ok((row.get(0)?, row.get::<_, i64>(1)?.cast_unsigned()))
                })?;
                rows.collect()
            })
            .await
    }

    /// The event is done.
    pub(super) async fn remove(&self, id: String) -> rusqlite::Result<()> {
        self.settle(id, |database, id| {
            database.execute("DELETE FROM events WHERE id = ?1", [id])
        })
        .await
    }

    /// Makes the event due again later; `function_error` selects the counter to increment.
    pub(super) async fn postpone(
        &self,
        id: String,
        due: i64,
        function_error: bool,
    ) -> rusqlite::Result<()> {
        self.settle(id, move |database, id| {
            let sql = "UPDATE events SET due = ?2, function_errors = function_errors + ?3,
                       throttles = throttles + ?4 WHERE id = ?1";
            database.execute(sql, params![id, due, function_error, !function_error])
        })
        .await
    }

    /// The event becomes a dead letter.
    pub(super) async fn give_up(
        &self,
        id: String,
        now: i64,
        reason: &'static str,
        error: String,
    ) -> rusqlite::Result<()> {
        self.settle(id, move |database, id| {
            let sql = "INSERT OR REPLACE INTO dead_letters
                       SELECT id, function, payload, accepted, ?2, ?3, ?4 FROM events WHERE id = ?1";
            database.execute(sql, params![id, now, reason, error])?;
            database.execute("DELETE FROM events WHERE id = ?1", [id])
        })
        .await
    }

    pub(super) async fn dead_letters(&self) -> rusqlite::Result<Vec<DeadLetter>> {
        self.0
            .call(|database| {
                let sql =
                "SELECT id, function, payload, accepted, failed, reason, error FROM dead_letters
                       ORDER BY failed DESC";
                let mut all = database.prepare_cached(sql)?;
                all.query_map([], dead_letter)?.collect()
            })
            .await
    }

    /// Ends a delivery in one transaction.
    async fn settle(
        &self,
        id: String,
        change: impl FnOnce(&Connection, &str) -> rusqlite::Result<usize> + Send + 'static,
    ) -> rusqlite::Result<()> {
        self.0
            .call(move |database| {
                let transaction = database.transaction()?;
                change(&transaction, &id)?;
                transaction.execute("DELETE FROM claimed WHERE id = ?1", [&id])?;
                transaction.commit()
            })
            .await
    }
}

fn entry(row: &Row<'_>) -> rusqlite::Result<Entry> {
    Ok(Entry {
        id: row.get(0)?,
        function: row.get(1)?,
        payload: row.get::<_, Vec<u8>>(2)?.into(),
        accepted: row.get(3)?,
        function_errors: row.get(4)?,
        throttles: row.get(5)?,
    })
}

fn dead_letter(row: &Row<'_>) -> rusqlite::Result<DeadLetter> {
    Ok(DeadLetter {
        id: row.get(0)?,
        function: row.get(1)?,
        payload: row.get::<_, Vec<u8>>(2)?.into(),
        accepted: row.get(3)?,
        failed: row.get(4)?,
        reason: row.get(5)?,
        error: row.get(6)?,
    })
}
