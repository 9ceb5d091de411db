//! `states.db`: state machines, executions, histories, and the state of running executions.
//!
//! One connection writes, in the engine's thread; any number read (in SQLite's WAL mode each sees
//! whole commits). With `synchronous=FULL`, commits survive a power failure, not only the end of
//! the process.

pub(super) mod activities;
pub(super) mod aliases;
pub(super) mod executions;
pub(super) mod gc;
pub(super) mod history;
pub(super) mod interrupted;
pub(super) mod live;
pub(super) mod machines;
pub(super) mod map_runs;
pub(super) mod pack;
pub(super) mod pending;
pub(super) mod tags;
pub(super) mod versions;

use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::error::{ApiError, OpenError};
use service::database::{self, Schema};

/// Raised when the schema changes in a way that older files don't have.
const FORMAT: i64 = 4;

/// Opens the writing connection, and makes the file and its tables where they are missing.
pub(super) fn open_writer(path: &Path) -> Result<Connection, OpenError> {
    let schema = Schema {
        format: FORMAT,
        // The first takes effect in a new file only, and only before anything else is written.
        settings: "PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_size_limit=67108864;",
        tables: include_str!("schema.sql"),
    };
    let db = database::open(path, &schema)?;
    pending::create(&db).map_err(|cause| database::OpenError::Sqlite {
        path: path.to_owned(),
        cause,
    })?;
    Ok(db)
}

/// Connections that only read. Cheap to clone.
#[derive(Clone)]
pub(super) struct Readers(database::Readers);

impl Readers {
    pub(super) fn new(path: PathBuf) -> Self {
        Self(database::Readers::new(path))
    }

    /// Runs `query` on a connection of its own, off the async threads.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, ApiError> {
        Ok(self.0.read(query).await?)
    }
}
