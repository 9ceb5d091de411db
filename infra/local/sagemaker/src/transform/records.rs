//! Splits an object into records, and puts records into mini-batches.
//!
//! <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_TransformInput.html>

use std::sync::Arc;

use bytes::{Buf, Bytes, BytesMut};
use service::Objects;

use crate::jobs::inputs::Input;

/// Bytes of an object that are read at once.
const CHUNK: usize = 1 << 20;
/// The first word of each part of a RecordIO record.
const RECORD_IO_MAGIC: u32 = 0xced7_230a;

/// `SplitType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Split {
    None,
    Line,
    RecordIo,
    TfRecord,
}

/// The size of the requests of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Batching {
    /// `BatchStrategy` SingleRecord.
    pub(super) single: bool,
    /// `MaxPayloadInMB`, in bytes.
    pub(super) max_payload: usize,
    /// `MaxConcurrentTransforms`.
    pub(super) max_concurrent: usize,
}

/// Reads an object batch by batch. At most a payload and a chunk of it are in memory.
pub(super) struct Batches {
    objects: Arc<dyn Objects>,
    input: Input,
    split: Split,
    batching: Batching,
    buffer: BytesMut,
    /// The position in the object at which the buffer ends.
    offset: u64,
    at_end: bool,
    finished: bool,
}

impl Batches {
    pub(super) fn new(
        objects: Arc<dyn Objects>,
        input: Input,
        split: Split,
        batching: Batching,
    ) -> Self {
        Self {
            objects,
            input,
            split,
            batching,
            buffer: BytesMut::new(),
            offset: 0,
            at_end: false,
            finished: false,
        }
    }

    /// Returns the next request's body; `None` at the end.
    ///
    /// # Errors
    ///
    /// A FailureReason: the object is missing, a record is malformed or larger than the payload.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, String> {
        if self.finished {
            return Ok(None);
        }
        if self.split == Split::None {
            self.finished = true;
            while !self.at_end && self.buffer.len() <= self.batching.max_payload {
                self.fill().await?;
            }
            if self.buffer.len() > self.batching.max_payload {
                return Err(self.too_large());
            }
            return Ok(Some(self.buffer.split().freeze()));
        }
        let mut end = 0;
        loop {
            let record = record_length(self.split, &self.buffer[end..], self.at_end);
            let record = record.map_err(|error| self.malformed(&error))?;
            let Some(length) = record else {
                if self.at_end {
                    break;
                }
                // Where the batch is full without it, the rest of a record is read next time.
                if end > 0 && self.buffer.len() > self.batching.max_payload {
                    break;
                }
                if self.buffer.len() - end > self.batching.max_payload {
                    return Err(self.too_large());
                }
                self.fill().await?;
                continue;
            };
            if length > self.batching.max_payload {
                return Err(self.too_large());
            }
            if self.batching.single {
                let record = self.buffer.split_to(length).freeze();
                return Ok(Some(payload(self.split, record)));
            }
            if end + length > self.batching.max_payload {
                break;
            }
            end += length;
        }
        if end == 0 {
            self.finished = true;
            return Ok(None);
        }
        Ok(Some(self.buffer.split_to(end).freeze()))
    }

    async fn fill(&mut self) -> Result<(), String> {
        let Input { bucket, key, .. } = &self.input;
        let piece = self.objects.piece(bucket, key, None, self.offset, CHUNK);
        let piece = piece
            .await
            .map_err(|error| format!("ClientError: {error}"))?;
        let piece =
            piece.ok_or_else(|| format!("ClientError: s3://{bucket}/{key} does not exist"))?;
        self.at_end = piece.is_empty();
        self.offset += piece.len() as u64;
        self.buffer.extend_from_slice(&piece);
        Ok(())
    }

    fn too_large(&self) -> String {
        let Input { bucket, key, .. } = &self.input;
        let record = if self.split == Split::None {
            ""
        } else {
            ": a record"
        };
        format!(
            "ClientError: Too much data for max payload size (s3://{bucket}/{key}{record} is \
             larger than MaxPayloadInMB={})",
            self.batching.max_payload >> 20
        )
    }

    fn malformed(&self, error: &str) -> String {
        let Input { bucket, key, .. } = &self.input;
        format!("ClientError: s3://{bucket}/{key}: {error}")
    }
}

/// Returns the length of the first record with its framing; `None` if it is not all there.
fn record_length(split: Split, bytes: &[u8], at_end: bool) -> Result<Option<usize>, String> {
    let found = match split {
        Split::None => at_end.then_some(bytes.len()),
        Split::Line => {
            let newline = bytes.iter().position(|byte| *byte == b'\n');
            newline.map_or(at_end.then_some(bytes.len()), |at| Some(at + 1))
        }
        Split::RecordIo => record_io_parts(bytes)?.map(|parts| {
            let last = parts.last().map_or(0, |(_, end)| *end);
            last.next_multiple_of(4)
        }),
        Split::TfRecord => {
            let length = bytes
                .first_chunk()
                .map(|length| u64::from_le_bytes(*length));
            match length.map(usize::try_from) {
                Some(Ok(length)) => length.checked_add(16),
                Some(Err(_)) => return Err("a TFRecord is longer than memory".to_owned()),
                None => None,
            }
        }
    };
    let found = found.filter(|length| *length > 0 && *length <= bytes.len());
    if found.is_none() && at_end && !bytes.is_empty() {
        return Err(format!("the last {split:?} record is cut off"));
    }
    Ok(found)
}

/// Returns where the data of each part of the first record is; `None` if it is not all there.
///
/// A part is the magic number, a word with a flag (0 whole, 1 first, 2 middle, 3 last) and the
/// length, and the data, padded to four bytes.
fn record_io_parts(bytes: &[u8]) -> Result<Option<Vec<(usize, usize)>>, String> {
    let mut parts = vec![];
    let mut at = 0;
    while let Some(mut header) = bytes.get(at..at + 8) {
        if header.get_u32_le() != RECORD_IO_MAGIC {
            return Err(
                "it is no RecordIO file: a record does not begin with 0xced7230a".to_owned(),
            );
        }
        let word = header.get_u32_le();
        let length = usize::try_from(word & 0x1fff_ffff).unwrap_or(usize::MAX);
        parts.push((at + 8, at + 8 + length));
        at = (at + 8 + length).next_multiple_of(4);
        if matches!(word >> 29, 0 | 3) {
            return Ok((at <= bytes.len()).then_some(parts));
        }
    }
    Ok(None)
}

/// Returns a record without its framing: "padding is removed if the value of BatchStrategy is set
/// to SingleRecord".
fn payload(split: Split, record: Bytes) -> Bytes {
    match split {
        Split::None => record,
        Split::Line => {
            let length = record.len() - usize::from(record.ends_with(b"\n"));
            record.slice(..length)
        }
        Split::TfRecord => record.slice(12..record.len() - 4),
        Split::RecordIo => {
            let parts = record_io_parts(&record).ok().flatten().unwrap_or_default();
            let parts: Vec<&[u8]> = parts.iter().map(|(from, to)| &record[*from..*to]).collect();
            // Where the data has the magic number, it was cut there.
            parts.join(&RECORD_IO_MAGIC.to_le_bytes()[..]).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record_io(flag: u32, data: &[u8]) -> Vec<u8> {
        let word = flag << 29 | u32::try_from(data.len()).unwrap();
        let mut record = [RECORD_IO_MAGIC.to_le_bytes(), word.to_le_bytes()].concat();
        record.extend_from_slice(data);
        record.resize(record.len().next_multiple_of(4), 0);
        record
    }

    fn tf_record(data: &[u8]) -> Vec<u8> {
        let length = (data.len() as u64).to_le_bytes();
        [&length[..], b"CRC1", data, b"CRC2"].concat()
    }

    /// The framings are those of dmlc-core's recordio.h and of TensorFlow's TFRecord guide.
    #[test]
    fn records_are_found_and_freed_of_their_padding() {
        let check = |split, bytes: &[u8], expected: &[u8]| {
            let length = record_length(split, bytes, false).unwrap().unwrap();
            let record = Bytes::copy_from_slice(&bytes[..length]);
            assert_eq!(payload(split, record), expected, "{split:?}");
            assert_eq!(record_length(split, &bytes[..length - 1], false), Ok(None));
        };
        check(Split::Line, b"a,b\r\nc", b"a,b\r");
        check(
            Split::TfRecord,
            &[tf_record(b"one"), tf_record(b"two")].concat(),
            b"one",
        );
        check(
            Split::RecordIo,
            &[record_io(0, b"one"), record_io(0, b"2")].concat(),
            b"one",
        );
        let parts = [record_io(1, b"on"), record_io(3, b"e")].concat();
        check(Split::RecordIo, &parts, b"on\x0a\x23\xd7\xcee");
    }

    #[test]
    fn broken_records_are_errors() {
        let check = |split, bytes: &[u8], expected: &str| {
            let error = record_length(split, bytes, true).unwrap_err();
            assert_eq!(error, expected);
        };
        check(
            Split::TfRecord,
            &tf_record(b"one")[..9],
            "the last TfRecord record is cut off",
        );
        check(
            Split::TfRecord,
            &[0xff; 20],
            "the last TfRecord record is cut off",
        );
        check(
            Split::RecordIo,
            b"no RecordIO",
            "it is no RecordIO file: a record does not begin with 0xced7230a",
        );
        assert_eq!(record_length(Split::Line, b"", true), Ok(None));
    }
}
