//! Tests that a simple path gives what its evaluation gives.

use proptest::prelude::*;
use serde_json::{Map, Value};

use crate::jsonata::simple_path::{Lookup, SimplePath};
use crate::jsonata::{Bindings, Expression, States, evaluation};
use crate::random::Random;

use super::NOW;

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-1000..1000).prop_map(Value::from),
        "[a-c]{0,2}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::vec(("[a-c]", inner), 0..3)
                .prop_map(|fields| Value::Object(fields.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

proptest! {
    #[test]
    fn agrees_with_the_evaluation(
        input in json(),
        root in prop_oneof![Just("$states.input"), Just("$a"), Just("$missing"), Just("$sum")],
        fields in prop::collection::vec("[a-c]", 0..4),
    ) {
        let text = fields.iter().fold(root.to_owned(), |path, field| format!("{path}.{field}"));
        let expression = Expression::parse(&text).unwrap();
        let variables = Map::from_iter([("a".to_owned(), input.clone())]);
        let states = States { input: Some(&input), ..States::default() };
        let bindings = Bindings::new(states, &variables, NOW);
        let long = evaluation::evaluate(&expression.compiled, &bindings, &mut Random::new(1));
        let plain: &SimplePath = expression.compiled.plain.as_ref().unwrap();
        match plain.find(&bindings) {
            Lookup::Value(value) => prop_assert_eq!(long, Ok(Some(value.clone()))),
            Lookup::Undefined => prop_assert_eq!(long, Ok(None)),
            Lookup::NotSimple => {}
        }
    }
}

#[test]
fn what_is_more_than_a_path_is_not_plain() {
    for text in [
        "$",
        "$$",
        "$states",
        "$states.other",
        "a.b",
        "$a[0]",
        "$a.b[]",
        "$a@$b.c",
        "$a.(b)",
        "$f($a)",
        "$a.*",
    ] {
        let expression = Expression::parse(text).unwrap();
        assert!(expression.compiled.plain.is_none(), "{text}");
    }
}

#[test]
fn fields_that_are_not_read_are_not_missed() {
    // Only `id` is converted, then `name` too, then all.
    super::check("$states.input.id & $states.input.name", "7Ada".into());
    super::check(
        "$states.input.id & $count($keys($states.input))",
        "77".into(),
    );
    super::check(
        "$states.input.id & $states.input[id = 7].name",
        "7Ada".into(),
    );
    super::check("$states.input.id & $states.input.*[0]", "77".into());
    super::check(
        "$states.input.orders.(sku & %.name)",
        serde_json::json!(["xAda", "yAda"]),
    );
}
