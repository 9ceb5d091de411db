//! The SQLite database behind the store: one thread that writes, connections that read.
//!
//! Writes that wait at the same moment share one transaction, and so one sync to disk; each has a savepoint of its
//! own, so that a refused one leaves nothing behind. A write is answered after the commit.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, mpsc};

use rusqlite::{Connection, OpenFlags, Savepoint, Transaction, TransactionBehavior};
use tokio::sync::{Notify, oneshot};

use super::error::Error;
use super::files::{FileId, Files};

/// The most writes that share a transaction.
const BATCH: usize = 64;

/// The most connections that are kept for reading.
const MOST_IDLE: usize = 8;

/// The database. Cheap to clone; the writing thread ends with the last clone.
#[derive(Clone)]
pub(super) struct Database {
    jobs: mpsc::Sender<Job>,
    readers: Arc<Readers>,
}

/// A write in progress: what it does to the database, and what must follow once it is durable.
pub(super) struct Write<'a> {
    pub(super) sql: &'a Connection,
    after: &'a mut After,
}

impl Write<'_> {
    /// Removes the file after the commit.
    pub(super) fn doom(&mut self, file: FileId) {
        self.after.doomed.push(file);
    }

    /// Wakes the dispatcher after the commit.
    pub(super) fn announce(&mut self) {
        self.after.announced = true;
    }
}

#[derive(Default)]
struct After {
    doomed: Vec<FileId>,
    announced: bool,
}

type Committed = Result<(), String>;
type Answer = Box<dyn FnOnce(&Committed) + Send>;
/// Does its work inside the transaction (`None`: there is none) and gives back how to answer after the commit.
type Job = Box<dyn FnOnce(Option<&mut Transaction>, &mut After) -> Answer + Send>;

impl Database {
    /// Opens the database file, makes its tables, and starts the writing thread.
    pub(super) fn open(path: &Path, files: Files, outbox: Arc<Notify>) -> Result<Self, Error> {
        let connection = connect(path, OpenFlags::default())?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.execute_batch(include_str!("schema.sql"))?;
        let (jobs, queue) = mpsc::channel();
        std::thread::Builder::new()
            .name("s3-database".into())
            .spawn(move || write_all(connection, &queue, &files, &outbox))?;
        Ok(Self {
            jobs,
            readers: Arc::new(Readers {
                path: path.into(),
                idle: Mutex::default(),
            }),
        })
    }

    /// Runs `work` in a transaction; returns when its changes are on disk. Where `work` fails, nothing is changed.
    pub(super) async fn write<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&mut Write) -> Result<T, Error> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |transaction, after| {
            let outcome = match transaction {
                Some(transaction) => in_savepoint(transaction, after, work),
                None => Err(Error::Stopped),
            };
            Box::new(move |committed| {
                let outcome = match committed {
                    Err(error) if outcome.is_ok() => Err(Error::Commit(error.clone())),
                    _ => outcome,
                };
                // Nobody waits any more: the write stands all the same.
                let _ = answer.send(outcome);
            })
        });
        self.jobs.send(job).map_err(|_| Error::Stopped)?;
        answered.await.map_err(|_| Error::Stopped)?
    }

    /// Runs `work` on a connection that sees everything that was answered before.
    pub(super) async fn read<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    {
        let readers = Arc::clone(&self.readers);
        tokio::task::spawn_blocking(move || readers.with(work))
            .await
            .map_err(|_| Error::Stopped)?
    }
}

impl Database {
    /// The same before there is an executor to run it on; blocks.
    pub(super) fn read_now<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.readers.with(work)
    }
}

fn in_savepoint<T>(
    transaction: &mut Transaction,
    after: &mut After,
    work: impl FnOnce(&mut Write) -> Result<T, Error>,
) -> Result<T, Error> {
    let savepoint: Savepoint = transaction.savepoint()?;
    let mut mine = After::default();
    let done = work(&mut Write {
        sql: &savepoint,
        after: &mut mine,
    })?;
    savepoint.commit()?;
    after.doomed.append(&mut mine.doomed);
    after.announced |= mine.announced;
    Ok(done)
}

/// The writing thread: takes what waits, commits it at once, answers.
fn write_all(
    mut connection: Connection,
    queue: &mpsc::Receiver<Job>,
    files: &Files,
    outbox: &Notify,
) {
    while let Ok(first) = queue.recv() {
        let jobs = std::iter::once(first).chain(queue.try_iter().take(BATCH - 1));
        let mut after = After::default();
        let mut transaction = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .inspect_err(|error| tracing::error!(%error, "no transaction could be begun"))
            .ok();
        let answers: Vec<Answer> = jobs
            .map(|job| job(transaction.as_mut(), &mut after))
            .collect();
        let committed = transaction
            .map_or(Ok(()), Transaction::commit)
            .map_err(|error| error.to_string());
        if committed.is_ok() {
            after.doomed.into_iter().for_each(|file| files.remove(file));
            if after.announced {
                outbox.notify_one();
            }
        }
        for answer in answers {
            answer(&committed);
        }
    }
}

/// Connections for reading, made on demand and kept.
struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    fn with<T>(&self, work: impl FnOnce(&Connection) -> Result<T, Error>) -> Result<T, Error> {
        let idle = self.lock().pop();
        let connection = match idle {
            Some(connection) => connection,
            None => connect(&self.path, OpenFlags::SQLITE_OPEN_READ_ONLY)?,
        };
        let done = work(&connection);
        let mut idle = self.lock();
        if idle.len() < MOST_IDLE {
            idle.push(connection);
        }
        done
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn connect(path: &Path, flags: OpenFlags) -> Result<Connection, rusqlite::Error> {
    let connection = Connection::open_with_flags(path, flags)?;
    crate::database::configure(&connection)?;
    Ok(connection)
}
