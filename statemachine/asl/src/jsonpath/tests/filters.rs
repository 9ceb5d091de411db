//! Tests of filters.

use serde_json::{Value, json};

use super::{check, check_in};

#[test]
fn comparisons() {
    check("$.book[?(@.price < 10)].title", json!(["A"]));
    check(
        "$.book[?(@.price >= 12 && @.price <= 12)].title",
        json!(["B"]),
    );
    check("$.book[?(@.price == 12.0)].title", json!(["B"]));
    check("$.book[?(@.price>12)].title", json!(["C"]));
    check("$.book[?(@['title'] > 'A')].title", json!(["B", "C"]));
    check("$.book[?('A' == @.title)].title", json!(["A"]));
    check("$.book[?(@.price > $.bicycle.price)].title", json!(["C"]));
    check("$.book[?(@.price < 'x')]", json!([]));
}

#[test]
fn what_is_not_there_differs_from_everything() {
    check("$.book[?(@.isbn != '1')].title", json!(["A", "C"]));
    check("$.book[?( @.isbn == null )]", json!([]));
    check("$.book[?(@.isbn == @.isbn)].title", json!(["B", "C"]));
    check("$.bicycle[?(@.x == null)]", json!([]));
}

#[test]
fn numbers_equal_texts_unless_types_count() {
    let document = json!([{"a": 1}, {"a": "1"}, {"a": 1.0}, {"a": "x"}]);
    let of = |filter: &str, expect| check_in(&document, &format!("$[?({filter})].a"), expect);
    of("@.a == '1'", json!([1, "1", 1.0]));
    of("@.a == 1", json!([1, "1", 1.0]));
    of("@.a === 1", json!([1, 1.0]));
    of("@.a !== 1", json!(["1", "x"]));
}

#[test]
fn presence() {
    check("$.book[?(@.isbn)].title", json!(["B", "C"]));
    check("$.book[?(!@.isbn)].title", json!(["A"]));
    check("$.book[?(!(@.isbn))].title", json!(["A"]));
    check("$.bicycle[?(@.color)].price", json!([19.95]));
    check_in(&json!([{"a": null}, {}]), "$[?(@.a)]", json!([{"a": null}]));
}

#[test]
fn conditions_combine() {
    check(
        "$.book[?(!(@.title == 'A' || @.title == \"C\"))].title",
        json!(["B"]),
    );
    check(
        "$.book[?(@.isbn && @.tags || @.price < 9)].title",
        json!(["A", "C"]),
    );
    check(
        "$.book[?(@.isbn && (@.tags || @.price < 9))].title",
        json!(["C"]),
    );
}

#[test]
fn lists() {
    let document = json!([{"a": 1, "l": [1, 2]}, {"a": "x", "l": []}, {"a": null, "l": ["x", 1]}]);
    let of = |filter: &str, expect| {
        check_in(&document, &format!("$[?({filter})].a"), expect);
    };
    of("@.a in [1, null]", json!([1, null]));
    of("@.a IN ['x']", json!(["x"]));
    of("@.a in [x]", json!(["x"]));
    of("@.a nin ['x', 7]", json!([1, null]));
    of("@.a in $[0].l", json!([1]));
    of("@.l contains 1", json!([1, null]));
    of("@.a contains 'x'", json!(["x"]));
    of("@.l subsetof [1, 2, 3]", json!([1, "x"]));
    of("@.l anyof ['x', 2]", json!([1, null]));
    of("@.l noneof ['x']", json!([1, "x"]));
    of("@.l size 2", json!([1, null]));
    of("@.a size 1", json!(["x"]));
    of("@.l empty true", json!(["x"]));
    of("@.l empty false", json!([1, null]));
    of("@.l == [1, 2]", json!([1]));
    of("@.a == {\"b\": 1}", json!([]));
}

#[test]
fn nothing_passes_what_makes_no_sense() {
    let document = json!([{"a": 1, "l": []}]);
    let of = |filter: &str, expect: Value| {
        check_in(&document, &format!("$[?({filter})].a"), expect);
    };
    of("@.a in 1", json!([]));
    of("@.a nin 1", json!([]));
    of("@.a == 1 || @.a nin 1", json!([1]));
    of("@.a nin 1 || @.a == 1", json!([]));
    of("@.l empty 1", json!([]));
    of("@.l all [1]", json!([]));
}

#[test]
fn patterns_match_whole_texts() {
    let document = json!(["ab", "AB", "a/b", 12, true, null, ["x", "ab"]]);
    let of = |pattern: &str, expect| {
        check_in(&document, &format!("$[?(@ =~ {pattern})]"), expect);
    };
    of("/a./", json!(["ab", ["x", "ab"]]));
    of("/a/", json!([]));
    of("/a./i", json!(["ab", "AB", ["x", "ab"]]));
    of(r"/a\/b/", json!(["a/b"]));
    of(r"/\d+/", json!([12]));
    of("/true|()/", json!([true, null]));
    check("$.book[?(@.title =~ /[AC]/)].price", json!([8.95, 22.99]));
    check("$.book[?(@.isbn =~ /.*/)].title", json!(["A", "B", "C"]));
}

#[test]
fn paths_in_filters() {
    check("$.book[?(@.tags.length() == 1)].title", json!(["A"]));
    check(
        "$.book[?(@.tags[?(@ == 'new')] size 1)].title",
        json!(["A"]),
    );
    check("$.book[?(@['ti tle'])]", json!([]));
    check("$.book[?($.bicycle)].title", json!(["A", "B", "C"]));
    // An indefinite path is there even if it finds nothing.
    check("$.book[?(@..x)].title", json!(["A", "B", "C"]));
    check_in(&json!([1, 5, 3]), "$[?(@ > 2)]", json!([5, 3]));
}

#[test]
fn scans_ask_the_filter_of_every_object() {
    check("$..[?(@.isbn)].title", json!(["B", "C"]));
    check("$..[?(@.color)]", json!([{"color": "red", "price": 19.95}]));
    check_in(&json!({"a": [1, 5]}), "$..[?(@ > 2)]", json!([]));
}
