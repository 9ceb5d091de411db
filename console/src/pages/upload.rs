//! Uploading images by dropping files: each goes where an upload starts an execution, and the page
//! shows which it started.

use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use bytes::Bytes;
use http::HeaderMap;
use jiff::Timestamp;
use maud::html;
use serde::Deserialize;
use serde_json::{Value, json};

use super::execution;
use crate::Console;
use crate::classification::Classification;
use crate::failure::Failure;
use crate::page::{Page, Tab, empty};
use crate::sfn::{rows, text};
use crate::text::{moment, url};
use s3_uri::S3Uri;

/// The limit of serialize-image, which is more than a photograph has.
const MAX_BYTES: usize = 32 << 20;
/// Time that an upload may take to start its execution before the page calls it lost.
const PATIENCE: Duration = Duration::from_secs(30);
const POLL_INTERVAL: Duration = Duration::from_millis(100);
/// The number of newest executions among which that of the upload is searched.
const NEWEST: usize = 50;

#[derive(Deserialize)]
struct File {
    /// The file's own name.
    name: String,
}

#[derive(Deserialize)]
struct Uploaded {
    key: String,
    /// The time of the upload: an execution that began before belongs to another upload.
    since: Timestamp,
}

pub(super) fn router() -> Router<Console> {
    Router::new()
        .route("/upload", get(page))
        .route(
            "/upload",
            post(upload).layer(DefaultBodyLimit::max(MAX_BYTES)),
        )
        .route("/upload/started", get(started))
}

async fn page(State(console): State<Console>) -> Page {
    let page = Page::new(Tab::Upload, "Upload");
    let Some(incoming) = incoming(&console, "") else {
        let hint = html! { "The template has no bucket in which an upload starts an execution." };
        return page.body(empty("Nowhere to upload to", &hint));
    };
    page.body(html! {
        h1 { "Upload images" }
        p { "Each image is stored under " code { (incoming) } ", which starts an execution." }
        form.drop #drop data-upload="/upload" {
            label for="files" { strong { "Drop images here" } span { "or choose files" } }
            input #files type="file" multiple accept="image/*";
        }
        ul.uploads #uploads aria-live="polite" {}
        noscript { p.notice { "Uploading takes JavaScript; without it: " code { "aws s3 cp \
            image.jpg " (incoming) } } }
    })
}

/// Returns the URI that a file of that name is uploaded to.
fn incoming(console: &Console, name: &str) -> Option<S3Uri> {
    let (bucket, prefix) = console
        .application
        .bucket
        .as_ref()
        .zip(console.application.incoming.as_ref())?;
    Some(S3Uri {
        bucket: bucket.clone(),
        key: format!("{prefix}{}", file_name(name)),
    })
}

/// A file's name without folders, cut to what a key has room for.
fn file_name(name: &str) -> String {
    const LETTERS: usize = 200;
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let letters: Vec<char> = name.chars().filter(|letter| !letter.is_control()).collect();
    // The end has the extension.
    letters[letters.len().saturating_sub(LETTERS)..]
        .iter()
        .collect()
}

async fn upload(
    State(console): State<Console>,
    Query(file): Query<File>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    let name = file_name(&file.name);
    if name.is_empty() || body.is_empty() {
        return Err(Failure::Invalid(
            "An upload needs a name and a file that is not empty.".into(),
        ));
    }
    let uri = incoming(&console, &name)
        .ok_or_else(|| Failure::Invalid("The template has no bucket for uploads.".into()))?;
    let content_type = headers.get(header::CONTENT_TYPE);
    let content_type = content_type
        .and_then(|value| value.to_str().ok())
        .unwrap_or("application/octet-stream");
    let since = Timestamp::now().to_string();
    console.aws.put_object(&uri, body, content_type).await?;
    let wait = [("key", Some(&*uri.key)), ("since", Some(&*since))];
    Ok(answer(
        &json!({ "key": uri.key, "wait": url("/upload/started", &wait) }),
    ))
}

/// Waits for the execution that an upload starts.
async fn started(
    State(console): State<Console>,
    Query(uploaded): Query<Uploaded>,
) -> Result<Response, Failure> {
    let search = async {
        loop {
            if let Some(arn) = execution_of(&console, &uploaded).await? {
                let name = crate::text::last_part(&arn);
                return Ok(answer(
                    &json!({ "href": execution::link(&arn), "name": name }),
                ));
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    };
    tokio::select! {
        found = search => found,
        () = console.stopped() => Err(Failure::Missing("The console stops.".into())),
        () = tokio::time::sleep(PATIENCE) => Err(Failure::Missing(format!(
            "{} was stored, and started no execution within {} s: see the log of start-execution.",
            uploaded.key,
            PATIENCE.as_secs()
        ))),
    }
}

/// An answer for the script.
pub(super) fn answer(value: &Value) -> Response {
    let headers = [(header::CONTENT_TYPE, "application/json")];
    (headers, value.to_string()).into_response()
}

async fn execution_of(console: &Console, uploaded: &Uploaded) -> Result<Option<String>, Failure> {
    let list =
        json!({ "StateMachineArn": console.application.state_machine, "MaxResults": NEWEST });
    let listed = console.sfn("listExecutions", list).await?;
    for execution in rows(&listed, "Executions") {
        if moment(text(execution, "StartDate")) < Some(uploaded.since) {
            break;
        }
        let arn = text(execution, "ExecutionArn").unwrap_or_default();
        let described = console.describe(arn).await?;
        let about = Classification::read(text(&described, "Input"));
        if about
            .and_then(|about| about.uri)
            .is_some_and(|uri| uri.key == uploaded.key)
        {
            return Ok(Some(arn.to_owned()));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_stay_in_their_folder() {
        for (name, expected) in [
            ("bicycle.jpg", "bicycle.jpg"),
            ("../../models/model.tar.gz", "model.tar.gz"),
            ("C:\\Fotos\\Mein Rad.png", "Mein Rad.png"),
            ("photos/", ""),
            ("a\nb.png", "ab.png"),
        ] {
            assert_eq!(file_name(name), expected);
        }
        let long = format!("{}.png", "ä".repeat(300));
        let kept = file_name(&long);
        assert!(kept.chars().count() == 200 && kept.ends_with(".png"));
    }
}
