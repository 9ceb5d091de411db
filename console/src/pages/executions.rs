//! The list of executions, the newest first, a page at a time.

use std::time::Duration;

use axum::Router;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::get;
use futures::future::try_join_all;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::Console;
use crate::classification::Classification;
use crate::failure::Failure;
use crate::live::{self, Update};
use crate::merge::PageToken;
use crate::page::{Page, Tab, chip, empty};
use crate::sfn::{Machine, duration_text, text};
use crate::text::{at, last_part, moment, url};

/// Executions on a page.
const ROWS: usize = 50;

/// The interval at which the list is polled.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

const STATUSES: [&str; 5] = ["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"];

/// ListQuery executions, as the URL says.
#[derive(Clone, Debug, Default, Deserialize)]
struct ListQuery {
    /// A state machine's ARN; all of them without.
    machine: Option<String>,
    status: Option<String>,
    /// A map run's ARN, whose child executions are asked for.
    map_run: Option<String>,
    /// The token of the API's next page.
    token: Option<String>,
}

/// A row of the list.
struct Row {
    listed: Value,
    /// The execution itself, for its input and its end.
    described: Value,
}

pub(super) fn router() -> Router<Console> {
    Router::new()
        .route("/executions", get(page))
        .route("/executions/live", get(stream))
}

/// Drops the fields that a form leaves empty.
fn parse_query(Query(query): Query<ListQuery>) -> ListQuery {
    let some = |value: Option<String>| value.filter(|value| !value.is_empty());
    ListQuery {
        machine: some(query.machine),
        status: some(query.status),
        map_run: some(query.map_run),
        token: some(query.token),
    }
}

async fn page(State(console): State<Console>, query: Query<ListQuery>) -> Result<Page, Failure> {
    let query = parse_query(query);
    let machines = console.machines().await?;
    let (found, next) = executions(&console, &machines, &query).await?;
    let page = Page::new(Tab::Executions, "Executions");
    // What is further back does not change.
    let page = match query.token {
        None => page.live(query.url("/executions/live", None)),
        Some(_) => page,
    };
    Ok(page.body(html! {
        div.head {
            h1 { @match &query.map_run { Some(_) => "Child executions", None => "Executions" } }
            a.button.primary href="/start" { "Start an execution" }
        }
        @match &query.map_run {
            Some(run) => p.faint { "of the map run " code { (last_part(run)) } },
            None => (filter(&machines, &query)),
        }
        div #list { (list(&console, &found, &machines)) }
        nav.pager aria-label="Pages of the list" {
            @if query.token.is_some() { a.button href=(query.url("/executions", None)) { "Newest" } }
            @if let Some(next) = &next { a.button rel="next" href=(query.url("/executions", Some(next))) { "Older" } }
        }
    }))
}

async fn stream(State(console): State<Console>, query: Query<ListQuery>) -> Response {
    let query = parse_query(query);
    let client = console.clone();
    live::parts(&client, POLL_INTERVAL, move || {
        let (console, query) = (console.clone(), query.clone());
        async move {
            let machines = console.machines().await?;
            let (found, _) = executions(&console, &machines, &query).await?;
            Ok(Update::Changed(vec![(
                "list",
                list(&console, &found, &machines),
            )]))
        }
    })
}

impl ListQuery {
    fn url(&self, path: &str, token: Option<&str>) -> String {
        let query = [
            ("machine", self.machine.as_deref()),
            ("status", self.status.as_deref()),
            ("map_run", self.map_run.as_deref()),
            ("token", token),
        ];
        url(path, &query)
    }
}

/// A page of executions, and where the next begins.
async fn executions(
    console: &Console,
    machines: &[Machine],
    query: &ListQuery,
) -> Result<(Vec<Row>, Option<String>), Failure> {
    if let Some(status) = &query.status
        && !STATUSES.contains(&&**status)
    {
        return Err(Failure::Invalid(format!(
            "There is no status {status:?}: it is one of {}.",
            STATUSES.join(", ")
        )));
    }
    let list = |member: &str, arn: String, token: Option<String>| {
        let request = json!({
            (member): arn, "StatusFilter": query.status, "MaxResults": ROWS, "NextToken": token,
        });
        console.sfn("listExecutions", request)
    };
    let one = match (&query.map_run, &query.machine) {
        (Some(run), _) => Some(("MapRunArn", run)),
        (None, Some(machine)) => Some(("StateMachineArn", machine)),
        (None, None) => None,
    };
    if let Some((member, arn)) = one {
        let mut answer = list(member, arn.clone(), query.token.clone()).await?;
        let next = text(&answer, "NextToken").map(str::to_owned);
        let Value::Array(listed) = answer["Executions"].take() else {
            return Ok((Vec::new(), next));
        };
        return Ok((described(console, listed).await?, next));
    }
    let position = match &query.token {
        None => PageToken::first(machines.iter().filter(|m| !m.express).map(|m| &*m.arn)),
        Some(token) => serde_json::from_str(token).map_err(|_| {
            Failure::Invalid("There is no such page of the list: begin at the newest.".to_owned())
        })?,
    };
    let (listed, next) = position
        .page(ROWS, |arn, token| list("StateMachineArn", arn, token))
        .await?;
    let next = next.and_then(|next| serde_json::to_string(&next).ok());
    Ok((described(console, listed).await?, next))
}

async fn described(console: &Console, listed: Vec<Value>) -> Result<Vec<Row>, Failure> {
    let rows = listed.into_iter().map(async |listed| {
        let arn = text(&listed, "ExecutionArn").unwrap_or_default();
        // One that was deleted a moment ago is still listed here.
        let described = console.describe(arn).await.unwrap_or(Value::Null);
        Ok::<_, Failure>(Row { listed, described })
    });
    try_join_all(rows).await
}

fn filter(machines: &[Machine], query: &ListQuery) -> Markup {
    html! {
        form.filter action="/executions" method="get" data-submit="change" {
            label { "State machine"
                select name="machine" {
                    option value="" { "All" }
                    @for machine in machines.iter().filter(|machine| !machine.express) {
                        option value=(machine.arn)
                            selected[query.machine.as_ref() == Some(&machine.arn)] { (machine.name) }
                    }
                }
            }
            label { "Status"
                select name="status" {
                    option value="" { "All" }
                    @for status in STATUSES {
                        option value=(status) selected[query.status.as_deref() == Some(status)] { (status) }
                    }
                }
            }
            button { "Filter" }
        }
    }
}

fn list(console: &Console, found: &[Row], machines: &[Machine]) -> Markup {
    if found.is_empty() {
        let hint = if machines.is_empty() {
            html! { "There is no state machine yet: create one with the AWS CLI or an SDK." }
        } else {
            html! { a href="/start" { "Start one" } " or " a href="/upload" { "upload an image" } "." }
        };
        return empty("No executions", &hint);
    }
    html! {
        table.list.executions {
            thead { tr {
                th scope="col" { "Status" } th.picture scope="col" { span.hidden { "Image" } } th scope="col" { "Execution" }
                th scope="col" { "Result" } th scope="col" { "Started (UTC)" } th.right scope="col" { "Took" }
            } }
            tbody { @for execution in found { (row(console, execution)) } }
        }
    }
}

fn row(console: &Console, row: &Row) -> Markup {
    let (listed, described) = (&row.listed, &row.described);
    let arn = text(listed, "ExecutionArn").unwrap_or_default();
    let about = Classification::read(text(described, "Output"))
        .or_else(|| Classification::read(text(described, "Input")));
    let key = about
        .as_ref()
        .and_then(|about| about.uri.as_ref())
        .map(|position| &position.key);
    let own = console.application.state_machine.as_deref();
    let machine = text(listed, "StateMachineArn").filter(|machine| Some(*machine) != own);
    html! {
        tr {
            td.status { (chip(text(listed, "Status").unwrap_or_default())) }
            td.picture { @if about.is_some() {
                img src=(url("/execution/image", &[("arn", Some(arn))])) alt="" width="32" height="32" loading="lazy" decoding="async";
            } }
            td.name {
                a href=(url("/execution", &[("arn", Some(arn))])) { (text(listed, "Name").unwrap_or_default()) }
                span.sub {
                    @if let Some(machine) = machine { (last_part(machine)) " " }
                    @if let Some(key) = key { (key) }
                }
            }
            td.result { (result(described, about.as_ref())) }
            td.when { (at(moment(text(listed, "StartDate")))) }
            td.right.took { (duration_text(listed)) }
        }
    }
}

/// The answer for an image, or the error.
fn result(described: &Value, about: Option<&Classification>) -> Markup {
    if let Some(error) = text(described, "Error") {
        return html! { span.error { (error) } };
    }
    let answer = about.and_then(|about| about.label.as_deref().zip(about.confidence));
    match answer {
        Some((label, confidence)) => {
            html! { (label) " " span.number { (format!("{confidence:.3}")) } }
        }
        None => html! {},
    }
}
