//! Inflates a gzip file, and lends out the inflated bytes without a copy.

use super::error::StreamError;
use crate::progress::{Progress, Tick};
use flate2::bufread::GzDecoder;
use std::io::{self, BufRead, BufReader, Read};
use std::sync::atomic::{AtomicU64, Ordering};

/// Ten times the published archive: a gzip bomb ends here.
const UNPACKED: u64 = 2 << 30;

/// Reports the bytes read of `input`, and stops when the progress closure says so.
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

/// The buffers before and behind the inflater. They stay in the processor's second cache.
const BUFFER: usize = 128 << 10;

/// Inflates a gzip file of one member. Its errors are [`StreamError`]s or those of the input.
pub(super) struct Inflated<R> {
    gzip: BufReader<GzDecoder<BufReader<R>>>,
    unpacked: u64,
    limit: u64,
}

impl<R: Read> Inflated<R> {
    pub(super) fn new(input: R) -> io::Result<Self> {
        Self::at_most(input, UNPACKED)
    }

    /// Inflates a file, and fails if it has more than this many bytes.
    fn at_most(input: R, limit: u64) -> io::Result<Self> {
        let mut input = BufReader::with_capacity(BUFFER, input);
        if input.fill_buf()?.is_empty() {
            return Err(StreamError::NotGzip.into());
        }
        Ok(Self {
            gzip: BufReader::with_capacity(BUFFER, GzDecoder::new(input)),
            unpacked: 0,
            limit,
        })
    }

    /// Returns the error of an archive that does not inflate, or the input's own.
    fn stream_error(&self, error: io::Error) -> io::Error {
        let is_stream_error = error
            .get_ref()
            .is_some_and(|inner| inner.is::<StreamError>());
        match error.kind() {
            io::ErrorKind::UnexpectedEof => StreamError::CutOff.into(),
            io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData if !is_stream_error => {
                if self.gzip.get_ref().header().is_some() {
                    StreamError::Corrupt(error.to_string()).into()
                } else {
                    StreamError::NotGzip.into()
                }
            }
            _ => error,
        }
    }
}

impl<R: Read> BufRead for Inflated<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.gzip.buffer().is_empty() {
            let filled = self.gzip.fill_buf().map(<[u8]>::len);
            self.unpacked += filled.map_err(|error| self.stream_error(error))? as u64;
            if self.unpacked > self.limit {
                return Err(StreamError::TooBig(self.limit).into());
            }
        }
        Ok(self.gzip.buffer())
    }

    fn consume(&mut self, n: usize) {
        self.gzip.consume(n);
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

    use flate2::write::GzEncoder;
    use flate2::{Compression, GzBuilder};

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
        let text = all((10 << 20) - 1).unwrap_err().to_string();
        assert_eq!(text, StreamError::TooBig((10 << 20) - 1).to_string());
    }

    fn packed() -> Vec<u8> {
        let builder = GzBuilder::new()
            .filename("a.tar")
            .comment("a comment")
            .extra(vec![1; 300]);
        let mut gzip = builder.write(Vec::new(), Compression::default());
        gzip.write_all(b"hello").unwrap();
        gzip.finish().unwrap()
    }

    fn unpack(bytes: &[u8]) -> Result<Vec<u8>, String> {
        let mut unpacked = Vec::new();
        let read = Inflated::new(bytes).and_then(|mut file| file.read_to_end(&mut unpacked));
        read.map(|_| unpacked).map_err(|error| error.to_string())
    }

    #[test]
    fn a_header_with_all_fields_is_read_and_bytes_behind_the_trailer_do_not_matter() {
        let file = packed();
        for behind in [&b""[..], b"1f8b", &file] {
            assert_eq!(unpack(&[&file, behind].concat()), Ok(b"hello".to_vec()));
        }
    }

    #[test]
    fn a_wrong_checksum_or_length_is_corrupt() {
        let file = packed();
        for at in file.len() - 8..file.len() {
            let mut broken = file.clone();
            broken[at] ^= 0x40;
            assert_eq!(
                unpack(&broken),
                Err(
                    "is corrupt (corrupt gzip stream does not have a matching checksum)".to_owned()
                )
            );
        }
    }

    #[test]
    fn another_compression_is_no_gzip_file() {
        let mut file = packed();
        file[2] = 7;
        assert_eq!(unpack(&file), Err("is not a gzip file".to_owned()));
    }
}
