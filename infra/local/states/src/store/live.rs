//! The state of running executions: snapshots, and journals of the events since.

use rusqlite::{Connection, params};

use super::map_runs::ChildId;
use super::pack::{Pack, Packed};

/// A running execution as it was left.
pub(crate) struct SavedExecution {
    pub(crate) execution: i64,
    pub(crate) revision: i64,
    /// The id of the last event of its history.
    pub(crate) recorded: i64,
    /// The map run that it is a child of, and which.
    pub(crate) map_run: Option<ChildId>,
    /// The engine's value, as JSON.
    pub(crate) snapshot: String,
    /// The engine's events since, as JSON, in order.
    pub(crate) journal: Vec<String>,
}

/// Replaces snapshot and journal.
pub(crate) fn snapshot(db: &Connection, execution: i64, snapshot: &str) -> rusqlite::Result<()> {
    clear_journal(db, execution)?;
    db.prepare_cached(
        "INSERT INTO live (execution, snapshot) VALUES (?1, ?2) \
         ON CONFLICT (execution) DO UPDATE SET snapshot = excluded.snapshot",
    )?
    .execute(params![execution, Pack(snapshot)])?;
    Ok(())
}

/// Appends an event to the journal.
pub(crate) fn append(
    db: &Connection,
    execution: i64,
    seq: i64,
    event: &str,
) -> rusqlite::Result<()> {
    db.prepare_cached("INSERT INTO journal (execution, seq, event) VALUES (?1, ?2, ?3)")?
        .execute(params![execution, seq, Pack(event)])?;
    Ok(())
}

/// Forgets an execution that has ended.
pub(crate) fn remove(db: &Connection, execution: i64) -> rusqlite::Result<()> {
    clear_journal(db, execution)?;
    db.prepare_cached("DELETE FROM live WHERE execution = ?1")?
        .execute([execution])?;
    Ok(())
}

fn clear_journal(db: &Connection, execution: i64) -> rusqlite::Result<()> {
    db.prepare_cached("DELETE FROM journal WHERE execution = ?1")?
        .execute([execution])?;
    Ok(())
}

/// The ids of all running executions.
pub(crate) fn ids(db: &Connection) -> rusqlite::Result<Vec<i64>> {
    let mut statement = db.prepare("SELECT execution FROM live ORDER BY execution")?;
    let rows = statement.query_map([], |row| row.get(0))?;
    rows.collect()
}

/// A running execution as it was left.
pub(crate) fn read(db: &Connection, execution: i64) -> rusqlite::Result<SavedExecution> {
    let mut journal =
        db.prepare_cached("SELECT event FROM journal WHERE execution = ?1 ORDER BY seq")?;
    let events = journal.query_map([execution], |row| Ok(row.get::<_, Packed>(0)?.0))?;
    let journal = events.collect::<rusqlite::Result<_>>()?;
    let sql = "SELECT e.revision, l.snapshot, (SELECT coalesce(max(h.last), 0) FROM history h \
               WHERE h.execution = e.id), e.map_run, e.map_seq FROM live l JOIN execution e ON \
               e.id = l.execution WHERE l.execution = ?1";
    db.prepare_cached(sql)?.query_row([execution], |row| {
        Ok(SavedExecution {
            execution,
            revision: row.get(0)?,
            snapshot: row.get::<_, Packed>(1)?.0,
            recorded: row.get(2)?,
            map_run: row
                .get::<_, Option<i64>>(3)?
                .zip(row.get(4)?)
                .map(|(map_run, seq)| ChildId { map_run, seq }),
            journal,
        })
    })
}
