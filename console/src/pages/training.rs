//! Training jobs, and the curves of what they measure: the metrics that their definitions find in
//! the log.

use std::time::Duration;

use axum::Router;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::get;
use maud::{Markup, PreEscaped, html};
use plots::{Series, line_chart, series_color};
use regex_lite::Regex;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::Console;
use crate::aws::LogLine;
use crate::failure::Failure;
use crate::json;
use crate::live::{self, Fragments, Update};
use crate::page::{Page, Tab, chip, empty};
use crate::sfn::{rows, text};
use crate::text::{at, between, moment, url};

const POLL_INTERVAL: Duration = Duration::from_secs(1);
const ROWS: usize = 50;
/// The template's state machine that trains.
const TRAIN_AND_DEPLOY: &str = "train-and-deploy";
/// Lines of a log that are read for curves: enough for some thousand epochs.
const LINES: usize = 20_000;

#[derive(Deserialize)]
struct Pages {
    token: Option<String>,
}

#[derive(Deserialize)]
struct Job {
    name: String,
}

pub(super) fn router() -> Router<Console> {
    Router::new()
        .route("/training", get(page))
        .route("/training/job", get(job))
        .route("/training/job/live", get(stream))
}

async fn page(State(console): State<Console>, Query(pages): Query<Pages>) -> Result<Page, Failure> {
    let list = json!({
        "MaxResults": ROWS, "SortBy": "CreationTime", "SortOrder": "Descending", "NextToken": pages.token,
    });
    let listed = console
        .aws
        .call("sagemaker", "listTrainingJobs", list)
        .await?;
    let jobs = rows(&listed, "TrainingJobSummaries");
    let next = text(&listed, "NextToken");
    let machines = console.machines().await?;
    let trains = machines
        .iter()
        .find(|machine| machine.name == TRAIN_AND_DEPLOY);
    let hint = html! {
        "The state machine " code { (TRAIN_AND_DEPLOY) } " trains, evaluates and deploys"
        @if let Some(machine) = trains { ": " a href=(url("/start", &[("machine", Some(&machine.arn))])) { "start \
            it" } }
        "."
    };
    Ok(Page::new(Tab::Training, "Training").body(html! {
        h1 { "Training jobs" }
        @if jobs.is_empty() { (empty("No training jobs", &hint)) } @else { (table(jobs)) }
        nav.pager aria-label="Pages of the list" {
            @if let Some(next) = next { a.button rel="next" href=(url("/training", &[("token", Some(next))])) { "Older" } }
        }
    }))
}

fn table(jobs: &[Value]) -> Markup {
    html! {
        table.list {
            thead { tr { th scope="col" { "Status" } th scope="col" { "Job" } th scope="col" { "Created \
                (UTC)" } th.right scope="col" { "Took" } } }
            tbody {
                @for job in jobs {
                    @let name = text(job, "TrainingJobName").unwrap_or_default();
                    @let created = moment(text(job, "CreationTime"));
                    tr {
                        td { (chip(text(job, "TrainingJobStatus").unwrap_or_default())) }
                        td.name { a href=(url("/training/job", &[("name", Some(name))])) { (name) } }
                        td.when { (at(created)) }
                        td.right { (between(created, moment(text(job, "TrainingEndTime")))) }
                    }
                }
            }
        }
    }
}

async fn job(State(console): State<Console>, Query(job): Query<Job>) -> Result<Page, Failure> {
    let (parts, running) = parts(&console, &job.name).await?;
    let page = Page::new(Tab::Training, job.name.clone());
    let page = if running {
        page.live(url("/training/job/live", &[("name", Some(&job.name))]))
    } else {
        page
    };
    Ok(page.body(html! {
        p.crumbs { a href="/training" { "Training jobs" } }
        h1.long { (job.name) }
        @for (id, part) in &parts { div id=(id) { (part) } }
    }))
}

async fn stream(State(console): State<Console>, Query(job): Query<Job>) -> Response {
    let client = console.clone();
    live::parts(&client, POLL_INTERVAL, move || {
        let (console, name) = (console.clone(), job.name.clone());
        async move {
            let (parts, running) = parts(&console, &name).await?;
            Ok(if running {
                Update::Changed(parts)
            } else {
                Update::Final(parts)
            })
        }
    })
}

async fn parts(console: &Console, name: &str) -> Result<(Fragments, bool), Failure> {
    let named = json!({ "TrainingJobName": name });
    let job = console
        .aws
        .call("sagemaker", "describeTrainingJob", named)
        .await?;
    let lines = console.aws.log(&log(name), LINES).await?;
    let curves = curves(&job["AlgorithmSpecification"], &lines);
    let running = matches!(
        text(&job, "TrainingJobStatus"),
        Some("InProgress" | "Stopping")
    );
    let parts = vec![
        ("state", state(&job)),
        ("curves", charts(&curves)),
        ("about", about(&job)),
    ];
    Ok((parts, running))
}

fn log(name: &str) -> String {
    format!("training-job/{name}")
}

/// A line for each metric: the values that its expression finds, in their order. An epoch has one.
fn curves(specification: &Value, lines: &[LogLine]) -> Vec<Series> {
    let definitions = rows(specification, "MetricDefinitions").iter();
    let curves = definitions.filter_map(|definition| {
        let regex = Regex::new(text(definition, "Regex")?).ok()?;
        let values = lines
            .iter()
            .flat_map(|line| regex.captures_iter(&line.message))
            .filter_map(|found| found.get(1)?.as_str().parse::<f64>().ok());
        Some(Series {
            name: text(definition, "Name")?.to_owned(),
            points: (1..).map(f64::from).zip(values).collect(),
        })
    });
    curves.filter(|series| !series.points.is_empty()).collect()
}

/// A chart for each thing that is measured, of training and validation together: `train:accuracy`,
/// `validation:accuracy`.
fn charts(curves: &[Series]) -> Markup {
    let measured = |series: &Series| {
        series
            .name
            .rsplit(':')
            .next()
            .unwrap_or_default()
            .to_owned()
    };
    let mut groups: Vec<(String, Vec<&Series>)> = Vec::new();
    for series in curves {
        let name = measured(series);
        match groups.iter_mut().find(|group| group.0 == name) {
            Some(group) => group.1.push(series),
            None => groups.push((name, vec![series])),
        }
    }
    html! {
        @if groups.is_empty() { p.faint { "No metric was logged yet." } }
        @for (name, series) in &groups {
            figure.card {
                figcaption { h2 { (name) } ul.legend {
                    @for (at, series) in series.iter().enumerate() {
                        li { span class={ "key " (series_color(at)) } {} (series.name) " "
                            @if let Some(last) = series.points.last() { span.number { (format!("{:.4}", last.1)) } } }
                    }
                } }
                @if let Some(chart) = line_chart(name, series) { (PreEscaped(chart.to_inline())) }
                p.faint { "over epochs" }
            }
        }
    }
}

fn state(job: &Value) -> Markup {
    let ended = moment(text(job, "TrainingEndTime")).unwrap_or_else(jiff::Timestamp::now);
    let name = text(job, "TrainingJobName").unwrap_or_default();
    html! {
        div.facts {
            (chip(text(job, "TrainingJobStatus").unwrap_or_default()))
            span.faint { (text(job, "SecondaryStatus").unwrap_or_default()) }
            span { span.faint { "Started " } (at(moment(text(job, "TrainingStartTime")))) span.faint { " \
                UTC" } }
            span { span.faint { "Took " } (between(moment(text(job, "TrainingStartTime")), Some(ended))) }
            span.actions { a.button href=(url("/logs", &[("name", Some(&log(name)))])) { "Log" } }
        }
        @if let Some(reason) = text(job, "FailureReason") {
            section.notice.bad { h2 { "Failed" } p.cause { (reason) } }
        }
    }
}

fn about(job: &Value) -> Markup {
    let parameters = job["HyperParameters"].as_object();
    html! {
        section.card {
            h2 { "Hyperparameters" }
            dl.facts {
                @for (name, value) in parameters.into_iter().flatten() {
                    dt { (name) }
                    dd { (value.as_str().unwrap_or_default()) }
                }
            }
            @if let Some(model) = text(&job["ModelArtifacts"], "S3ModelArtifacts") { h2 { "Model" } p.sub { (model) } }
            details.payload #description {
                summary { "DescribeTrainingJob" }
                (json::show(&job.to_string(), ""))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curves_are_what_the_expressions_find() {
        let line = |message: &str| LogLine {
            time: String::new(),
            stream: String::new(),
            message: message.into(),
        };
        let lines = [
            line("Epoch[0] Train-accuracy=0.5"),
            line("Epoch[0] Validation-accuracy=0.4"),
            line("Epoch[1] Train-accuracy=0.75"),
            line("Epoch[1] Train-accuracy=broken"),
        ];
        let specification = json!({ "MetricDefinitions": [
            { "Name": "train:accuracy", "Regex": "Train-accuracy=([0-9.]+)" },
            { "Name": "validation:accuracy", "Regex": "Validation-accuracy=([0-9.]+)" },
            { "Name": "never", "Regex": "never=(.)" },
            { "Name": "no expression", "Regex": "(" },
        ]});
        let curves = curves(&specification, &lines);
        assert_eq!(curves.len(), 2);
        assert_eq!(curves[0].points, [(1.0, 0.5), (2.0, 0.75)]);
        let charts = charts(&curves).into_string();
        assert_eq!(charts.matches("<figure").count(), 1, "{charts}");
    }
}
