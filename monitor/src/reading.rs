//! Streams the lines of many objects: one task downloads while a thread processes.

use std::ops::ControlFlow;
use std::sync::Arc;

use tokio::sync::mpsc;

use s3_objects::{Bucket, Error, Line, Lines, Problem};

/// The longest line: InvokeEndpoint takes 25 MB (26,214,400 bytes), of which base64 makes
/// 34,952,534 characters, and the answer may be as long.
pub(crate) const MAX_LINE: usize = 72 << 20;

/// Chunks that are queued for processing: the download waits if it is faster.
const QUEUE_LENGTH: usize = 8;

/// The location of a line.
#[derive(Clone, Debug)]
pub(crate) struct LineLocation {
    pub(crate) key: Arc<str>,
    /// From 1.
    pub(crate) line: u64,
}

enum Message {
    Begin(Arc<str>),
    Chunk(Box<dyn AsRef<[u8]> + Send>),
    End,
}

/// Passes each line of the `.jsonl` objects below `prefixes` to `each`, until it breaks.
///
/// `each` runs on a thread of its own, so it may block. Memory holds a few chunks and one line.
///
/// # Errors
/// A request to S3 failed. An object that disappears between listing and reading is no error.
pub(crate) async fn each_line<S: Send + 'static>(
    bucket: &Bucket,
    prefixes: impl Iterator<Item = String>,
    state: S,
    each: impl FnMut(&mut S, &LineLocation, Line<'_>) -> ControlFlow<()> + Send + 'static,
) -> Result<S, Error> {
    let (sender, receiver) = mpsc::channel(QUEUE_LENGTH);
    let work = tokio::task::spawn_blocking(move || work(receiver, state, each));
    let sent = send(bucket, prefixes, &sender).await;
    drop(sender);
    let state = work.await;
    sent?;
    Ok(state.unwrap_or_else(|panicked| std::panic::resume_unwind(panicked.into_panic())))
}

async fn send(
    bucket: &Bucket,
    prefixes: impl Iterator<Item = String>,
    sender: &mpsc::Sender<Message>,
) -> Result<(), Error> {
    for prefix in prefixes {
        let continues = bucket.keys(&prefix, async |key| {
            if key.ends_with(".jsonl") {
                send_object(bucket, key, sender).await
            } else {
                Ok(true)
            }
        });
        if !continues.await? {
            break;
        }
    }
    Ok(())
}

/// Returns true if the reader should continue.
async fn send_object(
    bucket: &Bucket,
    key: String,
    sender: &mpsc::Sender<Message>,
) -> Result<bool, Error> {
    let mut body = match bucket.open(&key).await {
        Err(error) if matches!(error.problem, Problem::NoSuchKey | Problem::NoSuchBucket) => {
            return Ok(true);
        }
        body => body?,
    };
    if sender.send(Message::Begin(key.into())).await.is_err() {
        return Ok(false);
    }
    while let Some(piece) = body.next_piece().await? {
        if sender.send(Message::Chunk(Box::new(piece))).await.is_err() {
            return Ok(false);
        }
    }
    Ok(sender.send(Message::End).await.is_ok())
}

fn work<S>(
    mut receiver: mpsc::Receiver<Message>,
    mut state: S,
    mut each: impl FnMut(&mut S, &LineLocation, Line<'_>) -> ControlFlow<()>,
) -> S {
    let mut lines = Lines::new(MAX_LINE);
    let mut location = LineLocation {
        key: "".into(),
        line: 0,
    };
    while let Some(message) = receiver.blocking_recv() {
        match message {
            Message::Begin(key) => {
                lines = Lines::new(MAX_LINE);
                location = LineLocation { key, line: 0 };
            }
            Message::Chunk(piece) => lines.add((*piece).as_ref()),
            Message::End => lines.end(),
        }
        while let Some(line) = lines.next_line() {
            location.line += 1;
            if each(&mut state, &location, line).is_break() {
                return state;
            }
        }
    }
    state
}
