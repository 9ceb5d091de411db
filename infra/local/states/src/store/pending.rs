//! Events that running executions have taken and not been stepped by.

use rusqlite::Connection;

use super::pack::{Pack, Packed};

/// An event, as it was left.
pub(crate) struct PendingEvent {
    /// The event's position in the order of its execution's events.
    pub(crate) seq: i64,
    /// The number of processes that ended while stepping by this event.
    pub(crate) crashes: u32,
    /// The event as JSON.
    pub(crate) event: String,
}

/// Adds the table to a database that was made before there was one.
pub(super) fn create(db: &Connection) -> rusqlite::Result<()> {
    db.execute_batch(
        "CREATE TABLE IF NOT EXISTS pending ( \
             execution INTEGER NOT NULL REFERENCES execution (id), \
             seq       INTEGER NOT NULL, \
             crashes   INTEGER NOT NULL, \
             event     ANY NOT NULL, \
             PRIMARY KEY (execution, seq) \
         ) STRICT, WITHOUT ROWID;",
    )
}

/// Keeps an event.
pub(crate) fn insert(
    db: &Connection,
    execution: i64,
    seq: i64,
    event: &str,
) -> rusqlite::Result<()> {
    db.prepare_cached(
        "INSERT INTO pending (execution, seq, crashes, event) VALUES (?1, ?2, 0, ?3)",
    )?
    .execute((execution, seq, Pack(event)))?;
    Ok(())
}

/// The execution has been stepped by an event.
pub(crate) fn remove(db: &Connection, execution: i64, seq: i64) -> rusqlite::Result<()> {
    db.prepare_cached("DELETE FROM pending WHERE execution = ?1 AND seq = ?2")?
        .execute((execution, seq))?;
    Ok(())
}

/// The execution has ended.
pub(crate) fn clear(db: &Connection, execution: i64) -> rusqlite::Result<()> {
    db.prepare_cached("DELETE FROM pending WHERE execution = ?1")?
        .execute([execution])?;
    Ok(())
}

/// Returns the queued events of an execution, in order.
pub(crate) fn of_execution(db: &Connection, execution: i64) -> rusqlite::Result<Vec<PendingEvent>> {
    let mut statement = db.prepare_cached(
        "SELECT seq, crashes, event FROM pending WHERE execution = ?1 ORDER BY seq",
    )?;
    let rows = statement.query_map([execution], |row| {
        Ok(PendingEvent {
            seq: row.get(0)?,
            crashes: row.get(1)?,
            event: row.get::<_, Packed>(2)?.0,
        })
    })?;
    rows.collect()
}

/// A process has ended on its own: what executions were stepping by when it did may be why.
pub(crate) fn crashed(db: &Connection) -> rusqlite::Result<()> {
    db.execute_batch(
        "UPDATE pending SET crashes = crashes + 1 WHERE seq = (SELECT min(first.seq) FROM pending \
         first WHERE first.execution = pending.execution)",
    )
}

/// The process ends as it should.
pub(crate) fn ending(db: &Connection) -> rusqlite::Result<()> {
    db.execute_batch("UPDATE pending SET crashes = -1")
}
