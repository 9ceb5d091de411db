//! Tests that numbers and texts keep their form on the way through states.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::TestRunner;
use crate::HistoryDetails;

/// The text of an output that `v` of the input goes into, by a path and by an intrinsic function.
fn through(input: &str) -> String {
    let machine = json!({"StartAt": "P", "States": {
        "P": {"Type": "Pass", "Parameters": {"v.$": "$.v"}, "Next": "Q"},
        "Q": {"Type": "Pass", "Parameters": {"v.$": "States.ArrayGetItem(States.Array($.v), 0)"},
            "End": true},
    }});
    let input: Value = serde_json::from_str(&format!("{{\"v\":{input}}}")).unwrap();
    let runner = TestRunner::new(&machine).input(input).run();
    match runner.history.last().map(|event| &event.details) {
        Some(HistoryDetails::ExecutionSucceeded { output }) => {
            let text = output.text();
            text["{\"v\":".len()..text.len() - 1].to_owned()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn numbers_keep_their_form() {
    for (input, output) in [
        ("1", "1"),
        ("1.0", "1.0"),
        ("-7", "-7"),
        ("9007199254740993", "9007199254740993"),
        ("18446744073709551615", "18446744073709551615"),
        ("0.30000000000000004", "0.30000000000000004"),
        ("1.10", "1.1"),
        ("1e2", "100.0"),
        ("1e10", "1.0E10"),
        ("1.5E-7", "1.5E-7"),
        ("123456789.125", "1.23456789125E8"),
    ] {
        assert_eq!(through(input), output, "{input}");
    }
}

#[test]
fn texts_keep_their_characters() {
    for (input, output) in [
        (r#""\u00e9\/""#, r#""é/""#),
        (r#""\ud83e\udd80""#, "\"🦀\""),
        (r#""\u001b\n\\\"""#, r#""\u001B\n\\\"""#),
    ] {
        assert_eq!(through(input), output, "{input}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn any_value_goes_through_unchanged(
        whole: i64, real in any::<f64>().prop_filter("finite", |n| n.is_finite()), text in "\\PC*",
    ) {
        let value = json!([whole, real, text, {text.clone(): null}]);
        let again: Value = serde_json::from_str(&through(&value.to_string())).unwrap();
        prop_assert_eq!(again, value);
    }
}
