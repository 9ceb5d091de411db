//! Rewrites a browser's form upload (POST Object), so that `s3s` reads it as S3 does:
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html>
//!
//! It replaces `${filename}` and checks the fields against the form's policy. The policy and its
//! signature, which nobody here can verify (see `admit`), then become fields that S3 ignores; so do
//! fields that S3 treats as absent but `s3s` would reject. Fields unknown to `s3s` are kept beside
//! the request.

use bytes::{Bytes, BytesMut};
use futures::{Stream, StreamExt as _, stream};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Uri};
use s3s::StdError;

use super::error::Error;
use super::policy;

/// Fields come before the file, which is the last one; policies and signatures are far smaller than
/// this.
const LONGEST_HEAD: usize = 256 << 10;

/// The fields of a form that `s3s` does not read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Form {
    /// The tags of the object, an XML document.
    pub(super) tagging: Option<String>,
    /// The URL to redirect the browser to after the upload; absolute.
    pub(super) redirect: Option<String>,
    /// The file sizes that the policy allows, in bytes.
    pub(super) length: Option<policy::LengthRange>,
}

/// A part of the form before the file's bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Field {
    name: String,
    filename: Option<String>,
    content_type: Option<String>,
    value: String,
}

/// Reads the form's fields, and gives the form as `s3s` is to see it.
pub(super) async fn read(
    bucket: &str,
    headers: &HeaderMap,
    mut body: impl Stream<Item = Result<Bytes, axum::Error>> + Send + Unpin + 'static,
) -> Result<
    (
        Form,
        impl Stream<Item = Result<Bytes, StdError>> + Send + 'static,
    ),
    Error,
> {
    let boundary = boundary(headers).ok_or(Error::MalformedForm)?;
    let mut head = BytesMut::new();
    let (mut fields, rest) = loop {
        if let Some(parsed) = parse(&head, &boundary)? {
            break parsed;
        }
        if head.len() > LONGEST_HEAD {
            return Err(Error::FieldsTooLong);
        }
        match body.next().await {
            Some(piece) => head.extend_from_slice(&piece.map_err(|_| Error::IncompleteBody)?),
            None => return Err(no_file()),
        }
    };
    let form = rewrite(&mut fields, bucket)?;
    let mut written = write(&fields, &boundary);
    written.extend_from_slice(&head[rest..]);
    let body = body.map(|piece| piece.map_err(StdError::from));
    Ok((form, stream::iter([Ok(written.into())]).chain(body)))
}

fn boundary(headers: &HeaderMap) -> Option<String> {
    let kind = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let parameters = kind.split(';').map(str::trim);
    let boundary = parameters.into_iter().find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.eq_ignore_ascii_case("boundary").then_some(value)
    })?;
    Some(boundary.trim_matches('"').to_owned())
}

/// The fields up to the file, and where its bytes begin. `None` where more of the form is needed.
fn parse(head: &[u8], boundary: &str) -> Result<Option<(Vec<Field>, usize)>, Error> {
    let delimiter = format!("\r\n--{boundary}");
    let first = delimiter.trim_start().as_bytes();
    let mut fields = Vec::new();
    let Some(start) = find(head, first) else {
        return Ok(None);
    };
    let mut at = start + first.len();
    loop {
        if head[at..].starts_with(b"--") {
            return Err(no_file());
        }
        let Some(length) = find(&head[at..], b"\r\n\r\n") else {
            return Ok(None);
        };
        let mut field = field(&head[at..at + length])?;
        at += length + 4;
        if field.name.eq_ignore_ascii_case("file") {
            fields.push(field);
            return Ok(Some((fields, at)));
        }
        let Some(length) = find(&head[at..], delimiter.as_bytes()) else {
            return Ok(None);
        };
        let value = std::str::from_utf8(&head[at..at + length]);
        value
            .map_err(|_| Error::MalformedForm)?
            .clone_into(&mut field.value);
        fields.push(field);
        at += length + delimiter.len();
        if head.len() < at + 2 {
            return Ok(None);
        }
    }
}

/// A field from the headers of its part.
fn field(headers: &[u8]) -> Result<Field, Error> {
    let headers = std::str::from_utf8(headers).map_err(|_| Error::MalformedForm)?;
    let header = |wanted: &str| {
        headers.split("\r\n").find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.trim()
                .eq_ignore_ascii_case(wanted)
                .then(|| value.trim())
        })
    };
    let disposition = header("content-disposition").ok_or(Error::MalformedForm)?;
    let parameter = |name: &str| {
        let (_, value) = disposition.split_once(&format!("; {name}=\""))?;
        Some(value.split_once('"')?.0.to_owned())
    };
    Ok(Field {
        name: parameter("name").ok_or(Error::MalformedForm)?,
        filename: parameter("filename"),
        content_type: header("content-type").map(str::to_owned),
        value: String::new(),
    })
}

fn rewrite(fields: &mut [Field], bucket: &str) -> Result<Form, Error> {
    let mut form = Form::default();
    fill_in_filename(fields);
    let named: Vec<(String, &str)> = fields
        .iter()
        .map(|field| (field.name.to_ascii_lowercase(), field.value.as_str()))
        .collect();
    if !named.iter().any(|(name, _)| name == "key") {
        return Err(policy::missing_field("key"));
    }
    if let Some((_, policy)) = named.iter().find(|(name, _)| name == "policy") {
        policy::check_signature(&named)?;
        form.length = policy::check(policy, bucket, &named)?;
    }
    for field in fields {
        let name = field.name.to_ascii_lowercase();
        let ignored = match name.as_str() {
            "x-amz-signature" | "signature" | "policy" => true,
            "success_action_status" => !["200", "201", "204"].contains(&field.value.as_str()),
            "success_action_redirect" | "redirect" => {
                let absolute = is_absolute(&field.value);
                form.redirect = absolute.then(|| field.value.clone());
                !absolute
            }
            "tagging" => {
                form.tagging = Some(field.value.clone());
                false
            }
            _ => false,
        };
        if ignored {
            field.name = format!("x-ignore-{name}");
        }
    }
    Ok(form)
}

/// Replaces `${filename}`, in every field, by the name of the file without the folders that some
/// browsers send.
fn fill_in_filename(fields: &mut [Field]) {
    let path = fields.last().and_then(|file| file.filename.clone());
    let filename = path
        .as_deref()
        .and_then(|path| path.rsplit(['/', '\\']).next());
    let Some(filename) = filename else { return };
    for field in fields.iter_mut() {
        field.value = field.value.replace("${filename}", filename);
    }
}

fn is_absolute(url: &str) -> bool {
    let parsed: Result<Uri, _> = url.parse();
    parsed.is_ok_and(|url| url.scheme().is_some() && url.host().is_some())
}

fn write(fields: &[Field], boundary: &str) -> BytesMut {
    let mut form = String::new();
    for field in fields {
        form += &format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"",
            field.name
        );
        if let Some(filename) = &field.filename {
            form += &format!("; filename=\"{filename}\"");
        }
        if let Some(kind) = &field.content_type {
            form += &format!("\r\nContent-Type: {kind}");
        }
        form += "\r\n\r\n";
        if !field.name.eq_ignore_ascii_case("file") {
            form += &field.value;
            form += "\r\n";
        }
    }
    form.as_bytes().into()
}

fn no_file() -> Error {
    Error::argument(
        "POST requires exactly one file upload per request.",
        "file",
        "0",
    )
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes
        .windows(wanted.len())
        .position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The fields of a form as they are rewritten, and what it says beside them.
    fn check(fields: &[(&str, &str)], filename: &str, expect: &[(&str, &str)]) -> Form {
        let mut text = String::new();
        for (name, value) in fields {
            text += &format!(
                "--b\r\ncontent-disposition: form-data; name=\"{name}\"\r\nX: y\r\n\r\n{value}\r\n"
            );
        }
        text += &format!(
            "--b\r\nContent-Disposition: form-data; name=\"file\"{filename}\r\n\r\nsignature"
        );
        let (mut fields, rest) = parse(text.as_bytes(), "b").unwrap().unwrap();
        let form = rewrite(&mut fields, "bucket").unwrap();
        assert_eq!(&text[rest..], "signature");
        let found: Vec<_> = fields[..fields.len() - 1]
            .iter()
            .map(|field| (field.name.as_str(), field.value.as_str()))
            .collect();
        assert_eq!(found, expect);
        form
    }

    #[test]
    fn signatures_are_ignored_and_filenames_replaced() {
        check(&[("key", "k")], "", &[("key", "k")]);
        check(
            &[
                ("key", "a/${filename}"),
                ("X-Amz-Signature", "ab"),
                ("Signature", "ab"),
            ],
            "; filename=\"C:\\photos\\cat.jpg\"",
            &[
                ("key", "a/cat.jpg"),
                ("x-ignore-x-amz-signature", "ab"),
                ("x-ignore-signature", "ab"),
            ],
        );
        check(&[("key", "${filename}")], "", &[("key", "${filename}")]);
    }

    #[test]
    fn what_s3_takes_for_absent_is_ignored() {
        let form = check(
            &[
                ("key", "k"),
                ("success_action_status", "999"),
                ("redirect", "/relative"),
            ],
            "",
            &[
                ("key", "k"),
                ("x-ignore-success_action_status", "999"),
                ("x-ignore-redirect", "/relative"),
            ],
        );
        assert_eq!(form, Form::default());
    }

    #[test]
    fn a_form_may_be_cut_anywhere() {
        let text = "--b\r\nContent-Disposition: form-data; \
                    name=\"key\"\r\n\r\nk\r\n--b\r\nContent-Disposition: form-data; \
                    name=\"file\"\r\n\r\n";
        for end in 0..text.len() {
            assert_eq!(parse(&text.as_bytes()[..end], "b").unwrap(), None, "{end}");
        }
        let no_file = "--b\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\nk\r\n--b--\r\n";
        let error = parse(no_file.as_bytes(), "b").unwrap_err();
        assert_eq!(
            error.to_string(),
            "POST requires exactly one file upload per request."
        );
    }
}
