//! Tests of functions.

use serde_json::json;

use super::{check, check_in, check_missing};

#[test]
fn lengths() {
    check("$.book.length()", json!(3));
    check("$.book.size()", json!(3));
    check("$.bicycle.length()", json!(2));
    check("$.bicycle.color.length()", json!(null));
    check("$.length($.book)", json!(3));
    check("$.length($.bicycle.color)", json!(0));
    check("$..tags.length()", json!(1));
    check("$.book[*].length()", json!([3, 3, 4]));
    check("$.book[0].keys().length()", json!(3));
}

#[test]
fn aggregates() {
    let numbers = json!({"n": [1, 2, "x", 4.5], "m": -1, "e": []});
    let of = |path: &str, expect| check_in(&numbers, path, expect);
    of("$.n.sum()", json!(7.5));
    of("$.n.min()", json!(1.0));
    of("$.n.max()", json!(4.5));
    of("$.n.avg()", json!(2.5));
    of("$.n[0:2].sum($.m)", json!([-1.0, -1.0]));
    of("$.sum($.n, $.m, 0.5)", json!(7.0));
    of("$..m.sum()", json!(-1.0));
    // Jayway's maximum is never negative.
    of("$.max(-1, $.m)", json!(f64::from_bits(1)));
    check_in(&json!([2, 4, 4, 4, 5, 5, 7, 9]), "$.stddev()", json!(2.0));
    check("$..price.sum()", json!(63.89));
    for path in ["$.bicycle.sum()", "$.book.avg()", "$.bicycle.color.first()"] {
        check_missing(
            path,
            "Aggregation function attempted to calculate value using empty array",
        );
    }
}

#[test]
fn elements() {
    check("$.book.first().title", json!("A"));
    check("$.book.last().title", json!("C"));
    check("$.book.index(1).title", json!("B"));
    check("$.book.index(-1).title", json!("C"));
    check_missing(
        "$.book.index(3)",
        "Target index:3 larger than object count:3",
    );
    // Jayway does not count back to the first.
    check_missing(
        "$.book[0].tags.last()",
        "Target index:-1 larger than object count:1",
    );
}

#[test]
fn texts_and_lists() {
    check(
        "$.book[0].tags.append(1, \"x\", $.a-b)",
        json!(["new", 1, "x", 1]),
    );
    check("$.concat(\"a\", $.book[0].tags, 1, 1.5)", json!("anew11.5"));
    check("$.book[0].tags.concat(\"er\")", json!("newer"));
    check("$.bicycle.keys()", json!(["color", "price"]));
    check("$.book.keys()", json!(null));
}
