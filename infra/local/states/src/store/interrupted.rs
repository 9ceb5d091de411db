//! The state of executions that ended without success, from which a redrive resumes them.

use rusqlite::{Connection, OptionalExtension};

use super::live::SavedExecution;
use super::pack::{Pack, Packed};

/// Keeps the engine's value, as JSON.
pub(crate) fn put(db: &Connection, execution: i64, snapshot: &str) -> rusqlite::Result<()> {
    db.prepare_cached("INSERT INTO interrupted (execution, snapshot) VALUES (?1, ?2)")?
        .execute((execution, Pack(snapshot)))?;
    Ok(())
}

/// Takes the saved state.
pub(crate) fn take(db: &Connection, execution: i64) -> rusqlite::Result<Option<SavedExecution>> {
    let sql = "SELECT e.revision, i.snapshot, \
         (SELECT coalesce(max(h.last), 0) FROM history h WHERE h.execution = e.id) \
         FROM interrupted i JOIN execution e ON e.id = i.execution WHERE i.execution = ?1";
    let saved = db
        .prepare_cached(sql)?
        .query_row([execution], |row| {
            Ok(SavedExecution {
                execution,
                revision: row.get(0)?,
                snapshot: row.get::<_, Packed>(1)?.0,
                recorded: row.get(2)?,
                journal: Vec::new(),
                map_run: None,
            })
        })
        .optional()?;
    db.prepare_cached("DELETE FROM interrupted WHERE execution = ?1")?
        .execute([execution])?;
    Ok(saved)
}
