//! Media types in the headers of a request.

use axum::http::{HeaderMap, HeaderName};

/// Returns the media types in a header, in lower case and without their parameters.
pub fn essences(headers: &HeaderMap, name: &HeaderName) -> Vec<String> {
    let values = headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let types = values
        .flat_map(|value| value.split(','))
        .filter_map(|kind| kind.split(';').next());
    types
        .map(|kind| kind.trim().to_lowercase())
        .filter(|kind| !kind.is_empty())
        .collect()
}

/// Returns the media types for a message, or `missing` if there are none.
pub fn or_missing(types: &[String]) -> String {
    if types.is_empty() {
        "missing".into()
    } else {
        types.join(", ")
    }
}
