//! A model's scores: the one place that decides whether something is a probability distribution
//! over classes.
//!
//! [`Scores`] are valid by construction: from the inferences of an event, from a model's response,
//! or from numbers.

use serde_json::Value;

/// The tolerance of the sum: models compute in 32-bit floats, and some round their response to a
/// few digits.
pub const SUM_TOLERANCE: f64 = 1e-3;

/// Probabilities, one a class: at least one, each in 0..=1, together 1 (within [`SUM_TOLERANCE`]).
#[derive(Clone, Debug, PartialEq)]
pub struct Scores(Vec<f64>);

/// Something that is not scores.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum InvalidScores {
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

/// A model's response that is not scores. The texts end with its beginning.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum InvalidResponse {
    /// It begins like JSON, and is not.
    #[error("not JSON: {0}: {1}")]
    Json(String, String),
    /// It is neither JSON nor a row of numbers.
    #[error(
        "neither a JSON array of numbers, nor {{\"prediction\": [...]}}, nor a CSV row of \
         numbers: {0}"
    )]
    Format(String),
    /// It is JSON or numbers, but not scores.
    #[error("{0}: {1}")]
    Scores(InvalidScores, String),
}

impl Scores {
    /// Reads a JSON array of numbers, or the JSON text of one: the notebooks put the endpoint's
    /// answer into the object as the text that it came as. Inside the array only numbers count.
    pub fn parse(inferences: &Value) -> Result<Self, InvalidScores> {
        match inferences {
            Value::Null => Err(InvalidScores::Missing),
            Value::Array(scores) => Self::from_values(scores),
            Value::String(text) => match serde_json::from_str(text) {
                Ok(Value::Array(scores)) => Self::from_values(&scores),
                _ => Err(InvalidScores::NotNumbers(format!(
                    "{text:?} is not a JSON array"
                ))),
            },
            other => Err(InvalidScores::NotNumbers(format!(
                "{} is not an array",
                json_type(other)
            ))),
        }
    }

    fn from_values(values: &[Value]) -> Result<Self, InvalidScores> {
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
    pub fn new(scores: Vec<f64>) -> Result<Self, InvalidScores> {
        if scores.is_empty() {
            return Err(InvalidScores::Empty);
        }
        // `contains` is false for NaN, as it must be.
        let outside = |(_, score): &(usize, &f64)| !(0.0..=1.0).contains(*score);
        if let Some((index, &score)) = scores.iter().enumerate().find(outside) {
            return Err(InvalidScores::OutOfRange { index, score });
        }
        let sum: f64 = scores.iter().sum();
        if (sum - 1.0).abs() > SUM_TOLERANCE {
            return Err(InvalidScores::SumNotOne(sum));
        }
        Ok(Self(scores))
    }

    /// Reads a model's response: a JSON array, `{"prediction": [...]}` as the built-in image
    /// classification answers `application/jsonlines`, or a row of CSV. Returns the scores, and
    /// before them the array as it came.
    ///
    /// # Errors
    /// The response is something else, or not a distribution.
    pub fn from_response(body: &[u8]) -> Result<(Value, Self), InvalidResponse> {
        let beginning = || beginning(body);
        let invalid = |problem| InvalidResponse::Scores(problem, beginning());
        let text = body.trim_ascii();
        if text.starts_with(b"[") || text.starts_with(b"{") {
            let value = serde_json::from_slice(text)
                .map_err(|error| InvalidResponse::Json(error.to_string(), beginning()))?;
            let inferences = match value {
                Value::Object(mut line) if line.contains_key("prediction") => {
                    line.remove("prediction").unwrap_or_default()
                }
                other => other,
            };
            let scores = Self::parse(&inferences).map_err(invalid)?;
            return Ok((inferences, scores));
        }
        let row = std::str::from_utf8(text).ok().and_then(parse_row);
        let row = row.ok_or_else(|| InvalidResponse::Format(beginning()))?;
        let scores = Self::new(row).map_err(invalid)?;
        Ok((scores.0.clone().into(), scores))
    }

    /// The scores in the order of the classes.
    pub fn as_slice(&self) -> &[f64] {
        &self.0
    }

    /// Returns the scores rounded to 32 bits, in which models compute.
    pub fn to_f32(&self) -> Vec<f32> {
        self.0.iter().map(|score| *score as f32).collect()
    }

    /// Returns the class with the best score, the first of equals, and that score: the prediction
    /// and its confidence.
    pub fn best(&self) -> (usize, f64) {
        let class = argmax(&self.0);
        (class, self.0[class])
    }

    /// Returns the number of classes.
    #[expect(clippy::len_without_is_empty, reason = "scores are never empty")]
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

/// Returns the index of the largest score, the first of equals; 0 if there is none.
pub fn argmax<T: PartialOrd>(scores: &[T]) -> usize {
    (1..scores.len()).fold(0, |best, next| {
        if scores[next] > scores[best] {
            next
        } else {
            best
        }
    })
}

/// Returns what errors call a value's JSON type.
pub fn json_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

fn parse_row(text: &str) -> Option<Vec<f64>> {
    let numbers = text.split(',').map(|number| number.trim().parse().ok());
    numbers.collect()
}

fn beginning(answer: &[u8]) -> String {
    const SHOWN: usize = 200;
    let text = String::from_utf8_lossy(answer);
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{:?}...", &text[..end]),
        None => format!("{text:?}"),
    }
}

fn not_a_number(index: usize, value: &Value) -> InvalidScores {
    InvalidScores::NotNumbers(format!("number {index} is {}: {value}", json_type(value)))
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

    #[track_caller]
    fn check_response(body: &str, expected: Result<&[f64], &str>) {
        let found = Scores::from_response(body.as_bytes());
        let found = found.map(|(inferences, scores)| {
            assert_eq!(Scores::parse(&inferences).as_ref(), Ok(&scores));
            scores.as_slice().to_vec()
        });
        let found = found.map_err(|error| error.to_string());
        assert_eq!(
            found,
            expected.map(<[_]>::to_vec).map_err(str::to_owned),
            "{body}"
        );
    }

    #[test]
    fn json_jsonlines_and_csv_are_responses() {
        check_response("[0.82, 0.18]", Ok(&[0.82, 0.18]));
        check_response("{\"prediction\": [0.82, 0.18]}\n", Ok(&[0.82, 0.18]));
        check_response("0.82, 0.18\n", Ok(&[0.82, 0.18]));
        check_response("1e0,0", Ok(&[1.0, 0.0]));
        check_response("[0.3334, 0.3333, 0.3333]", Ok(&[0.3334, 0.3333, 0.3333]));
    }

    #[test]
    fn a_response_that_is_not_scores_says_why_and_how_it_begins() {
        let format = "neither a JSON array of numbers, nor {\"prediction\": [...]}, nor a CSV row \
                      of numbers";
        check_response("", Err(&format!("{format}: \"\"")));
        check_response("bicycle", Err(&format!("{format}: \"bicycle\"")));
        check_response(
            "[0.5,",
            Err("not JSON: EOF while parsing a value at line 1 column 5: \"[0.5,\""),
        );
        check_response(
            "{\"predictions\": []}",
            Err(
                "the inferences are not numbers: an object is not an array: \
                 \"{\\\"predictions\\\": []}\"",
            ),
        );
        check_response(
            "[\"1\"]",
            Err("the inferences are not numbers: number 0 is a string: \"1\": \"[\\\"1\\\"]\""),
        );
        check_response("[]", Err("the inferences are empty: \"[]\""));
        check_response(
            "NaN,0.5",
            Err(
                "the inferences are not probabilities: number 0 is NaN, not from 0 to 1: \
                 \"NaN,0.5\"",
            ),
        );
        check_response(
            "0.99,0.99",
            Err("the inferences are not probabilities: they sum to 1.98, not to 1: \"0.99,0.99\""),
        );
    }

    #[test]
    fn the_first_of_equals_is_the_prediction() {
        assert_eq!(
            (
                argmax(&[0.5, 0.5]),
                argmax(&[0.25, 0.75]),
                argmax::<f32>(&[])
            ),
            (0, 1, 0)
        );
    }

    #[test]
    fn nan_and_infinity_are_out_of_range() {
        for score in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let error = Scores::new(vec![score, 0.5]).unwrap_err();
            assert!(matches!(error, InvalidScores::OutOfRange { index: 0, .. }));
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
