//! The rows that the listings page through.

use rusqlite::{Connection, params};

use super::error::Error;
use super::listing::{self, Page, Query, StartBound};
use super::versions::{self, COLUMNS, Version};

/// Returns the exclusive upper bound of the names with this prefix: all UTF-8 sorts below it.
pub(super) fn end(prefix: &str) -> Vec<u8> {
    listing::successor(prefix).unwrap_or_else(|| vec![0xff])
}

/// The bytes of the first name to read, and whether that name itself is left out.
pub(super) fn bounds(query: &Query, after: Option<&str>, from: &StartBound) -> (Vec<u8>, bool) {
    if let StartBound::Name(name) = from {
        return (name.clone(), false);
    }
    let prefix = query.prefix.as_bytes();
    match after {
        Some(after) if after.as_bytes() >= prefix => {
            match listing::past_common_prefix(query, after) {
                Some(name) => (name, false),
                None => (after.into(), true),
            }
        }
        _ => (prefix.into(), false),
    }
}

/// Objects whose keys follow `after`.
pub(super) fn objects(
    sql: &Connection,
    bucket: &str,
    query: &Query,
    after: Option<&str>,
) -> Result<Page<Version>, Error> {
    let mut select = sql.prepare_cached(&format!(
        "{COLUMNS} WHERE bucket = ?1 AND key >= ?2 AND key < ?3 AND key <> ?4
         AND latest AND file IS NOT NULL ORDER BY key LIMIT ?5"
    ))?;
    listing::page(
        query,
        |version: &Version| &version.key,
        |from, limit| {
            let (first, exclusive) = bounds(query, after, from);
            // No key is empty, so that an empty one leaves nothing out.
            let but = if exclusive { first.clone() } else { Vec::new() };
            select
                .query_and_then(
                    params![bucket, first, end(&query.prefix), but, limit as i64],
                    versions::from_row,
                )?
                .collect()
        },
    )
}

/// Versions and delete markers that follow the key `after`, or its version with that row id.
pub(super) fn versions(
    sql: &Connection,
    bucket: &str,
    query: &Query,
    after: Option<(&str, Option<i64>)>,
) -> Result<Page<Version>, Error> {
    let mut select = sql.prepare_cached(&format!(
        "{COLUMNS} WHERE bucket = ?1 AND key >= ?2 AND key < ?3 AND (key <> ?4 OR id < ?5)
         ORDER BY key, id DESC LIMIT ?6"
    ))?;
    listing::page(
        query,
        |version: &Version| &version.key,
        |from, limit| {
            let (first, exclusive) = bounds(query, after.map(|(key, _)| key), from);
            let but = if exclusive { first.clone() } else { Vec::new() };
            let before = after.and_then(|(_, id)| id).unwrap_or(0);
            select
                .query_and_then(
                    params![bucket, first, end(&query.prefix), but, before, limit as i64],
                    versions::from_row,
                )?
                .collect()
        },
    )
}
