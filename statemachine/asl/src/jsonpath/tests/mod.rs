//! Tests of paths against one document.
#![expect(
    clippy::needless_pass_by_value,
    reason = "tables of json! values read better without a & each"
)]

mod filters;
mod functions;
mod generated;
mod missing;
mod steps;
mod syntax;

use serde_json::{Value, json};

use super::{Budget, Path};

fn store() -> Value {
    json!({
        "book": [
            {"title": "A", "price": 8.95, "tags": ["new"]},
            {"title": "B", "price": 12, "isbn": "1"},
            {"title": "C", "price": 22.99, "isbn": "2", "tags": []},
        ],
        "bicycle": {"color": "red", "price": 19.95},
        "a-b": 1, "a b": 2, "größe": 3, "it's": 4, "nothing": null,
    })
}

fn check_in(document: &Value, path: &str, expect: Value) {
    let parsed = Path::parse(path).unwrap_or_else(|bad| panic!("{path}: {bad}"));
    assert_eq!(
        parsed.find(document, &Budget::new()).as_deref(),
        Ok(&expect),
        "{path}"
    );
}

fn check(path: &str, expect: Value) {
    check_in(&store(), path, expect);
}

fn check_missing(path: &str, text: &str) {
    let parsed = Path::parse(path).unwrap_or_else(|bad| panic!("{path}: {bad}"));
    assert_eq!(
        parsed
            .find(&store(), &Budget::new())
            .unwrap_err()
            .to_string(),
        text
    );
}

fn check_bad(path: &str, text: &str) {
    assert_eq!(Path::parse(path).unwrap_err().to_string(), text, "{path}");
}
