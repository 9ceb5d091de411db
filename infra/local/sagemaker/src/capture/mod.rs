//! Data capture: what an endpoint was asked and what it answered, as SageMaker writes it to S3.
//!
//! A request pays for a channel's send. A task turns exchanges into lines ([`line`]) and appends
//! them to a spool file ([`spool`]); a full or old spool becomes an object. What reached the spool
//! outlives `kill -9`: the next start uploads it. Lost are at most the exchanges of the last
//! moments, which the task had not written yet (at most [`QUEUE`]). The spool is not synced: when
//! the machine loses power, what the operating system had not written goes too.

mod line;
mod settings;
mod spool;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

pub(super) use self::settings::Settings;
use self::spool::Spool;
use service::Objects;
use service::private;

/// Exchanges that wait for the task. When it falls so far behind, exchanges are dropped, and that
/// is logged.
const QUEUE: usize = 256;
/// A spool of this size becomes an object at once.
const FULL: u64 = 8 << 20;

/// One request and its answer.
#[derive(Clone, Debug)]
pub(super) struct Exchange {
    pub(super) variant: String,
    pub(super) at: Timestamp,
    pub(super) event_id: String,
    pub(super) inference_id: Option<String>,
    pub(super) input: Message,
    pub(super) output: Message,
}

/// A body and what it says it is.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) content_type: String,
    pub(super) body: Bytes,
}

/// The capture of one endpoint under one configuration. Dropping it, and all clones, writes out
/// what is left.
#[derive(Clone, Debug)]
pub(super) struct Capture {
    settings: Arc<Settings>,
    sender: mpsc::Sender<Exchange>,
    seen: Arc<AtomicU64>,
}

/// Location of captured data.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct S3Location {
    bucket: String,
    /// `{prefix}/{endpoint}/`.
    prefix: String,
}

impl S3Location {
    fn new(settings: &Settings, endpoint: &str) -> Self {
        let (bucket, prefix) = s3_uri::split(&settings.destination).unwrap_or_default();
        let prefix = match prefix.trim_end_matches('/') {
            "" => format!("{endpoint}/"),
            prefix => format!("{prefix}/{endpoint}/"),
        };
        Self {
            bucket: bucket.to_owned(),
            prefix,
        }
    }

    /// A name for it that can be a folder's.
    fn folder(&self) -> String {
        hex::encode(&Sha256::digest(format!("{}\n{}", self.bucket, self.prefix))[..8])
    }
}

/// Destination and spools of captured data.
pub(super) struct Destination {
    objects: Arc<dyn Objects>,
    place: S3Location,
    /// Folder of the spools.
    folder: PathBuf,
    interval: Duration,
}

/// The file beside the spools that says where they go: the next start may know nothing of their
/// configuration.
const PLACE: &str = "destination.json";

impl Destination {
    /// For an endpoint, with spools below `folder`.
    pub(super) fn new(
        settings: &Settings,
        endpoint: &str,
        objects: Arc<dyn Objects>,
        folder: &Path,
        interval: Duration,
    ) -> io::Result<Self> {
        let place = S3Location::new(settings, endpoint);
        let folder = folder.join(place.folder());
        private::create_dir_all(&folder)?;
        private::write(&folder.join(PLACE), &serde_json::to_vec(&place)?)?;
        Ok(Self {
            objects,
            place,
            folder,
            interval,
        })
    }

    /// For what an earlier process left in `folder`; `None` where that is not to be told.
    fn left(folder: PathBuf, objects: Arc<dyn Objects>) -> Option<Self> {
        let place = private::read(&folder.join(PLACE)).ok()?;
        Some(Self {
            objects,
            place: serde_json::from_slice(&place).ok()?,
            folder,
            interval: Duration::ZERO,
        })
    }
}

/// Uploads what an earlier process left below an endpoint's `folder`. To be done before that
/// endpoint captures again.
pub(super) async fn upload_left(folder: &Path, objects: &Arc<dyn Objects>) {
    let Ok(mut folders) = tokio::fs::read_dir(folder).await else {
        return;
    };
    while let Ok(Some(entry)) = folders.next_entry().await {
        if let Some(destination) = Destination::left(entry.path(), Arc::clone(objects)) {
            spool::upload_left(&destination).await;
        }
    }
}

impl Capture {
    /// Starts the task. `alive` is dropped when all is written.
    pub(super) fn start(
        settings: Settings,
        destination: Destination,
        alive: mpsc::Sender<()>,
    ) -> Self {
        let settings = Arc::new(settings);
        let (sender, receiver) = mpsc::channel(QUEUE);
        tokio::spawn(write(Arc::clone(&settings), destination, receiver, alive));
        Self {
            settings,
            sender,
            seen: Arc::new(AtomicU64::new(0)),
        }
    }

    /// Returns true if it has these settings.
    pub(super) fn is_by(&self, settings: &Settings) -> bool {
        *self.settings == *settings
    }

    /// Takes an exchange, if it is in the sample.
    pub(super) fn offer(&self, exchange: impl FnOnce() -> Exchange) {
        let number = self.seen.fetch_add(1, Ordering::Relaxed);
        if is_sampled(number, self.settings.sampling_percent)
            && self.sender.try_send(exchange()).is_err()
        {
            tracing::warn!("data capture fell behind: an exchange was not captured");
        }
    }
}

/// Returns true if the `number`th request is captured: the same ones in each run, spread like
/// random ones.
fn is_sampled(number: u64, percent: u8) -> bool {
    // SplitMix64 (Steele, Lea and Flood, 2014).
    let mut z = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (z ^ (z >> 31)) % 100 < u64::from(percent)
}

async fn write(
    settings: Arc<Settings>,
    destination: Destination,
    mut receiver: mpsc::Receiver<Exchange>,
    _alive: mpsc::Sender<()>,
) {
    let mut spools: Vec<Spool> = Vec::new();
    loop {
        let due = spools.iter().map(|spool| spool.due).min();
        let exchange = tokio::select! {
            exchange = receiver.recv() => exchange,
            () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                upload(&mut spools, &destination, |spool| spool.due <= Instant::now()).await;
                continue;
            }
        };
        let Some(exchange) = exchange else { break };
        if let Err(error) = append(&mut spools, &destination, &settings, &exchange).await {
            tracing::error!(%error, "an exchange could not be captured");
        }
        upload(&mut spools, &destination, |spool| spool.length >= FULL).await;
    }
    upload(&mut spools, &destination, |_| true).await;
}

async fn append(
    spools: &mut Vec<Spool>,
    destination: &Destination,
    settings: &Settings,
    exchange: &Exchange,
) -> std::io::Result<()> {
    let known = spools.iter().position(|s| s.variant == exchange.variant);
    let index = match known {
        Some(index) => index,
        None => {
            spools.push(Spool::create(destination, exchange).await?);
            spools.len() - 1
        }
    };
    spools[index].append(&line::line(exchange, settings)).await
}

/// Makes objects of the spools that `ready` picks.
async fn upload(
    spools: &mut Vec<Spool>,
    destination: &Destination,
    ready: impl Fn(&Spool) -> bool,
) {
    while let Some(index) = spools.iter().position(&ready) {
        let spool = spools.swap_remove(index);
        if let Err(error) = spool.upload(destination).await {
            tracing::error!(%error, "captured data stays in its spool file until the next start");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sampling_is_exact_at_the_ends_and_close_between() {
        let sampled = |percent| (0..10_000).filter(|&n| is_sampled(n, percent)).count();
        assert_eq!(sampled(0), 0);
        assert_eq!(sampled(100), 10_000);
        for percent in [1, 20, 50, 99] {
            let expected = usize::from(percent) * 100;
            assert!(sampled(percent).abs_diff(expected) < 200, "{percent}");
        }
    }
}
