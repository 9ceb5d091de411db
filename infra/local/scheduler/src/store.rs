//! `scheduler.db`: the schedules, and for each the occurrence that comes next.

use jiff::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::Value;

use super::error::ApiError;
use service::database::Schema;

pub(super) const SCHEMA: Schema = Schema {
    format: 1,
    settings: "",
    tables: "
    CREATE TABLE IF NOT EXISTS schedules (
        name TEXT PRIMARY KEY,
        request TEXT NOT NULL,   -- the body of the request that made it
        declared TEXT,           -- the same, as the template had it; null where a client made it
        created INTEGER NOT NULL,
        modified INTEGER NOT NULL,
        due INTEGER,             -- the occurrence that comes next; null where none does
        try_at INTEGER,          -- when it is tried (again)
        attempts INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE INDEX IF NOT EXISTS by_time ON schedules (try_at);
",
};

const COLUMNS: &str = "name, request, declared, created, modified, due, attempts";

/// A row. Times are kept to the millisecond.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Schedule {
    pub(super) name: String,
    pub(super) request: Value,
    pub(super) declared: Option<String>,
    pub(super) created: Timestamp,
    pub(super) modified: Timestamp,
    pub(super) due: Option<Timestamp>,
    /// The number of failed attempts at the occurrence that is due.
    pub(super) attempts: i64,
}

/// The database, while a call has it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Store<'c>(pub(super) &'c Connection);

impl Store<'_> {
    pub(super) fn get(&self, name: &str) -> Result<Option<Schedule>, ApiError> {
        let sql = format!("SELECT {COLUMNS} FROM schedules WHERE name = ?1");
        Ok(self
            .0
            .prepare_cached(&sql)?
            .query_row([name], row)
            .optional()?)
    }

    /// Returns the schedules whose names come after `after`, in the order of their names.
    pub(super) fn all(&self, after: &str) -> Result<Vec<Schedule>, ApiError> {
        let sql = format!("SELECT {COLUMNS} FROM schedules WHERE name > ?1 ORDER BY name");
        let mut select = self.0.prepare_cached(&sql)?;
        let rows = select.query_map([after], row)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Returns the schedules that are due at `now` or earlier.
    pub(super) fn due(&self, now: Timestamp) -> Result<Vec<Schedule>, ApiError> {
        let sql = format!("SELECT {COLUMNS} FROM schedules WHERE try_at <= ?1 ORDER BY try_at");
        let mut select = self.0.prepare_cached(&sql)?;
        let rows = select.query_map([now.as_millisecond()], row)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Returns the earliest due time.
    pub(super) fn next(&self) -> Result<Option<Timestamp>, ApiError> {
        let next = "SELECT min(try_at) FROM schedules";
        let next: Option<i64> = self
            .0
            .prepare_cached(next)?
            .query_row([], |row| row.get(0))?;
        Ok(next.and_then(|next| Timestamp::from_millisecond(next).ok()))
    }

    /// Writes a schedule, which is tried when it is due.
    pub(super) fn put(&self, schedule: &Schedule) -> Result<(), ApiError> {
        let due = schedule.due.map(Timestamp::as_millisecond);
        let sql = "INSERT OR REPLACE INTO schedules (name, request, declared, created, modified, due, try_at, attempts)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7)";
        self.0.prepare_cached(sql)?.execute(params![
            schedule.name,
            schedule.request.to_string(),
            schedule.declared,
            schedule.created.as_millisecond(),
            schedule.modified.as_millisecond(),
            due,
            schedule.attempts,
        ])?;
        Ok(())
    }

    /// Records that the occurrence `was` is settled and that `due` comes next. A concurrent change
    /// of the schedule takes precedence.
    pub(super) fn settle(
        &self,
        name: &str,
        was: Timestamp,
        due: Option<Timestamp>,
    ) -> Result<(), ApiError> {
        let sql =
            "UPDATE schedules SET due = ?3, try_at = ?3, attempts = 0 WHERE name = ?1 AND due = ?2";
        let due = due.map(Timestamp::as_millisecond);
        self.0
            .prepare_cached(sql)?
            .execute(params![name, was.as_millisecond(), due])?;
        Ok(())
    }

    /// The occurrence was tried in vain, and is tried again at `at`.
    pub(super) fn retry(&self, name: &str, was: Timestamp, at: Timestamp) -> Result<(), ApiError> {
        let sql = "UPDATE schedules SET try_at = ?3, attempts = attempts + 1 WHERE name = ?1 AND \
                   due = ?2";
        self.0.prepare_cached(sql)?.execute(params![
            name,
            was.as_millisecond(),
            at.as_millisecond()
        ])?;
        Ok(())
    }

    /// Deletes a schedule; returns true if it existed.
    pub(super) fn delete(&self, name: &str) -> Result<bool, ApiError> {
        let sql = "DELETE FROM schedules WHERE name = ?1";
        Ok(self.0.prepare_cached(sql)?.execute([name])? > 0)
    }
}

fn row(row: &Row<'_>) -> rusqlite::Result<Schedule> {
    let time = |column: usize, milliseconds: i64| {
        Timestamp::from_millisecond(milliseconds)
            .map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, milliseconds))
    };
    let due: Option<i64> = row.get(5)?;
    let request: String = row.get(1)?;
    let request = serde_json::from_str(&request).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(1, Type::Text, Box::new(error))
    })?;
    Ok(Schedule {
        name: row.get(0)?,
        request,
        declared: row.get(2)?,
        created: time(3, row.get(3)?)?,
        modified: time(4, row.get(4)?)?,
        due: due.map(|due| time(5, due)).transpose()?,
        attempts: row.get(6)?,
    })
}
