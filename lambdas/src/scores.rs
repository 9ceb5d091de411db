//! A model's scores: the one place that decides whether something is a probability distribution over classes.
//!
//! What is held in [`Scores`] is valid; there is no other way to make one than to parse it.

use serde_json::Value;

use crate::event::kind;

/// How far from 1 the sum may be: models compute in 32-bit floats, and some round their answer to a few digits.
pub const SUM_TOLERANCE: f64 = 1e-3;

/// Probabilities, one a class: at least one, each in 0..=1, together 1 (within [`SUM_TOLERANCE`]).
#[derive(Clone, Debug, PartialEq)]
pub struct Scores(Vec<f64>);

/// Why something is not scores.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Malformed {
    /// There are none.
    #[error("there are no inferences")]
    Missing,
    /// There is a list with nothing in it.
    #[error("the inferences are empty")]
    Empty,
    /// They, or one of them, are not numbers. Text that looks like a number is no number.
    #[error("the inferences are not numbers: {0}")]
    NotNumbers(String),
    /// One is no probability.
    #[error("the inferences are not probabilities: number {index} is {score}, not from 0 to 1")]
    OutOfRange {
        /// Its index, from 0.
        index: usize,
        /// It.
        score: f64,
    },
    /// They are not a distribution.
    #[error("the inferences are not probabilities: they sum to {0}, not to 1")]
    SumNotOne(f64),
}

impl Scores {
    /// Reads a JSON array of numbers, or the JSON text of one: the notebooks put the endpoint's answer into the object as
    /// the text that it came as. Inside the array only numbers count.
    pub fn parse(inferences: &Value) -> Result<Self, Malformed> {
        match inferences {
            Value::Null => Err(Malformed::Missing),
            Value::Array(scores) => Self::from_values(scores),
            Value::String(text) => match serde_json::from_str(text) {
                Ok(Value::Array(scores)) => Self::from_values(&scores),
                _ => Err(Malformed::NotNumbers(format!(
                    "{text:?} is not a JSON array"
                ))),
            },
            other => Err(Malformed::NotNumbers(format!(
                "{} is not an array",
                kind(other)
            ))),
        }
    }

    fn from_values(values: &[Value]) -> Result<Self, Malformed> {
        let number = |(index, value): (usize, &Value)| match value {
            Value::Number(number) => number.as_f64().ok_or_else(|| not_a_number(index, value)),
            _ => Err(not_a_number(index, value)),
        };
        Self::new(
            values
                .iter()
                .enumerate()
                .map(number)
                .collect::<Result<_, _>>()?,
        )
    }

    /// Takes numbers as scores, if they are probabilities that sum to 1.
    pub fn new(scores: Vec<f64>) -> Result<Self, Malformed> {
        if scores.is_empty() {
            return Err(Malformed::Empty);
        }
        // `contains` is false for NaN, as it must be.
        let outside = |(_, score): &(usize, &f64)| !(0.0..=1.0).contains(*score);
        if let Some((index, &score)) = scores.iter().enumerate().find(outside) {
            return Err(Malformed::OutOfRange { index, score });
        }
        let sum: f64 = scores.iter().sum();
        if (sum - 1.0).abs() > SUM_TOLERANCE {
            return Err(Malformed::SumNotOne(sum));
        }
        Ok(Self(scores))
    }

    /// Reads what a model answered: a JSON array, or the built-in algorithm's `{"prediction": [...]}`, which it answers
    /// where it is asked for `application/jsonlines`. With the array as it came.
    ///
    /// # Errors
    /// What is wrong with the answer, and how it begins.
    pub(crate) fn of_answer(answer: &[u8]) -> Result<(Value, Self), String> {
        let invalid = |problem: String| format!("{problem}: {}", beginning(answer));
        let value: Value = serde_json::from_slice(answer)
            .map_err(|error| invalid(format!("not JSON: {error}")))?;
        let inferences = match value {
            Value::Object(mut line) if line.contains_key("prediction") => {
                line.remove("prediction").unwrap_or_default()
            }
            other => other,
        };
        let scores = Self::parse(&inferences).map_err(|error| invalid(error.to_string()))?;
        Ok((inferences, scores))
    }

    /// The scores in the order of the classes.
    pub fn as_slice(&self) -> &[f64] {
        &self.0
    }

    /// The index and the value of the best score; the first of equals.
    pub fn best(&self) -> (usize, f64) {
        let better =
            |best: (usize, f64), next: (usize, f64)| if next.1 > best.1 { next } else { best };
        // Every score is at least 0, so the start never wins over a real score: the first of equals is kept.
        self.0.iter().copied().enumerate().fold((0, -1.0), better)
    }

    /// How many classes there are.
    #[expect(clippy::len_without_is_empty, reason = "scores are never empty")]
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

fn beginning(answer: &[u8]) -> String {
    const SHOWN: usize = 200;
    let text = String::from_utf8_lossy(answer);
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{:?}...", &text[..end]),
        None => format!("{text:?}"),
    }
}

fn not_a_number(index: usize, value: &Value) -> Malformed {
    Malformed::NotNumbers(format!("number {index} is {}: {value}", kind(value)))
}

#[cfg(test)]
#[expect(
    clippy::needless_pass_by_value,
    reason = "json!(..) in a call reads best"
)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn only_the_beginning_of_an_answer_is_told() {
        assert_eq!(
            beginning("ü".repeat(200).as_bytes()),
            format!("{:?}", "ü".repeat(200))
        );
        let long = beginning("ü".repeat(201).as_bytes());
        assert_eq!(long, format!("{:?}...", "ü".repeat(200)));
    }

    #[track_caller]
    fn check(inferences: Value, best: Option<(usize, f64)>) {
        let found = Scores::parse(&inferences).ok().map(|scores| scores.best());
        assert_eq!(found, best, "{inferences}");
    }

    #[track_caller]
    fn check_error(inferences: Value, text: &str) {
        assert_eq!(Scores::parse(&inferences).unwrap_err().to_string(), text);
    }

    #[test]
    fn probabilities_are_scores() {
        check(json!([0.25, 0.75]), Some((1, 0.75)));
        check(json!([0.5, 0.5]), Some((0, 0.5)));
        check(json!([0, 1]), Some((1, 1.0)));
        check(json!([0.1999, 0.8, 0.0]), Some((1, 0.8)));
        check(json!("[0.25, 0.75]"), Some((1, 0.75)));
        check(
            json!([0.963_415_145_874_023_4, 0.036_584_857_851_266_86]),
            Some((0, 0.963_415_145_874_023_4)),
        );
    }

    #[test]
    fn what_is_not_scores_says_why() {
        check_error(json!(null), "there are no inferences");
        check_error(json!([]), "the inferences are empty");
        check_error(json!("[]"), "the inferences are empty");
        check_error(
            json!(["0.99", "0.01"]),
            "the inferences are not numbers: number 0 is a string: \"0.99\"",
        );
        check_error(
            json!([0.5, null]),
            "the inferences are not numbers: number 1 is null: null",
        );
        check_error(
            json!([[0.9, 0.1]]),
            "the inferences are not numbers: number 0 is an array: [0.9,0.1]",
        );
        check_error(
            json!("0.99, 0.01"),
            "the inferences are not numbers: \"0.99, 0.01\" is not a JSON array",
        );
        check_error(
            json!("[NaN, 0.01]"),
            "the inferences are not numbers: \"[NaN, 0.01]\" is not a JSON array",
        );
        check_error(
            json!(0.99),
            "the inferences are not numbers: a number is not an array",
        );
        check_error(
            json!([1.5, -0.5]),
            "the inferences are not probabilities: number 0 is 1.5, not from 0 to 1",
        );
        check_error(
            json!([0.99, 0.99]),
            "the inferences are not probabilities: they sum to 1.98, not to 1",
        );
    }

    #[test]
    fn nan_and_infinity_are_out_of_range() {
        for score in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let error = Scores::new(vec![score, 0.5]).unwrap_err();
            assert!(matches!(error, Malformed::OutOfRange { index: 0, .. }));
        }
    }

    proptest! {
        #[test]
        fn a_softmax_in_32_bits_is_always_scores(logits in prop::collection::vec(-30f32..30.0, 2..200)) {
            let exponentials: Vec<f32> = logits.iter().map(|logit| (logit - 30.0).exp()).collect();
            let sum: f32 = exponentials.iter().sum();
            let scores: Vec<f64> = exponentials.iter().map(|e| f64::from(e / sum)).collect();
            let largest = scores.iter().copied().fold(0.0, f64::max);
            prop_assert_eq!(Scores::new(scores).map(|scores| scores.best().1), Ok(largest));
        }

        #[test]
        fn what_is_accepted_is_a_distribution(scores in prop::collection::vec(any::<f64>(), 0..5)) {
            if let Ok(Scores(held)) = Scores::new(scores.clone()) {
                prop_assert_eq!(&held, &scores);
                prop_assert!(held.iter().all(|score| *score >= 0.0 && *score <= 1.0));
                prop_assert!((held.iter().sum::<f64>() - 1.0).abs() <= SUM_TOLERANCE);
            }
        }
    }
}
