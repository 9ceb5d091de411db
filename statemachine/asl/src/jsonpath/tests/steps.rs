//! Tests of each kind of step.

use serde_json::json;

use super::{check, check_in, store};
use crate::jsonpath::Path;

#[test]
fn definite_paths_give_the_value() {
    check("$.bicycle.color", json!("red"));
    check("$['bicycle']['color']", json!("red"));
    check("$[\"bicycle\"].price", json!(19.95));
    check("$.book[1].title", json!("B"));
    check("$.book[-1].title", json!("C"));
    check("$.book.[0].title", json!("A"));
    check("$.a-b", json!(1));
    check("$['a b']", json!(2));
    check("$.größe", json!(3));
    check("$['it\\'s']", json!(4));
    check("$[\"it's\"]", json!(4));
    check("$['gr\\u00f6\\u00dfe']", json!(3));
    check("$.nothing", json!(null));
    check(" $ ", store());
}

#[test]
fn indefinite_paths_give_a_list() {
    check("$.book[*].title", json!(["A", "B", "C"]));
    check("$.book[0,2].title", json!(["A", "C"]));
    check("$.book[0, -1, 7].title", json!(["A", "C"]));
    check("$.bicycle.*", json!(["red", 19.95]));
    check("$.bicycle.color[*]", json!([]));
    check("$['bicycle','nothing']['color','x'].y", json!([]));
}

/// As the last step several properties make one object; before that they are several places.
#[test]
fn several_properties() {
    check(
        "$.bicycle['price','color']",
        json!({"price": 19.95, "color": "red"}),
    );
    check("$.bicycle['price','x']", json!({"price": 19.95}));
    check(
        "$.book[*]['title','isbn']",
        json!([
            {"title": "A"}, {"title": "B", "isbn": "1"}, {"title": "C", "isbn": "2"},
        ]),
    );
    check("$['bicycle','nothing'].color", json!(["red"]));
}

#[test]
fn slices_count_as_jayway_does() {
    let of = |slice: &str, expect| check_in(&json!([0, 1, 2, 3]), &format!("${slice}"), expect);
    of("[:2]", json!([0, 1]));
    of("[1:]", json!([1, 2, 3]));
    of("[1:3]", json!([1, 2]));
    of("[1:9]", json!([1, 2, 3]));
    of("[-2:]", json!([2, 3]));
    of("[-9:]", json!([0, 1, 2, 3]));
    of("[:-1]", json!([0, 1, 2]));
    of("[:-9]", json!([]));
    of("[2:1]", json!([]));
    of("[5:9]", json!([]));
    // Indices to go through, when both sides are given.
    of("[1:-1]", json!([]));
    of("[-3:-1]", json!([1, 2]));
    of("[-1:2]", json!([3, 0, 1]));
    of("[-9:1]", json!([0, 1, 2, 3, 0]));
    // A step is read, and not taken.
    of("[0:4:2]", json!([0, 1, 2, 3]));
}

#[test]
fn scans_find_the_outside_first() {
    check("$..isbn", json!(["1", "2"]));
    check("$..price", json!([8.95, 12, 22.99, 19.95]));
    check("$..book[0].title", json!(["A"]));
    check(
        "$..[0]",
        json!([{"title": "A", "price": 8.95, "tags": ["new"]}, "new"]),
    );
    check(
        "$..['title','isbn']",
        json!([{"title": "B", "isbn": "1"}, {"title": "C", "isbn": "2"}]),
    );
    check("$..x", json!([]));
    let nested = json!({"a": [{"b": 1}, [2]], "c": 3});
    check_in(
        &nested,
        "$..*",
        json!([[{"b": 1}, [2]], 3, {"b": 1}, [2], 1, 2]),
    );
    check_in(&nested, "$..[1:]", json!([[2]]));
}

#[test]
fn what_is_not_there_is_skipped_after_the_first_indefinite_step() {
    check("$.book[*].isbn", json!(["1", "2"]));
    check("$.book[*].tags[0]", json!(["new"]));
    check("$.book[*].title.x", json!([]));
    check("$.book[7:].title", json!([]));
}

#[test]
fn put_makes_what_is_missing_and_refuses_what_is_in_the_way() {
    let put = |path: &str, mut root| {
        let done = Path::parse(path).unwrap().put(&mut root, json!("v"));
        done.map(|()| root).map_err(|_| ())
    };
    assert_eq!(put("$.a.b", json!({})), Ok(json!({"a": {"b": "v"}})));
    assert_eq!(
        put("$.a.b", json!({"a": {"c": 1}})),
        Ok(json!({"a": {"c": 1, "b": "v"}}))
    );
    assert_eq!(
        put("$.a[1]", json!({"a": [1, 2]})),
        Ok(json!({"a": [1, "v"]}))
    );
    assert_eq!(put("$.a", json!(null)), Ok(json!({"a": "v"})));
    assert_eq!(put("$.a[2]", json!({"a": [1, 2]})), Err(()));
    assert_eq!(put("$.a.b", json!({"a": 1})), Err(()));
    assert_eq!(put("$.a", json!([])), Err(()));
}

/// Recorded on AWS: a backslash before another quote than those around the name is a part of it.
#[test]
fn a_backslash_in_a_name_escapes_its_quotes_and_itself() {
    let document = json!({"Test\\\"\"Name\"": 1, "it's": 2, "a\\b": 3});
    check_in(&document, r#"$['Test\""Name"']"#, json!(1));
    check_in(&document, r"$['it\'s']", json!(2));
    check_in(&document, r"$['a\\b']", json!(3));
}
