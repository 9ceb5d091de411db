//! The inflated bytes of a gzip file, through one buffer.

use super::error::StreamError;
use crate::progress::{Progress, Tick};
use flate2::bufread::GzDecoder;
use std::io::{self, BufRead, BufReader, Read};
use std::sync::atomic::{AtomicU64, Ordering};

/// Read and inflate so many bytes at a time: they stay in the processor's second cache.
const BUFFER: usize = 128 << 10;

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
    decoder: GzDecoder<BufReader<R>>,
    buffer: Box<[u8]>,
    at: usize,
    end: usize,
    unpacked: u64,
}

impl<R: Read> Inflated<R> {
    pub(super) fn new(input: R) -> io::Result<Self> {
        let mut input = BufReader::with_capacity(BUFFER, input);
        if !input.fill_buf()?.starts_with(&[0x1f, 0x8b]) {
            return Err(StreamError::NotGzip.into());
        }
        let buffer = vec![0; BUFFER].into_boxed_slice();
        Ok(Self {
            decoder: GzDecoder::new(input),
            buffer,
            at: 0,
            end: 0,
            unpacked: 0,
        })
    }

    fn refill(&mut self) -> io::Result<()> {
        self.at = 0;
        self.end = self.decoder.read(&mut self.buffer).map_err(stream_error)?;
        self.unpacked += self.end as u64;
        if self.unpacked > UNPACKED {
            Err(StreamError::TooBig(UNPACKED).into())
        } else {
            Ok(())
        }
    }
}

/// What `flate2` calls invalid is a corrupt archive; all else is the input's own error.
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
        if self.at == self.end {
            self.refill()?;
        }
        Ok(&self.buffer[self.at..self.end])
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
