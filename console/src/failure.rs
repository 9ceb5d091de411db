//! Errors, as pages.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::html;

use crate::aws::ApiError;
use crate::page::{Page, Tab};

/// A request without the page that it asks for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// AWS refused, or does not have it.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// The console has no such page.
    #[error("There is no such page.")]
    NoPage,
    /// The thing that was asked for is not there.
    #[error("{0}")]
    Missing(String),
    /// The request says something that can't be.
    #[error("{0}")]
    Invalid(String),
}

impl Failure {
    fn status(&self) -> StatusCode {
        match self {
            Self::Api(error) if error.code.ends_with("DoesNotExist") => StatusCode::NOT_FOUND,
            Self::Api(error) => {
                StatusCode::from_u16(error.status).unwrap_or(StatusCode::BAD_GATEWAY)
            }
            Self::NoPage | Self::Missing(_) => StatusCode::NOT_FOUND,
            Self::Invalid(_) => StatusCode::BAD_REQUEST,
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status = self.status();
        let heading = match &self {
            Self::Api(error) => error.code.clone(),
            _ => status.canonical_reason().unwrap_or("Error").to_owned(),
        };
        let text = match &self {
            Self::Api(error) => error.message.clone(),
            other => other.to_string(),
        };
        let page = Page::new(Tab::None, "Error").body(html! {
            section.notice.bad role="alert" {
                h1 { (heading) }
                p { (text) }
                p { a href="/executions" { "Executions" } " shows what runs." }
            }
        });
        (status, page).into_response()
    }
}

/// An answer in plain text, for what no page of the console asks.
pub(crate) fn refusal(status: StatusCode, text: String) -> Response {
    (status, text).into_response()
}
