//! The frame around all pages, and small pieces of markup.

use axum::response::{Html, IntoResponse, Response};
use maud::{DOCTYPE, Markup, Render, html};

use crate::assets::VERSION;

/// The pages that the navigation names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tab {
    Executions,
    Start,
    Upload,
    Captured,
    Monitoring,
    Training,
    Endpoints,
    Logs,
    /// No page of the navigation.
    None,
}

const TABS: [(Tab, &str, &str); 8] = [
    (Tab::Executions, "/executions", "Executions"),
    (Tab::Start, "/start", "Start"),
    (Tab::Upload, "/upload", "Upload"),
    (Tab::Captured, "/captured", "Captured data"),
    (Tab::Monitoring, "/monitoring", "Monitoring"),
    (Tab::Training, "/training", "Training"),
    (Tab::Endpoints, "/endpoints", "Endpoints"),
    (Tab::Logs, "/logs", "Logs"),
];

/// A page on its way to the browser.
pub(crate) struct Page {
    tab: Tab,
    title: String,
    live: Option<String>,
    body: Markup,
}

impl Page {
    pub(crate) fn new(tab: Tab, title: impl Into<String>) -> Self {
        Self {
            tab,
            title: title.into(),
            live: None,
            body: Markup::default(),
        }
    }

    /// The stream that keeps parts of the page up to date ([`crate::live`]).
    pub(crate) fn live(mut self, url: String) -> Self {
        self.live = Some(url);
        self
    }

    pub(crate) fn body(mut self, body: Markup) -> Self {
        self.body = body;
        self
    }
}

impl Render for Page {
    fn render(&self) -> Markup {
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    title { (self.title) " · Scones" }
                    link rel="stylesheet" href={ "/console.css?" (*VERSION) };
                    link rel="icon" type="image/svg+xml" href={ "/icon.svg?" (*VERSION) };
                    script src={ "/console.js?" (*VERSION) } defer {}
                }
                body {
                    a.skip href="#main" { "Skip to content" }
                    header.top {
                        a.brand href="/" { img src={ "/icon.svg?" (*VERSION) } alt="" width="22" height="22"; "Scones" }
                        nav aria-label="Pages" {
                            @for (tab, href, name) in TABS {
                                a href=(href) aria-current=[(tab == self.tab).then_some("page")] { (name) }
                            }
                        }
                    }
                    main #main tabindex="-1" data-live=[self.live.as_deref()] { (self.body) }
                }
            }
        }
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        Html(self.render().into_string()).into_response()
    }
}

/// A status, with a sign beside its color.
pub(crate) fn chip(status: &str) -> Markup {
    let class = match status {
        "SUCCEEDED" | "Completed" | "InService" => "good",
        "RUNNING" | "InProgress" | "Creating" | "Updating" | "PENDING_REDRIVE" | "Starting" => {
            "busy"
        }
        "FAILED" | "Failed" | "TIMED_OUT" => "bad",
        _ => "still",
    };
    html! { span class={ "chip " (class) } { (status) } }
}

/// A page's empty state: what would be here, and how it comes to be.
pub(crate) fn empty(heading: &str, hint: &Markup) -> Markup {
    html! { div.empty { h2 { (heading) } p { (hint) } } }
}
