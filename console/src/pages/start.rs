//! Starting an execution, with an input to edit.

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::{Form, Router, http::StatusCode};
use maud::html;
use serde::Deserialize;
use serde_json::{Value, json};

use super::execution;
use crate::Console;
use crate::aws::ApiError;
use crate::failure::Failure;
use crate::page::{Page, Tab};
use crate::sfn::{Machine, rows, text};

/// The fields of the form.
#[derive(Clone, Debug, Default, Deserialize)]
struct StartForm {
    #[serde(default)]
    machine: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    input: String,
}

#[derive(Deserialize)]
struct StartQuery {
    /// An execution whose input is taken.
    like: Option<String>,
    /// A state machine's ARN.
    machine: Option<String>,
}

pub(super) fn router() -> Router<Console> {
    Router::new().route("/start", get(page).post(start))
}

async fn page(
    State(console): State<Console>,
    Query(from): Query<StartQuery>,
) -> Result<Page, Failure> {
    let machines = console.machines().await?;
    let mut input_form = StartForm {
        machine: from.machine.unwrap_or_default(),
        ..StartForm::default()
    };
    match &from.like {
        Some(arn) => {
            let like = console.describe(arn).await?;
            let member = |name| text(&like, name).unwrap_or_default().to_owned();
            (input_form.machine, input_form.input) = (member("StateMachineArn"), member("Input"));
        }
        None => input_form.input = payload(&console, &input_form.machine).await,
    }
    Ok(form(&machines, &input_form, None))
}

/// The notebooks' payload, about an image of the test set where there is one; what other state
/// machines take is not known.
async fn payload(console: &Console, machine: &str) -> String {
    let own = console.application.state_machine.as_deref();
    if !machine.is_empty() && Some(machine) != own {
        return "{}".into();
    }
    let Some(bucket) = &console.application.bucket else {
        return "{}".into();
    };
    let listing = json!({ "Bucket": bucket, "Prefix": "test/", "MaxKeys": 1 });
    let listed = console.aws.call("s3", "listObjectsV2", listing).await;
    let key = listed
        .ok()
        .and_then(|listed| Some(text(rows(&listed, "Contents").first()?, "Key")?.to_owned()));
    let payload = json!({ "image_data": "", "s3_bucket": bucket, "s3_key": key.unwrap_or_else(|| "test/image.png".into()) });
    indented(&payload)
}

fn indented(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

async fn start(
    State(console): State<Console>,
    Form(input_form): Form<StartForm>,
) -> Result<Response, Failure> {
    let name = Some(input_form.name.trim()).filter(|name| !name.is_empty());
    let start =
        json!({ "StateMachineArn": input_form.machine, "Name": name, "Input": input_form.input });
    match console.sfn("startExecution", start).await {
        Ok(started) => {
            let arn = text(&started, "ExecutionArn").unwrap_or_default();
            Ok(Redirect::to(&execution::link(arn)).into_response())
        }
        // The form comes back as it was, with what is wrong.
        Err(refused) => {
            let page = form(&console.machines().await?, &input_form, Some(&refused));
            Ok((StatusCode::BAD_REQUEST, page).into_response())
        }
    }
}

fn form(machines: &[Machine], input_form: &StartForm, refused: Option<&ApiError>) -> Page {
    let body = html! {
        h1 { "Start an execution" }
        @if let Some(refused) = refused {
            section.notice.bad role="alert" { h2 { (refused.code) } p.cause { (refused.message) } }
        }
        form.editor method="post" action="/start" {
            label { "State machine"
                select name="machine" required {
                    @for machine in machines.iter().filter(|machine| !machine.express) {
                        option value=(machine.arn) selected[machine.arn == input_form.machine] {
                            (machine.name)
                        }
                    }
                }
            }
            label { "Name" span.faint { " (made up if left empty)" }
                input name="name" maxlength="80" value=(input_form.name) autocomplete="off" spellcheck="false";
            }
            label { "Input"
                textarea name="input" rows="12" spellcheck="false" autocapitalize="off" required data-json { (input_form.input) }
            }
            p.hint #json-hint role="status" {}
            button.primary { "Start" }
        }
    };
    Page::new(Tab::Start, "Start an execution").body(body)
}
