//! Tests of the reader of JSON texts and of the positions that it finds.

use proptest::prelude::*;
use serde_json::{Map, Value};

use super::*;

fn message(text: &str) -> String {
    match Source::read(text) {
        Ok(_) => "fine".into(),
        Err(error) => error.message.split("\n at ").next().unwrap_or("").into(),
    }
}

#[test]
fn syntax_errors_speak_as_jackson_does() {
    let check = |text: &str, expect: &str| assert_eq!(message(text), expect, "{text}");
    let value = "expected a valid value (JSON String, Number, Array, Object or token 'null', \
                 'true' or 'false')";
    check(
        r#"{"a": [1, -2.5e+3, "é\u00e9\n", true, null, {}]}"#,
        "fine",
    );
    check(
        "nope it",
        "Unrecognized token 'nope': was expecting (JSON String, Number, Array, Object or token \
         'null', 'true' or 'false')",
    );
    check(
        "{a: 1}",
        "Unexpected character ('a' (code 97)): was expecting double-quote to start field name",
    );
    check(
        r#"{"a": 1,}"#,
        "Unexpected character ('}' (code 125)): was expecting double-quote to start field name",
    );
    check(
        r#"{"a" 1}"#,
        "Unexpected character ('1' (code 49)): was expecting a colon to separate field name and \
         value",
    );
    check(
        r#"{"a": 1 "b": 2}"#,
        "Unexpected character ('\"' (code 34)): was expecting comma to separate Object entries",
    );
    check(
        "[1 2]",
        "Unexpected character ('2' (code 50)): was expecting comma to separate Array entries",
    );
    check(
        r#"{"a":}"#,
        &format!("Unexpected character ('}}' (code 125)): {value}"),
    );
    check(
        "[1,]",
        &format!("Unexpected character (']' (code 93)): {value}"),
    );
    check(
        "{\"a\": \"x\ny\"}",
        "Illegal unquoted character ((CTRL-CHAR, code 10)): has to be escaped using backslash to \
         be included in string value",
    );
    check(r#"["\x"]"#, "Unrecognized character escape 'x' (code 120)");
    check("[01]", "Invalid numeric value: Leading zeroes not allowed");
    check("", "Unexpected end-of-input");
    check(
        r#"{"a": "x"#,
        "Unexpected end-of-input: was expecting closing quote for a string value",
    );
    check(
        "{} x",
        "Unexpected character ('x' (code 120)): expected the end of the definition",
    );
}

#[test]
fn a_syntax_error_gives_its_place_twice() {
    let error = Source::read("not a definition").unwrap_err();
    assert_eq!(
        error.location,
        "[Source: (String)\"not a definition\"; line: 1, column: 4]"
    );
    assert!(
        error
            .message
            .ends_with(&format!("\n at {}", error.location))
    );
    assert_eq!(error.span, 0..3);

    let error = Source::read("{\n  \"é\": [1}").unwrap_err();
    assert_eq!(
        error.message,
        "Unexpected close marker '}': expected ']' (for Array starting at [Source: \
         (String)\"{\n  \"é\": [1}\"; line: 2, column: 8])\n at [Source: (String)\"{\n  \"é\": \
         [1}\"; line: 2, column: 11]"
    );
    let open = Source::read("{\"a\": [").unwrap_err();
    assert!(open.message.starts_with(
        "Unexpected end-of-input: expected close marker for Array (start marker at [Source: \
         (String)\"{\"a\": [\"; line: 1, column: 7])"
    ));
    let long = Source::read(&"x".repeat(600)).unwrap_err();
    assert!(long.location.contains("\"[truncated 100 chars]; line: 1"));
}

#[test]
fn what_stands_for_no_value_is_named_with_its_position() {
    for text in [
        "[1,\n \"\\ud800\"]",
        "{\"a\":\n 1e999}",
        "{\"é\": \"x\\udc00\"}",
        "{\"\\ud83d\\n\": 1}",
    ] {
        let error = Source::read(text).unwrap_err();
        let expect = serde_json::from_str::<Value>(text).unwrap_err().to_string();
        assert_eq!((error.message, error.location), (expect, String::new()));
        assert!(!error.span.is_empty());
    }
}

#[test]
fn nesting_ends() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(Source::read(&nested(127)).is_ok());
    let error = Source::read(&nested(128)).unwrap_err();
    assert_eq!((error.code, error.span), ("TOO_DEEPLY_NESTED", 127..128));
}

#[test]
fn locations_lead_to_what_people_look_at() {
    let text = r#"{"States": {"A/b": {"Next": "X", "Choices": [{"v\"": 7}, 8]}}}"#;
    let source = Source::read(text).unwrap();
    let check = |location: &str, expect: &str| {
        let found = source.span(location, None).map(|span| &text[span]);
        assert_eq!(found, Some(expect), "{location}");
    };
    check("", "{");
    check("/", "{");
    check("/States/A/b", "\"A/b\"");
    check("/States/A/b/Next", "\"X\"");
    check("/States/A/b/Choices", "\"Choices\"");
    check("/States/A/b/Choices[0]", "{");
    check("/States/A/b/Choices[0]/v\"", "7");
    check("/States/A/b/Choices[1]", "8");
    for nowhere in [
        "/States/A",
        "/States/A/b/Choices[2]",
        "/States/A/b/Next/x",
        "x",
    ] {
        assert_eq!(source.span(nowhere, None), None, "{nowhere}");
    }
}

#[test]
fn offsets_count_characters_as_they_are_read() {
    let text = r#"{"a": "x\n\u00e9é\"z"}"#;
    let source = Source::read(text).unwrap();
    let at = |offset| &text[source.span("/a", Some(offset)).unwrap()];
    assert_eq!(
        [at(0), at(1), at(2), at(4), at(6), at(7), at(8)],
        ["x", "\\n", "\\u00e9", "é", "\\\"", "z", "\""]
    );
}

#[test]
fn fields_that_stand_twice_are_found() {
    let text = r#"{"a": 1, "b": [{"x": 1, "x": 2}], "a": 3}"#;
    let source = Source::read(text).unwrap();
    let found: Vec<_> = source
        .duplicates()
        .into_iter()
        .map(|d| (d.object, d.name, d.name_span.start))
        .collect();
    assert_eq!(
        found,
        [
            ("/b[0]".into(), "x".into(), 24),
            (String::new(), "a".into(), 34)
        ]
    );
    assert_eq!(source.span("/a", None), Some(39..40)); // the last counts
}

/// Finds every value of a document, with its location.
fn places(value: &Value, at: String, found: &mut Vec<(String, Value)>) {
    match value {
        Value::Array(items) => items
            .iter()
            .enumerate()
            .for_each(|(index, item)| places(item, format!("{at}[{index}]"), found)),
        Value::Object(fields) => fields
            .iter()
            .for_each(|(name, field)| places(field, format!("{at}/{name}"), found)),
        _ => {}
    }
    found.push((at, value.clone()));
}

fn documents() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    scalar.prop_recursive(4, 40, 5, |inner| {
        let name = "[a-zé\"\\\\\n ]{1,6}";
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(name, inner, 0..5)
                .prop_map(|fields| Value::Object(fields.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

proptest! {
    #[test]
    fn every_location_leads_to_its_text(document in documents(), pretty: bool) {
        let text = if pretty {
            serde_json::to_string_pretty(&document).unwrap()
        } else {
            document.to_string()
        };
        let source = Source::read(&text).unwrap();
        prop_assert_eq!(&source.value, &document);
        let mut all = Vec::new();
        places(&document, String::new(), &mut all);
        for (location, value) in all {
            let (_, node) = find(None, &source.root, &location).unwrap();
            prop_assert_eq!(serde_json::from_str::<Value>(&text[node.span.clone()]).unwrap(), value.clone());
            if let Value::String(content) = &value {
                for (offset, letter) in content.char_indices() {
                    let span = source.span(&location, Some(offset)).unwrap();
                    let quoted = format!("\"{}\"", &text[span]);
                    prop_assert_eq!(serde_json::from_str::<String>(&quoted).unwrap(), letter.to_string());
                }
            }
        }
    }

    #[test]
    fn it_reads_what_serde_json_reads(text in "[\\[\\]{}:,\"a1 .\\-\\\\u0n]{0,24}") {
        let read = Source::read(&text).ok().map(|source| source.value);
        prop_assert_eq!(read, serde_json::from_str::<Value>(&text).ok());
    }

    #[test]
    fn no_text_breaks_it(text: String) {
        if let Err(error) = Source::read(&text) {
            prop_assert!(text.get(error.span).is_some());
        }
    }
}
