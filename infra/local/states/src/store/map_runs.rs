//! Map runs, and their children: one row an item, or a batch of items.
//!
//! All children are there before the first one starts. A child's result is written in the
//! transaction that ends it, so one that is done is never run again.

use rusqlite::{Connection, OptionalExtension, Row, named_params};

use super::executions::Redrives;
use super::pack::{Pack, Packed};

/// A map run.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct MapRun {
    pub(crate) id: i64,
    /// The execution whose Map state it is of, and the task that it is there.
    pub(crate) execution: i64,
    pub(crate) task: i64,
    /// The last part of its ARN.
    pub(crate) uuid: String,
    pub(crate) label: String,
    /// `RUNNING`, `SUCCEEDED`, `FAILED` or `ABORTED`.
    pub(crate) status: String,
    /// True while items are still being read.
    pub(crate) reading: bool,
    pub(crate) started: i64,
    pub(crate) stopped: Option<i64>,
    pub(crate) limits: Limits,
    pub(crate) redrives: Redrives,
}

/// Identifies a child: the map run, and the child's number in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ChildId {
    pub(crate) map_run: i64,
    pub(crate) seq: i64,
}

/// The limits that UpdateMapRun can change.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Limits {
    /// 0 for none.
    pub(crate) max_concurrency: i64,
    pub(crate) tolerated_count: Option<i64>,
    pub(crate) tolerated_percentage: Option<f64>,
}

/// A new map run.
pub(crate) struct NewMapRun<'a> {
    pub(crate) execution: i64,
    pub(crate) task: i64,
    pub(crate) uuid: &'a str,
    pub(crate) label: &'a str,
    pub(crate) started: i64,
    pub(crate) limits: Limits,
}

const COLUMNS: &str = "id, execution, task, uuid, label, status, reading, started, stopped, \
                       max_concurrency, tolerated_count, tolerated_percentage, redrives, redriven";

fn map_run(row: &Row<'_>) -> rusqlite::Result<MapRun> {
    Ok(MapRun {
        id: row.get(0)?,
        execution: row.get(1)?,
        task: row.get(2)?,
        uuid: row.get(3)?,
        label: row.get(4)?,
        status: row.get(5)?,
        reading: row.get(6)?,
        started: row.get(7)?,
        stopped: row.get(8)?,
        limits: Limits {
            max_concurrency: row.get(9)?,
            tolerated_count: row.get(10)?,
            tolerated_percentage: row.get(11)?,
        },
        redrives: Redrives {
            count: row.get(12)?,
            last: row.get(13)?,
        },
    })
}

/// Adds a running map run whose items are not known yet.
pub(crate) fn insert(db: &Connection, new: &NewMapRun<'_>) -> rusqlite::Result<i64> {
    db.prepare_cached(
        "INSERT INTO map_run (execution, task, uuid, label, status, reading, started, \
         max_concurrency, tolerated_count, tolerated_percentage) VALUES (:execution, :task, \
         :uuid, :label, 'RUNNING', 1, :started, :concurrency, :count, :percentage)",
    )?
    .execute(named_params! {
        ":execution": new.execution,
        ":task": new.task,
        ":uuid": new.uuid,
        ":label": new.label,
        ":started": new.started,
        ":concurrency": new.limits.max_concurrency,
        ":count": new.limits.tolerated_count,
        ":percentage": new.limits.tolerated_percentage,
    })?;
    Ok(db.last_insert_rowid())
}

pub(crate) fn of_task(
    db: &Connection,
    execution: i64,
    task: i64,
) -> rusqlite::Result<Option<MapRun>> {
    let sql = format!("SELECT {COLUMNS} FROM map_run WHERE execution = ?1 AND task = ?2");
    db.prepare_cached(&sql)?
        .query_row((execution, task), map_run)
        .optional()
}

pub(crate) fn by_uuid(db: &Connection, uuid: &str) -> rusqlite::Result<Option<MapRun>> {
    let sql = format!("SELECT {COLUMNS} FROM map_run WHERE uuid = ?1");
    db.prepare_cached(&sql)?
        .query_row([uuid], map_run)
        .optional()
}

pub(crate) fn by_id(db: &Connection, id: i64) -> rusqlite::Result<Option<MapRun>> {
    let sql = format!("SELECT {COLUMNS} FROM map_run WHERE id = ?1");
    db.prepare_cached(&sql)?.query_row([id], map_run).optional()
}

/// The map runs of an execution from the first one after the id `after`.
pub(crate) fn list(
    db: &Connection,
    execution: i64,
    after: i64,
    limit: usize,
) -> rusqlite::Result<Vec<MapRun>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM map_run WHERE execution = ?1 AND id > ?2 ORDER BY id LIMIT ?3"
    );
    let mut statement = db.prepare_cached(&sql)?;
    let rows = statement.query_map((execution, after, limit as i64), map_run)?;
    rows.collect()
}

pub(crate) fn update(db: &Connection, id: i64, limits: &Limits) -> rusqlite::Result<()> {
    db.prepare_cached(
        "UPDATE map_run SET max_concurrency = ?2, tolerated_count = ?3, tolerated_percentage = ?4 \
         WHERE id = ?1",
    )?
    .execute((
        id,
        limits.max_concurrency,
        limits.tolerated_count,
        limits.tolerated_percentage,
    ))?;
    Ok(())
}

/// Records that all items have been read.
pub(crate) fn read(db: &Connection, id: i64) -> rusqlite::Result<()> {
    db.prepare_cached("UPDATE map_run SET reading = 0 WHERE id = ?1")?
        .execute([id])?;
    Ok(())
}

pub(crate) fn finish(db: &Connection, id: i64, status: &str, at: i64) -> rusqlite::Result<()> {
    db.prepare_cached("UPDATE map_run SET status = ?2, stopped = ?3 WHERE id = ?1")?
        .execute((id, status, at))?;
    for (waiting, final_status) in [("PENDING", "ABORTED"), (REDRIVEN, "FAILED")] {
        db.prepare_cached("UPDATE map_child SET status = ?3 WHERE map_run = ?1 AND status = ?2")?
            .execute((id, waiting, final_status))?;
    }
    Ok(())
}

/// The status of a child that ended without success and runs once more.
pub(crate) const REDRIVEN: &str = "PENDING_REDRIVE";

/// Notes that a map run which had ended goes on: with all children that did not succeed. Those that
/// are executions of their own must have left something to be taken up from.
pub(crate) fn redrive(db: &Connection, id: i64, count: u64, at: i64) -> rusqlite::Result<()> {
    db.prepare_cached(
        "UPDATE map_run SET status = 'RUNNING', stopped = NULL, redrives = ?2, redriven = ?3 \
         WHERE id = ?1",
    )?
    .execute((id, count as i64, at))?;
    db.prepare_cached(
        "UPDATE map_child SET status = iif(started IS NULL, 'PENDING', ?2) \
         WHERE map_run = ?1 AND status <> 'SUCCEEDED' AND NOT EXISTS (\
         SELECT 1 FROM execution e WHERE e.map_run = ?1 AND e.map_seq = map_child.seq \
         AND NOT EXISTS (SELECT 1 FROM interrupted i WHERE i.execution = e.id))",
    )?
    .execute((id, REDRIVEN))?;
    Ok(())
}

/// Adds a child with this number of items.
pub(crate) fn add_child(
    db: &Connection,
    map_run: i64,
    seq: i64,
    items: i64,
    input: &str,
) -> rusqlite::Result<()> {
    db.prepare_cached(
        "INSERT INTO map_child (map_run, seq, items, status, input) VALUES (?1, ?2, ?3, \
         'PENDING', ?4)",
    )?
    .execute((map_run, seq, items, Pack(input)))?;
    Ok(())
}

/// Forgets the children, of which none has started.
pub(crate) fn clear_children(db: &Connection, map_run: i64) -> rusqlite::Result<()> {
    db.prepare_cached("DELETE FROM map_child WHERE map_run = ?1")?
        .execute([map_run])?;
    Ok(())
}

/// The next children that wait with a status, with their inputs.
// SQLite would rather go through all children in order than through those that wait.
pub(crate) fn waiting(
    db: &Connection,
    map_run: i64,
    status: &str,
    limit: usize,
) -> rusqlite::Result<Vec<(i64, String)>> {
    let mut statement = db.prepare_cached(
        "SELECT seq, input FROM map_child INDEXED BY map_child_status \
         WHERE map_run = ?1 AND status = ?2 ORDER BY seq LIMIT ?3",
    )?;
    let rows = statement.query_map((map_run, status, limit as i64), |row| {
        Ok((row.get(0)?, row.get::<_, Packed>(1)?.0))
    })?;
    rows.collect()
}

pub(crate) fn child_started(
    db: &Connection,
    map_run: i64,
    seq: i64,
    name: &str,
    at: i64,
) -> rusqlite::Result<()> {
    db.prepare_cached(
        "UPDATE map_child SET status = 'RUNNING', name = ?3, started = ?4 WHERE map_run = ?1 AND \
         seq = ?2",
    )?
    .execute((map_run, seq, name, at))?;
    Ok(())
}

pub(crate) fn child_redriven(db: &Connection, map_run: i64, seq: i64) -> rusqlite::Result<()> {
    db.prepare_cached(
        "UPDATE map_child SET status = 'RUNNING', stopped = NULL WHERE map_run = ?1 AND seq = ?2",
    )?
    .execute((map_run, seq))?;
    Ok(())
}

/// Records the end of a child; returns the number of its items.
pub(crate) fn child_ended(
    db: &Connection,
    map_run: i64,
    seq: i64,
    end: &super::executions::ExecutionEnd<'_>,
) -> rusqlite::Result<i64> {
    db.prepare_cached(
        "UPDATE map_child SET status = :status, stopped = :stopped, output = :output, error = \
         :error, cause = :cause WHERE map_run = :map_run AND seq = :seq RETURNING items",
    )?
    .query_row(
        named_params! {
            ":map_run": map_run,
            ":seq": seq,
            ":status": end.status,
            ":stopped": end.stopped,
            ":output": end.output.map(Pack),
            ":error": end.error,
            ":cause": end.cause,
        },
        |row| row.get(0),
    )
}

/// Resets the children that were running in an earlier process and are stored nowhere else, so that
/// they run again.
pub(crate) fn restart_running(db: &Connection, map_run: i64) -> rusqlite::Result<()> {
    db.prepare_cached(
        "UPDATE map_child SET status = 'PENDING' WHERE map_run = ?1 AND status = 'RUNNING'",
    )?
    .execute([map_run])?;
    Ok(())
}

/// The number of children in a status, and of the items in them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) children: i64,
    pub(crate) items: i64,
}

/// The counts by status.
pub(crate) fn counts(db: &Connection, map_run: i64) -> rusqlite::Result<Vec<(String, Count)>> {
    let mut statement = db.prepare_cached(
        "SELECT status, count(*), sum(items) FROM map_child WHERE map_run = ?1 GROUP BY status",
    )?;
    let rows = statement.query_map([map_run], |row| {
        Ok((
            row.get(0)?,
            Count {
                children: row.get(1)?,
                items: row.get(2)?,
            },
        ))
    })?;
    rows.collect()
}

/// Counts the children that ended without success and can't be resumed, and the items in them.
pub(crate) fn not_redrivable(db: &Connection, map_run: i64) -> rusqlite::Result<Count> {
    db.prepare_cached(
        "SELECT count(*), coalesce(sum(c.items), 0) FROM map_child c \
         JOIN execution e ON e.map_run = c.map_run AND e.map_seq = c.seq \
         WHERE c.map_run = ?1 AND c.status IN ('FAILED', 'TIMED_OUT', 'ABORTED') \
         AND NOT EXISTS (SELECT 1 FROM interrupted i WHERE i.execution = e.id)",
    )?
    .query_row([map_run], |row| {
        Ok(Count {
            children: row.get(0)?,
            items: row.get(1)?,
        })
    })
}

/// A child that has ended, or never began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Child {
    pub(crate) seq: i64,
    pub(crate) status: String,
    pub(crate) name: Option<String>,
    pub(crate) input: String,
    pub(crate) output: Option<String>,
    pub(crate) error: Option<String>,
    pub(crate) cause: Option<String>,
    pub(crate) started: Option<i64>,
    pub(crate) stopped: Option<i64>,
}

/// Children in order, from the first one after `after`.
pub(crate) fn children(
    db: &Connection,
    map_run: i64,
    after: i64,
    limit: usize,
) -> rusqlite::Result<Vec<Child>> {
    let mut statement = db.prepare_cached(
        "SELECT seq, status, name, input, output, error, cause, started, stopped FROM map_child \
         WHERE map_run = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3",
    )?;
    let rows = statement.query_map((map_run, after, limit as i64), |row| {
        Ok(Child {
            seq: row.get(0)?,
            status: row.get(1)?,
            name: row.get(2)?,
            input: row.get::<_, Packed>(3)?.0,
            output: row.get::<_, Option<Packed>>(4)?.map(|packed| packed.0),
            error: row.get(5)?,
            cause: row.get(6)?,
            started: row.get(7)?,
            stopped: row.get(8)?,
        })
    })?;
    rows.collect()
}
