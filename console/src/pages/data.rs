//! Inputs and outputs, whole: what the pages cut.

use axum::Router;
use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Deserialize;
use serde_json::Value;

use crate::Console;
use crate::failure::Failure;
use crate::text::url;

#[derive(Deserialize)]
struct DataQuery {
    arn: String,
    /// An event's id; without it, the execution itself is meant.
    event: Option<usize>,
    /// `Input`, `Output`, …
    member: String,
}

pub(super) fn router() -> Router<Console> {
    Router::new().route("/execution/data", get(data))
}

/// Returns the link to the whole of an execution's or an event's data.
pub(super) fn whole(arn: &str, event: Option<usize>, member: &str) -> String {
    let event = event.map(|event| event.to_string());
    let query = [
        ("arn", Some(arn)),
        ("event", event.as_deref()),
        ("member", Some(member)),
    ];
    url("/execution/data", &query)
}

async fn data(
    State(console): State<Console>,
    Query(of): Query<DataQuery>,
) -> Result<Response, Failure> {
    let found = match of.event {
        None => Some(console.describe(&of.arn).await?),
        Some(id) => console.event(&of.arn, id).await?,
    };
    let found = found.and_then(|found| member(&found, &of.member).map(str::to_owned));
    let missing = || Failure::Missing(format!("There is no {} here.", of.member));
    let text = found.ok_or_else(missing)?;
    // Plain, and so never run as a page whatever it holds.
    let headers = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
    Ok((headers, text).into_response())
}

/// A member of an answer, or of an event's details, which have a name for each type of event.
fn member<'v>(found: &'v Value, name: &str) -> Option<&'v str> {
    let details = found.as_object()?.iter();
    let details = details.filter(|(member, _)| member.ends_with("EventDetails"));
    let mut inside = details.map(|(_, details)| &details[name]);
    found[name]
        .as_str()
        .or_else(|| inside.find_map(Value::as_str))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn members_of_events_are_in_their_details() {
        let event = json!({ "Id": 2, "StateExitedEventDetails": { "Name": "A", "Output": "[]" } });
        assert_eq!(member(&event, "Output"), Some("[]"));
        assert_eq!(member(&event, "Input"), None);
        assert_eq!(member(&json!({ "Input": "{}" }), "Input"), Some("{}"));
    }
}
