//! What would not end, ends.

use serde_json::json;

use super::{check, evaluate};

/// Holds that an evaluation fails with `message`.
#[track_caller]
fn check_ends(text: &str, message: &str) {
    let error = evaluate(text).unwrap_err().to_string();
    assert_eq!(
        error,
        format!("threw an error during evaluation. {message}"),
        "{text}"
    );
}

const ENDLESS: &str = "U1001: Expression evaluation timeout: Check for infinite loop";

#[test]
fn endless_tail_calls_end() {
    check_ends("($a := function($g){ $g($g) }; $a($a))", ENDLESS);
}

#[test]
fn endless_recursion_ends() {
    let message = "U1001: Stack overflow error: Check for non-terminating recursive function.  Consider rewriting as tail-recursive.";
    check_ends("($f := function($n){ 1 + $f($n) }; $f(1))", message);
    check_ends("($f := function($n){ $map([1, 2], $f) }; $f(1))", message);
}

#[test]
fn branching_recursion_ends() {
    check_ends(
        "($f := function($n){ $n = 0 ? 1 : $f($n - 1) + $f($n - 1) }; $f(60))",
        ENDLESS,
    );
}

#[test]
fn texts_do_not_fill_the_memory() {
    let message = "A string is longer than 16777216 bytes";
    check_ends(
        "$reduce([1..100], function($a, $b){ $a & $a }, 'xx')",
        message,
    );
    check_ends("($f := function($t){ $f($t & $t) }; $f('xx'))", message);
    check_ends("$pad('x', 1e12)", message);
}

#[test]
fn sequences_do_not_fill_the_memory() {
    check_ends(
        "$reduce([1..60], function($a, $b){ [$a, $a] }, 'x')",
        "D2015: The maximum sequence length of 1000000 was exceeded.",
    );
    check_ends(
        "$reduce([1..60], function($a, $b){ $append($a, $a) }, 'x')",
        "D2015: The maximum sequence length of 1000000 was exceeded.",
    );
}

#[test]
fn ranges_do_not_fill_the_memory() {
    check_ends(
        "[[1..3], [1..20000000]]",
        "D2014: The size of the sequence allocated by the range operator (..) must not exceed 1e7.  Attempted to allocate 20000000.",
    );
}

#[test]
fn results_that_share_their_parts_do_not_fill_the_memory() {
    check_ends(
        "$reduce([1..60], function($a, $b){ [[$a], [$a]] }, 'x')",
        "The result is too large",
    );
    check_ends(
        "$reduce([1..200], function($a, $b){ {'a': $a} }, 'x')",
        "The result is nested more than 127 levels deep",
    );
}

#[test]
fn what_is_metered_gives_what_it_gave() {
    check(
        "($f := function($n){ $n < 2 ? 1 : $n * $f($n - 1) }; $f(10))",
        json!(3_628_800),
    );
    check(
        "($f := function($n, $a){ $n = 0 ? $a : $f($n - 1, $a & 'x') }; $f(3, ''))",
        json!("xxx"),
    );
    check(
        "$map([1..3], function($v){ $pad('x' & $v, 3, '.') })",
        json!(["x1.", "x2.", "x3."]),
    );
    check("(function(){ [1] })()", json!([1]));
    check(
        "($f := function($v){ [$string($v)] }; $map([1..2], $f))",
        json!([["1"], ["2"]]),
    );
}
