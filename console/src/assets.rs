//! The style sheet, the script and the icon: in the program, and so always those of its pages.

use std::sync::LazyLock;

use axum::Router;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use sha2::{Digest, Sha256};

use crate::Console;

/// Charts bring their own rules, whose colors the console's sheet then sets.
static STYLE: LazyLock<String> =
    LazyLock::new(|| format!("{}{}", plots::STYLE, include_str!("../assets/console.css")));
const SCRIPT: &str = include_str!("../assets/console.js");
const ICON: &str = include_str!("../assets/icon.svg");

/// Changes with what is served, so that a browser may keep it for ever.
pub(crate) static VERSION: LazyLock<String> = LazyLock::new(|| {
    let mut hash = Sha256::new();
    for asset in [STYLE.as_str(), SCRIPT, ICON] {
        hash.update(asset);
    }
    let digest = hash.finalize();
    digest[..6]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
});

pub(crate) fn router() -> Router<Console> {
    let serve = |content_type: &'static str, body: &'static str| {
        get(async move || {
            let headers = [
                (header::CONTENT_TYPE, content_type),
                (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
            ];
            (headers, body).into_response()
        })
    };
    Router::new()
        .route(
            "/console.css",
            serve("text/css; charset=utf-8", STYLE.as_str()),
        )
        .route(
            "/console.js",
            serve("text/javascript; charset=utf-8", SCRIPT),
        )
        .route("/icon.svg", serve("image/svg+xml", ICON))
}
