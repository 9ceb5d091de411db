//! Deletes executions that ended long ago, and the remains of deleted state machines.
//!
//! Each step is small enough to share a transaction with others.

use rusqlite::{Connection, OptionalExtension};

/// The number of executions that one step examines.
const STEP: usize = 200;

/// The number of database pages that one step frees.
const PAGES: usize = 2000;

/// Deletes executions that ended before a time, with their histories, from the id `after` on.
/// Answers how many, and the id to go on after; `None` when there are no more.
pub(crate) fn executions(
    db: &Connection,
    before: i64,
    after: i64,
) -> rusqlite::Result<Option<(usize, i64)>> {
    let Some(last) = last_of_step(db, before, after)? else {
        return Ok(None);
    };
    let mut found =
        db.prepare_cached("SELECT id FROM execution WHERE id > ?1 AND id <= ?2 AND stopped < ?3")?;
    let ids = found.query_map((after, last, before), |row| row.get(0))?;
    let ids: Vec<i64> = ids.collect::<rusqlite::Result<_>>()?;
    for sql in [
        "DELETE FROM history WHERE execution = ?1",
        "DELETE FROM interrupted WHERE execution = ?1",
        "DELETE FROM map_child WHERE map_run IN (SELECT id FROM map_run WHERE execution = ?1)",
        "DELETE FROM map_run WHERE execution = ?1",
    ] {
        let mut delete = db.prepare_cached(sql)?;
        for id in &ids {
            delete.execute([id])?;
        }
    }
    let mut delete = db.prepare_cached("DELETE FROM execution WHERE id = ?1")?;
    for id in &ids {
        delete.execute([id])?;
    }
    Ok(Some((ids.len(), last)))
}

/// Returns the last of the next executions that began before a time. Ids are in the order of the
/// starts, so younger executions are not read.
fn last_of_step(db: &Connection, before: i64, after: i64) -> rusqlite::Result<Option<i64>> {
    let mut next =
        db.prepare_cached("SELECT id, started FROM execution WHERE id > ?1 ORDER BY id LIMIT ?2")?;
    let mut rows = next.query((after, STEP as i64))?;
    let mut last = None;
    while let Some(row) = rows.next()? {
        if row.get::<_, i64>(1)? >= before {
            break;
        }
        last = Some(row.get(0)?);
    }
    Ok(last)
}

/// Deletes what executions that ended before a time could have been taken up from.
pub(crate) fn interrupted(db: &Connection, before: i64) -> rusqlite::Result<()> {
    db.prepare_cached(
        "DELETE FROM interrupted WHERE execution IN (SELECT i.execution FROM interrupted i JOIN \
         execution e ON e.id = i.execution WHERE e.stopped < ?1)",
    )?
    .execute([before])?;
    Ok(())
}

/// Removes a deleted state machine that has no executions left; returns true if there was one.
pub(crate) fn machine(db: &Connection) -> rusqlite::Result<bool> {
    let id: Option<i64> = db
        .prepare_cached(
            "SELECT id FROM machine m WHERE deleted IS NOT NULL \
             AND NOT EXISTS (SELECT 1 FROM execution e WHERE e.machine = m.id) LIMIT 1",
        )?
        .query_row([], |row| row.get(0))
        .optional()?;
    let Some(id) = id else { return Ok(false) };
    db.execute(
        "DELETE FROM tag WHERE kind = 'machine' AND owner = ?1",
        [id],
    )?;
    db.execute("DELETE FROM revision WHERE machine = ?1", [id])?;
    db.execute("DELETE FROM machine WHERE id = ?1", [id])?;
    Ok(true)
}

/// Returns free pages at the end of the file to the system; returns true if there are more.
pub(crate) fn shrink(db: &Connection) -> rusqlite::Result<bool> {
    db.execute_batch(&format!("PRAGMA incremental_vacuum({PAGES})"))?;
    let free: i64 = db.query_row("PRAGMA freelist_count", [], |row| row.get(0))?;
    Ok(free > 0)
}

/// The size of the database, in bytes.
pub(crate) fn size(db: &Connection) -> rusqlite::Result<u64> {
    let pragma = |name: &str| db.query_row(&format!("PRAGMA {name}"), [], |row| row.get(0));
    let (pages, page): (i64, i64) = (pragma("page_count")?, pragma("page_size")?);
    Ok(u64::try_from(pages * page).unwrap_or(0))
}
