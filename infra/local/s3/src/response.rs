//! Adds the parts that every response has: a request id, and in an error AWS's text and members.

use std::borrow::Cow;
use std::fmt::Write as _;

use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{CONTENT_RANGE, CONTENT_TYPE, ETAG, LOCATION};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use percent_encoding::percent_decode_str;
use s3s::HttpError;
use uuid::Uuid;

use super::error::{Member, take_members, text_of};

/// Builds the response to a request.
pub(super) struct ResponseBuilder {
    request_id: String,
    /// `x-amz-id-2`
    host_id: String,
    method: Method,
    /// The path of the request, decoded, without its first slash.
    path: String,
    /// The query, unmodified.
    query: String,
}

/// Sixteen characters, as AWS's are.
pub(super) fn request_id() -> String {
    let mut id = Uuid::new_v4().simple().to_string().to_uppercase();
    id.truncate(16);
    id
}

/// The other id that S3 gives each answer, longer than the first.
pub(super) fn host_id() -> String {
    let bytes: Vec<u8> = (0..3).flat_map(|_| Uuid::new_v4().into_bytes()).collect();
    STANDARD.encode(bytes)
}

impl ResponseBuilder {
    /// Returns a builder for a request of which only the path is known.
    pub(super) fn for_path(path: &str) -> Self {
        let path = percent_decode_str(path).decode_utf8_lossy();
        Self {
            request_id: request_id(),
            host_id: host_id(),
            method: Method::GET,
            path: path.trim_start_matches('/').to_owned(),
            query: String::new(),
        }
    }

    pub(super) fn for_request<B>(request: &Request<B>) -> Self {
        Self {
            method: request.method().clone(),
            query: request.uri().query().unwrap_or_default().to_owned(),
            ..Self::for_path(request.uri().path())
        }
    }

    pub(super) fn request_id(&self) -> &str {
        &self.request_id
    }

    pub(super) fn host_id(&self) -> &str {
        &self.host_id
    }

    /// The response to send.
    pub(super) fn finish(self, outcome: Result<Response<s3s::Body>, HttpError>) -> Response<Body> {
        let response = outcome.unwrap_or_else(|error| {
            tracing::error!(error = %s3s::StdError::from(error), "S3 could not answer");
            let mut response = Response::new(s3s::Body::from(INTERNAL_ERROR.to_owned()));
            *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
            response
        });
        let (mut parts, body) = response.into_parts();
        let members = take_members(&mut parts.headers);
        // `s3s` does not see that the head of a part is partial.
        if parts.status == StatusCode::OK && parts.headers.contains_key(CONTENT_RANGE) {
            parts.status = StatusCode::PARTIAL_CONTENT;
        }
        let failed = parts.status.is_client_error() || parts.status.is_server_error();
        // What an object's body streams is no XML of S3's own, whatever its type.
        let body = match body.bytes() {
            Some(xml) if failed && !xml.is_empty() => {
                parts
                    .headers
                    .insert(CONTENT_TYPE, HeaderValue::from_static("application/xml"));
                Body::from(self.complete(&String::from_utf8_lossy(&xml), members))
            }
            Some(xml) if xml.starts_with(b"<?xml") => {
                let xml = String::from_utf8_lossy(&xml);
                let xml = match_headers(&unquote_etag(&xml), &parts.headers);
                // S3 has a line of its own for the declaration.
                let xml = xml.replacen("?><", "?>\n<", 1);
                Body::from(escape_controls(&xml).into_owned())
            }
            _ => Body::new(body),
        };
        encode_metadata(&mut parts.headers);
        for (name, id) in [
            ("x-amz-request-id", &self.request_id),
            ("x-amz-id-2", &self.host_id),
        ] {
            if let Ok(id) = HeaderValue::from_str(id) {
                parts.headers.insert(name, id);
            }
        }
        Response::from_parts(parts, body)
    }

    /// Adds to an error's XML what `s3s` leaves out.
    fn complete(&self, xml: &str, mut members: Vec<Member>) -> String {
        let code = between(xml, "<Code>", "</Code>").unwrap_or_default();
        let mut text = between(xml, "<Message>", "</Message>")
            .map(unescape)
            .or_else(|| text_of(code).map(str::to_owned));
        let argument = text.as_deref().and_then(unparsed);
        if let Some((name, value)) =
            argument.map(|(name, value)| (name.to_owned(), value.to_owned()))
        {
            text = Some(text_of_argument(&name));
            // Recorded: of a source that is none, S3 gives the header's name twice.
            let value = if name == COPY_SOURCE {
                name.clone()
            } else {
                value
            };
            members.push(("ArgumentName".into(), name));
            members.push(("ArgumentValue".into(), value));
        }
        for (name, value) in self.subject(code) {
            if !members.iter().any(|(present, _)| present == name) {
                members.push((name.to_owned(), value));
            }
        }
        let mut error = format!("{DECLARATION}<Error>{}", element("Code", code));
        error += &text.map_or_else(String::new, |text| element("Message", &text));
        for (name, value) in &members {
            error += &element(name, value);
        }
        error += &element("RequestId", &self.request_id);
        error += &element("HostId", &self.host_id);
        error + "</Error>"
    }

    /// Returns the members that derive from the request.
    fn subject(&self, code: &str) -> Vec<(&'static str, String)> {
        let (bucket, key) = self.path.split_once('/').unwrap_or((&self.path, ""));
        let bucket = || ("BucketName", bucket.to_owned());
        let key = || ("Key", key.to_owned());
        match code {
            "NoSuchBucket" | "BucketNotEmpty" | "BucketAlreadyOwnedByYou" | "InvalidBucketName" => {
                vec![bucket()]
            }
            "NoSuchKey" | "ConditionalRequestConflict" => vec![key()],
            "NoSuchVersion" => vec![key(), ("VersionId", self.parameter("versionId"))],
            "NoSuchUpload" | "InvalidPart" | "InvalidPartOrder" => {
                vec![("UploadId", self.parameter("uploadId"))]
            }
            "MethodNotAllowed" => vec![
                ("Method", self.method.to_string()),
                ("ResourceType", "OBJECT".into()),
            ],
            _ => Vec::new(),
        }
    }

    fn parameter(&self, name: &str) -> String {
        let pairs = self
            .query
            .split('&')
            .filter_map(|pair| pair.split_once('='));
        let value = pairs.into_iter().find(|(found, _)| *found == name);
        value.map_or_else(String::new, |(_, value)| {
            percent_decode_str(value).decode_utf8_lossy().into_owned()
        })
    }
}

const COPY_SOURCE: &str = "x-amz-copy-source";
const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
const INTERNAL_ERROR: &str = "<Error><Code>InternalError</Code></Error>";

fn between<'t>(text: &'t str, start: &str, end: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(start)?;
    Some(rest.split_once(end)?.0)
}

/// Returns the name and the value of an argument that `s3s` could not parse.
fn unparsed(text: &str) -> Option<(&str, &str)> {
    let argument = text
        .strip_prefix("invalid query: ")
        .or_else(|| text.strip_prefix("invalid header: "))?;
    let (name, value) = argument.split_once(':')?;
    Some((name, value.trim_start().trim_matches('"')))
}

fn text_of_argument(name: &str) -> String {
    match name {
        "partNumber" => "Part number must be an integer between 1 and 10000, inclusive".into(),
        COPY_SOURCE => "Invalid copy source object key".into(),
        "max-keys" | "max-uploads" | "max-parts" | "max-buckets" | "part-number-marker" => {
            format!("Provided {name} not an integer or within integer range")
        }
        _ => format!("The value of {name} is not valid"),
    }
}

fn element(name: &str, text: &str) -> String {
    let text = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    format!("<{name}>{}</{name}>", escape_controls(&text))
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&apos;", "'")
        .replace("&amp;", "&")
}

/// Writes what a parser would drop or change as a character reference, as S3 does: control
/// characters, and a carriage return, which XML makes a line feed.
fn escape_controls(xml: &str) -> Cow<'_, str> {
    let is_written = |c: char| c >= ' ' || c == '\n' || c == '\t';
    if xml.chars().all(is_written) {
        return Cow::Borrowed(xml);
    }
    let mut escaped = String::with_capacity(xml.len() + 64);
    for c in xml.chars() {
        // Writing to a String does not fail.
        let _ = match c {
            c if is_written(c) => write!(escaped, "{c}"),
            '\r' => write!(escaped, "&#13;"),
            c => write!(escaped, "&#x{:x};", u32::from(c)),
        };
    }
    Cow::Owned(escaped)
}

/// Corrects the XML response to a form upload to match its headers; `s3s` writes a path, and a tag
/// without quotes.
fn match_headers(xml: &str, headers: &HeaderMap) -> String {
    const ROOT: &str = "<PostResponse>";
    let header = |name| {
        headers
            .get(name)
            .and_then(|value: &HeaderValue| value.to_str().ok())
    };
    let (true, Some(location), Some(etag)) = (xml.contains(ROOT), header(LOCATION), header(ETAG))
    else {
        return xml.to_owned();
    };
    let (_, rest) = xml.split_once("</Location>").unwrap_or_default();
    let (between, _) = rest.split_once("<ETag>").unwrap_or_default();
    format!(
        "{DECLARATION}{ROOT}{}{between}{}</PostResponse>",
        element("Location", location),
        element("ETag", etag)
    )
}

/// Encodes metadata beyond ASCII as S3 does: mostly-ASCII values use the other encoding of RFC 2047
/// than in `s3s`.
fn encode_metadata(headers: &mut HeaderMap) {
    for (name, value) in headers.iter_mut() {
        let text = value.to_str().unwrap_or_default();
        let base64 = text
            .strip_prefix("=?UTF-8?B?")
            .and_then(|text| text.strip_suffix("?="));
        if let Some(base64) = base64
            && name.as_str().starts_with("x-amz-meta-")
            && let Ok(bytes) = STANDARD.decode(base64)
            && is_mostly_ascii(&bytes)
            && let Ok(encoded) = HeaderValue::from_str(&q_encoded(&bytes))
        {
            *value = encoded;
        }
    }
}

fn is_mostly_ascii(text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(text);
    let ascii = text.chars().filter(|c| matches!(c, ' '..='~')).count();
    2 * ascii > text.chars().count()
}

fn q_encoded(bytes: &[u8]) -> String {
    let mut word = String::from("=?UTF-8?Q?");
    for byte in bytes {
        // Writing to a String does not fail.
        let _ = match byte {
            b' ' => write!(word, "_"),
            b'=' | b'?' | b'_' => write!(word, "={byte:02X}"),
            b'!'..=b'~' => write!(word, "{}", char::from(*byte)),
            _ => write!(word, "={byte:02X}"),
        };
    }
    word + "?="
}

/// GetObjectAttributes alone has an entity tag without quotes, which `s3s` can't write.
fn unquote_etag(xml: &str) -> Cow<'_, str> {
    if !xml.contains("<GetObjectAttributesResponse") {
        return Cow::Borrowed(xml);
    }
    let unquoted = xml.replacen("<ETag>\"", "<ETag>", 1);
    Cow::Owned(unquoted.replacen("\"</ETag>", "</ETag>", 1))
}
