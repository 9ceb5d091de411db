//! The frame of a gzip file (RFC 1952): what is before and after the deflated bytes.
//!
//! Taking the frame apart here lets the bytes be inflated by the decoder that is fastest on photographs, and the
//! checksum run on `crc32fast`, which uses wide instructions.

use super::error::StreamError;
use super::inflate::{Inflate, Input};
use crc32fast::Hasher;
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
    inflate: Inflate<R>,
    crc: Hasher,
    length: u32,
    ended: bool,
}

impl<R: Read> Gzip<R> {
    /// Reads the header.
    pub(super) fn new(input: R) -> io::Result<Self> {
        let mut input = Input::new(input);
        header(&mut input)?;
        Ok(Self {
            inflate: Inflate::new(input)?,
            crc: Hasher::new(),
            length: 0,
            ended: false,
        })
    }

    /// The bytes that were inflated last.
    pub(super) fn bytes(&self) -> &[u8] {
        self.inflate.bytes()
    }

    /// Inflates the next bytes: none at the end, where the checksum and the length are right.
    pub(super) fn advance(&mut self) -> io::Result<()> {
        self.inflate.advance()?;
        let bytes = self.inflate.bytes();
        self.crc.update(bytes);
        self.length = self.length.wrapping_add(bytes.len() as u32); // RFC 1952: modulo 2^32
        if bytes.is_empty() && !self.ended {
            self.check()?;
            self.ended = true;
        }
        Ok(())
    }

    fn check(&mut self) -> io::Result<()> {
        let [a, b, c, d, rest @ ..] = self.inflate.trailer()?;
        let is_right = u32::from_le_bytes([a, b, c, d]) == self.crc.clone().finalize();
        if is_right && u32::from_le_bytes(rest) == self.length {
            return Ok(());
        }
        Err(StreamError::Corrupt("its checksum or length is wrong".to_owned()).into())
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
    use flate2::bufread::GzDecoder;
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
        let mut gzip = Gzip::new(bytes)?;
        loop {
            gzip.advance()?;
            if gzip.bytes().is_empty() {
                return Ok(unpacked);
            }
            unpacked.extend_from_slice(gzip.bytes());
        }
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
    fn bytes_behind_the_trailer_do_not_matter() {
        let whole = pack(GzBuilder::new(), b"hello", 6);
        for n in 0..20 {
            let longer = [&whole[..], &vec![0x1f; n]].concat();
            assert_eq!(unpack(&longer).unwrap(), b"hello", "{n} bytes");
        }
        assert_eq!(unpack(&[&whole[..], &whole].concat()).unwrap(), b"hello");
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

        /// `fdeflate` takes two reserved codes that `flate2` refuses: then it is the checksum that differs.
        #[test]
        fn a_changed_byte_is_an_error_where_it_is_one_to_flate2(
            bytes in prop::collection::vec(0u8..9, 0..5000),
            level in 0u32..10,
            at: prop::sample::Index,
            bits in 1u8..=255,
        ) {
            let mut packed = pack(GzBuilder::new(), &bytes, level);
            let at = 10 + at.index(packed.len() - 10);
            packed[at] ^= bits;
            let mut peer = Vec::new();
            let theirs = GzDecoder::new(&packed[..]).read_to_end(&mut peer);
            prop_assert_eq!(unpack(&packed).ok(), theirs.ok().map(|_| peer));
        }

        #[test]
        fn any_bytes_end_in_bytes_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..500)) {
            let _ = unpack(&[b"\x1f\x8b\x08", &bytes[..]].concat());
        }
    }
}
