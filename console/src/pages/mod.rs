//! The pages: one file for each, with its routes.

mod captured;
mod data;
mod endpoints;
mod execution;
mod executions;
mod history;
mod image;
mod logs;
mod monitoring;
mod start;
mod steps;
mod training;
mod upload;

use axum::Router;
use axum::response::Redirect;
use axum::routing::get;

use crate::Console;

pub(crate) fn router() -> Router<Console> {
    Router::new()
        .route("/", get(async || Redirect::to("/executions")))
        .merge(executions::router())
        .merge(execution::router())
        .merge(data::router())
        .merge(image::router())
        .merge(start::router())
        .merge(upload::router())
        .merge(captured::router())
        .merge(monitoring::router())
        .merge(training::router())
        .merge(endpoints::router())
        .merge(logs::router())
}
