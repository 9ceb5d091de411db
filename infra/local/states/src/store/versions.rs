//! The published versions of state machines.

use rusqlite::{Connection, OptionalExtension, Row};

/// A published revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Version {
    /// Counted from 1 in a state machine; not used again.
    pub(crate) number: i64,
    /// The id of the revision.
    pub(crate) revision: i64,
    pub(crate) description: Option<String>,
    pub(crate) created: i64,
}

const COLUMNS: &str = "number, revision, description, created";

fn version(row: &Row<'_>) -> rusqlite::Result<Version> {
    Ok(Version {
        number: row.get(0)?,
        revision: row.get(1)?,
        description: row.get(2)?,
        created: row.get(3)?,
    })
}

/// Adds a version of a revision.
pub(crate) fn add(
    db: &Connection,
    machine: i64,
    revision: i64,
    description: Option<&str>,
    at: i64,
) -> rusqlite::Result<Version> {
    let sql = "UPDATE machine SET versions = versions + 1 WHERE id = ?1 RETURNING versions";
    let number = db
        .prepare_cached(sql)?
        .query_row([machine], |row| row.get(0))?;
    db.prepare_cached(
        "INSERT INTO version (machine, number, revision, description, created) VALUES (?1, ?2, \
         ?3, ?4, ?5)",
    )?
    .execute((machine, number, revision, description, at))?;
    Ok(Version {
        number,
        revision,
        description: description.map(str::to_owned),
        created: at,
    })
}

/// The version of that number.
pub(crate) fn find(
    db: &Connection,
    machine: i64,
    number: i64,
) -> rusqlite::Result<Option<Version>> {
    let sql = format!("SELECT {COLUMNS} FROM version WHERE machine = ?1 AND number = ?2");
    db.prepare_cached(&sql)?
        .query_row((machine, number), version)
        .optional()
}

/// The newest version of a revision.
pub(crate) fn of_revision(
    db: &Connection,
    machine: i64,
    revision: i64,
) -> rusqlite::Result<Option<Version>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM version WHERE machine = ?1 AND revision = ?2 ORDER BY number DESC \
         LIMIT 1"
    );
    db.prepare_cached(&sql)?
        .query_row((machine, revision), version)
        .optional()
}

/// Versions, the newest first, from the first one before the number `before`.
pub(crate) fn list(
    db: &Connection,
    machine: i64,
    before: i64,
    limit: usize,
) -> rusqlite::Result<Vec<Version>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM version WHERE machine = ?1 AND number < ?2 ORDER BY number DESC \
         LIMIT ?3"
    );
    let mut statement = db.prepare_cached(&sql)?;
    let rows = statement.query_map((machine, before, limit as i64), version)?;
    rows.collect()
}

/// Returns the number of versions of a state machine.
pub(crate) fn count(db: &Connection, machine: i64) -> rusqlite::Result<i64> {
    db.prepare_cached("SELECT count(*) FROM version WHERE machine = ?1")?
        .query_row([machine], |row| row.get(0))
}

/// Deletes a version; a missing one is no error.
pub(crate) fn delete(db: &Connection, machine: i64, number: i64) -> rusqlite::Result<()> {
    db.prepare_cached("DELETE FROM version WHERE machine = ?1 AND number = ?2")?
        .execute((machine, number))?;
    Ok(())
}
