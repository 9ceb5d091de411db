//! Stands before the CSV parser, which would take a field of any length and a quote that is never
//! closed without a word.

use std::io::{self, Read};

use crate::Reason;

/// The state of the parser within a row. The transitions are those of the parser.
#[derive(Clone, Copy, Eq, PartialEq)]
enum State {
    FieldStart,
    Unquoted,
    Quoted,
    /// After a quote within quotes: it closes them, or the next quote makes it one of the text.
    Quote,
}

/// Passes bytes on until a row is too long or the input ends within quotes.
///
/// The error that it ends with holds a [`Reason`]; see [`reason_of`].
pub(super) struct Guard<R> {
    input: R,
    /// The first bytes, which were read to look for a byte order mark.
    start: Vec<u8>,
    state: State,
    row_bytes: usize,
    limit: usize,
    /// The error of the row after the bytes that were passed on.
    fault: Option<Reason>,
}

impl<R: Read> Guard<R> {
    /// Returns a guard of rows of up to `limit` bytes. A byte order mark is left out.
    pub(super) fn new(mut input: R, limit: usize) -> io::Result<Self> {
        let mut start = Vec::with_capacity(3);
        input.by_ref().take(3).read_to_end(&mut start)?;
        if start == "\u{feff}".as_bytes() {
            start.clear();
        }
        Ok(Self {
            input,
            start,
            state: State::FieldStart,
            row_bytes: 0,
            limit,
            fault: None,
        })
    }

    /// Returns how many of the bytes may be passed on: all, or the rows before a fault.
    fn look_at(&mut self, bytes: &[u8]) -> usize {
        let mut row_start = 0;
        for (index, byte) in bytes.iter().enumerate() {
            self.row_bytes += 1;
            self.state = match (self.state, byte) {
                (State::FieldStart | State::Quote, b'"') => State::Quoted,
                (State::Quoted, b'"') => State::Quote,
                (State::Quoted, _) => State::Quoted,
                (_, b',') => State::FieldStart,
                (_, b'\n' | b'\r') => {
                    self.row_bytes = 0;
                    row_start = index + 1;
                    State::FieldStart
                }
                _ => State::Unquoted,
            };
            if self.row_bytes > self.limit {
                self.fault = Some(Reason::TooLong(self.limit));
                return row_start;
            }
        }
        bytes.len()
    }
}

impl<R: Read> Read for Guard<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut length = 0;
        if self.fault.is_none() {
            length = if self.start.is_empty() {
                self.input.read(buffer)?
            } else {
                let length = self.start.len().min(buffer.len());
                buffer[..length].copy_from_slice(&self.start[..length]);
                self.start.drain(..length);
                length
            };
            let is_end = length == 0 && !buffer.is_empty();
            if is_end && self.state == State::Quoted {
                self.fault = Some(Reason::UnclosedQuote);
            }
            length = self.look_at(&buffer[..length]);
        }
        match &self.fault {
            Some(reason) if length == 0 => {
                Err(io::Error::new(io::ErrorKind::InvalidData, reason.clone()))
            }
            _ => Ok(length),
        }
    }
}

/// Returns what a guard found, of the error that came of it.
pub(super) fn reason_of(error: &io::Error) -> Option<&Reason> {
    error.get_ref()?.downcast_ref()
}
