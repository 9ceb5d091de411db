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

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::header::ACCEPT;

    #[track_caller]
    fn check(values: &[&str], expected: &str) {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(ACCEPT, value.parse().unwrap());
        }
        assert_eq!(or_missing(&essences(&headers, &ACCEPT)), expected);
    }

    /// RFC 9110, section 12.5.1: a list, in one header or several.
    #[test]
    fn parameters_and_case_do_not_matter() {
        check(&[], "missing");
        check(&[" , ;q=1"], "missing");
        check(&["Text/CSV; charset=utf-8"], "text/csv");
        check(
            &["text/csv;q=.5, */*", "image/png"],
            "text/csv, */*, image/png",
        );
    }
}
