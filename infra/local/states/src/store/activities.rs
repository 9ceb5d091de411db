//! Activities. The tasks that wait for their workers are in the engine.

use rusqlite::{Connection, OptionalExtension, Row};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Activity {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) created: i64,
    /// `encryptionConfiguration` as JSON text, where the caller gave one.
    pub(crate) encryption: Option<String>,
}

fn activity(row: &Row<'_>) -> rusqlite::Result<Activity> {
    Ok(Activity {
        id: row.get(0)?,
        name: row.get(1)?,
        created: row.get(2)?,
        encryption: row.get(3)?,
    })
}

/// The activity of that name.
pub(crate) fn find(db: &Connection, name: &str) -> rusqlite::Result<Option<Activity>> {
    db.prepare_cached("SELECT id, name, created, encryption FROM activity WHERE name = ?1")?
        .query_row([name], activity)
        .optional()
}

/// Adds an activity; returns its id.
pub(crate) fn create(
    db: &Connection,
    name: &str,
    encryption: Option<&str>,
    at: i64,
) -> rusqlite::Result<i64> {
    db.prepare_cached("INSERT INTO activity (name, created, encryption) VALUES (?1, ?2, ?3)")?
        .execute((name, at, encryption))?;
    Ok(db.last_insert_rowid())
}

/// Activities by name, from the first name after `after`.
pub(crate) fn list(db: &Connection, after: &str, limit: usize) -> rusqlite::Result<Vec<Activity>> {
    let mut statement = db.prepare_cached(
        "SELECT id, name, created, encryption FROM activity WHERE name > ?1 ORDER BY name LIMIT ?2",
    )?;
    let rows = statement.query_map((after, limit as i64), activity)?;
    rows.collect()
}

/// Deletes an activity; a missing one is no error.
pub(crate) fn delete(db: &Connection, id: i64) -> rusqlite::Result<()> {
    db.prepare_cached("DELETE FROM activity WHERE id = ?1")?
        .execute([id])?;
    Ok(())
}
