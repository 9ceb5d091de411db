//! Histories, in chunks of events.

use rusqlite::Connection;
use serde_json::Value;

use super::pack::{Pack, Packed};

/// Appends events, given as a JSON array, with the ids `first..=last`.
pub(crate) fn append(
    db: &Connection,
    execution: i64,
    first: i64,
    last: i64,
    events: &str,
) -> rusqlite::Result<()> {
    db.prepare_cached(
        "INSERT INTO history (execution, first, last, events) VALUES (?1, ?2, ?3, ?4)",
    )?
    .execute((execution, first, last, Pack(events)))?;
    Ok(())
}

/// Returns at most `limit` events with ids from `from` upwards.
pub(crate) fn forward(
    db: &Connection,
    execution: i64,
    from: i64,
    limit: usize,
) -> rusqlite::Result<Vec<Value>> {
    let sql =
        "SELECT events, first FROM history WHERE execution = ?1 AND last >= ?2 ORDER BY first";
    collect(db, sql, execution, from, limit, |events, first| {
        let skip = usize::try_from(from - first).unwrap_or(0);
        events.into_iter().skip(skip).collect()
    })
}

/// Returns at most `limit` events with ids from `from` downwards.
pub(crate) fn backward(
    db: &Connection,
    execution: i64,
    from: i64,
    limit: usize,
) -> rusqlite::Result<Vec<Value>> {
    let sql = "SELECT events, first FROM history WHERE execution = ?1 AND first <= ?2 ORDER BY \
               first DESC";
    collect(db, sql, execution, from, limit, |events, first| {
        let keep = usize::try_from(from.saturating_sub(first).saturating_add(1)).unwrap_or(0);
        let mut events: Vec<Value> = events.into_iter().take(keep).collect();
        events.reverse();
        events
    })
}

/// Reads chunks until there are enough events; `cut` selects the requested events of a chunk, in
/// order.
fn collect(
    db: &Connection,
    sql: &str,
    execution: i64,
    from: i64,
    limit: usize,
    cut: impl Fn(Vec<Value>, i64) -> Vec<Value>,
) -> rusqlite::Result<Vec<Value>> {
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query((execution, from))?;
    let mut events = Vec::new();
    while events.len() < limit {
        let Some(row) = rows.next()? else { break };
        events.extend(cut(chunk(&row.get::<_, Packed>(0)?.0)?, row.get(1)?));
    }
    events.truncate(limit);
    Ok(events)
}

fn chunk(text: &str) -> rusqlite::Result<Vec<Value>> {
    serde_json::from_str(text).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, error.into())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Twelve events in chunks of the sizes given.
    fn database(sizes: &[i64]) -> Connection {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch(include_str!("schema.sql")).unwrap();
        db.execute_batch("PRAGMA foreign_keys=OFF").unwrap(); // the executions are left out
        let mut next = 1;
        for size in sizes {
            let events: Vec<Value> = (next..next + size).map(|id| json!({ "id": id })).collect();
            let text = serde_json::to_string(&events).unwrap();
            append(&db, 7, next, next + size - 1, &text).unwrap();
            next += size;
        }
        append(&db, 8, 1, 1, r#"[{"id":99}]"#).unwrap();
        db
    }

    fn ids(events: &[Value]) -> Vec<i64> {
        events
            .iter()
            .map(|event| event["id"].as_i64().unwrap())
            .collect()
    }

    #[test]
    fn every_page_of_every_chunking() {
        for sizes in [&[12][..], &[1, 2, 3, 6], &[5, 7], &[1; 12]] {
            let db = database(sizes);
            for from in 1..=13 {
                for limit in 1..=13 {
                    let up: Vec<i64> = (from..=12).take(limit).collect();
                    assert_eq!(ids(&forward(&db, 7, from, limit).unwrap()), up);
                    let down: Vec<i64> = (1..=from.min(12)).rev().take(limit).collect();
                    assert_eq!(ids(&backward(&db, 7, from, limit).unwrap()), down);
                }
            }
            assert_eq!(ids(&backward(&db, 7, i64::MAX, 2).unwrap()), [12, 11]);
        }
    }

    #[test]
    fn damage_is_an_error() {
        let db = database(&[]);
        append(&db, 7, 1, 1, "nonsense").unwrap();
        assert!(forward(&db, 7, 1, 1).is_err());
    }
}
