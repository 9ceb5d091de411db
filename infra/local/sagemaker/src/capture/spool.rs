//! A file of lines that is to become an object of the same name.
//!
//! The name is chosen once, so an upload that is repeated after a crash writes the same object
//! again.

use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio::fs::{self, File};
use tokio::io::AsyncWriteExt;
use tokio::time::Instant;

use super::{Destination, Exchange, PLACE};
use service::private;

/// Between the parts of a key in a file's name: variants and dates have none.
const SEPARATOR: &str = "@";

pub(super) struct Spool {
    pub(super) variant: String,
    pub(super) due: Instant,
    pub(super) length: u64,
    path: PathBuf,
    file: File,
}

impl Spool {
    pub(super) async fn create(destination: &Destination, first: &Exchange) -> io::Result<Self> {
        private::create_dir_all(&destination.folder)?;
        let key = key(&first.variant, first.at);
        let path = destination.folder.join(key.replace('/', SEPARATOR));
        let file = private::open(&path, private::options().create_new(true).append(true))?.into();
        Ok(Self {
            variant: first.variant.clone(),
            due: Instant::now() + destination.interval,
            length: 0,
            path,
            file,
        })
    }

    pub(super) async fn append(&mut self, line: &[u8]) -> io::Result<()> {
        self.file.write_all(line).await?;
        // To the operating system: from here on it outlives the process.
        self.file.flush().await?;
        self.length += line.len() as u64;
        Ok(())
    }

    pub(super) async fn upload(self, destination: &Destination) -> Result<(), String> {
        drop(self.file);
        upload(&self.path, destination).await
    }
}

/// `{variant}/yyyy/mm/dd/hh/mm-ss-mmm-uuid.jsonl`.
fn key(variant: &str, at: Timestamp) -> String {
    let time = at
        .to_zoned(TimeZone::UTC)
        .strftime("%Y/%m/%d/%H/%M-%S-%3f")
        .to_string();
    format!("{variant}/{time}-{}.jsonl", uuid::Uuid::new_v4())
}

/// Uploads a spool file's whole lines and removes it.
async fn upload(path: &Path, destination: &Destination) -> Result<(), String> {
    let named = |error: io::Error| format!("{}: {error}", path.display());
    let spool = path.to_owned();
    let read = tokio::task::spawn_blocking(move || private::read(&spool)).await;
    let mut bytes = read.map_err(|error| error.to_string())?.map_err(named)?;
    // A process that was killed may have left half a line.
    bytes.truncate(
        bytes
            .iter()
            .rposition(|&b| b == b'\n')
            .map_or(0, |end| end + 1),
    );
    if !bytes.is_empty() {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let key = format!(
            "{}{}",
            destination.place.prefix,
            name.replace(SEPARATOR, "/")
        );
        let body = Bytes::from(bytes);
        let put = destination.objects.put(
            &destination.place.bucket,
            &key,
            body,
            "application/jsonlines",
        );
        put.await.map_err(|error| format!("{key}: {error}"))?;
    }
    fs::remove_file(path).await.map_err(named)
}

/// Uploads what an earlier process left behind.
pub(super) async fn upload_left(destination: &Destination) {
    let Ok(mut folder) = fs::read_dir(&destination.folder).await else {
        return;
    };
    while let Ok(Some(entry)) = folder.next_entry().await {
        if entry.file_name() == PLACE {
            continue;
        }
        if let Err(error) = upload(&entry.path(), destination).await {
            tracing::error!(%error, "captured data stays in its spool file until the next start");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_laid_out_by_the_hour() {
        let key = key("AllTraffic", "2025-10-04T08:04:11.007Z".parse().unwrap());
        let (time, id) = key.split_at("AllTraffic/2025/10/04/08/04-11-007-".len());
        assert_eq!(time, "AllTraffic/2025/10/04/08/04-11-007-");
        let id = id.strip_suffix(".jsonl").unwrap();
        assert!(uuid::Uuid::parse_str(id).is_ok(), "{id}");
    }
}
