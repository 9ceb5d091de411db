//! The gate: what passes, what is doubtful, and that nothing malformed ever passes.

#![expect(
    clippy::needless_pass_by_value,
    reason = "json!(..) in a call reads best"
)]

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::diagnostic::FunctionError;

const GATE: FilterInferences = FilterInferences {
    threshold: Threshold::DEFAULT,
};

fn event(inferences: Value) -> Value {
    json!({
        "s3_bucket": "pictures", "s3_key": "a.png", "image_data": "aW1hZ2U=", "label": "bicycle",
        "inferences": inferences,
    })
}

fn with_threshold(inferences: Value, threshold: Value) -> Value {
    let mut event = event(inferences);
    event["threshold"] = threshold;
    event
}

#[track_caller]
fn check(event: Value, outcome: &str) {
    let found = match GATE.filter(event.clone()) {
        Ok(_) => "passes",
        Err(error) => error.name(),
    };
    assert_eq!(found, outcome, "{event}");
}

#[track_caller]
fn check_text(event: Value, text: &str) {
    assert_eq!(GATE.filter(event).unwrap_err().to_string(), text);
}

const DOUBTFUL: &str = "ThresholdConfidenceNotMet";

#[test]
fn the_best_score_decides() {
    check(event(json!([0.95, 0.05])), "passes");
    check(event(json!([0.05, 0.95])), "passes");
    check(event(json!([0.93, 0.07])), "passes");
    check(event(json!("[0.95, 0.05]")), "passes");
    check(event(json!([0.9299999, 0.0700001])), DOUBTFUL);
    check(event(json!([0.5, 0.5])), DOUBTFUL);
    check(event(json!("[0.6, 0.4]")), DOUBTFUL);
    // The sum of the doubtful, or their number, is not confidence.
    check(event(json!([0.4, 0.3, 0.3])), DOUBTFUL);
}

#[test]
fn an_event_may_bring_its_own_threshold() {
    check(with_threshold(json!([0.6, 0.4]), json!(0.5)), "passes");
    check(with_threshold(json!([0.6, 0.4]), json!(0.6)), "passes");
    check(with_threshold(json!([0.95, 0.05]), json!(0.99)), DOUBTFUL);
    check(with_threshold(json!([1.0, 0.0]), json!(1)), "passes");
}

#[test]
fn a_threshold_that_is_none_lets_nothing_through() {
    for threshold in [
        json!(0),
        json!(-1),
        json!(1.01),
        json!("0.5"),
        json!(null),
        json!([0.5]),
        json!(true),
    ] {
        check(
            with_threshold(json!([1.0, 0.0]), threshold),
            "InvalidThreshold",
        );
    }
    check_text(
        with_threshold(json!([1.0, 0.0]), json!("0.5")),
        "s3://pictures/a.png: the threshold \"0.5\" is not a number above 0 and up to 1",
    );
}

#[test]
fn malformed_scores_have_names_of_their_own() {
    check(event(json!(null)), "InferencesMissing");
    check(
        json!({"s3_bucket": "b", "s3_key": "k"}),
        "InferencesMissing",
    );
    check(event(json!([])), "InferencesEmpty");
    check(event(json!(["0.99", "0.01"])), "InferencesNotNumbers");
    check(event(json!([0.99, "0.01"])), "InferencesNotNumbers");
    check(event(json!("0.99, 0.01")), "InferencesNotNumbers");
    check(event(json!([null, 1.0])), "InferencesNotNumbers");
    check(event(json!([true, false])), "InferencesNotNumbers");
    check(event(json!({"bicycle": 0.99})), "InferencesNotNumbers");
    check(event(json!(0.99)), "InferencesNotNumbers");
    check(event(json!([99, 1])), "InferencesOutOfRange");
    check(event(json!([1.2, -0.2])), "InferencesOutOfRange");
    check(event(json!([0.99, 0.99])), "InferencesSumNotOne");
    check(event(json!([0.95])), "InferencesSumNotOne");
    check(json!(["0.99"]), "InvalidEvent");
}

#[test]
fn a_doubtful_image_is_refused_with_label_confidence_and_threshold() {
    check_text(
        event(json!([0.61, 0.39])),
        "s3://pictures/a.png: bicycle with confidence 0.61 is below the threshold 0.93",
    );
    check_text(
        json!({"inferences": [0.39, 0.61]}),
        "an image without s3_bucket and s3_key: class 1 with confidence 0.61 is below the \
         threshold 0.93",
    );
}

#[test]
fn what_passes_is_the_object_without_its_image() {
    let mut event = with_threshold(json!([0.95, 0.05]), json!(0.9));
    event["confidence"] = json!(0.1);
    event["customer"] = json!({"id": 7});
    assert_eq!(
        serde_json::to_value(GATE.filter(event).unwrap()).unwrap(),
        json!({
            "inferences": [0.95, 0.05], "s3_key": "a.png", "s3_bucket": "pictures", "label": "bicycle",
            "confidence": 0.95, "threshold": 0.9, "customer": {"id": 7},
        })
    );
}

/// JSON of any kind, numbers and text that looks like numbers more often than not.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (0.0..=1.0).prop_map(Value::from),
        (0.0..=1.0).prop_map(|score: f64| Value::from(score.to_string())),
        "[\\[\\]0-9.,eEN an-]{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map("[a-z]{1,3}", inner, 0..3).prop_map(|map| json!(map)),
        ]
    })
}

/// Written apart from the gate's own code: the scores as they stand in the event.
fn is_confident_distribution(inferences: &Value) -> bool {
    let parsed = match inferences {
        Value::String(text) => serde_json::from_str(text).unwrap_or(Value::Null),
        other => other.clone(),
    };
    let Some(scores) = parsed.as_array() else {
        return false;
    };
    let numbers: Option<Vec<f64>> = scores.iter().map(Value::as_f64).collect();
    numbers.is_some_and(|numbers| {
        let sum: f64 = numbers.iter().sum();
        let in_range = numbers.iter().all(|number| (0.0..=1.0).contains(number));
        in_range && (sum - 1.0).abs() < 0.002 && numbers.iter().any(|number| *number >= 0.93)
    })
}

proptest! {
    #[test]
    fn nothing_but_a_confident_distribution_ever_passes(inferences in any_json()) {
        if GATE.filter(event(inferences.clone())).is_ok() {
            prop_assert!(is_confident_distribution(&inferences), "{inferences}");
        }
    }

    #[test]
    fn scores_as_text_never_pass(scores in prop::collection::vec(0.0..=1.0, 1..5), at in any::<prop::sample::Index>()) {
        let mut values: Vec<Value> = scores.iter().map(|score: &f64| json!(score)).collect();
        let at = at.index(values.len());
        values[at] = Value::from(values[at].to_string());
        let outcome = GATE.filter(event(values.into()));
        prop_assert_eq!(outcome.unwrap_err().name(), "InferencesNotNumbers");
    }

    #[test]
    fn any_two_classes_pass_exactly_from_the_threshold_on(score in 0.5..=1.0, threshold in 0.01..=1.0) {
        let event = with_threshold(json!([1.0 - score, score]), json!(threshold));
        let outcome = GATE.filter(event).map_err(|error| error.name());
        let expected = if score >= threshold { Ok(Some(score)) } else { Err(DOUBTFUL) };
        prop_assert_eq!(outcome.map(|object| object.confidence), expected);
    }

    #[test]
    fn no_event_makes_the_gate_panic(event in any_json()) {
        let _ = GATE.filter(event);
    }
}
