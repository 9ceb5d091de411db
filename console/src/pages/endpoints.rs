//! The endpoints: their state, what serves, what is captured.

use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use maud::{Markup, html};
use serde_json::{Value, json};

use crate::Console;
use crate::aws::ApiError;
use crate::failure::Failure;
use crate::live::{self, Update};
use crate::page::{Page, Tab, chip, empty};
use crate::sfn::{rows, text};
use crate::text::{at, moment};

const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// An endpoint, with its configuration where that is still there.
struct Endpoint {
    endpoint: Value,
    config: Value,
}

pub(super) fn router() -> Router<Console> {
    Router::new()
        .route("/endpoints", get(page))
        .route("/endpoints/live", get(stream))
}

async fn page(State(console): State<Console>) -> Result<Page, Failure> {
    let found = endpoints(&console).await?;
    let body = html! {
        h1 { "Endpoints" }
        div #endpoints { (list(&found)) }
    };
    Ok(Page::new(Tab::Endpoints, "Endpoints")
        .live("/endpoints/live".into())
        .body(body))
}

async fn stream(State(console): State<Console>) -> Response {
    let client = console.clone();
    live::parts(&client, POLL_INTERVAL, move || {
        let console = console.clone();
        async move {
            let found = endpoints(&console).await?;
            Ok(Update::Changed(vec![("endpoints", list(&found))]))
        }
    })
}

async fn endpoints(console: &Console) -> Result<Vec<Endpoint>, ApiError> {
    let sagemaker = |operation, request| console.aws.call("sagemaker", operation, request);
    let listed = sagemaker("listEndpoints", json!({ "MaxResults": 100 })).await?;
    let mut found = Vec::new();
    for summary in rows(&listed, "Endpoints") {
        let named = json!({ "EndpointName": summary["EndpointName"] });
        let endpoint = sagemaker("describeEndpoint", named).await?;
        let named = json!({ "EndpointConfigName": endpoint["EndpointConfigName"] });
        let config = sagemaker("describeEndpointConfig", named).await;
        found.push(Endpoint {
            endpoint,
            // A configuration may be deleted while its endpoint serves on.
            config: config.unwrap_or(Value::Null),
        });
    }
    Ok(found)
}

fn list(found: &[Endpoint]) -> Markup {
    if found.is_empty() {
        let hint = html! { "The template describes one unless it is told " code { "DeployEndpoint=false" } "." };
        return empty("No endpoints", &hint);
    }
    html! { @for endpoint in found { (shown(endpoint)) } }
}

fn shown(Endpoint { endpoint, config }: &Endpoint) -> Markup {
    let variants = rows(endpoint, "ProductionVariants");
    let capture = &config["DataCaptureConfig"];
    html! {
        section.card {
            div.head {
                h2 { (text(endpoint, "EndpointName").unwrap_or_default()) }
                (chip(text(endpoint, "EndpointStatus").unwrap_or_default()))
            }
            @if let Some(reason) = text(endpoint, "FailureReason") { p.notice.bad { (reason) } }
            dl.facts {
                dt { "Configuration" } dd { (text(endpoint, "EndpointConfigName").unwrap_or_default()) }
                dt { "Created" } dd { (at(moment(text(endpoint, "CreationTime")))) }
                dt { "Changed" } dd { (at(moment(text(endpoint, "LastModifiedTime")))) }
                dt { "Data capture" } dd {
                    @match capture["EnableCapture"].as_bool() {
                        Some(true) => { (capture["InitialSamplingPercentage"]) " % to " (text(capture, "DestinationS3Uri").unwrap_or_default()) },
                        _ => "off",
                    }
                }
            }
            @if !variants.is_empty() { (table(variants, config)) }
        }
    }
}

fn table(variants: &[Value], config: &Value) -> Markup {
    let configured = |name: Option<&str>| {
        let mut variants = rows(config, "ProductionVariants").iter();
        variants.find(|variant| text(variant, "VariantName") == name)
    };
    html! {
        table.list {
            thead { tr { th scope="col" { "Variant" } th scope="col" { "Model" } th.right scope="col" { "Weight" } th.right scope="col" { "Instances" } } }
            tbody {
                @for variant in variants {
                    @let name = text(variant, "VariantName");
                    tr {
                        td { (name.unwrap_or_default()) }
                        td { (configured(name).and_then(|variant| text(variant, "ModelName")).unwrap_or("–")) }
                        td.right { (variant["CurrentWeight"]) }
                        td.right { (variant["CurrentInstanceCount"]) }
                    }
                }
            }
        }
    }
}
