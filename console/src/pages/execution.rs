//! The page of an execution: graph, result, steps and history, with buttons to stop and redrive it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use axum::extract::{Query, State};
use axum::response::{Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Router};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Value, json};

use super::data::whole;
use super::{history, steps};
use crate::Console;
use crate::classification::Classification;
use crate::execution_history::ExecutionHistory;
use crate::failure::Failure;
use crate::graph::Flow;
use crate::graph::svg::{NodeStatus, draw, is_wide};
use crate::live::{self, Fragments, Update};
use crate::page::{Page, Tab, chip};
use crate::sfn::{duration_text, text};
use crate::text::{at, count, last_part, moment, url};

/// The interval at which a running execution is polled.
const POLL_INTERVAL: Duration = Duration::from_millis(250);

/// The view of an execution.
struct View {
    arn: String,
    described: Value,
    definition: String,
    history: ExecutionHistory,
}

#[derive(Deserialize)]
struct ExecutionQuery {
    arn: String,
}

pub(super) fn router() -> Router<Console> {
    Router::new()
        .route("/execution", get(page))
        .route("/execution/live", get(stream))
        .route("/execution/stop", post(stop))
        .route("/execution/redrive", post(redrive))
        .merge(history::router())
}

/// Returns the link to an execution's page.
pub(super) fn link(arn: &str) -> String {
    url("/execution", &[("arn", Some(arn))])
}

async fn page(
    State(console): State<Console>,
    Query(of): Query<ExecutionQuery>,
) -> Result<Page, Failure> {
    let view = View::of(&console, of.arn).await?;
    let name = text(&view.described, "Name").unwrap_or_default();
    let page = Page::new(Tab::Executions, name);
    let page = if view.is_running() {
        page.live(url("/execution/live", &[("arn", Some(&view.arn))]))
    } else {
        page
    };
    let machine = text(&view.described, "StateMachineArn").unwrap_or_default();
    let list = url("/executions", &[("machine", Some(machine))]);
    let parts = view.parts(&console);
    let wide = Flow::of(&view.definition).is_some_and(|flow| is_wide(&flow));
    Ok(page.body(html! {
        p.crumbs { a href="/executions" { "Executions" } " / " a href=(list) { (last_part(machine)) } }
        h1.long { (name) }
        @for (id, part) in parts.iter().filter(|part| part.0 == "state") { div id=(id) { (part) } }
        div.columns.wide[wide] {
            section.machine aria-label="State machine" {
                @for (id, part) in parts.iter().filter(|part| part.0 == "graph") { div.scroll id=(id) tabindex="0" { (part) } }
                (legend())
            }
            div.history {
                @for (id, part) in parts.iter().filter(|part| !["state", "graph", "events"].contains(&part.0)) { div id=(id) { (part) } }
            }
        }
        @for (id, part) in parts.iter().filter(|part| part.0 == "events") { div id=(id) { (part) } }
    }))
}

async fn stream(State(console): State<Console>, Query(of): Query<ExecutionQuery>) -> Response {
    let client = console.clone();
    let newest = Arc::new(AtomicI64::new(0));
    live::parts(&client, POLL_INTERVAL, move || {
        let (console, arn, newest) = (console.clone(), of.arn.clone(), Arc::clone(&newest));
        async move {
            let now = console.newest_event(&arn).await?;
            if newest.swap(now, Ordering::Relaxed) == now {
                return Ok(Update::Unchanged);
            }
            let view = View::of(&console, arn).await?;
            let parts = view.parts(&console);
            Ok(if view.is_running() {
                Update::Changed(parts)
            } else {
                Update::Final(parts)
            })
        }
    })
}

async fn stop(
    State(console): State<Console>,
    Form(of): Form<ExecutionQuery>,
) -> Result<Redirect, Failure> {
    let stop = json!({ "ExecutionArn": of.arn, "Error": "Stopped", "Cause": "from the console" });
    console.sfn("stopExecution", stop).await?;
    Ok(Redirect::to(&link(&of.arn)))
}

async fn redrive(
    State(console): State<Console>,
    Form(of): Form<ExecutionQuery>,
) -> Result<Redirect, Failure> {
    let redrive = json!({ "ExecutionArn": of.arn });
    console.sfn("redriveExecution", redrive).await?;
    Ok(Redirect::to(&link(&of.arn)))
}

impl View {
    async fn of(console: &Console, arn: String) -> Result<Self, Failure> {
        // The description first: an execution that ends meanwhile has its last events, and is shown
        // as running once more.
        let described = console.describe(&arn).await?;
        let definition = console.definition(&arn).await?;
        let history = console.history(&arn).await?;
        Ok(Self {
            arn,
            described,
            definition,
            history,
        })
    }

    fn is_running(&self) -> bool {
        self.described["Status"] == "RUNNING"
    }

    /// The parts of the page that change while an execution runs.
    fn parts(&self, console: &Console) -> Fragments {
        vec![
            ("state", self.state()),
            ("graph", self.graph()),
            ("error", self.error()),
            ("answer", self.result_section(console)),
            ("payload", self.payload()),
            ("steps", steps::list(&self.arn, &self.history)),
            ("events", history::link(&self.arn, self.history.events)),
        ]
    }

    fn state(&self) -> Markup {
        let described = &self.described;
        let action = |path: &str, word: &str, class: &str| {
            html! {
                form method="post" action=(path) {
                    input type="hidden" name="arn" value=(self.arn);
                    button class=(class) { (word) }
                }
            }
        };
        html! {
            div.facts {
                (chip(text(described, "Status").unwrap_or_default()))
                span { span.faint { "Started " } (at(moment(text(described, "StartDate")))) span.faint { " \
                    UTC" } }
                span { span.faint { "Took " } (duration_text(described)) }
                @if let Some(redrives) = described["RedriveCount"].as_u64().filter(|count| *count > 0) {
                    span { (count(redrives as usize, "redrive")) }
                }
                @if let Some(run) = text(described, "MapRunArn") {
                    a href=(url("/executions", &[("map_run", Some(run))])) { "Map run" }
                }
                span.actions {
                    @if self.is_running() { (action("/execution/stop", "Stop", "danger")) }
                    @if described["RedriveStatus"] == "REDRIVABLE" { (action("/execution/redrive", "Redrive", "primary")) }
                    a.button href=(url("/start", &[("like", Some(&self.arn))])) { "Start again …" }
                }
            }
        }
    }

    fn graph(&self) -> Markup {
        let Some(flow) = Flow::of(&self.definition) else {
            return html! { p.faint { "The definition can't be drawn." } };
        };
        let mark = |name: &str| {
            let (status, times) = self.history.state(name)?;
            let last = self
                .history
                .steps
                .iter()
                .rposition(|step| step.name == name)?;
            Some(NodeStatus {
                class: status.word(),
                sign: status.sign(),
                words: match times {
                    1 => status.word().to_owned(),
                    _ => format!("{}, entered {times} times", status.word()),
                },
                href: format!("#step-{}", last + 1),
            })
        };
        let machine = text(&self.described, "StateMachineArn").unwrap_or_default();
        draw(&flow, last_part(machine), &mark)
    }

    fn error(&self) -> Markup {
        let Some(error) = text(&self.described, "Error") else {
            return html! {};
        };
        html! {
            section.notice.bad {
                h2 { (error) }
                @if let Some(cause) = text(&self.described, "Cause") {
                    (crate::json::cause(cause, &whole(&self.arn, None, "Cause")))
                }
            }
        }
    }

    fn result_section(&self, console: &Console) -> Markup {
        let Some(found) = Classification::of(&self.described, &self.history) else {
            return html! {};
        };
        let uri = found.uri.as_ref();
        html! {
            section.card.answer {
                img.subject src=(url("/execution/image", &[("arn", Some(&self.arn)), ("v", Some(if found.image_data.is_some() { "fitted" } else { "object" }))]))
                    alt="The image" width="128" height="128";
                div {
                    h2 {
                        @match (&found.label, found.confidence) {
                            (Some(label), Some(confidence)) => { (label) " " span.number { (format!("{confidence:.3}")) } },
                            _ if self.is_running() => "No answer yet",
                            _ => "No answer",
                        }
                    }
                    @if let Some(uri) = uri { p.sub { (uri) } }
                    (found.bars(&console.application))
                }
            }
        }
    }

    fn payload(&self) -> Markup {
        let part = |name: &str, open: bool| {
            text(&self.described, name).map(|data| {
                html! {
                    details.payload id={ "execution-" (name) } open[open] {
                        summary { (name) }
                        (crate::json::show(data, &whole(&self.arn, None, name)))
                    }
                }
            })
        };
        html! {
            section.card {
                @for shown in [part("Input", false), part("Output", false)].into_iter().flatten() { (shown) }
            }
        }
    }
}

fn legend() -> Markup {
    let entries = [
        ("succeeded", "succeeded"),
        ("running", "running"),
        ("caught", "error, caught"),
        ("failed", "failed"),
        ("idle", "not reached"),
    ];
    html! {
        ul.legend aria-label="Colors" {
            @for (class, word) in entries { li { span class={ "key " (class) } {} (word) } }
            li { span.key.line {} "catches an error" }
        }
    }
}
