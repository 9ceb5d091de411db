//! `sagemaker.db`: training jobs, models, endpoint configurations, endpoints and transform jobs.
//!
//! All kinds share one table: a resource is what it was created with, its status, and what has
//! become of it. What that is follows from the kind, and is the kind's own module's to read.

mod pages;
mod tags;

use std::path::Path;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

pub(super) use self::pages::{Filter, Order, Query, Sort};
use crate::error::ApiError;
use crate::kind::Kind;
use service::database::{Database, OpenError, Schema};

/// Raised when the schema changes in a way that older files don't have.
const FORMAT: i64 = 1;

/// A row.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Resource {
    pub(super) kind: Kind,
    pub(super) name: String,
    pub(super) status: String,
    pub(super) created: Timestamp,
    pub(super) modified: Timestamp,
    /// The body of the request that created it.
    pub(super) request: Value,
    pub(super) state: Value,
    pub(super) origin: Option<String>,
}

impl Resource {
    /// One that begins now.
    pub(super) fn new(kind: Kind, name: &str, request: Value) -> Self {
        let now = Timestamp::now();
        Self {
            kind,
            name: name.to_owned(),
            status: String::new(),
            created: now,
            modified: now,
            request,
            state: Value::Object(Default::default()),
            origin: None,
        }
    }

    /// Reads the state, whose type follows from the kind.
    pub(super) fn read_state<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        serde_json::from_value(self.state.clone()).map_err(|error| self.unreadable(&error))
    }

    pub(super) fn write_state(&mut self, state: &impl Serialize) -> Result<(), ApiError> {
        self.state = serde_json::to_value(state).map_err(|error| self.unreadable(&error))?;
        Ok(())
    }

    fn unreadable(&self, error: &serde_json::Error) -> ApiError {
        let (kind, name) = (self.kind.as_str(), &self.name);
        ApiError::Internal(format!("sagemaker.db: {kind}/{name}: {error}"))
    }
}

/// The database. Calls are transactions.
#[derive(Clone, Debug)]
pub(super) struct Store(Database);

impl Store {
    /// Opens or makes the file.
    pub(super) fn open(path: &Path) -> Result<Self, OpenError> {
        let schema = Schema {
            format: FORMAT,
            settings: "",
            tables: include_str!("schema.sql"),
        };
        Ok(Self(Database::open(path, &schema)?))
    }

    /// Adds a resource with its tags; `false` where there is one of that kind and name.
    pub(super) async fn insert(
        &self,
        resource: Resource,
        tags: Vec<(String, String)>,
        arn: String,
    ) -> Result<bool, ApiError> {
        self.call(move |db| {
            let added = insert(db, &resource)?;
            if added {
                tags::put(db, &arn, &tags)?;
            }
            Ok(added)
        })
        .await
    }

    pub(super) async fn get(&self, kind: Kind, name: &str) -> Result<Option<Resource>, ApiError> {
        let name = name.to_owned();
        self.call(move |db| Ok(get(db, kind, &name)?)).await
    }

    /// Changes a resource, unless `change` refuses. `None` where it is not there.
    pub(super) async fn change<T: Send + 'static>(
        &self,
        kind: Kind,
        name: &str,
        change: impl FnOnce(&mut Resource) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<Option<T>, ApiError> {
        let name = name.to_owned();
        self.call(move |db| {
            let Some(mut resource) = get(db, kind, &name)? else {
                return Ok(None);
            };
            let done = change(&mut resource)?;
            resource.modified = Timestamp::now();
            update(db, &resource)?;
            Ok(Some(done))
        })
        .await
    }

    /// Removes a resource and its tags; `false` where it was not there.
    pub(super) async fn remove(
        &self,
        kind: Kind,
        name: &str,
        arn: String,
    ) -> Result<bool, ApiError> {
        let name = name.to_owned();
        self.call(move |db| {
            tags::remove_all(db, &arn)?;
            Ok(remove(db, kind, &name)?)
        })
        .await
    }

    /// Returns true if a model package group has versions.
    pub(super) async fn has_versions(&self, group: &str) -> Result<bool, ApiError> {
        let prefix = format!("{group}/");
        self.call(move |db| {
            let sql = "SELECT EXISTS (SELECT 1 FROM resources
                       WHERE kind = ?1 AND substr(name, 1, length(?2)) = ?2)";
            let parameters = params![Kind::ModelPackage.as_str(), prefix];
            Ok(db.query_row(sql, parameters, |row| row.get(0))?)
        })
        .await
    }

    /// Runs `work` in a transaction, off the async threads.
    async fn call<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        self.0.call(|db| in_transaction(db, work)).await
    }

    /// The same where it may block: at the start.
    pub(super) fn now<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        in_transaction(&mut self.0.lock(), work)
    }
}

fn in_transaction<T>(
    db: &mut Connection,
    work: impl FnOnce(&Connection) -> Result<T, ApiError>,
) -> Result<T, ApiError> {
    let transaction = db.transaction()?;
    let done = work(&transaction)?;
    transaction.commit()?;
    Ok(done)
}

const COLUMNS: &str =
    "SELECT kind, name, status, created, modified, request, state, origin FROM resources";

pub(super) fn get(db: &Connection, kind: Kind, name: &str) -> rusqlite::Result<Option<Resource>> {
    db.prepare_cached(&format!("{COLUMNS} WHERE kind = ?1 AND name = ?2"))?
        .query_row(params![kind.as_str(), name], from_row)
        .optional()
}

/// All of a kind, by name.
pub(super) fn all(db: &Connection, kind: Kind) -> rusqlite::Result<Vec<Resource>> {
    db.prepare_cached(&format!("{COLUMNS} WHERE kind = ?1 ORDER BY name"))?
        .query_map(params![kind.as_str()], from_row)?
        .collect()
}

/// Returns the resources of a kind in a status, in the order of their creation.
pub(super) fn with_status(
    db: &Connection,
    kind: Kind,
    status: &str,
) -> rusqlite::Result<Vec<Resource>> {
    db.prepare_cached(&format!(
        "{COLUMNS} WHERE kind = ?1 AND status = ?2 ORDER BY created, name"
    ))?
    .query_map(params![kind.as_str(), status], from_row)?
    .collect()
}

pub(super) fn insert(db: &Connection, resource: &Resource) -> rusqlite::Result<bool> {
    let sql =
        "INSERT INTO resources (kind, name, status, created, modified, request, state, origin)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING";
    let added = db.prepare_cached(sql)?.execute(params![
        resource.kind.as_str(),
        resource.name,
        resource.status,
        resource.created.as_millisecond(),
        resource.modified.as_millisecond(),
        resource.request.to_string(),
        resource.state.to_string(),
        resource.origin,
    ])?;
    Ok(added == 1)
}

/// Writes what may change of a resource.
pub(super) fn update(db: &Connection, resource: &Resource) -> rusqlite::Result<()> {
    let sql =
        "UPDATE resources SET status = ?3, modified = ?4, request = ?5, state = ?6, origin = ?7
               WHERE kind = ?1 AND name = ?2";
    db.prepare_cached(sql)?.execute(params![
        resource.kind.as_str(),
        resource.name,
        resource.status,
        resource.modified.as_millisecond(),
        resource.request.to_string(),
        resource.state.to_string(),
        resource.origin,
    ])?;
    Ok(())
}

pub(super) fn remove(db: &Connection, kind: Kind, name: &str) -> rusqlite::Result<bool> {
    let sql = "DELETE FROM resources WHERE kind = ?1 AND name = ?2";
    let removed = db
        .prepare_cached(sql)?
        .execute(params![kind.as_str(), name])?;
    Ok(removed == 1)
}

fn from_row(row: &Row) -> rusqlite::Result<Resource> {
    let kind: String = row.get(0)?;
    Ok(Resource {
        kind: Kind::parse(&kind).ok_or_else(|| strange(0, format!("the kind {kind}")))?,
        name: row.get(1)?,
        status: row.get(2)?,
        created: time(row, 3)?,
        modified: time(row, 4)?,
        request: json(row, 5)?,
        state: json(row, 6)?,
        origin: row.get(7)?,
    })
}

fn time(row: &Row, column: usize) -> rusqlite::Result<Timestamp> {
    Timestamp::from_millisecond(row.get(column)?).map_err(|error| strange(column, error))
}

fn json(row: &Row, column: usize) -> rusqlite::Result<Value> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|error| strange(column, error))
}

/// A value that this program did not write.
fn strange(
    column: usize,
    error: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, error.into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn store() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("sagemaker.db")).unwrap();
        (folder, store)
    }

    #[tokio::test]
    async fn a_name_is_taken_once_per_kind() {
        let (_folder, store) = store();
        let model = Resource::new(Kind::Model, "m", json!({ "ModelName": "m" }));
        let config = Resource::new(Kind::EndpointConfig, "m", json!({}));
        let insert = async |resource: &Resource| {
            let tags = vec![("k".to_owned(), "v".to_owned())];
            store
                .insert(resource.clone(), tags, "arn".into())
                .await
                .unwrap()
        };
        assert!(insert(&model).await);
        assert!(!insert(&model).await);
        assert!(insert(&config).await);
        let found = store.get(Kind::Model, "m").await.unwrap().unwrap();
        assert_eq!(found.request, model.request);
        assert!(store.remove(Kind::Model, "m", "arn".into()).await.unwrap());
        assert!(!store.remove(Kind::Model, "m", "arn".into()).await.unwrap());
        assert_eq!(store.tags("arn").await.unwrap(), []);
    }

    #[tokio::test]
    async fn a_change_that_is_refused_changes_nothing() {
        let (_folder, store) = store();
        let job = Resource::new(Kind::TrainingJob, "j", json!({}));
        store.insert(job, vec![], "arn".into()).await.unwrap();
        let refuse = |job: &mut Resource| {
            job.status = "Failed".into();
            Err::<(), _>(ApiError::Validation("no".into()))
        };
        let refused = store.change(Kind::TrainingJob, "j", refuse).await;
        assert_eq!(refused, Err(ApiError::Validation("no".into())));
        let status = |job: Option<Resource>| job.map(|job| job.status);
        let found = store.get(Kind::TrainingJob, "j").await.unwrap();
        assert_eq!(status(found).as_deref(), Some(""));
        let none = store.change(Kind::TrainingJob, "x", |_| Ok(())).await;
        assert_eq!(none, Ok(None));
    }
}
