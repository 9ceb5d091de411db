//! The history of an execution, event by event, as GetExecutionHistory pages it.

use axum::Router;
use axum::extract::{Query, State};
use axum::routing::get;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;

use super::data::whole;
use super::execution;
use crate::Console;
use crate::failure::Failure;
use crate::json;
use crate::page::{Page, Tab};
use crate::sfn::{rows, text};
use crate::text::{clock, count, moment, url};

#[derive(Deserialize)]
struct HistoryQuery {
    arn: String,
    token: Option<String>,
}

pub(super) fn router() -> Router<Console> {
    Router::new().route("/execution/history", get(page))
}

/// The way here from the execution.
pub(super) fn link(arn: &str, events: usize) -> Markup {
    html! {
        p.more { a href=(address(arn, None)) { "History: " (count(events, "event")) } }
    }
}

fn address(arn: &str, token: Option<&str>) -> String {
    url(
        "/execution/history",
        &[("arn", Some(arn)), ("token", token)],
    )
}

async fn page(
    State(console): State<Console>,
    Query(of): Query<HistoryQuery>,
) -> Result<Page, Failure> {
    let events = console.events(&of.arn, of.token.clone().into()).await?;
    let name = crate::text::last_part(&of.arn);
    let next = text(&events, "NextToken");
    Ok(Page::new(Tab::Executions, format!("History of {name}")).body(html! {
        p.crumbs { a href="/executions" { "Executions" } " / " a href=(execution::link(&of.arn)) { (name) } }
        h1 { "History" }
        table.list.events {
            thead { tr {
                th.right scope="col" { "Id" } th scope="col" { "Time (UTC)" } th scope="col" { "Event" } th scope="col" { "Details" }
            } }
            tbody { @for event in rows(&events, "Events") { (row(&of.arn, event)) } }
        }
        nav.pager aria-label="Pages of the history" {
            @if of.token.is_some() { a.button href=(address(&of.arn, None)) { "First" } }
            @if let Some(next) = next { a.button rel="next" href=(address(&of.arn, Some(next))) { "Later" } }
        }
    }))
}

fn row(arn: &str, event: &Value) -> Markup {
    let id = event["Id"].as_u64().unwrap_or_default();
    let details = event.as_object().into_iter().flatten();
    let details = details
        .filter(|(member, _)| member.ends_with("EventDetails"))
        .map(|(_, details)| details)
        .next();
    html! {
        tr id={ "event-" (id) } {
            td.right { (id) }
            td.when { (clock(moment(text(event, "Timestamp")))) }
            td { (text(event, "Type").unwrap_or_default()) }
            td.result { @if let Some(details) = details { (shown(arn, id as usize, details)) } }
        }
    }
}

/// An event's name, resource or error in a line, and its data behind a fold.
fn shown(arn: &str, id: usize, details: &Value) -> Markup {
    let line = [
        "Name",
        "Error",
        "ResourceType",
        "Resource",
        "Index",
        "Length",
    ];
    let line = line.iter().filter_map(|member| match &details[*member] {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(format!("{} {number}", member.to_lowercase())),
        _ => None,
    });
    let line: Vec<String> = line.collect();
    let data = ["Input", "Parameters", "Output", "Cause"];
    html! {
        (line.join(" · "))
        @for member in data {
            @if let Some(data) = text(details, member) {
                details { summary { (member) } (json::show(data, &whole(arn, Some(id), member))) }
            }
        }
    }
}
