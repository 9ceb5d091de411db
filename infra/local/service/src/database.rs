//! Opening SQLite databases, and what every connection of the stack is set to.

use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::private;

/// How many statements a connection keeps: more than any service has.
const STATEMENTS: usize = 128;

/// Opens a database, and makes it where it is missing. SQLite gives its log and its shared memory the same mode.
pub fn open(path: &Path) -> rusqlite::Result<Connection> {
    if path.is_symlink() {
        return Err(cannot_open(&private::link(path)));
    }
    // Only a file that is new may be opened and closed here: closing one that SQLite has open takes its locks away.
    match private::options().write(true).create_new(true).open(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            return Err(cannot_open(&error));
        }
        _ => {}
    }
    Connection::open_with_flags(path, OpenFlags::default() | OpenFlags::SQLITE_OPEN_NOFOLLOW)
}

fn cannot_open(error: &std::io::Error) -> rusqlite::Error {
    let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CANTOPEN);
    rusqlite::Error::SqliteFailure(code, Some(error.to_string()))
}

/// Makes a connection wait for the transactions of others, and keep its statements.
pub fn configure(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(Duration::from_secs(10))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // Without it SQLite (with SQLITE_ENABLE_STAT4, as it is bundled) compiles a statement anew for each value that an index is
    // asked for, and that takes longer than the statement: <https://www.sqlite.org/qpsg.html>
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

/// Moves the transactions of the write-ahead log into the database file; `mode` is one of
/// <https://www.sqlite.org/pragma.html#pragma_wal_checkpoint>.
pub fn checkpoint(connection: &Connection, mode: &str) -> rusqlite::Result<()> {
    connection.pragma(None, "wal_checkpoint", mode, |_| Ok(()))
}

/// Does so for each database in `data_dir` that a service leaves open until the process ends, so that a copy of the files
/// without the logs is a whole one.
pub fn checkpoint_all(data_dir: &Path) {
    let entries = std::fs::read_dir(data_dir).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path());
    for path in paths.filter(|path| path.extension().is_some_and(|end| end == "db")) {
        let checkpointed = open_existing(&path).and_then(|db| checkpoint(&db, "TRUNCATE"));
        if let Err(error) = checkpointed {
            let database = path.display();
            tracing::error!(%error, %database, "it could not be closed: the file that ends with -wal belongs to it");
        }
    }
}

fn open_existing(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let connection = Connection::open_with_flags(path, flags)?;
    configure(&connection)?;
    Ok(connection)
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
        let db = open(&path).unwrap();
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
        let told = open(&link).unwrap_err().to_string();
        assert!(told.contains("link is a symbolic link"), "{told}");
        assert!(open(&behind.join("db")).is_err());
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
}
