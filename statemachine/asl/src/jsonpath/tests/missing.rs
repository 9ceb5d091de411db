//! Tests of the errors of look-ups.

use serde_json::{Value, json};

use super::{check, check_missing};
use crate::jsonpath::{Budget, Path, PathError};

#[test]
fn a_definite_path_that_leads_nowhere_says_where_it_stopped() {
    check_missing("$.x", "No results for path: $['x']");
    check_missing("$[\"x\"]", "No results for path: $[\"x\"]");
    check_missing("$.bicycle.x", "No results for path: $['bicycle']['x']");
    check_missing("$.x.y.z", "Missing property in path $['x']");
    check_missing(
        "$.bicycle.x.y",
        "Missing property in path $['bicycle']['x']",
    );
    check_missing("$.book[7]", "No results for path: $['book'][7]");
    check_missing(
        "$.book[-4].title",
        "No results for path: $['book'][-4]['title']",
    );
    check_missing("$.x.length()", "Missing property in path $['x']");
}

#[test]
fn an_indefinite_path_that_leads_nowhere_finds_nothing() {
    for path in [
        "$.x[*]",
        "$.x.y[:1].z",
        "$.x[1:]",
        "$.x[?(@.y)]",
        "$.bicycle.color.x[*]",
    ] {
        check(path, json!([]));
    }
}

#[test]
fn what_is_sliced_or_filtered_must_be_an_array() {
    check_missing(
        "$[1:5].y",
        "Filter: [1:5]['y'] can only be applied to arrays. Current context is: \
         {book=[{title=A, price=8.95, tags=[new]}, {title=B, price=12, isbn=1}, \
         {title=C, price=22.99, isbn=2, tags=[]}], bicycle={color=red, price=19.95}, \
         a-b=1, a b=2, größe=3, it's=4, nothing=null}",
    );
    check_missing(
        "$.bicycle[1:].y",
        "Filter: [1:]['y'] can only be applied to arrays. Current context is: {color=red, \
         price=19.95}",
    );
    check_missing(
        "$.bicycle.color[?(@.x)]",
        "Filter: [?] can not be applied to primitives. Current context is: red",
    );
}

#[test]
fn values_of_the_wrong_kind_are_told_as_java_sees_them() {
    let classes = [
        (json!(null), "null"),
        (json!(true), "java.lang.Boolean"),
        (json!(1), "java.lang.Integer"),
        (json!(3_000_000_000_u64), "java.lang.Long"),
        (json!(u64::MAX), "java.math.BigInteger"),
        (json!(1.5), "java.lang.Double"),
        (json!("x"), "java.lang.String"),
        (json!([]), "java.util.ArrayList"),
    ];
    for (value, class) in classes {
        let missing = Path::parse("$.a.b")
            .unwrap()
            .find(&json!({"a": value}), &Budget::new())
            .unwrap_err();
        assert_eq!(
            missing.to_string(),
            format!(
                "Expected to find an object with property ['b'] in path $['a'] but found \
                 '{class}'. This is not a json object according to the JsonProvider: \
                 'com.jayway.jsonpath.spi.json.JacksonJsonProvider'."
            )
        );
    }
    check_missing(
        "$.bicycle[0]",
        "Filter: [0] can only be applied to arrays. Current context is: {color=red, price=19.95}",
    );
    check_missing("$.nothing[0].x", "The path $['nothing'] is null");
}

/// 127 levels, with a wide floor.
fn deep() -> Value {
    (0..126).fold(json!([1, 2, 3]), |inner, _| json!([inner]))
}

#[test]
fn a_path_that_multiplies_is_given_up() {
    let path = Path::parse(&format!("${}", "..*".repeat(20))).unwrap();
    assert_eq!(
        path.find(&deep(), &Budget::new()),
        Err(PathError::TooManyVisits)
    );
    let filter = format!("$..[?({}@.x{})]", "@..[?(".repeat(8), ")]".repeat(8));
    assert_eq!(
        Path::parse(&filter).unwrap().find(&deep(), &Budget::new()),
        Err(PathError::TooManyVisits)
    );
}

#[test]
fn a_path_that_finds_a_large_value_often_is_given_up() {
    let large = (0..100).fold(json!("x".repeat(200_000)), |inner, _| json!([inner]));
    assert_eq!(
        Path::parse("$..*").unwrap().find(&large, &Budget::new()),
        Err(PathError::TooLarge)
    );
}
