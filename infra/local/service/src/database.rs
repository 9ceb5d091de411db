//! SQLite, as every service of the stack uses it: one file a service, whose commits survive the
//! loss of power.
//!
//! [`open`] makes or opens a file of a known format. Calls share one connection ([`Database`]), or
//! one connection writes in a thread of the service's own and any number read ([`Readers`]): each
//! reader sees whole commits, as SQLite's WAL mode has it.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::private;

/// The number of prepared statements that a connection caches: more than any service has.
const STATEMENTS: usize = 128;
/// The maximum number of idle connections that [`Readers`] keeps.
const IDLE_READERS: usize = 8;

/// The format and the tables of a service's database file.
#[derive(Clone, Copy, Debug)]
pub struct Schema {
    /// Raised when the tables change in a way that older files don't have.
    pub format: i64,
    /// Settings that must be there before the first table.
    pub settings: &'static str,
    /// The statements that make the tables, run where the file is new.
    pub tables: &'static str,
}

/// A database that can't be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// SQLite refused, or the file system.
    #[error("{}: {cause}", path.display())]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// SQLite's error. The text above has it, so it is not the error's source too.
        cause: rusqlite::Error,
    },
    /// Another version of this program made the file.
    #[error(
        "{} has format {found} and this program reads format {expected}: use the program that \
         wrote it, or move the file away",
        path.display()
    )]
    Format {
        /// The file.
        path: PathBuf,
        /// The format that it has.
        found: i64,
        /// The format that it should have.
        expected: i64,
    },
}

/// Opens the database of a service, which is made where it is missing. What is committed is on
/// disk.
///
/// # Errors
/// The file can't be opened, is a link, or has another format.
pub fn open(path: &Path, schema: &Schema) -> Result<Connection, OpenError> {
    let failed = |cause| OpenError::Sqlite {
        path: path.to_owned(),
        cause,
    };
    let db = open_file(path).map_err(failed)?;
    match open_tables(&db, schema).map_err(failed)? {
        found if found == schema.format => Ok(db),
        found => Err(OpenError::Format {
            path: path.to_owned(),
            found,
            expected: schema.format,
        }),
    }
}

/// Makes the tables where the file is new; returns the format that it has.
fn open_tables(db: &Connection, schema: &Schema) -> rusqlite::Result<i64> {
    db.execute_batch(schema.settings)?;
    make_durable(db)?;
    let format: i64 = db.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if format != 0 {
        return Ok(format);
    }
    let Schema { format, tables, .. } = schema;
    db.execute_batch(&format!(
        "BEGIN; {tables} PRAGMA user_version={format}; COMMIT;"
    ))?;
    Ok(*format)
}

/// Makes commits of the connection survive the loss of power, and readers see whole ones.
///
/// # Errors
/// SQLite refuses.
pub fn make_durable(db: &Connection) -> rusqlite::Result<()> {
    db.execute_batch("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;")
}

/// Opens a database file, which is made where it is missing. SQLite gives its log and its shared
/// memory the same mode.
///
/// # Errors
/// The file can't be opened, or is a link.
pub fn open_file(path: &Path) -> rusqlite::Result<Connection> {
    if path.is_symlink() {
        return Err(cannot_open(&private::link(path)));
    }
    // Only a file that is new may be opened and closed here: closing one that SQLite has open takes
    // its locks away.
    match private::options().write(true).create_new(true).open(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            return Err(cannot_open(&error));
        }
        _ => {}
    }
    connect(path, OpenFlags::default())
}

fn connect(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    let db = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NOFOLLOW)?;
    configure(&db)?;
    Ok(db)
}

/// A connection that callers share, one at a time. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Database(Arc<Mutex<Connection>>);

impl Database {
    /// Opens the database of a service, as [`open`] does.
    ///
    /// # Errors
    /// Returns the errors of [`open`].
    pub fn open(path: &Path, schema: &Schema) -> Result<Self, OpenError> {
        Ok(Self(Arc::new(Mutex::new(open(path, schema)?))))
    }

    /// Runs `work` on a thread that may block on the disk.
    ///
    /// # Errors
    /// Returns the errors of `work`.
    pub async fn call<T, E>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<rusqlite::Error> + Send + 'static,
    {
        let database = self.clone();
        blocking(move || work(&mut database.lock())).await
    }

    /// Returns the connection, when nobody else has it; for the start, which may wait for the disk.
    pub fn lock(&self) -> MutexGuard<'_, Connection> {
        // A transaction that panicked was rolled back.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Connections that only read, made on demand and kept. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Readers(Arc<Pool>);

#[derive(Debug)]
struct Pool {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    /// Returns readers of the database at `path`, which opens when they read.
    pub fn new(path: PathBuf) -> Self {
        Self(Arc::new(Pool {
            path,
            idle: Mutex::default(),
        }))
    }

    /// Runs `work` on a connection that sees everything committed before, on a thread that may
    /// block on the disk.
    ///
    /// # Errors
    /// Returns the errors of `work`, or that the database can't be opened.
    pub async fn read<T, E>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<rusqlite::Error> + Send + 'static,
    {
        let readers = self.clone();
        blocking(move || readers.with(work)).await
    }

    /// Runs `work` as [`Self::read`] does, on the calling thread.
    ///
    /// # Errors
    /// Returns the errors of `work`, or that the database can't be opened.
    pub fn with<T, E: From<rusqlite::Error>>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        let idle = self.idle().pop();
        let db = match idle {
            Some(db) => db,
            None => self.open()?,
        };
        let done = work(&db);
        let mut idle = self.idle();
        if idle.len() < IDLE_READERS {
            idle.push(db);
        }
        done
    }

    fn open(&self) -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = connect(&self.0.path, flags)?;
        // In KiB, below 0. There are several readers, and the system caches the file anyway.
        db.pragma_update(None, "cache_size", -512)?;
        Ok(db)
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.0.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn blocking<T, E>(work: impl FnOnce() -> Result<T, E> + Send + 'static) -> Result<T, E>
where
    T: Send + 'static,
    E: From<rusqlite::Error> + Send + 'static,
{
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        // The runtime is shutting down, or `work` panicked.
        Err(error) => Err(rusqlite::Error::ToSqlConversionFailure(Box::new(error)).into()),
    }
}

fn cannot_open(error: &std::io::Error) -> rusqlite::Error {
    let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CANTOPEN);
    rusqlite::Error::SqliteFailure(code, Some(error.to_string()))
}

/// Makes a connection wait for the transactions of others, and keep its statements.
fn configure(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(Duration::from_secs(10))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // Without it SQLite (with SQLITE_ENABLE_STAT4, as it is bundled) compiles a statement anew for
    // each value that an index is asked for, and that takes longer than the statement:
    // <https://www.sqlite.org/qpsg.html>
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

/// Moves the transactions of the write-ahead log into the database file; `mode` is one of
/// <https://www.sqlite.org/pragma.html#pragma_wal_checkpoint>.
pub fn checkpoint(connection: &Connection, mode: &str) -> rusqlite::Result<()> {
    connection.pragma(None, "wal_checkpoint", mode, |_| Ok(()))
}

/// Moves the write-ahead log of each database in `data_dir` into its file, so that a copy of the
/// files without the logs is complete. For the databases that services keep open until the process
/// ends.
pub fn checkpoint_all(data_dir: &Path) {
    let entries = std::fs::read_dir(data_dir).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path());
    for path in paths.filter(|path| path.extension().is_some_and(|end| end == "db")) {
        let checkpointed = connect(&path, OpenFlags::SQLITE_OPEN_READ_WRITE)
            .and_then(|db| checkpoint(&db, "TRUNCATE"));
        if let Err(error) = checkpointed {
            let database = path.display();
            tracing::error!(%error, %database, "it could not be closed: the file that ends with \
                                                -wal belongs to it");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use rusqlite::StatementStatus;

    use super::*;

    #[test]
    fn a_database_is_the_users_alone_and_no_link() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("db");
        let db = open_file(&path).unwrap();
        db.execute_batch("PRAGMA journal_mode=WAL; CREATE TABLE t (k)")
            .unwrap();
        for name in ["db", "db-wal", "db-shm"] {
            let metadata = folder.path().join(name).metadata().unwrap();
            assert_eq!(metadata.permissions().mode() & 0o777, 0o600, "{name}");
        }
        drop(db);
        let (link, behind) = (folder.path().join("link"), folder.path().join("behind"));
        symlink(&path, &link).unwrap();
        symlink(folder.path(), &behind).unwrap();
        let message = open_file(&link).unwrap_err().to_string();
        assert!(message.contains("link is a symbolic link"), "{message}");
        assert!(open_file(&behind.join("db")).is_err());
    }

    #[test]
    fn a_copy_of_a_stopped_stack_is_whole_without_the_logs() {
        let data_dir = tempfile::tempdir().unwrap();
        let path = data_dir.path().join("states.db");
        let open = Connection::open(&path).unwrap();
        open.execute_batch("PRAGMA journal_mode=WAL; CREATE TABLE t (v); INSERT INTO t VALUES (1)")
            .unwrap();
        checkpoint_all(data_dir.path());
        let copy = data_dir.path().join("copy.db");
        std::fs::copy(&path, &copy).unwrap();
        let copy = Connection::open(copy).unwrap();
        let found: i64 = copy
            .query_row("SELECT v FROM t", [], |row| row.get(0))
            .unwrap();
        assert_eq!(found, 1);
        drop(open);
    }

    #[test]
    fn a_statement_is_compiled_once_for_all_values() {
        let db = Connection::open_in_memory().unwrap();
        configure(&db).unwrap();
        db.execute_batch("CREATE TABLE t (k TEXT, v INTEGER); CREATE INDEX by_k ON t (k)")
            .unwrap();
        db.execute_batch("INSERT INTO t VALUES ('a', 1), ('b', 2)")
            .unwrap();
        let sql = "SELECT v FROM t WHERE k = ?1 ORDER BY v LIMIT 1";
        for (key, value) in [("a", 1), ("b", 2), ("a", 1)] {
            let mut get = db.prepare_cached(sql).unwrap();
            let found: i64 = get.query_row([key], |row| row.get(0)).unwrap();
            assert_eq!(found, value);
            assert_eq!(get.get_status(StatementStatus::RePrepare), 0);
        }
    }

    #[test]
    fn a_file_has_the_format_of_the_program_that_made_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.db");
        let schema = Schema {
            format: 2,
            settings: "",
            tables: "CREATE TABLE t (v);",
        };
        for _ in 0..2 {
            let db = open(&path, &schema).unwrap();
            db.execute("INSERT INTO t VALUES (1)", []).unwrap();
        }
        let refused = open(
            &path,
            &Schema {
                format: 3,
                ..schema
            },
        )
        .unwrap_err();
        let text = "has format 2 and this program reads format 3: use the program that wrote it, \
                    or move the file away";
        assert_eq!(refused.to_string(), format!("{} {text}", path.display()));
    }

    #[tokio::test]
    async fn readers_see_what_was_committed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.db");
        let schema = Schema {
            format: 1,
            settings: "",
            tables: "CREATE TABLE t (v);",
        };
        let database = Database::open(&path, &schema).unwrap();
        let insert = |db: &mut Connection| db.execute("INSERT INTO t VALUES (1)", []);
        database.call(insert).await.unwrap();
        let count = |db: &Connection| db.query_row("SELECT count(*) FROM t", [], |row| row.get(0));
        let readers = Readers::new(path);
        let found: i64 = readers.read(count).await.unwrap();
        assert_eq!(found, 1);
        let write = |db: &Connection| db.execute("DELETE FROM t", []);
        assert!(readers.read(write).await.is_err());
    }
}
