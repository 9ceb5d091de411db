//! The language itself, as far as this module answers for it; the rest is the official suite's.

use serde_json::json;

use super::{check, check_error, check_undefined};
use crate::jsonata::Expression;

#[test]
fn sees_states_and_variables() {
    check("$states.input.name", json!("Ada"));
    check("$states.result.Payload.ok", json!(true));
    check("$sum($list) + $one", json!(7));
    check("$states.input.orders[sku = 'y'].price", json!(1));
    check("$keys($states)", json!(["input", "result"]));
    check("$states.*.name", json!("Ada"));
}

#[test]
fn what_is_not_there_is_undefined() {
    check_undefined("$nothing");
    check_undefined("$states.input.nothing");
    check_undefined("$states.errorOutput");
    check_undefined("$");
    check_undefined("name");
}

#[test]
fn integers_stay_integers() {
    check("1", json!(1));
    check("$states.input.id", json!(7));
    check("$states.input.id / 2", json!(3.5));
    check("$states.input.id * 2", json!(14));
    check(
        "4503599627370497 * 2 - 1",
        json!(9_007_199_254_740_993_i64 - 1 + 1 - 2 + 1),
    );
    check("-3", json!(-3));
    check("2.0", json!(2));
}

#[test]
fn fields_keep_their_order() {
    let text = super::evaluate("{'z': 1, 'a': {'y': 2, 'b': 3}, 'm': 4}")
        .unwrap()
        .unwrap();
    assert_eq!(text.to_string(), r#"{"z":1,"a":{"y":2,"b":3},"m":4}"#);
}

#[test]
fn arrays_of_the_input_stay_arrays() {
    check("$states.input.one", json!([5]));
    check("$states.input.none", json!([]));
    check("$states.input.`null`", json!(null));
}

#[test]
fn errors_have_their_code_first() {
    check_error(
        "$randomSeeded(1)",
        "threw an error during evaluation. T1006: Attempted to invoke a non-function",
    );
    check_error(
        "$fn := function($x){$x}",
        "returned an unsupported result type.",
    );
    check_error("{'a': $sum}", "returned an unsupported result type.");
}

#[test]
fn free_variables() {
    let variables = |text: &str| -> Vec<String> {
        let expression = Expression::parse(text).unwrap();
        expression.variables().map(str::to_owned).collect()
    };
    assert_eq!(variables("$a + $b.c[$d]"), ["a", "b", "d"]);
    assert_eq!(variables("$states.input.x"), ["states"]);
    assert_eq!(variables("($x := $y; $x + $z)"), ["y", "z"]);
    assert_eq!(
        variables("$map($list, function($v, $i){ $v + $i + $k })"),
        ["k", "list"]
    );
    assert_eq!(
        variables("($f := function($n){ $n = 0 ? 0 : $f($n - 1) }; $f(3))"),
        [""; 0]
    );
    assert_eq!(variables("$map($list, $string) ~> $sum"), ["list"]);
    assert_eq!(variables("$list@$l.x#$i[$l = $m]{ $l: $i }"), ["list", "m"]);
    assert_eq!(variables("$list^(<$.price, >$p)"), ["list", "p"]);
    assert_eq!(variables("$ & $$"), [""; 0]);
    assert_eq!(variables("($x := $x + 1)"), ["x"]);
}

#[test]
fn syntax_errors_say_what() {
    let check = |text: &str, message: &str| {
        let error = Expression::parse(text).unwrap_err();
        assert_eq!(error.message, message, "{text}");
    };
    check("1 +", "S0207: Unexpected end of expression");
    check(
        "$sum(1, 2",
        "S0203: Expected \")\" before end of expression",
    );
    check(
        "'abc",
        "S0101: String literal must be terminated by a matching quote",
    );
    check("ä + b c d", "S0201: Syntax error: \"c\"");
    check(
        "$x := ; 3",
        "S0211: The symbol \";\" cannot be used as a unary operator",
    );
}

#[test]
fn operators_that_step_functions_does_not_have_are_noticed() {
    let newer = |text: &str| Expression::parse(text).unwrap().newer_operator();
    assert_eq!(newer("$map($list, function($v){ $v ?? 1 })"), Some("??"));
    assert_eq!(newer("$text ?: 'x'"), Some("?:"));
    assert_eq!(newer("$text ? 'x' : '?? ?:'"), None);
}
