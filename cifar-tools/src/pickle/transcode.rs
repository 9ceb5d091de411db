//! Decodes the Latin-1 text in which Python 3 writes bytes.
//!
//! Python 3 has no opcode for bytes in protocol 2: it writes `_codecs.encode(text, 'latin1')`, a
//! text in which each character up to U+00FF is one byte.

use std::io::{self, BufRead, Read};

const CHUNK: usize = 64 << 10;

/// Reads UTF-8 and yields Latin-1. A character above U+00FF is an error.
pub(super) struct Latin1<'a> {
    text: &'a mut dyn BufRead,
    buffer: Vec<u8>,
    at: usize,
    /// Bytes produced so far.
    pub(super) len: u64,
}

impl<'a> Latin1<'a> {
    pub(super) fn new(text: &'a mut dyn BufRead) -> Self {
        Self {
            text,
            buffer: Vec::with_capacity(CHUNK),
            at: 0,
            len: 0,
        }
    }

    /// Reads what was left, so that `len` is the length of all.
    pub(super) fn skip_rest(&mut self) -> io::Result<()> {
        while !self.fill_buf()?.is_empty() {
            self.consume(self.buffer.len() - self.at);
        }
        Ok(())
    }

    fn refill(&mut self) -> io::Result<()> {
        self.buffer.clear();
        self.at = 0;
        let chunk = self.text.fill_buf()?;
        let n = chunk.len().min(CHUNK);
        // A character of two bytes may straddle the chunk: its first byte is then taken on its own.
        let mut bytes = chunk[..n].iter();
        let mut lead = None;
        while let Some(&byte) = bytes.next() {
            match (byte, bytes.as_slice().first()) {
                (0..0x80, _) => self.buffer.push(byte),
                (0xc2 | 0xc3, Some(&next)) => {
                    bytes.next();
                    self.buffer.push(join(byte, next)?);
                }
                (0xc2 | 0xc3, None) => lead = Some(byte),
                _ => return Err(not_latin1()),
            }
        }
        self.text.consume(n);
        if let Some(lead) = lead {
            let mut next = [0];
            self.text.read_exact(&mut next)?;
            self.buffer.push(join(lead, next[0])?);
        }
        Ok(())
    }
}

fn join(lead: u8, next: u8) -> io::Result<u8> {
    if next & 0xc0 == 0x80 {
        Ok((lead << 6) | (next & 0x3f))
    } else {
        Err(not_latin1())
    }
}

fn not_latin1() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        "a text that stands for bytes holds other characters",
    )
}

impl BufRead for Latin1<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.at == self.buffer.len() {
            self.refill()?;
        }
        Ok(&self.buffer[self.at..])
    }

    fn consume(&mut self, n: usize) {
        self.at += n;
        self.len += n as u64;
    }
}

impl Read for Latin1<'_> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let n = self.fill_buf()?.read(to)?;
        self.consume(n);
        Ok(n)
    }
}
