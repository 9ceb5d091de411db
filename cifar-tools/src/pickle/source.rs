//! Reads the bytes of a pickle and counts them.

use super::Error;
use std::io::{BufRead, Read};

/// Lines (module names, memo indices of GET and PUT) are at most this long.
const LINE: u64 = 256;

pub(super) struct Source<R> {
    input: R,
    offset: u64,
}

impl<R: BufRead> Source<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input, offset: 0 }
    }

    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let mut bytes = [0; N];
        self.input
            .read_exact(&mut bytes)
            .map_err(|e| Error::from_read(self.offset, e))?;
        self.offset += N as u64;
        Ok(bytes)
    }

    pub(super) fn byte(&mut self) -> Result<u8, Error> {
        self.array::<1>().map(|[byte]| byte)
    }

    /// Reads an unsigned little-endian number of 1, 2, 4 or 8 bytes.
    pub(super) fn uint(&mut self, width: usize) -> Result<u64, Error> {
        match width {
            1 => self.byte().map(u64::from),
            2 => self.array().map(|b| u64::from(u16::from_le_bytes(b))),
            4 => self.array().map(|b| u64::from(u32::from_le_bytes(b))),
            _ => self.array().map(u64::from_le_bytes),
        }
    }

    /// Appends `len` bytes as they come, so that a false length allocates nothing ahead.
    pub(super) fn append(&mut self, len: u64, to: &mut Vec<u8>) -> Result<(), Error> {
        let read = (&mut self.input)
            .take(len)
            .read_to_end(to)
            .map_err(|e| Error::from_read(self.offset, e))?;
        self.offset += read as u64;
        if read as u64 == len {
            Ok(())
        } else {
            Err(Error::Truncated {
                offset: self.offset,
            })
        }
    }

    /// Reads a line without its newline, as GLOBAL, GET and PUT have them.
    pub(super) fn line(&mut self) -> Result<String, Error> {
        let mut line = Vec::new();
        let offset = self.offset;
        let read = (&mut self.input)
            .take(LINE)
            .read_until(b'\n', &mut line)
            .map_err(|e| Error::from_read(offset, e))?;
        self.offset += read as u64;
        match line.pop() {
            Some(b'\n') => String::from_utf8(line).map_err(|_| Error::Malformed {
                offset,
                why: "a name is not UTF-8",
            }),
            Some(_) if read as u64 == LINE => Err(Error::TooLong {
                offset,
                len: LINE,
                limit: LINE - 1,
            }),
            _ => Err(Error::Truncated {
                offset: self.offset,
            }),
        }
    }

    /// Lends the next `len` bytes to `borrow`, then skips those that it left unread.
    pub(super) fn lend<T, E: From<Error>>(
        &mut self,
        len: u64,
        borrow: impl FnOnce(&mut dyn BufRead) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut body = ExactTake {
            input: &mut self.input,
            left: len,
        };
        let result = borrow(&mut body)?;
        let end = body.skip_rest();
        let left = body.left;
        self.offset += len - left;
        end.map_err(|e| Error::from_read(self.offset, e))?;
        Ok(result)
    }
}

/// Reads exactly `left` bytes, like [`std::io::Take`], but an earlier end of the input is an error.
struct ExactTake<'a, R> {
    input: &'a mut R,
    left: u64,
}

impl<R: BufRead> ExactTake<'_, R> {
    fn skip_rest(&mut self) -> std::io::Result<()> {
        while self.left > 0 {
            let n = self.fill_buf()?.len();
            self.consume(n);
        }
        Ok(())
    }
}

impl<R: BufRead> BufRead for ExactTake<'_, R> {
    fn fill_buf(&mut self) -> std::io::Result<&[u8]> {
        if self.left == 0 {
            return Ok(&[]);
        }
        let buffer = self.input.fill_buf()?;
        if buffer.is_empty() {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        let n = buffer
            .len()
            .min(usize::try_from(self.left).unwrap_or(usize::MAX));
        Ok(&buffer[..n])
    }

    fn consume(&mut self, n: usize) {
        self.left -= n as u64;
        self.input.consume(n);
    }
}

impl<R: BufRead> Read for ExactTake<'_, R> {
    fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
        let n = self.fill_buf()?.read(to)?;
        self.consume(n);
        Ok(n)
    }
}
