//! Listings: filtered, sorted, a page at a time. A page begins after the row that the last one
//! ended with, so it neither repeats nor skips what is there all along.

use rusqlite::params;
use rusqlite::types::Value as Sql;

use super::{COLUMNS, Kind, Resource, Store, from_row};
use crate::error::ApiError;

/// Sort key of a listing; the name decides between equals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    Name,
    CreationTime,
    Status,
}

impl Sort {
    fn column(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::CreationTime => "created",
            Self::Status => "status",
        }
    }

    /// Returns the key of `last`, after which the next page begins.
    pub(crate) fn key(self, last: &Resource) -> String {
        match self {
            Self::Name => last.name.clone(),
            Self::CreationTime => last.created.as_millisecond().to_string(),
            Self::Status => last.status.clone(),
        }
    }

    fn value(self, key: String) -> Sql {
        match self {
            Self::CreationTime => Sql::Integer(key.parse().unwrap_or_default()),
            Self::Name | Self::Status => Sql::Text(key),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Ascending,
    Descending,
}

/// Filters of a listing beside those that all have.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    pub(crate) status: Option<String>,
    /// The beginning of the name.
    pub(crate) prefix: String,
    /// Selects names of versions, GROUP/NUMBER, or names of others.
    pub(crate) versioned: Option<bool>,
}

/// Filters, order and length of a page.
#[derive(Clone, Debug)]
pub(crate) struct Query {
    pub(crate) kind: Kind,
    pub(crate) sort: Sort,
    pub(crate) order: Order,
    /// The key and the name of the row to begin after.
    pub(crate) after: Option<(String, String)>,
    /// The most rows.
    pub(crate) limit: usize,
    /// Part of the name.
    pub(crate) contains: String,
    /// The status, and the names of model packages.
    pub(crate) filter: Filter,
    /// After the one and before the other, in milliseconds since 1970.
    pub(crate) created: (i64, i64),
    pub(crate) modified: (i64, i64),
}

impl Store {
    /// A page, and whether there is more.
    pub(crate) async fn page(&self, query: Query) -> Result<(Vec<Resource>, bool), ApiError> {
        let limit = query.limit;
        let mut rows: Vec<Resource> = self
            .call(move |db| {
                let mut select = db.prepare_cached(&sql(&query))?;
                let (key, name) = query.after.unwrap_or_default();
                let one_more = i64::try_from(query.limit + 1).unwrap_or(i64::MAX);
                let rows = select.query_map(
                    params![
                        query.kind.as_str(),
                        query.contains,
                        query.filter.status,
                        query.created.0,
                        query.created.1,
                        query.modified.0,
                        query.modified.1,
                        one_more,
                        query.sort.value(key),
                        name,
                        query.filter.prefix,
                        query.filter.versioned,
                    ],
                    from_row,
                )?;
                Ok(rows.collect::<Result<_, _>>()?)
            })
            .await?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        Ok((rows, more))
    }
}

fn sql(query: &Query) -> String {
    let column = query.sort.column();
    let (follows, direction) = match query.order {
        Order::Ascending => (">", "ASC"),
        Order::Descending => ("<", "DESC"),
    };
    // The parameters are bound on the first page too.
    let after = match query.after {
        Some(_) => format!("({column}, name) {follows} (?9, ?10)"),
        None => "(?9 IS NOT NULL AND ?10 IS NOT NULL)".to_owned(),
    };
    format!(
        "{COLUMNS} WHERE kind = ?1 AND instr(name, ?2) > 0 AND (?3 IS NULL OR status = ?3)
         AND substr(name, 1, length(?11)) = ?11
         AND (?12 IS NULL OR (instr(name, '/') > 0) = ?12)
         AND created > ?4 AND created < ?5 AND modified > ?6 AND modified < ?7
         AND {after} ORDER BY {column} {direction}, name {direction} LIMIT ?8"
    )
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::json;

    use super::*;

    fn query(sort: Sort, order: Order) -> Query {
        Query {
            kind: Kind::Model,
            sort,
            order,
            after: None,
            limit: 2,
            contains: String::new(),
            filter: Filter::default(),
            created: (i64::MIN, i64::MAX),
            modified: (i64::MIN, i64::MAX),
        }
    }

    /// The names on each page.
    async fn pages(store: &Store, mut query: Query) -> Vec<String> {
        let mut pages = vec![];
        loop {
            let (rows, more) = store.page(query.clone()).await.unwrap();
            let names: Vec<&str> = rows.iter().map(|row| row.name.as_str()).collect();
            pages.push(names.concat());
            match rows.last().filter(|_| more) {
                Some(last) => query.after = Some((query.sort.key(last), last.name.clone())),
                None => return pages,
            }
        }
    }

    #[tokio::test]
    async fn pages_are_sorted_and_meet() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("sagemaker.db")).unwrap();
        for (name, status, created) in [
            ("b", "x", 1),
            ("a", "y", 1),
            ("c", "x", 0),
            ("d", "x", 2),
            ("e", "y", 3),
        ] {
            let mut row = Resource::new(Kind::Model, name, json!({}));
            row.status = status.into();
            row.created = Timestamp::from_millisecond(created).unwrap();
            store.insert(row, vec![], name.into()).await.unwrap();
        }
        let check = async |query: Query, expected: &[&str]| {
            assert_eq!(pages(&store, query.clone()).await, expected, "{query:?}");
        };
        check(query(Sort::Name, Order::Ascending), &["ab", "cd", "e"]).await;
        check(query(Sort::Name, Order::Descending), &["ed", "cb", "a"]).await;
        check(
            query(Sort::CreationTime, Order::Ascending),
            &["ca", "bd", "e"],
        )
        .await;
        check(query(Sort::Status, Order::Descending), &["ea", "dc", "b"]).await;
        let mut some = query(Sort::Name, Order::Ascending);
        some.filter.status = Some("x".into());
        check(some.clone(), &["bc", "d"]).await;
        some.created = (0, 2);
        check(some.clone(), &["b"]).await;
        some.contains = "z".into();
        check(some, &[""]).await;
    }
}
