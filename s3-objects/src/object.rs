//! One object.

use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use error_text::with_causes;
use s3_uri::S3Uri;

use crate::error::{Action, Error, Problem};
use crate::lines::{Line, Lines};

/// The body of an object, as it comes.
#[derive(Debug)]
pub struct Body {
    uri: S3Uri,
    stream: ByteStream,
    /// The length that S3 announced. Not every store does.
    length: u64,
}

/// Asks for an object.
///
/// # Errors
/// S3 does not deliver it.
pub async fn open(s3: &Client, uri: &S3Uri) -> Result<Body, Error> {
    let request = s3.get_object().bucket(&uri.bucket).key(&uri.key);
    let response = request.send().await;
    let response = response.map_err(|error| Action::Read.failed(uri, &error))?;
    let length = response.content_length.unwrap_or_default();
    Ok(Body {
        uri: uri.clone(),
        length: u64::try_from(length).unwrap_or_default(),
        stream: response.body,
    })
}

/// Reads a whole object.
///
/// # Errors
/// S3 does not deliver it.
pub async fn get(s3: &Client, uri: &S3Uri) -> Result<Vec<u8>, Error> {
    get_at_most(s3, uri, u64::MAX).await
}

/// Reads a whole object of up to `max` bytes.
///
/// # Errors
/// S3 does not deliver it, or it has more bytes.
pub async fn get_at_most(s3: &Client, uri: &S3Uri, max: u64) -> Result<Vec<u8>, Error> {
    open(s3, uri).await?.bytes(max).await
}

/// Writes an object, in the place of an earlier one.
///
/// # Errors
/// S3 does not take it.
pub async fn put(
    s3: &Client,
    uri: &S3Uri,
    content_type: &str,
    bytes: Vec<u8>,
) -> Result<(), Error> {
    let request = s3.put_object().bucket(&uri.bucket).key(&uri.key);
    let request = request.content_type(content_type).body(bytes.into());
    match request.send().await {
        Ok(_) => Ok(()),
        Err(error) => Err(Action::Write.failed(uri, &error)),
    }
}

impl Body {
    /// Returns the next bytes; `None` at the end.
    ///
    /// # Errors
    /// The connection broke.
    pub async fn next_piece(
        &mut self,
    ) -> Result<Option<impl AsRef<[u8]> + Send + 'static + use<>>, Error> {
        let piece = self.stream.try_next().await;
        piece.map_err(|error| Action::Read.unavailable(&self.uri, with_causes(&error)))
    }

    /// Hands each line to `each`, with its number from 1. Lines have up to `max_line` bytes.
    ///
    /// # Errors
    /// The first error of `each`, or that the connection broke.
    pub async fn each_line<E: From<Error>>(
        mut self,
        max_line: usize,
        mut each: impl FnMut(u64, Line<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let (mut lines, mut number, mut is_over) = (Lines::new(max_line), 0, false);
        while !is_over {
            match self.next_piece().await? {
                Some(piece) => lines.add(piece.as_ref()),
                None => {
                    lines.end();
                    is_over = true;
                }
            }
            while let Some(line) = lines.next_line() {
                number += 1;
                each(number, line)?;
            }
        }
        Ok(())
    }

    /// Reads all of it. A body that announces more than `max` bytes is not downloaded.
    async fn bytes(mut self, max: u64) -> Result<Vec<u8>, Error> {
        self.check_size(self.length, max)?;
        // Without the capacity a buffer that grows takes up to twice the object.
        let mut bytes = Vec::with_capacity(usize::try_from(self.length).unwrap_or_default());
        while let Some(piece) = self.next_piece().await? {
            bytes.extend_from_slice(piece.as_ref());
            self.check_size(bytes.len() as u64, max)?;
        }
        Ok(bytes)
    }

    fn check_size(&self, bytes: u64, max: u64) -> Result<(), Error> {
        if bytes <= max {
            return Ok(());
        }
        Err(Error {
            uri: self.uri.clone(),
            problem: Problem::TooLarge { bytes, max },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(length: u64, bytes: usize, max: u64) -> Result<usize, String> {
        let body = Body {
            uri: S3Uri::new("b", "k"),
            stream: ByteStream::from(vec![b'x'; bytes]),
            length,
        };
        let read = body.bytes(max).await;
        read.map(|bytes| bytes.len())
            .map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn an_object_up_to_the_limit_is_read_whole() {
        assert_eq!(read(4, 4, 4).await, Ok(4));
        assert_eq!(read(0, 0, 4).await, Ok(0));
    }

    #[tokio::test]
    async fn one_that_announces_too_much_is_not_read() {
        let text = "s3://b/k: the object has 9 bytes, and at most 4 are read";
        assert_eq!(read(9, 2, 4).await, Err(text.to_owned()));
    }

    #[tokio::test]
    async fn one_of_unknown_length_is_cut_off_at_the_limit() {
        let text = "s3://b/k: the object has 5 bytes, and at most 4 are read";
        assert_eq!(read(0, 5, 4).await, Err(text.to_owned()));
    }
}
