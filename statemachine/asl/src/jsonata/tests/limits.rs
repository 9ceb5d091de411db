//! Tests that endless evaluations end.

use serde_json::json;

use super::{check, evaluate};

/// Holds that an evaluation fails with `message`.
#[track_caller]
fn check_ends(text: &str, message: &str) {
    let error = evaluate(text).unwrap_err().to_string();
    assert_eq!(
        error,
        format!("threw an error during evaluation: {message}"),
        "{text}"
    );
}

const DEPTH: &str = "Stack overflow error: Check for non-terminating recursive function.  Consider \
                     rewriting as tail-recursive.";
const MEMORY: &str =
    "Expression evaluation memory limit exceeded: Check for excessive memory usage";
const TIME: &str = "Expression evaluation timeout: Check for infinite loop";

#[test]
fn endless_tail_calls_end() {
    check_ends("($a := function($g){ $g($g) }; $a($a))", TIME);
}

#[test]
fn endless_recursion_ends() {
    check_ends("($f := function($n){ 1 + $f($n) }; $f(1))", DEPTH);
    check_ends("($f := function($n){ $map([1, 2], $f) }; $f(1))", DEPTH);
}

/// Measured on AWS: a sum of 100 terms is one, of 101 it is not.
#[test]
fn an_evaluation_nests_a_hundred_levels() {
    let sum = |terms: usize| vec!["1"; terms].join("+");
    check(&sum(100), json!(100));
    check_ends(&sum(101), DEPTH);
    check_ends(&sum(200), DEPTH);
    check(&format!("true ? 1 : {}", sum(200)), json!(1));
    let nested = |levels: usize| format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
    assert!(evaluate(&nested(99)).is_ok());
    check_ends(&nested(100), DEPTH);
    check_ends(
        &format!(
            "$uppercase({}{})",
            "$lowercase(".repeat(120),
            ")".repeat(120)
        ),
        DEPTH,
    );
}

/// Measured on AWS.
#[test]
fn an_evaluation_holds_6990256_bytes() {
    check("[1..873782] ~> $count()", json!(873_782));
    for text in [
        "[1..873783] ~> $count()",
        "[1..900000] ~> $count()",
        "$sum([1..900000])",
        "$count($append([1..500000], [1..500000]))",
    ] {
        check_ends(text, MEMORY);
    }
    let doubled = |times: u32| {
        format!(
            "($p := function($s, $n) {{ $n = 0 ? $s : $p($s & $s, $n - 1) }}; $length($p('x', \
             {times})))"
        )
    };
    check(&doubled(22), json!(4_194_304));
    check_ends(&doubled(23), MEMORY);
}

#[test]
fn texts_do_not_fill_the_memory() {
    check_ends(
        "$reduce([1..100], function($a, $b){ $a & $a }, 'xx')",
        MEMORY,
    );
    check_ends("($f := function($t){ $f($t & $t) }; $f('xx'))", MEMORY);
    check_ends("$pad('x', 1e12)", MEMORY);
    check_ends("$length($join([1..800000].('abcdefghij')))", MEMORY);
    check_ends(
        "$length($replace($pad('', 5000, 'x'), 'x', $pad('', 5000, 'y')))",
        MEMORY,
    );
}

#[test]
fn sequences_do_not_fill_the_memory() {
    check_ends(
        "$reduce([1..60], function($a, $b){ [$a, $a] }, 'x')",
        MEMORY,
    );
    check_ends(
        "$reduce([1..60], function($a, $b){ $append($a, $a) }, 'x')",
        MEMORY,
    );
    check_ends("($a := [1..2000]; $count($a.$a))", MEMORY);
}

/// JSONata 2.0.6, which AWS runs, refuses more than a million at once, before it allocates.
#[test]
fn ranges_do_not_fill_the_memory() {
    for (text, items) in [
        ("[[1..3], [1..20000000]]", "20000000"),
        ("$distinct([1..2000000])", "2000000"),
        ("[-1..1000000]", "1000002"),
        ("($n := 1; [$n..1000001])", "1000001"),
        ("$range(1, 3000000, 2)", "1500000"),
    ] {
        let error = evaluate(text).unwrap_err().to_string();
        assert_eq!(
            error,
            format!(
                "threw an error during evaluation. D2014: The size of the sequence allocated by \
                 the range operator (..) must not exceed 1e6.  Attempted to allocate {items}."
            ),
            "{text}"
        );
    }
}

/// The library's own compares each item with all before it: 800,000 items took hours.
#[test]
fn distinct_takes_linear_time() {
    check("$count($distinct([1..800000]))", json!(800_000));
    check("$distinct([1, 2, 1, '1', -0, 0])", json!([1, 2, "1", 0]));
    check(
        "$distinct([{'a': 1, 'b': [2]}, {'b': [2], 'a': 1}, {'a': 1}, [1], [1], null, null, true])",
        json!([{"a": 1, "b": [2]}, {"a": 1}, [1], null, true]),
    );
    check("$distinct('a')", json!("a"));
    check("$distinct([5, 5])", json!([5]));
    check("$distinct($states.input.orders.(1))", json!(1));
    super::check_undefined("$distinct($nothing)");
}

#[test]
fn results_that_share_their_parts_do_not_fill_the_memory() {
    check_ends(
        "$reduce([1..60], function($a, $b){ [[$a], [$a]] }, 'x')",
        MEMORY,
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

/// A meter must leave a call a call where `~>` gives it its first argument.
#[test]
fn what_is_applied_stays_a_call() {
    check("$sort(['b', 'a']) ~> $join('-')", json!("a-b"));
    check("$sort(['b', 'a']) ~> $join", json!("ab"));
    check("$sort([2, 2, 1]) ~> $distinct() ~> $count", json!(2));
    check("$sort([2, 2, 1]) ~> $distinct ~> $count()", json!(2));
    check("$join($sort(['a'])) ~> $pad(3, '#')", json!("a##"));
    check_ends("$join($sort(['a'])) ~> $pad(1e12)", MEMORY);
}
