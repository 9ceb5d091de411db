//! The steps of an execution: what went into each state, what came out, and the error where there
//! was one.

use maud::{Markup, html};

use super::data::whole;
use crate::execution_history::{ExecutionHistory, SHOWN, Status, Step};
use crate::json;
use crate::text::{between, clock, count, url};

pub(super) fn list(arn: &str, history: &ExecutionHistory) -> Markup {
    html! {
        section.card {
            h2 { "Steps" }
            @if history.steps.is_empty() { p.faint { "None yet." } }
            ol.steps {
                @for (at, step) in history.steps.iter().take(SHOWN).enumerate() {
                    (item(arn, at + 1, step))
                }
            }
            @if history.steps.len() > SHOWN {
                p.faint { "and " (count(history.steps.len() - SHOWN, "more step")) ", which the \
                    history has" }
            }
        }
    }
}

fn item(arn: &str, number: usize, step: &Step) -> Markup {
    let status = step.status;
    let exited = step.exited.unwrap_or_else(jiff::Timestamp::now);
    // What went wrong is what one looks for.
    let open = status == Status::Failed;
    html! {
        li id={ "step-" (number) } class={ "step depth-" (step.depth.min(4)) } {
            details id={ "details-" (number) } open[open] {
                summary {
                    span class={ "sign " (status.word()) } title=(status.word()) { (status.sign()) }
                    span.name { (step.name) }
                    span.sub { (step.kind) @if step.attempts > 1 { " · " (count(step.attempts, "attempt")) } }
                    span.right { (between(step.entered, Some(exited))) }
                }
                @if let Some(error) = &step.error {
                    div.notice.bad {
                        h3 { (error) }
                        @if let Some(cause) = &step.cause { (json::cause(cause, &whole(arn, step.failed_id, "Cause"))) }
                    }
                }
                @if let Some(run) = &step.map_run {
                    p { a href=(url("/executions", &[("map_run", Some(run))])) { "Child \
                        executions of the map run" } }
                }
                @if let Some(input) = &step.input {
                    h3 { "Input " span.faint { (clock(step.entered)) } }
                    (json::show(input, &whole(arn, Some(step.entered_id), "Input")))
                }
                @if let Some(output) = &step.output {
                    h3 { "Output " span.faint { (clock(step.exited)) } }
                    (json::show(output, &whole(arn, step.exited_id, "Output")))
                }
            }
        }
    }
}
