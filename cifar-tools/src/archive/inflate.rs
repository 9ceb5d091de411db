//! Inflates raw deflate (RFC 1951), and finds where it ends.
//!
//! `fdeflate` decodes two literals at a time, which is most of what photographs deflate to. It is made for zlib
//! streams (RFC 1950): these begin with two bytes more, which it is given first, and end with a checksum of four bytes,
//! which it is told to ignore. In a gzip file the first four bytes of the trailer stand in that place.
//!
//! It reads ahead, and does not say how far. But when input is left at the end, it has filled its buffer of 7 whole
//! bytes before it took the checksum from there, and so read 3 bytes too many. Hence [`AHEAD`], which leaves some.

use std::io::{self, BufRead, Read};

/// Inflate so many bytes at a time.
const STEP: usize = 16 << 10;

/// Have so many bytes of input for a step, unless the file ends: more than it takes, which is two bytes for each byte
/// at most, and the headers of blocks.
const AHEAD: usize = 3 * STEP;

/// The input's buffer. With the window, it stays in the processor's second cache.
const BUFFER: usize = 192 << 10;

/// How far back a deflated stream may point.
const HISTORY: usize = 32 << 10;

const WINDOW: usize = 128 << 10;

/// The header of a zlib stream with a window of 32 KiB.
const ZLIB: [u8; 2] = [0x78, 0x01];

/// The bytes that `fdeflate` takes for a checksum, and those it reads after them.
const TAKEN: usize = 4 + 3;

/// The bytes of a file, many of them at once.
pub(super) struct Input<R> {
    reader: R,
    buffer: Box<[u8]>,
    at: usize,
    end: usize,
    ended: bool,
}

impl<R: Read> Input<R> {
    pub(super) fn new(reader: R) -> Self {
        Self {
            reader,
            buffer: vec![0; BUFFER].into_boxed_slice(),
            at: 0,
            end: 0,
            ended: false,
        }
    }

    /// Reads until there are [`AHEAD`] bytes, and keeps the last [`TAKEN`] ones.
    fn refill(&mut self) -> io::Result<()> {
        let keep = self.at.saturating_sub(TAKEN);
        self.buffer.copy_within(keep..self.end, 0);
        self.at -= keep;
        self.end -= keep;
        while self.end - self.at < AHEAD && !self.ended {
            match self.reader.read(&mut self.buffer[self.end..]) {
                Ok(n) => {
                    self.end += n;
                    self.ended = n == 0;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

impl<R: Read> BufRead for Input<R> {
    /// At least [`AHEAD`] bytes, or all to the end of the file.
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.end - self.at < AHEAD && !self.ended {
            self.refill()?;
        }
        Ok(&self.buffer[self.at..self.end])
    }

    fn consume(&mut self, n: usize) {
        self.at += n;
    }
}

impl<R: Read> Read for Input<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let n = self.fill_buf()?.read(to)?;
        self.consume(n);
        Ok(n)
    }
}

/// Inflates what is next in an [`Input`].
pub(super) struct Inflate<R> {
    input: Input<R>,
    decoder: fdeflate::Decompressor,
    window: Box<[u8]>,
    /// The bytes of the window that were inflated last.
    at: usize,
    end: usize,
}

impl<R: Read> Inflate<R> {
    pub(super) fn new(input: Input<R>) -> io::Result<Self> {
        let mut decoder = fdeflate::Decompressor::new();
        decoder.ignore_adler32();
        decoder.read(&ZLIB, &mut [], 0, false).map_err(corrupt)?;
        Ok(Self {
            input,
            decoder,
            window: vec![0; WINDOW].into_boxed_slice(),
            at: 0,
            end: 0,
        })
    }

    /// The bytes that were inflated last.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.window[self.at..self.end]
    }

    /// Inflates the next bytes: none at the end.
    pub(super) fn advance(&mut self) -> io::Result<()> {
        self.at = self.end;
        while self.at == self.end && !self.decoder.is_done() {
            self.step()?;
        }
        Ok(())
    }

    fn step(&mut self) -> io::Result<()> {
        if self.window.len() - self.end < STEP {
            self.window.copy_within(self.end - HISTORY..self.end, 0);
            (self.at, self.end) = (HISTORY, HISTORY);
        }
        let room = &mut self.window[..self.end + STEP];
        let step = self
            .decoder
            .read(self.input.fill_buf()?, room, self.end, false);
        let (read, inflated) = step.map_err(corrupt)?;
        self.input.consume(read);
        self.end += inflated;
        if read == 0 && inflated == 0 && !self.decoder.is_done() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(())
    }

    /// The bytes behind the end, once [`advance`](Self::advance) has come to it.
    pub(super) fn trailer(&mut self) -> io::Result<[u8; 8]> {
        let Input { at, end, ended, .. } = &mut self.input;
        if at == end {
            // Of the four bytes after the checksum, up to three were taken. How many, only matters if there are more.
            return Err(match *ended {
                true => io::ErrorKind::UnexpectedEof.into(),
                false => invalid("its last blocks are empty"),
            });
        }
        *at -= TAKEN;
        let mut trailer = [0; 8];
        self.input.read_exact(&mut trailer)?;
        Ok(trailer)
    }
}

fn corrupt(_: fdeflate::DecompressionError) -> io::Error {
    invalid("corrupt deflate stream")
}

fn invalid(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::bufread::DeflateDecoder;
    use flate2::write::DeflateEncoder;
    use proptest::prelude::*;
    use std::io::Write;

    const TRAILER: [u8; 8] = *b"checksum";

    /// Reads as pipes do: some bytes at a time, now and then none.
    struct Pipe<'a> {
        bytes: &'a [u8],
        step: usize,
        interrupted: bool,
    }

    impl Read for Pipe<'_> {
        fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
            self.interrupted = !self.interrupted;
            if self.interrupted {
                return Err(io::ErrorKind::Interrupted.into());
            }
            let n = to.len().min(self.step);
            self.bytes.read(&mut to[..n])
        }
    }

    type Inflated = Result<(Vec<u8>, [u8; 8]), String>;

    fn inflate(input: Input<impl Read>) -> Inflated {
        let all = || -> io::Result<_> {
            let mut inflate = Inflate::new(input)?;
            let mut bytes = Vec::new();
            loop {
                inflate.advance()?;
                if inflate.bytes().is_empty() {
                    return Ok((bytes, inflate.trailer()?));
                }
                bytes.extend_from_slice(inflate.bytes());
            }
        };
        all().map_err(|e| e.to_string())
    }

    fn pipe(bytes: &[u8], step: usize) -> Input<Pipe<'_>> {
        Input::new(Pipe {
            bytes,
            step,
            interrupted: false,
        })
    }

    fn peer(mut bytes: &[u8]) -> Inflated {
        let mut all = || -> io::Result<_> {
            let mut inflated = Vec::new();
            DeflateDecoder::new(&mut bytes).read_to_end(&mut inflated)?;
            let mut trailer = [0; 8];
            bytes.read_exact(&mut trailer)?;
            Ok((inflated, trailer))
        };
        all().map_err(|e| e.to_string())
    }

    fn deflate(parts: &[Vec<u8>], level: u32, flush: bool) -> Vec<u8> {
        let mut deflate = DeflateEncoder::new(Vec::new(), Compression::new(level));
        for part in parts {
            deflate.write_all(part).unwrap();
            if flush {
                deflate.flush().unwrap();
            }
        }
        deflate.finish().unwrap()
    }

    /// Bytes of so many bits each. Few seeds, so that parts come again.
    fn part() -> impl Strategy<Value = Vec<u8>> {
        (0u32..=8, 0usize..40_000, 1u64..4).prop_map(|(bits, len, mut seed)| {
            let byte = || {
                seed ^= seed << 13;
                seed ^= seed >> 7;
                seed ^= seed << 17;
                (seed >> 20) as u8 & ((1u32 << bits) - 1) as u8
            };
            std::iter::repeat_with(byte).take(len).collect()
        })
    }

    fn parts() -> impl Strategy<Value = Vec<Vec<u8>>> {
        prop::collection::vec(part(), 0..12)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn what_is_deflated_is_inflated_and_its_end_is_found(
            parts in parts(),
            (level, flush) in (0u32..10, any::<bool>()),
            step in 1usize..300_000,
            behind in 0usize..100_000,
        ) {
            let mut bytes = deflate(&parts, level, flush);
            bytes.extend(TRAILER);
            bytes.resize(bytes.len() + behind, 0x1f);
            let inflated = inflate(pipe(&bytes, step));
            prop_assert!(inflated == Ok((parts.concat(), TRAILER)));
            prop_assert!(inflated == peer(&bytes));
        }

        #[test]
        fn what_is_cut_off_ends_as_with_flate2(parts in parts(), level in 0u32..10, at: prop::sample::Index) {
            let mut bytes = deflate(&parts, level, false);
            bytes.extend(TRAILER);
            let bytes = &bytes[..at.index(bytes.len())];
            prop_assert_eq!(inflate(Input::new(bytes)), Err("unexpected end of file".to_owned()));
            prop_assert!(peer(bytes).is_err());
        }
    }

    #[test]
    fn the_end_is_found_behind_every_number_of_bits() {
        for n in 0..700 {
            let part: Vec<u8> = (0..n).map(|i| (i * i % 251) as u8).collect();
            for level in [0, 1, 9] {
                let bytes = [
                    &deflate(std::slice::from_ref(&part), level, false)[..],
                    &TRAILER,
                ]
                .concat();
                let expected = Ok((part.clone(), TRAILER));
                assert!(inflate(Input::new(&bytes[..])) == expected, "{n}, {level}");
            }
        }
    }

    /// The one place where the end is not found: no bytes are inflated from a whole buffer of input.
    #[test]
    fn empty_blocks_to_the_end_of_the_buffer_are_an_error() {
        let check = |left: usize, expected: Inflated| {
            let deflated = BUFFER - 4 - left;
            let mut bytes = vec![0; deflated % 5]; // read before, as the header of a gzip file is
            while bytes.len() < deflated - 5 {
                bytes.extend(b"\0\0\0\xff\xff");
            }
            bytes.extend(b"\x01\0\0\xff\xff");
            bytes.extend(TRAILER);
            bytes.resize(BUFFER + AHEAD, 0);
            let mut input = Input::new(&bytes[..]);
            input.read_exact(&mut vec![0; deflated % 5]).unwrap();
            assert_eq!(inflate(input), expected, "{left}");
        };
        for left in 0..4 {
            check(left, Err("its last blocks are empty".to_owned()));
        }
        for left in 4..10 {
            check(left, Ok((Vec::new(), TRAILER)));
        }
    }
}
