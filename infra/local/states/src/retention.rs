//! Deletes executions after the retention period.

use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use super::error::{ApiError, OpenError};
use super::handle::{States, now};
use super::store::{self, gc};

/// The default retention period, as on AWS: 90 days.
pub const RETENTION: Duration = Duration::from_hours(90 * 24);

/// An execution can be redriven for 14 days.
const REDRIVABLE: Duration = Duration::from_hours(14 * 24);

/// The interval at which [`States::delete_old`] deletes expired executions.
const EVERY: Duration = Duration::from_hours(1);

/// The result of deleting expired executions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GcReport {
    /// The number of executions deleted.
    pub executions: u64,
    /// The number of bytes by which the database shrank.
    pub bytes: u64,
}

/// The work that remains.
enum Step {
    Executions { after: i64 },
    Interrupted,
    Machines,
    Shrink,
    Done,
}

/// A walk through the database, a step a transaction.
struct Sweep {
    /// Executions that ended before go.
    before: i64,
    swept: GcReport,
    step: Step,
}

impl Sweep {
    fn new(older_than: Duration) -> Self {
        Sweep {
            before: earlier(older_than),
            swept: GcReport::default(),
            step: Step::Executions { after: 0 },
        }
    }

    /// Takes a step; false when there is none left.
    fn advance(&mut self, db: &Connection) -> rusqlite::Result<bool> {
        self.step = match self.step {
            Step::Executions { after } => match gc::executions(db, self.before, after)? {
                Some((count, after)) => {
                    self.swept.executions += count as u64;
                    Step::Executions { after }
                }
                None => Step::Interrupted,
            },
            Step::Interrupted => {
                gc::interrupted(db, earlier(REDRIVABLE))?;
                Step::Machines
            }
            Step::Machines if gc::machine(db)? => Step::Machines,
            Step::Machines => Step::Shrink,
            Step::Shrink => {
                let before = gc::size(db)?;
                let more = gc::shrink(db)?;
                let given_back = before.saturating_sub(gc::size(db)?);
                self.swept.bytes += given_back;
                if more && given_back > 0 {
                    Step::Shrink
                } else {
                    Step::Done
                }
            }
            Step::Done => Step::Done,
        };
        Ok(!matches!(self.step, Step::Done))
    }
}

fn earlier(duration: Duration) -> i64 {
    let milliseconds = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
    now().saturating_sub(milliseconds)
}

impl States {
    /// Deletes executions that ended longer ago than `older_than`, with their histories, and the
    /// remains of deleted state machines; returns the space to the system. It works in many small
    /// transactions, so others proceed meanwhile.
    pub async fn gc(&self, older_than: Duration) -> Result<GcReport, ApiError> {
        let mut sweep = Sweep::new(older_than);
        loop {
            let step = move |db: &Connection| {
                let more = sweep.advance(db)?;
                Ok((sweep, more))
            };
            let (taken, more) = self.engine().write(step).await?;
            if !more {
                return Ok(taken.swept);
            }
            sweep = taken;
        }
    }

    /// Deletes executions after the retention period, until `stopped`
    /// resolves.
    pub async fn delete_old(self, stopped: impl Future<Output = ()>) {
        let retention = self.retention();
        let sweep = async {
            loop {
                match self.gc(retention).await {
                    Ok(swept) if swept.executions > 0 => {
                        tracing::info!(?swept, "old executions were deleted");
                    }
                    Ok(_) => {}
                    Err(error) => tracing::error!(%error, "old executions can't be deleted"),
                }
                tokio::time::sleep(EVERY).await;
            }
        };
        tokio::select! {
            () = sweep => {}
            () = stopped => {}
        }
    }
}

/// Deletes old executions as [`States::gc`] does, in a data directory that no stack runs on.
///
/// # Errors
/// The database can't be opened or written.
pub fn gc_offline(data_dir: &Path, older_than: Duration) -> Result<GcReport, OpenError> {
    let path = data_dir.join("states.db");
    if !path.exists() {
        return Ok(GcReport::default());
    }
    let mut db = store::open_writer(&path)?;
    let mut sweep = Sweep::new(older_than);
    let mut step = || {
        let transaction = db.transaction()?;
        let more = sweep.advance(&transaction)?;
        transaction.commit()?;
        Ok(more)
    };
    let failed = |cause| service::database::OpenError::Sqlite {
        path: path.clone(),
        cause,
    };
    while step().map_err(failed)? {}
    Ok(sweep.swept)
}
