//! The `aws-chunked` content encoding: chunks with sizes in hexadecimal, perhaps with signatures,
//! perhaps followed by trailers.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html> and
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html>:
//!
//! ```text
//! 10000;chunk-signature=ad80c730…\r\n
//! 65,536 bytes\r\n
//! 0;chunk-signature=b6c6ea8a…\r\n
//! x-amz-checksum-crc32c:sOO8/Q==\r\n
//! \r\n
//! ```
//!
//! Signatures are verified where the stack verifies the request's own, and else passed over.

use bytes::{Buf as _, Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue};

use service::signature::{Chunks, NotSigned};

/// The longest line that is not data: a chunk's size and signature, or a trailer.
const LONGEST_LINE: usize = 8 << 10;
/// More trailers than this are no checksum.
const MOST_TRAILERS: usize = 32;

/// The reason that a body contradicts its headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum ChunkedError {
    #[error("the aws-chunked body is malformed")]
    Malformed,
    #[error("the aws-chunked body ends early")]
    Incomplete,
    #[error("the aws-chunked body is not as long as x-amz-decoded-content-length says")]
    Length,
    #[error("the aws-chunked body is not the one that was signed")]
    NotSigned,
}

impl From<NotSigned> for ChunkedError {
    fn from(NotSigned: NotSigned) -> Self {
        Self::NotSigned
    }
}

/// Decodes a body that arrives in pieces.
pub(super) struct Decoder {
    state: State,
    /// The bytes received but not yet decoded.
    pending: BytesMut,
    /// The number of data bytes that remain in the chunk.
    remaining: u64,
    trailers: HeaderMap,
    /// Verifies the signatures of the chunks; `None` if the stack verifies none.
    signed: Option<Chunks>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// At the line with a chunk's size.
    Size,
    /// Within a chunk, with this number of bytes left.
    Data(u64),
    /// At the line break after a chunk.
    DataEnd,
    /// After the last chunk.
    Trailers,
    Done,
}

impl Decoder {
    /// `length` is `x-amz-decoded-content-length`.
    pub(super) fn new(length: u64, signed: Option<Chunks>) -> Self {
        Self {
            state: State::Size,
            pending: BytesMut::new(),
            remaining: length,
            trailers: HeaderMap::new(),
            signed,
        }
    }

    /// Takes what arrived.
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        self.pending.extend_from_slice(bytes);
    }

    /// The next data; `None` when more must arrive first.
    pub(super) fn next(&mut self) -> Result<Option<Bytes>, ChunkedError> {
        loop {
            match self.state {
                State::Data(left) => return self.data(left),
                State::Done if self.pending.is_empty() => return Ok(None),
                State::Done => return Err(ChunkedError::Malformed),
                State::Size | State::DataEnd | State::Trailers => match self.line()? {
                    Some(line) => self.state = self.after(&line)?,
                    None => return Ok(None),
                },
            }
        }
    }

    /// The trailers, after the last piece has arrived.
    pub(super) fn finish(mut self) -> Result<HeaderMap, ChunkedError> {
        // Some clients leave out the empty line after the trailers.
        let ended = match self.state {
            State::Done => true,
            State::Trailers => self.pending.is_empty(),
            State::Size | State::Data(_) | State::DataEnd => false,
        };
        match (ended, self.remaining) {
            (false, _) => return Err(ChunkedError::Incomplete),
            (true, 0) => {}
            (true, _) => return Err(ChunkedError::Length),
        }
        if let Some(signed) = &mut self.signed {
            signed.finish(&self.trailers)?;
        }
        Ok(self.trailers)
    }

    fn data(&mut self, left: u64) -> Result<Option<Bytes>, ChunkedError> {
        if self.pending.is_empty() {
            return Ok(None);
        }
        let here = usize::try_from(left).map_or(self.pending.len(), |n| n.min(self.pending.len()));
        let data = self.pending.split_to(here).freeze();
        if let Some(signed) = &mut self.signed {
            signed.update(&data);
        }
        let rest = left - here as u64;
        self.remaining = self
            .remaining
            .checked_sub(here as u64)
            .ok_or(ChunkedError::Length)?;
        self.state = match rest {
            0 => State::DataEnd,
            _ => State::Data(rest),
        };
        Ok(Some(data))
    }

    /// Takes a complete line, without its end.
    fn line(&mut self) -> Result<Option<Bytes>, ChunkedError> {
        let Some(end) = self.pending.iter().position(|&byte| byte == b'\n') else {
            return match self.pending.len() {
                0..=LONGEST_LINE => Ok(None),
                _ => Err(ChunkedError::Malformed),
            };
        };
        let mut line = self.pending.split_to(end).freeze();
        self.pending.advance(1);
        if line.last() == Some(&b'\r') {
            line.truncate(line.len() - 1);
        }
        Ok(Some(line))
    }

    fn after(&mut self, line: &[u8]) -> Result<State, ChunkedError> {
        match self.state {
            State::Size => self.chunk(line),
            State::DataEnd if line.is_empty() => {
                self.end_chunk()?;
                Ok(State::Size)
            }
            State::Trailers if line.is_empty() => Ok(State::Done),
            State::Trailers => self.trailer(line),
            State::DataEnd | State::Data(_) | State::Done => Err(ChunkedError::Malformed),
        }
    }

    fn chunk(&mut self, line: &[u8]) -> Result<State, ChunkedError> {
        let size = chunk_size(line)?;
        if let Some(signed) = &mut self.signed {
            signed.begin(line)?;
        }
        if size > 0 {
            return Ok(State::Data(size));
        }
        self.end_chunk()?;
        Ok(State::Trailers)
    }

    fn end_chunk(&mut self) -> Result<(), ChunkedError> {
        match &mut self.signed {
            Some(signed) => Ok(signed.end()?),
            None => Ok(()),
        }
    }

    fn trailer(&mut self, line: &[u8]) -> Result<State, ChunkedError> {
        let colon = line.iter().position(|&byte| byte == b':');
        let (name, value) = line.split_at(colon.ok_or(ChunkedError::Malformed)?);
        let name = HeaderName::from_bytes(name).map_err(|_| ChunkedError::Malformed)?;
        let value = HeaderValue::from_bytes(value[1..].trim_ascii())
            .map_err(|_| ChunkedError::Malformed)?;
        if self.trailers.len() >= MOST_TRAILERS {
            return Err(ChunkedError::Malformed);
        }
        self.trailers.append(name, value);
        Ok(State::Trailers)
    }
}

/// The size in a line such as `10000;chunk-signature=ad80c730…`.
fn chunk_size(line: &[u8]) -> Result<u64, ChunkedError> {
    let digits = line.split(|&byte| byte == b';').next().unwrap_or_default();
    // `from_str_radix` would take a sign.
    let digits = std::str::from_utf8(digits)
        .ok()
        .filter(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit()));
    digits
        .and_then(|text| u64::from_str_radix(text, 16).ok())
        .ok_or(ChunkedError::Malformed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The decoded bytes and the trailers of `body`, which arrives in pieces of `step` bytes.
    fn decode(body: &[u8], length: u64, step: usize) -> Result<(Vec<u8>, HeaderMap), ChunkedError> {
        let mut decoder = Decoder::new(length, None);
        let mut decoded = Vec::new();
        for piece in body.chunks(step) {
            decoder.feed(piece);
            while let Some(data) = decoder.next()? {
                decoded.extend_from_slice(&data);
            }
        }
        Ok((decoded, decoder.finish()?))
    }

    /// Decoded text, and trailers.
    type Decoded<'t> = (&'t str, &'t [(&'t str, &'t str)]);

    fn check(body: &str, length: u64, expect: Result<Decoded, ChunkedError>) {
        let decoded = decode(body.as_bytes(), length, 3).map(|(data, trailers)| {
            let trailers: Vec<_> = trailers
                .iter()
                .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
                .collect();
            (String::from_utf8(data).unwrap(), trailers)
        });
        let expect = expect.map(|(data, trailers)| {
            let owned = |&(name, value): &(&str, &str)| (name.to_owned(), value.to_owned());
            (data.to_owned(), trailers.iter().map(owned).collect())
        });
        assert_eq!(decoded, expect, "{body:?}");
    }

    #[test]
    fn decodes_bodies() {
        use ChunkedError::{Incomplete, Length, Malformed};
        check("0\r\n\r\n", 0, Ok(("", &[])));
        check("0\r\n", 0, Ok(("", &[])));
        check("5\r\nhello\r\n0\r\n\r\n", 5, Ok(("hello", &[])));
        check("2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", 5, Ok(("hello", &[])));
        check(
            "5;chunk-signature=ab\r\nhello\r\n0;chunk-signature=cd\r\n\r\n",
            5,
            Ok(("hello", &[])),
        );
        check("2\r\n\r\n\r\n0\r\n\r\n", 2, Ok(("\r\n", &[])));
        check(
            "1\r\na\r\n0\r\nx-amz-checksum-crc32:6Le+Qw==\r\n\r\n",
            1,
            Ok(("a", &[("x-amz-checksum-crc32", "6Le+Qw==")])),
        );
        check(
            "1\r\na\r\n0\r\nX-Amz-Checksum-Crc32: 6Le+Qw==\r\nb:c\r\n",
            1,
            Ok(("a", &[("x-amz-checksum-crc32", "6Le+Qw=="), ("b", "c")])),
        );
        check("", 0, Err(Incomplete));
        check("5\r\nhel", 5, Err(Incomplete));
        check("5\r\nhello\r\n", 5, Err(Incomplete));
        check("5\r\nhello\r\n0\r\n\r\n", 6, Err(Length));
        check("5\r\nhello\r\n0\r\n\r\n", 4, Err(Length));
        check("+5\r\nhello\r\n0\r\n\r\n", 5, Err(Malformed));
        check("5\r\nhello0\r\n\r\n", 5, Err(Malformed));
        check("0\r\n\r\nmore", 0, Err(Malformed));
        check("0\r\nno trailer\r\n\r\n", 0, Err(Malformed));
        check("11111111111111111\r\n", 5, Err(Malformed));
    }

    #[test]
    fn a_line_without_an_end_is_not_kept() {
        let endless = vec![b'a'; LONGEST_LINE + 2];
        assert_eq!(
            decode(&endless, 0, 1000).unwrap_err(),
            ChunkedError::Malformed
        );
    }

    proptest! {
        #[test]
        fn pieces_do_not_matter(chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..200), 0..6), step in 1..64_usize) {
            let mut body = Vec::new();
            for chunk in &chunks {
                body.extend_from_slice(format!("{:x};chunk-signature=00\r\n", chunk.len()).as_bytes());
                body.extend_from_slice(chunk);
                body.extend_from_slice(b"\r\n");
            }
            body.extend_from_slice(b"0\r\nx-amz-checksum-sha1:abc\r\n\r\n");
            let data = chunks.concat();
            let (decoded, trailers) = decode(&body, data.len() as u64, step).unwrap();
            prop_assert_eq!(decoded, data);
            prop_assert_eq!(trailers["x-amz-checksum-sha1"].as_bytes(), b"abc");
        }

        #[test]
        fn never_panics(body in prop::collection::vec(prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'0'), Just(b':'), any::<u8>()], 0..200), step in 1..20_usize) {
            let _ = decode(&body, 3, step);
        }
    }
}
