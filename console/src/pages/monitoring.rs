//! Monitoring runs: a folder of the bucket for each, with its report, its violations and its
//! statistics.
//!
//! A report is a page of its own that others wrote: it is shown in a frame that can run no script,
//! load nothing and reach nothing of the console.

use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use jiff::Timestamp;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;

use crate::Console;
use crate::failure::Failure;
use crate::json;
use crate::page::{Page, Tab, empty};
use crate::sfn::{rows, text};
use crate::text::{at, count, url};
use s3_uri::S3Uri;

/// Objects that are looked at for runs, and bytes of one that are shown.
const OBJECTS: usize = 10_000;
const MAX_BYTES: usize = 32 << 20;

const REPORT: &str = "report.html";
const VIOLATIONS: &str = "constraint_violations.json";
const STATISTICS: &str = "statistics.json";
/// The end of the folder that runs are compared with.
const BASELINE: &str = "/baseline";

/// The content security policy of a report: its own styles and inline pictures, and nothing else.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; sandbox; \
     frame-ancestors 'self'",
);

/// The result of a run.
struct RunResult {
    violations: Vec<Value>,
    /// There were too few answers for any test: no violations, and no all-clear either.
    untold: bool,
}

/// A folder that holds what a run wrote.
#[derive(Debug, PartialEq)]
struct Run {
    folder: String,
    modified: Option<Timestamp>,
    files: Vec<String>,
}

#[derive(Deserialize)]
struct RunQuery {
    folder: String,
}

pub(super) fn router() -> Router<Console> {
    Router::new()
        .route("/monitoring", get(page))
        .route("/monitoring/run", get(run))
        .route("/monitoring/report", get(report))
}

async fn page(State(console): State<Console>) -> Result<Page, Failure> {
    let runs = match &console.application.monitoring {
        Some(below) => runs(console.objects_below(below, OBJECTS).await?),
        None => Vec::new(),
    };
    let mut shown = Vec::new();
    for run in runs {
        let verdict = if run.files.iter().any(|file| file == VIOLATIONS) {
            verdict(&console, &run.folder).await?
        } else {
            None
        };
        shown.push((run, verdict));
    }
    Ok(Page::new(Tab::Monitoring, "Monitoring").body(html! {
        h1 { "Monitoring" }
        @if shown.is_empty() {
            (empty("No monitoring runs", &html! {
                "A run compares captured traffic with a baseline: " code { "scones monitor run" }
                ". What it finds is kept in the bucket and shown here."
            }))
        } @else {
            table.list {
                thead { tr { th scope="col" { "Result" } th scope="col" { "Run" } th scope="col" { "Written \
                    (UTC)" } } }
                tbody { @for (run, verdict) in &shown { (row(run, verdict.as_ref())) } }
            }
        }
    }))
}

/// Folders with at least one of the files that a run writes, the newest first.
fn runs(listed: Vec<crate::objects::Listed>) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for object in listed {
        let Some((folder, file)) = object.key.rsplit_once('/') else {
            continue;
        };
        if ![REPORT, VIOLATIONS, STATISTICS].contains(&file) {
            continue;
        }
        // Keys come in their order, so files of a folder come together.
        match runs.last_mut().filter(|run| run.folder == folder) {
            Some(run) => {
                run.files.push(file.to_owned());
                run.modified = run.modified.max(object.modified);
            }
            None => runs.push(Run {
                folder: folder.to_owned(),
                modified: object.modified,
                files: vec![file.to_owned()],
            }),
        }
    }
    runs.sort_by(|a, b| (b.modified, &b.folder).cmp(&(a.modified, &a.folder)));
    runs
}

fn row(run: &Run, verdict: Option<&RunResult>) -> Markup {
    // The last part of a run's folder is the window that it looked at.
    let (above, name) = run.folder.rsplit_once('/').unwrap_or(("", &run.folder));
    html! {
        tr {
            td {
                @if run.folder.ends_with(BASELINE) {
                    span.chip.still { "baseline" }
                } @else {
                    (chip(verdict))
                }
            }
            td.name {
                a href=(url("/monitoring/run", &[("folder", Some(&run.folder))])) { (name) }
                span.sub { (above) }
            }
            td.when { (at(run.modified)) }
        }
    }
}

fn chip(verdict: Option<&RunResult>) -> Markup {
    let Some(verdict) = verdict else {
        return html! { span.chip.still { "no constraints" } };
    };
    match verdict.violations.len() {
        0 if verdict.untold => html! { span.chip.still { "too few answers to tell" } },
        0 => html! { span.chip.good { "no violations" } },
        found => html! { span.chip.bad { (count(found, "violation")) } },
    }
}

async fn verdict(console: &Console, folder: &str) -> Result<Option<RunResult>, Failure> {
    let text = file(console, folder, VIOLATIONS).await?;
    let read = text.and_then(|text| serde_json::from_str::<Value>(&text).ok());
    Ok(read.map(|read| RunResult {
        violations: rows(&read, "violations").to_vec(),
        untold: read["image_classification"]["status"] == "NothingToTest",
    }))
}

/// A file of a run as text; `None` where the run wrote none.
async fn file(console: &Console, folder: &str, file: &str) -> Result<Option<String>, Failure> {
    let uri = inside(console, folder, file)?;
    let found = console.aws.object(&uri, 0, MAX_BYTES).await?;
    Ok(found.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
}

/// Returns true if `folder` is `root` or below it: by whole names, since `monitoringevil` is not
/// below `monitoring`.
fn is_within(folder: &str, root: &str) -> bool {
    let rest = folder.strip_prefix(root);
    rest.is_some_and(|rest| root.is_empty() || rest.is_empty() || rest.starts_with('/'))
}

/// Returns the location of a file, in a folder of monitoring and in no other: another object may be
/// anyone's upload.
fn inside(console: &Console, folder: &str, file: &str) -> Result<S3Uri, Failure> {
    let below = console.application.monitoring.as_ref();
    let below = below.filter(|below| is_within(folder, below.key.trim_end_matches('/')));
    let below =
        below.ok_or_else(|| Failure::Missing(format!("There is no monitoring run {folder}.")))?;
    Ok(S3Uri {
        bucket: below.bucket.clone(),
        key: format!("{folder}/{file}"),
    })
}

async fn run(State(console): State<Console>, Query(of): Query<RunQuery>) -> Result<Page, Failure> {
    let folder = &of.folder;
    let verdict = verdict(&console, folder).await?;
    let statistics = file(&console, folder, STATISTICS).await?;
    let uri = inside(&console, folder, REPORT)?;
    let has_report = console.aws.object(&uri, 0, 1).await?.is_some();
    if verdict.is_none() && statistics.is_none() && !has_report {
        return Err(Failure::Missing(format!(
            "There is no monitoring run {folder}."
        )));
    }
    let report = url("/monitoring/report", &[("folder", Some(folder))]);
    let whole = |file| {
        url(
            "/object/text",
            &[
                ("bucket", Some(&*uri.bucket)),
                ("key", Some(&*format!("{folder}/{file}"))),
            ],
        )
    };
    Ok(Page::new(Tab::Monitoring, "Monitoring run").body(html! {
        p.crumbs { a href="/monitoring" { "Monitoring" } }
        h1.long { (folder) }
        div.facts {
            (chip(verdict.as_ref()))
            @if has_report { span.actions { a.button href=(report) target="_blank" rel="noopener" { "Report \
                in a tab of its own" } } }
        }
        @if let Some(found) = verdict.as_ref().filter(|found| !found.violations.is_empty()) {
            (table(&found.violations))
        }
        @if has_report { iframe.report src=(report) sandbox="" title="The run's report" {} }
        @if let Some(statistics) = &statistics {
            details.card { summary { "Statistics" } (json::show(statistics, &whole(STATISTICS))) }
        }
    }))
}

fn table(violations: &[Value]) -> Markup {
    html! {
        table.list.events {
            thead { tr { th scope="col" { "Feature" } th scope="col" { "Check" } th scope="col" { "What \
                was found" } } }
            tbody {
                @for violation in violations {
                    tr {
                        td { (text(violation, "feature_name").unwrap_or("–")) }
                        td { (text(violation, "constraint_check_type").unwrap_or("–")) }
                        td.result { (text(violation, "description").unwrap_or_default()) }
                    }
                }
            }
        }
    }
}

async fn report(
    State(console): State<Console>,
    Query(of): Query<RunQuery>,
) -> Result<Response, Failure> {
    let uri = inside(&console, &of.folder, REPORT)?;
    let found = console.aws.object(&uri, 0, MAX_BYTES).await?;
    let missing = || Failure::Missing(format!("There is no report in {}.", of.folder));
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/html; charset=utf-8"),
        ),
        (header::CONTENT_SECURITY_POLICY, POLICY),
    ];
    Ok((headers, found.ok_or_else(missing)?).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objects::Listed;

    #[test]
    fn a_folder_that_only_begins_like_monitorings_is_another() {
        for (folder, root, expected) in [
            ("monitoring", "monitoring", true),
            ("monitoring/e/runs", "monitoring", true),
            ("monitoringevil", "monitoring", false),
            ("monitoringevil/runs", "monitoring", false),
            ("monitorin", "monitoring", false),
            ("evil/monitoring", "monitoring", false),
            ("a/monitoring/e", "a/monitoring", true),
            ("a/monitoring2/e", "a/monitoring", false),
            ("runs", "", true),
        ] {
            assert_eq!(is_within(folder, root), expected, "{folder} {root}");
        }
    }

    #[test]
    fn runs_are_folders_the_newest_first() {
        let listed = |key: &str, second: i64| Listed {
            key: key.into(),
            modified: Timestamp::from_second(second).ok(),
        };
        let found = runs(vec![
            listed("monitoring/e/baseline/constraints.json", 9),
            listed("monitoring/e/runs/1/report.html", 1),
            listed("monitoring/e/runs/1/statistics.json", 2),
            listed("monitoring/e/runs/2/constraint_violations.json", 3),
            listed("monitoring/e/runs/2/notes.txt", 4),
        ]);
        let shown: Vec<_> = found
            .iter()
            .map(|run| (&*run.folder, run.files.len()))
            .collect();
        assert_eq!(
            shown,
            [("monitoring/e/runs/2", 1), ("monitoring/e/runs/1", 2)]
        );
    }
}
