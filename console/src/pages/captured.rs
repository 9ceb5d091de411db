//! Captured data: what the endpoint was asked and what it answered, the newest first; a click says
//! what an image really is.

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Router, http::header};
use futures::future::try_join_all;
use http::HeaderMap;
use maud::{Markup, html};
use monitor::ground_truth::{GroundTruth, class};
use serde::Deserialize;
use serde_json::json;
use std::collections::HashMap;

use super::image::picture;
use super::upload::answer;
use crate::Console;
use crate::captured::{Captured, LinePosition};
use crate::classification::bar;
use crate::failure::Failure;
use crate::page::{Page, Tab, empty};
use crate::text::{at, url};
use s3_uri::S3Uri;

/// Images on a page.
const SHOWN: usize = 24;
/// Objects of ground truth that are looked at for the labels that these have, the newest first.
const TRUTHS: usize = 400;
/// Classes that are buttons; more are a list to choose from.
const BUTTONS: usize = 6;

#[derive(Deserialize)]
struct PageQuery {
    endpoint: Option<String>,
    /// The object in which the last page ended.
    key: Option<String>,
    from: Option<u64>,
}

#[derive(Deserialize)]
struct LineQuery {
    bucket: String,
    key: String,
    from: u64,
    length: usize,
}

/// The form of one click.
#[derive(Deserialize)]
struct LabelForm {
    endpoint: String,
    id: String,
    label: String,
    /// The predicted class.
    answer: String,
}

pub(super) fn router() -> Router<Console> {
    Router::new()
        .route("/captured", get(page))
        .route("/captured/image", get(image))
        .route("/captured/label", post(label))
}

/// An endpoint's folder of captured data, and the endpoint's name: the folder's.
fn uri<'c>(console: &'c Console, endpoint: Option<&str>) -> Option<(&'c S3Uri, &'c str)> {
    let named = console.application.captured.iter().map(|uri| {
        let folder = uri.key.trim_end_matches('/');
        (uri, folder.rsplit('/').next().unwrap_or(folder))
    });
    named
        .into_iter()
        .find(|(_, name)| endpoint.is_none_or(|endpoint| endpoint == *name))
}

async fn page(
    State(console): State<Console>,
    Query(query): Query<PageQuery>,
) -> Result<Page, Failure> {
    let page = Page::new(Tab::Captured, "Captured data");
    let Some((uri, endpoint)) = uri(&console, query.endpoint.as_deref()) else {
        let hint =
            html! { "The template has no endpoint whose traffic is captured (DataCaptureConfig)." };
        return Ok(page.body(empty("No data capture", &hint)));
    };
    let before = query
        .key
        .zip(query.from)
        .map(|(key, from)| LinePosition { key, from });
    // One more than is shown tells whether there are older ones.
    let mut found = console.captured(uri, before.as_ref(), SHOWN + 1).await?;
    let more = found.len() > SHOWN;
    found.truncate(SHOWN);
    let truths = truths(&console, endpoint).await?;
    let older = found.last().filter(|_| more).map(|last| {
        let from = last.from.to_string();
        let query = [
            ("endpoint", Some(endpoint)),
            ("key", Some(&*last.key)),
            ("from", Some(&*from)),
        ];
        url("/captured", &query)
    });
    let hint = html! { "Every answer of the endpoint is captured here: " a href="/upload" { "upload \
    an image" } "." };
    Ok(page.body(html! {
        h1 { "Captured data" }
        p.faint { "What " (endpoint) " was asked and answered. A click on a class says what the \
                                      image really is (ground truth)." }
        @if found.is_empty() { (empty("Nothing captured yet", &hint)) }
        ul.gallery {
            @for (number, captured) in found.iter().enumerate() {
                (item(&console, uri, endpoint, number, captured, &truths))
            }
        }
        nav.pager aria-label="Pages of the data" {
            @if before.is_some() { a.button href=(url("/captured", &[("endpoint", Some(endpoint))])) { "Newest" } }
            @if let Some(older) = older { a.button rel="next" href=(older) { "Older" } }
        }
    }))
}

fn item(
    console: &Console,
    uri: &S3Uri,
    endpoint: &str,
    number: usize,
    captured: &Captured,
    truths: &HashMap<String, String>,
) -> Markup {
    let (from, length) = (captured.from.to_string(), captured.length.to_string());
    let query = [
        ("bucket", Some(&*uri.bucket)),
        ("key", Some(&*captured.key)),
        ("from", Some(&*from)),
        ("length", Some(&*length)),
    ];
    let record = match &captured.record {
        Ok(record) => record,
        Err(broken) => {
            return html! { li { p.notice.bad { "A line that can't be read: " (broken) } p.sub { (captured.key) " \
            at byte " (from) } } };
        }
    };
    let labels = &console.application.labels;
    let best = record.scores().map(|scores| scores.best());
    let predicted = best
        .as_ref()
        .ok()
        .map(|(class, _)| match labels.get(*class) {
            Some(label) => label.clone(),
            None => class.to_string(),
        });
    html! {
        li {
            img.subject src=(url("/captured/image", &query)) alt="The captured image" loading="lazy" decoding="async";
            @match (&best, &predicted) {
                (Ok((_, score)), Some(predicted)) => div {
                    strong { (predicted) } " " span.number { (format!("{score:.3}")) }
                    (bar(*score, console.application.threshold))
                },
                (Err(broken), _) => p.error { (broken) },
                _ => {}
            }
            form.truth method="post" action="/captured/label" data-inline={ "truth-" (number) } {
                input type="hidden" name="endpoint" value=(endpoint);
                input type="hidden" name="id" value=(record.id());
                input type="hidden" name="answer" value=(predicted.as_deref().unwrap_or_default());
                div.truth id={ "truth-" (number) } { (choice(labels, truths.get(record.id()).map(String::as_str), predicted.as_deref())) }
                span.error role="status" {}
            }
            p.sub { (at(Some(record.time))) " · " (record.id()) }
        }
    }
}

/// The classes to choose from, and what was chosen.
fn choice(labels: &[String], truth: Option<&str>, predicted: Option<&str>) -> Markup {
    html! {
        @if labels.len() <= BUTTONS {
            @for label in labels { button name="label" value=(label) aria-pressed=(truth == Some(&**label)) { (label) } }
        } @else {
            select name="label" aria-label="True class" {
                @for label in labels {
                    option value=(label) selected[truth == Some(label)] { (label) }
                }
            }
            button { "Save" }
        }
        @if let Some(truth) = truth {
            @match predicted {
                Some(predicted) if predicted == truth => span.faint { "✓ right" },
                Some(_) => span.error { "✕ wrong" },
                None => span.faint { "saved" },
            }
        }
    }
}

async fn image(
    State(console): State<Console>,
    Query(line): Query<LineQuery>,
) -> Result<Response, Failure> {
    let uri = S3Uri {
        bucket: line.bucket,
        key: line.key,
    };
    let record = console.captured_line(&uri, line.from, line.length).await?;
    let input = record
        .input
        .ok_or_else(|| Failure::Missing("The request was not captured.".into()))?;
    picture(input.body.into())
}

/// The labels that were given, by the id of what they label.
async fn truths(console: &Console, endpoint: &str) -> Result<HashMap<String, String>, Failure> {
    let labels = &console.application.labels;
    let mut truths = HashMap::new();
    let Some(below) = console.ground_truth(endpoint) else {
        return Ok(truths);
    };
    let keys = console.last_keys(&below, None, TRUTHS).await?;
    let objects = keys.iter().map(async |key| {
        let uri = S3Uri {
            key: key.clone(),
            ..below.clone()
        };
        console.aws.object(&uri, 0, 1 << 20).await
    });
    for object in try_join_all(objects).await?.into_iter().flatten() {
        let lines = object.split(|byte| *byte == b'\n');
        for truth in lines.filter_map(|line| GroundTruth::parse(line).ok()) {
            // Labels come as names and as numbers; those of other classes are nobody's.
            let Some(class) = class(&truth.label, labels) else {
                continue;
            };
            // The newest comes first.
            truths
                .entry(truth.id)
                .or_insert_with(|| labels[class].clone());
        }
    }
    Ok(truths)
}

async fn label(
    State(console): State<Console>,
    headers: HeaderMap,
    Form(form): Form<LabelForm>,
) -> Result<Response, Failure> {
    let labels = &console.application.labels;
    if !labels.contains(&form.label) {
        return Err(Failure::Invalid(format!(
            "There is no class {:?}: the labels are {}.",
            form.label,
            labels.join(", ")
        )));
    }
    let truth = GroundTruth {
        id: form.id,
        label: form.label,
    };
    console.write_truth(&form.endpoint, &truth).await?;
    let json = headers
        .get(header::ACCEPT)
        .is_some_and(|accept| accept == "application/json");
    if !json {
        return Ok(Redirect::to("/captured").into_response());
    }
    let answered = Some(&*form.answer).filter(|answer| !answer.is_empty());
    let markup = choice(labels, Some(&truth.label), answered);
    Ok(answer(&json!({ "markup": markup.into_string() })))
}
