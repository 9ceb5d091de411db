//! `states.db`: state machines, executions, histories, and what running executions are continued from.
//!
//! One connection writes, in the engine's thread; any number read (SQLite's WAL mode lets them, and each sees whole
//! commits). `synchronous=FULL`: what was committed survives the loss of power too, not only of the process.

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
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, OpenFlags};

use super::error::{ApiError, OpenError};
use service::database;

/// Raised when the schema changes in a way that older files don't have.
const FORMAT: i64 = 4;

/// Opens the writing connection, and makes the file and its tables where they are missing.
pub(super) fn open_writer(path: &Path) -> Result<Connection, OpenError> {
    let failed = |error| OpenError::Database(path.to_owned(), error);
    let db = database::open(path).map_err(failed)?;
    configure(&db).map_err(failed)?;
    let format: i64 = db
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .map_err(failed)?;
    match format {
        FORMAT => {}
        0 => create(&db).map_err(failed)?,
        other => return Err(OpenError::Format(path.to_owned(), other, FORMAT)),
    }
    pending::create(&db).map_err(failed)?;
    Ok(db)
}

fn configure(db: &Connection) -> rusqlite::Result<()> {
    database::configure(db)?;
    // The first takes effect in a new file only, and only before anything else is written.
    db.execute_batch(
        "PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; \
         PRAGMA journal_size_limit=67108864;",
    )
}

fn create(db: &Connection) -> rusqlite::Result<()> {
    let schema = include_str!("schema.sql");
    db.execute_batch(&format!(
        "BEGIN; {schema} PRAGMA user_version={FORMAT}; COMMIT;"
    ))
}

/// Connections that only read. Cheap to clone.
#[derive(Clone)]
pub(super) struct Readers(Arc<Pool>);

struct Pool {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    pub(super) fn new(path: PathBuf) -> Self {
        Readers(Arc::new(Pool {
            path,
            idle: Mutex::default(),
        }))
    }

    /// Runs `query` on a connection of its own, off the async threads.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, ApiError> {
        let pool = Arc::clone(&self.0);
        let task = tokio::task::spawn_blocking(move || {
            let db = pool.take()?;
            let answer = query(&db);
            pool.give_back(db);
            answer
        });
        let answer = task
            .await
            .map_err(|e| ApiError::Internal(format!("a read failed: {e}")))?;
        Ok(answer?)
    }
}

impl Pool {
    fn take(&self) -> rusqlite::Result<Connection> {
        // A poisoned lock only means that another read panicked; the list of connections is still a list.
        let idle = self
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        idle.map_or_else(|| self.open(), Ok)
    }

    fn open(&self) -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = Connection::open_with_flags(&self.path, flags)?;
        database::configure(&db)?;
        // In KiB, below 0. There are several readers, and the system caches the file anyway.
        db.pragma_update(None, "cache_size", -512)?;
        Ok(db)
    }

    fn give_back(&self, db: Connection) {
        const KEPT: usize = 8;
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < KEPT {
            idle.push(db);
        }
    }
}
