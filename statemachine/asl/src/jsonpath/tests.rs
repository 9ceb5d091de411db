//! Paths against one document; not-found texts; what is not a path.
#![expect(
    clippy::needless_pass_by_value,
    reason = "tables of json! values read better without a & each"
)]

use proptest::prelude::*;
use serde_json::{Value, json};

use super::Path;

fn store() -> Value {
    json!({
        "book": [
            {"title": "A", "price": 8.95, "tags": ["new"]},
            {"title": "B", "price": 12, "isbn": "1"},
            {"title": "C", "price": 22.99, "isbn": "2", "tags": []},
        ],
        "bicycle": {"color": "red", "price": 19.95},
        "a-b": 1, "a b": 2, "größe": 3, "it's": 4,
    })
}

fn check(path: &str, expect: Value) {
    let path = Path::parse(path).expect(path);
    assert_eq!(
        path.find(&store()).as_deref(),
        Ok(&expect),
        "{}",
        path.text()
    );
}

fn check_missing(path: &str, text: &str) {
    let missing = Path::parse(path).unwrap().find(&store()).unwrap_err();
    assert_eq!(missing.to_string(), text);
}

fn check_bad(path: &str, text: &str) {
    assert_eq!(Path::parse(path).unwrap_err().to_string(), text, "{path}");
}

#[test]
fn definite_paths_give_the_value() {
    check("$.bicycle.color", json!("red"));
    check("$['bicycle']['color']", json!("red"));
    check("$[\"bicycle\"].price", json!(19.95));
    check("$.book[1].title", json!("B"));
    check("$.book[-1].title", json!("C"));
    check("$.a-b", json!(1));
    check("$['a b']", json!(2));
    check("$.größe", json!(3));
    check("$['it\\'s']", json!(4));
    check("$", store());
}

#[test]
fn indefinite_paths_give_a_list() {
    check("$.book[*].title", json!(["A", "B", "C"]));
    check("$.book[:2].title", json!(["A", "B"]));
    check("$.book[1:].title", json!(["B", "C"]));
    check("$.book[-2:].title", json!(["B", "C"]));
    check("$.book[-9:1].title", json!(["A"]));
    check("$.book[5:9]", json!([]));
    check("$.book[2:1]", json!([]));
    check("$.book[0,2].title", json!(["A", "C"]));
    check("$.bicycle['color','price']", json!(["red", 19.95]));
    check("$.bicycle.*", json!(["red", 19.95]));
    check("$..isbn", json!(["1", "2"]));
    check("$..book[0].title", json!(["A"]));
    check("$.nothing[*].x", json!([]));
    check("$.nothing[:1]", json!([]));
    check("$..nothing", json!([]));
}

#[test]
fn filters_choose_elements() {
    check("$.book[?(@.price < 10)].title", json!(["A"]));
    check(
        "$.book[?(@.price >= 12 && @.price <= 12)].title",
        json!(["B"]),
    );
    check("$.book[?(@.price == 12.0)].title", json!(["B"]));
    check("$.book[?(@.isbn)].title", json!(["B", "C"]));
    check("$.book[?(!@.isbn)].title", json!(["A"]));
    check(
        "$.book[?(!(@.title == 'A' || @.title == \"C\"))].title",
        json!(["B"]),
    );
    check("$.book[?(@.title in ['A', 'B'])].title", json!(["A", "B"]));
    check("$.book[?(@.title nin ['A', 'B'])].title", json!(["C"]));
    check("$.book[?(@.tags contains 'new')].title", json!(["A"]));
    check("$.book[?(@.tags empty true)].title", json!(["C"]));
    check("$.book[?(@.tags size 1)].title", json!(["A"]));
    check("$.book[?(@.price > $.bicycle.price)].title", json!(["C"]));
    check("$.book[?(@.isbn != '1')].title", json!(["A", "C"]));
    check("$.book[?( @.isbn == null )]", json!([]));
}

#[test]
fn a_definite_path_that_leads_nowhere_says_where_it_stopped() {
    check_missing("$.x", "No results for path: $['x']");
    check_missing("$.bicycle.x", "No results for path: $['bicycle']['x']");
    check_missing("$.x.y.z", "Missing property in path $['x']");
    check_missing(
        "$.bicycle.x.y",
        "Missing property in path $['bicycle']['x']",
    );
    check_missing("$.book[7]", "No results for path: $['book'][7]");
    check_missing("$.book[-4]", "No results for path: $['book'][-4]");
    check_missing("$.bicycle[0]", "No results for path: $['bicycle'][0]");
}

#[test]
fn what_is_not_a_path_is_refused_with_its_position() {
    check_bad("", "a path begins with '$' (position 0)");
    check_bad("x.y", "a path begins with '$' (position 0)");
    check_bad("$.", "expected a property name (position 2)");
    check_bad("$.a b", "unexpected ' ' (position 3)");
    check_bad("$['a", "the quote is not closed (position 2)");
    check_bad(
        "$[",
        "expected an index, a name in quotes, '*', or a filter '?(…)' (position 2)",
    );
    check_bad("$[0", "expected ']' (position 3)");
    check_bad(
        "$[99999999999999999999]",
        "'99999999999999999999' is not an index (position 22)",
    );
    check_bad(
        "$.a[?(@.b ==)]",
        "expected a path, a number, a text in quotes, true, false or null (position 12)",
    );
    check_bad(
        "$.a.length()",
        "the JSONPath function 'length()' is not supported yet (position 10)",
    );
    check_bad("$1x.y", "'1x' is not a variable's name (position 1)");
    check_bad(
        "$states.input",
        "'states' is not a variable's name (position 1)",
    );
    check_bad(
        &format!("$[?{}@.a", "(".repeat(50)),
        "the filter nests too deeply (position 37)",
    );
}

#[test]
fn put_makes_what_is_missing_and_refuses_what_is_in_the_way() {
    let put = |path: &str, mut root: Value| {
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

#[test]
fn the_normal_form_is_what_jayway_prints() {
    let normal = |path: &str| Path::parse(path).unwrap().to_string();
    assert_eq!(normal("$.a[0]['b']"), "$['a'][0]['b']");
    assert_eq!(normal("$..a[1:2][*]"), "$..['a'][1:2][*]");
}

proptest! {
    #[test]
    fn parsing_never_panics(text in "\\PC*") {
        let _ = Path::parse(&text);
    }

    #[test]
    fn near_paths_never_panic(text in r#"\$[.\[\]'"*?@()0-9:,a-c=<>&|! $-]{0,40}"#) {
        if let Ok(path) = Path::parse(&text) {
            let _ = path.find(&store());
        }
    }

    /// A path reads as the same path when written in its normal form.
    #[test]
    fn the_normal_form_parses_to_the_same_steps(
        steps in prop::collection::vec(prop_oneof![
            "[a-z]{1,3}".prop_map(|k| format!(".{k}")),
            (-3i64..9).prop_map(|i| format!("[{i}]")),
            Just("[*]".to_owned()), Just("[1:2]".to_owned()), Just("..x".to_owned()),
        ], 0..6)
    ) {
        let path = Path::parse(&format!("${}", steps.concat())).unwrap();
        let again = Path::parse(&path.to_string()).unwrap();
        prop_assert_eq!(path.steps, again.steps);
    }
}
