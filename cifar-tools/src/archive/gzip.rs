//! The frame of a gzip file (RFC 1952): what is before and after the deflated bytes.
//!
//! `flate2` has a decoder for whole gzip files. Taking the frame apart here lets the checksum run on `crc32fast`,
//! which uses wider instructions.

use super::error::StreamError;
use crc32fast::Hasher;
use flate2::bufread::DeflateDecoder;
use std::io::{self, BufRead, Read};

const EXTRA: u8 = 4;
const NAME: u8 = 8;
const COMMENT: u8 = 16;
const HEADER_CRC: u8 = 2;
const DEFLATE: u8 = 8;

/// The longest field of a header that is read.
const FIELD: u64 = 1 << 16;

/// Inflates a gzip file of one member, and holds it against its checksum and length.
pub(super) struct Gzip<R> {
    inflate: DeflateDecoder<R>,
    crc: Hasher,
    length: u32,
    ended: bool,
}

impl<R: BufRead> Gzip<R> {
    /// Reads the header.
    pub(super) fn new(mut input: R) -> io::Result<Self> {
        header(&mut input)?;
        Ok(Self {
            inflate: DeflateDecoder::new(input),
            crc: Hasher::new(),
            length: 0,
            ended: false,
        })
    }

    fn check(&mut self) -> io::Result<()> {
        let mut trailer = [0; 8];
        self.inflate.get_mut().read_exact(&mut trailer)?;
        let [a, b, c, d, rest @ ..] = trailer;
        let is_right = u32::from_le_bytes([a, b, c, d]) == self.crc.clone().finalize();
        if is_right && u32::from_le_bytes(rest) == self.length {
            return Ok(());
        }
        Err(StreamError::Corrupt("its checksum or length is wrong".to_owned()).into())
    }
}

impl<R: BufRead> Read for Gzip<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        if self.ended || to.is_empty() {
            return Ok(0);
        }
        let n = self.inflate.read(to)?;
        self.crc.update(&to[..n]);
        self.length = self.length.wrapping_add(n as u32); // RFC 1952: modulo 2^32
        if n == 0 {
            self.check()?;
            self.ended = true;
        }
        Ok(n)
    }
}

fn header(input: &mut impl BufRead) -> io::Result<()> {
    if !input.fill_buf()?.starts_with(&[0x1f, 0x8b]) {
        return Err(StreamError::NotGzip.into());
    }
    let mut fixed = [0; 10];
    input.read_exact(&mut fixed)?;
    let [_, _, method, flags, ..] = fixed;
    if method != DEFLATE {
        return Err(StreamError::Corrupt("its compression is unknown".to_owned()).into());
    }
    if flags & EXTRA != 0 {
        let mut length = [0; 2];
        input.read_exact(&mut length)?;
        io::copy(
            &mut input.take(u16::from_le_bytes(length).into()),
            &mut io::sink(),
        )?;
    }
    for flag in [NAME, COMMENT] {
        if flags & flag != 0 {
            input.take(FIELD).read_until(0, &mut Vec::new())?;
        }
    }
    if flags & HEADER_CRC != 0 {
        input.read_exact(&mut [0; 2])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, GzBuilder};
    use proptest::prelude::*;
    use std::io::Write;

    fn pack(builder: GzBuilder, bytes: &[u8], level: u32) -> Vec<u8> {
        let mut gzip = builder.write(Vec::new(), Compression::new(level));
        gzip.write_all(bytes).unwrap();
        gzip.finish().unwrap()
    }

    fn unpack(bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut unpacked = Vec::new();
        Gzip::new(bytes)?.read_to_end(&mut unpacked)?;
        Ok(unpacked)
    }

    #[test]
    fn headers_with_all_fields_are_read() {
        let builder = GzBuilder::new()
            .filename("a.tar")
            .comment("a comment")
            .extra(vec![1; 300]);
        assert_eq!(unpack(&pack(builder, b"hello", 6)).unwrap(), b"hello");
    }

    #[test]
    fn a_wrong_checksum_or_length_is_an_error() {
        let whole = pack(GzBuilder::new(), b"hello", 6);
        for at in whole.len() - 8..whole.len() {
            let mut broken = whole.clone();
            broken[at] ^= 0x40;
            let error = unpack(&broken).unwrap_err().to_string();
            assert_eq!(error, "is corrupt (its checksum or length is wrong)");
        }
    }

    #[test]
    fn another_compression_is_an_error() {
        let mut bytes = pack(GzBuilder::new(), b"hello", 6);
        bytes[2] = 7;
        assert_eq!(
            unpack(&bytes).unwrap_err().to_string(),
            "is corrupt (its compression is unknown)"
        );
    }

    proptest! {
        #[test]
        fn what_is_packed_is_unpacked(bytes in prop::collection::vec(any::<u8>(), 0..5000), level in 0u32..10) {
            prop_assert_eq!(unpack(&pack(GzBuilder::new(), &bytes, level)).unwrap(), bytes);
        }

        #[test]
        fn any_bytes_end_in_bytes_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..500)) {
            let _ = unpack(&[b"\x1f\x8b\x08", &bytes[..]].concat());
        }
    }
}
