//! The tags of state machines and activities.

use rusqlite::Connection;

/// The owner of a tag, by the id of its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    Machine(i64),
    Activity(i64),
}

impl Owner {
    fn columns(self) -> (&'static str, i64) {
        match self {
            Owner::Machine(id) => ("machine", id),
            Owner::Activity(id) => ("activity", id),
        }
    }
}

/// Adds tags; an existing key gets the new value.
pub(crate) fn put(
    db: &Connection,
    owner: Owner,
    tags: &[(String, String)],
) -> rusqlite::Result<()> {
    let (kind, id) = owner.columns();
    let mut statement = db.prepare_cached(
        "INSERT INTO tag (kind, owner, key, value) VALUES (?1, ?2, ?3, ?4) \
         ON CONFLICT (kind, owner, key) DO UPDATE SET value = excluded.value",
    )?;
    for (key, value) in tags {
        statement.execute((kind, id, key, value))?;
    }
    Ok(())
}

/// Removes tags by key; a missing key is no error.
pub(crate) fn remove(db: &Connection, owner: Owner, keys: &[String]) -> rusqlite::Result<()> {
    let (kind, id) = owner.columns();
    let mut statement =
        db.prepare_cached("DELETE FROM tag WHERE kind = ?1 AND owner = ?2 AND key = ?3")?;
    for key in keys {
        statement.execute((kind, id, key))?;
    }
    Ok(())
}

/// Removes all tags.
pub(crate) fn clear(db: &Connection, owner: Owner) -> rusqlite::Result<()> {
    db.prepare_cached("DELETE FROM tag WHERE kind = ?1 AND owner = ?2")?
        .execute(owner.columns())?;
    Ok(())
}

/// Returns all tags by key.
pub(crate) fn list(db: &Connection, owner: Owner) -> rusqlite::Result<Vec<(String, String)>> {
    let mut statement = db
        .prepare_cached("SELECT key, value FROM tag WHERE kind = ?1 AND owner = ?2 ORDER BY key")?;
    let rows = statement.query_map(owner.columns(), |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}
