//! The inflated bytes of a gzip file, lent out where they were inflated.

use super::error::StreamError;
use super::gzip::Gzip;
use crate::progress::{Progress, Tick};
use std::io::{self, BufRead, Read};
use std::sync::atomic::{AtomicU64, Ordering};

/// Ten times the published archive: a gzip bomb ends here.
const UNPACKED: u64 = 2 << 30;

/// Reports how much was read of `input`, and stops when it is told to.
pub(super) struct Metered<'a, R, P> {
    pub(super) input: R,
    pub(super) total: Option<u64>,
    pub(super) read: u64,
    pub(super) images: &'a AtomicU64,
    pub(super) progress: &'a mut P,
}

impl<R: Read, P: Progress> Read for Metered<'_, R, P> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let n = self.input.read(to)?;
        self.read += n as u64;
        let images = self.images.load(Ordering::Relaxed);
        match (self.progress)(Tick {
            bytes: self.read,
            total: self.total,
            images,
        }) {
            std::ops::ControlFlow::Continue(()) => Ok(n),
            std::ops::ControlFlow::Break(()) => Err(StreamError::Stopped.into()),
        }
    }
}

/// Inflates a gzip file of one member. Its errors are [`StreamError`]s or those of the input.
pub(super) struct Inflated<R> {
    gzip: Gzip<R>,
    /// How many of the bytes that were inflated last are read.
    at: usize,
    unpacked: u64,
    limit: u64,
}

impl<R: Read> Inflated<R> {
    pub(super) fn new(input: R) -> io::Result<Self> {
        Self::at_most(input, UNPACKED)
    }

    /// So many bytes, and an error if there are more.
    fn at_most(input: R, limit: u64) -> io::Result<Self> {
        Ok(Self {
            gzip: Gzip::new(input).map_err(stream_error)?,
            at: 0,
            unpacked: 0,
            limit,
        })
    }

    fn refill(&mut self) -> io::Result<()> {
        self.at = 0;
        self.gzip.advance().map_err(stream_error)?;
        self.unpacked += self.gzip.bytes().len() as u64;
        if self.unpacked > self.limit {
            Err(StreamError::TooBig(self.limit).into())
        } else {
            Ok(())
        }
    }
}

/// What does not inflate is a corrupt archive; all else is the input's own error.
fn stream_error(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => StreamError::CutOff.into(),
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData if !is_stream_error(&error) => {
            StreamError::Corrupt(error.to_string()).into()
        }
        _ => error,
    }
}

fn is_stream_error(error: &io::Error) -> bool {
    error
        .get_ref()
        .is_some_and(|inner| inner.is::<StreamError>())
}

impl<R: Read> BufRead for Inflated<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.at == self.gzip.bytes().len() {
            self.refill()?;
        }
        Ok(&self.gzip.bytes()[self.at..])
    }

    fn consume(&mut self, n: usize) {
        self.at += n;
    }
}

impl<R: Read> Read for Inflated<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let n = self.fill_buf()?.read(to)?;
        self.consume(n);
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    #[test]
    fn a_gzip_bomb_ends_at_the_limit() {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
        gzip.write_all(&vec![0; 10 << 20]).unwrap();
        let bomb = gzip.finish().unwrap();
        assert!(bomb.len() < 20_000, "{}", bomb.len());
        let all = |limit| {
            let mut inflated = Inflated::at_most(&bomb[..], limit).unwrap();
            io::copy(&mut inflated, &mut io::sink())
        };
        assert_eq!(all(10 << 20).unwrap(), 10 << 20);
        let told = all((10 << 20) - 1).unwrap_err().to_string();
        assert_eq!(told, StreamError::TooBig((10 << 20) - 1).to_string());
    }
}
