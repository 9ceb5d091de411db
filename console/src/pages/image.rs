//! Objects of S3: the picture that an execution is about (as the model saw it, or else as it lies
//! in S3), and texts.

use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Deserialize;

use crate::Console;
use crate::classification::Classification;
use crate::failure::Failure;
use s3_uri::S3Uri;

/// A photograph is shown whole or not at all.
const MAX_BYTES: usize = 32 << 20;

#[derive(Deserialize)]
struct ExecutionQuery {
    arn: String,
}

/// The object that a link names.
#[derive(Deserialize)]
struct ObjectQuery {
    bucket: String,
    key: String,
}

impl ObjectQuery {
    fn uri(self) -> S3Uri {
        S3Uri::new(self.bucket, self.key)
    }
}

pub(super) fn router() -> Router<Console> {
    Router::new()
        .route("/execution/image", get(of_execution))
        .route("/object/image", get(of_object))
        .route("/object/text", get(text_of_object))
}

async fn of_execution(
    State(console): State<Console>,
    Query(of): Query<ExecutionQuery>,
) -> Result<Response, Failure> {
    let execution = console.describe(&of.arn).await?;
    let read = |member: &str| Classification::read(execution[member].as_str());
    let has_image = |about: &Classification| about.image_data.is_some();
    // The output of one that succeeded has all; the history of the others is read.
    let about = match read("Output").filter(has_image) {
        Some(about) => Some(about),
        None => Classification::of(&execution, &console.history(&of.arn).await?),
    };
    let about = about.ok_or_else(|| Failure::Missing("The execution is about no image.".into()))?;
    if let Some(data) = &about.image_data
        && let Ok(bytes) = STANDARD.decode(data)
    {
        return picture(bytes.into());
    }
    match about.uri {
        Some(uri) => picture(fetch_object(&console, &uri).await?),
        None => Err(Failure::Missing("The execution has no image.".into())),
    }
}

async fn of_object(
    State(console): State<Console>,
    Query(object): Query<ObjectQuery>,
) -> Result<Response, Failure> {
    picture(fetch_object(&console, &object.uri()).await?)
}

async fn text_of_object(
    State(console): State<Console>,
    Query(object): Query<ObjectQuery>,
) -> Result<Response, Failure> {
    let bytes = fetch_object(&console, &object.uri()).await?;
    // Plain, and so never run as a page whatever it holds.
    let headers = [(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    )];
    Ok((headers, bytes).into_response())
}

async fn fetch_object(console: &Console, uri: &S3Uri) -> Result<Bytes, Failure> {
    let object = console.aws.object(uri, 0, MAX_BYTES).await?;
    object.ok_or_else(|| Failure::Missing(format!("There is no object {uri}.")))
}

/// Answers a picture, by what its bytes say that it is: a content type of the uploader's would let
/// markup pass as one.
pub(super) fn picture(bytes: Bytes) -> Result<Response, Failure> {
    let Some(content_type) = content_type(&bytes) else {
        return Err(Failure::Missing("No picture that a browser shows.".into()));
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(content_type)),
        (
            header::CACHE_CONTROL,
            HeaderValue::from_static("private, max-age=60"),
        ),
    ];
    Ok((StatusCode::OK, headers, bytes).into_response())
}

/// The type of a raster image that every browser shows, by its first bytes. SVG is none of them: it
/// can hold scripts.
fn content_type(bytes: &[u8]) -> Option<&'static str> {
    let begins = |signature: &[u8]| bytes.starts_with(signature);
    Some(match bytes {
        _ if begins(b"\x89PNG\r\n\x1a\n") => "image/png",
        _ if begins(b"\xff\xd8\xff") => "image/jpeg",
        _ if begins(b"GIF87a") || begins(b"GIF89a") => "image/gif",
        _ if begins(b"BM") => "image/bmp",
        [
            b'R',
            b'I',
            b'F',
            b'F',
            _,
            _,
            _,
            _,
            b'W',
            b'E',
            b'B',
            b'P',
            ..,
        ] => "image/webp",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_told_by_their_bytes() {
        for (bytes, expected) in [
            (b"\x89PNG\r\n\x1a\n...".as_slice(), Some("image/png")),
            (b"\xff\xd8\xff\xe0", Some("image/jpeg")),
            (b"RIFF....WEBPVP8 ", Some("image/webp")),
            (
                b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'>",
                None,
            ),
            (b"<script>alert(1)</script>", None),
            (b"", None),
        ] {
            assert_eq!(content_type(bytes), expected);
        }
    }
}
