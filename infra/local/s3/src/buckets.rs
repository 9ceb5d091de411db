//! Buckets: their rows and configuration.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::database::Write;
use super::error::Error;
use super::events::Rule;
use super::now;

/// A bucket.
#[derive(Clone, Debug)]
pub(super) struct Bucket {
    pub(super) name: String,
    /// Milliseconds since 1970.
    pub(super) created: i64,
    pub(super) region: String,
    pub(super) versioning: Versioning,
    pub(super) rules: Vec<Rule>,
}

/// The versioning state of a bucket: decides what happens to an object that is overwritten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Versioning {
    /// Never enabled.
    Off,
    Enabled,
    Suspended,
}

impl Versioning {
    /// Returns the name in XML; `None` if versioning was never enabled.
    pub(super) fn name(self) -> Option<&'static str> {
        match self {
            Self::Off => None,
            Self::Enabled => Some("Enabled"),
            Self::Suspended => Some("Suspended"),
        }
    }

    pub(super) fn from_name(name: &str) -> Option<Self> {
        [Self::Enabled, Self::Suspended]
            .into_iter()
            .find(|status| status.name() == Some(name))
    }
}

const COLUMNS: &str = "SELECT name, created, region, versioning, notifications FROM buckets";

fn from_row(row: &Row) -> Result<Bucket, Error> {
    let versioning: Option<String> = row.get(3)?;
    let rules: String = row.get(4)?;
    Ok(Bucket {
        name: row.get(0)?,
        created: row.get(1)?,
        region: row.get(2)?,
        versioning: versioning
            .and_then(|name| Versioning::from_name(&name))
            .unwrap_or(Versioning::Off),
        rules: serde_json::from_str(&rules)?,
    })
}

/// The bucket, or `NoSuchBucket`.
pub(super) fn get(sql: &Connection, name: &str) -> Result<Bucket, Error> {
    let mut query = sql.prepare_cached(&format!("{COLUMNS} WHERE name = ?1"))?;
    query
        .query_and_then([name], from_row)?
        .next()
        .unwrap_or(Err(Error::NoSuchBucket))
}

/// Buckets whose names begin with `prefix` and follow `after`, in order, at most `limit`; of one
/// region or of all.
pub(super) fn list(
    sql: &Connection,
    prefix: &str,
    after: &str,
    region: Option<&str>,
    limit: usize,
) -> Result<Vec<Bucket>, Error> {
    let mut query = sql.prepare_cached(&format!(
        "{COLUMNS} WHERE name > ?1 AND substr(name, 1, length(?2)) = ?2
         AND (?3 IS NULL OR region = ?3) ORDER BY name LIMIT ?4"
    ))?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    query
        .query_and_then(params![after, prefix, region, limit], from_row)?
        .collect()
}

/// Makes a bucket; false where it exists.
pub(super) fn create(write: &Write, name: &str, region: &str) -> Result<bool, Error> {
    let made = write.sql.execute(
        "INSERT INTO buckets (name, created, region) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
        params![name, now(), region],
    )?;
    Ok(made == 1)
}

/// Removes an empty bucket, with its unfinished uploads.
pub(super) fn delete(write: &mut Write, name: &str) -> Result<(), Error> {
    let bucket = get(write.sql, name)?;
    let occupied = "SELECT 1 FROM versions WHERE bucket = ?1 LIMIT 1";
    let occupied: Option<i64> = write
        .sql
        .query_row(occupied, [name], |row| row.get(0))
        .optional()?;
    if occupied.is_some() {
        return Err(match bucket.versioning {
            Versioning::Off => Error::BucketNotEmpty,
            Versioning::Enabled | Versioning::Suspended => Error::VersionsInBucket,
        });
    }
    super::uploads::forget_all(write, name)?;
    write
        .sql
        .execute("DELETE FROM buckets WHERE name = ?1", [name])?;
    Ok(())
}

/// Turns versioning on or off.
pub(super) fn set_versioning(write: &Write, name: &str, to: Versioning) -> Result<(), Error> {
    let update = "UPDATE buckets SET versioning = ?2 WHERE name = ?1";
    changed(write.sql.execute(update, params![name, to.name()])?)
}

/// Replaces the rules by which events go to functions.
pub(super) fn set_rules(write: &Write, name: &str, rules: &[Rule]) -> Result<(), Error> {
    let update = "UPDATE buckets SET notifications = ?2 WHERE name = ?1";
    changed(
        write
            .sql
            .execute(update, params![name, serde_json::to_string(rules)?])?,
    )
}

fn changed(rows: usize) -> Result<(), Error> {
    if rows == 0 {
        return Err(Error::NoSuchBucket);
    }
    Ok(())
}
