//! The bytes of an archive on their way from gzip to tar, counted.

use std::cell::Cell;
use std::io::{self, Read};

use flate2::read::GzDecoder;

use crate::limits::{HEADERS, RATIO, RATIO_FROM};

/// Counts the bytes read and holds the limit. It is shared with the caller, because the `tar` crate
/// does not give the reader back.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    packed: Cell<u64>,
    unpacked: Cell<u64>,
    /// The bytes that may be read before [`Meter::allow`] is called again.
    allowed: Cell<u64>,
}

impl Meter {
    /// Allows this many more bytes to be read.
    pub(crate) fn allow(&self, bytes: u64) {
        self.allowed.set(bytes);
    }

    /// The content of a gzip file, counted here.
    pub(crate) fn gunzip<R: Read>(&self, archive: R) -> Metered<'_, R> {
        Metered {
            gzip: GzDecoder::new(CountedGzip {
                archive,
                meter: self,
            }),
            meter: self,
        }
    }
}

/// Counts what goes into the decompression.
struct CountedGzip<'m, R> {
    archive: R,
    meter: &'m Meter,
}

impl<R: Read> Read for CountedGzip<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.archive.read(buffer)?;
        self.meter.packed.update(|packed| packed + read as u64);
        Ok(read)
    }
}

/// Counts what comes out of it, and ends it where that is too much.
pub(crate) struct Metered<'m, R: Read> {
    gzip: GzDecoder<CountedGzip<'m, R>>,
    meter: &'m Meter,
}

impl<R: Read> Read for Metered<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.gzip.read(buffer)?;
        let left = self.meter.allowed.get().checked_sub(read as u64);
        let Some(left) = left else {
            return Err(io::Error::other(format!(
                "the headers of an entry, or what follows the last, have more than {HEADERS} bytes"
            )));
        };
        self.meter.allowed.set(left);
        let unpacked = self.meter.unpacked.get() + read as u64;
        self.meter.unpacked.set(unpacked);
        if unpacked > RATIO_FROM && unpacked / RATIO > self.meter.packed.get() {
            return Err(io::Error::other(format!(
                "its content is more than {RATIO} times larger than it is"
            )));
        }
        Ok(read)
    }
}
