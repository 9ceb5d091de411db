//! Tests of the functions that Step Functions adds and takes away.

use serde_json::{Value, json};

use super::{check, check_error, check_undefined, evaluate_with};
use crate::random::Random;

#[test]
fn partition() {
    check("$partition([1,2,3,4,5], 2)", json!([[1, 2], [3, 4], [5]]));
    check("$partition([1,2], 5)", json!([[1, 2]]));
    check("$partition([], 2)", json!([]));
    check("$partition('a', 2)", json!([["a"]]));
    check_undefined("$partition($nothing, 2)");
    check_error(
        "$partition([1], 0)",
        "threw an error during evaluation: The chunk size of the partition function must be a \
         positive integer",
    );
    check_error(
        "$partition([1], 'x')",
        "threw an error during evaluation. T0410: Argument 2 of function \"partition\" does not \
         match function signature",
    );
}

#[test]
fn range() {
    check("$range(1, 9, 2)", json!([1, 3, 5, 7, 9]));
    check("$range(0, 10, 4)", json!([0, 4, 8]));
    check("$range(3, 1, -1)", json!([3, 2, 1]));
    check("$range(3, 3, 1)", json!(3));
    check("$range(1, 9, 9)", json!(1));
    check("$range(1, 3, -1)", json!([]));
    check("$range(3, 1, 1)", json!([]));
    check_error(
        "$range(1, 2, 0)",
        "threw an error during evaluation: The increment of the range function must not be zero",
    );
    check_error(
        "$range(1, 2)",
        "threw an error during evaluation. T0410: Argument 3 of function \"range\" does not match \
         function signature",
    );
    check_error(
        "$range(1, 1e15, 1)",
        "threw an error during evaluation. D2014: The size of the sequence allocated by the range \
         operator (..) must not exceed 1e6.  Attempted to allocate 1000000000000000.",
    );
}

#[test]
fn hash() {
    check(
        "$hash('abc', 'MD5')",
        json!("900150983cd24fb0d6963f7d28e17f72"),
    );
    check(
        "$hash($text, 'SHA-1')",
        json!("a9993e364706816aba3e25717850c26c9cd0d89d"),
    );
    check_undefined("$hash($nothing, 'MD5')");
    check_error(
        "$hash('abc', 'SHA-2')",
        "threw an error during evaluation: Unsupported hash algorithm 'SHA-2': use MD5, SHA-1, \
         SHA-256, SHA-384 or SHA-512",
    );
    check_error(
        "$hash(1, 'MD5')",
        "threw an error during evaluation. T0410: Argument 1 of function \"hash\" does not match \
         function signature",
    );
}

#[test]
fn parse() {
    check(r#"$parse('{"a": [1, 2.5, "x"]}').a[0]"#, json!(1));
    check("$parse('null')", json!(null));
    check_undefined("$parse($nothing)");
    check_error(
        "$parse('{')",
        "threw an error during evaluation: The argument of the parse function is not JSON: EOF \
         while parsing an object at line 1 column 1",
    );
}

#[test]
fn eval_does_not_exist() {
    check_error(
        "$eval('1')",
        "threw an error during evaluation. T1006: Attempted to invoke a non-function",
    );
    check_error(
        "$map(['1'], $eval)",
        "threw an error during evaluation. T1006: Attempted to invoke a non-function",
    );
}

#[test]
fn time_is_the_steps() {
    check("$millis()", json!(1_795_224_660_250_i64));
    check("$now()", json!("2026-11-21T01:31:00.250Z"));
    check("$now('[Y]-[M01]-[D01]')", json!("2026-11-21"));
    check("$now('[H01]:[m01]', '+0200')", json!("03:31"));
}

#[test]
fn randomness_is_the_executions() {
    let draw = |text: &str, random: &mut Random| evaluate_with(text, random).unwrap().unwrap();
    for text in [
        "$random()",
        "$uuid()",
        "$shuffle([1..100])",
        "$map([1..3], $uuid)",
    ] {
        let mut random = Random::new(5);
        let first = draw(text, &mut random);
        let second = draw(text, &mut random);
        assert_ne!(first, second, "{text}: one after the other");
        assert_eq!(draw(text, &mut Random::new(5)), first, "{text}: again");
    }
}

#[test]
fn random_with_a_seed_repeats_itself() {
    let mut random = Random::new(5);
    let mut draw = |text: &str| evaluate_with(text, &mut random).unwrap().unwrap();
    assert_eq!(draw("$random(42)"), draw("$random(42)"));
    assert_ne!(draw("$random(42)"), draw("$random(43)"));
    let unit = draw("$random(42)").as_f64().unwrap();
    assert!((0.0..1.0).contains(&unit));
}

#[test]
fn shuffle_loses_nothing() {
    let shuffled = evaluate_with("$shuffle([1..50])", &mut Random::new(5))
        .unwrap()
        .unwrap();
    let mut items: Vec<i64> = shuffled
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_i64)
        .collect();
    assert_ne!(items, (1..=50).collect::<Vec<_>>());
    items.sort_unstable();
    assert_eq!(items, (1..=50).collect::<Vec<_>>());
}
