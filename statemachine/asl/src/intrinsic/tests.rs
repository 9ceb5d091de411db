//! Tests of each function, its limits, and texts that are no calls.

use std::cell::{Cell, OnceCell};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::Call;
use crate::context::Context;
use crate::jsonata::{Bindings, States};
use crate::random::Random;
use crate::scope::Scope;
use crate::variables::Variables;
use crate::{Failure, Identity, Payload, Timestamp};

/// The value of a call, or the error and cause that a state would fail with.
fn evaluate(call: &str, input: &Value) -> Result<Value, Failure> {
    let call = Call::parse(call).unwrap_or_else(|bad| panic!("{call}: {bad}"));
    let (identity, execution_input) = (Identity::default(), Payload::null());
    let context = Context {
        identity: &identity,
        execution_input: &execution_input,
        started: Timestamp(0),
        state: "S",
        entered: Timestamp(0),
        retry_count: None,
        token: None,
        item: None,
        made: OnceCell::new(),
    };
    let random = Cell::new(Random::new(1));
    let variables = Variables::default();
    let scope = Scope {
        input,
        context: &context,
        variables: &variables,
        bindings: &Bindings::new(States::default(), &variables, Timestamp(0)),
        random: &random,
        inspector: None,
        evaluator: None,
        budget: &crate::jsonpath::Budget::new(),
    };
    call.evaluate(&scope)
        .map_err(|fault| fault.into_failure("S", 2))
}

fn input() -> Value {
    json!({
        "text": "a,b", "list": [1, 2, 3], "one": 1, "real": 1.1,
            "object": {"Arg1": 1, "Arg2": [], "c": "x"},
        "nothing": null, "json": "{\"a\": [1, 1.0]}", "template": "\\{{}\\} {}",
    })
}

fn check(call: &str, expect: Value) {
    assert_eq!(evaluate(call, &input()), Ok(expect), "{call}");
}

fn check_fails(call: &str, problem: &str) {
    let failure = evaluate(call, &input()).unwrap_err();
    let cause = format!(
        "An error occurred while executing the state 'S' (entered at the event id #2). \
         The function '{call}' had the following error: {problem}"
    );
    assert_eq!(failure.cause, Some(cause));
    assert_eq!(failure.error.as_deref(), Some("States.IntrinsicFailure"));
}

fn check_bad(call: &str, text: &str) {
    assert_eq!(Call::parse(call).unwrap_err().to_string(), text, "{call}");
}

#[test]
fn array() {
    check("States.Array()", json!([]));
    check(
        "States.Array($.one, 'x', null, true, -1.5, $.list)",
        json!([1, "x", null, true, -1.5, [1, 2, 3]]),
    );
}

#[test]
fn array_contains() {
    check("States.ArrayContains($.list, 2)", json!(true));
    check("States.ArrayContains($.list, '2')", json!(false));
    check("States.ArrayContains($.list, 2.0)", json!(false));
    check("States.ArrayContains($.object.Arg2, null)", json!(false));
    check(
        "States.ArrayContains(States.Array($.object), $.object)",
        json!(true),
    );
    check_fails(
        "States.ArrayContains($.text, 'a')",
        "Argument 1 must be an array but was: \"a,b\"",
    );
}

#[test]
fn array_get_item() {
    check("States.ArrayGetItem($.list, 0)", json!(1));
    check("States.ArrayGetItem($.list, 2)", json!(3));
    for index in [-1, 3] {
        check_fails(
            &format!("States.ArrayGetItem($.list, {index})"),
            &format!("The index {index} is out of bounds for an array of length 3"),
        );
    }
}

#[test]
fn array_length() {
    check("States.ArrayLength($.list)", json!(3));
    check("States.ArrayLength(States.Array())", json!(0));
    check_fails(
        "States.ArrayLength($.object)",
        "Argument 1 must be an array but was: {\"Arg1\":1,\"Arg2\":[],\"c\":\"x\"}",
    );
}

#[test]
fn array_partition() {
    check("States.ArrayPartition($.list, 2)", json!([[1, 2], [3]]));
    check("States.ArrayPartition($.list, 1.5)", json!([[1, 2], [3]]));
    check("States.ArrayPartition($.list, 9)", json!([[1, 2, 3]]));
    check("States.ArrayPartition(States.Array(), 4)", json!([]));
    for size in ["0", "-1", "0.4"] {
        check_fails(
            &format!("States.ArrayPartition($.list, {size})"),
            "The chunk size must be a positive integer",
        );
    }
}

#[test]
fn array_range() {
    check("States.ArrayRange(1, 9, 2)", json!([1, 3, 5, 7, 9]));
    check("States.ArrayRange(0, 10, 3)", json!([0, 3, 6, 9]));
    check("States.ArrayRange(1, 9, 9)", json!([1]));
    check("States.ArrayRange(1, 1, -1)", json!([1]));
    check("States.ArrayRange(10, 0, -3)", json!([10, 7, 4, 1]));
    check("States.ArrayRange(0.5, 2.4, 1)", json!([1, 2]));
    check("States.ArrayRange(1, 0, 1)", json!([]));
    check("States.ArrayRange(0, 1, -1)", json!([]));
    let ends = evaluate(
        &format!(
            "States.ArrayRange({}, {}, {})",
            i64::MIN,
            i64::MAX,
            i64::MAX
        ),
        &input(),
    );
    assert_eq!(ends, Ok(json!([i64::MIN, -1, i64::MAX - 1])));
    assert_eq!(
        evaluate("States.ArrayRange(1, 1000, 1)", &input())
            .map(|array| array.as_array().unwrap().len()),
        Ok(1000)
    );
    check_fails(
        "States.ArrayRange(0, 1000, 1)",
        "The array would have 1001 items, and may have at most 1000",
    );
    check_fails("States.ArrayRange(0, 1, 0)", "The step must not be 0");
}

#[test]
fn array_unique() {
    let doubled = json!({"a": [null, null, true, 1, 1, 1.0, "1", [], [], {"a": 1, "b": 2},
        {"b": 2, "a": 1}]});
    assert_eq!(
        evaluate("States.ArrayUnique($.a)", &doubled),
        Ok(json!([null, true, 1, 1.0, "1", [], {"a": 1, "b": 2}]))
    );
}

#[test]
fn base64() {
    check(
        "States.Base64Encode('Data to encode')",
        json!("RGF0YSB0byBlbmNvZGU="),
    );
    check("States.Base64Encode('é')", json!("w6k="));
    check("States.Base64Encode('')", json!(""));
    check(
        "States.Base64Decode('RGF0YSB0byBlbmNvZGU=')",
        json!("Data to encode"),
    );
    check("States.Base64Decode('/w==')", json!("\u{FFFD}"));
    check_fails(
        "States.Base64Decode('%')",
        "Argument 1 must be a Base64 encoded string",
    );
    check_fails(
        "States.Base64Encode(1)",
        "Argument 1 must be a string but was: 1",
    );
}

#[test]
fn ten_thousand_characters_are_the_most() {
    let of = |text: String| evaluate("States.Base64Encode($.t)", &json!({"t": text}));
    assert!(of("é".repeat(10_000)).is_ok());
    let cause = of("a".repeat(10_001)).unwrap_err().cause.unwrap();
    assert!(cause.ends_with(": Argument 1 must have at most 10000 characters"));
}

#[test]
fn hash() {
    check(
        "States.Hash('input data', 'SHA-1')",
        json!("aaff4a450a104cd177d28d18d74485e8cae074b7"),
    );
    check_fails(
        "States.Hash('x', 'sha1')",
        "The hashing algorithm must be one of [MD5, SHA-1, SHA-256, SHA-384, SHA-512] but was: \
         sha1",
    );
}

#[test]
fn json_as_text_and_back() {
    check(
        "States.JsonToString($.object)",
        json!("{\"Arg1\":1,\"Arg2\":[],\"c\":\"x\"}"),
    );
    check("States.JsonToString(null)", json!("null"));
    check("States.JsonToString(1e10)", json!("1.0E10"));
    check("States.StringToJson($.json)", json!({"a": [1, 1.0]}));
    check("States.StringToJson('\"x\"')", json!("x"));
    check("States.StringToJson('{\"a\": {}}')", json!({"a": {}}));
    check("States.StringToJson('-0')", json!(0));
    check(
        r#"States.StringToJson('[-0, "-0", 1e-0, -0.0]')"#,
        json!([0, "-0", 1.0, -0.0]),
    );
    check("States.StringToJson('')", json!(null));
    check("States.StringToJson(' ')", json!(null));
    let cause = evaluate("States.StringToJson('{')", &input())
        .unwrap_err()
        .cause
        .unwrap();
    assert!(
        cause.contains("Argument 1 must be a valid JSON string: EOF"),
        "{cause}"
    );
}

#[test]
fn json_merge() {
    let objects = json!({"l": {"a": {"x": 1}, "b": 2}, "r": {"a": {"y": 1}, "c": 3}});
    assert_eq!(
        evaluate("States.JsonMerge($.l, $.r, false)", &objects),
        Ok(json!({"a": {"y": 1}, "b": 2, "c": 3}))
    );
    check_fails(
        "States.JsonMerge($.object, $.object, true)",
        "Deep merging is not supported: argument 3 must be false",
    );
    check_fails(
        "States.JsonMerge($.object, $.list, false)",
        "Argument 2 must be a JSON object but was: [1,2,3]",
    );
}

/// Java's `Math.round` of each argument by itself.
#[test]
fn math_add() {
    for (left, right, sum) in [
        ("-9", "3", -6),
        ("1.49", "1.50", 3),
        ("1.50", "1.51", 4),
        ("-1.50", "-1.51", -3),
        ("-0.5", "0.5", 1),
        ("-0.5", "0", 0),
        ("2.5", "0", 3),
        ("-2.5", "0", -2),
        ("0.49999999999999994", "0", 0),
    ] {
        check(&format!("States.MathAdd({left}, {right})"), json!(sum));
    }
    check_fails(
        "States.MathAdd(9223372036854775807, 1)",
        "9223372036854775807 + 1 is not a 64-bit integer",
    );
    check_fails(
        "States.MathAdd('1', 1)",
        "Argument 1 must be a number but was: \"1\"",
    );
}

#[test]
fn math_random() {
    check("States.MathRandom(4, 5)", json!(4));
    check("States.MathRandom(-1.4, -0.5)", json!(-1));
    check("States.MathRandom(0, 10, 42)", json!(0));
    check("States.MathRandom(1000, 1100, 42)", json!(1030));
    for bounds in ["5, 5", "6, 5"] {
        let first = &bounds[..1];
        check_fails(
            &format!("States.MathRandom({bounds})"),
            &format!("The start number {first} must be less than the end number 5"),
        );
    }
}

#[test]
fn what_is_random_goes_on_within_an_execution() {
    let uuids = evaluate("States.Array(States.UUID(), States.UUID())", &input()).unwrap();
    assert_ne!(uuids[0], uuids[1]);
    assert_eq!(uuids[0].as_str().map(str::len), Some(36));
}

#[test]
fn string_split() {
    for (text, separators, expect) in [
        ("1,2", ",", json!(["1", "2"])),
        (", , ,", ",", json!([" ", " "])),
        (",,,,", ",", json!([])),
        ("This.is+a", ".+", json!(["This", "is", "a"])),
        ("é-ü", "é-", json!(["ü"])),
        ("a b", "", json!(["a b"])),
        ("", ",", json!([])),
    ] {
        check(
            &format!("States.StringSplit('{text}', '{separators}')"),
            expect,
        );
    }
    check("States.StringSplit('a\nb', '\n')", json!(["a", "b"]));
}

#[test]
fn format() {
    check("States.Format('Hi')", json!("Hi"));
    check(
        "States.Format('{} and {}.', $.text, $.nothing)",
        json!("a,b and null."),
    );
    check(
        "States.Format('{}{}{}', 1, $.real, false)",
        json!("11.1false"),
    );
    check(
        "States.Format('{}', $.object)",
        json!("{Arg1=1, Arg2=[], c=x}"),
    );
    check(r"States.Format('\{{}\} it\'s \\', 1)", json!(r"{1} it's \"));
    check(r"States.Format($.template, 1, 2)", json!("{1} 2"));
    check(
        "States.Format('{a} {', 1)".replace(", 1", "").as_str(),
        json!("{a} {"),
    );
    check_fails(
        "States.Format('{}')",
        "The template has 1 occurrences of '{}', and there are 0 values for them",
    );
    check_fails(
        "States.Format($.list)",
        "Argument 1 must be a string but was: [1,2,3]",
    );
}

#[test]
fn calls_nest_and_spaces_do_not_matter() {
    check(
        "States.ArrayGetItem( States.StringSplit($.text , ',') ,States.MathAdd( -1 , 2 ) ) ",
        json!("b"),
    );
    check(
        "States.ArrayLength($.list[?(@ > 1 && @ != ',)')])",
        json!(2),
    );
    check("States.Array($['text'], $.list[0])", json!(["a,b", 1]));
}

#[test]
fn a_path_that_leads_nowhere_is_not_an_intrinsic_failure() {
    let failure =
        evaluate("States.Array(States.Format('{}', $.x))", &json!({"a": 1.0})).unwrap_err();
    assert_eq!(failure.error.as_deref(), Some("States.Runtime"));
    assert_eq!(
        failure.cause.as_deref(),
        Some(
            "An error occurred while executing the state 'S' (entered at the event id #2). The \
             function 'States.Format('{}', $.x)' had the following error: The JsonPath argument \
             for the field '$.x' could not be found in the input '{\"a\":1.0}'"
        )
    );
}

#[test]
fn what_is_not_a_call_is_refused_with_its_position() {
    check_bad(
        "States.Foo()",
        "there is no function States.Foo (position 7)",
    );
    check_bad(
        "States.uuid()",
        "there is no function States.uuid (position 7)",
    );
    check_bad("States.UUID", "expected '(' (position 11)");
    check_bad(
        "States.UUID(",
        "expected a path, a text in single quotes, a number, true, false, null or a call (position \
         12)",
    );
    check_bad(
        "States.UUID() x",
        "nothing may follow the call (position 14)",
    );
    check_bad(
        "States.UUID()[0]",
        "nothing may follow the call (position 13)",
    );
    check_bad(
        "States.UUID(1)",
        "States.UUID takes no arguments (position 0)",
    );
    check_bad(
        "States.Hash('x')",
        "States.Hash takes 2 arguments (position 0)",
    );
    check_bad(
        "States.Format()",
        "States.Format takes at least 1 argument (position 0)",
    );
    check_bad(
        "States.MathRandom(1)",
        "States.MathRandom takes 2 to 3 arguments (position 0)",
    );
    check_bad("States.Array('x)", "the quote is not closed (position 14)");
    check_bad(
        "States.Array(\"x\")",
        "expected a path, a text in single quotes, a number, true, false, null or a call (position \
         13)",
    );
    check_bad(
        r#"States.Format('\"{}\"', 1)"#,
        r"'\' may only stand before ', {, } and \ (position 15)",
    );
    check_bad(
        r"States.Array('a\nb')",
        r"'\' may only stand before ', {, } and \ (position 15)",
    );
    check_bad(
        "States.Array($.a..)",
        "expected a property name (position 18)",
    );
    check_bad("States.Array($.a $.b)", "expected ',' or ')' (position 17)");
}

#[test]
fn a_field_holds_ten_calls_at_most() {
    let nested = |calls: usize| format!("{}1{}", "States.Array(".repeat(calls), ")".repeat(calls));
    assert!(Call::parse(&nested(10)).is_ok());
    check_bad(
        &nested(11),
        "a field may hold at most 10 intrinsic functions (position 130)",
    );
    let siblings = format!("States.Array({})", ["States.UUID()"; 10].join(","));
    assert!(Call::parse(&siblings).is_err());
}

proptest! {
    #[test]
    fn parsing_never_panics(text in "States\\.\\PC*") {
        let _ = Call::parse(&text);
    }

    #[test]
    fn evaluating_never_panics(
        name in prop::sample::select(vec![
            "Array", "ArrayContains", "ArrayGetItem", "ArrayLength", "ArrayPartition", "ArrayRange", "ArrayUnique",
            "Base64Decode", "Base64Encode", "Format", "Hash", "JsonMerge", "JsonToString", "MathAdd", "MathRandom",
            "StringSplit", "StringToJson", "UUID",
        ]),
        arguments in prop::collection::vec(prop_oneof![
            any::<i64>().prop_map(|n| n.to_string()),
            any::<f64>().prop_filter("finite", |n| n.is_finite()).prop_map(|n| format!("{n:?}")),
            "[a-z{}é]{0,4}".prop_map(|text| format!("'{text}'")),
            prop::sample::select(vec!["$.list", "$.object", "null", "true", "'SHA-256'"]).prop_map(str::to_owned),
        ], 0..4),
    ) {
        let call = format!("States.{name}({})", arguments.join(", "));
        if Call::parse(&call).is_ok() {
            let _ = evaluate(&call, &input());
        }
    }

    /// A quoted text, with escapes where needed, gives the text itself.
    #[test]
    fn any_text_can_be_written_as_an_argument(text in "\\PC*") {
        let mut escaped = String::new();
        for c in text.chars() {
            if matches!(c, '\'' | '{' | '}' | '\\') {
                escaped.push('\\');
            }
            escaped.push(c);
        }
        let array = evaluate(&format!("States.Array('{escaped}', States.Format('{escaped}'))"), &Value::Null);
        prop_assert_eq!(array, Ok(json!([&text, &text])));
    }
}

/// Each character of the text was compared with each separator.
#[test]
fn splitting_at_many_separators_takes_linear_time() {
    let text = "ab".repeat(100_000);
    let separators: String = ('c'..='z').chain(['b']).cycle().take(100_000).collect();
    let input = json!({"text": text, "separators": separators});
    let parts = evaluate("States.StringSplit($.text, $.separators)", &input).unwrap();
    assert_eq!(parts.as_array().map(Vec::len), Some(100_000));
}
