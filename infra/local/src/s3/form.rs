//! A browser's form upload without its signature.
//!
//! The policy of the form stays, and `s3s` holds the fields against it; only the signature over it, which nobody here
//! can verify (see `admit`), becomes a field that S3 ignores.

use bytes::{Bytes, BytesMut};
use futures::{Stream, StreamExt as _, stream};
use s3s::StdError;

/// Fields come before the file, which is the last one; policies and signatures are far smaller than this.
const LONGEST_HEAD: usize = 256 << 10;

/// The form with its signature renamed.
pub(super) fn unsigned(
    body: impl Stream<Item = Result<Bytes, axum::Error>> + Send + Unpin + 'static,
) -> impl Stream<Item = Result<Bytes, StdError>> + Send + 'static {
    let start = (body, Some(BytesMut::new()));
    stream::try_unfold(start, |(mut body, head)| async {
        let Some(mut head) = head else {
            let piece = body.next().await.transpose()?;
            return Ok(piece.map(|piece| (piece, (body, None))));
        };
        while !is_complete(&head) {
            match body.next().await {
                Some(piece) => head.extend_from_slice(&piece?),
                None => break,
            }
        }
        Ok(Some((rename(&head), (body, None))))
    })
}

fn is_complete(head: &[u8]) -> bool {
    head.len() > LONGEST_HEAD || find(head, b"name=\"file\"").is_some()
}

fn rename(head: &[u8]) -> Bytes {
    let end = find(head, b"name=\"file\"").unwrap_or(head.len());
    let mut renamed = head.to_vec();
    for name in [&b"name=\"x-amz-signature\""[..], b"name=\"signature\""] {
        if let Some(at) = find(&renamed[..end.min(renamed.len())], name) {
            renamed.splice(at..at + name.len(), *b"name=\"x-ignore-signature\"");
        }
    }
    renamed.into()
}

/// Where `wanted` begins, whatever the case of letters.
fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes
        .windows(wanted.len())
        .position(|window| window.eq_ignore_ascii_case(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(head: &str, expect: &str) {
        assert_eq!(rename(head.as_bytes()), expect.as_bytes(), "{head:?}");
    }

    #[test]
    fn renames_signatures_before_the_file() {
        check("", "");
        check("name=\"key\"", "name=\"key\"");
        check(
            "; name=\"X-Amz-Signature\"\r\n\r\nab\r\n",
            "; name=\"x-ignore-signature\"\r\n\r\nab\r\n",
        );
        check("name=\"Signature\"", "name=\"x-ignore-signature\"");
        check(
            "name=\"file\"\r\n\r\nname=\"signature\"",
            "name=\"file\"\r\n\r\nname=\"signature\"",
        );
    }
}
