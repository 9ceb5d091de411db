//! Live pages: streams of server-sent events, each of which replaces fragments of the page by their
//! IDs, or appends to one. Only changed fragments are sent.

use std::collections::HashMap;
use std::convert::Infallible;
use std::time::{Duration, Instant};

use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::{Stream, StreamExt, stream};
use maud::Markup;
use serde_json::{Map, Value};

use crate::Console;
use crate::failure::Failure;

/// The minimum pause as a multiple of a poll's duration: polling takes at most a tenth of the time.
const PAUSE_FACTOR: u32 = 9;

/// Fragments of a page by their IDs.
pub(crate) type Fragments = Vec<(&'static str, Markup)>;

/// The result of polling.
pub(crate) enum Update {
    /// Nothing has changed.
    Unchanged,
    /// Fragments that may have changed.
    Changed(Fragments),
    /// Fragments that will not change again.
    Final(Fragments),
}

/// The state of a stream.
struct Poller<L> {
    poll: L,
    sent: HashMap<&'static str, u64>,
    over: bool,
    /// The time until the next poll.
    wait: Duration,
    pause: Duration,
}

/// Streams what `poll` finds, again after each pause, until it says that it was the last, the
/// reader goes away or the console stops.
pub(crate) fn parts<L, F>(console: &Console, pause: Duration, poll: L) -> Response
where
    L: FnMut() -> F + Send + 'static,
    F: Future<Output = Result<Update, Failure>> + Send + 'static,
{
    let begin = Poller {
        poll,
        sent: HashMap::new(),
        over: false,
        wait: Duration::ZERO,
        pause,
    };
    let events = stream::unfold(begin, async |mut poller: Poller<L>| {
        if poller.over {
            return None;
        }
        tokio::time::sleep(poller.wait).await;
        let begun = Instant::now();
        let event = poller.event().await;
        poller.wait = poller.pause.max(begun.elapsed() * PAUSE_FACTOR);
        Some((event, poller))
    });
    respond(console, events.filter_map(async |event| event))
}

impl<L, F> Poller<L>
where
    L: FnMut() -> F,
    F: Future<Output = Result<Update, Failure>>,
{
    async fn event(&mut self) -> Option<Event> {
        match (self.poll)().await {
            Ok(Update::Unchanged) => None,
            Ok(Update::Changed(parts)) => self.changed(parts),
            Ok(Update::Final(parts)) => {
                self.over = true;
                // The page is told even where nothing changed: it asks no more.
                let parts = self.new_parts(parts);
                Some(
                    Event::default()
                        .event("last")
                        .data(Value::Object(parts).to_string()),
                )
            }
            Err(error) => {
                self.over = true;
                Some(
                    Event::default()
                        .event("gone")
                        .data(one_line(&error.to_string())),
                )
            }
        }
    }

    fn changed(&mut self, parts: Fragments) -> Option<Event> {
        let parts = self.new_parts(parts);
        (!parts.is_empty()).then(|| Event::default().data(Value::Object(parts).to_string()))
    }

    fn new_parts(&mut self, parts: Fragments) -> Map<String, Value> {
        let mut changed = Map::new();
        for (id, markup) in parts {
            let hash = hash(&markup.0);
            if self.sent.insert(id, hash) != Some(hash) {
                changed.insert(id.to_owned(), markup.0.into());
            }
        }
        changed
    }
}

/// Streams markup that is added at the end of the part `id`.
pub(crate) fn additions(
    console: &Console,
    markup: impl Stream<Item = Markup> + Send + 'static,
) -> Response {
    let events = markup.map(|markup| {
        let text = Value::String(markup.0).to_string();
        Event::default().event("more").data(text)
    });
    respond(console, events)
}

fn respond(console: &Console, events: impl Stream<Item = Event> + Send + 'static) -> Response {
    let events = events
        .map(Ok::<_, Infallible>)
        .take_until(console.stopped());
    Sse::new(events)
        .keep_alive(KeepAlive::default())
        .into_response()
}

fn hash(text: &str) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// An event's data ends at a line's end.
fn one_line(text: &str) -> String {
    text.replace(['\r', '\n'], " ")
}
