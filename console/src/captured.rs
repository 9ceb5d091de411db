//! Reading captured data from its end, and writing ground truth: lines are `monitor`'s, where they
//! are is told here.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use monitor::capture::{InvalidRecord, Record};
use monitor::ground_truth::GroundTruth;
use sha2::{Digest, Sha256};

use crate::Console;
use crate::aws::ApiError;
use crate::failure::Failure;
use s3_uri::S3Uri;

/// Bytes that are read at a time, and of a line at most: an endpoint takes requests of 6 MB, which
/// are a third longer as base64, and its answer stands beside.
const PIECE: usize = 1 << 20;
const MAX_LINE_BYTES: usize = 32 << 20;
/// Objects that are looked at for one page.
const OBJECTS: usize = 24;

/// A captured line, and where it is: its image is read again when it is asked for.
pub(crate) struct Captured {
    pub(crate) key: String,
    pub(crate) from: u64,
    pub(crate) length: usize,
    pub(crate) record: Result<Record, InvalidRecord>,
}

/// The position of a line; what comes before it is older.
pub(crate) struct LinePosition {
    pub(crate) key: String,
    pub(crate) from: u64,
}

impl Console {
    /// The last lines below a folder, the last first, of those before `before`.
    pub(crate) async fn captured(
        &self,
        below: &S3Uri,
        before: Option<&LinePosition>,
        limit: usize,
    ) -> Result<Vec<Captured>, ApiError> {
        let mut found = Vec::new();
        // The object that the last page ended in may have more.
        let mut keys: Vec<String> = before.iter().map(|position| position.key.clone()).collect();
        let older = before.map(|position| &*position.key);
        keys.extend(self.last_keys(below, older, OBJECTS).await?);
        for key in keys {
            let end = before
                .filter(|position| position.key == key)
                .map(|position| position.from);
            let uri = S3Uri {
                key,
                ..below.clone()
            };
            let mut lines = self.last_lines(&uri, end, limit - found.len()).await?;
            lines.reverse();
            found.append(&mut lines);
            if found.len() == limit {
                break;
            }
        }
        Ok(found)
    }

    /// The last lines of an object that begin before `end`, in their order.
    async fn last_lines(
        &self,
        uri: &S3Uri,
        end: Option<u64>,
        limit: usize,
    ) -> Result<Vec<Captured>, ApiError> {
        let mut lines = std::collections::VecDeque::new();
        let (mut read, mut begun) = (0u64, 0u64);
        let mut line: Vec<u8> = Vec::new();
        let mut keep = |from: u64, line: &[u8]| {
            if line.is_empty() || end.is_some_and(|end| from >= end) {
                return;
            }
            if lines.len() == limit {
                lines.pop_front();
            }
            lines.push_back((from, line.to_vec()));
        };
        while let Some(piece) = self.aws.object(uri, read, PIECE).await? {
            if piece.is_empty()
                || end.is_some_and(|end| begun >= end)
                || line.len() > MAX_LINE_BYTES
            {
                break;
            }
            read += piece.len() as u64;
            let mut rest = &piece[..];
            while let Some(at) = rest.iter().position(|byte| *byte == b'\n') {
                line.extend_from_slice(&rest[..at]);
                keep(begun, &line);
                begun += line.len() as u64 + 1;
                line.clear();
                rest = &rest[at + 1..];
            }
            line.extend_from_slice(rest);
        }
        keep(begun, &line);
        let captured = lines.into_iter().map(|(from, line)| Captured {
            key: uri.key.clone(),
            from,
            length: line.len(),
            record: Record::parse(&line),
        });
        Ok(captured.collect())
    }

    /// Reads one line again, by its position.
    pub(crate) async fn captured_line(
        &self,
        uri: &S3Uri,
        from: u64,
        length: usize,
    ) -> Result<Record, Failure> {
        let line = self
            .aws
            .object(uri, from, length.min(MAX_LINE_BYTES))
            .await?;
        let line =
            line.ok_or_else(|| Failure::Missing(format!("There is no object {}.", uri.key)))?;
        Record::parse(&line).map_err(|broken| Failure::Missing(broken.to_string()))
    }

    /// Returns the location of the ground truth of an endpoint.
    pub(crate) fn ground_truth(&self, endpoint: &str) -> Option<S3Uri> {
        let below = self.application.ground_truth.as_ref()?;
        Some(S3Uri {
            bucket: below.bucket.clone(),
            key: format!("{}/{endpoint}/", below.key.trim_end_matches('/')),
        })
    }

    /// Writes a label. It is an object of its own, which another label for the same id in the same
    /// hour replaces; of those of other hours the newest counts.
    pub(crate) async fn write_truth(
        &self,
        endpoint: &str,
        truth: &GroundTruth,
    ) -> Result<(), Failure> {
        let known = self.application.captured.iter().any(|uri| {
            let folder = uri.key.trim_end_matches('/');
            folder.rsplit('/').next() == Some(endpoint)
        });
        let below = self.ground_truth(endpoint).filter(|_| known);
        let below =
            below.ok_or_else(|| Failure::Invalid(format!("There is no endpoint {endpoint:?}.")))?;
        let hour = Timestamp::now().to_zoned(TimeZone::UTC);
        let hour = hour.strftime("%Y/%m/%d/%H");
        let digest = Sha256::digest(truth.id.as_bytes());
        let name: String = digest[..8]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let uri = S3Uri {
            key: format!("{}{hour}/console-{name}.jsonl", below.key),
            ..below
        };
        let mut line = Vec::new();
        truth.write(&mut line);
        self.aws
            .put_object(&uri, line.into(), "application/jsonlines")
            .await?;
        Ok(())
    }
}
