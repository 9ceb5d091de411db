//! Tests of the syntax of paths.

use super::check_bad;
use crate::jsonpath::Path;

#[test]
fn what_is_not_a_path_is_refused_with_its_position() {
    check_bad("", "a path begins with '$' (position 0)");
    check_bad("  ", "a path begins with '$' (position 0)");
    check_bad("x.y", "a path begins with '$' (position 0)");
    check_bad("$.", "expected a property name (position 2)");
    check_bad("$..", "expected a property name (position 3)");
    check_bad("$...a", "expected a property name (position 3)");
    check_bad(
        "$.a b",
        "a name with a space must stand in brackets: ['my name'] (position 3)",
    );
    check_bad("$['a", "the quote is not closed (position 2)");
    check_bad("$['a'b]", "expected ']' (position 5)");
    check_bad("$['a']b", "expected '.' or '[' instead of 'b' (position 6)");
    check_bad(
        "$[",
        "expected an index, a name in quotes, '*', or a filter '?(…)' (position 2)",
    );
    check_bad("$[0", "expected ']' (position 3)");
    check_bad("$[:]", "a slice needs a start or an end (position 3)");
    check_bad(
        "$[2147483648]",
        "'2147483648' is not an index (position 12)",
    );
    check_bad("$[1-2]", "'1-2' is not an index (position 5)");
    check_bad("$1x.y", "'1x' is not a variable's name (position 1)");
    check_bad(
        "$states.input",
        "'states' is not a variable's name (position 1)",
    );
    check_bad(
        &format!("${}", ".a".repeat(101)),
        "a path has at most 100 steps (position 203)",
    );
}

#[test]
fn what_is_not_a_filter_is_refused() {
    check_bad("$[?]", "expected '(' (position 3)");
    check_bad("$[?(@.a]", "expected ')' (position 8)");
    check_bad("$[?(1)]", "expected an operator (position 5)");
    check_bad(
        "$.a[?(@.b ==)]",
        "expected a path, a number, a text in quotes, true, false or null (position 12)",
    );
    check_bad("$[?(@.a like 'x')]", "expected ')' (position 8)");
    check_bad("$[?(@.a in[1])]", "expected ')' (position 8)");
    check_bad("$[?(@.a =~ /x)]", "the pattern is not closed (position 11)");
    assert!(Path::parse("$[?(@.a =~ /(?=x)/)]").is_err());
    check_bad(
        &format!("$[?{}@.a", "(".repeat(50)),
        "the filter nests too deeply (position 37)",
    );
    check_bad(
        &format!("${}", "[?(@".repeat(50)),
        "the path nests too deeply (position 132)",
    );
}

#[test]
fn what_is_not_a_function_is_refused() {
    check_bad(
        "$.a.foo()",
        "there is no JSONPath function foo() (position 8)",
    );
    check_bad("$.a.sum(", "expected a path or JSON (position 8)");
    check_bad("$.a.sum(x)", "expected a path or JSON (position 8)");
    check_bad("$.a.sum(1 2)", "expected ',' (position 10)");
}

#[test]
fn the_normal_form_is_what_jayway_prints() {
    let normal = |path: &str| Path::parse(path).unwrap().to_string();
    assert_eq!(normal("$.a[0]['b']"), "$['a'][0]['b']");
    assert_eq!(normal("$[\"a\"]['b', 'c']"), "$[\"a\"]['b','c']");
    assert_eq!(normal("$..a[1:2][*][0, 1]"), "$..['a'][1:2][*][0,1]");
    assert_eq!(
        normal("$.a[?(@.b)].sum($.c).length()"),
        "$['a'][?].sum(...).length()"
    );
}
