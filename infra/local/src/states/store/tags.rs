//! The tags of state machines.

use rusqlite::Connection;

/// Adds tags; one whose key is there gets the new value.
pub(in super::super) fn put(
    db: &Connection,
    machine: i64,
    tags: &[(String, String)],
) -> rusqlite::Result<()> {
    let mut statement = db.prepare_cached(
        "INSERT INTO tag (machine, key, value) VALUES (?1, ?2, ?3) \
         ON CONFLICT (machine, key) DO UPDATE SET value = excluded.value",
    )?;
    for (key, value) in tags {
        statement.execute((machine, key, value))?;
    }
    Ok(())
}

/// Removes tags by key; a key that is not there is no error.
pub(in super::super) fn remove(
    db: &Connection,
    machine: i64,
    keys: &[String],
) -> rusqlite::Result<()> {
    let mut statement = db.prepare_cached("DELETE FROM tag WHERE machine = ?1 AND key = ?2")?;
    for key in keys {
        statement.execute((machine, key))?;
    }
    Ok(())
}

/// All tags, by key.
pub(in super::super) fn list(
    db: &Connection,
    machine: i64,
) -> rusqlite::Result<Vec<(String, String)>> {
    let mut statement =
        db.prepare_cached("SELECT key, value FROM tag WHERE machine = ?1 ORDER BY key")?;
    let rows = statement.query_map([machine], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}
