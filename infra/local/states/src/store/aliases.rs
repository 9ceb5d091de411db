//! The aliases of state machines, and the versions that they lead to.

use rusqlite::{Connection, OptionalExtension};

/// An alias.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Alias {
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    /// One or two routes; the weights add up to 100.
    pub(crate) routes: Vec<Route>,
    pub(crate) created: i64,
    pub(crate) updated: i64,
}

/// A version, and the share of an alias's executions that it gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Route {
    pub(crate) version: i64,
    /// The weight in percent.
    pub(crate) weight: i64,
}

/// The alias of that name.
pub(crate) fn find(db: &Connection, machine: i64, name: &str) -> rusqlite::Result<Option<Alias>> {
    let sql = "SELECT description, created, updated FROM alias WHERE machine = ?1 AND name = ?2";
    let row = db
        .prepare_cached(sql)?
        .query_row((machine, name), |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .optional()?;
    let Some((description, created, updated)) = row else {
        return Ok(None);
    };
    Ok(Some(Alias {
        name: name.to_owned(),
        description,
        routes: routes(db, machine, name)?,
        created,
        updated,
    }))
}

fn routes(db: &Connection, machine: i64, alias: &str) -> rusqlite::Result<Vec<Route>> {
    let sql = "SELECT version, weight FROM route WHERE machine = ?1 AND alias = ?2 ORDER BY place";
    let mut statement = db.prepare_cached(sql)?;
    let rows = statement.query_map((machine, alias), |row| {
        Ok(Route {
            version: row.get(0)?,
            weight: row.get(1)?,
        })
    })?;
    rows.collect()
}

/// Names and times of creation of the aliases, by name, from the first name after `after`; with
/// `version` only those that lead to it.
pub(crate) fn list(
    db: &Connection,
    machine: i64,
    version: Option<i64>,
    after: &str,
    limit: usize,
) -> rusqlite::Result<Vec<(String, i64)>> {
    let mut statement = db.prepare_cached(
        "SELECT name, created FROM alias a WHERE machine = ?1 AND name > ?2 AND (?3 IS NULL OR \
         EXISTS (SELECT 1 FROM route r WHERE r.machine = a.machine AND r.alias = a.name AND \
         r.version = ?3)) ORDER BY name LIMIT ?4",
    )?;
    let rows = statement.query_map((machine, after, version, limit as i64), |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?;
    rows.collect()
}

/// Returns the number of aliases of a state machine.
pub(crate) fn count(db: &Connection, machine: i64) -> rusqlite::Result<i64> {
    db.prepare_cached("SELECT count(*) FROM alias WHERE machine = ?1")?
        .query_row([machine], |row| row.get(0))
}

/// Adds an alias, or replaces the one of its name.
pub(crate) fn put(db: &Connection, machine: i64, alias: &Alias) -> rusqlite::Result<()> {
    db.prepare_cached(
        "INSERT INTO alias (machine, name, description, created, updated) VALUES (?1, ?2, ?3, ?4, \
         ?5) ON CONFLICT (machine, name) DO UPDATE SET description = excluded.description, \
         updated = excluded.updated",
    )?
    .execute((
        machine,
        &alias.name,
        &alias.description,
        alias.created,
        alias.updated,
    ))?;
    clear_routes(db, machine, &alias.name)?;
    let mut add = db.prepare_cached(
        "INSERT INTO route (machine, alias, place, version, weight) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    for (position, route) in alias.routes.iter().enumerate() {
        add.execute((
            machine,
            &alias.name,
            position as i64,
            route.version,
            route.weight,
        ))?;
    }
    Ok(())
}

/// Deletes an alias; a missing one is no error.
pub(crate) fn delete(db: &Connection, machine: i64, name: &str) -> rusqlite::Result<()> {
    clear_routes(db, machine, name)?;
    db.prepare_cached("DELETE FROM alias WHERE machine = ?1 AND name = ?2")?
        .execute((machine, name))?;
    Ok(())
}

fn clear_routes(db: &Connection, machine: i64, alias: &str) -> rusqlite::Result<()> {
    db.prepare_cached("DELETE FROM route WHERE machine = ?1 AND alias = ?2")?
        .execute((machine, alias))?;
    Ok(())
}
