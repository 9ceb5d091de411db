//! A reader for a small, safe subset of Python's pickle format.
//!
//! A pickle is a program for a stack machine, and the full machine can call any Python function.
//! This one builds numbers, strings, lists, tuples, dictionaries and numpy arrays, and nothing
//! else: every other opcode and every other callable is refused with its name and the byte where it
//! stands. Protocols 2 to 5 are read, as Python 2 and Python 3 write them; the format is described
//! in CPython's `Lib/pickletools.py`.
//!
//! Words used here:
//! - a *value* is a small handle; what it refers to lives in the [`Heap`], which has a budget;
//! - a *blob* is a string of at least [`BLOB`] bytes. It is never kept: it is handed to a
//!   [`BlobSink`] while it is read, so that an array of any size costs no memory.

mod context;
mod error;
mod heap;
mod machine;
mod numpy;
mod opcode;
mod source;
mod transcode;
pub mod write;

#[cfg(test)]
mod tests;

pub use context::Context;
pub use error::{Error, Unsupported};
pub use heap::{Array, Heap, Limits, Value};

use std::io::BufRead;

/// Strings of this many bytes or more go to the [`BlobSink`]: the pixels of one 32x32 RGB image.
pub const BLOB: u64 = 3072;

/// Takes the strings that are too long to keep, while they are read.
pub trait BlobSink {
    /// The error of the sink, and of the pickle around it.
    type Error: From<Error>;

    /// Reads as much of `body` as it wants; the rest is skipped.
    ///
    /// `context` shows the dictionary under construction. The length of `body` is known beforehand
    /// except for a Python 3 string that stands for bytes.
    ///
    /// # Errors
    /// The sink's own, or [`Error::Read`] made from what reading `body` returned.
    fn blob(&mut self, context: &Context<'_>, body: Blob<'_>) -> Result<(), Self::Error>;
}

/// A long string on its way through.
pub struct Blob<'a> {
    /// Offset of its first byte in the pickle.
    pub offset: u64,
    /// Its length in bytes, if the pickle states it.
    pub len: Option<u64>,
    /// The bytes. An end before `len` is an error of kind [`std::io::ErrorKind::UnexpectedEof`].
    pub body: &'a mut dyn BufRead,
}

/// A pickle that was read to its end.
#[derive(Debug)]
pub struct Pickle {
    /// The object that the pickle describes.
    pub root: Value,
    /// The heap that its values refer to.
    pub heap: Heap,
}

/// Reads one pickle from `input`, up to and including its STOP.
///
/// # Errors
/// [`Error`] for what is truncated, malformed, over `limits` or not in the subset; else what the
/// sink returns.
pub fn load<S: BlobSink>(
    input: impl BufRead,
    limits: Limits,
    sink: &mut S,
) -> Result<Pickle, S::Error> {
    machine::Machine::new(input, limits).run(sink)
}

/// Reads a pickle in which no blob is expected.
///
/// # Errors
/// As [`load`]; a blob is [`Error::TooLong`].
pub fn load_small(input: impl BufRead, limits: Limits) -> Result<Pickle, Error> {
    load(input, limits, &mut NoBlobs)
}

struct NoBlobs;

impl BlobSink for NoBlobs {
    type Error = Error;

    fn blob(&mut self, _: &Context<'_>, blob: Blob<'_>) -> Result<(), Error> {
        Err(Error::TooLong {
            offset: blob.offset,
            len: blob.len.unwrap_or(BLOB),
            limit: BLOB - 1,
        })
    }
}
