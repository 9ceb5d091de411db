//! Logs of functions and training jobs, as they are written.

use axum::Router;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::get;
use futures::StreamExt;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;

use crate::Console;
use crate::aws::LogLine;
use crate::failure::Failure;
use crate::live;
use crate::page::{Page, Tab, empty};
use crate::text::url;

/// Lines at first.
const LINES: usize = 200;

#[derive(Deserialize)]
struct LogQuery {
    name: Option<String>,
}

pub(super) fn router() -> Router<Console> {
    Router::new()
        .route("/logs", get(page))
        .route("/logs/live", get(stream))
}

async fn page(
    State(console): State<Console>,
    Query(query): Query<LogQuery>,
) -> Result<Page, Failure> {
    let names = names(&console).await?;
    let name = query.name.filter(|name| !name.is_empty());
    // Any other name could be a path out of the folder of logs.
    if let Some(name) = name.as_ref().filter(|name| !names.contains(name)) {
        return Err(Failure::Missing(format!("There is no log {name:?}.")));
    }
    let Some(name) = name.or_else(|| names.first().cloned()) else {
        let hint = html! { "A function has one from its first invocation on." };
        return Ok(Page::new(Tab::Logs, "Logs").body(empty("No logs", &hint)));
    };
    let page = Page::new(Tab::Logs, format!("Log of {name}"));
    Ok(page.live(url("/logs/live", &[("name", Some(&name))])).body(html! {
        h1 { "Logs" }
        form.filter action="/logs" method="get" data-submit="change" {
            label { "Function or training job"
                select name="name" { @for other in &names { option value=(other) selected[*other == name] { (other) } } }
            }
            button { "Show" }
        }
        pre.log #more data-tail tabindex="0" aria-label={ "Log of " (name) } {}
        noscript { pre.log { (lines(&console.aws.log(&name, LINES).await?)) } }
    }))
}

async fn stream(
    State(console): State<Console>,
    Query(query): Query<LogQuery>,
) -> Result<Response, Failure> {
    let name = query.name.unwrap_or_default();
    if !names(&console).await?.contains(&name) {
        return Err(Failure::Missing(format!("There is no log {name:?}.")));
    }
    // What is written between the two is sent twice rather than never, so the beginning of the rest
    // is looked at.
    let news = console.aws.follow(&name);
    let begun = console.aws.log(&name, LINES).await?;
    let first = lines(&begun);
    let mut begun = Some(begun);
    let news = news.map(move |news| match news {
        Ok(mut news) => {
            if let Some(begun) = begun.take() {
                news.retain(|line| !begun.contains(line));
            }
            lines(&news)
        }
        Err(error) => html! { span.error { (error) } "\n" },
    });
    let all = futures::stream::iter([first]).chain(news);
    Ok(live::additions(
        &console,
        all.filter(|markup| std::future::ready(!markup.0.is_empty())),
    ))
}

/// Functions first, then jobs.
async fn names(console: &Console) -> Result<Vec<String>, Failure> {
    let mut names = console.aws.logs().await?;
    names.sort_by_key(|name| (name.contains('/'), name.clone()));
    Ok(names)
}

fn lines(lines: &[LogLine]) -> Markup {
    html! {
        @for line in lines {
            span class=(class(&line.message)) {
                time { (line.time.get(11..23).unwrap_or(&line.time)) } " " (message(&line.message)) "\n"
            }
        }
    }
}

/// A line as it was written; one in JSON, as the functions log, as its message and what it says
/// beside.
fn message(text: &str) -> Markup {
    let fields = match serde_json::from_str::<Value>(text) {
        Ok(Value::Object(fields)) if fields.contains_key("message") => fields,
        _ => return html! { (text) },
    };
    let span = &fields.get("span").unwrap_or(&Value::Null)["execution"];
    let execution = span.as_str().filter(|arn| arn.starts_with("arn:"));
    let level = fields.get("level").and_then(Value::as_str);
    html! {
        @if let Some(level) = level.filter(|level| *level != "INFO") { (level) " " }
        strong { (plain(&fields["message"])) }
        @for (name, value) in &fields {
            @if !["timestamp", "level", "message", "span", "spans", "target"].contains(&&**name) {
                span.faint { " " (name) "=" } (plain(value))
            }
        }
        @if let Some(arn) = execution { " " a href=(super::execution::link(arn)) { "execution" } }
    }
}

fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// Lambda's own lines are there for machines, and errors for everyone.
fn class(message: &str) -> &'static str {
    let platform = ["START ", "END ", "REPORT ", "INIT_START "];
    if platform.iter().any(|begin| message.starts_with(begin)) {
        return "line platform";
    }
    let error = [r#""level":"ERROR""#, "ERROR", "errorType"];
    if error.iter().any(|mark| message.contains(mark)) {
        "line error"
    } else {
        "line"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_in_json_are_their_message_and_fields() {
        let line = r#"{"timestamp":"t","level":"WARN","message":"<slow>","ms":34,"span":{"execution":"arn:aws:states:x"}}"#;
        let shown = message(line).into_string();
        let expected = "WARN <strong>&lt;slow&gt;</strong><span class=\"faint\"> ms=</span>34 \
                        <a href=\"/execution?arn=arn:aws:states:x\">execution</a>";
        assert_eq!(shown, expected);
        assert_eq!(message("START <1>").into_string(), "START &lt;1&gt;");
    }
}
