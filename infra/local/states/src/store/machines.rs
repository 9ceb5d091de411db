//! State machines and their revisions.

use rusqlite::{Connection, OptionalExtension, Row, named_params};

/// A state machine at one of its revisions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Machine {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) express: bool,
    /// The creation time of the state machine.
    pub(crate) created: i64,
    /// `DELETING`: it goes when its last execution has ended.
    pub(crate) deleting: bool,
    pub(crate) revision: Revision,
}

/// The part of a state machine that UpdateStateMachine can change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Revision {
    pub(crate) id: i64,
    /// AWS's `revisionId`; none for what CreateStateMachine made.
    pub(crate) uuid: Option<String>,
    pub(crate) created: i64,
    pub(crate) settings: Settings,
}

/// The settings of a revision, from the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) definition: String,
    pub(crate) role_arn: String,
    /// `loggingConfiguration` as JSON text.
    pub(crate) logging: String,
    pub(crate) tracing: bool,
    /// `encryptionConfiguration` as JSON text, where there is one.
    pub(crate) encryption: Option<String>,
}

const COLUMNS: &str = "m.id, m.name, m.express, m.created, m.deleted, \
     r.id, r.uuid, r.definition, r.role_arn, r.logging, r.tracing, r.encryption, r.created";

fn machine(row: &Row<'_>) -> rusqlite::Result<Machine> {
    Ok(Machine {
        id: row.get(0)?,
        name: row.get(1)?,
        express: row.get(2)?,
        created: row.get(3)?,
        deleting: row.get::<_, Option<i64>>(4)?.is_some(),
        revision: Revision {
            id: row.get(5)?,
            uuid: row.get(6)?,
            settings: Settings {
                definition: row.get(7)?,
                role_arn: row.get(8)?,
                logging: row.get(9)?,
                tracing: row.get(10)?,
                encryption: row.get(11)?,
            },
            created: row.get(12)?,
        },
    })
}

/// The state machine of that name, at the revision that new executions run. A deleted one is still
/// there, and `deleting`, while it has running executions.
pub(crate) fn by_name(db: &Connection, name: &str) -> rusqlite::Result<Option<Machine>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM machine m JOIN revision r ON r.id = m.revision \
         WHERE m.name = ?1 AND (m.deleted IS NULL OR \
         EXISTS (SELECT 1 FROM execution e WHERE e.machine = m.id AND e.status = 'RUNNING')) \
         ORDER BY m.deleted IS NOT NULL, m.id DESC LIMIT 1"
    );
    db.prepare_cached(&sql)?
        .query_row([name], machine)
        .optional()
}

/// The state machine at the revision that an execution was started with.
pub(crate) fn by_revision(db: &Connection, id: i64) -> rusqlite::Result<Option<Machine>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM revision r JOIN machine m ON m.id = r.machine WHERE r.id = ?1"
    );
    db.prepare_cached(&sql)?.query_row([id], machine).optional()
}

/// State machines by name, from the first name after `after`.
pub(crate) fn list(db: &Connection, after: &str, limit: usize) -> rusqlite::Result<Vec<Machine>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM machine m JOIN revision r ON r.id = m.revision \
         WHERE m.deleted IS NULL AND m.name > ?1 ORDER BY m.name LIMIT ?2"
    );
    let mut statement = db.prepare_cached(&sql)?;
    let rows = statement.query_map((after, limit as i64), machine)?;
    rows.collect()
}

/// Adds a state machine with its first revision; returns both ids.
pub(crate) fn create(
    db: &Connection,
    name: &str,
    express: bool,
    settings: &Settings,
    at: i64,
) -> rusqlite::Result<(i64, i64)> {
    db.prepare_cached(
        "INSERT INTO machine (name, express, created, revision) VALUES (?1, ?2, ?3, 0)",
    )?
    .execute((name, express, at))?;
    let id = db.last_insert_rowid();
    let revision = revise(db, id, None, settings, at)?;
    Ok((id, revision))
}

/// Adds a revision, which new executions run from now on; returns its id.
pub(crate) fn revise(
    db: &Connection,
    machine: i64,
    uuid: Option<&str>,
    settings: &Settings,
    at: i64,
) -> rusqlite::Result<i64> {
    db.prepare_cached(
        "INSERT INTO revision (machine, uuid, definition, role_arn, logging, tracing, encryption, \
         created) VALUES (:machine, :uuid, :definition, :role_arn, :logging, :tracing, \
         :encryption, :created)",
    )?
    .execute(named_params! {
        ":machine": machine,
        ":uuid": uuid,
        ":definition": settings.definition,
        ":role_arn": settings.role_arn,
        ":logging": settings.logging,
        ":tracing": settings.tracing,
        ":encryption": settings.encryption,
        ":created": at,
    })?;
    let revision = db.last_insert_rowid();
    db.prepare_cached("UPDATE machine SET revision = ?2 WHERE id = ?1")?
        .execute((machine, revision))?;
    Ok(revision)
}

/// Marks a state machine as deleted, and deletes its aliases and versions. Its executions stay.
pub(crate) fn delete(db: &Connection, id: i64, at: i64) -> rusqlite::Result<()> {
    for table in ["route", "alias", "version"] {
        let sql = format!("DELETE FROM {table} WHERE machine = ?1");
        db.prepare_cached(&sql)?.execute([id])?;
    }
    db.prepare_cached("UPDATE machine SET deleted = ?2 WHERE id = ?1 AND deleted IS NULL")?
        .execute((id, at))?;
    Ok(())
}
