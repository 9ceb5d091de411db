//! Tags, by the ARN of what they are of.

use rusqlite::{Connection, params};

use super::Store;
use crate::error::ApiError;

/// AWS's quota for one resource.
const MOST: i64 = 50;

impl Store {
    /// The tags of a resource, by key.
    pub(crate) async fn tags(&self, arn: &str) -> Result<Vec<(String, String)>, ApiError> {
        let arn = arn.to_owned();
        self.call(move |db| {
            let sql = "SELECT key, value FROM tags WHERE arn = ?1 ORDER BY key";
            let mut select = db.prepare_cached(sql)?;
            let rows = select.query_map([arn], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// Adds tags, or gives those that are there another value.
    pub(crate) async fn add_tags(
        &self,
        arn: &str,
        tags: Vec<(String, String)>,
    ) -> Result<(), ApiError> {
        let arn = arn.to_owned();
        self.call(move |db| {
            put(db, &arn, &tags)?;
            let sql = "SELECT count(*) FROM tags WHERE arn = ?1";
            let count: i64 = db
                .prepare_cached(sql)?
                .query_row([&arn], |row| row.get(0))?;
            if count > MOST {
                let text =
                    format!("The number of tags for the resource exceeds the limit of {MOST}");
                return Err(ApiError::Limit(text));
            }
            Ok(())
        })
        .await
    }

    pub(crate) async fn delete_tags(&self, arn: &str, keys: Vec<String>) -> Result<(), ApiError> {
        let arn = arn.to_owned();
        self.call(move |db| {
            let mut delete = db.prepare_cached("DELETE FROM tags WHERE arn = ?1 AND key = ?2")?;
            for key in keys {
                delete.execute(params![arn, key])?;
            }
            Ok(())
        })
        .await
    }
}

pub(super) fn put(db: &Connection, arn: &str, tags: &[(String, String)]) -> rusqlite::Result<()> {
    let sql = "INSERT OR REPLACE INTO tags (arn, key, value) VALUES (?1, ?2, ?3)";
    let mut insert = db.prepare_cached(sql)?;
    for (key, value) in tags {
        insert.execute(params![arn, key, value])?;
    }
    Ok(())
}

pub(super) fn remove_all(db: &Connection, arn: &str) -> rusqlite::Result<()> {
    db.prepare_cached("DELETE FROM tags WHERE arn = ?1")?
        .execute([arn])?;
    Ok(())
}
