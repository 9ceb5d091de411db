//! The SQLite database behind the store: one writing thread, and connections that read.
//!
//! Concurrent writes share one transaction, and so one sync to disk; each has a savepoint, so a
//! failed one leaves no trace. A write returns after the commit.
//!
//! While the database is open, `user_version` says so, which identifies a copy that lacks its
//! write-ahead log (see `recovery`). Closing the database moves everything into the one file.

use std::path::Path;
use std::sync::{Arc, mpsc};

use rusqlite::{Connection, ErrorCode, Savepoint, Transaction, TransactionBehavior};
use tokio::sync::{Notify, oneshot};

use super::error::Error;
use super::files::{FileId, Files, Stored};
use super::recovery::{self, CLOSED, OPEN};
use super::reserve::DiskReserve;
use service::database::{Readers, checkpoint, make_durable, open_file};

/// The maximum number of writes in one transaction.
const BATCH: usize = 64;

/// The database. Cheap to clone; the writing thread ends with the last clone.
#[derive(Clone)]
pub(super) struct Database {
    messages: mpsc::Sender<Message>,
    readers: Readers,
}

/// A message to the writing thread.
enum Message {
    Write(Job),
    /// A write that frees space, and so must not fail on a full disk.
    Delete(Job),
    /// Closes the database, and replies when everything is in the one file.
    Close(oneshot::Sender<()>),
}

/// A write in progress: its statements, and the effects to apply after the commit.
pub(super) struct Write<'a> {
    pub(super) sql: &'a Connection,
    after: &'a mut PostCommit,
}

impl Write<'_> {
    /// Removes the file after the commit.
    pub(super) fn remove_later(&mut self, file: FileId) {
        self.after.removed_files.push(file);
    }

    /// Hands the file to the row that this write adds: were it still ours when the transaction
    /// commits, dropping it at the wrong moment would leave a row without a file.
    pub(super) fn keep(&mut self, file: Stored) {
        self.after.added_files.push(file);
    }

    /// Wakes the dispatcher after the commit.
    pub(super) fn notify_later(&mut self) {
        self.after.has_events = true;
    }
}

#[derive(Default)]
struct PostCommit {
    removed_files: Vec<FileId>,
    added_files: Vec<Stored>,
    has_events: bool,
}

type Committed = Result<(), String>;
type Reply = Box<dyn FnOnce(&Committed) + Send>;
/// Does its work inside the transaction (`None`: there is none) and gives back how to answer after
/// the commit.
type Job = Box<dyn FnOnce(Option<&mut Transaction>, &mut PostCommit) -> Reply + Send>;

impl Database {
    /// Opens the database file, makes its tables, and starts the writing thread.
    pub(super) fn open(path: &Path, files: Files, outbox: Arc<Notify>) -> Result<Self, Error> {
        recovery::check(path, &files)?;
        // Before the first write: what an earlier stack reserved is room for it on a full disk.
        let reserve = DiskReserve::open(path.with_file_name("reserve"))?;
        let connection = open_file(path)?;
        make_durable(&connection)?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.execute_batch(include_str!("schema.sql"))?;
        add_columns(&connection)?;
        connection.pragma_update(None, "user_version", OPEN)?;
        checkpoint(&connection, "FULL")?;
        let (messages, queue) = mpsc::channel();
        let mut writer = Writer {
            connection,
            files,
            outbox,
            reserve,
        };
        std::thread::Builder::new()
            .name("s3-database".into())
            .spawn(move || writer.run(&queue))?;
        Ok(Self {
            messages,
            readers: Readers::new(path.to_owned()),
        })
    }

    /// Runs `work` in a transaction; returns when its changes are on disk. Where `work` fails,
    /// nothing is changed.
    pub(super) async fn write<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&mut Write) -> Result<T, Error> + Send + 'static,
    {
        self.send(Message::Write, work).await
    }

    /// Runs `work` as [`Self::write`] does, even on a full disk. For work that only removes rows.
    pub(super) async fn delete<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&mut Write) -> Result<T, Error> + Send + 'static,
    {
        self.send(Message::Delete, work).await
    }

    async fn send<T, F>(&self, message: fn(Job) -> Message, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&mut Write) -> Result<T, Error> + Send + 'static,
    {
        let (reply, receiver) = oneshot::channel();
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
                let _ = reply.send(outcome);
            })
        });
        self.messages
            .send(message(job))
            .map_err(|_| Error::Stopped)?;
        receiver.await.map_err(|_| Error::Stopped)?
    }

    /// Ends writing, and moves the write-ahead log into the database file, which is then complete.
    pub(super) async fn close(&self) {
        let (done, closed) = oneshot::channel();
        // An error means that the thread has ended already.
        if self.messages.send(Message::Close(done)).is_ok() {
            let _ = closed.await;
        }
    }

    /// Runs `work` on a connection that sees everything that was answered before.
    pub(super) async fn read<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    {
        self.readers.read(work).await
    }
}

impl Database {
    /// Runs `work` as [`Self::read`] does, on the calling thread: for the start, before there is a
    /// runtime.
    pub(super) fn read_now<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.readers.with(work)
    }
}

fn in_savepoint<T>(
    transaction: &mut Transaction,
    after: &mut PostCommit,
    work: impl FnOnce(&mut Write) -> Result<T, Error>,
) -> Result<T, Error> {
    // Some errors of SQLite end the whole transaction: nothing of this batch is committed then.
    if transaction.is_autocommit() {
        return Err(Error::Commit("an earlier write ended it".into()));
    }
    let savepoint: Savepoint = transaction.savepoint()?;
    let mut effects = PostCommit::default();
    let done = work(&mut Write {
        sql: &savepoint,
        after: &mut effects,
    })?;
    savepoint.commit()?;
    after.removed_files.append(&mut effects.removed_files);
    after.added_files.append(&mut effects.added_files);
    after.has_events |= effects.has_events;
    Ok(done)
}

/// The writing thread.
struct Writer {
    connection: Connection,
    files: Files,
    outbox: Arc<Notify>,
    reserve: DiskReserve,
}

impl Writer {
    /// Commits waiting jobs in batches, and replies.
    fn run(&mut self, queue: &mpsc::Receiver<Message>) {
        let mut closing = None;
        while closing.is_none()
            && let Ok(first) = queue.recv()
        {
            let mut jobs = Vec::new();
            for message in std::iter::once(first).chain(queue.try_iter().take(BATCH - 1)) {
                match message {
                    Message::Write(job) => jobs.push(job),
                    Message::Delete(job) => {
                        self.reserve.release_if_full();
                        jobs.push(job);
                    }
                    Message::Close(done) => {
                        closing = Some(done);
                        break;
                    }
                }
            }
            self.commit(jobs);
            self.reserve.keep();
        }
        if let Err(error) = self.close() {
            tracing::error!(%error, "the database of S3 objects could not be closed: \
                                     s3.sqlite-wal belongs to it");
        }
        if let Some(done) = closing {
            let _ = done.send(());
        }
    }

    fn commit(&mut self, jobs: Vec<Job>) {
        let mut after = PostCommit::default();
        let mut transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .inspect_err(|error| tracing::error!(%error, "no transaction could be begun"))
            .ok();
        let replies: Vec<Reply> = jobs
            .into_iter()
            .map(|job| job(transaction.as_mut(), &mut after))
            .collect();
        let committed = transaction.map_or(Ok(()), Transaction::commit);
        match &committed {
            Ok(()) => {
                after.added_files.into_iter().for_each(Stored::adopt);
                after
                    .removed_files
                    .into_iter()
                    .for_each(|file| self.files.remove(file));
                if after.has_events {
                    self.outbox.notify_one();
                }
            }
            // The commit is not on disk, so the files of its rows go.
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DiskFull) => {}
            // It may be: the next start finds out.
            Err(_) => after.added_files.into_iter().for_each(Stored::adopt),
        }
        let committed = committed.map_err(|error| error.to_string());
        for reply in replies {
            reply(&committed);
        }
    }

    fn close(&self) -> rusqlite::Result<()> {
        self.connection
            .pragma_update(None, "user_version", CLOSED)?;
        checkpoint(&self.connection, "TRUNCATE")
    }
}

/// Adds the columns that files of earlier versions lack.
fn add_columns(connection: &Connection) -> rusqlite::Result<()> {
    let has_column: bool = connection.query_row(
        "SELECT count(*) FROM pragma_table_info('uploads') WHERE name = 'disturbed'",
        [],
        |row| row.get(0),
    )?;
    if !has_column {
        connection
            .execute_batch("ALTER TABLE uploads ADD COLUMN disturbed INTEGER NOT NULL DEFAULT 0")?;
    }
    Ok(())
}
