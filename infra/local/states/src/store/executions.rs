//! Executions: one row each, from their start on.

use rusqlite::{Connection, OptionalExtension, Row, ToSql, named_params};

use super::map_runs::ChildId;
use super::pack::{Pack, Packed};

/// An execution as it was when it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Execution {
    pub(crate) id: i64,
    /// The id of the revision that it runs.
    pub(crate) revision: i64,
    /// The name of the state machine; for a child of a map run `MACHINE/LABEL`.
    pub(crate) machine_name: String,
    /// The last part of the ARN of the map run that it is a child of.
    pub(crate) map_run: Option<String>,
    pub(crate) name: String,
    /// `RUNNING`, `SUCCEEDED`, `FAILED`, `TIMED_OUT` or `ABORTED`.
    pub(crate) status: String,
    pub(crate) started: i64,
    pub(crate) stopped: Option<i64>,
    /// The input as the caller wrote it.
    pub(crate) input: String,
    pub(crate) output: Option<String>,
    pub(crate) error: Option<String>,
    pub(crate) cause: Option<String>,
    pub(crate) trace_header: Option<String>,
    pub(crate) target: Target,
    pub(crate) redrives: Redrives,
    /// True if its state machine has been deleted, or will be when it has ended.
    pub(crate) orphan: bool,
    /// True if it ended without success and can be resumed.
    pub(crate) resumable: bool,
}

/// Through what an execution was started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) version: Option<i64>,
    pub(crate) alias: Option<String>,
}

/// The number of redrives of an execution, and the time of the last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Redrives {
    pub(crate) count: i64,
    pub(crate) last: Option<i64>,
}

/// The summary of an execution in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Summary {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) status: String,
    pub(crate) started: i64,
    pub(crate) stopped: Option<i64>,
    pub(crate) target: Target,
    pub(crate) redrives: Redrives,
}

/// The filter of a list of executions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Filter {
    pub(crate) status: Option<&'static str>,
    pub(crate) target: Target,
}

/// A new execution.
pub(crate) struct NewExecution<'a> {
    pub(crate) machine: i64,
    pub(crate) revision: i64,
    pub(crate) name: &'a str,
    pub(crate) started: i64,
    pub(crate) input: &'a str,
    pub(crate) trace_header: Option<&'a str>,
    /// The execution and the task that wait for it.
    pub(crate) parent: Option<(i64, i64)>,
    /// The map run that it is a child of, and which.
    pub(crate) map_run: Option<ChildId>,
    pub(crate) target: &'a Target,
}

/// The end of an execution.
pub(crate) struct ExecutionEnd<'a> {
    pub(crate) status: &'a str,
    pub(crate) stopped: i64,
    pub(crate) output: Option<&'a str>,
    pub(crate) error: Option<&'a str>,
    pub(crate) cause: Option<&'a str>,
}

/// The execution of that name, of the newest state machine of that name; `machine` is
/// `MACHINE/LABEL` for children of map runs.
pub(crate) fn find(
    db: &Connection,
    machine: &str,
    name: &str,
) -> rusqlite::Result<Option<Execution>> {
    let (machine, label) = match machine.split_once('/') {
        Some((machine, label)) => (machine, Some(label)),
        None => (machine, None),
    };
    let sql = "SELECT e.id, e.revision, m.name, e.name, e.status, e.started, e.stopped, e.input, \
               e.output, e.error, e.cause, e.trace_header, r.label, r.uuid, e.version, e.alias, \
               e.redrives, e.redriven, m.deleted, EXISTS (SELECT 1 FROM interrupted i WHERE \
               i.execution = e.id) FROM machine m JOIN execution e ON e.machine = m.id LEFT JOIN \
               map_run r ON r.id = e.map_run WHERE m.name = ?1 AND e.name = ?2 AND r.label IS ?3 \
               ORDER BY e.id DESC LIMIT 1";
    db.prepare_cached(sql)?
        .query_row((machine, name, label), execution)
        .optional()
}

fn execution(row: &Row<'_>) -> rusqlite::Result<Execution> {
    Ok(Execution {
        id: row.get(0)?,
        revision: row.get(1)?,
        machine_name: labeled(row.get(2)?, row.get(12)?),
        map_run: row.get(13)?,
        name: row.get(3)?,
        status: row.get(4)?,
        started: row.get(5)?,
        stopped: row.get(6)?,
        input: row.get::<_, Packed>(7)?.0,
        output: row.get::<_, Option<Packed>>(8)?.map(|packed| packed.0),
        error: row.get(9)?,
        cause: row.get(10)?,
        trace_header: row.get(11)?,
        target: target(row, 14)?,
        redrives: redrives(row, 16)?,
        orphan: row.get::<_, Option<i64>>(18)?.is_some(),
        resumable: row.get(19)?,
    })
}

/// The columns that [`summary`] reads.
const SUMMARY: &str = "id, name, status, started, stopped, version, alias, redrives, redriven";

fn target(row: &Row<'_>, at: usize) -> rusqlite::Result<Target> {
    Ok(Target {
        version: row.get(at)?,
        alias: row.get(at + 1)?,
    })
}

fn redrives(row: &Row<'_>, at: usize) -> rusqlite::Result<Redrives> {
    Ok(Redrives {
        count: row.get(at)?,
        last: row.get(at + 1)?,
    })
}

fn labeled(machine: String, label: Option<String>) -> String {
    match label {
        Some(label) => format!("{machine}/{label}"),
        None => machine,
    }
}

/// The names of an execution's state machine, with the label of its map run, and of itself.
pub(crate) fn names(db: &Connection, id: i64) -> rusqlite::Result<(String, String)> {
    let sql = "SELECT m.name, r.label, e.name FROM execution e JOIN machine m ON m.id = e.machine \
         LEFT JOIN map_run r ON r.id = e.map_run WHERE e.id = ?1";
    db.prepare_cached(sql)?.query_row([id], |row| {
        Ok((labeled(row.get(0)?, row.get(1)?), row.get(2)?))
    })
}

/// Executions of a map run, the newest first, from the first one before the id `before`; all, or
/// only those that were redriven, or only those that were not.
pub(crate) fn of_map_run(
    db: &Connection,
    map_run: i64,
    status: Option<&str>,
    redriven: Option<bool>,
    before: i64,
    limit: usize,
) -> rusqlite::Result<Vec<Summary>> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT {SUMMARY} FROM execution WHERE map_run = ?1 AND (?2 IS NULL OR status = ?2) \
         AND (?3 IS NULL OR (redrives > 0) = ?3) AND id < ?4 ORDER BY id DESC LIMIT ?5"
    ))?;
    let rows = statement.query_map((map_run, status, redriven, before, limit as i64), summary)?;
    rows.collect()
}

/// Executions of a state machine, the newest first, from the first one before the id `before`.
pub(crate) fn list(
    db: &Connection,
    machine: i64,
    filter: &Filter,
    before: i64,
    limit: usize,
) -> rusqlite::Result<Vec<Summary>> {
    // The statement contains a condition only if the filter has it, so that each statement uses
    // its index.
    let (mut conditions, limit) = (String::new(), limit as i64);
    let mut parameters: Vec<(&str, &dyn ToSql)> = vec![
        (":machine", &machine),
        (":before", &before),
        (":limit", &limit),
    ];
    if let Some(status) = &filter.status {
        conditions.push_str("status = :status AND ");
        parameters.push((":status", status));
    }
    if let Some(version) = &filter.target.version {
        conditions.push_str("version = :version AND ");
        parameters.push((":version", version));
    }
    if let Some(alias) = &filter.target.alias {
        conditions.push_str("alias = :alias AND ");
        parameters.push((":alias", alias));
    }
    let sql = format!(
        "SELECT {SUMMARY} FROM execution WHERE machine = :machine AND map_run IS NULL AND \
         {conditions} id < :before ORDER BY id DESC LIMIT :limit"
    );
    let mut statement = db.prepare_cached(&sql)?;
    let rows = statement.query_map(&*parameters, summary)?;
    rows.collect()
}

fn summary(row: &Row<'_>) -> rusqlite::Result<Summary> {
    Ok(Summary {
        id: row.get(0)?,
        name: row.get(1)?,
        status: row.get(2)?,
        started: row.get(3)?,
        stopped: row.get(4)?,
        target: target(row, 5)?,
        redrives: redrives(row, 7)?,
    })
}

/// Adds a running execution; returns its id, or `None` if its state machine has one of that name.
pub(crate) fn insert(db: &Connection, new: &NewExecution<'_>) -> rusqlite::Result<Option<i64>> {
    let added = db
        .prepare_cached(
            "INSERT INTO execution (machine, revision, name, status, started, input, \
             trace_header, parent, parent_task, map_run, map_seq, version, alias) VALUES \
             (:machine, :revision, :name, 'RUNNING', :started, :input, :trace_header, :parent, \
             :task, :map_run, :map_seq, :version, :alias) ON CONFLICT (machine, name) DO NOTHING",
        )?
        .execute(named_params! {
            ":machine": new.machine,
            ":revision": new.revision,
            ":name": new.name,
            ":started": new.started,
            ":input": Pack(new.input),
            ":trace_header": new.trace_header,
            ":parent": new.parent.map(|(execution, _)| execution),
            ":task": new.parent.map(|(_, task)| task),
            ":map_run": new.map_run.map(|child| child.map_run),
            ":map_seq": new.map_run.map(|child| child.seq),
            ":version": new.target.version,
            ":alias": new.target.alias,
        })?;
    Ok((added == 1).then(|| db.last_insert_rowid()))
}

/// The execution and the task that an execution was started by and is waited for by.
pub(crate) fn parent(db: &Connection, id: i64) -> rusqlite::Result<Option<(i64, i64)>> {
    db.prepare_cached(
        "SELECT parent, parent_task FROM execution WHERE id = ?1 AND parent IS NOT NULL",
    )?
    .query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))
    .optional()
}

/// The running executions that a task waits for.
pub(crate) fn children(db: &Connection, parent: i64, task: i64) -> rusqlite::Result<Vec<i64>> {
    let mut statement = db.prepare_cached(
        "SELECT id FROM execution WHERE parent = ?1 AND parent_task = ?2 AND status = 'RUNNING'",
    )?;
    let rows = statement.query_map((parent, task), |row| row.get(0))?;
    rows.collect()
}

/// The rows of the state machine and the revision that an execution runs.
pub(crate) fn machine(db: &Connection, id: i64) -> rusqlite::Result<(i64, i64)> {
    db.prepare_cached("SELECT machine, revision FROM execution WHERE id = ?1")?
        .query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))
}

/// The execution of a child of a map run, and its revision, if it has begun.
pub(crate) fn of_child(
    db: &Connection,
    map_run: i64,
    seq: i64,
) -> rusqlite::Result<Option<(i64, i64)>> {
    db.prepare_cached("SELECT id, revision FROM execution WHERE map_run = ?1 AND map_seq = ?2")?
        .query_row((map_run, seq), |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()
}

/// The children of a map run that run, and their executions.
pub(crate) fn running_children(db: &Connection, map_run: i64) -> rusqlite::Result<Vec<(i64, i64)>> {
    let mut statement = db.prepare_cached(
        "SELECT map_seq, id FROM execution WHERE map_run = ?1 AND status = 'RUNNING'",
    )?;
    let rows = statement.query_map([map_run], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}

/// Writes how an execution ended.
pub(crate) fn finish(db: &Connection, id: i64, end: &ExecutionEnd<'_>) -> rusqlite::Result<()> {
    db.prepare_cached(
        "UPDATE execution SET status = :status, stopped = :stopped, output = :output, error = \
         :error, cause = :cause WHERE id = :id",
    )?
    .execute(named_params! {
        ":id": id,
        ":status": end.status,
        ":stopped": end.stopped,
        ":output": end.output.map(Pack),
        ":error": end.error,
        ":cause": end.cause,
    })?;
    Ok(())
}

/// Returns the time of the last redrive, if it had this client token.
pub(crate) fn redriven_with(
    db: &Connection,
    id: i64,
    token: &str,
) -> rusqlite::Result<Option<i64>> {
    db.prepare_cached("SELECT redriven FROM execution WHERE id = ?1 AND redrive_token = ?2")?
        .query_row((id, token), |row| row.get(0))
        .optional()
}

/// Notes that an execution which had ended runs again.
pub(crate) fn redrive(
    db: &Connection,
    id: i64,
    token: Option<&str>,
    at: i64,
) -> rusqlite::Result<()> {
    db.prepare_cached(
        "UPDATE execution SET status = 'RUNNING', stopped = NULL, error = NULL, cause = NULL, \
         redrives = redrives + 1, redriven = ?2, redrive_token = ?3 WHERE id = ?1",
    )?
    .execute((id, at, token))?;
    Ok(())
}
